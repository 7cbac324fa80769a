"""Classical error diffusion, for palettes that were given."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
import numpy.typing as npt

from huepress import _core
from huepress.colors.arrays import allowed_classes, alpha_class
from huepress.engine.palette import PaletteFit
from huepress.engine.spatial import is_matched, with_exact_matches
from huepress.model import Bytes, ColorTable, IndexedImage
from huepress.options import Options

_FREE = -1


class EntryRules(NamedTuple):
    """Which entries of a given palette the colors of a picture may take.

    Attributes
    ----------
    fixed : ndarray of int16, (n_colors,)
        The entry that a color has in any case; -1 where it is free.
    allowed : ndarray of uint8, (n_colors,)
        Bits of the classes of entries.
    entry_class : ndarray of uint8, (n_entries,)
    """

    fixed: npt.NDArray[np.int16]
    allowed: npt.NDArray[np.uint8]
    entry_class: npt.NDArray[np.uint8]


def entry_rules(table: ColorTable, fit: PaletteFit, options: Options) -> EntryRules:
    """Return the rules that hold whatever is diffused: exact matches, what is not seen, and classes of alpha."""
    colors, entries = table.colors_srgb8, fit.palette.colors_srgb8
    is_fixed = fit.exact | ~is_matched(colors, entries)
    kinds = alpha_class(entries)
    if options.alpha == "exact":
        allowed = allowed_classes(alpha_class(colors), kinds)
    else:
        allowed = np.full(len(colors), 0b111, np.uint8)
    return EntryRules(np.where(is_fixed, fit.labels, _FREE).astype(np.int16), allowed, kinds)


def diffuse_errors(
    table: ColorTable, fit: PaletteFit, options: Options, strength: int = 16, *, along_curve: bool = False
) -> IndexedImage:
    """Map to a palette that was given, errors handed on in sRGB: means of areas stay, as whoever looks from afar sees.

    What is wanted of an entry stays within the range of the picture and the palette, so that errors that no entry can
    repair do not add up.

    Parameters
    ----------
    table : ColorTable
    fit : PaletteFit
        Nearest entries in sRGB.
    options : Options
    strength : int
        Sixteenths of each error that are handed on, 0 to 16: the less, the fewer dots.
    along_curve : bool
        Whether errors go along Hilbert's curve (L. Riemersma, "A balanced dithering technique", 1998), each counting
        three eighths of the next, instead of to four neighbors, rows in turn from left and right (R. W. Floyd and L.
        Steinberg 1976).
    """
    indices = _core.diffuse_errors(
        colors=_sixteenths(table.colors_srgb8),
        color_of=table.inverse,
        entries=_sixteenths(fit.palette.colors_srgb8),
        **entry_rules(table, fit, options)._asdict(),
        strength=strength,
        along_curve=along_curve,
    )
    return IndexedImage(with_exact_matches(indices, table, fit, options.hidden), fit.palette)


def _sixteenths(colors_srgb8: Bytes) -> npt.NDArray[np.int32]:
    """Return points whose distances are those of colors on a black and a white background, in sixteenths of a code."""
    return np.rint(16 * _core.colors_to_points(colors_srgb8, "srgb")).astype(np.int32)
