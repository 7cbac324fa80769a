"""Measures a result; never prints."""

from __future__ import annotations

from huepress import _core
from huepress.model import ColorTable, IndexedImage


def mean_squared_error(table: ColorTable, indexed: IndexedImage, *, threads: int) -> float:
    """Return the mean over the pixels of the summed squared differences of sRGB codes.

    With alpha it is the mean over a black and a white background (see ``core/color_space.hpp``).
    """
    total = _core.squared_error(
        _core.colors_to_points(table.colors_srgb8, "srgb"),
        table.inverse.reshape(-1),
        _core.colors_to_points(indexed.palette.colors_srgb8, "srgb"),
        indexed.indices.reshape(-1),
        threads,
    )
    return total / int(table.inverse.size)
