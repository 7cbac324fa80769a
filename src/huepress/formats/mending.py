"""Files that were cut off, made whole as far as they go: what a decoder refuses is left out or filled up."""

from __future__ import annotations

import functools
import re
import struct
import warnings
import zlib
from collections.abc import Callable
from typing import NamedTuple

import numpy as np

from huepress.errors import HuepressError
from huepress.formats.decode import check_size
from huepress.formats.gif import compress_lzw
from huepress.formats.opening import open_image
from huepress.formats.png_chunks import SIGNATURE, Chunk, read_chunks, write_chunk
from huepress.formats.video_structure import EBML, without_incomplete_element
from huepress.formats.y4m import Y4M_SIGNATURE, whole_frames
from huepress.model import Bytes
from huepress.wording import counted

# GIF89a: blocks, and the rows of each pass of an interlaced picture (appendix E).
_GIF_IMAGE, _GIF_EXTENSION, _GIF_CONTROL, _GIF_TRAILER = 0x2C, 0x21, 0xF9, 0x3B
_GIF_PASSES = ((0, 8), (4, 8), (2, 4), (1, 2))
_LARGEST_LZW_TABLE = 4096
# ITU-T T.81, annex B: markers.
_JPEG_END, _JPEG_SCAN, _JPEG_PROGRESSIVE = 0xD9, 0xDA, (0xC2, 0xC6, 0xCA, 0xCE)
_JPEG_FRAMES = set(range(0xC0, 0xD0)) - {0xC4, 0xC8, 0xCC}
_END_MARK = b"\xff\xd9"
# Neither a stuffed byte, nor fill, nor a restart.
_JPEG_MARKER = re.compile(rb"\xff([^\x00\x01\xff\xd0-\xd8])")
# What stands in for missing data, once more: where the pixels change with it, they are made up.
_OTHER_FILLING = bytes((37 * i + 11) % 251 for i in range(1 << 12))
_NOT_ZERO = re.compile(rb"[^\0]")
_PNG_SAMPLES = {0: 1, 2: 3, 3: 1, 4: 2, 6: 4}
_INFLATED_AT_ONCE, _AT_ONCE = 1 << 12, 1 << 20


class Mended(NamedTuple):
    """A whole file, and a sentence about what was missing."""

    data: bytes
    note: str


# Mends a file that is known to be cut off; None where it turns out to have no row of pixels.
_Mend = Callable[[int], Mended | None]


class _Cut(Exception):  # noqa: N818  it ends a search and is no error
    """The data end too early."""


def mend(data: bytes, *, max_pixels: int) -> Mended | None:
    """Make a whole file of a JPEG, GIF, PNG, Y4M, WebM or Matroska file that was cut off.

    Rows that are missing become gray (JPEG), clear where the picture has alpha, else black or the palette's first
    color (PNG, GIF); animations end with their last whole frame. No pixel that is there changes.

    Parameters
    ----------
    data : bytes
    max_pixels : int
        Larger pictures are left alone.

    Returns
    -------
    Mended or None
        None where the file is whole, of another format, interlaced (PNG), damaged otherwise, or has no row of pixels.
    """
    how = _how_to_mend(data)
    if how is None:
        return None
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            return how(max_pixels)
    except Exception:  # as the decoders raise many kinds; what cannot be mended is told by whoever reads it
        return None


def is_cut(data: bytes) -> bool:
    """Tell whether a file is one that `mend` may make whole; nothing is decoded for that."""
    return _how_to_mend(data) is not None


def _how_to_mend(data: bytes) -> _Mend | None:
    found = next((how for start, how in _MENDERS.items() if data.startswith(start)), None)
    try:
        return None if found is None else found(data)
    except (_Cut, HuepressError, LookupError, struct.error):
        return None


def _of_png(data: bytes) -> _Mend | None:
    """Find out how a PNG ends (PNG third edition, 5)."""
    chunks = list(read_chunks(data))
    header = chunks[0].body
    if (chunks[-1].name == b"IEND" and chunks[-1].whole) or chunks[0].name != b"IHDR" or len(header) != 13:
        return None
    if not all(chunk.whole for chunk in chunks[:-1] if chunk.critical) or header[12]:
        return None  # damaged within: its pixels cannot be trusted; or interlaced
    return functools.partial(_fill_png, chunks)


