"""Stage: the smallest of all coders that reach a goal, palettes and coders of any number of colors."""

from __future__ import annotations

import math
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass, replace

from huepress.engine.metrics import LOSSLESS_SCORE, SMALLEST_SIDE, Comparator
from huepress.errors import LimitError, OptionError
from huepress.formats import table
from huepress.goals import QualityGoal, SizeGoal
from huepress.model import IndexedImage, SourceImage
from huepress.options import Options
from huepress.pipeline.attempts import Attempt
from huepress.pipeline.full_color import USUAL_SCORE, Coded, StillCoder, smallest_of_each
from huepress.pipeline.hunt import Reached
from huepress.pipeline.workbench import Workbench
from huepress.results import Trial

# Where the palette PNG comes so near to the best, a search for WebP's coder may be smaller still.
_MAY_WIN = 1.15


@dataclass(frozen=True, eq=False)
class Found:
    """What meets a goal best, of all coders that were to be tried.

    Attributes
    ----------
    best : Attempt or Coded
    indexed : IndexedImage
        The best version with a palette, also where another one is delivered.
    met : bool
    trials : tuple of Trial
    """

    best: Attempt | Coded
    indexed: IndexedImage
    met: bool
    trials: tuple[Trial, ...]


def by_palette(reached: Reached) -> Found:
    """Return what was found with palettes alone."""
    return Found(reached.best, reached.best.indexed, reached.met, reached.trials)


def by_coder(bench: Workbench, source: SourceImage, options: Options) -> Found:
    """Meet the goal with the coder that the options name; without a goal a score that hardly anybody sees.

    Raises
    ------
    OptionError, LimitError
        If it cannot be used, or holds no picture of this size.
    """
    named = table.full_color_by_name(options.format)
    assert named is not None
    goal = options.goal or QualityGoal(-float("inf"), USUAL_SCORE)
    tried = StillCoder(*named, source, bench.comparator, options.effort).reach(goal)
    best = goal.best(tried, source.n_pixels)
    met = bench.comparator is None or goal.is_met(best, source.n_pixels) or options.goal is None
    return Found(best, bench.nearest(options.most_colors), met, tuple(each.trial for each in tried))


def by_any(
    palettes: Callable[[Options], Reached], comparator: Comparator | None, source: SourceImage, options: Options
) -> Found:
    """Meet the goal with every coder that browsers show, and take the smallest; without a goal the palette sets it.

    Parameters
    ----------
    palettes : callable
        Meets the goal of options with palettes.
    comparator : Comparator, optional
        Of the source; None where it is too small for scores, and for other coders than palettes.
    source : SourceImage
    options : Options
    """
    reached = palettes(replace(options, format="auto"))
    goal = options.goal
    if goal is None and reached.best.score not in (None, LOSSLESS_SCORE):
        goal = QualityGoal(-float("inf"), reached.best.score)
    if goal is None or comparator is None:
        return by_palette(reached)
    tried = others(comparator, source, options.effort, goal, reached.best)
    versions: list[Attempt | Coded] = [reached.best, *tried]
    best = goal.best(versions, source.n_pixels)
    trials = (*reached.trials, *(each.trial for each in tried))
    indexed = reached.best.indexed
    if reached.best.n_bytes <= _MAY_WIN * best.n_bytes and reached.best.score != LOSSLESS_SCORE:
        with suppress(LimitError):  # too long a side
            for_webp = palettes(_with_goal(replace(options, format="webp"), goal))
            trials += for_webp.trials
            versions.append(for_webp.best)
            best = goal.best(versions, source.n_pixels)
            if best is for_webp.best:
                indexed = for_webp.best.indexed
    return Found(best, indexed, goal.is_met(best, source.n_pixels), trials)


def others(
    comparator: Comparator,
    source: SourceImage,
    effort: int,
    goal: QualityGoal | SizeGoal,
    rival: Attempt | Coded | None = None,
) -> list[Coded]:
    """Return versions by coders of any number of colors, each as near to the goal as it comes if it is not hopeless.

    A coder that holds no picture of this size or kind, or is not installed, is left out.
    """
    tried: list[Coded] = []
    for file_format, full_color in table.full_color():
        if source.pixels_srgb8.shape[2] == 4 and not full_color.holds_alpha:
            continue
        try:
            coder = StillCoder(file_format, full_color, source, comparator, effort)
        except (LimitError, OptionError):
            continue
        made: list[Attempt | Coded] = [*tried] if rival is None else [rival, *tried]
        rivals = [each for each in made if goal.is_met(each, source.n_pixels)]
        tried += coder.reach(goal, goal.best(rivals, source.n_pixels) if rivals else None)
    return tried


def advice(
    comparator: Comparator, source: SourceImage, effort: int, score: float | None, besides: str | None
) -> tuple[Trial, ...]:
    """Return the smallest version of each other coder that scores as well.

    Parameters
    ----------
    comparator : Comparator
        Of the source.
    source : SourceImage
    effort : int
    score : float, optional
        The SSIMULACRA2 score to reach; without one there is no advice.
    besides : str, optional
        The coder that reached it.
    """
    if score is None:
        return ()
    goal = QualityGoal(score, score)
    made = others(comparator, source, effort, goal)
    enough = [each for each in made if goal.is_met(each, source.n_pixels) and each.trial.coder != besides]
    return smallest_of_each([each.trial for each in enough])


def advice_for_kept(source: SourceImage, options: Options) -> tuple[Trial, ...]:
    """Return what is smaller than the original: of each other coder, at the score asked for or one that looks like it.

    Parameters
    ----------
    source : SourceImage
    options : Options
    """
    if isinstance(options.goal, SizeGoal) or min(source.pixels_srgb8.shape[:2]) < SMALLEST_SIDE:
        return ()
    goal = options.goal or QualityGoal(USUAL_SCORE, USUAL_SCORE)
    made = others(Comparator(source, threads=options.threads), source, options.effort, goal)
    most = math.inf if source.encoded is None else len(source.encoded)
    better = [each for each in made if goal.is_met(each, source.n_pixels) and each.n_bytes < most]
    return smallest_of_each([each.trial for each in better])


def _with_goal(options: Options, goal: QualityGoal | SizeGoal) -> Options:
    if isinstance(goal, QualityGoal):
        return replace(options, quality=goal, max_size=None)
    return replace(options, max_size=goal, quality=None)
