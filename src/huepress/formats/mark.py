"""A mark in a file: with which options it was made, for files that no ledger stands beside.

It ends a PNG, GIF or WebP as a block that decoders ignore, and names the rest of the file by its
checksum, so that a file that anybody has changed is no longer marked.
"""

from __future__ import annotations

from huepress.formats import table
from huepress.formats.record import CHECKSUM_BYTES


def marked(data: bytes, mark: bytes) -> bytes:
    """Return a file with a mark, or as it is if its format has no room for one."""
    found = table.of_bytes(data)
    return data if found is None or found.mark is None else found.mark(data, mark)


def has_mark(data: bytes, mark: bytes) -> bool:
    """Tell whether a file has this mark and is as it was when it got it."""
    found = table.of_bytes(data)
    if found is None or found.mark is None or found.unmark is None:
        return False
    rest = found.unmark(data, len(mark) + CHECKSUM_BYTES)
    return len(rest) < len(data) and found.recognizes(rest) and found.mark(rest, mark) == data
