"""Stage: what of a frame has to be drawn, given what lies on the canvas.

Looks are colors by number, the palette's entries first. A canvas is an array of looks.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace

import numpy as np
import numpy.typing as npt

from huepress.colors.arrays import is_among, pack_colors
from huepress.engine.backing import Rgba
from huepress.engine.color_counter import ColorCounter
from huepress.engine.palette import PaletteFit, fit_palette, fits, nearest_entries
from huepress.engine.spatial import Coder, search_indices
from huepress.errors import DecodeError
from huepress.model import Animation, Bytes, ColorTable, Palette
from huepress.options import MAX_COLORS, Options

Looks = npt.NDArray[np.uint16]
Mask = npt.NDArray[np.bool_]
# As in core/search/lzw_search.hpp: nothing is there, and nothing is required.
CLEAR, FREE = 0xFFFF, 0xFFFE


@dataclass(frozen=True)
class Box:
    """A rectangle of the canvas, never empty."""

    left: int
    top: int
    width: int
    height: int

    @property
    def slices(self) -> tuple[slice, slice]:
        """The rectangle's rows and columns."""
        return slice(self.top, self.top + self.height), slice(self.left, self.left + self.width)

    @property
    def corner(self) -> tuple[int, int]:
        """Left and top."""
        return self.left, self.top

    @property
    def size(self) -> tuple[int, int]:
        """Width and height."""
        return self.width, self.height

    def on_even_corner(self) -> Box:
        """Return the box with its corner moved up and left to even coordinates."""
        left, top = self.left & 1, self.top & 1
        return Box(self.left - left, self.top - top, self.width + left, self.height + top)


def changed_pixels(before_srgb8: Bytes | None, now_srgb8: Bytes) -> Mask:
    """Tell which pixels of a frame differ from the one before; all of the first."""
    if before_srgb8 is None:
        return np.ones(now_srgb8.shape[:2], dtype=bool)
    before, now = (np.ascontiguousarray(pixels).view(np.uint32)[:, :, 0] for pixels in (before_srgb8, now_srgb8))
    return np.asarray(before != now)


def bounding_box(mask: Mask) -> Box:
    """Return the smallest box around the pixels set; one pixel where none is."""
    rows, columns = np.flatnonzero(mask.any(axis=1)), np.flatnonzero(mask.any(axis=0))
    if not len(rows):
        return Box(0, 0, 1, 1)
    top, left = int(rows[0]), int(columns[0])
    return Box(left, top, int(columns[-1]) - left + 1, int(rows[-1]) - top + 1)


def without_hidden_colors(pixels_srgb8: Bytes, *, binary_alpha: bool) -> Bytes:
    """Return pixels whose fully transparent ones are (0, 0, 0, 0); with binary alpha the others opaque."""
    alpha = pixels_srgb8[:, :, 3]
    gone = alpha < 128 if binary_alpha else alpha == 0
    if not gone.any() and not (binary_alpha and (alpha < 255).any()):
        return pixels_srgb8
    whole = np.ascontiguousarray(pixels_srgb8).view(np.uint32)[:, :, 0]
    opaque = np.array([0, 0, 0, 255 if binary_alpha else 0], np.uint8).view(np.uint32)
    result: Bytes = np.where(gone, np.uint32(0), whole | opaque).view(np.uint8).reshape(pixels_srgb8.shape)
    return result


def on_backing(pixels_srgb8: Bytes, backing: tuple[int, int, int, int], *, binary_alpha: bool) -> Bytes:
    """Return pixels whose fully transparent ones have a color; with binary alpha all are opaque."""
    result = np.where(pixels_srgb8[:, :, 3:] == 0, np.array(backing, np.uint8), pixels_srgb8)
    if binary_alpha:
        result[:, :, 3] = 255
    return result


def is_asked_for(colors_srgb8: Bytes, options: Options) -> Mask:
    """Tell which colors, (n, 3 or 4), the options ask for: their pixels keep them."""
    asked = np.array([*(options.given_palette or ()), *options.pinned], np.uint8).reshape(-1, 4)
    return is_among(pack_colors(colors_srgb8), pack_colors(asked))


def is_crowded(table: ColorTable, options: Options) -> bool:
    """Tell whether a palette has to be found because the colors do not fit; given colors leave the room they leave."""
    return options.palette is None and isinstance(options.init, str) and not fits(table, options)


def fit_frames(table: ColorTable, options: Options, *, spare: bool) -> Palette:
    """Fit one palette to the colors of all frames.

    Parameters
    ----------
    table : ColorTable
    options : Options
    spare : bool
        Whether one of 256 indices is to stay free: the transparent one, for pixels that stay as they are.
    """
    full = options.most_colors == MAX_COLORS and options.palette is None
    return fit_palette(table, replace(options, n_colors=options.most_colors - (spare and full))).palette


def searched_entries(table: ColorTable, palette: Palette, options: Options, coder: Coder) -> Bytes:
    """Return the spatial search's indices into the whole palette, which stays as it is."""
    labels = nearest_entries(table.colors_srgb8, palette.colors_srgb8, options)
    exact = is_asked_for(table.colors_srgb8, options)
    exact &= pack_colors(table.colors_srgb8) == pack_colors(palette.colors_srgb8)[labels]
    fit = PaletteFit(palette, labels, np.ones(len(palette), dtype=bool), exact)
    return search_indices(table, fit, options, coder=coder).indices


def held_frames(
    animation: Animation, *, binary_alpha: bool, backing: Rgba | None = None
) -> Iterator[tuple[Bytes, Bytes]]:
    """Yield each frame as it is, and as the format and the palette can hold it."""
    n_frames = 0
    for pixels in animation.frames():
        n_frames += 1
        held = pixels if backing is None else on_backing(pixels, backing, binary_alpha=binary_alpha)
        yield pixels, without_hidden_colors(held, binary_alpha=binary_alpha)
    if n_frames != animation.n_frames:
        raise DecodeError(f"only {n_frames} of {animation.n_frames} frames can be read; make the animation anew")


def count_frames(animation: Animation, *, threads: int) -> ColorTable:
    """Count the colors of all frames; the table's `inverse` is a row of them all."""
    counter = ColorCounter(threads=threads)
    for _, pixels in held_frames(animation, binary_alpha=False):
        counter.add(pixels)
    table = counter.table()
    assert table is not None
    return table
