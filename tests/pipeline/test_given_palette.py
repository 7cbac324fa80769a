import numpy as np
import pytest

import huepress
from huepress.engine.metrics import Comparator, error_from_afar
from huepress.model import SourceImage

FEW = "#000,#fff,#f00,#0f0,#00f,#ff0"


def shades(height, width):
    y, x = np.mgrid[0:height, 0:width]
    return np.stack([40 + 150 * x / width, 60 + 120 * y / height, 100 + 0 * x], axis=2).astype(np.uint8)


def textured(height, width):
    grain = np.random.default_rng(0).normal(0, 12, (height, width, 1))
    return np.clip(shades(height, width) + grain, 0, 255).astype(np.uint8)


def rendered(pixels, palette, effort=5, **options):
    return huepress.quantize(pixels, palette=palette, effort=effort, **options).to_array()


def test_a_size_is_met_by_the_rate():
    pixels = textured(96, 128)
    all_of_it = huepress.compress(pixels, palette=FEW).report.bytes_out
    result = huepress.compress(pixels, palette=FEW, max_size=all_of_it // 3)
    assert result.report.bytes_out <= all_of_it // 3
    assert len({trial.n_bytes for trial in result.report.trials}) > 1


@pytest.mark.parametrize("palette", [FEW, "#0f380f,#306230,#8bac0f,#9bbc0f", "#102030,#e0d0c0"])
def test_is_at_least_as_good_as_nearest_colors_from_near_and_afar(palette):
    pixels = textured(96, 128)
    comparator = Comparator(SourceImage(pixels))
    ours, nearest = rendered(pixels, palette), rendered(pixels, palette, effort=0)
    assert comparator.ssimulacra2(ours) >= comparator.ssimulacra2(nearest)
    assert error_from_afar(pixels, ours) <= 1.02 * error_from_afar(pixels, nearest)


def test_dots_mix_to_the_colors_of_areas():
    pixels = shades(120, 160)
    assert error_from_afar(pixels, rendered(pixels, FEW)) < 40
    assert error_from_afar(pixels, rendered(pixels, FEW, dither="none")) > 400


def test_large_pictures_are_judged_by_a_sample():
    pixels = shades(700, 900)
    assert error_from_afar(pixels, rendered(pixels, FEW)) < 40
    assert rendered(shades(8, 40_000), FEW).shape == (8, 40_000, 3)


def test_colors_of_the_palette_stay():
    pixels = shades(64, 64)
    pixels[20:40, 20:40] = (255, 0, 0)
    assert (rendered(pixels, FEW)[20:40, 20:40] == (255, 0, 0)).all()


def test_nobody_makes_up_for_what_is_not_seen():
    pixels = np.full((64, 64, 4), (128, 128, 128, 255), np.uint8)
    alone = rendered(pixels[:, :40], "#000,#fff")
    pixels[:, 40:, 3] = 0
    shown = rendered(pixels, "#000,#fff")[:, :40, :3]
    assert abs(float(shown[:, 30:].mean()) - float(alone[:, 30:].mean())) < 16


def test_undithered_pixels_hang_on_their_colors_only():
    pixels = shades(64, 64)
    indices = huepress.quantize(pixels, palette=FEW, effort=5, dither="none").indices
    for color in np.unique(pixels.reshape(-1, 3), axis=0)[::97]:
        assert len(np.unique(indices[(pixels == color).all(axis=2)])) == 1
