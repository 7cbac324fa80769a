"""The frames that a page shows of an animation and of its versions."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Sequence
from dataclasses import dataclass
from itertools import islice

from huepress.comparison.moving import MovingVersion
from huepress.comparison.page.difference import difference_srgb8
from huepress.drawing.strip import Strip
from huepress.model import Animation, Bytes, Encoded

# What browsers can hold: pixels of one strip, and of all strips about one input.
MOST_STRIP_PIXELS = 1 << 25
MOST_PIXELS = 1 << 27
# A frame counts as at least so many pixels: each has a place in a list, too.
_LEAST_FRAME_PIXELS = 1 << 12


@dataclass(frozen=True)
class Strips:
    """The frames of one version.

    Attributes
    ----------
    frames, differences : list of Encoded
        Sheets of frames below each other, and of what differs from the original; empty of the original itself.
    translucent : bool
        Whether some pixel is not opaque.
    """

    frames: list[Encoded]
    differences: list[Encoded]
    translucent: bool


def frames_shown(animation: Animation, versions: Sequence[MovingVersion]) -> list[int]:
    """Return the frames that a page shows, counted from 0: all, or as many around the worst ones as it can hold."""
    n_strips = 1 + 2 * len(versions)
    room = min(MOST_STRIP_PIXELS, MOST_PIXELS // n_strips)
    most = max(1, room // max(_LEAST_FRAME_PIXELS, animation.width * animation.height))
    if most >= animation.n_frames:
        return list(range(animation.n_frames))
    worst = {version.worst_frame for version in versions}

    def from_worst(number: int) -> int:
        return min(abs(number - each) for each in worst)

    return sorted(sorted(range(animation.n_frames), key=from_worst)[:most])


def strips_of_original(animation: Animation, numbers: Collection[int]) -> Strips:
    """Encode some frames of an animation.

    Raises
    ------
    DecodeError
        If a frame is damaged.
    """
    strip = Strip(animation.width, animation.height)
    for pixels in _frames(animation, numbers):
        strip.add(pixels)
    frames = strip.finish()
    return Strips(frames, [], strip.translucent)


def strips_of_version(original: Animation, version: MovingVersion, numbers: Collection[int]) -> Strips:
    """Encode some frames of a version, and how far each is from the original's.

    Raises
    ------
    DecodeError
        If a frame is damaged.
    """
    strip, differences = (Strip(original.width, original.height) for _ in range(2))
    for before, after in zip(_frames(original, numbers), _frames(version.shown, numbers), strict=True):
        strip.add(after)
        differences.add(difference_srgb8(before, after))
    frames = strip.finish()
    return Strips(frames, differences.finish(), strip.translucent)


def _frames(animation: Animation, numbers: Collection[int]) -> Iterator[Bytes]:
    wanted = set(numbers)
    until = islice(animation.frames(), max(wanted) + 1)
    return (pixels for number, pixels in enumerate(until) if number in wanted)
