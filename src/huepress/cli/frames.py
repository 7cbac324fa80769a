"""``huepress compress --animate``: pictures that become the frames of one animation."""

from __future__ import annotations

import os
import re
from collections.abc import Iterable
from dataclasses import dataclass
from fractions import Fraction
from pathlib import Path

from huepress import files
from huepress.archive.naming import Claims
from huepress.archive.plan import Selection
from huepress.cli.inputs import STDIO, PathsAndStreams, expand
from huepress.errors import InputError, OptionError
from huepress.formats.frame_list import USUAL_RATE, join_frames
from huepress.options import Options

# What all files together may take: they are held in memory.
_MOST_BYTES = 1 << 31


@dataclass(frozen=True)
class JoinedFrames(PathsAndStreams):
    """Pictures as one input, under the name of standard input.

    Parameters
    ----------
    data : bytes
        The pictures' files.
    told : str
        What they are called in sentences.
    stem : Path
        What the animation is named after.
    names : tuple of str
        The pictures.
    """

    data: bytes = b""
    told: str = ""
    stem: Path = Path()
    names: tuple[str, ...] = ()

    def check_outputs(self, outputs: Iterable[str]) -> None:
        """Refuse to write over a picture: its file would be lost.

        Raises
        ------
        OutputError
        """
        pictures = Claims(list(self.names))
        for name in outputs:
            pictures.claim(Path(name))

    def told_name(self, name: str) -> str:
        """Return what the frames are called."""
        return self.told if name == STDIO else name

    def read(self, name: str) -> bytes:
        """Return all frames."""
        return self.data if name == STDIO else super().read(name)

    def read_start(self, name: str, n_bytes: int) -> bytes:
        """Return the first bytes."""
        return self.data[:n_bytes] if name == STDIO else super().read_start(name, n_bytes)

    def output(self, options: Options) -> str:
        """Return what the animation is called where nobody says so."""
        extension = {None: "gif", "auto": "gif", "keep": "gif"}.get(options.format, options.format)
        return str(self.stem.with_name(f"{self.stem.name}{files.SUFFIX}.{extension}"))


def joined(inputs: tuple[str, ...], options: Options) -> JoinedFrames:
    """Read the frames: the pictures of a folder or of patterns by their numbers, others in the order given.

    Raises
    ------
    InputError
        If there are none, or one cannot be read.
    OptionError
        If standard input is among them.
    """
    names = _in_order(inputs)
    if STDIO in names:
        raise OptionError("an animation is made of files; give their names, a pattern or a folder")
    pictures = []
    left = _MOST_BYTES
    for name in names:
        pictures.append((name, files.read_bytes(name, limit=left)))
        left -= len(pictures[-1][1])
    rate = USUAL_RATE if options.fps is None else Fraction(str(options.fps))
    first = Path(inputs[0])
    stem = first if first.is_dir() else first.with_name(re.sub(r"[\W_]*\d*$", "", Path(names[0]).stem) or "frames")
    told = f"{len(names)} pictures of {inputs[0]}" if first.is_dir() else f"{names[0]} to {Path(names[-1]).name}"
    told = names[0] if len(names) == 1 else told
    return JoinedFrames(
        "", has_streams=True, data=join_frames(pictures, rate), told=told, stem=_beside(stem), names=tuple(names)
    )


def _beside(stem: Path) -> Path:
    return stem if stem.name else Path(os.path.abspath(stem))


def _in_order(inputs: tuple[str, ...]) -> list[str]:
    names = expand(inputs)
    if len(inputs) == 1 and os.path.isdir(inputs[0]):
        selection = Selection()
        try:
            names = [name for name in os.listdir(inputs[0]) if selection.takes(name) and not name.startswith(".")]
        except OSError as error:
            raise InputError(
                f"cannot be read ({error.strerror})", subject=inputs[0], remedy="make it readable"
            ) from None
        names = [os.path.join(inputs[0], name) for name in names]
        if not names:
            raise InputError("no pictures in it", subject=inputs[0], remedy="give the folder that they lie in")
        return sorted(names, key=_by_numbers)
    return sorted(names, key=_by_numbers) if names == sorted(names) else names  # sorted by a shell, not by a person


def _by_numbers(name: str) -> list[tuple[int, str]]:
    """Return a key by which ``f10`` comes after ``f9``."""
    parts = re.split(r"(\d+)", name)
    return [(int(part), part) if number % 2 else (0, part.casefold()) for number, part in enumerate(parts)]
