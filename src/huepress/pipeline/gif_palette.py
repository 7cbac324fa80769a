"""Stage: the colors that an animated GIF can draw, in the order that gives its frames short codes."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import numpy.typing as npt

from huepress.engine.palette import nearest_entries
from huepress.errors import OptionError
from huepress.model import Bytes, ColorTable, Palette
from huepress.options import Options


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
    used: list[npt.NDArray[np.intp]] = []
    for colors in drawn:
        visible = np.ascontiguousarray(colors[colors[:, 3] > 0, :3])
        if len(visible):
            used.append(np.unique(nearest_entries(visible, palette.colors_srgb8, options)).astype(np.intp))
    for entries in [*sorted(used, key=len), np.arange(len(palette))]:
        order += [int(entry) for entry in entries if not placed[entry]]
        placed[entries] = True
    return Palette(palette[order])


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
