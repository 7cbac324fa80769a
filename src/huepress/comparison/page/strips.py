"""The frames that a page shows of an animation and of its versions."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterator, Sequence
from dataclasses import dataclass
from functools import partial
from itertools import islice

from huepress.comparison.page.difference import difference_srgb8
from huepress.drawing.strip import MOST_SHEET_PIXELS, Strip
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
# Of a sheet while its frames wait, and of the one that is being encoded.
_BYTES_WAITING, _BYTES_ENCODED = 4, 32


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


def encode_frames(animation: Animation, versions: Sequence[Animation], worst: Collection[int]) -> FramesShown:
    """Encode the frames that a page shows, the worst among them: as many as it can hold, one at least.

    Raises
    ------
    DecodeError
        If a frame is damaged.
    """

    def encoded(numbers: list[int], *, evenly: bool) -> FramesShown:
        of_versions = [strips_of(animation, version, numbers) for version in versions]
        return FramesShown(numbers, strips_of(animation, None, numbers), of_versions, evenly)

    numbers = frames_shown(animation, n_versions=len(versions), worst=worst)
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


def frames_shown(animation: Animation, *, n_versions: int, worst: Collection[int]) -> list[int]:
    """Return the frames that a page shows, counted from 0: all, or as many around the worst ones as it can hold."""
    n_strips = 1 + 2 * n_versions
    room = min(MOST_STRIP_PIXELS, MOST_PIXELS // n_strips)
    most = max(1, room // max(_LEAST_FRAME_PIXELS, animation.width * animation.height))
    if most >= animation.n_frames:
        return list(range(animation.n_frames))

    def from_worst(number: int) -> int:
        return min(abs(number - each) for each in worst)

    return sorted(sorted(range(animation.n_frames), key=from_worst)[:most])


def strips_of(original: Animation, shown: Animation | None, numbers: Collection[int]) -> Strips:
    """Encode some frames of a version, and how far each is from the original's; without a version, the original's.

    Raises
    ------
    DecodeError
        If a frame is damaged.
    """
    frames: list[Encoded] = []
    differences: list[Encoded] = []
    translucent = draw_frames([shown or original], numbers, lambda place, sheet: frames.append(sheet))
    if shown is not None:
        draw_differences(original, [shown], numbers, lambda place, sheet: differences.append(sheet))
    return Strips(frames, differences, translucent)


def sheets_set(n_strips: int) -> int:
    """Estimate the bytes that the sheets take which are drawn in step, beside a few frames."""
    return MOST_SHEET_PIXELS * (_BYTES_WAITING * n_strips + _BYTES_ENCODED)


def draw_frames(
    animations: Sequence[Animation],
    numbers: Collection[int],
    take: Callable[[int, Encoded], None],
    *,
    quick: bool = False,
) -> bool:
    """Encode some frames of animations in step, so that what is seen together comes together.

    Parameters
    ----------
    animations : sequence of Animation
        Of one size, and with as many frames.
    numbers : collection of int
        Which frames.
    take : callable
        Called with the place of an animation and a sheet of its frames.
    quick : bool
        Whether sheets shall be there soon rather than small.

    Returns
    -------
    bool
        Whether some pixel is not opaque.

    Raises
    ------
    DecodeError
        If a frame is damaged.
    """
    strips = _strips(animations, take, quick)
    for together in zip(*(_frames(each, numbers) for each in animations), strict=True):
        for strip, pixels in zip(strips, together, strict=True):
            strip.add(pixels)
    for strip in strips:
        strip.finish()
    return any(strip.translucent for strip in strips)


def draw_differences(
    original: Animation,
    versions: Sequence[Animation],
    numbers: Collection[int],
    take: Callable[[int, Encoded], None],
    *,
    quick: bool = False,
) -> None:
    """Encode how far some frames of versions are from those of their original; see `draw_frames`."""
    strips = _strips(versions, take, quick)
    for before, *after in zip(*(_frames(each, numbers) for each in (original, *versions)), strict=True):
        for strip, pixels in zip(strips, after, strict=True):
            strip.add(difference_srgb8(before, pixels))
    for strip in strips:
        strip.finish()


def _strips(animations: Sequence[Animation], take: Callable[[int, Encoded], None], quick: bool) -> list[Strip]:
    return [Strip(each.width, each.height, partial(take, place), quick=quick) for place, each in enumerate(animations)]


def _frames(animation: Animation, numbers: Collection[int]) -> Iterator[Bytes]:
    wanted = set(numbers)
    until = islice(animation.frames(), max(wanted) + 1)
    return (pixels for number, pixels in enumerate(until) if number in wanted)
