"""From a picture to small cells that lie within what people would call one thing, and to the evidence between them."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from huepress import _core
from huepress.segmentation.levels import Level, Points

Labels = npt.NDArray[np.int32]
Strengths = npt.NDArray[np.float32]

# Cells are found on a picture of at most so many pixels, and of so many that differ from the one before, and drawn
# anew at each finer size.
_MOST_PIXELS, _MOST_DIFFERENT = 2_500_000, 200_000
# Textures: histograms over so many colors, which are alike where they are less than this apart in Oklab.
_N_WORDS, _WORD_WIDTH, _WORD_RANK = 48, 0.053, 16
_WORD_SAMPLE, _FEW_SAMPLES = 25_000, 500
_WORD_ITERATIONS = 30
_ROUNDED_TO = 1024  # parts of 1, so that the last bits of an exponential decide nothing
_EDGES = 2.0  # width of the Gaussian in pixels, at each size
# The edges that bound cells: those of colors, these at a finer scale, at half size, and of textures there.
_FINEST_EDGES = 1.5
_CELL_FINEST, _CELL_COARSE, _CELL_TEXTURE = 0.85, 1.2, 0.1
_HEIGHTS_PER_STRENGTH = 4000
# Where such a part of the pixels is like one beside it, areas of one color exactly are cells: from so many pixels on,
# and from such a part of the picture on.
_LEAST_FLAT, _SMALLEST_FLAT, _FLAT_PART = 0.25, 16, 5000
_RIM = 1  # pixels


@dataclass(frozen=True, eq=False)
class Evidence:
    """What is known of a picture's pixels before any are merged.

    Parameters
    ----------
    colors : ndarray of float32, (height, width, 3 or 4)
        In Oklab.
    textures : ndarray of float32, (height, width, n)
        Features whose means over two areas are as far apart as the areas' histograms are unlike.
    details : ndarray of float32, (height, width, 4)
        Roots of how fast lightness changes across, down and along both diagonals.
    fine, half, quarter : ndarray of float32, (n, height, width), also of half and of a quarter of the size, rounded up
        Strengths of edges in lightness and in hue, and on the smaller ones in textures and in details.
    heights : ndarray of uint16, (height, width)
        The edges that bound cells.
    """

    colors: Points
    textures: Points
    details: Points
    fine: Strengths
    half: Strengths
    quarter: Strengths
    heights: npt.NDArray[np.uint16]


def find_evidence(level: Level, *, seed: int, threads: int) -> Evidence:
    """Measure colors, textures, details and edges.

    Two histograms h over the picture's own colors c (of k-means) are compared by sqrt((h - h')^T K (h - h')) with
    K_ij = exp(-|c_i - c_j|^2 / 2 s^2), the maximum mean discrepancy (A. Gretton and others, "A kernel two-sample
    test", 2012), as the distance between mean features phi with phi_i . phi_j = K_ij; so the gradient of the smoothed
    features compares the two halves of a disc as D. Martin and others, "Learning to detect natural image boundaries
    using local brightness, color, and texture cues", 2004, do; that of the details likewise.

    Parameters
    ----------
    level : Level
        Colors only.
    """
    colors = _filled(level)
    textures = _textures(colors, seed=seed, threads=threads)
    details = np.sqrt(Level(_changes(colors[..., 0]), None).halved().points)
    colored = [_lightness(colors), np.ascontiguousarray(colors[..., 1:3])]
    fine = [_core.edge_strengths(each, _EDGES, threads) for each in colored]
    channels = [*(Level(each, None).halved().points for each in (*colored, textures)), details]
    half = [_core.edge_strengths(each, _EDGES, threads) for each in channels]
    quarter = [_core.edge_strengths(Level(each, None).halved().points, _EDGES, threads) for each in channels]
    bounding = np.float32(_CELL_TEXTURE) * half[2] + np.float32(_CELL_COARSE) * _together(*half[:2])
    bounding = _upsampled(bounding, level.shape) + _together(*fine)
    bounding += np.float32(_CELL_FINEST) * _core.edge_strengths(colors, _FINEST_EDGES, threads)
    heights = np.minimum(bounding * np.float32(_HEIGHTS_PER_STRENGTH), 65535).astype(np.uint16)
    return Evidence(
        colors, textures, _doubled(details, level.shape), np.stack(fine), np.stack(half), np.stack(quarter), heights
    )


def _together(a: Strengths, b: Strengths) -> Strengths:
    """Return the length of two strengths; a library's hypot would differ in the last bit."""
    return np.sqrt(a * a + b * b)


def _lightness(colors: Points) -> Points:
    """Return the lightness, with alpha beside it where there is any."""
    return np.ascontiguousarray(colors[..., [0, 3]] if colors.shape[2] == 4 else colors[..., :1])


def _changes(values: Strengths) -> Points:
    """Return how fast values change across, down and along both diagonals, by Sobel's masks: (height, width, 4)."""
    padded = np.pad(values, 1, mode="edge")
    above_and_below = padded[:-2] + 2 * padded[1:-1] + padded[2:]
    beside = padded[:, :-2] + 2 * padded[:, 1:-1] + padded[:, 2:]
    across = (above_and_below[:, 2:] - above_and_below[:, :-2]) * np.float32(1 / 8)
    down = (beside[2:] - beside[:-2]) * np.float32(1 / 8)
    diagonal = np.float32(np.sqrt(0.5))
    return np.abs(np.stack([across, down, (across + down) * diagonal, (across - down) * diagonal], axis=2))


def _doubled(small: Points, shape: tuple[int, int]) -> Points:
    large = np.repeat(np.repeat(small, 2, axis=0), 2, axis=1)
    return np.ascontiguousarray(large[: shape[0], : shape[1]])


def find_cells(level: Level, heights: npt.NDArray[np.uint16]) -> tuple[Labels, int]:
    """Return the catchment basins of the edges, and their number; -1 where the picture is not visible."""
    hidden = np.zeros(level.shape, dtype=bool) if level.visible is None else ~level.visible
    flat = _flat_areas(level)
    rims = _grown(flat >= 0, _RIM)  # mixtures of colors, in which there is nothing
    marked, n_minima = _core.mark_minima(heights, np.where(hidden | rims, np.int32(-2), np.int32(-1)))
    marked[rims & ~hidden] = -1
    marked = np.where(flat >= 0, flat + n_minima, marked)
    return np.maximum(_core.flood(heights, marked), -1), n_minima + int(flat.max(initial=-1)) + 1


def _flat_areas(level: Level) -> Labels:
    """Return a number from 0 for each connected area of one color exactly that is not small; elsewhere -1.

    Where little of the picture is alike there are none: what is flat in a photograph is so by chance.
    """
    points = np.ascontiguousarray(level.points)
    alike = _like_beside(points[..., :1])  # nearly all photographs end here
    if np.count_nonzero(alike) >= _LEAST_FLAT * alike.size:
        alike = _like_beside(points)
    if level.visible is not None:
        alike &= level.visible
    if np.count_nonzero(alike) < _LEAST_FLAT * alike.size:
        return np.full(level.shape, -1, dtype=np.int32)
    # Numbers for colors; that two beside each other get the same one has a chance of 2^-31.
    bits = (points + np.float32(0)).view(np.uint32)  # no -0
    mixed = np.zeros(level.shape, dtype=np.uint32)
    for channel in range(points.shape[2]):
        mixed = (mixed ^ (mixed >> np.uint32(15)) ^ bits[..., channel]) * np.uint32(2654435761)
    colors = np.where(alike, (mixed >> np.uint32(1)).astype(np.int32), np.int32(-1))
    areas, color_of = _core.label_regions(colors)
    sizes = np.bincount(areas.reshape(-1))
    kept = (color_of >= 0) & (sizes >= max(_SMALLEST_FLAT, level.points[..., 0].size // _FLAT_PART))
    numbers = np.where(kept, np.cumsum(kept) - 1, -1).astype(np.int32)
    return numbers[areas]


def _like_beside(points: Points) -> npt.NDArray[np.bool_]:
    """Return which pixels equal one beside, above or below."""
    alike = np.zeros(points.shape[:2], dtype=bool)
    across = (points[:, 1:] == points[:, :-1]).all(axis=2)
    down = (points[1:] == points[:-1]).all(axis=2)
    alike[:, 1:] |= across
    alike[:, :-1] |= across
    alike[1:] |= down
    alike[:-1] |= down
    return alike


def _grown(mask: npt.NDArray[np.bool_], steps: int) -> npt.NDArray[np.bool_]:
    """Add the pixels beside a mask, so many times."""
    for _ in range(steps if mask.any() else 0):
        before, mask = mask, mask.copy()
        mask[1:] |= before[:-1]
        mask[:-1] |= before[1:]
        mask[:, 1:] |= before[:, :-1]
        mask[:, :-1] |= before[:, 1:]
    return mask


def small_enough(level: Level) -> list[Level]:
    """Halve a picture until cells may be found on it; the given level comes first."""
    levels = [level]
    while min(levels[-1].shape) > 1:
        points = levels[-1].points
        n_pixels = points.shape[0] * points.shape[1]
        if n_pixels <= _MOST_DIFFERENT:
            break
        if n_pixels <= _MOST_PIXELS and np.count_nonzero(np.diff(points, axis=1).any(axis=2)) <= _MOST_DIFFERENT:
            break
        levels.append(levels[-1].halved())
    return levels


def redrawn(cells: Labels, finer: Level, threads: int) -> Labels:
    """Draw cells at the next finer size: pixels beside other cells go where the finer edges are.

    Every cell grows from what it surely has, in one piece; a cell that has nothing for sure keeps all.
    """
    height, width = finer.shape
    large = np.repeat(np.repeat(cells, 2, axis=0), 2, axis=1)[:height, :width]
    visible = np.ones(finer.shape, dtype=bool) if finer.visible is None else finer.visible
    beside_others = np.zeros(large.shape, dtype=bool)
    for axis in (0, 1):
        differ = np.diff(large, axis=axis) != 0
        beside_others[: -1 if axis == 0 else None, : -1 if axis == 1 else None] |= differ
        beside_others[1 if axis == 0 else 0 :, 1 if axis == 1 else 0 :] |= differ
    has_inside = np.zeros(int(cells.max()) + 1, dtype=bool)
    has_inside[large[visible & ~beside_others]] = True
    markers = np.where(beside_others & has_inside[large], np.int32(-1), large)
    markers = _largest_parts(np.where(visible, markers, np.int32(-1)))
    markers[~visible] = -2
    strengths = _core.edge_strengths(_filled(finer), 1.0, threads)
    heights = np.minimum(strengths * np.float32(_HEIGHTS_PER_STRENGTH), 65535).astype(np.uint16)
    flooded = _core.flood(heights, markers)
    if (flooded == -1).any():  # specks that transparency cuts off
        flooded = np.where(flooded == -1, _nearest(flooded), flooded)
    return np.maximum(flooded, -1)


def _largest_parts(labels: Labels) -> Labels:
    """Keep the largest connected part of each label from 0 up, of equal ones the first; elsewhere put -1."""
    parts, label_of = _core.label_regions(np.ascontiguousarray(labels))
    areas = np.bincount(parts.reshape(-1), minlength=len(label_of))
    order = np.lexsort((np.arange(len(label_of)), -areas, label_of))
    first = order[np.concatenate([[True], np.diff(label_of[order]) > 0])]
    kept = np.full(len(label_of), -1, dtype=np.int32)
    kept[first] = np.maximum(label_of[first], -1)
    return kept[parts]


def _nearest(labels: Labels) -> Labels:
    """Give each pixel without a label the nearest one, by steps."""
    return _core.flood(np.zeros(labels.shape, dtype=np.uint16), np.maximum(labels, -1))


def _filled(level: Level) -> Points:
    """Return the colors, those that are not visible replaced by the nearest visible: there are no edges around them."""
    colors = level.points
    if level.visible is None or level.visible.all():
        return np.ascontiguousarray(colors)
    places = np.where(level.visible, np.arange(level.visible.size, dtype=np.int32).reshape(level.shape), np.int32(-1))
    return np.ascontiguousarray(colors.reshape(-1, colors.shape[2])[_nearest(places)])


def _textures(colors: Points, *, seed: int, threads: int) -> Points:
    flat = colors.reshape(-1, colors.shape[2])
    sample = np.ascontiguousarray(flat[:: max(1, len(flat) // _WORD_SAMPLE)])
    few = np.unique(sample[:: max(1, len(sample) // _FEW_SAMPLES)], axis=0)
    n_words = min(_N_WORDS, len(few) if len(few) >= _N_WORDS else len(np.unique(sample, axis=0)))
    words = _core.kmeans(
        sample,
        np.ones(len(sample), dtype=np.uint32),
        k=n_words,
        init="wu",
        centers=None,
        n_init=1,
        n_swaps=0,
        max_iter=_WORD_ITERATIONS,
        tol=1e-3,
        seed=seed,
        n_threads=threads,
    )[0]
    word_of = _core.nearest(np.ascontiguousarray(flat), words, None, threads)
    return _features(words)[word_of].reshape(*colors.shape[:2], -1)


def _features(words: Points) -> Points:
    """Return features of colors whose products are about their kernel, (n, rank): a pivoted Cholesky factor.

    The error of a product is at most what is left of the diagonal.
    """
    differences = words[:, None].astype(np.float64) - words[None]
    kernel = np.exp(-np.square(differences).sum(axis=2) / (2 * _WORD_WIDTH**2))
    rank = min(_WORD_RANK, len(words))
    features = np.zeros((len(words), rank))
    left = np.ones(len(words))
    for column in range(rank):
        pivot = int(np.argmax(np.rint(left * _ROUNDED_TO)))
        if left[pivot] < 1 / _ROUNDED_TO:
            break
        known = (features * features[pivot]).sum(axis=1)
        features[:, column] = (kernel[:, pivot] - known) / np.sqrt(left[pivot])
        left = np.maximum(left - np.square(features[:, column]), 0)
    return (np.rint(features * _ROUNDED_TO) / _ROUNDED_TO).astype(np.float32)


def _upsampled(small: Strengths, shape: tuple[int, int]) -> Strengths:
    """Double a map's size by linear interpolation between pixels' centers."""
    for axis in (0, 1):
        rows = np.moveaxis(small, axis, 0)
        before, after = np.concatenate([rows[:1], rows[:-1]]), np.concatenate([rows[1:], rows[-1:]])
        both = np.stack([0.75 * rows + 0.25 * before, 0.75 * rows + 0.25 * after], axis=1).astype(np.float32)
        small = np.moveaxis(both.reshape(2 * len(rows), -1), 0, axis)
    return np.ascontiguousarray(small[: shape[0], : shape[1]], dtype=np.float32)
