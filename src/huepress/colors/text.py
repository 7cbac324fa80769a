"""Colors as people write them: ``#rrggbb`` and its shorter and longer forms."""

from __future__ import annotations

import re
from collections.abc import Iterable

Rgba = tuple[int, int, int, int]
_DIGITS = re.compile(r"#?([0-9a-fA-F]{3,4}|[0-9a-fA-F]{6}|[0-9a-fA-F]{8})")


def parse_color(text: str) -> Rgba | None:
    """Read ``rgb``, ``rgba``, ``rrggbb`` or ``rrggbbaa`` (CSS Color Module Level 4, section 5.2), ``#`` or not.

    Returns
    -------
    tuple of 4 int or None
        sRGB codes 0 to 255 and straight alpha, 255 where the text has none; None for other text.
    """
    match = _DIGITS.fullmatch(text.strip())
    if not match:
        return None
    digits = match[1]
    if len(digits) < 6:
        digits = "".join(2 * digit for digit in digits)
    red, green, blue, alpha = bytes.fromhex(f"{digits}ff"[:8])
    return red, green, blue, alpha


def parse_colors(text: str) -> tuple[Rgba, ...] | None:
    """Read colors separated by commas; None for other text."""
    colors = []
    for part in text.split(","):
        color = parse_color(part)
        if color is None:
            return None
        colors.append(color)
    return tuple(colors)


def as_colors(value: object) -> tuple[Rgba, ...]:
    """Take over colors in any form: hex text, or rows of 3 or 4 integers 0 to 255.

    Parameters
    ----------
    value : str, Palette, array of uint8 (n, 3 or 4), or iterable of hex strings or rows

    Raises
    ------
    ValueError
        If it holds anything else; the message names it.
    """
    if isinstance(value, str):
        colors = parse_colors(value)
        if colors is None:
            raise ValueError(f"{value!r}")
        return colors
    if not isinstance(value, Iterable):
        raise ValueError(f"{' '.join(repr(value).split())}")
    try:
        return tuple(_as_color(color) for color in value)
    except TypeError:
        raise ValueError(f"{' '.join(repr(value).split())}") from None


def _as_color(value: object) -> Rgba:
    if isinstance(value, str):
        color = parse_color(value)
        if color is None:
            raise ValueError(f"{value!r}")
        return color
    if not isinstance(value, Iterable):
        raise TypeError
    numbers = []
    for number in value:
        if isinstance(number, bool) or not hasattr(number, "__index__") or not 0 <= number <= 255:
            raise ValueError(f"{number!r}")
        numbers.append(number.__index__())
    if len(numbers) not in (3, 4):
        raise ValueError(f"{tuple(numbers)}")
    red, green, blue, alpha = (*numbers, 255)[:4]
    return red, green, blue, alpha
