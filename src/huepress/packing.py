"""Indices as bytes of several pixels."""

from __future__ import annotations

import numpy as np

from huepress.model import Bytes


def pack_rows(indices: Bytes, bit_depth: int) -> Bytes:
    """Pack indices into bytes, the leftmost pixel in the high bits, each row padded to a byte."""
    if bit_depth == 8:
        return indices
    per_byte = 8 // bit_depth
    height, width = indices.shape
    padded = np.zeros((height, -(-width // per_byte) * per_byte), dtype=np.uint8)
    padded[:, :width] = indices
    groups = padded.reshape(height, -1, per_byte)
    packed = np.zeros(groups.shape[:2], dtype=np.uint8)
    for position in range(per_byte):
        packed |= groups[:, :, position] << np.uint8(8 - bit_depth * (position + 1))
    return packed
