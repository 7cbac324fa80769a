"""Which files a run takes, and what their results are called."""

from __future__ import annotations

import fnmatch
import hashlib
import os
import unicodedata
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from itertools import chain, count
from posixpath import splitext

from huepress.archive.tasks import Task
from huepress.formats.table import extension_of, videos
from huepress.storage.base import Entry

IMAGE_PATTERNS = (
    "*.png", "*.jpg", "*.jpeg", "*.jpe", "*.jfif", "*.webp", "*.gif", "*.tif",
    "*.tiff", "*.bmp", "*.avif", "*.jp2", "*.tga", "*.ppm", "*.pgm", "*.pnm",
)  # fmt: skip
# Taken where they are asked for: a palette seldom makes a film smaller.
VIDEO_PATTERNS = tuple(f"*{extension}" for each in videos() for extension in each.extensions)
LONGEST_NAME = 255  # bytes, on every common file system


@dataclass(frozen=True)
class Selection:
    """Which files of a tree are taken.

    Parameters
    ----------
    include : tuple of str
        Patterns; those without ``/`` match a file's own name, others its name relative to the
        root. The names of image files by default. Case plays no part.
    exclude : tuple of str
        Patterns of files and directories that are left out.
    """

    include: tuple[str, ...] = IMAGE_PATTERNS
    exclude: tuple[str, ...] = ()

    def enters(self, directory: str) -> bool:
        """Tell whether a directory is entered."""
        return not _matches(directory, self.exclude)

    def takes(self, name: str) -> bool:
        """Tell whether a file is compressed."""
        return _matches(name, self.include) and not self.leaves_out(name)

    def leaves_out(self, name: str) -> bool:
        """Tell whether a file is excluded."""
        return _matches(name, self.exclude)


@dataclass(frozen=True)
class Naming:
    """What results are called.

    Parameters
    ----------
    formats : tuple of str
        The formats of compressed files, the likeliest first; a source with the extension of one keeps it as it is
        written.
    as_source : bool
        Whether the likeliest is the one that the source's extension tells, if it is among them.
    suffix : str
        Stands between the name and the extension.
    extension : str
        For compressed files, in place of the format's.
    """

    formats: tuple[str, ...]
    suffix: str = ""
    extension: str = ""
    as_source: bool = False

    def kept(self, source: str) -> str:
        """Return the name under which an original is kept."""
        stem, extension = splitext(source)
        return stem + self.suffix + extension

    def compressed(self, source: str) -> list[tuple[str, str]]:
        """Return formats and the name of the compressed file for each, the likeliest first."""
        stem, extension = splitext(source)
        own = extension.lower().removeprefix(".")
        formats = sorted(self.formats, key=lambda each: self.as_source and each != own)
        if self.extension:
            return [(formats[0], stem + self.suffix + self.extension)]
        return [(each, stem + self.suffix + extension_of(each.upper(), extension)) for each in formats]


def tree(
    entries: Iterable[Entry],
    selection: Selection,
    naming: Naming,
    *,
    copy_others: bool,
    in_place: bool,
    folds: Callable[[], bool],
) -> list[Task]:
    """Plan a run over a tree.

    Parameters
    ----------
    entries : iterable of Entry
    selection : Selection
    naming : Naming
    copy_others : bool
        Whether files that are not taken are copied.
    in_place : bool
        Whether results replace their sources.
    folds : callable
        Tells whether names that differ in case only are one file where results go; asked if it
        matters.
    """
    found: list[tuple[Entry, bool]] = []
    tasks = []
    for entry in entries:
        if entry.error:
            tasks.append(Task(entry.name, entry.name, None, error=entry.error))
        elif selection.takes(entry.name):
            found.append((entry, False))
        elif copy_others and not in_place and not selection.leaves_out(entry.name):
            found.append((entry, True))
    if in_place:
        return tasks + [Task(entry.name, entry.name, None, entry.size) for entry, _ in found]
    named = _named(found, naming, folds=False)
    if named.differ_in_case_only and folds():
        named = _named(found, naming, folds=True)
    for (entry, other), target, others, kept in zip(found, named.targets, named.others, named.kept, strict=True):
        tasks.append(Task(entry.name, target, kept, entry.size, copy_only=other, other_targets=others))
    return tasks


@dataclass
class _Named:
    """The names of each file compressed (and in other formats) and kept, all of them different."""

    kept: list[str]
    targets: list[str]
    others: list[tuple[tuple[str, str], ...]]
    differ_in_case_only: bool


def _named(found: list[tuple[Entry, bool]], naming: Naming, *, folds: bool) -> _Named:
    names = _Names(folds, {folder for entry, _ in found for folder in _folders_above(entry.name)})
    # Originals have their own names, so they come first: a.jpg gives way to a.png.
    kept = [names.claim(entry.name if other else naming.kept(entry.name)) for entry, other in found]
    named = _Named(kept, [], [], False)
    for (entry, other), kept_name in zip(found, kept, strict=True):
        own = naming.kept(entry.name)
        wanted = [("", own)] if other else naming.compressed(entry.name)
        claimed = [
            (each, kept_name if name == own else names.claim(name, kept_name + splitext(name)[1]))
            for each, name in wanted
        ]
        named.targets.append(claimed[0][1])
        named.others.append(tuple(claimed[1:]))
    named.differ_in_case_only = names.differ_in_case_only()
    return named


class _Names:
    """Names in use, those of folders included; a second claim gets another name."""

    def __init__(self, folds: bool, folders: set[str]) -> None:
        self._folds = folds
        self._folders = {folded(name) for name in folders} if folds else folders
        self._taken: set[str] = set()

    def claim(self, *wanted: str) -> str:
        """Take the first free of some names, or the last one with a number."""
        for name in chain(wanted, self._numbered(wanted[-1])):
            short = fitted(name)
            key = folded(short) if self._folds else short
            if key not in self._taken and key not in self._folders:
                self._taken.add(key)
                return short
        raise AssertionError("numbers do not end")

    def differ_in_case_only(self) -> bool:
        """Tell whether some names may."""
        hashes = {hash(folded(name)) for name in self._taken}  # which are small
        return len(hashes) < len(self._taken) or any(hash(folded(name)) in hashes for name in self._folders)

    @staticmethod
    def _numbered(name: str) -> Iterator[str]:
        stem, extension = splitext(name)
        for number in count(2):
            yield f"{stem}-{number}{extension}"


def _folders_above(name: str) -> Iterator[str]:
    while "/" in name:
        name = name.rpartition("/")[0]
        yield name


def folded(name: str) -> str:
    """Return what names have in common that are one where case plays no part."""
    return name.lower() if name.isascii() else unicodedata.normalize("NFC", name).casefold()


def fitted(name: str) -> str:
    """Shorten a file's own name to what file systems take; a hash keeps shortened names apart."""
    if len(name) * 4 <= LONGEST_NAME:  # most are, and there may be a million
        return name
    folder, slash, own = name.rpartition("/")
    if len(os.fsencode(own)) <= LONGEST_NAME:
        return name
    mark = "~" + hashlib.blake2b(os.fsencode(own), digest_size=4).hexdigest()
    stem, extension = splitext(own)
    while len(os.fsencode(stem + mark + extension)) > LONGEST_NAME:
        stem = stem[:-1]
    return folder + slash + stem + mark + extension


def _matches(name: str, patterns: Iterable[str]) -> bool:
    whole = name.casefold()
    own = whole.rpartition("/")[2]
    for pattern in patterns:
        wanted = pattern.casefold().rstrip("/")
        if fnmatch.fnmatchcase(whole if "/" in wanted else own, wanted):
            return True
    return False
