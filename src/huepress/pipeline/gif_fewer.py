"""Stage: what a GIF's frame looks like where it makes do with fewer entries, weighed by the runs that this saves."""

from __future__ import annotations

from dataclasses import dataclass, field

import numpy as np
import numpy.typing as npt

from huepress import _core
from huepress.colors.arrays import pack_colors
from huepress.efforts import EFFORTS
from huepress.engine.fewer_entries import letter_points, stand_ins
from huepress.engine.palette import nearest_entries
from huepress.engine.spatial import LAMBDA_AT_RATE_1
from huepress.model import Animation, Bytes, ColorTable, Palette
from huepress.options import Options
from huepress.pipeline.frames import Looks, changed_pixels, held_frames
from huepress.pipeline.gif_palette import OWN_ERROR, weighs_errors

PLACES = 0x10000  # of looks, and of what is none
# What a change of color along a row costs: about eight bits, against errors that weigh a seventh beside letters.
_BREAK_BITS = 60.0
# Above this rate the same entries stand for others: errors grow, and with more weight letters fall apart.
_MOST_RATE = 32.0
# Letters on flat ground change color at fewer pixels of a row than so many of all; what is dithered at more.
_FLAT = 1 / 3
# Frames whose breaks are counted.
_MOST_COUNTED = 16


@dataclass(frozen=True, eq=False)
class Fewer:
    """What stands for each entry where frames make do with fewer.

    Attributes
    ----------
    looks : list of ndarray of uint16, (65536,)
        One for each number of entries; a look beyond the palette stands for itself.
    is_flat : bool
        Whether frames are letters and the like on flat ground, in no more colors than the palette holds.
    """

    looks: list[Looks] = field(default_factory=list)
    is_flat: bool = False

    @classmethod
    def of(
        cls,
        palette: Palette,
        table: ColorTable,
        options: Options,
        animation: Animation | None = None,
        n_changed: int = 0,
    ) -> Fewer:
        """Find what stands for each entry by the errors, and by the runs that it keeps whole where frames are flat.

        Parameters
        ----------
        palette : Palette
        table : ColorTable
            Of the pixels.
        options : Options
        animation : Animation, optional
            Whose runs may count; else only errors do.
        n_changed : int
            Pixels that its frames change.
        """
        sizes = [size for size in EFFORTS[options.effort].lzw_sizes if size < len(palette)]
        nearest = nearest_entries(table.colors_srgb8, palette.colors_srgb8, options)
        counts = np.bincount(nearest, weights=table.counts, minlength=len(palette))
        breaks = None
        if animation is not None and weighs_errors(options) and (exact_entries(table, palette) >= 0).all():
            breaks = _breaks(animation, palette, n_changed)
        if breaks is None:
            points = _core.colors_to_points(palette.colors_srgb8, "oklab")
        else:
            points = letter_points(palette.colors_srgb8)
            breaks *= _BREAK_BITS * min(options.rate, _MOST_RATE) * LAMBDA_AT_RATE_1 / OWN_ERROR
        found = stand_ins(points, counts, sizes, breaks)
        looks = [np.append(by, np.arange(len(by), PLACES)).astype(np.uint16) for by in found]
        return cls(looks, is_flat=breaks is not None)


def exact_entries(table: ColorTable, palette: Palette) -> npt.NDArray[np.int64]:
    """Return each color's own palette entry, the first if there are several, -1 where it has none."""
    keys = pack_colors(table.colors_srgb8)
    entries, first = np.unique(pack_colors(palette.colors_srgb8), return_index=True)
    place = np.minimum(np.searchsorted(entries, keys), len(entries) - 1)
    return np.where(entries[place] == keys, first[place], -1)


def _breaks(animation: Animation, palette: Palette, n_changed: int) -> npt.NDArray[np.float64] | None:
    """Count how often two of the palette's colors stand side by side where frames change: (k, k), symmetric.

    None where colors change too often to be flat.
    """
    k = len(palette)
    keys = pack_colors(palette.colors_srgb8)
    order = np.argsort(keys)
    found, n_counted, n_pixels, n_sides = np.zeros(k * k, np.int64), 0, 0, 0
    step = -(-animation.n_frames // _MOST_COUNTED)
    before: Bytes | None = None
    for number, (_, pixels) in enumerate(held_frames(animation, binary_alpha=True)):
        if number % step == 0:
            changed = changed_pixels(before, pixels)
            n_counted += int(np.count_nonzero(changed))
            sides = changed_pixels(pixels[:, :-1], pixels[:, 1:]) & (pixels[:, 1:, 3] > 0) & (pixels[:, :-1, 3] > 0)
            n_pixels += sides.size
            n_sides += int(np.count_nonzero(sides))
            sides &= changed[:, 1:]
            left, right = (
                order[np.minimum(np.searchsorted(keys, pack_colors(side[sides]), sorter=order), k - 1)]
                for side in (pixels[:, :-1], pixels[:, 1:])
            )
            found += np.bincount(left * k + right, minlength=k * k)
        before = pixels
    if n_sides > _FLAT * n_pixels:
        return None
    together = found.reshape(k, k).astype(np.float64)
    return (together + together.T) * (max(n_changed, n_counted) / max(n_counted, 1))
