"""Animated GIF (GIF89a, and the NETSCAPE2.0 extension for loops): blocks in, blocks out.

Pillow decodes the codes of each frame; the blocks are read here because durations, disposal and
the end of the file must be exact. What is shown follows the browsers: a frame disposed of to the
background leaves nothing behind, whatever the background color.
"""

from __future__ import annotations

import io
import struct
from collections.abc import Iterator
from dataclasses import dataclass
from fractions import Fraction

import numpy as np
from PIL import Image

from huepress.errors import DecodeError
from huepress.formats.decode import check_size, own_pixel_limit
from huepress.model import Animation, Bytes, Palette

TICK = Fraction(1, 100)
LONGEST_TICKS = 0xFFFF
LARGEST_SIDE = 0xFFFF
KEEP, BACKGROUND, PREVIOUS = 1, 2, 3  # disposal; 0 means KEEP, too
_EXTENSION, _IMAGE, _TRAILER = 0x21, 0x2C, 0x3B
_CONTROL, _APPLICATION = 0xF9, 0xFF
_LOOP_NAMES = (b"NETSCAPE2.0", b"ANIMEXTS1.0")


@dataclass(frozen=True)
class _StoredFrame:
    left: int
    top: int
    width: int
    height: int
    disposal: int
    transparent: int | None
    duration: Fraction
    color_table: bytes
    interlaced: bool
    codes: bytes  # minimum code size and sub-blocks, the last of them empty


class _CutError(Exception):
    """The data end too early."""


class _Blocks:
    def __init__(self, data: bytes) -> None:
        self._data = data
        self.at = 6

    def take(self, n: int) -> bytes:
        part = self._data[self.at : self.at + n]
        if len(part) < n:
            raise _CutError
        self.at += n
        return part

    def numbers(self, layout: str) -> tuple[int, ...]:
        return struct.unpack("<" + layout, self.take(struct.calcsize("<" + layout)))

    def sub_blocks(self) -> bytes:
        start = self.at
        while size := self.take(1)[0]:
            self.take(size)
        return self._data[start : self.at]


def read(data: bytes, *, max_pixels: int) -> Animation | None:
    """Return the animation of a GIF with more than one frame, else None.

    Raises
    ------
    DecodeError
        If the file is damaged or cut off, unless it holds a single picture.
    LimitError
        If the canvas or a frame has more than `max_pixels` pixels.
    """
    if data[:6] not in (b"GIF87a", b"GIF89a"):
        return None
    frames: list[_StoredFrame] = []
    n_plays = 1
    blocks = _Blocks(data)
    moving = False  # something says that more than one frame is to come
    try:
        width, height, flags, _, _ = blocks.numbers("HHBBB")
        shared = blocks.take(3 << (flags & 7) + 1) if flags & 0x80 else b""
        control = (0, 0, None)
        while (kind := blocks.take(1)[0]) != _TRAILER:
            moving |= len(frames) > 0 and kind in (_IMAGE, _EXTENSION)
            if kind == _IMAGE:
                frames.append(_read_image(blocks, shared, *control))
                control = (0, 0, None)
            elif kind == _EXTENSION:
                label = blocks.take(1)[0]
                body = blocks.sub_blocks()
                if label == _CONTROL and len(body) >= 6:
                    packed, ticks, transparent = struct.unpack("<BHB", body[1:5])
                    control = (packed >> 2 & 7, ticks, transparent if packed & 1 else None)
                elif label == _APPLICATION and body[1:12] in _LOOP_NAMES and body[12:14] == b"\x03\x01":
                    repeats = int.from_bytes(body[14:16], "little")
                    n_plays, moving = (repeats + 1 if repeats else 0), True
            elif kind != 0:  # stray zeros between blocks are common
                raise DecodeError("the GIF is damaged: an unknown block; make it anew or leave it out")
    except _CutError:
        if len(frames) < 2 and not moving:
            return None  # at most one picture: the decoder of pictures judges it
        raise DecodeError(
            f"the GIF is cut off after {len(frames)} frames: its end mark is missing; fetch or make it anew"
        ) from None
    if len(frames) < 2:
        return None
    if frames[0].left + frames[0].width > width or frames[0].top + frames[0].height > height:
        width, height = frames[0].left + frames[0].width, frames[0].top + frames[0].height
    check_size(width, height, max_pixels)
    for frame in frames:
        check_size(max(1, frame.width), max(1, frame.height), max_pixels)

    def shown() -> Iterator[Bytes]:
        return _compose(frames, width, height)

    return Animation(width, height, "GIF", tuple(f.duration for f in frames), n_plays, shown, data)


