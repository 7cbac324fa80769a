import itertools

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from huepress import _core
from reference import textbook_kmeans as textbook

LOOSE = {"n_init": 1, "n_swaps": 0, "max_iter": 300, "tol": 0.0, "seed": 0, "n_threads": 1}


def cluster(points, k, weights=None, init="wu", centers=None, **options):
    points = np.ascontiguousarray(points, dtype=np.float32)
    weights = np.ones(len(points), dtype=np.uint32) if weights is None else weights
    o = LOOSE | options
    return _core.kmeans(
        points, weights, k, init, centers, o["n_init"], o["n_swaps"], o["max_iter"], o["tol"], o["seed"], o["n_threads"]
    )


def table_of(pixels):
    colors, counts, _ = _core.count_colors(np.ascontiguousarray(pixels).reshape(-1, pixels.shape[-1]), 1)
    return _core.colors_to_points(colors, "srgb"), counts


@pytest.mark.parametrize("k", [2, 5, 16, 70])
@pytest.mark.parametrize("n_iter", [0, 1, 2, 5, 12])
def test_equals_the_textbook(photo, k, n_iter):
    points, counts = table_of(photo[::2, ::2])
    start = textbook.random_start(points, k, seed=k)
    centers, labels, inertia, done = cluster(points, k, counts, centers=start.astype(np.float32), max_iter=n_iter)
    expected_centers, expected_labels = textbook.kmeans(points, start, done, counts)
    np.testing.assert_allclose(centers, expected_centers, atol=2e-4)
    # Centers are rounded to float32 here and kept in float64 there: points between two centers
    # may fall either way, but no point may be further from its center than it has to be.
    own = textbook.squared_distances(points, centers)
    assert (own[np.arange(len(points)), labels] == own.min(axis=1)).all()
    assert (labels != expected_labels).mean() < 1e-3
    assert inertia == pytest.approx(textbook.inertia(points, centers, labels, counts), rel=1e-6)


@pytest.mark.parametrize("dims", [3, 4, 5])
@pytest.mark.parametrize("scale", [1e-36, 1e-38, 1e-40, 1e-45])
def test_ranges_too_small_to_be_cut(dims, scale):
    """The width of a bin may have no inverse."""
    rng = np.random.default_rng(dims)
    points = rng.random((1000, dims)).astype(np.float32) - np.float32(0.5)
    for axes in (slice(None), slice(1, 2)):
        tiny = points.copy()
        tiny[:, axes] *= np.float32(scale)
        centers, labels, inertia, _ = cluster(tiny, 8)
        assert np.isfinite(centers).all() and labels.max() < len(centers) and inertia >= 0
        assert (np.abs(centers) <= np.abs(tiny).max(axis=0)).all()


@pytest.mark.parametrize("init", ["wu", "k-means++", "random"])
def test_converges_to_a_fixed_point(photo, init):
    points, counts = table_of(photo)
    centers, labels, _, _ = cluster(points, 12, counts, init=init, max_iter=1000)
    moved, _ = textbook.kmeans(points, centers, 1, counts)
    np.testing.assert_allclose(moved, centers, atol=1e-3)
    np.testing.assert_array_equal(labels, textbook.assign(points, centers))


def test_the_error_never_rises(sunset):
    points, counts = table_of(sunset)
    start = textbook.random_start(points, 24, seed=3).astype(np.float32)
    errors = [cluster(points, 24, counts, centers=start, max_iter=n)[2] for n in range(12)]
    assert all(later <= earlier * (1 + 1e-9) for earlier, later in itertools.pairwise(errors))
    assert errors[-1] < errors[0] * 0.8


