"""Work done by a Dask cluster that stands already; the only place that knows `distributed`.

Workers read and stage on storage that they share with this process, which alone gives files
their names. Only a few tasks a thread are with the scheduler at any time, however many there are.
"""

from __future__ import annotations

import contextlib
import logging
import os
import queue
import time
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from math import inf
from typing import Any

from huepress.archive.tasks import FileOutcome, Settings, Task, failed
from huepress.errors import HuepressError, InputError, Remedy, missing_extra
from huepress.model import ColorHistogram

_TASKS_A_THREAD = 2
_CONNECT_SECONDS = 5
# A call that is out this many times longer than any has taken, and this many seconds, is made once more, elsewhere.
_STRAGGLING, _STRAGGLING_SECONDS = 4.0, 5.0
# So long a worker that has stalled gets nothing new while others are there.
_SILENT_SECONDS = 120.0
# So many histograms are merged at a time.
_MERGED_AT_ONCE = 8


class _StalledError(Exception):
    """A worker holds results and says nothing any more."""


@dataclass
class _Call:
    """A function that is called somewhere, perhaps twice."""

    function: Callable[..., Any]
    arguments: tuple[Any, ...]
    sent: float
    futures: dict[str, Any]


class Cluster:
    """A connection to a Dask cluster.

    Parameters
    ----------
    address : str
        Of the scheduler, such as ``tcp://host:8786``.
    run : str
        Tells this run's work from others'.
    memory : int, optional
        Bytes for the images that a worker process has in hand at once; a share of what it has by default.

    Raises
    ------
    InputError
        If `distributed` is not installed, or no scheduler with workers answers.
    """

    def __init__(self, address: str, run: str, memory: int | None = None) -> None:
        try:
            from distributed import Client
        except ImportError:
            raise missing_extra("a cluster", "Dask", "cluster", InputError) from None
        try:
            self._client: Any = Client(address, timeout=_CONNECT_SECONDS, set_as_default=False)
            self._client.wait_for_workers(1, timeout=_CONNECT_SECONDS)
        except (OSError, ValueError, TimeoutError):
            raise InputError(
                "no Dask scheduler with workers answers", subject=address, remedy=Remedy.CHECK_CLUSTER
            ) from None
        for name in list(logging.root.manager.loggerDict):
            if name.split(".")[0] == "distributed":  # it tells of every worker that is lost; that is overcome here
                logging.getLogger(name).setLevel(logging.CRITICAL)
        self.slots = _TASKS_A_THREAD * max(1, sum(self._client.nthreads().values()))
        self.memory = memory
        self._run = run
        self._number = 0
        self._calls: list[_Call] = []
        self._by_key: dict[str, _Call] = {}
        self._done: queue.SimpleQueue[str] = queue.SimpleQueue()
        self._longest = 0.0
        self._silent: dict[str, float] = {}

    @property
    def n_calls(self) -> int:
        """How many calls have not come back."""
        return len(self._calls)

    def call(self, function: Callable[..., Any], *arguments: Any) -> None:
        """Have a function called by some worker; see `came_back`."""
        call = _Call(function, arguments, time.monotonic(), {})
        self._calls.append(call)
        self._send(call)

    def came_back(self, timeout: float | None = None) -> tuple[tuple[Any, ...], Any] | None:
        """Return a call's arguments and the future of its result; None if `timeout` seconds pass first."""
        until = None if timeout is None else time.monotonic() + timeout
        while True:
            left = _STRAGGLING_SECONDS if until is None else max(0.0, until - time.monotonic())
            with contextlib.suppress(queue.Empty):
                key = self._done.get(timeout=min(left, _STRAGGLING_SECONDS / 4))
                call = self._by_key.pop(key, None)
                if call is not None:
                    return call.arguments, self._settled(call, key)
            self._call_again()
            if until is not None and time.monotonic() >= until:
                return None

    def submit(self, function: Callable[..., Any], *arguments: Any) -> Any:
        """Return the future of a function that some worker calls, in our name."""
        self._number += 1
        key = f"huepress-{self._run}-{self._number}"
        how: dict[str, Any] = {}
        if self._silent:
            now = time.monotonic()
            others = [each for each in self._client.nthreads() if now - self._silent.get(each, -inf) > _SILENT_SECONDS]
            how = {"workers": others, "allow_other_workers": True} if others else {}
        return self._client.submit(function, *arguments, key=key, pure=False, **how)

    def result_of(self, future: Any) -> Any:
        """Return what a worker has found.

        Raises
        ------
        TimeoutError
            If the worker says nothing any more.
        Exception
            If several workers died of it, or the scheduler has gone.
        """
        try:
            return future.result(timeout=_STRAGGLING_SECONDS)
        except TimeoutError:
            self._distrust(worker for holders in self._client.who_has([future]).values() for worker in holders)
            raise

    def awaited(self, future: Any, since: float) -> Any:
        """Return what comes of results that were found since a moment, however long it takes.

        Raises
        ------
        _StalledError
            If a worker has stalled, which may hold what is needed.
        """
        while True:
            try:
                return future.result(timeout=max(_STRAGGLING_SECONDS, _STRAGGLING * self._longest))
            except TimeoutError:
                # One that got nothing in this time holds nothing either.
                silent = [each for each in self._unheard() if self._silent.get(each, inf) > since]
                if silent:
                    self._distrust(silent)
                    raise _StalledError from None

    def _unheard(self) -> list[str]:
        """Return the workers whose heartbeat is late."""
        try:
            told = self._client.scheduler_info(n_workers=-1)
        except TypeError:  # before 2025
            told = self._client.scheduler_info()
        seen = {address: worker["last_seen"] for address, worker in told["workers"].items()}
        return [address for address, when in seen.items() if max(seen.values()) - when > _STRAGGLING_SECONDS]

    def _distrust(self, workers: Iterable[str]) -> None:
        self._silent.update(dict.fromkeys(workers, time.monotonic()))

    def executor(self, settings: Settings) -> ClusterExecutor:
        """Return who does tasks here."""
        return ClusterExecutor(self, settings)

    def pooled_colors(
        self, tasks: Iterable[Task], settings: Settings, on_counted: Callable[[Task], None]
    ) -> ColorHistogram | None:
        """Add up the colors of all images in a tree; None if no image could be read.

        Histograms stay with the workers until one is left. Sums are exact, so that neither the shape of the
        tree nor who does what can change the result.
        """
        listed, tell = list(tasks), on_counted
        try:
            while True:
                try:
                    return _pooled_colors(self, listed, settings, tell)
                except _StalledError:  # what it held is counted once more, by the others
                    tell = _tell_nobody
        except BaseException as error:
            self.close()
            if isinstance(error, Exception) and not isinstance(error, HuepressError):
                # Several workers died of it, or the scheduler has gone.
                raise InputError(f"the cluster has lost the colors ({type(error).__name__}); run it again") from None
            raise

    def close(self) -> None:
        """Cancel what is running and leave the cluster."""
        with contextlib.suppress(Exception):  # the scheduler may have gone
            self._client.cancel([each for call in self._calls for each in call.futures.values()], force=True)
        self._client.close(timeout=2)

    def _send(self, call: _Call) -> None:
        future = self.submit(call.function, *call.arguments)
        call.futures[future.key] = future
        self._by_key[future.key] = call
        future.add_done_callback(lambda done: self._done.put(done.key))

    def _settled(self, call: _Call, key: str) -> Any:
        self._calls.remove(call)
        if len(call.futures) == 1:
            self._longest = max(self._longest, time.monotonic() - call.sent)
        result = call.futures.pop(key)
        for other, future in call.futures.items():  # its twin, which nobody waits for any more
            self._by_key.pop(other, None)
            with contextlib.suppress(Exception):
                future.cancel()
        return result

    def _call_again(self) -> None:
        """Give calls that take far too long to other workers as well; the first to come back counts."""
        now = time.monotonic()
        patience = max(_STRAGGLING_SECONDS, _STRAGGLING * self._longest)
        late = [call for call in self._calls if len(call.futures) == 1 and now - call.sent > patience]
        if not late:
            return
        holders = {key: worker for worker, keys in self._client.processing().items() for key in keys}
        self._distrust(holders[key] for call in late for key in call.futures if key in holders)
        for call in late:
            self._send(call)


