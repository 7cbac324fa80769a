"""Stage: the number of colors that a rate is best spent on, and no bands where the picture is smooth."""

from __future__ import annotations

import math

from huepress.options import MAX_COLORS
from huepress.pipeline.attempts import Attempt, Bench
from huepress.pipeline.hunt import CHEAP_DISTORTION, FEWER, SEEN_BANDING, UNDIFFUSED_RATE, Reached, may_do
from huepress.pipeline.seeking import Window, seek

# What is good enough where banding is mended; above the least that there is about as much is allowed.
_UNSEEN_BANDING = 0.01
# The largest weight of smooth places (base 2 logarithm), how many are tried, and how the logarithm of what banding
# can be mended falls with it.
_MOST_LOG_WEIGHT, _MOST_WEIGHTS, _BANDING_FALL, _LEAST_EXCESS = 10.0, 3, 0.6, 1e-3
_BANDING_WINDOW, _NEARLY_AS_GOOD = Window(-0.6, 0.15), 0.5
_FAR_SMALLER = 0.7


def choose_colors(bench: Bench, rate: float) -> Reached:
    """Choose the number of colors at a rate: all, or four times fewer for as long as that lowers distortion plus bits.

    Where gradients would show bands, all colors stay and errors there weigh more: what distortion counts sees little of
    a step of one code, people do.

    Parameters
    ----------
    bench : Bench
    rate : float

    Returns
    -------
    Reached
    """
    found = bench.lossless()
    if found is not None:
        return Reached(found, True, (found.trial,))
    best = bench.attempt(MAX_COLORS, rate)
    trials = [best.trial]
    is_simple = best.distortion_bits < CHEAP_DISTORTION or bench.is_smooth
    banding = bench.banding(best.indexed) if is_simple else 0.0
    if banding > bench.leniency * SEEN_BANDING:
        finest = bench.banding(bench.finest(MAX_COLORS))
        least = bench.leniency * _UNSEEN_BANDING * (1 if bench.is_smooth else 2)
        allowed = max(least - finest, rate * min(max(finest, least / 2), 1.5 * least))
        if banding > finest + allowed:
            smoother = _without_bands(bench, rate, banding, finest, allowed)
            return Reached(smoother[-1], True, (*trials, *(attempt.trial for attempt in smoother)))
    sharper = _undiffused(bench, rate, best)
    if sharper is not None and bench.banding(sharper.indexed) <= max(banding, SEEN_BANDING):
        return Reached(sharper, True, (*trials, sharper.trial))
    n_colors = MAX_COLORS // FEWER
    while may_do(bench, n_colors, FEWER * n_colors, best):
        fewer = bench.attempt(n_colors, rate)
        trials.append(fewer.trial)
        if _objective(fewer, bench.n_pixels) >= _objective(best, bench.n_pixels):
            break
        if bench.banding(fewer.indexed) > max(banding, SEEN_BANDING):
            break
        best, n_colors = fewer, n_colors // FEWER
    return Reached(best, True, tuple(trials))


def _undiffused(bench: Bench, rate: float, best: Attempt) -> Attempt | None:
    """Return a version whose errors are not diffused, if it is smaller and looks better.

    On screens with soft shadows, diffused errors make the repetitions of a letter unlike each other.
    """
    if not bench.mixes_badly(MAX_COLORS, best):
        return None
    found = bench.attempt(MAX_COLORS, rate * UNDIFFUSED_RATE, diffuse=False)
    is_better = found.n_bytes <= best.n_bytes and bench.looks(found.indexed) >= bench.looks(best.indexed)
    return found if is_better else None


def _without_bands(bench: Bench, rate: float, banding: float, finest: float, allowed: float) -> list[Attempt]:
    """Return attempts with more weight on smooth places; the last one is the smallest that shows no bands.

    Where all do, it is the smallest of those with about the fewest. Gradients along one axis are served best by nearest
    colors; those that look better in far fewer bytes are taken though they show some bands.

    Parameters
    ----------
    bench : Bench
    rate : float
    banding, finest : float
        Of the attempt without any more weight, and of the finest one that there is.
    allowed : float
        How far above the finest banding is not seen.
    """
    tried: list[tuple[float, Attempt]] = []

    def excess(banding: float) -> float:
        return math.log2(max(banding - finest, _LEAST_EXCESS * allowed) / allowed)

    def curve(log_weight: float) -> float:
        attempt = bench.attempt(MAX_COLORS, rate, smooth_weight=2.0**log_weight)
        tried.append((excess(bench.banding(attempt.indexed)), attempt))
        return tried[-1][0]

    seek(
        curve,
        _BANDING_WINDOW,
        start=excess(banding) / _BANDING_FALL,
        slope=_BANDING_FALL,
        bounds=(1.0, _MOST_LOG_WEIGHT),
        most=_MOST_WEIGHTS,
        resolution=0.5,
    )
    if min(seen for seen, _ in tried) > _BANDING_WINDOW.high:  # no weight is enough: bits are worth nothing then
        spending = bench.attempt(MAX_COLORS, 0.0)
        tried.append((excess(bench.banding(spending.indexed)), spending))
    plain = bench.plain(MAX_COLORS) if bench.is_smooth or bench.is_patient else None
    if plain is not None:
        tried.append((excess(bench.banding(plain.indexed)), plain))
    enough = max(_BANDING_WINDOW.high, min(seen for seen, _ in tried) + _NEARLY_AS_GOOD)
    best = min((attempt for seen, attempt in tried if seen <= enough), key=lambda each: each.n_bytes)
    if plain and plain.n_bytes <= _FAR_SMALLER * best.n_bytes and bench.banding(plain.indexed) <= banding:
        best = max(plain, best, key=lambda each: bench.looks(each.indexed))
    return [*(attempt for _, attempt in tried if attempt is not best), best]


def _objective(attempt: Attempt, n_pixels: int) -> float:
    return attempt.distortion_bits * n_pixels + 8 * attempt.n_bytes
