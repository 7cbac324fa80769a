"""Size and quality of the versions as an SVG picture."""

from __future__ import annotations

import itertools
import math
from collections.abc import Sequence
from dataclasses import dataclass
from html import escape

from huepress.wording import human_bytes, rounded_down

_WIDTH, _HEIGHT = 640, 350
_LEFT, _RIGHT, _TOP, _BOTTOM = 56, 24, 34, 52
_LETTER, _LINE = 8.2, 18.0  # estimates, to keep labels apart
_DOT = 6.0
_REACH = 16.0  # of a point that can be chosen: what a finger hits


@dataclass(frozen=True)
class Point:
    """A version: its name, the size of its file, its score, and what a page knows it by if it can be chosen there."""

    label: str
    n_bytes: int
    score: float
    key: str = ""


def frontier(points: Sequence[Point]) -> list[Point]:
    """Return the points that no other beats: none is as small and as good. The smallest first."""
    best: list[Point] = []
    for point in sorted(points, key=lambda p: (p.n_bytes, -p.score)):
        if not best or point.score > best[-1].score:
            best.append(point)
    return best


def size_and_quality(points: Sequence[Point], trials: Sequence[Point] = ()) -> str:
    """Return the plot under a heading, as HTML; nothing where there is too little to compare."""
    shown = {(point.n_bytes, round(point.score, 3)) for point in points}
    trials = [trial for trial in trials if (trial.n_bytes, round(trial.score, 3)) not in shown]
    if not points or len(points) + len(trials) < 2:
        return ""
    told = "\n<p>Small dots: what was tried on the way to a target.</p>" if trials else ""
    return f"<h3>Size and quality</h3>\n{frontier_svg(points, trials)}{told}"


def frontier_svg(points: Sequence[Point], trials: Sequence[Point] = ()) -> str:
    """Plot score over bytes (logarithmic); a line joins the frontier, the points behind it are hollow.

    Trials are small dots without a name; the frontier disregards them, since nobody is offered their files.
    """
    everything = [*points, *trials]
    low, high = (math.log(f(p.n_bytes for p in everything)) for f in (min, max))
    spread = max(0.25, high - low)
    low, high = (low + high - 1.3 * spread) / 2, (low + high + 1.3 * spread) / 2
    floor, ceiling, step = _score_range([p.score for p in everything])

    def x(n_bytes: float) -> float:
        return _LEFT + (math.log(n_bytes) - low) / (high - low) * (_WIDTH - _LEFT - _RIGHT)

    def y(score: float) -> float:
        return _TOP + (ceiling - score) / (ceiling - floor) * (_HEIGHT - _TOP - _BOTTOM)

    best = frontier(points)
    parts = []
    for score in range(floor, ceiling + 1, step):
        parts.append(f'<path class="grid" d="M{_LEFT} {y(score):.1f}H{_WIDTH - _RIGHT}"/>')
        parts.append(_text(f"{score}", _LEFT - 8, y(score) + 4, "end"))
    for n_bytes in _byte_ticks(math.exp(low), math.exp(high)):
        parts.append(f'<path class="grid" d="M{x(n_bytes):.1f} {_TOP}V{_HEIGHT - _BOTTOM}"/>')
        parts.append(_text(_short_bytes(n_bytes), x(n_bytes), _HEIGHT - _BOTTOM + 18, "middle"))
    parts.append(_text("bytes of the file", (_LEFT + _WIDTH - _RIGHT) / 2, _HEIGHT - 10, "middle"))
    parts.append(_text("score", _LEFT - 8, _TOP - 16, "end"))
    line = "L".join(f"{x(p.n_bytes):.1f} {y(p.score):.1f}" for p in best)
    parts.append(f'<path class="frontier" d="M{line}"/>')
    placed = [(x(p.n_bytes) - _DOT, y(p.score) - _DOT, x(p.n_bytes) + _DOT, y(p.score) + _DOT) for p in points]
    for one, other in itertools.pairwise(best):
        # Labels keep off the line, too.
        for part in range(40):
            along = [(x(p.n_bytes), y(p.score)) for p in (one, other)]
            on = [a + (b - a) * part / 40 for a, b in zip(*along, strict=True)]
            placed.append((on[0] - 2, on[1] - 2, on[0] + 2, on[1] + 2))

    def dot(point: Point, kind: str, radius: float) -> str:
        told = escape(f"{point.label}: {human_bytes(point.n_bytes)}, score {rounded_down(point.score, 1)}")
        at = f'cx="{x(point.n_bytes):.1f}" cy="{y(point.score):.1f}"'
        circle = f'<circle class="{kind}" {at} r="{radius:g}"><title>{told}</title></circle>'
        if not point.key:
            return circle
        button = (
            f'role="button" tabindex="0" aria-pressed="false" aria-label="Show {told}" data-key="{escape(point.key)}"'
        )
        return f'<g class="choice" {button}><circle class="reach" {at} r="{_REACH:g}"/>{circle}</g>'

    at_best = {(p.n_bytes, p.score) for p in best}  # of equal files the frontier names one
    parts += [dot(point, "trial", 2.5) for point in trials]
    for point in points:
        at = x(point.n_bytes), y(point.score)
        parts.append(dot(point, "best" if (point.n_bytes, point.score) in at_best else "behind", 5))
        parts.append(_placed_label(point.label, at, placed))
    told = "; ".join(f"{p.label} {human_bytes(p.n_bytes)}, {rounded_down(p.score, 1)}" for p in best)
    role = "group" if any(point.key for point in points) else "img"  # nobody can choose a part of a picture
    return (
        f'<svg class="plot" viewBox="0 0 {_WIDTH} {_HEIGHT}" role="{role}" '
        f'aria-label="Score over bytes. On the frontier, the smallest first: {escape(told)}.">{"".join(parts)}</svg>'
    )


