"""Stage: coders of any number of colors (AVIF, lossy WebP, JPEG), their quality found by real trials."""

from __future__ import annotations

import math
from abc import abstractmethod
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Generic, TypeVar

import numpy as np

from huepress.colors.arrays import with_alpha_channel
from huepress.engine.metrics import Comparator
from huepress.errors import LimitError
from huepress.formats.opening import open_image
from huepress.formats.record import FileFormat, FullColor, Wish
from huepress.goals import QualityGoal, SizeGoal, Tried
from huepress.model import Animation, Bytes, Encoded, SourceImage
from huepress.pipeline.attempts import Version
from huepress.results import Trial

Made = TypeVar("Made", bound=Version)
MOST_TRIALS = 5
# The score that is aimed at where a coder is asked for by name, and nothing else: hardly anybody sees a difference.
USUAL_SCORE = 80.0
_WORST, _BEST = 1, 100
# By about so much the logarithm of the bytes grows with a point of the score.
_LOG_BYTES_A_POINT = 0.0375
# The score at which trials for a size begin, and how much farther than expected they go where all were on one side.
_USUAL_FOR_SIZES, _FARTHER = 60.0, 1.2
# A coder whose first trial says that it takes so many times the bytes of the best one is left.
_HOPELESS = 1.3


@dataclass(frozen=True, eq=False)
class Coded(Version):
    """A version by a coder of any number of colors.

    Attributes
    ----------
    pixels_srgb8 : ndarray of uint8, (height, width, 3 or 4)
        What the file shows.
    """

    pixels_srgb8: Bytes

    @cached_property
    def n_colors(self) -> int:
        """Different colors that the file shows."""
        rows = self.pixels_srgb8.reshape(-1, self.pixels_srgb8.shape[2])
        return len(np.unique(with_alpha_channel(rows[None])[0].copy().view(np.uint32)))


class Coder(Generic[Made]):
    """Makes versions of an image or an animation with one coder.

    Parameters
    ----------
    file_format : FileFormat
    full_color : FullColor
        The format's.
    source : SourceImage or Animation
    is_scored : bool
        Whether scores can be had.
    has_drafts : bool
        Whether the first version is a draft.

    Raises
    ------
    OptionError
        If a plug-in is missing.
    LimitError
        If a side of the image is longer than the format allows.
    """

    def __init__(
        self,
        file_format: FileFormat,
        full_color: FullColor,
        source: SourceImage | Animation,
        *,
        is_scored: bool,
        has_drafts: bool,
    ) -> None:
        file_format.prepare()
        if max(source.width, source.height) > full_color.largest_side:
            raise LimitError(
                f"{file_format.file_format} holds at most {full_color.largest_side:,} pixels a side, not "
                f"{source.width} x {source.height}; write PNG"
            )
        self._full_color, self._is_scored, self._has_drafts = full_color, is_scored, has_drafts
        self._n_pixels = source.n_pixels

    @property
    def name(self) -> str:
        """What the option calls the coder."""
        return self._full_color.name

    @abstractmethod
    def attempt(self, quality: int, *, draft: bool = False) -> Made:
        """Make a version; a draft is quick and a little larger."""

    def reach(self, goal: QualityGoal | SizeGoal, rival: Tried | None = None) -> list[Made]:
        """Make versions until one meets a goal as closely as the coder can, at most five.

        The first is a draft. Where it says that the coder comes nowhere near a rival, nothing else is tried.

        Parameters
        ----------
        goal : QualityGoal or SizeGoal
        rival : a version, optional
            The best so far, of any coder.

        Returns
        -------
        list of versions
        """
        n_pixels, low, high = self._n_pixels, *goal.window
        aim = (low + high) / 2
        start = goal.wanted if isinstance(goal, QualityGoal) else _USUAL_FOR_SIZES
        draft = self.attempt(self._quality_for(start), draft=self._has_drafts)
        tried = [draft]
        if not self._is_scored or (rival is not None and is_hopeless(draft, rival, goal, n_pixels)):
            return tried
        fall = 1.0 if isinstance(goal, QualityGoal) else _LOG_BYTES_A_POINT
        distance = goal.distance(draft, n_pixels)
        place = start - (distance - aim) / fall
        known = {} if self._has_drafts else {draft.trial.quality: (start, distance)}
        while len(tried) < MOST_TRIALS and not any(low <= distance <= high for _, distance in known.values()):
            quality = _untried(self._quality_for(place), known)
            if quality is None:
                break
            tried.append(self.attempt(quality))
            known[quality] = self._place_of(quality), goal.distance(tried[-1], n_pixels)
            place = _next_place(list(known.values()), aim, fall)
        return tried

    def _quality_for(self, place: float) -> int:
        """Return the quality at which photographs have about a score."""
        scores, qualities = zip(*self._full_color.qualities, strict=True)
        return round(float(np.interp(place, scores, qualities)))

    def _place_of(self, quality: int) -> float:
        scores, qualities = zip(*self._full_color.qualities, strict=True)
        return float(np.interp(quality, qualities, scores))


