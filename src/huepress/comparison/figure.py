"""A comparison as a Matplotlib figure."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from huepress.comparison.beside import Picture
from huepress.comparison.page.plot import Point, frontier
from huepress.errors import OptionError, missing_extra
from huepress.wording import human_bytes, rounded_down

if TYPE_CHECKING:
    from matplotlib.figure import Figure

_MAX_COLUMNS = 4
_INCHES = 4.0  # width of a panel
_MOST_PIXELS = 1600  # of a panel's longer side; a figure shows no more


def draw_figure(name: str, pictures: Sequence[Picture]) -> Figure:
    """Draw the original, its versions, and score over bytes; see `Comparison.figure`."""
    try:
        from matplotlib.figure import Figure
        from matplotlib.ticker import FuncFormatter
    except ImportError:
        raise missing_extra("a figure", "Matplotlib", "plot", OptionError) from None

    versions = [each.version for each in pictures if each.version is not None]
    points = [Point(v.label, v.n_bytes, v.ssimulacra2) for v in versions if v.ssimulacra2 is not None]
    plotted = len(points) > 1
    n_panels = len(pictures) + plotted
    rows = -(-n_panels // _MAX_COLUMNS)
    columns = -(-n_panels // rows)
    height, width = pictures[0].pixels_srgb8.shape[:2]
    tall = _INCHES * min(1.6, max(0.5, height / width)) + 0.7
    figure = Figure(figsize=(columns * _INCHES, rows * tall + 0.4), layout="constrained")
    figure.suptitle(name)
    step = -(-max(width, height) // _MOST_PIXELS)
    for place, each in enumerate(pictures, 1):
        axes = figure.add_subplot(rows, columns, place)
        axes.imshow(each.pixels_srgb8[::step, ::step], interpolation="antialiased")
        axes.set_title(_title(each), fontsize=10)
        axes.set_axis_off()
    if plotted:
        axes = figure.add_subplot(rows, columns, n_panels)
        best = frontier(points)
        at_best = {(p.n_bytes, p.score) for p in best}
        axes.plot([p.n_bytes for p in best], [p.score for p in best], color="C0", zorder=1)
        middle = (min(p.n_bytes for p in points) + max(p.n_bytes for p in points)) / 2
        for point in points:
            at = (point.n_bytes, point.score)
            axes.scatter(
                *at, color="C0" if (point.n_bytes, point.score) in at_best else "white", edgecolor="C0", zorder=2
            )
            # Labels point inwards, so that none leaves the axes.
            side, shift = ("left", 5) if point.n_bytes <= middle else ("right", -5)
            axes.annotate(point.label, at, (shift, -10), textcoords="offset points", ha=side, fontsize=8)
        axes.margins(0.2)
        axes.xaxis.set_major_formatter(FuncFormatter(lambda value, _: human_bytes(round(value))))
        axes.tick_params(labelsize=8)
        axes.set_title("score over bytes", fontsize=10)
        axes.grid(alpha=0.3)
    return figure


def _title(picture: Picture) -> str:
    version = picture.version
    if version is None:
        return picture.title
    score = "" if version.ssimulacra2 is None else f", score {rounded_down(version.ssimulacra2, 0)} ({version.words})"
    missed = " (missed)" if version.missed else ""
    return f"{picture.title}{missed}\n{human_bytes(version.n_bytes)}{score}"
