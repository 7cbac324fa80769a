"""NaN and infinity are refused where numbers come in: comparisons with them would never end a search."""

import numpy as np
import pytest

from huepress import _core
from huepress.pipeline.frames import FREE

POINTS = np.random.default_rng(1).random((50, 3)).astype(np.float32)
ONES = np.ones(50, np.uint32)
PICTURE = np.arange(50, dtype=np.uint32).reshape(5, 10)


def kmeans(points=POINTS, **changed):
    given = {"k": 4, "init": "wu", "centers": None, "n_init": 1, "n_swaps": 0, "max_iter": 5, "tol": 0.0, "seed": 0}
    return _core.kmeans(points, ONES, **(given | {"n_threads": 1, "pinned": None} | changed))


def spatial(points=POINTS, palette=POINTS[:4]):
    return _core.SpatialSearch(points, PICTURE, palette, True, 1, "png")


def search_lzw(points=POINTS, bit_worth=1e-5, stays=1.0, visibility=1.0):
    looks = np.full(PICTURE.shape, FREE, np.uint16)
    ones = np.ones(PICTURE.shape, np.float32)
    return _core.search_lzw(
        points,
        PICTURE,
        POINTS[:4],
        4,
        -1,
        looks + np.uint16(1),
        looks,
        (0, 0, 10, 5),
        True,
        bit_worth,
        0.0,
        ones * np.float32(stays),
        looks,
        ones * np.float32(visibility),
        32,
        2,
        ones,
        np.zeros((*PICTURE.shape, 3), np.float32),
    )


def spoiled(value, rows=50):
    points = POINTS[:rows].copy()
    points[rows // 2, 1] = value
    return points


@pytest.mark.parametrize("value", [np.nan, np.inf, -np.inf])
def test_no_kernel_takes_what_is_not_finite(value):
    bad, indices = spoiled(value), np.zeros((5, 10), np.uint8)
    labels = np.zeros((5, 10), np.int32)
    calls = [
        lambda: kmeans(bad),
        lambda: kmeans(centers=spoiled(value, 4)),
        lambda: kmeans(pinned=spoiled(value, 2)),
        lambda: kmeans(tol=value),
        lambda: _core.nearest(bad, POINTS[:4], None, 1),
        lambda: _core.nearest(POINTS, spoiled(value, 4), None, 1),
        lambda: _core.points_to_colors(bad, "oklab"),
        lambda: _core.squared_error(bad, PICTURE.reshape(-1), POINTS[:4], indices.reshape(-1), 1),
        lambda: spatial(bad),
        lambda: spatial(palette=spoiled(value, 4)),
        lambda: spatial().set_palette(spoiled(value, 4)),
        lambda: spatial().sweep(value, 1.0, True, 1),
        lambda: spatial().sweep(1e-5, value, True, 1),
        lambda: search_lzw(points=bad),
        lambda: search_lzw(bit_worth=value),
        lambda: search_lzw(stays=value),
        lambda: search_lzw(visibility=value),
        lambda: _core.visibility_roots(bad, PICTURE),
        lambda: _core.potts_sweep(bad.reshape(5, 10, 3), POINTS[:4], labels, 1.0, 2, 1),
        lambda: _core.potts_sweep(POINTS.reshape(5, 10, 3), POINTS[:4], labels, value, 2, 1),
        lambda: _core.sum_groups(np.zeros(50, np.int32), bad, 1, 1),
    ]
    for number, call in enumerate(calls):
        with pytest.raises(ValueError, match=r"finite|negative"):
            call()
            pytest.fail(f"call {number} took {value}")


def test_the_same_calls_take_finite_numbers():
    assert kmeans()[0].shape == (4, 3)
    assert spatial().sweep(1e-5, 1.0, True, 1)[0] >= 0
    assert search_lzw()[3] >= 0
