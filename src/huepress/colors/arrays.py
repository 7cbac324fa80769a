"""Colors and indices as arrays: as single numbers to be compared, with alpha, packed into bytes."""

from __future__ import annotations

from typing import TypeVar

import numpy as np
import numpy.typing as npt

from huepress.model import Bytes

Keys = npt.NDArray[np.uint32]
_WHITE = 255.0


def pack_colors(colors_srgb8: Bytes) -> Keys:
    """Return each color as one number, red in the highest byte, alpha (255 where there is none) in the lowest.

    Parameters
    ----------
    colors_srgb8 : ndarray of uint8, (n, 3 or 4)

    Returns
    -------
    ndarray of uint32, (n,)
        In the lexicographic order of the colors.
    """
    return np.ascontiguousarray(four_channels(colors_srgb8)).view(">u4").reshape(-1).astype(np.uint32)


def unpack_colors(keys: Keys) -> Bytes:
    """Undo `pack_colors`: (n, 4) uint8."""
    return keys.astype(">u4").view(np.uint8).reshape(-1, 4)


def is_among(keys: Keys, others: Keys) -> npt.NDArray[np.bool_]:
    """Tell of each number whether it is one of the others, as `numpy.isin` does, which loads masked arrays first.

    Parameters
    ----------
    keys : ndarray of uint32, (n,)
    others : ndarray of uint32, (m,)

    Returns
    -------
    ndarray of bool, (n,)
    """
    if not len(others):
        return np.zeros(len(keys), dtype=np.bool_)
    in_order = np.sort(others)
    found: npt.NDArray[np.bool_] = in_order[np.searchsorted(in_order[:-1], keys)] == keys
    return found


def has_hard_edges(colors_srgb8: Bytes) -> bool:
    """Tell whether every color, (..., 3 or 4), is fully transparent or opaque."""
    if colors_srgb8.shape[-1] == 3:
        return True
    alpha = colors_srgb8[..., 3]
    return bool(((alpha == 0) | (alpha == 255)).all())


def four_channels(colors_srgb8: Bytes) -> Bytes:
    """Return the colors with an alpha channel, 255 where they had none."""
    if colors_srgb8.shape[1] == 4:
        return colors_srgb8
    return np.concatenate([colors_srgb8, np.full((len(colors_srgb8), 1), 255, dtype=np.uint8)], axis=1)


def on_white(pixels_srgb8: Bytes) -> Bytes:
    """Return pixels without alpha, as they look on white.

    Parameters
    ----------
    pixels_srgb8 : ndarray of uint8, (height, width, 3 or 4)

    Returns
    -------
    ndarray of uint8, (height, width, 3)
    """
    if pixels_srgb8.shape[2] == 3:
        return pixels_srgb8
    colors, alpha = pixels_srgb8[:, :, :3], pixels_srgb8[:, :, 3:].astype(np.float32) / 255
    shown: Bytes = np.rint(colors * alpha + _WHITE * (1 - alpha)).astype(np.uint8)
    return shown


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


# Of a color or palette entry, by its alpha.
CLEAR, SOFT, OPAQUE = 0, 1, 2


def alpha_class(colors_srgb8: Bytes) -> Bytes:
    """Return the class of each color: clear (alpha 0), opaque (255, or no alpha), or soft."""
    if colors_srgb8.shape[1] == 3:
        return np.full(len(colors_srgb8), OPAQUE, dtype=np.uint8)
    alpha = colors_srgb8[:, 3]
    return np.where(alpha == 0, CLEAR, np.where(alpha == 255, OPAQUE, SOFT)).astype(np.uint8)


def allowed_classes(color_class: Bytes, entry_class: Bytes) -> Bytes:
    """Return which classes of entries each color may take, as bits.

    Clear pixels stay clear, opaque ones opaque, and soft ones never vanish. Where the palette has no such entry,
    any will do.
    """
    there = np.bitwise_or.reduce(1 << entry_class.astype(np.int64))
    wanted = np.array([1 << CLEAR, 1 << SOFT | 1 << OPAQUE, 1 << OPAQUE])[color_class] & there
    return np.asarray(np.where(wanted, wanted, there), dtype=np.uint8)


def with_alpha_channel(pixels_srgb8: Bytes) -> Bytes:
    """Return pixels, (..., 3 or 4), with an alpha channel, 255 where they had none."""
    if pixels_srgb8.shape[-1] == 4:
        return pixels_srgb8
    return np.insert(pixels_srgb8, 3, 255, axis=-1)


_Float = TypeVar("_Float", np.float32, np.float64)


def linear1_of_srgb1(codes1: npt.NDArray[_Float]) -> npt.NDArray[_Float]:
    """Return the linear light of sRGB codes, both from 0 to 1 (IEC 61966-2-1)."""
    return np.where(codes1 <= 0.04045, codes1 / 12.92, ((codes1 + 0.055) / 1.055) ** 2.4)


def product(rows: npt.NDArray[_Float], matrix: npt.NDArray[_Float]) -> npt.NDArray[_Float]:
    """Return ``rows @ matrix``, of few columns and rows, with the same bits on every machine.

    Libraries of linear algebra sum in orders of their own, by processor.

    Parameters
    ----------
    rows : ndarray, (..., d)
    matrix : ndarray, (d, m)

    Returns
    -------
    ndarray, (..., m)
    """
    total: npt.NDArray[_Float] = rows[..., :1] * matrix[0]
    for d in range(1, len(matrix)):
        total += rows[..., d : d + 1] * matrix[d]
    return total