def test_counts_equal_repeated_pixels(photo):
    pixels = photo[::5, ::5].reshape(-1, 3)
    points, counts = table_of(pixels)
    start = points[:: len(points) // 10][:10].copy()
    by_count = cluster(points, 10, counts, centers=start)
    by_pixel = cluster(pixels, 10, centers=start)
    np.testing.assert_array_equal(by_count[0], by_pixel[0])


@pytest.mark.parametrize("k", [3, 40, 150])
def test_same_bits_for_any_threads_and_simd_level(photo, k):
    points, counts = table_of(photo)
    results = []
    for level in ("baseline", "avx2"):
        if _core.set_simd_level(level):
            results += [cluster(points, k, counts, n_swaps=3, n_init=2, n_threads=n) for n in (1, 2, 7)]
    _core.set_simd_level("avx2")
    for other in results[1:]:
        assert other[0].tobytes() == results[0][0].tobytes()
        assert other[1].tobytes() == results[0][1].tobytes()
        assert other[2:] == results[0][2:]


def test_seed_decides_the_random_starts(photo):
    points, counts = table_of(photo)
    once = cluster(points, 9, counts, init="random", seed=1, max_iter=0)
    np.testing.assert_array_equal(once[0], cluster(points, 9, counts, init="random", seed=1, max_iter=0)[0])
    assert not np.array_equal(once[0], cluster(points, 9, counts, init="random", seed=2, max_iter=0)[0])
    as_rows = {tuple(row) for row in points}
    assert all(tuple(row) in as_rows for row in once[0]), "random starts are pixels of the image"


def test_starts_and_swaps_keep_the_better(sunset):
    points, counts = table_of(sunset)
    plain = cluster(points, 8, counts, init="random", seed=5)[2]
    assert cluster(points, 8, counts, init="random", seed=5, n_init=6)[2] <= plain
    assert cluster(points, 8, counts, init="random", seed=5, n_swaps=20)[2] <= plain


def test_swaps_leave_a_bad_start():
    # Three tight crowds; both spare centers start in one of them.
    rng = np.random.default_rng(0)
    crowds = np.vstack([rng.normal(at, 0.5, (200, 3)) for at in (0, 100, 200)])
    stuck = cluster(crowds, 4, init="wu")[2]
    assert stuck < 2000
    wu = cluster(crowds, 3)
    assert sorted(np.rint(wu[0][:, 0])) == [0, 100, 200]


def test_empty_clusters_are_reseeded():
    points = np.repeat(np.eye(3, dtype=np.float32) * 50, 40, axis=0) + np.arange(120, dtype=np.float32)[:, None] * 0.01
    start = np.array([[0, 0, 0], [500, 500, 500], [600, 600, 600]], dtype=np.float32)
    _, labels, _, _ = cluster(points, 3, centers=start)
    assert len(np.unique(labels)) == 3


@given(st.integers(0, 10_000), st.integers(1, 12), st.integers(1, 4))
def test_never_worse_than_one_iteration_of_the_textbook(seed, k, dims):
    rng = np.random.default_rng(seed)
    points = rng.integers(0, 30, (rng.integers(k, 60), dims)).astype(np.float32)
    centers, labels, inertia, _ = cluster(points, k, n_swaps=2)
    assert labels.min() >= 0 and labels.max() < k and np.isfinite(centers).all()
    improved, improved_labels = textbook.kmeans(points, centers, 1)
    assert inertia <= textbook.inertia(points, improved, improved_labels) * (1 + 1e-5) + 1e-4


def test_weights_are_counts(photo):
    points, counts = table_of(photo[::7, ::7])
    repeated = np.repeat(points, counts, axis=0)
    a, b = cluster(points, 6, counts), cluster(repeated, 6)
    assert a[2] == pytest.approx(b[2], rel=1e-6)


def test_more_clusters_than_points():
    points = np.array([[0, 0, 0], [9, 9, 9]], dtype=np.float32)
    _, labels, inertia, _ = cluster(points, 5)
    assert inertia == 0 and len(np.unique(labels)) == 2


def test_bad_arguments_are_value_errors():
    points = np.zeros((4, 3), dtype=np.float32)
    with pytest.raises(ValueError, match="init"):
        cluster(points, 2, init="best")
    with pytest.raises(ValueError, match="at least 1"):
        cluster(points, 0)
    with pytest.raises(ValueError, match="same length"):
        cluster(points, 2, np.ones(3, dtype=np.uint32))
    with pytest.raises(ValueError, match="k rows"):
        cluster(points, 2, centers=np.zeros((3, 3), dtype=np.float32))
