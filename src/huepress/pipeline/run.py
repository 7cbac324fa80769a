"""One input through all the stages, whatever it is: the call that the library and every worker make."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np

from huepress.delivering import DEFAULT_DELIVERY, Delivery
from huepress.formats.reading import read_animation
from huepress.formats.writing import check_name_of_animation, encode_for_name
from huepress.model import NO_METADATA, Animation, Encoded, Frame, IndexedImage, Metadata, SourceImage
from huepress.options import DEFAULT_MAX_PIXELS, Options
from huepress.pipeline import still
from huepress.results import OnProgress, Outcome


def run(
    source: SourceImage | Animation,
    options: Options,
    delivery: Delivery = DEFAULT_DELIVERY,
    *,
    started: float | None = None,
    on_progress: OnProgress | None = None,
) -> Outcome:
    """Reduce, encode and measure a picture or an animation.

    Parameters
    ----------
    source : SourceImage or Animation
    options : Options
    delivery : Delivery
    started : float, optional
        ``time.perf_counter()`` when work on the input began, for the report.
    on_progress : callable, optional
        Called with the part of the work that is done, 0 to 1.

    Raises
    ------
    OptionError, DecodeError, LimitError, TargetError
        See `still.run` and `animation.run_animation`.
    """
    if isinstance(source, Animation):
        from huepress.pipeline.animation import run_animation  # a picture needs nothing of it

        return run_animation(source, options, delivery, started, on_progress)
    return still.run(source, options, delivery, started, on_progress)


def metadata_of(source: SourceImage | Animation) -> Metadata:
    """Return what is written into files beside the pixels."""
    return source.metadata if isinstance(source, SourceImage) else NO_METADATA


def encoded_for(
    name: str, indexed: IndexedImage, encoded: Encoded, *, n_frames: int, effort: int, metadata: Metadata
) -> Encoded:
    """Return the file that belongs under a name: the finished one, or a picture encoded anew in the name's format.

    Raises
    ------
    OutputError
        If the name's extension belongs to a format that cannot be written, or to another one than an animation's.
    OptionError
        If the format needs a plug-in that is not installed.
    """
    if n_frames > 1:
        check_name_of_animation(name, encoded)
        return encoded
    return encode_for_name(indexed, name, encoded, effort=effort, metadata=metadata)


def frames_of(result: Outcome) -> Iterator[Frame]:
    """Yield the frames of a finished file as they are shown, decoded one after the other; one of a picture."""
    animation = read_animation(result.encoded.data, max_pixels=DEFAULT_MAX_PIXELS)
    if animation is None:
        colors = result.shown_srgb8
        yield Frame(colors if colors.shape[2] == 4 else np.insert(colors, 3, 255, axis=2), 0.0)
        return
    for pixels, seconds in zip(animation.frames(), animation.durations, strict=True):
        yield Frame(pixels, float(seconds))
