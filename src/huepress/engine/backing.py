"""What clear pixels become where a palette that was given has no clear entry."""

from __future__ import annotations

import numpy as np

from huepress import _core
from huepress.model import Bytes
from huepress.options import Options

Rgba = tuple[int, int, int, int]


def backing_entry(palette_srgb8: Bytes) -> int:
    """Return the entry that clear pixels take where the palette has no clear one: the nearest to a middle gray in sRGB.

    What lies behind them is not known; that is the mean over a black and a white background.

    Parameters
    ----------
    palette_srgb8 : ndarray of uint8, (k, 4)
    """
    entries = _core.colors_to_points(np.ascontiguousarray(palette_srgb8), "srgb")
    nothing = _core.colors_to_points(np.zeros((1, 4), np.uint8), "srgb")
    return int(np.argmin(np.square(entries - nothing).sum(axis=1)))


def backing_color(options: Options) -> Rgba | None:
    """Return what clear pixels become in a palette that was given without a clear entry; None where they stay clear."""
    given = options.given_palette
    if given is None or not given or any(color[3] == 0 for color in given):
        return None
    red, green, blue, alpha = given[backing_entry(np.array(given, np.uint8).reshape(-1, 4))]
    return red, green, blue, alpha


def told_backing(backing: Rgba) -> str:
    """Return a note for a person: clear pixels have lost their transparency."""
    shown = "#" + bytes(backing[:3]).hex()
    return f"the palette has no transparent color: clear pixels became {shown}; add #00000000 to it to keep them clear"
