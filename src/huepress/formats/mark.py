"""A mark in a file: with which options it was made, for files that no ledger stands beside.

It ends a PNG, GIF or WebP as a block that decoders ignore, and names the rest of the file by its
checksum, so that a file that anybody has changed is no longer marked.
"""

from __future__ import annotations

from huepress.formats import table
from huepress.formats.record import CHECKSUM_BYTES, mark_body

MARK_BYTES = 6
_LONGEST_BLOCK = 64  # of a mark and of what may stand behind it


def marked(data: bytes, mark: bytes) -> bytes:
    """Return a file with a mark, or as it is if its format has no room for one."""
    found = table.of_bytes(data)
    return data if found is None or found.mark is None else found.mark(data, mark)


def bears_mark(data: bytes) -> bool:
    """Tell whether a file has any mark at all and is as it was when it got it."""
    found = table.of_bytes(data)
    if found is None or found.unmark is None:
        return False
    checksum = mark_body(b"", found.unmark(data, MARK_BYTES + CHECKSUM_BYTES))
    at = data.rfind(checksum, max(0, len(data) - _LONGEST_BLOCK))
    return at >= MARK_BYTES and has_mark(data, data[at - MARK_BYTES : at])


def has_mark(data: bytes, mark: bytes) -> bool:
    """Tell whether a file has this mark and is as it was when it got it."""
    found = table.of_bytes(data)
    if found is None or found.mark is None or found.unmark is None:
        return False
    rest = found.unmark(data, len(mark) + CHECKSUM_BYTES)
    return len(rest) < len(data) and found.recognizes(rest) and found.mark(rest, mark) == data
