"""The bytes of a data set's file; docs/ml.md describes them.

A header, the packed indices, zeros up to a multiple of 64 bytes, then tables: first those of eight bytes an item,
then four, two and one, so that each is aligned. All numbers are little-endian. Version 2 is that of coded indices,
whose tables are compressed, too.
"""

from __future__ import annotations

import struct
import zlib
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from huepress.errors import DecodeError, UnsupportedError
from huepress.model import Bytes

SIGNATURE = b"\x89HPML\r\n\x1a"
PACKED_VERSION, CODED_VERSION = 1, 2
# Signature; version, bits; pictures, palettes, bytes of indices; colors, bytes of names, flags, checksum of what
# follows the indices, zero; checksum of all this.
_HEADER = struct.Struct("<8sIIQQQIIIIII")
HEADER_SIZE = _HEADER.size
_HAS_LABELS = 1
_LEVELS_SHIFT = 8  # of the flags
MOST_LEVELS = 32
_LENGTH = struct.Struct("<Q")
# Of a coded picture, and the most pixels that a byte of it can hold; see core/batch/index_coder.hpp.
_FEWEST_CODED_BYTES, _MOST_PIXELS_PER_BYTE = 8, 2837
# Tables that are compressed: checksums alone are more than a sixtieth of what a picture takes in them, a palette of 256
# colors of its own included. A file that claims more is made to fill the memory.
_MOST_TABLES_PER_BYTE, _MOST_SMALL_TABLES = 64, 1 << 20
TABLE_ALIGNMENT = 64


@dataclass(frozen=True)
class Header:
    """What a file holds, in numbers."""

    bits: int
    n_pictures: int
    n_palettes: int
    packed_size: int
    n_colors: int
    names_size: int
    has_labels: bool
    tables_checksum: int
    levels: int = 0  # of neighbors that tell how likely an index is; 0 where indices are packed, not coded

    @property
    def indices_end(self) -> int:
        """Where the indices end; zeros follow, up to the tables."""
        return HEADER_SIZE + self.packed_size

    @property
    def tables_begin(self) -> int:
        """Where the tables stand."""
        return self.indices_end + -self.indices_end % TABLE_ALIGNMENT

    @property
    def tables(self) -> list[tuple[str, type[np.generic], tuple[int, ...]]]:
        """Name, kind and shape of each table, in their order."""
        n, labels = self.n_pictures, self.n_pictures if self.has_labels else 0
        return [
            ("offsets", np.int64, (n + 1,)),
            ("labels", np.int64, (labels,)),
            ("sizes", np.int32, (n, 2)),
            ("palette_of", np.int32, (n,)),
            ("checksums", np.uint32, (n,)),
            ("palette_sizes", np.int32, (self.n_palettes,)),
            ("frequencies", np.uint16, (self.levels**2, self.n_colors)),
            ("palettes_srgb8", np.uint8, (self.n_palettes, self.n_colors, 3)),
            ("names", np.uint8, (self.names_size,)),
        ]

    @property
    def tables_size(self) -> int:
        """The bytes of all tables before they are compressed, without overflow, however absurd the counts are."""
        size = 0
        for _, kind, shape in self.tables:
            items = 1
            for side in shape:
                items *= side
            size += items * np.dtype(kind).itemsize
        return size

    def to_bytes(self) -> bytes:
        """Return the header with its checksum."""
        head = _HEADER.pack(
            SIGNATURE, CODED_VERSION if self.levels else PACKED_VERSION, self.bits, self.n_pictures, self.n_palettes,
            self.packed_size, self.n_colors, self.names_size,
            (_HAS_LABELS if self.has_labels else 0) | self.levels << _LEVELS_SHIFT, self.tables_checksum, 0, 0,
        )[:-4]  # fmt: skip
        return head + struct.pack("<I", zlib.crc32(head))


def read_header(data: memoryview) -> Header:
    """Read a header and hold it against the size of the file, before anything is allocated.

    Raises
    ------
    DecodeError
        If this is no such file, or a damaged one, or one that was cut off.
    UnsupportedError
        If it is of another version.
    """
    start = bytes(data[:HEADER_SIZE])
    if start[: len(SIGNATURE)] != SIGNATURE:
        raise DecodeError("not a data set of huepress", remedy="give a file that huepress.ml.write made")
    if len(start) < HEADER_SIZE:
        raise DecodeError("the data set was cut off", remedy=_ANEW)
    (_, version, bits, n_pictures, n_palettes, packed_size, n_colors, names_size, flags, tables_checksum, zero,
     checksum) = _HEADER.unpack(start)  # fmt: skip
    if version not in (PACKED_VERSION, CODED_VERSION):
        raise UnsupportedError(
            f"a data set of version {version}, not {PACKED_VERSION} or {CODED_VERSION}", remedy="use a newer huepress"
        )
    if zlib.crc32(start[:-4]) != checksum:
        raise DecodeError("the header of the data set is damaged", remedy=_ANEW)
    levels = flags >> _LEVELS_SHIFT
    if bits not in (1, 2, 4, 8) or not 1 <= n_colors <= 1 << bits or flags & 0xFF & ~_HAS_LABELS or zero:
        raise DecodeError("the header of the data set makes no sense", remedy=_ANEW)
    if levels > MOST_LEVELS or (levels > 0) != (version == CODED_VERSION) or (levels and n_colors < 2):
        raise DecodeError("the header of the data set makes no sense", remedy=_ANEW)
    header = Header(
        bits, n_pictures, n_palettes, packed_size, n_colors, names_size, bool(flags & _HAS_LABELS), tables_checksum,
        levels,
    )  # fmt: skip
    file_size = header.tables_begin + header.tables_size
    if levels:
        if header.tables_size > _MOST_TABLES_PER_BYTE * len(data) + _MOST_SMALL_TABLES:
            raise DecodeError("the tables of the data set are said to be larger than they can be", remedy=_ANEW)
        file_size = header.tables_begin + _LENGTH.size
        if len(data) >= file_size:
            file_size += _LENGTH.unpack(data[header.tables_begin : file_size])[0]
    if len(data) != file_size:
        what = "was cut off" if len(data) < file_size else "has more bytes than it should"
        raise DecodeError(f"the data set {what}: {len(data):,} bytes, not {file_size:,}", remedy=_ANEW)
    return header


