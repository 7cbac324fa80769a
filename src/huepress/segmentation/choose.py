"""How many segments a picture has: the elbow of the error curve of k-means."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from huepress import _core
from huepress.segmentation.levels import NOTICEABLE, Level, Weights

MOST_SEGMENTS = 14


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
    return elbow(errors)


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
