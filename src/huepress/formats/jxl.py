"""JPEG XL (ISO/IEC 18181): lossless pictures, written through Pillow's plug-in."""

from __future__ import annotations

import io
import struct
from typing import Any

import numpy as np
from PIL import Image

from huepress.efforts import EFFORTS
from huepress.errors import OptionError
from huepress.formats.metadata import as_exif
from huepress.formats.plug_ins import enable_jxl, is_jxl
from huepress.formats.record import PLAIN, FileFormat, Wish
from huepress.model import Encoded, IndexedImage

_LOOKS = (b"JXL ", b"ftyp", b"jxll", b"jxlc", b"jxlp", b"jxli")


def encode_jxl(image: IndexedImage, wish: Wish = PLAIN) -> Encoded:
    """Encode losslessly; the encoder finds the palette itself.

    Raises
    ------
    OptionError
        If the plug-in is not installed, or the colors need a profile, which it cannot write.
    """
    enable_jxl()
    if wish.metadata.icc_profile is not None:
        raise OptionError("JPEG XL is written without color profile; choose color 'srgb' or another format")
    pixels = image.to_array()
    if pixels.shape[2] == 3 and bool((pixels == pixels[:, :, :1]).all()):
        pixels = np.ascontiguousarray(pixels[:, :, 0])
    exif = as_exif(wish.metadata)
    extras: dict[str, Any] = {"exif": exif, "xmp": wish.metadata.xmp, "use_container": bool(exif or wish.metadata.xmp)}
    buffer = io.BytesIO()
    Image.fromarray(pixels).save(
        buffer,
        "JXL",
        lossless=True,
        effort=EFFORTS[wish.effort].jxl_effort,
        num_threads=0,  # the same bytes everywhere
        **{name: value for name, value in extras.items() if value},
    )
    return Encoded(buffer.getvalue(), "JXL")


def clean_jxl(data: bytes, exif: bytes | None, *, resolution: bool) -> bytes:
    """Keep the boxes that hold the picture; without metadata no JPEG can be rebuilt (ISO/IEC 18181-2)."""
    if data.startswith(b"\xff\x0a"):
        return data
    kept, position = [], 0
    while position + 8 <= len(data):
        length = int.from_bytes(data[position : position + 4], "big")
        if length == 1:
            length = int.from_bytes(data[position + 8 : position + 16], "big")
        end = position + length if length >= 8 else len(data)
        if data[position + 4 : position + 8] in _LOOKS:
            kept.append(data[position:end])
        position = end
    if exif:
        kept.append(struct.pack(">I4sI", len(exif) + 12, b"Exif", 0) + exif)
    return b"".join(kept)


FORMAT = FileFormat(
    name="jxl",
    file_format="JXL",
    extensions=(".jxl",),
    mime_type="image/jxl",
    recognizes=is_jxl,
    encode=encode_jxl,
    coder="webp",
    in_browsers=False,
    holds_profile=False,
    prepare=enable_jxl,
    clean=clean_jxl,
)
