"""Stage: from a color table to a palette, by weighted k-means."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from huepress import _core
from huepress.errors import OptionError
from huepress.model import Bytes, ColorTable, Palette
from huepress.options import Options

Labels = npt.NDArray[np.int32]
# ITU-R BT.601 luma weights in thousandths: only an order for the eye and for PNG filters.
_LUMA = np.array([299, 587, 114], dtype=np.int64)


@dataclass(frozen=True, eq=False)
class PaletteFit:
    """A palette and the entry of each color of the table it was made for."""

    palette: Palette
    labels: Labels


def fit_palette(table: ColorTable, options: Options) -> PaletteFit:
    """Find the palette of at most `options.n_colors` colors with the least squared error.

    A table that already fits is returned as it is. Otherwise the palette has exactly
    `n_colors` entries, each the nearest one of some color, unless fewer colors can be told
    apart (transparent ones).

    Parameters
    ----------
    table : ColorTable
    options : Options

    Returns
    -------
    PaletteFit
        Labels are nearest entries in `options.kmeans_space`, the lowest index on ties.
    """
    if len(table) <= options.n_colors:
        colors = table.colors_srgb8
        order = _display_order(colors)
        return PaletteFit(Palette(colors[order]), _ranks(order))

    points = _core.colors_to_points(table.colors_srgb8, options.kmeans_space)
    centers, guess, _, _ = _core.kmeans(
        points,
        table.counts,
        options.n_colors,
        options.init if isinstance(options.init, str) else "wu",
        _start_centers(table, options),
        options.starts,
        options.swaps,
        options.max_iter,
        float(options.tol),
        options.seed,
        options.threads,
    )
    return _settled(table, points, _core.points_to_colors(centers, options.kmeans_space), guess, options)


def nearest_entries(
    points: npt.NDArray[np.float32],
    palette_srgb8: Bytes,
    guess: Labels | None,
    options: Options,
) -> Labels:
    """Return the nearest palette entry of each point, the lowest index on ties.

    Parameters
    ----------
    points : ndarray of float32, (n, 3 or 4)
        Colors in `options.kmeans_space`.
    palette_srgb8 : ndarray of uint8, (k, 3 or 4)
    guess : ndarray of int32, (n,), optional
        Entries to look at first: it only saves time.
    options : Options

    Returns
    -------
    ndarray of int32, (n,)
    """
    centers = _core.colors_to_points(np.ascontiguousarray(palette_srgb8), options.kmeans_space)
    labels: Labels = _core.nearest(points, centers, guess, options.threads)
    return labels


def _start_centers(table: ColorTable, options: Options) -> npt.NDArray[np.float32] | None:
    if isinstance(options.init, str):
        return None
    channels = table.colors_srgb8.shape[1]
    rows = []
    for color in options.init:
        if len(color) > channels and color[3] != 255:
            raise OptionError("init has a translucent color but the image is opaque; leave its alpha out")
        rows.append((*color, 255)[:channels])
    centers: npt.NDArray[np.float32] = _core.colors_to_points(np.array(rows, dtype=np.uint8), options.kmeans_space)
    return centers


def _settled(
    table: ColorTable, points: npt.NDArray[np.float32], palette_srgb8: Bytes, guess: Labels, options: Options
) -> PaletteFit:
    """Order the palette and give every entry a color.

    Rounding to 8 bits and ties can leave an entry without any. It then moves to the color that is
    served worst. Each round lowers the error (an idle entry serves nobody, its new color is
    then exact), so the rounds end: with every entry in use, or with no error left.
    """
    while True:
        order = _display_order(palette_srgb8)
        palette_srgb8 = palette_srgb8[order]
        labels = nearest_entries(points, palette_srgb8, _ranks(order)[guess], options)
        used = np.bincount(labels, minlength=len(palette_srgb8)) > 0
        if used.all():
            return PaletteFit(Palette(palette_srgb8), labels)
        idle = np.flatnonzero(~used)
        centers = _core.colors_to_points(palette_srgb8, options.kmeans_space)
        error = table.counts * np.square(points - centers[labels], dtype=np.float64).sum(axis=1)
        worst = np.argsort(-error, kind="stable")[: len(idle)]
        worst = worst[error[worst] > 0]
        if not len(worst):  # fewer colors can be told apart than were asked for
            renumbered = (np.cumsum(used) - 1).astype(np.int32)
            return PaletteFit(Palette(palette_srgb8[used]), renumbered[labels])
        palette_srgb8[idle[: len(worst)]] = table.colors_srgb8[worst]
        guess = labels


def _display_order(colors_srgb8: Bytes) -> npt.NDArray[np.intp]:
    """Order colors: translucent ones first (a short tRNS chunk), then dark to light."""
    luma = colors_srgb8[:, :3].astype(np.int64) @ _LUMA
    keys = [colors_srgb8[:, c] for c in (2, 1, 0)] + [luma]
    if colors_srgb8.shape[1] == 4:
        keys.append(colors_srgb8[:, 3])
    return np.lexsort(keys)


def _ranks(order: npt.NDArray[np.intp]) -> Labels:
    """Return where each old row stands in the new order."""
    ranks = np.empty(len(order), dtype=np.int32)
    ranks[order] = np.arange(len(order), dtype=np.int32)
    return ranks
