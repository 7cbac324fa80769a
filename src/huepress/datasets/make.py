"""A folder of pictures to a data set, in two steps.

The archive's engine makes small PNG files in a folder of its own, which a second run finds again; then these are
packed, and the folder goes.
"""

from __future__ import annotations

import hashlib
import io
import os
import struct
from collections.abc import Generator, Iterable, Iterator
from contextlib import closing, suppress
from dataclasses import dataclass, replace
from pathlib import Path

from huepress import files, ml
from huepress.archive.batch import Watch, carry_out, check_request
from huepress.archive.listing import plan_tree
from huepress.archive.memory import default_budget
from huepress.archive.naming import Claims
from huepress.archive.request import RunRequest
from huepress.archive.tasks import FileOutcome, Task
from huepress.colors.arrays import on_white
from huepress.datasets.containers import (
    READ_IN_ORDER,
    WRITERS,
    Container,
    Sample,
    Shards,
    check_case,
    check_class_folders,
    load_arrow,
)
from huepress.datasets.labels import find_labels
from huepress.delivering import Delivery
from huepress.errors import HuepressError, InputError, LimitError, OptionError, OutputError, Remedy
from huepress.formats.decode import decode
from huepress.formats.png import encode_png
from huepress.formats.probe import probe
from huepress.model import Bytes, IndexedImage, Palette
from huepress.options import MAX_COLORS, Options
from huepress.storage import is_url, locked
from huepress.storage.base import LEDGER_NAME
from huepress.storage.local import LocalStore
from huepress.wording import counted, human_bytes

# Where groups share palettes: red, green, blue and the index of a pixel are held at once.
_BYTES_A_PIXEL = 4
_PNG_SIZE = struct.Struct(">16x2I")
# Held from the first picture to the end: the ledger beside the pictures is free while they are packed.
_LOCK_NAME = ".huepress-lock"


@dataclass(frozen=True, kw_only=True)
class DatasetRequest:
    """What is to be made of which folder.

    Parameters
    ----------
    folder : str
        A folder or URL.
    output : str
        A file of the `memmap` container, or a folder.
    options : Options
        Of which the number of colors, the seed, the limits, and what is done to each picture before count.
    container : {"memmap", "wds", "parquet", "folder"}
    palette : {"image", "group", "all"}
        As for `huepress.ml.quantize_batch`.
    coding : {"packed", "rans"}
        As for `huepress.ml.write`; of the `memmap` container only.
    labels : str, optional
        As for `find_labels`.
    include, exclude, memory, cluster
        As for `RunRequest`.
    skip_failed : bool
        Whether the data set is made of the other pictures where some cannot be read.
    overwrite : bool
        Whether an existing file is replaced; folders never are.
    """

    folder: str
    output: str
    options: Options
    container: Container = "memmap"
    palette: ml.PaletteScope = "image"
    coding: ml.IndexCoding = "packed"
    labels: str | None = None
    include: tuple[str, ...] = ()
    exclude: tuple[str, ...] = ()
    memory: int | None = None
    cluster: str | None = None
    skip_failed: bool = False
    overwrite: bool = False


@dataclass(frozen=True)
class Made:
    """What was made.

    Attributes
    ----------
    n_pictures, n_left_out : int
    class_names : tuple of str
        Empty where labels are numbers, or there are none.
    bytes_in, bytes_out : int
        Of the pictures' files, and of the data set.
    """

    n_pictures: int
    n_left_out: int
    class_names: tuple[str, ...]
    bytes_in: int
    bytes_out: int


