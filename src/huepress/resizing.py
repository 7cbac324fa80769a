"""What size a picture is to have: a longest side, a box, or a factor."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from fractions import Fraction
from numbers import Integral, Real

from huepress.errors import OptionError

_BOX = re.compile(r"(\d{1,9})?\s*[xX]\s*(\d{1,9})?")
_PERCENT = re.compile(r"(\d{1,6}(?:\.\d{1,6})?)\s*%")
_MOST_PERCENT = 10_000


@dataclass(frozen=True)
class Resize:
    """A size that is asked for; boxes only make pictures smaller, factors do what they say.

    Attributes
    ----------
    width, height : int or None
        Pixels that the picture has to fit in, None where there is no limit.
    percent : str or None
        Of each side instead, as it was written.
    """

    width: int | None = None
    height: int | None = None
    percent: str | None = None

    @property
    def written(self) -> str:
        """The size as it can be asked for: ``50%``, ``1600x1200``."""
        return f"{self.percent}%" if self.percent is not None else f"{self.width or ''}x{self.height or ''}"

    def size_for(self, width: int, height: int) -> tuple[int, int]:
        """Return the width and height that a picture gets, its proportions kept, each at least 1."""
        if self.percent is not None:
            scale = Fraction(self.percent) / 100
        else:
            limits = ((self.width, width), (self.height, height))
            scale = min((Fraction(most, side) for most, side in limits if most is not None), default=Fraction(1))
            scale = min(scale, Fraction(1))
        return max(1, _rounded(width * scale)), max(1, _rounded(height * scale))


def _rounded(value: Fraction) -> int:
    return int(value + Fraction(1, 2))


def parse_resize(value: object) -> Resize:
    """Understand ``1600`` (the longest side), ``1600x1200`` (a box; ``1600x``, ``x1200``), ``50%`` or ``0.5``.

    Raises
    ------
    OptionError
        If it is none of these, or nothing would be left.
    """
    found = _parsed(value)
    if found is None:
        raise OptionError(f"resize takes a longest side (1600), a box (1600x1200) or a factor (50%), not {value!r}")
    return found


def _parsed(value: object) -> Resize | None:
    if isinstance(value, Resize):
        return value
    if isinstance(value, bool):
        return None
    if isinstance(value, Integral):
        return _box(int(value), int(value))
    if isinstance(value, Real):
        return _factor(f"{100 * float(value):f}")
    if isinstance(value, str):
        text = value.strip()
        if text.isascii() and text.isdecimal() and len(text) < 10:
            return _box(int(text), int(text))
        if match := _PERCENT.fullmatch(text):
            return _factor(match[1])
        if (match := _BOX.fullmatch(text)) and (match[1] or match[2]):
            return _box(*(int(side) if side else None for side in match.groups()))
        return None
    if isinstance(value, Sequence) and len(value) == 2 and all(isinstance(side, Integral) for side in value):
        return _box(int(value[0]), int(value[1]))
    return None


def _box(width: int | None, height: int | None) -> Resize | None:
    return Resize(width, height) if width != 0 and height != 0 and min(width or 1, height or 1) > 0 else None


def _factor(percent: str) -> Resize | None:
    number = percent if "." not in percent else percent.rstrip("0").rstrip(".")
    fits = re.fullmatch(r"[\d.]+", number) is not None and 0 < float(number) <= _MOST_PERCENT
    return Resize(percent=number) if fits else None
