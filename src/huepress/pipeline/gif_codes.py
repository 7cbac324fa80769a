"""Stage: the LZW codes of a GIF's frame: what it shows and how that is said, chosen by bytes and errors together."""

from __future__ import annotations

import functools
import math
from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from huepress import _core
from huepress.efforts import EFFORTS
from huepress.engine.fewer_entries import letter_points
from huepress.engine.histogram import count_colors
from huepress.model import Bytes, ColorTable, Palette, SourceImage
from huepress.options import Options
from huepress.pipeline.frames import FREE, Box, Looks
from huepress.pipeline.gif_palette import OWN_ERROR

# First symbols of a string that are looked at, the cheapest.
_STARTS = 32
# What it costs to say a pixel again instead of leaving it as it is: in the search, and where all is decided.
_AGAIN_BITS, _AGAIN_BITS_DECIDED = 1.0, 0.1
# What the error of the frame before weighs where nothing moves, against 1 of the source; a change in Oklab of so much,
# about two codes, leaves a quarter. A farther reach lets errors trail where colors change slowly; so does more weight.
_HOLD, _STILL = 3.5, 0.007
# It weighs as much as the rate where that is more, up to this: errors grow with the rate, and what changes with them.
_MOST_HOLD = 16.0
# Of the squared error of colors that another stands for everywhere, against that of noise: letters mask it.
_STAND_IN_ERROR = 0.14
_PLACES = 0x10000  # of looks, and of what is none


@dataclass(frozen=True, eq=False)
class Said:
    """A frame's rectangle in LZW codes.

    Attributes
    ----------
    min_code_size : int
    codes : bytes
    indices : ndarray of uint8, (height, width)
    palette : Palette
    transparent : int or None
        The index that leaves pixels as they are.
    own_table : bool
        Whether the frame brings its palette.
    looks : ndarray of uint16, (height, width)
        What is then seen.
    """

    min_code_size: int
    codes: bytes
    indices: Bytes
    palette: Palette
    transparent: int | None
    own_table: bool
    looks: Looks

    @property
    def n_bytes(self) -> int:
        """Bytes of the codes and the palette that the frame brings."""
        return len(self.codes) + (3 << _bits(self.palette) if self.own_table else 0)


@dataclass(frozen=True, eq=False)
class Hold:
    """What keeps a frame from flickering: pixels that hardly move had better err as they did in the frame before.

    Attributes
    ----------
    weights : ndarray of float32, (height, width)
        Against 1 of the source's color; 0 where nothing is held.
    colors_oklab : ndarray of float32, (height, width, 3)
        The source's colors with the errors of the frame before.
    """

    weights: npt.NDArray[np.float32]
    colors_oklab: npt.NDArray[np.float32]

    @classmethod
    def nothing(cls, shape: tuple[int, ...]) -> Hold:
        """Return what holds nothing of so many rows and columns."""
        return cls(np.zeros(shape, np.float32), np.zeros((*shape, 3), np.float32))

    @classmethod
    def between(cls, now_srgb8: Bytes, before_srgb8: Bytes, shown_srgb8: Bytes, rate: float) -> Hold:
        """Compare a frame with the one before, (height, width, 4), and with what was shown of that."""
        weight = np.float32(min(max(_HOLD, rate), _MOST_HOLD))
        frames = (now_srgb8, before_srgb8, shown_srgb8)
        now, before, shown = (
            _core.colors_to_points(np.ascontiguousarray(pixels[:, :, :3]).reshape(-1, 3), "oklab") for pixels in frames
        )
        drawn = np.logical_and.reduce([pixels[:, :, 3] > 0 for pixels in frames])
        moved = (now - before) / np.float32(_STILL)
        # Nothing but sums, products and quotients, each rounded by IEEE 754: the same bits everywhere.
        change = moved[:, 0] * moved[:, 0] + moved[:, 1] * moved[:, 1] + moved[:, 2] * moved[:, 2] + np.float32(1)
        weights = np.where(drawn, (weight / (change * change)).reshape(drawn.shape), np.float32(0))
        return cls(weights, (now + (shown - before)).reshape(*drawn.shape, 3))


