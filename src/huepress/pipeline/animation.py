"""The order of the stages for animations: count the colors of all frames, fit one palette, say the changes.

Frames are decoded twice and never held all at once.
"""

from __future__ import annotations

import math
import time
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from typing import Protocol, TypeVar

import numpy as np

from huepress.delivering import Delivery
from huepress.engine.backing import Rgba, backing_color, told_backing
from huepress.engine.color_counter import ColorCounter
from huepress.engine.metrics import LOSSLESS_SCORE, SMALLEST_SIDE, mean_squared_error
from huepress.engine.moving_score import mean_over_time, score_of_frame
from huepress.errors import LimitError, OptionError
from huepress.formats import table
from huepress.formats.record import FileFormat, Moving
from huepress.formats.writing import main_format
from huepress.goals import QualityGoal
from huepress.model import Animation, Bytes, ColorTable, Encoded, IndexedImage
from huepress.options import MAX_COLORS, SMALLEST, Options
from huepress.pipeline.delivery import Candidate, Original, deliver, may_keep
from huepress.pipeline.edit import without_repeats
from huepress.pipeline.frames import changed_pixels, count_frames, held_frames
from huepress.pipeline.full_color import USUAL_SCORE
from huepress.pipeline.gif_frames import GifDeltas
from huepress.pipeline.hunt import MOST_TRIALS, Attempt, reach
from huepress.pipeline.missing import after_miss, fits_already, kept_as_it_fits
from huepress.pipeline.moving_coders import MovingCoded, advice, by_coders, coders, in_nearest_colors
from huepress.pipeline.picture_frames import PngDeltas, WebpDeltas
from huepress.pipeline.stays import Stays
from huepress.results import OnProgress, Outcome, Report, Trial

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
class _Written(Attempt):
    """An animation in a format, `indexed` its first frame; `backing` is what clear pixels have become, if anything."""

    n_colors: int = 0
    mse: float = 0.0
    backing: Rgba | None = None

    @property
    def notes(self) -> tuple[str, ...]:
        """What was lost, for a person."""
        return () if self.backing is None else (told_backing(self.backing),)


class _Trials:
    """Makes versions of an animation in one format; each is written and scored for real."""

    def __init__(
        self, animation: Animation, options: Options, file_format: FileFormat, tell: OnProgress, *, scored: bool
    ) -> None:
        self._animation, self._options, self._format, self._tell = animation, options, file_format, tell
        self._scored = scored
        self.n_pixels = animation.n_pixels
        self._most = MOST_TRIALS if options.goal is not None else 1
        self.made: list[_Written] = []

    def attempt(self, n_colors: int, rate: float) -> _Written:
        """Write a version with at most so many colors."""
        return self._write(replace(self._options, n_colors=n_colors, rate=rate), scored=True)

    def least_distortion_bits(self, n_colors: int, rate: float) -> float:
        """Return infinity: fewer colors than all are no way to a quality here, frames take them by themselves."""
        return math.inf

    def lossless(self) -> _Written | None:
        """Return the version without any loss, if the palette can hold it."""
        n_colors = self._options.most_colors
        if len(count_frames(self._animation, threads=self._options.threads)) > n_colors:
            return None
        found = self.attempt(n_colors, 0.0)
        return found if found.mse == 0 else None

    def reached(self) -> tuple[_Written, bool]:
        """Return the version that meets the goal best, and whether it does."""
        options = self._options
        if options.goal is None:
            return self._write(options, scored=self._scored), True
        if isinstance(options.goal, QualityGoal) and min(self._animation.width, self._animation.height) < SMALLEST_SIDE:
            return self.attempt(options.most_colors, 0.0), False
        n_colors = None if options.n_colors == "auto" and options.palette is None else options.most_colors
        start = options.rate if options.rate != Options.rate else None
        found = reach(self, options.goal, n_colors, by_colors=options.effort == 0, start=start)
        return next(each for each in self.made if each is found.best), found.met

    def _write(self, options: Options, *, scored: bool) -> _Written:
        def tell(part: float) -> None:
            self._tell(min((len(self.made) + part) / self._most, 1.0))

        self.made.append(_write(self._animation, options, self._format, tell, scored=scored))
        return self.made[-1]


