"""Small vivid areas keep their color; noise and pictures full of colors change nothing."""

import colorsys

import numpy as np
import pytest

import huepress
from huepress import _core
from huepress.engine.accents import drawn_colors
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


def colorful(seed: int) -> np.ndarray:
    """A noisy picture that has vivid colors of all hues, so that no hue stands alone."""
    rng = np.random.default_rng(seed)
    y, x = np.mgrid[:HEIGHT, :WIDTH].astype(np.float64)
    planes = [128 + 110 * np.sin(x / (30 + 9 * c) + 2 * c) * np.cos(y / (23 + 5 * c)) for c in range(3)]
    return np.clip(np.stack(planes, axis=2) + rng.normal(0, 12, (HEIGHT, WIDTH, 3)), 0, 255).astype(np.uint8)


@pytest.mark.parametrize("hue", range(10))
@pytest.mark.parametrize(("n_colors", "effort"), [(16, 1), (64, 1), (256, 1), (16, 5)])
def test_what_is_drawn_keeps_its_color_among_others_like_it(hue, n_colors, effort):
    color = np.array([round(255 * part) for part in colorsys.hsv_to_rgb(hue / 10, 0.8, 0.9)], np.uint8)
    picture = colorful(hue)
    picture[84:106, 144:166] = muted()[84:106, 144:166]  # so that the square has an edge
    picture = with_square(picture, color, 10)
    shown = huepress.quantize(picture, n_colors=n_colors, effort=effort).to_array()[90:100, 150:160]
    assert np.median(np.abs(shown.astype(int) - color).max(axis=2)) <= 6


def table_of(picture: np.ndarray):
    table = count_colors(SourceImage(picture), threads=1)
    return table, _core.colors_to_points(table.colors_srgb8, "oklab")


def drawn_by_numpy(table, points: np.ndarray) -> np.ndarray:
    """The twin of the core's kernel."""
    inverse = table.inverse.astype(np.int64)
    n = len(points)
    same_x, same_y = inverse[:, 1:] == inverse[:, :-1], inverse[1:] == inverse[:-1]
    wide, high = np.zeros((2, *inverse.shape), dtype=bool)
    wide[:, 1:] |= same_x
    wide[:, :-1] |= same_x
    high[1:] |= same_y
    high[:-1] |= same_y
    ones = np.concatenate([inverse[:, 1:][~same_x], inverse[1:][~same_y]])
    others = np.concatenate([inverse[:, :-1][~same_x], inverse[:-1][~same_y]])
    squared = np.zeros(len(ones), np.float32)
    for channel in points.T:  # in the core's order
        squared += np.square(channel[ones] - channel[others])
    differs = squared > np.float32(0.1) * np.float32(0.1)
    neighbors, different = (
        np.bincount(ones, weights, n) + np.bincount(others, weights, n) for weights in (np.ones(len(ones)), differs)
    )
    pixels, connected = np.bincount(inverse.ravel(), minlength=n), np.bincount(inverse[wide & high], minlength=n)
    return (pixels >= 64) & (neighbors > 0) & (connected >= 0.8 * pixels) & (2 * different >= neighbors)


@pytest.mark.parametrize("seed", range(12))
def test_drawn_colors_agree_with_their_twin(seed):
    rng = np.random.default_rng(seed)
    height, width, n = int(rng.integers(1, 90)), int(rng.integers(1, 90)), int(rng.integers(1, 30))
    colors = rng.integers(0, 256, (n, 3 + seed % 2), dtype=np.uint8)
    blocks = rng.integers(0, n, (12, 12)).repeat(8, 0).repeat(8, 1)[:height, :width]
    specks = rng.random(blocks.shape) < 0.05
    table, points = table_of(colors[np.where(specks, rng.integers(0, n, blocks.shape), blocks)])
    assert np.array_equal(drawn_colors(table, points), drawn_by_numpy(table, points))


def test_drawn_is_what_has_an_edge_and_is_no_frame_of_one_pixel():
    picture = muted()
    picture[40:48, 40:48] = (255, 0, 0)  # 64 pixels
    picture[40:47, 80:89] = (0, 255, 0)  # 63
    picture[100, 20:180] = (0, 0, 255)  # a line
    y, x = np.mgrid[-30:30, -30:30]
    light = np.clip(400 - 6 * np.hypot(x, y), 0, 255).astype(np.uint8)  # white in the middle, fading
    picture[150:210, 150:210] = np.maximum(picture[150:210, 150:210], light[..., None])
    table, points = table_of(picture)
    assert (picture == 255).all(axis=2).sum() > 64
    assert table.colors_srgb8[drawn_colors(table, points)].tolist() == [[255, 0, 0]]


def test_a_color_that_the_table_does_not_have_is_refused():
    with pytest.raises(ValueError, match="color_of"):
        _core.drawn_colors(np.zeros((2, 3), np.float32), np.array([[0, 2]], np.uint32))


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
