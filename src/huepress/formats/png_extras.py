"""Chunks that only PNG has, from one PNG to another (PNG Specification, third edition, 11.3 and 14.2)."""

from __future__ import annotations

import struct
from collections.abc import Callable

import numpy as np
import numpy.typing as npt

from huepress.formats.pixels import Codes
from huepress.formats.png_chunks import Chunk, read_chunks, write_chunk
from huepress.model import Bytes, IndexedImage, PngExtras
from huepress.wording import listed

_TEXTS = (b"tEXt", b"zTXt", b"iTXt")
# Texts that are written as what they say: with another orientation, in other colors.
_TRANSLATED_TEXTS = (b"XML:com.adobe.xmp", b"Raw profile type exif", b"Raw profile type APP1", b"Raw profile type ic")
# Not safe to copy for editors that do not know them. What these say stays true: a time, scale, stereo.
_KNOWN = (b"tIME", b"sCAL", b"sTER")
_ONCE = (*_KNOWN, b"oFFs", b"pHYs")
# They name places in a picture, which move when it is turned.
_PLACES = (b"oFFs", b"pHYs", b"sCAL", b"sTER", b"npTc", b"npLb", b"npOl")
# What becomes of these is known elsewhere: colors, EXIF, the parts of an animation, our own mark.
_TAKEN = {
    b"tRNS", b"cHRM", b"gAMA", b"iCCP", b"sRGB", b"cICP", b"mDCV", b"cLLI", b"eXIf", b"acTL", b"fcTL", b"fdAT", b"huPR",
    b"bKGD", b"sBIT", b"hIST",
}  # fmt: skip
_LENGTHS = {b"oFFs": 9, b"pHYs": 9, b"tIME": 7, b"sTER": 1}
_LONGEST_KEYWORD = 79
_LARGEST_COUNT = 0xFFFF


def read_extras(
    data: bytes, header: dict[bytes, bytes], to_srgb8: Callable[[Codes], Bytes], *, turned: bool, has_dpi: bool
) -> tuple[PngExtras | None, tuple[str, ...]]:
    """Return the chunks of a PNG that a PNG of other colors may have, too, and a note about those that it may not.

    Parameters
    ----------
    data : bytes
        A PNG file whose chunks were checked.
    header : dict
        Its chunks by name, the first of each.
    to_srgb8 : callable
        From codes as the file has them, (1, 1, 3) of uint8 or uint16, to those of the result.
    turned : bool
        Whether the picture was turned or mirrored.
    has_dpi : bool
        Whether its resolution is known, and so written anyway.
    """
    before: list[tuple[bytes, bytes]] = []
    after: list[tuple[bytes, bytes]] = []
    kept, seen, lost = before, set[bytes](), dict[str, None]()
    for chunk in read_chunks(data):
        if chunk.name == b"IDAT":
            kept = after
        if chunk.critical or not chunk.whole or chunk.name in _TAKEN or (chunk.name == b"pHYs" and has_dpi):
            continue
        again = chunk.name in _ONCE and chunk.name in seen
        seen.add(chunk.name)
        if again or not _may_be_copied(chunk) or (turned and chunk.name in _PLACES):
            lost[chunk.name.decode("latin-1")] = None
        elif not (chunk.name in _TEXTS and chunk.body.startswith(_TRANSLATED_TEXTS)):
            kept.append((chunk.name, chunk.body))
    notes = (f"PNG chunks that cannot be kept: {listed(lost)}",) if lost else ()
    color_type, depth = header[b"IHDR"][9], header[b"IHDR"][8]
    found = PngExtras(
        tuple(before),
        tuple(after),
        _background(header.get(b"bKGD", b""), header, color_type, depth, to_srgb8),
        _significant_bits(header.get(b"sBIT", b""), color_type),
        b"hIST" in header and color_type == 3,
    )
    return (found if found != PngExtras() else None), notes


