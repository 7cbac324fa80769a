"""Stage: the colors of many frames, merged while they pass by."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from huepress import _core
from huepress.model import Bytes, ColorTable

_Keys = npt.NDArray[np.uint32]
# So many colors wait to be merged: sorting then costs little a frame, and memory stays small.
_WAITING = 1 << 21
# k-means takes weights of 32 bits; longer animations are scaled down.
_LARGEST_TOTAL = 1 << 31
_FEW = 512


class ColorCounter:
    """Adds up how often each color occurs in frames that need not be kept.

    Parameters
    ----------
    threads : int
        Number of threads; the result does not depend on it.
    """

    def __init__(self, *, threads: int) -> None:
        self._threads = threads
        self._keys: _Keys = np.empty(0, np.uint32)
        self._counts = np.empty(0, np.int64)
        self._waiting: list[tuple[_Keys, npt.NDArray[np.int64]]] = []
        self._n_waiting = 0
        self._n_last = 0  # colors of the last frame

    def add(self, pixels_srgb8: Bytes, changed: npt.NDArray[np.bool_] | None = None) -> Bytes:
        """Count the pixels of a frame, (..., 4), and return their colors, (n, 4), or those of `changed`, (...)."""
        flat = pixels_srgb8.reshape(-1, 4)
        if not len(flat):
            return flat
        # Many colors are counted faster in three channels.
        opaque = self._n_last > _FEW and bool((flat[:, 3] == 255).all())
        colors, counts, row_of = _core.count_colors(
            np.ascontiguousarray(flat[:, :3]) if opaque else flat, self._threads
        )
        if opaque:
            colors = np.hstack([colors, np.full((len(colors), 1), 255, np.uint8)])
        self._n_last = len(colors)
        self._waiting.append((colors.view(">u4")[:, 0].astype(np.uint32), counts.astype(np.int64)))
        self._n_waiting += len(colors)
        if self._n_waiting > _WAITING:
            self._merge()
        if changed is None or changed.all():
            return colors
        is_drawn = np.zeros(len(colors), dtype=bool)
        is_drawn[row_of[changed.reshape(-1)]] = True
        return colors[is_drawn]

    def table(self) -> ColorTable | None:
        """Return the colors of all frames, (n, 3) if all are opaque, else (n, 4); None where nothing was counted.

        Its `inverse` is a row of them all.
        """
        self._merge()
        if not len(self._keys):
            return None
        colors = self._keys.astype(">u4").view(np.uint8).reshape(-1, 4)
        if (colors[:, 3] == 255).all():
            colors = np.ascontiguousarray(colors[:, :3])
        total = int(self._counts.sum())
        counts = self._counts
        if total > _LARGEST_TOTAL:
            counts = np.maximum(1, counts * (_LARGEST_TOTAL / total)).astype(np.int64)
        return ColorTable(colors, counts.astype(np.uint32), np.arange(len(colors), dtype=np.uint32)[None])

    def _merge(self) -> None:
        keys = np.concatenate([self._keys, *(keys for keys, _ in self._waiting)])
        counts = np.concatenate([self._counts, *(counts for _, counts in self._waiting)])
        order = np.argsort(keys, kind="stable")
        keys, counts = keys[order], counts[order]
        first = np.flatnonzero(np.diff(keys, prepend=keys[:1] + np.uint32(1)))
        self._keys, self._counts = keys[first], np.add.reduceat(counts, first) if len(first) else counts
        self._waiting, self._n_waiting = [], 0
