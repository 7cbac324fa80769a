"""Durations of frames in a format's unit."""

from __future__ import annotations

from fractions import Fraction

from huepress.errors import LimitError, Remedy


def lasts_too_long(seconds: Fraction, longest: Fraction, format_name: str) -> LimitError:
    """Return the error for a frame that lasts longer than a format can say."""
    told = f"a frame lasts {float(seconds):g} s but {format_name} holds at most {float(longest):g}"
    return LimitError(told, remedy=Remedy.OTHER_FORMAT)


def in_ticks(durations: tuple[Fraction, ...], tick: Fraction, longest: int, format_name: str) -> list[int]:
    """Return durations in a format's unit, rounded so that no frame starts more than half a tick off.

    Raises
    ------
    LimitError
        If a frame lasts longer than the format can say.
    """
    result = []
    elapsed, told = Fraction(0), 0
    for seconds in durations:
        elapsed += seconds
        ticks = round(elapsed / tick) - told
        if ticks > longest:
            raise lasts_too_long(seconds, longest * tick, format_name)
        result.append(ticks)
        told += ticks
    return result
