"""The library's front door: ``compress``, ``quantize``, ``score`` and ``Result``."""

from __future__ import annotations

import logging
import os
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING, Unpack

from huepress import files
from huepress.delivering import Delivery
from huepress.engine.metrics import Score
from huepress.engine.moving_score import Scorer
from huepress.formats import decode, table
from huepress.formats.pillow_image import to_pillow
from huepress.formats.writing import encode_for_name
from huepress.inputs import EngineKeywords
from huepress.model import NO_METADATA, Bytes, Encoded, Frame, IndexedImage, Metadata, Palette
from huepress.options import DEFAULT_MAX_PIXELS, NumberOfColors, Options, QualityLike, SizeLike
from huepress.pipeline import still
from huepress.pipeline.intake import load, load_for, make_options
from huepress.pipeline.run import encoded_for, frames_of, metadata_of, run
from huepress.results import Outcome, Report

if TYPE_CHECKING:
    from PIL.Image import Image

    from huepress.inputs import ArrayLike, ImageLike, WritableFile


# Silent unless the program that uses the library listens: logging.getLogger("huepress").
_log = logging.getLogger("huepress")
_log.addHandler(logging.NullHandler())


@dataclass(frozen=True)
class Result:
    """A compressed image or animation; of an animation `indexed`, `indices` and `image` are the first frame.

    Where the original's bytes were kept (``report.status == "kept"``), `encoded` is the original
    file; palette, indices and image are still the ones with fewer colors.

    Attributes
    ----------
    indexed : IndexedImage
    encoded : Encoded
        The finished file in memory.
    report : Report
    metadata : Metadata
        What is written into files beside the pixels.
    effort : int
        How hard files are compressed, 0 to 9.
    decoded_srgb8 : ndarray of uint8, (height, width, 3 or 4), optional
        What a file of any number of colors shows (`format` ``"avif"``, ``"webp-lossy"``, ``"jpeg"``, perhaps
        ``"smallest"``); None where `indexed` is what is shown.
    """

    indexed: IndexedImage
    encoded: Encoded
    report: Report
    metadata: Metadata = NO_METADATA
    effort: int = 0
    decoded_srgb8: Bytes | None = None

    def __bytes__(self) -> bytes:
        return self.encoded.data

    @property
    def mime_type(self) -> str:
        """The media type of the finished file, such as ``image/png``."""
        return table.mime_type_of(self.encoded.format)

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
        """The image as Pillow's: mode ``P``, or as a file of any number of colors shows it."""
        return to_pillow(self.indexed if self.decoded_srgb8 is None else self.decoded_srgb8)

    @property
    def frames(self) -> Iterator[Frame]:
        """The frames of the finished file as they are shown, decoded one after the other; one of a picture."""
        return frames_of(Outcome(self.indexed, self.encoded, self.report, self.decoded_srgb8))

    def save(self, path: str | os.PathLike[str] | WritableFile, *, overwrite: bool = False) -> None:
        """Write the file, as a whole or not at all, or into a file that is open for writing bytes.

        Into an open file `encoded` is written as it is. For a path:

        The extension counts: ``.png``, ``.webp``, ``.gif`` or ``.jxl`` of another format than
        `encoded` encodes `indexed` anew. Otherwise `encoded` is written, which holds the
        original's bytes where they were smaller (``report.status == "kept"``). An animation is
        written as it is; compress it with another `format` to change that.

        Raises
        ------
        OutputError
            If the file exists and `overwrite` is false, or cannot be written, or its extension
            belongs to a format that cannot be written, or to another one than an animation's.
        OptionError
            If the extension's format needs a plug-in that is not installed.
        """
        if not isinstance(path, str | os.PathLike):
            path.write(self.encoded.data)
            return
        name = os.fspath(path)
        files.check_writable_name(name, overwrite=overwrite)
        files.write_bytes(path, self.encoded_for(name).data, overwrite=overwrite)

    def _repr_png_(self) -> bytes:
        # Of an animation in another format the first frame.
        return encode_for_name(self.indexed, "x.png", self.encoded, effort=self.effort, metadata=self.metadata).data

    def encoded_for(self, name: str) -> Encoded:
        """Return what `save` would write under a name.

        Raises
        ------
        OutputError, OptionError
            As `save`.
        """
        return encoded_for(
            name,
            self.indexed,
            self.encoded,
            n_frames=self.report.n_frames,
            effort=self.effort,
            metadata=self.metadata,
        )


