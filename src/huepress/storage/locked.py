"""Files of our own that one process at a time holds: the ledger of a folder, the lock of temporary files.

Locks are on files, not on names: whoever waits for one that its holder removes would hold a file that nobody sees.
So a file counts as held only if it still stands under its name.
"""

from __future__ import annotations

import contextlib
import errno
import io
import os
from pathlib import Path

from huepress import files
from huepress.errors import OutputError

try:
    import fcntl
except ImportError:  # no POSIX
    fcntl = None  # type: ignore[assignment]
try:
    import msvcrt
except ImportError:  # no Windows
    msvcrt = None  # type: ignore[assignment]

# Windows lets nobody read bytes that are locked: this one is beyond the end of every ledger.
_LOCKED_BYTE = 1 << 30
# So often a file may be removed just before it is held.
_MOST_TRIES = 100


def open_locked(path: Path, *, make_folders: bool = True) -> io.FileIO:
    """Open a file of our own for reading and appending that only one process may hold at a time.

    Parameters
    ----------
    path : Path
    make_folders : bool
        Whether the folders that it lies in are made where they are missing.

    Raises
    ------
    OutputError
        If another process holds it, it is a link or no regular file, or it cannot be opened.
    """
    for _ in range(_MOST_TRIES):
        file = _opened(path, make_folders)
        try:
            _lock(file)
        except (BlockingIOError, PermissionError):  # of POSIX and of Windows
            file.close()
            break
        except OSError:
            return file  # a file system without locks
        if fcntl is None or stands(file, path):  # Windows removes no file that is open
            return file
        file.close()
    raise OutputError("another run is at work there", subject=str(path.parent), remedy="wait until it has ended")


def remove_locked(file: io.FileIO, path: Path) -> None:
    """Remove a file that this process holds, as far as that can be done, and let go of it."""
    if fcntl is None:
        file.close()
    with contextlib.suppress(OSError):  # before others can hold it, or they would hold what is gone
        path.unlink()
    file.close()


def stands(file: io.FileIO, path: Path) -> bool:
    """Tell whether an open file is the one under a name."""
    try:
        return os.path.samestat(os.fstat(file.fileno()), path.lstat())
    except OSError:
        return False


def _opened(path: Path, make_folders: bool) -> io.FileIO:
    try:
        if make_folders:
            path.parent.mkdir(parents=True, exist_ok=True)
        return files.open_regular(path, os.O_RDWR | os.O_CREAT | os.O_APPEND, follow=False)
    except (OSError, ValueError) as error:
        if isinstance(error, OSError) and not os.path.lexists(path):
            raise files.cannot_be_written(path.parent, error) from None
        raise _no_ledger(path, error) from None


def check_own(path: Path) -> None:
    """Refuse early what `open_locked` would refuse late, unless another process is at work; nothing is written.

    Raises
    ------
    OutputError
    """
    if not os.path.lexists(path):
        files.check_folder(path.parent)
        return
    try:
        files.open_regular(path, os.O_RDWR | os.O_APPEND, follow=False).close()
    except (OSError, ValueError) as error:
        raise _no_ledger(path, error) from None


def _no_ledger(path: Path, error: Exception) -> OutputError:
    if isinstance(error, OSError) and error.errno == errno.EROFS:
        return files.cannot_be_written(path.parent, error)
    return OutputError(
        f"cannot be used as the ledger ({files.reason_of(error)})",
        subject=str(path),
        remedy="remove it and run it again",
    )


def _lock(file: io.FileIO) -> None:
    """Hold a file for this process, or raise an OSError at once."""
    if fcntl is not None:
        fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
    elif msvcrt is not None:
        file.seek(_LOCKED_BYTE)
        try:
            msvcrt.locking(file.fileno(), msvcrt.LK_NBLCK, 1)  # type: ignore[attr-defined,unused-ignore]
        finally:
            file.seek(0)