class Frame:
    """What is to be drawn of a frame.

    Parameters
    ----------
    pixels_srgb8 : ndarray of uint8, (height, width, 4)
    colors_srgb8 : ndarray of uint8, (n, 3)
        Of the looks, the palette's entries first.
    canvas : ndarray of uint16, (height, width)
        The looks that lie there before.
    required : ndarray of uint16, (height, width)
        The look that a pixel must get, or FREE.
    box : Box
        The rectangle that the frame covers.
    palette : Palette
    transparent : int or None
    own_table : bool
        Whether the frame brings its palette.
    has_clear : bool
        Whether a frame has to have a transparent index.
    stays : ndarray of float32, (height, width)
        For how many frames each pixel stays.
    options : Options
        For its effort and threads.
    """

    def __init__(
        self,
        pixels_srgb8: Bytes,
        colors_srgb8: Bytes,
        *,
        canvas: Looks,
        required: Looks,
        box: Box,
        palette: Palette,
        transparent: int | None,
        own_table: bool,
        has_clear: bool,
        stays: npt.NDArray[np.float32],
        options: Options,
    ) -> None:
        self.table: ColorTable = count_colors(
            SourceImage(np.ascontiguousarray(pixels_srgb8[:, :, :3])), threads=options.threads
        )
        self.canvas, self.required, self.box, self.palette = canvas, required, box, palette
        self.transparent, self._own_table, self._has_clear, self._stays = transparent, own_table, has_clear, stays
        self._effort = EFFORTS[options.effort]
        self._under = np.ascontiguousarray(canvas[box.slices])
        self._looks_srgb8 = colors_srgb8
        self._looks_oklab = _core.colors_to_points(np.ascontiguousarray(colors_srgb8), "oklab")

    @functools.cached_property
    def _seen(self) -> tuple[npt.NDArray[np.float32], npt.NDArray[np.float32]]:
        """The points of the colors, and the square roots of what errors weigh."""
        points_oklab = _core.colors_to_points(self.table.colors_srgb8, "oklab")
        return points_oklab, _core.visibility_roots(points_oklab, self.table.inverse)

    def search(
        self, bit_worth: float, *, diffuse: bool, hold: Hold, proposed: Looks | None = None
    ) -> tuple[Said, float]:
        """Choose indices and codes together, or say what is proposed; with the distortion.

        Parameters
        ----------
        bit_worth : float
            Distortion that a bit is worth.
        diffuse : bool
            Whether errors are diffused.
        hold : Hold
        proposed : ndarray of uint16, optional, (height, width)
            The look that each free pixel gets, or FREE.
        """
        points_oklab, visibility = self._seen
        min_code_size, codes, indices, distortion = _core.search_lzw(
            color_points=points_oklab,
            color_of=self.table.inverse,
            looks=self._looks_oklab,
            n_entries=len(self.palette),
            transparent=-1 if self.transparent is None else self.transparent,
            canvas=self.canvas,
            required=self.required,
            box=(self.box.left, self.box.top, self.box.width, self.box.height),
            diffuse=diffuse,
            bit_worth=bit_worth,
            again_bits=_AGAIN_BITS,
            stays=self._stays,
            proposed=np.full_like(self.required, FREE) if proposed is None else proposed,
            visibility=visibility,
            starts=_STARTS,
            ahead=self._effort.lzw_ahead[0] if proposed is None else 0,
            holds=hold.weights,
            held=hold.colors_oklab,
        )
        looks = indices.astype(np.uint16)
        if self.transparent is not None:
            looks = np.where(indices == self.transparent, self._under, looks)
        said = Said(min_code_size, codes, indices, self.palette, self.transparent, self._own_table, looks)
        return said, distortion

    @functools.cached_property
    def _free_weights(self) -> npt.NDArray[np.float64]:
        """What the squared errors of each color's free pixels weigh together, none of them diffused."""
        inside = self.box.slices
        free = self.required[inside] == FREE
        weights = np.square(self._seen[1][inside][free], dtype=np.float64) * self._stays[inside][free]
        summed = np.bincount(self.table.inverse[inside][free], weights=weights, minlength=len(self.table))
        return (OWN_ERROR * summed).astype(np.float64)

    def decided(self, looks: Looks, look_of: Looks) -> tuple[Said, float]:
        """Say these looks of the canvas quickly; with the distortion where none is diffused.

        Parameters
        ----------
        looks : ndarray of uint16, (height, width)
        look_of : ndarray of uint16, (n,)
            The look that free pixels of each color have.
        """
        drawn = np.ascontiguousarray(looks[self.box.slices])
        numbers = _Numbers(self.palette, self.transparent, self._own_table, drawn, self._under)
        points, shown = letter_points(self.table.colors_srgb8), letter_points(self._looks_srgb8)[look_of]
        errors = np.square(points - shown, dtype=np.float64)
        # Sums that do not hang on the machine.
        distortion = math.fsum((np.add.accumulate(errors, axis=1)[:, -1] * self._free_weights).tolist())
        return min(self._ways(drawn, numbers, 0), key=_n_bytes), _STAND_IN_ERROR * distortion

    def say(self, looks: Looks) -> Said:
        """Say exactly these looks of the box, (height, width), in the fewest bytes."""
        return self._say(looks, self._effort.lzw_ahead[1])

    def finish(self, said: Said) -> Said:
        """Say what a search has chosen in the fewest bytes."""
        return min((said, self._say(said.looks, self._effort.lzw_ahead[0])), key=_n_bytes)

    def _say(self, looks: Looks, ahead: int) -> Said:
        whole = _Numbers(self.palette, self.transparent, self._own_table, looks, self._under)
        said = min(self._ways(looks, whole, ahead), key=_n_bytes)
        ways = [way for numbers in self._fewer_colors(said) for way in self._ways(looks, numbers, ahead)]
        return min((said, *ways), key=_n_bytes)

    def _fewer_colors(self, said: Said) -> Iterator[_Numbers]:
        """Give numbers by the palette's first entries and by a palette of its own, where that shortens codes."""
        used = np.flatnonzero(np.bincount(said.indices.reshape(-1)))
        entries = used[used != said.transparent] if said.transparent is not None else used
        has_transparent = self._has_clear or len(entries) < len(used)
        if _code_size(len(entries) - 1 + has_transparent) >= said.min_code_size or not len(entries):
            return
        if not self._own_table:
            n_first = int(entries[-1]) + 1
            idle = np.bincount(entries, minlength=n_first + 1) == 0
            transparent = int(idle.argmax()) if has_transparent else None
            if _code_size(max(n_first - 1, transparent or 0)) < said.min_code_size:
                yield _Numbers(Palette(said.palette[:n_first]), transparent, False, said.looks, self._under)
        # The other looks of the canvas follow the entries.
        number = np.arange(_PLACES, dtype=np.uint16)
        number[: len(self._looks_oklab)] += np.uint16(len(entries))
        number[entries] = np.arange(len(entries), dtype=np.uint16)
        transparent = len(entries) if has_transparent else None
        own = Palette(said.palette[entries])
        yield _Numbers(own, transparent, True, number[said.looks], number[self._under])

    def _ways(self, looks: Looks, numbers: _Numbers, ahead: int) -> Iterator[Said]:
        """Say looks with the transparent index, and without it where that may be shorter; the best of them again."""

        def said(transparent: int | None, ahead: int) -> Said:
            min_code_size, codes, indices = _core.say_lzw(
                looks=numbers.looks,
                under=numbers.under,
                n_entries=len(numbers.palette),
                transparent=-1 if transparent is None else transparent,
                again_bits=_AGAIN_BITS_DECIDED,
                ahead=ahead,
            )
            return Said(min_code_size, codes, indices, numbers.palette, transparent, numbers.own_table, looks)

        ways = [said(numbers.transparent, 0)]
        may_do_without = numbers.transparent is not None and self._effort.lzw_ways and not self._has_clear
        if may_do_without and (numbers.looks < len(numbers.palette)).all():
            ways.append(said(None, 0))
        yield from ways
        if ahead:
            yield said(min(ways, key=_n_bytes).transparent, ahead)


@dataclass(frozen=True, eq=False)
class _Numbers:
    """The indices that a frame's looks, and those under them, have in a palette."""

    palette: Palette
    transparent: int | None
    own_table: bool
    looks: Looks
    under: Looks


def _n_bytes(said: Said) -> int:
    return said.n_bytes


def _bits(palette: Palette) -> int:
    return max(1, (len(palette) - 1).bit_length())


def _code_size(largest: int) -> int:
    return max(2, largest.bit_length())
