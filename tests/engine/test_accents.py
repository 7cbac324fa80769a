"""Small vivid areas keep their color; noise and pictures full of colors change nothing."""

import colorsys

import numpy as np
import pytest

import huepress
from huepress.engine.histogram import count_colors
from huepress.engine.palette import fit_palette
from huepress.model import SourceImage
from huepress.options import Options

HEIGHT, WIDTH = 240, 360


def muted(contrast: float = 50.0) -> np.ndarray:
    """A picture of soft, noisy, muted colors."""
    rng = np.random.default_rng(7)
    y, x = np.mgrid[:HEIGHT, :WIDTH].astype(np.float64)
    planes = [128 + contrast * np.sin(x / (40 + 9 * c) + c) * np.cos(y / (33 + 5 * c)) for c in range(3)]
    colors = np.stack(planes, axis=2)
    gray = colors.mean(axis=2, keepdims=True)
    return np.clip(gray + 0.4 * (colors - gray) + rng.normal(0, 6, colors.shape), 0, 255).astype(np.uint8)


def with_square(pixels: np.ndarray, color: np.ndarray, side: int) -> np.ndarray:
    result = pixels.copy()
    result[90 : 90 + side, 150 : 150 + side] = color
    return result


@pytest.mark.parametrize("hue", range(10))
@pytest.mark.parametrize(("n_colors", "side"), [(16, 10), (16, 20), (32, 10), (64, 6), (256, 3)])
def test_a_small_vivid_square_keeps_its_color(hue, n_colors, side):
    color = np.array([round(255 * part) for part in colorsys.hsv_to_rgb(hue / 10, 1, 1)], np.uint8)
    picture = with_square(muted(), color, side)
    shown = huepress.quantize(picture, n_colors=n_colors, effort=1).to_array()[90 : 90 + side, 150 : 150 + side]
    off = np.abs(shown.astype(int) - color).max(axis=2)
    assert np.median(off) <= 6


@pytest.mark.parametrize("effort", [1, 5])
def test_a_square_of_one_color_keeps_it_exactly_though_the_palette_is_refitted(effort):
    y, x = np.mgrid[:400, :500].astype(np.float64)
    planes = [128 + 90 * np.sin(x / (40 + 9 * c) + c) * np.cos(y / (33 + 5 * c)) for c in range(3)]
    colors = np.stack(planes, axis=2)
    colors = 0.6 * colors.mean(axis=2, keepdims=True) + 0.4 * colors
    noisy = np.clip(colors + np.random.default_rng(7).normal(0, 20, colors.shape), 0, 255).astype(np.uint8)
    picture = with_square(noisy, np.uint8([230, 0, 0]), 14)
    shown = huepress.quantize(picture, n_colors=16, effort=effort).to_array()[90:104, 150:164]
    assert (shown == [230, 0, 0]).all()


def test_several_small_lights_keep_their_colors():
    picture = muted()
    lights = {(255, 0, 0): (20, 20), (0, 255, 0): (20, 60), (255, 220, 0): (20, 100)}
    for color, (top, left) in lights.items():
        picture[top : top + 12, left : left + 12] = color
    shown = huepress.quantize(picture, n_colors=32, effort=1).to_array()
    for color, (top, left) in lights.items():
        assert np.median(np.abs(shown[top : top + 12, left : left + 12].astype(int) - color).max(axis=2)) <= 6


def palette_of(picture: np.ndarray, n_colors: int) -> np.ndarray:
    table = count_colors(SourceImage(picture), threads=1)
    return fit_palette(table, Options(n_colors=n_colors, space="oklab")).palette.colors_srgb8


def distance_to(palette: np.ndarray, color: tuple[int, int, int]) -> int:
    return int(np.abs(palette.astype(int) - color).max(axis=1).min())


def test_scattered_vivid_pixels_are_noise_and_get_no_entry():
    scattered = muted(110)
    scattered[10:230:40, 10:350:60] = (255, 0, 0)
    assert (scattered == (255, 0, 0)).all(axis=2).sum() == 36
    assert distance_to(palette_of(scattered, 16), (255, 0, 0)) > 30
    square = with_square(muted(110), np.array((255, 0, 0), np.uint8), 6)
    assert distance_to(palette_of(square, 16), (255, 0, 0)) <= 6


def test_a_picture_full_of_colors_gets_the_palette_of_k_means(monkeypatch):
    rng = np.random.default_rng(5)
    picture = rng.integers(0, 256, (64, 64, 3), dtype=np.uint8)
    found = palette_of(picture, 16)
    monkeypatch.setattr("huepress.engine.palette.find_accents", lambda table, points, *_: points[:0])
    assert np.array_equal(found, palette_of(picture, 16))


def test_pins_and_accents_share_the_palette():
    picture = with_square(muted(), np.array((255, 0, 0), np.uint8), 12)
    palette = huepress.quantize(picture, n_colors=8, effort=1, pin="#123456,#fedcba").palette
    assert {"#123456", "#fedcba"} <= set(palette.hex())
    assert len(palette) <= 8
