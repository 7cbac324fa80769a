"""Stage: what is delivered where a goal is met already, or was missed."""

from __future__ import annotations

from dataclasses import replace

from huepress.delivering import Delivery
from huepress.errors import Remedy, TargetError
from huepress.formats.writing import main_format, optimized_losslessly
from huepress.goals import SizeGoal
from huepress.options import Options
from huepress.pipeline.attempts import Attempt, Version
from huepress.pipeline.delivery import Candidate, Decision, Original
from huepress.wording import counted, human_bytes


def fits_already(original: Original, n_pixels: int, options: Options) -> bool:
    """Tell whether the original itself is the best that fits in the size asked for."""
    if not isinstance(options.goal, SizeGoal) or original.candidate is None or original.format is None:
        return False
    same_format = main_format(options.still_format, original.format).file_format == original.format
    fits = original.candidate.n_bytes <= options.goal.n_bytes(n_pixels)
    return fits and (same_format or options.format == "auto")


def kept_as_it_fits(original: Original) -> Decision:
    """Keep an original that `fits_already`."""
    assert original.candidate is not None
    message = f"the original fits in {original.candidate.n_bytes:,} bytes already; kept"
    return Decision(original.candidate, message, Remedy.COMPRESS_ANYWAY)


def after_miss(
    n_pixels: int,
    original: Original,
    best: Version,
    options: Options,
    delivery: Delivery,
    decision: Decision,
    *,
    may_optimize: bool = True,
) -> Decision:
    """Say what was missed, and decide what is delivered instead."""
    goal = options.goal
    assert goal is not None
    message = goal.missed(
        best, counted(best.trial.n_colors, "color") if isinstance(best, Attempt) else best.encoded.format, n_pixels
    )
    if isinstance(goal, SizeGoal):
        if decision.chosen.is_original and goal.allows(decision.chosen.n_bytes, n_pixels):
            return decision
        if not delivery.allow_miss:
            budget = human_bytes(goal.n_bytes(n_pixels))
            raise TargetError(f"{message} ({budget})", remedy=Remedy.ALLOW_MISS)
    elif goal.is_refused(best) and original.candidate is not None:
        kept = original.candidate.encoded
        if may_optimize:
            kept = optimized_losslessly(kept, effort=options.effort)
        how = "optimized" if len(kept.data) < original.candidate.n_bytes else "as it was"
        return Decision(Candidate(kept, is_original=True), f"{message}; original kept, losslessly {how}")
    return replace(decision, message=message, remedy=None)
