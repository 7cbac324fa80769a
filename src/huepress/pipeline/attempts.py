"""What is tried for a goal: finished versions of a picture or an animation, and who makes them."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Protocol

from huepress.model import ColorTable, Encoded, IndexedImage
from huepress.results import Trial


@dataclass(frozen=True, eq=False)
class Version:
    """One finished version of an image, by whatever coder.

    Attributes
    ----------
    trial : Trial
    encoded : Encoded
    """

    trial: Trial
    encoded: Encoded

    @property
    def n_bytes(self) -> int:
        """Size of the file."""
        return len(self.encoded.data)

    @property
    def score(self) -> float | None:
        """SSIMULACRA2 score; None where the image is too small for one."""
        return self.trial.score

    @property
    def worst(self) -> float | None:
        """Of animations the score of the worst frame."""
        return self.trial.worst


@dataclass(frozen=True, eq=False)
class Attempt(Version):
    """A version with a palette.

    Attributes
    ----------
    indexed : IndexedImage
    table : ColorTable
        The colors that it was made from.
    distortion_bits : float
        What the distortion of a pixel is worth in bits at the rate; infinite where that says nothing.
    diffuse : bool
        Whether errors could be diffused.
    """

    indexed: IndexedImage
    table: ColorTable
    distortion_bits: float = math.inf
    diffuse: bool = True


class Trials(Protocol):
    """Makes attempts at a picture or an animation; each is searched, encoded and scored for real."""

    @property
    def n_pixels(self) -> int:
        """Number of pixels, of all frames."""

    @property
    def least_colors(self) -> int:
        """The fewest colors that may be asked for: those that are given or pinned stay."""

    @property
    def may_be_nearest(self) -> bool:
        """Whether nearest colors are for trials to choose: nothing else was asked for, and looks can be measured."""

    def attempt(self, n_colors: int, rate: float, *, diffuse: bool = True) -> Attempt:
        """Make a version with at most so many colors."""

    def mixes_badly(self, n_colors: int, attempt: Attempt) -> bool:
        """Tell whether versions with nearest colors may look better than an attempt."""

    def banding(self, indexed: IndexedImage) -> float:
        """Return how far smooth gradients have turned into steps."""

    def least_distortion_bits(self, n_colors: int, rate: float) -> float:
        """Return what a pixel's distortion is worth in bits, with so many colors and no bits saved."""

    def lossless(self) -> Attempt | None:
        """Return the version without any loss, if the palette can hold it."""


class Bench(Trials, Protocol):
    """Makes attempts at a picture, and tells what a person would see in its smooth places."""

    def attempt(
        self, n_colors: int, rate: float, *, diffuse: bool = True, smooth_weight: float | None = None
    ) -> Attempt:
        """Make a version with at most so many colors, errors in smooth places weighing so many times more."""

    def looks(self, indexed: IndexedImage) -> float:
        """Return the score of a version."""

    def plain(self, n_colors: int) -> Attempt:
        """Make a version of nearest colors."""

    def finest(self, n_colors: int) -> IndexedImage:
        """Return the picture in at most so many colors, its smooth places as smooth as can be."""

    @property
    def leniency(self) -> float:
        """How many times more banding is let be than where the search is thorough."""

    @property
    def is_patient(self) -> bool:
        """Whether trials are made that seldom gain."""

    @property
    def is_smooth(self) -> bool:
        """Whether hardly anything in the picture is not smooth."""
