"""What is sent bit by bit: changes of the page, and archives of results."""

from __future__ import annotations

import asyncio
import io
import itertools
import json
import zipfile
from collections.abc import AsyncIterator, Callable, Iterator, Sequence

from huepress import files
from huepress.errors import HuepressError
from huepress.web.studio import Studio

# How often the page hears of changes; more would only keep it busy.
_TELL_SECONDS = 0.1
_BEAT_SECONDS = 15.0
# Browsers open six connections to a server of HTTP/1.1, for all tabs together.
_MOST_STREAMS = 3
_RETRY_MILLISECONDS = 700
_PART_BYTES = 1 << 20
# So old are all files in an archive: the same results make the same archive.
_FIRST_DAY = (1980, 1, 1, 0, 0, 0)


class Streams:
    """All streams of changes: a browser has so few connections that more of them would leave none for anything else."""

    def __init__(self) -> None:
        self._open = 0

    async def changes(self, studio: Studio, since: int, is_over: Callable[[], bool]) -> AsyncIterator[str]:
        """Yield server-sent events (HTML Living Standard, 9.2): the state at first, then what changes.

        A slow reader gets fewer and larger events: what was overtaken is never sent, so nothing piles up. Where there
        are many readers, one that comes later hears what there is, and asks again: that is in the standard, too.

        Parameters
        ----------
        studio : Studio
        since : int
            The version that the reader knows; -1 for none.
        is_over : callable
            Whether the server is about to end.
        """
        stays, quiet = self._open < _MOST_STREAMS, 0.0
        self._open += stays
        try:
            yield f"retry: {_RETRY_MILLISECONDS}\n\n"
            while not is_over():
                state = studio.changes(since)
                if state is not None:
                    state["whole"], since, quiet = since < 0, int(str(state["version"])), 0.0
                    yield f"id: {since}\ndata: {json.dumps(state)}\n\n"
                elif quiet >= _BEAT_SECONDS:  # so that a reader that has gone is noticed
                    quiet = 0.0
                    yield ": still here\n\n"
                if not stays:
                    return
                await asyncio.sleep(_TELL_SECONDS)
                quiet += _TELL_SECONDS
        finally:
            self._open -= stays


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


def unique_names(names: Sequence[str]) -> list[str]:
    """Return names for files of one folder: what comes later under a name that is taken gets a number."""
    taken: set[str] = set()
    numbers: dict[str, int] = {}  # ten thousand of one name are not tried from 1 each
    found = []
    for name in names:
        stem, dot, extension = name.rpartition(".")
        for number in itertools.count(numbers.get(name.casefold(), 1)):
            tried = name if number == 1 else f"{stem or name}-{number}{dot if stem else ''}{extension if stem else ''}"
            if tried.casefold() not in taken:
                break
        taken.add(tried.casefold())
        numbers[name.casefold()] = number
        found.append(tried)
    return found
