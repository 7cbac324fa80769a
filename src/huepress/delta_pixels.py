"""Stage: the frames of animated PNG and WebP files, each the rectangle that changes, as a picture."""

from __future__ import annotations

import numpy as np

from huepress import _core
from huepress.codec import animated_png, animated_webp
from huepress.codec.animation import in_ticks
from huepress.frame_delta import Box, Mask, bounding_box, changed_pixels, searched_entries
from huepress.histogram import count_colors
from huepress.model import Animation, Bytes, IndexedImage, Palette, SourceImage
from huepress.options import MAX_COLORS, Options
from huepress.palette import fit_palette, nearest_entries
from huepress.spatial import LAMBDA_AT_RATE_1

# A pixel keeps its last color where a better one would not pay for so many bits ...
_BITS_TO_CHANGE = 6.0
# ... as the search weighs them (the square of the eye filter's own weight, of core/eye_filter.hpp).
_OWN_WEIGHT = 0.283269**2


class _Deltas:
    """What both formats share: indices for the pixels that change, and no others."""

    def __init__(self, animation: Animation, options: Options, palette: Palette | None) -> None:
        self._animation, self._options, self._palette = animation, options, palette
        self._before_srgb8: Bytes | None = None
        self._shown_srgb8: Bytes = np.zeros((animation.height, animation.width, 4), np.uint8)
        self.first: IndexedImage | None = None
        self.n_colors = 0

    def _choose(self, pixels_srgb8: Bytes, changed: Mask, box: Box) -> tuple[Bytes, Palette, Mask]:
        """Return the box's indices, their palette, and which of its pixels are drawn; the others stay."""
        options = self._options
        drawn = changed[box.slices].copy()
        part = np.ascontiguousarray(pixels_srgb8[box.slices])
        palette = self._palette
        if palette is None:
            colors = part[drawn] if drawn.any() else part[:1, 0]
            own = count_colors(SourceImage(_as_channels(colors[None])), threads=options.threads)
            palette = fit_palette(own, options).palette
        self.n_colors = max(self.n_colors, len(palette))
        channels = palette.colors_srgb8.shape[1]
        table = count_colors(SourceImage(np.ascontiguousarray(part[:, :, :channels])), threads=options.threads)
        exact = len(table) <= MAX_COLORS and {bytes(c) for c in table.colors_srgb8} <= {bytes(c) for c in palette}
        if options.effort == 0 or exact:
            points = _core.colors_to_points(table.colors_srgb8, options.kmeans_space)
            labels = nearest_entries(points, palette.colors_srgb8, None, options)
            indices = labels.astype(np.uint8)[table.inverse]
        else:
            indices = searched_entries(table, palette, options)
            if self._before_srgb8 is not None:
                drawn &= ~self._may_stay(part, _opaque(palette)[indices], self._shown_srgb8[box.slices])
        return indices, palette, drawn

    def _may_stay(self, source: Bytes, found: Bytes, shown: Bytes) -> Mask:
        """Tell where the color shown last is as good as the one found, less the bits of a change."""
        errors = []
        for other in (shown, found):
            points = [_core.colors_to_points(a.reshape(-1, 4), "oklab") for a in (source, np.ascontiguousarray(other))]
            errors.append(np.square(points[0] - points[1]).sum(axis=1))
        rate = 0.0 if self._options.dither == "full" else self._options.rate * LAMBDA_AT_RATE_1
        stays = errors[0] * _OWN_WEIGHT <= errors[1] * _OWN_WEIGHT + rate * _BITS_TO_CHANGE
        same_alpha = shown[:, :, 3] == found[:, :, 3]
        return np.asarray(stays.reshape(same_alpha.shape) & same_alpha)

    def _show(self, drawn_srgb8: Bytes, drawn: Mask, box: Box) -> None:
        shown = self._shown_srgb8.copy()
        shown[box.slices] = np.where(drawn[:, :, None], drawn_srgb8, shown[box.slices])
        self._shown_srgb8 = shown


