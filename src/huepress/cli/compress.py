"""``huepress compress``: many inputs, one small indexed file each."""

from __future__ import annotations

import dataclasses
import json
import math
import os
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from huepress.cli.shared import (
    STDIO,
    Targets,
    expand,
    file_options,
    kmeans_options,
    make_options,
    names_directory,
    palette_options,
    read_stdin,
    say,
    write_stdout,
)
from huepress.errors import HuepressError, LimitError, OptionError, OutputError
from huepress.options import FORMATS, MAX_COLORS, MIN_COLORS, Options

if TYPE_CHECKING:
    from huepress.api import Result


@dataclasses.dataclass
class _Row:
    """What became of one input."""

    input: str
    output: str | None
    seconds: float
    seed: int
    result: Result | None = None
    error: HuepressError | None = None

    @property
    def status(self) -> str:
        return "failed" if self.result is None else self.result.report.status


@click.command(name="compress")
@click.argument("inputs", nargs=-1, required=True, metavar="INPUT...")
@click.option(
    "-k",
    "--colors",
    type=click.IntRange(MIN_COLORS, MAX_COLORS),
    default=MAX_COLORS,
    show_default=True,
    help="Colors of the palette.",
)
@click.option(
    "-o", "--output", metavar="FILE|DIR", help="Where to write; '-' is standard output.  [default: NAME-huepress.png]"
)
@click.option("-f", "--force", is_flag=True, help="Overwrite existing files.")
@click.option("--allow-larger", is_flag=True, help="Write the result even if it is no smaller than the input.")
@palette_options
@click.option("--shared-palette", is_flag=True, help="One palette for all inputs, each weighing the same.")
@kmeans_options
@file_options
@click.option("--json", "as_json", is_flag=True, help="Print one JSON object per input.")
@click.option("-q", "--quiet", is_flag=True, help="Print errors only.")
@click.option("-v", "--verbose", is_flag=True, help="Print the palettes, too.")
def command(
    inputs: tuple[str, ...],
    colors: int,
    output: str | None,
    force: bool,
    allow_larger: bool,
    shared_palette: bool,
    as_json: bool,
    quiet: bool,
    verbose: bool,
    **engine: Any,
) -> int:
    """Reduce images to K colors and write them as small indexed files.

    INPUT may be a file, a pattern, or '-' for standard input. A result that is no smaller than
    its input is not taken: the original bytes are kept, in a copy beside the other outputs.
    """
    options = make_options(colors, output=output, **engine)
    names = expand(inputs)
    to_stdout = output == STDIO or (output is None and STDIO in names)
    if shared_palette and options.palette is not None:
        raise click.UsageError("--palette gives the colors, --shared-palette finds them; give one of the two")
    if names.count(STDIO) > 1:
        raise click.UsageError("standard input can be read only once; give '-' once")
    if to_stdout and len(names) > 1:
        raise click.UsageError("only one image fits on standard output; give -o DIR")
    if to_stdout and as_json:
        raise click.UsageError("--json and the image both want standard output; give -o FILE")
    if to_stdout and sys.stdout is not None and sys.stdout.isatty():
        raise click.UsageError("an image on a terminal is no use; give -o FILE or redirect the output")
    directory = Path(output) if output and not to_stdout and names_directory(output, len(names)) else None

    rows: list[_Row] = []
    targets = Targets(names)
    named = bool(output) and directory is None
    stdin = read_stdin() if STDIO in names and shared_palette else None
    if shared_palette:
        options = _with_shared_palette(names, stdin, options)
    with _progress(len(names), quiet or as_json) as advance:
        for name in names:
            advance(name)
            target = None if to_stdout else _target(name, output, directory, _likely_extension(options.format, name))
            row = _compress_one(
                name,
                target,
                targets,
                options,
                stdin=stdin,
                force=force,
                allow_larger=allow_larger,
                named=named,
                tell=advance.part,
            )
            rows.append(row)
            if as_json:
                say(json.dumps(_as_json(row)))
            if row.error:
                say(f"huepress: {row.error}", err=True)
    if not (as_json or quiet):
        _print_summary(rows, to_stderr=to_stdout, verbose=verbose)
    return _exit_code(rows)


