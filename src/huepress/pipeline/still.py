"""The order of the stages, known here alone."""

from __future__ import annotations

import time
from dataclasses import replace

from huepress.delivering import Delivery
from huepress.engine.histogram import has_hidden_colors
from huepress.engine.metrics import LOSSLESS_SCORE, mean_squared_error, mean_squared_error_of_indices
from huepress.formats import table
from huepress.formats.writing import encode, main_format
from huepress.goals import QualityGoal, SizeGoal
from huepress.model import IndexedImage, Metadata, SourceImage
from huepress.options import SMALLEST, Options
from huepress.pipeline.attempts import Attempt
from huepress.pipeline.choosing import choose_colors
from huepress.pipeline.delivery import Candidate, Original, deliver, foreseen, may_keep
from huepress.pipeline.forecast import cannot_win
from huepress.pipeline.full_color import Coded
from huepress.pipeline.hunt import MOST_TRIALS, MOST_TRIALS_FOR_SIZE, Reached, reach
from huepress.pipeline.missing import after_miss, fits_already, kept_as_it_fits
from huepress.pipeline.smallest import Found, advice, advice_for_kept, by_any, by_coder, by_palette
from huepress.pipeline.workbench import Workbench
from huepress.results import OnProgress, Outcome, Report, Trial
from huepress.wording import human_bytes, listed


def quantize(source: SourceImage, options: Options) -> IndexedImage:
    """Reduce an image to at most `options.n_colors` colors."""
    return Workbench(source, options).choose(options.most_colors, options.rate, True).indexed


def run(
    source: SourceImage, options: Options, delivery: Delivery, started: float | None, on_progress: OnProgress | None
) -> Outcome:
    """Reduce, encode and measure an image; see `huepress.pipeline.run.run`.

    Raises
    ------
    TargetError
        If `options.max_size` cannot be met.
    """
    started = time.perf_counter() if started is None else started
    named = table.full_color_by_name(options.format)
    file_format = named[0] if named else main_format(options.still_format, source.format)
    if options.hidden == "keep" and not file_format.holds_hidden and has_hidden_colors(source):
        source = replace(source, notes=(*source.notes, f"a {file_format.file_format} holds no colors below alpha 0"))
    if options.still_format != "keep":
        source = file_format.adapt(source)
    progress = _Progress(on_progress, MOST_TRIALS_FOR_SIZE if isinstance(options.goal, SizeGoal) else MOST_TRIALS)
    scored = options.goal is not None or options.is_full_color or options.advise
    bench = Workbench(source, _for_palettes(options), scored=scored, on_progress=progress.part)
    progress.bench = bench
    original = Original(source.format, source.encoded, source.keepable, source.mended, len(bench.table))
    keeps = may_keep(original, options, delivery)
    if keeps and options.goal is None and options.effort > 0 and not (options.is_full_color or options.advise):
        expected = cannot_win(source, options)
        if expected is not None:
            foretold = advice_for_kept(source, options) if delivery.advise_if_kept else ()
            return _kept_at_once(bench, source, original, options, expected, started, foretold)
    within = fits_already(original, source.n_pixels, options) and keeps
    found = _found(bench, source, replace(options, max_size=None) if within else options)
    progress.finish()
    best = found.best
    result = Candidate(best.encoded, n_colors=best.indexed.n_colors if isinstance(best, Attempt) else 0)
    decision = deliver(result, original, options, delivery)
    if within and best.trial.score != LOSSLESS_SCORE:
        decision = kept_as_it_fits(original)
    if not found.met:
        decision = after_miss(source.n_pixels, original, best, options, delivery, decision)
    kept = decision.chosen.is_original
    lost = _told_of_chunks(source.metadata, decision.chosen.encoded.format)
    notes = () if kept else (*source.notes, *bench.notes, *lost, *_told_of_png(best, source, options))
    no_limit = ""
    if isinstance(options.goal, SizeGoal):
        no_limit = options.goal.no_limit(None if source.encoded is None else len(source.encoded), source.n_pixels)
    n_channels = int(source.pixels_srgb8.shape[2])
    if isinstance(best, Attempt):
        n_colors, bits_per_pixel, decoded = best.indexed.n_colors, best.indexed.bit_depth, None
        mse = 0.0 if kept else mean_squared_error_of_indices(best.table, best.indexed, threads=options.threads)
    else:
        n_colors, bits_per_pixel, decoded = best.n_colors, 8 * n_channels, best.pixels_srgb8
        mse = 0.0 if kept else mean_squared_error(source.pixels_srgb8, best.pixels_srgb8)
    told: tuple[Trial, ...] = ()
    if options.advise and bench.comparator:
        told = advice(bench.comparator, source, options.effort, best.score, best.trial.coder)
    if kept and delivery.advise_if_kept and not options.advise:
        told = advice_for_kept(source, options)
    report = Report.of(
        source,
        decision.chosen.encoded,
        kept=kept,
        n_colors=n_colors,
        n_colors_in=len(bench.table),
        bits_per_pixel=bits_per_pixel,
        n_channels=n_channels,
        mse=mse,
        started=started,
        seed=options.seed,
        message=decision.message,
        remedy=decision.remedy,
        notes=(*notes, *((no_limit,) if no_limit else ())),
        score=LOSSLESS_SCORE if kept and best.trial.score is not None else best.trial.score,
        trials=found.trials,
        advice=told,
    )
    return Outcome(found.indexed, decision.chosen.encoded, report, decoded)


