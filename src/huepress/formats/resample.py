"""Pictures at another size: in linear light, alpha premultiplied, with Lanczos' kernel.

Pillow resamples planes of floats; the mean of a black and a white pixel is the gray of half the light, and the colors
of transparent pixels bleed nowhere.
"""

from __future__ import annotations

from dataclasses import replace
from functools import cache

import numpy as np
import numpy.typing as npt
from PIL import Image

from huepress.colors.arrays import linear1_of_srgb1
from huepress.errors import LimitError, Remedy
from huepress.model import Animation, Bytes, SourceImage
from huepress.resizing import Resize

Floats = npt.NDArray[np.float32]


def resized(source: SourceImage | Animation, resize: Resize, *, max_pixels: int) -> SourceImage | Animation:
    """Return a picture or animation at the size asked for, or as it is where it has that size.

    One of another size cannot be kept as the original, and says in its notes what it was.

    Raises
    ------
    LimitError
        If the result would have more than `max_pixels` pixels.
    """
    width, height = resize.size_for(source.width, source.height)
    if (width, height) == (source.width, source.height):
        return source
    if width * height > max_pixels:
        raise LimitError(f"{width} x {height} pixels are more than {max_pixels:,}", remedy=Remedy.MORE_PIXELS)
    if isinstance(source, Animation):
        frames = source.frames
        return replace(
            source,
            width=width,
            height=height,
            keepable=None,
            frames=lambda: (resample(pixels, width, height) for pixels in frames()),
        )
    note = f"resized from {source.width} x {source.height} to {width} x {height}"
    pixels = resample(source.pixels_srgb8, width, height)
    if pixels.shape[2] == 4 and (pixels[..., 3] == 255).all():
        pixels = pixels[..., :3]
    return replace(source, pixels_srgb8=pixels, keepable=None, notes=(*source.notes, note))


def resample(pixels_srgb8: Bytes, width: int, height: int) -> Bytes:
    """Return pixels at another size.

    Parameters
    ----------
    pixels_srgb8 : ndarray of uint8, (h, w, 3 or 4)
        sRGB codes, straight alpha.
    width, height : int
        Of the result, at least 1.

    Returns
    -------
    ndarray of uint8, (height, width, 3 or 4)
        Fully transparent pixels are (0, 0, 0, 0).
    """
    light, edges = _tables()
    channels = pixels_srgb8.shape[2]
    result = np.empty((height, width, channels), dtype=np.uint8)
    cover = small = None
    if channels == 4:
        cover = pixels_srgb8[..., 3].astype(np.float32) / np.float32(255)
        small = _lanczos(cover, width, height)  # rings beyond 1, as the colors do by which it divides
        result[..., 3] = np.rint(np.clip(small, 0, 1) * 255).astype(np.uint8)
    for channel in range(3):
        plane = light[pixels_srgb8[..., channel]]
        if cover is None or small is None:
            result[..., channel] = np.searchsorted(edges, _lanczos(plane, width, height))
            continue
        premultiplied = _lanczos(plane * cover, width, height)
        straight = premultiplied / np.maximum(small, np.float32(0.5 / 255))
        result[..., channel] = np.where(result[..., 3] == 0, 0, np.searchsorted(edges, straight))
    return result


def _lanczos(plane: Floats, width: int, height: int) -> Floats:
    image = Image.fromarray(np.ascontiguousarray(plane))
    return np.asarray(image.resize((width, height), Image.Resampling.LANCZOS), dtype=np.float32)


@cache
def _tables() -> tuple[Floats, Floats]:
    """Return the light of each sRGB code, and between any two codes the light where one ends."""
    codes = (np.arange(511) / 2 / 255).astype(np.float64)
    light = linear1_of_srgb1(codes).astype(np.float32)
    return light[::2].copy(), light[1::2].copy()
