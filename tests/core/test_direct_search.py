import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from core.entry_rules import random_rules
from huepress import _core
from reference import direct_search


def weights(rng, reach):
    half = rng.random((2 * reach + 1, 2 * reach + 1)).astype(np.float32)
    found = (half + half[::-1] + half[:, ::-1] + half[::-1, ::-1]) / np.float32(32)
    found[reach, reach] += np.float32(2)
    return found


def problem(seed, n_colors=20, k=5, height=9, width=13):
    rng = np.random.default_rng(seed)
    return {
        "colors": rng.random((2, n_colors, 4), np.float32),
        "color_of": rng.integers(0, n_colors, (height, width)).astype(np.uint32),
        "entries": rng.random((2, k, 4), np.float32),
        **random_rules(rng, n_colors, k),
        "indices": rng.integers(0, k, (height, width)).astype(np.uint8),
        "far_weights": weights(rng, 8),
        "near_weights": weights(rng, 1),
        "n_passes": 3,
        "n_threads": 1,
    }


@settings(max_examples=15)
@given(st.integers(0, 10**6), st.sampled_from([1, 2, 5, 40]), st.integers(1, 70), st.integers(1, 40))
def test_equals_the_slow_search(seed, k, height, width):
    asked = problem(seed, k=k, height=height, width=width)
    np.testing.assert_array_equal(_core.direct_search(**asked), direct_search.direct_search(**asked))


def test_is_the_same_for_any_number_of_threads():
    asked = problem(1, height=200, width=150)
    alone = _core.direct_search(**asked)
    assert (alone != asked["indices"]).any()
    for n_threads in (2, 5):
        np.testing.assert_array_equal(_core.direct_search(**asked | {"n_threads": n_threads}), alone)


def test_what_is_felt_falls():
    asked = problem(2, height=40, width=40) | {"fixed": np.full(20, -1, np.int16)}

    def felt(indices):
        total = 0.0
        for i, around in enumerate((asked["far_weights"], asked["near_weights"])):
            errors = asked["colors"][i][asked["color_of"]] - asked["entries"][i][indices]
            total += float((errors * direct_search.felt_errors(errors, around)).sum(dtype=np.float64))
        return total

    assert felt(_core.direct_search(**asked)) < felt(asked["indices"])


def test_neighbors_swap_where_no_single_change_helps():
    gray, black, white = np.array([[0.5] * 4]), [0.0] * 4, [1.0] * 4
    checkered = np.add.outer(np.arange(40), np.arange(40)) % 2
    clumped = checkered.astype(np.uint8)
    clumped[20, 20], clumped[20, 21] = clumped[20, 21], clumped[20, 20]  # as many of both, two dots misplaced
    row = np.array([1, 2, 1], np.float32) / 4
    far = np.zeros((17, 17), np.float32)
    far[7:10, 7:10] = np.outer(row, row)
    found = _core.direct_search(
        colors=np.repeat(gray[None], 2, axis=0).astype(np.float32),
        color_of=np.zeros((40, 40), np.uint32),
        entries=np.array([[black, white]] * 2, np.float32),
        fixed=np.array([-1], np.int16),
        allowed=np.ones(1, np.uint8),
        entry_class=np.zeros(2, np.uint8),
        indices=clumped,
        far_weights=far,
        near_weights=np.zeros((3, 3), np.float32),
        n_passes=1,
        n_threads=1,
    )
    np.testing.assert_array_equal(found, checkered)


def test_fixed_colors_and_classes_are_left_alone():
    asked = problem(3, height=50, width=50)
    found = _core.direct_search(**asked)
    changed = found != asked["indices"]
    assert changed.any()
    assert not changed[(asked["fixed"] >= 0)[asked["color_of"]]].any()
    assert (asked["allowed"][asked["color_of"]] >> asked["entry_class"][found] & 1)[changed].all()


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"colors": np.zeros((2, 20, 3), np.float32)}, "4 coordinates"),
        ({"colors": np.full((2, 20, 4), np.nan, np.float32)}, "finite"),
        ({"fixed": np.full(20, 5, np.int16)}, "does not exist"),
        ({"color_of": np.full((9, 13), 20, np.uint32)}, "does not exist"),
        ({"indices": np.full((9, 13), 5, np.uint8)}, "does not exist"),
        ({"indices": np.zeros((9, 12), np.uint8)}, "one index"),
        ({"allowed": np.zeros(20, np.uint8)}, "no entry"),
        ({"far_weights": np.zeros((3, 3), np.float32)}, "sides"),
        ({"near_weights": np.full((3, 3), np.inf, np.float32)}, "finite"),
        ({"n_passes": -1}, "passes"),
    ],
)
def test_refuses_what_makes_no_sense(change, message):
    with pytest.raises(ValueError, match=message):
        _core.direct_search(**{**problem(0), **change})
