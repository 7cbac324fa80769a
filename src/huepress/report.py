"""Measures a result; never prints."""

from __future__ import annotations

import numpy as np

from huepress import _core
from huepress.model import ColorTable
from huepress.palette import PaletteFit

_ROWS_AT_ONCE = 1 << 20


def mean_squared_error(table: ColorTable, fit: PaletteFit) -> float:
    """Return the mean over the pixels of the summed squared differences of sRGB codes.

    With alpha it is the mean over a black and a white background (see ``core/color_space.hpp``).
    """
    palette = _core.colors_to_points(fit.palette.colors_srgb8, "srgb").astype(np.float64)
    total = 0.0
    for start in range(0, len(table), _ROWS_AT_ONCE):
        rows = slice(start, start + _ROWS_AT_ONCE)
        colors = _core.colors_to_points(table.colors_srgb8[rows], "srgb")
        squared = np.square(colors - palette[fit.labels[rows]]).sum(axis=1)
        total += float(np.dot(squared, table.counts[rows]))
    return total / table.inverse.size
