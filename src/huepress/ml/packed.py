"""What batches in memory and data sets in files share: packed indices and the ways to expand them."""

from __future__ import annotations

import operator
from collections.abc import Sequence
from typing import SupportsIndex

import numpy as np
import numpy.typing as npt

from huepress import _core
from huepress.errors import InputError, OptionError
from huepress.machine import available_processors
from huepress.model import Bytes

Integers = Sequence[int] | npt.NDArray[np.int32] | npt.NDArray[np.int64]


def integer_between(name: str, value: SupportsIndex, low: int, high: int) -> int:
    """Return an option as an integer; OptionError where it is none, or out of its range."""
    try:
        number = operator.index(value)
    except TypeError:
        raise OptionError(f"{name} must be an integer, not {value!r}") from None
    if not low <= number <= high:
        raise OptionError(f"{name} must be {low} to {high}, not {number}")
    return number


def checked_threads(n_threads: int) -> int:
    """Return the number of threads that 0 or a positive number asks for."""
    return integer_between("n_threads", n_threads, 0, 1024) or available_processors()


def bits_for(n_colors: int) -> int:
    """Return the bits of an index into a palette of at most 256 colors."""
    return next(bits for bits in (1, 2, 4, 8) if n_colors <= 1 << bits)


class PackedPictures:
    """Pictures as packed palette indices; ``pictures[i]`` expands one of them."""

    packed: Bytes
    bits: int
    offsets: npt.NDArray[np.int64]
    sizes: npt.NDArray[np.int32]
    palettes_srgb8: Bytes
    palette_sizes: npt.NDArray[np.int32]
    palette_of: npt.NDArray[np.int32]

    def __len__(self) -> int:
        return len(self.sizes)

    def __getitem__(self, i: int) -> Bytes:
        """Return a picture, (height, width, 3) uint8 sRGB; an index past the end is an IndexError."""
        picture: Bytes = self._expanded(self._chosen([self._row(i)]), None, 1)[0]
        return picture

    def palette(self, i: int) -> Bytes:
        """Return the palette of a picture, (n, 3) uint8 sRGB."""
        number = int(self.palette_of[self._row(i)])
        entries: Bytes = self.palettes_srgb8[number, : int(self.palette_sizes[number])]
        return entries

    def indices(self, i: int) -> Bytes:
        """Return the palette entry of each pixel, (height, width) uint8."""
        entries: Bytes = self.batch_indices([self._row(i)], n_threads=1)[0]
        return entries

    def batch_indices(self, ids: Integers | None = None, *, n_threads: int = 0) -> Bytes:
        """Return the palette entry of each pixel of pictures of equal size.

        Parameters
        ----------
        ids : sequence of int, optional
            Which ones, in which order; all by default.
        n_threads : int
            0 means one per processor.

        Returns
        -------
        ndarray of uint8, (len(ids), height, width)

        Raises
        ------
        IndexError, InputError, DecodeError
            As `batch`.
        """
        chosen = self._chosen(range(len(self)) if ids is None else ids)
        out = np.empty((len(chosen), *self._common_size(chosen)), dtype=np.uint8)
        self._check(chosen)
        self._unpack(chosen, out, checked_threads(n_threads))
        return out

    def batch(self, ids: Integers | None = None, *, out: Bytes | None = None, n_threads: int = 0) -> Bytes:
        """Expand pictures of equal size, on threads in the core.

        Parameters
        ----------
        ids : sequence of int, optional
            Which ones, in which order; all by default.
        out : ndarray of uint8, (len(ids), height, width, 3), optional
            Where to; contiguous.
        n_threads : int
            0 means one per processor.

        Returns
        -------
        ndarray of uint8, (len(ids), height, width, 3)
            `out` where it is given.

        Raises
        ------
        IndexError
            If an id is past the end.
        InputError
            If `ids` are no integers, the pictures differ in size, or `out` has another shape or kind.
        DecodeError
            If a picture of a file is damaged.
        """
        chosen = self._chosen(range(len(self)) if ids is None else ids)
        return self._expanded(chosen, out, checked_threads(n_threads))

    def _check(self, rows: npt.NDArray[np.int64]) -> None:
        """Hear which pictures are about to be expanded."""

    def _row(self, i: int) -> int:
        if not -len(self) <= i < len(self):
            raise IndexError(f"picture {i} of {len(self)}")
        return i % len(self)

    def _chosen(self, ids: Integers | range) -> npt.NDArray[np.int64]:
        try:
            chosen = np.asarray(ids) if len(ids) else np.zeros(0, dtype=np.int64)
        except ValueError:  # lists of several lengths
            raise InputError("ids must be a list of integers") from None
        if chosen.ndim != 1 or chosen.dtype.kind not in "iu":  # a mask of booleans would be taken for 0 and 1
            raise InputError("ids must be a list of integers")
        if len(chosen) and not (-len(self) <= chosen.min() and chosen.max() < len(self)):
            raise IndexError(f"ids must be below {len(self)}")
        return chosen.astype(np.int64) % max(1, len(self))

    def _common_size(self, chosen: npt.NDArray[np.int64]) -> tuple[int, int]:
        """Return height and width of all chosen pictures; InputError where they differ."""
        sizes = self.sizes[chosen]
        if not len(sizes):
            return 0, 0
        if (sizes != sizes[0]).any():
            raise InputError("pictures of different sizes make no batch", remedy="expand them one by one")
        return int(sizes[0, 0]), int(sizes[0, 1])

    def _places(self, chosen: npt.NDArray[np.int64]) -> tuple[npt.NDArray[np.int64], npt.NDArray[np.int64]]:
        return np.ascontiguousarray(self.offsets[chosen]), self.sizes[chosen].astype(np.int64).prod(axis=1)

    def _expanded(self, chosen: npt.NDArray[np.int64], out: Bytes | None, n_threads: int) -> Bytes:
        shape = (len(chosen), *self._common_size(chosen), 3)
        if out is None:
            out = np.empty(shape, dtype=np.uint8)
        elif out.shape != shape or out.dtype != np.uint8 or not out.flags.c_contiguous or not out.flags.writeable:
            raise InputError(f"out must be a writable contiguous array of uint8 of shape {shape}")
        self._check(chosen)
        self._expand(chosen, out, n_threads)
        return out

    def _unpack(self, chosen: npt.NDArray[np.int64], out: Bytes, n_threads: int) -> None:
        _core.unpack_batch(self.packed, self.bits, *self._places(chosen), out.reshape(-1), n_threads)

    def _expand(self, chosen: npt.NDArray[np.int64], out: Bytes, n_threads: int) -> None:
        offsets, n_pixels = self._places(chosen)
        _core.expand_batch(
            self.packed, self.bits, offsets, n_pixels, self.palettes_srgb8,
            np.ascontiguousarray(self.palette_of[chosen]), out.reshape(-1, 3), n_threads,
        )  # fmt: skip
