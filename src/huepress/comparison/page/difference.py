"""The map of color differences, and its colors."""

from __future__ import annotations

import numpy as np

from huepress.engine.metrics import delta_e_ok_levels
from huepress.formats.png import encode_png
from huepress.formats.record import PLAIN, Wish
from huepress.model import Bytes, Encoded, IndexedImage, Palette

# Differences in Oklab (deltaEOK, CSS Color Module Level 4) from which on a pixel has the next color; 15, so that the
# map takes 4 bits a pixel. 0.02 is just noticeable.
EDGES = (0.0025, 0.005, 0.01, 0.015, 0.02, 0.03, 0.04, 0.05, 0.06, 0.08, 0.1, 0.12, 0.15, 0.2, 0.25)
JUST_NOTICEABLE = 0.02
# From dark to light, so that the order is seen without seeing colors.
_STOPS_SRGB8 = ((8, 8, 22), (72, 24, 112), (186, 44, 96), (250, 138, 46), (255, 250, 205))


def map_palette() -> Palette:
    """Return the colors of the map, one more than there are edges."""
    at = np.linspace(0, len(_STOPS_SRGB8) - 1, len(EDGES) + 1)
    channels = [np.interp(at, range(len(_STOPS_SRGB8)), channel) for channel in zip(*_STOPS_SRGB8, strict=True)]
    return Palette(np.rint(np.stack(channels, axis=1)).astype(np.uint8))


def difference_map(original_srgb8: Bytes, version_srgb8: Bytes, *, quick: bool = False) -> Encoded:
    """Draw where a version differs from its original, as indexed PNG: small, or `quick`, where it goes nowhere."""
    wish = Wish(png_writer="zlib") if quick else PLAIN
    return encode_png(IndexedImage(delta_e_ok_levels(original_srgb8, version_srgb8, EDGES), map_palette()), wish)


def difference_srgb8(original_srgb8: Bytes, version_srgb8: Bytes) -> Bytes:
    """Return the colors of that map: (height, width, 3) uint8."""
    return map_palette()[delta_e_ok_levels(original_srgb8, version_srgb8, EDGES)]