class ClusterExecutor:
    """Does tasks on a cluster; a worker that dies or stalls costs nothing but time.

    Parameters
    ----------
    cluster : Cluster
    settings : Settings
    """

    ahead = 0
    leaves_behind = True
    minds_memory = True

    def __init__(self, cluster: Cluster, settings: Settings) -> None:
        self._cluster, self._settings = cluster, settings
        self.slots = cluster.slots
        self._here = os.getcwd() + os.sep

    def submit(self, task: Task, threads: int) -> None:
        """Send a task."""
        self._cluster.call(_do_there, task, self._settings, self._cluster.memory)

    def finished(self, timeout: float | None = None) -> list[FileOutcome]:
        """Wait for a task to finish, `timeout` seconds at most, and return its outcome if there is one."""
        found = self._cluster.came_back(timeout)
        if found is None:
            return []
        (task, *_), future = found
        try:
            return [self._outcome(task, future)]
        except TimeoutError:  # who did it says nothing any more
            self.submit(task, 1)
            return []

    def close(self) -> None:
        """Cancel what is running and leave the cluster."""
        self._cluster.close()

    def _outcome(self, task: Task, future: Any) -> FileOutcome:
        try:
            outcome: FileOutcome = self._cluster.result_of(future)
        except TimeoutError:
            raise
        except Exception as error:  # several workers died of it, or the scheduler has gone
            lost = f"lost by the cluster ({type(error).__name__})"
            return failed(task, HuepressError(lost, subject=task.source, remedy="run it again"))
        if outcome.error is not None:
            outcome.error.subject = outcome.error.subject.replace(self._here, "")
        return outcome


