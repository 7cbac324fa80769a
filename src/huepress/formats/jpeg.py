"""JPEG (ITU-T T.81): read, and freed of metadata where the original is kept."""

from __future__ import annotations

import struct

from huepress.formats.record import FileFormat

_START_OF_SCAN, _END_OF_IMAGE, _COMMENT = 0xDA, 0xD9, 0xFE
# Application segments that say how a picture looks: JFIF, ICC profile, Adobe's transform.
_LOOKS = {0xE0: (b"JFIF\0", b"JFXX\0"), 0xE2: (b"ICC_PROFILE\0",), 0xEE: (b"Adobe",)}


def clean_jpeg(data: bytes, exif: bytes | None, *, resolution: bool) -> bytes | None:
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
    clean=clean_jpeg,
)
