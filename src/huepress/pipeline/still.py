"""The order of the stages, known here alone."""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import replace

from huepress.engine.metrics import LOSSLESS_SCORE, mean_squared_error_of_indices, psnr_db
from huepress.errors import TargetError
from huepress.formats.encoders import main_encoder, optimized_losslessly
from huepress.goals import QualityGoal, SizeGoal
from huepress.model import Encoded, IndexedImage, SourceImage
from huepress.options import Options
from huepress.pipeline.hunt import MOST_TRIALS, Attempt, Reached, choose_colors, reach
from huepress.pipeline.workbench import Workbench
from huepress.results import Outcome, Report
from huepress.wording import human_bytes


def quantize(source: SourceImage, options: Options) -> IndexedImage:
    """Reduce an image to at most `options.n_colors` colors."""
    return Workbench(source, options).attempt(options.most_colors, options.rate, lossless_if_it_fits=True).indexed


def run(
    source: SourceImage,
    options: Options,
    *,
    allow_larger: bool = False,
    min_saving: float = 0.0,
    allow_miss: bool = False,
    started: float | None = None,
    on_progress: Callable[[float], None] | None = None,
) -> Outcome:
    """Reduce, encode and measure an image.

    Parameters
    ----------
    source : SourceImage
    options : Options
    allow_larger : bool
        Whether a result that is no smaller than the input file is taken all the same;
        otherwise the input's bytes are kept, unless the options ask for certain colors.
    min_saving : float
        The part of the original's bytes, 0 to below 1, that a result has to save; otherwise the original is kept.
    allow_miss : bool
        Whether a result is taken that is larger than `options.max_size`, where nothing smaller can be had.
    started : float, optional
        ``time.perf_counter()`` when work on the input began, for the report.
    on_progress : callable, optional
        Called with the part of the work that is done, 0 to 1.

    Returns
    -------
    Outcome

    Raises
    ------
    TargetError
        If `options.max_size` cannot be met.
    """
    started = time.perf_counter() if started is None else started
    if options.still_format != "keep":
        source = main_encoder(options.still_format, source.format).adapt(source)
    progress = _Progress(on_progress)
    bench = Workbench(source, options, scored=options.goal is not None, on_progress=progress.part)
    progress.bench = bench
    within = _within_budget(source, options) and not allow_larger
    reached = _reached(bench, replace(options, max_size=None) if within else options)
    progress.finish()
    best, message = reached.best, ""
    kept = None if allow_larger else _kept(source, best, options, min_saving)
    if within and source.keepable is not None and best.trial.score != LOSSLESS_SCORE:
        kept = Encoded(source.keepable, source.format)
        message = f"the original fits in {len(kept.data):,} bytes already; kept (--allow-larger compresses it anyway)"
    if not reached.met:
        message, kept = _missed(source, reached, options, allow_miss=allow_miss, kept=kept)
    indexed, encoded = best.indexed, best.encoded
    if kept is not None:
        message = message or _why_kept(source, best, kept, min_saving)
        encoded = kept
    elif source.keepable is None and source.encoded is not None and best.n_bytes >= len(source.encoded):
        message = message or (
            f"larger than the {source.format}, whose metadata cannot be removed otherwise "
            "(--strip none keeps the original)"
        )
    mse = 0.0 if kept else mean_squared_error_of_indices(bench.table, indexed, threads=options.threads)
    bits_per_pixel_in = 8 * int(source.pixels_srgb8.shape[2])
    report = Report(
        status="kept" if kept else "compressed",
        width=source.width,
        height=source.height,
        bytes_in=None if source.encoded is None else len(source.encoded),
        bytes_out=len(encoded.data),
        n_colors=len(bench.table) if kept else indexed.n_colors,
        n_colors_in=len(bench.table),
        bits_per_pixel=bits_per_pixel_in if kept else indexed.bit_depth,
        bits_per_pixel_in=bits_per_pixel_in,
        mse=mse,
        psnr_db=psnr_db(mse),
        seconds=time.perf_counter() - started,
        seed=options.seed,
        message=message,
        notes=source.notes if not kept else (),
        score=LOSSLESS_SCORE if kept and best.trial.score is not None else best.trial.score,
        trials=reached.trials,
    )
    return Outcome(indexed, encoded, report)


