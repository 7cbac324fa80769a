"""Stage: what a palette will take, from a sample of the picture, where the original is hard to beat."""

from __future__ import annotations

import math

import numpy as np

from huepress.formats import table
from huepress.model import Bytes, SourceImage
from huepress.options import Options
from huepress.pipeline.workbench import Workbench

# Many small tiles: with this side and this part of the pixels the forecast was 0.93 to 1.07 times the size of the
# development photographs, in a twelfth of the time; larger tiles were off by a factor of two.
_TILE = 96
_PART = 1 / 20
# Smaller pictures are done before it would pay.
_LEAST_PIXELS = 500_000
# A forecast so many times the original's bytes is believed.
_SURELY = 1.2


def sample_of(pixels_srgb8: Bytes) -> Bytes | None:
    """Return tiles from all over a picture, side by side; None where the picture is too small to be worth it.

    Parameters
    ----------
    pixels_srgb8 : ndarray of uint8, (height, width, 3 or 4)

    Returns
    -------
    ndarray of uint8, (96 m, 96 n, 3 or 4)
    """
    height, width = pixels_srgb8.shape[:2]
    if height * width < _LEAST_PIXELS or min(height, width) < _TILE:
        return None
    n_tiles = height * width * _PART / _TILE**2
    rows = min(max(1, round(math.sqrt(n_tiles * height / width))), height // _TILE)
    columns = min(max(1, round(n_tiles / rows)), width // _TILE)
    tops = np.linspace(0, height - _TILE, 2 * rows + 1)[1::2].astype(int)
    lefts = np.linspace(0, width - _TILE, 2 * columns + 1)[1::2].astype(int)
    return np.concatenate(
        [
            np.concatenate([pixels_srgb8[top : top + _TILE, left : left + _TILE] for left in lefts], axis=1)
            for top in tops
        ]
    )


def cannot_win(source: SourceImage, options: Options) -> int | None:
    """Return about how many bytes a palette will take where that surely is no fewer than the original; else None.

    Only originals are looked at whose format holds no palettes, as a JPEG: on other pictures tiles would cut the long
    runs that make them small.
    """
    format_of_source = table.by_file_format({"MPO": "JPEG"}.get(source.format, source.format))
    if format_of_source is None or format_of_source.written or source.keepable is None:
        return None
    expected = forecast(source, options)
    return expected if expected is not None and expected > _SURELY * len(source.keepable) else None


def forecast(source: SourceImage, options: Options) -> int | None:
    """Return about how many bytes a picture will take with a palette at the rate; None where that cannot be told.

    Parameters
    ----------
    source : SourceImage
    options : Options
    """
    sample = sample_of(source.pixels_srgb8)
    if sample is None:
        return None
    bench = Workbench(SourceImage(sample, source.format), options)
    version = bench.attempt(options.most_colors, options.rate, lossless_if_it_fits=True)
    overhead = 4 * version.trial.n_colors + 100  # what does not grow with the picture
    n_pixels: int = sample.shape[0] * sample.shape[1]
    return round(max(version.n_bytes - overhead, 1) * source.n_pixels / n_pixels) + overhead
