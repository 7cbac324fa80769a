"""``huepress score``: how far pictures are from their original."""

from __future__ import annotations

import dataclasses
import json
import math
from typing import TYPE_CHECKING, Any

import click

from huepress.cli.command import GroupedCommand, option
from huepress.cli.options import options_of
from huepress.cli.output import say
from huepress.options import Options
from huepress.wording import rounded_down

if TYPE_CHECKING:
    from huepress.engine.metrics import Score


EXAMPLES = (
    "huepress score photo.png photo-huepress.png      # how far it is, in words and numbers",
    "huepress score photo.png small/*.png --json",
)


@click.command(name="score", cls=GroupedCommand, examples=EXAMPLES)
@click.argument("original", metavar="ORIGINAL", type=click.Path())
@click.argument("distorted", nargs=-1, required=True, metavar="DISTORTED...", type=click.Path())
@option("--json", "as_json", is_flag=True, help="Print one JSON object per picture, best first.")
@options_of(Options, ["jobs", "max_pixels", "tolerant"])
def command(
    original: str, distorted: tuple[str, ...], as_json: bool, jobs: int, max_pixels: int, tolerant: bool
) -> int:
    """Tell how far pictures are from their original, the best first.

    SSIMULACRA2: 90 visually lossless, 80 very high, 70 high, 50 medium, 30 low quality. dE OK: color
    difference in Oklab, mean and 95th percentile; 0.02 is just noticeable. Banding: how far smooth
    gradients have turned into steps, 0 for none.
    """
    from huepress.cli.inputs import STDIO, expand, for_each, image_of
    from huepress.engine.metrics import Comparator
    from huepress.pipeline import intake

    options = Options(jobs=jobs, max_pixels=max_pixels)
    names = expand(distorted)
    if [original, *names].count(STDIO) > 1:
        raise click.UsageError("standard input can be read only once; give '-' once")
    comparator = Comparator(
        intake.load(image_of(original), max_pixels=max_pixels, tolerant=tolerant), threads=options.threads
    )
    found: list[tuple[str, Score]] = []

    def score(name: str) -> None:
        picture = intake.load(image_of(name), max_pixels=max_pixels, tolerant=tolerant)
        found.append((name, comparator.score(picture.pixels_srgb8)))

    code = for_each(names, score, str)
    found.sort(key=lambda item: -item[1].ssimulacra2)
    if as_json:
        for name, each in found:
            say(json.dumps(_as_json(original, name, each)))
    elif found:
        _print_table(found)
    return code


def _as_json(original: str, name: str, score: Score) -> dict[str, Any]:
    numbers = dataclasses.asdict(score)
    if math.isinf(score.psnr_db):
        numbers["psnr_db"] = None
    return {"original": original, "distorted": name, **numbers, "words": score.words}


def _print_table(found: list[tuple[str, Score]]) -> None:
    header = ("picture", "SSIMULACRA2", "quality", "PSNR", "MSE", "dE OK mean", "dE OK p95", "banding")
    rows = [
        (
            name,
            rounded_down(s.ssimulacra2, 2),
            s.words,
            "equal" if math.isinf(s.psnr_db) else f"{s.psnr_db:.2f} dB",
            f"{s.mse:.2f}",
            f"{s.delta_e_ok_mean:.4f}",
            f"{s.delta_e_ok_p95:.4f}",
            f"{s.banding:.3f}",
        )
        for name, s in found
    ]
    widths = [max(len(row[i]) for row in [header, *rows]) for i in range(len(header))]
    for row in [header, *rows]:
        cells = [
            cell.ljust(w) if i in (0, 2) else cell.rjust(w) for i, (cell, w) in enumerate(zip(row, widths, strict=True))
        ]
        say("  ".join(cells).rstrip())
