"""PNG (PNG Specification, third edition): indexed and gray pictures, optimized losslessly, and animations.

Each frame of an animation is decoded and encoded as a picture of its own.
"""

from __future__ import annotations

import struct
import zlib
from collections.abc import Iterator
from dataclasses import dataclass
from fractions import Fraction

import numpy as np
import numpy.typing as npt

from huepress import _core
from huepress.colors.arrays import four_channels, pack_rows
from huepress.efforts import EFFORTS
from huepress.errors import DecodeError, HuepressError
from huepress.formats.decode import check_size, decode
from huepress.formats.optimizer import has_optimizer, optimize_codes, optimize_file, plain_codes
from huepress.formats.png_chunks import SIGNATURE, insert_after_header, read_chunks, write_chunk
from huepress.formats.png_extras import with_extras
from huepress.formats.record import PLAIN, FileFormat, Moving, Wish, mark_body
from huepress.formats.timing import lasts_too_long
from huepress.model import Animation, Bytes, Encoded, IndexedImage, Metadata
from huepress.wording import counted

# A gray PNG spares the palette, about its size; with deeper pixels it pays on small pictures only.
_SMALL_PICTURE = 1 << 16
_DRAFT_EFFORT = 1  # of frames that are compared by their sizes
_INCHES_PER_METER = 1 / 0.0254
# Ancillary PNG chunks that say how a picture looks or moves (PNG third edition, 11.3).
_LOOKS = {
    b"tRNS", b"cHRM", b"gAMA", b"iCCP", b"sBIT", b"sRGB", b"cICP", b"mDCV", b"cLLI", b"bKGD", b"hIST", b"sPLT",
    b"acTL", b"fcTL", b"fdAT",
}  # fmt: skip
# Ancillary, private, and to be dropped by editors (PNG third edition, 5.4).
_MARK = b"huPR"
_END = write_chunk(b"IEND", b"")
_KEEP, _BACKGROUND, _PREVIOUS = 0, 1, 2
_SOURCE, _OVER = 0, 1
# Chunks that say how the samples of every frame are to be read.
_READING_CHUNKS = (b"PLTE", b"tRNS", b"gAMA", b"cHRM", b"sRGB", b"iCCP", b"cICP", b"sBIT")
_LARGEST = 0xFFFF
# Of zlib where nothing is to be waited for; 9 takes several times as long for a percent or two.
_QUICK_LEVEL = 6


def encode_png(image: IndexedImage, wish: Wish = PLAIN) -> Encoded:
    """Encode at the smallest bit depth that holds the palette, alpha as tRNS.

    The palette and its order stay as they are; the optimizer only chooses row filters and
    how to deflate, more carefully with more effort (0 to 9). Indices that were `searched` were chosen for
    rows without filters, so that no other needs to be tried. A palette of grays becomes a gray PNG where
    that is smaller, unless `keep_indices` is true: its pixels are equal, its indices gone.
    """
    if wish.png_writer == "zlib":
        rows, (height, width) = pack_rows(image.indices, image.bit_depth).tobytes(), image.indices.shape
        color = {"palette": _entries(image)}
        data = plain_codes(rows, width, height, color, image.bit_depth, level=_QUICK_LEVEL)
    elif wish.png_writer == "core" or not has_optimizer():
        colors = four_channels(np.asarray(image.palette))
        data = _core.write_png(colors, image.indices, wish.effort, wish.searched)
    else:
        data = _smallest(image, wish)
    if wish.metadata.png is not None:
        data = with_extras(data, wish.metadata.png, image)
    chunks = _metadata_chunks(wish.metadata)
    return Encoded(insert_after_header(data, chunks) if chunks else data, "PNG")


def _smallest(image: IndexedImage, wish: Wish) -> bytes:
    """Return the smaller of an indexed and, where it may be, a gray PNG."""
    palette = _entries(image)
    unfiltered = wish.searched and not EFFORTS[wish.effort].all_filters
    data = _optimized(image.indices, image.bit_depth, {"palette": palette}, wish.effort, unfiltered)
    gray = _as_gray(image) if not wish.keep_indices and wish.metadata.icc_profile is None else None
    if gray is not None:
        codes, depth, key = gray
        if depth <= image.bit_depth or image.indices.size <= _SMALL_PICTURE:
            data = min(data, _optimized(codes, depth, {"gray": key}, wish.effort, unfiltered=False), key=len)
    return data


