"""Which entries of a palette may stand for others, where fewer are to be used."""

from __future__ import annotations

from collections.abc import Iterable

import numpy as np
import numpy.typing as npt


def stand_ins(
    entries_oklab: npt.NDArray[np.float32], counts: npt.NDArray[np.integer], sizes: Iterable[int]
) -> list[npt.NDArray[np.uint8]]:
    """Return, for each number of entries, the entry that stands for each.

    Entries are given up one after the other, the one first whose pixels lose least when another entry stands for them
    (pairwise agglomeration, W. H. Equitz 1989; but an entry stands for all, not a mean, so that what is flat stays as
    it is).

    Parameters
    ----------
    entries_oklab : ndarray of float32, (k, 3)
    counts : ndarray of integers, (k,)
        Pixels of each entry.
    sizes : iterable of int
        From the largest on, each below k.

    Returns
    -------
    list of ndarray of uint8, (k,)
        One for each size.
    """
    points = entries_oklab.astype(np.float64)
    k = len(points)
    # In row a and column b: the squared error of all pixels that a stands for if b does.
    apart = points[:, None] - points
    squares = apart[..., 0] ** 2 + apart[..., 1] ** 2 + apart[..., 2] ** 2  # in this order on every machine
    errors = squares * np.asarray(counts, np.float64)[:, None]
    stands = np.arange(k, dtype=np.uint8)
    left = np.ones(k, dtype=bool)
    found: list[npt.NDArray[np.uint8]] = []
    increase = errors - np.diag(errors)[:, None]
    np.fill_diagonal(increase, np.inf)
    for size in sizes:
        while left.sum() > max(size, 1):
            gone, kept = divmod(int(increase.argmin()), k)
            stands[stands == gone] = kept
            left[gone] = False
            errors[kept] += errors[gone]
            increase[gone] = increase[:, gone] = np.inf
            increase[kept] = np.where(left, errors[kept] - errors[kept, kept], np.inf)
            increase[kept, kept] = np.inf
        found.append(stands.copy())
    return found
