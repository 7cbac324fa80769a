"""Stage: from pixels to the different colors among them."""

from __future__ import annotations

import numpy as np

from huepress import _core
from huepress.model import ColorTable, SourceImage


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
