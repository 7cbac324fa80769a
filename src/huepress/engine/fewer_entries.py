"""Which entries of a palette may stand for others, where fewer are to be used."""

from __future__ import annotations

import math
from collections.abc import Iterable

import numpy as np
import numpy.typing as npt

from huepress.colors.arrays import linear1_of_srgb1
from huepress.model import Bytes

_ROUNDS = 8  # of giving entries other ones that stand for them


def letter_points(colors_srgb8: Bytes) -> npt.NDArray[np.float32]:
    """Return colors as points whose squared distances are means of those in sRGB and in linear light, (n, 6).

    The eye mixes the light of an edge that is a pixel wide with that of its neighbors, so dark edges of bright letters
    are seen less than Oklab has it.

    Parameters
    ----------
    colors_srgb8 : ndarray of uint8, (n, 3)
    """
    codes1 = colors_srgb8 / 255
    points = np.hstack([codes1, linear1_of_srgb1(codes1)]) * math.sqrt(0.5)
    return points.astype(np.float32)  # the same on machines whose powers differ in the last bit


def stand_ins(
    points: npt.NDArray[np.float32],
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
    points : ndarray of float32, (k, d)
        Of the entries.
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
    k = len(points)
    # In row a and column b: the squared error of all pixels that a stands for if b does.
    apart = np.subtract(points[:, None], points, dtype=np.float64)
    squares = np.add.accumulate(apart**2, axis=2)[..., -1]  # in this order on every machine
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
        found.append(stands.copy() if breaks is None else _settled(stands, counts, alone, breaks))
    return found


def _settled(
    stands: npt.NDArray[np.uint8],
    counts: npt.NDArray[np.number],
    errors: npt.NDArray[np.float64],
    breaks: npt.NDArray[np.float64],
) -> npt.NDArray[np.uint8]:
    """Give each entry the one in use that costs least, then each group the one that errs least, while that helps.

    What more than half of a group's pixels show stands for it: the ground keeps its color.
    """
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
            most = members[int(counts[members].argmax())]
            is_ground = 2 * counts[most] > counts[members].sum()
            stands[members] = most if is_ground else members[int(total.argmin())]
        if (stands == before).all():
            break
    return stands
