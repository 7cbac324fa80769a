"""How far a picture is from its original, in numbers and in words."""

from __future__ import annotations

import math
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cached_property

import numpy as np
import numpy.typing as npt

from huepress import _core
from huepress.errors import InputError
from huepress.model import Bytes, ColorTable, IndexedImage, SourceImage
from huepress.results import psnr_db

Floats = npt.NDArray[np.float32]

SMALLEST_SIDE = 8
LOSSLESS_SCORE = 100.0
# The scale's own anchors (SSIMULACRA2's documentation): the least score that earns the word.
WORDS = ((90.0, "visually lossless"), (80.0, "very high"), (70.0, "high"), (50.0, "medium"), (30.0, "low"))
LOWEST_WORD = "very low"

_ROWS_AT_ONCE = 128  # of a picture, so that large ones need little memory
_BLACK, _WHITE = 0, 255
_DELTA_BINS = 4096  # of the distribution of color differences, 0 to 1
# Banding: what counts as smooth in the original, in Oklab lightness a pixel, and where.
_SMOOTH_SLOPE = 0.012
_SMOOTH_REACH = 4
_BLUR_SIGMA = 2.0


@dataclass(frozen=True)
class Score:
    """The distance of a picture from its original.

    Attributes
    ----------
    ssimulacra2 : float
        SSIMULACRA2 2.1: 100 for no difference, 90 visually lossless, 70 high, 50 medium, 30 low
        quality; without lower bound.
    mse : float
        Mean over the pixels of the summed squared differences of the sRGB codes; with alpha
        the mean over a black and a white background.
    psnr_db : float
        10 log10(255**2 / (mse / 3)); infinite for equal pictures.
    delta_e_ok_mean, delta_e_ok_p95 : float
        Mean and 95th percentile of the pixels' color differences in Oklab (CSS Color Module
        Level 4, deltaEOK; 0.02 is just noticeable). With alpha over a black and a white
        background alike.
    banding : float
        See `banding`.
    """

    ssimulacra2: float
    mse: float
    psnr_db: float
    delta_e_ok_mean: float
    delta_e_ok_p95: float
    banding: float

    @property
    def words(self) -> str:
        """The quality in words."""
        return words_for(self.ssimulacra2)


def words_for(ssimulacra2: float) -> str:
    """Return the word for a SSIMULACRA2 score: ``visually lossless`` to ``very low``."""
    return next((word for least, word in WORDS if ssimulacra2 >= least), LOWEST_WORD)


class Comparator:
    """An original, prepared once, to score any number of pictures of the same size.

    Parameters
    ----------
    original : SourceImage
        At least 8 x 8 pixels.
    threads : int
        Number of threads; the scores do not depend on it.

    Raises
    ------
    InputError
        If the original is smaller than 8 pixels in a direction, where SSIMULACRA2 is not defined.
    """

    def __init__(self, original: SourceImage, *, threads: int = 1) -> None:
        if min(original.width, original.height) < SMALLEST_SIDE:
            raise InputError(
                f"the image has {original.width} x {original.height} pixels; "
                f"SSIMULACRA2 is defined from {SMALLEST_SIDE} x {SMALLEST_SIDE}"
            )
        self._original = original
        self._threads = threads
        self._core = _core.Ssimulacra2(original.pixels_srgb8, threads)

    def ssimulacra2(self, distorted_srgb8: Bytes) -> float:
        """Return the SSIMULACRA2 score alone.

        Parameters
        ----------
        distorted_srgb8 : ndarray of uint8, (height, width, 3 or 4)

        Raises
        ------
        InputError
            If the size differs from the original's.
        """
        self._check_size(distorted_srgb8)
        return self._core.score(np.ascontiguousarray(distorted_srgb8), self._threads)

    def score(self, distorted_srgb8: Bytes) -> Score:
        """Return all figures.

        Parameters
        ----------
        distorted_srgb8 : ndarray of uint8, (height, width, 3 or 4)

        Raises
        ------
        InputError
            If the size differs from the original's.
        """
        self._check_size(distorted_srgb8)
        original = self._original.pixels_srgb8
        mse = mean_squared_error(original, distorted_srgb8)
        delta_mean, delta_p95 = delta_e_ok(original, distorted_srgb8)
        return Score(
            ssimulacra2=self.ssimulacra2(distorted_srgb8),
            mse=mse,
            psnr_db=psnr_db(mse),
            delta_e_ok_mean=delta_mean,
            delta_e_ok_p95=delta_p95,
            banding=banding(original, distorted_srgb8),
        )

    def _check_size(self, distorted_srgb8: Bytes) -> None:
        height, width = distorted_srgb8.shape[:2]
        if (width, height) != (self._original.width, self._original.height):
            raise InputError(
                f"the pictures differ in size: {self._original.width} x {self._original.height} "
                f"and {width} x {height}; scale one of them first"
            )