class DatasetRun:
    """A data set on its way: `compress`, exhausted, then `pack`. Nothing is written before.

    Parameters
    ----------
    request : DatasetRequest

    Attributes
    ----------
    tasks : list of Task
        The pictures.
    failed : list of HuepressError
        Why some of them cannot be used.

    Raises
    ------
    OptionError, InputError, OutputError
        If what is asked for cannot be had.
    """

    def __init__(self, request: DatasetRequest) -> None:
        self._request = request
        self._output = Path(os.path.normpath(request.output))
        if is_url(request.output) or self._output.name in ("", "-", ".."):
            raise OptionError("a data set is written to a file or folder here", remedy=Remedy.CHECK_OUTPUT)
        self._work = self._output.with_name(f"{self._output.name}.work")
        _check_output(request, self._output, self._work)
        if request.coding != "packed" and request.container != "memmap":
            raise OptionError(f"a coding is for the format memmap, not {request.container}", remedy="leave it out")
        if request.container == "parquet":
            load_arrow()
        # Groups are found among pictures that look like the originals, and get their few colors then.
        n_colors = MAX_COLORS if request.palette == "group" else request.options.n_colors
        self._run = RunRequest(
            names=(request.folder,),
            recursive=True,
            options=replace(request.options, n_colors=n_colors),
            delivery=Delivery(allow_larger=True),
            output=str(self._work / "pictures"),
            include=request.include,
            exclude=request.exclude,
            memory=request.memory,
            cluster=request.cluster,
            shared_palette=request.palette == "all",
        )
        check_request(self._run)
        self._planned = plan_tree(self._run)
        self.tasks = self._planned.tasks
        if not self.tasks:
            raise InputError("no pictures in it", subject=request.folder, remedy="check its name and the patterns")
        if os.path.lexists(self._output):
            sources = [self._planned.settings.sources.local_path(task.source) for task in self.tasks]
            claims = Claims([str(path) for path in (*sources, request.labels) if path is not None])
            claims.claim(self._output)
        self._labels = find_labels(sorted(task.source for task in self.tasks), request.labels)
        if request.container == "folder":
            check_class_folders(self._labels.class_names)
        self._done: dict[str, Task] = {}
        self._png_of: dict[str, str] = {}
        self._bytes_in = 0
        self._lock: io.FileIO | None = None
        self.failed: list[HuepressError] = []

    def compress(self, watch: Watch) -> Generator[FileOutcome, None, None]:
        """Make the small PNG files, and yield what became of each picture.

        Raises
        ------
        OptionError, InputError, OutputError
            As `carry_out`; and where another run is at work on the same data set.
        """
        self._lock = locked.open_locked(self._work / _LOCK_NAME)
        try:
            if self._request.container == "folder":
                check_case(self._labels.class_names, LocalStore(str(self._work)).folds_case)
            yield from self._compressed(watch)
        except BaseException:  # whoever does not exhaust this will not pack
            self._lock.close()
            raise

    def _compressed(self, watch: Watch) -> Generator[FileOutcome, None, None]:
        with closing(carry_out(self._planned, self._run, watch)) as outcomes:
            for outcome in outcomes:
                source = outcome.task.source
                if isinstance(outcome.error, OutputError):  # a full disk is no fault of the picture
                    raise outcome.error
                if outcome.error is not None:
                    self.failed.append(outcome.error)
                elif outcome.output is None or outcome.format != "png":
                    self.failed.append(InputError(outcome.message or "cannot be quantized", subject=source))
                else:
                    self._done[source], self._png_of[source] = outcome.task, outcome.output
                    self._bytes_in += outcome.bytes_in
                yield outcome

    def pack(self, watch: Watch) -> Made:
        """Write the data set, as a whole or not at all, and remove the small files.

        Raises
        ------
        InputError
            If pictures failed.
        LimitError
            If pictures that share palettes do not fit into the memory.
        OptionError, OutputError
        """
        assert self._lock is not None
        with self._lock:
            made = self._packed(watch)
            for name in ("pictures", "dataset"):
                files.remove_folder(self._work / name)
            locked.remove_locked(self._lock, self._work / _LOCK_NAME)
            with suppress(OSError):  # a next run has begun there, or somebody has put something in
                self._work.rmdir()
        return made

    def _packed(self, watch: Watch) -> Made:
        if self.failed and not (self._request.skip_failed and self._done):
            raise InputError(
                f"{counted(len(self.failed), 'picture')} of {len(self.tasks):,} cannot be used, so nothing was written",
                subject=self._request.folder,
                remedy=Remedy.SKIP_FAILED,
            )
        sources = sorted(self._done)
        watch.begin([self._done[source] for source in sources], "packed")
        try:
            if self._request.container == "memmap":
                self._write_memmap(sources, watch)
                bytes_out = os.path.getsize(self._output)
            else:
                bytes_out = self._write_shards(sources, watch)
        finally:
            watch.end()
        return Made(len(sources), len(self.failed), self._labels.class_names, self._bytes_in, bytes_out)

    def _write_memmap(self, sources: list[str], watch: Watch) -> None:
        request, labels = self._request, self._labels
        if request.palette != "image":
            self._check_memory(sources)
        ml.write(
            self._output,
            self._pictures(sources, watch),
            None if labels.label_of is None else [labels.label_of[source] for source in sources],
            n_colors=int(request.options.n_colors),
            palette=request.palette,
            class_names=labels.class_names,
            n_threads=request.options.threads,
            overwrite=request.overwrite,
            coding=request.coding,
        )

    def _write_shards(self, sources: list[str], watch: Watch) -> int:
        request, labels = self._request, self._labels
        folder = self._work / "dataset"
        files.remove_folder(folder)  # of a run that was cut off
        files.make_folder(folder)
        shards = Shards(folder, self._output.name, labels.class_names)
        n_files = WRITERS[request.container](self._samples(sources, watch), shards)
        sizes = [path.stat().st_size for path in folder.rglob("*") if path.is_file()]
        if len(sizes) != n_files:  # locks are not to be had everywhere
            raise OutputError(
                f"holds {counted(len(sizes), 'file')} of the {n_files:,} that were written: somebody else is at work",
                subject=str(folder),
                remedy="run it again alone",
            )
        files.publish_folder(folder, self._output)
        return sum(sizes)

    def _samples(self, sources: list[str], watch: Watch) -> Iterator[Sample]:
        number_of = {source: number for number, source in enumerate(sources)}
        if self._request.container in READ_IN_ORDER:
            sources = _shuffled(sources, self._request.options.seed)
        for source, png in zip(sources, self._pngs(sources, watch), strict=True):
            name, labels = self._png_of[source], self._labels
            yield Sample(number_of[source], name, png, labels.of(source), labels.class_of(source))

    def _pngs(self, sources: list[str], watch: Watch) -> Iterator[bytes]:
        if self._request.palette == "group":
            self._check_memory(sources)
            pictures, n_colors = list(self._pictures(sources, watch)), int(self._request.options.n_colors)
            batch = ml.quantize_batch(pictures, n_colors, "group", self._request.options.threads)
            del pictures
            yield from _encoded(batch)
            return
        for source in sources:
            png = self._planned.settings.targets.read(self._png_of[source])
            found = probe(png)
            if found is None or found.has_alpha:  # what shines through would be each reader's own affair
                batch = ml.quantize_batch([self._on_white(png)], MAX_COLORS)  # keeps its colors, which are few
                png = next(_encoded(batch))
            yield png
            watch.passed(self._done[source])

    def _pictures(self, sources: Iterable[str], watch: Watch) -> Iterator[Bytes]:
        for source in sources:
            yield self._on_white(self._planned.settings.targets.read(self._png_of[source]))
            watch.passed(self._done[source])

    def _on_white(self, png: bytes) -> Bytes:
        return on_white(decode(png, max_pixels=self._request.options.max_pixels).pixels_srgb8)

    def _check_memory(self, sources: list[str]) -> None:
        """Count what pictures take that have to be seen together."""
        targets, n_bytes = self._planned.settings.targets, 0
        for source in sources:
            width, height = _PNG_SIZE.unpack(targets.read_start(self._png_of[source], _PNG_SIZE.size))
            n_bytes += _BYTES_A_PIXEL * width * height
        most = default_budget() if self._request.memory is None else self._request.memory
        if n_bytes > most:
            raise LimitError(
                f"pictures that share palettes are held at once, which takes {human_bytes(n_bytes)} of "
                f"{human_bytes(most)}",
                remedy=Remedy.PALETTE_EACH,
            )


