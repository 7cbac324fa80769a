"""Plans what `compress` was asked for, has it done, and prints what happens."""

from __future__ import annotations

import json
import os
import secrets
import sys
from collections.abc import Iterable, Iterator
from contextlib import closing, suppress
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING

from huepress import files
from huepress.archive import plan, reports, shared_palette, work
from huepress.archive.ledger import Ledger
from huepress.archive.memory import default_budget, parse_bytes
from huepress.archive.run import Resources, run
from huepress.archive.tasks import DEFAULT_MIN_SAVING, Outcome, Settings, Task
from huepress.archive.workers import Executor, Inline
from huepress.cli.run_files import FileNaming, PathsAndStreams, extension
from huepress.cli.run_options import RunChoices
from huepress.cli.run_output import Curves, Progress, Summary, as_json, list_errors, refuse_taken_name, sentence
from huepress.cli.shared import STDIO, Targets, names_directory, read_stdin, say
from huepress.errors import HuepressError, InputError, OptionError, OutputError
from huepress.formats.encoders import formats_of, refuse_foreign_name
from huepress.options import Options
from huepress.storage import check_writable, is_url, local_path, open_store
from huepress.storage import relative as relative_url
from huepress.storage.base import Entry, LedgerFile, LedgerLines, Store

if TYPE_CHECKING:
    from huepress.archive.cluster import Cluster

# Starting worker processes costs more than they bring for fewer files, each of which can
# use all threads.
_WORKERS_FROM = 4
_ABANDONED_SECONDS = 3600.0


@dataclass(frozen=True)
class Printing:
    """How much to print."""

    as_json: bool
    quiet: bool
    verbose: bool


@dataclass(frozen=True)
class Planned:
    """Tasks and all they need."""

    tasks: list[Task]
    settings: Settings
    is_tree: bool
    to_stdout: bool = False


def plan_files(
    names: tuple[str, ...],
    output: str | None,
    options: Options,
    choices: RunChoices,
    *,
    force: bool,
    allow_larger: bool,
) -> Planned:
    """Plan a run over single files: results beside them, in a folder, or on standard output."""
    to_stdout = output == STDIO or (output is None and STDIO in names)
    if output is not None and is_url(output):
        raise OptionError(f"{output}: only trees go behind a URL; give -o a file or folder here, or a folder with -r")
    directory = Path(output) if output and not to_stdout and names_directory(output, len(names)) else None
    store = PathsAndStreams("")
    if choices.in_place and any(map(is_url, names)):
        raise OptionError("files behind a URL are not replaced in place; leave --in-place out")
    settings = _settings(options, choices, store, store, force=force, allow_larger=allow_larger, min_saving=0.0)
    naming = FileNaming(output, directory, choices, options, store)
    tasks = []
    if choices.in_place:
        names = tuple({os.path.realpath(name): name for name in reversed(names)}.values())[::-1]
    named = {} if choices.in_place or to_stdout else {name: naming.targets(name) for name in names}
    outputs = {} if output else {target: name for name in names for target in named.get(name, {}).values()}
    ours = {name: outputs[name] for name in names if outputs.get(name, name) != name}
    targets = Targets([name for name in names if name not in ours])
    for name in names:
        if name in ours:
            because = f"by its name the output of {ours[name]}; not compressed again"
            tasks.append(Task(name, name, None, _size(name), kept_because=because))
        elif to_stdout:
            tasks.append(Task(name, STDIO, STDIO, _size(name)))
        elif choices.in_place:
            tasks.append(Task(name, name, None, _size(name)))
        else:
            target, *others = named[name].items()
            kept = naming.kept(name)
            task = Task(name, target[1], kept, _size(name), other_targets=tuple(others))
            tasks.append(_claimed(task, targets, force))
    return Planned(tasks, settings, is_tree=False, to_stdout=to_stdout)