def run_animation(
    animation: Animation, options: Options, delivery: Delivery, started: float | None, on_progress: OnProgress | None
) -> Outcome:
    """Reduce, encode and measure an animation; see `huepress.pipeline.run.run`.

    A `format` of None or "keep" means the animation's own; the outcome's `indexed` is the first frame.

    Raises
    ------
    OptionError
        If the format holds no animation, no palette per frame, or not the palette asked for.
    DecodeError
        If a frame is damaged.
    LimitError
        If the format cannot hold the size or a duration.
    """
    started = time.perf_counter() if started is None else started
    tell = on_progress or (lambda part: None)
    formats = _formats(animation, options)
    animation = without_repeats(animation)
    original = Original(animation.format, animation.encoded, animation.keepable, animation.mended, moves=True)
    within = fits_already(original, animation.n_pixels, options) and may_keep(original, options, delivery)
    asked = replace(options, max_size=None) if within else options
    of_palettes = replace(asked, format="auto") if asked.format == SMALLEST else asked
    results: list[_Written | MovingCoded] = []
    missing: list[_Written | MovingCoded] = []  # of them those that do not meet the goal
    trials: list[Trial] = []
    for number, file_format in enumerate(formats):

        def tell_part(part: float, number: int = number) -> None:
            tell((number + part) / len(formats))

        try:
            made = _Trials(
                animation, of_palettes, file_format, tell_part, scored=options.is_full_color or options.advise
            )
            written, met = made.reached()
            results.append(written)
            missing += [] if met else [written]
            trials += [each.trial for each in made.made] if asked.goal is not None else []
        except LimitError:  # too large or too slow for one of several formats
            if number + 1 == len(formats) and not results:
                raise
    goal = asked.goal
    target = goal or _unasked_goal(results)
    if options.is_full_color and target is not None:
        coded = by_coders(animation, asked, target, results)
        trials += [each.trial for each in coded]
        results += coded
        missing += [] if goal is None or any(goal.is_met(each, animation.n_pixels) for each in coded) else coded
    if goal is None and not options.is_full_color:
        target = None
    best = _smallest(results) if target is None else target.best(results, animation.n_pixels)
    of_palette = next((each for each in results if isinstance(each, _Written)), None)
    colors = count_frames(animation, threads=options.threads) if of_palette is None else of_palette.table
    original = replace(original, n_colors=len(colors))
    n_channels = int(colors.colors_srgb8.shape[1])
    if isinstance(best, _Written):
        indexed, n_colors, notes, shown = best.indexed, best.n_colors, best.notes, None
    else:
        indexed = in_nearest_colors(animation, options) if of_palette is None else of_palette.indexed
        n_colors, notes, shown = best.n_colors(options.threads), (), best.pixels_srgb8
    result = Candidate(best.encoded, n_colors=0 if shown is not None else n_colors)
    decision = deliver(result, original, options, delivery)
    if within and best.mse > 0:
        decision = kept_as_it_fits(original)
    if any(best is each for each in missing):
        decision = after_miss(animation.n_pixels, original, best, options, delivery, decision, may_optimize=False)
    if goal is not None:  # there may have been fewer trials than allowed
        tell(1.0)
    notes = (*animation.notes, *_told_of_hidden(colors, options), *notes)
    report = Report.of(
        animation,
        decision.chosen.encoded,
        kept=decision.chosen.is_original,
        n_colors=n_colors,
        n_colors_in=len(colors),
        bits_per_pixel=indexed.bit_depth if shown is None else 8 * n_channels,
        n_channels=n_channels,
        mse=best.mse,
        started=started,
        seed=options.seed,
        message=decision.message,
        remedy=decision.remedy,
        notes=() if decision.chosen.is_original else notes,
        score=LOSSLESS_SCORE if decision.chosen.is_original and goal is not None else best.score,
        trials=tuple(trials),
        advice=advice(animation, options, best) if options.advise else (),
    )
    return Outcome(indexed, decision.chosen.encoded, report, shown)


