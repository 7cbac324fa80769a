"""The frames that a page shows of an animation and of its versions."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterator, Sequence
from dataclasses import dataclass
from itertools import islice

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
    if shown is None:
        translucent = draw_strips(original, [], numbers, lambda place, is_map, sheet: frames.append(sheet))
        return Strips(frames, [], translucent)

    def take(place: int, is_map: bool, sheet: Encoded) -> None:
        (differences if is_map else frames).append(sheet)

    translucent = draw_strips(original, [shown], numbers, take, with_original=False)
    return Strips(frames, differences, translucent)


def draw_strips(
    original: Animation,
    shown: Sequence[Animation],
    numbers: Collection[int],
    take: Callable[[int, bool, Encoded], None],
    *,
    with_original: bool = True,
) -> bool:
    """Encode some frames of an animation and of its versions in step, so that what is seen together comes together.

    Parameters
    ----------
    original : Animation
    shown : sequence of Animation
        Versions, with the frames of the original.
    numbers : collection of int
        Which frames.
    take : callable
        Called with the place of what a sheet is of (0: the original, 1: the first version), whether it shows
        differences from the original, and the sheet.
    with_original : bool
        Whether the original is encoded, too.

    Returns
    -------
    bool
        Whether some pixel of what was encoded is not opaque.

    Raises
    ------
    DecodeError
        If a frame is damaged.
    """

    def strip(place: int, is_map: bool) -> Strip:
        return Strip(original.width, original.height, lambda sheet: take(place, is_map, sheet))

    pictures = [strip(place, False) for place in range(1 + len(shown))]
    maps = [strip(place, True) for place in range(1, 1 + len(shown))]
    for before, *after in zip(*(_frames(each, numbers) for each in (original, *shown)), strict=True):
        if with_original:
            pictures[0].add(before)
        for pixels, picture, difference in zip(after, pictures[1:], maps, strict=True):
            picture.add(pixels)
            difference.add(difference_srgb8(before, pixels))
    for each in (*pictures, *maps):
        each.finish()
    return any(each.translucent for each in pictures)


def _frames(animation: Animation, numbers: Collection[int]) -> Iterator[Bytes]:
    wanted = set(numbers)
    until = islice(animation.frames(), max(wanted) + 1)
    return (pixels for number, pixels in enumerate(until) if number in wanted)
