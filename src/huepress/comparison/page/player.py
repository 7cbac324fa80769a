"""The player of a viewer: what moves an animation and its versions in step."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from html import escape
from itertools import accumulate, pairwise

from huepress.comparison.page.render import Moving, Shown, render_viewer, score_text, template
from huepress.drawing.strip import frames_a_sheet
from huepress.engine.moving_score import seconds_shown
from huepress.model import Animation
from huepress.wording import counted

_KEYS = (
    " Space plays and stops, <kbd>,</kbd> and <kbd>.</kbd> go to the frame before and after, <kbd>W</kbd> to the worst."
)


def moving_of(
    sheets: Sequence[str], map_sheets: Sequence[str], scores: Mapping[int, float], numbers: Sequence[int]
) -> Moving:
    """Return what the player shows of a version.

    Parameters
    ----------
    sheets, map_sheets : sequence of str
        Where the frames are, and their differences from the original.
    scores : mapping of int to float
        SSIMULACRA2 by the number of the frame, of all frames; empty where nothing was scored.
    numbers : sequence of int
        The frames that the page holds.
    """
    worst = min(scores, key=lambda number: scores[number], default=None)
    return Moving(
        tuple(sheets),
        tuple(map_sheets),
        tuple(score_text(scores[number]) for number in numbers) if scores else (),
        numbers.index(worst) if worst is not None and worst in numbers else None,
    )


def render_moving_viewer(
    shown: Sequence[Shown],
    number: int,
    source: Animation,
    numbers: Sequence[int],
    *,
    translucent: bool,
    best: int,
    evenly: bool = False,
    notes: Sequence[str] = (),
) -> str:
    """Render the slider and the player; see `render_viewer`.

    Parameters
    ----------
    shown : sequence of Shown
        Each with what is `moving`.
    number : int
        Of the input in the page; ids end in it.
    source : Animation
    numbers : sequence of int
        The frames that the page holds.
    translucent : bool
        Whether something is to be seen behind some frame.
    best : int
        The place of the version that is seen first.
    evenly : bool
        Whether frames were left out all over the animation, and not all but those around the worst.
    notes : sequence of str
        What else the page has left out, in sentences.
    """
    return render_viewer(
        shown,
        number,
        width=source.width,
        height=source.height,
        translucent=translucent,
        best=best,
        player=_player(source, numbers, evenly, notes),
        keys=_KEYS,
    )


def _player(source: Animation, numbers: Sequence[int], evenly: bool, notes: Sequence[str]) -> str:
    seconds = [float(each) for each in seconds_shown(source)]
    starts = [0.0, *accumulate(seconds)]
    lasts = {each: seconds[each] for each in numbers}
    if evenly:  # each until the next one that is shown, so that the whole takes its time
        lasts = {each: starts[after] - starts[each] for each, after in pairwise([*numbers, source.n_frames])}
    if len(numbers) < source.n_frames:
        which = "evenly, since all take too many bytes" if evenly else "those around the worst"
        held = f"This page holds {len(numbers):,} of the {counted(source.n_frames, 'frame')}: {which}."
        notes = [held, *notes]
    return template("player.html").substitute(
        frames=escape(json.dumps([(each, starts[each], lasts[each]) for each in numbers])),
        a_sheet=frames_a_sheet(source.width, source.height),
        total=source.n_frames,
        last=len(numbers) - 1,
        note=f'<p class="note">{" ".join(notes)}</p>\n' if notes else "",
    )
