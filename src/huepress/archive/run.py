"""A run: tasks in, outcomes out; everything that must happen in one place happens here."""

from __future__ import annotations

from collections.abc import Callable, Generator, Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

from huepress.archive import work
from huepress.archive.admission import Admission
from huepress.archive.estimate import cost_of, too_large
from huepress.archive.executor import Executor, Work
from huepress.archive.ledger import Ledger
from huepress.archive.memory import WORKER_BYTES, planner_bytes
from huepress.archive.publishing import Publisher
from huepress.archive.tasks import ALREADY_DONE, FileOutcome, Settings, Task, content_hash, failed
from huepress.engine.metrics import SMALLEST_SIDE
from huepress.errors import HuepressError, OptionError
from huepress.wording import human_bytes

if TYPE_CHECKING:
    from huepress.archive.workers import Processes

_SMALLEST_TASK = 64_000_000
# How soon a file that was published is told while others are worked on.
_POLL_SECONDS = 0.02
# How soon it is noticed that the run is to end.
_STOP_SECONDS = 0.2
# After so many files the memory of this process is looked at again.
_LOOK_AGAIN = 500


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
        planner = planner_bytes()
        fitting = (self.memory - planner) // (WORKER_BYTES + _SMALLEST_TASK)
        if fitting < 1 and self.strict:
            least = planner + WORKER_BYTES + _SMALLEST_TASK
            raise OptionError(f"memory must be at least {human_bytes(least)}, not {human_bytes(self.memory)}")
        return max(1, min(self.threads, fitting, n_tasks))

    def for_tasks(self, slots: int) -> int:
        """Return the bytes left to tasks beside the processes themselves."""
        return max(0, self.memory - planner_bytes() - WORKER_BYTES * slots)

    def processes(self, work: Work, n_tasks: int, settings: Settings) -> Processes:
        """Return worker processes for so many tasks."""
        from huepress.archive.workers import Processes  # one picture needs none

        n_workers = self.workers(n_tasks)
        return Processes(settings, work, n_workers, max(1, self.threads // n_workers))


def run(
    tasks: Sequence[Task],
    settings: Settings,
    resources: Resources,
    *,
    ledger: Ledger | None = None,
    executor: Executor | None = None,
    is_stopped: Callable[[], bool] = lambda: False,
) -> Generator[FileOutcome, None, None]:
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
    is_stopped : callable, optional
        Whether to end now, and to give up what is under way; what is finished is published and yielded.
    """
    if ledger is None:
        ledger = Ledger(settings.fingerprint())
    settled: list[FileOutcome] = []
    unclean: list[Task] = []  # a worker that died may have left something
    if executor is None:
        executor = resources.processes(work.do, len(tasks), settings)
    admission = admission_for(_unsettled(tasks, settings, ledger, settled), settings, resources, executor)
    publisher, n_done = Publisher(settings, ledger), 0
    try:
        while not is_stopped():
            while begun := admission.next_task():
                executor.submit(*begun)
            yield from settled
            settled.clear()
            if refused := admission.too_large():
                yield too_large(*refused, settings, admission.memory)
            elif not admission.running and not admission.paused:
                break
            elif admission.running:
                # While settled files pass by, whoever has finished must not wait for them.
                patience = 0.0 if admission.paused else _POLL_SECONDS if publisher.busy else _STOP_SECONDS
                for outcome in executor.finished(patience):
                    admission.ended(outcome.task)
                    if outcome.status == "failed":
                        unclean.append(outcome.task)
                    publisher.submit(outcome)
                for outcome in publisher.ready():
                    n_done += 1
                    if n_done % _LOOK_AGAIN == 0:  # what is remembered of each file adds up
                        admission.shrink(resources.for_tasks(executor.slots))
                    yield outcome
        yield from publisher.ready(all_of_them=True)
    finally:
        executor.close()
        publisher.close()
        # Only now: while others work in the same folder, their files look the same.
        left = tasks if executor.leaves_behind else [*admission.running, *unclean, *publisher.tasks]
        settings.targets.sweep(_names(left), run=settings.run)


def admission_for(
    tasks: Iterator[Task | None],
    settings: Settings,
    resources: Resources,
    executor: Executor,
    *,
    counting: bool = False,
) -> Admission:
    """Return who hands out memory and threads to tasks, or to the counting of their colors."""
    for_tasks = resources.for_tasks(executor.slots)

    def cost(task: Task) -> int:
        if executor.minds_memory:
            return 0
        estimate = cost_of(task, settings, counting=counting)
        return estimate if resources.strict else min(for_tasks, estimate)

    return Admission(
        tasks, cost, memory=for_tasks, threads=resources.threads, slots=executor.slots, ahead=executor.ahead
    )


def _unsettled(
    tasks: Sequence[Task], settings: Settings, ledger: Ledger, settled: list[FileOutcome]
) -> Iterator[Task | None]:
    """Yield the tasks that need work; for others None, and their outcomes go to `settled`."""
    for task in tasks:
        try:
            known = failed(task, task.error) if task.error else _known(task, settings, ledger)
        except HuepressError as error:
            known = failed(task, error)
        if isinstance(known, FileOutcome):
            settled.append(known)
        yield known if isinstance(known, Task) else None


def _known(task: Task, settings: Settings, ledger: Ledger) -> FileOutcome | Task:
    """Return the outcome of a task that an earlier run has settled, or what is left to do."""
    if not ledger.knows_earlier_runs:
        return task
    data = settings.sources.read(task.source)
    source_hash = content_hash(data)
    if task.copy_only:
        facts = {"bytes_in": len(data), "bytes_out": len(data)}
        outcome = FileOutcome(task, "copied", task.kept_target, True, facts=facts, output_hash=source_hash)
        return outcome if _stands(outcome, settings) else task
    row = ledger.made_as(source_hash)
    if row is not None and (row["status"] == "compressed" or row["already_done"]):
        # These bytes are a result: nothing is gained by compressing them again.
        task = replace(task, kept_because=ALREADY_DONE, already_done=True)
        row = row | {"status": "kept", "message": ALREADY_DONE, "already_done": True, "output_hash": source_hash}
        row["facts"] = row["facts"] | {"bytes_in": len(data), "bytes_out": len(data)}
    else:
        row = ledger.result_of(source_hash)
        if row is None or (settings.score and not settings.in_place and _lacks_score(row)):
            return task
    name = task.target_for(row["format"]) if row["status"] == "compressed" else task.kept_target
    outcome = FileOutcome(
        task,
        row["status"],
        output=name,
        unchanged=True,
        format=row["format"],
        facts=row["facts"],
        ssimulacra2=row["ssimulacra2"],
        message=row["message"],
        already_done=row["already_done"],
        source_hash=source_hash,
        output_hash=row["output_hash"],
    )
    if name is None:
        return outcome
    if settings.in_place:
        return task  # the source was brought back
    return outcome if _stands(outcome, settings) else task


def _lacks_score(row: dict[str, Any]) -> bool:
    """Tell whether a score was not measured that could be."""
    sides = row["facts"].get("width"), row["facts"].get("height")
    return row["ssimulacra2"] is None and all(side is not None and side >= SMALLEST_SIDE for side in sides)


def _stands(outcome: FileOutcome, settings: Settings) -> bool:
    """Tell whether the file is there that an outcome tells of."""
    assert outcome.output is not None
    if settings.targets.size(outcome.output) != outcome.bytes_out:
        return False
    return content_hash(settings.targets.read(outcome.output)) == outcome.output_hash


def _names(tasks: Iterable[Task]) -> set[str]:
    return {name for task in tasks for name in task.names}
