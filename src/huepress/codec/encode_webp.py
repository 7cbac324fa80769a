"""Lossless WebP (RFC 9649) of an indexed image, written through Pillow."""

from __future__ import annotations

import io

from PIL import Image

from huepress.errors import LimitError
from huepress.model import Bytes, Encoded, IndexedImage

_LARGEST_SIDE = 16383
# libwebp's method by effort: 5 saves about 2 % over 4 in ten times its time, 6 hardly more in
# a hundred times.
_METHODS = (4, 4, 4, 4, 4, 4, 5, 5, 6, 6)


def encode_webp(image: IndexedImage, *, effort: int = 0) -> Encoded:
    """Encode losslessly; libwebp finds the palette itself and packs up to 16 colors.

    Raises
    ------
    LimitError
        If a side is longer than the format allows.
    """
    height, width = image.indices.shape
    if max(height, width) > _LARGEST_SIDE:
        raise LimitError(f"WebP holds at most {_LARGEST_SIDE} pixels a side, not {width} x {height}; write PNG")
    return Encoded(encode_pixels(image.to_array(), effort=effort), "WEBP")


def encode_pixels(pixels_srgb8: Bytes, *, effort: int) -> bytes:
    """Encode an array, (height, width, 3 or 4), losslessly."""
    buffer = io.BytesIO()
    picture = Image.fromarray(pixels_srgb8)
    picture.save(buffer, "WEBP", lossless=True, quality=100, method=_METHODS[effort], exact=True)
    return buffer.getvalue()
