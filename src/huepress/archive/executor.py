"""Who does tasks: what a run asks of them, and the simplest of them, this process itself."""

from __future__ import annotations

from collections.abc import Callable
from typing import Protocol

from huepress.archive.tasks import FileOutcome, Settings, Task

# Does a task with some threads; what goes wrong is in the outcome.
Work = Callable[[Task, Settings, int], FileOutcome]
# The same, and tells the part that is done.
ToldWork = Callable[[Task, Settings, int, Callable[[float], None]], FileOutcome]


class Executor(Protocol):
    """Does tasks, several at a time."""

    slots: int
    """How many tasks may run at once."""
    ahead: int
    """How many more small tasks may wait in each slot."""
    leaves_behind: bool
    """Whether temporary files may be left of tasks that were done twice."""
    minds_memory: bool
    """Whether those who do the tasks see to it themselves that they have the memory."""

    def submit(self, task: Task, threads: int) -> None:
        """Begin a task."""

    def finished(self, timeout: float | None = None) -> list[FileOutcome]:
        """Wait for tasks to finish, `timeout` seconds at most, and return their outcomes if there are any."""

    def close(self) -> None:
        """Stop at once, whatever is running."""


class Inline:
    """Does each task here and now.

    Parameters
    ----------
    settings : Settings
    work : callable
    """

    slots = 1
    ahead = 0
    leaves_behind = False
    minds_memory = False

    def __init__(self, settings: Settings, work: Work) -> None:
        self._settings, self._work = settings, work
        self._outcomes: list[FileOutcome] = []

    def submit(self, task: Task, threads: int) -> None:
        """Do a task."""
        self._outcomes.append(self._work(task, self._settings, threads))

    def finished(self, timeout: float | None = None) -> list[FileOutcome]:
        """Return what was done since the last call."""
        done, self._outcomes = self._outcomes, []
        return done

    def close(self) -> None:
        """Nothing is running."""
