"""The library's palettes: taken from an image, shared by several, and written to files."""

from __future__ import annotations

import os
from collections.abc import Iterable
from pathlib import Path
from typing import TYPE_CHECKING, Unpack, cast

import numpy as np

from huepress import files
from huepress.engine.histogram import count_colors, merge_tables, weigh_image, with_alpha
from huepress.engine.palette import fit_palette, needs_alpha
from huepress.engine.swatches import Swatches, count_shares, name_colors
from huepress.errors import OptionError
from huepress.formats.palettes.write import write_palette
from huepress.inputs import EngineKeywords
from huepress.model import Animation, ColorHistogram, Palette
from huepress.options import PALETTE_FORMATS, Options, PaletteFormat, PaletteOptions
from huepress.pipeline import intake
from huepress.pipeline.frames import count_frames

if TYPE_CHECKING:
    from huepress.inputs import ImageLike

_FORMAT_OF = {".txt": "hex"}


def extract_palette(image: ImageLike, n_colors: int = 8, **options: Unpack[EngineKeywords]) -> Swatches:
    """Find the colors of an image, with their shares of the pixels and names.

    Parameters
    ----------
    image : path, bytes, binary file, PIL.Image.Image or ndarray
        As for `compress`.
    n_colors : int
        Most colors, 1 to 256. One color is the mean of what is visible, opaque, each pixel counted by its alpha; the
        mean is taken in the space of k-means (`space`).
    **options
        The fields of `huepress.Options`.

    Returns
    -------
    Swatches
        The largest share first.

    Raises
    ------
    OptionError, InputError, DecodeError, LimitError

    Examples
    --------
    >>> import huepress, numpy as np
    >>> flag = np.zeros((4, 4, 3), dtype=np.uint8)
    >>> flag[:3] = 255, 0, 0
    >>> found = huepress.extract_palette(flag)
    >>> found.palette.hex(), found.shares.tolist(), found.names
    (['#ff0000', '#000000'], [0.75, 0.25], ('red', 'black'))
    """
    chosen = intake.make_options({"n_colors": n_colors, **options}, PaletteOptions)
    return swatches_of([colors_of(image, chosen)], chosen)


def shared_palette(images: Iterable[ImageLike], n_colors: int = 256, **options: Unpack[EngineKeywords]) -> Palette:
    """Find one palette for several images.

    Each image weighs the same, whatever its size. Images are read one after the other; only their
    colors are kept. ``compress(image, palette=...)`` then maps each to it, the same index meaning
    the same color everywhere.

    Parameters
    ----------
    images : iterable
        Each as for `compress`.
    n_colors : int
        Size of the palette, 2 to 256.
    **options
        The fields of `huepress.Options`; give the same `effort` and `space` as for `compress`.

    Returns
    -------
    Palette

    Raises
    ------
    OptionError, InputError, DecodeError, LimitError

    Examples
    --------
    >>> import huepress, numpy as np
    >>> black, white = np.zeros((9, 9), dtype=np.uint8), np.full((2, 2), 255, dtype=np.uint8)
    >>> huepress.shared_palette([black, white], n_colors=2).hex()
    ['#000000', '#ffffff']
    """
    chosen = intake.make_options({"n_colors": n_colors, **options})
    if chosen.palette is not None:
        raise OptionError("a shared palette is found, not given; leave palette out")
    return shared_palette_of((colors_of(image, chosen) for image in images), chosen)


def save_palette(
    palette: Palette | Swatches,
    path: str | os.PathLike[str],
    format: PaletteFormat | None = None,
    *,
    overwrite: bool = False,
) -> None:
    """Write a palette file, as a whole or not at all; `load_palette` reads it back equal.

    Parameters
    ----------
    palette : Palette or Swatches
    path : path
    format : {"hex", "gpl", "act", "ase", "json", "css", "scss", "png"}, optional
        By default what the path's extension says.
    overwrite : bool

    Raises
    ------
    OptionError, OutputError
    """
    known = format_for(path) if format is None else format
    if known not in PALETTE_FORMATS:
        raise OptionError(f"a palette's format must be one of {', '.join(PALETTE_FORMATS)}, not {known!r}")
    if isinstance(palette, Palette):
        palette = Swatches(palette, np.full(len(palette), np.nan), name_colors(palette.colors_srgb8))
    files.write_bytes(path, write_palette(palette, known), overwrite=overwrite)


def format_for(path: str | os.PathLike[str]) -> PaletteFormat:
    """Return the palette format that a file name stands for.

    Raises
    ------
    OptionError
        If its extension is none of theirs.
    """
    suffix = Path(path).suffix.lower()
    found = _FORMAT_OF.get(suffix, suffix[1:])
    if found not in PALETTE_FORMATS:
        raise OptionError(
            f"{os.fspath(path)}: no palette format has this extension; use .{', .'.join(PALETTE_FORMATS)}"
        )
    return cast(PaletteFormat, found)


def shared_palette_of(tables: Iterable[ColorHistogram], options: Options) -> Palette:
    """Find one palette for the colors of several images; see `shared_palette`.

    Raises
    ------
    OptionError
        If there is no image.
    """
    return fit_palette(_pooled_colors(tables, options), options).palette


def swatches_of(tables: Iterable[ColorHistogram], options: Options) -> Swatches:
    """Find the palette of one or several images together, and their shares."""
    table = _pooled_colors(tables, options)
    return count_shares(table, fit_palette(table, options))


def colors_of(image: ImageLike, options: Options) -> ColorHistogram:
    """Read an image or animation and count its colors, scaled so that each weighs the same."""
    source = intake.load_for(image, options, moving=True)
    if isinstance(source, Animation):
        return weigh_image(count_frames(source, threads=options.threads))
    return weigh_image(count_colors(source, threads=options.threads, merge_transparent=options.hidden == "drop"))


def _pooled_colors(tables: Iterable[ColorHistogram], options: Options) -> ColorHistogram:
    try:
        pooled = merge_tables(tables)
    except ValueError:
        raise OptionError("there is no image to take colors from; give at least one") from None
    return with_alpha(pooled) if needs_alpha(options) else pooled
