"""Which files of a folder are results of earlier runs: by their names, or by the ledgers of the folders they lie in."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from functools import lru_cache
from pathlib import PurePosixPath
from posixpath import splitext

from huepress.archive.ledger import Ledger
from huepress.archive.tasks import content_hash
from huepress.errors import HuepressError
from huepress.formats.mark import bears_mark
from huepress.storage.base import LEDGER_NAME, Entry
from huepress.storage.local import LocalStore

_MOST_LEDGERS = 64
_NO_FINGERPRINT = "0" * 20


def result_by_name(entries: Iterable[Entry], suffix: str) -> Callable[[str], bool]:
    """Return what tells whether a run with this suffix has made a file of another one of them."""
    stems = {splitext(entry.name)[0] for entry in entries}

    def is_result(name: str) -> bool:
        stem = splitext(name)[0]
        return stem.endswith(suffix) and stem.removesuffix(suffix) in stems

    return is_result


def result_by_ledger(store: LocalStore) -> Callable[[str], bool]:
    """Return what tells whether a run has put a file into a folder of results below the root.

    The root's own ledger does not count, nor do files with a mark: these were replaced in place, and are what there is.
    """

    @lru_cache(_MOST_LEDGERS)
    def ledger_of(folder: str) -> Ledger | None:
        if store.path(f"{folder}/{LEDGER_NAME}").is_symlink() or store.size(f"{folder}/{LEDGER_NAME}") is None:
            return None
        try:
            return Ledger(_NO_FINGERPRINT, of_sources=LocalStore(str(store.path(folder))).read_ledger())
        except HuepressError:  # whatever it is, it tells nothing
            return None

    def is_result(name: str) -> bool:
        above = [parent.as_posix() for parent in PurePosixPath(name).parents][:-1]
        ledgers = [ledger for folder in above if (ledger := ledger_of(folder)) is not None]
        if not ledgers:
            return False
        try:
            data = store.read(name)
        except HuepressError:  # told where it is read to be shown
            return False
        found = content_hash(data)
        return any(ledger.made(found) for ledger in ledgers) and not bears_mark(data)

    return is_result
