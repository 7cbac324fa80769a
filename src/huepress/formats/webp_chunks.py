"""WebP's chunks (RFC 9649, section 2.3), written."""

from __future__ import annotations

import struct


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
