"""Stage: from a goal (a quality, a size, "choose K") to the settings that meet it, by real trials."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Protocol

from huepress.goals import QualityGoal, SizeGoal
from huepress.model import ColorTable, Encoded, IndexedImage
from huepress.options import MAX_COLORS, MAX_RATE, MIN_COLORS
from huepress.pipeline.seeking import Window, seek
from huepress.results import Trial

MOST_TRIALS = 7
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
LEAST_COLORS = 16
_LEAST_LOG_RATE = -5.0
# Rates so near to each other (base 2 logarithm) differ by about 2 percent in bytes.
_RESOLUTION = 0.06


@dataclass(frozen=True, eq=False)
class Version:
    """One finished version of an image, by whatever coder.

    Attributes
    ----------
    trial : Trial
    encoded : Encoded
    """

    trial: Trial
    encoded: Encoded

    @property
    def n_bytes(self) -> int:
        """Size of the file."""
        return len(self.encoded.data)

    @property
    def score(self) -> float | None:
        """SSIMULACRA2 score; None where the image is too small for one."""
        return self.trial.score

    @property
    def worst(self) -> float | None:
        """Of animations the score of the worst frame."""
        return self.trial.worst


@dataclass(frozen=True, eq=False)
class Attempt(Version):
    """A version with a palette.

    Attributes
    ----------
    indexed : IndexedImage
    table : ColorTable
        The colors that it was made from.
    distortion_bits : float
        What the distortion of a pixel is worth in bits at the rate; infinite where that says nothing.
    """

    indexed: IndexedImage
    table: ColorTable
    distortion_bits: float = math.inf


class Trials(Protocol):
    """Makes attempts at a picture or an animation; each is searched, encoded and scored for real."""

    @property
    def n_pixels(self) -> int:
        """Number of pixels, of all frames."""

    def attempt(self, n_colors: int, rate: float) -> Attempt:
        """Make a version with at most so many colors."""

    def least_distortion_bits(self, n_colors: int, rate: float) -> float:
        """Return what a pixel's distortion is worth in bits, with so many colors and no bits saved."""

    def lossless(self) -> Attempt | None:
        """Return the version without any loss, if the palette can hold it."""


class Bench(Trials, Protocol):
    """Makes attempts at a picture, and tells what a person would see in its smooth places."""

    def attempt(
        self, n_colors: int, rate: float, *, smooth_weight: float | None = None, diffuse: bool = True
    ) -> Attempt:
        """Make a version with at most so many colors, errors in smooth places weighing so many times more."""

    @property
    def may_be_undiffused(self) -> bool:
        """Whether versions without diffusion are allowed and can be compared."""

    def looks(self, indexed: IndexedImage) -> float:
        """Return the score of a version."""

    def plain(self, n_colors: int) -> Attempt:
        """Make a version of nearest colors."""

    def finest(self, n_colors: int) -> IndexedImage:
        """Return the picture in at most so many colors, its smooth places as smooth as can be."""

    def banding(self, indexed: IndexedImage) -> float:
        """Return how far smooth gradients have turned into steps."""

    @property
    def is_smooth(self) -> bool:
        """Whether hardly anything in the picture is not smooth."""


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


def may_do(bench: Trials, n_colors: int, best: Attempt) -> bool:
    """Tell whether so many colors may do as well as the best attempt, at its rate."""
    if best.distortion_bits >= CHEAP_DISTORTION:
        return False
    all_colors, fewer = (bench.least_distortion_bits(n, best.trial.rate) for n in (FEWER * n_colors, n_colors))
    bits_per_pixel = 8 * best.n_bytes / bench.n_pixels
    return fewer < _MOST_LITERAL_DISTORTION * best.distortion_bits and fewer - all_colors < _MOST_ADDED * bits_per_pixel


