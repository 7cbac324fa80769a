"""Which files a run takes, and what their results are called."""

from __future__ import annotations

import fnmatch
import hashlib
import os
import unicodedata
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from itertools import chain
from pathlib import PurePosixPath

from huepress.archive.tasks import Task
from huepress.storage.base import Entry

IMAGE_PATTERNS = (
    "*.png", "*.jpg", "*.jpeg", "*.jpe", "*.jfif", "*.webp", "*.gif", "*.tif",
    "*.tiff", "*.bmp", "*.avif", "*.jp2", "*.tga", "*.ppm", "*.pgm", "*.pnm",
)  # fmt: skip
_LONGEST_NAME = 255  # bytes, on every common file system


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
        path = PurePosixPath(source)
        return _joined(path, path.stem + self.suffix, path.suffix)

    def compressed(self, source: str) -> dict[str, str]:
        """Return the name of the compressed file for each format, the likeliest first."""
        path = PurePosixPath(source)
        own = path.suffix.lower().removeprefix(".")
        formats = sorted(self.formats, key=lambda each: self.as_source and each != own)
        if self.extension:
            return {formats[0]: _joined(path, path.stem + self.suffix, self.extension)}
        return {
            each: _joined(path, path.stem + self.suffix, path.suffix if each == own else f".{each}") for each in formats
        }


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
    all_names = [{kept, *targets.values()} for targets, kept in named]
    if len({_folded(name) for names in all_names for name in names}) < sum(map(len, all_names)) and folds():
        named = _named(found, naming, folds=True)
    for (entry, other), (targets, kept) in zip(found, named, strict=True):
        target, *others = targets.items()
        tasks.append(Task(entry.name, target[1], kept, entry.size, copy_only=other, other_targets=tuple(others)))
    return tasks


def _named(found: list[tuple[Entry, bool]], naming: Naming, *, folds: bool) -> list[tuple[dict[str, str], str]]:
    """Return the names of each file compressed and kept, all of them different."""
    names = _Names(folds)
    # Originals have their own names, so they come first: a.jpg gives way to a.png.
    kept = [names.claim(entry.name if other else naming.kept(entry.name)) for entry, other in found]
    named = []
    for (entry, other), kept_name in zip(found, kept, strict=True):
        own = naming.kept(entry.name)
        wanted = {"": own} if other else naming.compressed(entry.name)
        claimed = {
            each: kept_name if name == own else names.claim(name, kept_name + PurePosixPath(name).suffix)
            for each, name in wanted.items()
        }
        named.append((claimed, kept_name))
    return named


class _Names:
    """Names in use; a second claim gets another name."""

    def __init__(self, folds: bool) -> None:
        self._folds = folds
        self._taken: set[str] = set()

    def claim(self, *wanted: str) -> str:
        """Take the first free of some names, or the last one with a number."""
        for name in chain(wanted, self._numbered(wanted[-1])):
            fitted = _fitted(name)
            key = _folded(fitted) if self._folds else fitted
            if key not in self._taken:
                self._taken.add(key)
                return fitted
        raise AssertionError("numbers do not end")

    @staticmethod
    def _numbered(name: str) -> Iterator[str]:
        path, number = PurePosixPath(name), 1
        while True:
            number += 1
            yield _joined(path, f"{path.stem}-{number}", path.suffix)


def _folded(name: str) -> str:
    return unicodedata.normalize("NFC", name).casefold()


def _joined(path: PurePosixPath, stem: str, extension: str) -> str:
    directory = str(path.parent)
    name = stem + extension
    return name if directory == "." and not str(path).startswith("./") else os.path.join(directory, name)


def _fitted(name: str) -> str:
    """Shorten a file's own name to what file systems take; a hash keeps shortened names apart."""
    path = PurePosixPath(name)
    if len(os.fsencode(path.name)) <= _LONGEST_NAME:
        return name
    mark = "~" + hashlib.blake2b(os.fsencode(path.name), digest_size=4).hexdigest()
    stem = path.stem
    while len(os.fsencode(stem + mark + path.suffix)) > _LONGEST_NAME:
        stem = stem[:-1]
    return _joined(path, stem + mark, path.suffix)


def _matches(name: str, patterns: Iterable[str]) -> bool:
    folded = name.casefold()
    own = folded.rpartition("/")[2]
    for pattern in patterns:
        wanted = pattern.casefold().rstrip("/")
        if fnmatch.fnmatchcase(folded if "/" in wanted else own, wanted):
            return True
    return False
