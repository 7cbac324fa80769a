"""One task, done: read, compress, stage. Workers of every kind run this and nothing else."""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import replace
from posixpath import splitext
from typing import Any

from huepress import files, palettes
from huepress.archive.tasks import ALREADY_DONE, FileOutcome, Settings, Task, content_hash, facts_of, failed
from huepress.drawing.thumbnail import thumbnail
from huepress.engine.metrics import LOSSLESS_SCORE, SMALLEST_SIDE, Comparator
from huepress.errors import HuepressError, OutputError, Remedy, UnsupportedError, as_huepress_error
from huepress.formats import table
from huepress.formats.mark import has_mark, marked
from huepress.formats.probe import probe
from huepress.formats.reading import refuse_private
from huepress.formats.writing import main_format
from huepress.goals import SizeGoal
from huepress.model import Animation, Bytes, Encoded, SourceImage
from huepress.options import Options
from huepress.pipeline import intake
from huepress.pipeline.delivery import Candidate, Original, deliver
from huepress.pipeline.edit import without_repeats
from huepress.pipeline.run import encoded_for, frames_of, metadata_of, run
from huepress.results import Outcome

_THUMBNAIL_SIDE = 160


def do(task: Task, settings: Settings, threads: int, on_progress: Callable[[float], None] | None = None) -> FileOutcome:
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


def count(task: Task, settings: Settings, threads: int) -> FileOutcome:
    """Count a task's colors only, scaled so that each image weighs the same."""

    def counted(alone: Settings) -> FileOutcome:
        colors = palettes.colors_of(alone.sources.read(task.source), alone.options)
        return FileOutcome(task, "counted", colors=colors)

    return _guarded(task, settings, threads, counted)


def _guarded(task: Task, settings: Settings, threads: int, work: Callable[[Settings], FileOutcome]) -> FileOutcome:
    """Return a failed outcome where anything goes wrong."""
    started, name = time.perf_counter(), settings.sources.describe(task.source)
    try:
        outcome = work(replace(settings, options=replace(settings.options, jobs=threads)))
    except (HuepressError, MemoryError, OSError) as error:
        outcome = failed(task, as_huepress_error(error).about(name))
    outcome.seconds = time.perf_counter() - started
    return outcome


def thumbnails(before: SourceImage | Animation, after: SourceImage | Animation | Bytes) -> tuple[bytes, bytes]:
    """Draw an image and what became of it, small; of animations the first frame."""
    return thumbnail(_first_frame(before), _THUMBNAIL_SIDE), thumbnail(_first_frame(after), _THUMBNAIL_SIDE)


def _first_frame(image: SourceImage | Animation | Bytes) -> Bytes:
    if isinstance(image, Animation):
        return next(image.frames())
    return image.pixels_srgb8 if isinstance(image, SourceImage) else image


def _do(task: Task, settings: Settings, on_progress: Callable[[float], None] | None) -> FileOutcome:
    stamp = settings.sources.stamp(task.source) if settings.in_place else None
    data = settings.sources.read(task.source)
    if task.copy_only:
        outcome = FileOutcome(task, "copied", facts={"bytes_in": len(data), "bytes_out": len(data)})
        return _staged(outcome, data, data, task.kept_target, settings)
    if task.kept_because:
        outcome, output = _kept(task, data, None, task.kept_because, already_done=task.already_done)
    else:
        outcome, output = _taken_over(task, data, settings) or _compressed(task, data, settings, on_progress)
    outcome.stamp = stamp
    name = task.target_for(outcome.format) if outcome.status == "compressed" else task.kept_target
    return _staged(outcome, data, output, name, settings)


def _compressed(
    task: Task, data: bytes, settings: Settings, on_progress: Callable[[float], None] | None
) -> tuple[FileOutcome, bytes]:
    found = probe(data) if settings.in_place else None
    options, delivery = settings.options, settings.delivery
    if has_mark(data, settings.mark):
        return _kept(task, data, None, ALREADY_DONE, already_done=True)
    if found and found.format != main_format(options.format or "keep", found.format).file_format:
        return _kept(task, data, found.format, _stays(found.format), remedy=Remedy.OUTPUT_FOLDER)
    started = time.perf_counter()
    try:
        source = intake.load_for(data, options, moving=True)
        result = run(source, options, delivery, started=started, on_progress=on_progress)
    except UnsupportedError as error:
        if not settings.in_place and options.strip != "none":
            refuse_private(data, str(error))
        return _kept(task, data, None, f"{error}; kept as it is")
    report, encoded = result.report, result.encoded
    if report.status == "compressed":
        if found and encoded.format != found.format:
            return _kept(task, data, found.format, _stays(found.format), remedy=Remedy.OUTPUT_FOLDER)
        encoded = encoded_for(
            task.target_for(encoded.format),
            result.indexed,
            encoded,
            n_frames=report.n_frames,
            effort=options.effort,
            metadata=metadata_of(source),
        )
        encoded = replace(encoded, data=_marked(encoded.data, facts_of(report), settings))
        if found:  # the file that is replaced has to be larger than the finished one, its mark included
            replaced = Original(found.format, data, None if source.mended else data, source.mended)
            if deliver(Candidate(encoded), replaced, options, delivery).chosen.is_original:
                return _kept(task, data, found.format, "saves too little; kept as it is, with its metadata")
    outcome = FileOutcome(
        task,
        report.status,
        format=encoded.format.lower(),
        facts=facts_of(report),
        # That of what is delivered: an original that is kept was tried with one, and does not have it.
        palette=result.indexed.palette.hex() if report.status == "compressed" and result.decoded_srgb8 is None else [],
        message=report.message,
        remedy=report.remedy,
        ssimulacra2=report.score,
        frame_scores=result.frame_scores,
    )
    if settings.score and report.score is None and min(source.width, source.height) >= SMALLEST_SIDE:
        if report.status == "kept":
            outcome.ssimulacra2 = LOSSLESS_SCORE
        else:
            outcome.ssimulacra2, outcome.frame_scores = _score(source, result, options)
    if settings.thumbnails:
        outcome.thumbnails = thumbnails(source, source if report.status == "kept" else result.shown_srgb8)
    if len(encoded.data) != report.bytes_out:  # encoded anew for the name, or marked
        outcome.facts["bytes_out"] = len(encoded.data)
    return outcome, encoded.data


