"""One task, done: read, compress, stage. Workers of every kind run this and nothing else."""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import replace
from typing import Any

from huepress import api, palettes
from huepress.archive.tasks import ALREADY_DONE, Outcome, Settings, Task, content_hash, facts_of, failed
from huepress.drawing.thumbnail import thumbnail
from huepress.engine.metrics import LOSSLESS_SCORE, SMALLEST_SIDE, Comparator
from huepress.errors import HuepressError, LimitError, OutputError, UnsupportedError
from huepress.formats.encoders import main_encoder
from huepress.formats.mark import has_mark, marked
from huepress.formats.probe import probe
from huepress.model import Animation, Bytes, SourceImage
from huepress.options import Options
from huepress.pipeline import intake
from huepress.pipeline.still import saves_enough

_THUMBNAIL_SIDE = 160


def do(task: Task, settings: Settings, threads: int, on_progress: Callable[[float], None] | None = None) -> Outcome:
    """Do a task as far as staging its file; whatever goes wrong becomes a failed outcome.

    Parameters
    ----------
    task : Task
    settings : Settings
    threads : int
        Threads inside the image.
    on_progress : callable, optional
        Called with the part of the search that is done, 0 to 1.
    """
    return _guarded(task, settings, threads, lambda alone: _do(task, alone, on_progress))


def count(task: Task, settings: Settings, threads: int) -> Outcome:
    """Count a task's colors only, scaled so that each image weighs the same."""

    def counted(alone: Settings) -> Outcome:
        colors = palettes.colors_of(alone.sources.read(task.source), alone.options)
        return Outcome(task, "counted", colors=colors)

    return _guarded(task, settings, threads, counted)


def _guarded(task: Task, settings: Settings, threads: int, work: Callable[[Settings], Outcome]) -> Outcome:
    """Return a failed outcome where anything goes wrong."""
    started, name = time.perf_counter(), settings.sources.describe(task.source)
    try:
        outcome = work(replace(settings, options=replace(settings.options, jobs=threads)))
    except MemoryError:
        message = f"{name}: not enough memory; make the image smaller or close other programs"
        outcome = failed(task, message, LimitError.exit_code)
    except HuepressError as error:
        text = str(error)
        outcome = failed(
            task, text if name in text or isinstance(error, OutputError) else f"{name}: {text}", error.exit_code
        )
    except OSError as error:
        outcome = failed(task, f"{name}: {error.strerror or error}; run it again", 1)
    outcome.seconds = time.perf_counter() - started
    return outcome


def compress(
    data: bytes | SourceImage | Animation, settings: Settings, on_progress: Callable[[float], None] | None = None
) -> Any:
    """Compress an image file's bytes with the settings of a run; return a `huepress.Result`."""
    return api.compress(
        data,
        allow_larger=settings.allow_larger,
        min_saving=settings.min_saving,
        allow_miss=settings.allow_miss,
        on_progress=on_progress,
        **vars(settings.options),
    )


def thumbnails(before: SourceImage | Animation, after: SourceImage | Animation | Bytes) -> tuple[bytes, bytes]:
    """Draw an image and what became of it, small; of animations the first frame."""
    return thumbnail(_first_frame(before), _THUMBNAIL_SIDE), thumbnail(_first_frame(after), _THUMBNAIL_SIDE)


def _first_frame(image: SourceImage | Animation | Bytes) -> Bytes:
    if isinstance(image, Animation):
        return next(image.frames())
    return image.pixels_srgb8 if isinstance(image, SourceImage) else image


def _do(task: Task, settings: Settings, on_progress: Callable[[float], None] | None) -> Outcome:
    stamp = settings.sources.stamp(task.source) if settings.in_place else None
    data = settings.sources.read(task.source)
    if task.copy_only:
        outcome = Outcome(task, "copied", facts={"bytes_in": len(data), "bytes_out": len(data)})
        return _staged(outcome, data, data, task.kept_target, settings)
    if task.kept_because:
        outcome, output = _kept(task, data, None, task.kept_because)
    else:
        outcome, output = _compressed(task, data, settings, on_progress)
    outcome.stamp = stamp
    name = task.target_for(outcome.format) if outcome.status == "compressed" else task.kept_target
    return _staged(outcome, data, output, name, settings)


