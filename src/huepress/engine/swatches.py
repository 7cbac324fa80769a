"""Stage: a palette for people, with shares of the pixels and names."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from huepress import _core
from huepress.colors.arrays import four_channels
from huepress.colors.text import Rgba
from huepress.engine.palette import PaletteFit
from huepress.formats.palette_image import css_colors
from huepress.model import Bytes, ColorHistogram, Palette
from huepress.wording import swatches_html


@dataclass(frozen=True, eq=False)
class Swatches:
    """A palette with what each color is called and how much of the picture it covers.

    Parameters
    ----------
    palette : Palette
    shares : ndarray of float64, (n,)
        The part of the pixels that has each color, 0 to 1; nan where there are no pixels.
    names : tuple of str
        The nearest CSS color of each.
    frequent : tuple of int and float
        The color that most of the visible pixels have, red, green, blue and alpha 0 to 255 (the first in that order
        where several are as frequent), and its part of all pixels, 0 to 1; None where there are no pixels.
    """

    palette: Palette
    shares: npt.NDArray[np.float64]
    names: tuple[str, ...]
    frequent: tuple[Rgba, float] | None = None

    def __len__(self) -> int:
        return len(self.palette)

    def _repr_html_(self) -> str:
        told = [
            f"{color} {name}" + ("" if np.isnan(share) else f", {100 * share:.1f} %")
            for color, name, share in zip(self.palette.hex(), self.names, self.shares, strict=True)
        ]
        return swatches_html(self.palette.hex(), told)

    @property
    def colors(self) -> list[Rgba]:
        """The colors as red, green, blue and alpha, 0 to 255."""
        return [(int(r), int(g), int(b), int(a)) for r, g, b, a in four_channels(self.palette.colors_srgb8)]

    @property
    def most_frequent(self) -> Swatches:
        """The color that most pixels have, as swatches of one; those of the palette where there are no pixels."""
        if self.frequent is None:
            return self
        color, share = self.frequent
        palette = Palette.from_colors([color])
        return Swatches(palette, np.array([share]), name_colors(palette.colors_srgb8), self.frequent)


def count_shares(table: ColorHistogram, fit: PaletteFit) -> Swatches:
    """Tell the share of each entry of a palette, the largest first, entries of equal share in the palette's order."""
    counts = np.bincount(fit.labels, table.counts.astype(np.float64), minlength=len(fit.palette))
    order = np.argsort(-counts, kind="stable")
    palette = Palette(fit.palette.colors_srgb8[order])
    return Swatches(palette, counts[order] / counts.sum(), name_colors(palette.colors_srgb8), _most_frequent(table))


def _most_frequent(table: ColorHistogram) -> tuple[Rgba, float]:
    colors, counts = four_channels(table.colors_srgb8), table.counts.astype(np.float64)
    visible = colors[:, 3] > 0
    first = int(np.argmax(np.where(visible, counts, -1.0) if visible.any() else counts))
    red, green, blue, alpha = (int(code) for code in colors[first])
    return (red, green, blue, alpha), float(counts[first] / counts.sum())


def name_colors(colors_srgb8: Bytes) -> tuple[str, ...]:
    """Return the nearest named color of CSS (Color Module Level 4) for each color.

    Nearest is measured in Oklab (B. Ottosson 2020) without alpha; fully transparent colors are
    called ``transparent``.

    Parameters
    ----------
    colors_srgb8 : ndarray of uint8, (n, 3 or 4)
    """
    named = css_colors()
    names = list(named)
    codes = np.array(list(named.values()), dtype=np.uint8)
    entries = _core.colors_to_points(codes, "oklab")
    points = _core.colors_to_points(np.ascontiguousarray(colors_srgb8[:, :3]), "oklab")
    nearest = _core.nearest(points, entries, None, 1)
    clear = four_channels(colors_srgb8)[:, 3] == 0
    return tuple("transparent" if gone else names[i] for i, gone in zip(nearest, clear, strict=True))
