"""Where a run's images come from and go to: a local tree, or any file system that fsspec knows."""

from __future__ import annotations

from huepress.storage.base import Store
from huepress.storage.urls import check_writable, is_url, local_path, name_of, relative

__all__ = ["check_writable", "is_url", "local_path", "name_of", "open_store", "relative"]


def open_store(place: str, base: str = "") -> Store:
    """Return the store of a directory below `base` (``""``: names are paths) or of a URL."""
    if is_url(place):
        from huepress.storage.remote import RemoteStore

        return RemoteStore(place)
    from huepress.storage.local import LocalStore

    return LocalStore(place, base)
