"""Stage: for how many frames each pixel of an animation stays as it is, known before the first is drawn."""

from __future__ import annotations

import zlib

import numpy as np
import numpy.typing as npt

Mask = npt.NDArray[np.bool_]
# An error that is seen for longer does not weigh more.
LONGEST = 32


class Stays:
    """Takes what changes, frame by frame; then tells, in the same order, for how long each pixel stays.

    Only what changes is held, compressed.

    Parameters
    ----------
    counted : bool
        Whether anybody wants to know; else each pixel is said to stay for one frame.

    Attributes
    ----------
    n_changed : int
        Pixels that changed, those of all frames.
    """

    def __init__(self, *, counted: bool = True) -> None:
        self._counted = counted
        self.n_changed = 0
        self._changes: list[bytes] = []
        self._stays: list[bytes] = []
        self._shape = (0, 0)
        self._until: npt.NDArray[np.int32] | None = None

    def add(self, changed: Mask) -> None:
        """Take the pixels that differ from the frame before; all of the first."""
        self._shape = changed.shape[0], changed.shape[1]
        self.n_changed += int(np.count_nonzero(changed))
        if self._counted:
            self._changes.append(zlib.compress(np.packbits(changed).tobytes(), 1))

    def settle(self) -> None:
        """Look back from the last frame: no other is added."""
        following = np.full(self._shape, len(self._changes), dtype=np.int32)
        self._stays = []
        for number in range(len(self._changes) - 1, -1, -1):
            changed = self._changed(number)
            stays = np.minimum(following[changed] - number, LONGEST).astype(np.uint8)
            self._stays.append(zlib.compress(stays.tobytes(), 1))
            following[changed] = number
        self._stays.reverse()
        self._until = np.zeros(self._shape, dtype=np.int32)

    def at(self, number: int, inside: tuple[slice, slice]) -> npt.NDArray[np.float32]:
        """Return for how many frames, 1 to `LONGEST`, each pixel of a rectangle stays from a frame on.

        Frames are asked for one after the other, each once.
        """
        if not self._counted:
            return np.ones((inside[0].stop - inside[0].start, inside[1].stop - inside[1].start), np.float32)
        assert self._until is not None
        stays = np.frombuffer(zlib.decompress(self._stays[number]), np.uint8)
        self._until[self._changed(number)] = number + stays.astype(np.int32)
        return np.maximum(self._until[inside] - number, 1).astype(np.float32)

    def _changed(self, number: int) -> Mask:
        bits = np.frombuffer(zlib.decompress(self._changes[number]), np.uint8)
        n_pixels = self._shape[0] * self._shape[1]
        return np.unpackbits(bits, count=n_pixels).astype(bool).reshape(self._shape)
