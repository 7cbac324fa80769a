"""Lossless WebP (RFC 9649) of an indexed image, written through Pillow."""

from __future__ import annotations

import io
from typing import Any

from PIL import Image

from huepress.errors import LimitError
from huepress.formats.metadata import as_exif
from huepress.model import NO_METADATA, Bytes, Encoded, IndexedImage, Metadata

_LARGEST_SIDE = 16383
# libwebp's method by effort: 5 saves about 2 % over 4 in ten times its time, 6 hardly more in
# a hundred times.
_METHODS = (4, 4, 4, 4, 4, 4, 5, 5, 6, 6)
# How hard it tries in lossless mode: on two pictures of 256 colors 50 found files as small as 100 did, in a third to
# a half of the time.
_QUALITIES = (50, 50, 50, 50, 50, 50, 100, 100, 100, 100)


def encode_webp(
    image: IndexedImage,
    *,
    effort: int = 0,
    metadata: Metadata = NO_METADATA,
    searched: bool = False,
    keep_indices: bool = False,
) -> Encoded:
    """Encode losslessly; libwebp finds the palette itself and packs up to 16 colors.

    Raises
    ------
    LimitError
        If a side is longer than the format allows.
    """
    height, width = image.indices.shape
    if max(height, width) > _LARGEST_SIDE:
        raise LimitError(f"WebP holds at most {_LARGEST_SIDE} pixels a side, not {width} x {height}; write PNG")
    extras: dict[str, Any] = {"exif": as_exif(metadata), "xmp": metadata.xmp, "icc_profile": metadata.icc_profile}
    given = {name: value for name, value in extras.items() if value}
    return Encoded(encode_pixels(image.to_array(), effort=effort, **given), "WEBP")


def encode_pixels(pixels_srgb8: Bytes, *, effort: int, **extras: bytes) -> bytes:
    """Encode an array, (height, width, 3 or 4), losslessly; extras are metadata as Pillow names them."""
    buffer = io.BytesIO()
    picture = Image.fromarray(pixels_srgb8)
    picture.save(
        buffer, "WEBP", lossless=True, quality=_QUALITIES[effort], method=_METHODS[effort], exact=True, **extras
    )
    return buffer.getvalue()