def _fill_png(chunks: list[Chunk], max_pixels: int) -> Mended | None:
    """Fill up the rows of a picture; of an animation keep the whole frames."""
    width, height, depth, color_type, *_ = struct.unpack(">IIBBBBB", chunks[0].body)
    check_size(width, height, max_pixels)
    n_row = 1 + (width * depth * _PNG_SAMPLES[color_type] + 7) // 8
    stream = b"".join(chunk.body for chunk in chunks if chunk.name == b"IDAT")
    if any(chunk.name == b"acTL" for chunk in chunks) and _is_whole_stream(stream):
        return _whole_png_frames(chunks)
    rows = _inflated(stream, n_row * height)
    n_rows = len(rows) // n_row
    if n_rows == 0:
        return None
    animating = (b"acTL", b"fcTL", b"fdAT")
    first = next(number for number, chunk in enumerate(chunks) if chunk.name == b"IDAT")
    parts = [
        [c for c in part if c.whole and c.name not in (b"IDAT", *animating)]
        for part in (chunks[:first], chunks[first:])
    ]
    before, after = (b"".join(write_chunk(chunk.name, chunk.body) for chunk in part) for part in parts)
    pixels = write_chunk(b"IDAT", _deflated(rows, n_row * height))
    whole = SIGNATURE + before + pixels + after + write_chunk(b"IEND", b"")
    if n_rows == height:
        return Mended(whole, "the end of the PNG is missing, its rows are all there")
    left = {4: "clear", 6: "clear", 3: "in the palette's first color"}.get(color_type, "black")
    return Mended(
        whole, f"the PNG is cut off: {height - n_rows:,} of {counted(height, 'row')} are missing, left {left}"
    )


def _inflated(stream: bytes, most: int) -> bytes:
    """Return what can be inflated of a cut stream, up to so many bytes."""
    inflater, found = zlib.decompressobj(), bytearray()
    try:
        for start in range(0, len(stream), _INFLATED_AT_ONCE):
            found += inflater.decompress(stream[start : start + _INFLATED_AT_ONCE], max(1, most - len(found)))
            if len(found) >= most or inflater.eof:
                break
    except zlib.error:
        pass
    return bytes(found[:most])


def _deflated(rows: bytes, n: int) -> bytes:
    """Deflate rows and so many zeros that they are `n` bytes together, which are never held at once."""
    deflater, pieces = zlib.compressobj(1), []
    pieces.append(deflater.compress(rows))
    for start in range(len(rows), n, _AT_ONCE):
        pieces.append(deflater.compress(bytes(min(_AT_ONCE, n - start))))
    return b"".join([*pieces, deflater.flush()])


def _is_whole_stream(stream: bytes) -> bool:
    """Tell whether a zlib stream has its end, without holding what it inflates to."""
    inflater = zlib.decompressobj()
    try:
        left = stream
        while left and not inflater.eof:
            inflater.decompress(left, _AT_ONCE)
            left = inflater.unconsumed_tail
    except zlib.error:
        return False
    return inflater.eof


def _whole_png_frames(chunks: list[Chunk]) -> Mended | None:
    """Return the animation without the frame in which it ends."""
    starts = [number for number, chunk in enumerate(chunks) if chunk.name == b"fcTL"]
    data = [
        b"".join(c.body[4 if c.name == b"fdAT" else 0 :] for c in chunks[start:end] if c.name in (b"IDAT", b"fdAT"))
        for start, end in zip(starts, [*starts[1:], len(chunks)], strict=True)
    ]
    n_whole = next((number for number, part in enumerate(data) if not _is_whole_stream(part)), len(data))
    if n_whole == 0:
        return None
    end = starts[n_whole] if n_whole < len(starts) else len(chunks)
    kept = [chunk for chunk in chunks[:end] if chunk.whole and chunk.name != b"IEND"]
    control = next(chunk.body for chunk in kept if chunk.name == b"acTL")
    n_told, n_plays = struct.unpack(">II", control)
    new = {b"acTL": struct.pack(">II", n_whole, n_plays)}
    parts = [write_chunk(chunk.name, new.get(chunk.name, chunk.body)) for chunk in kept]
    whole = SIGNATURE + b"".join(parts) + write_chunk(b"IEND", b"")
    return Mended(whole, _told_of_frames("PNG", n_whole, n_told))


