"""How far an animation is from its original: at every moment, at the worst one, and how much it flickers."""

from __future__ import annotations

import operator
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from fractions import Fraction
from itertools import accumulate, pairwise

import numpy as np
import numpy.typing as npt

from huepress.engine.metrics import LOSSLESS_SCORE, Comparator, Score, mean_squared_error
from huepress.errors import InputError
from huepress.model import Animation, Bytes, SourceImage
from huepress.results import psnr_db

# Formats round times: a frame may begin so many seconds sooner or later.
_ROUNDING = Fraction(3, 500)
# A pixel stands still where it changes by at most so many sRGB codes.
_STILL = 2
_Numbered = tuple[int, Bytes]
# What a frame without a time counts as, in seconds, as browsers show it.
_SHORTEST = Fraction(1, 10)


@dataclass(frozen=True)
class MomentScore:
    """The score of what is shown together.

    Attributes
    ----------
    start, seconds : float
        When, and for how long.
    frame, distorted_frame : int
        The frames shown, counted from 0.
    ssimulacra2 : float
    """

    start: float
    seconds: float
    frame: int
    distorted_frame: int
    ssimulacra2: float


@dataclass(frozen=True)
class AnimationScore(Score):
    """The distance of an animation from its original: `Score` holds means over the time.

    Attributes
    ----------
    worst : MomentScore
        The moment with the lowest SSIMULACRA2.
    flicker, flicker_of_original : float
        Mean absolute change of the sRGB codes from one moment to the next, at pixels that in the original change by at
        most 2 codes in every channel; of the original itself for comparison. 0 where there is no such pixel.
    moments : tuple of MomentScore
        One whenever either animation changes.
    """

    worst: MomentScore
    flicker: float
    flicker_of_original: float
    moments: tuple[MomentScore, ...]

    @property
    def frame_scores(self) -> dict[int, float]:
        """The score of each frame of the original by its number, the lowest where it is shown in parts."""
        found: dict[int, float] = {}
        for moment in self.moments:
            found[moment.frame] = min(moment.ssimulacra2, found.get(moment.frame, moment.ssimulacra2))
        return found


def seconds_shown(animation: Animation) -> list[Fraction]:
    """Return for how long each frame counts; those without a time for a tenth of a second, as browsers show them."""
    return [seconds or _SHORTEST for seconds in animation.durations]


def mean_over_time(animation: Animation, figures: Sequence[float]) -> float:
    """Return the mean of one figure a frame, weighed by how long each is shown."""
    times = seconds_shown(animation)
    return float(sum(map(operator.mul, times, map(Fraction, figures))) / sum(times))


def score_of_frame(original_srgb8: Bytes, shown_srgb8: Bytes, *, threads: int) -> float:
    """Return the SSIMULACRA2 score of one frame, (height, width, 4)."""
    if np.array_equal(original_srgb8, shown_srgb8):
        return LOSSLESS_SCORE
    opaque = bool((original_srgb8[:, :, 3] == 255).all() and (shown_srgb8[:, :, 3] == 255).all())
    before, after = (np.ascontiguousarray(each[:, :, : 3 if opaque else 4]) for each in (original_srgb8, shown_srgb8))
    return Comparator(SourceImage(before), threads=threads).ssimulacra2(after)


def score_animation(original: Animation, distorted: Animation, *, threads: int = 1) -> AnimationScore:
    """Compare two animations moment by moment.

    Parameters
    ----------
    original, distorted : Animation
        Of equal size, at least 8 x 8 pixels, and of equal length, but for the rounding of times. They may divide it
        into different frames.
    threads : int
        Number of threads; the scores do not depend on it.

    Raises
    ------
    InputError
        If size or length differ.
    DecodeError
        If a frame is damaged.
    """
    if (original.width, original.height) != (distorted.width, distorted.height):
        raise InputError(
            f"the animations differ in size: {original.width} x {original.height} "
            f"and {distorted.width} x {distorted.height} pixels"
        )
    scores: list[tuple[Fraction, Score]] = []
    moments: list[MomentScore] = []
    changes = np.zeros((2, 2))  # of the original and the other: the sum, and of how many pixels
    before: tuple[Bytes, Bytes] | None = None
    start = Fraction(0)
    comparator: tuple[int, Comparator] | None = None
    for seconds, (number, ours), (other_number, theirs) in _together(original, distorted):
        if comparator is None or comparator[0] != number:
            comparator = number, Comparator(SourceImage(ours), threads=threads)
        found = comparator[1].score(theirs)
        scores.append((seconds, found))
        moments.append(MomentScore(float(start), float(seconds), number, other_number, found.ssimulacra2))
        if before is not None:
            changes += _changes_where_still(before, (ours, theirs))
        before, start = (ours, theirs), start + seconds
    total = sum((seconds for seconds, _ in scores), Fraction(0))

    def mean(name: str) -> float:
        return float(sum(seconds * Fraction(getattr(found, name)) for seconds, found in scores) / total)

    flicker_of_original, flicker = (float(change / n) if n else 0.0 for change, n in changes)
    return AnimationScore(
        ssimulacra2=mean("ssimulacra2"),
        mse=mean("mse"),
        psnr_db=psnr_db(mean("mse")),
        delta_e_ok_mean=mean("delta_e_ok_mean"),
        delta_e_ok_p95=mean("delta_e_ok_p95"),
        banding=mean("banding"),
        worst=min(moments, key=lambda moment: moment.ssimulacra2),
        flicker=flicker,
        flicker_of_original=flicker_of_original,
        moments=tuple(moments),
    )


