"""The library's call for many files: trees, lists, single files, as the command takes them."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from typing import Unpack

from huepress.archive.batch import Summary, Watch, carry_out, check_request
from huepress.archive.listing import plan_files, plan_tree
from huepress.archive.memory import parse_bytes
from huepress.archive.naming import Paths
from huepress.archive.request import RunRequest
from huepress.archive.tasks import FileOutcome
from huepress.delivering import Delivery
from huepress.inputs import OptionKeywords
from huepress.pipeline.intake import make_options
from huepress.storage import is_url

StrPath = str | os.PathLike[str]


@dataclass(frozen=True)
class ManyResult:
    """What became of many files.

    Attributes
    ----------
    files : tuple of FileOutcome
        One a file: of single files in their order, of a tree by name.
    summary : Summary
        Counts, bytes and errors.
    """

    files: tuple[FileOutcome, ...]
    summary: Summary


def compress_many(
    inputs: StrPath | Iterable[StrPath],
    output: StrPath | None = None,
    *,
    include: Iterable[str] = (),
    exclude: Iterable[str] = (),
    copy_others: bool = False,
    in_place: bool = False,
    preserve: bool = False,
    suffix: str | None = None,
    min_saving: float | None = None,
    memory: int | str | None = None,
    dry_run: bool = False,
    overwrite: bool = False,
    allow_larger: bool | None = None,
    allow_miss: bool = False,
    shared_palette: bool = False,
    cluster: str | None = None,
    on_file: Callable[[FileOutcome], None] | None = None,
    **options: Unpack[OptionKeywords],
) -> ManyResult:
    """Compress a tree or a list of files as ``huepress compress`` does: resumable, on all cores, each file whole.

    Parameters
    ----------
    inputs : path, URL, or iterable of paths
        One folder is taken with all that is below it, and mirrored below `output`; anything else is a list of files.
    output : path or URL, optional
        A folder. Without one results stand beside their sources, with a suffix.
    include, exclude : iterable of str
        Patterns of the files of a tree that are taken, and of files and folders that are left out.
    copy_others : bool
        Whether files of a tree that are no images are copied.
    in_place : bool
        Whether results replace their sources.
    preserve : bool
        Whether times and permissions of the inputs stay.
    suffix : str, optional
        Added to names; ``-huepress`` for single files without an output folder.
    min_saving : float, optional
        The part of a file's bytes, 0 to below 1, that a result has to save; 0.02 in place and in a tree by default.
    memory : int or str, optional
        Most bytes for all images at once, such as ``"2GB"``.
    dry_run : bool
        Whether nothing is written.
    overwrite : bool
        Whether files are replaced that no run has made.
    allow_larger, allow_miss : bool
        See `huepress.compress`; of trees and files in place the original stays unless `allow_larger` is true.
    shared_palette : bool
        Whether all inputs get one palette.
    cluster : str, optional
        Address of a Dask scheduler, such as ``"tcp://host:8786"``.
    on_file : callable, optional
        Called with the `FileOutcome` of each file as soon as it is finished.
    **options
        The fields of `huepress.Options`.

    Returns
    -------
    ManyResult
        A file that cannot be read or written is among its errors; the others go on.

    Raises
    ------
    OptionError, InputError, OutputError
        If the run as a whole cannot begin.

    Examples
    --------
    >>> import huepress, numpy as np, pathlib, tempfile
    >>> from PIL import Image
    >>> folder = pathlib.Path(tempfile.mkdtemp())
    >>> ramp = np.tile(np.arange(256, dtype=np.uint8), (64, 1))
    >>> Image.fromarray(ramp).save(folder / "ramp.png", compress_level=0)
    >>> done = huepress.compress_many([folder / "ramp.png"], n_colors=16)
    >>> done.files[0].status, done.summary.counts["compressed"], done.summary.errors
    ('compressed', 1, [])
    """
    names = (os.fspath(inputs),) if isinstance(inputs, str | os.PathLike) else tuple(os.fspath(each) for each in inputs)
    recursive = len(names) == 1 and (os.path.isdir(names[0]) or is_url(names[0]))
    request = RunRequest(
        names=names,
        options=make_options(dict(options)),
        delivery=Delivery(allow_larger=allow_larger, allow_miss=allow_miss),
        output=None if output is None else os.fspath(output),
        recursive=recursive,
        include=tuple(include),
        exclude=tuple(exclude),
        copy_others=copy_others,
        in_place=in_place,
        preserve=preserve,
        suffix=suffix,
        min_saving=min_saving,
        memory=parse_bytes(memory) if isinstance(memory, str) else memory,
        dry_run=dry_run,
        overwrite=overwrite,
        shared_palette=shared_palette,
        cluster=cluster,
    )
    check_request(request)
    planned = plan_tree(request) if recursive else plan_files(request, Paths(""))
    summary, found = Summary(), []
    for outcome in carry_out(planned, request, Watch()):
        summary.add(outcome)
        found.append(outcome)
        if on_file is not None:
            on_file(outcome)
    if planned.is_tree:
        found.sort(key=lambda outcome: outcome.task.source)
    return ManyResult(tuple(found), summary)