def _pooled_colors(
    cluster: Cluster, tasks: Iterable[Task], settings: Settings, on_counted: Callable[[Task], None]
) -> ColorHistogram | None:
    levels: list[list[Any]] = [[]]
    began = time.monotonic()

    def grow() -> None:
        found = cluster.came_back()
        assert found is not None
        (task, *_), future = found
        on_counted(task)
        if future.status == "finished":  # else it has killed several workers: told when its turn comes
            levels[0].append(future)
        for level, held in enumerate(levels):
            if len(held) < _MERGED_AT_ONCE:
                break
            if level + 1 == len(levels):
                levels.append([])
            levels[level + 1].append(cluster.submit(_merge_there, list(held)))
            held.clear()

    for task in tasks:
        while cluster.n_calls >= cluster.slots:
            grow()
        cluster.call(_count_there, task, settings, cluster.memory)
    while cluster.n_calls:
        grow()
    left = [future for held in levels for future in held]
    pooled: ColorHistogram | None = cluster.awaited(cluster.submit(_merge_there, left), began)
    return pooled


def _tell_nobody(task: Task) -> None:
    """Take a task that was told of before."""


def _do_there(task: Task, settings: Settings, memory: int | None) -> FileOutcome:
    from huepress.archive import work

    return _admitted(work.do, task, settings, memory)


def _count_there(task: Task, settings: Settings, memory: int | None) -> ColorHistogram | None:
    from huepress.archive import work

    return _admitted(work.count, task, settings, memory, counting=True).colors


def _merge_there(tables: list[ColorHistogram | None]) -> ColorHistogram | None:
    from huepress.engine.histogram import merge_tables

    counted = [table for table in tables if table is not None]
    return merge_tables(counted) if counted else None


def _admitted(
    work: Callable[[Task, Settings, int], FileOutcome],
    task: Task,
    settings: Settings,
    memory: int | None,
    *,
    counting: bool = False,
) -> FileOutcome:
    """Do a task on a worker when its memory allows."""
    os.environ.setdefault("RAYON_NUM_THREADS", "1")
    from huepress.archive.admission import THIS_PROCESS
    from huepress.archive.estimate import cost_of, too_large

    cost = cost_of(task, settings, counting=counting)
    budget = _budget() if memory is None else memory
    if cost > budget and memory is not None:
        return too_large(task, cost, settings, budget)
    with THIS_PROCESS.admitted(cost, budget):
        return work(task, settings, 1)


def _budget() -> int:
    """Return the bytes that a Dask worker may use for images."""
    from distributed import get_worker

    from huepress.archive.memory import default_budget, share

    limit = getattr(getattr(get_worker(), "memory_manager", None), "memory_limit", None)
    return share(int(limit)) if limit else default_budget()
