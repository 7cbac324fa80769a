"""What a person can ask for instead of a rate: a quality, or a size."""

from __future__ import annotations

import math
import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from numbers import Real
from typing import ClassVar, Protocol, TypeVar

from huepress.errors import OptionError
from huepress.wording import human_bytes, rounded_down

_SIZE = re.compile(r"([-+]?[0-9]*\.?[0-9]+)\s*([a-z]*)", re.IGNORECASE)
_UNITS = {
    "": 1, "b": 1, "k": 1000, "kb": 1000, "kib": 1024, "m": 10**6, "mb": 10**6, "mib": 1024**2,
    "g": 10**9, "gb": 10**9, "gib": 1024**3, "t": 10**12, "tb": 10**12, "tib": 1024**4,
}  # fmt: skip
_BITS_PER_PIXEL = "bpp"
_BEST_SCORE = 100.0
# A frame of an animation may look worse than the whole by so many points; one that looks worse yet counts instead.
WORST_BELOW = 10.0
# What an indexed file takes beside a byte for each pixel, amply: palette, headers, rows of filters.
_LARGEST_OVERHEAD = 1 << 16


class Scored(Protocol):
    """What is known of how a version looks."""

    @property
    def score(self) -> float | None:
        """SSIMULACRA2 score, of animations the mean over the time; None where the image is too small for one."""

    @property
    def worst(self) -> float | None:
        """Of animations the score of the worst frame."""


class Tried(Scored, Protocol):
    """What a goal has to know of a version."""

    @property
    def n_bytes(self) -> int:
        """Size of the file."""


Version = TypeVar("Version", bound=Tried)


@dataclass(frozen=True)
class QualityGoal:
    """The fewest bytes that reach a score.

    Attributes
    ----------
    least : float
        Below this SSIMULACRA2 score nothing is taken: the original stays. Negative infinity where the best that
        can be had is taken.
    wanted : float
        The score aimed at.
    """

    least: float
    wanted: float

    # The score falls by about this much when the rate doubles; the first is what photographs have at rate 1.
    _AT_RATE_1: ClassVar[float] = 77.0
    fall: ClassVar[float] = 6.0
    window: ClassVar[tuple[float, float]] = (0.0, 0.5)
    stops_at_lossless: ClassVar[bool] = False

    def distance(self, tried: Tried, n_pixels: int) -> float:
        """Return how far a version lies on the large side of the goal, in points of the score."""
        score = counted_score(tried)
        return math.inf if score is None else score - self.wanted

    def is_refused(self, tried: Scored) -> bool:
        """Tell whether a version looks so bad that the original stays."""
        score = counted_score(tried)
        return score is not None and score < self.least

    def is_met(self, tried: Tried, n_pixels: int) -> bool:
        """Tell whether a version meets the goal."""
        return self.distance(tried, n_pixels) >= 0

    def first_log_rate(self, n_pixels: int) -> float:
        """Return where to begin, as the base 2 logarithm of the rate."""
        over = self._AT_RATE_1 - self.wanted
        return over / (self.fall + 1 if over > 0 else self.fall / 3)

    def best(self, tried: Sequence[Version], n_pixels: int) -> Version:
        """Return the smallest version that meets the goal; where none does, the one with the best score."""
        good = [each for each in tried if self.is_met(each, n_pixels)]
        return min(good, key=lambda each: each.n_bytes) if good else max(tried, key=_score)

    def allows(self, n_bytes: int, n_pixels: int) -> bool:
        """Tell whether the goal sets no limit that a file of so many bytes exceeds."""
        return False

    def missed(self, tried: Tried, name: str, n_pixels: int) -> str:
        """Say how a version, whose name is ``"16 colors"`` or ``"AVIF"``, misses the goal."""
        if tried.score is None:
            return "too small a picture for a score; the finest version is taken"
        reach = "reach" if name.endswith("s") else "reaches"
        told = f"{name} {reach} a score of {rounded_down(tried.score, 1)}"
        if tried.worst is not None and tried.score > tried.worst + WORST_BELOW:
            told = f"{told} ({rounded_down(tried.worst, 1)} in the worst frame)"
        return f"{told}, below {self.least:g}" if self.is_refused(tried) else f"{told}, not {self.wanted:g}"


