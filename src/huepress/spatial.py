"""Stage: indices by the spatial rate-distortion search instead of nearest colors."""

from __future__ import annotations

from collections.abc import Callable
from typing import NamedTuple

import numpy as np

from huepress import _core
from huepress.model import ColorTable, IndexedImage, Palette
from huepress.options import Options

# Squared Oklab distance that one bit is worth at rate 1, as the eye's filter weighs it.
LAMBDA_AT_RATE_1 = 5e-6


class _Effort(NamedTuple):
    """How hard to search."""

    sweeps: int  # at most; each prices its symbols by the last one's
    slack: float  # bits by which a match may lag behind before it is given up
    patience: float  # sweeps end when one lowers the objective by no more than this part


# One sweep at the first prices does best at equal looks so far; later ones follow prices that
# their own choices made.
_EFFORTS = {
    1: _Effort(1, 6.0, 0.0),
    2: _Effort(1, 8.0, 0.0),
    3: _Effort(1, 10.0, 0.0),
    4: _Effort(1, 11.0, 0.0),
    5: _Effort(1, 12.0, 0.0),
    6: _Effort(1, 16.0, 0.0),
    7: _Effort(1, 20.0, 0.0),
    8: _Effort(2, 24.0, 0.001),
    9: _Effort(4, 40.0, 0.0),
}


def search_indices(
    table: ColorTable, palette: Palette, options: Options, on_progress: Callable[[float], None] | None = None
) -> IndexedImage:
    """Choose the indices that cost least: what the eye sees of their error, plus the file's bits.

    Parameters
    ----------
    table : ColorTable
    palette : Palette
    options : Options
        `effort` of at least 1, `rate`, `dither` and `format` are used.
    on_progress : callable, optional
        Called with the part that is done, 0 to 1, after every sweep.

    Returns
    -------
    IndexedImage
        Its palette lacks the entries that no pixel uses.
    """
    effort = _EFFORTS[options.effort]
    rate = 0.0 if options.dither == "full" else options.rate * LAMBDA_AT_RATE_1
    points = _core.colors_to_points(table.colors_srgb8, "oklab")
    entries = _core.colors_to_points(palette.colors_srgb8, "oklab")
    width = table.inverse.shape[1]
    bits = IndexedImage(np.zeros((1, 1), dtype=np.uint8), palette).bit_depth
    row_bytes = (width * bits + 7) // 8
    diffuse = options.dither != "none"
    search = _core.SpatialSearch(points, table.inverse, entries, diffuse, row_bytes, str(options.format))
    best, chosen = np.inf, None
    for sweep in range(effort.sweeps):
        distortion, n_bits = search.sweep(rate, effort.slack, options.threads)
        if on_progress:
            on_progress((sweep + 1) / effort.sweeps)
        cost = distortion + rate * n_bits
        if cost < best:
            chosen = search.indices()
        if not cost < best * (1 - effort.patience) or rate == 0.0:
            break
        best = cost
    assert chosen is not None
    return _without_idle_entries(chosen.reshape(table.inverse.shape), palette)


def _without_idle_entries(indices: np.ndarray, palette: Palette) -> IndexedImage:
    used = np.zeros(256, dtype=bool)
    for row in indices:
        used[row] = True
    if used[: len(palette)].all():
        return IndexedImage(indices, palette)
    renumbered = (np.cumsum(used) - 1).astype(np.uint8)
    return IndexedImage(renumbered[indices], Palette(palette.colors_srgb8[used[: len(palette)]]))
