"""Files that come in: pictures, and ZIP archives of pictures. Nothing is decoded here."""

from __future__ import annotations

import io
import os
import re
import zipfile
import zlib
from collections.abc import Callable, Iterator
from contextlib import closing, suppress
from pathlib import Path

from huepress import files
from huepress.errors import DecodeError, HuepressError, InputError, LimitError
from huepress.formats.zip_list import check_list
from huepress.web.pictures import Picture
from huepress.web.scratch import NewFile
from huepress.web.studio import Studio

# Of one file that comes in, and of all that an archive holds.
MOST_UPLOAD = 2 << 30
MOST_UNPACKED = 8 << 30
_MOST_LISTED = 4 << 20
_MOST_ENTRIES = 10_000
_ZIP = b"PK\x03\x04"
_CHUNK = 1 << 20
_LONGEST_NAME = 240
_LONGEST_PATH = 4 * _LONGEST_NAME
_DRIVE = re.compile(r"^(?:[A-Za-z]:\s*)+")
_PLAIN_EXTENSION = re.compile(r"\.[a-z0-9]{1,5}")


def safe_name(name: str) -> str:
    """Return what a picture is called: parts of a path without tricks; no file is ever opened by it."""
    parts = re.split(r"[/\\]", "".join(each for each in name if each.isprintable()))
    return _joined([_DRIVE.sub("", part.strip())[-_LONGEST_NAME:] for part in parts])


def given_name(name: str) -> str:
    """Return a name as it was given, to be found again by it: to the letter, but never out of the folder it is in."""
    name = name.encode("utf-8", "replace").decode().replace("\0", "")  # half a character names no file
    return _joined([part[-_LONGEST_PATH:] for part in name.split("/")])


def _joined(parts: list[str]) -> str:
    """Return a path of parts that lead nowhere else; what is too long loses folders as a whole, from the first."""
    kept: list[str] = []
    left = _LONGEST_PATH + 1
    for part in reversed([each for each in parts if each not in ("", ".", "..")]):
        left -= len(part) + 1
        if left < 0:
            break
        kept.append(part)
    return "/".join(reversed(kept)) or "picture"


def source_in(folder: Path, name: str) -> Path:
    """Return where a picture's file goes: only its extension is the sender's, since formats go by it."""
    extension = os.path.splitext(name)[1].lower()
    return folder / f"picture{extension if _PLAIN_EXTENSION.fullmatch(extension) else ''}"


def take_in(
    studio: Studio, given: str, path: Path, folder: Path, turn: int | None = None
) -> tuple[list[Picture], list[str]]:
    """Take in a file that lies in a folder of its own; what an archive holds gets folders of its own.

    Parameters
    ----------
    studio : Studio
    given : str
        What its sender calls it.
    path, folder : Path
    turn : int, optional
        When it was dropped.

    Returns
    -------
    tuple of (list of Picture, list of str)
        What was taken, and for each file that was not, why.

    Raises
    ------
    HuepressError
        If it is nothing that can be taken.
    """
    if files.read_start(path, len(_ZIP)) != _ZIP:
        found = studio.apart.header_of(str(path))
        return [
            studio.add(
                safe_name(given), str(path), found, path.stat().st_size, folder, given=given_name(given), turn=turn
            )
        ], []
    taken: list[Picture] = []
    refused: list[str] = []
    places: list[Path] = []

    def new_file(entry_name: str) -> Path:
        places.append(studio.scratch.folder(str(studio.new_number())))
        return source_in(places[-1], entry_name)

    try:
        for entry_given, target in unpacked(path, new_file, studio.apart.check_open):
            entry_name = safe_name(entry_given)
            try:
                found = studio.apart.header_of(str(target))
                size, original = target.stat().st_size, given_name(entry_given)
                taken.append(studio.add(entry_name, str(target), found, size, places.pop(), given=original, turn=turn))
            except HuepressError as error:
                studio.apart.check_open()
                refused.append(f"{entry_name}: {error.problem}")
                _discard_all(studio, places)
    except HuepressError as error:  # what came before is taken
        studio.apart.check_open()
        if not taken:
            raise
        refused.append(f"{safe_name(given)}: {error.problem}")
    finally:
        _discard_all(studio, [*places, folder])
    if not taken and not refused:
        raise InputError("the archive holds no files", remedy="leave it out")
    return taken, refused


def _discard_all(studio: Studio, folders: list[Path]) -> None:
    while folders:
        studio.scratch.discard(folders.pop())


def unpacked(
    path: Path, new_file: Callable[[str], Path], go_on: Callable[[], None] = lambda: None
) -> Iterator[tuple[str, Path]]:
    """Unpack an archive's files one after the other, whatever they say of their sizes, and yield each.

    Parameters
    ----------
    path : Path
    new_file : callable
        Called with the name of a file; returns where it is written.
    go_on : callable
        Called now and then; raises what ends this.

    Yields
    ------
    tuple of (str, Path)
        What the file is called there, whatever that is, and where it is.

    Raises
    ------
    DecodeError
        If it is damaged, encrypted, or packed in an unusual way.
    LimitError
        If it holds too much.
    OutputError
        If it cannot be written.
    """
    left = MOST_UNPACKED
    try:
        with closing(files.open_regular(path, os.O_RDONLY)) as raw:
            check_list(raw, most_entries=_MOST_ENTRIES, most_bytes=_MOST_LISTED)
        with io.BufferedReader(files.open_regular(path, os.O_RDONLY)) as file, zipfile.ZipFile(file) as archive:
            entries = [entry for entry in archive.infolist() if not entry.filename.endswith("/")]
            if len(entries) > _MOST_ENTRIES:
                raise LimitError(f"more than {_MOST_ENTRIES:,} files in one archive", remedy="split it")
            for entry in entries:
                if _is_clutter(entry.filename):
                    continue
                target = new_file(safe_name(entry.filename))
                left -= _unpack(archive, entry, target, min(left, MOST_UPLOAD), go_on)
                yield entry.filename, target
    except (zipfile.BadZipFile, zlib.error, EOFError, OSError, ValueError, RuntimeError, NotImplementedError) as error:
        if isinstance(error, HuepressError):
            raise
        raise DecodeError("the archive is damaged, or packed in a way that is not read", remedy="unpack it") from None


def _unpack(
    archive: zipfile.ZipFile, entry: zipfile.ZipInfo, target: Path, limit: int, go_on: Callable[[], None]
) -> int:
    """Write what a file holds piece by piece, and return its size."""
    if entry.compress_type not in (zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED) or entry.flag_bits & 1:
        raise DecodeError("the archive is encrypted, or packed in a way that is not read", remedy="unpack it")
    size = 0
    with archive.open(entry) as packed, NewFile(target) as file:
        while chunk := packed.read(_CHUNK):
            go_on()
            size += len(chunk)
            if size > limit:
                raise LimitError("the archive holds more than is taken at once", remedy="split it")
            file.write(chunk)
    return size


def _is_clutter(name: str) -> bool:
    """Tell whether an entry is what a system adds to archives for itself."""
    parts = name.split("/")
    return parts[0] == "__MACOSX" or parts[-1] in (".DS_Store", "Thumbs.db", "desktop.ini")


def discard_quietly(studio: Studio, folder: Path) -> None:
    """Remove the folder of a file that was not taken."""
    with suppress(OSError):
        studio.scratch.discard(folder)
