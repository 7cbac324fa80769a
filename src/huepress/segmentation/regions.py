"""Connected regions: found, merged where small, and described."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from huepress import _core
from huepress.model import Bytes

Labels = npt.NDArray[np.int32]
Segments = npt.NDArray[np.uint8] | npt.NDArray[np.int32]


@dataclass(frozen=True)
class Region:
    """A connected part of a picture.

    Attributes
    ----------
    segment : int
        The segment that most of its pixels belong to, of equal ones the first.
    color : tuple of int
        Mean color in Oklab, as sRGB codes 0 to 255, with alpha where the picture has it.
    area : int
        Number of pixels.
    box : tuple of int
        Left, top, right and bottom; right and bottom are the first column and row outside.
    centroid : tuple of float
        Mean x and y of its pixels' centers; the first pixel's center is (0.5, 0.5).
    """

    segment: int
    color: tuple[int, ...]
    area: int
    box: tuple[int, int, int, int]
    centroid: tuple[float, float]


@dataclass(frozen=True, eq=False, repr=False)
class Regions:
    """All regions, the largest first; a sequence of `Region` over arrays.

    Attributes
    ----------
    labels : ndarray of int32, (height, width)
        The region of each pixel.
    segments : ndarray of int32, (n,)
    colors : ndarray of uint8, (n, 3 or 4)
    areas : ndarray of int64, (n,)
    boxes : ndarray of int64, (n, 4)
    centroids : ndarray of float64, (n, 2)
        As in `Region`.
    """

    labels: Labels
    segments: Labels
    colors: Bytes
    areas: npt.NDArray[np.int64]
    boxes: npt.NDArray[np.int64]
    centroids: npt.NDArray[np.float64]

    def __len__(self) -> int:
        return len(self.areas)

    def __getitem__(self, index: int) -> Region:
        left, top, right, bottom = (int(v) for v in self.boxes[index])
        return Region(
            segment=int(self.segments[index]),
            color=tuple(int(v) for v in self.colors[index]),
            area=int(self.areas[index]),
            box=(left, top, right, bottom),
            centroid=(float(self.centroids[index, 0]), float(self.centroids[index, 1])),
        )

    def __iter__(self) -> Iterator[Region]:
        return (self[index] for index in range(len(self)))

    def __repr__(self) -> str:
        return f"Regions({len(self)})"


def merge_small(labels: Labels, points: npt.NDArray[np.float32], min_area: int, *, locked: int | None = None) -> Labels:
    """Merge regions of fewer than `min_area` pixels, the smallest first, into the neighbor with the nearest mean.

    Parameters
    ----------
    labels : ndarray of int32, (height, width)
    points : ndarray of float32, (height, width, dims)
        The pixels' colors in Oklab.
    min_area : int
    locked : int, optional
        A label whose regions neither go nor receive.

    Returns
    -------
    ndarray of int32, (height, width)
        Regions connect beside and above, not diagonally.
    """
    if min_area < 2:
        return labels
    regions, label_of = _core.label_regions(labels)
    flat = points.reshape(-1, points.shape[2])
    merged = _core.merge_small_regions(regions, label_of, flat, min_area, -1 if locked is None else locked)
    return np.take(merged, regions)


def by_area(labels: Labels) -> Labels:
    """Renumber labels without gaps, the largest area first, of equal ones the one that comes first."""
    flat = labels.reshape(-1)
    areas = np.bincount(flat)
    first = np.zeros(len(areas), dtype=np.int64)
    if len(np.unique(areas[areas > 0])) < np.count_nonzero(areas):
        first[flat[::-1]] = np.arange(flat.size - 1, -1, -1)  # of several values the last one stays
    order = np.lexsort([first, -areas])
    ranks = np.empty(len(areas), dtype=np.int32)
    ranks[order] = np.arange(len(areas), dtype=np.int32)
    return np.take(ranks, labels)


def mean_colors(groups: Labels, points: npt.NDArray[np.float32], n_groups: int, *, threads: int = 1) -> Bytes:
    """Return the mean color of each group of pixels, sRGB codes, (n, 3 or 4); every group has pixels."""
    areas, sums, _ = _core.sum_groups(groups.reshape(-1), points.reshape(-1, points.shape[2]), n_groups, threads)
    means = (sums / areas[:, None]).astype(np.float32)
    return _core.points_to_colors(means, "oklab")


def find_parts(labels: Labels, segments: Segments, points: npt.NDArray[np.float32]) -> Regions:
    """Find and describe the connected parts of a label map; see `describe_regions`."""
    return describe_regions(_core.label_regions(labels)[0], segments, points)


def describe_regions(labels: Labels, segments: Segments, points: npt.NDArray[np.float32]) -> Regions:
    """Describe regions, the largest first.

    Parameters
    ----------
    labels : ndarray of int32, (height, width)
        The region of each pixel, 0 and up without gaps.
    segments : ndarray of int, (height, width)
        The segment of each pixel, 0 and up.
    points : ndarray of float32, (height, width, 3 or 4)
        The pixels' colors in Oklab.
    """
    regions = by_area(labels)
    flat = regions.reshape(-1)
    n_regions = int(flat.max()) + 1
    areas = np.bincount(flat, minlength=n_regions)
    order = np.argsort(flat, kind="stable")
    starts = np.concatenate([[0], np.cumsum(areas)[:-1]])
    boxes = np.empty((n_regions, 4), dtype=np.int64)
    centroids = np.empty((n_regions, 2))
    for axis, coordinate in enumerate(np.divmod(order, labels.shape[1])[::-1]):
        boxes[:, axis] = np.minimum.reduceat(coordinate, starts)
        boxes[:, axis + 2] = np.maximum.reduceat(coordinate, starts) + 1
        centroids[:, axis] = np.add.reduceat(coordinate, starts) / areas + 0.5
    return Regions(
        regions,
        _most_frequent(flat, segments.reshape(-1)),
        mean_colors(regions, points, n_regions),
        areas,
        boxes,
        centroids,
    )


def _most_frequent(groups: Labels, values: Segments) -> Labels:
    """Return for each group the value that most of its pixels have, of equal ones the lowest."""
    n_values = int(values.max()) + 1
    pairs, counts = np.unique(groups.astype(np.int64) * n_values + values, return_counts=True)
    owners, found = np.divmod(pairs, n_values)
    order = np.lexsort([found, -counts, owners])
    first = np.concatenate([[True], np.diff(owners[order]) > 0])
    frequent: Labels = found[order][first].astype(np.int32)
    return frequent
