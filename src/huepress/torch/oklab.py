"""Colors of 8 bits to Oklab and back, on any device.

B. Ottosson, "A perceptual color space for image processing", 2020.
"""

from __future__ import annotations

import torch
from torch import Tensor

# The core's, of which tools/derive_color_constants.py is the source.
_LMS_OF_LINEAR = (
    (0.4122214708, 0.5363325363, 0.0514459929),
    (0.2119034982, 0.6806995451, 0.1073969566),
    (0.0883024619, 0.2817188376, 0.6299787005),
)
_OKLAB_OF_LMS = (
    (0.2104542553, 0.7936177850, -0.0040720468),
    (1.9779984951, -2.4285922050, 0.4505937099),
    (0.0259040371, 0.7827717662, -0.8086757660),
)


def _product(rows: tuple[tuple[float, ...], ...], planes: Tensor) -> list[Tensor]:
    """Return a matrix times planes, term by term: a matrix product of the device may be rounded to fewer bits."""
    x, y, z = planes.unbind(1)
    return [row[0] * x + row[1] * y + row[2] * z for row in rows]


def _inverse(rows: tuple[tuple[float, ...], ...]) -> tuple[tuple[float, ...], ...]:
    return tuple(tuple(row) for row in torch.tensor(rows, dtype=torch.float64).inverse().tolist())


def srgb1_of_srgb8(pixels_srgb8: Tensor) -> Tensor:
    """Return uint8 divided by 255, float32 of the same shape, the same bits on every device.

    A GPU divides by a plain number as it multiplies by its reciprocal, which rounds otherwise; a tensor's element it
    divides by.
    """
    return pixels_srgb8.float() / torch.full((), 255.0, device=pixels_srgb8.device)


def oklab_of_srgb8(planes_srgb8: Tensor) -> Tensor:
    """Return Oklab, float32 of (n, 3, n_pixels), of uint8 of the same shape."""
    code1 = torch.arange(256, dtype=torch.float64) / 255
    linear1 = torch.where(code1 <= 0.04045, code1 / 12.92, ((code1 + 0.055) / 1.055) ** 2.4)
    table = linear1.to(torch.float32).to(planes_srgb8.device)
    lms = torch.stack(_product(_LMS_OF_LINEAR, table[planes_srgb8.to(torch.int64)]), 1)
    return torch.stack(_product(_OKLAB_OF_LMS, lms.clamp(min=0) ** (1 / 3)), 1)


def srgb8_of_oklab(planes_oklab: Tensor) -> Tensor:
    """Return the nearest sRGB, uint8, of Oklab, (n, 3, n_colors); each channel is clipped."""
    lms = torch.stack(_product(_inverse(_OKLAB_OF_LMS), planes_oklab), 1) ** 3
    linear1 = torch.stack(_product(_inverse(_LMS_OF_LINEAR), lms), 1).clamp(0, 1)
    steep = 1.055 * linear1.clamp(min=0.0031308) ** (1 / 2.4) - 0.055
    code1 = torch.where(linear1 <= 0.0031308, 12.92 * linear1, steep)
    return (code1 * 255).round().to(torch.uint8)
