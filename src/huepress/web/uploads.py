"""Files that come in: pictures, and ZIP archives of pictures. Nothing is decoded here but headers, after counting."""

from __future__ import annotations

import io
import os
import re
import struct
import zipfile
import zlib
from collections.abc import Iterator
from contextlib import closing, suppress
from pathlib import Path

from huepress import files
from huepress.errors import DecodeError, HuepressError, InputError, LimitError
from huepress.formats.plug_ins import enable_video
from huepress.formats.probe import HEADER_BYTES, Probe, probe
from huepress.formats.video import is_video
from huepress.web.pictures import Picture
from huepress.web.studio import Studio

# Of one file that comes in, and of all that an archive holds.
MOST_UPLOAD = 2 << 30
MOST_UNPACKED = 8 << 30
# What is held in memory at once: a file whose header is not at its start, one of an archive, an archive's list.
MOST_HELD = 256 << 20
_MOST_LISTED = 4 << 20
_MOST_ENTRIES = 10_000
_ZIP = b"PK\x03\x04"
_CHUNK = 1 << 20
# The end of an archive: entries in all, and the bytes of their list; before it, where that is long, a locator.
_END = struct.Struct("<10xHI4x2x")
_END_SIGNATURE, _LOCATOR_SIGNATURE, _LOCATOR_BYTES = b"PK\x05\x06", b"PK\x06\x07", 20
_LONGEST_NAME = 240
_PLAIN_EXTENSION = re.compile(r"\.[a-z0-9]{1,5}")


def safe_name(name: str) -> str:
    """Return what a picture is called: parts of a path without tricks; no file is ever opened by it."""
    parts = re.split(r"[/\\]", "".join(each for each in name if each.isprintable()))
    kept = [part.strip()[-_LONGEST_NAME:] for part in parts if part.strip() not in ("", ".", "..")]
    return "/".join(kept)[-4 * _LONGEST_NAME :].lstrip("/") or "picture"


def source_in(folder: Path, name: str) -> Path:
    """Return where a picture's file goes: only its extension is the sender's, since formats go by it."""
    extension = os.path.splitext(name)[1].lower()
    return folder / f"picture{extension if _PLAIN_EXTENSION.fullmatch(extension) else ''}"


def header_of(path: str) -> Probe:
    """Tell what a file is from its header.

    Raises
    ------
    DecodeError
        If it is no picture of a known format, or a video and the extra that reads them is missing.
    """
    head = files.read_start(path, HEADER_BYTES)
    if is_video(head):
        enable_video()  # says what is missing
    found = probe(head) or probe(files.read_bytes(path, limit=MOST_HELD))
    if found is None and not files.read_start(path, 1):
        raise DecodeError("the file is empty", remedy="leave it out")
    if found is None:
        raise DecodeError("not an image of a known format", remedy="leave it out")
    return found


def take_in(studio: Studio, name: str, path: Path, folder: Path) -> tuple[list[Picture], list[str]]:
    """Take in a file that lies in a folder of its own; what an archive holds gets folders of its own.

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
        return [studio.add(name, str(path), header_of(str(path)), path.stat().st_size, folder)], []
    taken: list[Picture] = []
    refused: list[str] = []
    try:
        for entry_name, entry in unpacked(path):
            place = studio.scratch.folder(str(studio.new_number()))
            target = source_in(place, entry_name)
            try:
                files.write_bytes(target, entry)
                found = header_of(str(target))
                taken.append(studio.add(entry_name, str(target), found, len(entry), place))
            except HuepressError as error:
                studio.scratch.discard(place)
                refused.append(f"{entry_name}: {error.problem}")
    finally:
        studio.scratch.discard(folder)
    if not taken and not refused:
        raise InputError("the archive holds no files", remedy="leave it out")
    return taken, refused


def unpacked(path: Path) -> Iterator[tuple[str, bytes]]:
    """Yield the names and contents of an archive's files, whatever they say of their sizes.

    Raises
    ------
    DecodeError
        If it is damaged, encrypted, or packed in an unusual way.
    LimitError
        If it holds too much.
    """
    left = MOST_UNPACKED
    try:
        with closing(files.open_regular(path, os.O_RDONLY)) as raw:
            _check_list(raw)
        with io.BufferedReader(files.open_regular(path, os.O_RDONLY)) as file, zipfile.ZipFile(file) as archive:
            entries = [entry for entry in archive.infolist() if not entry.is_dir()]
            if len(entries) > _MOST_ENTRIES:
                raise LimitError(f"more than {_MOST_ENTRIES:,} files in one archive", remedy="split it")
            for entry in entries:
                if _is_clutter(entry.filename):
                    continue
                data = _content(archive, entry, min(left, MOST_HELD))
                left -= len(data)
                yield safe_name(entry.filename), data
    except (zipfile.BadZipFile, zlib.error, EOFError, OSError, ValueError, RuntimeError, NotImplementedError) as error:
        if isinstance(error, HuepressError):
            raise
        raise DecodeError("the archive is damaged, or packed in a way that is not read", remedy="unpack it") from None


def _check_list(file: io.FileIO) -> None:
    """Look at the end of an archive (APPNOTE.TXT, 4.3.16), before its list of files is read as a whole.

    Raises
    ------
    LimitError
        If the list is long, or in the form for long ones.
    """
    size = os.fstat(file.fileno()).st_size
    length = min(size, _END.size + (1 << 16) + _LOCATOR_BYTES)
    file.seek(size - length)
    tail = file.read(length)
    at = len(tail) - _END.size
    if tail[max(0, at) :][:4] != _END_SIGNATURE or tail[-2:] != b"\0\0":  # there is a comment behind it
        at = tail.rfind(_END_SIGNATURE)
    if at < 0 or len(tail) < at + _END.size:
        raise zipfile.BadZipFile
    n_entries, n_bytes = _END.unpack_from(tail, at)
    is_long = tail[max(0, at - _LOCATOR_BYTES) : at].startswith(_LOCATOR_SIGNATURE)
    if is_long or n_entries > _MOST_ENTRIES or n_bytes > _MOST_LISTED:
        raise LimitError(f"more than {_MOST_ENTRIES:,} files in one archive", remedy="split it")


def _content(archive: zipfile.ZipFile, entry: zipfile.ZipInfo, limit: int) -> bytes:
    if entry.compress_type not in (zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED) or entry.flag_bits & 1:
        raise DecodeError("the archive is encrypted, or packed in a way that is not read", remedy="unpack it")
    chunks, size = [], 0
    with archive.open(entry) as packed:
        while chunk := packed.read(_CHUNK):
            size += len(chunk)
            if size > limit:
                raise LimitError("the archive holds more than is taken at once", remedy="split it")
            chunks.append(chunk)
    return b"".join(chunks)


def _is_clutter(name: str) -> bool:
    """Tell whether an entry is what a system adds to archives for itself."""
    parts = name.split("/")
    return parts[0] == "__MACOSX" or parts[-1] in (".DS_Store", "Thumbs.db", "desktop.ini")


def discard_quietly(studio: Studio, folder: Path) -> None:
    """Remove the folder of a file that was not taken."""
    with suppress(OSError):
        studio.scratch.discard(folder)
