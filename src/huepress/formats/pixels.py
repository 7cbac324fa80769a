"""Every kind of Pillow image as codes of red, green, blue and perhaps alpha, 8 or 16 bits each."""

from __future__ import annotations

import sys
from typing import Any

import numpy as np
import numpy.typing as npt
from PIL import Image, ImageFile

from huepress.errors import DecodeError
from huepress.formats.opening import open_image

# Codes of 8 or 16 bits, (height, width, 3 or 4), straight alpha last.
Codes = npt.NDArray[Any]

_GRAY_MODES = ("1", "L", "LA", "La", "I", "F")
_TIFF_BITS, _TIFF_PHOTOMETRIC = 258, 262
_TRANSFERRED = {"16B": "16L", "16L": "16B", "16N": "16B" if sys.byteorder == "little" else "16L"}
_ORIENTATION = 0x0112


def read_codes(image: Image.Image, data: bytes, png_chunks: dict[bytes, bytes]) -> tuple[Codes, list[str]]:
    """Return an opened file's codes as they are stored, and notes on what was converted.

    Parameters
    ----------
    image : PIL.Image.Image
        Opened and not loaded yet; mode ``CMYK`` and ``LAB`` become sRGB by rules of thumb.
    data : bytes
        Its file.
    png_chunks : dict
        The header chunks of a PNG file, empty for others.
    """
    deep = _read_sixteen_bits(image, data)
    if deep is not None:
        return _with_key(deep, png_chunks, 65535), ["16 bits a channel rounded to 8"]
    if b"tRNS" in png_chunks and image.mode in ("1", "L", "I;16", "RGB"):
        image.info.pop("transparency", None)  # Pillow compares it with codes of another depth
    codes, notes = to_codes(image)
    largest = 255
    if b"tRNS" in png_chunks and b"IHDR" in png_chunks and png_chunks[b"IHDR"][9] == 0:
        largest = (1 << png_chunks[b"IHDR"][8]) - 1
    return _with_key(codes, png_chunks, largest), notes


def to_codes(image: Image.Image) -> tuple[Codes, list[str]]:
    """Return the codes of a Pillow image of any mode, and notes on what was converted.

    Raises
    ------
    DecodeError
        If its numbers have a range that says not what is white.
    """
    mode = image.mode
    if mode.startswith("I;16") or mode in ("I", "F"):
        gray, notes = _wide_gray(image)
        codes = np.repeat(gray[:, :, np.newaxis], 3, axis=2)
        key = image.info.get("transparency")
        return (_keyed(codes, (key,) * 3) if isinstance(key, int) else codes), notes
    if mode == "La":
        image = image.convert("LA")
    if mode == "RGBX":
        return np.asarray(image)[:, :, :3], []
    if image.mode not in ("RGB", "RGBA") or image.has_transparency_data:
        image = image.convert("RGBA" if image.has_transparency_data else "RGB")
    return np.asarray(image), []


def is_gray(image: Image.Image) -> bool:
    """Tell whether a mode has no color."""
    return image.mode in _GRAY_MODES or image.mode.startswith("I;16")


def orientation_of(image: Image.Image) -> int:
    """Return the EXIF orientation (CIPA DC-008, 4.6.5.1.3), 1 where there is none."""
    if image.format == "JXL" and not getattr(image, "jpeg", False):
        return 1  # ISO/IEC 18181-2: the codestream's own counts, which the decoder has applied
    try:
        found = image.getexif().get(_ORIENTATION, 1)
    except Exception:  # damaged EXIF: the picture is still there
        return 1
    return found if found in range(1, 9) else 1


def tiff_orientation(image: Image.Image) -> int:
    """Return the orientation that Pillow will apply itself when it loads: it does so for TIFF."""
    found = getattr(image, "tag_v2", {}).get(_ORIENTATION, 1)
    return found if found in range(1, 9) else 1


def upright(codes: Codes, orientation: int) -> Codes:
    """Turn and mirror pixels so that they are shown right (CIPA DC-008, 4.6.5.1.3)."""
    if orientation >= 5:
        codes = codes.swapaxes(0, 1)
    if orientation in (2, 3, 6, 7):
        codes = codes[:, ::-1]
    if orientation in (3, 4, 7, 8):
        codes = codes[::-1]
    return np.ascontiguousarray(codes)


