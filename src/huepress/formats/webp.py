"""WebP (RFC 9649): lossless pictures and animations, and lossy pictures; libwebp, through Pillow, decodes and encodes.

The container of lossless animations is written here: Pillow's own writer merges frames and moves their times.
"""

from __future__ import annotations

import io
import struct
from collections.abc import Iterator
from fractions import Fraction
from typing import Any

import numpy as np
from PIL import Image

from huepress.editing import shown_times
from huepress.efforts import EFFORTS
from huepress.errors import DecodeError, LimitError
from huepress.formats.decode import check_size
from huepress.formats.metadata import as_pillow
from huepress.formats.opening import open_image
from huepress.formats.pillow_image import frames_to_pillow
from huepress.formats.record import PLAIN, FileFormat, FullColor, Moving, Wish, mark_body
from huepress.formats.timing import in_ticks
from huepress.model import Animation, Bytes, Encoded, IndexedImage

_LARGEST_SIDE = 16383
TICK = Fraction(1, 1000)
LONGEST_TICKS = 0xFFFFFF
_ANIMATED, _ALPHA = 0x02, 0x10
_NO_BLENDING = 0x02
# Chunks that say how a picture looks or moves (RFC 9649, 2.7).
_LOOKS = (b"ICCP", b"ANIM", b"ANMF", b"ALPH", b"VP8 ", b"VP8L")
_MARK = b"huPR"
_WITHOUT_LOSS = 100  # a quality of animations


def encode_webp(image: IndexedImage, wish: Wish = PLAIN) -> Encoded:
    """Encode losslessly; libwebp finds the palette itself and packs up to 16 colors.

    Raises
    ------
    LimitError
        If a side is longer than the format allows.
    """
    height, width = image.indices.shape
    _check_sides(width, height)
    return Encoded(encode_pixels(image.to_array(), effort=wish.effort, **as_pillow(wish.metadata)), "WEBP")


def _check_sides(width: int, height: int) -> None:
    if max(height, width) > _LARGEST_SIDE:
        raise LimitError(f"WebP holds at most {_LARGEST_SIDE} pixels a side, not {width} x {height}; write PNG")


def encode_lossy_webp(pixels_srgb8: Bytes, quality: int, wish: Wish) -> bytes:
    """Encode with libwebp's lossy coder; alpha stays as it is."""
    buffer = io.BytesIO()
    Image.fromarray(pixels_srgb8).save(
        buffer,
        "WEBP",
        quality=quality,
        alpha_quality=100,
        method=EFFORTS[wish.effort].lossy_webp_method,
        **as_pillow(wish.metadata),
    )
    return buffer.getvalue()


def encode_lossy_animation(animation: Animation, quality: int, wish: Wish) -> bytes:
    """Encode an animation with libwebp, which says every frame with or without loss, whichever is smaller.

    The highest quality is without loss: chroma of half the resolution keeps all others from some scores.

    Raises
    ------
    LimitError
        If a frame lasts longer than the format can say.
    """
    ticks = in_ticks(shown_times(animation.durations), TICK, LONGEST_TICKS, "WebP")
    frames, _ = frames_to_pillow(animation)
    effort = EFFORTS[wish.effort]
    how: dict[str, Any] = {"quality": quality, "method": effort.lossy_webp_method, "allow_mixed": True}
    if quality >= _WITHOUT_LOSS:
        how = {"quality": effort.webp_quality, "method": effort.webp_method, "lossless": True}
    buffer = io.BytesIO()
    next(frames).save(
        buffer,
        "WEBP",
        save_all=True,
        append_images=frames,
        duration=ticks,
        loop=min(animation.n_plays, 0xFFFF),
        alpha_quality=100,
        **how,
    )
    return buffer.getvalue()


