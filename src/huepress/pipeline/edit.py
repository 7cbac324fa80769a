"""Inputs cut to what was asked for, before anything else is done with them."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from fractions import Fraction
from itertools import islice
from typing import cast

import numpy as np

from huepress.editing import Crop, Trim, at_most, shown_at, timed, trimmed
from huepress.errors import DecodeError, OptionError
from huepress.model import Animation, Bytes, SourceImage
from huepress.options import Options

# What is shorter, browsers show for a tenth of a second.
_SHORTEST_SHOWN = Fraction(1, 50)
# Every format holds frames that are shown for so long.
_LONGEST_MERGED = Fraction(60)


def edited(source: SourceImage | Animation, options: Options) -> SourceImage | Animation:
    """Return what the options take of a picture or an animation; it cannot be kept as the original then.

    Raises
    ------
    OptionError
        If the crop reaches beyond the picture, or the trim begins after the end.
    """
    asks = any(each is not None for each in (options.trim, options.speed, options.fps, options.loop))
    if isinstance(source, Animation):
        source = _retimed(source, options) if asks else source
        source = source if options.still is None else _picture_at(source, Fraction(str(options.still)))
    elif asks:
        note = "trim, speed, fps and loop are about animations, and leave this still picture as it is"
        source = replace(source, notes=(*source.notes, note))
    return source if options.crop is None else _cropped(source, cast(Crop, options.crop))


def without_repeats(animation: Animation) -> Animation:
    """Return an animation whose frames that repeat the one before are one with it, for as long as both are shown.

    Two frames stay at least.

    Raises
    ------
    DecodeError
        If a frame is damaged.
    """
    starts: list[int] = []
    durations: list[Fraction] = []
    last: Bytes | None = None
    for number, (pixels, seconds) in enumerate(zip(animation.frames(), animation.durations, strict=True)):
        if last is not None and _may_be_one(durations[-1], seconds) and np.array_equal(pixels, last):
            durations[-1] += seconds
            continue
        starts.append(number)
        durations.append(seconds)
        last = pixels
    if len(starts) == 1 and animation.n_frames > 1:  # a file of one frame would be read as a picture
        starts.append(animation.n_frames - 1)
        durations = [durations[0] - animation.durations[-1], animation.durations[-1]]
    if len(starts) == animation.n_frames:
        return animation
    frames, wanted = animation.frames, frozenset(starts)

    def shown() -> Iterator[Bytes]:
        return (pixels for number, pixels in enumerate(frames()) if number in wanted)

    return replace(animation, durations=tuple(durations), frames=shown)


def _may_be_one(before: Fraction, after: Fraction) -> bool:
    """Tell whether browsers show two frames as long as one of both times; what is below 0.02 s, they slow down."""
    return min(before, after) >= _SHORTEST_SHOWN and before + after <= _LONGEST_MERGED


def frame_of(animation: Animation, number: int) -> Bytes:
    """Return a frame, counted from 0: (height, width, 3 or 4) uint8, sRGB with straight alpha if any.

    Raises
    ------
    DecodeError
        If there are not as many.
    """
    pixels = next(islice(animation.frames(), number, None), None)
    if pixels is None:
        raise DecodeError(f"only {number} of {animation.n_frames} frames can be read; make the animation anew")
    return _without_needless_alpha(pixels)


def first_frame(source: SourceImage | Animation) -> SourceImage:
    """Return a picture as it is, of an animation the first frame."""
    if isinstance(source, SourceImage):
        return source
    pixels = _without_needless_alpha(next(source.frames()))
    return SourceImage(pixels, source.format, source.encoded, notes=source.notes)


def _retimed(animation: Animation, options: Options) -> Animation:
    n_plays = animation.n_plays if options.loop is None else options.loop
    times = list(enumerate(animation.durations))
    if (options.trim, options.speed, options.fps) != (None, None, None):
        times = timed(animation.durations)
    if options.trim is not None:
        times = trimmed(times, cast(Trim, options.trim))
    if options.speed is not None:
        times = [(number, seconds / Fraction(str(options.speed))) for number, seconds in times]
    if options.fps is not None:
        times = at_most(times, Fraction(str(options.fps)), stays=n_plays != 0)
    numbers, durations = [number for number, _ in times], tuple(seconds for _, seconds in times)
    if durations == animation.durations and n_plays == animation.n_plays:
        return animation
    notes = list(animation.notes)
    if len(times) < animation.n_frames:
        notes.append(f"{len(times)} of {animation.n_frames} frames taken")
    if options.speed is not None and min(durations) < _SHORTEST_SHOWN:
        notes.append("browsers slow frames below 0.02 s down; fps 50 drops what is too quick")
    frames = animation.frames

    def shown() -> Iterator[Bytes]:
        wanted = set(numbers)
        return (pixels for number, pixels in enumerate(islice(frames(), numbers[-1] + 1)) if number in wanted)

    return replace(animation, durations=durations, n_plays=n_plays, frames=shown, keepable=None, notes=tuple(notes))


def _picture_at(animation: Animation, seconds: Fraction) -> SourceImage:
    """Return what is shown at a time of the edited animation, as a picture that is no original."""
    number = shown_at(timed(animation.durations), seconds)
    note = f"frame {number + 1} of {animation.n_frames}"
    pixels = frame_of(animation, number)
    return SourceImage(pixels, animation.format, animation.encoded, notes=(note,), mended=animation.mended)


def _cropped(source: SourceImage | Animation, crop: Crop) -> SourceImage | Animation:
    if crop.left + crop.width > source.width or crop.top + crop.height > source.height:
        raise OptionError(
            f"the crop {crop.written} reaches beyond the {source.width} x {source.height} pixels of the picture; "
            "give a rectangle within it"
        )
    if (crop.width, crop.height) == (source.width, source.height):
        return source
    rows, columns = slice(crop.top, crop.top + crop.height), slice(crop.left, crop.left + crop.width)
    if isinstance(source, Animation):
        frames = source.frames
        return replace(
            source,
            width=crop.width,
            height=crop.height,
            keepable=None,
            frames=lambda: (pixels[rows, columns].copy() for pixels in frames()),
        )
    pixels = _without_needless_alpha(source.pixels_srgb8[rows, columns])
    note = f"cropped from {source.width} x {source.height} to {crop.width} x {crop.height}"
    return replace(source, pixels_srgb8=pixels.copy(), keepable=None, notes=(*source.notes, note))


def _without_needless_alpha(pixels_srgb8: Bytes) -> Bytes:
    opaque = pixels_srgb8.shape[2] == 4 and bool((pixels_srgb8[..., 3] == 255).all())
    return pixels_srgb8[..., :3] if opaque else pixels_srgb8
