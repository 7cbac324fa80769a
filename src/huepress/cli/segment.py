"""``huepress segment``: pictures cut into segments of like color."""

from __future__ import annotations

import os
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from huepress.cli.shared import STDIO, Targets, expand, read_stdin, say
from huepress.errors import HuepressError, LimitError, OutputError
from huepress.options import DEFAULT_MAX_PIXELS, MAX_COLORS, MIN_COLORS
from huepress.segmentation.options import AUTO, MAX_SMOOTH, MAX_SPATIAL, SegmentOptions

if TYPE_CHECKING:
    from huepress.segmentation.result import Segmentation

    _SegmentCountBase = click.ParamType[Any]
else:
    _SegmentCountBase = click.ParamType  # older versions have no type parameter


class _SegmentCount(_SegmentCountBase):
    name = "K|auto"

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> int | str:
        if value == AUTO:
            return AUTO
        return click.IntRange(MIN_COLORS, MAX_COLORS).convert(value, param, ctx)


@click.command(name="segment")
@click.argument("inputs", nargs=-1, required=True, metavar="INPUT...")
@click.option(
    "-k",
    "--colors",
    type=_SegmentCount(),
    default=AUTO,
    show_default=True,
    help=f"Number of segments, {MIN_COLORS} to {MAX_COLORS}; auto: the elbow of the error curve.",
)
@click.option("-o", "--output", metavar="DIR", help="Folder for the files.  [default: NAME-segments]")
@click.option("-f", "--force", is_flag=True, help="Overwrite existing files.")
@click.option("--layers", is_flag=True, help="Also a transparent picture of each segment.")
@click.option("--masks", is_flag=True, help="Also a mask of each segment, 1 bit.")
@click.option("--svg", is_flag=True, help="Also traced paths, one a segment; needs the extra 'svg'.")
@click.option(
    "--spatial",
    type=click.FloatRange(0, MAX_SPATIAL),
    default=SegmentOptions.spatial,
    show_default=True,
    help="0: color alone; above, position counts: 0.1 is SLIC's usual compactness.",
)
@click.option(
    "--smooth",
    type=click.FloatRange(0, MAX_SMOOTH),
    default=SegmentOptions.smooth,
    show_default=True,
    help="Weight of the smoothing term; 0: every pixel has its nearest color.",
)
@click.option(
    "--min-area",
    type=click.IntRange(0),
    help="Merge regions of fewer pixels into the neighbor they resemble.  [default: a 5000th of the picture]",
)
@click.option("--seed", type=click.IntRange(0), default=0, show_default=True, help="Seed of random starts.")
@click.option(
    "-j", "--jobs", type=click.IntRange(0), default=0, help="Threads; the result is the same for any.  [default: all]"
)
@click.option(
    "--max-pixels", type=click.IntRange(1), default=DEFAULT_MAX_PIXELS, show_default=True, help="Refuse larger images."
)
def command(
    inputs: tuple[str, ...],
    colors: Any,
    output: str | None,
    force: bool,
    layers: bool,
    masks: bool,
    svg: bool,
    **chosen: Any,
) -> int:
    """Cut images into segments of like color.

    Writes a label map (indexed PNG whose palette is the segments' colors), connected regions (16-bit PNG, or .npy
    where there are too many), an overlay with boundaries and a legend, and segments.json and .csv. Segments are
    numbered by area, the largest first. With several inputs each has a folder of its own in -o.
    """
    options = SegmentOptions(n_colors=colors, **chosen)
    names = expand(inputs)
    if names.count(STDIO) > 1:
        raise click.UsageError("standard input can be read only once; give '-' once")
    if output == STDIO:
        raise click.UsageError("a segmentation is several files; give -o DIR")
    if output is not None and os.path.exists(output) and not os.path.isdir(output):
        raise OutputError(f"{output}: not a folder; give another name with -o")
    if svg:
        from huepress.segmentation.trace import load_tracer

        load_tracer()
    codes: list[int] = []
    targets = Targets(names)
    for name in names:
        directory = _directory(name, output, several=len(names) > 1)
        try:
            _one(name, directory, options, targets, force=force, layers=layers, masks=masks, svg=svg)
        except MemoryError:
            say(f"huepress: {name}: not enough memory; make the image smaller or close other programs", err=True)
            codes.append(LimitError.exit_code)
        except HuepressError as error:
            text = str(error)
            known = name in text or str(directory) in text
            say(f"huepress: {text if known else f'{name}: {text}'}", err=True)
            codes.append(error.exit_code)
    return 0 if not codes else codes[0] if len(names) == 1 else 1


def _directory(name: str, output: str | None, *, several: bool) -> Path:
    source = Path("stdin" if name == STDIO else name)
    if output is None:
        return source.parent / f"{source.stem}-segments"
    return Path(output) / source.stem if several else Path(output)


def _one(name: str, directory: Path, options: SegmentOptions, targets: Targets, *, force: bool, **wanted: bool) -> None:
    from huepress import files
    from huepress.pipeline import intake
    from huepress.segmentation.outputs import save
    from huepress.segmentation.segment import segment_source

    if name == STDIO or os.path.exists(name):
        files.check_writable_name(directory / "labels.png", overwrite=force)
    source = intake.load(read_stdin() if name == STDIO else name, max_pixels=options.max_pixels)
    found = segment_source(source, options)
    written = save(found, directory, overwrite=force, claim=targets.claim, **wanted)
    say(f"{name} -> {directory}{os.sep}: {_summary(found)}, {len(written)} files")


def _summary(found: Segmentation) -> str:
    colors = ", ".join(
        f"{color} {100 * share:.1f} %" for color, share in list(zip(found.palette.hex(), found.shares, strict=True))[:6]
    )
    more = ", ..." if len(found) > 6 else ""
    return f"{len(found)} segments in {len(found.regions)} regions ({colors}{more})"
