"""What the commands share: option decorators and the handling of inputs."""

from __future__ import annotations

import glob
import os
import sys
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal, TextIO, TypeVar

import click

from huepress.errors import InputError, OptionError, OutputError
from huepress.goals import QualityGoal, SizeGoal, parse_quality, parse_size
from huepress.options import (
    COLORS,
    DEFAULT_MAX_PIXELS,
    DITHERS,
    FORMATS,
    MAX_COLORS,
    MAX_EFFORT,
    MAX_RATE,
    MIN_COLORS,
    SPACES,
    STRIPS,
    Options,
    format_for_name,
    parse_init,
)

Command = TypeVar("Command", bound=Callable[..., Any])
STDIO = "-"


def kmeans_options(command: Command) -> Command:
    """Add the options of the k-means engine that every command takes."""
    decorators = [
        click.option(
            "--effort",
            type=click.IntRange(0, MAX_EFFORT),
            default=Options.effort,
            show_default=True,
            help="0: plain k-means; 1 to 9: ever harder search for few bytes at good looks.",
        ),
        click.option(
            "--format",
            type=click.Choice(FORMATS),
            default=None,
            help="What to write, lossless all; auto: the smallest that browsers show; keep: the input's.  "
            "[default: as -o FILE ends, else png; of animations their own]",
        ),
        click.option(
            "--rate",
            type=click.FloatRange(0, MAX_RATE),
            default=Options.rate,
            show_default=True,
            help="From effort 1: what a bit is worth; larger is smaller, 0 is finest.",
        ),
        click.option(
            "--dither",
            type=click.Choice(DITHERS),
            default=Options.dither,
            show_default=True,
            help="From effort 1: auto: where it pays; none: flat art; full: as if bytes were free.",
        ),
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
            help="Swap moves a start.  [default: 4 up to 32 colors, else 2]",
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
            help="Where k-means measures.",
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


def palette_options(command: Command) -> Command:
    """Add the options that say which colors the palette has."""
    decorators = [
        click.option(
            "--palette",
            metavar="FILE|COLORS",
            help="The palette itself, kept in order: a GPL, ACT, ASE, JSON or hex file, an image, or '#ff0000,#fff'.",
        ),
        click.option(
            "--pin", default="", metavar="COLORS", help="Colors that the palette has in any case: '#ff0000,#ffffff'."
        ),
    ]
    for decorator in reversed(decorators):
        command = decorator(command)
    return command


def target_options(command: Command) -> Command:
    """Add the options that say what is to be reached."""
    decorators = [
        click.option(
            "--quality", metavar="Q|MIN-MAX", help="The fewest bytes with this SSIMULACRA2 score, 0 to 100: 70, 60-80."
        ),
        click.option("--max-size", metavar="SIZE", help="The best score within 100kB, 1.5MB, 2000 or 0.1bpp."),
    ]
    for decorator in reversed(decorators):
        command = decorator(command)
    return command


def file_options(command: Command) -> Command:
    """Add the options of commands that write pictures."""
    decorators = [
        click.option(
            "--color",
            type=click.Choice(COLORS),
            default=Options.color,
            show_default=True,
            help="Convert colors to sRGB, or keep them and their profile.",
        ),
        click.option(
            "--strip",
            type=click.Choice(STRIPS),
            default=Options.strip,
            show_default=True,
            help="Metadata: safe: all but resolution, author, copyright go; all: all go; none: all stay.",
        ),
        click.option("--palette-per-frame", is_flag=True, help="Of animations (GIF, WebP): a palette for each frame."),
    ]
    for decorator in reversed(decorators):
        command = decorator(command)
    return command


def make_options(
    n_colors: int | Literal["auto"], init: str = "wu", output: str | None = None, **others: Any
) -> Options:
    """Build the options of a run from the command line's values.

    The extension of a named output decides about the format.

    Raises
    ------
    OptionError
        If a format is asked for that contradicts the extension.
    """
    if others.get("palette") is not None:
        from huepress.pipeline.intake import load_palette

        others["palette"] = load_palette(others["palette"], max_pixels=others["max_pixels"])
    others["pin"] = others.get("pin") or ()
    asked, named = others.get("format"), format_for_name(output or "")
    if named and asked not in (None, "auto", "keep", named):
        raise OptionError(f"the output is named .{named} but --format asks for {asked}; drop one of them")
    others["format"] = named or asked
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
            names += matches or [name]  # none: reported as a file that does not exist
        else:
            names.append(name)
    return names


def read_stdin() -> bytes:
    """Read all of standard input."""
    if sys.stdin is None:
        raise InputError("standard input is closed; give a file")
    return sys.stdin.buffer.read()


def write_stdout(data: bytes) -> None:
    """Write an image to standard output."""
    if sys.stdout is None:
        raise OutputError("standard output is closed; give -o FILE")
    try:
        sys.stdout.buffer.write(data)
        sys.stdout.buffer.flush()
    except BrokenPipeError:
        _silence(sys.stdout)
    except OSError as error:
        _silence(sys.stdout)
        raise OutputError(f"standard output: cannot be written ({error.strerror}); free some space") from None


def say(text: str, *, err: bool = False) -> None:
    """Print a line; a reader that has gone is no error, the work goes on."""
    stream = sys.stderr if err else sys.stdout
    if stream is None:
        return
    encoding = stream.encoding or "utf-8"
    try:
        click.echo(text.encode(encoding, "replace").decode(encoding), err=err)
    except BrokenPipeError:
        _silence(stream)
    except OSError as error:
        _silence(stream)
        raise OutputError(f"standard output: cannot be written ({error.strerror}); free some space") from None


def _silence(stream: TextIO) -> None:
    os.dup2(os.open(os.devnull, os.O_WRONLY), stream.fileno())


class Targets:
    """The outputs of a run: none may be an input or the output of another input."""

    def __init__(self, inputs: list[str]) -> None:
        self._inputs = {os.path.realpath(name) for name in inputs if name != STDIO}
        self._taken: set[str] = set()

    def claim(self, target: Path) -> None:
        """Reserve a path.

        Raises
        ------
        OutputError
            If it is an input or reserved already.
        """
        path = os.path.realpath(target)
        if path in self._inputs:
            raise OutputError(f"{target}: the output would replace an input; choose another place with -o")
        if path in self._taken:
            raise OutputError(f"{target}: already the output of another input; give one of them another -o")
        self._taken.add(path)


def names_directory(output: str, n_inputs: int) -> bool:
    """Tell whether ``-o`` means a directory: an existing one, ``x/``, no suffix, or many inputs."""
    if os.path.isdir(output) or output.endswith(("/", os.sep)):
        return True
    looks_like_file = bool(Path(output).suffix) or os.path.exists(output)
    if n_inputs > 1 and looks_like_file:
        raise click.UsageError(f"-o names the file {output!r} but there are {n_inputs} inputs; give a directory")
    return not looks_like_file


if TYPE_CHECKING:
    _ListBase = click.ParamType[list[Any]]
    _NumberOfColorsBase = click.ParamType[int | str]
    _GoalBase = click.ParamType[QualityGoal | SizeGoal]
else:
    _ListBase = _GoalBase = _NumberOfColorsBase = click.ParamType  # older versions have no type parameter


class NumberOfColors(_NumberOfColorsBase):
    """A number of colors, or ``auto``."""

    name = "K|auto"

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> int | str:
        """Parse ``16`` or ``auto``."""
        return "auto" if value == "auto" else click.IntRange(MIN_COLORS, MAX_COLORS).convert(value, param, ctx)


class Listed(_ListBase):
    """Values of one type separated by commas; none where the text is empty."""

    def __init__(self, of: click.ParamType[Any]) -> None:
        self._of = of
        self.name = f"{of.name},..."

    def get_metavar(self, *args: Any, **kwargs: Any) -> str | None:
        """Return what the help calls the value: the type's own word, and dots."""
        return f"{self._of.get_metavar(*args, **kwargs) or self._of.name.upper()},..."

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> list[Any]:
        """Convert each part."""
        if isinstance(value, list):
            return value
        parts = str(value).split(",") if value != "" else []
        return [self._of.convert(part.strip(), param, ctx) for part in parts]


class Goal(_GoalBase):
    """A score, as ``70``, or a size, as ``50kB``."""

    def __init__(self, name: Literal["score", "size"]) -> None:
        self.name = name
        self._parse: Callable[[Any], QualityGoal | SizeGoal] = parse_quality if name == "score" else parse_size

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> QualityGoal | SizeGoal:
        """Parse ``70`` or ``50kB``."""
        try:
            return self._parse(value)
        except OptionError as error:
            self.fail(str(error), param, ctx)


class ColorCounts(_ListBase):
    """Numbers of colors separated by commas; "auto" is one."""

    name = "K,K,..."

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> list[int | str]:
        """Parse ``8,16,auto``."""
        try:
            counts = ["auto" if part.strip() == "auto" else int(part) for part in str(value).split(",")]
        except ValueError:
            self.fail(f"{value!r} is not a list of whole numbers such as 8,16,32", param, ctx)
        for count in counts:
            if isinstance(count, int) and not MIN_COLORS <= count <= MAX_COLORS:
                self.fail(f"{count} is not in the range {MIN_COLORS} to {MAX_COLORS}", param, ctx)
        return counts
