"""The order of the stages for animations: count the colors of all frames, fit one palette, say the changes.

Frames are decoded twice and never held all at once.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Iterable, Iterator
from dataclasses import replace
from typing import Protocol, TypeVar

import numpy as np
import numpy.typing as npt

from huepress.color_counter import ColorCounter
from huepress.delta_gif import GifDeltas, in_order_of_use
from huepress.delta_pixels import PngDeltas, WebpDeltas
from huepress.errors import DecodeError, OptionError
from huepress.frame_delta import changed_pixels, without_hidden_colors
from huepress.metrics import mean_squared_error, psnr_db
from huepress.model import Animation, Bytes, ColorTable, Encoded, IndexedImage, Outcome, Report
from huepress.options import MAX_COLORS, Options
from huepress.palette import fit_palette
from huepress.pipeline import smaller_file

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


def run_animation(
    animation: Animation,
    options: Options,
    *,
    allow_larger: bool = False,
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
        otherwise the input's bytes are kept.
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
        If the format has no palette per frame.
    DecodeError
        If a frame is damaged.
    LimitError
        If the format cannot hold the size or a duration.
    """
    started = time.perf_counter() if started is None else started
    tell = on_progress or (lambda part: None)
    file_format = animation.format.lower() if options.format in (None, "keep") else str(options.format)
    if options.palette_per_frame and file_format == "png":
        raise OptionError("PNG has one palette for all frames; leave --palette-per-frame out or write gif or webp")
    options = replace(options, format="webp" if file_format == "webp" else "png")
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
    encoded = Encoded(deltas.finish(), file_format.upper())
    first = deltas.first
    assert first is not None
    encoded, message = smaller_file(encoded, animation, deltas.n_colors, allow_larger=allow_larger)
    bits_per_pixel_in = 8 * int(table.colors_srgb8.shape[1])
    kept = bool(message)
    report = Report(
        status="kept" if kept else "compressed",
        width=animation.width,
        height=animation.height,
        bytes_in=len(animation.encoded),
        bytes_out=len(encoded.data),
        n_colors=len(table) if kept else deltas.n_colors,
        n_colors_in=len(table),
        bits_per_pixel=bits_per_pixel_in if kept else first.bit_depth,
        bits_per_pixel_in=bits_per_pixel_in,
        mse=0.0 if kept else error,
        psnr_db=psnr_db(0.0 if kept else error),
        seconds=time.perf_counter() - started,
        seed=options.seed,
        message=message,
        n_frames=n_frames,
    )
    return Outcome(first, encoded, report)


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
    limit = options.n_colors
    searched = isinstance(options.init, str)  # else as many colors as were given
    clear = table.colors_srgb8[:, 3] == 0 if table.colors_srgb8.shape[1] == 4 else np.zeros(len(table), bool)
    if file_format == "gif":
        has_clear, table = bool(clear.any()), _visible(table, clear)
        # Pixels that stay as they are need an index of their own: the transparent one.
        full = has_clear or (len(table) > limit and searched)
    else:
        full = file_format == "png" and len(table) > limit and searched and not clear.any()
    if limit == MAX_COLORS and full:
        limit -= 1
    palette = None
    if not options.palette_per_frame:
        palette = fit_palette(table, replace(options, n_colors=limit)).palette
    if file_format == "gif":
        if palette is not None:
            palette = in_order_of_use(palette, drawn, options)
        return GifDeltas(animation, options, palette, has_clear)
    if file_format == "webp":
        return WebpDeltas(animation, options, palette)
    assert palette is not None
    return PngDeltas(animation, options, palette)


def _visible(table: ColorTable, clear: npt.NDArray[np.bool_]) -> ColorTable:
    """Return the table of the opaque colors; black where there are none."""
    colors, counts = table.colors_srgb8[~clear, :3], table.counts[~clear]
    if not len(colors):
        colors, counts = np.zeros((1, 3), np.uint8), np.ones(1, np.uint32)
    return ColorTable(np.ascontiguousarray(colors), counts, np.arange(len(colors), dtype=np.uint32)[None])
