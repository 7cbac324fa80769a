"""``huepress compare``: the original beside its versions, as one picture or page to look at."""

from __future__ import annotations

import json
import os
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from huepress.cli.command import GroupedCommand, drop_overruled, option
from huepress.cli.options import COLORS, ENGINE, ColorCounts, Goal, Listed, make_options, options_of
from huepress.cli.output import say
from huepress.options import Options
from huepress.wording import printable

if TYPE_CHECKING:
    from huepress.archive.naming import Claims
    from huepress.comparison.compare import Comparison
    from huepress.comparison.page.render import Section
    from huepress.comparison.versions import Asked

EXAMPLES = (
    "huepress compare photo.png -o page.html          # 8, 16 and 32 colors: slider, zoom, scores",
    "huepress compare photo.png --quality 60,70,80    # one picture to send around",
    "huepress compare a.png b.png -k auto -o page.html --show",
    "huepress compare clip.gif --rate 1,4 -o page.html  # two animations beside the original, moving",
)
MOVING = ("trim", "speed", "fps", "still", "palette_per_frame")
# Options of the engine that take lists here.
_LISTED = ("effort", "rate", "dither", "format")


@click.command(name="compare", cls=GroupedCommand, examples=EXAMPLES)
@click.argument("inputs", nargs=-1, required=True, metavar="INPUT...", type=click.Path())
@option(
    "-k",
    "--colors",
    type=ColorCounts(),
    help="Numbers of colors to show; auto: as many as serve.  [default: 8,16,32 where nothing else is listed; of "
    "animations auto]",
)
@option(
    "--quality",
    group="targets",
    type=Listed(Goal("score")),
    default="",
    help="Scores, 0 to 100: the fewest bytes for each.",
)
@option(
    "--max-size",
    group="targets",
    type=Listed(Goal("size")),
    default="",
    help="Sizes, as 50kB or 0.1bpp: the best looks in each.",
)
@option(
    "-o",
    "--output",
    metavar="FILE|DIR",
    help="Where to write: a sheet (.png), or a page (.html) about all inputs.  [default: NAME-compare.png]",
)
@option("-f", "--force", is_flag=True, help="Overwrite existing files.")
@option("--show", is_flag=True, help="Open what was written in the system's viewer.")
@option("--json", "as_json", is_flag=True, help="Print one JSON object per version.")
@option("-q", "--quiet", is_flag=True, help="Print errors only.")
@options_of(Options, [*COLORS, *ENGINE, *MOVING, "advise", "tolerant"])
def command(
    inputs: tuple[str, ...],
    colors: list[Any] | None,
    quality: list[Any],
    max_size: list[Any],
    output: str | None,
    force: bool,
    show: bool,
    as_json: bool,
    quiet: bool,
    **engine: Any,
) -> int:
    """Draw each image or animation beside its versions, the original first.

    A sheet tells bytes, percent saved, PSNR and score (SSIMULACRA2) of each version, its palette, and
    shows a detail pixel by pixel: where the first version differs most. A page (-o NAME.html) is one
    file with a slider between any two versions, zoom, a map of the differences, a table and a plot.

    Animations move on a page, all versions in step, and stop at any frame or at the worst; a sheet shows
    the worst frame of each version. Of an animation the usual version is made, unless others are listed.

    Several values of --effort, --rate, --dither or --format, as 1,4, are each combined with each number
    of colors, --quality and --max-size (which choose the rate themselves). Where one of these cannot be
    met, what comes closest is shown, and a line says so.
    """
    from huepress.archive.listing import names_directory
    from huepress.cli.inputs import STDIO, claims_of, expand, for_each

    drop_overruled(engine, ["palette", "pin"])
    names = expand(inputs)
    if output == STDIO:
        raise click.UsageError("a sheet is for looking at; give -o FILE")
    asked = _asked(colors, quality, max_size, engine)
    page = _named_page(output)
    directory = Path(output) if output and not page and names_directory(output, len(names)) else None
    drawn = _Drawn(asked, claims_of(names), force=force, show=show, as_json=as_json, quiet=quiet)
    if page:
        return drawn.page(names, page)

    def target_of(name: str) -> Path:
        return Path(output) if output and directory is None else _default_target(name, directory)

    return for_each(names, lambda name: drawn.sheet(name, target_of(name)), str)


