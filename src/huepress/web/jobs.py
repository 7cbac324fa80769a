"""What worker processes do for the page; they know nothing of servers, and import none."""

from __future__ import annotations

import contextlib
import os
import time
import zlib
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Literal

from huepress import files, palettes
from huepress.archive import work
from huepress.archive.estimate import cost_of
from huepress.archive.listing import plan_files, plan_tree
from huepress.archive.request import RunRequest
from huepress.archive.tasks import FileOutcome, Settings, Task, failed
from huepress.comparison.page.strips import sheets_set
from huepress.delivering import Delivery
from huepress.errors import HuepressError, as_huepress_error
from huepress.formats.probe import Probe
from huepress.model import ColorHistogram
from huepress.options import Options
from huepress.pipeline.intake import load_palette
from huepress.storage.local import LocalStore
from huepress.web.headers import header_of
from huepress.web.telling import told
from huepress.web.views import Shot, Taken, write_differences, write_segments, write_views

Kind = Literal["compress", "show", "differ", "segment", "palette", "shared", "look", "plan"]
# What is found, among the facts of an outcome.
HEADER, PLANNED, LEFT_OUT = "header", "planned", "left out"
ANYWHERE = LocalStore("")


@dataclass(frozen=True)
class Source:
    """One picture of several.

    Attributes
    ----------
    path : str
    inside : str
        The folder that it may not leave; empty for files that came in.
    found : Probe, optional
        What its header tells, if that is known.
    """

    path: str
    inside: str = ""
    found: Probe | None = None


@dataclass(frozen=True, slots=True)
class Job(Task):
    """A task that brings its own settings along.

    Parameters
    ----------
    number : int
        Tells jobs apart.
    kind : {"compress", "show", "differ", "segment", "palette", "shared", "look", "plan"}
        To make a file of a picture, to draw what is compared, to draw how animations differ, to find segments, to read
        a palette file, to find one palette for all, to look what a file is, or to plan a run over a folder.
    picture : str
        Whose job it is.
    options : Options
    delivery : Delivery
    folder : str
        An empty folder for what is made.
    inside : str
        The folder that sources may not leave; empty for files that came in.
    scores : bool
        Whether the result is scored.
    shots : tuple of Shot
        The versions that are shown beside their source.
    taken : Taken
        How the source itself is taken along from there.
    base : str
        The address under which the page gets what is written to the folder.
    waited : str
        The file in the folder that somebody waits for.
    sources : tuple of Source
        The pictures that share a palette.
    request : RunRequest, optional
        The run that is to be planned.
    """

    number: int = 0
    kind: Kind = "compress"
    picture: str = ""
    options: Options = field(default_factory=Options)
    delivery: Delivery = field(default_factory=Delivery)
    folder: str = ""
    inside: str = ""
    scores: bool = True
    shots: tuple[Shot, ...] = ()
    taken: Taken = field(default_factory=Taken)
    base: str = ""
    waited: str = ""
    sources: tuple[Source, ...] = ()
    request: RunRequest | None = None


def settings_of(job: Job) -> Settings:
    """Return what the archive engine's estimates want to know of a job."""
    return Settings(job.options, ANYWHERE, ANYWHERE, delivery=job.delivery, score=True)


def cost_of_job(job: Job) -> int:
    """Estimate the bytes that a job takes; of several pictures, read one after the other, the largest counts."""
    settings = settings_of(job)
    if job.sources:
        each = (replace(job, source=source.path, found=source.found) for source in job.sources)
        return max(cost_of(one, settings, counting=True) for one in each)
    return cost_of(job, settings) + (sheets_set(1 + len(job.shots)) if job.shots else 0)


def do(job: Task, _: Settings, threads: int, tell: Callable[[float], None]) -> FileOutcome:
    """Do a job; whatever goes wrong becomes a failed outcome."""
    assert isinstance(job, Job)
    started = time.perf_counter()
    try:
        alone = replace(job, options=replace(job.options, jobs=threads))
        outcome = _WORK[job.kind](alone, threads, tell)
    except (HuepressError, MemoryError, OSError) as error:
        outcome = failed(job, as_huepress_error(error))
    return replace(outcome, task=job, staged=None, seconds=time.perf_counter() - started)


