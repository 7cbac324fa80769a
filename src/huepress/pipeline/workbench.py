"""Workbench of one image: any number of colors, any rate, each through all the stages."""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import replace
from functools import cached_property
from typing import NamedTuple

from huepress.colors.arrays import CLEAR, alpha_class
from huepress.efforts import EFFORTS
from huepress.engine.backing import backing_color, told_backing
from huepress.engine.histogram import count_colors, has_hidden_colors, with_alpha
from huepress.engine.indexing import index_image
from huepress.engine.metrics import LOSSLESS_SCORE, SMALLEST_SIDE, Comparator, SmoothGround
from huepress.engine.palette import PaletteFit, fit_palette, fits, least_colors, needs_alpha
from huepress.engine.spatial import Search, SmoothPlaces
from huepress.formats.writing import encode, main_format
from huepress.model import ColorTable, IndexedImage, SourceImage
from huepress.options import Options
from huepress.pipeline.attempts import Attempt
from huepress.pipeline.given_palette import GivenPalette
from huepress.pipeline.hunt import CHEAP_DISTORTION
from huepress.results import Trial

# Where diffused errors are more than this part of what is lost, the palette mixes badly.
_BADLY_MIXED = 0.35


class Chosen(NamedTuple):
    """Palette and indices of a version, before it is encoded; see `Attempt` for what a pixel's distortion is worth."""

    indexed: IndexedImage
    table: ColorTable
    searched: bool
    lossless: bool
    distortion_bits: float


