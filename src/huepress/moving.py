"""The types of animations; frozen as those of pictures."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from fractions import Fraction

from huepress.model import Bytes


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
    keepable : bytes, optional
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

    def __post_init__(self) -> None:
        if not len(self.durations) > 0:
            raise ValueError("an animation has at least one frame")
        if not all(seconds >= 0 for seconds in self.durations):
            raise ValueError("no frame lasts less than no time")

    def __repr__(self) -> str:
        return f"Animation({self.format}, {self.width} x {self.height}, {self.n_frames} frames)"

    @property
    def n_frames(self) -> int:
        """Number of frames."""
        return len(self.durations)


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
