"""From file bytes, Pillow images and arrays to a SourceImage."""

from __future__ import annotations

import os
import warnings
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import replace
from typing import Any

import numpy as np
from PIL import Image, UnidentifiedImageError

from huepress.errors import DecodeError, HuepressError, InputError, LimitError, Remedy, UnsupportedError
from huepress.formats.color_management import describe_colors, to_srgb
from huepress.formats.metadata import read_metadata
from huepress.formats.opening import open_image
from huepress.formats.pixels import orientation_of, read_codes, tiff_orientation, to_codes, upright
from huepress.formats.plug_ins import enable_plug_in
from huepress.formats.png_chunks import SIGNATURE, check_chunks
from huepress.formats.png_extras import read_extras
from huepress.formats.sizes import hidden_sizes
from huepress.model import Bytes, Metadata, SourceImage
from huepress.options import ColorHandling, Strip

# Cameras' JPEGs with a preview, icons in several sizes, layers below the whole, bursts: the first
# frame is the picture.
_EXTRA_FRAMES_ARE_MINOR = ("MPO", "ICO", "ICNS", "PSD", "HEIF")
# Frees a loaded image's file of the metadata that must not survive.
Clean = Callable[[Image.Image, bytes, Strip, int, Metadata], bytes | None]
_TIFF_SIGNATURES = (b"II*\0", b"MM\0*", b"II+\0", b"MM\0+")
_NEW_SUBFILE_TYPE, _REDUCED_OR_MASK = 254, 1 | 4
# Every frame costs time for its whole canvas, however small its file is.
_FRAMES_OF_LIMIT = 16
# Frames of a single pixel take their time, too: about a millisecond or two.
_MOST_FRAMES = 20_000
# Previews and masks of one picture; more pages than this are no picture.
_MOST_MINOR_PAGES = 32
_PCX_PALETTE_MARK = 0x0C


def decode(
    data: bytes,
    *,
    max_pixels: int,
    color: ColorHandling = "srgb",
    strip: Strip = "safe",
    clean: Clean | None = None,
) -> SourceImage:
    """Decode the bytes of an image file.

    EXIF orientation is applied.

    Parameters
    ----------
    data : bytes
    max_pixels : int
        Images with more pixels are refused before they are decoded.
    color : {"srgb", "keep"}
        Whether colors are converted to sRGB, or stay in the file's RGB profile.
    strip : {"safe", "all", "none"}
        Which metadata go.
    clean : callable, optional
        Makes the `keepable` of the result; without it there is none.

    Returns
    -------
    SourceImage

    Raises
    ------
    DecodeError
        If the bytes are no image, a damaged one, or an animation, or need a plug-in.
    LimitError
        If the image has more than `max_pixels` pixels.
    """
    if not data:
        raise DecodeError("the file is empty; give an image file")
    enable_plug_in(data)
    for width, height in hidden_sizes(data):
        check_size(width, height, max_pixels)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        damage = _told_as_damage("the image is damaged or cut off ({}); make it anew or leave it out")
        with _quiet_libtiff(data[:4] in _TIFF_SIGNATURES), _open(data) as image, damage:
            check_size(*image.size, max_pixels)
            _check_frames(image)
            return _load(image, data, color, strip, clean)


def from_pillow(
    image: Image.Image, *, max_pixels: int, color: ColorHandling = "srgb", strip: Strip = "safe"
) -> SourceImage:
    """Take over a Pillow image (its pixels, not the file it came from); EXIF orientation is applied.

    Raises
    ------
    DecodeError
        If Pillow cannot load or convert it.
    LimitError
        If it has more than `max_pixels` pixels.
    """
    check_size(*image.size, max_pixels)
    with _told_as_damage("Pillow cannot load the image ({}); open it anew"):
        image.load()
        return _finish(image, *to_codes(image), b"", {}, color, strip)


def from_array(array: object, *, max_pixels: int) -> SourceImage:
    """Take over an array of uint8: H x W gray, H x W x 3 RGB or H x W x 4 RGBA.

    Raises
    ------
    InputError
        If the array has another dtype or shape, or no pixels.
    LimitError
        If it has more than `max_pixels` pixels.
    """
    pixels = np.asarray(array)
    if pixels.dtype != np.uint8:
        raise InputError(f"the array has dtype {pixels.dtype}; convert it to uint8, 0 to 255")
    given = pixels.shape
    if pixels.ndim == 2:
        pixels = pixels[:, :, np.newaxis]
    if pixels.ndim != 3 or pixels.shape[2] not in (1, 3, 4) or pixels.size == 0:
        raise InputError(f"the array has shape {given}; it must be H x W, H x W x 3 or H x W x 4")
    check_size(pixels.shape[1], pixels.shape[0], max_pixels)
    if pixels.shape[2] == 1:
        pixels = np.repeat(pixels, 3, axis=2)
    return SourceImage(_without_idle_alpha(pixels))


def _open(data: bytes) -> Image.Image:
    try:
        return open_image(data)
    except UnidentifiedImageError:
        raise DecodeError(
            "not an image, or of a kind that cannot be read; give a PNG, JPEG, WebP, GIF, TIFF, BMP or AVIF file"
        ) from None
    except MemoryError:
        raise LimitError("not enough memory to open the image; make it smaller") from None
    except Image.DecompressionBombError:
        raise LimitError("a part of the image is larger than what can be opened", remedy=Remedy.MORE_PIXELS) from None
    except Exception as error:
        raise DecodeError(f"the image is damaged ({_reason(error)}); make it anew or leave it out") from None


