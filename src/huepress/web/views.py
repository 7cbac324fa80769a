"""What is looked at beside each other: a picture, what was made of it, and where these differ."""

from __future__ import annotations

import json
import re
from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from itertools import islice
from pathlib import Path, PurePath

from huepress import files
from huepress.comparison.moving import in_step_with
from huepress.comparison.page.difference import difference_map
from huepress.comparison.page.player import moving_of, render_moving_viewer
from huepress.comparison.page.render import (
    ORIGINAL,
    Moving,
    Shown,
    as_shown,
    kept_or_png,
    original_as_shown,
    render_viewer,
    told_of_original,
)
from huepress.comparison.page.strips import draw_differences, draw_frames, frames_shown
from huepress.drawing.browser_image import extension_of
from huepress.drawing.strip import frames_a_sheet, sheet_format
from huepress.engine.metrics import SMALLEST_SIDE
from huepress.engine.moving_score import score_of_frame
from huepress.errors import InputError
from huepress.formats.probe import probe
from huepress.model import Animation, Encoded, SourceImage
from huepress.options import Options
from huepress.pipeline import intake
from huepress.pipeline.edit import first_frame, frame_of, without_repeats
from huepress.segmentation.options import SegmentOptions
from huepress.segmentation.outputs import describe
from huepress.segmentation.page.render import layer_of
from huepress.segmentation.segment import segment_source

VIEWER = "viewer.html"
MAPS = "map"
_FRAMES = "frames.json"
_SHEET = re.compile(rf"{MAPS}\d+x(\d{{1,9}})\.\w+", re.ASCII)
LABELS, SEGMENTS = "labels.png", "segments.json"


@dataclass(frozen=True)
class Shot:
    """A version that is looked at beside its original.

    Attributes
    ----------
    path : str
        Its file.
    label, told : str
        What it is called, briefly and in the list to choose from.
    command, name, href : str
        The command line that makes it, what its file is called, and where the page gets it.
    frame_scores : tuple of float
        SSIMULACRA2 of each frame of an animation, as far as it is known already.
    """

    path: str
    label: str
    told: str
    command: str = ""
    name: str = ""
    href: str = ""
    frame_scores: tuple[float, ...] = ()


@dataclass(frozen=True)
class Taken:
    """How the original is taken along: as the file that it is, whatever of it is shown.

    Attributes
    ----------
    name, href : str
        What its file is called, and where the page gets it; empty where only what is shown can be had.
    """

    name: str = ""
    href: str = ""


def write_views(
    source: bytes, shots: Sequence[Shot], options: Options, folder: Path, base: str, taken: Taken | None = None
) -> None:
    """Write a viewer of the comparison page, and its pictures beside it.

    The frames of animations follow once the viewer is written, in sheets, in the order in which they are shown; their
    differences only when they are asked for (`write_differences`).

    Parameters
    ----------
    source : bytes
        A picture or animation.
    shots : sequence of Shot
        What was made of it, of the same size; the last is seen first.
    options : Options
        What the picture was read with.
    folder : Path
        An empty folder.
    base : str
        The address under which the page gets the files of that folder.
    taken : Taken, optional
        How the original is taken along from there.

    Raises
    ------
    InputError, DecodeError, LimitError, OutputError
    """
    before, versions = _read(source, shots, options)
    if isinstance(before, Animation):
        _write_moving(before, versions, shots, options, folder, base, taken or Taken())
    else:
        _write_stills(before, shots, options, folder, base, taken or Taken())


def write_differences(source: bytes, shots: Sequence[Shot], options: Options, folder: Path, waited: str) -> None:
    """Write how far the frames of animations are from their original's, beside views that were written before.

    Parameters
    ----------
    source, shots, options, folder
        As for the views.
    waited : str
        The sheet that somebody waits for: what it shows comes first, then what follows, then the rest.

    Raises
    ------
    InputError, DecodeError, LimitError, OutputError
    """
    before, versions = _read(source, shots, options)
    if not isinstance(before, Animation):
        raise InputError("a still picture has no frames", remedy="open the comparison again")
    numbers: list[int] = json.loads(files.read_bytes(folder / _FRAMES))
    found = _SHEET.fullmatch(waited)
    first = int(found[1]) if found else 0
    split = first * frames_a_sheet(before.width, before.height)
    for start, part in ((first, numbers[split:]), (0, numbers[:split])):
        if part:
            take = _writer(folder, before, is_map=True, first=start)
            draw_differences(before, versions, part, take, quick=True)


def _read(
    source: bytes, shots: Sequence[Shot], options: Options
) -> tuple[SourceImage, list[Animation]] | tuple[Animation, list[Animation]]:
    """Return the original, and of animations its versions; the first frame where these have others than it."""
    before = intake.load_for(source, options, moving=True)
    if not isinstance(before, Animation):
        return before, []
    before = without_repeats(before)  # as the versions are
    versions = [found for each in shots if (found := _in_step(each, before, options)) is not None]
    return (before, versions) if len(versions) == len(shots) else (first_frame(before), [])


def _write_stills(
    before: SourceImage, shots: Sequence[Shot], options: Options, folder: Path, base: str, taken: Taken
) -> None:
    shown = [_original(before, base + _written(folder, "original", original_as_shown(before)), taken)]
    for place, shot in enumerate(shots, 1):
        encoded = _encoded(shot)
        pixels = intake.load_for(encoded.data, _as_made(options)).pixels_srgb8
        file = _written(folder, f"result{place}", as_shown(encoded, pixels))
        map_file = _written(folder, f"difference{place}", difference_map(before.pixels_srgb8, pixels, quick=True))
        shown.append(_shown(shot, base + file, map_uri=base + map_file))
    html = render_viewer(
        shown,
        1,
        width=before.width,
        height=before.height,
        translucent=before.pixels_srgb8.shape[2] == 4,
        best=len(shots),
    )
    files.write_bytes(folder / VIEWER, html.encode())