def _told_of_frames(file_format: str, n_whole: int, n_told: int) -> str:
    if n_whole >= n_told:
        return f"the end of the {file_format} is missing, its frames are all there"
    return f"the {file_format} is cut off after {n_whole:,} of {counted(n_told, 'frame')}; the others are missing"


def _of_gif(data: bytes) -> _Mend | None:
    """Find out how a GIF ends: behind whole frames, which are kept, or in the first (GIF89a, 17 to 27)."""

    def part(at: int, n: int) -> bytes:
        found = data[at : at + n]
        if len(found) < n:
            raise _Cut
        return found

    def table_bytes(flags: int) -> int:
        return 3 << (flags & 7) + 1 if flags & 0x80 else 0

    def blocks_end(at: int) -> int:
        while size := part(at, 1)[0]:
            part(at + 1, size)
            at += 1 + size
        return at + 1

    at = kept = 13 + table_bytes(part(10, 1)[0])
    n_images, clear, start = 0, None, at
    try:
        while (kind := part(at, 1)[0]) != _GIF_TRAILER:
            start = at
            if kind == _GIF_IMAGE:
                at = blocks_end(at + 11 + table_bytes(part(at + 9, 1)[0]))
                n_images, kept = n_images + 1, at
            elif kind == _GIF_EXTENSION:
                at = blocks_end(at + 2)
                if data[start + 1] == _GIF_CONTROL:  # it belongs to the picture behind it
                    clear = data[start + 6] if data[start + 3] & 1 else None
                else:
                    kept = at
            elif kind == 0:  # stray zeros between blocks are common
                found = _NOT_ZERO.search(data, at)
                at = found.start() if found else len(data)
            else:
                return None
        return None
    except _Cut:
        if n_images:
            cut = at < len(data)
            told = f"the GIF is cut off after {counted(n_images, 'frame')}; the rest is missing"
            told = told if cut else f"the end mark of the GIF is missing behind {counted(n_images, 'frame')}"
            whole = Mended(data[:kept] + bytes([_GIF_TRAILER]), told)
            return lambda max_pixels: whole
    return functools.partial(_fill_gif, data, start, clear) if data[start : start + 1] == bytes([_GIF_IMAGE]) else None


def _fill_gif(data: bytes, start: int, clear: int | None, max_pixels: int) -> Mended | None:
    """Fill up the only picture of a GIF; of interlaced ones rows that are missing repeat the one above."""
    left, top, width, height, flags = struct.unpack_from("<HHHHB", data, start + 1)
    check_size(width, height, max_pixels)
    codes_at = start + 10 + (3 << (flags & 7) + 1 if flags & 0x80 else 0)
    code_size, at = data[codes_at], codes_at + 1
    if not 1 <= code_size <= 8:
        return None
    pieces = []
    while at < len(data) and data[at]:
        pieces.append(data[at + 1 : at + 1 + data[at]])
        at += 1 + data[at]
    found = _lzw_indices(code_size, b"".join(pieces), width * height)
    n_rows = len(found) // width
    if n_rows == 0:
        return None
    stored = np.full(width * height, 0 if clear is None else clear, np.uint8)
    stored[: len(found)] = np.frombuffer(found, np.uint8)
    rows: Bytes = stored.reshape(height, width)
    filled = "left clear" if clear is not None else "left in the palette's first color"
    if flags & 0x40:
        rows, filled = _deinterlaced(rows, n_rows), "filled with those above"
    descriptor = struct.pack("<BHHHHB", _GIF_IMAGE, left, top, width, height, flags & ~0x40)
    whole = data[:start] + descriptor + data[start + 10 : codes_at] + compress_lzw(rows, code_size)
    note = f"the GIF is cut off: {height - n_rows:,} of {counted(height, 'row')} are missing, {filled}"
    if n_rows == height:
        note = "the end of the GIF is missing, its rows are all there"
    return Mended(whole + bytes([_GIF_TRAILER]), note)


