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
    from collections.abc import Sequence

    from huepress.engine.metrics import Score
    from huepress.engine.moving_score import AnimationScore
    from huepress.model import Animation, SourceImage


EXAMPLES = (
    "huepress score photo.png photo-huepress.png      # how far it is, in words and numbers",
    "huepress score photo.png small/*.png --json",
    "huepress score clip.gif clip-huepress.gif --frames",
)


@click.command(name="score", cls=GroupedCommand, examples=EXAMPLES)
@click.argument("original", metavar="ORIGINAL", type=click.Path())
@click.argument("distorted", nargs=-1, required=True, metavar="DISTORTED...", type=click.Path())
@option("--json", "as_json", is_flag=True, help="Print one JSON object per picture, best first.")
@option("--frames", is_flag=True, help="Print the score of every frame of animations, too.")
@options_of(Options, ["jobs", "max_pixels", "tolerant"])
def command(
    original: str, distorted: tuple[str, ...], as_json: bool, frames: bool, jobs: int, max_pixels: int, tolerant: bool
) -> int:
    """Tell how far pictures or animations are from their original, the best first.

    SSIMULACRA2: 90 visually lossless, 80 very high, 70 high, 50 medium, 30 low quality. dE OK: color
    difference in Oklab, mean and 95th percentile; 0.02 is just noticeable. Banding: how far smooth
    gradients have turned into steps, 0 for none. Animations: means over the time, the worst moment, and
    flicker, the change of pixels that stand still in the original, in sRGB codes.
    """
    from huepress.cli.inputs import STDIO, expand, for_each, image_of
    from huepress.engine.moving_score import AnimationScore, Scorer
    from huepress.pipeline import intake

    options = Options(jobs=jobs, max_pixels=max_pixels)
    names = expand(distorted)
    if [original, *names].count(STDIO) > 1:
        raise click.UsageError("standard input can be read only once; give '-' once")

    def loaded(name: str) -> SourceImage | Animation:
        return intake.load(image_of(name), max_pixels=max_pixels, tolerant=tolerant, moving=True)

    scorer = Scorer(loaded(original), threads=options.threads)
    found: list[tuple[str, Score]] = []

    def score(name: str) -> None:
        found.append((name, scorer.score(loaded(name))))

    code = for_each(names, score, str)
    found.sort(key=lambda item: -item[1].ssimulacra2)
    if as_json:
        for name, each in found:
            say(json.dumps(_as_json(original, name, each)))
    elif found:
        _print_table(found)
        for name, each in found:
            if frames and isinstance(each, AnimationScore):
                _print_moments(name, each)
    return code


def _as_json(original: str, name: str, score: Score) -> dict[str, Any]:
    numbers = dataclasses.asdict(score)
    if math.isinf(score.psnr_db):
        numbers["psnr_db"] = None
    return {"original": original, "distorted": name, **numbers, "words": score.words}


def _print_table(found: list[tuple[str, Score]]) -> None:
    header: tuple[str, ...] = ("picture", "SSIMULACRA2", "quality", "PSNR", "MSE", "dE OK mean", "dE OK p95", "banding")
    rows: list[tuple[str, ...]] = [
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
    if any(_of_animation(each)[0] for _, each in found):
        header += ("worst", "at", "flicker", "original's")
        rows = [(*row, *_of_animation(each)) for row, (_, each) in zip(rows, found, strict=True)]
    _print_columns(header, rows)


def _of_animation(score: Score) -> tuple[str, ...]:
    from huepress.engine.moving_score import AnimationScore

    if not isinstance(score, AnimationScore):
        return ("", "", "", "")
    worst = score.worst
    return (
        rounded_down(worst.ssimulacra2, 2),
        f"{worst.start:.2f} s",
        f"{score.flicker:.3f}",
        f"{score.flicker_of_original:.3f}",
    )


def _print_moments(name: str, score: AnimationScore) -> None:
    say(f"\n{name}")
    rows: list[tuple[str, ...]] = [
        (f"{m.start:.2f} s", str(m.frame + 1), str(m.distorted_frame + 1), rounded_down(m.ssimulacra2, 2))
        for m in score.moments
    ]
    _print_columns(("from", "frame", "its frame", "SSIMULACRA2"), rows)


def _print_columns(header: tuple[str, ...], rows: Sequence[tuple[str, ...]]) -> None:
    widths = [max(len(row[i]) for row in [header, *rows]) for i in range(len(header))]
    for row in [header, *rows]:
        cells = [
            cell.ljust(w) if i in (0, 2) else cell.rjust(w) for i, (cell, w) in enumerate(zip(row, widths, strict=True))
        ]
        say("  ".join(cells).rstrip())
