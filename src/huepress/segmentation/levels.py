"""A picture as points in Oklab, at full size and at half sizes in which noise fades."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from huepress import _core
from huepress.colors.arrays import has_hard_edges
from huepress.engine.histogram import count_colors
from huepress.model import SourceImage

Points = npt.NDArray[np.float32]
Mask = npt.NDArray[np.bool_]
Weights = npt.NDArray[np.uint32]

# A just noticeable difference in Oklab.
NOTICEABLE = 0.02
_MOST_LEVELS = 4
_SMALLEST_SIDE = 16
# Rows that the noise is measured on: every so-many-th.
_NOISE_STEP = 8
_NORMAL_MEDIAN = 0.6744897501960817  # of the absolute value of a standard normal
FULL_WEIGHT = 1024


@dataclass(frozen=True, eq=False)
class Level:
    """The picture at one size.

    Parameters
    ----------
    points : ndarray of float32, (height, width, dims)
        Colors in Oklab (see core/color/color_space.hpp), perhaps followed by two scaled coordinates.
    visible : ndarray of bool, (height, width), optional
        Pixels that take part; None: all.
    """

    points: Points
    visible: Mask | None

    @property
    def shape(self) -> tuple[int, int]:
        """Height and width."""
        return self.points.shape[0], self.points.shape[1]

    @property
    def rows(self) -> Points:
        """The points of the visible pixels, (n, dims)."""
        flat = self.points.reshape(-1, self.points.shape[2])
        return flat if self.visible is None else flat[self.visible.reshape(-1)]

    def halved(self) -> Level:
        """Return the means over squares of two by two pixels."""
        if self.visible is None:
            return Level((_pooled(self.points) * np.float32(0.25)).astype(np.float32, copy=False), None)
        present = self.visible[..., None].astype(np.float32)
        sums, counts = _pooled(self.points * present), _pooled(present)
        return Level((sums / np.maximum(counts, 1)).astype(np.float32, copy=False), counts[..., 0] > 0)

    def noise(self) -> float:
        """Estimate the standard deviation of the noise, as the length of an error in Oklab.

        The median over the picture of how far pixels are from what their neighbors foretell, by the mask of
        J. Immerkaer, "Fast noise variance estimation", 1996; of flat graphics it is 0.
        """
        height, width = self.shape
        if height < 3 or width < 3:
            return 0.0
        tops = np.arange(0, height - 2, _NOISE_STEP if height > 64 else 1)
        across = self.points[tops] - 2 * self.points[tops + 1] + self.points[tops + 2]
        response = np.abs(across[:, :-2] - 2 * across[:, 1:-1] + across[:, 2:])
        if self.visible is None:
            seen = response.reshape(-1, response.shape[2])
        else:
            whole = self.visible[tops] & self.visible[tops + 1] & self.visible[tops + 2]
            seen = response[whole[:, :-2] & whole[:, 1:-1] & whole[:, 2:]]
        if not len(seen):
            return 0.0
        medians = np.median(seen, axis=0) / (6 * _NORMAL_MEDIAN)
        return float(np.sqrt(np.square(medians).sum()))

    def flatness(self, noise: float) -> Weights:
        """Weigh pixels by how much they are like their neighbors: those on edges are mixtures of two colors.

        Parameters
        ----------
        noise : float
            Standard deviation of the noise at this level.

        Returns
        -------
        ndarray of uint32, (height, width)
            1 to 1024.
        """
        steepest = np.zeros(self.shape, dtype=np.float32)
        for axis in (0, 1):
            after = np.square(np.diff(self.points, axis=axis)).sum(axis=2)
            high = (slice(1, None), slice(None)) if axis == 0 else (slice(None), slice(1, None))
            low = (slice(None, -1), slice(None)) if axis == 0 else (slice(None), slice(None, -1))
            for part in (high, low):
                np.maximum(steepest[part], after, out=steepest[part])
        tolerance = np.float32((3 * noise + NOTICEABLE / 2) ** 2)
        return np.maximum(np.rint(FULL_WEIGHT / (1 + steepest / tolerance)), 1).astype(np.uint32)


@dataclass(frozen=True, eq=False)
class Picture:
    """What k-means works on.

    Parameters
    ----------
    level : Level
        Full size, colors only.
    table_points : ndarray of float32, (n_colors, dims)
        The different visible colors.
    color_of : ndarray of uint32, (number of visible pixels,)
        The row of each visible pixel's color.
    """

    level: Level
    table_points: Points
    color_of: npt.NDArray[np.uint32]


def to_picture(source: SourceImage, *, threads: int) -> Picture:
    """Turn an image into points; fully transparent pixels are not visible."""
    table = count_colors(source, threads=threads, merge_transparent=True)
    colors, color_of, visible = table.colors_srgb8, table.inverse, None
    if colors.shape[1] == 4:
        clear = colors[:, 3] == 0  # one row at most, the first
        if clear.any():
            visible = ~clear[color_of]
        if has_hard_edges(colors):
            colors = np.ascontiguousarray(colors[:, :3])
    points = _core.colors_to_points(colors, "oklab")
    level = Level(np.take(points, color_of, axis=0), visible)
    if visible is None:
        return Picture(level, points, color_of.reshape(-1))
    return Picture(level, points[1:], color_of[visible] - np.uint32(1))


def with_positions(level: Level, scale: float) -> Level:
    """Append the pixels' coordinates times `scale` to the points."""
    height, width = level.shape
    y, x = np.meshgrid(np.arange(height, dtype=np.float32), np.arange(width, dtype=np.float32), indexing="ij")
    places = np.stack([x, y], axis=2) * np.float32(scale)
    return Level(np.concatenate([level.points, places], axis=2), level.visible)


def pyramid(level: Level, noise: float, most_pixels: int | None = None) -> list[Level]:
    """Halve a picture until its noise is hardly noticeable; averaging four pixels halves it.

    Parameters
    ----------
    level : Level
    noise : float
        Standard deviation of its noise.
    most_pixels : int, optional
        Halve on until the picture has no more pixels.

    Returns
    -------
    list of Level
        The given one first.
    """
    levels = [level]
    while True:
        height, width = levels[-1].shape
        too_many = most_pixels is not None and height * width > most_pixels
        noisy = noise / 2 ** (len(levels) - 1) > NOTICEABLE and len(levels) <= _MOST_LEVELS
        if not (too_many or noisy) or min(height, width) < 2 * _SMALLEST_SIDE:
            return levels
        levels.append(levels[-1].halved())


def _pooled(values: Points) -> Points:
    """Sum squares of two by two; the last row or column of an odd number is repeated."""
    height, width = values.shape[:2]
    if height % 2 or width % 2:
        values = np.pad(values, ((0, height % 2), (0, width % 2), (0, 0)), mode="edge")
    return values[::2, ::2] + values[1::2, ::2] + values[::2, 1::2] + values[1::2, 1::2]
