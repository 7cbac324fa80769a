"""Does tasks in worker processes of this machine.

They are processes because half the time of a small image goes into Python code that holds
its interpreter. A worker that dies (a decoder crashed, the system ran out of memory) costs the one
image it was at.
"""

from __future__ import annotations

import contextlib
import multiprocessing
import os
import signal
import threading
import time
from collections import deque
from collections.abc import Callable
from multiprocessing.connection import Connection, wait
from typing import Any

from huepress.archive.executor import ToldWork, Work
from huepress.archive.memory import MB, WORKER_BYTES, resident_bytes
from huepress.archive.processes import ENDINGS, interrupts_held, worker_processes
from huepress.archive.tasks import FileOutcome, Settings, Task, failed
from huepress.errors import HuepressError, Remedy

# A worker that holds this much more than an idle one is replaced: allocators give little back.
_EXCESS_BYTES = 64 * MB
# A small image is over before a message has gone both ways, so one waits at each worker.
_AHEAD = 1
_TELL_SECONDS = 0.1
# The signal of those that the system ends for want of memory; Windows knows none.
_KILLED = getattr(signal, "SIGKILL", 9)


class Processes:
    """Does tasks in worker processes.

    Parameters
    ----------
    settings : Settings
    work : callable
        A function of a module, so that other processes know it by its name.
    n_workers : int
    threads_each : int
        Threads of the PNG optimizer in each worker.
    on_progress : callable, optional
        Called with a task and the part of it that is done, 0 to 1, while `finished` waits; the work then takes a fourth
        argument, which is to be told.
    """

    ahead = _AHEAD
    leaves_behind = False
    minds_memory = False

    def __init__(
        self,
        settings: Settings,
        work: Work | ToldWork,
        n_workers: int,
        threads_each: int,
        on_progress: Callable[[Task, float], None] | None = None,
    ) -> None:
        self.slots = n_workers
        self._context = worker_processes()
        self._on_progress = on_progress
        self._arguments = (settings, work, threads_each, on_progress is not None)
        self._workers: list[_Worker] = []

    def start(self) -> None:
        """Start the workers now, for somebody who will not want to wait for them."""
        while len(self._workers) < self.slots:
            self._workers.append(_Worker(self._context, self._arguments))

    def submit(self, task: Task, threads: int) -> None:
        """Hand a task to the worker with the least to do."""
        if len(self._workers) < self.slots and all(worker.tasks for worker in self._workers):
            self._workers.append(_Worker(self._context, self._arguments))
        min(self._workers, key=lambda worker: len(worker.tasks)).send(task, threads)

    def finished(self, timeout: float | None = None) -> list[FileOutcome]:
        """Wait for tasks to finish and return their outcomes; none if `timeout` seconds have passed, or one got on."""
        outcomes: list[FileOutcome] = []
        busy = {worker.connection: worker for worker in self._workers if worker.tasks}
        for connection in wait(list(busy), timeout):
            worker = busy[connection]  # type: ignore[index]
            try:
                message = worker.connection.recv()
            except (EOFError, OSError):
                outcomes.append(self._replaced(worker))
                continue
            if isinstance(message, float):
                if self._on_progress is not None:
                    self._on_progress(worker.tasks[0][0], message)
                continue
            outcome, resident = message
            worker.tasks.popleft()
            outcomes.append(outcome)
            if resident > WORKER_BYTES + _EXCESS_BYTES and not worker.tasks:
                worker.stop()
                self._workers.remove(worker)
        return outcomes

    def cancel(self, task: Task) -> None:
        """Give a task up at once, whether it runs or waits; others that wait at its worker go to another."""
        for worker in self._workers:
            if any(each is task for each, _ in worker.tasks):
                self._workers.remove(worker)
                left = [(each, threads) for each, threads in worker.tasks if each is not task]
                worker.stop()
                for waiting, threads in left:
                    self.submit(waiting, threads)
                return

    def close(self) -> None:
        """Stop all workers at once."""
        for worker in self._workers:
            worker.stop()
        self._workers.clear()

    def _replaced(self, worker: _Worker) -> FileOutcome:
        """Take over what a dead worker has left; the task it was at has failed."""
        self._workers.remove(worker)
        task, _ = worker.tasks.popleft()
        how = worker.stop()
        for waiting, threads in worker.tasks:
            self.submit(waiting, threads)
        reason = "was killed, perhaps for want of memory" if how == -_KILLED else f"has crashed ({how})"
        return failed(task, HuepressError(f"its worker {reason}", subject=task.source, remedy=Remedy.LESS_MEMORY))


class _Worker:
    """A process and the tasks it holds, the first of them running."""

    def __init__(self, context: Any, arguments: tuple[Settings, Work | ToldWork, int, bool]) -> None:
        self.connection: Connection
        self.connection, theirs = context.Pipe()
        self.tasks: deque[tuple[Task, int]] = deque()
        self._process = context.Process(target=_serve, args=(theirs, *arguments), daemon=True)
        with interrupts_held():
            self._process.start()
        theirs.close()

    def send(self, task: Task, threads: int) -> None:
        self.tasks.append((task, threads))
        with contextlib.suppress(OSError):  # it has died: found out when its outcome is awaited
            self.connection.send((task, threads))

    def stop(self) -> int | None:
        self.connection.close()
        self._process.join(0 if self._process.exitcode is None and self.tasks else 0.05)
        if self._process.exitcode is None:
            self._process.kill()
            self._process.join()
        code: int | None = self._process.exitcode
        return code


def _serve(connection: Connection, settings: Settings, work: Any, threads_each: int, tells: bool) -> None:
    """Do tasks until the other side has gone."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # Ctrl-C is the parent's business
    if hasattr(signal, "pthread_sigmask"):
        signal.pthread_sigmask(signal.SIG_UNBLOCK, ENDINGS)
    os.environ["RAYON_NUM_THREADS"] = str(threads_each)
    threading.Thread(target=_die_with_parent, daemon=True).start()
    telling = (_Telling(connection),) if tells else ()
    with contextlib.suppress(EOFError, OSError):
        while True:
            task, threads = connection.recv()
            connection.send((work(task, settings, threads, *telling), resident_bytes()))


class _Telling:
    """Tells the other side how a task gets on, no oftener than a person can see."""

    def __init__(self, connection: Connection) -> None:
        self._connection, self._told_at = connection, 0.0

    def __call__(self, part: float) -> None:
        now = time.monotonic()
        if now - self._told_at >= _TELL_SECONDS:
            self._told_at = now
            self._connection.send(float(part))


def _die_with_parent() -> None:
    parent = multiprocessing.parent_process()
    if parent is not None:
        parent.join()
        os._exit(1)
