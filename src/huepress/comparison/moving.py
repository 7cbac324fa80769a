"""What each variant makes of an animation, scored frame by frame."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import asdict, dataclass, replace
from functools import partial
from itertools import repeat
from typing import Any

import numpy as np

from huepress.comparison.versions import Variant, Version, told_miss, without_floor
from huepress.delivering import Delivery
from huepress.engine.metrics import SMALLEST_SIDE
from huepress.engine.moving_score import AnimationScore, MomentScore, score_animation
from huepress.formats.reading import read_input
from huepress.model import Animation, SourceImage
from huepress.pipeline.run import run
from huepress.wording import rounded_down


@dataclass(frozen=True, eq=False, kw_only=True)
class MovingVersion(Version):
    """What a variant made of an animation; `ssimulacra2` is the mean over the time.

    Attributes
    ----------
    shown : Animation
        What the file shows: as many frames as the original has, at its times.
    score : AnimationScore or None
        None where the animation is smaller than 8 x 8 pixels.
    """

    shown: Animation
    score: AnimationScore | None

    @property
    def worst(self) -> MomentScore | None:
        """The moment with the lowest score."""
        return None if self.score is None else self.score.worst

    @property
    def frame_scores(self) -> dict[int, float]:
        """The score of each frame by its number; empty without a score."""
        return {} if self.score is None else self.score.frame_scores

    @property
    def worst_frame(self) -> int:
        """The frame with the lowest score, counted from 0; the first where there is no score."""
        return 0 if self.worst is None else self.worst.frame

    @property
    def told_worst(self) -> str:
        """The score of the worst frame, its number and its time, for a person; empty without a score."""
        if self.worst is None:
            return ""
        at = f"frame {self.worst.frame + 1}, {self.worst.start:.2f} s"
        return f"worst {rounded_down(self.worst.ssimulacra2, 0)}, {at}"

    def facts(self) -> dict[str, Any]:
        """Return the numbers, ready for JSON; those about the time are named as in an `AnimationScore`."""
        return {
            **super().facts(),
            "n_frames": self.shown.n_frames,
            "worst": None if self.score is None else asdict(self.score.worst),
            "flicker": None if self.score is None else self.score.flicker,
            "flicker_of_original": None if self.score is None else self.score.flicker_of_original,
        }


def make_moving_versions(
    source: Animation, variants: Sequence[Variant], on_progress: Callable[[str], None] | None = None
) -> list[MovingVersion]:
    """Make the versions of an animation, in its own format unless another is asked for, and score every frame.

    Parameters
    ----------
    source : Animation
    variants : sequence of Variant
    on_progress : callable, optional
        Called with the label before each version is made.

    Raises
    ------
    OptionError
        If a format is asked for that holds no animations.
    DecodeError
        If a frame is damaged.
    LimitError
        If the format cannot hold the size or a duration.
    """
    versions = []
    for variant in variants:
        options = variant.options
        if on_progress:
            on_progress(variant.label)
        outcome = run(source, without_floor(options), Delivery(allow_larger=True, allow_miss=True))
        found = read_input(outcome.encoded.data, max_pixels=options.max_pixels, moving=True)
        shown = in_step_with(source, found)
        is_scored = min(source.width, source.height) >= SMALLEST_SIDE
        score = score_animation(source, shown, threads=options.threads) if is_scored else None
        mean, missed = score.ssimulacra2 if score else None, told_miss(options.goal, outcome.report)
        versions.append(MovingVersion(variant.label, outcome, mean, missed, options, shown=shown, score=score))
    return versions


def in_step_with(original: Animation, version: SourceImage | Animation) -> Animation:
    """Return what a version shows at the times of its original, which formats round.

    Parameters
    ----------
    original : Animation
    version : SourceImage or Animation
        What was made of it: as many frames, or a still picture, which is shown all the time.
    """
    if isinstance(version, Animation):
        return replace(version, durations=original.durations)
    colors = version.pixels_srgb8  # a single frame makes no animation
    pixels = colors if colors.shape[2] == 4 else np.insert(colors, 3, 255, axis=2)
    encoded = version.encoded or b""
    frames = partial(repeat, pixels, original.n_frames)
    return replace(original, frames=frames, encoded=encoded, keepable=None, notes=())
