"""What a URL tells before anything is opened."""

from __future__ import annotations

import os
import re
from urllib.parse import unquote, urlsplit

from huepress.errors import OptionError, Remedy

_URL = re.compile(r"[a-z][a-z0-9+.]*(::.+)?://", re.IGNORECASE)
_WEB = ("http", "https")
_READ_ONLY = (*_WEB, "zip", "tar", "libarchive", "jar", "git", "github", "data", "reference")


def is_url(place: str) -> bool:
    """Tell whether a place is a URL such as ``s3://bucket/folder``."""
    return _URL.match(place) is not None


def protocol_of(url: str) -> str:
    """Return what stands before the first colon, in lower case."""
    return url.partition(":")[0].lower()


def is_web(url: str) -> bool:
    """Tell whether a URL is one for browsers: percent-encoded, with a query perhaps."""
    return protocol_of(url) in _WEB


def local_path(place: str) -> str:
    """Return the path that a ``file://`` URL stands for, other places as they are."""
    path = place[len("file://") :] if place.lower().startswith("file://") else place
    return path[1:] if re.match(r"/[A-Za-z]:[/\\\\]", path) and os.name == "nt" else path


def name_of(url: str) -> str:
    """Return a file's own name, as a folder would hold it."""
    address = url.partition("::")[0]
    path = unquote(urlsplit(address).path) if is_web(url) else address
    return path.rpartition("/")[2] or "image"


def relative(url: str, folder: str) -> str | None:
    """Return a URL's name below another one, ``"."`` for the same place; None if it lies outside."""
    place, start = url.rstrip("/") + "/", folder.rstrip("/") + "/"
    return place[len(start) :].rstrip("/") or "." if place.startswith(start) else None


def check_writable(url: str) -> None:
    """Refuse a place of a kind that can only be read.

    Raises
    ------
    OptionError
        If it is one.
    """
    protocol = protocol_of(url)
    if protocol in _READ_ONLY:
        raise OptionError(f"what {protocol}: names can only be read", subject=url, remedy=Remedy.OUTPUT_FILE_OR_BUCKET)
