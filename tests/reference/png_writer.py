"""Writes PNG files of every color type, bit depth and interlacing, plainly (PNG third edition)."""

from __future__ import annotations

import struct
import zlib

import numpy as np

ADAM7 = ((0, 0, 8, 8), (4, 0, 8, 8), (0, 4, 4, 8), (2, 0, 4, 4), (0, 2, 2, 4), (1, 0, 2, 2), (0, 1, 1, 2))


def chunk(name: bytes, body: bytes) -> bytes:
    return struct.pack(">I4s", len(body), name) + body + struct.pack(">I", zlib.crc32(name + body))


def write_png(samples, color_type, depth, *, interlaced=False, chunks=()) -> bytes:
    """Write samples (height, width, channels), each below 2**depth; `chunks` go before IDAT."""
    samples = np.asarray(samples)
    height, width = samples.shape[:2]
    header = struct.pack(">IIBBBBB", width, height, depth, color_type, 0, 0, int(interlaced))
    passes = [samples[y::dy, x::dx] for x, y, dx, dy in ADAM7] if interlaced else [samples]
    raw = b"".join(_rows(part, depth) for part in passes if part.size)
    parts = [chunk(b"IHDR", header), *(chunk(*each) for each in chunks)]
    return b"\x89PNG\r\n\x1a\n" + b"".join([*parts, chunk(b"IDAT", zlib.compress(raw)), chunk(b"IEND", b"")])


def _rows(samples: np.ndarray, depth: int) -> bytes:
    shifts = np.arange(depth)[::-1]
    bits = (samples.reshape(len(samples), -1, 1).astype(np.uint32) >> shifts & 1).astype(np.uint8)
    packed = np.packbits(bits.reshape(len(samples), -1), axis=1)
    return b"".join(b"\0" + row.tobytes() for row in packed)
