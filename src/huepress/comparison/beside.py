"""What is put beside each other where nothing moves: on a sheet, and in a figure."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from huepress.comparison.moving import MovingVersion
from huepress.comparison.page.render import ORIGINAL
from huepress.comparison.versions import Version
from huepress.model import Animation, Bytes, IndexedImage, Palette, SourceImage
from huepress.pipeline.edit import frame_of
from huepress.results import Outcome


@dataclass(frozen=True, eq=False)
class Picture:
    """The original or a version.

    Attributes
    ----------
    title : str
    picture : SourceImage or IndexedImage
    version : Version, optional
        None of the original.
    palette : Palette, optional
        Where `picture` does not hold it.
    """

    title: str
    picture: SourceImage | IndexedImage
    version: Version | None = None
    palette: Palette | None = None

    @property
    def pixels_srgb8(self) -> Bytes:
        """The colors: (height, width, 3 or 4). Not kept: large pictures need the memory."""
        return self.picture.to_array() if isinstance(self.picture, IndexedImage) else self.picture.pixels_srgb8


def pictures_of(source: SourceImage | Animation, versions: Sequence[Version]) -> list[Picture]:
    """Return the original and its versions; of an animation the worst frame of each, behind the original's.

    Raises
    ------
    DecodeError
        If a frame is damaged.
    """
    if isinstance(source, Animation):
        return _worst_frames(source, [version for version in versions if isinstance(version, MovingVersion)])
    return [Picture(ORIGINAL, source), *(Picture(v.label, _picture(v.outcome), v) for v in versions)]


def _worst_frames(source: Animation, versions: Sequence[MovingVersion]) -> list[Picture]:
    found = []
    for number in dict.fromkeys(version.worst_frame for version in versions):
        told = f"frame {number + 1}"
        found.append(Picture(f"{ORIGINAL}, {told}", SourceImage(frame_of(source, number))))
        for version in versions:
            if version.worst_frame == number:
                shown = SourceImage(frame_of(version.shown, number))
                palette = version.outcome.indexed.palette
                found.append(Picture(f"{version.label}, {told}", shown, version, palette))
    return found


def _picture(outcome: Outcome) -> IndexedImage | SourceImage:
    return outcome.indexed if outcome.decoded_srgb8 is None else SourceImage(outcome.decoded_srgb8)
