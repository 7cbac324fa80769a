"""A planned run, carried out: executor, ledger and shared palette are chosen here; whoever asked hears of each file."""

from __future__ import annotations

import sys
from collections.abc import Callable, Generator, Iterator
from contextlib import closing
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING

from huepress.archive import shared_palette, work
from huepress.archive.executor import Executor, Inline
from huepress.archive.ledger import Ledger
from huepress.archive.listing import Planned
from huepress.archive.memory import default_budget
from huepress.archive.request import RunRequest
from huepress.archive.run import Resources, run
from huepress.archive.tasks import FileOutcome, FileStatus, Settings, Task
from huepress.errors import HuepressError, OptionError, Remedy
from huepress.storage.base import LedgerFile, LedgerLines

if TYPE_CHECKING:
    from huepress.archive.cluster import Cluster

# Starting worker processes costs more than they bring for fewer files, each of which can
# use all threads.
_WORKERS_FROM = 4
_ABANDONED_SECONDS = 3600.0


class Watch:
    """Hears how a run gets on; this one does nothing with it."""

    def begin(self, tasks: list[Task], what: str) -> None:
        """Hear that some work on these files begins: ``"colors"`` are read, files ``"compressed"`` or ``"packed"``."""

    def part_of(self, task: Task) -> Callable[[float], None] | None:
        """Return what takes the part of a file that is done, 0 to 1, while files are done one by one."""
        return None

    def passed(self, task: Task) -> None:
        """Hear that a file's colors are read."""

    def end(self) -> None:
        """Hear that this work has ended."""

    def is_stopped(self) -> bool:
        """Say whether the run is to end now, and what it is at to be given up; asked several times a second."""
        return False


@dataclass
class Summary:
    """Sums over the outcomes of a run.

    Attributes
    ----------
    counts : dict
        Files by what became of them.
    unchanged : int
        Files that an earlier run had done.
    already_done : int
        Files that were kept since they are results already.
    bytes_in, bytes_out : int
        Of the files that did not fail.
    errors : list of HuepressError
        Why files failed.
    """

    counts: dict[FileStatus, int] = field(
        default_factory=lambda: {"compressed": 0, "kept": 0, "copied": 0, "failed": 0, "counted": 0}
    )
    unchanged: int = 0
    already_done: int = 0
    bytes_in: int = 0
    bytes_out: int = 0
    errors: list[HuepressError] = field(default_factory=list)

    def add(self, outcome: FileOutcome) -> None:
        """Count an outcome."""
        self.counts[outcome.status] += 1
        self.unchanged += outcome.unchanged
        self.already_done += outcome.already_done
        if outcome.error is not None:
            self.errors.append(outcome.error)
        else:
            self.bytes_in += outcome.bytes_in
            self.bytes_out += outcome.bytes_out

    @property
    def saved(self) -> float:
        """The part of the inputs' bytes that is saved, 0 to 1; negative where more is written."""
        return 1 - self.bytes_out / self.bytes_in if self.bytes_in else 0.0


def check_request(request: RunRequest) -> None:
    """Complain before anything is touched if not even one worker fits into the memory, or options exclude each other.

    Raises
    ------
    OptionError
    """
    if request.options.is_full_color:
        name = request.options.format
        if request.in_place:
            raise OptionError(
                f"with format {name!r} files in place would lose a little at each run", remedy=Remedy.NOT_IN_PLACE
            )
        if request.shared_palette:
            raise OptionError(f"a shared palette needs a format with one, not {name!r}", remedy=Remedy.OTHER_FORMAT)
    _resources(request).workers(1)


