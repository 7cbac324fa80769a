"""Stage: from a goal (a quality, a size, "choose K") to the settings that meet it, by real trials."""

from __future__ import annotations

import math
from collections.abc import Iterator
from dataclasses import dataclass

from huepress.goals import QualityGoal, SizeGoal
from huepress.options import MAX_COLORS, MAX_RATE, MIN_COLORS
from huepress.pipeline.attempts import Attempt, Trials
from huepress.pipeline.seeking import Window, seek
from huepress.results import Trial

# With all colors; where fewer or nearest colors do better, which takes a trial each to see; and where those do not get
# there after all.
MOST_TRIALS_OF_ONE, _MOST_WITH_OTHERS, MOST_TRIALS = 7, 9, 11
# Of the base 2 logarithm of the rate: text that moves keeps a score of 91 up to a rate of 6, and has 75 at 21.
_LONGEST_STEP = 4.0
# Trials with all colors, before fewer are tried on the rest.
_TRIALS_OF_ALL_COLORS = 4
# Fewer colors are tried where a pixel's distortion is worth less than so many bits.
CHEAP_DISTORTION = 1.2
# ... and where fewer cost less than this part of it before any bits are saved.
_MOST_LITERAL_DISTORTION = 0.6
# ... and add no more to it than this part of the bits: of 29 icons, screens and terminals one gained with more, by 2 %.
_MOST_ADDED = 0.3
FEWER = 4  # times fewer: 256, 64, 16, 4
# Without diffused errors about as much is lost at a rate so many times lower.
UNDIFFUSED_RATE = 0.25
# What banding is not seen.
SEEN_BANDING = 0.03
LEAST_COLORS = 16
_LEAST_LOG_RATE = -5.0
# Rates so near to each other (base 2 logarithm) differ by about 2 percent in bytes.
_RESOLUTION = 0.06
# How the score of photographs falls with the logarithm of bytes, and how near points say nothing of that.
_POINTS_PER_LOG_BYTES, _TOO_NEAR = 37.0, 0.1
# What another curve has to gain at the goal, as a logarithm of bytes; three times as much more for each doubling of the
# rate on the way there, since with fewer colors scores end earlier.
_LEAST_GAIN = 0.025
# Where a quarter of the colors is worse by more than this, half of them is no better than all.
_FAR_FROM_A_GAIN = -0.08
# So much of a budget, as a logarithm, is left by a curve that has ended before it.
_MOST_UNSPENT = 0.1
# Few nearest colors are tried where a budget leaves no better score than this, at a rate above this.
_GOOD_SCORE, _HIGH_RATE = 70.0, 4.0
_FEW_NEAREST, _TRIALS_OF_FEW_NEAREST, _FAR_FROM_A_GAIN_OF_FEW = (64, 16), 3, -0.25
MOST_TRIALS_FOR_SIZE = MOST_TRIALS + len(_FEW_NEAREST) * _TRIALS_OF_FEW_NEAREST
# A trial tells more than what distortion counts: how much more may be lost with fewer colors than where none follows.
_LENIENCE = 4.0


@dataclass(frozen=True, eq=False)
class Reached:
    """How near the trials came to a goal.

    Attributes
    ----------
    best : Attempt
        What meets the goal best; where nothing meets it, what comes closest.
    met : bool
        Whether it meets the goal.
    trials : tuple of Trial
        All of them, in the order in which they were made.
    """

    best: Attempt
    met: bool
    trials: tuple[Trial, ...]


def may_do(bench: Trials, fewer: int, n_colors: int, best: Attempt, lenience: float = 1.0) -> bool:
    """Tell whether fewer colors may do as well as the best attempt with so many, at its rate."""
    is_few = fewer < max(LEAST_COLORS, bench.least_colors)
    if is_few or best.distortion_bits >= CHEAP_DISTORTION * math.sqrt(lenience):
        return False
    least, least_of_fewer = (bench.least_distortion_bits(n, best.trial.rate) for n in (n_colors, fewer))
    most_literal = lenience * _MOST_LITERAL_DISTORTION * best.distortion_bits
    most_added = lenience * _MOST_ADDED * 8 * best.n_bytes / bench.n_pixels
    return least_of_fewer < most_literal and least_of_fewer - least < most_added


def reach(
    bench: Trials, goal: QualityGoal | SizeGoal, n_colors: int | None, *, by_colors: bool, start: float | None = None
) -> Reached:
    """Find the fewest bytes that reach a score, or the best score within a number of bytes.

    Score and size fall nearly monotonely with the logarithm of the rate: the trials bracket the goal, then
    interpolate. A quarter of the colors and nearest colors get one trial each, and more where they do better.

    Parameters
    ----------
    bench : Bench
    goal : QualityGoal or SizeGoal
    n_colors : int, optional
        Most colors; None lets the trials choose.
    by_colors : bool
        Whether the number of colors is the knob instead of the rate (plain k-means has no rate).
    start : float, optional
        A rate that may be about right.

    Returns
    -------
    Reached
    """
    return _Hunt(bench, goal, n_colors, by_colors, start).run()