class _Progress:
    """The part of all trials that is done, never falling."""

    def __init__(self, tell: Callable[[float], None] | None) -> None:
        self._tell, self._told = tell, 0.0
        self.bench: Workbench | None = None

    def part(self, part: float) -> None:
        """Take the part of a search that is done."""
        n_done = self.bench.n_attempts if self.bench else 0
        n_all = MOST_TRIALS if self.bench and self.bench.scored else 1
        self._say(min((n_done + part) / n_all, 0.99))

    def finish(self) -> None:
        """Tell that all is done."""
        self._say(1.0)

    def _say(self, part: float) -> None:
        if self._tell is not None and part > self._told:
            self._told = part
            self._tell(part)


def _reached(bench: Workbench, options: Options) -> Reached:
    """Make the version, or the versions, that the options ask for."""
    n_colors = None if options.n_colors == "auto" and options.palette is None else options.most_colors
    if isinstance(options.goal, QualityGoal) and not bench.measurable:
        finest = bench.attempt(options.most_colors, 0.0)
        return Reached(finest, False, (finest.trial,))
    if options.goal is not None:
        start = options.rate if options.rate != Options.rate else None
        return reach(bench, options.goal, n_colors, by_colors=options.effort == 0, start=start)
    if n_colors is None and options.effort > 0:
        return choose_colors(bench, options.rate)
    attempt = bench.attempt(options.most_colors, options.rate, lossless_if_it_fits=True)
    return Reached(attempt, True, (attempt.trial,))


def _within_budget(source: SourceImage, options: Options) -> bool:
    """Tell whether the original itself is the best that fits in the size asked for."""
    if not isinstance(options.goal, SizeGoal) or source.keepable is None or options.asks_for_colors:
        return False
    same_format = main_encoder(options.still_format, source.format).file_format == source.format
    fits = len(source.keepable) <= options.goal.n_bytes(source.n_pixels)
    return fits and (same_format or options.format == "auto")


def _kept(source: SourceImage, best: Attempt, options: Options, min_saving: float) -> Encoded | None:
    """Return the original's bytes where they are to stay."""
    if source.keepable is None or options.asks_for_colors:
        return None
    if saves_enough(best.n_bytes, len(source.keepable), min_saving):
        return None
    return Encoded(source.keepable, source.format)


def saves_enough(n_bytes: int, n_bytes_original: int, min_saving: float) -> bool:
    """Tell whether a result saves a part of the original's bytes, at least one byte."""
    return n_bytes < n_bytes_original and n_bytes <= (1 - min_saving) * n_bytes_original


def _missed(
    source: SourceImage, reached: Reached, options: Options, *, allow_miss: bool, kept: Encoded | None
) -> tuple[str, Encoded | None]:
    """Say what was missed, and return the bytes to keep instead, if any."""
    best, goal = reached.best, options.goal
    if isinstance(goal, QualityGoal):
        score = best.trial.score
        if score is None:
            return "too small a picture for a score; the finest version is taken", kept
        if score >= goal.least:
            return f"{best.indexed.n_colors} colors reach a score of {score:.1f}, not {goal.wanted:g}", kept
        if source.keepable is None:
            return f"{best.indexed.n_colors} colors reach a score of {score:.1f} only, below {goal.least:g}", kept
        original = optimized_losslessly(Encoded(source.keepable, source.format), effort=options.effort)
        return (
            f"{best.indexed.n_colors} colors reach a score of {score:.1f}, below {goal.least:g}; original kept, "
            f"losslessly {'optimized' if len(original.data) < len(source.keepable) else 'as it was'}",
            original,
        )
    assert goal is not None
    budget = goal.n_bytes(source.n_pixels)
    if kept is not None and len(kept.data) <= budget:
        return "", kept
    text = f"the smallest version takes {best.n_bytes:,} bytes, more than the {budget:,} asked for"
    if allow_miss:
        return text, kept
    raise TargetError(f"{text} ({human_bytes(budget)}); allow more, make the picture smaller, or --force writes it")


def _why_kept(source: SourceImage, best: Attempt, kept: Encoded, min_saving: float) -> str:
    too_many = "no fewer than" if best.n_bytes >= len(kept.data) else f"not {min_saving:.1%} fewer than"
    stripped = ", its metadata removed" if kept.data != source.encoded else ""
    return (
        f"the {best.indexed.n_colors}-color {best.encoded.format} would take {best.n_bytes:,} bytes, {too_many} the "
        f"{source.format} with {len(kept.data):,}; original kept{stripped} (--allow-larger writes it anyway)"
    )
