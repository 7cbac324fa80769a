import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from huepress import _core
from huepress.segmentation.regions import by_area, find_parts, merge_small
from reference import regions as twin


def label_map(seed, height, width, n_labels):
    return np.random.default_rng(seed).integers(0, n_labels, (height, width)).astype(np.int32)


sizes = st.tuples(st.integers(1, 12), st.integers(1, 12))


@given(st.integers(0, 2**32 - 1), sizes, st.integers(1, 5))
def test_regions_equal_the_twin(seed, size, n_labels):
    labels = label_map(seed, *size, n_labels)
    found, label_of = _core.label_regions(labels)
    expected, n_expected = twin.label_regions(labels)
    np.testing.assert_array_equal(found, expected)
    assert len(label_of) == n_expected
    np.testing.assert_array_equal(label_of[found], labels)


def test_a_spiral_is_one_region():
    spiral = np.zeros((41, 41), dtype=np.int32)
    y, x, dy, dx = 0, 0, 0, 1
    for step in range(40, 0, -2):
        for length in (step, step, step, step - 2):
            for _ in range(max(length, 0)):
                spiral[y, x] = 1
                y, x = y + dy, x + dx
            dy, dx = dx, -dy
    np.testing.assert_array_equal(_core.label_regions(spiral)[0], twin.label_regions(spiral)[0])


@given(st.integers(0, 2**32 - 1), sizes, st.integers(1, 5), st.integers(0, 12), st.booleans())
def test_merging_equals_the_twin(seed, size, n_labels, min_area, lock):
    labels = label_map(seed, *size, n_labels)
    # Sums of small whole numbers are exact in any order.
    points = np.random.default_rng(seed + 1).integers(0, 50, (*size, 3)).astype(np.float32)
    locked = 0 if lock else None
    merged = merge_small(labels, points, min_area, locked=locked)
    np.testing.assert_array_equal(merged, twin.merge_small(labels, points, min_area, -1 if locked is None else 0))


@given(st.integers(0, 2**32 - 1), sizes, st.integers(2, 5), st.integers(2, 30))
def test_no_small_region_is_left(seed, size, n_labels, min_area):
    labels = label_map(seed, *size, n_labels)
    points = np.random.default_rng(seed).random((*size, 3)).astype(np.float32)
    regions, label_of = _core.label_regions(merge_small(labels, points, min_area))
    assert len(label_of) == 1 or np.bincount(regions.reshape(-1)).min() >= min_area


@given(st.integers(0, 2**32 - 1), sizes, st.integers(1, 6))
def test_labels_are_sorted_by_area(seed, size, n_labels):
    labels = label_map(seed, *size, n_labels) * 3
    sorted_labels = by_area(labels)
    areas = np.bincount(sorted_labels.reshape(-1))
    assert (areas > 0).all() and (np.diff(areas) <= 0).all()
    assert len({*zip(labels.reshape(-1), sorted_labels.reshape(-1), strict=True)}) == len(areas)
    first = [int(np.flatnonzero(sorted_labels.reshape(-1) == i)[0]) for i in range(len(areas))]
    assert [*zip(-areas, first, strict=True)] == sorted(zip(-areas, first, strict=True))


def test_descriptions():
    labels = label_map(3, 20, 30, 3)
    points = np.random.default_rng(4).random((20, 30, 3)).astype(np.float32)
    found = find_parts(labels, labels, points)
    assert sum(region.area for region in found) == labels.size
    for number, region in enumerate(found):
        ys, xs = np.nonzero(found.labels == number)
        assert region.area == len(ys)
        assert region.box == (xs.min(), ys.min(), xs.max() + 1, ys.max() + 1)
        assert region.centroid == pytest.approx((xs.mean() + 0.5, ys.mean() + 0.5))
        assert {region.segment} == set(labels[ys, xs].tolist())


def test_sums_skip_what_has_no_group():
    groups = np.array([0, -1, 2, 0], dtype=np.int32)
    points = np.array([[1, 2], [9, 9], [3, 4], [5, 6]], dtype=np.float32)
    areas, sums, squares = _core.sum_groups(groups, points, 3, 1)
    assert areas.tolist() == [2, 0, 1]
    assert sums.tolist() == [[6, 8], [0, 0], [3, 4]]
    assert squares.tolist() == [66, 0, 25]
    with pytest.raises(ValueError, match="group"):
        _core.sum_groups(groups, points, 2, 1)
