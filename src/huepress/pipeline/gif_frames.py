"""Stage: the frames of an animated GIF, each the changes that it brings, in LZW codes."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace
from functools import partial

import numpy as np
import numpy.typing as npt

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
from huepress.pipeline.gif_codes import Frame, Hold, Said
from huepress.pipeline.gif_fewer import Fewer, exact_entries
from huepress.pipeline.gif_palette import drawable, in_order_of_use, visible, weighs_errors, worth_its_bytes
from huepress.pipeline.stays import Stays

# Looks that a canvas may hold; 16 bits number them.
_MOST_LOOKS = 60_000
# Exact frames whose first codes cost so many times what the search found are not said in other ways.
_HOPELESS = 1.3
# After so many frames in a row that took all entries, fewer are tried at one frame of so many.
_PATIENCE = 4


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
    stays : Stays
    fewer : Fewer
        Of the shared palette.
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
        palette: Palette | None = None
        fewer = Fewer()
        if not options.palette_per_frame:
            # Pixels that stay as they are need an index of their own: the transparent one.
            palette = fit_frames(table, options, spare=has_clear or is_crowded(table, options))
            palette = worth_its_bytes(palette, table, stays.n_changed, options)
            if options.palette is None:
                palette = in_order_of_use(palette, drawn, options)
            fewer = Fewer.of(palette, table, options, animation, stays.n_changed)
        return cls(animation, options, palette, has_clear, stays, fewer)

    def __init__(
        self,
        animation: Animation,
        options: Options,
        palette: Palette | None,
        has_clear: bool,
        stays: Stays,
        fewer: Fewer,
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
        self._fewer = fewer
        self._n_whole = 0  # frames in a row that did not make do with fewer entries
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
        frame = Frame(
            pixels_srgb8,
            self._colors,
            canvas=self._canvas,
            required=required,
            box=box,
            palette=palette,
            transparent=transparent,
            own_table=self._palette is None,
            has_clear=self._has_clear,
            stays=self._stay,
            options=self._options,
        )
        said = self._choose(frame, pixels_srgb8)
        shown = self._canvas.copy()
        shown[box.slices] = said.looks
        self._writer.add(
            corner=box.corner,
            size=box.size,
            min_code_size=said.min_code_size,
            codes=said.codes,
            ticks=self._ticks[number],
            disposal=disposal,
            transparent=said.transparent,
            palette=said.palette if said.own_table else None,
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
        self._fewer = Fewer.of(palette, table, self._options)
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

    def _choose(self, frame: Frame, pixels_srgb8: Bytes) -> Said:
        """Choose what is shown of a frame and how it is said: of all ways tried the least distortion plus bits."""
        options, inside = self._options, frame.box.slices
        rate = options.rate * LAMBDA_AT_RATE_1 if weighs_errors(options) else 0.0
        table, palette, required = frame.table, frame.palette, frame.required
        entries = exact_entries(table, palette)
        missing = entries < 0
        kept = is_asked_for(table.colors_srgb8, options) & ~missing
        if kept.any():
            settled = (required == FREE) & kept[table.inverse]
            required[inside] = np.where(settled, entries[table.inverse], required)[inside]
        free = required[inside] == FREE
        fits = not (missing.any() and missing[table.inverse[inside][free]].any())
        if options.effort and not fits and rate == 0.0:
            wanted = searched_entries(table, palette, options, "png").astype(np.uint16)
        else:
            nearest = entries if fits else nearest_entries(table.colors_srgb8, palette.colors_srgb8, options)
            wanted = nearest.astype(np.uint16)[table.inverse]
        looks = np.where(required == FREE, wanted, required)
        if rate == 0.0 or not free.any():
            return frame.say(np.ascontiguousarray(looks[inside]))
        if fits or self._before_srgb8 is None:
            hold = Hold.nothing(required.shape)
        else:
            hold = Hold.between(pixels_srgb8, self._before_srgb8, self._shown_srgb8, options.rate)
        flat = fits and self._fewer.is_flat
        search = partial(frame.search, rate, diffuse=options.dither != "none", hold=hold)

        def cost(way: tuple[Said, float]) -> float:
            return way[1] + 8 * rate * way[0].n_bytes

        def finished(ways: Iterable[tuple[Said, float]]) -> tuple[Said, float]:
            """Take the best by its first codes, and finish it."""
            said, distortion = min(ways, key=cost)
            return frame.finish(said), distortion

        own = np.maximum(entries, 0).astype(np.uint16)  # of colors in the box, where all have one
        searched, plain = search(), frame.decided(looks, own) if flat else search(proposed=looks)
        best = finished((searched, plain))
        if fits and cost(plain) < _HOPELESS * cost(searched):
            best = min(best, (frame.say(np.ascontiguousarray(looks[inside])), 0.0), key=cost)
        if self._fewer.looks and (flat or self._n_whole < _PATIENCE or self._n_whole % _PATIENCE == 0):
            proposals = [(np.where(required == FREE, by[looks], looks), by) for by in self._fewer.looks]
            if flat:
                fewer = finished(frame.decided(proposed, by[own]) for proposed, by in proposals)
            else:
                fewer = finished(search(proposed=proposed) for proposed, _ in proposals)
            if cost(fewer) < cost(best):
                self._n_whole = 0
                return fewer[0]
        self._n_whole += 1
        return best[0]

    def _as_pixels(self, looks: Looks) -> Bytes:
        colors = np.zeros((0x10000, 4), np.uint8)
        colors[: len(self._colors), :3] = self._colors
        colors[: len(self._colors), 3] = 255
        shown: Bytes = colors.view(np.uint32)[:, 0].take(looks).view(np.uint8).reshape(*looks.shape, 4)
        return shown

    def _as_indexed(self, looks: Looks, palette: Palette) -> IndexedImage:
        if not (looks == CLEAR).any():
            return IndexedImage(looks.astype(np.uint8), palette)
        colors = np.vstack([np.insert(palette.colors_srgb8, 3, 255, axis=1), np.zeros((1, 4), np.uint8)])
        return IndexedImage(np.where(looks == CLEAR, len(palette), looks).astype(np.uint8), Palette(colors))


def _whole(mask: Mask) -> Box:
    return Box(0, 0, mask.shape[1], mask.shape[0])
