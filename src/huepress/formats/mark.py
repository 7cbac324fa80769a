"""A mark in a file: with which options it was made, for files that no ledger stands beside.

It ends a PNG, GIF or WebP as a block that decoders ignore, and names the rest of the file by its
checksum, so that a file that anybody has changed is no longer marked.
"""

from __future__ import annotations

import zlib

from huepress.formats import webp_chunks
from huepress.formats.png_chunks import SIGNATURE, write_chunk

# Ancillary, private, and to be dropped by editors (PNG third edition, 5.4).
_PNG_NAME = b"huPR"
_PNG_END = write_chunk(b"IEND", b"")
_GIF_HEAD = b"\x21\xff\x0bHUEPRESS1.0"  # an application extension (GIF89a, 26)
_GIF_END = b"\x3b"
_WEBP_NAME = b"huPR"
_WEBP_ALPHA = 0x10
_CHECKSUM = 4


def marked(data: bytes, mark: bytes) -> bytes:
    """Return a file with a mark, or as it is if its format has no room for one."""
    if data.startswith(SIGNATURE) and data.endswith(_PNG_END):
        return data[: -len(_PNG_END)] + write_chunk(_PNG_NAME, mark + _checksum(data)) + _PNG_END
    if data.startswith(b"GIF89a") and data.endswith(_GIF_END):
        body = mark + _checksum(data)
        return data[: -len(_GIF_END)] + _GIF_HEAD + bytes([len(body)]) + body + b"\0" + _GIF_END
    if webp_chunks.is_webp(data) and data[12:16] in (b"VP8L", b"VP8X"):
        extended = _extended(data)
        return webp_chunks.write_file(extended[12:] + webp_chunks.write_chunk(_WEBP_NAME, mark + _checksum(extended)))
    return data


def has_mark(data: bytes, mark: bytes) -> bool:
    """Tell whether a file has this mark and is as it was when it got it."""
    length = len(mark) + _CHECKSUM
    if data.startswith(SIGNATURE):
        rest = data[: -len(_PNG_END) - 12 - length] + _PNG_END
    elif data.startswith(b"GIF89a"):
        rest = data[: -len(_GIF_END) - len(_GIF_HEAD) - 2 - length] + _GIF_END
    elif webp_chunks.is_webp(data):
        rest = webp_chunks.write_file(data[12 : -8 - length - (length & 1)])
    else:
        return False
    return len(rest) < len(data) and marked(rest, mark) == data


def _extended(webp: bytes) -> bytes:
    """Return a WebP file in the layout that has room for other chunks."""
    if webp[12:16] != b"VP8L":
        return webp
    # The header of a lossless picture (RFC 9649, 3.4): 14 bits of width, 14 of height, alpha.
    bits = int.from_bytes(webp[21:25], "little")
    width, height = (bits & 0x3FFF) + 1, (bits >> 14 & 0x3FFF) + 1
    head = webp_chunks.extended_header(_WEBP_ALPHA if bits >> 28 & 1 else 0, width, height)
    return webp_chunks.write_file(head + webp[12:])


def _checksum(data: bytes) -> bytes:
    return zlib.crc32(data).to_bytes(_CHECKSUM, "big")