class PngDeltas(_Deltas):
    """Chooses the indices of an animated PNG's frames and writes them."""

    def __init__(self, animation: Animation, options: Options, palette: Palette) -> None:
        super().__init__(animation, options, palette)
        self._stored, self._transparent = _with_transparent(palette)
        self._writer = animated_png.PngWriter(
            animation.width, animation.height, animation.n_frames, animation.n_plays, options.effort
        )
        self._indices: Bytes = np.zeros((animation.height, animation.width), np.uint8)

    def add(self, pixels_srgb8: Bytes, following_srgb8: Bytes | None, number: int) -> Bytes:
        """Add a frame and return what is then shown: (height, width, 4)."""
        changed = changed_pixels(self._before_srgb8, pixels_srgb8)
        box = bounding_box(changed)
        indices, palette, drawn = self._choose(pixels_srgb8, changed, box)
        colors = _opaque(palette)
        box, (indices, drawn) = _shrunk(box, drawn, indices)
        plain = np.where(drawn, indices, self._indices[box.slices])
        data, over = self._writer.encode(IndexedImage(plain, self._stored)), False
        if self._transparent is not None and not drawn.all() and (colors[indices[drawn], 3] == 255).all():
            holes = np.where(drawn, indices, np.uint8(self._transparent))
            other = self._writer.encode(IndexedImage(holes, self._stored))
            if len(other) < len(data):
                data, over = other, True
        self._writer.add(data, box.corner, box.size, self._animation.durations[number], over=over)
        now = self._indices.copy()
        now[box.slices] = plain
        self._indices = now
        self._show(colors[plain], drawn, box)
        self._before_srgb8 = pixels_srgb8
        if self.first is None:
            self.first = IndexedImage(now, self._stored)
        return self._shown_srgb8

    def finish(self) -> bytes:
        """Return the whole file."""
        return self._writer.finish()


class WebpDeltas(_Deltas):
    """Chooses the colors of an animated WebP's frames and writes them losslessly."""

    def __init__(self, animation: Animation, options: Options, palette: Palette | None) -> None:
        super().__init__(animation, options, palette)
        self._ticks = in_ticks(animation.durations, animated_webp.TICK, animated_webp.LONGEST_TICKS, "WebP")
        self._writer = animated_webp.WebpWriter(
            animation.width, animation.height, animation.n_plays, alpha=True, effort=options.effort
        )

    def add(self, pixels_srgb8: Bytes, following_srgb8: Bytes | None, number: int) -> Bytes:
        """Add a frame and return what is then shown: (height, width, 4)."""
        changed = changed_pixels(self._before_srgb8, pixels_srgb8)
        box = bounding_box(changed)
        indices, palette, drawn = self._choose(pixels_srgb8, changed, box)
        if self.first is None:
            self.first = IndexedImage(indices, palette)
        colors = _opaque(palette)
        small, (indices, drawn) = _shrunk(box, drawn, indices)
        box = small.on_even_corner()
        edge = (box.height - small.height, 0), (box.width - small.width, 0)
        drawn = np.pad(drawn, edge)
        found = colors[np.pad(indices, edge)]
        plain = np.where(drawn[:, :, None], found, self._shown_srgb8[box.slices])
        data, over = self._writer.encode(_as_channels(plain)), False
        if not drawn.all() and (found[drawn][:, 3] == 255).all():
            other = self._writer.encode(np.where(drawn[:, :, None], found, np.uint8(0)))
            if len(other) < len(data):
                data, over = other, True
        self._writer.add(data, box.corner, box.size, self._ticks[number], over=over)
        self._show(found, drawn, box)
        self._before_srgb8 = pixels_srgb8
        return self._shown_srgb8

    def finish(self) -> bytes:
        """Return the whole file."""
        return self._writer.finish()


def _shrunk(box: Box, drawn: Mask, indices: Bytes) -> tuple[Box, tuple[Bytes, Mask]]:
    """Return the part of the box in which something is drawn."""
    inner = bounding_box(drawn)
    return Box(box.left + inner.left, box.top + inner.top, *inner.size), (indices[inner.slices], drawn[inner.slices])


def _opaque(palette: Palette) -> Bytes:
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
    colors = _opaque(palette)
    gone = np.flatnonzero(colors[:, 3] == 0)
    if len(gone):
        return palette, int(gone[0])
    if len(palette) in (2, 4, 16, MAX_COLORS):
        return palette, None
    # The first entries are the translucent ones, but the indices in use must not move.
    return Palette(np.vstack([colors, np.zeros((1, 4), np.uint8)])), len(palette)
