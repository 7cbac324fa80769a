"""Where a run's images come from and go to: a local tree, or any file system that fsspec knows."""

from __future__ import annotations

import re

from huepress.storage.base import Store

_URL = re.compile(r"[a-z][a-z0-9+.]*(::.+)?://", re.IGNORECASE)


def is_url(place: str) -> bool:
    """Tell whether a place is a URL such as ``s3://bucket/folder``."""
    return _URL.match(place) is not None


def open_store(place: str, base: str = "") -> Store:
    """Return the store of a directory below `base` (``""``: names are paths) or of a URL."""
    if is_url(place):
        from huepress.storage.remote import RemoteStore

        return RemoteStore(place)
    from huepress.storage.local import LocalStore

    return LocalStore(place, base)