def _score_range(scores: Sequence[float]) -> tuple[int, int, int]:
    """Return floor, ceiling and step of the axis: whole numbers, at most about seven lines."""
    span = max(scores) - min(scores)
    step = next((s for s in (2, 5, 10, 20, 50, 100) if span / s <= 5), 200)
    floor = math.floor((min(scores) - step / 4) / step) * step
    return floor, max(floor + 2 * step, math.ceil((max(scores) + step / 4) / step) * step), step


def _byte_ticks(low: float, high: float) -> list[float]:
    decades = range(math.floor(math.log10(low)), math.ceil(math.log10(high)) + 1)
    for steps in ((1,), (1, 3), (1, 2, 5), (1, 1.5, 2, 3, 5, 7), tuple(1 + i / 10 for i in range(90))):
        ticks = [step * 10.0**d for d in decades for step in steps]
        ticks = [tick for tick in ticks if low <= tick <= high]
        if len(ticks) >= 3:
            break
    return ticks[:: max(1, len(ticks) // 6)]


def _short_bytes(n_bytes: float) -> str:
    for limit, unit in ((1e6, "MB"), (1e3, "kB")):
        if n_bytes >= limit:
            return f"{n_bytes / limit:.3g} {unit}"
    return f"{n_bytes:.3g} B"


def _placed_label(label: str, at: tuple[float, float], placed: list[tuple[float, float, float, float]]) -> str:
    """Put a label where it hides nothing placed before: right, left, above, below; then wherever is most room."""
    width = _LETTER * len(label)
    x, y = at
    half = _LINE / 2
    spots = [
        (x + 10, y + 5, "start", (x + 10, y - half, x + 10 + width, y + half)),
        (x - 10, y + 5, "end", (x - 10 - width, y - half, x - 10, y + half)),
        (x, y - 11, "middle", (x - width / 2, y - 11 - _LINE, x + width / 2, y - 9)),
        (x, y + 22, "middle", (x - width / 2, y + 9, x + width / 2, y + 11 + _LINE)),
    ]

    def hidden(box: tuple[float, float, float, float]) -> float:
        outside = max(0, _LEFT - box[0]) + max(0, box[2] - _WIDTH) + max(0, -box[1])
        return 100 * outside + sum(
            max(0.0, min(box[2], b[2]) - max(box[0], b[0])) * max(0.0, min(box[3], b[3]) - max(box[1], b[1]))
            for b in placed
        )

    chosen = min(spots, key=lambda spot: hidden(spot[3]))
    placed.append(chosen[3])
    return _text(label, chosen[0], chosen[1], chosen[2], "name")


def _text(text: str, x: float, y: float, anchor: str, kind: str = "tick") -> str:
    return f'<text class="{kind}" x="{x:.1f}" y="{y:.1f}" text-anchor="{anchor}">{escape(text)}</text>'
