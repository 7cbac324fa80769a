"""An image's size and kind from its header, without decoding it."""

from __future__ import annotations

import warnings
from dataclasses import dataclass

from huepress.formats import table
from huepress.formats.opening import open_image
from huepress.formats.plug_ins import enable_plug_in, is_jxl, jxl_size
from huepress.formats.sizes import hidden_sizes, is_icon

# So much of a file holds its header, as a rule.
HEADER_BYTES = 32 * 1024


@dataclass(frozen=True)
class Probe:
    """What a header tells.

    Attributes
    ----------
    format : str
        As Pillow calls it: ``"PNG"``.
    width, height : int
        In pixels, before EXIF orientation.
    has_alpha : bool
        Whether pixels may be translucent.
    """

    format: str
    width: int
    height: int
    has_alpha: bool


def probe(data: bytes) -> Probe | None:
    """Read a header from the first bytes of a file (or all of them); None if they do not hold it."""
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            if is_jxl(data):  # its plug-in would decode
                return Probe("JXL", *jxl_size(data), True)
            if is_icon(data):  # its plug-in decodes the largest picture when it opens
                width, height = max(hidden_sizes(data), key=lambda size: size[0] * size[1], default=(1, 1))
                return Probe("ICNS" if data.startswith(b"icns") else "ICO", width, height, True)
            found = table.of_bytes(data)
            if found is not None and found.moving is not None and found.moving.size_of is not None:
                return Probe(found.file_format, *found.moving.size_of(data), False)
            enable_plug_in(data)
            with open_image(data) as image:
                return Probe(image.format or "unknown", *image.size, image.has_transparency_data)
    except Exception:  # Pillow's plug-ins raise many kinds on damaged or cut-off files
        return None
