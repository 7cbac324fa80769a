"""Light and two differences of color, as video holds them, to RGB (ITU-T H.273, table 4)."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from huepress.model import Bytes

Floats = npt.NDArray[np.float32]
Samples = npt.NDArray[np.uint8] | npt.NDArray[np.uint16]
# The shares of red and blue in the light, by H.273's numbers of matrix coefficients.
_RED_AND_BLUE = {1: (0.2126, 0.0722), 5: (0.299, 0.114), 6: (0.299, 0.114), 9: (0.2627, 0.0593), 10: (0.2627, 0.0593)}
BT709, BT601 = 1, 6


@dataclass(frozen=True)
class Sampling:
    """Where the samples of chroma stand.

    Attributes
    ----------
    across, down : int
        1, or 2 where chroma has half the columns or rows; 0 where there is none.
    between : bool
        Whether in a row samples of chroma stand between those of light, and not at every other of them.
    """

    across: int
    down: int
    between: bool

    def chroma_shape(self, width: int, height: int) -> tuple[int, int]:
        """Return the rows and columns of each plane of chroma."""
        return (-(-height // self.down), -(-width // self.across)) if self.across else (0, 0)


@dataclass(frozen=True)
class YuvEncoding:
    """What codes mean.

    Attributes
    ----------
    matrix : int
        H.273's number; unknown ones count as BT.601.
    full_range : bool
        Whether 0 is black and the largest code white.
    bits : int
        8 to 16.
    """

    matrix: int = BT601
    full_range: bool = False
    bits: int = 8


def to_rgb255(planes: list[Samples], sampling: Sampling, encoding: YuvEncoding) -> Floats:
    """Convert the planes of a picture.

    Parameters
    ----------
    planes : list of one or three ndarrays of uint8 or uint16
        Light, (height, width); the differences of blue and of red, of the shape that `sampling` gives them.

    Returns
    -------
    ndarray of float32, (height, width, 3)
        Codes of red, green and blue, 0 to 255, not rounded and not clipped.
    """
    black, light, color = (0, 255, 255) if encoding.full_range else (16, 219, 224)
    step = np.float32(1 / (1 << (encoding.bits - 8)))  # exact
    if encoding.full_range and encoding.bits > 8:  # whose white is a little more than 255 steps
        step = np.float32(255 / ((1 << encoding.bits) - 1))
    y = (planes[0].astype(np.float32) * step - np.float32(black)) * np.float32(255 / light)
    result = np.empty((*y.shape, 3), np.float32)
    if len(planes) == 1:
        result[:] = y[..., None]
        return result
    middle = np.float32(1 << (encoding.bits - 1)) * step
    blue, red = (
        _at_full_size((plane.astype(np.float32) * step - middle) * np.float32(255 / color), sampling, y.shape)
        for plane in planes[1:]
    )
    kr, kb = _RED_AND_BLUE.get(encoding.matrix, _RED_AND_BLUE[BT601])
    kg = 1 - kr - kb
    result[..., 0] = y + np.float32(2 * (1 - kr)) * red
    result[..., 1] = y - np.float32(2 * (1 - kb) * kb / kg) * blue - np.float32(2 * (1 - kr) * kr / kg) * red
    result[..., 2] = y + np.float32(2 * (1 - kb)) * blue
    return result


def rounded(rgb255: Floats) -> Bytes:
    """Return codes as bytes."""
    return np.rint(np.clip(rgb255, 0, 255)).astype(np.uint8)


def _at_full_size(plane: Floats, sampling: Sampling, shape: tuple[int, ...]) -> Floats:
    height, width = shape
    if sampling.down == 2:  # in all kinds chroma stands between two rows of light
        plane = _doubled(plane, between=True)[:height]
    return plane if sampling.across == 1 else _doubled(plane.T, between=sampling.between).T[:, :width]


def _doubled(plane: Floats, *, between: bool) -> Floats:
    """Return twice as many rows, interpolated linearly."""
    before, after = np.vstack([plane[:1], plane[:-1]]), np.vstack([plane[1:], plane[-1:]])
    quarter, half = np.float32(0.25), np.float32(0.5)
    result = np.empty((2 * len(plane), plane.shape[1]), np.float32)
    result[::2] = plane + (before - plane) * quarter if between else plane
    result[1::2] = plane + (after - plane) * (quarter if between else half)
    return result
