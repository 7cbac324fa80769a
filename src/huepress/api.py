"""The library's front door: ``compress``, ``quantize``, ``score`` and ``Result``."""

from __future__ import annotations

import os
import time
from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from huepress import files, pipeline
from huepress.codec import decode
from huepress.codec.encode_png import encode_png
from huepress.codec.pillow_image import is_pillow_image, to_pillow
from huepress.errors import HuepressError, InputError
from huepress.metrics import Comparator, Score
from huepress.model import Bytes, Encoded, IndexedImage, Palette, Report, SourceImage
from huepress.options import Options

if TYPE_CHECKING:
    from PIL.Image import Image


@dataclass(frozen=True)
class Result:
    """A compressed image.

    Where the original's bytes were kept (``report.status == "kept"``), `encoded` is the original
    file; palette, indices and image are still the ones with fewer colors.

    Attributes
    ----------
    indexed : IndexedImage
    encoded : Encoded
        The finished file in memory.
    report : Report
    """

    indexed: IndexedImage
    encoded: Encoded
    report: Report

    @property
    def palette(self) -> Palette:
        """The colors, (n, 3 or 4) uint8; it behaves as an array."""
        return self.indexed.palette

    @property
    def indices(self) -> Bytes:
        """The palette entry of each pixel, (height, width) uint8."""
        return self.indexed.indices

    @property
    def image(self) -> Image:
        """The image as Pillow's, mode ``P``."""
        return to_pillow(self.indexed)

    def save(self, path: str | os.PathLike[str], *, overwrite: bool = False) -> None:
        """Write the file, as a whole or not at all.

        Where the original was smaller than the result, its bytes are written
        (``report.status == "kept"``).

        Raises
        ------
        OutputError
            If the file exists and `overwrite` is false, or cannot be written.
        """
        files.write_bytes(path, self.encoded.data, overwrite=overwrite)

    def _repr_png_(self) -> bytes:
        if self.encoded.format == "PNG":
            return self.encoded.data
        return encode_png(self.indexed).data


def compress(
    image: Any,
    n_colors: int = 256,
    *,
    allow_larger: bool = False,
    min_saving: float = 0.0,
    on_progress: Callable[[float], None] | None = None,
    **options: Any,
) -> Result:
    """Reduce an image to a small indexed file.

    Parameters
    ----------
    image : path, bytes, binary file, PIL.Image.Image, ndarray or SourceImage
        Arrays are uint8: H x W gray, H x W x 3 RGB or H x W x 4 RGBA (straight alpha).
    n_colors : int
        Size of the palette, 2 to 256.
    allow_larger : bool
        Whether a file larger than the input's is returned; otherwise the input's bytes.
    min_saving : float
        The part of the input file's bytes, 0 to below 1, that the result has to save; otherwise
        the input's bytes are returned.
    on_progress : callable, optional
        Called with the part of the search that is done, 0 to 1.
    **options
        The fields of `huepress.Options`: effort, rate, dither, format, seed, init, n_init, n_swaps,
        max_iter, tol, space, jobs, max_pixels.

    Returns
    -------
    Result

    Raises
    ------
    OptionError, InputError, DecodeError, LimitError
        All of them are `HuepressError`.

    Examples
    --------
    >>> import huepress, numpy as np
    >>> ramp = np.tile(np.arange(256, dtype=np.uint8), (64, 1))
    >>> result = huepress.compress(ramp, n_colors=16)
    >>> len(result.palette), result.report.bits_per_pixel
    (16, 4)
    """
    started = time.perf_counter()
    chosen = Options.from_keywords({"n_colors": n_colors, **options})
    source = load(image, max_pixels=chosen.max_pixels)
    outcome = pipeline.run(
        source, chosen, allow_larger=allow_larger, min_saving=min_saving, started=started, on_progress=on_progress
    )
    return Result(outcome.indexed, outcome.encoded, outcome.report)


def quantize(array: Any, n_colors: int = 256, **options: Any) -> IndexedImage:
    """Reduce an array to a palette and indices, without any file.

    Parameters
    ----------
    array : ndarray of uint8
        H x W gray, H x W x 3 RGB or H x W x 4 RGBA (straight alpha).
    n_colors : int
        Size of the palette, 2 to 256.
    **options
        The fields of `huepress.Options`.

    Returns
    -------
    IndexedImage

    Raises
    ------
    OptionError, InputError, LimitError

    Examples
    --------
    >>> import huepress, numpy as np
    >>> checker = np.indices((4, 4)).sum(axis=0).astype(np.uint8) % 2 * 255
    >>> huepress.quantize(checker, n_colors=2).palette.hex()
    ['#000000', '#ffffff']
    """
    chosen = Options.from_keywords({"n_colors": n_colors, **options})
    return pipeline.quantize(decode.from_array(array, max_pixels=chosen.max_pixels), chosen)


def score(original: Any, distorted: Any, *, jobs: int = 0, max_pixels: int = Options.max_pixels) -> Score:
    """Tell how far a picture is from its original.

    Parameters
    ----------
    original, distorted : path, bytes, binary file, PIL.Image.Image or ndarray
        As for `compress`; of equal size, at least 8 x 8 pixels.
    jobs : int
        Number of threads; 0 means one per processor. The result does not depend on it.
    max_pixels : int
        Larger images are refused.

    Returns
    -------
    Score

    Raises
    ------
    InputError, DecodeError, LimitError

    Examples
    --------
    >>> import huepress, numpy as np
    >>> ramp = np.tile(np.arange(256, dtype=np.uint8), (64, 1))
    >>> found = huepress.score(ramp, huepress.compress(ramp, n_colors=16).image)
    >>> round(found.psnr_db, 1), found.words
    (34.8, 'medium')
    """
    options = Options(jobs=jobs, max_pixels=max_pixels)
    comparator = Comparator(load(original, max_pixels=max_pixels), threads=options.threads)
    return comparator.score(load(distorted, max_pixels=max_pixels).pixels_srgb8)


def load(image: Any, *, max_pixels: int) -> SourceImage:
    """Turn whatever `compress` accepts into a SourceImage."""
    if isinstance(image, SourceImage):
        return image
    if isinstance(image, str | os.PathLike):
        data = files.read_bytes(image)
        try:
            return decode.decode(data, max_pixels=max_pixels)
        except HuepressError as error:
            raise type(error)(f"{os.fspath(image)}: {error}") from None
    if isinstance(image, bytes | bytearray | memoryview):
        return decode.decode(bytes(image), max_pixels=max_pixels)
    if is_pillow_image(image):
        return decode.from_pillow(image, max_pixels=max_pixels)
    if hasattr(image, "read"):
        data = image.read()
        if not isinstance(data, bytes):
            raise InputError("the file is open in text mode; open it with mode 'rb'")
        return decode.decode(data, max_pixels=max_pixels)
    if hasattr(image, "__array__"):
        return decode.from_array(image, max_pixels=max_pixels)
    raise InputError(
        f"cannot compress {type(image).__name__}; give a path, bytes, a binary file, a Pillow image or an array"
    )
