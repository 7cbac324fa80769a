"""What clear pixels become where a palette that was given has no clear entry."""

from __future__ import annotations

import numpy as np

from huepress.engine.palette import backing_entry
from huepress.options import Options

Rgba = tuple[int, int, int, int]


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
