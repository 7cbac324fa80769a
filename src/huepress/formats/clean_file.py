"""Frees a file of metadata without touching its pixels, for originals that are kept."""

from __future__ import annotations

import io
import struct

from PIL import Image

from huepress.formats import webp_chunks
from huepress.formats.clean_heif import blank_heif_metadata
from huepress.formats.metadata import has_private_data, oriented_exif
from huepress.formats.plug_ins import is_jxl
from huepress.formats.png_chunks import SIGNATURE, read_chunks, write_chunk
from huepress.model import Metadata
from huepress.options import Strip

# Ancillary PNG chunks that say how a picture looks or moves (PNG third edition, 11.3).
_PNG_LOOKS = {
    b"tRNS", b"cHRM", b"gAMA", b"iCCP", b"sBIT", b"sRGB", b"cICP", b"mDCV", b"cLLI", b"bKGD", b"hIST", b"sPLT",
    b"acTL", b"fcTL", b"fdAT",
}  # fmt: skip
_START_OF_SCAN, _END_OF_IMAGE, _COMMENT = 0xDA, 0xD9, 0xFE
# JPEG's application segments that say how a picture looks: JFIF, ICC profile, Adobe's transform.
_JPEG_LOOKS = {0xE0: (b"JFIF\0", b"JFXX\0"), 0xE2: (b"ICC_PROFILE\0",), 0xEE: (b"Adobe",)}
_WEBP_LOOKS = (b"ICCP", b"ANIM", b"ANMF", b"ALPH", b"VP8 ", b"VP8L")
_JXL_LOOKS = (b"JXL ", b"ftyp", b"jxll", b"jxlc", b"jxlp", b"jxli")
_ANIMATION_BLOCKS = (b"NETSCAPE2.0", b"ANIMEXTS1.0")


def clean_file(image: Image.Image, data: bytes, strip: Strip, orientation: int, metadata: Metadata) -> bytes | None:
    """Return a file without the metadata that must not survive; None where that cannot be done.

    Colors, animation and orientation stay, since they say how the picture looks.

    Parameters
    ----------
    image : PIL.Image.Image
        The file's loaded image.
    data : bytes
        The file.
    strip : {"safe", "all", "none"}
    orientation : int
        Its EXIF orientation.
    metadata : Metadata
        What of it may survive.
    """
    if strip == "none":
        return data
    exif = oriented_exif(orientation, metadata.texts)
    cleaned = None
    if data.startswith(SIGNATURE):
        cleaned = _clean_png(data, exif, _PNG_LOOKS | ({b"pHYs"} if strip == "safe" else set()))
    elif data.startswith(b"\xff\xd8"):
        cleaned = _clean_jpeg(data, exif)
    elif webp_chunks.is_webp(data):
        cleaned = _clean_webp(data, exif)
    elif data.startswith(b"GIF8"):
        cleaned = _clean_gif(data)
    elif is_jxl(data):
        cleaned = _clean_jxl(data, exif)
    elif data[4:8] == b"ftyp" and has_private_data(image):
        cleaned = _clean_heif(image, data, oriented_exif(1, metadata.texts))
    if cleaned is not None:
        return data if cleaned == data else cleaned
    return None if has_private_data(image) else data


def _clean_png(data: bytes, exif: bytes | None, keep: set[bytes]) -> bytes:
    kept = []
    for chunk in read_chunks(data):
        if chunk.critical or chunk.name in keep:
            kept.append(write_chunk(chunk.name, chunk.body))
        if chunk.name == b"IHDR" and exif:
            kept.append(write_chunk(b"eXIf", exif))
    return SIGNATURE + b"".join(kept)


