"""``huepress segment``: pictures cut into segments of like color."""

from __future__ import annotations

import json
import os
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from huepress.cli.command import GroupedCommand, option
from huepress.cli.options import options_of
from huepress.cli.output import say
from huepress.errors import OutputError, Remedy
from huepress.segmentation.options import SegmentOptions
from huepress.wording import counted

if TYPE_CHECKING:
    from huepress.archive.naming import Claims
    from huepress.segmentation.result import Segmentation


EXAMPLES = (
    "huepress segment photo.png                       # photo-segments/: labels, regions, an overlay, numbers",
    "huepress segment photo.png -k 6 --layers -o cut  # six colors, a transparent layer of each",
)


@click.command(name="segment", cls=GroupedCommand, examples=EXAMPLES)
@click.argument("inputs", nargs=-1, required=True, metavar="INPUT...", type=click.Path())
@options_of(SegmentOptions, ["n_colors", "regions"])
@option("-o", "--output", metavar="DIR", help="Folder for the files.  [default: NAME-segments]")
@option("-f", "--force", is_flag=True, help="Overwrite existing files.")
@option("--layers", is_flag=True, help="Also a transparent picture of each segment.")
@option("--masks", is_flag=True, help="Also a mask of each segment, 1 bit.")
@option("--svg", is_flag=True, help="Also traced paths, one a segment; needs the extra 'svg'.")
@options_of(SegmentOptions, ["spatial", "smooth", "min_area", "seed", "jobs", "max_pixels", "tolerant"])
@option("--json", "as_json", is_flag=True, help="Print one JSON object per input.")
@option("-q", "--quiet", is_flag=True, help="Print errors only.")
def command(
    inputs: tuple[str, ...],
    output: str | None,
    force: bool,
    layers: bool,
    masks: bool,
    svg: bool,
    as_json: bool,
    quiet: bool,
    **chosen: Any,
) -> int:
    """Cut images into segments of like color, and into regions that people would draw.

    Writes a label map of the segments (indexed PNG whose palette is their colors), regions (16-bit PNG, or .npy
    where there are too many), an overlay with the segments' boundaries and a legend, the regions' outlines, a page
    to look at it all (index.html), and segments.json and .csv. Segments are classes of color (-k), regions are
    connected (--regions). Both are numbered by area, the largest first. With several inputs each has a folder of
    its own in -o.
    """
    from huepress.cli.inputs import STDIO, claims_of, expand, for_each
    from huepress.segmentation.outputs import describe

    options = SegmentOptions(**chosen)
    names = expand(inputs)
    if output == STDIO:
        raise click.UsageError("a segmentation is several files; give -o DIR")
    if output is not None and os.path.exists(output) and not os.path.isdir(output):
        raise OutputError("not a folder", subject=output, remedy=Remedy.OTHER_OUTPUT)
    if svg:
        from huepress.segmentation.trace import load_tracer

        load_tracer()
    claims = claims_of(names)

    def one(name: str) -> None:
        directory = _directory(name, output, several=len(names) > 1)
        found, written = _one(name, directory, options, claims, force=force, layers=layers, masks=masks, svg=svg)
        if as_json:
            say(json.dumps({"input": name, "output": str(directory), "files": written, **describe(found)}))
        elif not quiet:
            say(f"{name} -> {directory}{os.sep}: {_summary(found)}, {counted(len(written), 'file')}")
            say(f"  look at it: open {(directory / 'index.html').absolute().as_uri()}")

    return for_each(names, one, str)


def _directory(name: str, output: str | None, *, several: bool) -> Path:
    from huepress.cli.inputs import folder_of, stem_of

    if output is None:
        return folder_of(name) / f"{stem_of(name)}-segments"
    return Path(output) / stem_of(name) if several else Path(output)


def _one(
    name: str, directory: Path, options: SegmentOptions, claims: Claims, *, force: bool, **wanted: bool
) -> tuple[Segmentation, list[str]]:
    from huepress import files
    from huepress.cli.inputs import exists, image_of
    from huepress.pipeline import intake
    from huepress.segmentation.outputs import save
    from huepress.segmentation.segment import segment_source

    if exists(name):
        files.check_writable_name(directory / "labels.png", overwrite=force)
    source = intake.load(image_of(name), max_pixels=options.max_pixels, tolerant=options.tolerant)
    found = segment_source(source, options)
    return found, save(found, directory, overwrite=force, claim=claims.claim, name=os.path.basename(name), **wanted)


def _summary(found: Segmentation) -> str:
    colors = ", ".join(
        f"{color} {100 * share:.1f} %" for color, share in list(zip(found.palette.hex(), found.shares, strict=True))[:6]
    )
    more = ", ..." if len(found) > 6 else ""
    return f"{counted(len(found), 'segment')} ({colors}{more}), {counted(len(found.regions), 'region')}"
