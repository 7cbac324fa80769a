"""How many segments a picture has: the elbow of the error curve of k-means, and one for each small vivid thing."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from huepress import _core
from huepress.segmentation.levels import FULL_WEIGHT, NOTICEABLE, Level, Points, Weights

MOST_SEGMENTS = 14
ACCENT_DISTANCE = 0.12
_LEAST_WITHIN = 2  # pixels


def choose_n_segments(level: Level, weights: Weights, *, seed: int, threads: int) -> int:
    """Choose the number of segments by the curve of the error of k-means over K.

    The criterion is the elbow in the sense of "Kneedle" (V. Satopaa and others, "Finding a 'kneedle' in a
    haystack", 2011): the K at which the curve, scaled to the unit square, lies farthest below the chord between its
    ends. The curve is log(E(K) + f^2), where E is the mean squared error in Oklab and f = 0.02 a just
    noticeable difference: an elbow is thus a fall by a factor, and what nobody sees does not count.

    Parameters
    ----------
    level : Level
        Colors only; some ten thousand pixels are plenty.
    weights : ndarray of uint32, (height, width)
    seed, threads : int

    Returns
    -------
    int
        1 to 14; 1 only where the whole picture is of one color but for differences that are hardly noticeable.
    """
    points = np.ascontiguousarray(level.rows)
    chosen = weights.reshape(-1) if level.visible is None else weights[level.visible]
    most = min(MOST_SEGMENTS, len(np.unique(points, axis=0)))
    errors = error_curve(points, np.ascontiguousarray(chosen), most, seed=seed, threads=threads)
    if errors[0] <= NOTICEABLE**2 or most < 2:
        return 1
    # With as many segments as colors there is no error, nor with more.
    return elbow(np.concatenate([errors, np.zeros(MOST_SEGMENTS - most)]))


def find_accents(level: Level, weights: Weights, centers: Points, most: int, smallest_area: int) -> Points:
    """Return colors of areas that no center stands for: small things that hardly count in a mean error.

    Such an area is connected, flat within, not small, and everywhere farther from all centers than common neighbors
    are, by `ACCENT_DISTANCE` in the plane of Oklab's a and b. The one with the largest sum of squared distances comes
    first; the mean of what is flat in it is a center from then on, so that areas like it are of one color.

    Parameters
    ----------
    level : Level
        Colors only.
    weights : ndarray of uint32, (height, width)
        Of pixels, 1024 for flat ones (`Level.flatness`): those on edges are mixtures.
    centers : ndarray of float32, (k, 3 or 4)
    most : int
        How many to find at most.
    smallest_area : int
        In pixels of the level, rims included.

    Returns
    -------
    ndarray of float32, (n, 3 or 4)
    """
    points = level.points
    visible = np.ones(level.shape, dtype=bool) if level.visible is None else level.visible
    flat = visible & (weights >= FULL_WEIGHT // 2)
    distances = np.full(level.shape, np.inf, dtype=np.float32)
    found: list[npt.NDArray[np.float32]] = []
    added = centers
    while True:
        for center in added:
            np.minimum(distances, np.square(points[..., 1:3] - center[1:3]).sum(axis=2), out=distances)
        away = visible & (distances > ACCENT_DISTANCE**2)
        if len(found) == most or np.count_nonzero(away) < smallest_area:
            break
        areas, is_away = _core.label_regions(away.astype(np.int32))
        numbers = areas.reshape(-1)
        sizes, within = np.bincount(numbers), np.bincount(numbers, flat.reshape(-1))
        strengths = np.bincount(numbers, distances.reshape(-1))
        strengths[(is_away == 0) | (sizes < smallest_area) | (within < _LEAST_WITHIN)] = 0
        strongest = int(np.argmax(strengths))
        if strengths[strongest] == 0:
            break
        # Two vivid colors may touch: this is the one that is farthest off.
        within_area = flat & (areas == strongest)
        candidates = points[within_area]
        farthest = candidates[int(np.argmax(distances[within_area]))]
        is_like_it = np.square(candidates[:, 1:3] - farthest[1:3]).sum(axis=1) <= ACCENT_DISTANCE**2
        added = candidates[is_like_it].mean(axis=0, dtype=np.float64).astype(np.float32)[None]
        found.append(added[0])
    return np.array(found, dtype=np.float32).reshape(-1, points.shape[2])


def error_curve(
    points: npt.NDArray[np.float32], weights: Weights, most: int, *, seed: int, threads: int
) -> npt.NDArray[np.float64]:
    """Return the mean squared error of k-means with 1, 2, ... `most` clusters."""
    inertias = [
        _core.kmeans(
            points,
            weights,
            k=k,
            init="wu",
            centers=None,
            n_init=2,
            n_swaps=4,
            max_iter=100,
            tol=1e-3,
            seed=seed,
            n_threads=threads,
        )[2]
        for k in range(1, most + 1)
    ]
    return np.array(inertias) / float(weights.sum(dtype=np.uint64))


def elbow(errors: npt.NDArray[np.float64]) -> int:
    """Return the K, at least 2, at which a curve of errors over K = 1, 2, ... has its elbow."""
    curve = np.log(np.maximum(errors, 0) + NOTICEABLE**2)
    fall = curve[0] - curve[-1]
    if len(curve) < 3 or fall <= 0:
        return min(2, len(curve))
    down = (curve - curve[-1]) / fall
    along = np.linspace(0, 1, len(curve))
    return max(2, int(np.argmax(1 - down - along)) + 1)