def _kept_at_once(
    bench: Workbench,
    source: SourceImage,
    original: Original,
    options: Options,
    expected: int,
    started: float,
    told: tuple[Trial, ...],
) -> Outcome:
    """Keep an original that the forecast says cannot be beaten; a plain version stands for the one not made."""
    assert original.candidate is not None
    indexed = bench.nearest(options.most_colors)
    n_channels = int(source.pixels_srgb8.shape[2])
    decision = foreseen(expected, indexed.n_colors, original)
    report = Report.of(
        source,
        original.candidate.encoded,
        kept=True,
        n_colors=indexed.n_colors,
        n_colors_in=len(bench.table),
        bits_per_pixel=8 * n_channels,
        n_channels=n_channels,
        mse=0.0,
        started=started,
        seed=options.seed,
        message=decision.message,
        remedy=decision.remedy,
        advice=told,
    )
    return Outcome(indexed, original.candidate.encoded, report)


def _for_palettes(options: Options) -> Options:
    """Return the options of versions with palettes, also where other coders are asked for."""
    if not options.is_full_color:
        return options
    return replace(options, format="auto" if options.format == SMALLEST else "png")


def _found(bench: Workbench, source: SourceImage, options: Options) -> Found:
    """Make the versions that the options ask for, with every coder that they allow."""
    if options.format == SMALLEST:

        def palettes(asked: Options) -> Reached:
            same = asked.still_format == "auto"
            return _reached(bench if same else Workbench(source, asked, scored=True), asked)

        return by_any(palettes, bench.comparator, source, options)
    return by_coder(bench, source, options) if options.is_full_color else by_palette(_reached(bench, options))


def _told_of_chunks(metadata: Metadata, file_format: str) -> tuple[str, ...]:
    found = table.by_file_format(file_format)
    if metadata.png is None or found is None or found.holds_png_chunks:
        return ()
    texts = {"tEXt", "zTXt", "iTXt"} if metadata.texts else set()  # which are said in that format's own way
    names = [name for name in metadata.png.names if name not in texts]
    return (f"PNG chunks that a {file_format} cannot hold: {listed(names)}",) if names else ()


def _told_of_png(best: Attempt | Coded, source: SourceImage, options: Options) -> tuple[str, ...]:
    """Say that the same picture is smaller as PNG, of formats that browsers do not show and that copy nothing."""
    found = table.by_file_format(best.encoded.format)
    if found is None or found.in_browsers or not isinstance(best, Attempt):
        return ()
    png = encode(
        best.indexed, "png", "PNG", effort=options.effort, metadata=source.metadata, searched=options.effort > 0
    )
    if len(png.data) >= best.n_bytes:
        return ()
    told = f"{best.n_bytes / len(png.data):.1f} times the same picture as PNG ({human_bytes(len(png.data))})"
    return (f"{told}: {best.encoded.format} codes no copies, which the search for PNG lives from",)


class _Progress:
    """The part of all trials that is done, never falling."""

    def __init__(self, tell: OnProgress | None, most_trials: int) -> None:
        self._tell, self._most_trials, self._told = tell, most_trials, 0.0
        self.bench: Workbench | None = None

    def part(self, part: float) -> None:
        """Take the part of a search that is done."""
        n_done = self.bench.n_attempts if self.bench else 0
        n_all = self._most_trials if self.bench and self.bench.scored else 1
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
