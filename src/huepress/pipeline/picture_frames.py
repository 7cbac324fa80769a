"""Stage: the frames of animated PNG and WebP files, each the rectangle that changes, as a picture."""

from __future__ import annotations

from abc import ABC, abstractmethod
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from huepress import _core
from huepress.engine.histogram import count_colors, with_alpha
from huepress.engine.palette import fit_palette, nearest_entries, needs_alpha
from huepress.engine.spatial import LAMBDA_AT_RATE_1, Coder
from huepress.formats import png, webp
from huepress.formats.timing import in_ticks
from huepress.model import Animation, Bytes, ColorTable, IndexedImage, Palette, SourceImage
from huepress.options import MAX_COLORS, Options
from huepress.pipeline.frames import (
    Box,
    Mask,
    bounding_box,
    changed_pixels,
    fit_frames,
    is_asked_for,
    is_crowded,
    searched_entries,
)
from huepress.pipeline.stays import Stays

# A pixel may keep its last color where a better one would not pay for so many bits ...
_BITS_TO_CHANGE = 12.0
# ... as the search weighs them (the square of the eye filter's own weight, of core/search/eye_filter.hpp).
_OWN_WEIGHT = 0.283269**2


@dataclass(frozen=True, eq=False)
class _Stored:
    """A rectangle as a file holds it."""

    box: Box
    data: bytes
    over: bool  # transparent pixels leave the canvas as it is
    drawn: Mask
    indices: Bytes
    draft_of: IndexedImage | None = None  # what `data` is a draft of, where it is one


class _Deltas(ABC):
    """What both formats share: indices for the pixels that change, and no others."""

    uses_order = False
    _coder: Coder = "png"

    def __init__(self, animation: Animation, options: Options, palette: Palette | None) -> None:
        self._options, self._palette = options, palette
        self._before_srgb8: Bytes | None = None
        self._shown_srgb8: Bytes = np.zeros((animation.height, animation.width, 4), np.uint8)
        self.first: IndexedImage | None = None
        self.n_colors = 0

    def add(self, pixels_srgb8: Bytes, following_srgb8: Bytes | None, number: int) -> Bytes:
        """Add a frame and return what is then shown: (height, width, 4)."""
        changed = changed_pixels(self._before_srgb8, pixels_srgb8)
        box = bounding_box(changed)
        part = np.ascontiguousarray(pixels_srgb8[box.slices])
        palette = self._palette_for(part, changed[box.slices])
        rate = 0.0 if self._options.dither == "full" else self._options.rate * LAMBDA_AT_RATE_1
        colors, drawn = _with_alpha(palette), changed[box.slices]
        ways: list[tuple[Bytes, Mask, float]] = []
        for indices, exact in self._indices_for(part, palette, searched=rate > 0):
            distortion = 0.0 if not ways else float(self._more(part, colors[ways[0][0]], colors[indices])[drawn].sum())
            ways.append((indices, drawn, distortion))
            if number and not exact and rate:
                left, more = self._with_stays(part, colors[indices], drawn, box, rate)
                ways.append((indices, left, distortion + more))
        stored = [(self._store(box, indices, colors, drawn), distortion) for indices, drawn, distortion in ways]
        best = min(stored, key=lambda way: way[1] + rate * 8 * len(way[0].data))[0]
        if self.first is None:
            self.first = self._as_indexed(best.indices, palette)
        self._write(best, number)
        shown = self._shown_srgb8.copy()
        shown[best.box.slices] = np.where(best.drawn[:, :, None], colors[best.indices], shown[best.box.slices])
        self._shown_srgb8, self._before_srgb8 = shown, pixels_srgb8
        return shown

    @abstractmethod
    def finish(self) -> bytes:
        """Return the whole file."""

    @abstractmethod
    def _store(self, box: Box, indices: Bytes, colors: Bytes, drawn: Mask) -> _Stored: ...

    @abstractmethod
    def _write(self, stored: _Stored, number: int) -> None: ...

    def _as_indexed(self, indices: Bytes, palette: Palette) -> IndexedImage:
        return IndexedImage(indices, palette)

    def _palette_for(self, part: Bytes, changed: Mask) -> Palette:
        palette = self._palette
        if palette is None:
            colors = part[changed] if changed.any() else part[:1, 0]
            table = count_colors(SourceImage(_as_channels(colors[None])), threads=self._options.threads)
            table = with_alpha(table) if needs_alpha(self._options) else table
            palette = fit_palette(table, self._options).palette
        self.n_colors = max(self.n_colors, len(palette))
        return palette

    def _indices_for(self, part: Bytes, palette: Palette, *, searched: bool) -> list[tuple[Bytes, bool]]:
        """Return indices, and whether they show the very colors; where they do, what a search finds is another way."""
        options = self._options
        channels = palette.colors_srgb8.shape[1]
        table = count_colors(SourceImage(np.ascontiguousarray(part[:, :, :channels])), threads=options.threads)
        exact = len(table) <= MAX_COLORS and {bytes(c) for c in table.colors_srgb8} <= {bytes(c) for c in palette}
        found: list[tuple[Bytes, bool]] = []
        if options.effort == 0 or exact:
            labels = nearest_entries(table.colors_srgb8, palette.colors_srgb8, options)
            found.append((labels.astype(np.uint8)[table.inverse], exact or options.effort == 0))
        if options.effort and (searched or not found):
            found.append((searched_entries(table, palette, options, self._coder), False))
        return found

    @staticmethod
    def _more(source: Bytes, one: Bytes, other: Bytes) -> npt.NDArray[np.float64]:
        """Return how much more the eye sees of the other picture's errors, pixel by pixel."""
        errors = []
        for shown in (one, other):
            points = [_core.colors_to_points(np.ascontiguousarray(a).reshape(-1, 4), "oklab") for a in (source, shown)]
            squares = np.square(points[0] - points[1]).sum(axis=1, dtype=np.float64)
            errors.append(_OWN_WEIGHT * squares.reshape(source.shape[:2]))
        return np.asarray(errors[1] - errors[0])

    def _with_stays(self, source: Bytes, found: Bytes, changed: Mask, box: Box, rate: float) -> tuple[Mask, float]:
        """Return the pixels left to draw where those may stay that are as good as they are, less the bits of a change.

        With it what the eye sees more of for that.
        """
        shown = self._shown_srgb8[box.slices]
        more = self._more(source, found, shown)
        asked = is_asked_for(np.ascontiguousarray(source).reshape(-1, 4), self._options).reshape(changed.shape)
        stays = changed & ~asked & (more <= rate * _BITS_TO_CHANGE) & (shown[:, :, 3] == found[:, :, 3])
        return changed & ~stays, float(more[stays].sum())


