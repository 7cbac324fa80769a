"""From a picture to a label a pixel: k-means, then the Potts model from coarse to fine."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from huepress import _core
from huepress.options import FEW_COLORS, SWAPS_FOR_FEW, SWAPS_FOR_MANY
from huepress.segmentation.choose import choose_n_segments, find_accents
from huepress.segmentation.levels import NOTICEABLE, Level, Picture, Points, pyramid, with_positions
from huepress.segmentation.options import AUTO, SegmentOptions

Labels = npt.NDArray[np.int32]

# K-means of points with positions, and the choice of K, work on about so many pixels, other k-means on at most so many.
_FEW_PIXELS, _MANY_PIXELS = 25_000, 100_000
_UNIT = 64  # of the core's integer energies, to the nat
_LEAST_VARIANCE = (NOTICEABLE / 4) ** 2
_SWEEPS_COARSE, _SWEEPS_FINE = 4, 1
_AT_REST = 1e-3  # the part of the pixels that may still change
_MAX_ITER, _TOL = 300, 1e-3
_MOST_ACCENTS = 8
_SETTLING_ITERATIONS = 10


def cluster_pixels(picture: Picture, options: SegmentOptions) -> Labels:
    """Give every pixel a label.

    Parameters
    ----------
    picture : Picture
        At least one pixel is visible.
    options : SegmentOptions

    Returns
    -------
    ndarray of int32, (height, width)
        0 and up in no particular order, perhaps with gaps; -1 where the picture is not visible.
    """
    noise = picture.level.noise() if options.smooth > 0 or options.n_colors == AUTO else 0.0
    n_clusters, start = _n_clusters(picture, noise, options)
    if options.spatial == 0 and options.smooth == 0:
        return _spread(picture.level, _kmeans_of_table(picture, n_clusters, None, options, start)[1])
    level, most_pixels = picture.level, _MANY_PIXELS
    if options.spatial > 0:
        side = np.sqrt(len(picture.color_of) / n_clusters)
        level, most_pixels = with_positions(level, options.spatial / float(side)), _FEW_PIXELS
    levels = pyramid(level, noise if options.smooth > 0 else 0.0, most_pixels)
    coarsest = levels[-1]
    weights = coarsest.flatness(noise / 2 ** (len(levels) - 1))
    if len(levels) == 1 and options.spatial == 0:
        centers, found = _kmeans_of_table(picture, n_clusters, weights, options, start)
    else:
        centers, found = _kmeans_of_pixels(coarsest, n_clusters, weights, options, start)
    if options.smooth == 0:
        return _settled(level, centers, options)
    labels = _spread(coarsest, found)
    for depth in reversed(range(len(levels))):
        if depth < len(levels) - 1:
            labels = _doubled(labels, levels[depth])
        most_sweeps = _SWEEPS_COARSE if depth == len(levels) - 1 else _SWEEPS_FINE
        labels, centers = _smooth(levels[depth], centers, labels, options, most_sweeps)
    return labels


def _n_clusters(picture: Picture, noise: float, options: SegmentOptions) -> tuple[int, Points | None]:
    """Return K, and the centers to start from where some stand for small things that k-means would not find."""
    n_colors = len(picture.table_points)
    # A transparent segment needs one of the 256 entries of an indexed file.
    room = 256 if picture.level.visible is None else 255
    if options.n_colors != AUTO:
        return min(int(options.n_colors), room, n_colors), None
    levels = pyramid(picture.level, noise / 4, _MANY_PIXELS)  # not down to where small things fade as well
    fine, fine_noise = levels[-1], noise / 2 ** (len(levels) - 1)
    levels = pyramid(picture.level, noise, _FEW_PIXELS)
    weights = levels[-1].flatness(noise / 2 ** (len(levels) - 1))
    found = min(choose_n_segments(levels[-1], weights, seed=options.seed, threads=options.threads), n_colors)
    if options.spatial > 0:
        return found, None
    centers = _kmeans_of_pixels(levels[-1], found, weights, options, None)[0]
    n_pixels = picture.level.shape[0] * picture.level.shape[1]
    smallest = options.smallest_area(n_pixels) * fine.shape[0] * fine.shape[1] // n_pixels
    accents = find_accents(fine, fine.flatness(fine_noise), centers, min(_MOST_ACCENTS, n_colors - found), smallest)
    if len(accents) == 0:
        return found, None
    return found + len(accents), np.concatenate([centers, accents])


def _kmeans(
    points: Points, weights: npt.NDArray[np.uint32], k: int, options: SegmentOptions, start: Points | None
) -> tuple[Points, Labels]:
    few = k <= FEW_COLORS
    n_swaps = 0 if start is not None else SWAPS_FOR_FEW if few else SWAPS_FOR_MANY  # they would drop what counts little
    centers, labels, _, _ = _core.kmeans(
        np.ascontiguousarray(points),
        weights,
        k=k,
        init="wu",
        centers=start,
        n_init=2 if few and start is None else 1,
        n_swaps=n_swaps,
        max_iter=_MAX_ITER,
        tol=_TOL,
        seed=options.seed,
        n_threads=options.threads,
    )
    return centers, labels


def _kmeans_of_table(
    picture: Picture, k: int, weights: npt.NDArray[np.uint32] | None, options: SegmentOptions, start: Points | None
) -> tuple[Points, Labels]:
    """Cluster the different colors, each weighing as much as its pixels do together."""
    visible = picture.level.visible
    chosen = None
    if weights is not None:
        chosen = weights.reshape(-1) if visible is None else weights[visible]
    totals = np.bincount(picture.color_of, chosen, minlength=len(picture.table_points)).astype(np.float64)
    if totals.sum() >= 2**32 - 1:
        totals *= 2.0**31 / totals.sum()
    centers, labels = _kmeans(picture.table_points, np.maximum(np.rint(totals), 1).astype(np.uint32), k, options, start)
    return centers, labels[picture.color_of]


def _kmeans_of_pixels(
    level: Level, k: int, weights: npt.NDArray[np.uint32], options: SegmentOptions, start: Points | None
) -> tuple[Points, Labels]:
    chosen = weights.reshape(-1) if level.visible is None else weights[level.visible]
    return _kmeans(level.rows, np.ascontiguousarray(chosen), k, options, start)


def _settled(level: Level, centers: Points, options: SegmentOptions) -> Labels:
    """Let k-means come to rest on the pixels of full size."""
    points = np.ascontiguousarray(level.rows)
    ones = np.ones(len(points), dtype=np.uint32)
    found = _core.kmeans(
        points,
        ones,
        k=len(centers),
        init="wu",
        centers=centers,
        n_init=1,
        n_swaps=0,
        max_iter=_SETTLING_ITERATIONS,
        tol=_TOL,
        seed=options.seed,
        n_threads=options.threads,
    )[1]
    return _spread(level, found)


def _smooth(
    level: Level, centers: Points, labels: Labels, options: SegmentOptions, most_sweeps: int
) -> tuple[Labels, Points]:
    """Alternate between labels and centers, as k-means does, with the Potts term in the energy.

    The data term is that of a normal distribution around each center, all with the same variance, the
    present one (Y. Zhang and others, "Segmentation of brain MR images through a hidden Markov random field
    model and the expectation-maximization algorithm", 2001, with hard labels).
    """
    points = np.ascontiguousarray(level.points)
    flat = points.reshape(-1, points.shape[2])
    weight = round(_UNIT * float(options.smooth))
    for _ in range(most_sweeps):
        centers, variance = _means(flat, centers, labels, options.threads)
        labels, changed = _core.potts_sweep(
            points=points,
            centers=centers,
            labels=labels,
            data_scale=_UNIT / (2 * variance),
            straight=weight,
            n_threads=options.threads,
        )
        if changed <= _AT_REST * labels.size:
            break
    return labels, centers


def _means(points: Points, centers: Points, labels: Labels, threads: int) -> tuple[Points, float]:
    """Return the mean of each cluster (an empty one keeps its center), and the variance around them."""
    areas, sums, squares = _core.sum_groups(labels.reshape(-1), points, len(centers), threads)
    used = areas > 0
    means = sums[used] / areas[used, None]
    moved = centers.copy()
    moved[used] = means
    error = squares[used].sum() - (areas[used] * np.square(means).sum(axis=1)).sum()
    return moved, max(float(error) / float(areas.sum() * points.shape[1]), _LEAST_VARIANCE)


def _spread(level: Level, labels: Labels) -> Labels:
    """Put the labels of the visible pixels in their places."""
    if level.visible is None:
        return np.ascontiguousarray(labels.reshape(level.shape))
    placed = np.full(level.shape, -1, dtype=np.int32)
    placed[level.visible] = labels
    return placed


def _doubled(labels: Labels, level: Level) -> Labels:
    """Give each pixel of the next finer level the label of the square that it is part of."""
    height, width = level.shape
    large = np.repeat(np.repeat(labels, 2, axis=0), 2, axis=1)[:height, :width]
    if level.visible is not None:
        large = np.where(level.visible, large, -1)
    return np.ascontiguousarray(large, dtype=np.int32)
