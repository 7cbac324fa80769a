"""Sizes that a file tells in other places than its header, read without decoding anything.

Pillow allocates what the parts of a file ask for, not what its header says: a frame of a GIF may be larger than the
canvas, and an icon hold a larger picture than its directory lists. The plug-in for JPEG XL decodes when it opens.
"""

from __future__ import annotations

import struct
from collections.abc import Iterator

from huepress.formats.plug_ins import is_jxl, jxl_size

_PNG_HEADER = b"\x89PNG\r\n\x1a\n\0\0\0\rIHDR"
_JPEG2000_HEADER = b"ihdr"
_ICONS = (b"\0\0\1\0", b"\0\0\2\0", b"icns")  # ICO, CUR, ICNS
_GIFS = (b"GIF87a", b"GIF89a")


def is_icon(data: bytes) -> bool:
    """Tell whether a file is an icon or cursor of Windows, or an icon of macOS."""
    return data.startswith(_ICONS)


def hidden_sizes(data: bytes) -> Iterator[tuple[int, int]]:
    """Yield width and height of every part of a file that would be allocated."""
    if is_jxl(data):
        yield jxl_size(data)
    elif data[:6] in _GIFS:
        yield from _gif_frames(data)
    elif data.startswith(_ICONS):
        yield from _pictures_within(data)


def _gif_frames(data: bytes) -> Iterator[tuple[int, int]]:
    """Yield the canvas, and how far each frame reaches (GIF89a, 18 and 20)."""
    if len(data) < 13:
        return
    width, height, flags = struct.unpack_from("<HHB", data, 6)
    yield width, height
    at = 13 + (3 << (flags & 7) + 1 if flags & 0x80 else 0)
    while at + 10 <= len(data):
        kind = data[at]
        if kind == 0x2C:
            left, top, width, height, flags = struct.unpack_from("<HHHHB", data, at + 1)
            yield left + max(width, 1), top + max(height, 1)
            at += 11 + (3 << (flags & 7) + 1 if flags & 0x80 else 0)
        elif kind == 0x21:
            at += 2
        else:
            return
        while at < len(data) and data[at]:  # sub-blocks
            at += 1 + data[at]
        at += 1


def _pictures_within(data: bytes) -> Iterator[tuple[int, int]]:
    """Yield the sizes of the PNG, JPEG 2000 and BMP pictures in an icon."""
    at = data.find(_PNG_HEADER)
    while at >= 0 and at + 24 <= len(data):
        yield struct.unpack_from(">II", data, at + 16)
        at = data.find(_PNG_HEADER, at + 1)
    at = data.find(_JPEG2000_HEADER)
    while at >= 0 and at + 12 <= len(data):
        height, width = struct.unpack_from(">II", data, at + 4)
        yield width, height
        at = data.find(_JPEG2000_HEADER, at + 1)
    if data.startswith(b"icns"):
        return
    for entry in range(min(int.from_bytes(data[4:6], "little"), (len(data) - 6) // 16)):
        start = int.from_bytes(data[18 + 16 * entry : 22 + 16 * entry], "little")
        if start + 16 <= len(data) and data[start : start + 4] == b"\x28\0\0\0":
            width, height = struct.unpack_from("<ii", data, start + 4)
            yield abs(width), max(1, abs(height) // 2)  # the mask below counts as rows, too
