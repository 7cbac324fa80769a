"""What colors a file's codes mean, and their way to sRGB."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt
from PIL import Image

from huepress.formats import encodings, icc
from huepress.formats.encodings import RgbEncoding
from huepress.formats.pixels import Codes, is_gray, to_eight_bits

_DAMAGED = "its color profile is damaged or does not fit and was ignored"


@dataclass(frozen=True)
class ColorDescription:
    """The meaning of a file's codes; without profile and encoding they are sRGB's."""

    profile: bytes | None = None
    encoding: RgbEncoding | None = None
    notes: tuple[str, ...] = ()


def describe_colors(image: Image.Image, data: bytes, png_chunks: dict[bytes, bytes]) -> ColorDescription:
    """Find out what a file's codes mean.

    PNG third edition, 4.3: cICP counts before iCCP, sRGB, and gAMA with cHRM.
    """
    if len(png_chunks.get(b"cICP", b"")) == 4:
        primaries, transfer, matrix, _ = png_chunks[b"cICP"]
        encoding = encodings.from_code_points(primaries, transfer) if matrix == 0 else None
        if encoding is not None:
            return ColorDescription(encoding=encoding)
    profile = image.info.get("icc_profile")
    if isinstance(profile, bytes) and profile and image.mode != "LAB":  # which means the same everywhere
        read = icc.read_profile(profile)
        modes = {"L"} if is_gray(image) else {"CMYK" if image.mode == "CMYK" else "RGB"}
        if is_gray(image):
            modes.add("RGB")
        if read is None or read.mode not in modes:
            return ColorDescription(notes=(_DAMAGED,))
        return ColorDescription() if read.is_srgb else ColorDescription(profile=profile)
    if image.format in ("AVIF", "HEIF"):
        return ColorDescription(encoding=_nclx(data))
    if image.info.get("srgb") is not None:
        return ColorDescription()
    encoding = encodings.from_png(image.info.get("gamma"), image.info.get("chromaticity"))
    return ColorDescription(encoding=encoding)


def to_srgb(
    image: Image.Image, codes: Codes, colors: ColorDescription, *, keep: bool
) -> tuple[npt.NDArray[np.uint8], bytes | None, tuple[str, ...]]:
    """Convert codes to sRGB, or leave them and say in what profile they are.

    Parameters
    ----------
    image : PIL.Image.Image
        The loaded image, before it was turned upright.
    codes : ndarray of uint8 or uint16, (height, width, 3 or 4)
        Its codes.
    colors : ColorDescription
    keep : bool
        Whether codes of an RGB profile stay as they are. CMYK, gray and HDR are converted always.

    Returns
    -------
    pixels_srgb8 : ndarray of uint8, (height, width, 3 or 4)
    profile : bytes or None
        The RGB profile of the pixels if they are not sRGB.
    notes : tuple of str
    """
    if colors.profile is not None:
        return _by_profile(image, codes, colors, keep=keep)
    encoding = colors.encoding
    if encoding is None or encoding.is_srgb:
        return to_eight_bits(codes), None, colors.notes
    if keep and not encoding.is_hdr:
        return to_eight_bits(codes), icc.build_profile(encoding), (*colors.notes, f"kept in {encoding.name}")
    converted = encodings.to_srgb8(codes[:, :, :3], encoding)
    return _with_alpha(converted, codes), None, (*colors.notes, f"converted from {encoding.name} to sRGB")


def _by_profile(
    image: Image.Image, codes: Codes, colors: ColorDescription, *, keep: bool
) -> tuple[npt.NDArray[np.uint8], bytes | None, tuple[str, ...]]:
    assert colors.profile is not None
    profile = icc.read_profile(colors.profile)
    assert profile is not None
    pixels = to_eight_bits(codes)
    if keep and profile.mode == "RGB":
        return pixels, colors.profile, (*colors.notes, f"kept in {profile.name}")
    if profile.mode == "L":
        picture = Image.fromarray(np.ascontiguousarray(pixels[:, :, 0]))
    elif profile.mode == "RGB":
        picture = Image.fromarray(np.ascontiguousarray(pixels[:, :, :3]))
    else:
        picture = image
    converted: npt.NDArray[Any] = np.asarray(icc.apply_profile(picture, colors.profile))
    return _with_alpha(converted, codes), None, (*colors.notes, f"converted from {profile.name} to sRGB")


def _with_alpha(pixels_srgb8: npt.NDArray[np.uint8], codes: Codes) -> npt.NDArray[np.uint8]:
    if codes.shape[2] == 3:
        return pixels_srgb8
    return np.dstack([pixels_srgb8, to_eight_bits(codes[:, :, 3])])


def _nclx(data: bytes) -> RgbEncoding | None:
    """Return the color space of a HEIF file's colr box (ISO/IEC 23008-12, 6.5.5)."""
    at = data.find(b"colrnclx")
    if at < 0 or at + 12 > len(data):
        return None
    primaries, transfer = (int.from_bytes(data[at + i : at + i + 2], "big") for i in (8, 10))
    return encodings.from_code_points(primaries, transfer)
