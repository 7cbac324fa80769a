"""Classical error diffusion, for palettes that were given (R. W. Floyd and L. Steinberg 1976)."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from huepress import _core
from huepress.colors.arrays import allowed_classes, alpha_class
from huepress.engine.palette import PaletteFit
from huepress.engine.spatial import is_matched, with_exact_matches
from huepress.model import Bytes, ColorTable, IndexedImage
from huepress.options import Options

_FREE = -1


def diffuse_errors(table: ColorTable, fit: PaletteFit, options: Options, strength: int = 16) -> IndexedImage:
    """Map to a palette that was given, each error handed to four neighbors in sRGB, rows in turn from left and right.

    Means of areas stay, as they do for whoever looks from afar. What is wanted of an entry stays within the range of
    the picture and the palette, so that errors that no entry can repair do not add up.

    Parameters
    ----------
    table : ColorTable
    fit : PaletteFit
        Nearest entries in sRGB.
    options : Options
    strength : int
        Sixteenths of each error that are handed on, 0 to 16.
    """
    colors, entries = table.colors_srgb8, fit.palette.colors_srgb8
    is_fixed = fit.exact | ~is_matched(colors, entries)
    kinds = alpha_class(entries)
    if options.alpha == "exact":
        allowed = allowed_classes(alpha_class(colors), kinds)
    else:
        allowed = np.full(len(colors), 0b111, np.uint8)
    indices = _core.diffuse_errors(
        colors=_sixteenths(colors),
        color_of=table.inverse,
        entries=_sixteenths(entries),
        fixed=np.where(is_fixed, fit.labels, _FREE).astype(np.int16),
        allowed=allowed,
        entry_class=kinds,
        strength=strength,
    )
    return IndexedImage(with_exact_matches(indices, table, fit, options.hidden), fit.palette)


def _sixteenths(colors_srgb8: Bytes) -> npt.NDArray[np.int32]:
    """Return points whose distances are those of colors on a black and a white background, in sixteenths of a code."""
    return np.rint(16 * _core.colors_to_points(colors_srgb8, "srgb")).astype(np.int32)
