"""Stage: animations with a palette: count the colors of all frames, fit one palette, say the changes.

Frames are decoded twice and never held all at once.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, replace
from typing import Protocol, TypeVar

from huepress.engine.backing import Rgba, backing_color, told_backing
from huepress.engine.color_counter import ColorCounter
from huepress.engine.metrics import LOSSLESS_SCORE, SMALLEST_SIDE, mean_squared_error
from huepress.engine.moving_score import mean_over_time, score_of_frame
from huepress.engine.palette import least_colors
from huepress.formats.record import FileFormat
from huepress.goals import QualityGoal
from huepress.model import Animation, Bytes, ColorTable, Encoded, IndexedImage
from huepress.options import MAX_COLORS, Options
from huepress.pipeline.attempts import Attempt, Version
from huepress.pipeline.frames import changed_pixels, count_frames, held_frames
from huepress.pipeline.full_color import is_hopeless
from huepress.pipeline.gif_frames import GifDeltas
from huepress.pipeline.gif_palette import weighs_errors
from huepress.pipeline.hunt import MOST_TRIALS_OF_ONE, reach
from huepress.pipeline.picture_frames import PngDeltas, WebpDeltas
from huepress.pipeline.stays import Stays
from huepress.results import OnProgress, Trial

_Item = TypeVar("_Item")
# The part of the time that the first pass takes, for the progress.
_COUNTING = 0.1


class Deltas(Protocol):
    """Chooses indices frame by frame and writes a file of one format.

    Attributes
    ----------
    first : IndexedImage
        The first frame.
    n_colors : int
        Entries of the largest palette.
    """

    first: IndexedImage | None
    n_colors: int

    def add(self, pixels_srgb8: Bytes, following_srgb8: Bytes | None, number: int) -> Bytes:
        """Add a frame, with the one after it, and return what is then shown: (height, width, 4)."""
        ...

    def finish(self) -> bytes:
        """Return the whole file."""
        ...


class _Maker(Protocol):
    """Begins a file of one format.

    Attributes
    ----------
    uses_order : bool
        Whether what each frame draws has to be known before: the palette's order and the weight of errors hang on it.
    """

    uses_order: bool

    def begin(
        self, animation: Animation, options: Options, table: ColorTable, drawn: list[Bytes], stays: Stays
    ) -> Deltas:
        """Fit the palette that the format can take to the colors of all frames, and start the file."""
        ...


# How frames are said in each format that holds animations.
_MAKERS: dict[str, _Maker] = {"gif": GifDeltas, "png": PngDeltas, "webp": WebpDeltas}


@dataclass(frozen=True, eq=False)
class Written(Attempt):
    """An animation in a format, `indexed` its first frame; `backing` is what clear pixels have become, if anything."""

    frame_scores: tuple[float, ...] = ()
    n_colors: int = 0
    mse: float = 0.0
    backing: Rgba | None = None

    @property
    def notes(self) -> tuple[str, ...]:
        """What was lost, for a person."""
        return () if self.backing is None else (told_backing(self.backing),)


class PaletteTrials:
    """Makes versions of an animation in one format; each is written and scored for real."""

    def __init__(
        self, animation: Animation, options: Options, file_format: FileFormat, tell: OnProgress, *, scored: bool
    ) -> None:
        self._animation, self._options, self._format, self._tell = animation, options, file_format, tell
        self._scored = scored
        self.n_pixels = animation.n_pixels
        self._most = MOST_TRIALS_OF_ONE if options.goal is not None else 1
        self.made: list[Written] = []

    @property
    def least_colors(self) -> int:
        """The fewest colors that may be asked for."""
        return least_colors(self._options)

    def attempt(self, n_colors: int, rate: float, *, diffuse: bool = True) -> Written:
        """Write a version with at most so many colors."""
        dither = self._options.dither if diffuse else "none"
        return self._write(replace(self._options, n_colors=n_colors, rate=rate, dither=dither), scored=True)

    @property
    def may_be_nearest(self) -> bool:
        """Return False: frames find by themselves where nearest colors do."""
        return False

    def mixes_badly(self, n_colors: int, attempt: Attempt) -> bool:
        """Return False, as `may_be_nearest`."""
        return False

    def banding(self, indexed: IndexedImage) -> float:
        """Return 0: frames are not looked at for bands."""
        return 0.0

    def least_distortion_bits(self, n_colors: int, rate: float) -> float:
        """Return infinity: fewer colors than all are no way to a quality here, frames take them by themselves."""
        return math.inf

    def lossless(self) -> Written | None:
        """Return the version without any loss, if the palette can hold it."""
        n_colors = self._options.most_colors
        if len(count_frames(self._animation, threads=self._options.threads)) > n_colors:
            return None
        found = self.attempt(n_colors, 0.0)
        return found if found.mse == 0 else None

    def reached(self, rival: Version | None = None) -> tuple[Written, bool]:
        """Return the version that meets the goal best, and whether it does.

        With a rival by another coder the first version may say that nothing comes near it.
        """
        options = self._options
        if options.goal is None:
            return self._write(options, scored=self._scored), True
        if isinstance(options.goal, QualityGoal) and min(self._animation.width, self._animation.height) < SMALLEST_SIDE:
            return self.attempt(options.most_colors, 0.0), False
        if rival is not None:
            first = self.attempt(options.most_colors, options.rate)
            if first.score not in (None, LOSSLESS_SCORE) and is_hopeless(first, rival, options.goal, self.n_pixels):
                return first, options.goal.is_met(first, self.n_pixels)
        n_colors = None if options.n_colors == "auto" and options.palette is None else options.most_colors
        start = options.rate if options.rate != Options.rate else None
        found = reach(self, options.goal, n_colors, by_colors=options.effort == 0, start=start)
        return next(each for each in self.made if each is found.best), found.met

    def _write(self, options: Options, *, scored: bool) -> Written:
        def tell(part: float) -> None:
            self._tell(min((len(self.made) + part) / self._most, 1.0))

        self.made.append(_write(self._animation, options, self._format, tell, scored=scored))
        return self.made[-1]


def _write(
    animation: Animation, options: Options, file_format: FileFormat, tell: OnProgress, *, scored: bool
) -> Written:
    """Count the colors, then choose and encode frame by frame; scored, the score is the mean over the time."""
    assert file_format.moving is not None
    n_frames, binary_alpha = animation.n_frames, file_format.moving.binary_alpha
    backing, lost = backing_color(options), False
    maker = _MAKERS[file_format.name]
    counter = ColorCounter(threads=options.threads)
    drawn: list[Bytes] = []  # the colors of each frame that draws few
    before: Bytes | None = None
    stays = Stays(counted=weighs_errors(options))
    for number, (original, pixels) in enumerate(held_frames(animation, binary_alpha=binary_alpha, backing=backing)):
        lost = lost or (backing is not None and bool((original[:, :, 3] == 0).any()))
        changed = changed_pixels(before, pixels) if maker.uses_order else None
        colors = counter.add(pixels, changed)
        if changed is not None:
            stays.add(changed)
            if len(colors) <= MAX_COLORS:
                drawn.append(colors)
            before = pixels
        tell(_COUNTING * (number + 1) / n_frames)
    found = counter.table()
    assert found is not None
    stays.settle()
    deltas = maker.begin(animation, options, found, drawn, stays)

    error = 0.0
    scores: list[float] = []
    is_scored = scored and min(animation.width, animation.height) >= SMALLEST_SIDE
    frames = held_frames(animation, binary_alpha=binary_alpha, backing=backing)
    for number, ((original, pixels), following) in enumerate(_with_next(frames)):
        shown = deltas.add(pixels, None if following is None else following[1], number)
        error += mean_squared_error(original, shown) / n_frames
        if is_scored:
            scores.append(score_of_frame(original, shown, threads=options.threads))
        tell(_COUNTING + (1 - _COUNTING) * (number + 1) / n_frames)
    assert deltas.first is not None
    encoded = Encoded(deltas.finish(), file_format.file_format)
    score, worst = (mean_over_time(animation, scores), min(scores)) if scores else (None, None)
    trial = Trial(options.rate, deltas.n_colors, len(encoded.data), score, worst=worst)
    return Written(
        trial,
        encoded,
        deltas.first,
        found,
        frame_scores=tuple(scores),
        n_colors=deltas.n_colors,
        mse=error,
        backing=backing if lost else None,
    )


def _with_next(items: Iterable[_Item]) -> Iterator[tuple[_Item, _Item | None]]:
    """Yield each item with the one after it, None after the last."""
    before: _Item | None = None
    for item in items:
        if before is not None:
            yield before, item
        before = item
    if before is not None:
        yield before, None
