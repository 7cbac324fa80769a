"""K-means as the textbook has it: random start from the data, assignment, mean, repeat."""

import numpy as np


def random_start(points, k, seed):
    """Return k different points."""
    distinct = np.unique(points, axis=0)
    return distinct[np.random.default_rng(seed).choice(len(distinct), size=k, replace=False)]


def squared_distances(points, centers):
    """Return the (n, k) squared distances: float32, summed in the order of the coordinates."""
    squares = np.square(points[:, None, :].astype(np.float32) - centers[None, :, :].astype(np.float32))
    return np.add.accumulate(squares, axis=2, dtype=np.float32)[:, :, -1]


def assign(points, centers):
    """Return the nearest center of each point; argmin takes the lowest index on ties."""
    return squared_distances(points, centers).argmin(axis=1)


def means(points, labels, centers, weights):
    """Return the weighted mean of each cluster; an empty cluster keeps its center."""
    totals = np.bincount(labels, weights, minlength=len(centers))
    sums = np.stack([np.bincount(labels, weights * column, minlength=len(centers)) for column in points.T], axis=1)
    return np.where(totals[:, None] > 0, sums / np.maximum(totals, 1)[:, None], centers)


def kmeans(points, centers, n_iter, weights=None, n_pinned=0):
    """Return centers and labels after a fixed number of iterations, in which the first `n_pinned` centers stay."""
    points = np.asarray(points, dtype=np.float64)
    weights = np.ones(len(points)) if weights is None else weights
    centers = np.asarray(centers, dtype=np.float64)
    for _ in range(n_iter):
        moved = means(points, assign(points, centers), centers, weights)
        centers = np.vstack([centers[:n_pinned], moved[n_pinned:]])
    return centers, assign(points, centers)


def inertia(points, centers, labels, weights=None):
    """Return the weighted sum of squared distances to the labelled centers."""
    squared = np.square(np.asarray(points, dtype=np.float64) - centers[labels]).sum(axis=1)
    return float(squared.sum() if weights is None else squared @ weights)
