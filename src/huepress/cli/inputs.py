"""The one loop over inputs: standard input, patterns, claims on outputs, and what fails on the way."""

from __future__ import annotations

import glob
import os
import sys
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import TypeVar

import click

from huepress.archive.naming import Claims, Paths
from huepress.cli.output import complain, write_stdout
from huepress.errors import HuepressError, InputError, as_huepress_error
from huepress.storage.base import Staged

STDIO = "-"
Item = TypeVar("Item")


def expand(inputs: tuple[str, ...]) -> list[str]:
    """Expand patterns that the shell left alone; names that exist are taken literally.

    Raises
    ------
    click.UsageError
        If standard input is named more than once.
    """
    names: list[str] = []
    for name in inputs:
        if name != STDIO and glob.has_magic(name) and not os.path.exists(name):
            matches = sorted(glob.glob(name))
            names += matches or [name]  # none: reported as a file that does not exist
        else:
            names.append(name)
    if names.count(STDIO) > 1:
        raise click.UsageError("standard input can be read only once; give '-' once")
    return names


@cache
def read_stdin() -> bytes:
    """Read all of standard input, once: it may be wanted for its colors first."""
    if sys.stdin is None:
        raise InputError("standard input is closed", remedy="give a file")
    return sys.stdin.buffer.read()


def image_of(name: str) -> str | bytes:
    """Return what the library is to load: a path, or the bytes of standard input."""
    return read_stdin() if name == STDIO else name


def exists(name: str) -> bool:
    """Tell whether an input is there; if not, that is told when its turn comes, and not that its output exists."""
    return name == STDIO or os.path.exists(name)


def claims_of(names: Sequence[str]) -> Claims:
    """Return who gives out the names of outputs: none may be an input or the output of another input."""
    return Claims([name for name in names if name != STDIO])


def stem_of(name: str) -> str:
    """Return what a result is named after."""
    return "stdin" if name == STDIO else Path(name).stem


def folder_of(name: str) -> Path:
    """Return the folder of an input, the current one of standard input."""
    return Path() if name == STDIO else Path(name).parent


def for_each(items: Sequence[Item], do: Callable[[Item], None], subject: Callable[[Item], str]) -> int:
    """Do something with every input; what fails is told in one sentence, and the others go on.

    Parameters
    ----------
    items : sequence
    do : callable
    subject : callable
        Returns what an error is about where it does not say so itself.

    Returns
    -------
    int
        The exit code: 0, of the only input its error's, else 1.
    """
    errors: list[HuepressError] = []
    for item in items:
        try:
            do(item)
        except (HuepressError, MemoryError) as error:
            found = as_huepress_error(error).about(subject(item))
            complain(found)
            errors.append(found)
    return 0 if not errors else errors[0].exit_code if len(items) == 1 else 1


@dataclass(frozen=True)
class PathsAndStreams(Paths):
    """Files by their paths and URLs; ``-`` is standard input and output.

    Parameters
    ----------
    has_streams : bool
        Whether some name is ``-``: other processes see no standard input.
    """

    has_streams: bool = False

    @property
    def shared(self) -> bool:
        """Whether other processes see the same files."""
        return not self.has_streams

    def told_name(self, name: str) -> str:
        """Return what an input is called in sentences."""
        return name

    def read(self, name: str) -> bytes:
        """Read a file, a URL or standard input."""
        return read_stdin() if name == STDIO else super().read(name)

    def read_start(self, name: str, n_bytes: int) -> bytes:
        """Read the first bytes."""
        return read_stdin()[:n_bytes] if name == STDIO else super().read_start(name, n_bytes)

    def stage(self, name: str, data: bytes, *, run: str, like: Path | None = None, times: bool = False) -> Staged:
        """Write a file's coming bytes beside it, or to standard output."""
        if name != STDIO:
            return super().stage(name, data, run=run, like=like, times=times)
        write_stdout(data)
        return STDIO

    def settle(self, staged: Staged) -> None:
        """Wait until staged bytes are on the disk, if that is where they go."""
        if staged != STDIO:
            super().settle(staged)

    def publish(self, staged: Staged, name: str, *, overwrite: bool) -> None:
        """Give staged bytes their name."""
        if name != STDIO:
            super().publish(staged, name, overwrite=overwrite)

    def check(self, name: str, *, overwrite: bool) -> None:
        """Refuse a name that is taken; standard output never is."""
        if name != STDIO:
            super().check(name, overwrite=overwrite)

    def size(self, name: str) -> int | None:
        """Return a file's bytes."""
        return None if name == STDIO else super().size(name)
