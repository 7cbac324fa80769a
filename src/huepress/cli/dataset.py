"""``huepress dataset``: a folder of pictures to a data set for machine learning."""

from __future__ import annotations

import json
from contextlib import closing
from typing import Any, cast, get_args

import click

from huepress.cli.command import GroupedCommand, option
from huepress.cli.options import options_of
from huepress.cli.output import complain, say
from huepress.options import MAX_COLORS, MIN_COLORS, Options

EXAMPLES = (
    "huepress dataset photos/train -o train.hpml                 # a folder per class, 16 colors a picture",
    "huepress dataset photos/train -o train --format wds         # tar shards for WebDataset",
    "huepress dataset photos -o small.hpml -k 8 --resize 64x64 --labels labels.csv",
)
_CONTAINERS = ("memmap", "wds", "parquet", "folder")
_SCOPES = ("image", "group", "all")
_CODINGS = ("packed", "rans")
_MOST_COMPLAINTS = 20


@click.command(name="dataset", cls=GroupedCommand, examples=EXAMPLES)
@click.argument("folder", metavar="DIR", type=click.Path())
@option("-o", "--output", required=True, metavar="FILE|DIR", help="Where to write; a folder, but for memmap.")
@option(
    "--format",
    "container",
    type=click.Choice(_CONTAINERS),
    default="memmap",
    show_default=True,
    help="One file for huepress.ml.Dataset; tar shards for WebDataset; Parquet for Hugging Face; PNG files.",
)
@option(
    "-k",
    "--colors",
    "n_colors",
    type=click.IntRange(MIN_COLORS, MAX_COLORS),
    default=16,
    show_default=True,
    help="Most colors of a palette.",
)
@option(
    "--palette",
    type=click.Choice(_SCOPES),
    default="image",
    show_default=True,
    help="A palette for each picture, each group of similar ones, or all.",
)
@option(
    "--coding",
    type=click.Choice(_CODINGS),
    default="packed",
    show_default=True,
    help="Of memmap's indices: a fixed number of bits each, or fewer bytes that take longer to read.",
)
@option(
    "--labels",
    metavar="folders|none|FILE",
    help="Classes: the first folder of each picture, none, or a CSV file of paths and labels.  "
    "[default: folders, where there are any]",
)
@options_of(Options, ["resize", "crop"])
@option("--skip-failed", is_flag=True, help="Leave out pictures that cannot be read, and go on.")
@option("-f", "--force", is_flag=True, help="Overwrite an existing file.")
@option("--include", multiple=True, metavar="PATTERN", group="many files", help="Take these files only.")
@option("--exclude", multiple=True, metavar="PATTERN", group="many files", help="Leave these files or folders out.")
@option("--memory", metavar="SIZE", group="many files", help="Most memory for all images at once, such as 2GB.")
@option("--cluster", metavar="ADDRESS", group="many files", help="Have a Dask cluster do it, such as tcp://host:8786.")
@options_of(Options, ["seed", "jobs", "max_pixels", "tolerant"])
@option("--json", "as_json", group="many files", is_flag=True, help="Print one JSON object.")
@option("-q", "--quiet", is_flag=True, help="Print errors only.")
def command(
    folder: str,
    output: str,
    container: str,
    n_colors: int,
    palette: str,
    coding: str,
    labels: str | None,
    skip_failed: bool,
    force: bool,
    include: tuple[str, ...],
    exclude: tuple[str, ...],
    memory: str | None,
    cluster: str | None,
    as_json: bool,
    quiet: bool,
    **chosen: Any,
) -> int:
    """Make a data set of few colors from a folder of pictures, one folder per class.

    Nothing is diffused and no byte is weighed (effort 0): errors that please the eye are noise to a network. A run
    that was cut off goes on where it stopped: what is done waits in OUTPUT.work, which is removed at the end.
    """
    if not cluster:
        from huepress.archive.processes import warm_up

        warm_up()
    from huepress.archive.memory import parse_bytes
    from huepress.cli.run_output import Progress
    from huepress.datasets import Container, DatasetRequest, DatasetRun
    from huepress.ml import IndexCoding, PaletteScope
    from huepress.wording import counted, human_bytes

    # Said here so that --help is quick.
    assert (get_args(Container), get_args(PaletteScope), get_args(IndexCoding)) == (_CONTAINERS, _SCOPES, _CODINGS)
    run = DatasetRun(
        DatasetRequest(
            folder=folder,
            output=output,
            options=Options(n_colors=n_colors, effort=0, dither="none", format="png", strip="all", still=0, **chosen),
            container=cast(Container, container),
            palette=cast(PaletteScope, palette),
            coding=cast(IndexCoding, coding),
            labels=labels,
            include=include,
            exclude=exclude,
            memory=None if memory is None else parse_bytes(memory),
            cluster=cluster,
            skip_failed=skip_failed,
            overwrite=force,
        )
    )
    shown = Progress(silent=quiet or as_json)
    with closing(run.compress(shown)) as outcomes:
        for outcome in outcomes:
            shown.advance(outcome)
    for error in sorted(run.failed, key=str)[:_MOST_COMPLAINTS]:
        complain(error)
    if len(run.failed) > _MOST_COMPLAINTS:
        complain(f"and {counted(len(run.failed) - _MOST_COMPLAINTS, 'picture')} more")
    made = run.pack(shown)
    if as_json:
        facts = {
            "output": output,
            "format": container,
            "n_pictures": made.n_pictures,
            "n_left_out": made.n_left_out,
            "class_names": list(made.class_names),
            "bytes_in": made.bytes_in,
            "bytes_out": made.bytes_out,
        }
        say(json.dumps(facts))
    elif not quiet:
        n_classes = len(made.class_names)
        classes = f" in {n_classes:,} class{'es' if n_classes > 1 else ''}" if n_classes else ""
        say(
            f"{folder} -> {output}: {counted(made.n_pictures, 'picture')}{classes}, {human_bytes(made.bytes_in)} -> "
            f"{human_bytes(made.bytes_out)}, {made.bytes_out / made.n_pictures:,.0f} bytes a picture"
        )
    return 0
