"""The order of the stages for animations: count the colors of all frames, fit one palette, say the changes.

Frames are decoded twice and never held all at once.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, replace
from typing import Protocol, TypeVar

import numpy as np
import numpy.typing as npt

from huepress.engine.color_counter import ColorCounter
from huepress.engine.histogram import with_alpha
from huepress.engine.metrics import mean_squared_error, psnr_db
from huepress.engine.palette import fit_palette, fits, needs_alpha
from huepress.errors import DecodeError, LimitError, OptionError
from huepress.formats import animated_gif, animated_webp
from huepress.formats.animation import FORMATS
from huepress.model import Animation, Bytes, ColorTable, Encoded, IndexedImage
from huepress.options import MAX_COLORS, Options
from huepress.pipeline.frames import changed_pixels, without_hidden_colors
from huepress.pipeline.gif_frames import GifDeltas, in_order_of_use
from huepress.pipeline.picture_frames import PngDeltas, WebpDeltas
from huepress.results import Outcome, Report

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


@dataclass(frozen=True)
class _Written:
    """An animation in a format."""

    encoded: Encoded
    first: IndexedImage
    table: ColorTable
    n_colors: int
    mse: float


def run_animation(
    animation: Animation,
    options: Options,
    *,
    allow_larger: bool = False,
    min_saving: float = 0.0,
    started: float | None = None,
    on_progress: Callable[[float], None] | None = None,
) -> Outcome:
    """Reduce, encode and measure an animation.

    Parameters
    ----------
    animation : Animation
    options : Options
        `format` of None or "keep" means the animation's own.
    allow_larger : bool
        Whether a result that is no smaller than the input file is taken all the same;
        otherwise the input's bytes are kept, unless the options ask for certain colors.
    min_saving : float
        The part of the original's bytes, 0 to below 1, that a result has to save; otherwise the original is kept.
    started : float, optional
        ``time.perf_counter()`` when work on the input began, for the report.
    on_progress : callable, optional
        Called with the part that is done, 0 to 1, after every frame.

    Returns
    -------
    Outcome
        Its `indexed` is the first frame.

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
    allow_larger = allow_larger or options.asks_for_colors
    encoded, kept, message = _smaller_file(
        best.encoded, animation, best.n_colors, allow_larger=allow_larger, min_saving=min_saving
    )
    table = best.table
    bits_per_pixel_in = 8 * int(table.colors_srgb8.shape[1])
    mse = 0.0 if kept else best.mse
    report = Report(
        status="kept" if kept else "compressed",
        width=animation.width,
        height=animation.height,
        bytes_in=len(animation.encoded),
        bytes_out=len(encoded.data),
        n_colors=len(table) if kept else best.n_colors,
        n_colors_in=len(table),
        bits_per_pixel=bits_per_pixel_in if kept else best.first.bit_depth,
        bits_per_pixel_in=bits_per_pixel_in,
        mse=mse,
        psnr_db=psnr_db(mse),
        seconds=time.perf_counter() - started,
        seed=options.seed,
        message=message,
        n_frames=animation.n_frames,
    )
    return Outcome(best.first, encoded, report)


def _smaller_file(
    encoded: Encoded, source: Animation, n_colors: int, *, allow_larger: bool, min_saving: float
) -> tuple[Encoded, bool, str]:
    """Return the result, or the original where that is no larger; whether it was kept; what is unusual about it."""
    n_bytes = len(encoded.data)
    most = 0.0 if source.keepable is None else min(len(source.keepable) - 1, (1 - min_saving) * len(source.keepable))
    if source.keepable is not None and n_bytes > most and not allow_larger:
        too_many = "no fewer than" if n_bytes >= len(source.keepable) else f"not {min_saving:.1%} fewer than"
        stripped = ", its metadata removed" if source.keepable != source.encoded else ""
        message = (
            f"the {n_colors}-color {encoded.format} would take {n_bytes:,} bytes, {too_many} the "
            f"{source.format} with {len(source.keepable):,}; original kept{stripped} (--allow-larger writes it anyway)"
        )
        return Encoded(source.keepable, source.format), True, message
    message = ""
    if source.keepable is None and n_bytes >= len(source.encoded):
        message = (
            f"larger than the {source.format}, whose metadata cannot be removed otherwise "
            "(--strip none keeps the original)"
        )
    return encoded, False, message


def count_frames(animation: Animation, *, threads: int) -> ColorTable:
    """Count the colors of all frames; the table's `inverse` is a row of them all."""
    counter = ColorCounter(threads=threads)
    for _, pixels in _frames(animation, "png"):
        counter.add(pixels)
    table = counter.table()
    assert table is not None
    return table


