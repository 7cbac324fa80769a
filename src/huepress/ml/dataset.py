"""Data sets in one file that is mapped into memory: many processes read it, and none of them decodes a picture."""

from __future__ import annotations

import math
import os
import zlib
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import replace
from itertools import chain
from typing import Literal, get_args

import numpy as np
import numpy.typing as npt

from huepress import _core, files
from huepress.errors import DecodeError, HuepressError, InputError, OptionError
from huepress.ml import layout
from huepress.ml.batch import IndexedBatch, PaletteScope, quantize_batch
from huepress.ml.packed import Integers, PackedPictures, checked_threads
from huepress.model import Bytes

# Pictures are quantized so many pixels at a time.
_PIXELS_AT_ONCE = 1 << 24
_LARGEST_LABEL = (1 << 63) - 1
_PIXELS_A_FREQUENCY = 16

IndexCoding = Literal["packed", "rans"]


class Dataset(PackedPictures):
    """A file that `write` made, mapped into memory.

    ``dataset[i]`` is a picture, `batch` many; `indices`, `palette` and `labels` are what they are made of. The tables
    are checked when the file is opened, a picture when it is used for the first time. A `Dataset` may be pickled and
    sent to another process, which opens the file again. Nobody may change the file in place while it is open; `write`
    never does, but gives the name to a new file.

    Parameters
    ----------
    path : path

    Attributes
    ----------
    packed, bits, offsets, sizes, palettes_srgb8, palette_sizes, palette_of
        As of `IndexedBatch`, read-only; where `coding` is "rans", `packed` and `offsets` are of the coded indices.
    coding : {"packed", "rans"}
        As for `write`.
    labels : ndarray of int64, (n,), or None
    class_names : tuple of str
        The names that labels stand for; empty where none were given.

    Raises
    ------
    InputError
        If the file is missing or cannot be read.
    DecodeError
        If it is no data set, or one that is damaged or was cut off.
    """

    def __init__(self, path: str | os.PathLike[str]) -> None:
        self._path = os.path.abspath(path)
        self._data = data = memoryview(files.map_bytes(path))
        try:
            header = layout.read_header(data)
            tables = layout.read_tables(data, header)
        except HuepressError as error:
            raise error.about(str(path)) from None
        self.packed = np.frombuffer(data, np.uint8, header.packed_size, layout.HEADER_SIZE)
        self.bits, self.offsets, self.sizes = header.bits, tables.offsets, tables.sizes
        self.palettes_srgb8, self.palette_sizes = tables.palettes_srgb8, tables.palette_sizes
        self.palette_of = tables.palette_of
        self.labels = tables.labels if header.has_labels else None
        self.class_names = tables.class_names()
        self._checksums = tables.checksums
        self._checked = np.zeros(header.n_pictures, dtype=np.bool_)
        self.coding: IndexCoding = "rans" if header.levels else "packed"
        if header.levels:
            try:
                self._model = _core.IndexModel(tables.frequencies)
            except ValueError:
                raise DecodeError(
                    "the tables of the data set contradict each other", subject=str(path), remedy="make it anew"
                ) from None

    def __reduce__(self) -> tuple[type[Dataset], tuple[str]]:
        return Dataset, (self._path,)

    def verify(self) -> None:
        """Read every picture and compare its checksum.

        Raises
        ------
        DecodeError
            If a picture is damaged.
        """
        self._checked[:] = False
        self._check(np.arange(len(self)))

    def _check(self, rows: npt.NDArray[np.int64]) -> None:
        for row in rows[~self._checked[rows]].tolist():
            begin, end = (layout.HEADER_SIZE + int(self.offsets[at]) for at in (row, row + 1))
            if zlib.crc32(self._data[begin:end]) != self._checksums[row]:
                raise self._damaged(row)
            self._checked[row] = True

    def _damaged(self, row: int) -> DecodeError:
        return DecodeError(f"picture {row} of the data set is damaged", subject=self._path, remedy="make it anew")

    def _unpack(self, chosen: npt.NDArray[np.int64], out: Bytes, n_threads: int) -> None:
        if self.coding == "packed":
            super()._unpack(chosen, out, n_threads)
            return
        damaged = self._model.decode(self.packed, self.offsets[chosen], self.offsets[chosen + 1], out, n_threads)
        if damaged >= 0:
            raise self._damaged(int(chosen[damaged]))

    def _expand(self, chosen: npt.NDArray[np.int64], out: Bytes, n_threads: int) -> None:
        if self.coding == "packed":
            super()._expand(chosen, out, n_threads)
            return
        damaged = self._model.expand(
            self.packed, self.offsets[chosen], self.offsets[chosen + 1], self.palettes_srgb8,
            np.ascontiguousarray(self.palette_of[chosen]), out, n_threads,
        )  # fmt: skip
        if damaged >= 0:
            raise self._damaged(int(chosen[damaged]))