def encode_pixels(pixels_srgb8: Bytes, *, effort: int, **extras: bytes) -> bytes:
    """Encode an array, (height, width, 3 or 4), losslessly; extras are metadata as Pillow names them."""
    buffer = io.BytesIO()
    how = EFFORTS[effort]
    Image.fromarray(pixels_srgb8).save(
        buffer, "WEBP", lossless=True, quality=how.webp_quality, method=how.webp_method, exact=True, **extras
    )
    return buffer.getvalue()


def clean_webp(data: bytes, exif: bytes | None, *, resolution: bool) -> bytes:
    """Drop EXIF, XMP and unknown chunks (RFC 9649, 2.7)."""
    chunks = []
    exif = exif if data[12:16] == b"VP8X" else None  # else there is no room, and nothing to keep
    position = 12
    while position + 8 <= len(data):
        name, length = data[position : position + 4], int.from_bytes(data[position + 4 : position + 8], "little")
        end = position + 8 + length + (length & 1)
        if name == b"VP8X":
            flags = data[position + 8] & ~0x0C | (0x08 if exif else 0)
            chunks.append(data[position : position + 8] + bytes([flags]) + data[position + 9 : end])
        elif name in _LOOKS:
            chunks.append(data[position:end])
        position = end
    if exif:
        chunks.append(write_chunk(b"EXIF", exif))
    return write_file(b"".join(chunks))


def mark_webp(data: bytes, mark: bytes) -> bytes:
    """Return a lossless WebP with a mark as its last chunk; any other as it is."""
    if data[12:16] not in (b"VP8L", b"VP8X"):
        return data
    extended = _extended(data)
    return write_file(extended[12:] + write_chunk(_MARK, mark_body(mark, extended)))


def _unmark_webp(data: bytes, n_body: int) -> bytes:
    return write_file(data[12 : -8 - n_body - (n_body & 1)])


def _extended(webp: bytes) -> bytes:
    """Return a WebP file in the layout that has room for other chunks."""
    if webp[12:16] != b"VP8L":
        return webp
    # The header of a lossless picture (RFC 9649, 3.4): 14 bits of width, 14 of height, alpha.
    bits = int.from_bytes(webp[21:25], "little")
    width, height = (bits & 0x3FFF) + 1, (bits >> 14 & 0x3FFF) + 1
    head = extended_header(_ALPHA if bits >> 28 & 1 else 0, width, height)
    return write_file(head + webp[12:])


def read_moving(data: bytes, *, max_pixels: int) -> Animation | None:
    """Return the animation of a WebP file with more than one frame, else None.

    Raises
    ------
    DecodeError
        If the file is damaged or cut off.
    """
    if data[:4] != b"RIFF" or data[8:16] != b"WEBPVP8X" or len(data) < 30 or not data[20] & _ANIMATED:
        return None
    if len(data) < 8 + int.from_bytes(data[4:8], "little"):
        raise DecodeError("the WebP animation is cut off; fetch or make it anew")
    durations, n_plays = [], 1
    for kind, body in _chunks(data):
        if kind == b"ANIM" and len(body) >= 6:
            n_plays = int.from_bytes(body[4:6], "little")
        elif kind == b"ANMF" and len(body) >= 16:
            durations.append(int.from_bytes(body[12:15], "little") * TICK)
    if len(durations) < 2:
        return None
    width, height = (int.from_bytes(data[at : at + 3], "little") + 1 for at in (24, 27))
    check_size(width, height, max_pixels)

    def shown() -> Iterator[Bytes]:
        return _decoded(data, len(durations))

    return Animation(width, height, "WEBP", tuple(durations), n_plays, shown, data)


def _chunks(data: bytes) -> Iterator[tuple[bytes, bytes]]:
    at, end = 12, 8 + int.from_bytes(data[4:8], "little")
    while at + 8 <= end:
        kind, length = struct.unpack("<4sI", data[at : at + 8])
        if at + 8 + length > end:
            raise DecodeError("the WebP animation is damaged: a chunk is cut off; fetch or make it anew")
        yield kind, data[at + 8 : at + 8 + length]
        at += 8 + length + (length & 1)


