"""Stage: the frames of an animated GIF, each the changes that it brings, in LZW codes."""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np
import numpy.typing as npt

from huepress import _core
from huepress.colors.arrays import pack_colors
from huepress.engine.histogram import count_colors
from huepress.engine.palette import fit_palette, nearest_entries
from huepress.engine.spatial import LAMBDA_AT_RATE_1
from huepress.errors import LimitError, Remedy
from huepress.formats import gif
from huepress.formats.timing import in_ticks
from huepress.model import Animation, Bytes, ColorTable, IndexedImage, Palette, SourceImage
from huepress.options import MAX_COLORS, Options
from huepress.pipeline.frames import (
    CLEAR,
    FREE,
    Box,
    Looks,
    Mask,
    bounding_box,
    changed_pixels,
    fit_frames,
    is_asked_for,
    is_crowded,
    searched_entries,
)
from huepress.pipeline.gif_palette import drawable, in_order_of_use, visible
from huepress.pipeline.stays import Stays

# Looks that a canvas may hold; 16 bits number them.
_MOST_LOOKS = 60_000
# What it costs to say a pixel again instead of leaving it as it is: the first usually serves best, where all is
# decided the others are tried, too.
_AGAIN_BITS = (1.0, 0.1, 0.0)


@dataclass(frozen=True, eq=False)
class _Said:
    """A frame's rectangle in LZW codes."""

    min_code_size: int
    codes: bytes
    indices: Bytes
    palette: Palette
    transparent: int | None
    shared: bool = False  # the palette is the first part of the shared one

    def looks_on(self, canvas: Looks) -> Looks:
        """Return what is seen when it is drawn on a canvas."""
        looks = self.indices.astype(np.uint16)
        return looks if self.transparent is None else np.where(self.indices == self.transparent, canvas, looks)


