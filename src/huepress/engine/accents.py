"""Small areas that are seen at once: which of them earn a palette entry that squared error alone would deny them."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from huepress import _core
from huepress.model import ColorTable

Points = npt.NDArray[np.float32]
Labels = npt.NDArray[np.int32]

# Oklab distances: a color that is served worse than this is plainly another one (about six just noticeable
# differences); colors within the radius are one color, noise and soft edges included.
_FAR = 0.12
_RADIUS = 0.05
# Pixels of an accent at the least, and the part of its pixels that have a neighbor of it, so that noise is none.
_FEWEST_PIXELS = 6
_CONNECTED = 0.8
# An accent is a color by itself: of the pixels within twice the radius it has this part at the least. Where colors
# run into each other, as in a picture full of colors, k-means divides them better.
_ISOLATED = 0.6
# A patch of so many pixels is seen as well in a large picture as in a small one, whose entries are worth less to
# squared error: claims are told for a picture of this many pixels, up to a size that is looked at as a whole.
_PIXELS_PER_CLAIM = 1 << 14
_LARGEST_PICTURE = 1 << 20
# Of the palette's entries at most this part goes to accents.
_LARGEST_PART = 1 / 8
# A drawn color that is served nearer than this, which rounding to codes is, has its entry.
_SERVED = 0.002
# Smaller palettes have none to spare: with 8 colors a highlight's entry is missed everywhere else.
_FEWEST_ENTRIES = 16


def find_accents(table: ColorTable, points: Points, centers: Points, labels: Labels) -> Points:
    """Find colors that deserve an entry of their own though few pixels have them.

    Drawn colors, see `drawn_colors`, have it, those first whose entry would take most off the squared error. For
    others: an entry is worth to k-means what it takes off the squared error. The eye sees more in a small patch that
    stands out: its claim grows with the distance from the entry that serves it, and with it the weight of its
    pixels. A color whose claim is larger than what the cheapest entry is worth is an accent.

    Parameters
    ----------
    table : ColorTable
    points : ndarray of float32, (n, channels)
        The table's colors in Oklab.
    centers : ndarray of float32, (k, channels)
        The palette as k-means leaves it.
    labels : ndarray of int32, (n,)
        The entry of each color.

    Returns
    -------
    ndarray of float32, (m, channels)
        Their colors, drawn ones first, then the strongest claim; few, mostly none.
    """
    most = int(len(centers) * _LARGEST_PART)
    if len(centers) < _FEWEST_ENTRIES:
        return np.zeros((0, points.shape[1]), dtype=np.float32)
    distance = np.sqrt(np.square(points - centers[labels], dtype=np.float64).sum(axis=1))
    counts = table.counts.astype(np.float64)
    accents = _unserved(drawn_colors(table, points), points, distance, counts, most)
    far = np.flatnonzero(distance > _FAR)
    for accent in accents:
        far = far[np.square(points[far] - accent, dtype=np.float64).sum(axis=1) > _RADIUS**2]
    gain = min(table.inverse.size, _LARGEST_PICTURE) / _PIXELS_PER_CLAIM
    worth = np.sort(_worth_of_entries(centers, np.bincount(labels, counts, minlength=len(centers)).astype(np.float64)))
    while len(far) and len(accents) < most:
        claims = gain * counts[far] * np.square(distance[far]) * (1 + np.square(distance[far] / _FAR))
        heaviest = far[int(np.argmax(claims))]
        near = np.square(points[far] - points[heaviest], dtype=np.float64).sum(axis=1) <= _RADIUS**2
        members, claim = far[near], float(claims[near].sum())
        around = np.square(points - points[heaviest], dtype=np.float64).sum(axis=1) <= 4 * _RADIUS**2
        n_pixels = counts[members].sum()
        stands_out = n_pixels >= _FEWEST_PIXELS and n_pixels >= _ISOLATED * counts[around].sum()
        if claim > worth[len(accents)] and stands_out and _is_connected(table, members):
            accents.append(_color_of(points[members], counts[members]))
        far = far[~near]
        if float(claims.max()) * len(claims) < worth[len(accents)]:
            break  # not even all that is left would be worth an entry
    return np.array(accents, dtype=np.float32).reshape(-1, points.shape[1])


def drawn_colors(table: ColorTable, points: Points) -> npt.NDArray[np.bool_]:
    """Tell which colors are drawn: patches of exactly one color with an edge, as badges and map symbols are.

    Parameters
    ----------
    table : ColorTable
    points : ndarray of float32, (n, channels)
        The table's colors in Oklab.

    Returns
    -------
    ndarray of bool, (n,)
        At least 64 pixels have the color, most of them with another one of it beside and one above or below them, and
        most neighbors of other colors are plainly different.
    """
    return _core.drawn_colors(points, table.inverse).astype(bool)


def _unserved(
    drawn: npt.NDArray[np.bool_],
    points: Points,
    distance: npt.NDArray[np.float64],
    counts: npt.NDArray[np.float64],
    most: int,
) -> list[Points]:
    """Return the drawn colors that are not served, one of those that are alike, the largest squared error first."""
    claims = np.where(drawn & (distance > _SERVED), counts * np.square(distance), 0)
    found: list[Points] = []
    while len(found) < most and claims.any():
        found.append(points[int(np.argmax(claims))])
        claims[np.square(points - found[-1], dtype=np.float64).sum(axis=1) <= _SERVED**2] = 0
    return found


def _worth_of_entries(centers: Points, weights: npt.NDArray[np.float64]) -> npt.NDArray[np.float64]:
    """Return by how much the squared error grows, for each entry, if the one that is next takes its pixels (Ward)."""
    squared = np.square(centers[:, None] - centers[None], dtype=np.float64).sum(axis=2)
    together = weights[:, None] * weights[None] / np.maximum(weights[:, None] + weights[None], 1)
    cost = squared * together
    np.fill_diagonal(cost, np.inf)
    return np.asarray(cost.min(axis=1))


def _is_connected(table: ColorTable, members: npt.NDArray[np.intp]) -> bool:
    """Tell whether most pixels of these colors have another one beside them."""
    is_member = np.zeros(len(table), dtype=bool)
    is_member[members] = True
    mask = is_member[table.inverse]
    beside = np.zeros_like(mask)
    beside[:, 1:] |= mask[:, :-1]
    beside[:, :-1] |= mask[:, 1:]
    both = np.zeros_like(mask)
    both[1:] |= mask[:-1]
    both[:-1] |= mask[1:]
    return bool(np.count_nonzero(mask & beside & both) >= _CONNECTED * np.count_nonzero(mask))


def _color_of(points: Points, counts: npt.NDArray[np.float64]) -> Points:
    """Return the color that most of the pixels have, or else their mean."""
    heaviest = int(np.argmax(counts))
    if 2 * counts[heaviest] > counts.sum():
        return np.asarray(points[heaviest])
    return np.asarray(np.average(points, axis=0, weights=counts), dtype=np.float32)
