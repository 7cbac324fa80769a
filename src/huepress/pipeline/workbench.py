"""Workbench of one image: any number of colors, any rate, each through all the stages."""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import replace

import numpy as np

from huepress.colors.arrays import with_alpha_channel
from huepress.engine.histogram import count_colors, has_hidden_colors, with_alpha
from huepress.engine.indexing import index_image
from huepress.engine.metrics import LOSSLESS_SCORE, SMALLEST_SIDE, Comparator
from huepress.engine.palette import PaletteFit, fit_palette, fits, needs_alpha
from huepress.engine.spatial import Search, diffuse_in_srgb
from huepress.formats.writing import encode, main_format
from huepress.model import ColorTable, IndexedImage, SourceImage
from huepress.options import Options
from huepress.pipeline.hunt import Attempt
from huepress.results import Trial


class Workbench:
    """Makes versions of an image; what they share is made once.

    Attributes
    ----------
    n_pixels : int
    table : ColorTable
        The image's colors.
    measurable : bool
        Whether the image is large enough for a score.
    n_attempts : int
        Versions made so far.

    Parameters
    ----------
    source : SourceImage
    options : Options
        Everything but `n_colors` and `rate`.
    scored : bool
        Whether versions are compared with the source.
    on_progress : callable, optional
        Called with the part of a version's search that is done, 0 to 1.
    """

    def __init__(
        self,
        source: SourceImage,
        options: Options,
        *,
        scored: bool = False,
        on_progress: Callable[[float], None] | None = None,
    ) -> None:
        self._source, self._options, self._on_progress = source, options, on_progress
        self.scored, self.n_attempts = scored, 0
        self.n_pixels = source.n_pixels
        self.table = count_colors(source, threads=options.threads)
        self._merged: ColorTable | None = None
        self._fits: dict[int, tuple[ColorTable, PaletteFit]] = {}
        self._searches: dict[int, Search] = {}
        self.measurable = min(source.width, source.height) >= SMALLEST_SIDE
        self._comparator = Comparator(source, threads=options.threads) if scored and self.measurable else None

    def attempt(self, n_colors: int, rate: float, *, lossless_if_it_fits: bool = False) -> Attempt:
        """Make a version with at most so many colors.

        Parameters
        ----------
        n_colors : int
        rate : float
        lossless_if_it_fits : bool
            Whether an image whose colors the palette can hold passes unchanged, whatever the rate.

        Returns
        -------
        Attempt
        """
        table, fit = self._fit(n_colors)
        if self._options.effort == 0 or (fit.lossless and lossless_if_it_fits):
            indexed = index_image(table, fit, threads=self._options.threads)
            return self._finished(indexed, table, rate, searched=False, lossless=fit.lossless)
        if n_colors not in self._searches:
            coder = main_format(self._options.still_format, self._source.format).coder
            self._searches[n_colors] = Search(table, fit, self._options, coder=coder)
        indexed, distortion_bits = self._searches[n_colors].run(rate, self._on_progress)
        if self._options.given_palette is not None:
            indexed = self._best_looking(indexed, table, fit, self._searches[n_colors])
        return self._finished(indexed, table, rate, searched=True, distortion_bits=distortion_bits)

    def _best_looking(self, found: IndexedImage, table: ColorTable, fit: PaletteFit, search: Search) -> IndexedImage:
        """Return what looks best with a palette that was given: what was found, the finest search, or nearest colors.

        Where entries lie far from the picture, diffusion can cost more than it brings.
        """
        if not self.measurable:
            return found
        comparator = self._comparator or Comparator(self._source, threads=self._options.threads)
        in_srgb = fit_palette(table, replace(self._options, space="srgb"))
        candidates = [found, *(index_image(table, each, threads=self._options.threads) for each in (fit, in_srgb))]
        if self._options.dither != "none":
            candidates += [search.run(0.0).indexed, diffuse_in_srgb(table, in_srgb, self._options)]
        source = self._source.pixels_srgb8

        def looks(candidate: IndexedImage) -> float:
            shown = candidate.to_array()
            if source.shape[2] == 4:  # what a clear pixel became is not to decide
                shown = np.where(source[:, :, 3:] == 0, source, with_alpha_channel(shown))
            return comparator.ssimulacra2(np.ascontiguousarray(shown))

        return max(candidates, key=looks)

    def lossless(self) -> Attempt | None:
        """Return the version without any loss, if the palette can hold it."""
        most = self._options.most_colors
        _, fit = self._fit(most)
        return self.attempt(most, 0.0, lossless_if_it_fits=True) if fit.lossless else None

    def _fit(self, n_colors: int) -> tuple[ColorTable, PaletteFit]:
        if n_colors not in self._fits:
            options = replace(self._options, n_colors=n_colors)
            table = self.table
            may_merge = options.palette is None and options.hidden == "drop"
            if may_merge and self._source.pixels_srgb8.shape[2] == 4 and not fits(table, options):
                # Hidden colors of transparent pixels stay only where nothing has to go.
                if self._merged is None:
                    self._merged = count_colors(self._source, threads=options.threads, merge_transparent=True)
                table = self._merged
            if needs_alpha(options):
                table = with_alpha(table)
            self._fits[n_colors] = table, fit_palette(table, options)
        return self._fits[n_colors]

    def _finished(
        self,
        indexed: IndexedImage,
        table: ColorTable,
        rate: float,
        *,
        searched: bool,
        lossless: bool = False,
        distortion_bits: float = math.inf,
    ) -> Attempt:
        encoded = encode(
            indexed,
            self._options.still_format,
            self._source.format,
            effort=self._options.effort,
            metadata=self._source.metadata,
            searched=searched,
            keep_indices=self._options.palette is not None,
            keep_hidden=self._options.hidden == "keep" and has_hidden_colors(self._source),
        )
        score = None
        if self._comparator is not None:
            score = LOSSLESS_SCORE if lossless else self._comparator.ssimulacra2(indexed.to_array())
        self.n_attempts += 1
        trial = Trial(rate, indexed.n_colors, len(encoded.data), score)
        return Attempt(trial, indexed, encoded, table, distortion_bits)