def _formats(animation: Animation, options: Options) -> list[str]:
    """Return the formats to try: one, or for "auto" all that show every frame and time as it is."""
    if options.format == "auto":
        formats = [] if options.palette_per_frame else ["png"]
        if not formats or all(seconds % animated_webp.TICK == 0 for seconds in animation.durations):
            formats.append("webp")
        if all(seconds % animated_gif.TICK == 0 for seconds in animation.durations) and _has_hard_edges(
            count_frames(animation, threads=options.threads)
        ):
            formats.append("gif")
        return formats
    own = options.format in (None, "keep")
    file_format = animation.format.lower() if own else str(options.format)
    if file_format not in FORMATS:
        raise OptionError(f"{file_format} files hold no animations here; choose {', '.join(FORMATS)}")
    if options.palette_per_frame and file_format == "png":
        raise OptionError("PNG has one palette for all frames; leave --palette-per-frame out or write gif or webp")
    return [file_format]


def _has_hard_edges(table: ColorTable) -> bool:
    return table.colors_srgb8.shape[1] == 3 or bool(np.isin(table.colors_srgb8[:, 3], (0, 255)).all())


def _write(animation: Animation, options: Options, file_format: str, tell: Callable[[float], None]) -> _Written:
    """Count the colors, then choose and encode frame by frame."""
    n_frames = animation.n_frames
    counter = ColorCounter(threads=options.threads)
    drawn: list[Bytes] = []  # the colors of each frame that draws few
    before: Bytes | None = None
    for number, (_, pixels) in enumerate(_frames(animation, file_format)):
        colors = counter.add(pixels)
        if file_format == "gif":
            if before is not None:
                colors = ColorCounter(threads=options.threads).add(pixels[changed_pixels(before, pixels)])
            if len(colors) <= MAX_COLORS:
                drawn.append(colors)
            before = pixels
        tell(_COUNTING * (number + 1) / n_frames)
    table = counter.table()
    assert table is not None
    deltas = _deltas(animation, options, table, drawn, file_format)

    error = 0.0
    for number, ((original, pixels), following) in enumerate(_with_next(_frames(animation, file_format))):
        shown = deltas.add(pixels, None if following is None else following[1], number)
        error += mean_squared_error(original, shown) / n_frames
        tell(_COUNTING + (1 - _COUNTING) * (number + 1) / n_frames)
    assert deltas.first is not None
    return _Written(Encoded(deltas.finish(), file_format.upper()), deltas.first, table, deltas.n_colors, error)


def _frames(animation: Animation, file_format: str) -> Iterator[tuple[Bytes, Bytes]]:
    """Yield each frame as it is, and as the format can hold it."""
    n_frames = 0
    for pixels in animation.frames():
        n_frames += 1
        yield pixels, without_hidden_colors(pixels, binary_alpha=file_format == "gif")
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


def _deltas(animation: Animation, options: Options, table: ColorTable, drawn: list[Bytes], file_format: str) -> Deltas:
    """Fit the palette that the format can take, and start the file."""
    clear = table.colors_srgb8[:, 3] == 0 if table.colors_srgb8.shape[1] == 4 else np.zeros(len(table), bool)
    has_clear = bool(clear.any())
    if file_format == "gif":
        table, options = _visible(table, clear), _opaque(options, has_clear=has_clear)
    elif needs_alpha(options):
        table = with_alpha(table)
    # Given colors leave as much room as they leave.
    found = options.palette is None and isinstance(options.init, str)
    limit = options.most_colors
    crowded = found and not fits(table, options)
    # Pixels that stay as they are need an index of their own: the transparent one.
    full = has_clear or crowded if file_format == "gif" else file_format == "png" and crowded and not has_clear
    if limit == MAX_COLORS and full and options.palette is None:
        limit -= 1
    palette = None
    if not options.palette_per_frame:
        palette = fit_palette(table, replace(options, n_colors=limit)).palette
    if file_format == "gif":
        if palette is not None and options.palette is None:
            palette = in_order_of_use(palette, drawn, options)
        return GifDeltas(animation, options, palette, has_clear)
    if file_format == "webp":
        return WebpDeltas(animation, options, palette)
    assert palette is not None
    return PngDeltas(animation, options, palette)


def _opaque(options: Options, *, has_clear: bool) -> Options:
    """Return the options with the colors that a GIF can draw: opaque ones."""
    palette, pin = (
        colors and tuple((*color[:3], 255) for color in colors if color[3] >= 128)
        for colors in (options.palette, options.pin)
    )
    if options.palette and not palette:
        raise OptionError("the palette has no color that a GIF can draw; give an opaque one")
    if has_clear and len(palette or ()) == MAX_COLORS:
        raise OptionError("a GIF with transparent pixels has room for 255 colors beside them, the palette has 256")
    return replace(options, palette=palette, pin=pin)


def _visible(table: ColorTable, clear: npt.NDArray[np.bool_]) -> ColorTable:
    """Return the table of the opaque colors; black where there are none."""
    colors, counts = table.colors_srgb8[~clear, :3], table.counts[~clear]
    if not len(colors):
        colors, counts = np.zeros((1, 3), np.uint8), np.ones(1, np.uint32)
    return ColorTable(np.ascontiguousarray(colors), counts, np.arange(len(colors), dtype=np.uint32)[None])
