"""Tasks done by a Dask cluster that stands already; the only place that knows `distributed`.

Workers read and stage on storage that they share with this process, which alone gives files
their names. Only a few tasks a thread are with the scheduler at any time, however many there are.
"""

from __future__ import annotations

import contextlib
import os
import queue
from typing import Any

from huepress.archive.tasks import Outcome, Settings, Task, failed
from huepress.errors import InputError

_TASKS_A_THREAD = 2
_CONNECT_SECONDS = 5


class Cluster:
    """Does tasks on a Dask cluster; a worker that dies costs nothing but time.

    Parameters
    ----------
    settings : Settings
    address : str
        Of the scheduler, such as ``tcp://host:8786``.

    Raises
    ------
    InputError
        If `distributed` is not installed, or no scheduler with workers answers.
    """

    ahead = 0
    leaves_behind = True

    def __init__(self, settings: Settings, address: str) -> None:
        try:
            from distributed import Client
        except ImportError:
            raise InputError("--cluster needs Dask; pip install 'huepress[cluster]'") from None
        try:
            self._client: Any = Client(address, timeout=_CONNECT_SECONDS, set_as_default=False)
            self._client.wait_for_workers(1, timeout=_CONNECT_SECONDS)
        except (OSError, ValueError, TimeoutError):
            raise InputError(f"{address}: no Dask scheduler with workers answers; check --cluster") from None
        self.slots = _TASKS_A_THREAD * max(1, sum(self._client.nthreads().values()))
        self._settings = settings
        self._here = os.getcwd() + os.sep
        self._tasks: dict[str, tuple[Task, Any]] = {}
        self._done: queue.SimpleQueue[str] = queue.SimpleQueue()
        self._number = 0

    def submit(self, task: Task, threads: int) -> None:
        """Send a task."""
        self._number += 1
        key = f"huepress-{self._settings.run}-{self._number}"
        future = self._client.submit(_do_there, task, self._settings, key=key, pure=False)
        self._tasks[key] = (task, future)
        future.add_done_callback(lambda done: self._done.put(done.key))

    def finished(self) -> list[Outcome]:
        """Wait for tasks to finish and return their outcomes, at least one."""
        keys = [self._done.get()]
        with contextlib.suppress(queue.Empty):
            while True:
                keys.append(self._done.get_nowait())
        return [self._outcome(*self._tasks.pop(key)) for key in keys]

    def close(self) -> None:
        """Cancel what is running and leave the cluster."""
        with contextlib.suppress(Exception):  # the scheduler may have gone
            self._client.cancel([future for _, future in self._tasks.values()], force=True)
        self._client.close(timeout=2)

    def _outcome(self, task: Task, future: Any) -> Outcome:
        try:
            outcome: Outcome = future.result()
        except Exception as error:  # several workers died of it, or the scheduler has gone
            return failed(task, f"{task.source}: lost by the cluster ({type(error).__name__}); run it again", 1)
        outcome.message = outcome.message.replace(self._here, "")
        return outcome


def _do_there(task: Task, settings: Settings) -> Outcome:
    os.environ.setdefault("RAYON_NUM_THREADS", "1")
    from huepress.archive import work

    return work.do(task, settings, 1)
