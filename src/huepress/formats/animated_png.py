"""Animated PNG (PNG Specification, third edition, chapter 11.3.4): chunks in, chunks out.

Each frame is decoded and encoded as a picture of its own.
"""

from __future__ import annotations

import struct
import zlib
from collections.abc import Iterator
from dataclasses import dataclass
from fractions import Fraction

import numpy as np
import numpy.typing as npt

from huepress.errors import DecodeError, HuepressError
from huepress.formats.decode import check_size, decode
from huepress.formats.encode_png import encode_png
from huepress.model import Animation, Bytes, IndexedImage

_SIGNATURE = b"\x89PNG\r\n\x1a\n"
_KEEP, _BACKGROUND, _PREVIOUS = 0, 1, 2
_SOURCE, _OVER = 0, 1
# Chunks that say how the samples of every frame are to be read.
_READING_CHUNKS = (b"PLTE", b"tRNS", b"gAMA", b"cHRM", b"sRGB", b"iCCP", b"cICP", b"sBIT")
_LARGEST = 0xFFFF


@dataclass
class _StoredFrame:
    width: int
    height: int
    left: int
    top: int
    duration: Fraction
    disposal: int
    blend: int
    data: list[bytes]


def read(data: bytes, *, max_pixels: int) -> Animation | None:
    """Return the animation of a PNG with an acTL chunk, else None.

    A default image that is not part of the animation is not among the frames.

    Raises
    ------
    DecodeError
        If the file is damaged or cut off.
    """
    if not data.startswith(_SIGNATURE):
        return None
    header, heads, frames = b"", [], []
    control: tuple[int, int] | None = None
    n_numbered = 0
    current: _StoredFrame | None = None
    seen_data = False
    for kind, body in _chunks(data):
        if kind == b"IDAT" and control is None:
            return None
        if kind == b"IHDR":
            header = body
        elif kind == b"acTL":
            if len(body) != 8:
                raise _damaged("its acTL chunk has a wrong length")
            control = struct.unpack(">II", body)
        elif kind in _READING_CHUNKS and not seen_data:
            heads.append((kind, body))
        elif kind == b"fcTL":
            number, current = _frame_control(body)
            if number != n_numbered:
                raise _damaged("its frames are out of order")
            n_numbered += 1
            frames.append(current)
        elif kind == b"IDAT":
            seen_data = True
            if current is not None:
                current.data.append(body)
        elif kind == b"fdAT":
            if current is None or len(body) < 4 or int.from_bytes(body[:4], "big") != n_numbered:
                raise _damaged("its frames are out of order")
            n_numbered += 1
            current.data.append(body[4:])
    if control is None or len(header) != 13:
        return None
    n_frames, n_plays = control
    if n_frames != len(frames) or n_frames == 0:
        raise _damaged(f"{len(frames)} frames where {n_frames} are announced")
    width, height = struct.unpack(">II", header[:8])
    check_size(width, height, max_pixels)
    for frame in frames:
        if frame.left + frame.width > width or frame.top + frame.height > height or not frame.width or not frame.height:
            raise _damaged("a frame reaches beyond the picture")

    def shown() -> Iterator[Bytes]:
        return _compose(frames, header, heads, width, height)

    return Animation(width, height, "PNG", tuple(f.duration for f in frames), n_plays, shown, data)


def _chunks(data: bytes) -> Iterator[tuple[bytes, bytes]]:
    at, kind = len(_SIGNATURE), b""
    while at < len(data) and kind != b"IEND":
        length, kind = struct.unpack(">I4s", data[at : at + 8].ljust(8, b"\0"))
        body = data[at + 8 : at + 8 + length]
        check = data[at + 8 + length : at + 12 + length]
        if kind != b"IDAT" and (len(check) < 4 or zlib.crc32(kind + body) != int.from_bytes(check, "big")):
            # Of a picture the decoder judges; a broken one never gets as far as its frames.
            raise _damaged("a chunk is cut off or has a wrong checksum")
        yield kind, body
        at += 12 + length
    if kind != b"IEND":
        raise _damaged("its end is missing")


def _damaged(what: str) -> DecodeError:
    return DecodeError(f"the PNG is damaged: {what}; fetch or make it anew")


def _frame_control(body: bytes) -> tuple[int, _StoredFrame]:
    if len(body) != 26:
        raise _damaged("an fcTL chunk has a wrong length")
    number, width, height, left, top, over, under, disposal, blend = struct.unpack(">IIIIIHHBB", body)
    return number, _StoredFrame(width, height, left, top, Fraction(over, under or 100), disposal, blend, [])