@dataclass(frozen=True, eq=False)
class _Curve:
    """Attempts that differ by their rate alone."""

    n_colors: int
    diffuse: bool
    attempts: list[Attempt]

    def gain(self, other: Attempt) -> float:
        """Return how much smaller another attempt is than these would be with its looks, as a logarithm of bytes."""
        points = [(math.log(a.n_bytes), a.score) for a in self.attempts if a.score is not None]
        if other.score is None or not points:
            return -math.inf
        at = math.log(other.n_bytes)
        x, score = min(points, key=lambda point: abs(point[0] - at))
        sides = (
            [point for point in points if point[0] < x - _TOO_NEAR],
            [point for point in points if point[0] > x + _TOO_NEAR],
        )
        around = [min(side, key=lambda point: abs(point[0] - x)) for side in sides if side]
        slopes = [(score2 - score) / (x2 - x) for x2, score2 in around] or [_POINTS_PER_LOG_BYTES]
        slope = min(max(sum(slopes) / len(slopes), _POINTS_PER_LOG_BYTES / 4), _POINTS_PER_LOG_BYTES * 4)
        return (other.score - score) / slope - (at - x)


class _Hunt:
    def __init__(
        self, bench: Trials, goal: QualityGoal | SizeGoal, n_colors: int | None, by_colors: bool, start: float | None
    ) -> None:
        self._bench, self._goal, self._by_colors = bench, goal, by_colors
        self._n_colors = MAX_COLORS if n_colors is None else n_colors
        self._may_take_fewer = n_colors is None
        self._start = start
        self._attempts: list[Attempt] = []
        self._shunned: list[Attempt] = []  # they show bands

    def run(self) -> Reached:
        lossless = self._bench.lossless()
        if lossless is not None:
            self._attempts.append(lossless)
            if self._goal.stops_at_lossless and self._meets(lossless):
                return self._reached()
        if self._by_colors:
            self._seek_colors()
        else:
            self._seek_rate()
            if self._goal.stops_at_lossless and not any(map(self._meets, self._attempts)):
                self._squeeze()
        return self._reached()

    def _seek_rate(self) -> None:
        """Seek with all colors and diffused errors, then go on with what does better in a trial."""
        curve = first = _Curve(self._n_colors, True, [])
        larger = first  # before the last step to fewer colors
        self._seek(first, _TRIALS_OF_ALL_COLORS if self._may_take_fewer else MOST_TRIALS_OF_ONE)
        better = self._better(curve)
        while better is not None:
            larger = curve if better.n_colors < curve.n_colors else larger
            curve, better = better, self._better(better)
        self._seek(curve, _MOST_WITH_OTHERS if curve is not first else MOST_TRIALS_OF_ONE)
        if curve is not first and not any(map(self._meets, curve.attempts)):
            self._seek(first, MOST_TRIALS)
        elif larger.n_colors > curve.n_colors and self._leaves_unspent(curve):
            rate = self._nearest(larger).trial.rate
            if larger.diffuse is not curve.diffuse:
                larger, rate = _Curve(larger.n_colors, curve.diffuse, []), rate * UNDIFFUSED_RATE
            self._seek(larger, MOST_TRIALS, rate)
        if self._may_take_fewer and self._goal.stops_at_lossless and self._bench.may_be_nearest:
            self._seek_few_nearest()

    def _seek_few_nearest(self) -> None:
        """Seek with few nearest colors where a budget takes a high rate: trials at other rates do not foretell it."""
        best = self._best()
        if best.score is None or best.score > _GOOD_SCORE or best.trial.rate <= _HIGH_RATE:
            return
        others = _Curve(self._n_colors, True, list(self._attempts))
        for n_colors in _FEW_NEAREST:
            if n_colors >= self._n_colors or n_colors <= self._bench.least_colors:
                continue
            curve, rate = _Curve(n_colors, False, []), best.trial.rate * UNDIFFUSED_RATE
            if others.gain(self._try(curve, rate)) > _FAR_FROM_A_GAIN_OF_FEW:
                self._seek(curve, len(self._attempts) + _TRIALS_OF_FEW_NEAREST - 1, rate)
            self._shunned += [attempt for attempt in curve.attempts if self._shows_bands(attempt, best)]

    def _better(self, curve: _Curve) -> _Curve | None:
        """Return another curve that begins better, if there is one."""
        nearest = self._nearest(curve)
        gain = -math.inf
        for other, rate in self._others(curve, nearest):
            is_between = other.diffuse and other.n_colors * FEWER > curve.n_colors
            if len(self._attempts) >= MOST_TRIALS_OF_ONE or (is_between and gain < _FAR_FROM_A_GAIN):
                continue
            attempt = self._try(other, rate)
            gain = curve.gain(attempt)
            if not other.diffuse and self._shows_bands(attempt, nearest):
                self._shunned.append(attempt)
            elif self._gains(attempt, curve):
                return other
        return None

    def _gains(self, attempt: Attempt, curve: _Curve) -> bool:
        """Tell whether an attempt is so much better than a curve that the goal will see it, far as it may be."""
        steps = abs(self._distance(attempt)) / self._goal.fall
        return curve.gain(attempt) > _LEAST_GAIN * (1 + 3 * steps)

    def _shows_bands(self, attempt: Attempt, nearest: Attempt) -> bool:
        """Tell whether bands are seen that diffused errors would not show; who spends less on looks allows more."""
        allowed = max(SEEN_BANDING * max(1.0, nearest.trial.rate), self._bench.banding(nearest.indexed))
        return self._bench.banding(attempt.indexed) > allowed

    def _others(self, curve: _Curve, nearest: Attempt) -> Iterator[tuple[_Curve, float]]:
        rate, n_colors, used = nearest.trial.rate, curve.n_colors, nearest.trial.n_colors
        if self._may_take_fewer:
            quarter = n_colors // FEWER
            while quarter > used:  # high rates leave entries idle
                quarter //= FEWER
            for fewer in (quarter, n_colors // 2):
                if fewer <= used and may_do(self._bench, fewer, n_colors, nearest, _LENIENCE):
                    yield _Curve(fewer, curve.diffuse, []), rate
        if curve.diffuse and self._bench.mixes_badly(n_colors, nearest):
            yield _Curve(n_colors, False, []), max(rate * UNDIFFUSED_RATE, 2.0**_LEAST_LOG_RATE)

    def _nearest(self, curve: _Curve) -> Attempt:
        return min(curve.attempts, key=lambda attempt: abs(self._distance(attempt)))

    def _leaves_unspent(self, curve: _Curve) -> bool:
        """Tell whether a curve ends far below a budget: with more colors the rest of it would buy looks."""
        return self._goal.stops_at_lossless and max(map(self._distance, curve.attempts)) < -_MOST_UNSPENT

    def _seek(self, curve: _Curve, most: int, first_rate: float | None = None) -> None:
        seek(
            lambda log_rate: self._distance(self._try(curve, 2.0**log_rate)),
            self._window(),
            start=self._first_log_rate() if first_rate is None else math.log2(first_rate),
            slope=self._goal.fall,
            bounds=(_LEAST_LOG_RATE, math.log2(MAX_RATE)),
            most=most - len(self._attempts),
            resolution=_RESOLUTION,
            longest_step=_LONGEST_STEP,
            known=self._around(curve),
        )

    def _try(self, curve: _Curve, rate: float) -> Attempt:
        attempt = self._bench.attempt(curve.n_colors, rate, diffuse=curve.diffuse)
        curve.attempts.append(attempt)
        self._attempts.append(attempt)
        return attempt

    def _around(self, curve: _Curve) -> list[tuple[float, float]]:
        """Return log-rates and distances of the attempts nearest to the goal, on both sides."""
        sides = (
            [a for a in curve.attempts if self._distance(a) > 0],
            [a for a in curve.attempts if self._distance(a) <= 0],
        )
        nearest = [min(side, key=lambda a: abs(self._distance(a))) for side in sides if side]
        return [(math.log2(a.trial.rate), self._distance(a)) for a in nearest]

    def _squeeze(self) -> None:
        """Fewer and fewer colors at the highest rate: a budget that all of them exceed."""
        n_colors = self._n_colors
        least = max(MIN_COLORS, self._bench.least_colors)
        while n_colors > least and not self._meets(self._attempts[-1]):
            n_colors = max(least, n_colors // FEWER)
            self._attempts.append(self._bench.attempt(n_colors, MAX_RATE))

    def _seek_colors(self) -> None:
        top = math.log2(self._n_colors)
        tried: dict[int, float] = {}

        def curve(x: float) -> float:
            n_colors = max(MIN_COLORS, self._bench.least_colors, round(2.0 ** (top - x)))
            if n_colors not in tried:
                tried[n_colors] = self._margin(self._bench.attempt(n_colors, 1.0))
            return tried[n_colors]

        slope = 2 * self._goal.fall
        seek(
            curve,
            self._window(),
            start=1.0,
            slope=slope,
            bounds=(0.0, top - 1),
            most=MOST_TRIALS_OF_ONE,
            resolution=0.0,
        )

    def _first_log_rate(self) -> float:
        if self._start is not None:
            return math.log2(max(self._start, 2.0**_LEAST_LOG_RATE))
        return self._goal.first_log_rate(self._bench.n_pixels)

    def _window(self) -> Window:
        return Window(*self._goal.window)

    def _margin(self, attempt: Attempt) -> float:
        self._attempts.append(attempt)
        return self._distance(attempt)

    def _distance(self, attempt: Attempt) -> float:
        """Return how far an attempt lies on the large side of the goal."""
        return self._goal.distance(attempt, self._bench.n_pixels)

    def _meets(self, attempt: Attempt) -> bool:
        return self._goal.is_met(attempt, self._bench.n_pixels)

    def _best(self) -> Attempt:
        """Return what meets the goal best; what shows bands only where nothing else meets it."""
        best = self._goal.best([each for each in self._attempts if each not in self._shunned], self._bench.n_pixels)
        return best if self._meets(best) else self._goal.best(self._attempts, self._bench.n_pixels)

    def _reached(self) -> Reached:
        trials = tuple(attempt.trial for attempt in self._attempts)
        best = self._best()
        return Reached(best, self._meets(best), trials)