def _smallest(results: Sequence[_Written | MovingCoded]) -> _Written | MovingCoded:
    return min(results, key=lambda result: result.n_bytes)


def _unasked_goal(results: Sequence[_Written | MovingCoded]) -> QualityGoal | None:
    """Return what other coders are to reach where nothing is asked for: the score of the smallest palette, if any.

    None is worth a try where palettes lose nothing.
    """
    best = _smallest(results) if results else None
    if best is not None and best.score == LOSSLESS_SCORE:
        return None
    return QualityGoal(-math.inf, USUAL_SCORE if best is None or best.score is None else best.score)


def _told_of_hidden(table: ColorTable, options: Options) -> tuple[str, ...]:
    has_clear = table.colors_srgb8.shape[1] == 4 and bool((table.colors_srgb8[:, 3] == 0).any())
    return ("colors below alpha 0 are kept in single pictures only",) if options.hidden == "keep" and has_clear else ()


def _formats(animation: Animation, options: Options) -> list[FileFormat]:
    """Return the formats to try: one, or for "auto" all that show every frame and time as it is."""
    moving = {each: each.moving for each in table.written() if each.moving}
    if options.is_full_color and options.format != SMALLEST:
        return []
    if options.format in ("auto", SMALLEST):
        return [each for each, how in moving.items() if _shows_equal(animation, how, options)]
    own = options.format in (None, "keep")
    found = table.of_animations(animation.format) if own else main_format(options.still_format, animation.format)
    if found is None or found.moving is None:
        name = animation.format.lower() if own else options.format
        names = ", ".join([*sorted(each.name for each in moving), *coders()])
        raise OptionError(f"{name} files hold no animations here; choose {names}")
    if options.palette_per_frame and not found.moving.palette_per_frame:
        others = " or ".join(sorted(each.name for each, how in moving.items() if how.palette_per_frame))
        raise OptionError(
            f"{found.file_format} has one palette for all frames; leave palette_per_frame out or write {others}"
        )
    return [found]


def _shows_equal(animation: Animation, moving: Moving, options: Options) -> bool:
    """Tell whether a format holds every frame and time as it is."""
    if options.palette_per_frame and not moving.palette_per_frame:
        return False
    if moving.tick is not None and any(seconds % moving.tick for seconds in animation.durations):
        return False
    return not moving.binary_alpha or _has_hard_edges(count_frames(animation, threads=options.threads))


def _has_hard_edges(table: ColorTable) -> bool:
    return table.colors_srgb8.shape[1] == 3 or bool(np.isin(table.colors_srgb8[:, 3], (0, 255)).all())


def _write(
    animation: Animation, options: Options, file_format: FileFormat, tell: OnProgress, *, scored: bool
) -> _Written:
    """Count the colors, then choose and encode frame by frame; scored, the score is the mean over the time."""
    assert file_format.moving is not None
    n_frames, binary_alpha = animation.n_frames, file_format.moving.binary_alpha
    backing, lost = backing_color(options), False
    maker = _MAKERS[file_format.name]
    counter = ColorCounter(threads=options.threads)
    drawn: list[Bytes] = []  # the colors of each frame that draws few
    before: Bytes | None = None
    stays = Stays()
    for number, (original, pixels) in enumerate(held_frames(animation, binary_alpha=binary_alpha, backing=backing)):
        lost = lost or (backing is not None and bool((original[:, :, 3] == 0).any()))
        colors = counter.add(pixels)
        if maker.uses_order:
            changed = changed_pixels(before, pixels)
            stays.add(changed)
            if before is not None:
                colors = ColorCounter(threads=options.threads).add(pixels[changed])
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
    trial = Trial(
        options.rate, deltas.n_colors, len(encoded.data), mean_over_time(animation, scores) if scores else None
    )
    return _Written(
        trial,
        encoded,
        deltas.first,
        found,
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
