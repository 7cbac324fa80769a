"""Stage: from pixels to the different colors among them."""

from __future__ import annotations

import dataclasses
from collections.abc import Iterable
from typing import TypeVar

import numpy as np

from huepress import _core
from huepress.colors.arrays import four_channels, pack_colors, unpack_colors
from huepress.model import ColorHistogram, ColorTable, SourceImage

Table = TypeVar("Table", bound=ColorHistogram)

# What an image weighs among others: large enough that rounding is nothing, small enough for millions of images.
_IMAGE_WEIGHT = 1 << 40
# So many colors are merged at the least: sorting then costs little an image, and memory stays small.
_WAITING = 1 << 21


def count_colors(source: SourceImage, *, threads: int, merge_transparent: bool = False) -> ColorTable:
    """Count the colors of an image.

    Parameters
    ----------
    source : SourceImage
    threads : int
        Number of threads; the result does not depend on it.
    merge_transparent : bool
        Whether all fully transparent pixels count as one color, (0, 0, 0, 0), whatever
        their hidden red, green and blue.

    Returns
    -------
    ColorTable
    """
    pixels = source.pixels_srgb8
    if merge_transparent and pixels.shape[2] == 4:
        pixels = np.where(pixels[:, :, 3:] == 0, np.uint8(0), pixels)
    colors, counts, inverse = _core.count_colors(pixels.reshape(-1, pixels.shape[2]), threads)
    return ColorTable(colors, counts, inverse.reshape(source.height, source.width))


def has_hidden_colors(source: SourceImage) -> bool:
    """Tell whether some pixel of alpha 0 has a color that nobody sees."""
    pixels = source.pixels_srgb8
    return pixels.shape[2] == 4 and bool((pixels[:, :, :3].any(axis=2) & (pixels[:, :, 3] == 0)).any())


def with_alpha(table: Table) -> Table:
    """Give the colors an alpha channel if they have none."""
    return dataclasses.replace(table, colors_srgb8=four_channels(table.colors_srgb8))


def weigh_image(table: ColorHistogram) -> ColorHistogram:
    """Scale the counts of an image so that all images weigh the same, whatever their size.

    Returns
    -------
    ColorHistogram
        Counts are uint64 and add up to 2**40 but for rounding to whole numbers.
    """
    parts = table.counts * (float(_IMAGE_WEIGHT) / float(table.counts.sum(dtype=np.uint64)))
    return ColorHistogram(table.colors_srgb8, np.maximum(np.rint(parts), 1).astype(np.uint64))


def merge_tables(tables: Iterable[ColorHistogram]) -> ColorHistogram:
    """Add histograms up.

    Sums are exact integers, so histograms may be merged in any order and grouping, on several
    machines too: the result is the same. Where some have alpha, all get it.

    Parameters
    ----------
    tables : iterable of ColorHistogram
        At least one; consumed one by one, so that a generator need not hold them all.

    Returns
    -------
    ColorHistogram
        Counts are uint64.
    """
    waiting: list[ColorHistogram] = []
    n_merged = n_waiting = 0
    for table in tables:
        waiting.append(table)
        n_waiting += len(table)
        # Sorted when they are as many as those before: millions of colors are not sorted anew for each image.
        if n_waiting > max(_WAITING, n_merged):
            waiting = [_sum_of(waiting)]
            n_merged, n_waiting = len(waiting[0]), 0
    if not waiting:
        raise ValueError("there is nothing to merge")
    return _sum_of(waiting)


def _sum_of(tables: list[ColorHistogram]) -> ColorHistogram:
    channels = max(table.colors_srgb8.shape[1] for table in tables)
    keys = np.concatenate([pack_colors(table.colors_srgb8) for table in tables])
    counts = np.concatenate([table.counts.astype(np.uint64) for table in tables])
    order = np.argsort(keys, kind="stable")
    keys, counts = keys[order], counts[order]
    first = np.flatnonzero(np.concatenate([[True], keys[1:] != keys[:-1]]))
    return ColorHistogram(unpack_colors(keys[first])[:, :channels], np.add.reduceat(counts, first))