def plan_tree(
    names: tuple[str, ...],
    output: str | None,
    options: Options,
    choices: RunChoices,
    *,
    force: bool,
    allow_larger: bool,
) -> Planned:
    """Plan a run over a folder or a list of names."""
    root = local_path(names[0]) if names else ""
    output = output and local_path(output)
    base = os.getcwd() if choices.cluster else ""
    sources = open_store(root, base)
    targets = open_store(output, base) if output is not None else sources
    if is_url(root) and (choices.in_place or output is None):
        raise OptionError("files behind a URL are not replaced in place; give -o DIR or a URL")
    if output is not None and is_url(output):
        check_writable(output)
    _check_folders(root, output, choices)
    settings = _settings(
        options, choices, sources, targets, force=force, allow_larger=allow_larger, min_saving=DEFAULT_MIN_SAVING
    )
    selection = plan.Selection(choices.include or plan.IMAGE_PATTERNS, choices.exclude)
    if choices.files_from is not None:
        entries: Iterable[Entry] = _listed(choices, sources, anywhere=output is None)
        selection = plan.Selection(choices.include or ("*",), choices.exclude)
    else:
        inside = _inside(root, output)
        stay = choices.in_place or (choices.suffix is not None and output is None)

        def enters(name: str) -> bool:
            return selection.enters(name) and name != inside and not (stay and _is_link(sources, name))

        entries = (entry for entry in sources.walk(enters) if not (choices.in_place and _is_link(sources, entry.name)))
    formats, as_source = formats_of(options.format), options.format == "keep"
    naming = plan.Naming(formats, choices.suffix or "", extension(choices), as_source)
    if output is None and choices.suffix:
        entries = _without_results(list(entries), choices.suffix)
    entries = list(entries)  # whatever cannot be read is known before anything is written
    tasks = plan.tree(
        entries,
        selection,
        naming,
        copy_others=choices.copy_others,
        in_place=choices.in_place,
        folds=lambda: not choices.dry_run and targets.folds_case(),
    )
    tasks.sort(key=lambda task: (-task.size, task.source))
    return Planned(tasks, settings, is_tree=True)


def execute(planned: Planned, choices: RunChoices, printing: Printing) -> int:
    """Do what was planned, print what happens, and return the exit code."""
    silent = printing.quiet or printing.as_json
    tasks = planned.tasks
    curves = Curves(choices.plot, tasks, planned.settings)
    for name in choices.report:
        refuse_taken_name("--report", name, tasks, planned.settings)
    resources = _resources(planned.settings.options, choices)
    cluster = _cluster(planned, choices)
    lines = _ledger_lines(planned.settings)
    if choices.shared_palette:
        planned = replace(planned, settings=_shared(planned, resources, cluster, lines, silent=silent))
    settings = planned.settings
    shown = Progress(len(tasks), sum(task.size for task in tasks), silent=silent)
    executor: Executor | None = None
    if cluster is not None:
        executor = cluster.executor(settings)
        resources = Resources(executor.slots, sys.maxsize, strict=False)  # its threads and memory are its own affair
    elif _alone(planned):
        executor = Inline(settings, lambda task, its, threads: work.do(task, its, threads, shown.part_of(task)))
    of_sources = settings.sources.read_ledger() if lines and settings.sources != settings.targets else None
    ledger = Ledger(settings.fingerprint(), lines, of_sources)
    if not settings.dry_run:
        names = {name for task in tasks for name in task.names}
        settings.targets.sweep(names, older_than=0.0 if planned.is_tree else _ABANDONED_SECONDS)
    summary, collector = Summary(), reports.Collector(settings)
    try:
        told = []
        # Closed here, so that nothing is left to be cleaned up when the ledger is given back.
        with closing(run(tasks, settings, resources, ledger=ledger, executor=executor)) as done, shown:
            for outcome in done if planned.is_tree else _in_order(tasks, done):
                summary.add(outcome)
                if choices.report:
                    collector.add(outcome)
                curves.add(outcome)
                shown.advance(outcome)
                if printing.as_json:
                    say(json.dumps(as_json(outcome, settings.options.seed)))
                elif not silent and outcome.status != "failed" and (printing.verbose or not planned.is_tree):
                    told.append(outcome)
                if outcome.status == "failed" and not planned.is_tree:
                    say(f"huepress: {outcome.message}", err=True)
        for outcome in told:
            say(sentence(outcome), err=planned.to_stdout)
            if printing.verbose and outcome.palette:
                say("  " + " ".join(outcome.palette), err=planned.to_stdout)
        if not silent and (planned.is_tree or len(tasks) > 1):
            say(summary.text(dry_run=settings.dry_run), err=planned.to_stdout)
        if planned.is_tree:
            list_errors(summary)
        for name in choices.report:
            files.write_bytes(name, collector.render(name), overwrite=True)
        curves.write()
    finally:
        ledger.close()
    if summary.errors:
        return summary.errors[0][1] if len(tasks) == 1 and not planned.is_tree else 1
    return 1 if choices.strict and summary.counts["kept"] > summary.already_done else 0


