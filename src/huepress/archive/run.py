"""A run: tasks in, outcomes out; everything that must happen in one place happens here."""

from __future__ import annotations

import contextlib
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, replace

from huepress.archive.admission import Admission
from huepress.archive.ledger import Ledger
from huepress.archive.memory import PLANNER_BYTES, WORKER_BYTES, working_set
from huepress.archive.tasks import Outcome, Settings, Task, content_hash, failed
from huepress.archive.workers import Executor, Processes
from huepress.codec.probe import Probe, probe
from huepress.errors import HuepressError, LimitError, OptionError, OutputError
from huepress.text import human_bytes

_HEADER_BYTES = 32 * 1024
_SMALLEST_TASK = 64_000_000


@dataclass(frozen=True)
class Resources:
    """What a run may take of this machine.

    Parameters
    ----------
    threads : int
        Most threads that compute at once.
    memory : int
        Most bytes, all processes together.
    strict : bool
        Whether an image that alone takes more is refused; otherwise it is done alone.
    """

    threads: int
    memory: int
    strict: bool = True

    def workers(self, n_tasks: int) -> int:
        """Return how many worker processes fit.

        Raises
        ------
        OptionError
            If not even one does.
        """
        fitting = (self.memory - PLANNER_BYTES) // (WORKER_BYTES + _SMALLEST_TASK)
        if fitting < 1 and self.strict:
            least = PLANNER_BYTES + WORKER_BYTES + _SMALLEST_TASK
            raise OptionError(f"--memory must be at least {human_bytes(least)}, not {human_bytes(self.memory)}")
        return max(1, min(self.threads, fitting, n_tasks))


