"""From what is asked for to the tasks of a run: which files there are, what becomes of each, and where it goes."""

from __future__ import annotations

import os
import secrets
from collections.abc import Iterable, Iterator
from contextlib import suppress
from dataclasses import dataclass, replace
from pathlib import Path, PurePosixPath

from huepress import files
from huepress.archive import plan
from huepress.archive.earlier import result_by_name
from huepress.archive.naming import Claims, FileNaming
from huepress.archive.request import DEFAULT_MIN_SAVING, RunRequest
from huepress.archive.tasks import Settings, Task
from huepress.errors import HuepressError, InputError, OptionError, OutputError, Remedy
from huepress.formats.writing import formats_of, refuse_foreign_name
from huepress.storage import check_writable, is_url, local_path, open_store
from huepress.storage import relative as relative_url
from huepress.storage.base import Entry, Store


@dataclass(frozen=True)
class Planned:
    """Tasks and all they need."""

    tasks: list[Task]
    settings: Settings
    is_tree: bool


def plan_files(request: RunRequest, store: Store, *, stream: str | None = None, to_stdout: bool = False) -> Planned:
    """Plan a run over single files: results beside them, in a folder, or on standard output.

    Parameters
    ----------
    request : RunRequest
    store : Store
        Where names are read and written.
    stream : str, optional
        The name that stands for standard input and output in the store.
    to_stdout : bool
        Whether the only result goes to standard output.

    Raises
    ------
    OptionError
        If what is asked for cannot be had for single files.
    """
    names, output = request.names, request.output
    if output is not None and is_url(output):
        raise OptionError("only trees go behind a URL", subject=output, remedy=Remedy.FILE_OR_TREE)
    directory = Path(output) if output and not to_stdout and names_directory(output, len(names)) else None
    if request.in_place and any(map(is_url, names)):
        raise OptionError("files behind a URL are not replaced in place", remedy=Remedy.NOT_IN_PLACE)
    if output is not None and directory is None and not to_stdout:
        refuse_foreign_name(output)
    settings = _settings(request, store, store)
    naming = FileNaming(request, directory, store, stream)
    if directory is not None:
        naming = naming.apart(names)
    tasks = []
    if request.in_place:
        names = tuple({os.path.realpath(name): name for name in reversed(names)}.values())[::-1]
    named = {} if request.in_place or to_stdout else {name: naming.targets(name) for name in names}
    outputs = {} if output else {target: name for name in names for target in named.get(name, {}).values()}
    ours = {name: outputs[name] for name in names if outputs.get(name, name) != name}
    claims = Claims([name for name in names if name not in ours and name != stream])
    for name in names:
        if name in ours:
            because = f"by its name the output of {ours[name]}; not compressed again"
            tasks.append(Task(name, name, None, _size(name), kept_because=because))
        elif to_stdout:
            assert stream is not None
            tasks.append(Task(name, stream, stream, _size(name)))
        elif request.in_place:
            tasks.append(Task(name, name, None, _size(name)))
        else:
            target, *others = named[name].items()
            task = Task(name, target[1], naming.kept(name), _size(name), other_targets=tuple(others))
            tasks.append(_claimed(task, claims, overwrite=request.overwrite, sure=name == stream))
    return Planned(tasks, settings, is_tree=False)


def plan_tree(request: RunRequest) -> Planned:
    """Plan a run over a folder or a list of names.

    Raises
    ------
    OptionError, InputError, OutputError
        If the folders cannot be what is asked of them.
    """
    root = local_path(request.names[0]) if request.names else ""
    output = request.output and local_path(request.output)
    base = os.getcwd() if request.cluster else ""
    sources = open_store(root, base)
    targets = open_store(output, base) if output is not None else sources
    if is_url(root) and (request.in_place or output is None):
        raise OptionError("files behind a URL are not replaced in place", remedy=Remedy.OUTPUT_PLACE)
    if output is not None and is_url(output):
        check_writable(output)
    _check_folders(root, output, request)
    settings = _settings(request, sources, targets)
    selection = plan.Selection(request.include or plan.IMAGE_PATTERNS, request.exclude)
    if request.listed is not None:
        entries: Iterable[Entry] = _listed(request, sources, anywhere=output is None)
        selection = plan.Selection(request.include or ("*",), request.exclude)
    else:
        inside = _inside(root, output)
        only, above = request.only, _folders_above(request.only or ())
        stay = request.in_place or only is not None or (request.suffix is not None and output is None)

        def enters(name: str) -> bool:
            if only is not None and name not in above:
                return False
            return selection.enters(name) and name != inside and not (stay and _is_link(sources, name))

        entries = sources.walk(enters)
        if only is not None:
            selection = plan.Selection(("*",), request.exclude)
            entries = (entry for entry in entries if entry.error or entry.name in only)
        if request.in_place or only is not None:
            entries = (entry for entry in entries if not _is_link(sources, entry.name))
    formats, as_source = formats_of(request.options.format), request.options.format == "keep"
    naming = plan.Naming(formats, request.suffix or "", request.dotted_extension, as_source)
    if output is None and request.suffix:
        entries = list(entries)
        is_result = result_by_name(entries, request.suffix)
        entries = [entry for entry in entries if not is_result(entry.name)]
    entries = list(entries)  # whatever cannot be read is known before anything is written
    tasks = plan.tree(
        entries,
        selection,
        naming,
        copy_others=request.copy_others,
        in_place=request.in_place,
        folds=lambda: not request.dry_run and targets.folds_case(),
    )
    tasks.sort(key=lambda task: (-task.size, task.source))
    return Planned(tasks, settings, is_tree=True)