def _settings(
    options: Options,
    choices: RunChoices,
    sources: Store,
    targets: Store,
    *,
    force: bool,
    allow_larger: bool,
    min_saving: float,
) -> Settings:
    for name in choices.report:
        reports.check_report_name(name)
    if choices.ext:
        refuse_foreign_name(f"--ext {extension(choices)}")
    _resources(options, choices).workers(1)  # complains before anything is touched
    if choices.in_place:
        min_saving = DEFAULT_MIN_SAVING
    return Settings(
        options,
        sources,
        targets,
        run=secrets.token_hex(6),
        min_saving=min_saving if choices.min_saving is None else choices.min_saving / 100,
        allow_larger=allow_larger,
        allow_miss=force,
        in_place=choices.in_place,
        has_ledger=choices.is_run and (choices.files_from is None or sources is not targets),
        overwrite=force,
        preserve=choices.preserve,
        dry_run=choices.dry_run,
        score=bool(choices.report),
        thumbnails=bool(choices.report) and (choices.in_place or choices.dry_run),
    )


def _alone(planned: Planned) -> bool:
    """Tell whether this process does the work itself, one image after the other."""
    tasks = planned.tasks
    few = not planned.is_tree and (len(tasks) < _WORKERS_FROM or any(task.source == STDIO for task in tasks))
    return few or not planned.settings.sources.shared


def _cluster(planned: Planned, choices: RunChoices) -> Cluster | None:
    if not choices.cluster:
        return None
    from huepress.archive.cluster import Cluster

    if not planned.settings.sources.shared:
        raise OptionError("a cluster cannot see memory://; give files or URLs that every worker can read")
    return Cluster(
        choices.cluster, planned.settings.run, None if choices.memory is None else parse_bytes(choices.memory)
    )


def _shared(
    planned: Planned, resources: Resources, cluster: Cluster | None, lines: LedgerFile | None, *, silent: bool
) -> Settings:
    """Find the palette of all images; in place the one that earlier runs have begun to give them."""
    tasks, settings = shared_palette.countable(planned.tasks), planned.settings
    begun = Ledger(settings.fingerprint(), lines) if settings.in_place else None
    known = begun and begun.palette()
    if known:
        return shared_palette.with_palette(settings, known)
    with Progress(len(tasks), sum(task.size for task in tasks), silent=silent, what="reading colors") as shown:
        if cluster is not None:
            colors = cluster.pooled_colors(tasks, settings, shown.passed)
        else:
            alone = _alone(planned)
            executor = Inline(settings, work.count) if alone else resources.processes(work.count, len(tasks), settings)
            colors = shared_palette.pooled_colors(tasks, settings, resources, executor, shown.passed)
    settings = shared_palette.with_shared_palette(settings, colors)
    if begun is not None and settings.options.palette is not None:
        begun.add_palette(settings.options.palette)
    return settings


def _resources(options: Options, choices: RunChoices) -> Resources:
    if choices.memory is None:
        return Resources(options.threads, default_budget(), strict=False)
    return Resources(options.threads, parse_bytes(choices.memory), strict=True)


