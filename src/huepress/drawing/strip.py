"""The frames of an animation as a few tall pictures without loss, which browsers show frame by frame."""

from __future__ import annotations

import io
from collections.abc import Callable

import numpy as np
from PIL import Image

from huepress.model import Bytes, Encoded

# What a browser decodes at once, so that no frame waits long for its sheet.
MOST_SHEET_PIXELS = 4_000_000
# The longest side that WebP has.
_LONGEST_WEBP_SIDE = 16_383
# Lossless WebP: little effort; more takes several times as long for a tenth of the bytes.
_EFFORT = {"lossless": True, "quality": 20, "method": 1}
# Hardly any: a fifth of the time for a tenth more bytes, where these stay on one machine.
_QUICK = {"lossless": True, "quality": 0, "method": 0}


def frames_a_sheet(width: int, height: int) -> int:
    """Return how many frames stand below each other in one sheet; at least 1."""
    return max(1, min(MOST_SHEET_PIXELS // (width * height), _LONGEST_WEBP_SIDE // height))


def sheet_format(width: int, height: int) -> str:
    """Return the format of the sheets of such frames: lossless WebP, or PNG where a side is too long for that."""
    return "WEBP" if max(width, height) <= _LONGEST_WEBP_SIDE else "PNG"


class Strip:
    """Writes frames below each other, in sheets; see `frames_a_sheet` and `sheet_format`.

    Parameters
    ----------
    width, height : int
        Of each frame.
    take : callable
        Called with each finished sheet.
    quick : bool
        Whether they shall be there soon rather than small.
    """

    def __init__(self, width: int, height: int, take: Callable[[Encoded], None], *, quick: bool = False) -> None:
        self._format, self._take, self._effort = sheet_format(width, height), take, _QUICK if quick else _EFFORT
        self._a_sheet = frames_a_sheet(width, height)
        self._waiting: list[Bytes] = []
        self.translucent = False

    def add(self, pixels_srgb8: Bytes) -> None:
        """Add a frame: (height, width, 3 or 4) uint8, sRGB with straight alpha if any; all with as many channels."""
        self._waiting.append(pixels_srgb8)
        if len(self._waiting) == self._a_sheet:
            self._encode()

    def finish(self) -> None:
        """End the last sheet, which may hold fewer frames."""
        if self._waiting:
            self._encode()

    def _encode(self) -> None:
        column = np.concatenate(self._waiting)
        self._waiting.clear()
        if column.shape[2] == 4 and bool((column[:, :, 3] == 255).all()):
            column = column[:, :, :3]
        self.translucent = self.translucent or column.shape[2] == 4
        image = Image.fromarray(np.ascontiguousarray(column))
        buffer = io.BytesIO()
        if self._format == "WEBP":
            image.save(buffer, "WEBP", exact=True, **self._effort)
        else:
            image.save(buffer, "PNG", compress_level=4)
        self._take(Encoded(buffer.getvalue(), self._format))