def to_eight_bits(codes: Codes) -> npt.NDArray[np.uint8]:
    """Round codes to 8 bits: 65535 becomes 255."""
    if codes.dtype == np.uint8:
        return codes
    return ((codes.astype(np.uint32) + 128) // 257).astype(np.uint8)


def _read_sixteen_bits(image: Image.Image, data: bytes) -> Codes | None:
    """Return codes of 16 bits a channel, of which Pillow itself keeps the high byte only.

    A second reading takes the bytes as if they lay the other way round, and so gets the low ones.
    """
    kinds = {tile.args[0] if isinstance(tile.args, tuple) else tile.args for tile in getattr(image, "tile", [])}
    if len(kinds) != 1:
        return None
    kind = kinds.pop()
    if image.format == "PNG" and kind == "LA;16B":
        image.load()  # for the metadata behind the pixels
        pairs = np.asarray(_reread(data, image, "RGBA")).astype(np.uint16)
        gray_alpha = pairs[:, :, 0::2] << 8 | pairs[:, :, 1::2]
        return gray_alpha[:, :, [0, 0, 0, 1]]
    base, _, order = str(kind).partition(";")
    if image.format not in ("PNG", "TIFF") or base not in ("RGB", "RGBA", "RGBX") or order not in _TRANSFERRED:
        return None
    high = np.asarray(image).astype(np.uint16)
    low = np.asarray(_reread(data, image, f"{base};{_TRANSFERRED[order]}"))
    codes: Codes = high << 8 | low
    return codes[:, :, : 3 if base == "RGBX" else 4]


def _reread(data: bytes, image: Image.Image, other: str) -> Image.Image:
    again = open_image(data, (str(image.format),))
    assert isinstance(again, ImageFile.ImageFile)
    again.tile = [
        tile._replace(args=other if not isinstance(tile.args, tuple) else (other, *tile.args[1:]))
        for tile in again.tile
    ]
    return again


def _wide_gray(image: Image.Image) -> tuple[npt.NDArray[Any], list[str]]:
    """Return the gray codes of images with more than 8 bits."""
    if image.mode == "F":
        return _float_gray(np.asarray(image))
    values = np.asarray(image).astype(np.int64)
    largest = 65535
    tags = getattr(image, "tag_v2", {})
    if image.mode != "I":
        bits = tags.get(_TIFF_BITS, (16,))
        largest = (1 << (bits[0] if isinstance(bits, tuple) else bits)) - 1
    if values.min() < 0 or values.max() > largest:
        raise DecodeError("gray values beyond 16 bits; scale them to 0 to 65535")
    if image.mode.startswith("I;16") and tags.get(_TIFF_PHOTOMETRIC) == 0:
        values = largest - values  # TIFF 6.0, WhiteIsZero
    codes = values if largest == 65535 else (values * 65535 + largest // 2) // largest
    return codes.astype(np.uint16), ["16 bits a channel rounded to 8"]


def _float_gray(values: npt.NDArray[np.float32]) -> tuple[npt.NDArray[np.uint8], list[str]]:
    if not np.isfinite(values).all() or values.min() < 0:
        raise DecodeError("floating-point gray values that are negative or no numbers; scale them to 0 to 1")
    largest = next((limit for limit in (1, 255, 65535) if values.max() <= limit), None)
    if largest is None:
        raise DecodeError("floating-point gray values beyond 65535; scale them to 0 to 1")
    codes = np.rint(values.astype(np.float64) * (255 / largest)).astype(np.uint8)
    return codes, [f"floating-point gray: 0 taken as black, {largest} as white"]


def _with_key(codes: Codes, png_chunks: dict[bytes, bytes], largest: int) -> Codes:
    """Make the color of a PNG's tRNS chunk transparent (PNG third edition, 11.3.1.1).

    `largest` is the largest code that the file can hold.
    """
    key = png_chunks.get(b"tRNS", b"")
    color_type = png_chunks[b"IHDR"][9] if b"IHDR" in png_chunks else -1
    if codes.shape[2] == 4 or color_type not in (0, 2) or len(key) < (2 if color_type == 0 else 6):
        return codes
    values = [int.from_bytes(key[i : i + 2], "big") & largest for i in (0, 2, 4)[: 1 if color_type == 0 else 3]]
    scale = np.iinfo(codes.dtype).max // largest
    return _keyed(codes, tuple(value * scale for value in values * (3 // len(values))))


def _keyed(codes: Codes, key: tuple[int, ...]) -> Codes:
    opaque = np.iinfo(codes.dtype).max
    alpha = np.where((codes == np.array(key)).all(axis=2), 0, opaque).astype(codes.dtype)
    return np.dstack([codes, alpha])
