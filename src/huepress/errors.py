"""What can go wrong, in one family: each class owns an exit code; each error says the next step.

An error is data: what it is about, what is wrong, and the way out. It becomes a sentence where it is
printed, in the words of that place: the library says ``overwrite=True`` where the command line says ``--force``.
"""

from __future__ import annotations

from collections.abc import Callable
from enum import Enum
from typing import Self, TypeVar

_Error = TypeVar("_Error", bound="HuepressError")


class Remedy(Enum):
    """A way out that is an option of the caller's; the values are the library's words for it."""

    OVERWRITE = "overwrite=True overwrites it"
    ALLOW_LARGER = "allow_larger=True writes it anyway"
    SMALLER_OTHERWISE = (
        "format='smallest', quality=60, max_size or resize make it smaller, allow_larger=True writes the palette"
    )
    SMALLER_ANIMATION = "fps=12, resize or quality=60 make it smaller"
    FEW_COLORS_ARE_LARGER = "format='smallest' instead takes fewer bytes, allow_larger=False keeps the original then"
    FEWER_BYTES = "format='smallest', quality=60 or max_size take fewer bytes"
    COMPRESS_ANYWAY = "allow_larger=True compresses it anyway"
    ALLOW_MISS = "allow more bytes, make the picture smaller, or allow_miss=True takes it"
    KEEP_METADATA = "strip='none' keeps the original"
    TAKE_OR_RENAME = "allow_larger=True writes the result, or choose another format or name"
    NO_STRIP = "strip='none' keeps it as it is"
    OTHER_OUTPUT = "choose another place for the output"
    SHORTER_OUTPUT = "choose a shorter name for the output"
    CHECK_OUTPUT = "check the path of the output"
    OUTPUT_FOLDER = "give a folder as output to get another format"
    OUTPUT_FILE_OR_BUCKET = "give a folder, or s3://bucket/folder, as output"
    OTHER_OUTPUT_OR_IN_PLACE = "choose another place for the output, or in_place=True"
    OUTPUT_PLACE = "give a folder or URL as output"
    FILE_OR_TREE = "give a file or folder here as output, or a folder as input"
    NOT_IN_PLACE = "leave in_place out"
    NOT_RECURSIVE = "give it as a single file"
    RELATIVE_NAMES = "with an output folder names have to be relative, so that their place there is known"
    OTHER_FORMAT = "choose another format"
    TOLERANT = "tolerant=True reads it as far as it goes"
    MORE_PIXELS = "raise max_pixels, or make the image smaller"
    FEWER_FRAMES = "trim it, take fewer fps, or raise max_pixels"
    MORE_MEMORY = "raise the memory limit"
    LESS_MEMORY = "try it alone, or with a smaller memory limit"
    NO_COLORS = "leave n_colors, palette and pin out, or choose format 'png' or 'webp'"
    MORE_COLORS = "raise n_colors"
    FEWER_PALETTE = "leave n_colors out or give a smaller palette"
    WHOLE_FOLDER = "compress_many takes folders; here give the files in it"
    EXCLUDE_FOLDER = "rename it, or exclude its folder"
    CHECK_CLUSTER = "check the cluster's address"
    SKIP_FAILED = "mend them, exclude them, or skip_failed=True leaves them out; what is done is not done again"
    PALETTE_EACH = "raise memory, resize the pictures, or palette='image' needs next to nothing"
    SMALLER_IMAGE = "make the image smaller or close other programs"


class HuepressError(Exception):
    """Base of every error that huepress raises on purpose.

    Parameters
    ----------
    problem : str
        What is wrong, without the subject and without a full stop.
    subject : str
        The file or value that it is about, as the caller named it; empty where there is none.
    remedy : Remedy or str
        What to do next; a `Remedy` where that is an option, which each front end calls by its own name.
    """

    exit_code = 1

    def __init__(self, problem: str = "", *, subject: str = "", remedy: Remedy | str = "") -> None:
        super().__init__(problem)
        self.problem, self.subject, self.remedy = problem, subject, remedy

    def __reduce__(self) -> tuple[Callable[..., Self], tuple[object, ...]]:
        return _restored, (type(self), self.problem, self.subject, self.remedy)

    def __str__(self) -> str:
        return self.told()

    def told(self, words: Callable[[Remedy], str] = lambda remedy: remedy.value) -> str:
        """Return the sentence, with remedies in the words of whoever prints it."""
        remedy = words(self.remedy) if isinstance(self.remedy, Remedy) else self.remedy
        sentence = f"{self.problem}; {remedy}" if remedy else self.problem
        return f"{self.subject}: {sentence}" if self.subject else sentence

    def about(self, subject: str) -> Self:
        """Return the error with a subject, or as it is where it has one already."""
        return self if self.subject else _restored(type(self), self.problem, subject, self.remedy)


def _restored(kind: type[_Error], problem: str, subject: str, remedy: Remedy | str) -> _Error:
    return kind(problem, subject=subject, remedy=remedy)


class OptionError(HuepressError, ValueError):
    """An option has a value that makes no sense (exit code 2)."""

    exit_code = 2


class InputError(HuepressError):
    """An input is missing, unreadable or of the wrong kind (exit code 3)."""

    exit_code = 3


class MissingFileError(InputError, FileNotFoundError):
    """A file is not there (exit code 3)."""

    def __str__(self) -> str:
        return self.told()


class DecodeError(HuepressError):
    """An input is not an image, or a damaged one (exit code 4)."""

    exit_code = 4


class UnsupportedError(DecodeError):
    """An input is a sound image of a kind that cannot be compressed; runs over many keep it (exit code 4)."""


class OutputError(HuepressError):
    """An output exists already or cannot be written (exit code 5)."""

    exit_code = 5


class LimitError(HuepressError):
    """An image is larger than the limit allows (exit code 6)."""

    exit_code = 6


class TargetError(HuepressError):
    """No version of an image meets what was asked for (exit code 7)."""

    exit_code = 7


def missing_extra(what: str, library: str, extra: str, kind: type[_Error]) -> _Error:
    """Return the error for an optional library that is not installed.

    Parameters
    ----------
    what, library : str
        What needs which library.
    extra : str
        The extra of the package that brings it.
    kind : type
        The class of the error.
    """
    return kind(f"{what} needs {library}", remedy=f"install it with: pip install 'huepress[{extra}]'")


def as_huepress_error(error: HuepressError | MemoryError | OSError) -> HuepressError:
    """Return an error of ours for one that the system raised: the one place that says what those mean."""
    if isinstance(error, HuepressError):
        return error
    if isinstance(error, MemoryError):
        return LimitError("not enough memory", remedy=Remedy.SMALLER_IMAGE)
    return HuepressError(str(error.strerror or error), remedy="run it again")
