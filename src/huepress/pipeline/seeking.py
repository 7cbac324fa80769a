"""Finds where a falling curve passes through a window, in few evaluations."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from typing import NamedTuple


class Window(NamedTuple):
    """Values that are good enough."""

    low: float
    high: float


def seek(
    curve: Callable[[float], float],
    window: Window,
    *,
    start: float,
    slope: float,
    bounds: tuple[float, float],
    most: int,
    resolution: float,
    step: float = 0.0,
    longest_step: float = math.inf,
    known: Sequence[tuple[float, float]] = (),
) -> int:
    """Evaluate a falling curve until a value lies in the window, or the window cannot be met.

    Brackets the window with growing steps along the slope seen so far, then interpolates between the
    nearest values on both sides; an end that stays twice is given half its weight (the Illinois
    rule, M. Dowell and P. Jarratt 1971).

    Parameters
    ----------
    curve : callable
        Called with points within the bounds; expected to fall, noise is endured.
    window : Window
    start : float
        Where to begin.
    slope : float
        How much the curve is expected to fall for a step of 1, above 0.
    bounds : tuple of float
        The least and the largest point.
    most : int
        Most evaluations.
    resolution : float
        A bracket so narrow is met well enough.
    step : float
        Points closer together than this are not told apart.
    longest_step : float
        A curve that is flat here may fall off a cliff before a longer step ends.
    known : sequence of (float, float)
        Points with their values, instead of where to begin: at most one above and one below the window.

    Returns
    -------
    int
        The number of evaluations.
    """
    aim = (window.low + window.high) / 2
    left: tuple[float, float] | None = None  # the nearest point above the window and its value
    right: tuple[float, float] | None = None
    weights = [1.0, 1.0]
    x, longest = min(max(start, bounds[0]), bounds[1]), 0.0
    for n in range(1 - len(known), most + 1):
        if n <= 0:
            x, value = known[n - 1]
        else:
            value = curve(x)
        if window.low <= value <= window.high:
            return max(n, 0)
        above = value > window.high
        old = left if above else right
        if old is not None and old[1] == value:  # a plateau: nothing changes any more
            return max(n, 0)
        if left is not None and right is not None and not left[0] < x < right[0]:
            return max(n, 0)
        if above:
            slope = _slope(left, (x, value), slope)
            weights = [1.0, weights[1] / 2 if old else 1.0]
            left = (x, value)
        else:
            slope = _slope((x, value), right, slope)
            weights = [weights[0] / 2 if old else 1.0, 1.0]
            right = (x, value)
        if left is not None and right is not None:
            if right[0] - left[0] <= resolution:
                return max(n, 0)
            over, under = (left[1] - aim) * weights[0], (aim - right[1]) * weights[1]
            part = min(max(over / (over + under), 0.05), 0.95)
            following = left[0] + part * (right[0] - left[0])
        else:
            longest = min(max(abs(value - aim) / slope, 2 * longest), longest_step)
            following = x + longest if above else x - longest
        following = min(max(following, bounds[0]), bounds[1])
        if step:
            following = round(following / step) * step
        if any(point and math.isclose(following, point[0], abs_tol=1e-4) for point in (left, right)):
            return max(n, 0)
        x = following
    return max(most, 0)


def _slope(near: tuple[float, float] | None, far: tuple[float, float] | None, slope: float) -> float:
    """Return the fall per step between two points, kept within a factor of 4 of what was expected."""
    if near is None or far is None or near[0] == far[0]:
        return slope
    seen = abs((near[1] - far[1]) / (far[0] - near[0]))
    return min(max(seen, slope / 4), slope * 4)