def mean_squared_error(original_srgb8: Bytes, distorted_srgb8: Bytes) -> float:
    """Return the mean over the pixels of the summed squared differences of sRGB codes.

    With alpha it is the mean over a black and a white background (see ``core/color/color_space.hpp``).
    """
    total = 0.0
    for a, b in _bands(*_same_channels(original_srgb8, distorted_srgb8)):
        differ = (a != b).any(axis=2) if a.shape[2] == 3 else _whole_pixels(a) != _whole_pixels(b)
        points = [_core.colors_to_points(x[differ], "srgb") for x in (a, b)]
        total += float(np.square(points[0] - points[1], dtype=np.float64).sum())
    return total / int(original_srgb8.shape[0] * original_srgb8.shape[1])


def error_from_afar(original_srgb8: Bytes, distorted_srgb8: Bytes) -> float:
    """Return the mean squared error of sRGB codes behind a blur, as areas are seen from afar: dots mix.

    Means of 2 x 2 pixels are blurred by binomial weights, together about a Gaussian of sigma 2 pixels.

    Parameters
    ----------
    original_srgb8, distorted_srgb8 : ndarray of uint8, (height, width, 3)
        At least 2 x 2 pixels; an odd last row or column is left out.
    """
    height, width = (side // 2 for side in original_srgb8.shape[:2])
    blocks = (2 * height, 2 * width)
    error = np.subtract(
        original_srgb8[: blocks[0], : blocks[1]], distorted_srgb8[: blocks[0], : blocks[1]], dtype=np.float32
    )
    error = error.reshape(height, 2, width, 2, 3).mean(axis=(1, 3))
    for axis in (0, 1):
        for _ in range(2):
            ends = np.pad(error, [(1, 1) if each == axis else (0, 0) for each in range(3)], mode="edge")
            before, after = (np.take(ends, range(at, at + error.shape[axis]), axis=axis) for at in (0, 2))
            error = (before + after + 2 * error) / np.float32(4)
    return float(np.square(error, dtype=np.float64).mean())


def mean_squared_error_of_indices(table: ColorTable, indexed: IndexedImage, *, threads: int) -> float:
    """Return the mean over the pixels of the summed squared differences of sRGB codes.

    With alpha it is the mean over a black and a white background (see ``core/color/color_space.hpp``).
    """
    total = _core.squared_error(
        _core.colors_to_points(table.colors_srgb8, "srgb"),
        table.inverse.reshape(-1),
        _core.colors_to_points(indexed.palette.colors_srgb8, "srgb"),
        indexed.indices.reshape(-1),
        threads,
    )
    return total / int(table.inverse.size)


def delta_e_ok(original_srgb8: Bytes, distorted_srgb8: Bytes) -> tuple[float, float]:
    """Return mean and 95th percentile of the Oklab distances of the pixels.

    The percentile is read off a histogram of 4096 bins from 0 to 1, to its upper edge.
    """
    counts = np.zeros(_DELTA_BINS, dtype=np.int64)
    total = 0.0
    for a, b in _on_backgrounds(original_srgb8, distorted_srgb8):
        for one, other in _bands(a, b):
            distance = np.sqrt(np.square(_oklab(one) - _oklab(other)).sum(axis=2))
            total += float(distance.sum(dtype=np.float64))
            bins = np.minimum((distance * _DELTA_BINS).astype(np.int64), _DELTA_BINS - 1)
            counts += np.bincount(bins.ravel(), minlength=_DELTA_BINS)
    n = int(counts.sum())
    if counts[0] == n and total == 0.0:
        return 0.0, 0.0
    percentile = (int(np.searchsorted(np.cumsum(counts), 0.95 * n)) + 1) / _DELTA_BINS
    return total / n, percentile


def delta_e_ok_levels(original_srgb8: Bytes, distorted_srgb8: Bytes, edges: npt.ArrayLike) -> Bytes:
    """Return for each pixel how many of the edges its color difference in Oklab reaches: a map to look at.

    With alpha the larger difference, over a black and a white background, counts.

    Parameters
    ----------
    original_srgb8, distorted_srgb8 : ndarray of uint8, (height, width, 3 or 4)
    edges : array of float, (n,)
        Ascending, at most 255.

    Returns
    -------
    ndarray of uint8, (height, width)
        0 to n.
    """
    steps = np.asarray(edges, dtype=np.float32)
    levels = np.zeros(original_srgb8.shape[:2], dtype=np.uint8)
    for a, b in _on_backgrounds(original_srgb8, distorted_srgb8):
        for rows, one, other in zip(_bands(levels, levels), _bands(a, a), _bands(b, b), strict=True):
            distance = np.sqrt(np.square(_oklab(one[0]) - _oklab(other[0])).sum(axis=2))
            np.maximum(rows[0], np.searchsorted(steps, distance, side="right"), out=rows[0], casting="unsafe")
    return levels


def banding(original_srgb8: Bytes, distorted_srgb8: Bytes) -> float:
    """Return how far smooth gradients have turned into steps; 0 for none.

    Let L be Oklab lightness, G a Gaussian of sigma 2 pixels, g = |grad(G * L)| by central
    differences. A pixel is smooth if the original's g stays below 0.012 a pixel within 4 pixels
    around it. The figure is 1000 times the mean over all pixels of max(0, g_distorted - g_original)
    at the smooth ones.

    A step leaves a ridge in g that the original does not have; dithering, which the eye averages,
    is averaged by G; texture and edges of the original are not smooth. With alpha the worse of a
    black and a white background counts.

    The idea that a banding edge is one where the source has none follows Y. Wang, S. Kum, C. Chen,
    A. Kokaram, "A perceptual visibility metric for banding artifacts", ICIP 2016; the formula is
    our own.
    """
    return max(
        _steps(_slope(_lightness(original)), _slope(_lightness(distorted)))
        for original, distorted in _on_backgrounds(original_srgb8, distorted_srgb8)
    )


def _steps(slope: Floats, distorted_slope: Floats, smooth: npt.NDArray[np.bool_] | None = None) -> float:
    excess = np.maximum(distorted_slope - slope, 0) * (_is_smooth(slope) if smooth is None else smooth)
    return 1000.0 * float(excess.mean(dtype=np.float64))


class SmoothGround:
    """The smooth places of a picture, and the `banding` of others beside it: the picture's half is found once.

    Parameters
    ----------
    table : ColorTable
        The picture's.
    threads : int
    """

    def __init__(self, table: ColorTable, *, threads: int = 1) -> None:
        self._table, self._threads = table, threads
        self._found: dict[int, tuple[Floats, npt.NDArray[np.bool_]]] = {}

    def banding(self, indexed: IndexedImage) -> float:
        """Return how far smooth gradients have turned into steps, as `banding` does of the pixels."""
        colors = indexed.palette.colors_srgb8
        return max(
            _steps(slope, _slope(_lightness_of(colors, background)[indexed.indices], self._threads), smooth)
            for background in self._backgrounds(colors)
            for slope, smooth in [self._on(background)]
        )

    @cached_property
    def places(self) -> npt.NDArray[np.bool_]:
        """Where the picture is smooth, on a black or on a white background: (height, width)."""
        backgrounds = self._backgrounds(self._table.colors_srgb8)
        return np.asarray(np.logical_or.reduce([self._on(background)[1] for background in backgrounds]))

    def _backgrounds(self, colors_srgb8: Bytes) -> tuple[int, ...]:
        has_alpha = self._table.colors_srgb8.shape[1] == 4 or colors_srgb8.shape[1] == 4
        return (_BLACK, _WHITE) if has_alpha else (_BLACK,)

    def _on(self, background: int) -> tuple[Floats, npt.NDArray[np.bool_]]:
        if background not in self._found:
            lightness = _lightness_of(self._table.colors_srgb8, background)
            slope = _slope(lightness[self._table.inverse], self._threads)
            self._found[background] = slope, _is_smooth(slope)
        return self._found[background]


def _lightness_of(colors_srgb8: Bytes, background: int) -> Floats:
    return _oklab(_composited(colors_srgb8[None], background))[0, :, 0]


def _is_smooth(slope: Floats) -> npt.NDArray[np.bool_]:
    return ~_any_around(slope >= _SMOOTH_SLOPE, _SMOOTH_REACH)


def _lightness(pixels_srgb8: Bytes) -> Floats:
    return np.concatenate([_oklab(band)[:, :, 0] for band, _ in _bands(pixels_srgb8, pixels_srgb8)])


def _oklab(pixels_srgb8: Bytes) -> Floats:
    height, width, channels = pixels_srgb8.shape
    flat = np.ascontiguousarray(pixels_srgb8).reshape(-1, channels)
    return _core.colors_to_points(flat, "oklab").reshape(height, width, channels)


def _slope(lightness: Floats, threads: int = 1) -> Floats:
    """Return |grad(G * lightness)| a pixel, see `banding`."""
    reach = math.ceil(3 * _BLUR_SIGMA)
    taps = np.exp(-0.5 * (np.arange(-reach, reach + 1) / _BLUR_SIGMA) ** 2)
    return _core.blurred_slope(np.ascontiguousarray(lightness), (taps / taps.sum()).astype(np.float32), threads)


def _any_around(flags: npt.NDArray[np.bool_], reach: int) -> npt.NDArray[np.bool_]:
    """Tell where a flag is set within so many pixels along both axes."""
    for axis in (0, 1):
        width = [(reach, reach) if a == axis else (0, 0) for a in (0, 1)]
        padded = np.moveaxis(np.pad(flags, width), axis, 0)
        length = flags.shape[axis]
        found = padded[:length].copy()
        for k in range(1, 2 * reach + 1):
            found |= padded[k : k + length]
        flags = np.moveaxis(found, 0, axis)
    return flags


def _bands(a: Bytes, b: Bytes) -> Iterator[tuple[Bytes, Bytes]]:
    for y in range(0, a.shape[0], _ROWS_AT_ONCE):
        yield a[y : y + _ROWS_AT_ONCE], b[y : y + _ROWS_AT_ONCE]


def _whole_pixels(pixels_srgb8: Bytes) -> npt.NDArray[np.uint32]:
    return np.ascontiguousarray(pixels_srgb8).view(np.uint32)[:, :, 0]


def _same_channels(a: Bytes, b: Bytes) -> tuple[Bytes, Bytes]:
    if a.shape[2] == b.shape[2]:
        return a, b
    opaque = [x if x.shape[2] == 4 else np.dstack([x, np.full(x.shape[:2], 255, dtype=np.uint8)]) for x in (a, b)]
    return opaque[0], opaque[1]


def _on_backgrounds(a: Bytes, b: Bytes) -> Iterator[tuple[Bytes, Bytes]]:
    """Yield the pictures themselves, or where either has alpha, both on black and both on white."""
    if _is_opaque(a) and _is_opaque(b):
        yield a[:, :, :3], b[:, :, :3]
        return
    for background in (_BLACK, _WHITE):
        yield _composited(a, background), _composited(b, background)


def _is_opaque(pixels_srgb8: Bytes) -> bool:
    return pixels_srgb8.shape[2] == 3 or bool((pixels_srgb8[:, :, 3] == 255).all())


def _composited(pixels_srgb8: Bytes, background: int) -> Bytes:
    if pixels_srgb8.shape[2] == 3:
        return pixels_srgb8
    alpha = pixels_srgb8[:, :, 3:].astype(np.uint32)
    mixed = pixels_srgb8[:, :, :3] * alpha + np.uint32(background) * (255 - alpha)
    return ((mixed + 127) // 255).astype(np.uint8)
