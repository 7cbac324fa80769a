"""The order of the stages for animations: versions with palettes and by other coders, and which is delivered."""

from __future__ import annotations

import math
import time
from dataclasses import dataclass, field, replace

from huepress.colors.arrays import has_hard_edges
from huepress.delivering import Delivery
from huepress.engine.metrics import LOSSLESS_SCORE
from huepress.errors import LimitError, OptionError
from huepress.formats import table
from huepress.formats.record import FileFormat, Moving
from huepress.formats.writing import main_format
from huepress.goals import QualityGoal, SizeGoal, counted_score
from huepress.model import Animation, ColorTable
from huepress.options import SMALLEST, Options
from huepress.pipeline.delivery import Candidate, Original, deliver, may_keep
from huepress.pipeline.edit import without_repeats
from huepress.pipeline.frames import count_frames
from huepress.pipeline.full_color import USUAL_SCORE
from huepress.pipeline.missing import after_miss, fits_already, kept_as_it_fits
from huepress.pipeline.moving_coders import MovingCoded, advice, advice_for_kept, by_coders, coders, in_nearest_colors
from huepress.pipeline.moving_palettes import PaletteTrials, Written
from huepress.results import OnProgress, Outcome, Report, Trial


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
    made = _make(animation, asked, formats, tell)
    goal, results, best = asked.goal, made.results, made.best(animation.n_pixels)
    of_palette = next((each for each in results if isinstance(each, Written)), None)
    colors = count_frames(animation, threads=options.threads) if of_palette is None else of_palette.table
    original = replace(original, n_colors=len(colors))
    n_channels = int(colors.colors_srgb8.shape[1])
    if isinstance(best, Written):
        indexed, n_colors, notes, shown = best.indexed, best.n_colors, best.notes, None
    else:
        indexed = in_nearest_colors(animation, options) if of_palette is None else of_palette.indexed
        n_colors, notes, shown = best.n_colors(options.threads), (), best.pixels_srgb8
    result = Candidate(best.encoded, n_colors=0 if shown is not None else n_colors)
    decision = deliver(result, original, options, delivery)
    if within and best.mse > 0:
        decision = kept_as_it_fits(original)
    if any(best is each for each in made.missing):
        decision = after_miss(animation.n_pixels, original, best, options, delivery, decision, may_optimize=False)
    if goal is not None:  # there may have been fewer trials than allowed
        tell(1.0)
    notes = (*animation.notes, *_told_of_hidden(colors, options), *notes)
    told = advice(animation, options, best) if options.advise else ()
    if decision.chosen.is_original and delivery.advise_if_kept and not options.advise:
        told = advice_for_kept(animation, options)
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
        worst=None if decision.chosen.is_original else best.worst,
        trials=tuple(made.trials),
        advice=told,
    )
    frame_scores = () if decision.chosen.is_original else best.frame_scores
    return Outcome(indexed, decision.chosen.encoded, report, shown, frame_scores)


@dataclass
class _Made:
    """All versions of an animation that were made.

    Attributes
    ----------
    target : QualityGoal or SizeGoal, optional
        What the best one has to meet; None where the smallest is the best.
    results : list of versions
        Of each format, and all by other coders.
    missing : list of versions
        Those of them that do not meet the goal that was asked for.
    trials : list of Trial
    """

    target: QualityGoal | SizeGoal | None
    results: list[Written | MovingCoded] = field(default_factory=list)
    missing: list[Written | MovingCoded] = field(default_factory=list)
    trials: list[Trial] = field(default_factory=list)

    def best(self, n_pixels: int) -> Written | MovingCoded:
        """Return the version that is delivered, if any of them is."""
        return self._smallest() if self.target is None else self.target.best(self.results, n_pixels)

    def add_coded(self, versions: list[MovingCoded], goal: QualityGoal | SizeGoal | None, n_pixels: int) -> None:
        """Add versions by other coders."""
        self.results += versions
        self.trials += [each.trial for each in versions]
        self.missing += [each for each in versions if goal is not None and not goal.is_met(each, n_pixels)]

    def aim_at_palettes(self) -> None:
        """Let other coders reach the score of the smallest palette, the usual one where there is no palette.

        None is worth a try where palettes lose nothing.
        """
        best = self._smallest() if self.results else None
        if best is None or best.score != LOSSLESS_SCORE:
            score = None if best is None else counted_score(best)
            self.target = QualityGoal(-math.inf, USUAL_SCORE if score is None else score)

    def _smallest(self) -> Written | MovingCoded:
        return min(self.results, key=lambda result: result.n_bytes)


def _make(animation: Animation, options: Options, formats: list[FileFormat], tell: OnProgress) -> _Made:
    """Make the versions that the options ask for. Other coders come first where palettes have to be as good as they."""
    goal, n_pixels = options.goal, animation.n_pixels
    made = _Made(goal)
    if options.is_full_color and goal is not None:
        made.add_coded(by_coders(animation, options, goal, ()), goal, n_pixels)
    of_palettes = replace(options, format="auto") if options.format == SMALLEST else options
    for number, file_format in enumerate(formats):

        def tell_part(part: float, number: int = number) -> None:
            tell((number + part) / len(formats))

        try:
            good = [each for each in made.results if goal is not None and goal.is_met(each, n_pixels)]
            rival = None if goal is None or not good else goal.best(good, n_pixels)
            scored = options.is_full_color or options.advise
            trials = PaletteTrials(animation, of_palettes, file_format, tell_part, scored=scored)
            written, met = trials.reached(rival if options.is_full_color else None)
            made.results.append(written)
            made.missing += [] if met else [written]
            made.trials += [each.trial for each in trials.made] if goal is not None else []
        except LimitError:  # too large or too slow for one of several formats
            if number + 1 == len(formats) and not made.results:
                raise
    if options.is_full_color and goal is None:
        made.aim_at_palettes()
        if made.target is not None:
            made.add_coded(by_coders(animation, options, made.target, made.results), None, n_pixels)
    return made


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
    return not moving.binary_alpha or has_hard_edges(count_frames(animation, threads=options.threads).colors_srgb8)