def _compose(
    frames: list[_StoredFrame], header: bytes, heads: list[tuple[bytes, bytes]], width: int, height: int
) -> Iterator[Bytes]:
    canvas = np.zeros((height, width, 4), np.uint8)
    for number, frame in enumerate(frames):
        size = struct.pack(">II", frame.width, frame.height)
        single = [_chunk(b"IHDR", size + header[8:]), *(_chunk(*head) for head in heads)]
        single += [_chunk(b"IDAT", b"".join(frame.data)), _chunk(b"IEND", b"")]
        try:
            pixels = decode(_SIGNATURE + b"".join(single), max_pixels=frame.width * frame.height).pixels_srgb8
        except HuepressError as error:
            raise type(error)(f"frame {number + 1}: {error}") from None
        part = np.full((frame.height, frame.width, 4), 255, np.uint8)
        part[:, :, : pixels.shape[2]] = pixels
        part[part[:, :, 3] == 0] = 0
        box = (slice(frame.top, frame.top + frame.height), slice(frame.left, frame.left + frame.width))
        # On the first frame there is nothing to go back to but nothing.
        disposal = _BACKGROUND if number == 0 and frame.disposal == _PREVIOUS else frame.disposal
        before = canvas[box].copy()
        canvas[box] = _blended(before, part) if frame.blend == _OVER else part
        yield canvas.copy()
        if disposal == _PREVIOUS:
            canvas[box] = before
        elif disposal == _BACKGROUND:
            canvas[box] = 0


def _blended(below: Bytes, above: Bytes) -> Bytes:
    """Return straight-alpha "over" (Porter and Duff 1984), rounded to the nearest code."""
    alpha = above[:, :, 3:].astype(np.int64) * 255
    rest = below[:, :, 3:].astype(np.int64) * (255 - above[:, :, 3:].astype(np.int64))
    total = alpha + rest  # 255 squared for opaque
    mixed: npt.NDArray[np.int64] = above[:, :, :3] * alpha + below[:, :, :3] * rest
    result = np.zeros_like(above)
    result[:, :, :3] = (2 * mixed + total) // np.maximum(2 * total, 1)
    result[:, :, 3] = (2 * total[:, :, 0] + 255) // 510
    result[result[:, :, 3] == 0] = 0
    return result


class PngWriter:
    """Writes an animated PNG of one palette frame by frame."""

    def __init__(self, width: int, height: int, n_frames: int, n_plays: int, effort: int) -> None:
        self._size = (width, height)
        self._n_frames, self._n_plays, self._effort = n_frames, n_plays, effort
        self._parts: list[bytes] = []
        self._n_numbered = 0

    def encode(self, image: IndexedImage) -> bytes:
        """Return the stored form of a rectangle, to be given to `add`."""
        self._head, data = _split(encode_png(image, effort=self._effort, keep_indices=True).data)
        return data

    def add(
        self, data: bytes, corner: tuple[int, int], size: tuple[int, int], duration: Fraction, *, over: bool
    ) -> None:
        """Add a frame: the first of them covers the canvas."""
        if not self._parts:
            width, height = self._size
            head = [_chunk(kind, body) for kind, body in self._head if kind != b"IHDR"]
            header = struct.pack(">II", width, height) + self._head[0][1][8:]
            control = struct.pack(">II", self._n_frames, self._n_plays)
            self._parts = [_SIGNATURE, _chunk(b"IHDR", header), _chunk(b"acTL", control), *head]
        short = _representable(duration)
        blend = _OVER if over else _SOURCE
        fields = (*size, *corner, short.numerator, short.denominator, _KEEP, blend)
        first = self._n_numbered == 0
        self._parts.append(self._numbered(b"fcTL", struct.pack(">IIIIHHBB", *fields)))
        self._parts.append(_chunk(b"IDAT", data) if first else self._numbered(b"fdAT", data))

    def finish(self) -> bytes:
        """Return the whole file."""
        return b"".join([*self._parts, _chunk(b"IEND", b"")])

    def _numbered(self, kind: bytes, body: bytes) -> bytes:
        self._n_numbered += 1
        return _chunk(kind, struct.pack(">I", self._n_numbered - 1) + body)


def _representable(duration: Fraction) -> Fraction:
    """Return the nearest fraction of two 16-bit numbers."""
    if duration >= _LARGEST:
        return Fraction(_LARGEST)
    return duration.limit_denominator(max(1, min(_LARGEST, int(_LARGEST / max(duration, Fraction(1))))))


def _split(png: bytes) -> tuple[list[tuple[bytes, bytes]], bytes]:
    head, data = [], b""
    for kind, body in _chunks(png):
        if kind in (b"IHDR", b"PLTE", b"tRNS"):
            head.append((kind, body))
        elif kind == b"IDAT":
            data += body
    return head, data


def _chunk(kind: bytes, body: bytes) -> bytes:
    return struct.pack(">I", len(body)) + kind + body + struct.pack(">I", zlib.crc32(kind + body))
