"""File systems by URL, through fsspec: ``s3://``, ``gs://``, ``https://``, ``memory://``, zip archives."""

from __future__ import annotations

import contextlib
import functools
import mimetypes
import os
import secrets
import ssl
import threading
import time
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from huepress.errors import HuepressError, InputError, LimitError, OutputError, Remedy, missing_extra
from huepress.storage.base import LEDGER_NAME, Enter, Entry, LedgerFile, Staged, is_private
from huepress.storage.layouts import Layout, Objects, Pages
from huepress.storage.urls import is_web, protocol_of

# The ledger goes up in parts, since objects cannot be appended to. What a killed run had
# not yet sent is compressed again, to the same bytes.
_SECONDS_A_PART = 5.0
# Of a picture, and of an index page, in bytes.
_LARGEST_ANSWER, _LARGEST_PAGE = 1 << 30, 1 << 26
# What a browser is to be told of a picture, where file systems take it with the bytes.
_CONTENT_TYPE_AS = {"s3": "ContentType", "s3a": "ContentType", "gs": "content_type", "gcs": "content_type"}
# File systems that are not made of coroutines promise nothing to threads.
_one_at_a_time = threading.RLock()


@dataclass(frozen=True)
class _Opened:
    file_system: Any
    root: str
    layout: Layout
    turn: contextlib.AbstractContextManager[Any]
    made: set[str] = field(default_factory=set)


def _open(url: str) -> _Opened:
    # A forked process must not go on with its parent's connections.
    return _opened(url, os.getpid())


@functools.lru_cache(maxsize=8)
def _opened(url: str, process: int) -> _Opened:
    try:
        import fsspec
    except ImportError:
        raise missing_extra("a URL", "fsspec", "remote", InputError).about(url) from None
    try:
        file_system, root = fsspec.core.url_to_fs(url, **(_bounded_client() if is_web(url) else {}))
    except Exception as error:  # every protocol raises its own kinds
        raise InputError(f"{url}: cannot be opened ({_reason(error)}); {_advice(error)}") from None
    with contextlib.suppress(AttributeError):  # it remembers no listings
        file_system.dircache.use_listings_cache = False  # others write there, too
    turn = contextlib.nullcontext() if file_system.async_impl else _one_at_a_time
    return _Opened(file_system, root.rstrip("/"), Pages() if is_web(url) else Objects(), turn)


def _bounded_client() -> dict[str, Any]:
    """Return what makes the web's file system stop reading answers that never end."""
    import aiohttp

    class Bounded(aiohttp.ClientResponse):
        async def _read_within(self, n_bytes: int) -> bytes:
            parts, n_read = [], 0
            async for part in self.content.iter_any():
                parts.append(part)
                n_read += len(part)
                if n_read > n_bytes:
                    self.close()
                    raise LimitError(f"more than {n_bytes:,} bytes")
            return b"".join(parts)

        async def read(self) -> bytes:
            if self._body is None:
                self._body = await self._read_within(_LARGEST_ANSWER)
            return await super().read()

        async def text(self, encoding: str | None = None, errors: str = "strict") -> str:
            if self._body is None:
                self._body = await self._read_within(_LARGEST_PAGE)
            return await super().text(encoding, errors)

    return {"client_kwargs": {"response_class": Bounded}}


