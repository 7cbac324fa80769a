"""What the commands share: option decorators and the handling of inputs."""

from __future__ import annotations

import glob
import os
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any, TypeVar

import click

from huepress.options import DEFAULT_MAX_PIXELS, MAX_COLORS, MIN_COLORS, SPACES, Options, parse_init

Command = TypeVar("Command", bound=Callable[..., Any])
STDIO = "-"


def kmeans_options(command: Command) -> Command:
    """Add the options of the k-means engine that every command takes."""
    decorators = [
        click.option("--seed", type=click.IntRange(0), default=0, show_default=True, help="Seed of random starts."),
        click.option(
            "--init",
            default="wu",
            show_default=True,
            metavar="START",
            help="Where k-means starts: wu, k-means++, random, or K colors: '#ff0000,#ffffff'.",
        ),
        click.option(
            "--n-init", type=click.IntRange(1), help="Starts, the best kept.  [default: 2 up to 32 colors, else 1]"
        ),
        click.option(
            "--swaps",
            "n_swaps",
            type=click.IntRange(0),
            help="Swap moves a start.  [default: 4 up to 64 colors, else 2]",
        ),
        click.option(
            "--max-iter", type=click.IntRange(0), default=Options.max_iter, show_default=True, help="Most iterations."
        ),
        click.option(
            "--tol",
            type=click.FloatRange(0, 1, max_open=True),
            default=Options.tol,
            show_default=True,
            help="Stop when an iteration lowers the error by less than this part; 0: when it rests.",
        ),
        click.option(
            "--space",
            type=click.Choice(SPACES),
            default=Options.space,
            show_default=True,
            help="Where distances are measured.",
        ),
        click.option(
            "-j",
            "--jobs",
            type=click.IntRange(0),
            default=0,
            help="Threads; the result is the same for any.  [default: all]",
        ),
        click.option(
            "--max-pixels",
            type=click.IntRange(1),
            default=DEFAULT_MAX_PIXELS,
            show_default=True,
            help="Refuse larger images.",
        ),
    ]
    for decorator in reversed(decorators):
        command = decorator(command)
    return command


def make_options(n_colors: int, init: str, **others: Any) -> Options:
    """Build the options of a run from the command line's values."""
    options = Options(n_colors=n_colors, init=parse_init(init), **others)
    # The PNG optimizer keeps its own threads and reads this once, when it first runs.
    os.environ.setdefault("RAYON_NUM_THREADS", str(options.threads))
    return options


def expand(inputs: tuple[str, ...]) -> list[str]:
    """Expand patterns that the shell left alone; names that exist are taken literally."""
    names: list[str] = []
    for name in inputs:
        if name != STDIO and glob.has_magic(name) and not os.path.exists(name):
            matches = sorted(glob.glob(name))
            if not matches:
                raise click.UsageError(f"no file matches {name!r}")
            names += matches
        else:
            names.append(name)
    return names


def read_stdin() -> bytes:
    """Read all of standard input."""
    return sys.stdin.buffer.read()


def names_directory(output: str, n_inputs: int) -> bool:
    """Tell whether ``-o`` means a directory: an existing one, ``x/``, no suffix, or many inputs."""
    if os.path.isdir(output) or output.endswith(("/", os.sep)):
        return True
    looks_like_file = bool(Path(output).suffix) or os.path.exists(output)
    if n_inputs > 1 and looks_like_file:
        raise click.UsageError(f"-o names the file {output!r} but there are {n_inputs} inputs; give a directory")
    return not looks_like_file


class ColorCounts(click.ParamType[list[int]]):
    """Numbers of colors separated by commas."""

    name = "K,K,..."

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> list[int]:
        """Parse ``8,16,32``."""
        try:
            counts = [int(part) for part in str(value).split(",")]
        except ValueError:
            self.fail(f"{value!r} is not a list of whole numbers such as 8,16,32", param, ctx)
        for count in counts:
            if not MIN_COLORS <= count <= MAX_COLORS:
                self.fail(f"{count} is not in the range {MIN_COLORS} to {MAX_COLORS}", param, ctx)
        return counts
