import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from huepress import _core
from reference import textbook_kmeans as textbook


def colors(rng, n, dims, spread=256):
    return rng.integers(0, spread, (n, dims)).astype(np.float32)


@pytest.mark.parametrize("dims", [1, 2, 3, 4, 7])
@pytest.mark.parametrize("k", [1, 2, 7, 8, 9, 64, 65, 66, 200, 300])
def test_equals_brute_force(simd_level, dims, k):
    rng = np.random.default_rng(k * 10 + dims)
    points, centers = colors(rng, 3000, dims), colors(rng, k, dims)
    expected = textbook.assign(points, centers)
    np.testing.assert_array_equal(_core.nearest(points, centers, None, 1), expected)
    guess = rng.integers(0, k, len(points)).astype(np.int32)
    np.testing.assert_array_equal(_core.nearest(points, centers, guess, 2), expected)


@pytest.mark.parametrize("k", [2, 9, 65, 200])
def test_many_points_equal_brute_force(simd_level, k):
    # So many that lists of neighbors are used in three dimensions, too.
    rng = np.random.default_rng(k)
    points, centers = colors(rng, 20_000, 3), colors(rng, k, 3)
    np.testing.assert_array_equal(_core.nearest(points, centers, None, 2), textbook.assign(points, centers))


@given(st.integers(0, 2**32 - 1), st.integers(1, 90), st.integers(2, 6), st.integers(3, 4))
def test_ties_go_to_the_lowest_index(seed, k, spread, dims):
    # Few different coordinates: equal centers and equal distances everywhere.
    rng = np.random.default_rng(seed)
    points, centers = colors(rng, 300, dims, spread), colors(rng, k, dims, spread)
    guess = rng.integers(0, k, len(points)).astype(np.int32)
    np.testing.assert_array_equal(_core.nearest(points, centers, guess, 1), textbook.assign(points, centers))


@pytest.mark.parametrize("dims", [3, 4])
def test_clustered_far_apart(simd_level, dims):
    # Points whose first guess is in the wrong of two distant crowds read past their list.
    rng = np.random.default_rng(5)
    centers = np.vstack([rng.normal(0, 1, (100, dims)), rng.normal(1000, 1, (100, dims))]).astype(np.float32)
    points = np.vstack([rng.normal(0, 2, (500, dims)), rng.normal(1000, 2, (500, dims))]).astype(np.float32)
    guess = np.full(len(points), 3, dtype=np.int32)
    np.testing.assert_array_equal(_core.nearest(points, centers, guess, 1), textbook.assign(points, centers))


def test_rejects_guesses_of_centers_that_do_not_exist():
    points = np.zeros((2, 3), dtype=np.float32)
    for wrong in (-1, 1):
        with pytest.raises(ValueError, match="guess"):
            _core.nearest(points, points[:1], np.array([0, wrong], dtype=np.int32), 1)