@dataclass(frozen=True)
class RemoteStore:
    """A folder of any file system that fsspec knows; only what it writes as a whole is seen.

    A file's own URL may stand in place of the folder's; its name is then ``""``. Results travel to the process that
    runs everything, which alone writes, in as many threads as it likes.
    """

    url: str

    @property
    def shared(self) -> bool:
        """Whether other processes see the same files."""
        return not self.url.startswith("memory:")

    def describe(self, name: str) -> str:
        """Return the URL for people."""
        return f"{self.url.rstrip('/')}/{name}" if name else self.url

    def local_path(self, name: str) -> Path | None:
        """Return None: there is none."""
        return None

    def walk(self, enter: Enter) -> Iterator[Entry]:
        """Yield every file below the root, by name."""
        empty = True
        for entry in self._below("", enter):
            if not entry.name:
                raise InputError(f"{self.url}: a file, not a folder; give its name alone, as a single picture")
            empty = False
            if not any(map(is_private, entry.name.split("/"))):
                yield entry
        if empty:
            raise InputError(f"{self.url}: no files there; check the URL")

    def _below(self, folder: str, enter: Enter) -> list[Entry]:
        opened = _open(self.url)
        entries = []
        with self._told("", "listed", InputError), opened.turn:
            for found in opened.layout.files(opened.file_system, opened.layout.path(opened.root, folder), enter):
                name = "/".join(found.parts)
                error: InputError | None = None
                if found.error is not None:
                    problem = f"cannot be listed ({_reason(found.error)})"
                    error = InputError(problem, subject=self.describe(name), remedy=_advice(found.error))
                elif not found.has_a_name:
                    error = InputError(
                        "no folder can hold such a name", subject=self.describe(name), remedy=Remedy.EXCLUDE_FOLDER
                    )
                entries.append(Entry(name, found.size, error))
        return entries

    @contextlib.contextmanager
    def _told(self, name: str, what: str, kind: type[HuepressError]) -> Iterator[None]:
        """Say in one sentence what went wrong; file systems raise errors of every kind."""
        try:
            yield
        except Exception as error:
            raise kind(f"{self.describe(name)}: cannot be {what} ({_reason(error)}); {_advice(error)}") from None

    def size(self, name: str) -> int | None:
        """Return a file's bytes, None if it is missing.

        Raises
        ------
        InputError
            If that cannot be told: what is not seen may still be there.
        """
        opened = _open(self.url)
        with self._told(name, "looked up", InputError), opened.turn:
            try:
                found = opened.file_system.info(opened.layout.path(opened.root, name))
            except FileNotFoundError:
                return None
        return None if found["type"] == "directory" else int(found["size"] or 0)

    def read(self, name: str) -> bytes:
        """Read a file."""
        return self._read(name)

    def read_start(self, name: str, n_bytes: int) -> bytes:
        """Read the first bytes of a file."""
        with contextlib.suppress(InputError):  # of an empty file there is no start
            return self._read(name, start=0, end=n_bytes)[:n_bytes]
        return self.read(name)[:n_bytes]

    def _read(self, name: str, **part: int) -> bytes:
        opened = _open(self.url)
        with self._told(name, "read", InputError), opened.turn:
            return bytes(opened.file_system.cat_file(opened.layout.path(opened.root, name), **part))

    def stamp(self, name: str) -> tuple[int, ...] | None:
        """Return None: nothing is replaced in place here."""
        return None

    def stage(self, name: str, data: bytes, *, run: str, like: Path | None = None, times: bool = False) -> Staged:
        """Hold a file's coming bytes."""
        return data

    def settle(self, staged: Staged) -> None:
        """Do nothing: what is written is safe."""

    def publish(self, staged: Staged, name: str, *, overwrite: bool) -> None:
        """Write the file as a whole; several threads may."""
        assert isinstance(staged, bytes)
        self.check(name, overwrite=overwrite)
        self.put(name, staged)

    def check(self, name: str, *, overwrite: bool) -> None:
        """Refuse a name that is taken."""
        if not overwrite and self.size(name) is not None:
            raise OutputError("exists already", subject=self.describe(name), remedy=Remedy.OVERWRITE)

    def check_ledger(self) -> None:
        """Do nothing: only writing tells."""

    def put(self, name: str, data: bytes) -> None:
        """Write a file as a whole, whatever is there."""
        opened = _open(self.url)
        path = opened.layout.path(opened.root, name)
        folder = path.rpartition("/")[0]
        content_type = mimetypes.guess_type(name, strict=False)[0]
        keyword = _CONTENT_TYPE_AS.get(protocol_of(self.url))
        more = {keyword: content_type} if keyword and content_type else {}
        with self._told(name, "written", OutputError), opened.turn:
            if folder not in opened.made:
                opened.file_system.makedirs(folder, exist_ok=True)
                opened.made.add(folder)
            opened.file_system.pipe_file(path, data, **more)

    def discard(self, staged: Staged) -> None:
        """Do nothing: the bytes are in memory."""

    def sweep(self, names: set[str], *, run: str | None = None, older_than: float = 0.0) -> None:
        """Do nothing: no temporary file is ever written."""

    def open_ledger(self) -> LedgerFile:
        """Return the parts under ``.huepress-ledger``; nothing keeps two runs apart here."""
        return _Parts(self)

    def read_ledger(self) -> bytes:
        """Return the ledger as far as it can be read: a tree that is only read need not show its own."""
        with contextlib.suppress(InputError):
            return self.ledger_lines()
        return b""

    def ledger_lines(self) -> bytes:
        """Return all parts of the ledger, and what a local run has left in a file, if somebody has copied it here."""
        names = [f"{LEDGER_NAME}/{each.name}" for each in self._below(LEDGER_NAME, lambda _: True) if each.name]
        if self.size(LEDGER_NAME) is not None:
            names.append(LEDGER_NAME)
        return b"\n".join(map(self.read, sorted(names)))

    def folds_case(self) -> bool:
        """Return False: object stores know no case."""
        return False


class _Parts:
    def __init__(self, store: RemoteStore) -> None:
        self._store = store
        self._held: list[bytes] = []
        self._sent = time.monotonic()

    def read(self) -> bytes:
        """Return the lines; where they cannot be had, nothing could be written either, and no work is begun."""
        try:
            return self._store.ledger_lines()
        except InputError as error:
            raise OutputError(str(error)) from None

    def append(self, data: bytes) -> None:
        self._held.append(data)
        if time.monotonic() - self._sent >= _SECONDS_A_PART:
            self._send()

    def close(self) -> None:
        self._send()

    def _send(self) -> None:
        if self._held:
            self._store.put(f"{LEDGER_NAME}/{time.time_ns():020d}-{secrets.token_hex(4)}", b"".join(self._held))
        self._held.clear()
        self._sent = time.monotonic()


def _reason(error: Exception) -> str:
    if isinstance(error, FileNotFoundError) and ("/" in str(error) or not str(error)):
        return "not found"  # the error repeats the name
    return (str(error).splitlines() or [type(error).__name__])[0][:200]


def _advice(error: Exception) -> str:
    if isinstance(error, ssl.CertificateError):
        return "name the certificate to trust in SSL_CERT_FILE"
    if isinstance(error, FileNotFoundError):
        return "check the name"
    if isinstance(error, LimitError):
        return "name what is wanted one by one, or exclude its folder"
    return "check the URL and the credentials"
