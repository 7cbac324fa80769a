"""The options of `compress` for many files, and what they say about names and limits."""

from __future__ import annotations

import functools
from collections.abc import Callable
from dataclasses import dataclass, fields
from typing import Any, TypeVar, cast

import click

Command = TypeVar("Command", bound=Callable[..., Any])


@dataclass(frozen=True)
class RunChoices:
    """The values of the options below."""

    recursive: bool
    files_from: str | None
    null: bool
    include: tuple[str, ...]
    exclude: tuple[str, ...]
    copy_others: bool
    in_place: bool
    preserve: bool
    ext: str | None
    suffix: str | None
    memory: str | None
    min_saving: float | None
    dry_run: bool
    strict: bool
    report: tuple[str, ...]
    cluster: str | None
    shared_palette: bool
    plot: str | None

    @property
    def is_run(self) -> bool:
        """Whether a tree or a list is asked for, rather than single files."""
        return self.recursive or self.files_from is not None


def run_options(command: Command) -> Command:
    """Add the options of runs over many files; they arrive as ``choices``."""
    decorators = [
        click.option("-r", "--recursive", is_flag=True, help="INPUT is a folder: mirror its tree under -o DIR."),
        click.option("--files-from", metavar="FILE", help="Read the names of inputs from a file; '-': standard input."),
        click.option("-0", "--null", is_flag=True, help="The names in --files-from end with NUL, not a newline."),
        click.option("--include", multiple=True, metavar="PATTERN", help="With -r: take these files only."),
        click.option("--exclude", multiple=True, metavar="PATTERN", help="With -r: leave these files or folders out."),
        click.option("--copy-others", is_flag=True, help="With -r: copy the files that are no images."),
        click.option("--in-place", is_flag=True, help="Replace the inputs; permissions stay."),
        click.option("--preserve", is_flag=True, help="Keep the inputs' times and permissions."),
        click.option("--ext", metavar="EXT", help="Extension of compressed files.  [default: the format's]"),
        click.option(
            "--suffix", metavar="TEXT", help="What to add to names.  [default: -huepress, but none in a tree]"
        ),
        click.option("--memory", metavar="SIZE", help="Most memory for all images at once, such as 2GB."),
        click.option(
            "--min-saving",
            type=click.FloatRange(0, 100, max_open=True),
            metavar="PERCENT",
            help="Keep the original where less is saved.  [default: 2 in place and in a tree, else any]",
        ),
        click.option("--dry-run", is_flag=True, help="Compress, but write nothing: say what would be saved."),
        click.option("--strict", is_flag=True, help="Exit with 1 if an original was kept."),
        click.option(
            "--report",
            multiple=True,
            metavar="FILE",
            help="Write what was saved to FILE.html, .csv or .json, with scores.",
        ),
        click.option("--shared-palette", is_flag=True, help="One palette for all inputs, each weighing the same."),
        click.option(
            "--plot", metavar="FILE", help="Draw bytes and scores of what --quality or --max-size tried: .png, .svg."
        ),
        click.option(
            "--cluster", metavar="ADDRESS", help="With -r: have a Dask cluster do it, such as tcp://host:8786."
        ),
    ]

    @functools.wraps(command)
    def gathered(**values: Any) -> Any:
        chosen = {field.name: values.pop(field.name) for field in fields(RunChoices)}
        return command(choices=RunChoices(**chosen), **values)

    decorated: Any = gathered
    for decorator in reversed(decorators):
        decorated = decorator(decorated)
    return cast(Command, decorated)