def write(
    path: str | os.PathLike[str],
    samples: IndexedBatch | npt.NDArray[np.uint8] | Iterable[Bytes],
    labels: Integers | None = None,
    *,
    n_colors: int = 16,
    palette: PaletteScope = "image",
    class_names: Sequence[str] = (),
    n_threads: int = 0,
    overwrite: bool = False,
    coding: IndexCoding = "packed",
) -> None:
    """Write pictures into one file for `Dataset`, as a whole or not at all.

    Parameters
    ----------
    path : path
    samples : IndexedBatch, ndarray of uint8, (n, height, width, 3), or iterable of ndarrays, (height, width, 3)
        With a palette for each picture an iterable is read bit by bit, so that it may be larger than the memory.
    labels : sequence of int, optional
        One a picture.
    n_colors, palette, n_threads
        As for `quantize_batch`; of an `IndexedBatch` they are those that it was made with.
    class_names : sequence of str, optional
        The names of labels 0, 1, 2 and so on.
    overwrite : bool
        Whether an existing file is replaced.
    coding : {"packed", "rans"}
        Whether indices take 1, 2, 4 or 8 bits each, or as few as their neighbors to the left and above let expect
        (asymmetric numeral systems, arXiv 1311.2540, with the frequencies of the first 16 million pixels): for
        pictures of 32 x 32 and 16 colors about 60 % of the bytes, which take microseconds to decode.

    Raises
    ------
    OptionError, InputError, LimitError
        As `quantize_batch`; or if labels or names do not fit.
    OutputError
        If the file exists already or cannot be written.
    """
    if coding not in get_args(IndexCoding):
        raise OptionError(f"coding must be 'packed' or 'rans', not {coding!r}")
    threads = checked_threads(n_threads)
    label_table = _label_table(labels, class_names)
    names = "\n".join(class_names).encode()
    if isinstance(samples, IndexedBatch):
        batches: Iterator[IndexedBatch] = iter([samples])
    elif palette == "image":
        batches = (quantize_batch(some, n_colors, n_threads=n_threads) for some in _portions(samples))
    else:
        batches = iter([quantize_batch(_all_of(samples), n_colors, palette, n_threads)])
    first = next(batches, None) or quantize_batch([], n_colors)
    frequencies = np.empty((0, first.palettes_srgb8.shape[1]), dtype=np.uint16)
    if coding == "rans":
        first = _with_two_entries(first)
        frequencies = _frequencies(first, threads)
    parts: list[IndexedBatch] = []
    checksums: list[int] = []
    n_bytes = 0
    with files.staged_file(path, overwrite=overwrite) as file:
        file.write(bytes(layout.HEADER_SIZE))
        for batch in chain([first], batches):
            if coding == "rans":
                batch = _coded(_with_two_entries(batch), frequencies, threads)
            packed = batch.packed.data
            file.write(packed)
            checksums += [
                zlib.crc32(packed[begin:end])
                for begin, end in zip(batch.offsets[:-1].tolist(), batch.offsets[1:].tolist(), strict=True)
            ]
            n_bytes += len(batch.packed)
            parts.append(_without_indices(batch))
        tables = _joined(parts, checksums, label_table, frequencies, names)
        if labels is not None and len(label_table) != len(checksums):
            raise OptionError(f"{len(label_table)} labels for {len(checksums)} pictures; give one for each")
        indices_end = layout.HEADER_SIZE + n_bytes
        rest = bytes(-indices_end % layout.TABLE_ALIGNMENT) + tables.to_bytes()
        header = layout.Header(
            first.bits, len(checksums), len(tables.palettes_srgb8), n_bytes, first.palettes_srgb8.shape[1],
            len(names), labels is not None, zlib.crc32(rest), math.isqrt(len(frequencies)),
        )  # fmt: skip
        file.write(rest)
        file.write_at_start(header.to_bytes())


def _label_table(labels: Integers | None, class_names: Sequence[str]) -> npt.NDArray[np.int64]:
    if not all(isinstance(name, str) and name and "\n" not in name and _is_unicode(name) for name in class_names):
        raise OptionError("class_names must be texts of one line each")
    given = np.asarray([] if labels is None else labels)
    if given.ndim != 1 or (len(given) and not np.issubdtype(given.dtype, np.integer)):
        raise OptionError("labels must be integers, one for each picture")
    if len(given) and given.max() > _LARGEST_LABEL:
        raise OptionError(f"labels must be below 2**63, not {given.max()}")
    table = given.astype(np.int64)
    if len(class_names) and len(table) and not (table.min() >= 0 and table.max() < len(class_names)):
        raise OptionError(f"labels must be 0 to {len(class_names) - 1}, as there are {len(class_names)} class names")
    return table


