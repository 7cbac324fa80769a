"""The stages' types: frozen, read-only, each invariant checked once, at construction.

``SourceImage -> ColorTable -> Palette -> IndexedImage -> Encoded + Report``
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass, fields
from fractions import Fraction
from typing import Any

import numpy as np
import numpy.typing as npt

from huepress.wording import swatches_html

Bytes = npt.NDArray[np.uint8]


def _frozen(array: npt.NDArray[Any]) -> npt.NDArray[Any]:
    view = np.ascontiguousarray(array).view()
    view.flags.writeable = False
    return view


def bit_depth_of(n_colors: int) -> int:
    """Return the smallest of 1, 2, 4 and 8 bits that holds every index."""
    return next(bits for bits in (1, 2, 4, 8) if n_colors <= 1 << bits)


def _require(condition: bool, message: str) -> None:
    if not condition:
        raise ValueError(message)


@dataclass(frozen=True)
class PngExtras:
    """What a PNG says that only another PNG can say.

    Parameters
    ----------
    before, after : tuple of (bytes, bytes)
        Names and bodies of chunks that are taken over as they are, before and behind the pixels.
    background_srgb8 : tuple of 3 int, optional
        bKGD in the colors of the result, 0 to 255.
    significant_bits : tuple of 3 int, optional
        sBIT of red, green and blue, 1 to 8.
    histogram : bool
        Whether there was a hIST, which is counted anew.
    """

    before: tuple[tuple[bytes, bytes], ...] = ()
    after: tuple[tuple[bytes, bytes], ...] = ()
    background_srgb8: tuple[int, int, int] | None = None
    significant_bits: tuple[int, int, int] | None = None
    histogram: bool = False

    @property
    def names(self) -> tuple[str, ...]:
        """The names of the chunks, each once."""
        written = {"bKGD": self.background_srgb8, "sBIT": self.significant_bits, "hIST": self.histogram}
        copied = [name.decode("latin-1") for name, _ in (*self.before, *self.after)]
        return tuple(dict.fromkeys([*(name for name, there in written.items() if there), *copied]))


@dataclass(frozen=True)
class Metadata:
    """What goes into a file beside its pixels; what must not survive is left out already.

    Parameters
    ----------
    icc_profile : bytes, optional
        An RGB profile; without one the codes are sRGB.
    dpi : tuple of float, optional
        Dots per inch, horizontal and vertical.
    exif : bytes, optional
        A TIFF structure (without the prefix ``Exif``), its orientation removed.
    xmp : bytes, optional
        An XMP packet.
    texts : tuple of (str, str)
        Keywords of the PNG specification (``"Copyright"``) and their texts.
    png : PngExtras, optional
        Chunks of a PNG, its texts among them.
    """

    icc_profile: bytes | None = None
    dpi: tuple[float, float] | None = None
    exif: bytes | None = None
    xmp: bytes | None = None
    texts: tuple[tuple[str, str], ...] = ()
    png: PngExtras | None = None

    def __repr__(self) -> str:
        there = [field.name for field in fields(self) if getattr(self, field.name)]
        return f"Metadata({', '.join(there)})"


NO_METADATA = Metadata()


@dataclass(frozen=True, eq=False, repr=False)
class SourceImage:
    """A decoded image.

    Parameters
    ----------
    pixels_srgb8 : ndarray of uint8, (height, width, 3 or 4)
        sRGB codes 0 to 255 (codes of `metadata.icc_profile` where there is one); with 4 channels
        the last is straight alpha, and some pixel is not opaque.
    format : str
        The file format it came from (``"PNG"``), or ``"array"``.
    encoded : bytes, optional
        The file it came from.
    keepable : bytes, optional
        That file freed of the metadata that must not survive, to be kept where a result is no
        smaller; None where it cannot be freed of them.
    metadata : Metadata
        To be written into results.
    notes : tuple of str
        What was converted on the way, for a person.
    mended : bool
        Whether the file was cut off and its missing parts are made up.
    """

    pixels_srgb8: Bytes
    format: str = "array"
    encoded: bytes | None = None
    keepable: bytes | None = None
    metadata: Metadata = NO_METADATA
    notes: tuple[str, ...] = ()
    mended: bool = False

    def __post_init__(self) -> None:
        shape = self.pixels_srgb8.shape
        _require(len(shape) == 3 and shape[2] in (3, 4), "pixels must be height x width x 3 or 4")
        _require(shape[0] > 0 and shape[1] > 0, "an image has at least one pixel")
        _require(self.pixels_srgb8.dtype == np.uint8, "pixels must be uint8")
        object.__setattr__(self, "pixels_srgb8", _frozen(self.pixels_srgb8))

    def __repr__(self) -> str:
        return f"SourceImage({self.format}, {self.width} x {self.height})"

    @property
    def height(self) -> int:
        """Number of rows."""
        return int(self.pixels_srgb8.shape[0])

    @property
    def width(self) -> int:
        """Number of columns."""
        return int(self.pixels_srgb8.shape[1])

    @property
    def n_pixels(self) -> int:
        """Number of pixels."""
        return self.height * self.width


@dataclass(frozen=True, eq=False)
class ColorHistogram:
    """The different colors of one or several images, and how much each weighs.

    Parameters
    ----------
    colors_srgb8 : ndarray of uint8, (n, 3 or 4)
        Rows ascending lexicographically, no two equal.
    counts : ndarray of uint32 or uint64, (n,)
        Pixels of each color, or other weights; at least 1.
    """

    colors_srgb8: Bytes
    counts: npt.NDArray[np.uint32] | npt.NDArray[np.uint64]

    def __post_init__(self) -> None:
        _require(len(self.colors_srgb8) == len(self.counts) > 0, "one count a color")
        for name in ("colors_srgb8", "counts"):
            object.__setattr__(self, name, _frozen(getattr(self, name)))

    def __len__(self) -> int:
        return len(self.counts)


@dataclass(frozen=True, eq=False)
class ColorTable(ColorHistogram):
    """The different colors of an image, how often each occurs, and where.

    Parameters
    ----------
    colors_srgb8, counts
        See `ColorHistogram`; the counts are pixels.
    inverse : ndarray of uint32, (height, width)
        The row of each pixel's color.
    """

    inverse: npt.NDArray[np.uint32]

    def __post_init__(self) -> None:
        super().__post_init__()
        object.__setattr__(self, "inverse", _frozen(self.inverse))


@dataclass(frozen=True, eq=False)
class Palette:
    """An ordered list of colors.

    It behaves as an array: ``palette[indices]`` gives colors, ``np.asarray(palette)`` the rows.

    Parameters
    ----------
    colors_srgb8 : ndarray of uint8, (n, 3 or 4)
        1 to 256 colors, sRGB with straight alpha if any.
    """

    colors_srgb8: Bytes

    def __post_init__(self) -> None:
        shape = self.colors_srgb8.shape
        _require(len(shape) == 2 and shape[1] in (3, 4), "palette colors have 3 or 4 channels")
        _require(1 <= shape[0] <= 256, "a palette has 1 to 256 colors")
        object.__setattr__(self, "colors_srgb8", _frozen(self.colors_srgb8))

    @classmethod
    def from_colors(cls, colors: npt.ArrayLike) -> Palette:
        """Build a palette from rows of red, green, blue and perhaps alpha, which goes where all are opaque."""
        rows = np.array(colors, dtype=np.uint8)
        _require(rows.ndim == 2, "palette colors are rows")
        return cls(rows if (rows[:, 3:] < 255).any() else rows[:, :3])

    @property
    def translucent(self) -> bool:
        """Whether some color is not opaque."""
        return bool((self.colors_srgb8[:, 3:] < 255).any())

    @property
    def shape(self) -> tuple[int, int]:
        """Number of colors and of channels, 3 or 4."""
        return len(self.colors_srgb8), int(self.colors_srgb8.shape[1])

    def __len__(self) -> int:
        return len(self.colors_srgb8)

    def __getitem__(
        self, index: int | slice | list[int] | npt.NDArray[np.integer[Any]] | npt.NDArray[np.bool_]
    ) -> Bytes:
        colors: Bytes = self.colors_srgb8[index]
        return colors

    def __iter__(self) -> Iterator[Bytes]:
        return iter(self.colors_srgb8)

    def __array__(self, dtype: npt.DTypeLike | None = None, copy: bool | None = None) -> npt.NDArray[Any]:
        colors = self.colors_srgb8 if dtype is None else self.colors_srgb8.astype(dtype, copy=False)
        return colors.copy() if copy else colors

    def __repr__(self) -> str:
        return f"Palette({', '.join(self.hex())})"

    def _repr_html_(self) -> str:
        return swatches_html(self.hex())

    def hex(self) -> list[str]:
        """Return the colors as ``#rrggbb`` (or ``#rrggbbaa`` where translucent)."""
        rows = (bytes(row) for row in self.colors_srgb8)
        return ["#" + (row[:3] if row[3:] == b"\xff" else row).hex() for row in rows]


