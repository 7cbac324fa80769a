"""Many pictures to palettes and packed indices, in memory."""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Literal, get_args

import numpy as np
import numpy.typing as npt

from huepress import _core
from huepress.errors import InputError, LimitError, OptionError
from huepress.ml.packed import PackedPictures, bits_for, checked_threads, integer_between
from huepress.model import Bytes

PaletteScope = Literal["image", "group", "all"]

# Small pictures settle within a few iterations; what is left to gain is below 1 % of the squared error.
_MAX_ITER = 20
_TOL = 1e-3
# Of the k-means over histograms, which is short beside that over colors.
_GROUPING_ITER = 30


@dataclass(frozen=True)
class IndexedBatch(PackedPictures):
    """Pictures as packed palette indices, in memory; ``batch[i]`` expands one of them.

    Attributes
    ----------
    packed : ndarray of uint8, (n_bytes,)
        The indices, `bits` each, the first pixel in a byte's highest bits; the rows of a picture follow each other
        without a gap, and each picture begins at a byte.
    bits : int
        1, 2, 4 or 8.
    offsets : ndarray of int64, (n + 1,)
        Where each picture begins in `packed`, and where the last one ends.
    sizes : ndarray of int32, (n, 2)
        Height and width of each picture.
    palettes_srgb8 : ndarray of uint8, (n_palettes, n_colors, 3)
        Each from dark to light; entries from `palette_sizes` on are zero and not used.
    palette_sizes : ndarray of int32, (n_palettes,)
    palette_of : ndarray of int32, (n,)
        The palette of each picture.
    """

    packed: Bytes
    bits: int
    offsets: npt.NDArray[np.int64]
    sizes: npt.NDArray[np.int32]
    palettes_srgb8: Bytes
    palette_sizes: npt.NDArray[np.int32]
    palette_of: npt.NDArray[np.int32]


def quantize_batch(
    images: npt.NDArray[np.uint8] | Sequence[npt.NDArray[np.uint8]],
    n_colors: int,
    palette: PaletteScope = "image",
    n_threads: int = 0,
    *,
    n_groups: int | None = None,
) -> IndexedBatch:
    """Reduce many pictures to palettes and packed indices by plain k-means in sRGB, in one call into the core.

    Parameters
    ----------
    images : ndarray of uint8, (n, height, width, 3), or sequence of ndarrays of uint8, (height, width, 3)
        sRGB; a sequence may mix sizes.
    n_colors : int
        Most colors of a palette, 2 to 256.
    palette : {"image", "group", "all"}
        Whether every picture gets its own palette, similar pictures share one, or all share a single one. Similar
        are pictures whose histograms of 64 colors k-means puts together.
    n_threads : int
        0 means one per processor. The result does not depend on it.
    n_groups : int, optional
        Number of palettes with ``palette="group"``; by default the square root of the number of pictures. Groups
        that stay empty are left out.

    Returns
    -------
    IndexedBatch

    Raises
    ------
    OptionError
        If an option makes no sense.
    InputError
        If an array is of another kind, or a picture has no pixels.
    LimitError
        If a picture has 2**32 - 1 pixels or more.

    Examples
    --------
    >>> import numpy as np
    >>> from huepress import ml
    >>> ramp = np.arange(256, dtype=np.uint8).repeat(3).reshape(1, 16, 16, 3)
    >>> batch = ml.quantize_batch(ramp, n_colors=4)
    >>> batch.bits, batch.packed.nbytes, batch.palette(0)[:, 0].tolist()
    (2, 64, [32, 96, 160, 224])
    """
    pictures = _checked(images)
    k = integer_between("n_colors", n_colors, 2, 256)
    threads = checked_threads(n_threads)
    if palette not in get_args(PaletteScope):
        raise OptionError(f"palette must be 'image', 'group' or 'all', not {palette!r}")
    if n_groups is not None and palette != "group":
        raise OptionError("n_groups goes with palette='group' only")
    groups, n_palettes = _groups(pictures, palette, n_groups, threads)
    packed, offsets, palettes, palette_sizes = _core.quantize_batch(
        pictures, groups, n_palettes, k, _MAX_ITER, _TOL, threads
    )
    sizes = np.array([picture.shape[:2] for picture in pictures], dtype=np.int32).reshape(-1, 2)
    return IndexedBatch(packed, bits_for(k), offsets, sizes, palettes, palette_sizes, groups)


def _checked(images: npt.NDArray[np.uint8] | Sequence[npt.NDArray[np.uint8]]) -> list[Bytes]:
    if isinstance(images, np.ndarray) and images.ndim != 4:
        raise InputError(f"images must be n x height x width x 3, not {images.ndim}-dimensional")
    if not isinstance(images, np.ndarray | Sequence):
        raise InputError(f"images must be an array or a sequence of arrays, not {type(images).__name__}")
    return [np.ascontiguousarray(picture) for picture in _each_checked(images)]


def _each_checked(images: npt.NDArray[np.uint8] | Sequence[npt.NDArray[np.uint8]]) -> Iterator[Bytes]:
    for number, picture in enumerate(images):
        if not isinstance(picture, np.ndarray) or picture.dtype != np.uint8:
            kind = picture.dtype if isinstance(picture, np.ndarray) else type(picture).__name__
            raise InputError(f"must be an array of uint8, not {kind}", subject=f"image {number}")
        if picture.ndim != 3 or picture.shape[2] != 3:
            raise InputError(f"must be height x width x 3, not {picture.shape}", subject=f"image {number}")
        if picture.size == 0:
            raise InputError("has no pixels", subject=f"image {number}")
        if picture.size // 3 >= 2**32 - 1:
            raise LimitError("has too many pixels", subject=f"image {number}", remedy="make it smaller")
        yield picture


def _groups(
    pictures: list[Bytes], palette: PaletteScope, n_groups: int | None, threads: int
) -> tuple[npt.NDArray[np.int32], int]:
    """Return the palette of each picture and the number of palettes."""
    n = len(pictures)
    if palette == "image" or n == 0:
        return np.arange(n, dtype=np.int32), n
    wanted = math.isqrt(n - 1) + 1 if n_groups is None else integer_between("n_groups", n_groups, 1, n)
    if palette == "all" or wanted == 1:
        return np.zeros(n, dtype=np.int32), 1
    histograms = _core.color_histograms(pictures, threads)
    _, labels, _, _ = _core.kmeans(
        histograms, np.ones(n, dtype=np.uint32), wanted, "wu", None, 1, 0, _GROUPING_ITER, _TOL, 0, threads
    )
    used, groups = np.unique(labels, return_inverse=True)
    return groups.astype(np.int32).reshape(-1), len(used)