def _clean_jpeg(data: bytes, exif: bytes | None) -> bytes | None:
    """Drop segments up to the first scan (ITU-T T.81, annex B), and what follows the picture."""
    kept = [data[:2]]
    if exif:
        body = b"Exif\0\0" + exif
        kept.append(struct.pack(">HH", 0xFFE1, len(body) + 2) + body)
    position = 2
    while position + 4 <= len(data) and data[position] == 0xFF:
        marker = data[position + 1]
        if marker == 0xFF:
            position += 1
            continue
        length = int.from_bytes(data[position + 2 : position + 4], "big")
        if marker == _START_OF_SCAN:
            end = _end_of_jpeg(data, position)
            return None if end is None else b"".join(kept) + data[position:end]
        body = data[position + 4 : position + 2 + length]
        application = 0xE0 <= marker <= 0xEF or marker == _COMMENT
        if not application or body.startswith(_JPEG_LOOKS.get(marker, (b"\xff no such",))):
            kept.append(data[position : position + 2 + length])
        position += 2 + length
    return None


def _end_of_jpeg(data: bytes, position: int) -> int | None:
    """Return where the picture ends: at the first EOI behind a scan, outside segments."""
    while True:
        position = data.find(b"\xff", position)
        if position < 0 or position + 1 >= len(data):
            return None
        marker = data[position + 1]
        if marker == _END_OF_IMAGE:
            return position + 2
        if marker in (0x00, 0xFF) or 0xD0 <= marker <= 0xD7:  # stuffed byte, fill, restart
            position += 1 if marker == 0xFF else 2
        else:
            position += 2 + int.from_bytes(data[position + 2 : position + 4], "big")


def _clean_webp(data: bytes, exif: bytes | None) -> bytes:
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
        elif name in _WEBP_LOOKS:
            chunks.append(data[position:end])
        position = end
    if exif:
        chunks.append(webp_chunks.write_chunk(b"EXIF", exif))
    return webp_chunks.write_file(b"".join(chunks))


def _clean_gif(data: bytes) -> bytes | None:
    """Drop comments and application blocks that do not animate (GIF89a, 24 and 26)."""
    position = 13 + _color_table(data[10])
    kept = [data[:position]]
    while position < len(data):
        start, kind = position, data[position]
        if kind == 0x3B:
            return b"".join(kept) + b";"
        if kind == 0x2C and position + 10 <= len(data):
            position = _end_of_blocks(data, position + 11 + _color_table(data[position + 9]))
            kept.append(data[start:position])
        elif kind == 0x21 and position + 2 < len(data):
            position = _end_of_blocks(data, position + 2)
            name = data[start + 3 : start + 14]
            if data[start + 1] == 0xF9 or (data[start + 1] == 0xFF and name in _ANIMATION_BLOCKS):
                kept.append(data[start:position])
        else:
            return None
    return None


def _clean_jxl(data: bytes, exif: bytes | None) -> bytes:
    """Keep the boxes that hold the picture; without metadata no JPEG can be rebuilt (ISO/IEC 18181-2)."""
    if data.startswith(b"\xff\x0a"):
        return data
    kept, position = [], 0
    while position + 8 <= len(data):
        length = int.from_bytes(data[position : position + 4], "big")
        if length == 1:
            length = int.from_bytes(data[position + 8 : position + 16], "big")
        end = position + length if length >= 8 else len(data)
        if data[position + 4 : position + 8] in _JXL_LOOKS:
            kept.append(data[position:end])
        position = end
    if exif:
        kept.append(struct.pack(">I4sI", len(exif) + 12, b"Exif", 0) + exif)
    return b"".join(kept)


def _clean_heif(image: Image.Image, data: bytes, exif: bytes | None) -> bytes | None:
    """Blank metadata and look whether that has worked: there are many ways to hold them."""
    try:
        cleaned = blank_heif_metadata(data, exif)
        with Image.open(io.BytesIO(cleaned), formats=[str(image.format)]) as again:
            return None if has_private_data(again, named=bool(exif)) else cleaned
    except Exception:  # as the decoders raise many kinds
        return None


def _color_table(flags: int) -> int:
    """Return the bytes of the color table that a descriptor's flags announce."""
    return 3 << ((flags & 7) + 1) if flags & 0x80 else 0


def _end_of_blocks(data: bytes, position: int) -> int:
    while position < len(data) and data[position]:
        position += 1 + data[position]
    return position + 1