class GifDeltas:
    """Chooses the indices of a GIF's frames and writes them.

    Parameters
    ----------
    animation : Animation
    options : Options
    palette : Palette, optional
        Shared by all frames; without it each frame gets its own.
    has_clear : bool
        Whether some pixel of some frame is transparent. Each frame then has a transparent index: some
        decoders ask for one where they clear.
    """

    uses_order = True

    @classmethod
    def begin(
        cls, animation: Animation, options: Options, table: ColorTable, drawn: list[Bytes], stays: Stays
    ) -> GifDeltas:
        """Fit a palette of opaque colors to those of all frames, in the order of their use, and start the file."""
        clear = table.colors_srgb8[:, 3] == 0 if table.colors_srgb8.shape[1] == 4 else np.zeros(len(table), bool)
        has_clear = bool(clear.any())
        table, options = visible(table, clear), drawable(options)
        palette = None
        if not options.palette_per_frame:
            # Pixels that stay as they are need an index of their own: the transparent one.
            palette = fit_frames(table, options, spare=has_clear or is_crowded(table, options))
            if options.palette is None:
                palette = in_order_of_use(palette, drawn, options)
        return cls(animation, options, palette, has_clear, stays)

    def __init__(
        self, animation: Animation, options: Options, palette: Palette | None, has_clear: bool, stays: Stays
    ) -> None:
        if max(animation.width, animation.height) > gif.LARGEST_SIDE:
            raise LimitError("GIF holds at most 65535 pixels a side", remedy=Remedy.OTHER_FORMAT)
        self._options, self._palette, self._has_clear, self._stays = options, palette, has_clear, stays
        shape = (animation.height, animation.width)
        self._ticks = in_ticks(animation.durations, gif.TICK, gif.LONGEST_TICKS, "GIF")
        self._writer = gif.GifWriter(animation.width, animation.height, palette, animation.n_plays)
        self._colors = np.zeros((0, 3), np.uint8) if palette is None else palette.colors_srgb8  # of the looks
        self._canvas: Looks = np.full(shape, CLEAR, np.uint16)
        self._shown: Looks = self._canvas
        self._canvas_srgb8: Bytes = np.zeros((*shape, 4), np.uint8)
        self._before_srgb8: Bytes | None = None
        self._stay = np.ones(shape, np.float32)  # of the last box
        self._shown_srgb8: Bytes = np.zeros((*shape, 4), np.uint8)
        self._shown_before: Box | None = None  # what of it goes when the next frame is shown
        self._renumbering: Looks | None = None
        self.first: IndexedImage | None = None
        self.n_colors = 0

    def add(self, pixels_srgb8: Bytes, following_srgb8: Bytes | None, number: int) -> Bytes:
        """Add a frame, with the one after it, and return what is then shown: (height, width, 4)."""
        changed = changed_pixels(self._before_srgb8, pixels_srgb8)
        clear = pixels_srgb8[:, :, 3] == 0
        if self._palette is None and len(self._looks_in_use()) > _MOST_LOOKS:
            # More than can be numbered: everything is drawn anew.
            self._canvas = self._shown = np.full_like(self._canvas, CLEAR)
            self._shown_before = _whole(changed)
        lost = (self._canvas != self._shown) | (self._shown == CLEAR)
        palette, transparent = self._palette_for(pixels_srgb8, (changed | lost) & ~clear)
        # What was cleared is drawn again as it was, if this frame's palette has the color.
        lost &= self._shown >= len(palette)
        required = np.where(changed | lost, np.uint16(FREE), self._shown)
        required[clear] = CLEAR
        box = bounding_box((required == FREE) | (required != self._canvas)) if number else _whole(changed)
        disposal, box = self._disposal(box, pixels_srgb8, following_srgb8, number)

        self._stay[box.slices] = self._stays.at(number, box.slices)
        said = self._search(pixels_srgb8, required, box, palette, transparent)
        shown = self._canvas.copy()
        shown[box.slices] = said.looks_on(self._canvas[box.slices])
        smaller = self._with_fewer_colors(said, np.ascontiguousarray(shown[box.slices]), box)
        own = smaller.palette if self._palette is None or not (smaller is said or smaller.shared) else None
        self._writer.add(
            corner=box.corner,
            size=box.size,
            min_code_size=smaller.min_code_size,
            codes=smaller.codes,
            ticks=self._ticks[number],
            disposal=disposal,
            transparent=smaller.transparent,
            palette=own,
        )
        self._shown, self._before_srgb8 = shown, pixels_srgb8
        if disposal != gif.PREVIOUS:
            self._canvas, self._canvas_srgb8 = shown, pixels_srgb8
        if disposal == gif.BACKGROUND:
            self._canvas, self._canvas_srgb8 = shown.copy(), pixels_srgb8.copy()
            self._canvas[box.slices] = CLEAR
            self._canvas_srgb8[box.slices] = 0
        self.n_colors = max(self.n_colors, len(palette))
        if self.first is None:
            self.first = self._as_indexed(shown, palette)
        self._shown_srgb8[box.slices] = self._as_pixels(shown[box.slices])
        if self._shown_before is not None:
            self._shown_srgb8[self._shown_before.slices] = self._as_pixels(shown[self._shown_before.slices])
        self._shown_before = box if disposal != gif.KEEP else None
        return self._shown_srgb8

    def finish(self) -> bytes:
        """Return the whole file."""
        return self._writer.finish()

    def _palette_for(self, pixels_srgb8: Bytes, drawn: Mask) -> tuple[Palette, int | None]:
        """Return the frame's palette and its transparent index, and number the looks by that palette."""
        if self._palette is not None:
            n = len(self._palette)
            return self._palette, n if n < MAX_COLORS else None
        colors = pixels_srgb8[:, :, :3][drawn] if drawn.any() else np.zeros((1, 3), np.uint8)
        table = count_colors(SourceImage(colors[None]), threads=self._options.threads)
        limit = min(self._options.most_colors, MAX_COLORS - 1)
        if len(table) == self._options.most_colors == MAX_COLORS and drawn.all() and not self._has_clear:
            limit = MAX_COLORS  # nothing stays as it was: no transparent index is needed
        palette = fit_palette(table, replace(self._options, n_colors=limit)).palette
        self._renumber(palette)
        return palette, len(palette) if len(palette) < MAX_COLORS else None

    def _looks_in_use(self) -> npt.NDArray[np.intp]:
        in_use = np.zeros(0x10000, dtype=bool)
        in_use[self._canvas] = in_use[self._shown] = True
        return np.flatnonzero(in_use[: len(self._colors)])

    def _renumber(self, palette: Palette) -> None:
        entry_of = {bytes(color): entry for entry, color in enumerate(palette)}
        new_look = np.full(0x10000, CLEAR, np.uint16)
        extra: list[Bytes] = []
        for look in self._looks_in_use():
            color = self._colors[look]
            entry = entry_of.get(bytes(color))
            if entry is None:
                entry = len(palette) + len(extra)
                extra.append(color)
            new_look[look] = entry
        self._colors = np.vstack([palette.colors_srgb8, *(color[None] for color in extra)])
        self._canvas, self._shown = new_look[self._canvas], new_look[self._shown]

    def _disposal(self, box: Box, now: Bytes, following: Bytes | None, number: int) -> tuple[int, Box]:
        """Choose what happens to the frame when its time is over: what leaves the next one the least to draw.

        GIF cannot draw transparency, so pixels that become transparent must be cleared here; the box
        then grows to hold them.
        """
        if following is None:
            return gif.KEEP, box
        changed = changed_pixels(now, following)
        visible = following[:, :, 3] > 0
        lost = ~visible & (now[:, :, 3] > 0)
        options: list[tuple[int, int]] = []
        if not lost.any():
            options.append((int(np.count_nonzero(changed & visible)), gif.KEEP))
        if number and not (~visible & (self._canvas_srgb8[:, :, 3] > 0)).any():
            drawn = changed_pixels(self._canvas_srgb8, following) & visible
            options.append((int(np.count_nonzero(drawn)), gif.PREVIOUS))
        grown = box
        if lost.any():
            cleared = lost.copy()
            cleared[box.slices] = True
            grown = bounding_box(cleared)
            drawn = changed & visible
            drawn[grown.slices] = visible[grown.slices]
            options.append((int(np.count_nonzero(drawn)), gif.BACKGROUND))
        disposal = min(options)[1]
        return disposal, grown if disposal == gif.BACKGROUND else box

    def _search(
        self, pixels_srgb8: Bytes, required: Looks, box: Box, palette: Palette, transparent: int | None
    ) -> _Said:
        options, inside = self._options, box.slices
        rate = 0.0 if options.dither == "full" else options.rate * LAMBDA_AT_RATE_1
        table = _colors_of(pixels_srgb8[inside], options)
        entries = _exact_entries(table, palette)
        kept = is_asked_for(table.colors_srgb8, options) & (entries >= 0)
        if kept.any():
            settled = (required[inside] == FREE) & kept[table.inverse]
            required[inside] = np.where(settled, entries[table.inverse], required[inside])
        free = required[inside] == FREE
        wanted: npt.NDArray[np.integer] | None = None
        exact: _Said | None = None
        if options.effort == 0:
            wanted = nearest_entries(table.colors_srgb8, palette.colors_srgb8, options)[table.inverse]
        elif (entries[table.inverse[free]] >= 0).all():
            wanted = entries[table.inverse]
        elif rate == 0.0:
            wanted = searched_entries(_colors_of(pixels_srgb8, options), palette, options, "png")[inside]
        if wanted is not None:
            looks = np.where(free, wanted, required[inside]).astype(np.uint16)
            exact = self._say(looks, box, palette, transparent)
            if options.effort == 0 or rate == 0.0 or not free.any():
                return exact
        table = _colors_of(pixels_srgb8, options)
        min_code_size, codes, indices, distortion = _core.search_lzw(
            color_points=_core.colors_to_points(table.colors_srgb8, "oklab"),
            color_of=table.inverse,
            looks=_core.colors_to_points(np.ascontiguousarray(self._colors), "oklab"),
            n_entries=len(palette),
            transparent=-1 if transparent is None else transparent,
            canvas=self._canvas,
            required=required,
            box=(box.left, box.top, box.width, box.height),
            diffuse=options.dither != "none",
            bit_worth=rate,
            again_bits=_AGAIN_BITS[0],
            stays=self._stay,
        )
        if exact is not None and 8 * len(exact.codes) * rate <= 8 * len(codes) * rate + distortion:
            return exact
        return _Said(min_code_size, codes, indices, palette, transparent)

    def _say(self, looks: Looks, box: Box, palette: Palette, transparent: int | None) -> _Said:
        """Say exactly these looks of the box, those below the palette's size being its entries."""
        nothing = np.zeros((1, 3), np.float32)
        n_looks = max(len(palette) + len(self._colors), 1)
        canvas = self._canvas[box.slices]
        canvas = np.ascontiguousarray(canvas) if self._renumbering is None else self._renumbering[canvas]
        ways = [(transparent, _AGAIN_BITS[0])]
        if transparent is not None and self._options.effort:
            ways += [(transparent, bits) for bits in _AGAIN_BITS[1:]]
            if not self._has_clear and (looks < len(palette)).all():
                ways.append((None, 0.0))
        best: _Said | None = None
        for transparent, again_bits in ways:
            min_code_size, codes, indices, _ = _core.search_lzw(
                color_points=nothing,
                color_of=np.zeros(looks.shape, np.uint32),
                looks=np.zeros((n_looks, 3), np.float32),
                n_entries=len(palette),
                transparent=-1 if transparent is None else transparent,
                canvas=canvas,
                required=looks,
                box=(0, 0, box.width, box.height),
                diffuse=False,
                bit_worth=1.0,
                again_bits=again_bits,
                stays=np.ones(looks.shape, np.float32),
            )
            if best is None or len(codes) < len(best.codes):
                best = _Said(min_code_size, codes, indices, palette, transparent)
        assert best is not None
        return best

    def _with_fewer_colors(self, said: _Said, shown: Looks, box: Box) -> _Said:
        """Return the frame in shorter codes where it uses few colors: the first ones, or a palette of its own."""
        used = np.unique(said.indices)
        entries = used[used != said.transparent] if said.transparent is not None else used
        has_transparent = self._has_clear or len(entries) < len(used)
        if _code_size(len(entries) - 1 + has_transparent) >= said.min_code_size or not len(entries):
            return said
        candidates = [(len(said.codes) + self._table_bytes(said), said)]
        if self._palette is not None:
            n_first = int(entries[-1]) + 1
            idle = np.setdiff1d(np.arange(n_first + 1), entries)
            transparent = int(idle[0]) if has_transparent else None
            if _code_size(max(n_first - 1, transparent or 0)) < said.min_code_size:
                other = self._say(shown, box, Palette(said.palette[:n_first]), transparent)
                candidates.append((len(other.codes), replace(other, shared=True)))
        palette = Palette(said.palette[entries])
        # The other looks of the canvas follow the entries.
        self._renumbering = np.arange(0x10000, dtype=np.uint16)
        self._renumbering[: len(self._colors)] += np.uint16(len(entries))
        self._renumbering[entries] = np.arange(len(entries), dtype=np.uint16)
        other = self._say(self._renumbering[shown], box, palette, len(entries) if has_transparent else None)
        self._renumbering = None
        candidates.append((len(other.codes) + (3 << _bits(palette)), other))
        return min(candidates, key=lambda candidate: candidate[0])[1]

    def _table_bytes(self, said: _Said) -> int:
        return 3 << _bits(said.palette) if self._palette is None else 0

    def _as_pixels(self, looks: Looks) -> Bytes:
        colors = np.zeros((0x10000, 4), np.uint8)
        colors[: len(self._colors), :3] = self._colors
        colors[: len(self._colors), 3] = 255
        shown: Bytes = colors[looks]
        return shown

    def _as_indexed(self, looks: Looks, palette: Palette) -> IndexedImage:
        if not (looks == CLEAR).any():
            return IndexedImage(looks.astype(np.uint8), palette)
        colors = np.vstack([np.insert(palette.colors_srgb8, 3, 255, axis=1), np.zeros((1, 4), np.uint8)])
        return IndexedImage(np.where(looks == CLEAR, len(palette), looks).astype(np.uint8), Palette(colors))


def _bits(palette: Palette) -> int:
    return max(1, (len(palette) - 1).bit_length())


def _code_size(largest: int) -> int:
    return max(2, largest.bit_length())


def _whole(mask: Mask) -> Box:
    return Box(0, 0, mask.shape[1], mask.shape[0])


def _colors_of(pixels_srgb8: Bytes, options: Options) -> ColorTable:
    return count_colors(SourceImage(np.ascontiguousarray(pixels_srgb8[:, :, :3])), threads=options.threads)


def _exact_entries(table: ColorTable, palette: Palette) -> npt.NDArray[np.int64]:
    """Return each color's own palette entry, the first if there are several, -1 where it has none."""
    keys = pack_colors(table.colors_srgb8)
    entries, first = np.unique(pack_colors(palette.colors_srgb8), return_index=True)
    place = np.minimum(np.searchsorted(entries, keys), len(entries) - 1)
    return np.where(entries[place] == keys, first[place], -1)
