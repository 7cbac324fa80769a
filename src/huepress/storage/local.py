"""A directory on this machine as a store; files are opened by `huepress.files` alone."""

from __future__ import annotations

import contextlib
import io
import os
import secrets
import shutil
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from huepress import files
from huepress.errors import HuepressError, InputError, LimitError, OutputError, Remedy
from huepress.storage import locked
from huepress.storage.base import LEDGER_NAME, Enter, Entry, LedgerFile, Staged, is_private, run_of_staged

# A million files take about 600 MB.
_LARGEST_LEDGER = 1 << 30
_STAGED = ".huepress-run-{run}-{token}.tmp"


@dataclass(frozen=True)
class LocalStore:
    """A directory on this machine; with the root ``""`` names are paths as a person gave them.

    Relative roots are relative to `base`, where they have to mean the same to other processes. Where links
    are not followed, files are read inside the root only, whatever is put in their place meanwhile.
    """

    root: str
    base: str = ""
    follow: bool = True

    @property
    def shared(self) -> bool:
        """Whether other processes see the same files."""
        return True

    def path(self, name: str) -> Path:
        """Return the path of a name."""
        return Path(os.path.join(self.base, self.root, name))

    def describe(self, name: str) -> str:
        """Return the path for people."""
        return os.path.join(self.root, name) if name else self.root

    def local_path(self, name: str) -> Path | None:
        """Return the path of a name."""
        return self.path(name)

    def walk(self, enter: Enter) -> Iterator[Entry]:
        """Yield every regular file below the root, in the order of names.

        Links to directories are followed unless the directory has a place of its own in the
        tree or was entered before, so that loops end.
        """
        entered: set[tuple[int, int]] = set()
        links: list[str] = []
        yield from self._walk("", enter, entered, links)
        while links:
            yield from self._walk(links.pop(0), enter, entered, links)

    def _walk(self, start: str, enter: Enter, entered: set[tuple[int, int]], links: list[str]) -> Iterator[Entry]:
        waiting = [start]
        while waiting:
            name = waiting.pop()
            directory = self.path(name)
            try:
                status = directory.stat()
                if (status.st_dev, status.st_ino) in entered:
                    continue
                entered.add((status.st_dev, status.st_ino))
                with os.scandir(directory) as found:
                    children = sorted(found, key=lambda child: child.name)
            except OSError as error:
                problem = f"cannot be read ({error.strerror})"
                yield Entry(name, 0, InputError(problem, subject=str(directory), remedy="make it readable"))
                continue
            below: list[str] = []
            for child in children:
                child_name = f"{name}/{child.name}" if name else child.name
                with contextlib.suppress(OSError):  # it has vanished, or is a broken link
                    if child.is_dir():
                        if enter(child_name):
                            (links if child.is_symlink() else below).append(child_name)
                    elif child.is_file() and not is_private(child.name):
                        yield Entry(child_name, child.stat().st_size)
            waiting += reversed(below)

    def size(self, name: str) -> int | None:
        """Return a file's bytes, None if it is missing."""
        try:
            return self.path(name).stat().st_size
        except (OSError, ValueError):
            return None

    def read(self, name: str) -> bytes:
        """Read a file."""
        return files.read_bytes(self.path(name), below=self._below)

    def read_start(self, name: str, n_bytes: int) -> bytes:
        """Read the first bytes of a file."""
        return files.read_start(self.path(name), n_bytes, below=self._below)

    @property
    def _below(self) -> str:
        return "" if self.follow else str(self.path(""))

    def stamp(self, name: str) -> tuple[int, ...] | None:
        """Return the inode, size and time of change."""
        try:
            status = self.path(name).stat(follow_symlinks=self.follow)
        except (OSError, ValueError):
            return None
        return status.st_ino, status.st_size, status.st_mtime_ns

    def stage(self, name: str, data: bytes, *, run: str, like: Path | None = None, times: bool = False) -> Staged:
        """Write a file's coming bytes beside it."""
        target = self._target(name)
        temporary = target.with_name(_STAGED.format(run=run, token=secrets.token_hex(8)))
        files.stage(temporary, data, target, private=like is not None)
        try:
            if like is not None:
                _copy_attributes(like, temporary, times)
        except OSError as error:
            temporary.unlink(missing_ok=True)
            raise files.cannot_be_written(target, error) from None
        return str(temporary)

    def _target(self, name: str) -> Path:
        """Return the file that a name stands for; a link stays one, and what it points to is replaced.

        Raises
        ------
        OutputError
            If a link leads out of the tree.
        """
        target = Path(os.path.realpath(self.path(name)))
        if self.root and not os.path.isabs(name):
            root = os.path.realpath(self.path(""))
            if os.path.commonpath([root, target]) != root:
                raise OutputError(
                    "a link leads out of the tree", subject=self.describe(name), remedy=Remedy.OTHER_OUTPUT
                )
        return target

    def settle(self, staged: Staged) -> None:
        """Wait until staged bytes are on the disk."""
        assert isinstance(staged, str)
        try:
            files.sync(staged)
        except HuepressError:
            self.discard(staged)
            raise

    def publish(self, staged: Staged, name: str, *, overwrite: bool) -> None:
        """Give staged bytes their name in one step."""
        assert isinstance(staged, str)
        try:
            files.check_writable_name(self.path(name), overwrite=overwrite)
            files.publish(Path(staged), self._target(name), overwrite=overwrite)
        except HuepressError:
            self.discard(staged)
            raise

    def check(self, name: str, *, overwrite: bool) -> None:
        """Refuse a name that is taken, leads out of the tree, or lies where nothing can be written."""
        target = self._target(name)
        files.check_folder(target.parent)
        files.check_writable_name(self.path(name), overwrite=overwrite)

    def check_ledger(self) -> None:
        """Refuse a ledger that is none, and a folder in which none can be begun."""
        locked.check_own(self.path(LEDGER_NAME))

    def discard(self, staged: Staged) -> None:
        """Remove staged bytes that are not to be published."""
        with contextlib.suppress(OSError):
            os.unlink(staged)

    def sweep(self, names: set[str], *, run: str | None = None, older_than: float = 0.0) -> None:
        """Remove what one run (or any) has staged beside these names."""
        now = time.time()
        paths = (os.path.join(self.base, self.root, name) for name in names)
        for directory in {os.path.dirname(os.path.realpath(path) if os.path.islink(path) else path) for path in paths}:
            with contextlib.suppress(OSError), os.scandir(directory or ".") as found:
                for child in found:
                    found_run = run_of_staged(child.name)
                    if found_run and run in (None, found_run) and now - child.stat().st_mtime >= older_than:
                        os.unlink(child.path)

    def open_ledger(self) -> LedgerFile:
        """Open ``.huepress-ledger`` in the root."""
        path = self.path(LEDGER_NAME)
        return _LocalLedgerFile(locked.open_locked(path), path)

    def read_ledger(self) -> bytes:
        """Return the ledger's bytes, none if there is none."""
        path = self.path(LEDGER_NAME)
        if not os.path.lexists(path):
            return b""
        try:
            with files.open_regular(path, os.O_RDONLY, follow=False) as file:
                return _within_limit(file, path)
        except OSError:
            return b""  # no ledger of ours

    def folds_case(self) -> bool:
        """Tell whether the root's file system disregards case."""
        probe = self.path(_STAGED.format(run="00", token=secrets.token_hex(8)))
        files.stage(probe, b"", probe)
        try:
            return probe.with_name(probe.name.upper()).exists()
        finally:
            probe.unlink(missing_ok=True)