class PngDeltas(_Deltas):
    """Chooses the indices of an animated PNG's frames and writes them."""

    @classmethod
    def begin(
        cls, animation: Animation, options: Options, table: ColorTable, drawn: list[Bytes], stays: Stays
    ) -> PngDeltas:
        """Fit one palette to all frames, and start the file."""
        has_clear = table.colors_srgb8.shape[1] == 4 and bool((table.colors_srgb8[:, 3] == 0).any())
        table = with_alpha(table) if needs_alpha(options) else table
        return cls(animation, options, fit_frames(table, options, spare=is_crowded(table, options) and not has_clear))

    def __init__(self, animation: Animation, options: Options, palette: Palette) -> None:
        super().__init__(animation, options, palette)
        self._entries, self._transparent = _with_transparent(palette)
        self._durations = animation.durations
        self._writer = png.PngWriter(
            animation.width, animation.height, animation.n_frames, animation.n_plays, options.effort
        )
        self._indices: Bytes = np.zeros((animation.height, animation.width), np.uint8)

    def finish(self) -> bytes:
        """Return the whole file."""
        return self._writer.finish()

    def _as_indexed(self, indices: Bytes, palette: Palette) -> IndexedImage:
        return IndexedImage(indices, self._entries)

    def _store(self, box: Box, indices: Bytes, colors: Bytes, drawn: Mask) -> _Stored:
        box, (indices, drawn) = _shrunk(box, drawn, indices)
        plain = np.where(drawn, indices, self._indices[box.slices])
        image = IndexedImage(plain, self._entries)
        data, over = self._writer.encode(image, draft=True), False
        if self._transparent is not None and not drawn.all() and (colors[indices[drawn], 3] == 255).all():
            holes = IndexedImage(np.where(drawn, indices, np.uint8(self._transparent)), self._entries)
            other = self._writer.encode(holes, draft=True)
            if len(other) < len(data):
                image, data, over = holes, other, True
        return _Stored(box, data, over, drawn, indices, image)

    def _write(self, stored: _Stored, number: int) -> None:
        box = stored.box
        assert stored.draft_of is not None
        self._writer.add(
            self._writer.encode(stored.draft_of), box.corner, box.size, self._durations[number], over=stored.over
        )
        self._indices = self._indices.copy()
        self._indices[box.slices] = np.where(stored.drawn, stored.indices, self._indices[box.slices])