def names_directory(output: str, n_inputs: int) -> bool:
    """Tell whether an output means a directory: an existing one, ``x/``, no suffix, or many inputs.

    Raises
    ------
    OptionError
        If it names a file but there are several inputs.
    """
    if os.path.isdir(output) or output.endswith(("/", os.sep)):
        return True
    looks_like_file = bool(Path(output).suffix) or os.path.exists(output)
    if n_inputs > 1 and looks_like_file:
        raise OptionError(
            f"the output names the file {output!r} but there are {n_inputs} inputs", remedy="give a directory"
        )
    return not looks_like_file


def _settings(request: RunRequest, sources: Store, targets: Store) -> Settings:
    if request.extension:
        refuse_foreign_name(f"x{request.dotted_extension}")
    min_saving = request.min_saving
    if min_saving is None and (request.in_place or request.is_tree):
        min_saving = DEFAULT_MIN_SAVING
    delivery = request.delivery if min_saving is None else replace(request.delivery, min_saving=min_saving)
    if min_saving == 0 and delivery.allow_larger is None:
        delivery = replace(delivery, allow_larger=False)
    return Settings(
        request.options,
        sources,
        targets,
        run=secrets.token_hex(6),
        delivery=delivery,
        in_place=request.in_place,
        has_ledger=request.is_tree and (request.listed is None or sources is not targets),
        overwrite=request.overwrite,
        preserve=request.preserve,
        dry_run=request.dry_run,
        score=request.scores,
        thumbnails=request.thumbnails,
    )


def _check_folders(root: str, output: str | None, request: RunRequest) -> None:
    if request.recursive and not is_url(root) and not os.path.isdir(root):
        if os.path.exists(root):
            raise InputError("not a folder", subject=root, remedy=Remedy.NOT_RECURSIVE)
        raise InputError("no such folder", subject=root, remedy="check the name")
    if output is None:
        return
    if not is_url(output) and os.path.exists(output) and not os.path.isdir(output):
        raise OutputError("not a folder", subject=output, remedy=Remedy.OTHER_OUTPUT)
    if root and _relative(root, output) is not None:
        remedy = Remedy.OTHER_OUTPUT if is_url(root) else Remedy.OTHER_OUTPUT_OR_IN_PLACE
        raise OptionError("it holds the input folder", subject=output, remedy=remedy)


def _folders_above(names: Iterable[str]) -> set[str]:
    """Return all folders that names lie in."""
    return {parent.as_posix() for name in names for parent in PurePosixPath(name).parents}


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


def _listed(request: RunRequest, sources: Store, *, anywhere: bool) -> Iterator[Entry]:
    """Yield the names of a list; unless results stand beside them, they have to lie below the root."""
    seen = set()
    for name in request.listed or ():
        if name and not anywhere:
            name = os.path.normpath(name)
        if not name or name in seen:
            continue
        seen.add(name)
        if request.in_place:  # a file under two names is one file
            path = os.path.realpath(name)
            if path in seen and path != name:
                continue
            seen.add(path)
        if not anywhere and (os.path.isabs(name) or name.split(os.sep)[0] == os.pardir):
            error = InputError("lies outside the folder", subject=name, remedy=Remedy.RELATIVE_NAMES)
            yield Entry(name, 0, error)
            continue
        size = None
        with suppress(HuepressError):  # told when its turn comes
            size = sources.size(name)
        yield Entry(name, size or 0)


def _claimed(task: Task, claims: Claims, *, overwrite: bool, sure: bool) -> Task:
    """Return a task whose outputs are its own, or one that has failed; a missing input is told when its turn comes."""
    try:
        for name in {os.path.realpath(name): name for name in sorted(task.names)}.values():
            claims.claim(Path(name), task.source)
        if sure or os.path.exists(task.source):
            files.check_writable_name(task.target, overwrite=overwrite)
    except HuepressError as error:
        return Task(task.source, task.target, None, task.size, error=error)
    return task


def _size(name: str) -> int:
    try:
        return os.stat(name).st_size
    except (OSError, ValueError):
        return 0
