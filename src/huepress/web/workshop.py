"""Who does the jobs: worker processes of the archive engine, within its memory and threads, in the order of urgency."""

from __future__ import annotations

import heapq
import threading
from collections.abc import Callable, Iterator

from huepress.archive.admission import Admission
from huepress.archive.estimate import too_large
from huepress.archive.run import Resources
from huepress.archive.tasks import FileOutcome, Task
from huepress.archive.workers import Processes
from huepress.web.jobs import Job, cost_of_job, do, settings_of

# How soon a new or stale job is noticed while others run.
_POLL_SECONDS = 0.03


class Workshop:
    """Takes jobs, has them done in worker processes, and tells what became of each.

    All callables are called in the workshop's own thread, the first two never for a job that was canceled.

    Parameters
    ----------
    resources : Resources
    on_done : callable
        Called with a job and its outcome.
    on_progress : callable
        Called with a job and the part that is done, 0 to 1.
    on_dropped : callable
        Called with a job that was canceled after it had begun, once nobody works on it any more.
    """

    def __init__(
        self,
        resources: Resources,
        on_done: Callable[[Job, FileOutcome], None],
        on_progress: Callable[[Job, float], None],
        on_dropped: Callable[[Job], None],
    ) -> None:
        self._resources, self._on_done, self._on_progress = resources, on_done, on_progress
        self._on_dropped = on_dropped
        self._changed = threading.Condition()
        self._queue: list[tuple[int, int, Job]] = []
        self._begun: dict[int, Job] = {}
        self._offered: set[int] = set()
        self._stale: set[int] = set()
        self._closed = False
        self._slots = resources.workers(resources.threads)
        self._thread = threading.Thread(target=self._work, name="huepress-workshop", daemon=True)

    def start(self) -> None:
        """Begin to work."""
        self._thread.start()

    def submit(self, job: Job, urgency: int) -> None:
        """Put a job into the queue; the lowest urgency comes first, of equals the first that was submitted."""
        with self._changed:
            heapq.heappush(self._queue, (urgency, job.number, job))
            self._changed.notify()

    def cancel(self, numbers: set[int]) -> None:
        """Give jobs up: those that wait are dropped, and the workers of those that run are stopped."""
        with self._changed:
            self._queue = [entry for entry in self._queue if entry[1] not in numbers]
            heapq.heapify(self._queue)
            self._stale |= numbers & (self._offered | set(self._begun))
            self._changed.notify()

    def close(self) -> None:
        """Stop at once, whatever is running."""
        with self._changed:
            self._closed = True
            self._changed.notify()
        if self._thread.is_alive():
            self._thread.join()

    def _work(self) -> None:
        executor = Processes(
            settings_of(Job("", "", None)),
            do,
            self._slots,
            max(1, self._resources.threads // self._slots),
            on_progress=self._progressed,
        )
        memory = self._resources.for_tasks(self._slots + 1)  # one process looks into files first

        def cost(task: Task) -> int:
            assert isinstance(task, Job)
            estimate = cost_of_job(task)
            return estimate if self._resources.strict else min(memory, estimate)

        admission = Admission(
            self._offer(), cost, memory=memory, threads=self._resources.threads, slots=self._slots, ahead=0
        )
        try:
            executor.start()
            while self._waited():
                self._drop_stale(executor, admission)
                self._begin(executor, admission)
                if admission.running:
                    for outcome in executor.finished(_POLL_SECONDS):
                        admission.ended(outcome.task)
                        self._finished(outcome)
        finally:
            executor.close()

    def _waited(self) -> bool:
        """Wait until there is something to do; False in the end."""
        with self._changed:
            self._changed.wait_for(lambda: self._closed or self._queue or self._offered or self._begun)
            return not self._closed

    def _offer(self) -> Iterator[Task | None]:
        """Yield the most urgent jobs, no more ahead of time than there are workers: a new one may be more urgent."""
        while True:
            with self._changed:
                job = None
                if self._queue and len(self._offered) < self._slots:
                    job = heapq.heappop(self._queue)[2]
                    self._offered.add(job.number)
            yield job

    def _begin(self, executor: Processes, admission: Admission) -> None:
        while begun := admission.next_task():
            job, threads = begun
            assert isinstance(job, Job)
            with self._changed:
                self._offered.discard(job.number)
                is_stale = job.number in self._stale
                self._stale.discard(job.number)
                if not is_stale:
                    self._begun[job.number] = job
            if is_stale:
                admission.ended(job)
            else:
                executor.submit(job, threads)
        while refused := admission.too_large():
            job, n_bytes = refused
            assert isinstance(job, Job)
            with self._changed:
                self._offered.discard(job.number)
                self._begun[job.number] = job
            self._finished(too_large(job, n_bytes, settings_of(job), admission.memory))

    def _drop_stale(self, executor: Processes, admission: Admission) -> None:
        with self._changed:
            stale = [self._begun.pop(number) for number in self._stale & set(self._begun)]
            self._stale -= {job.number for job in stale}
        for job in stale:
            executor.cancel(job)
            admission.ended(job)
            self._on_dropped(job)

    def _finished(self, outcome: FileOutcome) -> None:
        job = outcome.task
        assert isinstance(job, Job)
        with self._changed:
            is_stale = job.number in self._stale
            self._stale.discard(job.number)
            self._begun.pop(job.number, None)
        if is_stale:
            self._on_dropped(job)
        else:
            self._on_done(job, outcome)

    def _progressed(self, task: Task, part: float) -> None:
        assert isinstance(task, Job)
        if task.number not in self._stale:
            self._on_progress(task, part)
