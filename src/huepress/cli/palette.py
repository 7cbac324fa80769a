"""``huepress palette``: the colors of images, to look at or as palette files."""

from __future__ import annotations

import json
import sys
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from huepress.cli.command import GroupedCommand, drop_overruled, option
from huepress.cli.options import COLORS, make_options, options_of
from huepress.cli.output import say, write_stdout
from huepress.options import MAX_COLORS, PALETTE_FORMATS, Options, PaletteOptions
from huepress.wording import counted

if TYPE_CHECKING:
    from huepress.engine.swatches import Swatches
    from huepress.model import ColorHistogram

_BINARY = ("act", "ase", "png")
_SWATCH = " " * 6
EXAMPLES = (
    "huepress palette photo.png                       # eight colors, their shares and names",
    "huepress palette photo.png -k 16 -o photo.gpl    # a palette file",
    "huepress palette a.png b.png --shared-palette -o both.css",
)


@click.command(name="palette", cls=GroupedCommand, examples=EXAMPLES)
@click.argument("inputs", nargs=-1, required=True, metavar="INPUT...", type=click.Path())
@option(
    "-k",
    "--colors",
    type=click.IntRange(1, MAX_COLORS),
    default=None,
    help="Most colors; 1: the mean, and the most frequent one.  [default: 8]",
)
@option(
    "--format",
    "palette_format",
    type=click.Choice(PALETTE_FORMATS),
    help="Write a palette file.  [default: what -o ends in, else hex]",
)
@option("-o", "--output", metavar="FILE|DIR", help="Where to write.  [default: standard output]")
@option("-f", "--force", is_flag=True, help="Overwrite existing files.")
@options_of(Options, COLORS)
@option("--shared-palette", is_flag=True, help="One palette for all inputs, each weighing the same.")
@option("--json", "as_json", is_flag=True, help="Print one JSON object per palette.")
@option("-q", "--quiet", is_flag=True, help="Print errors only.")
@options_of(Options, ["space", "seed", "jobs", "max_pixels", "tolerant"])
def command(
    inputs: tuple[str, ...],
    colors: int | None,
    palette_format: str | None,
    output: str | None,
    force: bool,
    shared_palette: bool,
    as_json: bool,
    quiet: bool,
    **engine: Any,
) -> int:
    """Show the colors of images, the largest share of the pixels first.

    Each comes with its share and the name of the nearest CSS color. With --format or -o a palette
    file is written instead; what it has place for (names, shares) goes in. -k 1 gives the mean of what is
    visible, and tells the color that most pixels have.
    """
    if colors is None:
        colors = MAX_COLORS if engine["palette"] is not None else 8
    drop_overruled(engine, ["palette", "pin"])
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
        if as_json:
            raise click.UsageError("--json and the palette both want standard output; give -o FILE")
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
        shown = _Shown(palette_format=palette_format, several=len(groups) > 1, as_json=as_json, quiet=quiet)
        _one(group, target, shown, options, force=force)

    return for_each(groups, one, lambda group: group[0])


@dataclass(frozen=True, kw_only=True)
class _Shown:
    """In which form palettes are shown or written."""

    palette_format: str | None
    several: bool
    as_json: bool
    quiet: bool


def _one(group: list[str], target: Path | None, shown: _Shown, options: Options, *, force: bool) -> None:
    from huepress import files, palettes
    from huepress.cli.inputs import exists
    from huepress.formats.palettes.write import write_palette

    if target is not None and all(map(exists, group)):
        files.check_writable_name(target, overwrite=force)
    swatches = palettes.swatches_of(_tables(group, options), options)
    if shown.as_json:
        say(json.dumps(_row(group, target, swatches)))
    if shown.palette_format is None:
        if shown.several and not shown.as_json and not shown.quiet:
            say(f"{group[0]}:")
        if shown.as_json or shown.quiet:
            return
        if options.n_colors == 1 and options.palette is None:
            _print_swatches(swatches, ["mean"])
            _print_swatches(swatches.most_frequent, ["most frequent"])
        else:
            _print_swatches(swatches, [""] * len(swatches))
        return
    data = write_palette(swatches, shown.palette_format)  # type: ignore[arg-type]
    if target is None:
        write_stdout(data)
        return
    files.write_bytes(target, data, overwrite=force)
    if not shown.as_json and not shown.quiet:
        say(f"{', '.join(group)} -> {target}: {counted(len(swatches), 'color')}")


def _row(group: list[str], target: Path | None, swatches: Swatches) -> dict[str, Any]:
    colors = zip(swatches.palette.hex(), swatches.shares, swatches.names, strict=True)
    return {
        "inputs": group,
        "output": None if target is None else str(target),
        "colors": [
            {"color": color, "share": None if share != share else round(float(share), 6), "name": name}
            for color, share, name in colors
        ],
    }


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
