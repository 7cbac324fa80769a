"""What a person can ask for instead of a rate: a quality, or a size."""

from __future__ import annotations

import math
import re
from dataclasses import dataclass
from numbers import Real
from typing import Any

from huepress.errors import OptionError

_SIZE = re.compile(r"([0-9]*\.?[0-9]+)\s*([a-z]*)", re.IGNORECASE)
_UNITS = {"": 1, "b": 1, "k": 1000, "kb": 1000, "kib": 1024, "m": 10**6, "mb": 10**6, "mib": 1024**2}
_BITS_PER_PIXEL = "bpp"
_BEST_SCORE = 100.0


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


def parse_quality(value: Any) -> QualityGoal:
    """Read a quality: a number, ``"60-80"`` or a pair.

    Raises
    ------
    OptionError
        If it is none of these, or not within 0 to 100.
    """
    parts = value
    if isinstance(value, str):
        parts = value.split("-") if "-" in value else [value]
    elif isinstance(value, Real):
        parts = [value]
    try:
        scores = [float(part) for part in parts if not isinstance(part, bool)]
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


def parse_size(value: Any) -> SizeGoal:
    """Read a size: a number of bytes, ``"100kB"``, ``"1.5MB"`` or bits per pixel, ``"0.1bpp"``.

    Raises
    ------
    OptionError
        If it is none of these, or not above 0.
    """
    if isinstance(value, Real) and not isinstance(value, bool):
        goal = SizeGoal(float(value))
    else:
        match = _SIZE.fullmatch(value.strip()) if isinstance(value, str) else None
        unit = match[2].lower() if match else None
        if not match or (unit != _BITS_PER_PIXEL and unit not in _UNITS):
            raise OptionError(f"max-size takes a size such as 100kB, 1.5MB, 2000 or 0.1bpp, not {value!r}")
        per_pixel = unit == _BITS_PER_PIXEL
        goal = SizeGoal(float(match[1]) * (1 if per_pixel else _UNITS[unit]), per_pixel)
    if not 0 < goal.amount < math.inf:
        raise OptionError(f"max-size must be more than nothing, not {value!r}")
    return goal
