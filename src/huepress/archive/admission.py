"""Which waiting task may begin: memory and threads are handed out here, and never twice."""

from __future__ import annotations

import contextlib
import threading
from collections.abc import Callable, Iterator
from dataclasses import dataclass

from huepress.archive.memory import MB
from huepress.archive.tasks import Task

# Tasks that are weighed at once: enough to find small images that fit beside large ones.
_WINDOW = 32
# A task that was passed over this often per slot is the next to begin.
_PATIENCE = 16
# Images below this wait at a worker while another runs there.
_SMALL_BYTES = 64 * MB


@dataclass
class _Waiting:
    task: Task
    cost: int
    passed: int = 0


class Gate:
    """Lets those in who fit into the memory of this process beside those who are in."""

    def __init__(self) -> None:
        self._changed = threading.Condition()
        self._held = self._inside = 0

    @contextlib.contextmanager
    def admitted(self, cost: int, memory: int) -> Iterator[None]:
        """Wait until so many bytes are free of `memory`, or nobody else is in."""
        with self._changed:
            self._changed.wait_for(lambda: not self._inside or self._held + cost <= memory)
            self._held, self._inside = self._held + cost, self._inside + 1
        try:
            yield
        finally:
            with self._changed:
                self._held, self._inside = self._held - cost, self._inside - 1
                self._changed.notify_all()


# Of a process that others hand tasks to, in several threads.
THIS_PROCESS = Gate()


class Admission:
    """Hands out memory and threads.

    Parameters
    ----------
    tasks : iterator of Task or None
        None makes a pause: there may be more, ask again.
    cost_of : callable
        Estimates the bytes that a task takes.
    memory : int
        Bytes for all tasks together.
    threads : int
        Threads for all tasks together.
    slots, ahead : int
        As of `Executor`.
    """

    def __init__(
        self,
        tasks: Iterator[Task | None],
        cost_of: Callable[[Task], int],
        *,
        memory: int,
        threads: int,
        slots: int,
        ahead: int,
    ) -> None:
        self._tasks, self._cost_of = tasks, cost_of
        self.memory, self.threads, self._slots, self._ahead = memory, threads, slots, ahead
        self._waiting: list[_Waiting] = []
        self._running: dict[Task, tuple[int, int]] = {}
        self._left = memory
        self.paused = False
        self._exhausted = False

    def next_task(self) -> tuple[Task, int] | None:
        """Return a task that may begin and its threads, None if none may before another ends."""
        self._refill()
        held = sum(cost for cost, _ in self._running.values())
        free_memory = self._left - held if self._running else self.memory
        free_threads = self.threads - sum(threads for _, threads in self._running.values())
        chosen = self._choose(free_memory, free_threads)
        if chosen is None:
            return None
        self._waiting.remove(chosen)
        threads = self._share(chosen, free_memory - chosen.cost, free_threads)
        self._running[chosen.task] = (chosen.cost, threads)
        return chosen.task, max(1, threads)

    def too_large(self) -> tuple[Task, int] | None:
        """Return a task that never fits and its bytes, None if there is none; it is dropped."""
        for waiting in self._waiting:
            if waiting.cost > self.memory:
                self._waiting.remove(waiting)
                return waiting.task, waiting.cost
        return None

    def shrink(self, memory: int) -> None:
        """Leave so much memory to tasks from now on; what does not fit even alone is done alone, not refused."""
        self._left = memory

    def ended(self, task: Task) -> None:
        """Take back what a task was given; the next in the queue takes its place."""
        _, threads = self._running.pop(task)
        if threads:
            for waiting, (cost, none) in self._running.items():
                if not none:
                    self._running[waiting] = cost, 1
                    break

    @property
    def running(self) -> list[Task]:
        """The tasks that have begun and not ended."""
        return list(self._running)

    def _refill(self) -> None:
        self.paused = False
        while not self._exhausted and not self.paused and len(self._waiting) < _WINDOW:
            try:
                task = next(self._tasks)
            except StopIteration:
                self._exhausted = True
                return
            if task is None:
                self.paused = True
            else:
                self._waiting.append(_Waiting(task, self._cost_of(task)))

    def _choose(self, free_memory: int, free_threads: int) -> _Waiting | None:
        in_slots = sum(1 for _, threads in self._running.values() if threads)
        ahead_of_slots = len(self._running) - in_slots
        room = in_slots < self._slots and free_threads > 0
        if not room and (in_slots < self._slots or ahead_of_slots >= self._ahead * self._slots):
            return None
        for number, waiting in enumerate(self._waiting):
            fits = waiting.cost <= free_memory and (room or waiting.cost <= _SMALL_BYTES)
            if fits:
                for other in self._waiting[:number]:
                    other.passed += 1
                return waiting
            if waiting.passed > _PATIENCE * self._slots:
                return None
        return None

    def _share(self, chosen: _Waiting, memory_left: int, free_threads: int) -> int:
        """Return the threads for a task: one while many wait, more for the last or a large one; 0 in the queue."""
        in_slots = sum(1 for _, threads in self._running.values() if threads)
        if free_threads < 1 or in_slots >= self._slots:
            return 0
        rivals = [waiting for waiting in self._waiting if waiting.cost <= memory_left]
        slots_left = self._slots - in_slots
        return max(1, free_threads // min(slots_left, len(rivals) + 1))
