"""``huepress palette``: the colors of images, to look at or as palette files."""

from __future__ import annotations

import sys
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from huepress.cli.options import COLORS, make_options, options_of
from huepress.cli.output import say, write_stdout
from huepress.options import MAX_COLORS, PALETTE_FORMATS, Options, PaletteOptions
from huepress.wording import counted

if TYPE_CHECKING:
    from huepress.engine.swatches import Swatches
    from huepress.model import ColorHistogram

_BINARY = ("act", "ase", "png")
_SWATCH = " " * 6


@click.command(name="palette")
@click.argument("inputs", nargs=-1, required=True, metavar="INPUT...")
@click.option(
    "-k",
    "--colors",
    type=click.IntRange(1, MAX_COLORS),
    default=None,
    help="Most colors; 1: the mean, and the most frequent one.  [default: 8]",
)
@click.option(
    "--format",
    "palette_format",
    type=click.Choice(PALETTE_FORMATS),
    help="Write a palette file.  [default: what -o ends in, else hex]",
)
@click.option("-o", "--output", metavar="FILE|DIR", help="Where to write.  [default: standard output]")
@click.option("-f", "--force", is_flag=True, help="Overwrite existing files.")
@options_of(Options, COLORS)
@click.option("--shared-palette", is_flag=True, help="One palette for all inputs, each weighing the same.")
@options_of(Options, ["space", "seed", "jobs", "max_pixels", "tolerant"])
def command(
    inputs: tuple[str, ...],
    colors: int | None,
    palette_format: str | None,
    output: str | None,
    force: bool,
    shared_palette: bool,
    **engine: Any,
) -> int:
    """Show the colors of images, the largest share of the pixels first.

    Each comes with its share and the name of the nearest CSS color. With --format or -o a palette
    file is written instead; what it has place for (names, shares) goes in. -k 1 gives the mean of what is
    visible, and tells the color that most pixels have.
    """
    if colors is None:
        colors = MAX_COLORS if engine["palette"] is not None else 8
    options = make_options(colors, schema=PaletteOptions, **engine)
    from huepress.archive.listing import names_directory
    from huepress.cli.inputs import STDIO, claims_of, expand, for_each

    names = expand(inputs)
    groups = [names] if shared_palette else [[name] for name in names]
    to_file = output is not None and output != STDIO
    directory = Path(output) if to_file and output and names_directory(output, len(groups)) else None
    if to_file and output and directory is None and palette_format is None:
        from huepress.palettes import format_for

        palette_format = format_for(output)
    if output is not None and palette_format is None:
        palette_format = "hex"
    if palette_format and not to_file:
        if len(groups) > 1:
            raise click.UsageError("only one palette fits on standard output; give -o DIR, or --shared-palette")
        if palette_format in _BINARY and sys.stdout is not None and sys.stdout.isatty():
            raise click.UsageError(f"{palette_format} on a terminal is no use; give -o FILE or redirect the output")

    claims = claims_of(names)

    def one(group: list[str]) -> None:
        target = None
        if to_file and output:
            target = Path(output) if directory is None else _target(group[0], directory, palette_format or "hex")
            claims.claim(target)
        _one(group, target, palette_format, options, force=force, several=len(groups) > 1)

    return for_each(groups, one, lambda group: group[0])


def _one(
    group: list[str], target: Path | None, palette_format: str | None, options: Options, *, force: bool, several: bool
) -> None:
    from huepress import files, palettes
    from huepress.cli.inputs import exists
    from huepress.formats.palettes.write import write_palette

    if target is not None and all(map(exists, group)):
        files.check_writable_name(target, overwrite=force)
    swatches = palettes.swatches_of(_tables(group, options), options)
    if palette_format is None:
        if several:
            say(f"{group[0]}:")
        if options.n_colors == 1 and options.palette is None:
            _print_swatches(swatches, ["mean"])
            _print_swatches(swatches.most_frequent, ["most frequent"])
        else:
            _print_swatches(swatches, [""] * len(swatches))
        return
    data = write_palette(swatches, palette_format)  # type: ignore[arg-type]
    if target is None:
        write_stdout(data)
        return
    files.write_bytes(target, data, overwrite=force)
    say(f"{', '.join(group)} -> {target}: {counted(len(swatches), 'color')}")


def _tables(names: Iterable[str], options: Options) -> Iterator[ColorHistogram]:
    from huepress import palettes
    from huepress.cli.inputs import image_of

    for name in names:
        yield palettes.colors_of(image_of(name), options)


def _target(name: str, directory: Path, extension: str) -> Path:
    from huepress.cli.inputs import stem_of

    return directory / f"{stem_of(name)}-palette.{extension}"


def _print_swatches(swatches: Swatches, remarks: list[str]) -> None:
    """Print one line for each color, with its swatch where the terminal shows colors."""
    from rich.color import Color
    from rich.console import Console
    from rich.style import Style
    from rich.text import Text

    console = Console(highlight=False, soft_wrap=True)
    in_color = console.is_terminal and console.color_system is not None and not console.no_color
    lines = []
    for color, hex_color, share, name, remark in zip(
        swatches.colors, swatches.palette.hex(), swatches.shares, swatches.names, remarks, strict=True
    ):
        line = Text()
        if in_color:
            line.append(_SWATCH, Style(bgcolor=Color.from_rgb(*color[:3])))
            line.append("  ")
        line.append(f"{hex_color:<9}  {100 * share:5.1f} %  {name}{f' ({remark})' if remark else ''}")
        lines.append(line)
    with console.capture() as captured:
        for line in lines:
            console.print(line)
    say(captured.get().rstrip("\n"), styled=True)
