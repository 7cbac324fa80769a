"""``huepress compare``: the original beside its versions, as one picture to look at."""

from __future__ import annotations

import os
import sys
from pathlib import Path
from typing import Any

import click

from huepress.cli.shared import (
    STDIO,
    ColorCounts,
    Targets,
    expand,
    kmeans_options,
    make_options,
    names_directory,
    read_stdin,
    say,
)
from huepress.errors import HuepressError, LimitError


@click.command(name="compare")
@click.argument("inputs", nargs=-1, required=True, metavar="INPUT...")
@click.option(
    "-k", "--colors", type=ColorCounts(), default="8,16,32", show_default=True, help="Numbers of colors to show."
)
@click.option("-o", "--output", metavar="FILE|DIR", help="Where to write.  [default: NAME-compare.png]")
@click.option("-f", "--force", is_flag=True, help="Overwrite existing files.")
@click.option("--show", is_flag=True, help="Open the sheet in the system's picture viewer.")
@kmeans_options
def command(
    inputs: tuple[str, ...], colors: list[int], output: str | None, force: bool, show: bool, **engine: Any
) -> int:
    """Draw each image beside its versions with K colors.

    The sheet tells bytes, percent saved, PSNR and score (SSIMULACRA2) of each version, its palette,
    and shows a detail pixel by pixel: where the version with the first K differs most.
    """
    options = make_options(colors[0], **engine)
    names = expand(inputs)
    if output == STDIO:
        raise click.UsageError("a sheet is for looking at; give -o FILE")
    directory = Path(output) if output and names_directory(output, len(names)) else None
    codes = []
    targets = Targets(names)
    for name in names:
        target = Path(output) if output and directory is None else _default_target(name, directory)
        try:
            targets.claim(target)
            _compare_one(name, target, colors, options, force=force)
        except MemoryError:
            say(f"huepress: {name}: not enough memory; make the image smaller or close other programs", err=True)
            codes.append(LimitError.exit_code)
            continue
        except HuepressError as error:
            text = str(error)
            say(f"huepress: {text if str(target) in text or name in text else f'{name}: {text}'}", err=True)
            codes.append(error.exit_code)
            continue
        say(str(target))
        if show:
            click.launch(str(target))
    return 0 if not codes else codes[0] if len(names) == 1 else 1


def _default_target(name: str, directory: Path | None) -> Path:
    source = Path("stdin" if name == STDIO else name)
    return (directory or source.parent) / f"{source.stem}-compare.png"


def _compare_one(name: str, target: Path, colors: list[int], options: Any, *, force: bool) -> None:
    from huepress import api, files
    from huepress.compare import comparison_sheet

    if name == STDIO or os.path.exists(name):
        files.check_writable_name(target, overwrite=force)
    source = api.load(read_stdin() if name == STDIO else name, max_pixels=options.max_pixels)
    heading = "standard input" if name == STDIO else Path(name).name

    def tell(k: int) -> None:
        if sys.stderr.isatty():
            click.echo(f"\r{heading}: K = {k} ...   ", err=True, nl=False)

    sheet = comparison_sheet(source, heading, colors, options, tell)
    if sys.stderr.isatty():
        click.echo("\r\033[K", err=True, nl=False)
    files.write_bytes(target, sheet, overwrite=force)