@dataclass(frozen=True, eq=False, repr=False)
class IndexedImage:
    """An image as a palette and one index per pixel.

    Parameters
    ----------
    indices : ndarray of uint8, (height, width)
        Every one below ``len(palette)``.
    palette : Palette
    """

    indices: Bytes
    palette: Palette

    def __post_init__(self) -> None:
        _require(self.indices.ndim == 2 and self.indices.dtype == np.uint8, "indices are 2-D uint8")
        _require(int(self.indices.max()) < len(self.palette), "an index is beyond the palette")
        object.__setattr__(self, "indices", _frozen(self.indices))

    def __repr__(self) -> str:
        height, width = self.indices.shape
        return f"IndexedImage({width} x {height}, {len(self.palette)} colors)"

    @property
    def n_colors(self) -> int:
        """Number of palette entries."""
        return len(self.palette)

    @property
    def bit_depth(self) -> int:
        """The smallest of 1, 2, 4 and 8 bits that holds every index."""
        return bit_depth_of(len(self.palette))

    def to_array(self) -> Bytes:
        """Return the colors: (height, width, 3 or 4) uint8."""
        return self.palette[self.indices]


@dataclass(frozen=True, repr=False)
class Encoded:
    """A finished file.

    Parameters
    ----------
    data : bytes
    format : str
        ``"PNG"``, ``"WEBP"``, ``"GIF"``, ``"JXL"``, or the input's own format where its bytes
        were kept.
    """

    data: bytes
    format: str

    def __repr__(self) -> str:
        return f"Encoded({self.format}, {len(self.data)} bytes)"


