"""File systems by URL, through fsspec: ``s3://``, ``gs://``, ``https://``, ``memory://``, zip archives."""

from __future__ import annotations

import functools
import secrets
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from huepress.errors import InputError, OutputError
from huepress.storage.base import LEDGER_NAME, Enter, Entry, LedgerFile, Staged, is_private

# The ledger goes up in parts, since objects cannot be appended to. What a killed run had
# not yet sent is compressed again, to the same bytes.
_SECONDS_A_PART = 5.0


@functools.lru_cache(maxsize=8)
def _file_system(url: str) -> tuple[Any, str]:
    try:
        import fsspec
    except ImportError:
        raise InputError(f"{url}: URLs need fsspec; pip install 'huepress[remote]'") from None
    try:
        file_system, root = fsspec.core.url_to_fs(url)
    except Exception as error:  # every protocol raises its own kinds
        raise InputError(f"{url}: cannot be opened ({_reason(error)})") from None
    return file_system, root.rstrip("/")


def read_url(url: str) -> bytes:
    """Read one file by its URL.

    Raises
    ------
    InputError
        If it cannot be read.
    """
    store, _, name = url.rpartition("/")
    return RemoteStore(store).read(name)


@dataclass(frozen=True)
class RemoteStore:
    """A folder of any file system that fsspec knows; only what it writes as a whole is seen.

    Results travel to the process that runs everything, which alone writes.
    """

    url: str

    @property
    def shared(self) -> bool:
        """Whether other processes see the same files."""
        return not self.url.startswith("memory:")

    def _path(self, name: str) -> tuple[Any, str]:
        file_system, root = _file_system(self.url)
        return file_system, f"{root}/{name}" if root and name else root + name

    def describe(self, name: str) -> str:
        """Return the URL for people."""
        return f"{self.url.rstrip('/')}/{name}" if name else self.url

    def local_path(self, name: str) -> Path | None:
        """Return None: there is none."""
        return None

    def walk(self, enter: Enter) -> Iterator[Entry]:
        """Yield every file below the root, by name."""
        file_system, root = _file_system(self.url)
        try:
            found = file_system.find(root, detail=True)
        except Exception as error:
            raise InputError(f"{self.url}: cannot be listed ({_reason(error)}); check the URL") from None
        if not found:
            raise InputError(f"{self.url}: no files there; check the URL")
        for path in sorted(found):
            name = path.lstrip("/").removeprefix(root.lstrip("/")).lstrip("/")
            folders = name.split("/")[:-1]
            entered = all(enter("/".join(folders[: depth + 1])) for depth in range(len(folders)))
            if entered and name and not is_private(name.rpartition("/")[2]):
                yield Entry(name, int(found[path].get("size") or 0))

    def size(self, name: str) -> int | None:
        """Return a file's bytes, None if it is missing."""
        file_system, path = self._path(name)
        try:
            size = file_system.size(path)
        except Exception:
            return None
        return None if size is None else int(size)

    def read(self, name: str) -> bytes:
        """Read a file."""
        file_system, path = self._path(name)
        try:
            return bytes(file_system.cat_file(path))
        except FileNotFoundError:
            raise InputError(f"{self.describe(name)}: no such file; check the name") from None
        except Exception as error:
            raise InputError(f"{self.describe(name)}: cannot be read ({_reason(error)})") from None

    def read_start(self, name: str, n_bytes: int) -> bytes:
        """Read the first bytes of a file."""
        file_system, path = self._path(name)
        try:
            return bytes(file_system.cat_file(path, start=0, end=n_bytes))
        except Exception:
            return self.read(name)

    def stamp(self, name: str) -> tuple[int, ...] | None:
        """Return None: nothing is replaced in place here."""
        return None

    def stage(self, name: str, data: bytes, *, run: str, like: Path | None = None, times: bool = False) -> Staged:
        """Hold a file's coming bytes."""
        return data

    def publish(self, staged: Staged, name: str, *, overwrite: bool) -> None:
        """Write the file as a whole."""
        assert isinstance(staged, bytes)
        if not overwrite and self.size(name) is not None:
            raise OutputError(f"{self.describe(name)}: exists already; --force overwrites it")
        self._put(name, staged)

    def _put(self, name: str, data: bytes) -> None:
        file_system, path = self._path(name)
        try:
            file_system.makedirs(path.rpartition("/")[0], exist_ok=True)
            file_system.pipe_file(path, data)
        except Exception as error:
            raise OutputError(f"{self.describe(name)}: cannot be written ({_reason(error)}); check the URL") from None

    def discard(self, staged: Staged) -> None:
        """Do nothing: the bytes are in memory."""

    def sweep(self, names: set[str], *, run: str | None = None, older_than: float = 0.0) -> None:
        """Do nothing: no temporary file is ever written."""

    def open_ledger(self) -> LedgerFile:
        """Return the parts under ``.huepress-ledger``; nothing keeps two runs apart here."""
        return _Parts(self)

    def read_ledger(self) -> bytes:
        """Return all parts of the ledger."""
        file_system, folder = self._path(LEDGER_NAME)
        try:
            parts = sorted(file_system.find(folder))
        except Exception:
            return b""
        return b"\n".join(bytes(file_system.cat_file(part)) for part in parts)

    def folds_case(self) -> bool:
        """Return False: object stores know no case."""
        return False


class _Parts:
    def __init__(self, store: RemoteStore) -> None:
        self._store = store
        self._held: list[bytes] = []
        self._sent = time.monotonic()

    def read(self) -> bytes:
        return self._store.read_ledger()

    def append(self, data: bytes) -> None:
        self._held.append(data)
        if time.monotonic() - self._sent >= _SECONDS_A_PART:
            self._send()

    def close(self) -> None:
        self._send()

    def _send(self) -> None:
        if self._held:
            self._store._put(f"{LEDGER_NAME}/{time.time_ns():020d}-{secrets.token_hex(4)}", b"".join(self._held))
        self._held.clear()
        self._sent = time.monotonic()


def _reason(error: Exception) -> str:
    return (str(error).splitlines() or [type(error).__name__])[0][:200]