def _is_unicode(text: str) -> bool:
    """Tell whether a text can be written; names of files that are none hold surrogates."""
    return not any(0xD800 <= ord(character) <= 0xDFFF for character in text)


def _all_of(samples: npt.NDArray[np.uint8] | Iterable[Bytes]) -> npt.NDArray[np.uint8] | list[Bytes]:
    if isinstance(samples, np.ndarray):
        return samples
    if not isinstance(samples, Iterable):
        raise InputError(f"samples must be arrays, not {type(samples).__name__}")
    return list(samples)


def _portions(samples: npt.NDArray[np.uint8] | Iterable[Bytes]) -> Iterator[npt.NDArray[np.uint8] | list[Bytes]]:
    if isinstance(samples, np.ndarray):
        yield samples
        return
    if not isinstance(samples, Iterable):
        raise InputError(f"samples must be arrays, not {type(samples).__name__}")
    portion: list[Bytes] = []
    n_pixels = 0
    for picture in samples:
        portion.append(picture)
        n_pixels += np.size(picture) // 3
        if n_pixels >= _PIXELS_AT_ONCE:
            yield portion
            portion, n_pixels = [], 0
    if portion:
        yield portion


def _levels(batch: IndexedBatch) -> int:
    """Return how many levels of neighbors a batch can tell the frequencies of."""
    n_colors, n_pixels = int(batch.palettes_srgb8.shape[1]), int(batch.sizes.astype(np.int64).prod(axis=1).sum())
    most = math.isqrt(n_pixels // (n_colors * _PIXELS_A_FREQUENCY))
    return max(1, min(n_colors, most, layout.MOST_LEVELS))


def _with_two_entries(batch: IndexedBatch) -> IndexedBatch:
    """Return a batch whose palettes have room for two colors: of one alone there is nothing to code."""
    if batch.palettes_srgb8.shape[1] > 1:
        return batch
    return replace(batch, palettes_srgb8=np.pad(batch.palettes_srgb8, ((0, 0), (0, 1), (0, 0))))


def _frequencies(batch: IndexedBatch, n_threads: int) -> npt.NDArray[np.uint16]:
    """Return how likely each index is after each pair of neighbors."""
    with _told_as_input():
        return _core.fit_index_model(
            batch.packed, batch.bits, batch.offsets[:-1], batch.sizes, batch.palettes_srgb8.shape[1], _levels(batch),
            n_threads,
        )  # fmt: skip


def _coded(batch: IndexedBatch, frequencies: npt.NDArray[np.uint16], n_threads: int) -> IndexedBatch:
    model = _core.IndexModel(frequencies)
    with _told_as_input():
        coded, offsets = model.encode(batch.packed, batch.bits, batch.offsets[:-1], batch.sizes, n_threads)
    return replace(batch, packed=coded, offsets=offsets)


@contextmanager
def _told_as_input() -> Iterator[None]:
    """Say what the core finds wrong with a batch as an error of the input."""
    try:
        yield
    except ValueError as error:
        raise InputError(f"the batch contradicts itself: {error}", remedy="make it with quantize_batch") from None


def _without_indices(batch: IndexedBatch) -> IndexedBatch:
    return replace(batch, packed=np.empty(0, dtype=np.uint8))


def _joined(
    parts: list[IndexedBatch],
    checksums: list[int],
    labels: npt.NDArray[np.int64],
    frequencies: npt.NDArray[np.uint16],
    names: bytes,
) -> layout.Tables:
    """Return the tables of all parts, whose offsets and numbers of palettes follow each other."""
    first_bytes = np.cumsum([0] + [int(part.offsets[-1]) for part in parts])
    first_palettes = np.cumsum([0] + [len(part.palette_sizes) for part in parts])
    offsets = [part.offsets[:-1] + begin for part, begin in zip(parts, first_bytes[:-1], strict=True)]
    palette_of = [part.palette_of + begin for part, begin in zip(parts, first_palettes[:-1], strict=True)]
    return layout.Tables(
        offsets=np.concatenate([*offsets, first_bytes[-1:]]).astype(np.int64),
        labels=labels,
        sizes=np.concatenate([part.sizes for part in parts]),
        palette_of=np.concatenate(palette_of).astype(np.int32),
        checksums=np.array(checksums, dtype=np.uint32),
        palette_sizes=np.concatenate([part.palette_sizes for part in parts]),
        frequencies=frequencies,
        palettes_srgb8=np.concatenate([part.palettes_srgb8 for part in parts]),
        names=np.frombuffer(names, dtype=np.uint8),
    )