def mse_of_animation(original: Animation, distorted: Animation) -> float:
    """Return the mean squared error over the time, as of `score_animation`, of animations of any size.

    Raises
    ------
    InputError
        If the length differs.
    DecodeError
        If a frame is damaged.
    """
    total = error = Fraction(0)
    for seconds, (_, ours), (_, theirs) in _together(original, distorted):
        total += seconds
        error += seconds * Fraction(mean_squared_error(ours, theirs))
    return float(error / total)


def _together(one: Animation, other: Animation) -> Iterator[tuple[Fraction, _Numbered, _Numbered]]:
    """Yield for how long which two frames are shown together, a new pair whenever either changes."""
    ends = [list(accumulate(seconds_shown(each))) for each in (one, other)]
    if abs(ends[0][-1] - ends[1][-1]) > _ROUNDING * max(map(len, ends)):
        raise InputError(
            f"the animations differ in length: {float(ends[0][-1]):g} and {float(ends[1][-1]):g} seconds; "
            "compare those that show the same time"
        )
    frames = [_shown_at(each, times) for each, times in zip((one, other), ends, strict=True)]
    shortest = min(seconds for each in (one, other) for seconds in seconds_shown(each))
    edges = sorted({Fraction(0), *ends[0], *ends[1]})
    waiting = Fraction(0)  # of moments that only rounding has made
    for start, end in pairwise(edges):
        if end - start <= min(_ROUNDING, shortest / 2):
            waiting += end - start
            continue
        middle = (start + end) / 2
        yield waiting + end - start, frames[0](middle), frames[1](middle)
        waiting = Fraction(0)


def _shown_at(animation: Animation, ends: list[Fraction]) -> Callable[[Fraction], _Numbered]:
    """Return what tells the frame at a time; times only rise."""
    frames = enumerate(animation.frames())
    shown = next(frames)

    def show(time: Fraction) -> _Numbered:
        nonlocal shown
        while shown[0] + 1 < len(ends) and ends[shown[0]] <= time:
            shown = next(frames)
        return shown

    return show


def _changes_where_still(before: tuple[Bytes, Bytes], now: tuple[Bytes, Bytes]) -> npt.NDArray[np.float64]:
    """Return sum and number of the changes of pixels that stand still in the original, of it and of the other."""
    changes = [np.abs(a[:, :, :3].astype(np.int16) - b[:, :, :3]) for a, b in zip(before, now, strict=True)]
    still = changes[0].max(axis=2) <= _STILL
    n = np.count_nonzero(still)
    return np.array([[change.mean(axis=2, dtype=np.float64)[still].sum(), n] for change in changes])


class Scorer:
    """An original, a picture or an animation, to score others of its kind.

    Parameters
    ----------
    original : SourceImage or Animation
    threads : int
        Number of threads; the scores do not depend on it.
    """

    def __init__(self, original: SourceImage | Animation, *, threads: int = 1) -> None:
        self._original, self._threads = original, threads
        self._comparator = Comparator(original, threads=threads) if isinstance(original, SourceImage) else None

    def score(self, distorted: SourceImage | Animation) -> Score:
        """Return all figures, of animations an `AnimationScore`.

        Raises
        ------
        InputError
            If the size or the length differs, or if only one of both moves.
        """
        if self._comparator is not None and isinstance(distorted, SourceImage):
            return self._comparator.score(distorted.pixels_srgb8)
        if isinstance(self._original, Animation) and isinstance(distorted, Animation):
            return score_animation(self._original, distorted, threads=self._threads)
        raise InputError("one is an animation, the other a single picture; compare two of a kind")