def _read(source: Job | Source) -> bytes:
    """Read a picture; one of a folder only from there, whatever was put in its place."""
    path = source.source if isinstance(source, Job) else source.path
    return files.read_bytes(path, below=source.inside)


def _compress(job: Job, threads: int, tell: Callable[[float], None]) -> FileOutcome:
    """Make the file that the command makes: by the same plan, and by the same work."""
    with contextlib.suppress(FileExistsError):
        os.mkdir(job.folder, mode=0o700)  # not its parents: these are gone where the picture is
    sketched = _sketched(job)
    request = RunRequest(
        names=(job.source,),
        options=job.options,
        delivery=job.delivery,
        output=os.path.join(job.folder, ""),
        scores=job.scores,
        thumbnails=not sketched.exists(),
    )
    store = LocalStore(job.inside, follow=not job.inside)
    planned, stamp = plan_files(request, store), store.stamp(job.source)
    task, settings = planned.tasks[0], planned.settings
    if task.error is not None:
        raise task.error
    outcome = work.do(task, settings, threads, tell)
    if outcome.error is not None:
        raise outcome.error
    if outcome.staged is not None and outcome.output is not None:
        settings.targets.publish(outcome.staged, outcome.output, overwrite=True)
    if outcome.thumbnails is not None:  # several jobs may be at it, and any of them may be stopped
        files.write_bytes(sketched, outcome.thumbnails[0], overwrite=True)
    elif sketched.exists():
        outcome.thumbnails = files.read_bytes(sketched), b""
    if job.inside:  # it may have become another picture since it was listed
        outcome.stamp = stamp
        with contextlib.suppress(HuepressError):
            outcome.facts[HEADER] = header_of(job.source, job.inside)
    return outcome


def _sketched(job: Job) -> Path:
    """Return the file for the thumbnail of what the options take of a picture: whoever comes first draws it."""
    shown = repr((job.options.edits, LocalStore("").stamp(job.source)))
    return Path(job.folder).parent / f"sketched{zlib.crc32(shown.encode()):08x}"


def _show(job: Job, threads: int, tell: Callable[[float], None]) -> FileOutcome:
    write_views(_read(job), job.shots, job.options, Path(job.folder), job.base, job.taken)
    return FileOutcome(job, "counted")


def _differ(job: Job, threads: int, tell: Callable[[float], None]) -> FileOutcome:
    write_differences(_read(job), job.shots, job.options, Path(job.folder), job.waited)
    return FileOutcome(job, "counted")


def _segment(job: Job, threads: int, tell: Callable[[float], None]) -> FileOutcome:
    write_segments(_read(job), job.options, Path(job.folder))
    return FileOutcome(job, "counted")


def _palette(job: Job, threads: int, tell: Callable[[float], None]) -> FileOutcome:
    found = load_palette(_read(job), max_pixels=job.options.max_pixels)
    return FileOutcome(job, "counted", palette=found.hex())


def _shared(job: Job, threads: int, tell: Callable[[float], None]) -> FileOutcome:
    left_out: list[tuple[int, str]] = []

    def tables() -> Iterator[ColorHistogram]:
        errors: list[HuepressError] = []
        for place, source in enumerate(job.sources):
            try:
                yield palettes.colors_of(_read(source), job.options)
            except HuepressError as error:  # the others get theirs all the same
                errors.append(error)
                left_out.append((place, told(error)))
            tell((place + 1) / len(job.sources))
        if errors and len(errors) == len(job.sources):
            raise errors[0]

    palette = palettes.shared_palette_of(tables(), job.options).hex()
    return FileOutcome(job, "counted", palette=palette, facts={LEFT_OUT: left_out})


def _look(job: Job, threads: int, tell: Callable[[float], None]) -> FileOutcome:
    return FileOutcome(job, "counted", facts={HEADER: header_of(job.source, job.inside)})


def _plan(job: Job, threads: int, tell: Callable[[float], None]) -> FileOutcome:
    assert job.request is not None
    return FileOutcome(job, "counted", facts={PLANNED: plan_tree(job.request)})


_WORK: dict[Kind, Callable[[Job, int, Callable[[float], None]], FileOutcome]] = {
    "compress": _compress,
    "show": _show,
    "differ": _differ,
    "segment": _segment,
    "palette": _palette,
    "shared": _shared,
    "look": _look,
    "plan": _plan,
}
