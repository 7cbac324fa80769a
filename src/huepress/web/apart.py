"""A process apart, for whatever looks into a file first: a decoder that crashes or hangs there takes nothing along."""

from __future__ import annotations

import math
import threading
import time
from collections.abc import Callable

from huepress.archive.executor import ToldWork
from huepress.archive.listing import Planned
from huepress.archive.request import RunRequest
from huepress.archive.tasks import FileOutcome
from huepress.archive.workers import Processes
from huepress.errors import DecodeError, HuepressError, InputError
from huepress.formats.probe import Probe
from huepress.web.jobs import HEADER, PLANNED, Job, do, settings_of

_PATIENCE_SECONDS = 60.0
# How soon the end of the server is noticed.
_POLL_SECONDS = 0.1


class Apart:
    """Does one thing after the other in a process of its own, which is not kept waiting by the pictures' work.

    Parameters
    ----------
    patience : float
        Seconds that a header may take; then its process is ended.
    work : callable
        A function of a module that does the jobs.
    """

    def __init__(self, patience: float = _PATIENCE_SECONDS, work: ToldWork = do) -> None:
        self._patience = patience
        self._turn = threading.Lock()
        self._closed = False
        self._executor = Processes(settings_of(Job("", "", None)), work, 1, 1, on_progress=lambda *_: None)

    def start(self) -> None:
        """Start the process now, for somebody who will not want to wait for it."""
        with self._turn:
            if not self._closed:
                self._executor.start()

    def end(self) -> None:
        """Let nobody wait any longer; a signal may call this, since it waits for nothing itself."""
        self._closed = True

    def close(self) -> None:
        """Stop at once, whatever it is at: who waits for that is told so."""
        self.end()
        with self._turn:
            self._executor.close()

    def check_open(self) -> None:
        """Refuse to go on once the server ends.

        Raises
        ------
        InputError
        """
        if self._closed:
            raise InputError("the server has ended", remedy="start it again")

    def header_of(self, path: str, inside: str = "", is_stopped: Callable[[], bool] = lambda: False) -> Probe:
        """Tell what a file is from its header.

        Parameters
        ----------
        path : str
        inside : str
            The folder that the file may not leave; empty for files that came in.
        is_stopped : callable, optional
            Whether nobody waits for it any more.

        Raises
        ------
        HuepressError
            If it is no picture that is read, or it was stopped.
        """
        job = Job(path, "", None, kind="look", inside=inside)
        found: Probe = self._do(job, self._patience, is_stopped).facts[HEADER]
        return found

    def plan(self, request: RunRequest, is_stopped: Callable[[], bool]) -> Planned:
        """Plan a run over a folder, which looks into files, however long it takes.

        Parameters
        ----------
        request : RunRequest
        is_stopped : callable
            Whether nobody waits for it any more.

        Raises
        ------
        HuepressError
            If the folders cannot be what is asked of them, or it was stopped.
        """
        outcome = self._do(Job("", "", None, kind="plan", request=request), math.inf, is_stopped)
        planned: Planned = outcome.facts[PLANNED]
        return planned

    def _do(self, job: Job, patience: float, is_stopped: Callable[[], bool] = lambda: False) -> FileOutcome:
        with self._turn:
            self.check_open()
            self._executor.submit(job, 1)
            end = time.monotonic() + patience  # from its own turn on: whoever waits behind a slow one is not slow
            outcomes: list[FileOutcome] = []
            while not outcomes:
                self.check_open()
                if is_stopped():
                    self._executor.cancel(job)
                    raise InputError("it was stopped", remedy="begin again")
                if time.monotonic() > end:
                    self._executor.cancel(job)
                    raise DecodeError("it takes too long to find out what this is", remedy="leave it out")
                outcomes = self._executor.finished(_POLL_SECONDS)
        error = outcomes[0].error
        if type(error) is HuepressError:  # its worker has ended
            raise DecodeError("whatever reads such files has crashed", remedy="leave it out")
        if error is not None:
            raise error
        return outcomes[0]
