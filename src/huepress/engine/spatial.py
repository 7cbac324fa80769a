"""Stage: indices, and the palette that suits them, by the spatial rate-distortion search."""

from __future__ import annotations

import zlib
from collections.abc import Callable
from typing import Literal, NamedTuple

import numpy as np

from huepress import _core
from huepress.colors.arrays import pack_rows
from huepress.efforts import EFFORTS
from huepress.engine.palette import PaletteFit, display_order
from huepress.model import Bytes, ColorTable, IndexedImage, Palette, bit_depth_of
from huepress.options import FEW_COLORS, Options

Coder = Literal["png", "webp"]

# Squared Oklab distance that one bit is worth at rate 1, as the eye's filter weighs it.
LAMBDA_AT_RATE_1 = 5e-6
# Whatever the rate, where errors are diffused a bit is worth this part of a pixel's mean distortion: nobody
# sees it, and with few colors it saves several percent.
_LEAST_LAMBDA = 0.05


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
    """

    def __init__(self, table: ColorTable, fit: PaletteFit, options: Options, *, coder: Coder = "png") -> None:
        self._table, self._fit = table, fit
        self._effort, self._coder, self._threads = EFFORTS[options.effort], coder, options.threads
        self._full = options.dither == "full"
        self._colors_srgb8 = fit.palette.colors_srgb8.copy()
        self._core = _core.SpatialSearch(
            color_points=_core.colors_to_points(table.colors_srgb8, "oklab"),
            color_of=table.inverse,
            palette=_core.colors_to_points(self._colors_srgb8, "oklab"),
            diffuse=options.dither != "none",
            unit=8 // bit_depth_of(len(fit.palette)),
            coder=coder,
        )
        refits = 0 if fit.required.all() else self._effort.refits
        if refits and len(fit.palette) <= FEW_COLORS:
            refits += 1
        distortion = 0.0
        for _ in range(max(1, refits)):
            distortion = self._literals()
            if refits:
                self._refit()
        diffused = options.dither != "none"
        self._least_lambda = _LEAST_LAMBDA * distortion / table.inverse.size if diffused else 0.0

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
        bit_worth = max(0.0 if self._full else rate * LAMBDA_AT_RATE_1, self._least_lambda)
        sweeps = self._effort.sweeps if self._coder == "png" else 1
        least, chosen, distortion = np.inf, None, 0.0
        for sweep in range(sweeps):
            begun = sweep / sweeps
            tell = None if on_progress is None else lambda part, begun=begun: on_progress(begun + part / sweeps)
            swept, _ = self._core.sweep(
                bit_worth=bit_worth,
                slack=self._effort.slack_bits,
                matches=True,
                n_threads=self._threads,
                on_progress=tell,
            )
            indices = self._core.indices().reshape(self._table.inverse.shape)
            if tell:
                tell(1.0)
            if sweeps == 1:
                chosen, distortion = indices, swept
                break
            stream = zlib.compress(self._rows(indices), 9)
            cost = swept + bit_worth * 8 * len(stream)
            if cost >= least:
                break
            least, chosen, distortion = cost, indices, swept
            self._core.learn(stream)
        assert chosen is not None
        indexed = self._finished(_with_exact_matches(chosen, self._table, self._fit))
        return Found(indexed, distortion / (bit_worth * chosen.size) if bit_worth > 0 else np.inf)

    def _literals(self) -> float:
        """Diffuse the picture without regard to bytes, and return the distortion."""
        return self._core.sweep(bit_worth=0.0, slack=0.0, matches=False, n_threads=self._threads)[0]

    def _refit(self) -> None:
        """Move the entries to where the diffused indices want them; what is opaque or clear stays so."""
        points = self._core.refit(self._fit.required, self._threads)
        colors = _core.points_to_colors(points, "oklab")
        old = self._colors_srgb8
        if old.shape[1] == 4:
            settled = (old[:, 3] == 0) | (old[:, 3] == 255)
            colors[settled, 3] = old[settled, 3]
        colors[self._fit.required] = old[self._fit.required]
        self._colors_srgb8 = colors
        self._core.set_palette(_core.colors_to_points(colors, "oklab"))

    def _rows(self, indices: Bytes) -> bytes:
        """Return the rows as PNG stores them without filters."""
        return np.pad(pack_rows(indices, bit_depth_of(len(self._fit.palette))), ((0, 0), (1, 0))).tobytes()

    def _finished(self, indices: Bytes) -> IndexedImage:
        """Drop idle entries and order the others, unless the palette was given whole."""
        colors, required = self._colors_srgb8, self._fit.required
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


def _with_exact_matches(indices: Bytes, table: ColorTable, fit: PaletteFit) -> Bytes:
    """Give the pixels whose color is a required entry that entry, whatever the search diffused into them."""
    settled = fit.exact & fit.required[fit.labels]
    if not settled.any():
        return indices
    return np.where(settled[table.inverse], fit.labels.astype(np.uint8)[table.inverse], indices)