@dataclass(frozen=True, eq=False, repr=False)
class Animation:
    """A moving picture, its frames decoded one after the other whenever they are asked for.

    Parameters
    ----------
    width, height : int
        Of the canvas, in pixels.
    format : str
        ``"GIF"``, ``"PNG"`` or ``"WEBP"``.
    durations : tuple of Fraction
        How long each frame is shown, in seconds.
    n_plays : int
        How often it is shown in all; 0 means forever.
    frames : callable
        Returns an iterator over what is shown: (height, width, 4) uint8 arrays, sRGB with straight
        alpha, (0, 0, 0, 0) where nothing is.
    encoded : bytes
        The file it came from.
    keepable, notes, mended
        As of a `SourceImage`.
    """

    width: int
    height: int
    format: str
    durations: tuple[Fraction, ...]
    n_plays: int
    frames: Callable[[], Iterator[Bytes]]
    encoded: bytes
    keepable: bytes | None = None
    notes: tuple[str, ...] = ()
    mended: bool = False

    def __post_init__(self) -> None:
        if not len(self.durations) > 0:
            raise ValueError("an animation has at least one frame")
        if not all(seconds >= 0 for seconds in self.durations):
            raise ValueError("a frame cannot last a negative time")

    def __repr__(self) -> str:
        return f"Animation({self.format}, {self.width} x {self.height}, {self.n_frames} frames)"

    @property
    def n_frames(self) -> int:
        """Number of frames."""
        return len(self.durations)

    @property
    def n_pixels(self) -> int:
        """Number of pixels of all frames."""
        return self.width * self.height * self.n_frames


@dataclass(frozen=True, eq=False)
class Frame:
    """One frame of an animation as it is shown.

    Attributes
    ----------
    pixels_srgb8 : ndarray of uint8, (height, width, 4)
        The whole canvas, sRGB with straight alpha.
    seconds : float
        How long it is shown.
    """

    pixels_srgb8: Bytes
    seconds: float
