"""Has done what `compress` was asked for, and prints what happens."""

from __future__ import annotations

import json
import os
from contextlib import closing
from dataclasses import dataclass, replace
from typing import cast

from huepress import files
from huepress.archive import reports
from huepress.archive.batch import Summary, carry_out, check_request
from huepress.archive.listing import plan_files, plan_tree
from huepress.archive.memory import parse_bytes
from huepress.archive.request import RunRequest
from huepress.archive.tasks import FileOutcome
from huepress.cli.inputs import STDIO, PathsAndStreams, read_stdin
from huepress.cli.output import complain, say, words_for
from huepress.cli.run_options import RunChoices
from huepress.cli.run_output import Curves, Progress, as_json, refuse_taken_name, sentence, totals
from huepress.delivering import Delivery
from huepress.formats import table
from huepress.options import Format, Options


@dataclass(frozen=True)
class Printing:
    """How much to print."""

    as_json: bool
    quiet: bool
    verbose: bool


def request_of(
    names: tuple[str, ...],
    output: str | None,
    options: Options,
    delivery: Delivery,
    choices: RunChoices,
    *,
    force: bool,
) -> RunRequest:
    """Put into the library's terms what was asked for."""
    listed = None
    if choices.files_from is not None:
        data = read_stdin() if choices.files_from == STDIO else files.read_bytes(choices.files_from)
        lines = data.split(b"\0") if choices.null else [line.rstrip(b"\r") for line in data.split(b"\n")]
        listed = tuple(os.fsdecode(line) for line in lines)
    return RunRequest(
        names=names,
        options=options,
        delivery=delivery,
        output=output,
        recursive=choices.recursive,
        listed=listed,
        include=choices.include,
        exclude=choices.exclude,
        copy_others=choices.copy_others,
        in_place=choices.in_place,
        preserve=choices.preserve,
        extension=choices.ext,
        suffix=choices.suffix,
        min_saving=None if choices.min_saving is None else choices.min_saving / 100,
        memory=None if choices.memory is None else parse_bytes(choices.memory),
        dry_run=choices.dry_run,
        overwrite=force,
        shared_palette=choices.shared_palette,
        cluster=choices.cluster,
        scores=bool(choices.report),
        thumbnails=bool(choices.report) and (choices.in_place or choices.dry_run),
    )


def poster_of(request: RunRequest, name: str, seconds: float) -> RunRequest:
    """Return what has to be done for a poster: one frame of the same input as a picture, under a name of its own."""
    options = replace(request.options, still=seconds, format=cast("Format | None", table.option_for(name)))
    return replace(
        request, options=options, output=name, in_place=False, suffix=None, extension=None, shared_palette=False,
        min_saving=None,
    )  # fmt: skip


def execute(
    request: RunRequest, choices: RunChoices, printing: Printing, streams: PathsAndStreams | None = None
) -> int:
    """Plan, have it done, print what happens, and return the exit code.

    Parameters
    ----------
    request : RunRequest
    choices : RunChoices
    printing : Printing
    streams : PathsAndStreams, optional
        Where single files, standard input among them, are read and written.
    """
    streams = streams or PathsAndStreams("", has_streams=STDIO in request.names)
    for name in choices.report:
        reports.check_report_name(name)
    check_request(request)
    to_stdout = not request.is_tree and (
        request.output == STDIO or (request.output is None and not request.in_place and STDIO in request.names)
    )
    planned = plan_tree(request) if request.is_tree else plan_files(request, streams, stream=STDIO, to_stdout=to_stdout)
    silent = printing.quiet or printing.as_json
    tasks, settings = planned.tasks, planned.settings
    curves = Curves(choices.plot, tasks, settings)
    for name in choices.report:
        refuse_taken_name("--report", name, tasks, settings)
    summary, collector = Summary(), reports.Collector(settings, words_for)
    shown = Progress(silent=silent)
    kept_for_later: list[FileOutcome] = []
    with closing(carry_out(planned, request, shown)) as outcomes:
        for outcome in outcomes:
            summary.add(outcome)
            if choices.report:
                collector.add(outcome)
            curves.add(outcome)
            shown.advance(outcome)
            if printing.as_json:
                say(json.dumps(as_json(outcome, request.options.seed)))
            elif not silent and outcome.error is None and (printing.verbose or not planned.is_tree):
                kept_for_later.append(outcome)
            if outcome.error is not None and not planned.is_tree:
                complain(outcome.error)
    for outcome in kept_for_later:
        say(sentence(outcome, streams.told_name(outcome.task.source), verbose=printing.verbose), err=to_stdout)
        if printing.verbose and outcome.palette:
            say("  " + " ".join(outcome.palette), err=to_stdout)
    if not silent and (planned.is_tree or len(tasks) > 1):
        say(totals(summary, dry_run=request.dry_run), err=to_stdout)
    if planned.is_tree:
        for error in sorted(summary.errors, key=str):  # in an order that does not depend on who was first
            complain(error)
    for name in choices.report:
        files.write_bytes(name, collector.render(name), overwrite=True)
    curves.write()
    if summary.errors:
        return summary.errors[0].exit_code if len(tasks) == 1 and not planned.is_tree else 1
    return 1 if choices.strict and summary.counts["kept"] > summary.already_done else 0