def _encoded(batch: ml.IndexedBatch) -> Iterator[bytes]:
    for i in range(len(batch)):
        yield encode_png(IndexedImage(batch.indices(i), Palette(batch.palette(i)))).data


def _shuffled(sources: list[str], seed: int) -> list[str]:
    """Return names in an order that only the seed and the names decide about."""
    return sorted(sources, key=lambda name: hashlib.blake2b(os.fsencode(name), salt=struct.pack("<Q8x", seed)).digest())


def _check_output(request: DatasetRequest, output: Path, work: Path) -> None:
    if request.container == "memmap":
        files.check_writable_name(output, overwrite=request.overwrite)
    else:
        if os.path.lexists(output) and (output.is_symlink() or not output.is_dir() or any(output.iterdir())):
            raise OutputError("exists already", subject=str(output), remedy="remove it, or choose another")
        if not is_url(request.folder) and _lies_in(output, request.folder):
            raise OutputError("lies in the folder of the pictures", subject=str(output), remedy=Remedy.OTHER_OUTPUT)
    if os.path.lexists(work):
        ours_in_it = (work / _LOCK_NAME, work / "pictures" / LEDGER_NAME)
        ours = (
            not work.is_symlink() and work.is_dir() and (any(map(Path.is_file, ours_in_it)) or not any(work.iterdir()))
        )
        if not ours:
            raise OutputError(
                "is in the way: pictures are prepared there",
                subject=str(work),
                remedy="rename it, or choose another output",
            )


def _lies_in(path: Path, folder: str) -> bool:
    return Path(os.path.realpath(path)).is_relative_to(os.path.realpath(folder))
