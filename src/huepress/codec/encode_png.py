"""Indexed PNG files (PNG Specification, third edition), losslessly optimized."""

from __future__ import annotations

from typing import Any

import oxipng

from huepress.model import Encoded, IndexedImage
from huepress.packing import pack_rows

# The optimizer's level by effort; from _ZOPFLI_EFFORT on its slow deflater.
_LEVELS = (2, 3, 3, 3, 4, 4, 4, 5, 5, 6)
_ZOPFLI_EFFORT, _ZOPFLI_ITERATIONS = 8, 15
_ALL_FILTERS_EFFORT = 9


def encode_png(image: IndexedImage, *, effort: int = 0, searched: bool = False) -> Encoded:
    """Encode at the smallest bit depth that holds the palette, alpha as tRNS.

    The palette and its order stay as they are; the optimizer only chooses row filters and
    how to deflate, more carefully with more effort (0 to 9). Indices that were `searched` were chosen
    for rows without filters, so that no other needs to be tried.
    """
    options: dict[str, Any] = {}
    if effort >= _ZOPFLI_EFFORT:
        options["deflate"] = oxipng.Deflaters.zopfli(_ZOPFLI_ITERATIONS)
    if searched and effort < _ALL_FILTERS_EFFORT:
        options["filter"] = [oxipng.RowFilter.NoOp]
    height, width = image.indices.shape
    palette = [[*map(int, color), 255][:4] for color in image.palette]
    raw = oxipng.RawImage(
        pack_rows(image.indices, image.bit_depth).tobytes(),
        width,
        height,
        color_type=oxipng.ColorType.indexed(palette),
        bit_depth=image.bit_depth,
    )
    data = raw.create_optimized_png(
        level=_LEVELS[effort],
        **options,
        bit_depth_reduction=False,
        color_type_reduction=False,
        palette_reduction=False,
        grayscale_reduction=False,
        optimize_alpha=False,
    )
    return Encoded(bytes(data), "PNG")
