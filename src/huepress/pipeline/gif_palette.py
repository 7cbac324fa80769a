"""Stage: the colors that an animated GIF can draw, in the order that gives its frames short codes."""

from __future__ import annotations

import math
from dataclasses import replace

import numpy as np
import numpy.typing as npt

from huepress import _core
from huepress.engine.palette import fit_palette, nearest_entries
from huepress.engine.spatial import LAMBDA_AT_RATE_1
from huepress.errors import OptionError
from huepress.model import Bytes, ColorTable, Palette
from huepress.options import Options

# What a pixel's own squared error weighs: the square of the eye filter's middle (core/search/eye_filter.hpp).
OWN_ERROR = 0.08
# A byte of the color table counts beside so many pixels that change, which take about 25 bytes of codes.
_CHANGED_PER_BYTE = 200


def weighs_errors(options: Options) -> bool:
    """Tell whether frames are searched, their errors weighed against bits."""
    return options.effort > 0 and options.rate > 0.0 and options.dither != "full"


def in_order_of_use(palette: Palette, drawn: list[Bytes], options: Options) -> Palette:
    """Order a palette so that frames of few colors use its first entries, and get short codes.

    Parameters
    ----------
    palette : Palette
    drawn : list of ndarray of uint8, (n, 4)
        For each frame that draws few colors, those.
    options : Options
    """
    order: list[int] = []
    placed = np.zeros(len(palette), dtype=bool)
    shown = [colors[colors[:, 3] > 0, :3] for colors in drawn]
    used: list[npt.NDArray[np.intp]] = []
    if sum(map(len, shown)):
        nearest = nearest_entries(np.concatenate(shown), palette.colors_srgb8, options)
        each = np.split(nearest, np.cumsum([len(colors) for colors in shown])[:-1])
        used = [np.flatnonzero(np.bincount(entries)) for entries in each if len(entries)]
    for entries in [*sorted(used, key=len), np.arange(len(palette))]:
        order += [int(entry) for entry in entries if not placed[entry]]
        placed[entries] = True
    return Palette(palette[order])


def worth_its_bytes(palette: Palette, table: ColorTable, n_changed: int, options: Options) -> Palette:
    """Return a smaller palette of all frames, where its colors are not worth the bytes of a larger color table.

    A small animation of flat colors may spend a tenth of its bytes on colors of the edges of letters. The error is that
    of nearest colors, as `Frame.search` counts it; what shorter codes save is not counted, nor what is lost where
    colors are no longer exact. So it is done only where the bytes are many beside those of the codes.

    Parameters
    ----------
    palette : Palette
    table : ColorTable
        Of all frames, opaque.
    n_changed : int
        Pixels that frames change.
    options : Options
    """
    is_asked = options.palette is not None or options.pin or not isinstance(options.init, str)
    if is_asked or not weighs_errors(options):
        return palette
    # With the transparent index they fill a color table.
    n_bytes = _table_bytes(len(palette))
    smaller_sizes = ((1 << bits) - 1 for bits in range(7, 1, -1))
    sizes = [size for size in smaller_sizes if (n_bytes - _table_bytes(size)) * _CHANGED_PER_BYTE > n_changed]
    byte_worth = 8 * options.rate * LAMBDA_AT_RATE_1
    points_oklab = _core.colors_to_points(table.colors_srgb8, "oklab")

    def cost(entries: Palette) -> float:
        nearest = nearest_entries(table.colors_srgb8, entries.colors_srgb8, options)
        errors = points_oklab - _core.colors_to_points(entries.colors_srgb8, "oklab")[nearest]
        lightness, a, b = np.square(errors.astype(np.float64)).T
        squares = lightness + a + b
        # Sums that do not hang on the machine.
        return OWN_ERROR * math.fsum((squares * table.counts).tolist()) + byte_worth * _table_bytes(len(entries))

    if not sizes:
        return palette
    best, least = palette, cost(palette)
    for size in sizes:
        smaller = fit_palette(table, replace(options, n_colors=size)).palette
        found = cost(smaller)
        if found < least:
            best, least = smaller, found
        elif found > 2 * least:
            break
    return best


def _table_bytes(n_entries: int) -> int:
    return 3 << max(1, (n_entries - 1).bit_length())


def drawable(options: Options) -> Options:
    """Return the options with the colors that a GIF can draw: opaque ones."""
    palette, pin = (
        colors and tuple((*color[:3], 255) for color in colors if color[3] >= 128)
        for colors in (options.given_palette, options.pinned)
    )
    if options.palette and not palette:
        raise OptionError("the palette has no color that a GIF can draw; give an opaque one")
    return replace(options, palette=palette, pin=pin)


def visible(table: ColorTable, clear: npt.NDArray[np.bool_]) -> ColorTable:
    """Return the table of the opaque colors; black where there are none."""
    colors, counts = table.colors_srgb8[~clear, :3], table.counts[~clear]
    if not len(colors):
        colors, counts = np.zeros((1, 3), np.uint8), np.ones(1, np.uint32)
    return ColorTable(np.ascontiguousarray(colors), counts, np.arange(len(colors), dtype=np.uint32)[None])