def _may_be_copied(chunk: Chunk) -> bool:
    """Tell whether a chunk is sound and stays true when pixels change, as its fourth letter says or we know."""
    name, body = chunk.name, chunk.body
    if not (name.isalpha() and name[2:3].isupper() and (name[3:].islower() or name in _KNOWN)):
        return False
    if name in _TEXTS:
        return 1 <= body.find(b"\0") <= _LONGEST_KEYWORD
    return len(body) == _LENGTHS.get(name, len(body))


def _background(
    body: bytes, header: dict[bytes, bytes], color_type: int, depth: int, to_srgb8: Callable[[Codes], Bytes]
) -> tuple[int, int, int] | None:
    """Return the color of a bKGD chunk in the colors of the result, None where it makes no sense."""
    if color_type == 3:
        palette = header.get(b"PLTE", b"")
        entry = palette[3 * body[0] : 3 * body[0] + 3] if body else b""
        if len(entry) < 3:
            return None
        codes: Codes = np.frombuffer(entry, np.uint8)
    else:
        n_samples = 1 if color_type in (0, 4) else 3
        if len(body) != 2 * n_samples:
            return None
        largest = (1 << depth) - 1
        values = np.array(struct.unpack(f">{n_samples}H", body)).clip(0, largest)
        codes = values.astype(np.uint16) if depth == 16 else (values * (255 // largest)).astype(np.uint8)
        codes = np.resize(codes, 3)
    red, green, blue = (int(code) for code in to_srgb8(codes.reshape(1, 1, 3))[0, 0, :3])
    return red, green, blue


def _significant_bits(body: bytes, color_type: int) -> tuple[int, int, int] | None:
    """Return the bits of red, green and blue that an sBIT chunk tells, at most 8."""
    n_samples = {0: 1, 2: 3, 3: 3, 4: 2, 6: 4}.get(color_type, 0)
    bits = [min(each, 8) for each in body[: 3 if n_samples >= 3 else 1]]
    if len(body) != n_samples or not bits or min(bits) < 1:
        return None
    red, green, blue = (bits * 3)[:3]
    return red, green, blue


def with_extras(png: bytes, extras: PngExtras, image: IndexedImage) -> bytes:
    """Put the chunks into a PNG of an indexed image, each where the specification wants it (5.6).

    The background becomes the nearest entry of the palette, or the nearest gray of a gray PNG.
    """
    chunks = list(read_chunks(png))
    color_type, depth = chunks[0].body[9], chunks[0].body[8]
    parts = [png[:8]]
    is_first = True
    for chunk in chunks:
        if chunk.name == b"IDAT" and is_first:
            parts += [write_chunk(*each) for each in _before_pixels(extras, image, color_type, depth)]
            is_first = False
        if chunk.name == b"IEND":
            parts += [write_chunk(*each) for each in extras.after]
        parts.append(write_chunk(chunk.name, chunk.body))
        if chunk.name == b"IHDR" and extras.significant_bits is not None:
            bits = extras.significant_bits if color_type == 3 else (min(max(extras.significant_bits), depth),)
            parts.append(write_chunk(b"sBIT", bytes(bits)))
    return b"".join(parts)


def _before_pixels(extras: PngExtras, image: IndexedImage, color_type: int, depth: int) -> list[tuple[bytes, bytes]]:
    found = []
    if extras.background_srgb8 is not None:
        wanted = np.array(extras.background_srgb8, np.int64)
        if color_type == 3:
            colors = np.asarray(image.palette)[:, :3].astype(np.int64)
            found.append((b"bKGD", bytes([int(np.square(colors - wanted).sum(axis=1).argmin())])))
        else:
            gray = round(float(wanted.mean()) * ((1 << depth) - 1) / 255)
            found.append((b"bKGD", struct.pack(">H", gray)))
    if extras.histogram and color_type == 3:
        counts: npt.NDArray[np.int64] = np.bincount(image.indices.reshape(-1), minlength=len(image.palette))
        scaled = -(-counts * _LARGEST_COUNT // max(_LARGEST_COUNT, int(counts.max())))  # what is used stays above 0
        found.append((b"hIST", scaled.astype(">u2").tobytes()))
    return [*found, *extras.before]
