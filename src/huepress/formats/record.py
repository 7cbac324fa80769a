"""What the rest of the program knows of a file format: one record a format."""

from __future__ import annotations

import zlib
from collections.abc import Callable
from dataclasses import dataclass
from fractions import Fraction
from typing import Literal, Protocol

from huepress.model import NO_METADATA, Animation, Bytes, Encoded, IndexedImage, Metadata, SourceImage
from huepress.options import PngWriter

Coder = Literal["png", "webp"]
CHECKSUM_BYTES = 4


@dataclass(frozen=True)
class Wish:
    """How an image is to be encoded.

    Attributes
    ----------
    effort : int
        0 to 9.
    metadata : Metadata
        What goes into the file beside the pixels.
    searched : bool
        Whether the indices were chosen for rows without filters, so that PNG need try no other.
    keep_indices : bool
        Whether the indices themselves are wanted, not only equal pixels.
    png_writer : {"oxipng", "core", "zlib"}
        Who deflates a PNG. The core keeps the palette, even where a gray PNG would be smaller.
    """

    effort: int = 0
    metadata: Metadata = NO_METADATA
    searched: bool = False
    keep_indices: bool = False
    png_writer: PngWriter = "oxipng"


PLAIN = Wish()


class Clean(Protocol):
    """Frees a file of metadata without touching its pixels."""

    def __call__(self, data: bytes, exif: bytes | None, *, resolution: bool) -> bytes | None:
        """Return the file with no metadata but this EXIF and perhaps its resolution; None where it cannot."""


class ReadMoving(Protocol):
    """Reads the structure of an animation."""

    def __call__(self, data: bytes, *, max_pixels: int) -> Animation | None:
        """Return the animation, None where the file holds a still picture."""


class EncodeFullColor(Protocol):
    """Encodes pixels with a coder whose errors its quality bounds."""

    def __call__(self, pixels_srgb8: Bytes, quality: int, wish: Wish) -> bytes:
        """Return the file; `quality` is the coder's own, 1 to 100."""


class EncodeMoving(Protocol):
    """Encodes an animation with a coder whose errors its quality bounds."""

    def __call__(self, animation: Animation, quality: int, wish: Wish) -> bytes:
        """Return the file; `quality` is the coder's own, 1 to 100."""


@dataclass(frozen=True, kw_only=True)
class FullColor:
    """How a format holds pictures of any number of colors: with errors, which the quality of its coder bounds.

    Attributes
    ----------
    name : str
        As the option ``format`` names it.
    encode : callable
    qualities : tuple of (float, float)
        Rising scores (SSIMULACRA2), and the qualities at which photographs have about these; where trials begin.
    largest_side : int
        In pixels.
    holds_alpha : bool
        Whether alpha has room; every pixel keeps its own exactly.
    has_drafts : bool
        Whether effort 0 is quicker, and its files larger.
    encode_moving : callable, optional
        None where animations are not written.
    """

    name: str
    encode: EncodeFullColor
    qualities: tuple[tuple[float, float], ...]
    largest_side: int
    holds_alpha: bool = True
    has_drafts: bool = True
    encode_moving: EncodeMoving | None = None


def _always(*_: object) -> bool:
    return True


def _unchanged(source: SourceImage) -> SourceImage:
    return source


@dataclass(frozen=True, kw_only=True)
class Moving:
    """How a format holds animations.

    Attributes
    ----------
    read : callable
    tick : Fraction, optional
        The unit of durations in seconds; None where any fraction can be told.
    binary_alpha : bool
        Whether pixels are opaque or invisible, nothing between.
    palette_per_frame : bool
        Whether frames may have palettes of their own.
    always : bool
        Whether files of the format are never still pictures.
    size_of : callable, optional
        Returns width and height of a file that Pillow cannot open, from its first bytes or all of them.
    """

    read: ReadMoving
    tick: Fraction | None = None
    binary_alpha: bool = False
    palette_per_frame: bool = True
    always: bool = False
    size_of: Callable[[bytes], tuple[int, int]] | None = None


@dataclass(frozen=True, kw_only=True)
class FileFormat:
    """A format that is read, and perhaps written.

    Attributes
    ----------
    name : str
        As the option ``format`` names it.
    file_format : str
        As Pillow names it: ``Encoded.format`` and ``SourceImage.format``.
    extensions : tuple of str
        Of its files, with a dot; the first is given to files of ours.
    mime_type : str
    recognizes : callable
        Tells by its first bytes whether a file is of the format.
    in_browsers : bool
        Whether every browser shows it.
    encode : callable, optional
        None where the format is only read.
    coder : {"png", "webp"}
        The coder whose symbols the spatial search prices.
    holds_profile : bool
        Whether a color profile has room.
    holds_png_chunks : bool
        Whether chunks of a PNG have room.
    holds_hidden : bool
        Whether pixels of alpha 0 have colors of their own.
    adapt : callable
        Makes of a source what the format can show.
    shows_equal : callable
        Tells whether the format shows an indexed image as it is.
    prepare : callable
        Raises OptionError if a plug-in is missing.
    optimize : callable, optional
        Makes a file of the same pixels that may be smaller.
    clean : callable, optional
        See `Clean`; without it a file with metadata cannot be freed of them.
    turns_pixels : bool
        Whether its decoder has turned the pixels upright already, so that no orientation may stay.
    mark, unmark : callable, optional
        Put a mark into a file, and return the file without one whose body has so many bytes.
    moving : Moving, optional
        None where animations are not read or written.
    full_color : FullColor, optional
        None where pictures are held by palettes only.
    """

    name: str
    file_format: str
    extensions: tuple[str, ...]
    mime_type: str
    recognizes: Callable[[bytes], bool]
    in_browsers: bool = True
    encode: Callable[[IndexedImage, Wish], Encoded] | None = None
    coder: Coder = "png"
    holds_profile: bool = True
    holds_png_chunks: bool = False
    holds_hidden: bool = True
    adapt: Callable[[SourceImage], SourceImage] = _unchanged
    shows_equal: Callable[[IndexedImage], bool] = _always
    prepare: Callable[[], object] = _always
    optimize: Callable[[Encoded, int], Encoded] | None = None
    clean: Clean | None = None
    turns_pixels: bool = False
    mark: Callable[[bytes, bytes], bytes] | None = None
    unmark: Callable[[bytes, int], bytes] | None = None
    moving: Moving | None = None
    full_color: FullColor | None = None

    @property
    def extension(self) -> str:
        """The extension of files of ours."""
        return self.extensions[0]

    @property
    def written(self) -> bool:
        """Whether palettes are written in the format."""
        return self.encode is not None

    def holds(self, image: IndexedImage, metadata: Metadata) -> bool:
        """Tell whether a file shows an image as it is, its profile included."""
        return (self.holds_profile or metadata.icc_profile is None) and self.shows_equal(image)


def mark_body(mark: bytes, data: bytes) -> bytes:
    """Return what a mark says: itself, and the checksum of the file without it."""
    return mark + zlib.crc32(data).to_bytes(CHECKSUM_BYTES, "big")