def _taken_over(task: Task, data: bytes, settings: Settings) -> tuple[FileOutcome, bytes] | None:
    """Return what is ready of a task where doing it would come to the same; None where it has to be done."""
    ready = task.ready
    if ready is None or ready.output is None or ready.source_hash != content_hash(data):
        return None
    if has_mark(data, settings.mark):
        return None
    try:
        output = files.read_bytes(ready.output)
    except HuepressError:  # it has gone meanwhile
        return None
    if content_hash(output) != ready.output_hash:
        return None
    if ready.status == "compressed":
        alike = splitext(task.target_for(ready.format))[1].lower() == splitext(ready.output)[1].lower()
        if not alike or (settings.in_place and not _is_of(data, ready.format)):
            return None
        output = _marked(output, ready.facts, settings)
        if not _is_delivered(output, str(ready.format), data, settings):
            return None
    facts = {**ready.facts, "bytes_in": len(data), "bytes_out": len(output)}
    return replace(ready, task=task, output=None, facts=facts, thumbnails=None, seconds=0.0), output


def _marked(data: bytes, facts: dict[str, Any], settings: Settings) -> bytes:
    """Return a result that replaces its source with the mark; as it is where a size was met that leaves no room."""
    if not settings.in_place:
        return data
    found, goal = marked(data, settings.mark), settings.options.goal
    if isinstance(goal, SizeGoal):
        n_pixels = facts["width"] * facts["height"] * facts["n_frames"]
        if goal.allows(len(data), n_pixels) and not goal.allows(len(found), n_pixels):
            return data  # the next run keeps it since it fits, if only after another look
    return found


def _is_delivered(output: bytes, name: str, data: bytes, settings: Settings) -> bool:
    """Tell whether a result is taken here: this run may ask for more savings than the one that made it."""
    if settings.delivery.min_saving <= 0:  # then it would take the number of colors to tell
        return False
    source = intake.load_for(data, settings.options, moving=True)
    whole = None if source.mended else data
    keepable = whole if settings.in_place else source.keepable
    original = Original(source.format, data, keepable, source.mended)
    result = Candidate(Encoded(output, name.upper()))
    return not deliver(result, original, settings.options, settings.delivery).chosen.is_original


def _is_of(data: bytes, file_format: str | None) -> bool:
    found = probe(data)
    return found is not None and found.format.lower() == file_format


def _stays(file_format: str) -> str:
    article = "an" if file_format.startswith(("A", "M")) else "a"  # as they are spelled: an AVIF, an MP4
    return f"{article} {file_format} stays one in place"


def _score(source: SourceImage | Animation, result: Outcome, options: Options) -> tuple[float, tuple[float, ...]]:
    """Return the score of a picture; of an animation the mean over its time, and one a frame."""
    if isinstance(source, SourceImage):
        return Comparator(source, threads=options.threads).ssimulacra2(result.shown_srgb8), ()
    from huepress.engine.moving_score import mean_over_time, score_of_frame

    source = without_repeats(source)  # as the result is
    scores = [
        score_of_frame(before, after.pixels_srgb8, threads=options.threads)
        for before, after in zip(source.frames(), frames_of(result), strict=True)
    ]
    return mean_over_time(source, scores), tuple(scores)


def _kept(
    task: Task,
    data: bytes,
    file_format: str | None,
    why: str,
    *,
    cleaned: bytes | None = None,
    remedy: Remedy | None = None,
    already_done: bool = False,
) -> tuple[FileOutcome, bytes]:
    """Keep a file's bytes, freed of metadata where that could be done."""
    output = data if cleaned is None else cleaned
    facts = {"bytes_in": len(data), "bytes_out": len(output)}
    kept = FileOutcome(task, "kept", format=file_format and file_format.lower(), facts=facts, message=why)
    return replace(kept, remedy=remedy, already_done=already_done), output


def _check_name_of_kept(name: str, output: bytes, task: Task) -> None:
    """Refuse to write an original under a name that stands for another format.

    Raises
    ------
    OutputError
    """
    stands_for, found = table.of_name(name), table.of_bytes(output)
    known = found.file_format if found else getattr(probe(output), "format", None)
    if task.kept_target != task.source and stands_for is not None and known is not None and known != stands_for:
        raise OutputError(
            f"the original would be kept, and a {known} is not written under a name that stands for {stands_for}",
            subject=name,
            remedy=Remedy.TAKE_OR_RENAME,
        )


def _staged(outcome: FileOutcome, data: bytes, output: bytes, name: str | None, settings: Settings) -> FileOutcome:
    outcome.source_hash = content_hash(data)
    outcome.output_hash = outcome.source_hash if output is data else content_hash(output)
    outcome.output = name
    if outcome.status == "kept" and name is not None and not settings.in_place:
        _check_name_of_kept(name, output, outcome.task)
    if name is not None and not settings.dry_run:
        attributes = settings.in_place or settings.preserve
        like = settings.sources.local_path(outcome.task.source) if attributes else None
        outcome.staged = settings.targets.stage(name, output, run=settings.run, like=like, times=settings.preserve)
    return outcome
