import numpy as np
import pytest

from huepress import _core
from reference.colors import squared_error_on, srgb8_to_oklab


def random_colors(channels, n=5000, seed=0):
    return np.random.default_rng(seed).integers(0, 256, (n, channels), dtype=np.uint8)


# CSS Color Module Level 4 gives these to five digits (sample conversions of the primaries).
PUBLISHED = {
    (255, 255, 255): (1.0, 0.0, 0.0),
    (255, 0, 0): (0.62796, 0.22486, 0.12585),
    (0, 255, 0): (0.86644, -0.23389, 0.17950),
    (0, 0, 255): (0.45201, -0.03246, -0.31153),
    (0, 0, 0): (0.0, 0.0, 0.0),
}


def test_oklab_of_published_colors():
    got = _core.colors_to_points(np.array(list(PUBLISHED), dtype=np.uint8), "oklab")
    np.testing.assert_allclose(got, list(PUBLISHED.values()), atol=1.5e-5)


def test_oklab_equals_its_twin():
    colors = random_colors(3)
    # float32 of values up to 1 errs by 6e-8; the twin's own matrices are the same numbers.
    np.testing.assert_allclose(_core.colors_to_points(colors, "oklab"), srgb8_to_oklab(colors), atol=2e-7)


@pytest.mark.parametrize("space", ["srgb", "oklab"])
def test_every_opaque_color_comes_back(space):
    axis = np.arange(0, 256, 5, dtype=np.uint8)
    colors = np.stack(np.meshgrid(axis, axis, axis), axis=-1).reshape(-1, 3)
    np.testing.assert_array_equal(_core.points_to_colors(_core.colors_to_points(colors, space), space), colors)
    opaque = np.dstack([colors[None], np.full((1, len(colors), 1), 255, dtype=np.uint8)])[0]
    np.testing.assert_array_equal(_core.points_to_colors(_core.colors_to_points(opaque, space), space), opaque)


@pytest.mark.parametrize("space", ["srgb", "oklab"])
def test_translucent_colors_come_back_in_appearance(space):
    colors = random_colors(4)
    back = _core.points_to_colors(_core.colors_to_points(colors, space), space)
    np.testing.assert_array_equal(back[:, 3], colors[:, 3])
    off = np.abs(back[:, :3].astype(int) - colors[:, :3]).max(axis=1)
    assert (off[colors[:, 3] > 0] == 0).all()
    assert (back[colors[:, 3] == 0] == 0).all()


def test_alpha_distance_is_the_mean_over_black_and_white():
    a, b = random_colors(4, seed=1), random_colors(4, seed=2)
    points_a, points_b = _core.colors_to_points(a, "srgb"), _core.colors_to_points(b, "srgb")
    distance = np.square(points_a.astype(float) - points_b).sum(axis=1)
    expected = (squared_error_on(0, a, b) + squared_error_on(255, a, b)) / 2
    np.testing.assert_allclose(distance, expected, rtol=1e-5, atol=0.02)


def test_points_outside_the_gamut_are_clipped():
    wild = np.array([[2.0, 0.5, -0.5], [-1.0, 0.0, 0.0]], dtype=np.float32)
    assert _core.points_to_colors(wild, "oklab").shape == (2, 3)
    far = np.array([[300.0, -5.0, 127.6]], dtype=np.float32)
    assert _core.points_to_colors(far, "srgb").tolist() == [[255, 0, 128]]
