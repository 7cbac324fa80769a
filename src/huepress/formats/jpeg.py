"""JPEG (ITU-T T.81): read, written by Pillow's libjpeg, and freed of metadata where the original is kept."""

from __future__ import annotations

import io
import struct
from dataclasses import replace
from typing import Any

import numpy as np
from PIL import Image

from huepress.colors.arrays import on_white
from huepress.formats.metadata import as_pillow
from huepress.formats.record import FileFormat, FullColor, Wish
from huepress.model import Bytes, Metadata, SourceImage

_START_OF_SCAN, _END_OF_IMAGE, _COMMENT = 0xDA, 0xD9, 0xFE
_EXIF = b"Exif\0\0"  # what a segment of EXIF begins with; without it no reader knows the segment
# Of EXIF and of XMP: a segment holds 65,533 bytes, and its name is among them.
_MOST_METADATA = 65_500
# Application segments that say how a picture looks: JFIF, ICC profile, Adobe's transform.
_LOOKS = {0xE0: (b"JFIF\0", b"JFXX\0"), 0xE2: (b"ICC_PROFILE\0",), 0xEE: (b"Adobe",)}

# Chroma loses half its resolution where that changes its codes by no more than this, root mean square: of 29 pictures
# those above took fewer bytes at full resolution for scores from 75 on, those below more.
_CHROMA_DETAIL = 2.5


def adapted(source: SourceImage) -> SourceImage:
    """Return a picture without what no JPEG holds: alpha, and metadata beyond a segment."""
    source, metadata = _on_white(source), _that_fits(source.metadata)
    if metadata is source.metadata:
        return source
    note = "EXIF or XMP of more than 64 kB does not fit into a JPEG, and is left out"
    return replace(source, metadata=metadata, notes=(*source.notes, note))


def _that_fits(metadata: Metadata) -> Metadata:
    whole = as_pillow(metadata)
    exif, xmp = (
        None if len(whole.get(name, b"")) > _MOST_METADATA else kept
        for name, kept in (("exif", metadata.exif), ("xmp", metadata.xmp))
    )
    return metadata if (exif, xmp) == (metadata.exif, metadata.xmp) else replace(metadata, exif=exif, xmp=xmp)


def _on_white(source: SourceImage) -> SourceImage:
    """Return a picture without alpha, as it looks on white."""
    if source.pixels_srgb8.shape[2] == 3:
        return source
    shown = on_white(source.pixels_srgb8)
    note = "a JPEG holds no transparency: the picture stands on white"
    return replace(source, pixels_srgb8=shown, notes=(*source.notes, note))


def chroma_detail(pixels_srgb8: Bytes) -> float:
    """Return how much halving its resolution changes a picture's chroma: root mean square of Cb and Cr codes, 0 to 128.

    Parameters
    ----------
    pixels_srgb8 : ndarray of uint8, (height, width, 3)
    """
    height, width = (side // 2 * 2 for side in pixels_srgb8.shape[:2])
    if height == 0 or width == 0:
        return 0.0
    chroma = np.asarray(Image.fromarray(pixels_srgb8).convert("YCbCr"))[:height, :width, 1:]
    blocks = chroma.reshape(height // 2, 2, width // 2, 2, 2).astype(np.float32)
    return float(np.sqrt(blocks.var(axis=(1, 3)).mean()))


def encode_jpeg(pixels_srgb8: Bytes, quality: int, wish: Wish) -> bytes:
    """Encode an opaque picture in progressive scans, a gray one without chroma."""
    extras: dict[str, Any] = dict(as_pillow(_that_fits(wish.metadata)))
    if "exif" in extras:
        extras["exif"] = _EXIF + extras["exif"]
    if (pixels_srgb8 == pixels_srgb8[:, :, :1]).all():
        pixels_srgb8 = np.ascontiguousarray(pixels_srgb8[:, :, 0])
    else:
        extras["subsampling"] = "4:4:4" if chroma_detail(pixels_srgb8) > _CHROMA_DETAIL else "4:2:0"
    buffer = io.BytesIO()
    Image.fromarray(pixels_srgb8).save(buffer, "JPEG", quality=quality, optimize=True, progressive=True, **extras)
    return buffer.getvalue()


def clean_jpeg(data: bytes, exif: bytes | None, *, resolution: bool) -> bytes | None:
    """Drop segments up to the first scan (ITU-T T.81, annex B), and what follows the picture."""
    kept = [data[:2]]
    if exif:
        body = _EXIF + exif
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
        if not application or body.startswith(_LOOKS.get(marker, (b"\xff no such",))):
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


FORMAT = FileFormat(
    name="jpeg",
    file_format="JPEG",
    extensions=(".jpg", ".jpeg", ".jpe"),
    mime_type="image/jpeg",
    recognizes=lambda data: data.startswith(b"\xff\xd8"),
    adapt=adapted,
    clean=clean_jpeg,
    full_color=FullColor(
        name="jpeg",
        encode=encode_jpeg,
        qualities=((0, 1), (30, 22), (50, 35), (60, 46), (70, 66), (80, 83), (90, 95), (100, 100)),
        largest_side=65500,
        holds_alpha=False,
        has_drafts=False,
    ),
)
