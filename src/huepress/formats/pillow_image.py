"""Indexed images as Pillow's."""

from __future__ import annotations

from typing import TypeGuard

import numpy as np
from PIL import Image

from huepress.model import Bytes, IndexedImage


def is_pillow_image(value: object) -> TypeGuard[Image.Image]:
    """Tell whether a value is a Pillow image."""
    return isinstance(value, Image.Image)


def to_pillow(picture: IndexedImage | Bytes) -> Image.Image:
    """Return a Pillow image: of indices mode P with the same palette, alpha included; of pixels RGB or RGBA."""
    if not isinstance(picture, IndexedImage):
        return Image.fromarray(picture)
    indexed = picture
    image = Image.fromarray(np.asarray(indexed.indices))
    colors = np.asarray(indexed.palette)
    image.putpalette(colors[:, :3].tobytes())
    if colors.shape[1] == 4:
        image.info["transparency"] = colors[:, 3].tobytes()
    return image
