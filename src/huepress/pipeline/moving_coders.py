"""Stage: animations by coders of any number of colors (AVIF, WebP of any kind), their quality found by trials."""

from __future__ import annotations

from collections.abc import Iterable
from contextlib import suppress
from dataclasses import dataclass, replace

from huepress.engine.metrics import SMALLEST_SIDE
from huepress.engine.moving_score import mse_of_animation, score_animation
from huepress.errors import LimitError, OptionError
from huepress.formats import table
from huepress.formats.record import FileFormat, FullColor, Wish
from huepress.goals import QualityGoal, SizeGoal, counted_score
from huepress.model import Animation, Bytes, Encoded, IndexedImage, SourceImage
from huepress.options import Options
from huepress.pipeline.attempts import Version
from huepress.pipeline.edit import first_frame
from huepress.pipeline.frames import count_frames
from huepress.pipeline.full_color import USUAL_SCORE, Coder, smallest_of_each
from huepress.pipeline.workbench import Workbench
from huepress.results import Trial

# Files of ours are read again whatever their size: their frames were there before.
_NO_LIMIT = 1 << 40
# Pixels of all frames together that advice is worth where nobody asked for it: about ten seconds each million.
_MOST_ADVISED = 2_000_000


@dataclass(frozen=True, eq=False)
class MovingCoded(Version):
    """An animation by a coder of any number of colors.

    Attributes
    ----------
    shown : Animation
        What the file shows.
    mse : float
        Mean squared error over the time.
    frame_scores : tuple of float
        SSIMULACRA2 of each frame; empty without a score.
    """

    shown: Animation
    mse: float
    frame_scores: tuple[float, ...] = ()

    @property
    def pixels_srgb8(self) -> Bytes:
        """The first frame as it is shown: (height, width, 3 or 4)."""
        return first_frame(self.shown).pixels_srgb8

    def n_colors(self, threads: int) -> int:
        """Count the different colors that the file shows."""
        return len(count_frames(self.shown, threads=threads))


class MovingCoder(Coder[MovingCoded]):
    """Makes versions of an animation with one coder; scores are means over the time.

    Parameters
    ----------
    file_format, full_color
        As of `Coder`.
    animation : Animation
    options : Options

    Raises
    ------
    OptionError
        If the format holds no animations.
    """

    def __init__(self, file_format: FileFormat, full_color: FullColor, animation: Animation, options: Options) -> None:
        is_scored = min(animation.width, animation.height) >= SMALLEST_SIDE
        super().__init__(file_format, full_color, animation, is_scored=is_scored, has_drafts=False)
        if full_color.encode_moving is None or file_format.moving is None:
            raise OptionError(f"{full_color.name} files hold no animations here; choose {', '.join(coders())}")
        self._encode, self._read = full_color.encode_moving, file_format.moving.read
        self._format, self._animation, self._options = file_format.file_format, animation, options

    def attempt(self, quality: int, *, draft: bool = False) -> MovingCoded:
        """Make a version; there are no drafts, since quick coders say little of how motion is predicted."""
        data = self._encode(self._animation, quality, Wish(effort=self._options.effort))
        shown = self._read(data, max_pixels=_NO_LIMIT)
        if shown is None:  # all frames have become one
            raise LimitError(f"the frames differ too little for {self.name}; write GIF")
        score, worst = None, None
        each: tuple[float, ...] = ()
        if self._is_scored:
            found = score_animation(self._animation, shown, threads=self._options.threads)
            score, worst, mse = found.ssimulacra2, found.worst.ssimulacra2, found.mse
            each = tuple(found.frame_scores[number] for number in sorted(found.frame_scores))
        else:
            mse = mse_of_animation(self._animation, shown)
        trial = Trial(0.0, 0, len(data), score, self.name, quality, worst)
        return MovingCoded(trial, Encoded(data, self._format), shown, mse, each)


def coders() -> list[str]:
    """Return what options call the coders that write animations."""
    return [full_color.name for _, full_color in table.full_color() if full_color.encode_moving is not None]


def by_coders(
    animation: Animation, options: Options, goal: QualityGoal | SizeGoal, rivals: Iterable[Version]
) -> list[MovingCoded]:
    """Return versions by the coder that the options name, or by all of them, until one of each meets the goal.

    Of all of them those are left out that are not installed or hold no such animation; hopeless ones are left early.

    Parameters
    ----------
    animation : Animation
    options : Options
    goal : QualityGoal or SizeGoal
    rivals : iterable of versions
        Those that have been made.

    Raises
    ------
    OptionError, LimitError
        If the coder that is named cannot be used, or holds no such animation.
    """
    named = table.full_color_by_name(options.format)
    if named is not None:
        return MovingCoder(*named, animation, options).reach(goal)
    made: list[Version] = list(rivals)
    tried: list[MovingCoded] = []
    for file_format, full_color in table.full_color():
        if full_color.encode_moving is None:
            continue
        good = [each for each in made if goal.is_met(each, animation.n_pixels)]
        rival = goal.best(good, animation.n_pixels) if good else None
        with suppress(LimitError, OptionError):
            found = MovingCoder(file_format, full_color, animation, options).reach(goal, rival)
            tried += found
            made += found
    return tried


def advice(animation: Animation, options: Options, best: Version) -> tuple[Trial, ...]:
    """Return the smallest version of each other coder that scores as well as the best."""
    score = counted_score(best)
    if score is None:
        return ()
    goal = QualityGoal(score, score)
    made = by_coders(animation, replace(options, format="smallest"), goal, ())
    enough = [each for each in made if goal.is_met(each, animation.n_pixels) and each.trial.coder != best.trial.coder]
    return smallest_of_each([each.trial for each in enough])


def advice_for_kept(animation: Animation, options: Options) -> tuple[Trial, ...]:
    """Return what is smaller than the original: of each other coder, at the score asked for or one that looks like it.

    Nothing is said of long animations: that would take minutes.

    Parameters
    ----------
    animation : Animation
    options : Options
    """
    is_scored = min(animation.width, animation.height) >= SMALLEST_SIDE
    if isinstance(options.goal, SizeGoal) or not is_scored or animation.n_pixels > _MOST_ADVISED:
        return ()
    goal = options.goal or QualityGoal(USUAL_SCORE, USUAL_SCORE)
    made = by_coders(animation, replace(options, format="smallest"), goal, ())
    better = [each for each in made if goal.is_met(each, animation.n_pixels) and each.n_bytes < len(animation.encoded)]
    return smallest_of_each([each.trial for each in better])


def in_nearest_colors(animation: Animation, options: Options) -> IndexedImage:
    """Return the first frame with a palette, for whoever asks a result by another coder for one."""
    first = SourceImage(first_frame(animation).pixels_srgb8)
    return Workbench(first, replace(options, format="png"), scored=False).nearest(options.most_colors)