def _with_shared_palette(names: list[str], stdin: bytes | None, options: Options) -> Options:
    """Replace the search for colors by the palette of all inputs that can be read."""
    from huepress import palettes
    from huepress.model import ColorHistogram

    def tables() -> Iterator[ColorHistogram]:
        for name in names:
            # What cannot be read is reported when its turn comes.
            with suppress(HuepressError, MemoryError):
                yield palettes.colors_of(stdin if name == STDIO else name, options)

    try:
        found = palettes.shared_palette_of(tables(), options)
    except OptionError:  # nothing could be read: each input says why
        return options
    return dataclasses.replace(options, palette=found, pin=(), init=Options.init)


def _target(name: str, output: str | None, directory: Path | None, extension: str) -> Path:
    from huepress.files import default_output

    if output and directory is None:
        return Path(output)
    return default_output(Path("stdin" if name == STDIO else name), directory, extension)


def _likely_extension(chosen: str | None, name: str) -> str:
    """Return the extension of the output; of "auto", "keep" and animations it may turn out another."""
    if chosen not in (None, "auto", "keep"):
        return f".{chosen}"
    ending = Path(name).suffix.lower()
    return ending if chosen == "keep" and ending.removeprefix(".") in FORMATS else ".png"


def _compress_one(
    name: str,
    target: Path | None,
    targets: Targets,
    options: Options,
    *,
    stdin: bytes | None,
    force: bool,
    allow_larger: bool,
    named: bool,
    tell: Callable[[float], None],
) -> _Row:
    from huepress import api, files
    from huepress.codec.encoders import extension_of

    started = time.perf_counter()
    row = _Row(name, None, 0.0, options.seed)
    try:
        # What may be an animation has its format, and thus its name, only when it has been read.
        open_name = not named and options.format is None and _may_move(name)
        if target is not None and not open_name:
            targets.claim(target)
            if name == STDIO or os.path.exists(name):
                files.check_writable_name(target, overwrite=force)
        source = (read_stdin() if stdin is None else stdin) if name == STDIO else name
        result = api.compress(source, allow_larger=allow_larger, on_progress=tell, **vars(options))
        if target is None:
            write_stdout(result.encoded.data)
            row.output = STDIO
        else:
            true_extension = extension_of(result.encoded, Path(name).suffix)
            if not named and (open_name or target.suffix.lower() != true_extension.lower()):
                # Only now known, or another format than expected, such as kept bytes: the extension would lie.
                target = target.with_suffix(true_extension)
                targets.claim(target)
            if result.report.status == "kept":
                files.write_bytes(target, result.encoded.data, overwrite=force)
            else:
                result.save(target, overwrite=force)
            row.output = str(target)
        row.result = result
    except MemoryError:
        row.error = LimitError(f"{name}: not enough memory; make the image smaller or close other programs")
    except HuepressError as error:
        row.error = (
            error if str(error).startswith(name) or isinstance(error, OutputError) else type(error)(f"{name}: {error}")
        )
    row.seconds = time.perf_counter() - started
    return row


def _may_move(name: str) -> bool:
    return name == STDIO or Path(name).suffix.lower() in (".gif", ".webp")


def _as_json(row: _Row) -> dict[str, Any]:
    """Return the documented fields, null where they make no sense."""
    report = row.result.report if row.result else None
    numbers = dataclasses.asdict(report) if report else {}
    psnr = numbers.get("psnr_db")
    return {
        "input": row.input,
        "output": row.output,
        "status": row.status,
        "format": row.result.encoded.format.lower() if row.result else None,
        "n_frames": numbers.get("n_frames"),
        "width": numbers.get("width"),
        "height": numbers.get("height"),
        "bytes_in": numbers.get("bytes_in"),
        "bytes_out": numbers.get("bytes_out"),
        "bits_per_pixel": numbers.get("bits_per_pixel"),
        "bits_per_pixel_in": numbers.get("bits_per_pixel_in"),
        "n_colors": numbers.get("n_colors"),
        "n_colors_in": numbers.get("n_colors_in"),
        "mse": numbers.get("mse"),
        "psnr_db": psnr if psnr is not None and math.isfinite(psnr) else None,
        "seconds": round(row.seconds, 4),
        "seed": row.seed,
        "palette": row.result.palette.hex() if row.result else None,
        "notes": list(numbers.get("notes", ())),
        "message": str(row.error) if row.error else numbers.get("message", ""),
    }


