"""The one place where Pillow opens files: listed formats only, told by content, without Pillow's own limit.

Pillow tries every format that it has a plug-in for, and one of them starts a program to read PostScript. Its limit
on pixels belongs to the process; ours belongs to the call and is checked before anything is decoded.
"""

from __future__ import annotations

import io
import struct
from collections.abc import Collection

from PIL import Image, UnidentifiedImageError

# Tried in this order; the last few are told by weak signs.
READABLE = (
    "PNG", "JPEG", "GIF", "MPO", "WEBP", "TIFF", "BMP", "AVIF", "HEIF", "JXL", "JPEG2000", "ICO", "ICNS", "PSD", "PPM",
    "QOI", "DDS", "SGI", "PCX", "SUN", "BLP", "DIB", "XPM", "XBM", "MSP", "IM", "CUR", "TGA", "FITS", "SPIDER",
)  # fmt: skip


def load_plug_ins() -> None:
    """Let Pillow import all its plug-ins now; else the first file does that waits for one of the rarer ones."""
    Image.init()


def open_image(data: bytes, formats: Collection[str] = READABLE) -> Image.Image:
    """Open the bytes of an image file; nothing but its header is decoded by most formats.

    Parameters
    ----------
    data : bytes
    formats : collection of str
        Names of Pillow's, all of them in `READABLE`.

    Raises
    ------
    UnidentifiedImageError
        If they are of no listed format.
    Exception
        Of many kinds, if the file is damaged.
    """
    Image.preinit()
    prefix = data[:16]
    for name in READABLE:
        if name not in formats:
            continue
        if name not in Image.OPEN:
            Image.init()
        if name not in Image.OPEN:
            continue  # its plug-in is not installed
        factory, accepts = Image.OPEN[name]
        try:
            accepted = accepts is None or accepts(prefix)
            if accepted and not isinstance(accepted, str):
                return factory(io.BytesIO(data), "")
        except (SyntaxError, IndexError, TypeError, struct.error):
            continue  # of another format after all
    raise UnidentifiedImageError("not an image of a listed format")
