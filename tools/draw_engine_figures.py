"""Draw the pictures of ``docs/engine.md`` from scenes that the project renders.

Usage: ``python tools/draw_engine_figures.py``, with Matplotlib (extra ``bench``). Writes ``docs/engine-*``.
"""

from __future__ import annotations

import io
import sys
from pathlib import Path
from typing import Any

import matplotlib
import numpy as np

import huepress

ROOT = Path(__file__).parents[1]
sys.path[:0] = [str(ROOT / "tools"), str(ROOT / "demo")]
import derive_eye_filter  # noqa: E402
import scenes  # noqa: E402

matplotlib.use("Agg")
from matplotlib import pyplot as plt  # noqa: E402

DOCS = ROOT / "docs"
STYLE = {
    "svg.hashsalt": "huepress",
    "svg.fonttype": "none",
    "font.family": "sans-serif",
    "font.size": 10,
    "axes.spines.top": False,
    "axes.spines.right": False,
    "axes.grid": True,
    "grid.alpha": 0.3,
}
RATES = (0.25, 0.5, 1, 2, 4, 8, 16)
COLORS = (16, 24, 32, 48, 64, 96, 128, 192, 256)
CROP = (slice(40, 120), slice(250, 410))  # sky beside the sun


def eye_filter() -> None:
    """Draw the eye's spectrum, that of the error it leads to, and the filter."""
    spectrum = derive_eye_filter.power_spectrum()
    half = spectrum.shape[0] // 2
    frequency = np.arange(half + 1) / spectrum.shape[0]
    seen = spectrum[0, : half + 1]
    shaped = (1 / spectrum)[0, : half + 1] * np.exp(np.mean(np.log(spectrum)))
    figure, (left, right) = plt.subplots(1, 2, figsize=(9, 3.2), width_ratios=(1.1, 1))
    left.semilogy(frequency, seen, label="what the eye sees of an error, S", color="#5e35b1")
    left.semilogy(frequency, shaped, label="the error that costs least, about 1 / S", color="#ef6c00")
    left.set(xlabel="cycles per pixel (along a row)", ylabel="power", xlim=(0, 0.5))
    left.legend(frameon=False, loc="lower left", bbox_to_anchor=(0, 1), fontsize=9)
    taps = derive_eye_filter.taps()[::-1, ::-1]  # as they lie around the pixel: the row two above on top
    rows, reach = taps.shape[0], derive_eye_filter.REACH
    shown = np.ma.masked_equal(taps, 0.0)
    limit = float(np.abs(taps).max())
    right.imshow(shown, cmap="PuOr_r", vmin=-limit, vmax=limit)
    for (y, x), value in np.ndenumerate(taps):
        if value:
            right.text(
                x, y, f"{value:.2f}", ha="center", va="center", fontsize=8, color="white" if value > 0.3 else "black"
            )
    right.set_xticks(range(2 * reach + 1), range(-reach, reach + 1))
    right.set_yticks(range(rows), range(-rows + 1, 1))
    right.set(xlabel="columns from the pixel", ylabel="rows", title="the causal factor B")
    right.grid(False)
    _save(figure, "engine-eye-filter.svg")


def rate_curve() -> None:
    """Draw score over bytes: the search at rising rates, plain k-means at falling numbers of colors."""
    figure, axes = plt.subplots(figsize=(7, 3.8))
    pixels = scenes.spheres(384, 256)

    def line(name: str, color: str, settings: list[dict[str, Any]], labels: list[str]) -> None:
        results = [huepress.compress(pixels, allow_larger=True, **setting) for setting in settings]
        kilobytes = [result.report.bytes_out / 1000 for result in results]
        scores = [huepress.score(pixels, result.image).ssimulacra2 for result in results]
        axes.plot(kilobytes, scores, "o-", markersize=4, color=color, label=name)
        for x, y, label in zip(kilobytes, scores, labels, strict=True):
            axes.annotate(label, (x, y), xytext=(4, -11), textcoords="offset points", fontsize=8, color=color)

    rates: list[dict[str, Any]] = [{"n_colors": 256, "rate": rate} for rate in RATES]
    line("the search, 256 colors, by rate", "#5e35b1", rates, [f"{rate:g}" for rate in RATES])
    plain: list[dict[str, Any]] = [{"n_colors": k, "effort": 0} for k in COLORS]
    line("plain k-means (effort 0), by colors", "#ef6c00", plain, [str(k) for k in COLORS])
    axes.set(xlabel="kilobytes (PNG)", ylabel="SSIMULACRA2", ylim=(35, 92))
    axes.legend(frameon=False, loc="lower right")
    _save(figure, "engine-rate.svg")


def dithers() -> None:
    """Show a piece of sky with 16 colors, made in five ways."""
    pixels = scenes.sunset()
    figure, rows = plt.subplots(2, 3, figsize=(10.5, 4.2))
    ways: dict[str, dict[str, Any]] = {
        "nearest (effort 0)": {"effort": 0},
        "nothing diffused": {"dither": "none"},
        "bytes disregarded": {"dither": "full"},
        "rate 1": {},
        "rate 20": {"rate": 20},
    }
    versions = {"original": pixels}
    for name, options in ways.items():
        result = huepress.compress(pixels, n_colors=16, allow_larger=True, **options)
        score = huepress.score(pixels, result.image).ssimulacra2
        title = f"{name}: {result.report.bytes_out / 1000:.1f} kB, score {score:.0f}"
        versions[title] = np.asarray(result.image.convert("RGB"))
    for axes, (title, version) in zip(rows.flat, versions.items(), strict=True):
        axes.imshow(version[CROP], interpolation="nearest")
        axes.set_title(title, fontsize=9)
        axes.axis("off")
    _save(figure, "engine-dither.png")


def _save(figure: plt.Figure, name: str) -> None:
    figure.tight_layout()
    if name.endswith(".svg"):
        figure.savefig(DOCS / name, metadata={"Date": None}, facecolor="white")
    else:
        buffer = io.BytesIO()
        figure.savefig(buffer, format="png", dpi=120, facecolor="white")
        huepress.compress(buffer.getvalue(), rate=0.05).save(DOCS / name, overwrite=True)
    plt.close(figure)
    print(f"docs/{name}: {(DOCS / name).stat().st_size} bytes")


def main() -> None:
    """Draw everything."""
    with plt.rc_context(STYLE):
        for draw in (eye_filter, rate_curve, dithers):
            draw()


if __name__ == "__main__":
    main()
