"""From whatever a caller has to the types of the stages: pictures, animations, palettes and options."""

from __future__ import annotations

import os
from collections.abc import Mapping
from typing import TYPE_CHECKING, Literal, cast, overload

from huepress import files
from huepress.colors.text import as_colors, parse_colors
from huepress.errors import HuepressError, InputError, OptionError
from huepress.formats import decode
from huepress.formats.palettes.read import read_palette
from huepress.formats.pillow_image import is_pillow_image
from huepress.formats.reading import check_frames, read_input
from huepress.formats.resample import resized
from huepress.model import Animation, Palette, SourceImage
from huepress.options import DEFAULT_MAX_PIXELS, MAX_COLORS, ColorHandling, Options, Strip
from huepress.pipeline.edit import edited, first_frame

if TYPE_CHECKING:
    from huepress.inputs import ImageLike, PaletteLike


@overload
def load_for(image: ImageLike, options: Options, *, moving: Literal[False] = False) -> SourceImage: ...
@overload
def load_for(image: ImageLike, options: Options, *, moving: Literal[True]) -> SourceImage | Animation: ...
def load_for(image: ImageLike, options: Options, *, moving: bool = False) -> SourceImage | Animation:
    """Turn whatever `compress` accepts into what the options ask for: its colors, metadata, part, times and size.

    Parameters
    ----------
    image : as for `compress`
    options : Options
    moving : bool
        Whether it may be an animation; otherwise of one the first frame is taken.

    Raises
    ------
    InputError, DecodeError, LimitError
    """
    limit = options.max_pixels
    in_time = moving or options.trim is not None or options.still is not None
    source = edited(_read(image, limit, options.color, options.strip, options.tolerant, moving=in_time), options)
    if not moving:
        source = first_frame(source)
    if isinstance(source, Animation):
        check_frames(source, limit)
    return source if options.new_size is None else resized(source, options.new_size, max_pixels=limit)


def load_palette(source: PaletteLike, *, max_pixels: int = DEFAULT_MAX_PIXELS) -> Palette:
    """Read a palette, its colors in their order.

    Parameters
    ----------
    source : path, bytes or colors
        A palette file (GPL, ACT, ASE, KPL, JSON, CSS or SCSS variables, hex list), an image (an indexed
        one's palette, else its colors in reading order), ``"#ff0000,#fff"``, hex strings, or rows
        of 3 or 4 integers 0 to 255.
    max_pixels : int
        Larger images are refused.

    Returns
    -------
    Palette

    Raises
    ------
    OptionError, InputError, DecodeError, LimitError

    Examples
    --------
    >>> import huepress
    >>> huepress.load_palette("#f00,#ffffff").hex()
    ['#ff0000', '#ffffff']
    """
    if isinstance(source, Palette):
        return source
    if isinstance(source, bytes):
        return read_palette(source, max_pixels=max_pixels)
    listed = parse_colors(source) if isinstance(source, str) and not os.path.exists(source) else None
    if isinstance(source, os.PathLike) or (isinstance(source, str) and listed is None):
        if isinstance(source, str) and "," in source and not os.path.exists(source):
            raise OptionError(f"palette takes a file, or colors such as '#ff0000,#ffffff', not {source!r}")
        data = files.read_bytes(source)
        try:
            return read_palette(data, max_pixels=max_pixels)
        except HuepressError as error:
            raise error.about(os.fspath(source)) from None
    try:
        colors = as_colors(source if listed is None else listed)
    except ValueError as error:
        raise OptionError(f"palette takes a file or colors such as '#ff0000', not {error}") from None
    if not 1 <= len(colors) <= MAX_COLORS:
        raise OptionError(f"the palette has {len(colors)} colors; it must have 1 to {MAX_COLORS}")
    return Palette.from_colors(colors)


def make_options(keywords: Mapping[str, object], schema: type[Options] = Options) -> Options:
    """Build options from keyword arguments, reading the palette if it is a file."""
    palette = keywords.get("palette")
    if palette is not None:
        limit = cast(int, keywords.get("max_pixels", DEFAULT_MAX_PIXELS))
        keywords = {**keywords, "palette": load_palette(cast("PaletteLike", palette), max_pixels=limit)}
    return schema.from_keywords(dict(keywords))


@overload
def load(
    image: ImageLike,
    *,
    max_pixels: int,
    color: ColorHandling = "srgb",
    strip: Strip = "safe",
    tolerant: bool = False,
    moving: Literal[False] = False,
) -> SourceImage: ...
@overload
def load(
    image: ImageLike,
    *,
    max_pixels: int,
    color: ColorHandling = "srgb",
    strip: Strip = "safe",
    tolerant: bool = False,
    moving: Literal[True],
) -> SourceImage | Animation: ...
def load(
    image: ImageLike,
    *,
    max_pixels: int,
    color: ColorHandling = "srgb",
    strip: Strip = "safe",
    tolerant: bool = False,
    moving: bool = False,
) -> SourceImage | Animation:
    """Turn whatever `compress` accepts into a SourceImage, or where they may be `moving` into an Animation."""
    source = _read(image, max_pixels, color, strip, tolerant, moving=moving)
    if isinstance(source, Animation):
        check_frames(source, max_pixels)
    return source


def _read(
    image: ImageLike, max_pixels: int, color: ColorHandling, strip: Strip, tolerant: bool, *, moving: bool
) -> SourceImage | Animation:
    def decoded(data: bytes) -> SourceImage | Animation:
        return read_input(data, max_pixels=max_pixels, color=color, strip=strip, moving=moving, tolerant=tolerant)

    if isinstance(image, SourceImage | Animation):
        return image
    if isinstance(image, str | os.PathLike):
        data = files.read_bytes(image)
        try:
            return decoded(data)
        except HuepressError as error:
            raise error.about(os.fspath(image)) from None
    if isinstance(image, bytes | bytearray | memoryview):
        return decoded(bytes(image))
    if is_pillow_image(image):
        return decode.from_pillow(image, max_pixels=max_pixels, color=color, strip=strip)
    if hasattr(image, "read"):
        data = image.read()
        if not isinstance(data, bytes):
            raise InputError("the file is open in text mode; open it with mode 'rb'")
        return decoded(data)
    if hasattr(image, "__array__"):
        return decode.from_array(image, max_pixels=max_pixels)
    raise InputError(
        f"cannot compress {type(image).__name__}; give a path, bytes, a binary file, a Pillow image or an array"
    )
