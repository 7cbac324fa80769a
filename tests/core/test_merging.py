import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from huepress import _core
from reference import merging as twin

seeds = st.integers(0, 2**32 - 1)
sizes = st.tuples(st.integers(1, 12), st.integers(1, 12))


@settings(deadline=None)
@given(seeds, sizes, st.integers(1, 5), st.sampled_from([0.3, 1.0, 2.0, 4.5]))
def test_edges_equal_the_twin(seed, size, channels, sigma):
    values = np.random.default_rng(seed).random((*size, channels)).astype(np.float32)
    found = _core.edge_strengths(values, sigma, 1)
    np.testing.assert_allclose(found, twin.edge_strengths(values, sigma), rtol=1e-4, atol=2e-6)
    np.testing.assert_array_equal(found, _core.edge_strengths(values, sigma, 3))


def test_a_ramp_is_as_strong_as_it_is_steep():
    ramp = np.repeat(np.arange(60, dtype=np.float32)[None, :, None] * 0.25, 40, axis=0)
    for values in (ramp, np.ascontiguousarray(np.swapaxes(ramp, 0, 1))):
        strengths = _core.edge_strengths(values, 2.0, 1)
        assert strengths[20, 20] == pytest.approx(0.5, rel=1e-5)
    assert _core.edge_strengths(np.full((9, 9, 3), 0.7, np.float32), 2.0, 1).max() < 1e-6


@given(seeds, sizes, st.integers(1, 6), st.booleans())
def test_basins_equal_the_twin(seed, size, n_heights, holes):
    rng = np.random.default_rng(seed)
    heights = rng.integers(0, n_heights, size).astype(np.uint16)
    labels = np.where(holes & (rng.random(size) < 0.2), -2, -1).astype(np.int32)
    marked, n = _core.mark_minima(heights, labels)
    expected, n_expected = twin.mark_minima(heights, labels)
    np.testing.assert_array_equal(marked, expected)
    assert n == n_expected
    flooded = _core.flood(heights, marked)
    np.testing.assert_array_equal(flooded, twin.flood(heights, marked))
    np.testing.assert_array_equal(flooded == -2, labels == -2)
    assert (flooded != -1).all(), "every plateau is a minimum or leads to one"


@given(seeds, sizes, st.integers(1, 6))
def test_basins_are_connected(seed, size, n_heights):
    heights = np.random.default_rng(seed).integers(0, n_heights, size).astype(np.uint16)
    marked, n = _core.mark_minima(heights, np.full(size, -1, dtype=np.int32))
    assert len(_core.label_regions(_core.flood(heights, marked))[1]) == n


def test_basins_meet_on_the_ridge():
    heights = np.array([[0, 1, 5, 1, 0]] * 3, dtype=np.uint16)
    cells = _core.flood(heights, _core.mark_minima(heights, np.full((3, 5), -1, dtype=np.int32))[0])
    np.testing.assert_array_equal(cells[:, [0, 1, 3, 4]], [[0, 0, 1, 1]] * 3)


