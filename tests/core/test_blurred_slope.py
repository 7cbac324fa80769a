"""The slope of a blurred plane against its NumPy twin."""

import numpy as np
import pytest

from huepress import _core
from reference.blurred_slope import blurred_slope

TAPS = np.float32([0.05, 0.1, 0.2, 0.3, 0.2, 0.1, 0.05])


@pytest.mark.parametrize("shape", [(1, 1), (1, 9), (9, 1), (2, 2), (5, 7), (63, 40), (64, 33), (65, 70), (200, 31)])
@pytest.mark.parametrize("n_threads", [1, 3])
def test_every_bit_is_the_twins(shape, n_threads):
    plane = np.random.default_rng(sum(shape)).random(shape, dtype=np.float32)
    assert np.array_equal(_core.blurred_slope(plane, TAPS, n_threads), blurred_slope(plane, TAPS))


def test_a_ramp_has_its_slope_away_from_the_rim():
    ramp = np.add.outer(np.zeros(40), 0.01 * np.arange(50)).astype(np.float32)
    assert _core.blurred_slope(ramp, TAPS, 1)[8:-8, 8:-8] == pytest.approx(0.01, rel=1e-4)


@pytest.mark.parametrize("taps", [np.zeros(0), np.ones(2), np.ones(257)])
def test_odd_taps_only(taps):
    with pytest.raises(ValueError, match="taps"):
        _core.blurred_slope(np.zeros((4, 4), np.float32), taps.astype(np.float32), 1)