def _print_summary(rows: list[_Row], *, to_stderr: bool, verbose: bool) -> None:
    from huepress.text import human_bytes

    done = [row for row in rows if row.result]
    for row in done:
        assert row.result is not None
        report = row.result.report
        before = report.bytes_in or 0
        if report.status == "kept":
            text = f"{row.input} -> {row.output}: {report.message}"
        else:
            frames = f"{report.n_frames} frames, " if report.n_frames > 1 else ""
            quality = "lossless" if report.mse == 0 else f"PSNR {report.psnr_db:.1f} dB"
            text = (
                f"{row.input} -> {row.output}: {human_bytes(before)} -> {human_bytes(report.bytes_out)} "
                f"({_percent(report.saved)}), {frames}{report.n_colors} colors, "
                f"{report.bits_per_pixel_in} -> {report.bits_per_pixel} bits per pixel before deflate "
                f"({report.index_factor:g}x), {quality}, {row.seconds:.2f} s"
            )
            text += "".join(f"; {remark}" for remark in (*report.notes, report.message) if remark)
        say(text, err=to_stderr)
        if verbose:
            say("  " + " ".join(row.result.palette.hex()), err=to_stderr)
    if len(rows) > 1:
        before = sum(row.result.report.bytes_in or 0 for row in done if row.result)
        after = sum(row.result.report.bytes_out for row in done if row.result)
        counts = {status: sum(row.status == status for row in rows) for status in ("compressed", "kept", "failed")}
        saved = 1 - after / before if before else None
        told = ", ".join(f"{count} {status}" for status, count in counts.items() if count)
        say(f"total: {human_bytes(before)} -> {human_bytes(after)} ({_percent(saved)}), {told}", err=to_stderr)


def _percent(saved: float | None) -> str:
    if saved is None:
        return "new"
    return f"{100 * saved:.1f} % saved" if saved >= 0 else f"{-100 * saved:.1f} % larger"


def _exit_code(rows: list[_Row]) -> int:
    """Return 0; the class of the error if the only input failed; 1 if some of several did."""
    errors = [row.error for row in rows if row.error]
    if not errors:
        return 0
    return errors[0].exit_code if len(rows) == 1 else 1


class _Silent:
    """Shows nothing."""

    def __call__(self, name: str) -> None:
        """Go on to the next input."""

    def part(self, done: float) -> None:
        """Tell how much of the input is done."""


class _Bar(_Silent):
    """A bar that moves with every frame of an animation and every sweep of a search."""

    def __init__(self, bar: Any, n_inputs: int) -> None:
        self._bar, self._task = bar, bar.add_task("", total=float(n_inputs))
        self._n_begun = 0

    def __call__(self, name: str) -> None:
        self._bar.update(self._task, description=Path(name).name[:40], completed=float(self._n_begun))
        self._n_begun += 1

    def part(self, done: float) -> None:
        self._bar.update(self._task, completed=self._n_begun - 1 + done)


@contextmanager
def _progress(n_inputs: int, silent: bool) -> Iterator[_Silent]:
    """Show a bar on a terminal; nothing in a pipe."""
    if silent or not sys.stderr.isatty():
        yield _Silent()
        return
    from rich.console import Console
    from rich.progress import (
        BarColumn,
        MofNCompleteColumn,
        Progress,
        TaskProgressColumn,
        TextColumn,
        TimeRemainingColumn,
    )

    count = MofNCompleteColumn() if n_inputs > 1 else TaskProgressColumn()
    columns = (TextColumn("{task.description}"), BarColumn(), count, TimeRemainingColumn())
    with Progress(*columns, console=Console(stderr=True), transient=True) as bar:
        yield _Bar(bar, n_inputs)