class _LocalLedgerFile:
    def __init__(self, file: io.FileIO, path: Path) -> None:
        self._file, self._path = file, path  # the file itself knows the number of its descriptor only

    def read(self) -> bytes:
        self._file.seek(0)
        return _within_limit(self._file, self._path)

    def append(self, data: bytes) -> None:
        length = os.fstat(self._file.fileno()).st_size
        left = memoryview(data)
        try:
            while left:  # a disk that is getting full takes a part
                left = left[self._file.write(left) :]
        except OSError as error:
            with contextlib.suppress(OSError):
                self._file.truncate(length)
            raise files.cannot_be_written(self._path, error) from None

    def close(self) -> None:
        with contextlib.suppress(OSError):
            os.fsync(self._file.fileno())
        self._file.close()


def _within_limit(file: io.FileIO, path: object) -> bytes:
    if os.fstat(file.fileno()).st_size > _LARGEST_LEDGER:
        raise LimitError(
            f"larger than {_LARGEST_LEDGER:,} bytes", subject=str(path), remedy="remove it and run it again"
        )
    return file.readall()


def _copy_attributes(like: Path, target: Path, times: bool) -> None:
    status = like.stat()
    if hasattr(os, "chown"):
        with contextlib.suppress(OSError):  # only root may give files away
            os.chown(target, status.st_uid, status.st_gid)
    os.chmod(target, status.st_mode & 0o7777)
    if times:
        shutil.copystat(like, target)
    elif hasattr(os, "listxattr"):
        with contextlib.suppress(OSError):  # a file system without
            for name in os.listxattr(like):  # access lists are among them
                with contextlib.suppress(OSError):
                    os.setxattr(target, name, os.getxattr(like, name))
