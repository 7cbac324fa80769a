"""Indexed images as Pillow's."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TypeGuard

import numpy as np
from PIL import Image

from huepress.model import Animation, Bytes, IndexedImage


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


def frames_to_pillow(animation: Animation) -> tuple[Iterator[Image.Image], bool]:
    """Return all frames one after the other, RGBA where some pixel of them is not opaque, and whether that is so."""
    has_alpha = any(bool((pixels[..., 3] < 255).any()) for pixels in animation.frames())
    n_channels = 4 if has_alpha else 3
    return (to_pillow(np.ascontiguousarray(pixels[..., :n_channels])) for pixels in animation.frames()), has_alpha
