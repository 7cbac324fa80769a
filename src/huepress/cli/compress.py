"""``huepress compress``: many inputs, one small indexed file each."""

from __future__ import annotations

import os
import sys
from typing import Any, Literal

import click

from huepress.cli.command import GroupedCommand, drop_overruled, option
from huepress.cli.options import COLORS, ENGINE, gathered, make_options, options_of
from huepress.cli.run_options import RunChoices
from huepress.delivering import Delivery
from huepress.options import Options

STDIO = "-"


@click.command(
    name="compress",
    cls=GroupedCommand,
    examples=[
        "huepress photo.png                              # photo-huepress.png: small, and it looks the same",
        'huepress photo.png --quality 70 -o small.png    # the fewest bytes with a score of 70, "high"',
        "huepress -r pictures -o small                   # a whole tree, in parallel",
    ],
)
@click.argument("inputs", nargs=-1, metavar="INPUT...", type=click.Path())
@options_of(Options, ["n_colors"])
@option(
    "-o",
    "--output",
    type=click.Path(),
    metavar="FILE|DIR",
    help="Where to write; '-' is standard output.  [default: NAME-huepress.png]",
)
@option("-f", "--force", is_flag=True, help="Overwrite existing files; take results above --max-size.")
@options_of(Delivery, ["allow_larger"])
@options_of(
    Options,
    [
        "quality",
        "max_size",
        *COLORS,
        *ENGINE,
        "color",
        "strip",
        "png_writer",
        "trim",
        "speed",
        "fps",
        "loop",
        "still",
        "palette_per_frame",
        "advise",
        "tolerant",
    ],
)
@gathered(RunChoices, "choices")
@option("--json", "as_json", group="many files", is_flag=True, help="Print one JSON object per input.")
@option("-q", "--quiet", is_flag=True, help="Print errors only.")
@option(
    "-v",
    "--verbose",
    is_flag=True,
    help="Print all figures, palettes, and what other formats take where an original is kept.",
)
def command(
    inputs: tuple[str, ...],
    n_colors: int | Literal["auto"],
    output: str | None,
    force: bool,
    allow_larger: bool | None,
    choices: RunChoices,
    as_json: bool,
    quiet: bool,
    verbose: bool,
    **engine: Any,
) -> int:
    """Reduce images to K colors and write them as small indexed files.

    INPUT may be a file, a pattern, or '-' for standard input; with -r a folder. A result that is no
    smaller than its input is not taken: the original bytes are kept, in a copy beside the other
    outputs.
    """
    if choices.is_run and not choices.cluster:
        from huepress.archive.processes import warm_up

        warm_up()
    if choices.in_place and engine["format"] in (None, "auto"):
        engine["format"] = "keep"  # a file keeps its name, so it keeps its format
    drop_overruled(engine, ["quality", "max_size"])
    drop_overruled(engine, ["palette", "pin"])
    options = make_options(n_colors, output=_named(output, choices), **engine)
    if not inputs and choices.files_from is None:
        raise click.UsageError("Missing argument 'INPUT...'")
    from huepress.cli import inputs as cli_inputs
    from huepress.cli import runs

    streams = None
    if choices.animate:
        from huepress.cli.frames import joined

        _check_animate(choices)
        streams = joined(inputs, options)
        inputs, output = (STDIO,), output or streams.output(options)
        others = (choices.poster, choices.plot, *choices.report)
        streams.check_outputs(name for name in (output, *others) if name not in (None, STDIO))
    names = inputs if choices.is_run else tuple(cli_inputs.expand(inputs))
    _check(names, output, choices, as_json=as_json)
    _check_colors_and_goals(options, choices)
    delivery = Delivery(
        allow_larger=allow_larger,
        allow_miss=force,
        advise_if_kept=(verbose and not quiet) or bool(choices.report),
    )
    request = runs.request_of(names, output, options, delivery, choices, force=force)
    poster = None if choices.poster is None else runs.poster_of(request, choices.poster, choices.poster_at)
    code = runs.execute(request, choices, runs.Printing(as_json=as_json, quiet=quiet, verbose=verbose), streams)
    if poster is None or code:
        return code
    to_stdout = output == STDIO or (output is None and STDIO in names)
    printing = runs.Printing(as_json=as_json, quiet=quiet or to_stdout, verbose=verbose)
    return runs.execute(poster, RunChoices(), printing, streams)