def _lzw_indices(code_size: int, data: bytes, most: int) -> bytes:
    """Return the indices that LZW codes stand for (GIF89a, appendix F), until they end or make no sense."""
    clear, end = 1 << code_size, (1 << code_size) + 1
    literals = [bytes([index]) for index in range(clear)] + [b"", b""]
    table, width, before = list(literals), code_size + 1, b""
    found, bits, n_bits = bytearray(), 0, 0
    for byte in data:
        bits |= byte << n_bits
        n_bits += 8
        while n_bits >= width:
            code, bits, n_bits = bits & ((1 << width) - 1), bits >> width, n_bits - width
            if code == clear:
                table, width, before = list(literals), code_size + 1, b""
                continue
            if code == end or code > len(table) or (code == len(table) and not before):
                return bytes(found[:most])
            entry = table[code] if code < len(table) else before + before[:1]
            found += entry
            if len(found) >= most:
                return bytes(found[:most])
            if before and len(table) < _LARGEST_LZW_TABLE:
                table.append(before + entry[:1])
            if len(table) == 1 << width and width < 12:
                width += 1
            before = entry
    return bytes(found)


def _deinterlaced(stored: Bytes, n_rows: int) -> Bytes:
    """Return rows in their order; those after the first `n_rows` stored ones repeat the one above that is there."""
    height = len(stored)
    order = [row for first, step in _GIF_PASSES for row in range(first, height, step)]
    place = np.full(height, -1)
    place[order[:n_rows]] = np.arange(n_rows)
    shown = np.maximum.accumulate(np.where(place >= 0, np.arange(height), 0))
    rows: Bytes = stored[place[shown]]
    return rows


def _of_jpeg(data: bytes) -> _Mend | None:
    """Find out where the whole segments and scans of a JPEG end (ITU-T T.81, annex B)."""
    at, cut, progressive, n_scans = 2, len(data), False, 0
    while found := _JPEG_MARKER.search(data, at):
        at, marker = found.start(), found[1][0]
        if marker == _JPEG_END:
            return None
        length = int.from_bytes(data[at + 2 : at + 4], "big")
        if at + 2 + length >= len(data) or at + 4 > len(data):
            cut = at
            break
        progressive |= marker in _JPEG_PROGRESSIVE
        n_scans += marker == _JPEG_SCAN
        at += 2 + length
    if not n_scans:
        return None
    return functools.partial(_fill_jpeg, data[:cut].removesuffix(b"\xff"), progressive)


def _fill_jpeg(there: bytes, progressive: bool, max_pixels: int) -> Mended | None:
    """Put an end mark behind what is there: the decoder fills up."""
    whole = there + _END_MARK
    shown, other = _jpeg_pixels(whole, max_pixels), _jpeg_pixels(there + _OTHER_FILLING + _END_MARK, max_pixels)
    changed = (shown != other).reshape(len(shown), -1).any(axis=1)
    if progressive:  # the scans of a picture are not numbered: whole ones may be missing, too
        told = (
            "is cut off: details of its last scans are missing"
            if changed.any()
            else "has no end: details may be missing"
        )
        return Mended(whole, f"the JPEG {told}")
    if not changed.any():
        return Mended(whole, "the end mark of the JPEG is missing, its rows are all there")
    # The first bits of a filling may say the same; blocks are 16 rows high at most, and smoothed into the row above.
    first = (int(np.argmax(changed)) + 1) // 16 * 16
    return Mended(
        whole, f"the JPEG is cut off: about the last {len(shown) - first:,} of {counted(len(shown), 'row')} are gray"
    )


def _jpeg_pixels(data: bytes, max_pixels: int) -> Bytes:
    with open_image(data, ("JPEG",)) as image:
        check_size(*image.size, max_pixels)
        pixels: Bytes = np.asarray(image)
        return pixels


def _of_y4m(data: bytes) -> _Mend | None:
    """Keep the whole frames of raw video."""
    starts, end = whole_frames(data)
    if not starts or end == len(data) or not b"FRAME".startswith(data[end : end + 5]):
        return None  # whole, or damaged within
    mended = Mended(data[:end], f"the Y4M file is cut off after {counted(len(starts), 'frame')}; the rest is missing")
    return lambda max_pixels: mended


def _of_matroska(data: bytes) -> _Mend | None:
    """Keep what is whole of a video."""
    whole = without_incomplete_element(data)
    if whole is None:
        return None
    mended = Mended(whole, "the video is cut off; what was behind its last frame is missing")
    return lambda max_pixels: mended


_MENDERS: dict[bytes, Callable[[bytes], _Mend | None]] = {
    SIGNATURE: _of_png,
    b"GIF8": _of_gif,
    b"\xff\xd8": _of_jpeg,
    Y4M_SIGNATURE: _of_y4m,
    EBML: _of_matroska,
}
