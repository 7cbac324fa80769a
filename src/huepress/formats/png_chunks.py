"""PNG's chunks (PNG Specification, third edition, section 5): read, checked, written."""

from __future__ import annotations

import struct
import zlib
from collections.abc import Iterator
from typing import NamedTuple

from huepress.errors import DecodeError

SIGNATURE = b"\x89PNG\r\n\x1a\n"
# Signature and IHDR: what stands after them stands before PLTE and IDAT.
_HEADER_LENGTH = 8 + 12 + 13


class Chunk(NamedTuple):
    """A chunk, its checksum found right or not."""

    name: bytes
    body: bytes
    whole: bool

    @property
    def critical(self) -> bool:
        """Whether no decoder may ignore it."""
        return self.name[:1].isupper()


def read_chunks(png: bytes) -> Iterator[Chunk]:
    """Yield the chunks up to IEND or to where the file is cut off."""
    position = len(SIGNATURE)
    while position + 8 <= len(png):
        length, name = struct.unpack_from(">I4s", png, position)
        body = png[position + 8 : position + 8 + length]
        checksum = png[position + 8 + length : position + 12 + length]
        yield Chunk(name, body, checksum == _checksum(name, body))
        if name == b"IEND":
            return
        position += 12 + length


def check_chunks(png: bytes) -> dict[bytes, bytes]:
    """Return the header's chunks, by name, after testing every checksum that the pixels hang on.

    Pillow ignores the checksums of IDAT, so a damaged picture would pass as a good one.

    Raises
    ------
    DecodeError
        If a chunk that holds pixels, palette or transparency is damaged.
    """
    found: dict[bytes, bytes] = {}
    for chunk in read_chunks(png):
        if not chunk.whole and (chunk.critical or chunk.name == b"tRNS") and chunk.name != b"IEND":
            name = chunk.name.decode("latin-1")
            raise DecodeError(f"the image is damaged or cut off (in {name!r}); make it anew or leave it out")
        if chunk.whole and chunk.name != b"IDAT":
            found.setdefault(chunk.name, chunk.body)
    return found


def write_chunk(name: bytes, body: bytes) -> bytes:
    """Return a chunk as it stands in a file."""
    return struct.pack(">I4s", len(body), name) + body + _checksum(name, body)


def insert_after_header(png: bytes, chunks: bytes) -> bytes:
    """Put finished chunks before PLTE and IDAT, where every ancillary one may stand."""
    return png[:_HEADER_LENGTH] + chunks + png[_HEADER_LENGTH:]


def _checksum(name: bytes, body: bytes) -> bytes:
    return zlib.crc32(body, zlib.crc32(name)).to_bytes(4, "big")