def _read_image(blocks: _Blocks, shared: bytes, disposal: int, ticks: int, transparent: int | None) -> _StoredFrame:
    left, top, width, height, flags = blocks.numbers("HHHHB")
    table = blocks.take(3 << (flags & 7) + 1) if flags & 0x80 else shared
    codes = blocks.take(1) + blocks.sub_blocks()
    return _StoredFrame(left, top, width, height, disposal, transparent, ticks * TICK, table, bool(flags & 0x40), codes)


def _compose(frames: list[_StoredFrame], width: int, height: int) -> Iterator[Bytes]:
    canvas = np.zeros((height, width, 4), np.uint8)
    for number, frame in enumerate(frames):
        part = _decode(frame, number)[: max(0, height - frame.top), : max(0, width - frame.left)]
        box = (slice(frame.top, frame.top + part.shape[0]), slice(frame.left, frame.left + part.shape[1]))
        before = canvas.copy() if frame.disposal == PREVIOUS else None
        drawn = part[:, :, 3] > 0
        canvas[box][drawn] = part[drawn]
        yield canvas.copy()
        if before is not None:
            canvas = before
        elif frame.disposal == BACKGROUND:
            canvas[box] = 0


def _decode(frame: _StoredFrame, number: int) -> Bytes:
    if frame.width == 0 or frame.height == 0:
        return np.zeros((frame.height, frame.width, 4), np.uint8)
    gray = bytes(v for v in range(256) for _ in range(3))  # any table: only the indices are wanted
    single = b"".join(
        (
            b"GIF87a",
            struct.pack("<HHBBB", frame.width, frame.height, 0xF7, 0, 0),
            gray,
            struct.pack("<BHHHHB", _IMAGE, 0, 0, frame.width, frame.height, 0x40 * frame.interlaced),
            frame.codes,
            bytes([_TRAILER]),
        )
    )
    try:
        with own_pixel_limit(), Image.open(io.BytesIO(single)) as image:
            indices = np.asarray(image)
    except MemoryError:
        raise
    except Exception as error:
        raise DecodeError(f"frame {number + 1} of the GIF is damaged ({error}); make it anew or leave it out") from None
    colors = np.zeros((256, 4), np.uint8)
    colors[:, 3] = 255
    table = np.frombuffer(frame.color_table, np.uint8).reshape(-1, 3)
    colors[: len(table), :3] = table
    if frame.transparent is not None:
        colors[frame.transparent] = 0
    shown: Bytes = colors[indices]
    return shown


class GifWriter:
    """Writes a GIF frame by frame.

    Parameters
    ----------
    width, height : int
    palette : Palette, optional
        Shared by all frames that bring none; opaque.
    n_plays : int
        0 for forever.
    """

    def __init__(self, width: int, height: int, palette: Palette | None, n_plays: int) -> None:
        self._shared = None if palette is None else palette
        table, size = _color_table(palette)
        packed = 0x70 | (0x80 | size if palette is not None else 0)
        self._parts = [b"GIF89a", struct.pack("<HHBBB", width, height, packed, 0, 0), table]
        if n_plays != 1:
            repeats = min(n_plays - 1, 0xFFFF) if n_plays else 0
            self._parts.append(b"\x21\xff\x0bNETSCAPE2.0\x03\x01" + struct.pack("<HB", repeats, 0))

    def add(
        self,
        *,
        corner: tuple[int, int],
        size: tuple[int, int],
        min_code_size: int,
        codes: bytes,
        ticks: int,
        disposal: int,
        transparent: int | None,
        palette: Palette | None = None,
    ) -> None:
        """Add a frame: its rectangle, LZW codes, hundredths of a second, and its own palette if any."""
        packed = disposal << 2 | (transparent is not None)
        self._parts.append(struct.pack("<BBBBHBB", _EXTENSION, _CONTROL, 4, packed, ticks, transparent or 0, 0))
        table, bits = _color_table(palette)
        packed = 0 if palette is None else 0x80 | bits
        self._parts += [struct.pack("<BHHHHB", _IMAGE, *corner, *size, packed), table, bytes([min_code_size])]
        for at in range(0, len(codes), 255):
            block = codes[at : at + 255]
            self._parts += [bytes([len(block)]), block]
        self._parts.append(b"\0")

    @property
    def n_bytes(self) -> int:
        """Bytes so far."""
        return sum(map(len, self._parts))

    def finish(self) -> bytes:
        """Return the whole file."""
        return b"".join([*self._parts, bytes([_TRAILER])])


def _color_table(palette: Palette | None) -> tuple[bytes, int]:
    """Return a color table of 2, 4, ... 256 entries and its size field."""
    if palette is None:
        return b"", 0
    bits = max(1, (len(palette) - 1).bit_length())
    return palette.colors_srgb8[:, :3].tobytes().ljust(3 << bits, b"\0"), bits - 1
