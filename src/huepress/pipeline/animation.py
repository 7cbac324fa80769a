"""The order of the stages for animations: count the colors of all frames, fit one palette, say the changes.

Frames are decoded twice and never held all at once.
"""

from __future__ import annotations

import time
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import Protocol, TypeVar

import numpy as np

from huepress.delivering import Delivery
from huepress.engine.backing import Rgba, backing_color, told_backing
from huepress.engine.color_counter import ColorCounter
from huepress.engine.metrics import mean_squared_error
from huepress.errors import DecodeError, LimitError, OptionError
from huepress.formats import table
from huepress.formats.record import FileFormat, Moving
from huepress.formats.writing import main_format
from huepress.model import Animation, Bytes, ColorTable, Encoded, IndexedImage
from huepress.options import MAX_COLORS, SMALLEST, Options
from huepress.pipeline.delivery import Candidate, Original, deliver
from huepress.pipeline.frames import changed_pixels, on_backing, without_hidden_colors
from huepress.pipeline.gif_frames import GifDeltas
from huepress.pipeline.picture_frames import PngDeltas, WebpDeltas
from huepress.pipeline.stays import Stays
from huepress.results import OnProgress, Outcome, Report

_Item = TypeVar("_Item")
# The part of the time that the first pass takes, for the progress.
_COUNTING = 0.1


class Deltas(Protocol):
    """Chooses indices frame by frame and writes a file of one format.

    Attributes
    ----------
    first : IndexedImage
        The first frame.
    n_colors : int
        Entries of the largest palette.
    """

    first: IndexedImage | None
    n_colors: int

    def add(self, pixels_srgb8: Bytes, following_srgb8: Bytes | None, number: int) -> Bytes:
        """Add a frame, with the one after it, and return what is then shown: (height, width, 4)."""
        ...

    def finish(self) -> bytes:
        """Return the whole file."""
        ...


class _Maker(Protocol):
    """Begins a file of one format.

    Attributes
    ----------
    uses_order : bool
        Whether what each frame draws has to be known before: the palette's order and the weight of errors hang on it.
    """

    uses_order: bool

    def begin(
        self, animation: Animation, options: Options, table: ColorTable, drawn: list[Bytes], stays: Stays
    ) -> Deltas:
        """Fit the palette that the format can take to the colors of all frames, and start the file."""
        ...


# How frames are said in each format that holds animations.
_MAKERS: dict[str, _Maker] = {"gif": GifDeltas, "png": PngDeltas, "webp": WebpDeltas}


@dataclass(frozen=True)
class _Written:
    """An animation in a format; `backing` is what clear pixels have become, if they are no longer clear."""

    encoded: Encoded
    first: IndexedImage
    table: ColorTable
    n_colors: int
    mse: float
    backing: Rgba | None

    @property
    def notes(self) -> tuple[str, ...]:
        """What was lost, for a person."""
        return () if self.backing is None else (told_backing(self.backing),)


def run_animation(
    animation: Animation, options: Options, delivery: Delivery, started: float | None, on_progress: OnProgress | None
) -> Outcome:
    """Reduce, encode and measure an animation; see `huepress.pipeline.run.run`.

    A `format` of None or "keep" means the animation's own; the outcome's `indexed` is the first frame.

    Raises
    ------
    OptionError
        If the format holds no animation, no palette per frame, or not the palette asked for.
    DecodeError
        If a frame is damaged.
    LimitError
        If the format cannot hold the size or a duration.
    """
    started = time.perf_counter() if started is None else started
    if options.goal is not None:
        raise OptionError("a quality or a size can be aimed at for single pictures only so far; set rate and colors")
    tell = on_progress or (lambda part: None)
    formats = _formats(animation, options)
    results: list[_Written] = []
    for number, file_format in enumerate(formats):

        def tell_part(part: float, number: int = number) -> None:
            tell((number + part) / len(formats))

        try:
            results.append(_write(animation, options, file_format, tell_part))
        except LimitError:  # too large or too slow for one of several formats
            if number + 1 == len(formats) and not results:
                raise
    best = min(results, key=lambda result: len(result.encoded.data))
    original = Original(animation.format, animation.encoded, animation.keepable, animation.mended, len(best.table))
    decision = deliver(Candidate(best.encoded, n_colors=best.n_colors), original, options, delivery)
    notes = (*animation.notes, *_told_of_hidden(best.table, options), *best.notes)
    report = Report.of(
        animation,
        decision.chosen.encoded,
        kept=decision.chosen.is_original,
        n_colors=best.n_colors,
        n_colors_in=len(best.table),
        bits_per_pixel=best.first.bit_depth,
        n_channels=int(best.table.colors_srgb8.shape[1]),
        mse=best.mse,
        started=started,
        seed=options.seed,
        message=decision.message,
        remedy=decision.remedy,
        notes=() if decision.chosen.is_original else notes,
    )
    return Outcome(best.first, decision.chosen.encoded, report)


