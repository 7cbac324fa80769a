"""Lossless JPEG XL (ISO/IEC 18181) of an indexed image, written through Pillow's plug-in."""

from __future__ import annotations

import io
from typing import Any

import numpy as np
from PIL import Image

from huepress.errors import OptionError
from huepress.formats.metadata import as_exif
from huepress.formats.plug_ins import enable_jxl
from huepress.model import NO_METADATA, Encoded, IndexedImage, Metadata

# The encoder's effort by ours.
_EFFORTS = (5, 5, 6, 6, 7, 7, 7, 8, 9, 9)


def encode_jxl(
    image: IndexedImage,
    *,
    effort: int = 0,
    metadata: Metadata = NO_METADATA,
    searched: bool = False,
    keep_indices: bool = False,
) -> Encoded:
    """Encode losslessly; the encoder finds the palette itself.

    Raises
    ------
    OptionError
        If the plug-in is not installed, or the colors need a profile, which it cannot write.
    """
    enable_jxl()
    if metadata.icc_profile is not None:
        raise OptionError("JPEG XL is written without color profile; choose color 'srgb' or another format")
    pixels = image.to_array()
    if pixels.shape[2] == 3 and bool((pixels == pixels[:, :, :1]).all()):
        pixels = np.ascontiguousarray(pixels[:, :, 0])
    exif = as_exif(metadata)
    extras: dict[str, Any] = {"exif": exif, "xmp": metadata.xmp, "use_container": bool(exif or metadata.xmp)}
    buffer = io.BytesIO()
    Image.fromarray(pixels).save(
        buffer,
        "JXL",
        lossless=True,
        effort=_EFFORTS[effort],
        num_threads=0,  # the same bytes everywhere
        **{name: value for name, value in extras.items() if value},
    )
    return Encoded(buffer.getvalue(), "JXL")