def _entries(image: IndexedImage) -> list[list[int]]:
    """Return the palette as codes of red, green, blue and alpha."""
    return [[*map(int, color), 255][:4] for color in image.palette]


def optimize_png(encoded: Encoded, effort: int) -> Encoded:
    """Return a PNG of the same pixels, losslessly optimized; the file as it is where the optimizer fails."""
    data = optimize_file(encoded.data, EFFORTS[effort].png_level)
    return encoded if data is None else Encoded(data, "PNG")


def _optimized(codes: Bytes, bit_depth: int, color: dict[str, object], effort: int, unfiltered: bool) -> bytes:
    height, width = codes.shape
    how = EFFORTS[effort]
    level = how.searched_png_level if unfiltered else how.png_level
    options = {"level": level, "zopfli": how.zopfli_iterations, "unfiltered": unfiltered}
    return optimize_codes(pack_rows(codes, bit_depth).tobytes(), width, height, color, bit_depth, options)


def _as_gray(image: IndexedImage) -> tuple[Bytes, int, int | None] | None:
    """Return gray codes, their bit depth and the transparent code; None where colors need a palette."""
    colors = np.asarray(image.palette).astype(int)
    if (colors[:, :3] != colors[:, :1]).any():
        return None
    grays = colors[:, 0]
    clear = np.zeros(len(colors), dtype=bool)
    if colors.shape[1] == 4:
        clear = colors[:, 3] == 0
        if (colors[~clear, 3] != 255).any() or clear.sum() > 1 or (clear.any() and grays[clear][0] in grays[~clear]):
            return None  # one gray is transparent or none is; and no hidden gray is touched
    depth = next(bits for bits in (1, 2, 4, 8) if (grays % (255 // ((1 << bits) - 1)) == 0).all())
    codes = (grays // (255 // ((1 << depth) - 1))).astype(np.uint8)
    return codes[image.indices], depth, int(codes[clear][0]) if clear.any() else None


def _metadata_chunks(metadata: Metadata) -> bytes:
    """Return the chunks of PNG third edition, 11.3, that hold metadata."""
    chunks = []
    if metadata.icc_profile is not None:
        chunks.append(write_chunk(b"iCCP", b"icc\0\0" + zlib.compress(metadata.icc_profile, 9)))
    if metadata.dpi is not None:
        per_meter = [round(dots * _INCHES_PER_METER).to_bytes(4, "big") for dots in metadata.dpi]
        chunks.append(write_chunk(b"pHYs", b"".join(per_meter) + b"\1"))
    if metadata.exif is not None:
        chunks.append(write_chunk(b"eXIf", metadata.exif))
    if metadata.xmp is not None:
        chunks.append(write_chunk(b"iTXt", b"XML:com.adobe.xmp\0\0\0\0\0" + metadata.xmp))
    copied = metadata.png.names if metadata.png is not None else ()
    if not {"tEXt", "zTXt", "iTXt"} & set(copied):
        chunks += [_text_chunk(keyword, text) for keyword, text in metadata.texts]
    return b"".join(chunks)


def _text_chunk(keyword: str, text: str) -> bytes:
    key = keyword.encode("latin-1", "replace")[:79]
    plain = text.replace("\0", " ")
    try:
        return write_chunk(b"tEXt", key + b"\0" + plain.encode("latin-1"))
    except UnicodeEncodeError:
        return write_chunk(b"iTXt", key + b"\0\0\0\0\0" + plain.encode("utf-8", "replace"))


def clean_png(data: bytes, exif: bytes | None, *, resolution: bool) -> bytes:
    """Drop ancillary chunks that do not say how the picture looks or moves."""
    looks = _LOOKS | ({b"pHYs"} if resolution else set())
    kept = []
    for chunk in read_chunks(data):
        if chunk.critical or chunk.name in looks:
            kept.append(write_chunk(chunk.name, chunk.body))
        if chunk.name == b"IHDR" and exif:
            kept.append(write_chunk(b"eXIf", exif))
    return SIGNATURE + b"".join(kept)


def mark_png(data: bytes, mark: bytes) -> bytes:
    """Return a PNG with a mark before its end; as it is where it does not end as ours do."""
    if not data.endswith(_END):
        return data
    return data[: -len(_END)] + write_chunk(_MARK, mark_body(mark, data)) + _END


def _unmark_png(data: bytes, n_body: int) -> bytes:
    return data[: -len(_END) - 12 - n_body] + _END


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


def read_moving(data: bytes, *, max_pixels: int) -> Animation | None:
    """Return the animation of a PNG with an acTL chunk, else None.

    A default image that is not part of the animation is not among the frames.

    Raises
    ------
    DecodeError
        If the file is damaged or cut off.
    """
    if not data.startswith(SIGNATURE):
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
        raise _damaged(f"{counted(len(frames), 'frame')} where {n_frames} are announced")
    width, height = struct.unpack(">II", header[:8])
    check_size(width, height, max_pixels)
    for frame in frames:
        if frame.left + frame.width > width or frame.top + frame.height > height or not frame.width or not frame.height:
            raise _damaged("a frame reaches beyond the picture")

    def shown() -> Iterator[Bytes]:
        return _compose(frames, header, heads, width, height)

    return Animation(width, height, "PNG", tuple(f.duration for f in frames), n_plays, shown, data)


def _chunks(data: bytes) -> Iterator[tuple[bytes, bytes]]:
    at, kind = len(SIGNATURE), b""
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
        single = [write_chunk(b"IHDR", size + header[8:]), *(write_chunk(*head) for head in heads)]
        single += [write_chunk(b"IDAT", b"".join(frame.data)), write_chunk(b"IEND", b"")]
        try:
            pixels = decode(SIGNATURE + b"".join(single), max_pixels=frame.width * frame.height).pixels_srgb8
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
        self._owed = Fraction(0)  # the time by which fractions of 16 bits are behind

    def encode(self, image: IndexedImage, *, draft: bool = False) -> bytes:
        """Return the stored form of a rectangle, to be given to `add`; a draft is quick, and tells its size."""
        effort = min(self._effort, _DRAFT_EFFORT) if draft else self._effort
        wish = Wish(effort, keep_indices=True, searched=self._effort > 0)
        self._head, data = _split(encode_png(image, wish).data)
        return data

    def add(
        self, data: bytes, corner: tuple[int, int], size: tuple[int, int], duration: Fraction, *, over: bool
    ) -> None:
        """Add a frame: the first of them covers the canvas."""
        if not self._parts:
            width, height = self._size
            head = [write_chunk(kind, body) for kind, body in self._head if kind != b"IHDR"]
            header = struct.pack(">II", width, height) + self._head[0][1][8:]
            control = struct.pack(">II", self._n_frames, self._n_plays)
            self._parts = [SIGNATURE, write_chunk(b"IHDR", header), write_chunk(b"acTL", control), *head]
        if duration > _LARGEST:
            raise lasts_too_long(duration, Fraction(_LARGEST), "PNG")
        short = _representable(max(duration + self._owed, Fraction(0)))
        self._owed += duration - short
        blend = _OVER if over else _SOURCE
        fields = (*size, *corner, short.numerator, short.denominator, _KEEP, blend)
        first = self._n_numbered == 0
        self._parts.append(self._numbered(b"fcTL", struct.pack(">IIIIHHBB", *fields)))
        self._parts.append(write_chunk(b"IDAT", data) if first else self._numbered(b"fdAT", data))

    def finish(self) -> bytes:
        """Return the whole file."""
        return b"".join([*self._parts, write_chunk(b"IEND", b"")])

    def _numbered(self, kind: bytes, body: bytes) -> bytes:
        self._n_numbered += 1
        return write_chunk(kind, struct.pack(">I", self._n_numbered - 1) + body)


def _representable(duration: Fraction) -> Fraction:
    """Return the nearest fraction of two 16-bit numbers."""
    if duration >= _LARGEST:  # with what earlier frames owe
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


FORMAT = FileFormat(
    name="png",
    file_format="PNG",
    extensions=(".png", ".apng"),
    mime_type="image/png",
    recognizes=lambda data: data.startswith(SIGNATURE),
    encode=encode_png,
    optimize=optimize_png,
    clean=clean_png,
    holds_png_chunks=True,
    mark=mark_png,
    unmark=_unmark_png,
    moving=Moving(read=read_moving, palette_per_frame=False),
)
