"""Indexed images as Pillow's."""

from __future__ import annotations

from typing import TypeGuard

import numpy as np
from PIL import Image

from huepress.model import IndexedImage


def is_pillow_image(value: object) -> TypeGuard[Image.Image]:
    """Tell whether a value is a Pillow image."""
    return isinstance(value, Image.Image)


def to_pillow(indexed: IndexedImage) -> Image.Image:
    """Return a Pillow image of mode P with the same indices and palette, alpha included."""
    image = Image.fromarray(np.asarray(indexed.indices))
    colors = np.asarray(indexed.palette)
    image.putpalette(colors[:, :3].tobytes())
    if colors.shape[1] == 4:
        image.info["transparency"] = colors[:, 3].tobytes()
    return image
