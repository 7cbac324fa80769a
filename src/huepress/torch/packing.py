"""Palette indices of 1, 2, 4 or 8 bits to bytes and back, on any device."""

from __future__ import annotations

import torch
from torch import Tensor


def packed_size(n_pixels: int, bits: int) -> int:
    """Return the bytes that the indices of a picture take."""
    return -(-n_pixels * bits // 8)


def pack(indices: Tensor, bits: int) -> Tensor:
    """Return indices of uint8, (n, n_pixels), as bytes, (n, n_bytes): the first pixel in a byte's highest bits."""
    per_byte = 8 // bits
    if per_byte == 1:
        return indices
    n, n_pixels = indices.shape
    whole = packed_size(n_pixels, bits) * per_byte
    padded = torch.nn.functional.pad(indices, (0, whole - n_pixels)) if whole > n_pixels else indices
    grouped = padded.reshape(n, -1, per_byte)
    packed = grouped[..., 0] << (8 - bits)
    for place in range(1, per_byte):
        packed |= grouped[..., place] << (8 - bits * (place + 1))
    return packed


def unpack(packed: Tensor, bits: int, n_pixels: int) -> Tensor:
    """Return bytes, (n, n_bytes), as indices of uint8, (n, n_pixels)."""
    if bits == 8:
        return packed
    shifts = torch.arange(8 - bits, -1, -bits, dtype=torch.uint8, device=packed.device)
    spread = (packed.unsqueeze(-1) >> shifts) & ((1 << bits) - 1)
    return spread.flatten(1)[:, :n_pixels]