class Workbench:
    """Makes versions of an image; what they share is made once.

    Attributes
    ----------
    n_pixels : int
    table : ColorTable
        The image's colors.
    measurable : bool
        Whether the image is large enough for a score.
    comparator : Comparator, optional
        Scores pictures; None where they are not scored, or too small.
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
        self._searches: dict[tuple[int, bool], Search] = {}
        self._coder = main_format(options.still_format, source.format).coder
        self.measurable = min(source.width, source.height) >= SMALLEST_SIDE
        self.comparator = Comparator(source, threads=options.threads) if scored and self.measurable else None

    def attempt(
        self,
        n_colors: int,
        rate: float,
        *,
        diffuse: bool = True,
        lossless_if_it_fits: bool = False,
        smooth_weight: float | None = None,
    ) -> Attempt:
        """Make a version with at most so many colors.

        Parameters
        ----------
        n_colors : int
        rate : float
        diffuse : bool
            Whether errors may be diffused, where the options allow it.
        lossless_if_it_fits : bool
            Whether an image whose colors the palette can hold passes unchanged, whatever the rate.
        smooth_weight : float, optional
            How many times more errors weigh in smooth places, see `SmoothPlaces`.

        Returns
        -------
        Attempt
        """
        made = self._finished(self.choose(n_colors, rate, lossless_if_it_fits, smooth_weight, diffuse), rate)
        return replace(made, diffuse=diffuse)

    @property
    def least_colors(self) -> int:
        """The fewest colors that may be asked for."""
        return least_colors(self._options)

    @property
    def notes(self) -> tuple[str, ...]:
        """What was lost on the way, for a person."""
        backing = backing_color(self._options)
        lost = backing is not None and (alpha_class(self.table.colors_srgb8) == CLEAR).any()
        return (told_backing(backing),) if backing is not None and lost else ()

    def choose(
        self,
        n_colors: int,
        rate: float,
        lossless_if_it_fits: bool = False,
        smooth_weight: float | None = None,
        diffuse: bool = True,
    ) -> Chosen:
        """Choose palette and indices as `attempt` does; nothing is encoded or scored."""
        table, fit = self._fit(n_colors)
        if self._options.effort == 0 or (fit.lossless and lossless_if_it_fits):
            return self._nearest(n_colors)
        if smooth_weight is None:
            search = self._search(n_colors, diffuse)
        else:
            search = self._smooth_search(n_colors, smooth_weight)
        indexed, distortion_bits = search.run(rate, self._on_progress)
        if self._options.given_palette is not None and self._options.goal is None:  # goals want the rate to count
            indexed = GivenPalette.of(self._source, table, fit, indexed, self._options).best()
        return Chosen(indexed, table, True, False, distortion_bits)

    def nearest(self, n_colors: int) -> IndexedImage:
        """Return the picture in nearest colors, neither encoded nor scored."""
        return self._nearest(n_colors).indexed

    def _nearest(self, n_colors: int) -> Chosen:
        table, fit = self._fit(n_colors)
        return Chosen(index_image(table, fit, threads=self._options.threads), table, False, fit.lossless, math.inf)

    def least_distortion_bits(self, n_colors: int, rate: float) -> float:
        """Return what a pixel's distortion is worth in bits, with so many colors and no bits saved."""
        return self._search(n_colors).least_distortion_bits(rate)

    def plain(self, n_colors: int, rate: float = 0.0) -> Attempt:
        """Make a version of nearest colors, whatever they look like and cost."""
        return self._finished(self._nearest(n_colors), rate)

    def banding(self, indexed: IndexedImage) -> float:
        """Return how far smooth gradients have turned into steps, see `metrics.banding`."""
        return self._ground.banding(indexed)

    @property
    def leniency(self) -> float:
        """How many times more banding is let be than where the search is thorough."""
        return EFFORTS[self._options.effort].leniency

    @property
    def is_patient(self) -> bool:
        """Whether trials are made that seldom gain."""
        return EFFORTS[self._options.effort].patient

    @property
    def is_smooth(self) -> bool:
        """Whether hardly anything in the picture is not smooth."""
        return SmoothPlaces(self._ground.places, 1.0).are_most

    def finest(self, n_colors: int) -> IndexedImage:
        """Return the picture in at most so many colors, diffused for its smooth places, whatever the bytes."""
        # A weight of 1 changes nothing but in a picture that is smooth nearly everywhere.
        search = self._smooth_search(n_colors, 1.0) if self.is_smooth else self._search(n_colors)
        return search.finest()

    @cached_property
    def _ground(self) -> SmoothGround:
        return SmoothGround(self.table, threads=self._options.threads)

    @property
    def may_be_nearest(self) -> bool:
        """Whether nearest colors are for trials to choose: nothing else was asked for, and looks can be measured."""
        return self._options.dither == "auto" and self.measurable

    def mixes_badly(self, n_colors: int, attempt: Attempt) -> bool:
        """Tell whether versions with nearest colors may look better than an attempt.

        They may where diffused errors are a large part of what is lost; on photographs they are not.
        """
        if not self.may_be_nearest or not 0 < attempt.distortion_bits < CHEAP_DISTORTION:
            return False
        return self.least_distortion_bits(n_colors, attempt.trial.rate) >= _BADLY_MIXED * attempt.distortion_bits

    def looks(self, indexed: IndexedImage) -> float:
        """Return the SSIMULACRA2 of a version, 100 for none to be told apart."""
        return self._judge.ssimulacra2(indexed.to_array())

    @cached_property
    def _judge(self) -> Comparator:
        return self.comparator or Comparator(self._source, threads=self._options.threads)

    def _search(self, n_colors: int, diffuse: bool = True) -> Search:
        key = n_colors, diffuse
        if key not in self._searches:
            options = self._options if diffuse else replace(self._options, dither="none")
            self._searches[key] = Search(*self._fit(n_colors), options, coder=self._coder)
        return self._searches[key]

    def _smooth_search(self, n_colors: int, weight: float) -> Search:
        smooth = SmoothPlaces(self._ground.places, weight)
        return Search(*self._fit(n_colors), self._options, coder=self._coder, smooth=smooth)

    def lossless(self) -> Attempt | None:
        """Return the version without any loss, if the palette can hold it."""
        most = self._options.most_colors
        _, fit = self._fit(most)
        return self.attempt(most, 0.0, lossless_if_it_fits=True) if fit.lossless else None

    def _fit(self, n_colors: int) -> tuple[ColorTable, PaletteFit]:
        if n_colors not in self._fits:
            options = self._options
            if n_colors != options.n_colors:
                options = replace(options, n_colors=n_colors)
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

    def _finished(self, chosen: Chosen, rate: float) -> Attempt:
        indexed = chosen.indexed
        encoded = encode(
            indexed,
            self._options.still_format,
            self._source.format,
            effort=self._options.effort,
            metadata=self._source.metadata,
            searched=chosen.searched,
            keep_indices=self._options.palette is not None,
            keep_hidden=self._options.hidden == "keep" and has_hidden_colors(self._source),
            png_writer=self._options.png_writer,
        )
        score = None
        if self.comparator is not None:
            score = LOSSLESS_SCORE if chosen.lossless else self.comparator.ssimulacra2(indexed.to_array())
        self.n_attempts += 1
        trial = Trial(rate, indexed.n_colors, len(encoded.data), score)
        return Attempt(trial, encoded, indexed, chosen.table, chosen.distortion_bits)
