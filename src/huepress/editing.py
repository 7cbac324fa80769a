"""What of an input is taken, and when: a part of the picture, a part of the time, fewer frames, another speed."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from fractions import Fraction
from numbers import Integral, Real

from huepress.errors import OptionError

_SECONDS = re.compile(r"[0-9]{1,9}(?:\.[0-9]{1,9})?")
# What browsers show frames for that have no time of their own.
_UNTIMED = Fraction(1, 10)
MOST_PLAYS = 65535


@dataclass(frozen=True)
class Crop:
    """A rectangle of a picture, in pixels from its left upper corner."""

    left: int
    top: int
    width: int
    height: int

    @property
    def written(self) -> str:
        """The rectangle as it can be asked for."""
        return f"{self.left},{self.top},{self.width},{self.height}"


@dataclass(frozen=True)
class Trim:
    """A part of the time, in seconds as they were written; the whole rest where there is no end."""

    start: str = "0"
    end: str | None = None

    @property
    def written(self) -> str:
        """The part as it can be asked for."""
        return f"{self.start}:{self.end or ''}"


def parse_crop(value: object) -> Crop:
    """Understand ``10,20,300,200``: left, top, width and height.

    Raises
    ------
    OptionError
        If it is no rectangle, or nothing would be left.
    """
    if isinstance(value, Crop):
        return value
    parts: list[int] = []
    if isinstance(value, str):
        texts = [part.strip() for part in value.split(",")]
        parts = [int(part) for part in texts if re.fullmatch(r"[0-9]{1,9}", part)] if len(texts) == 4 else []
    elif isinstance(value, Sequence) and all(isinstance(each, Integral) for each in value):
        parts = [int(each) for each in value]
    if len(parts) != 4 or min(parts) < 0 or min(parts[2:]) < 1:
        raise OptionError(f"crop takes left, top, width and height in pixels (10,20,300,200), not {value!r}")
    return Crop(*parts)


def parse_trim(value: object) -> Trim:
    """Understand ``1.5:4``, ``1.5:``, ``:4``, or a pair of seconds, None where an end is open.

    Raises
    ------
    OptionError
        If it is no part of a time, or nothing would be left.
    """
    if isinstance(value, Trim):
        return value
    ends: list[str] = []
    if isinstance(value, str):
        ends = [part.strip() for part in value.split(":")]
    elif isinstance(value, Sequence) and all(each is None or _is_number(each) for each in value):
        ends = ["" if each is None else f"{float(each):.9f}".rstrip("0").rstrip(".") for each in value]
    fits = len(ends) == 2 and any(ends) and all(not end or _SECONDS.fullmatch(end) for end in ends)
    if not fits or (ends[1] and Fraction(ends[1]) <= Fraction(ends[0] or "0")):
        raise OptionError(f"trim takes seconds from:to (1.5:4, 1.5:, :4), the end after the start, not {value!r}")
    return Trim(ends[0] or "0", ends[1] or None)


def _is_number(value: object) -> bool:
    return isinstance(value, Real) and not isinstance(value, bool)


Times = list[tuple[int, Fraction]]  # numbers of frames that are shown, and for how long each is


def timed(durations: Sequence[Fraction]) -> Times:
    """Return all frames; those without a time for a tenth of a second, as browsers show them."""
    return [(number, seconds or _UNTIMED) for number, seconds in enumerate(durations)]


def shown_times(durations: Sequence[Fraction]) -> tuple[Fraction, ...]:
    """Return how long each frame is shown, one without a time as by `timed`."""
    return tuple(seconds for _, seconds in timed(durations))


def trimmed(times: Times, trim: Trim) -> Times:
    """Return what is shown from the start on and before the end.

    Raises
    ------
    OptionError
        If the animation ends before the start.
    """
    start, end = Fraction(trim.start), None if trim.end is None else Fraction(trim.end)
    found: Times = []
    at = Fraction(0)
    for number, seconds in times:
        after = at + seconds
        first, last = max(at, start), after if end is None else min(after, end)
        if first < last:
            found.append((number, last - first))
        at = after
    if not found:
        raise OptionError(f"trim starts at {trim.start} s but the animation lasts {float(at):g} s; start it earlier")
    return found


def at_most(times: Times, per_second: Fraction, *, stays: bool) -> Times:
    """Drop frames so that no two begin in less than the time between frames; the time of all stays to the last bit.

    A frame that may begin when it does, does so: animations that are slow enough stay as they are. Others wait for
    their turn, and what is over before it comes is dropped.

    Parameters
    ----------
    times : list of (int, Fraction)
    per_second : Fraction
        Most frames a second.
    stays : bool
        Whether the last frame stays on view in the end, so that it must not be dropped.
    """
    gap = 1 / per_second
    total = sum((seconds for _, seconds in times), Fraction(0))
    starts: list[tuple[int, Fraction]] = []
    at = Fraction(0)
    for number, seconds in times:
        begin = max(at, starts[-1][1] + gap) if starts else at
        at += seconds
        if begin < at or (stays and number == times[-1][0]):
            starts.append((number, begin))
    while len(starts) > 1 and total - starts[-1][1] < gap:  # it would flash before the first frame comes again
        last, before = starts[-1][0], starts[-2]
        if total - before[1] >= 2 * gap:
            starts[-1] = (last, total - gap)
        else:
            starts[-2:] = [(last if stays else before[0], before[1])]
    ends = [begin for _, begin in starts[1:]] + [total]
    return [(number, end - begin) for (number, begin), end in zip(starts, ends, strict=True)]


def shown_at(times: Times, seconds: Fraction) -> int:
    """Return the place in the list of what is shown then; before the end of all frames.

    Raises
    ------
    OptionError
        If the animation is over by then.
    """
    at = Fraction(0)
    for place, (_, lasts) in enumerate(times):
        at += lasts
        if seconds < at:
            return place
    raise OptionError(
        f"the still picture is to be of {float(seconds):g} s but the animation lasts {float(at):g} s; "
        "take an earlier one"
    )
