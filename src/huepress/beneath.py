"""Opening files that may not lie outside a folder: whatever is put in their place meanwhile, no link is followed.

Looking first and opening then is not enough: somebody may put a link there in between. So each folder on the way is
opened from the one before (POSIX, ``openat``); where a system cannot do that, what was opened is looked at afterwards.
"""

from __future__ import annotations

import errno
import os
from pathlib import Path

_FOLDER = getattr(os, "O_PATH", os.O_RDONLY) | getattr(os, "O_DIRECTORY", 0) | getattr(os, "O_CLOEXEC", 0)
_NO_LINK = getattr(os, "O_NOFOLLOW", 0)
_FILE = getattr(os, "O_NONBLOCK", 0) | getattr(os, "O_CLOEXEC", 0) | getattr(os, "O_BINARY", 0)
HAS_DESCRIPTORS = bool(_NO_LINK) and os.open in os.supports_dir_fd


class LinkError(OSError):
    """A link is in the place of a file, or of a folder on the way to it."""


def open_beneath(folder: str, path: str) -> int:
    """Open what lies below a folder for reading, and return its descriptor; it may be a folder or pipe.

    Parameters
    ----------
    folder : str
        Links to it, and on the way to it, are followed.
    path : str
        Of the file, below the folder.

    Raises
    ------
    LinkError
        If a link is on the way from the folder to the file.
    OSError
        If it cannot be opened, or does not lie below the folder.
    """
    parts = Path(os.path.relpath(path, folder)).parts
    if not parts or os.pardir in parts or os.path.isabs(parts[0]):
        raise OSError(errno.EACCES, "it lies outside the folder")
    return _by_descriptors(folder, parts) if HAS_DESCRIPTORS else _looked_at(folder, parts)


def _by_descriptors(folder: str, parts: tuple[str, ...]) -> int:
    *above, name = parts
    at = os.open(folder, _FOLDER)
    try:
        for part in above:
            below = os.open(part, _FOLDER | _NO_LINK, dir_fd=at)
            os.close(at)
            at = below
        return os.open(name, os.O_RDONLY | _FILE | _NO_LINK, dir_fd=at)
    except OSError as error:
        # Systems differ in how they say so: a link is no folder, or one too many.
        if error.errno in (errno.ELOOP, errno.EMLINK, errno.ENOTDIR) and _has_link(folder, parts):
            raise LinkError(errno.ELOOP, "a link, which is not followed") from None
        raise
    finally:
        os.close(at)


def _looked_at(folder: str, parts: tuple[str, ...]) -> int:
    path = os.path.join(folder, *parts)
    descriptor = os.open(path, os.O_RDONLY | _FILE)
    try:
        is_there = os.path.samestat(os.fstat(descriptor), os.lstat(path))
        if not is_there or os.path.realpath(path) != os.path.join(os.path.realpath(folder), *parts):
            raise LinkError(errno.ELOOP, "a link, which is not followed")
    except OSError:
        os.close(descriptor)
        raise
    return descriptor


def _has_link(folder: str, parts: tuple[str, ...]) -> bool:
    return any(os.path.islink(os.path.join(folder, *parts[:count])) for count in range(1, len(parts) + 1))
