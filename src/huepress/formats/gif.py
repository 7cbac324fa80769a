"""GIF (Graphics Interchange Format, version 89a): indexed pictures and animations, blocks in, blocks out.

Pillow decodes the codes of each frame; the blocks are read here because durations, disposal and the end of the file
must be exact. What is shown follows the browsers: a frame disposed of to the background leaves nothing behind,
whatever the background color.
"""

from __future__ import annotations

import io
import struct
from collections.abc import Iterator
from dataclasses import dataclass, replace
from fractions import Fraction

import numpy as np
from PIL import Image, ImageFile

from huepress.colors.arrays import has_hard_edges
from huepress.errors import DecodeError, LimitError, OptionError
from huepress.formats.decode import check_size
from huepress.formats.opening import open_image
from huepress.formats.record import PLAIN, FileFormat, Moving, Wish, mark_body
from huepress.model import Animation, Bytes, Encoded, IndexedImage, Palette, SourceImage
from huepress.wording import counted

# A pixel is shown or not: from this alpha on it is shown.
_SHOWN_FROM = 128
TICK = Fraction(1, 100)
LONGEST_TICKS = 0xFFFF
LARGEST_SIDE = 0xFFFF
KEEP, BACKGROUND, PREVIOUS = 1, 2, 3  # disposal; 0 means KEEP, too
_EXTENSION, _IMAGE, _TRAILER = 0x21, 0x2C, 0x3B
_CONTROL, _APPLICATION = 0xF9, 0xFF
_LOOP_NAMES = (b"NETSCAPE2.0", b"ANIMEXTS1.0")
_MARK_HEAD = b"\x21\xff\x0bHUEPRESS1.0"  # an application extension (GIF89a, 26)
_END = b"\x3b"
# Any color table, where only the indices are wanted.
_GRAY = bytes(v for v in range(256) for _ in range(3))


def encode_gif(image: IndexedImage, wish: Wish = PLAIN) -> Encoded:
    """Encode at the smallest code size; pixels less than half opaque become transparent, others opaque.

    Author and copyright become a comment; a resolution has no room.

    Raises
    ------
    LimitError
        If a side is longer than the format allows.
    OptionError
        If the colors need a profile, for which the format has no room.
    """
    height, width = image.indices.shape
    if max(height, width) > LARGEST_SIDE:
        raise LimitError(f"GIF holds at most {LARGEST_SIDE} pixels a side, not {width} x {height}; write PNG")
    if wish.metadata.icc_profile is not None:
        raise OptionError("GIF has no room for a color profile; choose color 'srgb' or another format")
    indices, colors, clear = _with_one_clear_entry(image)
    bits = max(1, (len(colors) - 1).bit_length())
    parts = [b"GIF89a", struct.pack("<HHBBB", width, height, 0x80 | (bits - 1), 0, 0)]
    parts.append(colors.tobytes() + bytes(3 * ((1 << bits) - len(colors))))
    comment = "\n".join(f"{keyword}: {text}" for keyword, text in wish.metadata.texts).encode("utf-8", "replace")
    if comment:
        blocks = (comment[i : i + 255] for i in range(0, len(comment), 255))
        parts.append(b"!\xfe" + b"".join(bytes([len(block)]) + block for block in blocks) + b"\0")
    if clear is not None:
        parts.append(b"!\xf9\4" + struct.pack("<BHB", 1, 0, clear) + b"\0")
    parts.append(b"," + struct.pack("<HHHHB", 0, 0, width, height, 0))
    parts.append(compress_lzw(indices, bits) + b";")
    return Encoded(b"".join(parts), "GIF")


def with_binary_alpha(source: SourceImage) -> SourceImage:
    """Make every pixel opaque or transparent, so that the palette wastes no entry on what GIF cannot show."""
    pixels = source.pixels_srgb8
    if has_hard_edges(pixels):
        return source
    shown = pixels[:, :, 3:] >= _SHOWN_FROM
    opaque = np.concatenate([pixels[:, :, :3], np.full_like(pixels[:, :, 3:], 255)], axis=2)
    if shown.all():
        binary: Bytes = opaque[:, :, :3]
    else:
        binary = np.where(shown, opaque, np.uint8(0))
    return replace(source, pixels_srgb8=binary, notes=(*source.notes, "soft alpha made on or off, as GIF has no other"))


def is_shown_equal(image: IndexedImage) -> bool:
    """Tell whether a GIF shows the same picture: every color is opaque or invisible."""
    colors = np.asarray(image.palette)
    if colors.shape[1] == 3:
        return True
    alphas = colors[:, 3]
    fits = len(colors) - int((alphas == 0).sum()) + int((alphas == 0).any()) <= 256
    return fits and bool(((alphas == 0) | (alphas == 255)).all())


