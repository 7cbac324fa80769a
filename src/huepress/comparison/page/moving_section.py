"""The part of the page about one animation."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import PurePath

from huepress.comparison.moving import MovingVersion
from huepress.comparison.page import strips
from huepress.comparison.page.player import moving_of, render_moving_viewer
from huepress.comparison.page.render import (
    ORIGINAL,
    Moving,
    Section,
    Shown,
    kept_or_png,
    part_text,
    put_together,
    score_text,
    table_row,
    told_of_original,
)
from huepress.comparison.versions import best_of
from huepress.drawing.browser_image import data_uri, extension_of, to_png
from huepress.engine.moving_score import seconds_shown
from huepress.model import Animation, Encoded
from huepress.pipeline.edit import frame_of
from huepress.wording import counted, human_bytes

_HEAD = (
    '<th scope="col">Bytes</th><th scope="col">Of the original</th><th scope="col">Colors</th>'
    '<th scope="col" colspan="2" class="words">Mean score</th>'
    '<th scope="col" colspan="2" class="words">Worst frame</th><th scope="col">Flicker</th>'
)
_WORDS = (4, 6)  # cells of the table that are no numbers


def render_moving_section(name: str, source: Animation, versions: Sequence[MovingVersion], number: int) -> Section:
    """Render the part of the page about one animation.

    Parameters
    ----------
    name : str
    source : Animation
    versions : sequence of MovingVersion
    number : int
        Of the input in the page; ids end in it.

    Raises
    ------
    DecodeError
        If a frame is damaged.
    """
    frames = strips.encode_frames(
        source, [version.shown for version in versions], {version.worst_frame for version in versions}
    )
    first = frame_of(source, 0)
    translucent = any(each.translucent for each in (frames.of_original, *frames.of_versions))
    file = data_uri(_small_enough(kept_or_png(source, first), source)) or ""
    shown = [Shown(ORIGINAL, told_of_original(source), file, moving=Moving(_uris(frames.of_original.frames)))]
    for version, its_strips in zip(versions, frames.of_versions, strict=True):
        encoded = _small_enough(version.outcome.encoded, version.shown)
        sheets, map_sheets = _uris(its_strips.frames), _uris(its_strips.differences)
        shown.append(
            Shown(
                version.label,
                f"{version.label} · {version.told}",
                data_uri(encoded) or "",
                command=version.command(name),
                file=f"{PurePath(name).stem}-huepress{extension_of(encoded)}",
                moving=moving_of(sheets, map_sheets, version.frame_scores, frames.numbers),
            )
        )
    own = [] if source.keepable is None else [Encoded(source.keepable, source.format)]
    files = [*own, *(version.outcome.encoded for version in versions)]
    left_out = any(len(each.data) > strips.MOST_BYTES for each in files)
    viewer = render_moving_viewer(
        shown,
        number,
        source,
        frames.numbers,
        translucent=translucent,
        best=best_of(versions) + 1,
        evenly=frames.evenly,
        notes=[f"Of files above {human_bytes(strips.MOST_BYTES)} it holds the first frame in their place."]
        if left_out
        else [],
    )
    rows = [_original_row(source, versions[0]), *(_row(version) for version in versions)]
    return put_together(name, number, _facts(source), first, viewer, _HEAD, rows, versions)


def _small_enough(file: Encoded, shown: Animation) -> Encoded:
    """Return a file; of one that would make the page too large the first frame."""
    return file if len(file.data) <= strips.MOST_BYTES else to_png(frame_of(shown, 0))


def _uris(sheets: Sequence[Encoded]) -> tuple[str, ...]:
    return tuple(data_uri(sheet) or "" for sheet in sheets)


def _facts(source: Animation) -> str:
    length = float(sum(seconds_shown(source)))
    frames = f"{counted(source.n_frames, 'frame')} in {length:.2f} s"
    return f"{source.width} x {source.height} · {source.format} · {human_bytes(len(source.encoded))} · {frames}"


def _original_row(source: Animation, version: MovingVersion) -> str:
    cells = [f"{len(source.encoded):,}", "100 %", f"{version.outcome.report.n_colors_in:,}", "-", "", "-", ""]
    flicker = None if version.score is None else version.score.flicker_of_original
    return table_row(ORIGINAL, [*cells, _flicker_text(flicker)], words=_WORDS)


def _row(version: MovingVersion) -> str:
    report, score = version.outcome.report, version.score
    cells = [f"{report.bytes_out:,}", part_text(report), f"{report.n_colors:,}"]
    cells += [score_text(version.ssimulacra2), version.words]
    cells += ["-", "", "-"]
    if score is not None:
        at = f"{score.worst.frame + 1}, at {score.worst.start:.2f} s"
        cells[-3:] = [score_text(score.worst.ssimulacra2), at, _flicker_text(score.flicker)]
    return table_row(version.label, cells, words=_WORDS)


def _flicker_text(flicker: float | None) -> str:
    return "-" if flicker is None else f"{flicker:.2f}"