def _load(image: Image.Image, data: bytes, color: ColorHandling, strip: Strip, clean: Clean | None) -> SourceImage:
    chunks = check_chunks(data) if data.startswith(SIGNATURE) else {}
    if image.format == "PCX" and data[3] == 8 and data[65] == 1 and data[68] != 2 and data[-769] != _PCX_PALETTE_MARK:
        raise DecodeError("the palette at the end of the PCX file is missing; make it anew or leave it out")
    already_turned = tiff_orientation(image)
    codes, notes = read_codes(image, data, chunks)
    return _finish(image, codes, notes, data, chunks, color, strip, clean, already_turned)


def _finish(
    image: Image.Image,
    codes: Any,
    notes: list[str],
    data: bytes,
    png_chunks: dict[bytes, bytes],
    color: ColorHandling,
    strip: Strip,
    clean: Clean | None = None,
    already_turned: int = 1,
) -> SourceImage:
    """Apply colors and orientation and gather the metadata of a loaded image."""
    colors = describe_colors(image, data, png_chunks)
    pixels, profile, color_notes = to_srgb(image, codes, colors, keep=color == "keep")
    orientation = orientation_of(image)
    metadata = read_metadata(image, strip, profile, turned=max(orientation, already_turned) >= 5)
    if strip == "none" and png_chunks:
        extras, told = read_extras(
            data,
            png_chunks,
            lambda codes: to_srgb(image, codes, colors, keep=color == "keep")[0],
            turned=orientation != 1,
            has_dpi=metadata.dpi is not None,
        )
        metadata, notes = replace(metadata, png=extras), [*notes, *told]
    return SourceImage(
        _without_idle_alpha(upright(pixels, orientation)),
        {"MPO": "JPEG"}.get(image.format or "", image.format or "unknown") if data else "array",
        data or None,
        clean(image, data, strip, orientation, metadata) if clean else None,
        metadata,
        (*notes, *color_notes),
    )


def _check_frames(image: Image.Image) -> None:
    """Refuse several pictures in one file at the second of them, however many there are."""
    if image.format == "TIFF":
        for page in range(1, _MOST_MINOR_PAGES):
            try:
                image.seek(page)
            except EOFError:
                image.seek(0)
                return
            found = getattr(image, "tag_v2", {}).get(_NEW_SUBFILE_TYPE, 0)  # previews and masks, TIFF 6.0
            if not (isinstance(found, int) and found & _REDUCED_OR_MASK):
                break
        raise UnsupportedError("several pages where a single picture is needed; split it first")
    frames = getattr(image, "n_frames", 1)
    if frames > 1 and image.format not in _EXTRA_FRAMES_ARE_MINOR:
        raise UnsupportedError(f"{frames} frames where a single picture is needed; split it first")


@contextmanager
def _quiet_libtiff(active: bool) -> Iterator[None]:
    """Keep libtiff from writing to the process's standard error: what is wrong is told as an error."""
    try:
        before = os.dup(2) if active else None
    except OSError:  # no standard error
        before = None
    if before is None:
        yield
        return
    silence = os.open(os.devnull, os.O_WRONLY)
    try:
        os.dup2(silence, 2)
        yield
    finally:
        os.dup2(before, 2)
        os.close(silence)
        os.close(before)


@contextmanager
def _told_as_damage(sentence: str) -> Iterator[None]:
    """Turn what Pillow's plug-ins raise on damaged files (many kinds) into one sentence."""
    try:
        yield
    except HuepressError:
        raise
    except MemoryError:
        raise LimitError("not enough memory to decode the image; make it smaller") from None
    except Image.DecompressionBombError:
        raise LimitError("a part of the image is larger than what can be opened", remedy=Remedy.MORE_PIXELS) from None
    except Exception as error:
        raise DecodeError(sentence.format(_reason(error))) from None


def _reason(error: Exception) -> str:
    """Return the first line of an error, short enough for a sentence."""
    lines = str(error).strip().splitlines()
    return lines[0][:120] if lines else type(error).__name__


def check_size(width: int, height: int, max_pixels: int) -> None:
    """Refuse a picture of no pixels, or of more than the limit."""
    if width < 1 or height < 1:
        raise DecodeError("the image has no pixels; give one of at least 1 x 1")
    if width * height > max_pixels:
        raise LimitError(
            f"the image has {width * height:,} pixels ({width} x {height}), more than the limit of {max_pixels:,}",
            remedy=Remedy.MORE_PIXELS,
        )


def check_all_frames(n_frames: int, width: int, height: int, max_pixels: int, *, before_trimming: bool = False) -> None:
    """Refuse too many frames, and such that have more pixels than the limit allows of all together.

    Where frames are counted before the input is trimmed, trimming it is no way out.
    """
    if n_frames > _MOST_FRAMES:
        way_out = "shorten it with another program" if before_trimming else "trim it, or take fewer fps"
        raise LimitError(f"{n_frames:,} frames are more than the limit ({_MOST_FRAMES:,}); {way_out}")
    if n_frames * width * height > _FRAMES_OF_LIMIT * max_pixels:
        raise LimitError(
            f"{n_frames:,} frames of {width} x {height} have more pixels than the limit "
            f"({_FRAMES_OF_LIMIT} times {max_pixels:,} in all frames)",
            remedy=Remedy.MORE_PIXELS if before_trimming else Remedy.FEWER_FRAMES,
        )


def _without_idle_alpha(pixels: Bytes) -> Bytes:
    """Drop an alpha channel that is opaque everywhere."""
    if pixels.shape[2] == 4 and bool((pixels[:, :, 3] == 255).all()):
        return np.ascontiguousarray(pixels[:, :, :3])
    return pixels