def _ledger_lines(settings: Settings) -> LedgerFile | None:
    """Open the tree's ledger; files that were named one by one have none."""
    if not settings.has_ledger:
        return None
    return LedgerLines(settings.targets.read_ledger()) if settings.dry_run else settings.targets.open_ledger()


def _check_folders(root: str, output: str | None, choices: RunChoices) -> None:
    if choices.recursive and not is_url(root) and not os.path.isdir(root):
        what = "not a folder; leave -r out" if os.path.exists(root) else "no such folder; check the name"
        raise InputError(f"{root}: {what}")
    if output is None:
        return
    if not is_url(output) and os.path.exists(output) and not os.path.isdir(output):
        raise OutputError(f"{output}: not a folder; give -o another name")
    if root and _relative(root, output) is not None:
        or_in_place = "" if is_url(root) else ", or --in-place"
        raise OptionError(f"-o {output} holds the input folder; choose another place{or_in_place}")


def _is_link(sources: Store, name: str) -> bool:
    path = sources.local_path(name)
    return path is not None and path.is_symlink()


def _inside(root: str, output: str | None) -> str | None:
    """Return the output folder's name in the input tree, None if it lies outside."""
    return None if output is None else _relative(output, root)


def _relative(path: str, folder: str) -> str | None:
    if is_url(path) or is_url(folder):
        return relative_url(path, folder)
    relative = os.path.relpath(os.path.realpath(path), os.path.realpath(folder))
    return None if relative == os.pardir or relative.startswith(os.pardir + os.sep) else relative


def _listed(choices: RunChoices, sources: Store, *, anywhere: bool) -> Iterator[Entry]:
    """Yield the names of a list; unless results stand beside them, they have to lie below the root."""
    assert choices.files_from is not None
    data = read_stdin() if choices.files_from == STDIO else files.read_bytes(choices.files_from)
    seen = set()
    for line in data.split(b"\0" if choices.null else b"\n"):
        name = os.fsdecode(line if choices.null else line.rstrip(b"\r"))
        if name and not anywhere:
            name = os.path.normpath(name)
        if not name or name in seen:
            continue
        seen.add(name)
        if choices.in_place:  # a file under two names is one file
            path = os.path.realpath(name)
            if path in seen and path != name:
                continue
            seen.add(path)
        if not anywhere and (os.path.isabs(name) or name.split(os.sep)[0] == os.pardir):
            error = f"{name}: lies outside; with -o names have to be relative, so that their place there is known"
            yield Entry(name, 0, error)
            continue
        size = None
        with suppress(HuepressError):  # told when its turn comes
            size = sources.size(name)
        yield Entry(name, size or 0)


def _without_results(entries: list[Entry], suffix: str) -> list[Entry]:
    """Leave out what an earlier run with this suffix has made of other entries."""
    stems = {os.path.splitext(entry.name)[0] for entry in entries}

    def is_result(name: str) -> bool:
        stem = os.path.splitext(name)[0]
        return stem.endswith(suffix) and stem.removesuffix(suffix) in stems

    return [entry for entry in entries if not is_result(entry.name)]


def _claimed(task: Task, targets: Targets, force: bool) -> Task:
    try:
        for name in {os.path.realpath(name): name for name in sorted(task.names)}.values():
            targets.claim(Path(name))
        if task.source == STDIO or os.path.exists(task.source):
            files.check_writable_name(task.target, overwrite=force)
    except HuepressError as error:
        return Task(task.source, task.target, None, task.size, error=str(error), error_code=error.exit_code)
    return task


def _in_order(tasks: list[Task], outcomes: Iterator[Outcome]) -> Iterator[Outcome]:
    """Yield outcomes in the order of their tasks, each as soon as those before it are there."""
    early: dict[str, list[Outcome]] = {}
    waiting = iter(tasks)
    task = next(waiting, None)
    for outcome in outcomes:
        early.setdefault(outcome.task.source, []).append(outcome)
        while task is not None and early.get(task.source):
            yield early[task.source].pop(0)
            task = next(waiting, None)


def _size(name: str) -> int:
    try:
        return 0 if name == STDIO else os.stat(name).st_size
    except (OSError, ValueError):
        return 0