def reach(
    bench: Trials, goal: QualityGoal | SizeGoal, n_colors: int | None, *, by_colors: bool, start: float | None = None
) -> Reached:
    """Find the fewest bytes that reach a score, or the best score within a number of bytes.

    Score and size fall nearly monotonely with the logarithm of the rate: the trials bracket the goal, then
    interpolate. Where the goal leaves room for fewer colors, the last trials try a quarter of them.

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


class _Hunt:
    def __init__(
        self, bench: Trials, goal: QualityGoal | SizeGoal, n_colors: int | None, by_colors: bool, start: float | None
    ) -> None:
        self._bench, self._goal, self._by_colors = bench, goal, by_colors
        self._n_colors = MAX_COLORS if n_colors is None else n_colors
        self._may_take_fewer = n_colors is None and not by_colors
        self._start = start
        self._attempts: list[Attempt] = []
        self._with_all_colors: list[Attempt] = []

    def run(self) -> Reached:
        lossless = self._bench.lossless()
        if lossless is not None:
            self._attempts.append(lossless)
            if self._goal.stops_at_lossless and self._meets(lossless):
                return self._reached()
        if self._by_colors:
            self._seek_colors()
        else:
            self._seek_rate(self._n_colors, _TRIALS_OF_ALL_COLORS if self._may_take_fewer else MOST_TRIALS)
            self._try_fewer_colors()
            if self._goal.stops_at_lossless and not any(map(self._meets, self._attempts)):
                self._squeeze()
        return self._reached()

    def _seek_rate(self, n_colors: int, most: int, log_rate: float | None = None) -> None:
        most = min(most, MOST_TRIALS - len(self._attempts))
        if most < 1:
            return

        def curve(log_rate: float) -> float:
            attempt = self._bench.attempt(n_colors, 2.0**log_rate)
            if n_colors == self._n_colors:
                self._with_all_colors.append(attempt)
            return self._margin(attempt)

        seek(
            curve,
            self._window(),
            start=self._first_log_rate() if log_rate is None else log_rate,
            slope=self._goal.fall,
            bounds=(_LEAST_LOG_RATE, math.log2(MAX_RATE)),
            most=most,
            resolution=_RESOLUTION,
            longest_step=_LONGEST_STEP,
        )

    def _try_fewer_colors(self) -> None:
        """Go on with a quarter of the colors where the best so far hardly needs them all."""
        n_colors = self._n_colors
        while self._may_take_fewer and n_colors >= FEWER * LEAST_COLORS and len(self._attempts) < MOST_TRIALS:
            nearest = min(self._attempts, key=lambda a: abs(self._distance(a)))
            if nearest.trial.n_colors < n_colors // 2 or not may_do(self._bench, n_colors // FEWER, nearest):
                break
            n_colors //= FEWER
            self._seek_rate(n_colors, MOST_TRIALS, math.log2(nearest.trial.rate))
        between = self._between()
        if self._may_take_fewer and between is not None and not self._near_enough():
            self._seek_rate(self._n_colors, MOST_TRIALS, between)

    def _squeeze(self) -> None:
        """Fewer and fewer colors at the highest rate: a budget that all of them exceed."""
        n_colors = self._n_colors
        while n_colors > MIN_COLORS and not self._meets(self._attempts[-1]):
            n_colors = max(MIN_COLORS, n_colors // FEWER)
            self._margin(self._bench.attempt(n_colors, MAX_RATE))

    def _seek_colors(self) -> None:
        top = math.log2(self._n_colors)
        tried: dict[int, float] = {}

        def curve(x: float) -> float:
            n_colors = max(MIN_COLORS, round(2.0 ** (top - x)))
            if n_colors not in tried:
                tried[n_colors] = self._margin(self._bench.attempt(n_colors, 1.0))
            return tried[n_colors]

        slope = 2 * self._goal.fall
        seek(curve, self._window(), start=1.0, slope=slope, bounds=(0.0, top - 1), most=MOST_TRIALS, resolution=0.0)

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

    def _near_enough(self) -> bool:
        window = self._window()
        return any(window.low <= self._distance(attempt) <= window.high for attempt in self._attempts)

    def _between(self) -> float | None:
        """Return a log-rate between the nearest attempts with all colors on both sides of the goal."""
        above = [a for a in self._with_all_colors if self._distance(a) > 0]
        below = [a for a in self._with_all_colors if self._distance(a) <= 0]
        if not above or not below:
            return None
        a, b = min(above, key=self._distance), max(below, key=self._distance)
        if abs(math.log2(b.trial.rate / a.trial.rate)) <= _RESOLUTION:
            return None
        part = self._distance(a) / (self._distance(a) - self._distance(b))
        return math.log2(a.trial.rate) + part * math.log2(b.trial.rate / a.trial.rate)

    def _reached(self) -> Reached:
        trials = tuple(attempt.trial for attempt in self._attempts)
        best = self._goal.best(self._attempts, self._bench.n_pixels)
        return Reached(best, self._meets(best), trials)
