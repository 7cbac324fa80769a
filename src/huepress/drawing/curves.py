"""Drawings of what was tried: bytes against score. Matplotlib is known here alone."""

from __future__ import annotations

import io
import math
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import PurePath
from typing import Any

from huepress.errors import OptionError, missing_extra
from huepress.results import Trial

ENDINGS = (".png", ".svg", ".pdf")
# More names hide the curves.
_MOST_NAMES = 12
_INCHES, _DPI = (8.0, 5.0), 120


@dataclass(frozen=True)
class Curve:
    """The versions of one image that were tried.

    Attributes
    ----------
    name : str
    trials : sequence of Trial
        Those without a score are left out.
    chosen : tuple of int and float, optional
        Bytes and score of what was taken in the end.
    """

    name: str
    trials: Sequence[Trial]
    chosen: tuple[int, float] | None


def check_plot_name(name: str) -> None:
    """Refuse early what `draw_curves` would refuse late.

    Raises
    ------
    OptionError
        If the name ends in no known extension, or Matplotlib is not installed.
    """
    if PurePath(name).suffix.lower() not in ENDINGS:
        raise OptionError(f"a plot takes a name that ends in {', '.join(ENDINGS)}, not {name!r}")
    _figure_class()


def draw_curves(curves: Sequence[Curve], name: str) -> bytes:
    """Draw the scores of versions over their bytes, and mark what was taken.

    Parameters
    ----------
    curves : sequence of Curve
    name : str
        Its extension decides about the kind of file: ``.png``, ``.svg`` or ``.pdf``.

    Returns
    -------
    bytes
        The same for the same curves, on every day.

    Raises
    ------
    OptionError
        As `check_plot_name`.
    """
    check_plot_name(name)
    figure = _figure_class()(figsize=_INCHES, dpi=_DPI, layout="constrained")
    axes = figure.add_subplot()
    for number, curve in enumerate(curves):
        points = sorted((trial.n_bytes, trial.score) for trial in curve.trials if trial.score is not None)
        color = f"C{number % 10}"
        label = curve.name if len(curves) <= _MOST_NAMES else None
        if points:
            axes.plot(*zip(*points, strict=True), marker=".", linewidth=1, color=color, label=label)
        if curve.chosen is not None:
            axes.plot(*curve.chosen, marker="o", markersize=10, markerfacecolor="none", color=color)
    axes.set_xscale("log")
    _label_bytes(axes.xaxis)
    axes.set_xlabel("bytes (the circle: taken)")
    axes.set_ylabel("SSIMULACRA2 score")
    axes.grid(True, which="both", alpha=0.3)
    if axes.get_legend_handles_labels()[0]:
        axes.legend(fontsize="small")
    return _rendered(figure, PurePath(name).suffix.lower().removeprefix("."))


def _label_bytes(axis: Any) -> None:
    """Label a narrow range, too, where no power of ten lies."""
    from matplotlib.ticker import LogFormatter, LogLocator

    axis.set_major_locator(LogLocator(subs=(1.0, 2.0, 5.0)))
    axis.set_major_formatter(_bytes_label)
    axis.set_minor_formatter(LogFormatter(labelOnlyBase=True, minor_thresholds=(0, 0)))


def _bytes_label(n_bytes: float, _: int) -> str:
    power = min(max(int(math.log10(max(n_bytes, 1.0))) // 3, 0), 3)
    return f"{n_bytes / 1000**power:g} {('B', 'kB', 'MB', 'GB')[power]}"


def _rendered(figure: Any, kind: str) -> bytes:
    from matplotlib import rc_context

    buffer = io.BytesIO()
    dates = {"svg": {"Date": None}, "pdf": {"CreationDate": None}}
    with rc_context({"svg.hashsalt": "huepress"}):
        figure.savefig(buffer, format=kind, metadata=dates.get(kind))
    return buffer.getvalue()


def _figure_class() -> Any:
    try:
        from matplotlib.figure import Figure
    except ImportError:
        raise missing_extra("a plot", "Matplotlib", "plot", OptionError) from None
    return Figure
