"""The frames of an animation as a few tall pictures without loss, which browsers show frame by frame."""

from __future__ import annotations

import io

import numpy as np
from PIL import Image

from huepress.model import Bytes, Encoded

# What a browser decodes at once, so that no frame waits long for its sheet.
MOST_SHEET_PIXELS = 4_000_000
# The longest side that WebP has.
_LONGEST_WEBP_SIDE = 16_383
# Lossless WebP: little effort; more takes several times as long for a tenth of the bytes.
_EFFORT = {"lossless": True, "quality": 20, "method": 1}


def frames_a_sheet(width: int, height: int) -> int:
    """Return how many frames stand below each other in one sheet; at least 1."""
    return max(1, min(MOST_SHEET_PIXELS // (width * height), _LONGEST_WEBP_SIDE // height))


class Strip:
    """Writes frames below each other, in sheets: lossless WebP, or PNG where a side is too long for that.

    Parameters
    ----------
    width, height : int
        Of each frame.
    """

    def __init__(self, width: int, height: int) -> None:
        self._width, self._height = width, height
        self._a_sheet = frames_a_sheet(width, height)
        self._waiting: list[Bytes] = []
        self._sheets: list[Encoded] = []
        self.translucent = False

    def add(self, pixels_srgb8: Bytes) -> None:
        """Add a frame: (height, width, 3 or 4) uint8, sRGB with straight alpha if any; all with as many channels."""
        self._waiting.append(pixels_srgb8)
        if len(self._waiting) == self._a_sheet:
            self._encode()

    def finish(self) -> list[Encoded]:
        """Return the sheets in their order; `frames_a_sheet` tells how many frames each but the last holds."""
        if self._waiting:
            self._encode()
        return self._sheets

    def _encode(self) -> None:
        column = np.concatenate(self._waiting)
        self._waiting.clear()
        if column.shape[2] == 4 and bool((column[:, :, 3] == 255).all()):
            column = column[:, :, :3]
        self.translucent = self.translucent or column.shape[2] == 4
        image = Image.fromarray(np.ascontiguousarray(column))
        buffer = io.BytesIO()
        if max(image.size) <= _LONGEST_WEBP_SIDE:
            image.save(buffer, "WEBP", exact=True, **_EFFORT)
            self._sheets.append(Encoded(buffer.getvalue(), "WEBP"))
        else:
            image.save(buffer, "PNG", compress_level=4)
            self._sheets.append(Encoded(buffer.getvalue(), "PNG"))