class WebpDeltas(_Deltas):
    """Chooses the colors of an animated WebP's frames and writes them losslessly."""

    _coder: Coder = "webp"

    @classmethod
    def begin(
        cls, animation: Animation, options: Options, table: ColorTable, drawn: list[Bytes], stays: Stays
    ) -> WebpDeltas:
        """Fit the palette of all frames, unless each gets its own, and start the file."""
        table = with_alpha(table) if needs_alpha(options) else table
        palette = None if options.palette_per_frame else fit_frames(table, options, spare=False)
        return cls(animation, options, palette)

    def __init__(self, animation: Animation, options: Options, palette: Palette | None) -> None:
        super().__init__(animation, options, palette)
        self._ticks = in_ticks(animation.durations, webp.TICK, webp.LONGEST_TICKS, "WebP")
        self._writer = webp.WebpWriter(
            animation.width, animation.height, animation.n_plays, alpha=True, effort=options.effort
        )

    def finish(self) -> bytes:
        """Return the whole file."""
        return self._writer.finish()

    def _store(self, box: Box, indices: Bytes, colors: Bytes, drawn: Mask) -> _Stored:
        small, (indices, drawn) = _shrunk(box, drawn, indices)
        box = small.on_even_corner()
        edge = (box.height - small.height, 0), (box.width - small.width, 0)
        drawn, indices = np.pad(drawn, edge), np.pad(indices, edge)
        found = colors[indices]
        plain = np.where(drawn[:, :, None], found, self._shown_srgb8[box.slices])
        data, over = self._writer.encode(_as_channels(plain)), False
        if not drawn.all() and (found[drawn][:, 3] == 255).all():
            other = self._writer.encode(np.where(drawn[:, :, None], found, np.uint8(0)))
            if len(other) < len(data):
                data, over = other, True
        return _Stored(box, data, over, drawn, indices)

    def _write(self, stored: _Stored, number: int) -> None:
        self._writer.add(stored.data, stored.box.corner, stored.box.size, self._ticks[number], over=stored.over)


def _shrunk(box: Box, drawn: Mask, indices: Bytes) -> tuple[Box, tuple[Bytes, Mask]]:
    """Return the part of the box in which something is drawn."""
    inner = bounding_box(drawn)
    return Box(box.left + inner.left, box.top + inner.top, *inner.size), (indices[inner.slices], drawn[inner.slices])


def _with_alpha(palette: Palette) -> Bytes:
    """Return the palette's colors with alpha, (n, 4)."""
    colors = palette.colors_srgb8
    return colors if colors.shape[1] == 4 else np.insert(colors, 3, 255, axis=1)


def _as_channels(pixels_srgb8: Bytes) -> Bytes:
    """Drop an alpha channel that is opaque everywhere."""
    if (pixels_srgb8[:, :, 3] == 255).all():
        return np.ascontiguousarray(pixels_srgb8[:, :, :3])
    return np.ascontiguousarray(pixels_srgb8)


def _with_transparent(palette: Palette) -> tuple[Palette, int | None]:
    """Return the palette with a transparent entry if that costs no bit a pixel, and its index."""
    colors = _with_alpha(palette)
    gone = np.flatnonzero(colors[:, 3] == 0)
    if len(gone):
        return palette, int(gone[0])
    if len(palette) in (2, 4, 16, MAX_COLORS):
        return palette, None
    # The first entries are the translucent ones, but the indices in use must not move.
    return Palette(np.vstack([colors, np.zeros((1, 4), np.uint8)])), len(palette)
