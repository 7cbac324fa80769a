"""The list of files of a ZIP archive, looked at before it is read as a whole."""

from __future__ import annotations

import io
import struct
import zipfile
from typing import BinaryIO

from huepress.errors import LimitError

# The end of an archive: entries in all, and the bytes of their list; before it, where that is long, a locator.
_END = struct.Struct("<10xHI4x2x")
_END_SIGNATURE, _LOCATOR_SIGNATURE, _LOCATOR_BYTES = b"PK\x05\x06", b"PK\x06\x07", 20


def check_list(file: BinaryIO, *, most_entries: int, most_bytes: int) -> None:
    """Look at the end of an archive (APPNOTE.TXT, 4.3.16), and refuse long lists.

    Parameters
    ----------
    file : binary file
        One that can seek.
    most_entries : int
    most_bytes : int
        Of the list.

    Raises
    ------
    zipfile.BadZipFile
        If it has no end.
    LimitError
        If the list is long, or in the form for long ones.
    """
    size = file.seek(0, io.SEEK_END)
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
    if is_long or n_entries > most_entries or n_bytes > most_bytes:
        raise LimitError(f"more than {most_entries:,} files in one archive", remedy="split it")