@dataclass(frozen=True)
class SizeGoal:
    """The best score within a number of bytes.

    Attributes
    ----------
    amount : float
        Bytes, or bits per pixel.
    per_pixel : bool
        Whether the amount is in bits per pixel.
    """

    amount: float
    per_pixel: bool = False

    def n_bytes(self, n_pixels: int) -> int:
        """Return the budget of an image in bytes."""
        return int(self.amount * n_pixels / 8) if self.per_pixel else int(self.amount)

    # Bits per pixel of photographs at rate 1, and the fall of the size's logarithm when the rate doubles.
    _BPP_AT_RATE_1: ClassVar[float] = 1.7
    fall: ClassVar[float] = 0.33
    window: ClassVar[tuple[float, float]] = (-0.025, 0.0)
    stops_at_lossless: ClassVar[bool] = True

    def distance(self, tried: Tried, n_pixels: int) -> float:
        """Return how far a version lies on the large side of the goal, as a logarithm of bytes."""
        return math.log(tried.n_bytes / max(1, self.n_bytes(n_pixels)))

    def is_met(self, tried: Tried, n_pixels: int) -> bool:
        """Tell whether a version meets the goal."""
        return self.distance(tried, n_pixels) <= 0

    def first_log_rate(self, n_pixels: int) -> float:
        """Return where to begin, as the base 2 logarithm of the rate."""
        return math.log(self._BPP_AT_RATE_1 * n_pixels / 8 / max(1, self.n_bytes(n_pixels))) / self.fall

    def best(self, tried: Sequence[Version], n_pixels: int) -> Version:
        """Return the version with the best score that meets the goal; where none does, the smallest."""
        good = [each for each in tried if self.is_met(each, n_pixels)]
        return max(good, key=_score) if good else min(tried, key=lambda each: each.n_bytes)

    def allows(self, n_bytes: int, n_pixels: int) -> bool:
        """Tell whether a file of so many bytes is within the goal."""
        return n_bytes <= self.n_bytes(n_pixels)

    def no_limit(self, n_bytes_in: int | None, n_pixels: int) -> str:
        """Say that no file can exceed the size, empty where one may: it is above the original's, or any result's."""
        budget = self.n_bytes(n_pixels)
        told = f"{self.amount:g} bits per pixel" if self.per_pixel else human_bytes(budget)
        if n_bytes_in is not None and budget >= n_bytes_in:
            return f"the size asked for, {told}, is no limit: the original has {human_bytes(n_bytes_in)}"
        if budget >= n_pixels + _LARGEST_OVERHEAD:
            return f"the size asked for, {told}, is no limit: no result of {n_pixels:,} pixels is as large"
        return ""

    def missed(self, tried: Tried, name: str, n_pixels: int) -> str:
        """Say how a version misses the goal."""
        budget = self.n_bytes(n_pixels)
        return f"the smallest version takes {tried.n_bytes:,} bytes, more than the {budget:,} asked for"


def counted_score(tried: Scored) -> float | None:
    """Return the score that counts: of animations the mean, or what the worst frame may have at the most if less."""
    if tried.score is None or tried.worst is None:
        return tried.score
    return min(tried.score, tried.worst + WORST_BELOW)


def _score(tried: Tried) -> float:
    """Return the score that counts; where a picture is too small for one, the order of the sizes."""
    score = counted_score(tried)
    return tried.n_bytes * 1e-9 if score is None else score


def parse_quality(value: object) -> QualityGoal:
    """Read a quality: a number, ``"60-80"`` or a pair.

    Raises
    ------
    OptionError
        If it is none of these, or not within 0 to 100.
    """
    if isinstance(value, QualityGoal):
        return value
    parts: Iterable[object] = ()
    if isinstance(value, str):
        parts = value.split("-") if "-" in value else [value]
    elif isinstance(value, Real):
        parts = [value]
    elif isinstance(value, Iterable):
        parts = value
    try:
        scores = [float(part) for part in parts if isinstance(part, str | Real) and not isinstance(part, bool)]
    except (TypeError, ValueError):
        scores = []
    if (
        not scores
        or len(scores) > 2
        or not all(0 <= score <= _BEST_SCORE for score in scores)
        or scores != sorted(scores)
    ):
        raise OptionError(f"quality takes a score from 0 to 100 such as 70, or two such as 60-80, not {value!r}")
    return QualityGoal(-math.inf if len(scores) == 1 else scores[0], scores[-1])


def parse_size(value: object) -> SizeGoal:
    """Read a size: a number of bytes, ``"100kB"``, ``"1.5MB"`` or bits per pixel, ``"0.1bpp"``.

    Raises
    ------
    OptionError
        If it is none of these, or not above 0.
    """
    if isinstance(value, SizeGoal):
        return value
    if isinstance(value, Real) and not isinstance(value, bool):
        goal = SizeGoal(float(value))
    else:
        match = _SIZE.fullmatch(value.strip()) if isinstance(value, str) else None
        unit = match[2].lower() if match else None
        if not match or (unit != _BITS_PER_PIXEL and unit not in _UNITS):
            told = ", whose unit is none of kB, MB, GB, TB, KiB, MiB, GiB, TiB and bpp" if match else ""
            raise OptionError(f"max-size takes a size such as 100kB, 1.5MB, 2000 or 0.1bpp, not {value!r}{told}")
        per_pixel = unit == _BITS_PER_PIXEL
        goal = SizeGoal(float(match[1]) * (1 if per_pixel else _UNITS[unit]), per_pixel)
    if goal.amount == math.inf:
        raise OptionError("max-size is infinite, which is no limit; leave it out")
    if not goal.amount > 0:
        raise OptionError(f"max-size must be more than nothing, not {value!r}; give a size such as 100kB")
    return goal