def carry_out(planned: Planned, request: RunRequest, watch: Watch) -> Generator[FileOutcome, None, None]:
    """Do what was planned, and yield what became of each file: of single files in their order, of trees as they finish.

    Whenever it ends, by exhaustion, an exception or Ctrl-C, each target is its old or its new file.

    Parameters
    ----------
    planned : Planned
    request : RunRequest
    watch : Watch

    Raises
    ------
    OptionError, InputError, OutputError
        If a cluster does not answer, or the ledger cannot be had.
    """
    tasks, resources = planned.tasks, _resources(request)
    cluster = _cluster(planned, request)
    lines = _ledger_lines(planned.settings)
    if request.shared_palette:
        planned = replace(planned, settings=_with_shared_palette(planned, resources, cluster, lines, watch))
    settings = planned.settings
    executor: Executor | None = None
    if cluster is not None:
        executor = cluster.executor(settings)
        resources = Resources(executor.slots, sys.maxsize, strict=False)  # its threads and memory are its own affair
    elif _alone(planned):
        executor = Inline(settings, lambda task, its, threads: work.do(task, its, threads, watch.part_of(task)))
    of_sources = settings.sources.read_ledger() if lines and settings.sources != settings.targets else None
    ledger = Ledger(settings.fingerprint(), lines, of_sources)
    if not settings.dry_run:
        names = {name for task in tasks for name in task.names}
        settings.targets.sweep(names, older_than=0.0 if planned.is_tree else _ABANDONED_SECONDS)
    watch.begin(tasks, "compressed")
    try:
        # Closed here, so that nothing is left to be cleaned up when the ledger is given back.
        with closing(
            run(tasks, settings, resources, ledger=ledger, executor=executor, is_stopped=watch.is_stopped)
        ) as done:
            yield from done if planned.is_tree else _in_order(tasks, done)
    finally:
        watch.end()
        ledger.close()


def _alone(planned: Planned) -> bool:
    """Tell whether this process does the work itself, one image after the other."""
    tasks = planned.tasks
    few = not planned.is_tree and (len(tasks) < _WORKERS_FROM)
    return few or not planned.settings.sources.shared


def _cluster(planned: Planned, request: RunRequest) -> Cluster | None:
    if not request.cluster:
        return None
    from huepress.archive.cluster import Cluster

    if not planned.settings.sources.shared:
        raise OptionError("a cluster cannot see memory://; give files or URLs that every worker can read")
    return Cluster(request.cluster, planned.settings.run, request.memory)


def _with_shared_palette(
    planned: Planned, resources: Resources, cluster: Cluster | None, lines: LedgerFile | None, watch: Watch
) -> Settings:
    """Find the palette of all images; in place the one that earlier runs have begun to give them."""
    tasks, settings = shared_palette.countable(planned.tasks), planned.settings
    begun = Ledger(settings.fingerprint(), lines) if settings.in_place else None
    known = begun and begun.palette()
    if known:
        return shared_palette.with_palette(settings, known)
    watch.begin(tasks, "colors")
    try:
        if cluster is not None:
            colors = cluster.pooled_colors(tasks, settings, watch.passed)
        else:
            alone = _alone(planned)
            executor = Inline(settings, work.count) if alone else resources.processes(work.count, len(tasks), settings)
            colors = shared_palette.pooled_colors(tasks, settings, resources, executor, watch.passed)
    finally:
        watch.end()
    settings = shared_palette.with_shared_palette(settings, colors)
    if begun is not None and settings.options.given_palette is not None:
        begun.add_palette(settings.options.given_palette)
    return settings


def _resources(request: RunRequest) -> Resources:
    if request.memory is None:
        return Resources(request.options.threads, default_budget(), strict=False)
    return Resources(request.options.threads, request.memory, strict=True)


def _ledger_lines(settings: Settings) -> LedgerFile | None:
    """Open the tree's ledger; files that were named one by one have none."""
    if not settings.has_ledger:
        return None
    if not settings.dry_run:
        return settings.targets.open_ledger()
    settings.targets.check_ledger()
    return LedgerLines(settings.targets.read_ledger())


def _in_order(tasks: list[Task], outcomes: Iterator[FileOutcome]) -> Iterator[FileOutcome]:
    """Yield outcomes in the order of their tasks, each as soon as those before it are there."""
    early: dict[str, list[FileOutcome]] = {}
    waiting = iter(tasks)
    task = next(waiting, None)
    for outcome in outcomes:
        early.setdefault(outcome.task.source, []).append(outcome)
        while task is not None and early.get(task.source):
            yield early[task.source].pop(0)
            task = next(waiting, None)
