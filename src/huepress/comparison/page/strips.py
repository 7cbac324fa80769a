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
# Bytes of all strips about one input; as text they take a third more.
MOST_BYTES = 32_000_000
# What a pixel of a strip takes at most, about.
_BYTES_A_PIXEL = 4
# Frames that tell about how many bytes each takes.
_N_TRIED = 5
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


@dataclass(frozen=True)
class FramesShown:
    """All frames that a page shows of an animation and of its versions.

    Attributes
    ----------
    numbers : list of int
        Of the frames, counted from 0.
    of_original : Strips
    of_versions : list of Strips
    evenly : bool
        Whether frames were left out all over the animation, for their bytes, and not all but those around the worst.
    """

    numbers: list[int]
    of_original: Strips
    of_versions: list[Strips]
    evenly: bool = False

    @property
    def n_bytes(self) -> int:
        """Bytes of all strips."""
        every = (self.of_original, *self.of_versions)
        return sum(len(sheet.data) for strips in every for sheet in (*strips.frames, *strips.differences))


def encode_frames(animation: Animation, versions: Sequence[MovingVersion]) -> FramesShown:
    """Encode the frames that a page shows: as many as it can hold, one at least.

    Raises
    ------
    DecodeError
        If a frame is damaged.
    """
    worst = {version.worst_frame for version in versions}

    def encoded(numbers: list[int], *, evenly: bool) -> FramesShown:
        of_versions = [strips_of_version(animation, version, numbers) for version in versions]
        return FramesShown(numbers, strips_of_original(animation, numbers), of_versions, evenly)

    numbers = frames_shown(animation, versions)
    most, evenly = len(numbers), False
    n_pixels = len(numbers) * animation.width * animation.height * (1 + 2 * len(versions))
    if n_pixels * _BYTES_A_PIXEL > MOST_BYTES and most > _N_TRIED:
        tried = encoded(evenly_spaced(animation.n_frames, _N_TRIED, set()), evenly=True)
        most = min(most, max(1, len(tried.numbers) * MOST_BYTES // tried.n_bytes))
    while True:
        if most < len(numbers):
            numbers, evenly = evenly_spaced(animation.n_frames, most, worst), True
        found = encoded(numbers, evenly=evenly)
        if found.n_bytes <= MOST_BYTES or len(numbers) == 1:
            return found
        most = max(1, min(len(numbers) - 1, len(numbers) * MOST_BYTES * 9 // (10 * found.n_bytes)))


def evenly_spaced(n: int, most: int, wanted: Collection[int]) -> list[int]:
    """Return at most so many of `n` numbers from 0 on, evenly spaced; what is wanted takes the nearest place."""
    found = {number * n // most for number in range(most)} if most < n else set(range(n))
    for number in sorted(set(wanted) - found)[:most]:
        found.remove(min(found - set(wanted), key=lambda each: (abs(each - number), each)))
        found.add(number)
    return sorted(found)


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
