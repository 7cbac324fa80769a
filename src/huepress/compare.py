"""The original beside its versions at several numbers of colors, as one picture."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace

from huepress import pipeline
from huepress.codec.sheet import Panel, draw_sheet
from huepress.metrics import SMALLEST_SIDE, Comparator, words_for
from huepress.model import Report, SourceImage
from huepress.options import Options
from huepress.text import human_bytes


def comparison_sheet(
    source: SourceImage,
    name: str,
    n_colors: Sequence[int],
    options: Options,
    on_progress: Callable[[int], None] | None = None,
) -> bytes:
    """Draw a comparison sheet and return it as PNG bytes.

    Parameters
    ----------
    source : SourceImage
    name : str
        Heading of the sheet.
    n_colors : sequence of int
        Numbers of colors, each 2 to 256; shown in the order given.
    options : Options
        All other options.
    on_progress : callable, optional
        Called with the number of colors before each version is made.
    """
    original = Panel("Original", _original_facts(source), source.pixels_srgb8)
    panels = [original]
    large_enough = min(source.width, source.height) >= SMALLEST_SIDE
    comparator = Comparator(source, threads=options.threads) if large_enough else None
    for k in n_colors:
        if on_progress:
            on_progress(k)
        outcome = pipeline.run(source, replace(options, n_colors=k), allow_larger=True)
        pixels = outcome.indexed.to_array()
        verdict = _verdict(comparator.ssimulacra2(pixels)) if comparator else ""
        facts = _version_facts(outcome.report, k)
        panels.append(Panel(f"K = {k}", facts, pixels, outcome.indexed.palette, verdict))
    return draw_sheet(name, panels)


def _verdict(ssimulacra2: float) -> str:
    return f"score {ssimulacra2:.0f}, {words_for(ssimulacra2)}"


def _original_facts(source: SourceImage) -> str:
    bits = 8 * source.pixels_srgb8.shape[2]
    if source.encoded is None:
        return f"{bits} bits per pixel"
    return f"{source.format}, {human_bytes(len(source.encoded))}, {bits} bits per pixel"


def _version_facts(report: Report, asked: int) -> str:
    facts = [human_bytes(report.bytes_out)]
    if report.saved is not None:
        facts.append(
            f"{100 * report.saved:.0f} % saved" if report.saved >= 0 else f"{-100 * report.saved:.0f} % larger"
        )
    facts.append("lossless" if report.mse == 0 else f"PSNR {report.psnr_db:.1f} dB")
    if report.n_colors != asked:
        facts.append(f"{report.n_colors} colors")
    return "  ·  ".join(facts)