def compress_lzw(indices: Bytes, bits: int) -> bytes:
    """Return indices as image data: code size, LZW blocks and their end (GIF89a, appendix F).

    Pillow's own writer starts with codes of 9 bits whatever the palette.
    """
    code_size = max(bits, 2)
    picture = Image.fromarray(np.ascontiguousarray(indices))
    picture.encoderconfig = (code_size, 0)
    buffer = io.BytesIO()
    ImageFile._save(picture, buffer, [ImageFile._Tile("gif", (0, 0, *picture.size), 0, "L")])
    return bytes([code_size]) + buffer.getvalue() + b"\0"


def _with_one_clear_entry(image: IndexedImage) -> tuple[Bytes, Bytes, int | None]:
    """Return indices, RGB palette and the entry that is transparent, if any."""
    colors = np.asarray(image.palette)
    if colors.shape[1] == 3:
        return image.indices, np.ascontiguousarray(colors), None
    clear = colors[:, 3] < _SHOWN_FROM
    rgb = np.ascontiguousarray(colors[:, :3])
    if not clear.any():
        return image.indices, rgb, None
    first = int(np.flatnonzero(clear)[0])
    kept = ~clear
    kept[first] = True
    renumbered = (np.cumsum(kept) - 1).astype(np.uint8)
    renumbered[clear] = renumbered[first]
    return renumbered[image.indices], rgb[kept], int(renumbered[first])


def clean_gif(data: bytes, exif: bytes | None, *, resolution: bool) -> bytes | None:
    """Drop comments and application blocks that do not animate (GIF89a, 24 and 26)."""
    position = 13 + _color_table_bytes(data[10])
    kept = [data[:position]]
    while position < len(data):
        start, kind = position, data[position]
        if kind == 0x3B:
            return b"".join(kept) + b";"
        if kind == 0x2C and position + 10 <= len(data):
            position = _end_of_blocks(data, position + 11 + _color_table_bytes(data[position + 9]))
            kept.append(data[start:position])
        elif kind == 0x21 and position + 2 < len(data):
            position = _end_of_blocks(data, position + 2)
            name = data[start + 3 : start + 14]
            if data[start + 1] == 0xF9 or (data[start + 1] == 0xFF and name in _LOOP_NAMES):
                kept.append(data[start:position])
        else:
            return None
    return None


def _color_table_bytes(flags: int) -> int:
    """Return the bytes of the color table that a descriptor's flags announce."""
    return 3 << ((flags & 7) + 1) if flags & 0x80 else 0


def _end_of_blocks(data: bytes, position: int) -> int:
    while position < len(data) and data[position]:
        position += 1 + data[position]
    return position + 1


def mark_gif(data: bytes, mark: bytes) -> bytes:
    """Return a GIF with a mark before its end; as it is where it does not begin and end as ours do."""
    if not data.startswith(b"GIF89a") or not data.endswith(_END):
        return data
    body = mark_body(mark, data)
    return data[: -len(_END)] + _MARK_HEAD + bytes([len(body)]) + body + b"\0" + _END


def _unmark_gif(data: bytes, n_body: int) -> bytes:
    return data[: -len(_END) - len(_MARK_HEAD) - 2 - n_body] + _END


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


def read_moving(data: bytes, *, max_pixels: int) -> Animation | None:
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
            f"the GIF is cut off after {counted(len(frames), 'frame')}: its end mark is missing; fetch or make it anew"
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
        whole = part.view(np.uint32)
        np.copyto(canvas.view(np.uint32)[box], whole, where=part[:, :, 3:] > 0)
        yield canvas.copy()
        if before is not None:
            canvas = before
        elif frame.disposal == BACKGROUND:
            canvas[box] = 0


def _decode(frame: _StoredFrame, number: int) -> Bytes:
    if frame.width == 0 or frame.height == 0:
        return np.zeros((frame.height, frame.width, 4), np.uint8)
    single = b"".join(
        (
            b"GIF87a",
            struct.pack("<HHBBB", frame.width, frame.height, 0xF7, 0, 0),
            _GRAY,
            struct.pack("<BHHHHB", _IMAGE, 0, 0, frame.width, frame.height, 0x40 * frame.interlaced),
            frame.codes,
            bytes([_TRAILER]),
        )
    )
    try:
        with open_image(single, ("GIF",)) as image:
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
    # A pixel at a time instead of its four channels.
    shown: Bytes = colors.view(np.uint32)[:, 0].take(indices).view(np.uint8).reshape(*indices.shape, 4)
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


FORMAT = FileFormat(
    name="gif",
    file_format="GIF",
    extensions=(".gif",),
    mime_type="image/gif",
    recognizes=lambda data: data[:6] in (b"GIF87a", b"GIF89a"),
    encode=encode_gif,
    holds_profile=False,
    holds_hidden=False,
    adapt=with_binary_alpha,
    shows_equal=is_shown_equal,
    clean=clean_gif,
    mark=mark_gif,
    unmark=_unmark_gif,
    moving=Moving(read=read_moving, tick=TICK, binary_alpha=True),
)
