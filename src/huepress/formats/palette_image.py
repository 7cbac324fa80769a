"""Images as palettes, and Pillow's table of the CSS colors."""

from __future__ import annotations

import warnings

import numpy as np
from PIL import ImageColor

from huepress.colors.arrays import pack_colors, unpack_colors
from huepress.errors import DecodeError
from huepress.formats import decode
from huepress.formats.opening import open_image
from huepress.model import Bytes, Palette

_MOST = 256
# Of two names for one color the one to use.
_SECOND_NAMES = ("aqua", "fuchsia")


def decode_palette(data: bytes, *, max_pixels: int) -> Palette:
    """Read an image as a palette: an indexed one's own, else its different colors in reading order.

    Raises
    ------
    DecodeError
        If it is no image, damaged, or has more than 256 colors.
    LimitError
        If it has more than `max_pixels` pixels.
    """
    source = decode.decode(data, max_pixels=max_pixels)
    colors = _own_palette(data)
    if colors is None:
        keys, first = np.unique(
            pack_colors(source.pixels_srgb8.reshape(-1, source.pixels_srgb8.shape[2])), return_index=True
        )
        if len(keys) > _MOST:
            raise DecodeError(
                f"the image has {len(keys):,} colors, a palette at most {_MOST}; give fewer, or a palette file"
            )
        colors = unpack_colors(keys[np.argsort(first)])
    return Palette.from_colors(colors)


def css_colors() -> dict[str, tuple[int, ...]]:
    """Return the named colors of CSS (Color Module Level 4, section 6.1) as sRGB codes, one name a color."""
    names = [name for name in ImageColor.colormap if "grey" not in name and name not in _SECOND_NAMES]
    return {name: ImageColor.getrgb(name) for name in names}


def _own_palette(data: bytes) -> Bytes | None:
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            with open_image(data) as image:
                image.load()
                entries = image.getpalette("RGB") if image.mode == "P" else None
                transparency = image.info.get("transparency")
    except Exception:  # what can be decoded but not opened this way has no palette that could be taken over
        return None
    if not entries:
        return None
    colors = np.full((len(entries) // 3, 4), 255, dtype=np.uint8)
    colors[:, :3] = np.array(entries, dtype=np.uint8).reshape(-1, 3)
    if isinstance(transparency, bytes):
        alpha = np.frombuffer(transparency[: len(colors)], dtype=np.uint8)
        colors[: len(alpha), 3] = alpha
    elif isinstance(transparency, int) and transparency < len(colors):
        colors[transparency, 3] = 0
    return colors
