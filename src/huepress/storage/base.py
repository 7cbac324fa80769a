"""What every store can do."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Protocol

from huepress.errors import HuepressError

LEDGER_NAME = ".huepress-ledger"
_STAGED_NAME = re.compile(r"\.huepress-run-([0-9a-f]+)-[0-9a-f]+\.tmp")
# What is to be published: the path of a temporary file, or the bytes themselves.
Staged = str | bytes
# Tells whether to enter a directory, given its name relative to the root.
Enter = Callable[[str], bool]


@dataclass(frozen=True, slots=True)
class Entry:
    """A file found in a store; or, with an error, a directory that cannot be read."""

    name: str
    size: int
    error: HuepressError | None = None


class LedgerFile(Protocol):
    """An append-only file that one run holds at a time."""

    def read(self) -> bytes:
        """Return all that was ever appended."""

    def append(self, data: bytes) -> None:
        """Add bytes at the end."""

    def close(self) -> None:
        """Make the bytes durable and let others have the file."""


@dataclass(frozen=True)
class LedgerLines:
    """A ledger that is only looked at."""

    lines: bytes

    def read(self) -> bytes:
        """Return its lines."""
        return self.lines

    def append(self, data: bytes) -> None:
        """Forget what is added."""

    def close(self) -> None:
        """Do nothing."""


class Store(Protocol):
    """Files under names relative to a root, with ``/`` between the parts."""

    @property
    def shared(self) -> bool:
        """Whether other processes see the same files."""

    def describe(self, name: str) -> str:
        """Return the path or URL for people."""

    def walk(self, enter: Enter) -> Iterator[Entry]:
        """Yield every file below the root, by name."""

    def size(self, name: str) -> int | None:
        """Return a file's bytes, None if it is missing."""

    def read(self, name: str) -> bytes:
        """Read a file."""

    def read_start(self, name: str, n_bytes: int) -> bytes:
        """Read the first bytes of a file."""

    def stamp(self, name: str) -> tuple[int, ...] | None:
        """Return numbers that change when somebody writes the file."""

    def stage(self, name: str, data: bytes, *, run: str, like: Path | None = None, times: bool = False) -> Staged:
        """Write a file's coming bytes beside it for a run; `like` lends its permissions (and times)."""

    def settle(self, staged: Staged) -> None:
        """Wait until staged bytes are safe from a power failure."""

    def publish(self, staged: Staged, name: str, *, overwrite: bool) -> None:
        """Give staged bytes their name in one step."""

    def check(self, name: str, *, overwrite: bool) -> None:
        """Refuse, with an `OutputError`, what `publish` would refuse; nothing is written."""

    def check_ledger(self) -> None:
        """Refuse, with an `OutputError`, what `open_ledger` would refuse; nothing is written."""

    def discard(self, staged: Staged) -> None:
        """Remove staged bytes that are not to be published."""

    def sweep(self, names: set[str], *, run: str | None = None, older_than: float = 0.0) -> None:
        """Remove what one run (or any) has staged for these names, at least some seconds ago."""

    def open_ledger(self) -> LedgerFile:
        """Open the ledger for this run alone."""

    def read_ledger(self) -> bytes:
        """Return the ledger's bytes, none if there is none."""

    def local_path(self, name: str) -> Path | None:
        """Return the path of a file on this machine, None for other file systems."""

    def folds_case(self) -> bool:
        """Tell whether names that differ in case only are the same file."""


def run_of_staged(name: str) -> str | None:
    """Return the run that a temporary file's name tells, None for other files."""
    match = _STAGED_NAME.fullmatch(name)
    return match and match[1]


def is_private(name: str) -> bool:
    """Tell whether a file's own name is one of ours, which no run takes or copies."""
    return name.startswith(LEDGER_NAME) or run_of_staged(name) is not None
