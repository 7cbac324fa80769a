"""What the library's calls take as an image or a palette: types only, for signatures."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING, Protocol

if TYPE_CHECKING:
    import numpy as np
    import numpy.typing as npt
    from PIL.Image import Image

    from huepress.model import Animation, Palette, SourceImage
    from huepress.options import Colors

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