_ANEW = "make it anew"


@dataclass(frozen=True)
class Tables:
    """All tables of a file."""

    offsets: npt.NDArray[np.int64]
    labels: npt.NDArray[np.int64]
    sizes: npt.NDArray[np.int32]
    palette_of: npt.NDArray[np.int32]
    checksums: npt.NDArray[np.uint32]
    palette_sizes: npt.NDArray[np.int32]
    frequencies: npt.NDArray[np.uint16]
    palettes_srgb8: Bytes
    names: Bytes

    def to_bytes(self) -> bytes:
        """Return the tables as they stand in a file: compressed where indices are coded."""
        coded = self.frequencies.size > 0
        joined = b"".join(
            np.ascontiguousarray(table, dtype=table.dtype.newbyteorder("<")).tobytes()
            for table in (
                np.diff(self.offsets, prepend=0) if coded else self.offsets,
                self.labels, self.sizes, self.palette_of, self.checksums, self.palette_sizes, self.frequencies,
                np.diff(self.palettes_srgb8, axis=1, prepend=np.uint8(0)) if coded else self.palettes_srgb8,
                self.names,
            )
        )  # fmt: skip
        if not coded:
            return joined
        compressed = zlib.compress(joined)
        return _LENGTH.pack(len(compressed)) + compressed

    def class_names(self) -> tuple[str, ...]:
        """Return the names of the classes, one a line."""
        return tuple(bytes(self.names).decode().split("\n")) if len(self.names) else ()


def read_tables(data: memoryview, header: Header) -> Tables:
    """Read the tables and hold them against each other, so that nothing in them can lead out of the file.

    Raises
    ------
    DecodeError
        If they are damaged or contradict each other.
    """
    if zlib.crc32(data[header.indices_end :]) != header.tables_checksum:
        raise DecodeError("the tables of the data set are damaged", remedy=_ANEW)
    at, arrays = header.tables_begin, {}
    if header.levels:
        at, data = 0, memoryview(_inflated(data, header))
    for name, kind, shape in header.tables:
        dtype = np.dtype(kind).newbyteorder("<")
        n_items = int(np.prod(shape))  # fits: the file holds so many
        arrays[name] = np.frombuffer(data, dtype, n_items, at).reshape(shape).astype(kind, copy=False)
        at += n_items * dtype.itemsize
    if header.levels:
        arrays["offsets"] = np.cumsum(arrays["offsets"], dtype=np.int64)
        arrays["palettes_srgb8"] = np.cumsum(arrays["palettes_srgb8"], axis=1, dtype=np.uint8)
        for name in ("offsets", "palettes_srgb8"):
            arrays[name].flags.writeable = False
    tables = Tables(**arrays)
    if not _consistent(tables, header):
        raise DecodeError("the tables of the data set contradict each other", remedy=_ANEW)
    return tables


def _inflated(data: memoryview, header: Header) -> bytes:
    """Return the tables that were compressed, whose size is known before."""
    compressed = data[header.tables_begin + _LENGTH.size :]
    stream = zlib.decompressobj()
    try:
        inflated = stream.decompress(compressed, header.tables_size + 1)
    except zlib.error:
        inflated = b""
    if len(inflated) == header.tables_size and stream.eof and not stream.unused_data:
        return inflated
    raise DecodeError("the tables of the data set are damaged", remedy=_ANEW)


def _consistent(tables: Tables, header: Header) -> bool:
    offsets, sizes, labels = tables.offsets, tables.sizes, tables.labels
    if offsets[0] != 0 or offsets[-1] != header.packed_size or (offsets < 0).any():
        return False
    if header.n_pictures and (sizes.min() < 1 or tables.palette_of.min() < 0):
        return False
    if header.n_pictures and tables.palette_of.max() >= header.n_palettes:
        return False
    if header.n_palettes and not (tables.palette_sizes.min() >= 1 and tables.palette_sizes.max() <= header.n_colors):
        return False
    n_pixels, n_bytes = sizes.astype(np.int64).prod(axis=1), np.diff(offsets)
    per_byte = 8 // header.bits
    if header.levels:
        if (n_bytes < _FEWEST_CODED_BYTES).any() or (n_pixels > n_bytes * _MOST_PIXELS_PER_BYTE).any():
            return False
    elif not np.array_equal(n_bytes, (n_pixels + (per_byte - 1)) // per_byte):
        return False
    try:
        names = tables.class_names()
    except UnicodeDecodeError:
        return False
    return not (names and len(labels)) or bool(labels.min() >= 0 and labels.max() < len(names))