def run(
    tasks: Sequence[Task],
    settings: Settings,
    resources: Resources,
    *,
    ledger: Ledger | None = None,
    executor: Executor | None = None,
) -> Iterator[Outcome]:
    """Do tasks and yield their outcomes as they finish.

    Whenever it ends, by exhaustion, an exception or Ctrl-C, each target is its old or its new
    file and no temporary file of this run is left.

    Parameters
    ----------
    tasks : sequence of Task
        Large files best first.
    settings : Settings
    resources : Resources
    ledger : Ledger, optional
        What earlier runs have settled; kept up to date.
    executor : Executor, optional
        Who does the work; worker processes by default.
    """
    if ledger is None:
        ledger = Ledger(settings.fingerprint())
    settled: list[Outcome] = []
    unclean: list[Task] = []  # a worker that died may have left something
    if executor is None:
        n_workers = resources.workers(len(tasks))
        executor = Processes(settings, n_workers, max(1, resources.threads // n_workers))
    for_tasks = max(0, resources.memory - PLANNER_BYTES - WORKER_BYTES * executor.slots)
    admission = Admission(
        _unsettled(tasks, settings, ledger, settled),
        lambda task: _cost(task, settings) if resources.strict else min(for_tasks, _cost(task, settings)),
        memory=for_tasks,
        threads=resources.threads,
        slots=executor.slots,
        ahead=executor.ahead,
    )
    try:
        while True:
            while begun := admission.next_task():
                executor.submit(*begun)
            yield from settled
            settled.clear()
            if too_large := admission.too_large():
                yield _too_large(*too_large, settings, resources.memory)
            elif admission.paused:
                continue
            elif not admission.running:
                break
            else:
                for outcome in executor.finished():
                    admission.ended(outcome.task)
                    if outcome.status == "failed":
                        unclean.append(outcome.task)
                    yield _published(outcome, settings, ledger)
    finally:
        executor.close()
        # Only now: while others work in the same folder, their files look the same.
        left = tasks if executor.leaves_behind else [*admission.running, *unclean]
        settings.targets.sweep(_names(left), run=settings.run)


def _unsettled(
    tasks: Sequence[Task], settings: Settings, ledger: Ledger, settled: list[Outcome]
) -> Iterator[Task | None]:
    """Yield the tasks that need work; for others None, and their outcomes go to `settled`."""
    for task in tasks:
        try:
            known = failed(task, task.error, task.error_code) if task.error else _known(task, settings, ledger)
        except HuepressError as error:
            known = failed(task, str(error), error.exit_code)
        if isinstance(known, Outcome):
            settled.append(known)
        yield known if isinstance(known, Task) else None


def _known(task: Task, settings: Settings, ledger: Ledger) -> Outcome | Task:
    """Return the outcome of a task that an earlier run has settled, or what is left to do."""
    if not ledger or task.copy_only:
        return task
    data = settings.sources.read(task.source)
    source_hash = content_hash(data)
    row = ledger.made_as(source_hash)
    own_output = row is not None
    if row is None:
        row = ledger.result_of(source_hash)
    if row is None:
        return task
    if own_output and row["status"] == "compressed":
        # These bytes are a result: nothing is gained by compressing them again.
        because = "already compressed with these options; kept"
        task = replace(task, kept_because=because)
        row = row | {"status": "kept", "message": because, "output_hash": source_hash}
        row["facts"] = row["facts"] | {"bytes_in": len(data), "bytes_out": len(data)}
    elif settings.score and row["ssimulacra2"] is None and not settings.in_place:
        return task
    name = task.target_for(row["format"]) if row["status"] == "compressed" else task.kept_target
    outcome = Outcome(
        task,
        row["status"],
        output=name,
        unchanged=True,
        format=row["format"],
        facts=row["facts"],
        ssimulacra2=row["ssimulacra2"],
        message=row["message"],
        source_hash=source_hash,
        output_hash=row["output_hash"],
    )
    if name is None:
        return outcome
    if settings.in_place or settings.targets.size(name) != row["facts"]["bytes_out"]:
        return task  # the source was brought back, or the target has gone
    return outcome if content_hash(settings.targets.read(name)) == row["output_hash"] else task


def _cost(task: Task, settings: Settings) -> int:
    if task.copy_only or task.kept_because:
        return 2 * task.size
    found = None
    with contextlib.suppress(HuepressError):
        head = settings.sources.read_start(task.source, _HEADER_BYTES)
        found = probe(head)
        if found is None and len(head) == _HEADER_BYTES:
            found = probe(settings.sources.read(task.source))
    if found is None or found.width * found.height > settings.options.max_pixels:
        found = Probe("unknown", 1, 1, False)  # it fails before it takes any memory
    return working_set(found, task.size, settings.options, score=settings.score)


def _published(outcome: Outcome, settings: Settings, ledger: Ledger) -> Outcome:
    """Record an outcome, then give its staged file the name."""
    if outcome.status == "failed":
        return outcome
    task, staged = outcome.task, outcome.staged
    try:
        if settings.in_place and outcome.stamp != settings.sources.stamp(task.source):
            raise OutputError(f"{settings.sources.describe(task.source)}: it was changed meanwhile; run it again")
        overwrite = settings.overwrite or settings.in_place
        if staged is not None and outcome.output is not None and not overwrite:
            overwrite = _is_ours(outcome, settings, ledger)
        if not settings.dry_run:
            ledger.add(outcome)
        if staged is not None and outcome.output is not None:
            settings.targets.publish(staged, outcome.output, overwrite=overwrite)
    except HuepressError as error:
        if staged is not None:
            settings.targets.discard(staged)
        return replace(failed(task, str(error), error.exit_code, outcome.seconds), facts=outcome.facts)
    return outcome


def _is_ours(outcome: Outcome, settings: Settings, ledger: Ledger) -> bool:
    """Tell whether a file under the output's name may be replaced: a run has made it, or it is the same."""
    assert outcome.output is not None
    if settings.targets.size(outcome.output) is None:
        return False
    there = content_hash(settings.targets.read(outcome.output))
    return there == outcome.output_hash or ledger.made(there)


def _too_large(task: Task, cost: int, settings: Settings, memory: int) -> Outcome:
    name = settings.sources.describe(task.source)
    return failed(
        task,
        f"{name}: takes about {human_bytes(cost)}, which does not fit into {human_bytes(memory)}; raise --memory",
        LimitError.exit_code,
    )


def _names(tasks: Iterable[Task]) -> set[str]:
    return {name for task in tasks for name in task.names}
