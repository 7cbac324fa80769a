"""Properties of the whole: from an array to a palette and indices."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp

import huepress
from huepress import _core
from reference import textbook_kmeans as textbook

small_images = st.sampled_from([1, 3, 4]).flatmap(
    lambda c: hnp.arrays(
        np.uint8,
        st.tuples(st.integers(1, 12), st.integers(1, 12)).map(lambda hw: hw if c == 1 else (*hw, c)),
        elements=st.one_of(st.integers(0, 255), st.sampled_from([0, 255])),
    )
)


def as_rgb(array):
    return np.repeat(array[:, :, None], 3, axis=2) if array.ndim == 2 else array


def visible(pixels):
    """Colors as they can be told apart: an alpha that is opaque everywhere is no channel, hidden color is none."""
    if pixels.shape[2] == 4:
        return np.where(pixels[:, :, 3:] == 0, 0, pixels)
    return pixels


@given(small_images, st.integers(2, 40), st.sampled_from(["srgb", "oklab"]))
def test_exactly_k_colors_each_used_and_nearest(image, k, space):
    result = huepress.quantize(image, k, space=space)
    pixels = as_rgb(image)
    n_visible = len(np.unique(visible(pixels).reshape(-1, pixels.shape[2]), axis=0))
    n_raw = len(np.unique(pixels.reshape(-1, pixels.shape[2]), axis=0))
    assert result.indices.shape == image.shape[:2]
    assert np.unique(result.indices).tolist() == list(range(result.n_colors))
    assert result.n_colors == (n_raw if n_raw <= k else min(k, n_visible))
    assert len(np.unique(np.asarray(result.palette), axis=0)) == result.n_colors
    if n_raw <= k:
        got = result.to_array()
        if got.shape[2] < pixels.shape[2]:
            got = np.dstack([got, np.full(got.shape[:2], 255, np.uint8)])
        np.testing.assert_array_equal(got, pixels)
    elif pixels.shape[2] == 3:
        points = _core.colors_to_points(pixels.reshape(-1, 3), space)
        entries = _core.colors_to_points(result.palette.colors_srgb8, space)
        np.testing.assert_array_equal(result.indices.ravel(), textbook.assign(points, entries))


@pytest.mark.parametrize("k", [2, 3, 8, 16, 100, 255, 256])
@pytest.mark.parametrize("space", ["srgb", "oklab"])
def test_exactly_k_colors_of_a_photo(photo, k, space):
    result = huepress.quantize(photo, k, space=space)
    assert len(result.palette) == k
    assert np.unique(result.indices).tolist() == list(range(k))


def test_exactly_k_colors_where_rounding_would_merge_them():
    # 300 nearly equal colors: centers round to the same 8-bit values again and again.
    steps = np.arange(300)
    image = np.stack([100 + steps % 7, 100 + steps // 7 % 7, 100 + steps // 49], axis=1).astype(np.uint8)[None]
    assert len(huepress.quantize(image, 256).palette) == 256


@given(st.integers(0, 2**32 - 1), st.integers(5, 9), st.integers(3, 6))
def test_exactly_k_colors_where_all_are_close(seed, k, spread):
    # Ties everywhere: entries lose their colors to others when the palette is put in order.
    image = np.random.default_rng(seed).integers(0, spread, (2, 6, 3), dtype=np.uint8)
    n_colors = len(np.unique(image.reshape(-1, 3), axis=0))
    assert len(huepress.quantize(image, k).palette) == min(k, n_colors)


def test_exactly_k_colors_in_a_case_that_once_lost_one():
    rows = [
        [3, 2, 2, 3, 2, 4, 0, 3, 4, 0, 0, 4, 4, 3, 2, 2, 3, 1],
        [3, 4, 2, 0, 1, 3, 0, 3, 4, 4, 0, 3, 0, 1, 2, 0, 3, 4],
    ]
    image = np.array(rows, dtype=np.uint8).reshape(2, 6, 3)
    assert len(huepress.quantize(image, 6).palette) == 6


def test_a_picture_that_fits_passes_unchanged():
    rng = np.random.default_rng(2)
    colors = rng.integers(0, 256, (200, 4), dtype=np.uint8)
    image = colors[rng.integers(0, 200, (40, 50))]
    for seed in (0, 1):
        np.testing.assert_array_equal(huepress.quantize(image, 200, seed=seed).to_array(), image)


def test_hidden_colors_go_first():
    rng = np.random.default_rng(3)
    image = rng.integers(0, 256, (20, 20, 4), dtype=np.uint8)
    image[:, :, 3] = 0
    image[0, :6] = [[i * 40, 0, 0, 255] for i in range(6)]
    result = huepress.quantize(image, 8)
    assert len(result.palette) == 7
    np.testing.assert_array_equal(result.to_array()[0, :6], image[0, :6])
    assert (result.to_array()[1:, :, 3] == 0).all()


@pytest.mark.parametrize("options", [{}, {"n_init": 4, "n_swaps": 10, "init": "random"}, {"space": "oklab"}])
def test_reproducible_for_any_number_of_threads(photo, badge, options):
    for image in (photo, badge):
        first = huepress.quantize(image, 24, jobs=1, seed=7, **options)
        for jobs in (1, 2, 5):
            again = huepress.quantize(image, 24, jobs=jobs, seed=7, **options)
            assert again.palette.hex() == first.palette.hex()
            np.testing.assert_array_equal(again.indices, first.indices)


def test_a_rotated_picture_has_the_same_palette(photo):
    upright, rotated = huepress.quantize(photo, 32), huepress.quantize(np.rot90(photo), 32)
    assert upright.palette.hex() == rotated.palette.hex()
    np.testing.assert_array_equal(np.rot90(upright.indices), rotated.indices)


def test_better_than_the_textbook(photo):
    pixels = photo.reshape(-1, 3).astype(np.float64)
    for k in (4, 16, 64):
        ours = huepress.quantize(photo, k)
        error = textbook.inertia(pixels, np.asarray(ours.palette).astype(float), ours.indices.ravel())
        centers, labels = textbook.kmeans(pixels, textbook.random_start(pixels, k, seed=0), 15)
        assert error < textbook.inertia(pixels, centers, labels)


def test_user_given_centers(photo):
    start = [(0, 0, 0), (255, 255, 255), (255, 0, 0), (0, 0, 255)]
    result = huepress.quantize(photo, 4, init=start, max_iter=5, tol=0)
    centers, _ = textbook.kmeans(photo.reshape(-1, 3), start, 5)
    expected = {tuple(row) for row in np.floor(centers + 0.5).astype(int)}
    assert {tuple(map(int, row)) for row in result.palette} == expected


def test_soft_alpha_keeps_clear_and_solid(badge):
    result = huepress.quantize(badge, 16)
    got = result.to_array()
    assert (got[badge[:, :, 3] == 0][:, 3] <= 12).all()
    assert (got[badge[:, :, 3] == 255][:, 3] >= 243).all()


def test_one_pixel():
    result = huepress.quantize(np.array([[[9, 8, 7]]], dtype=np.uint8), 2)
    assert result.palette.hex() == ["#090807"] and result.bit_depth == 1
