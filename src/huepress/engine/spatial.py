"""Stage: indices, and the palette that suits them, by the spatial rate-distortion search."""

from __future__ import annotations

from collections.abc import Callable
from typing import Literal, NamedTuple

import numpy as np
import numpy.typing as npt

from huepress import _core
from huepress.colors.arrays import CLEAR, allowed_classes, alpha_class
from huepress.efforts import EFFORTS
from huepress.engine.accents import drawn_colors
from huepress.engine.hull import onto_hull
from huepress.engine.palette import PaletteFit, display_order
from huepress.model import Bytes, ColorTable, IndexedImage, Palette, bit_depth_of
from huepress.options import FEW_COLORS, Hidden, Options

Coder = Literal["png", "webp"]

# Squared Oklab distance that one bit is worth at rate 1, as the eye's filter weighs it.
LAMBDA_AT_RATE_1 = 5e-6
# Whatever the rate, where errors are diffused a bit is worth this part of a pixel's mean distortion: nobody
# sees it, and with few colors it saves several percent.
_LEAST_LAMBDA = 0.05
_MOSTLY_SMOOTH = 0.8
# What an error of color weighs beside one of lightness in a smooth picture, as amplitudes.
_SMOOTH_COLOR_GAIN = 0.5


def search_indices(
    table: ColorTable,
    fit: PaletteFit,
    options: Options,
    on_progress: Callable[[float], None] | None = None,
    *,
    coder: Coder = "png",
) -> IndexedImage:
    """Choose the indices that cost least: what the eye sees of their error, plus the file's bits.

    Parameters
    ----------
    table : ColorTable
    fit : PaletteFit
        Where the search starts; entries that are not required may move.
    options : Options
        `effort` of at least 1, `rate` and `dither` are used.
    on_progress : callable, optional
        Called now and then with the part that is done, 0 to 1.
    coder : {"png", "webp"}
        Whose symbols are priced.

    Returns
    -------
    IndexedImage
        Its palette lacks the entries that no pixel uses, unless they are required. Pixels whose
        color is a required entry have it.
    """
    return Search(table, fit, options, coder=coder).run(options.rate, on_progress).indexed


class Found(NamedTuple):
    """What a search chose, and what its distortion of a pixel is worth in bits."""

    indexed: IndexedImage
    distortion_bits: float


class SmoothPlaces(NamedTuple):
    """Where errors weigh more, so that no bands are seen.

    Attributes
    ----------
    where : ndarray of bool, (height, width)
    weight : float
        How many times more, at least 1.
    """

    where: npt.NDArray[np.bool_]
    weight: float

    @property
    def are_most(self) -> bool:
        """Whether the picture has hardly any others.

        Errors are then spread over more pixels and moved from lightness into color; texture would suffer.
        """
        return bool(self.where.mean() > _MOSTLY_SMOOTH)


