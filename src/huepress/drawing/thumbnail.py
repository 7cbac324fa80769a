"""Small pictures for reports."""

from __future__ import annotations

import io

import numpy as np
from PIL import Image

from huepress.model import Bytes


def thumbnail(pixels_srgb8: Bytes, side: int) -> bytes:
    """Return a WebP that fits into a square of `side` pixels; small pictures keep their size."""
    picture = Image.fromarray(np.ascontiguousarray(pixels_srgb8))
    picture.thumbnail((side, side), Image.Resampling.LANCZOS, reducing_gap=3.0)
    buffer = io.BytesIO()
    picture.save(buffer, "WEBP", quality=80, method=2)
    return buffer.getvalue()