def _decoded(data: bytes, n_frames: int) -> Iterator[Bytes]:
    try:
        image = open_image(data, ("WEBP",))
    except Exception as error:
        raise DecodeError(f"the WebP animation is damaged ({error}); make it anew or leave it out") from None
    with image:
        if getattr(image, "n_frames", 1) != n_frames:
            raise DecodeError("the WebP animation is damaged: frames are missing; make it anew or leave it out")
        for number in range(n_frames):
            try:
                image.seek(number)
                pixels = np.array(image.convert("RGBA"))
            except MemoryError:
                raise
            except Exception as error:
                raise DecodeError(
                    f"frame {number + 1} of the WebP animation is damaged ({error}); make it anew or leave it out"
                ) from None
            pixels[pixels[:, :, 3] == 0] = 0
            yield pixels


class WebpWriter:
    """Writes an animated, lossless WebP frame by frame; a `LimitError` if it holds no pictures of that size."""

    def __init__(self, width: int, height: int, n_plays: int, *, alpha: bool, effort: int) -> None:
        _check_sides(width, height)
        flags = _ANIMATED | (_ALPHA if alpha else 0)
        self._effort = effort
        self._parts = [
            extended_header(flags, width, height),
            write_chunk(b"ANIM", bytes(4) + min(n_plays, 0xFFFF).to_bytes(2, "little")),
        ]

    def encode(self, pixels_srgb8: Bytes) -> bytes:
        """Return the stored form of a rectangle, to be given to `add`."""
        return encode_pixels(pixels_srgb8, effort=self._effort)[12:]

    def add(self, data: bytes, corner: tuple[int, int], size: tuple[int, int], ticks: int, *, over: bool) -> None:
        """Add a frame of so many milliseconds; both coordinates of its corner are even."""
        numbers = (corner[0] // 2, corner[1] // 2, size[0] - 1, size[1] - 1, ticks)
        head = b"".join(number.to_bytes(3, "little") for number in numbers)
        self._parts.append(write_chunk(b"ANMF", head + bytes([0 if over else _NO_BLENDING]) + data))

    def finish(self) -> bytes:
        """Return the whole file."""
        return write_file(b"".join(self._parts))


def is_webp(data: bytes) -> bool:
    """Tell whether a file is a WebP."""
    return data[:4] == b"RIFF" and data[8:12] == b"WEBP"


def write_chunk(kind: bytes, body: bytes) -> bytes:
    """Return a chunk as it stands in a file."""
    return kind + struct.pack("<I", len(body)) + body + b"\0" * (len(body) & 1)


def extended_header(flags: int, width: int, height: int) -> bytes:
    """Return the chunk that must come first where there are others than the picture's (2.7)."""
    size = b"".join((side - 1).to_bytes(3, "little") for side in (width, height))
    return write_chunk(b"VP8X", bytes([flags, 0, 0, 0]) + size)


def write_file(chunks: bytes) -> bytes:
    """Return the file that holds some finished chunks."""
    return b"RIFF" + struct.pack("<I", len(chunks) + 4) + b"WEBP" + chunks


FORMAT = FileFormat(
    name="webp",
    file_format="WEBP",
    extensions=(".webp",),
    mime_type="image/webp",
    recognizes=is_webp,
    encode=encode_webp,
    coder="webp",
    clean=clean_webp,
    mark=mark_webp,
    unmark=_unmark_webp,
    moving=Moving(read=read_moving, tick=TICK),
    full_color=FullColor(
        name="webp-lossy",
        encode=encode_lossy_webp,
        qualities=((10, 1), (50, 30), (60, 50), (70, 70), (80, 85), (90, 97), (100, 100)),
        largest_side=_LARGEST_SIDE,
        encode_moving=encode_lossy_animation,
    ),
)
