"""What the library's calls take as images, palettes and keyword arguments: types only, for signatures."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING, Protocol, TypedDict

if TYPE_CHECKING:
    import numpy as np
    import numpy.typing as npt
    from PIL.Image import Image

    from huepress.model import Animation, Palette, SourceImage
    from huepress.options import (
        Alpha,
        ColorHandling,
        Colors,
        CropLike,
        Dither,
        Format,
        Hidden,
        NumberOfColors,
        PngWriter,
        QualityLike,
        ResizeLike,
        SizeLike,
        Space,
        Start,
        Strip,
        TrimLike,
    )  # fmt: skip

    class BinaryFile(Protocol):
        """A file that is open for reading bytes."""

        def read(self) -> bytes:
            """Return all bytes from here on."""

    class WritableFile(Protocol):
        """A file that is open for writing bytes."""

        def write(self, data: bytes, /) -> object:
            """Write bytes."""

    class ArrayLike(Protocol):
        """An object that NumPy makes an array of."""

        def __array__(self) -> npt.NDArray[np.uint8]:
            """Return the array."""

    StrPath = str | os.PathLike[str]
    Buffer = bytes | bytearray | memoryview
    ImageLike = StrPath | Buffer | BinaryFile | Image | ArrayLike | SourceImage | Animation
    PaletteLike = StrPath | bytes | Palette | Colors


class EngineKeywords(TypedDict, total=False):
    """The fields of `Options` but for the number of colors and the goals, as keyword arguments."""

    resize: ResizeLike | None
    crop: CropLike | None
    trim: TrimLike | None
    speed: float | None
    fps: float | None
    loop: int | None
    still: float | None
    palette: Colors | str | os.PathLike[str] | bytes | None
    pin: Colors | None
    effort: int
    format: Format | None
    rate: float
    dither: Dither
    alpha: Alpha
    hidden: Hidden
    seed: int
    init: Start | Colors
    n_init: int | None
    n_swaps: int | None
    max_iter: int
    tol: float
    space: Space
    jobs: int
    max_pixels: int
    color: ColorHandling
    strip: Strip
    png_writer: PngWriter
    palette_per_frame: bool
    advise: bool
    tolerant: bool


class OptionKeywords(EngineKeywords, total=False):
    """All fields of `Options` as keyword arguments; a palette may be a file, too."""

    n_colors: NumberOfColors
    quality: QualityLike | None
    max_size: SizeLike | None
