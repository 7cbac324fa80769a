"""PNG files that are not indexed: masks, label maps of 16 bits, layers."""

from __future__ import annotations

import io
from typing import Any

import numpy as np
import numpy.typing as npt
from PIL import Image

from huepress.colors.arrays import pack_rows
from huepress.formats.optimizer import optimize_codes
from huepress.model import Bytes

_LEVEL = 2


def encode_mask(mask: npt.NDArray[np.bool_]) -> bytes:
    """Encode a mask as a gray PNG of 1 bit, white where it is true."""
    rows = pack_rows(mask.astype(np.uint8), 1)
    return _encode(rows.tobytes(), mask.shape, {"gray": None}, 1)


def encode_gray16(values: npt.NDArray[np.integer[Any]]) -> bytes:
    """Encode whole numbers from 0 to 65535 as a gray PNG of 16 bits."""
    return _encode(values.astype(">u2").tobytes(), values.shape, {"gray": None}, 16)


def encode_rgba(pixels_srgb8: Bytes) -> bytes:
    """Encode (height, width, 4) uint8 with straight alpha as a PNG."""
    return _encode(pixels_srgb8.tobytes(), pixels_srgb8.shape[:2], {"rgba": True}, 8)


def encode_pillow(image: Image.Image) -> bytes:
    """Encode a Pillow image as a PNG."""
    buffer = io.BytesIO()
    image.save(buffer, "PNG")
    return buffer.getvalue()


def _encode(data: bytes, shape: tuple[int, ...], color: dict[str, object], bit_depth: int) -> bytes:
    return optimize_codes(data, shape[1], shape[0], color, bit_depth, {"level": _LEVEL})