class StillCoder(Coder[Coded]):
    """Makes versions of an image.

    Parameters
    ----------
    file_format, full_color
        As of `Coder`.
    source : SourceImage
    comparator : Comparator, optional
        Of the source; None where it is too small for scores.
    effort : int
    """

    def __init__(
        self,
        file_format: FileFormat,
        full_color: FullColor,
        source: SourceImage,
        comparator: Comparator | None,
        effort: int,
    ) -> None:
        is_scored = comparator is not None
        super().__init__(file_format, full_color, source, is_scored=is_scored, has_drafts=full_color.has_drafts)
        self._format, self._source, self._comparator, self._effort = file_format, source, comparator, effort

    def attempt(self, quality: int, *, draft: bool = False) -> Coded:
        """Make a version; a draft is quick and a little larger."""
        wish = Wish(effort=0 if draft else self._effort, metadata=self._source.metadata)
        data = self._full_color.encode(self._source.pixels_srgb8, quality, wish)
        shown = _decoded(data, self._format.file_format, self._source.pixels_srgb8.shape[2])
        score = None if self._comparator is None else self._comparator.ssimulacra2(shown)
        trial = Trial(0.0, 0, len(data), score, self.name, quality)
        return Coded(trial, Encoded(data, self._format.file_format), shown)


def smallest_of_each(trials: Sequence[Trial]) -> tuple[Trial, ...]:
    """Return the smallest trial of each coder, coders in the order in which they were tried."""
    names = dict.fromkeys(trial.coder for trial in trials)
    return tuple(
        min((trial for trial in trials if trial.coder == name), key=lambda trial: trial.n_bytes) for name in names
    )


def _untried(quality: int, known: dict[int, tuple[float, float]]) -> int | None:
    """Return a quality within what is known to be too low and too high, the nearest; None where none is left."""
    too_low = max((each for each, (_, distance) in known.items() if distance <= 0), default=_WORST - 1)
    too_high = min((each for each, (_, distance) in known.items() if distance > 0), default=_BEST + 1)
    if too_high - too_low <= 1:
        return None
    return min(max(quality, too_low + 1), too_high - 1)


def _next_place(known: list[tuple[float, float]], aim: float, fall: float) -> float:
    """Return where the distance to a goal should be `aim`, from places and distances there.

    Between two that lie on both sides along the straight line, else by the slope seen so far and a little farther.
    """
    above = [each for each in known if each[1] > aim]
    below = [each for each in known if each[1] <= aim]
    if above and below:
        (right, over), (left, under) = min(above, key=lambda each: each[1]), max(below, key=lambda each: each[1])
        part = min(max((aim - under) / (over - under), 0.1), 0.9)
        return left + part * (right - left)
    nearest = min(known, key=lambda each: abs(each[1] - aim))
    farthest = max(known, key=lambda each: abs(each[1] - aim))
    slope = fall
    if nearest[0] != farthest[0]:
        slope = min(max((nearest[1] - farthest[1]) / (nearest[0] - farthest[0]), fall / 3), 3 * fall)
    return nearest[0] - _FARTHER * (nearest[1] - aim) / slope


def is_hopeless(draft: Version, rival: Tried, goal: QualityGoal | SizeGoal, n_pixels: int) -> bool:
    """Tell whether a coder's best would hardly come near a rival that meets the goal, by its first trial."""
    if not goal.is_met(rival, n_pixels):
        return False
    if isinstance(goal, QualityGoal):
        expected = math.log(draft.n_bytes) - goal.distance(draft, n_pixels) * _LOG_BYTES_A_POINT
        return expected > math.log(_HOPELESS * rival.n_bytes)
    assert draft.score is not None and rival.score is not None
    expected = draft.score - goal.distance(draft, n_pixels) / _LOG_BYTES_A_POINT
    return expected < rival.score - math.log(_HOPELESS) / _LOG_BYTES_A_POINT


def _decoded(data: bytes, file_format: str, n_channels: int) -> Bytes:
    """Return what a file of ours shows; an alpha channel that is opaque everywhere may be missing in it."""
    with open_image(data, (file_format,)) as image:
        return np.array(image.convert("RGBA" if n_channels == 4 else "RGB"))
