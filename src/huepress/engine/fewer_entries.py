"""Which entries of a palette may stand for others, where fewer are to be used."""

from __future__ import annotations

from collections.abc import Iterable

import numpy as np
import numpy.typing as npt

_ROUNDS = 8  # of giving entries other ones that stand for them


def stand_ins(
    entries_oklab: npt.NDArray[np.float32],
    counts: npt.NDArray[np.number],
    sizes: Iterable[int],
    breaks: npt.NDArray[np.float64] | None = None,
) -> list[npt.NDArray[np.uint8]]:
    """Return, for each number of entries, the entry that stands for each.

    Entries are given up one after the other, the one first that costs least when another entry stands for it
    (pairwise agglomeration, W. H. Equitz 1989; but an entry stands for all, not a mean, so that what is flat stays as
    it is). It costs the errors of its pixels, less what the breaks are worth that are gone: an edge's color that joins
    its background breaks no run. With breaks each entry then gets the one that costs least, and each group the middle
    one (as k-medoids: H. S. Park and C. H. Jun 2009).

    Parameters
    ----------
    entries_oklab : ndarray of float32, (k, 3)
    counts : ndarray of numbers, (k,)
        Pixels of each entry.
    sizes : iterable of int
        From the largest on, each below k.
    breaks : ndarray of float64, (k, k), optional
        What it is worth, as a squared error of one pixel, that two entries are one: as often as they stand side by
        side. Symmetric, the diagonal 0.

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
    alone = squares * np.asarray(counts, np.float64)[:, None]
    errors, between = alone.copy(), np.zeros((k, k)) if breaks is None else breaks.copy()
    stands = np.arange(k, dtype=np.uint8)
    left = np.ones(k, dtype=bool)
    found: list[npt.NDArray[np.uint8]] = []
    increase = errors - np.diag(errors)[:, None] - between
    np.fill_diagonal(increase, np.inf)
    for size in sizes:
        while left.sum() > max(size, 1):
            gone, kept = divmod(int(increase.argmin()), k)
            stands[stands == gone] = kept
            left[gone] = False
            errors[kept] += errors[gone]
            between[kept] += between[gone]
            between[:, kept] = between[kept]
            between[kept, kept] = 0.0
            increase[gone] = increase[:, gone] = np.inf
            increase[kept] = np.where(left, errors[kept] - errors[kept, kept] - between[kept], np.inf)
            if breaks is not None:
                increase[:, kept] = np.where(left, errors[:, kept] - np.diag(errors) - between[kept], np.inf)
            increase[kept, kept] = np.inf
        found.append(stands.copy() if breaks is None else _settled(stands, alone, breaks))
    return found


def _settled(
    stands: npt.NDArray[np.uint8], errors: npt.NDArray[np.float64], breaks: npt.NDArray[np.float64]
) -> npt.NDArray[np.uint8]:
    """Give each entry the one in use that costs least, then each group the one that errs least, while that helps."""
    stands = stands.copy()
    for _ in range(_ROUNDS):
        before = stands.copy()
        in_use = np.flatnonzero(np.bincount(stands, minlength=len(stands)))
        for entry in range(len(stands)):
            joined = np.bincount(stands, weights=breaks[entry], minlength=len(stands))
            stands[entry] = in_use[int((errors[entry, in_use] - joined[in_use]).argmin())]
        for entry in np.unique(stands):
            members = np.flatnonzero(stands == entry)
            # Sums one after the other, the same on every machine.
            total = np.add.accumulate(errors[members][:, members], axis=0)[-1]
            stands[members] = members[int(total.argmin())]
        if (stands == before).all():
            break
    return stands