class Search:
    """A search whose start, the palette refitted to diffused indices, serves any number of rates.

    Parameters
    ----------
    table : ColorTable
    fit : PaletteFit
    options : Options
        Everything but `rate`.
    coder : {"png", "webp"}
        Whose symbols are priced.
    smooth : SmoothPlaces, optional
    """

    def __init__(
        self,
        table: ColorTable,
        fit: PaletteFit,
        options: Options,
        *,
        coder: Coder = "png",
        smooth: SmoothPlaces | None = None,
    ) -> None:
        self._table, self._fit, self._options = table, fit, options
        self._effort, self._coder, self._threads = EFFORTS[options.effort], coder, options.threads
        self._full = options.dither == "full"
        self._settled = fit.required | _owned(table, fit) | _drawn(table, fit)
        self._colors_srgb8 = fit.palette.colors_srgb8.copy()
        self._color_gain = np.float32(_SMOOTH_COLOR_GAIN if smooth is not None and smooth.are_most else 1)
        points, entries = self._points(table.colors_srgb8), self._points(self._colors_srgb8)
        if fit.required.all():  # a palette that was given whole
            points = np.where(fit.exact[:, None], points, onto_hull(points, entries))
            unmatched = ~is_matched(table.colors_srgb8, self._colors_srgb8)
            points[unmatched] = entries[fit.labels[unmatched]]
        self._core = _core.SpatialSearch(
            color_points=points,
            color_of=table.inverse,
            palette=entries,
            diffuse=options.dither != "none",
            unit=8 // bit_depth_of(len(fit.palette)),
            coder=coder,
            reach=self._effort.reach,
        )
        self._set_classes()
        if smooth is not None:
            self._core.set_smooth(smooth.where.astype(np.uint8), smooth.weight, smooth.are_most)
        self._distortion = self._prepared()
        self._least_lambda = _LEAST_LAMBDA * self._distortion if options.dither != "none" else 0.0

    def least_distortion_bits(self, rate: float) -> float:
        """Return a pixel's distortion in bits at a rate as long as none are saved: about the least there is."""
        return self._distortion / self._bit_worth(rate) if self._bit_worth(rate) > 0 else np.inf

    def run(self, rate: float, on_progress: Callable[[float], None] | None = None) -> Found:
        """Search at a rate.

        Parameters
        ----------
        rate : float
            See `Options`; disregarded where `dither` is "full".
        on_progress : callable, optional

        Returns
        -------
        Found
        """
        bit_worth = self._bit_worth(rate)
        distortion, _ = self._core.sweep(
            bit_worth=bit_worth,
            slack=self._effort.slack_bits,
            matches=True,
            n_threads=self._threads,
            on_progress=on_progress,
            survivors=self._effort.survivors,
            n_ranked=self._effort.n_ranked,
        )
        if on_progress is not None:
            on_progress(1.0)
        indices = self._core.indices().reshape(self._table.inverse.shape)
        colors_srgb8 = self._refitted() if self._effort.late_refits and bit_worth > 0 else self._colors_srgb8
        indexed = self._finished(
            with_exact_matches(indices, self._table, self._fit, self._options.hidden), colors_srgb8
        )
        return Found(indexed, distortion / (bit_worth * indices.size) if bit_worth > 0 else np.inf)

    def _bit_worth(self, rate: float) -> float:
        return max(0.0 if self._full else rate * LAMBDA_AT_RATE_1, self._least_lambda)

    def finest(self) -> IndexedImage:
        """Return the diffused picture, whatever its bytes."""
        self._literals()
        indices = self._core.indices().reshape(self._table.inverse.shape)
        indices = with_exact_matches(indices, self._table, self._fit, self._options.hidden)
        return self._finished(indices, self._colors_srgb8)

    def _set_classes(self) -> None:
        """Let transparent and opaque pixels have entries of their kind only, wherever the palette has some."""
        if self._table.colors_srgb8.shape[1] == 3 or self._options.alpha == "free":
            return
        entries, colors = alpha_class(self._colors_srgb8), alpha_class(self._table.colors_srgb8)
        self._core.set_classes(allowed_classes(colors, entries), entries)

    def _points(self, colors_srgb8: Bytes) -> npt.NDArray[np.float32]:
        """Return colors in the search's space: Oklab, alpha as it is."""
        points = _core.colors_to_points(colors_srgb8, "oklab")
        if self._color_gain != 1:
            points[:, 1:3] *= self._color_gain
        return points

    def _prepared(self) -> float:
        """Refit the palette as the effort asks for, and return a pixel's distortion where no bits are saved."""
        refits = self._effort.few_refits if len(self._fit.palette) <= FEW_COLORS else self._effort.refits
        if refits == 0:
            return self._core.sampled_distortion(self._threads)
        stays = self._fit.required.all()
        distortion = 0.0
        for _ in range(1 if stays else refits):
            distortion = self._literals()
            if not stays:
                self._refit()
        return distortion / self._table.inverse.size

    def _literals(self) -> float:
        """Diffuse the picture without regard to bytes, and return the distortion."""
        return self._core.sweep(bit_worth=0.0, slack=0.0, matches=False, n_threads=self._threads)[0]

    def _refit(self) -> None:
        """Move the entries to where the diffused indices want them."""
        self._colors_srgb8 = self._refitted()
        self._core.set_palette(self._points(self._colors_srgb8))

    def _refitted(self) -> Bytes:
        """Return the colors that suit the last indices best; what is settled, opaque or clear stays so."""
        old = self._colors_srgb8
        if self._fit.required.all():
            return old
        points = self._core.refit(self._settled, self._threads)
        points[:, 1:3] /= self._color_gain
        colors = _core.points_to_colors(points, "oklab")
        if old.shape[1] == 4:
            settled = (old[:, 3] == 0) | (old[:, 3] == 255)
            colors[settled, 3] = old[settled, 3]
            colors[~settled, 3] = colors[~settled, 3].clip(1, 254)
            colors[old[:, 3] == 0] = old[old[:, 3] == 0]
        colors[self._settled] = old[self._settled]
        return colors

    def _finished(self, indices: Bytes, colors_srgb8: Bytes) -> IndexedImage:
        """Drop idle entries and order the others, unless the palette was given whole."""
        colors, required = colors_srgb8, self._fit.required
        if required.all():
            return IndexedImage(indices, self._fit.palette)
        used = required.copy()
        for row in indices:
            used[row] = True
        kept = np.flatnonzero(used)
        kept = kept[display_order(colors[kept])]
        renumbered = np.zeros(256, dtype=np.uint8)
        renumbered[kept] = np.arange(len(kept))
        return IndexedImage(renumbered[indices], Palette(colors[kept]))


def _owned(table: ColorTable, fit: PaletteFit) -> npt.NDArray[np.bool_]:
    """Tell which entries are the color of most pixels nearest to them: a vivid accent stays what it is."""
    n = len(fit.palette)
    of_all, exact = (
        np.bincount(fit.labels, weights, minlength=n) for weights in (table.counts, table.counts * fit.exact)
    )
    return np.asarray(2 * exact > of_all)


def _drawn(table: ColorTable, fit: PaletteFit) -> npt.NDArray[np.bool_]:
    """Tell which entries are the color of something drawn, which stays what it is."""
    drawn = np.zeros(len(fit.palette), dtype=bool)
    if fit.exact.any() and not fit.required.all():
        points = _core.colors_to_points(table.colors_srgb8, "oklab")
        drawn[fit.labels[fit.exact & drawn_colors(table, points)]] = True
    return drawn


def is_matched(colors_srgb8: Bytes, palette_srgb8: Bytes) -> npt.NDArray[np.bool_]:
    """Tell which colors are visible, or may stay invisible: others take no part in the diffusion."""
    has_clear = bool((alpha_class(palette_srgb8) == CLEAR).any())
    return np.asarray((alpha_class(colors_srgb8) != CLEAR) | has_clear)


def with_exact_matches(indices: Bytes, table: ColorTable, fit: PaletteFit, hidden: Hidden) -> Bytes:
    """Give the pixels whose color is a required entry that entry, whatever the search diffused into them.

    Hidden colors that are to be kept have their nearest entry.
    """
    settled = fit.exact & fit.required[fit.labels]
    if fit.required.all():
        settled |= ~is_matched(table.colors_srgb8, fit.palette.colors_srgb8)
    if hidden == "keep":  # nobody sees their errors, so that they are not diffused
        settled |= alpha_class(table.colors_srgb8) == CLEAR
    if not settled.any():
        return indices
    return np.where(settled[table.inverse], fit.labels.astype(np.uint8)[table.inverse], indices)
