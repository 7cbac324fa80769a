"""Direct search (M. Analoui, J. P. Allebach 1992) for palettes that were given: better than any diffusion from afar."""

from __future__ import annotations

import math
from typing import Literal, NamedTuple

import numpy as np
import numpy.typing as npt

from huepress import _core
from huepress.colors.arrays import linear1_of_srgb1, product
from huepress.engine.error_diffusion import entry_rules
from huepress.engine.palette import PaletteFit
from huepress.engine.spatial import is_matched, with_exact_matches
from huepress.model import Bytes, ColorTable, IndexedImage
from huepress.options import Options

Weights = npt.NDArray[np.float32]

# How far the core follows what is seen from afar.
_REACH = 8
# Four times the variance of a binomial filter that stands for a Gaussian; twice that of a blur of sigma 2 pixels, which
# counts twice in the square of an error.
_FROM_AFAR = 32
_PASSES = 4
# XYB of JPEG XL (ISO/IEC 18181-1, annex L): what the cones take of light, and a bias, below which all is about as dark.
_CONES = np.array([[0.3, 0.622, 0.078], [0.23, 0.692, 0.078], [0.24342268924547819, 0.20476744424496821, 0.5518098665]])
_BIAS = 0.0037930732552754493
# Red against green, brightness, and blue against it; found by trials.
_OPPONENTS = np.array([[3.5, -3.5, 0.0], [0.5, 0.5, 0.0], [-0.25, -0.25, 0.5]])


class Weighing(NamedTuple):
    """What errors weigh that are seen from afar, as sums over areas in sRGB, and from near.

    Attributes
    ----------
    afar : float
        Of errors behind a blur of sigma 2 pixels.
    between : float
        Of errors behind a narrow blur.
    between_width : int
        Of the narrow blur, four times the variance of two of it.
    near : float
        Of errors of each pixel, seen alone or nearly so: no dots where means do not ask for them.
    near_side : float
        What of a pixel's weight its neighbor in a row has in that, 0 to 0.25.
    near_space : {"oklab", "xyb"}
        Where errors of pixels are measured. XYB takes dark colors for alike: better for entries among them.
    """

    afar: float
    between: float
    between_width: int
    near: float
    near_side: float
    near_space: Literal["oklab", "xyb"] = "oklab"


def search_directly(
    table: ColorTable, fit: PaletteFit, options: Options, start: IndexedImage, weighing: Weighing
) -> IndexedImage:
    """Improve a picture in a palette that was given, one pixel at a time, until no change lowers the errors' weight.

    Parameters
    ----------
    table : ColorTable
    fit : PaletteFit
    options : Options
    start : IndexedImage
    weighing : Weighing
    """
    far = weighing.afar * _binomial(_FROM_AFAR) + weighing.between * _binomial(weighing.between_width)
    side = weighing.near_side
    row = np.array([side, 1 - 2 * side, side])
    near = weighing.near * np.outer(row, row)
    colors, entries = (_seen(each, weighing) for each in (table.colors_srgb8, fit.palette.colors_srgb8))
    unmatched = ~is_matched(table.colors_srgb8, fit.palette.colors_srgb8)
    colors[:, unmatched] = entries[:, fit.labels[unmatched]]  # nobody is to make up for what is not seen
    indices = _core.direct_search(
        colors=colors,
        color_of=table.inverse,
        entries=entries,
        **entry_rules(table, fit, options)._asdict(),
        indices=start.indices,
        far_weights=far.astype(np.float32),
        near_weights=near.astype(np.float32),
        n_passes=_PASSES,
        n_threads=options.threads,
    )
    return IndexedImage(with_exact_matches(indices, table, fit, options.hidden), fit.palette)


def _binomial(width: int) -> npt.NDArray[np.float64]:
    """Return a square of binomial weights, whose variance is a quarter of the width. Dyadic: exact on any machine."""
    row = np.ones(1)
    for _ in range(width):
        row = np.convolve(row, [0.5, 0.5])
    short = max(_REACH - width // 2, 0)
    row = np.pad(row, short)[max(width // 2 - _REACH, 0) :][: 2 * _REACH + 1]
    return np.outer(row, row)


def _seen(colors_srgb8: Bytes, weighing: Weighing) -> Weights:
    """Return colors as points in sRGB, 0 to 1, and where they are seen from near. (2, n, 4)."""
    points = np.zeros((2, len(colors_srgb8), 4), np.float32)
    near = _xyb(colors_srgb8) if weighing.near_space == "xyb" else _core.colors_to_points(colors_srgb8, "oklab")
    for plane, found in enumerate((_core.colors_to_points(colors_srgb8, "srgb") / np.float32(255), near)):
        points[plane, :, : found.shape[1]] = found
    return points


def _xyb(colors_srgb8: Bytes) -> npt.NDArray[np.float64]:
    """Return colors in XYB; distances of translucent ones are those on a black and a white background, as elsewhere."""
    linear1 = linear1_of_srgb1(colors_srgb8[:, :3] / 255)
    points = product(np.cbrt(product(linear1, _CONES.T) + _BIAS) - math.cbrt(_BIAS), _OPPONENTS.T)
    if colors_srgb8.shape[1] == 3:
        return points
    alpha1 = colors_srgb8[:, 3:] / 255
    half = alpha1 * (math.cbrt(1 + _BIAS) - math.cbrt(_BIAS)) / 2
    return np.concatenate([alpha1 * points - half * [0, 1, 0], half], axis=1)
