"""Animated WebP (RFC 9649): libwebp, through Pillow, decodes and encodes; the container is written here.

Pillow's own writer merges frames and moves their times.
"""

from __future__ import annotations

import io
import struct
from collections.abc import Iterator
from fractions import Fraction

import numpy as np
from PIL import Image

from huepress.errors import DecodeError
from huepress.formats.decode import check_size, own_pixel_limit
from huepress.formats.encode_webp import encode_pixels
from huepress.formats.webp_chunks import extended_header, write_chunk, write_file
from huepress.model import Animation, Bytes

TICK = Fraction(1, 1000)
LONGEST_TICKS = 0xFFFFFF
_ANIMATED, _ALPHA = 0x02, 0x10
_NO_BLENDING = 0x02


def read(data: bytes, *, max_pixels: int) -> Animation | None:
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
    with own_pixel_limit():
        try:
            image = Image.open(io.BytesIO(data))
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
    """Writes an animated, lossless WebP frame by frame."""

    def __init__(self, width: int, height: int, n_plays: int, *, alpha: bool, effort: int) -> None:
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
