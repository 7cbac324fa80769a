"""Animations against their originals, moment by moment."""

from fractions import Fraction

import numpy as np
import pytest

import huepress
from animations import as_png, moving
from huepress.engine.moving_score import AnimationScore, score_animation
from huepress.errors import InputError
from huepress.model import Animation


def animation(frames, durations):
    pixels = [np.dstack([frame, np.full(frame.shape[:2], 255, np.uint8)]) for frame in frames]
    times = tuple(Fraction(ms, 1000) for ms in durations)
    return Animation(frames[0].shape[1], frames[0].shape[0], "PNG", times, 0, lambda: iter(pixels), b"")


def blocks(*values):
    return [np.full((16, 24, 3), value, np.uint8) for value in values]


def test_means_go_over_the_time_and_the_worst_moment_is_named():
    rng = np.random.default_rng(1)
    frames = [rng.integers(0, 256, (24, 32, 3), dtype=np.uint8) for _ in range(3)]
    worse = [frames[0], frames[1] // 2 + 60, frames[2]]
    found = score_animation(animation(frames, [100, 50, 250]), animation(worse, [100, 50, 250]))
    single = huepress.score(frames[1], worse[1])
    assert found.ssimulacra2 == pytest.approx((350 * 100 + 50 * single.ssimulacra2) / 400)
    assert found.mse == pytest.approx(single.mse / 8)
    assert (found.worst.frame, found.worst.start, found.worst.seconds) == (1, 0.1, 0.05)
    assert found.worst.ssimulacra2 == single.ssimulacra2 and len(found.moments) == 3


def test_frames_may_divide_the_time_otherwise():
    one = animation(blocks(10, 200), [100, 300])
    merged = animation(blocks(10, 200, 200), [100, 100, 200])
    found = score_animation(one, merged)
    assert found.ssimulacra2 == 100 and [m.seconds for m in found.moments] == [0.1, 0.1, 0.2]
    assert [(m.frame, m.distorted_frame) for m in found.moments] == [(0, 0), (1, 1), (1, 2)]
    late = score_animation(one, animation(blocks(10, 200), [200, 200]))
    assert [(m.frame, m.distorted_frame) for m in late.moments] == [(0, 0), (1, 0), (1, 1)]
    assert late.worst.frame == 1 and late.worst.distorted_frame == 0


def test_rounded_times_are_one_moment():
    exact, rounded = [33, 33, 34, 33, 33, 34], [30, 30, 40, 30, 30, 40]  # hundredths that do not drift
    frames = blocks(*range(0, 240, 40))
    found = score_animation(animation(frames, exact), animation(frames, rounded))
    assert len(found.moments) == 6 and found.ssimulacra2 == 100
    # Frames shorter than the rounding are frames all the same.
    short = score_animation(animation(frames, [4] * 6), animation(frames, [4] * 6))
    assert len(short.moments) == 6


def test_flicker_counts_where_the_original_stands_still():
    still = blocks(100, 100, 101)
    still[1][:, 12:] = 200  # this half moves
    shown = [frame.copy() for frame in still]
    shown[1][:, :12] += 30
    found = score_animation(animation(still, [50] * 3), animation(shown, [50] * 3))
    # From 100 to 130 and back to 101, while the original goes from 100 to 100 to 101; the other half never stands.
    assert found.flicker == pytest.approx((30 + 29) / 2) and found.flicker_of_original == pytest.approx(0.5)


def test_what_cannot_be_compared_is_an_error():
    one = animation(blocks(1, 2), [50, 50])
    with pytest.raises(InputError, match=r"differ in length: 0\.1 and 0\.2 seconds"):
        score_animation(one, animation(blocks(1, 2), [100, 100]))
    with pytest.raises(InputError, match="differ in size"):
        score_animation(one, animation([frame[:9] for frame in blocks(1, 2)], [50, 50]))
    moving_png = as_png(moving(3), 50)
    with pytest.raises(InputError, match="compare two of a kind"):
        huepress.score(moving_png, np.zeros((48, 72, 3), np.uint8))


def test_the_call_that_people_make():
    source = as_png(moving(3), 50)
    small = huepress.compress(source, 8, format="gif", rate=8, allow_larger=True)
    found = huepress.score(source, bytes(small))
    assert isinstance(found, AnimationScore) and found.worst.ssimulacra2 <= found.ssimulacra2 < 100
    assert huepress.score(source, bytes(small), jobs=3) == found
