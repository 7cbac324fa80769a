"""A segmentation: what it found, and pictures made from that."""

from __future__ import annotations

import os
from dataclasses import dataclass, field
from functools import cached_property
from typing import TYPE_CHECKING, Literal

import numpy as np
import numpy.typing as npt

from huepress.errors import InputError
from huepress.model import Bytes, IndexedImage, Palette, SourceImage
from huepress.segmentation.hierarchy import Hierarchy, find_hierarchy
from huepress.segmentation.levels import Level
from huepress.segmentation.options import AUTO, RegionsAsked, SegmentOptions
from huepress.segmentation.regions import Regions, describe_regions, find_parts

if TYPE_CHECKING:
    from PIL.Image import Image


@dataclass(frozen=True, eq=False, repr=False)
class Segmentation:
    """A picture cut into segments, the largest first.

    Attributes
    ----------
    labels : ndarray of uint8, (height, width)
        The segment of each pixel.
    palette : Palette
        The mean color of each segment, taken in Oklab.
    transparent : int or None
        The segment of the fully transparent pixels, if there are any. It is one of its own, is not among the
        colors asked for, and neither gives nor takes pixels.
    source : SourceImage
        The picture.
    """

    labels: Bytes
    palette: Palette
    transparent: int | None
    source: SourceImage
    _level: Level = field(repr=False)
    _options: SegmentOptions = field(repr=False)

    def __len__(self) -> int:
        return len(self.palette)

    def __repr__(self) -> str:
        height, width = self.labels.shape
        return f"Segmentation({width} x {height}, {len(self)} segments)"

    @cached_property
    def areas(self) -> npt.NDArray[np.int64]:
        """The number of pixels of each segment, (n,) int64, descending."""
        return np.bincount(self.labels.reshape(-1), minlength=len(self)).astype(np.int64)

    @property
    def shares(self) -> npt.NDArray[np.float64]:
        """The part of the picture that each segment covers, (n,) float64, 0 to 1."""
        return self.areas / self.labels.size

    @cached_property
    def parts(self) -> Regions:
        """The connected parts of the segments, the largest first: each is of one color."""
        return find_parts(self.labels.astype(np.int32), self.labels, self._level.points)

    @cached_property
    def hierarchy(self) -> Hierarchy:
        """All regions from small cells to the whole picture, found when first asked for."""
        return find_hierarchy(self._level, seed=self._options.seed, threads=self._options.threads)

    @cached_property
    def regions(self) -> Regions:
        """The regions that people would draw, as asked for, the largest first: each is one thing, of any colors."""
        return self.cut_regions(self._options.regions)

    def cut_regions(self, regions: RegionsAsked = AUTO) -> Regions:
        """Return other regions of the same hierarchy, which is found once: fewer always contain more.

        Fully transparent pixels are one region, beside those asked for.

        Parameters
        ----------
        regions : "auto", int or float
            As for `segment`.

        Raises
        ------
        OptionError
        """
        labels = self.hierarchy.cut(regions)
        clear = labels < 0
        labels[clear] = labels.max() + 1
        return describe_regions(labels, self.labels, self._level.points)

    @property
    def indexed(self) -> IndexedImage:
        """The label map as an indexed image: its palette are the segments' colors."""
        return IndexedImage(self.labels, self.palette)

    def mask(self, segment: int) -> npt.NDArray[np.bool_]:
        """Return where a segment is: (height, width) bool.

        Raises
        ------
        InputError
            If there is no such segment.
        """
        if not 0 <= segment < len(self):
            raise InputError(f"there is no segment {segment}; give one from 0 to {len(self) - 1}")
        mask: npt.NDArray[np.bool_] = self.labels == segment
        return mask

    def layer(self, segment: int) -> Bytes:
        """Return a segment's pixels as they are in the picture, all others transparent: (height, width, 4) uint8.

        Raises
        ------
        InputError
            If there is no such segment.
        """
        mask = self.mask(segment)
        pixels = self.source.pixels_srgb8
        layer = np.zeros((*mask.shape, 4), dtype=np.uint8)
        layer[..., : pixels.shape[2]] = np.where(mask[..., None], pixels, 0)
        if pixels.shape[2] == 3:
            layer[..., 3] = np.where(mask, 255, 0)
        return layer

    def boundaries(self, of: Literal["segments", "regions"] = "segments") -> npt.NDArray[np.bool_]:
        """Return the lines between segments, or between regions: (height, width) bool.

        True where the pixel to the right or below belongs to another one, so that lines are one
        pixel wide.
        """
        labels = self.regions.labels if of == "regions" else self.labels
        lines = np.zeros(labels.shape, dtype=bool)
        lines[:, :-1] |= labels[:, :-1] != labels[:, 1:]
        lines[:-1] |= labels[:-1] != labels[1:]
        return lines

    def overlay(self, *, of: Literal["segments", "regions"] = "segments", legend: bool = True) -> Image:
        """Return the picture with the lines drawn on it, as a Pillow image.

        Parameters
        ----------
        of : {"segments", "regions"}
            What the lines are between.
        legend : bool
            Whether the segments' colors stand below, with their shares of the picture.
        """
        from huepress.drawing.overlay import draw_overlay

        lines = self.boundaries(of)
        return draw_overlay(self.source.pixels_srgb8, lines, self.palette, self.shares, legend=legend)

    def svg(self) -> str:
        """Return an SVG with one traced path a segment, filled with its color; needs ``pip install huepress[svg]``.

        Raises
        ------
        OptionError
            If the tracing library is missing.
        """
        from huepress.segmentation.trace import to_svg

        return to_svg(self)

    def save(
        self,
        directory: str | os.PathLike[str],
        *,
        masks: bool = False,
        layers: bool = False,
        svg: bool = False,
        overwrite: bool = False,
    ) -> list[str]:
        """Write the label map, regions, overlay, a page and tables into a folder, each file as a whole or not at all.

        Parameters
        ----------
        directory : path
            Made if missing.
        masks, layers, svg : bool
            Whether to write a mask or a transparent layer for each segment, and traced paths.
        overwrite : bool

        Returns
        -------
        list of str
            The files written.

        Raises
        ------
        OutputError
            If a file exists and `overwrite` is false (before anything is written), or cannot be written.
        OptionError
            If `svg` is asked for and the tracing library is missing.
        """
        from huepress.segmentation.outputs import save

        return save(self, directory, masks=masks, layers=layers, svg=svg, overwrite=overwrite)

    def _repr_png_(self) -> bytes:
        from huepress.formats.png_layers import encode_pillow

        return encode_pillow(self.overlay())
