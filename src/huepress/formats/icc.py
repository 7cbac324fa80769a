"""ICC profiles (ICC.1:2022): told apart, applied, and written for spaces given by numbers."""

from __future__ import annotations

import io
import itertools
import struct
from dataclasses import dataclass
from functools import lru_cache

import numpy as np
from PIL import Image, ImageCms

from huepress.formats.encodings import BRADFORD, D50_XYZ, RgbEncoding, rgb_to_xyz, xyz

_MODES = {"RGB": "RGB", "GRAY": "L", "CMYK": "CMYK"}
# Two codes that differ by one look the same; profiles called sRGB differ by that from each other.
_SAME_CODE = 1
_LATTICE = (0, 1, 2, 4, 8, 16, 32, 64, 96, 128, 160, 192, 224, 255)
_NAME_LENGTH = 60
_SRGB_CURVE = (2.4, 1 / 1.055, 0.055 / 1.055, 1 / 12.92, 0.04045)  # IEC 61966-2-1 as 'para' of type 3


@dataclass(frozen=True)
class Profile:
    """What an ICC profile says.

    Attributes
    ----------
    mode : str
        Pillow's mode of the codes that it describes: ``"RGB"``, ``"L"``, ``"CMYK"``.
    name : str
        Its description.
    is_srgb : bool
        Whether its codes are sRGB's, to within one.
    """

    mode: str
    name: str
    is_srgb: bool


@lru_cache(maxsize=16)
def read_profile(icc: bytes) -> Profile | None:
    """Return what a profile says; None where it is damaged or of a kind that describes no picture."""
    try:
        opened = ImageCms.ImageCmsProfile(io.BytesIO(icc))
        mode = _MODES.get(opened.profile.xcolor_space.strip())
        if mode is None or opened.profile.device_class in ("link", "abst", "nmcl"):
            return None
        transform = _transform(icc, mode)
        name = ImageCms.getProfileDescription(opened)
    except Exception:  # lcms tells damage in many ways
        return None
    name = " ".join("".join(c if c.isprintable() else " " for c in name).split())[:_NAME_LENGTH]
    return Profile(mode, name or "an unnamed profile", mode in ("RGB", "L") and _is_identity(transform, mode))


def apply_profile(image: Image.Image, icc: bytes) -> Image.Image:
    """Convert to sRGB, mode RGB: relative colorimetric with black point compensation (ICC.1:2022, 6.2).

    Parameters
    ----------
    image : PIL.Image.Image
        Of the mode that the profile describes.
    icc : bytes
        One that `read_profile` reads.
    """
    converted = ImageCms.applyTransform(image, _transform(icc, image.mode))
    assert converted is not None
    return converted


def build_profile(encoding: RgbEncoding) -> bytes:
    """Write a matrix profile, version 4.3 (ICC.1:2010, 8.3 to 8.4 and 10).

    Parameters
    ----------
    encoding : RgbEncoding
        Not an HDR one.
    """
    matrix = rgb_to_xyz(encoding, D50_XYZ)
    cones = (BRADFORD @ D50_XYZ) / (BRADFORD @ xyz(encoding.white))
    adaptation = np.linalg.inv(BRADFORD) @ np.diag(cones) @ BRADFORD
    if encoding.transfer == "srgb":
        curve = b"para" + bytes(4) + struct.pack(">HH", 3, 0) + _fixed(_SRGB_CURVE)
    else:
        curve = b"para" + bytes(4) + struct.pack(">HH", 0, 0) + _fixed([encoding.gamma or 1.0])
    tags = {
        b"desc": _text(encoding.name),
        b"cprt": _text("CC0"),
        b"wtpt": _xyz_tag(D50_XYZ),
        b"chad": b"sf32" + bytes(4) + _fixed(adaptation.ravel()),
        b"rXYZ": _xyz_tag(matrix[:, 0]),
        b"gXYZ": _xyz_tag(matrix[:, 1]),
        b"bXYZ": _xyz_tag(matrix[:, 2]),
        b"rTRC": curve,
        b"gTRC": curve,
        b"bTRC": curve,
    }
    table, body = b"", b""
    start = 128 + 4 + 12 * len(tags)
    places: dict[bytes, int] = {}
    for name, value in tags.items():
        if value not in places:
            places[value] = start + len(body)
            body += value + bytes(-len(value) % 4)
        table += name + struct.pack(">II", places[value], len(value))
    return _profile_header(start + len(body)) + struct.pack(">I", len(tags)) + table + body


def _profile_header(size: int) -> bytes:
    header = struct.pack(">I4xI4s4s4s", size, 0x04300000, b"mntr", b"RGB ", b"XYZ ")
    header += struct.pack(">6H", 2026, 1, 1, 0, 0, 0) + b"acsp"  # a fixed date: same input, same bytes
    return header.ljust(68, b"\0") + _fixed(D50_XYZ) + bytes(48)


def _fixed(values: object) -> bytes:
    """Return numbers as s15Fixed16."""
    return np.rint(np.asarray(values, dtype=np.float64) * 65536).astype(">i4").tobytes()


def _xyz_tag(xyz: object) -> bytes:
    return b"XYZ " + bytes(4) + _fixed(xyz)


def _text(text: str) -> bytes:
    encoded = text.encode("utf-16-be")
    return b"mluc" + bytes(4) + struct.pack(">II2s2sII", 1, 12, b"en", b"US", len(encoded), 28) + encoded


def _transform(icc: bytes, mode: str) -> ImageCms.ImageCmsTransform:
    return ImageCms.buildTransform(
        ImageCms.ImageCmsProfile(io.BytesIO(icc)),
        ImageCms.createProfile("sRGB"),
        mode,
        "RGB",
        renderingIntent=ImageCms.Intent.RELATIVE_COLORIMETRIC,
        flags=ImageCms.Flags.BLACKPOINTCOMPENSATION,
    )


def _is_identity(transform: ImageCms.ImageCmsTransform, mode: str) -> bool:
    if mode == "L":
        codes = np.arange(256, dtype=np.uint8)[np.newaxis]
        wanted = np.repeat(codes[..., np.newaxis], 3, axis=2)
    else:
        codes = np.array(list(itertools.product(_LATTICE, repeat=3)), dtype=np.uint8)[np.newaxis]
        wanted = codes
    converted = ImageCms.applyTransform(Image.fromarray(codes), transform)
    return bool(np.abs(np.asarray(converted).astype(int) - wanted).max() <= _SAME_CODE)
