"""What a given palette can mix: colors outside of its hull are moved onto it before their errors are diffused.

An error that no entry can repair would be handed on without end, and every pixel pushed to the same extreme entry.
"""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from huepress.colors.arrays import product

Points = npt.NDArray[np.float32]

_ITERATIONS = 60
# Directions in which entries are looked at for corners of the hull, and cells an axis in which colors are moved alike.
_DIRECTIONS, _CELLS = 256, 32


def onto_hull(points: Points, palette: Points) -> Points:
    """Return each point, or where it lies outside of the convex hull of a palette, the nearest point of that.

    The projection is the minimum norm problem of P. Wolfe (1976), solved to about a hundredth of a just noticeable
    difference by conditional gradients (M. Frank, P. Wolfe 1956). Points that lie together are moved alike.

    Parameters
    ----------
    points : ndarray of float32, (n, d)
    palette : ndarray of float32, (k, d)

    Returns
    -------
    ndarray of float32, (n, d)
    """
    corners = _corners(palette)
    low = points.min(axis=0)
    side = np.maximum((points.max(axis=0) - low) / _CELLS, 1e-6)
    cells = np.minimum(((points - low) / side).astype(np.int64), _CELLS - 1)
    keys = cells @ (_CELLS ** np.arange(points.shape[1]))
    _, first, of_cell = np.unique(keys, return_index=True, return_inverse=True)
    centers = (low + (cells[first] + 0.5) * side).astype(np.float64)
    moved = _nearest_in_hull(centers, corners.astype(np.float64)) - centers
    far = np.square(moved).sum(axis=1) > np.square(side).sum()  # what lies inside, or nearly, stays
    return np.asarray(points + np.where(far[:, None], moved, 0)[of_cell.reshape(-1)], dtype=np.float32)


def _corners(palette: Points) -> Points:
    """Return the entries that are farthest in some direction."""
    directions = np.random.default_rng(0).normal(size=(_DIRECTIONS, palette.shape[1]))
    return np.asarray(palette[np.unique(np.argmax(product(palette.astype(np.float64), directions.T), axis=0))])


def _nearest_in_hull(points: npt.NDArray[np.float64], corners: npt.NDArray[np.float64]) -> npt.NDArray[np.float64]:
    found = corners[np.argmin(np.square(points[:, None] - corners[None]).sum(axis=2), axis=1)]
    for _ in range(_ITERATIONS):
        toward = points - found
        best = corners[np.argmax(product(toward, corners.T), axis=1)] - found
        length = np.square(best).sum(axis=1)
        step = np.clip((toward * best).sum(axis=1) / np.maximum(length, 1e-12), 0, 1)
        found = found + step[:, None] * best
    return np.asarray(found)