for _parameter in command.params:
    if _parameter.name in _LISTED:
        _parameter.type = Listed(_parameter.type)


def _asked(colors: list[Any] | None, quality: list[Any], max_size: list[Any], engine: dict[str, Any]) -> Asked:
    values: dict[str, list[Any]] = {"quality": quality, "max_size": max_size}
    values.update({name: engine[name] for name in _LISTED if engine[name]})
    from huepress.comparison.versions import Asked, default_colors

    usual = colors is None
    if colors is None:
        colors = default_colors(values, palette_given=engine["palette"] is not None)
    values["n_colors"] = colors
    single = {name: engine[name][0] if engine[name] else None for name in _LISTED}
    options = make_options(colors[0] if colors else "auto", **{**engine, **single})
    return Asked.from_values(options, values, usual_colors=usual)


def _named_page(output: str | None) -> Path | None:
    """Return the output if it is a page; refuse names that are neither a page nor a sheet."""
    if not output or os.path.isdir(output) or output.endswith(("/", os.sep)) or not Path(output).suffix:
        return None
    from huepress.comparison.compare import is_page

    return Path(output) if is_page(output) else None


def _default_target(name: str, directory: Path | None) -> Path:
    from huepress.cli.inputs import folder_of, stem_of

    return (directory or folder_of(name)) / f"{stem_of(name)}-compare.png"


class _Drawn:
    """Draws comparisons of one input after the other."""

    def __init__(self, asked: Asked, claims: Claims, *, force: bool, show: bool, as_json: bool, quiet: bool) -> None:
        self._asked, self._claims = asked, claims
        self._force, self._show, self._as_json, self._quiet = force, show, as_json, quiet

    def sheet(self, name: str, target: Path) -> None:
        """Write the sheet of an input."""
        from huepress.cli.inputs import exists

        self._claims.claim(target)
        if exists(name):
            self._check(target)
        self._write(target, self._compare(name, target).sheet())

    def page(self, names: list[str], target: Path) -> int:
        """Write one page about all inputs that can be read, and return the exit code."""
        from huepress.cli.inputs import exists, for_each
        from huepress.comparison.page.render import render_page

        self._claims.claim(target)
        if any(map(exists, names)):
            self._check(target)
        sections: list[Section] = []
        code = for_each(
            names, lambda name: sections.append(self._compare(name, target).section(len(sections) + 1)), str
        )
        if sections:
            self._write(target, render_page(sections))
        return code

    def _compare(self, name: str, target: Path) -> Comparison:
        from huepress.cli.inputs import STDIO, image_of
        from huepress.comparison.compare import compare_source, load

        heading = "standard input" if name == STDIO else printable(Path(name).name)
        source = load(image_of(name), self._asked)
        n_versions = len(self._asked.of(source))
        on_terminal = sys.stderr is not None and sys.stderr.isatty()
        done = 0

        def tell(label: str) -> None:
            nonlocal done
            done += 1
            if on_terminal:
                click.echo(f"\r\033[K{heading}: {label} ({done} of {n_versions})", err=True, nl=False)

        try:
            found = compare_source(heading, source, self._asked, tell)
        finally:
            if on_terminal:
                click.echo("\r\033[K", err=True, nl=False)
        if self._as_json:
            for version in found.versions:
                say(json.dumps({"input": name, "output": str(target), **version.facts()}))
        return found

    def _check(self, target: Path) -> None:
        from huepress import files

        files.check_writable_name(target, overwrite=self._force)

    def _write(self, target: Path, data: bytes) -> None:
        from huepress import files

        files.write_bytes(target, data, overwrite=self._force)
        if not self._as_json and not self._quiet:
            how = "" if self._show else f": open {target.absolute().as_uri()}, or add --show"
            say(f"{target}{how}")
        if self._show:
            click.launch(str(target))
