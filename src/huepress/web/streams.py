"""What is sent bit by bit: changes of the page, and archives of results."""

from __future__ import annotations

import asyncio
import io
import json
import zipfile
from collections.abc import AsyncIterator, Callable, Iterator, Sequence

from huepress import files
from huepress.errors import HuepressError
from huepress.web.studio import Studio

# How often the page hears of changes; more would only keep it busy.
_TELL_SECONDS = 0.1
_BEAT_SECONDS = 15.0
_PART_BYTES = 1 << 20
# So old are all files in an archive: the same results make the same archive.
_FIRST_DAY = (1980, 1, 1, 0, 0, 0)


async def changes(studio: Studio, since: int, is_over: Callable[[], bool]) -> AsyncIterator[str]:
    """Yield server-sent events (HTML Living Standard, 9.2): the state at first, then what changes.

    A slow reader gets fewer and larger events: what was overtaken is never sent, so nothing piles up.
    """
    quiet = 0.0
    yield "retry: 500\n\n"
    while not is_over():
        state = studio.changes(since)
        if state is not None:
            since = int(str(state["version"]))
            quiet = 0.0
            yield f"id: {since}\ndata: {json.dumps(state)}\n\n"
        elif quiet >= _BEAT_SECONDS:  # so that a reader that has gone is noticed
            quiet = 0.0
            yield ": still here\n\n"
        await asyncio.sleep(_TELL_SECONDS)
        quiet += _TELL_SECONDS


class _Sink:
    """A file that only grows at its end, whose bytes are taken away as they come."""

    def __init__(self) -> None:
        self._parts: list[bytes] = []

    def write(self, data: bytes, /) -> int:
        """Keep bytes until they are taken."""
        self._parts.append(bytes(data))
        return len(data)

    def flush(self) -> None:
        """Do nothing: whoever takes the bytes sends them."""

    def close(self) -> None:
        """Do nothing, as well."""

    def taken(self) -> bytes:
        """Return what was written since the last call."""
        data, self._parts = b"".join(self._parts), []
        return data


def parts(file: io.FileIO) -> Iterator[bytes]:
    """Yield what a file holds piece by piece, and close it."""
    with file:
        while part := file.read(_PART_BYTES):
            yield part


def zipped(named: Sequence[tuple[str, str]]) -> Iterator[bytes]:
    """Yield a ZIP archive of files, one after the other; a result that has gone meanwhile is left out.

    Parameters
    ----------
    named : sequence of (str, str)
        Names in the archive, and paths.
    """
    sink = _Sink()
    with zipfile.ZipFile(sink, "w", zipfile.ZIP_STORED) as archive:
        for name, path in named:
            try:
                data = files.read_bytes(path)
            except HuepressError:
                continue
            entry = zipfile.ZipInfo(name, _FIRST_DAY)
            entry.external_attr = 0o644 << 16
            archive.writestr(entry, data)
            yield sink.taken()
    yield sink.taken()
