"""Gives finished files their names, several at once: each waits for a disk or a network."""

from __future__ import annotations

from concurrent.futures import FIRST_COMPLETED, Future, ThreadPoolExecutor, wait
from dataclasses import replace

from huepress.archive.ledger import Ledger
from huepress.archive.tasks import FileOutcome, Settings, Task, content_hash, failed
from huepress.errors import HuepressError, OutputError

# Disks write several files in one go, and uploads mostly wait.
_THREADS = 8
# More than this waits for nothing but memory to run out.
_MOST_WAITING, _MOST_BYTES = 32, 32_000_000


class Publisher:
    """Records outcomes and publishes their staged files, in threads of its own.

    Parameters
    ----------
    settings : Settings
    ledger : Ledger
    """

    def __init__(self, settings: Settings, ledger: Ledger) -> None:
        self._settings, self._ledger = settings, ledger
        self._pool = ThreadPoolExecutor(_THREADS, thread_name_prefix="huepress-publish")
        self._waiting: dict[Future[FileOutcome], FileOutcome] = {}

    def submit(self, outcome: FileOutcome) -> None:
        """Publish an outcome soon."""
        self._waiting[self._pool.submit(_published, outcome, self._settings, self._ledger)] = outcome

    @property
    def busy(self) -> bool:
        """Whether anything waits to be published."""
        return bool(self._waiting)

    @property
    def tasks(self) -> list[Task]:
        """The tasks whose files wait."""
        return [outcome.task for outcome in self._waiting.values()]

    def ready(self, *, all_of_them: bool = False) -> list[FileOutcome]:
        """Return what was published since the last call; wait for all of it, or where too much waits."""
        done: list[FileOutcome] = []
        while True:
            for future in [future for future in self._waiting if future.done()]:
                del self._waiting[future]
                done.append(future.result())
            if not self._waiting or not (all_of_them or self._full()):
                return done
            wait(self._waiting, return_when=FIRST_COMPLETED)

    def close(self) -> None:
        """Begin nothing new and wait for what has begun."""
        self._pool.shutdown(cancel_futures=True)

    def _full(self) -> bool:
        held = sum(len(each.staged) for each in self._waiting.values() if isinstance(each.staged, bytes))
        return len(self._waiting) >= _MOST_WAITING or held >= _MOST_BYTES


def _published(outcome: FileOutcome, settings: Settings, ledger: Ledger) -> FileOutcome:
    """Record an outcome, then give its staged file the name."""
    if outcome.status == "failed":
        return outcome
    task, staged = outcome.task, outcome.staged
    try:
        if staged is not None:
            settings.targets.settle(staged)
        overwrite = settings.overwrite or settings.in_place
        is_for_file = outcome.output is not None and (staged is not None or settings.dry_run)
        if is_for_file and not overwrite:
            overwrite = _is_ours(outcome, settings, ledger)
        if not settings.dry_run:
            ledger.add(outcome)
        # Looked at last: what was changed until now is somebody's newer picture.
        if settings.in_place and outcome.stamp != settings.sources.stamp(task.source):
            raise OutputError(
                "it was changed meanwhile", subject=settings.sources.describe(task.source), remedy="run it again"
            )
        if settings.dry_run and outcome.output is not None:
            settings.targets.check(outcome.output, overwrite=overwrite)
        if staged is not None and outcome.output is not None:
            settings.targets.publish(staged, outcome.output, overwrite=overwrite)
    except HuepressError as error:
        if staged is not None:
            settings.targets.discard(staged)
        return replace(failed(task, error, outcome.seconds), facts=outcome.facts)
    return outcome


def _is_ours(outcome: FileOutcome, settings: Settings, ledger: Ledger) -> bool:
    """Tell whether a file under the output's name may be replaced: a run has made it, or it is the same."""
    assert outcome.output is not None
    if settings.targets.size(outcome.output) is None:
        return False
    there = content_hash(settings.targets.read(outcome.output))
    return there == outcome.output_hash or ledger.made(there)
