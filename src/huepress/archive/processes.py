"""How worker processes are started; imports next to nothing, so that a start costs next to nothing."""

from __future__ import annotations

import contextlib
import multiprocessing
import os
import signal
import tempfile
from collections.abc import Iterator
from multiprocessing import resource_tracker
from pathlib import Path
from typing import Any

_PRELOADED = "huepress.archive.work"
# Of the systems that we know; Linux allows 107 bytes.
_LONGEST_SOCKET_PATH = 103
_SOCKET = "/listener-12345678"

# Signals that a terminal or a supervisor sends to a whole group of processes.
ENDINGS = [getattr(signal, name) for name in ("SIGINT", "SIGTERM", "SIGHUP") if hasattr(signal, name)]


def worker_processes() -> Any:
    """Return the context that starts worker processes."""
    if "forkserver" not in multiprocessing.get_all_start_methods() or not _holds_sockets(tempfile.gettempdir()):
        return multiprocessing.get_context("spawn")
    context = multiprocessing.get_context("forkserver")
    # Forked from a process that has loaded the library and started no thread.
    context.set_forkserver_preload([_PRELOADED])
    return context


def _holds_sockets(folder: str) -> bool:
    """Tell whether the process that workers are forked from can have its socket there: such paths are short."""
    return len(os.fsencode(folder)) + len(f"/pymp-12345678{_SOCKET}") <= _LONGEST_SOCKET_PATH


@contextlib.contextmanager
def temporary_files_in(folder: Path) -> Iterator[None]:
    """Have what starts processes keep its files in a folder of ours, unless its path is too long for that.

    They go with the folder, also where this process is killed and removes nothing itself.
    """
    # There is no public way to say this; where it should cease to work, they lie where they did.
    config = getattr(multiprocessing.current_process(), "_config", {})
    fits = len(os.fsencode(folder)) + len(_SOCKET) <= _LONGEST_SOCKET_PATH
    if not fits or config.get("tempdir") is not None:
        yield
        return
    config["tempdir"] = str(folder)
    try:
        yield
    finally:
        config["tempdir"] = None


def warm_up(preloaded: str = _PRELOADED) -> None:
    """Let the process that workers are forked from load the library, or more, while this one loads itself."""
    context = worker_processes()
    if context.get_start_method() == "forkserver":
        from multiprocessing import forkserver

        context.set_forkserver_preload([preloaded])
        with interrupts_held():
            forkserver.ensure_running()


@contextlib.contextmanager
def interrupts_held() -> Iterator[None]:
    """Let what is started here inherit, from its first moment, that what ends a whole group is none of its business.

    It ends when its parent does, and a parent that waits for its start would hear of a broken pipe instead.
    """
    if not hasattr(signal, "pthread_sigmask"):
        yield
        return
    before = signal.pthread_sigmask(signal.SIG_BLOCK, {signal.SIGHUP})
    try:
        resource_tracker.ensure_running()  # it lets the others through when it starts, so it comes first
        signal.pthread_sigmask(signal.SIG_BLOCK, ENDINGS)
        yield
    finally:
        signal.pthread_sigmask(signal.SIG_SETMASK, before)