def compress(
    image: ImageLike,
    n_colors: NumberOfColors = "auto",
    *,
    quality: QualityLike | None = None,
    max_size: SizeLike | None = None,
    allow_larger: bool | None = None,
    min_saving: float = 0.0,
    allow_miss: bool = False,
    on_progress: Callable[[float], None] | None = None,
    **options: Unpack[EngineKeywords],
) -> Result:
    """Reduce an image to a small indexed file.

    Parameters
    ----------
    image : path, bytes, binary file, PIL.Image.Image, ndarray, SourceImage or Animation
        Arrays are uint8: H x W gray, H x W x 3 RGB or H x W x 4 RGBA (straight alpha).
    n_colors : int or "auto"
        Most colors of the palette, 2 to 256; "auto" takes 256 unless fewer serve better.
    quality : number, str or pair, optional
        The fewest bytes that reach this SSIMULACRA2 score, 0 to 100; ``"60-80"`` aims at 80 and keeps the original
        where not even 60 can be reached.
    max_size : int or str, optional
        The best score within so many bytes: a number, ``"100kB"``, ``"1.5MB"``, or bits per pixel, ``"0.1bpp"``.
    allow_larger : bool, optional
        Whether a file larger than the input's is returned; otherwise the input's bytes. None: only where a number of
        colors is asked for, and neither a goal nor a saving.
    min_saving : float
        The part of the input file's bytes, 0 to below 1, that the result has to save; otherwise
        the input's bytes are returned.
    allow_miss : bool
        Whether a file larger than `max_size` is returned where nothing smaller can be had.
    on_progress : callable, optional
        Called with the part of the search that is done, 0 to 1.
    **options
        The other fields of `huepress.Options`; a palette may be a file, too.

    Returns
    -------
    Result

    Raises
    ------
    OptionError, InputError, DecodeError, LimitError, TargetError
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
    _log.debug("compressing %s", image if isinstance(image, str | os.PathLike) else type(image).__name__)
    delivery = Delivery(allow_larger=allow_larger, min_saving=min_saving, allow_miss=allow_miss)
    chosen = make_options({"n_colors": n_colors, "quality": quality, "max_size": max_size, **options})
    source = load_for(image, chosen, moving=True)
    outcome = run(source, chosen, delivery, started=started, on_progress=on_progress)
    report = outcome.report
    _log.info(
        "%s: %s -> %d bytes, %d colors, %.2f s", report.status, report.bytes_in, report.bytes_out, report.n_colors,
        report.seconds,
    )  # fmt: skip
    for note in (*report.notes, report.message):
        if note:
            _log.info("%s", note)
    return Result(outcome.indexed, outcome.encoded, report, metadata_of(source), chosen.effort, outcome.decoded_srgb8)


def quantize(array: ArrayLike, n_colors: int = 256, **options: Unpack[EngineKeywords]) -> IndexedImage:
    """Reduce an array to a palette and indices, without any file.

    Parameters
    ----------
    array : ndarray of uint8
        H x W gray, H x W x 3 RGB or H x W x 4 RGBA (straight alpha).
    n_colors : int
        Size of the palette, 2 to 256.
    **options
        The fields of `huepress.Options`; `effort` is 0 here, plain k-means, unless given.

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
    chosen = make_options({"n_colors": n_colors, "effort": 0, **options})
    return still.quantize(load_for(decode.from_array(array, max_pixels=chosen.max_pixels), chosen), chosen)


def score(
    original: ImageLike,
    distorted: ImageLike,
    *,
    jobs: int = 0,
    max_pixels: int = DEFAULT_MAX_PIXELS,
    tolerant: bool = False,
) -> Score:
    """Tell how far a picture or an animation is from its original.

    Parameters
    ----------
    original, distorted : path, bytes, binary file, PIL.Image.Image or ndarray
        As for `compress`; of equal size, at least 8 x 8 pixels. Two animations are compared moment by moment, however
        they divide the time into frames.
    jobs : int
        Number of threads; 0 means one per processor. The result does not depend on it.
    max_pixels : int
        Larger images are refused.
    tolerant : bool
        Whether JPEG, GIF, PNG, Y4M, WebM and Matroska files that were cut off are read as far as they go.

    Returns
    -------
    Score
        Of two animations an `AnimationScore`: with the worst moment and the flicker.

    Raises
    ------
    InputError
        Also where one is an animation and the other is not.
    DecodeError, LimitError

    Examples
    --------
    >>> import huepress, numpy as np
    >>> ramp = np.tile(np.arange(256, dtype=np.uint8), (64, 1))
    >>> found = huepress.score(ramp, huepress.compress(ramp, n_colors=16).image)
    >>> round(found.psnr_db, 1), found.words
    (32.5, 'very high')
    """
    options = Options(jobs=jobs, max_pixels=max_pixels)
    before, after = (
        load(each, max_pixels=max_pixels, tolerant=tolerant, moving=True) for each in (original, distorted)
    )
    return Scorer(before, threads=options.threads).score(after)