def evidence(seed, size, n_labels, holes, n_colors=3):
    rng = np.random.default_rng(seed)
    regions, _ = _core.label_regions(rng.integers(0, n_labels, size).astype(np.int32))
    if holes and regions.max() > 0:
        regions = regions - 1  # the first takes no part
    height, width = size
    maps = [rng.random((n, -(-height // step), -(-width // step))) for n, step in ((2, 1), (3, 2), (1, 4))]
    channels = [rng.random((*size, n)) for n in (4, 2, n_colors)]
    return np.ascontiguousarray(regions, dtype=np.int32), *(each.astype(np.float32) for each in (*maps, *channels))


def network(seed, n_features=19, n_units=3):
    rng = np.random.default_rng(seed)
    return {
        "hidden": rng.normal(size=(n_features, n_units)),
        "hidden_biases": rng.normal(size=n_units),
        "output": rng.normal(size=n_units),
        "output_bias": 0.3,
        "vivid": 3.0,
        "flat": 0.5,
    }


small_sizes = st.tuples(st.integers(1, 7), st.integers(1, 7))


@settings(deadline=None, max_examples=50)
@given(seeds, small_sizes, st.integers(1, 4), st.booleans(), st.sampled_from([3, 4]))
def test_features_of_borders_equal_the_twins(seed, size, n_labels, holes, n_colors):
    given_evidence = evidence(seed, size, n_labels, holes, n_colors)
    pairs, features = _core.border_features(*given_evidence, n_regions=int(given_evidence[0].max()) + 1)
    expected = twin.border_features(*given_evidence)
    assert sorted(map(tuple, pairs.tolist())) == sorted(expected)
    for pair, found in zip(pairs.tolist(), features, strict=True):
        np.testing.assert_allclose(found, expected[tuple(pair)], rtol=1e-6, atol=1e-4)


@settings(deadline=None, max_examples=50)
@given(seeds, small_sizes, st.integers(1, 4), st.booleans())
def test_merging_equals_the_twin(seed, size, n_labels, holes):
    given_evidence = evidence(seed, size, n_labels, holes)
    n = int(given_evidence[0].max()) + 1
    steps, costs = _core.merge_by_borders(*given_evidence, n_regions=n, **network(seed))
    expected, expected_costs = twin.merge_by_borders(*given_evidence, **network(seed))
    np.testing.assert_allclose(costs, expected_costs, rtol=1e-3, atol=1e-5)
    if (np.diff(expected_costs) > 1e-3).all():
        np.testing.assert_array_equal(steps, expected)


@given(seeds, sizes, st.integers(1, 5), st.booleans())
def test_the_hierarchy_ends_where_nothing_touches(seed, size, n_labels, holes):
    given_evidence = evidence(seed, size, n_labels, holes)
    regions = given_evidence[0]
    n = int(regions.max()) + 1
    steps, costs = _core.merge_by_borders(*given_evidence, n_regions=n, **network(seed))
    visible = (regions >= 0).astype(np.int32)
    pieces = _core.label_regions(visible)[1].tolist().count(1)
    assert len(steps) == n - pieces
    assert (np.diff(costs) >= 0).all() and (steps[:, 0] < steps[:, 1]).all()
    assert len(np.unique(steps[:, 1])) == len(steps), "no region is taken in twice"


def test_what_makes_no_sense_is_refused():
    right = evidence(1, (5, 6), 3, False)
    regions, fine, half, quarter, textures, details, colors = right
    n = int(regions.max()) + 1

    def merge(arrays=right, n_regions=n, **changed):
        _core.merge_by_borders(*arrays, n_regions=n_regions, **{**network(1), **changed})

    merge()
    with pytest.raises(ValueError, match="group"):
        merge(n_regions=1)
    with pytest.raises(ValueError, match="pixels"):
        merge(n_regions=n + 1)
    for bad, message in ((fine * np.nan, "finite"), (-fine, "negative"), (fine[:, 1:], "size")):
        with pytest.raises(ValueError, match=message):
            merge((regions, np.ascontiguousarray(bad), half, quarter, textures, details, colors))
    with pytest.raises(ValueError, match="size"):
        merge((regions, fine, quarter, half, textures, details, colors))
    with pytest.raises(ValueError, match="a pixel"):
        merge((regions, fine, half, quarter, np.ascontiguousarray(textures[1:]), details, colors))
    with pytest.raises(ValueError, match="three"):
        merge((regions, fine, half, quarter, textures, details, np.ascontiguousarray(colors[..., :2])))
    with pytest.raises(ValueError, match="finite"):
        merge(output_bias=float("nan"))
    with pytest.raises(ValueError, match="units"):
        merge(hidden=np.zeros((18, 3)))
    with pytest.raises(ValueError, match="units"):
        merge(output=np.zeros(2))
    with pytest.raises(ValueError, match="sigma"):
        _core.edge_strengths(colors, 0.0, 1)
    with pytest.raises(ValueError, match="one label"):
        _core.flood(np.zeros((3, 3), np.uint16), np.zeros((3, 4), np.int32))
    with pytest.raises(ValueError, match="-2"):
        _core.flood(np.zeros((3, 3), np.uint16), np.full((3, 3), -3, np.int32))