def _told_of_hidden(table: ColorTable, options: Options) -> tuple[str, ...]:
    has_clear = table.colors_srgb8.shape[1] == 4 and bool((table.colors_srgb8[:, 3] == 0).any())
    return ("colors below alpha 0 are kept in single pictures only",) if options.hidden == "keep" and has_clear else ()


def count_frames(animation: Animation, *, threads: int) -> ColorTable:
    """Count the colors of all frames; the table's `inverse` is a row of them all."""
    counter = ColorCounter(threads=threads)
    for _, pixels in _frames(animation, binary_alpha=False):
        counter.add(pixels)
    table = counter.table()
    assert table is not None
    return table


def _formats(animation: Animation, options: Options) -> list[FileFormat]:
    """Return the formats to try: one, or for "auto" all that show every frame and time as it is."""
    moving = {each: each.moving for each in table.written() if each.moving}
    if options.format in ("auto", SMALLEST):
        return [each for each, how in moving.items() if _shows_equal(animation, how, options)]
    own = options.format in (None, "keep")
    found = table.by_file_format(animation.format) if own else main_format(options.still_format, animation.format)
    if found is None or found.moving is None or (not own and options.is_full_color):
        name = animation.format.lower() if own else options.format
        names = ", ".join(sorted(each.name for each in moving))
        raise OptionError(f"{name} files hold no animations here; choose {names}")
    if options.palette_per_frame and not found.moving.palette_per_frame:
        others = " or ".join(sorted(each.name for each, how in moving.items() if how.palette_per_frame))
        raise OptionError(
            f"{found.file_format} has one palette for all frames; leave palette_per_frame out or write {others}"
        )
    return [found]


def _shows_equal(animation: Animation, moving: Moving, options: Options) -> bool:
    """Tell whether a format holds every frame and time as it is."""
    if options.palette_per_frame and not moving.palette_per_frame:
        return False
    if moving.tick is not None and any(seconds % moving.tick for seconds in animation.durations):
        return False
    return not moving.binary_alpha or _has_hard_edges(count_frames(animation, threads=options.threads))


def _has_hard_edges(table: ColorTable) -> bool:
    return table.colors_srgb8.shape[1] == 3 or bool(np.isin(table.colors_srgb8[:, 3], (0, 255)).all())


def _write(animation: Animation, options: Options, file_format: FileFormat, tell: OnProgress) -> _Written:
    """Count the colors, then choose and encode frame by frame."""
    assert file_format.moving is not None
    n_frames, binary_alpha = animation.n_frames, file_format.moving.binary_alpha
    backing, lost = backing_color(options), False
    maker = _MAKERS[file_format.name]
    counter = ColorCounter(threads=options.threads)
    drawn: list[Bytes] = []  # the colors of each frame that draws few
    before: Bytes | None = None
    stays = Stays()
    for number, (original, pixels) in enumerate(_frames(animation, binary_alpha=binary_alpha, backing=backing)):
        lost = lost or (backing is not None and bool((original[:, :, 3] == 0).any()))
        colors = counter.add(pixels)
        if maker.uses_order:
            changed = changed_pixels(before, pixels)
            stays.add(changed)
            if before is not None:
                colors = ColorCounter(threads=options.threads).add(pixels[changed])
            if len(colors) <= MAX_COLORS:
                drawn.append(colors)
            before = pixels
        tell(_COUNTING * (number + 1) / n_frames)
    found = counter.table()
    assert found is not None
    stays.settle()
    deltas = maker.begin(animation, options, found, drawn, stays)

    error = 0.0
    frames = _frames(animation, binary_alpha=binary_alpha, backing=backing)
    for number, ((original, pixels), following) in enumerate(_with_next(frames)):
        shown = deltas.add(pixels, None if following is None else following[1], number)
        error += mean_squared_error(original, shown) / n_frames
        tell(_COUNTING + (1 - _COUNTING) * (number + 1) / n_frames)
    assert deltas.first is not None
    encoded = Encoded(deltas.finish(), file_format.file_format)
    return _Written(encoded, deltas.first, found, deltas.n_colors, error, backing if lost else None)


def _frames(animation: Animation, *, binary_alpha: bool, backing: Rgba | None = None) -> Iterator[tuple[Bytes, Bytes]]:
    """Yield each frame as it is, and as the format and the palette can hold it."""
    n_frames = 0
    for pixels in animation.frames():
        n_frames += 1
        held = pixels if backing is None else on_backing(pixels, backing, binary_alpha=binary_alpha)
        yield pixels, without_hidden_colors(held, binary_alpha=binary_alpha)
    if n_frames != animation.n_frames:
        raise DecodeError(f"only {n_frames} of {animation.n_frames} frames can be read; make the animation anew")


def _with_next(items: Iterable[_Item]) -> Iterator[tuple[_Item, _Item | None]]:
    """Yield each item with the one after it, None after the last."""
    before: _Item | None = None
    for item in items:
        if before is not None:
            yield before, item
        before = item
    if before is not None:
        yield before, None
