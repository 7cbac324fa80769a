"""Direct search in a given palette: what it weighs decides."""

import numpy as np
import pytest

from huepress.engine.direct_search import Weighing, search_directly
from huepress.engine.histogram import count_colors
from huepress.engine.indexing import index_image
from huepress.engine.palette import fit_palette
from huepress.model import Palette, SourceImage
from huepress.options import Options


def searched(pixels, palette, weighing):
    options = Options(palette=Palette.from_colors([(*each, 255)[:4] for each in palette]))
    table = count_colors(SourceImage(pixels), threads=1)
    fit = fit_palette(table, options)
    start = index_image(table, fit, threads=1)
    return search_directly(table, fit, options, start, weighing).to_array()


@pytest.mark.parametrize(("space", "expected"), [("oklab", 48), ("xyb", 0)])
def test_dark_colors_are_alike_in_xyb(space, expected):
    pixels = np.full((16, 16, 3), 24, np.uint8)
    near_only = Weighing(0, 0, 4, 1.0, 0.0, space)
    assert (searched(pixels, [(0, 0, 0), (48, 48, 48)], near_only) == expected).all()


@pytest.mark.parametrize("space", ["oklab", "xyb"])
def test_pixels_seen_alone_take_the_nearest_entry_opaque_or_not(space):
    pixels = np.full((16, 16, 4), (200, 40, 40, 128), np.uint8)
    entries = [(200, 40, 40, 255), (190, 50, 40, 120), (40, 40, 200, 128), (0, 0, 0, 0)]
    shown = searched(pixels, entries, Weighing(0, 0, 4, 1.0, 0.0, space))
    assert (shown == entries[1]).all()
