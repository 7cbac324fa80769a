import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from core.entry_rules import random_rules
from huepress import _core
from reference import error_diffusion


def problem(seed, dims=3, n_colors=20, k=5, height=9, width=13, spread=4080):
    rng = np.random.default_rng(seed)
    return {
        "colors": rng.integers(0, spread, (n_colors, dims)).astype(np.int32),
        "color_of": rng.integers(0, n_colors, (height, width)).astype(np.uint32),
        "entries": rng.integers(0, spread, (k, dims)).astype(np.int32),
        **random_rules(rng, n_colors, k),
    }


sizes = st.integers(1, 30)


@given(st.integers(0, 10**6), st.sampled_from([3, 4]), st.integers(0, 16), sizes, sizes, st.booleans())
def test_equals_the_textbook(seed, dims, strength, height, width, along_curve):
    given_ = problem(seed, dims, height=height, width=width)
    found = _core.diffuse_errors(**given_, strength=strength, along_curve=along_curve)
    textbook = error_diffusion.diffuse_along_curve if along_curve else error_diffusion.diffuse_errors
    np.testing.assert_array_equal(found, textbook(**given_, strength=strength))


def test_a_curve_goes_from_neighbor_to_neighbor():
    steps = np.abs(np.diff(error_diffusion.curve(16), axis=0))
    assert (steps.sum(axis=1) == 1).all()


@pytest.mark.parametrize("along_curve", [False, True])
def test_means_of_areas_stay(along_curve):
    gray = {
        "colors": np.full((1, 3), 1300, np.int32),
        "color_of": np.zeros((64, 64), np.uint32),
        "entries": np.array([[0] * 3, [4080] * 3], np.int32),
        "fixed": np.array([-1], np.int16),
        "allowed": np.array([7], np.uint8),
        "entry_class": np.zeros(2, np.uint8),
    }
    assert _core.diffuse_errors(**gray, along_curve=along_curve).mean() == pytest.approx(1300 / 4080, abs=0.01)
    assert _core.diffuse_errors(**gray, strength=0, along_curve=along_curve).max() == 0


def test_errors_that_no_entry_repairs_do_not_add_up():
    bright = problem(0, n_colors=2, k=2, height=40, width=40)
    bright |= {
        "colors": np.array([[4080] * 3, [2000] * 3], np.int32),
        "entries": np.array([[1900] * 3, [2100] * 3], np.int32),
        "color_of": np.repeat([0, 1], 20)[:, None].repeat(40, 1).astype(np.uint32),
        "fixed": np.full(2, -1, np.int16),
        "allowed": np.full(2, 7, np.uint8),
    }
    below = _core.diffuse_errors(**bright)[24:]
    assert 0.3 < below.mean() < 0.7


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"colors": np.zeros((20, 2), np.int32)}, "3 or 4"),
        ({"entries": np.zeros((5, 4), np.int32)}, "coordinates"),
        ({"colors": np.full((20, 3), 1 << 15, np.int32)}, "out of range"),
        ({"fixed": np.full(20, 5, np.int16)}, "does not exist"),
        ({"fixed": np.full(19, -1, np.int16)}, "one rule"),
        ({"color_of": np.full((2, 2), 20, np.uint32)}, "does not exist"),
        ({"allowed": np.zeros(20, np.uint8)}, "no entry"),
        ({"entry_class": np.full(5, 3, np.uint8)}, "0 to 2"),
        ({"strength": 17}, "0 to 16"),
    ],
)
def test_refuses_what_makes_no_sense(change, message):
    with pytest.raises(ValueError, match=message):
        _core.diffuse_errors(**{**problem(0), **change})
