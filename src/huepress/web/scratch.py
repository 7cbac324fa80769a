"""The private folder of one server: pictures that came in, and what became of them."""

from __future__ import annotations

import contextlib
import io
import os
import shutil
import stat
import subprocess
import sys
import tempfile
import time
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Self

from huepress import files
from huepress.errors import LimitError, OutputError
from huepress.storage import locked

_PREFIX = "huepress-serve-"
_LOCK = "lock"
# So often another server may remove a new folder.
_MOST_TRIES = 10
# Ctrl-C ends the server within a second.
_MOST_SECONDS = 0.4


class Scratch:
    """A folder that only this user can read, gone when the server is.

    A server holds a lock in its folder, so that the next one to start can tell which folders were left by a crash.
    """

    def __init__(self, parent: Path | None = None) -> None:
        self._parent = Path(tempfile.gettempdir()) if parent is None else parent
        self.root = self._parent
        self._lock: io.FileIO | None = None
        self._removing: subprocess.Popen[bytes] | None = None

    def __enter__(self) -> Self:
        sweep(self._parent)
        for left in reversed(range(_MOST_TRIES)):
            try:
                self.root = Path(tempfile.mkdtemp(prefix=_PREFIX, dir=self._parent))  # 0700
            except OSError as error:
                raise files.cannot_be_written(self._parent, error) from None
            # Another server that starts may take the new folder for one of a crash until it is locked, and remove it.
            try:
                self._lock = locked.open_locked(self.root / _LOCK, make_folders=False)
                break
            except OutputError:
                if not left:
                    raise
        return self

    def __exit__(self, *_: object) -> None:
        self._removing = remove_soon(self.root)
        if self._lock is not None:
            self._lock.close()

    def folder(self, name: str) -> Path:
        """Make a folder for something, and return it."""
        path = self.root / name
        try:
            path.mkdir(mode=0o700)
        except OSError as error:
            raise files.cannot_be_written(path, error) from None
        return path

    def discard(self, path: Path) -> None:
        """Remove a file or folder below the root, if it is there."""
        assert self.root in path.parents
        if path.is_dir() and not path.is_symlink():
            shutil.rmtree(path, ignore_errors=True)
        else:
            with contextlib.suppress(OSError):
                path.unlink()


def remove_soon(root: Path, seconds: float = _MOST_SECONDS) -> subprocess.Popen[bytes] | None:
    """Remove a folder; what is left after some time is left to a process, which is returned and need not be waited for.

    Hundreds of pictures lie in thousands of folders, which takes a slow disk seconds.
    """
    end, children = time.monotonic() + seconds, list[Path]()
    with contextlib.suppress(OSError):  # somebody has removed it already
        children = [child for child in root.iterdir() if child.name != _LOCK]
    for child in (*children, root):
        if time.monotonic() > end:
            code = "import shutil, sys; shutil.rmtree(sys.argv[1], ignore_errors=True)"
            nothing = subprocess.DEVNULL
            with contextlib.suppress(OSError):  # then the next start sweeps
                return subprocess.Popen(
                    [sys.executable, "-I", "-S", "-c", code, str(root)],
                    stdin=nothing,
                    stdout=nothing,
                    stderr=nothing,
                    start_new_session=True,
                )
            return None
        if child.is_dir() and not child.is_symlink():
            shutil.rmtree(child, ignore_errors=True)
        else:
            child.unlink(missing_ok=True)
    return None


def sweep(parent: Path) -> None:
    """Remove the folders of servers that are no more: of this user, by their name, and locked by nobody."""
    for path in parent.glob(f"{_PREFIX}*"):
        with contextlib.suppress(OSError, OutputError):
            status = path.lstat()
            if not stat.S_ISDIR(status.st_mode) or (hasattr(os, "geteuid") and status.st_uid != os.geteuid()):
                continue
            if not (path / _LOCK).exists():
                continue  # it is being made this moment
            with locked.open_locked(path / _LOCK, make_folders=False):
                shutil.rmtree(path, ignore_errors=True)


async def receive_file(path: Path, chunks: AsyncIterator[bytes], *, limit: int) -> int:
    """Write what comes in to a new file, and return its size.

    Raises
    ------
    LimitError
        If more than `limit` bytes come.
    OutputError
        If it cannot be written.
    """
    size = 0
    with NewFile(path) as file:
        async for chunk in chunks:
            size += len(chunk)
            if size > limit:
                raise LimitError(f"larger than {limit:,} bytes", remedy="make it smaller, or leave it out")
            file.write(chunk)
    return size


class NewFile:
    """A file that is written as its pieces come; OutputError where that cannot be done."""

    def __init__(self, path: Path) -> None:
        self._path = path
        try:
            self._file = files.open_regular(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, follow=False)
        except OSError as error:
            raise files.cannot_be_written(path.name, error) from None

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self._file.close()

    def write(self, data: bytes) -> None:
        """Append bytes."""
        left = memoryview(data)
        try:
            while left:
                left = left[self._file.write(left) or 0 :]
        except OSError as error:
            raise files.cannot_be_written(self._path.name, error) from None