def _compressed(
    task: Task, data: bytes, settings: Settings, on_progress: Callable[[float], None] | None
) -> tuple[Outcome, bytes]:
    found = probe(data) if settings.in_place else None
    options = settings.options
    if has_mark(data, settings.mark):
        return _kept(task, data, None, ALREADY_DONE)
    if found and found.format != main_encoder(options.format or "keep", found.format).file_format:
        return _kept(task, data, found.format, _stays(found.format))
    try:
        source = intake.load(data, max_pixels=options.max_pixels, color=options.color, strip=options.strip, moving=True)
        if isinstance(source, Animation) and options.goal is not None:
            why = "a quality or a size can be aimed at for single pictures only so far; original kept"
            return _kept(task, data, source.format, why, None if settings.in_place else source.keepable)
        result = compress(source, settings, on_progress)
    except UnsupportedError as error:
        return _kept(task, data, None, f"{error}; kept as it is, with its metadata")
    report, encoded = result.report, result.encoded
    if report.status == "compressed":
        if found and encoded.format != found.format:
            return _kept(task, data, found.format, _stays(found.format))
        encoded = result.encoded_for(task.target_for(encoded.format))
        if settings.marks:
            encoded = replace(encoded, data=marked(encoded.data, settings.mark))
        enough = saves_enough(len(encoded.data), len(data), settings.min_saving)
        if found and not settings.allow_larger and not options.asks_for_colors and not enough:
            return _kept(task, data, found.format, "saves too little; kept as it is, with its metadata")
    outcome = Outcome(
        task,
        report.status,
        format=encoded.format.lower(),
        facts=facts_of(report),
        palette=result.palette.hex(),
        message=report.message,
        ssimulacra2=report.score,
    )
    if settings.score and report.score is None and min(source.width, source.height) >= SMALLEST_SIDE:
        outcome.ssimulacra2 = LOSSLESS_SCORE if report.status == "kept" else _score(source, result, options)
    if settings.thumbnails:
        outcome.thumbnails = thumbnails(source, source if report.status == "kept" else result.indexed.to_array())
    if len(encoded.data) != report.bytes_out:  # encoded anew for the name, or marked
        outcome.facts["bytes_out"] = len(encoded.data)
    return outcome, encoded.data


def _stays(file_format: str) -> str:
    return f"a {file_format} stays one in place; give -o DIR for another format"


def _score(source: SourceImage | Animation, result: Any, options: Options) -> float:
    """Return the score of a picture, of an animation the mean over its frames."""
    if isinstance(source, SourceImage):
        return Comparator(source, threads=options.threads).ssimulacra2(result.indexed.to_array())
    scores = [
        Comparator(SourceImage(before), threads=options.threads).ssimulacra2(after.pixels_srgb8)
        for before, after in zip(source.frames(), result.frames, strict=True)
    ]
    return sum(scores) / len(scores)


def _kept(
    task: Task, data: bytes, file_format: str | None, why: str, cleaned: bytes | None = None
) -> tuple[Outcome, bytes]:
    """Keep a file's bytes, freed of metadata where that could be done."""
    output = data if cleaned is None else cleaned
    facts = {"bytes_in": len(data), "bytes_out": len(output)}
    kept = Outcome(task, "kept", format=file_format and file_format.lower(), facts=facts, message=why)
    return kept, output


def _staged(outcome: Outcome, data: bytes, output: bytes, name: str | None, settings: Settings) -> Outcome:
    outcome.source_hash = content_hash(data)
    outcome.output_hash = outcome.source_hash if output is data else content_hash(output)
    outcome.output = name
    if name is not None and not settings.dry_run:
        attributes = settings.in_place or settings.preserve
        like = settings.sources.local_path(outcome.task.source) if attributes else None
        outcome.staged = settings.targets.stage(name, output, run=settings.run, like=like, times=settings.preserve)
    return outcome