def _write_moving(
    before: Animation,
    versions: Sequence[Animation],
    shots: Sequence[Shot],
    options: Options,
    folder: Path,
    base: str,
    taken: Taken,
) -> None:
    scores = [_scores(before, version, shot, options.threads) for version, shot in zip(versions, shots, strict=True)]
    worst = {min(found, key=lambda number: found[number]) for found in scores if found} or {0}
    numbers = frames_shown(before, n_versions=len(shots), worst=worst)
    n_sheets = -(-len(numbers) // frames_a_sheet(before.width, before.height))

    def sheets(place: int, *, is_map: bool = False) -> list[str]:
        return [base + _sheet(before, place, is_map, number) for number in range(n_sheets)]

    file = _written(folder, "original", kept_or_png(before, frame_of(before, 0)))
    shown = [_original(before, base + file, taken, moving=Moving(tuple(sheets(0))))]
    for place, (shot, found) in enumerate(zip(shots, scores, strict=True), 1):
        moving = moving_of(sheets(place), sheets(place - 1, is_map=True), found, numbers)
        shown.append(_shown(shot, shot.href, moving=moving))
    translucent = _is_translucent(before, numbers)
    html = render_moving_viewer(shown, 1, before, numbers, translucent=translucent, best=len(shots))
    files.write_bytes(folder / _FRAMES, json.dumps(numbers).encode())
    files.write_bytes(folder / VIEWER, html.encode())
    draw_frames([before, *versions], numbers, _writer(folder, before, is_map=False), quick=True)


def _sheet(animation: Animation, place: int, is_map: bool, number: int) -> str:
    """Return the name of a sheet: of frames, or of the differences of a version."""
    kind = MAPS if is_map else "frames"
    return f"{kind}{place}x{number}.{sheet_format(animation.width, animation.height).lower()}"


def _writer(folder: Path, animation: Animation, *, is_map: bool, first: int = 0) -> Callable[[int, Encoded], None]:
    """Return what writes sheets as they come, numbered from the first on."""
    written: Counter[int] = Counter()

    def take(place: int, encoded: Encoded) -> None:
        if not folder.is_dir():  # it was removed, since nobody looks any more
            raise InputError("there is nothing to look at", remedy="open the comparison again")
        files.write_bytes(folder / _sheet(animation, place, is_map, first + written[place]), encoded.data)
        written[place] += 1

    return take


def _in_step(shot: Shot, original: Animation, options: Options) -> Animation | None:
    """Return what a version shows frame by frame, None where it has other frames than its original."""
    found = intake.load_for(files.read_bytes(shot.path), _as_made(options), moving=True)
    if isinstance(found, Animation) and found.n_frames != original.n_frames:  # the original itself was kept
        found = without_repeats(found)
    if isinstance(found, Animation) and found.n_frames != original.n_frames:
        return None
    return in_step_with(original, found)


def _scores(original: Animation, version: Animation, shot: Shot, threads: int) -> dict[int, float]:
    """Return the score of each frame by its number; empty where the animation is too small for one."""
    if len(shot.frame_scores) == original.n_frames:
        return dict(enumerate(shot.frame_scores))
    if min(original.width, original.height) < SMALLEST_SIDE:
        return {}
    pairs = zip(original.frames(), version.frames(), strict=True)
    return {number: score_of_frame(*pair, threads=threads) for number, pair in enumerate(pairs)}


def _is_translucent(animation: Animation, numbers: Sequence[int]) -> bool:
    wanted = frozenset(numbers)
    frames = enumerate(islice(animation.frames(), numbers[-1] + 1))
    return any(number in wanted and bool((pixels[..., 3] < 255).any()) for number, pixels in frames)


def _as_made(options: Options) -> Options:
    """Return options to read what was made with others."""
    unedited = replace(options, resize=None, crop=None, trim=None, speed=None, fps=None, loop=None, still=None)
    return replace(unedited, tolerant=False)


def _encoded(shot: Shot) -> Encoded:
    data = files.read_bytes(shot.path)
    found = probe(data)
    return Encoded(data, found.format if found else PurePath(shot.path).suffix.removeprefix(".").upper())


def _original(before: SourceImage | Animation, uri: str, taken: Taken, moving: Moving | None = None) -> Shown:
    return Shown(ORIGINAL, told_of_original(before), uri, file=taken.name, href=taken.href, moving=moving)


def _shown(shot: Shot, uri: str, *, map_uri: str = "", moving: Moving | None = None) -> Shown:
    return Shown(shot.label, shot.told, uri, map_uri, shot.command, shot.name, shot.href, moving)


def write_segments(source: bytes, options: Options, folder: Path) -> None:
    """Write the segments and regions of a picture, of an animation the first frame, as a segmentation shows them.

    Parameters
    ----------
    source : bytes
    options : Options
        What the picture is read with.
    folder : Path
        An empty folder.

    Raises
    ------
    InputError, DecodeError, LimitError, OutputError
    """
    picture = first_frame(intake.load_for(source, options, moving=True))
    found = segment_source(picture, SegmentOptions(jobs=options.jobs, max_pixels=options.max_pixels))
    layer = layer_of(found, describe(found))
    files.write_bytes(folder / LABELS, layer.labels.data)
    files.write_bytes(folder / SEGMENTS, layer.facts())


def _written(folder: Path, name: str, encoded: Encoded) -> str:
    """Write a picture, and return its address from where the viewer is."""
    file = f"{name}{extension_of(encoded)}"
    files.write_bytes(folder / file, encoded.data)
    return file
