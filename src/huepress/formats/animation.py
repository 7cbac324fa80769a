"""Animations: which files are some, and how their frames' times are kept."""

from __future__ import annotations

import dataclasses
import io
import warnings
from fractions import Fraction

from PIL import Image

from huepress.errors import DecodeError, HuepressError, LimitError
from huepress.formats import animated_gif, animated_png, animated_webp
from huepress.formats.clean_file import clean_file
from huepress.formats.decode import own_pixel_limit
from huepress.formats.metadata import read_metadata
from huepress.formats.read_pixels import orientation_of
from huepress.model import Animation
from huepress.options import Strip

_READERS = (animated_gif.read, animated_png.read, animated_webp.read)
FORMATS = ("gif", "png", "webp")


def read_animation(data: bytes, *, max_pixels: int, strip: Strip = "safe") -> Animation | None:
    """Return the animation in a GIF, PNG or WebP file, None where it holds a still picture or is no such file.

    Nothing is decoded yet but the structure; a frame that turns out to be damaged raises when it is
    asked for.

    Parameters
    ----------
    data : bytes
    max_pixels : int
        Animations whose canvas has more pixels are refused.
    strip : {"safe", "all", "none"}
        Which metadata go where the file is kept.

    Raises
    ------
    DecodeError
        If the file is damaged or cut off.
    LimitError
        If the canvas has more than `max_pixels` pixels.
    """
    for read in _READERS:
        try:
            animation = read(data, max_pixels=max_pixels)
            if animation is not None:
                return dataclasses.replace(animation, keepable=_keepable(data, strip))
        except HuepressError:
            raise
        except MemoryError:
            raise LimitError("not enough memory to decode the animation; make it smaller") from None
        except Exception as error:  # Pillow's plug-ins raise many kinds on damaged files
            raise DecodeError(f"the animation is damaged ({error}); make it anew or leave it out") from None
    return None


def _keepable(data: bytes, strip: Strip) -> bytes | None:
    with own_pixel_limit(), warnings.catch_warnings():
        warnings.simplefilter("ignore")
        with Image.open(io.BytesIO(data)) as image:
            metadata = read_metadata(image, strip, None, turned=False)
            return clean_file(image, data, strip, orientation_of(image), metadata)


def in_ticks(durations: tuple[Fraction, ...], tick: Fraction, longest: int, format_name: str) -> list[int]:
    """Return durations in a format's unit, rounded so that no frame starts more than half a tick off.

    Raises
    ------
    LimitError
        If a frame lasts longer than the format can say.
    """
    result = []
    elapsed, told = Fraction(0), 0
    for seconds in durations:
        elapsed += seconds
        ticks = round(elapsed / tick) - told
        if ticks > longest:
            raise LimitError(
                f"a frame lasts {float(seconds):g} s but {format_name} holds at most {float(longest * tick):g}; "
                f"choose another --format"
            )
        result.append(ticks)
        told += ticks
    return result