def _named(output: str | None, choices: RunChoices) -> str | None:
    """Return a name whose extension decides about the format."""
    if choices.ext:
        return f"x.{choices.ext.lstrip('.')}"
    return None if choices.is_run else output


def _check_colors_and_goals(options: Options, choices: RunChoices) -> None:
    if choices.shared_palette and options.palette is not None:
        raise click.UsageError("--palette gives the colors, --shared-palette finds them; give one of the two")
    if choices.plot is not None and options.goal is None:
        raise click.UsageError("--plot draws what --quality or --max-size tried; give one of them")


def _check_animate(choices: RunChoices) -> None:
    if choices.is_run or choices.in_place or choices.suffix or choices.ext:
        raise click.UsageError("--animate makes one file of its inputs; leave -r, --in-place, --suffix and --ext out")


def _check(names: tuple[str, ...], output: str | None, choices: RunChoices, *, as_json: bool) -> None:
    """Refuse options that contradict each other."""
    if choices.poster is not None and (choices.is_run or len(names) != 1 or choices.in_place):
        raise click.UsageError("--poster is a file for one animation; --still 0 --suffix .poster makes those of many")
    if choices.poster == STDIO or (
        choices.poster is not None
        and os.path.realpath(choices.poster)
        in (os.path.realpath(name) for name in (output, *names) if name is not None)
    ):
        raise click.UsageError("--poster needs a file of its own")
    to_stdout = output == STDIO or (output is None and STDIO in names)
    if choices.null and choices.files_from is None:
        raise click.UsageError("-0 belongs to --files-from")
    if not choices.recursive and (choices.include or choices.exclude or choices.copy_others):
        raise click.UsageError("--include, --exclude and --copy-others belong to -r")
    if choices.cluster and not choices.is_run:
        raise click.UsageError("--cluster belongs to -r and --files-from")
    if choices.in_place and (output is not None or choices.suffix or choices.ext or choices.copy_others):
        raise click.UsageError("--in-place replaces the inputs; leave -o, --suffix, --ext and --copy-others out")
    if choices.in_place and STDIO in names:
        raise click.UsageError("standard input cannot be replaced; leave --in-place out")
    for name, text in (("--suffix", choices.suffix), ("--ext", choices.ext)):
        if text and not {"/", "\0", os.sep}.isdisjoint(text):
            raise click.UsageError(f"{name} is a part of a name, without '/'")
    if choices.is_run:
        if choices.recursive and choices.files_from is None and len(names) != 1:
            raise click.UsageError("-r takes one folder; run it once for each")
        if choices.files_from is not None and len(names) > (1 if choices.recursive else 0):
            raise click.UsageError("--files-from takes the place of INPUT; with -r, give one folder that names are in")
        if output == STDIO:
            raise click.UsageError("a tree does not fit on standard output; give -o DIR")
        if output is None and not choices.in_place and not choices.suffix:
            raise click.UsageError("say where results go: -o DIR, --in-place, or --suffix for files beside the inputs")
        return
    if to_stdout and len(names) > 1:
        raise click.UsageError("only one image fits on standard output; give -o DIR")
    if to_stdout and as_json:
        raise click.UsageError("--json and the image both want standard output; give -o FILE")
    if to_stdout and sys.stdout is not None and sys.stdout.isatty():
        raise click.UsageError("an image on a terminal is no use; give -o FILE or redirect the output")
