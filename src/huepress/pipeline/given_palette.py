"""Stage: the best rendering of a picture in a palette that was given."""

from __future__ import annotations

import math
from dataclasses import dataclass, replace
from typing import NamedTuple

import numpy as np
import numpy.typing as npt

from huepress.colors.arrays import with_alpha_channel
from huepress.engine.backing import backing_color
from huepress.engine.direct_search import Weighing, search_directly
from huepress.engine.error_diffusion import diffuse_errors
from huepress.engine.indexing import index_image
from huepress.engine.metrics import SMALLEST_SIDE, Comparator, error_from_afar
from huepress.engine.palette import PaletteFit, fit_palette
from huepress.engine.spatial import with_exact_matches
from huepress.model import Bytes, ColorTable, IndexedImage, SourceImage
from huepress.options import Options

# What direct searches weigh. Without a side they serve palettes of few colors far apart, with one dense ones, and in
# XYB those with black or dark entries.
_WEIGHINGS = (
    *(Weighing(1, 0.3, 4, near, 0.0) for near in (0.21, 0.84, 1.7)),
    *(Weighing(1, 0.3, 8, near, 0.21) for near in (1.6, 3.2, 6.4, 12.8)),
    *(Weighing(1, 0.3, 4, near, 0.0, "xyb") for near in (0.42, 0.84)),
    *(Weighing(1, 0.3, 8, near, 0.21, "xyb") for near in (3.2, 12.8)),
)
# Large pictures are judged by a sample: its pixels at most, a side's where the other is as long, places it comes from.
_SAMPLE_PIXELS, _SAMPLE_SIDE, _PLACES = 1 << 18, 512, 3
# Points of SSIMULACRA2 that an error from afar twice as large is worth where one has to give, an error of which nothing
# is seen, how far below the others' ours is to be where that costs little, and the points that twice as much may cost.
_POINTS_A_DOUBLING, _UNSEEN, _MARGIN, _MARGIN_POINTS = 5.0, 0.1, 0.9, 100.0


class _Way(NamedTuple):
    """A way to render: as the spatial search does, in nearest colors, or by classical diffusion.

    Attributes
    ----------
    fit : str, optional
        Whose nearest colors.
    strength, along_curve : int, bool, optional
        See `diffuse_errors`.
    is_common : bool
        Whether other programs render so: ours is to be at least as good.
    """

    fit: str | None = None
    strength: int | None = None
    along_curve: bool = False
    is_common: bool = True


_SEARCHED = _Way(is_common=False)
_PLAIN = (_SEARCHED, _Way("chosen", is_common=False), _Way("srgb"))
# Where entries lie far from the picture, less than all of an error leaves fewer dots and looks better.
_DIFFUSED = (
    *(_Way(strength=each) for each in (16, 13, 10, 7)),
    *(_Way(strength=each, along_curve=True, is_common=each == 16) for each in (16, 15, 14)),
)


class _Looks(NamedTuple):
    """SSIMULACRA2, and the error from afar."""

    score: float
    afar: float


