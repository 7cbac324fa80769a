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


def evidence(seed, size, n_labels, holes):
    rng = np.random.default_rng(seed)
    regions, _ = _core.label_regions(rng.integers(0, n_labels, size).astype(np.int32))
    if holes and regions.max() > 0:
        regions = regions - 1  # the first takes no part
    return (
        np.ascontiguousarray(regions, dtype=np.int32),
        rng.random(size).astype(np.float32),
        rng.random((*size, 4)).astype(np.float32),
        rng.random((*size, 3)).astype(np.float32),
    )


@settings(deadline=None, max_examples=50)
@given(
    seeds,
    st.tuples(st.integers(1, 7), st.integers(1, 7)),
    st.integers(1, 4),
    st.booleans(),
    st.sampled_from([0, 0.2, 1]),
)
def test_merging_equals_the_twin(seed, size, n_labels, holes, exponent):
    regions, strengths, textures, colors = evidence(seed, size, n_labels, holes)
    weights = {"border_weight": 1.5, "color_weight": 0.5, "vivid_weight": 3.0, "area_exponent": exponent}
    n = int(regions.max()) + 1
    steps, costs = _core.merge_by_borders(regions, strengths, textures, colors, n_regions=n, **weights)
    expected, expected_costs = twin.merge_by_borders(regions, strengths, textures, colors, **weights)
    np.testing.assert_array_equal(steps, expected)
    np.testing.assert_allclose(costs, expected_costs, rtol=1e-9)


@given(seeds, sizes, st.integers(1, 5), st.booleans())
def test_the_hierarchy_ends_where_nothing_touches(seed, size, n_labels, holes):
    regions, strengths, textures, colors = evidence(seed, size, n_labels, holes)
    n = int(regions.max()) + 1
    steps, costs = _core.merge_by_borders(
        regions,
        strengths,
        textures,
        colors,
        n_regions=n,
        border_weight=1.0,
        color_weight=1.0,
        vivid_weight=1.0,
        area_exponent=0.2,
    )
    visible = (regions >= 0).astype(np.int32)
    pieces = _core.label_regions(visible)[1].tolist().count(1)
    assert len(steps) == n - pieces
    assert (np.diff(costs) >= 0).all() and (steps[:, 0] < steps[:, 1]).all()
    assert len(np.unique(steps[:, 1])) == len(steps), "no region is taken in twice"


def test_what_makes_no_sense_is_refused():
    regions, strengths, textures, colors = evidence(1, (4, 4), 3, False)
    weights = {"border_weight": 1.0, "color_weight": 1.0, "vivid_weight": 0.0, "area_exponent": 0.2}
    with pytest.raises(ValueError, match="group"):
        _core.merge_by_borders(regions, strengths, textures, colors, n_regions=1, **weights)
    with pytest.raises(ValueError, match="finite"):
        _core.merge_by_borders(
            regions, strengths * np.nan, textures, colors, n_regions=int(regions.max()) + 1, **weights
        )
    with pytest.raises(ValueError, match="sigma"):
        _core.edge_strengths(colors, 0.0, 1)
    with pytest.raises(ValueError, match="one label"):
        _core.flood(np.zeros((3, 3), np.uint16), np.zeros((3, 4), np.int32))
    with pytest.raises(ValueError, match="-2"):
        _core.flood(np.zeros((3, 3), np.uint16), np.full((3, 3), -3, np.int32))
