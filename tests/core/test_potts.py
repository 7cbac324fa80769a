import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from huepress import _core
from reference import potts


def scene(seed, height, width, k, dims=3, excluded=0.0):
    rng = np.random.default_rng(seed)
    centers = rng.normal(0, 1, (k, dims)).astype(np.float32)
    points = (centers[rng.integers(0, k, (height, width))] + rng.normal(0, 0.7, (height, width, dims))).astype(
        np.float32
    )
    labels = rng.integers(0, k, (height, width)).astype(np.int32)
    labels[rng.random((height, width)) < excluded] = -1
    return points, centers, labels


@given(
    st.integers(0, 2**32 - 1),
    st.tuples(st.integers(1, 13), st.integers(1, 13)),
    st.sampled_from([1, 2, 3, 8, 9, 20]),
    st.sampled_from([0, 1, 300, 3000]),
    st.sampled_from([0.0, 0.2]),
    st.sampled_from([2, 3, 4, 5]),
)
def test_a_sweep_equals_the_twin(seed, size, k, straight, excluded, dims):
    points, centers, labels = scene(seed, *size, k, dims, excluded)
    swept, changed = _core.potts_sweep(points, centers, labels, 500.0, straight, 1)
    expected = potts.sweep(points, centers, labels, 500.0, straight)
    np.testing.assert_array_equal(swept, expected)
    assert (changed == 0) <= (labels == expected).all()
    np.testing.assert_array_equal(swept < 0, labels < 0)


def test_no_sweep_raises_the_energy():
    points, centers, labels = scene(1, 40, 50, 5, excluded=0.1)
    costs = potts.data_costs(points, centers, 400.0)
    energies = [potts.energy(costs, labels, 700)]
    for _ in range(30):
        labels, changed = _core.potts_sweep(points, centers, labels, 400.0, 700, 2)
        energies.append(potts.energy(costs, labels, 700))
    assert energies == sorted(energies, reverse=True) and energies[-1] < energies[0]
    assert changed == 0, "it comes to rest"


def test_a_single_row_is_solved_exactly():
    points, centers, labels = scene(2, 1, 7, 3)
    costs = potts.data_costs(points, centers, 300.0)
    swept, _ = _core.potts_sweep(points, centers, labels, 300.0, 400, 1)
    every = np.stack(np.meshgrid(*[np.arange(3)] * 7, indexing="ij"), axis=-1).reshape(-1, 1, 7)
    assert potts.energy(costs, swept, 400) == min(potts.energy(costs, labels, 400) for labels in every)


def test_without_weight_every_pixel_has_its_nearest_center():
    points, centers, labels = scene(3, 30, 31, 6)
    swept, _ = _core.potts_sweep(points, centers, labels, 1e6, 0, 1)
    costs = potts.data_costs(points, centers, 1e6)
    np.testing.assert_array_equal(np.take_along_axis(costs, swept[..., None], 2)[..., 0], costs.min(axis=2))


def test_threads_change_nothing():
    points, centers, labels = scene(4, 200, 300, 7, excluded=0.02)
    one = _core.potts_sweep(points, centers, labels, 300.0, 900, 1)
    for threads in (2, 5):
        many = _core.potts_sweep(points, centers, labels, 300.0, 900, threads)
        np.testing.assert_array_equal(one[0], many[0])
        assert one[1] == many[1]
        for mine, theirs in zip(
            _core.sum_groups(labels.reshape(-1), points.reshape(-1, 3), 7, 1),
            _core.sum_groups(labels.reshape(-1), points.reshape(-1, 3), 7, threads),
            strict=True,
        ):
            np.testing.assert_array_equal(mine, theirs)


@pytest.mark.parametrize("wrong", [-2, 3])
def test_rejects_labels_that_name_no_center(wrong):
    points, centers, labels = scene(5, 4, 4, 3)
    labels[1, 1] = wrong
    with pytest.raises(ValueError, match="label"):
        _core.potts_sweep(points, centers, labels, 1.0, 1, 1)