@dataclass(frozen=True)
class GivenPalette:
    """A picture, and the palette that it is to have.

    Parameters
    ----------
    pixels_srgb8 : ndarray of uint8, (height, width, 3 or 4)
    table : ColorTable
    fits : dict of PaletteFit
        Nearest entries: those in the space that was chosen, and in sRGB.
    found : IndexedImage
        What the spatial search has made of it.
    options : Options
    """

    pixels_srgb8: Bytes
    table: ColorTable
    fits: dict[str, PaletteFit]
    found: IndexedImage
    options: Options

    @classmethod
    def of(
        cls, source: SourceImage, table: ColorTable, fit: PaletteFit, found: IndexedImage, options: Options
    ) -> GivenPalette:
        """Take a picture as the spatial search has left it."""
        fits = {"chosen": fit, "srgb": fit_palette(table, replace(options, space="srgb"))}
        return cls(source.pixels_srgb8, table, fits, found, options)

    def best(self) -> IndexedImage:
        """Return the rendering that looks best.

        Of those that are as good as every common way, from near by SSIMULACRA2 and from afar by the error behind a
        blur, that with the highest score; where there is none, what falls short least. Pictures that are too small for
        a score stay as they are.
        """
        if min(self.table.inverse.shape) < SMALLEST_SIDE or self.fits["chosen"].exact.all():
            return self.found
        sample = self._sample()
        way, weighing = sample._best_way()
        start = self._rendered(way)
        return start if weighing is None else self._searched(start, weighing)

    def _best_way(self) -> tuple[_Way, Weighing | None]:
        """Return the best way to render, and what a direct search after it weighs, if there is to be one."""
        judge = _Judge(self.pixels_srgb8, self.options)
        ways = _PLAIN if self.options.dither == "none" else (*_PLAIN, *_DIFFUSED)
        made = {way: self._rendered(way) for way in ways}
        looks = {way: judge.looks(each) for way, each in made.items()}
        least = _Looks(
            max(seen.score for way, seen in looks.items() if way.is_common),
            min(seen.afar for way, seen in looks.items() if way.is_common),
        )

        def rank(looks: _Looks) -> tuple[float, float]:
            behind = math.log2((max(looks.afar, _MARGIN * least.afar) + _UNSEEN) / (least.afar + _UNSEEN))
            short = _POINTS_A_DOUBLING * max(behind, 0.0) + max(least.score - looks.score, 0.0)
            return -short, looks.score - _MARGIN_POINTS * behind

        found: list[tuple[_Looks, _Way, Weighing | None]] = [(seen, way, None) for way, seen in looks.items()]
        if self.options.dither != "none":
            start = max(looks, key=lambda way: looks[way].score)
            for weighing in _WEIGHINGS:
                found.append((judge.looks(self._searched(made[start], weighing)), start, weighing))
        _, way, best = max(found, key=lambda each: rank(each[0]))
        return way, best

    def _rendered(self, way: _Way) -> IndexedImage:
        if way.fit is not None:
            return self._matched(index_image(self.table, self.fits[way.fit], threads=self.options.threads))
        if way.strength is None:
            return self.found
        in_srgb = self.fits["srgb"]
        return self._matched(
            diffuse_errors(self.table, in_srgb, self.options, way.strength, along_curve=way.along_curve)
        )

    def _searched(self, start: IndexedImage, weighing: Weighing) -> IndexedImage:
        return search_directly(self.table, self.fits["chosen"], self.options, start, weighing)

    def _matched(self, made: IndexedImage) -> IndexedImage:
        indices = with_exact_matches(made.indices, self.table, self.fits["chosen"], self.options.hidden)
        return replace(made, indices=indices)

    def _sample(self) -> GivenPalette:
        """Return a picture of at most so many pixels, rows and columns from a few places each."""
        height, width = self.table.inverse.shape
        if height * width <= _SAMPLE_PIXELS:
            return self
        n_rows = min(height, max(_SAMPLE_SIDE, _SAMPLE_PIXELS // width))
        cut = np.ix_(_spread(height, n_rows), _spread(width, min(width, _SAMPLE_PIXELS // n_rows)))
        return replace(
            self,
            pixels_srgb8=self.pixels_srgb8[cut],
            table=replace(self.table, inverse=self.table.inverse[cut]),
            found=replace(self.found, indices=self.found.indices[cut]),
        )


class _Judge:
    """Tells how versions of a picture look, each on the background that the original has."""

    def __init__(self, pixels_srgb8: Bytes, options: Options) -> None:
        self._is_backed = pixels_srgb8.shape[2] == 4 and backing_color(options) is not None
        self._on_gray = _on_gray(pixels_srgb8)
        # Where clear pixels become opaque, they are judged as if that were about right.
        self._pixels = self._on_gray if self._is_backed else pixels_srgb8
        self._comparator = Comparator(SourceImage(self._pixels), threads=options.threads)

    def looks(self, indexed: IndexedImage) -> _Looks:
        """Return the figures of a version."""
        shown = indexed.to_array()
        if self._is_backed:
            shown = _on_gray(shown)
        elif self._pixels.shape[2] == 4:  # what a clear pixel became is not to decide
            shown = np.where(self._pixels[:, :, 3:] == 0, self._pixels, with_alpha_channel(shown))
        score = self._comparator.ssimulacra2(np.ascontiguousarray(shown))
        return _Looks(score, error_from_afar(self._on_gray, _on_gray(shown)))


def _spread(n: int, n_kept: int) -> npt.NDArray[np.int64]:
    """Return so many numbers below n, in a few runs as far apart as they can be."""
    runs = np.array_split(np.arange(n_kept), _PLACES)
    shift = (n - n_kept) // (_PLACES - 1)
    return np.concatenate([run + shift * place for place, run in enumerate(runs)])


def _on_gray(pixels_srgb8: Bytes) -> Bytes:
    """Return pixels on a middle gray."""
    if pixels_srgb8.shape[2] == 3:
        return pixels_srgb8
    alpha = pixels_srgb8[:, :, 3:].astype(np.float32) / 255
    return np.rint(pixels_srgb8[:, :, :3] * alpha + 127.5 * (1 - alpha)).astype(np.uint8)
