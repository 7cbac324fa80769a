"""The only place that opens paths: bytes in, bytes out, whole files or none."""

from __future__ import annotations

import contextlib
import errno
import io
import mmap
import os
import secrets
import shutil
import stat
from collections.abc import Iterator
from pathlib import Path

from huepress.beneath import LinkError, open_beneath
from huepress.errors import InputError, LimitError, MissingFileError, OutputError, Remedy

SUFFIX = "-huepress"
# No picture that could be compressed is larger.
MOST_BYTES = 1 << 32
_NEW_FILE = os.O_WRONLY | os.O_CREAT | os.O_EXCL | getattr(os, "O_BINARY", 0)


def read_bytes(path: str | os.PathLike[str], *, limit: int = MOST_BYTES, below: str = "") -> bytes:
    """Read a whole regular file.

    Parameters
    ----------
    path : path
    limit : int
    below : str
        A folder that the file has to lie in; no link on the way from there is followed. Without one, links are.

    Raises
    ------
    InputError
        If it is missing, a directory, a device or pipe, or not readable, or reached by a link that is not followed.
    LimitError
        If it is larger than `limit` bytes.
    """
    try:
        with _open_to_read(path, below) as file:
            size = os.fstat(file.fileno()).st_size
            data = file.readall() if size <= limit else b""
    except (OSError, ValueError) as error:
        raise _cannot_be_read(path, error) from None
    if size > limit or len(data) > limit:
        raise LimitError(f"larger than {limit:,} bytes", subject=str(path), remedy="make it smaller, or leave it out")
    return data


def open_regular(path: str | os.PathLike[str], flags: int, *, follow: bool = True) -> io.FileIO:
    """Open a regular file, unbuffered; a pipe or device is refused without waiting for it.

    Parameters
    ----------
    path : path
    flags : int
        Of ``os.open``.
    follow : bool
        Whether links are followed; files of our own never do.

    Raises
    ------
    OSError
        If it cannot be opened, or is not a regular file.
    """
    if not follow and os.path.islink(path):
        raise OSError(errno.ELOOP, "a link, which files of our own never follow")
    no_wait = getattr(os, "O_NONBLOCK", 0) | (0 if follow else getattr(os, "O_NOFOLLOW", 0))
    descriptor = os.open(path, flags | no_wait | getattr(os, "O_BINARY", 0) | getattr(os, "O_CLOEXEC", 0), 0o666)
    return _regular(descriptor, flags)


def _open_to_read(path: str | os.PathLike[str], below: str) -> io.FileIO:
    if below:
        return _regular(open_beneath(below, os.fspath(path)), os.O_RDONLY)
    return open_regular(path, os.O_RDONLY)


def open_to_read(path: str | os.PathLike[str], *, below: str = "") -> io.FileIO:
    """Open a regular file to be read piece by piece; InputError as for `read_bytes`."""
    try:
        return _open_to_read(path, below)
    except (OSError, ValueError) as error:
        raise _cannot_be_read(path, error) from None


def _regular(descriptor: int, flags: int) -> io.FileIO:
    """Return the file of a descriptor, which is closed if it is none."""
    mode = os.fstat(descriptor).st_mode
    if not stat.S_ISREG(mode):
        os.close(descriptor)
        if stat.S_ISDIR(mode):
            raise IsADirectoryError(errno.EISDIR, "a directory")
        raise OSError(errno.EINVAL, "a pipe or device, not a regular file")
    how = "rb" if flags & (os.O_WRONLY | os.O_RDWR) == 0 else "r+b"
    return io.FileIO(descriptor, how)


def write_bytes(path: str | os.PathLike[str], data: bytes, *, overwrite: bool = False) -> None:
    """Write a file as a whole or not at all.

    The bytes go to a temporary file in the same directory, which then takes the name in one
    step, so that nobody ever sees half a file.

    Raises
    ------
    OutputError
        If the file exists and may not be overwritten, or cannot be written.
    """
    target = Path(path)
    check_writable_name(target, overwrite=overwrite)
    target = Path(os.path.realpath(target))  # a link stays one: what it points to is replaced
    temporary = target.with_name(f".huepress-{secrets.token_hex(6)}.tmp")
    try:
        stage(temporary, data, target)
        sync(temporary)
        publish(temporary, target, overwrite=overwrite)
    finally:
        with contextlib.suppress(OSError):
            temporary.unlink()


class StagedFile:
    """A file that is written piece by piece beside the place where it will stand (`staged_file`)."""

    def __init__(self, file: io.BufferedWriter, target: Path) -> None:
        self._file, self._target = file, target

    def write(self, data: bytes | memoryview) -> None:
        """Append bytes; OutputError if they cannot be written."""
        try:
            self._file.write(data)
        except OSError as error:
            raise cannot_be_written(self._target, error) from None

    def write_at_start(self, data: bytes) -> None:
        """Write over the first bytes, after everything else; OutputError if they cannot be written."""
        try:
            self._file.seek(0)
            self._file.write(data)
            self._file.flush()
        except OSError as error:
            raise cannot_be_written(self._target, error) from None


@contextlib.contextmanager
def staged_file(path: str | os.PathLike[str], *, overwrite: bool = False) -> Iterator[StagedFile]:
    """Write a file too large for memory, as a whole or not at all: it gets its name when the block ends well.

    Raises
    ------
    OutputError
        If the file exists and may not be overwritten, or cannot be written.
    """
    check_writable_name(path, overwrite=overwrite)
    target = Path(os.path.realpath(path))
    temporary = target.with_name(f".huepress-{secrets.token_hex(6)}.tmp")
    try:
        try:
            target.parent.mkdir(parents=True, exist_ok=True)
            descriptor = os.open(temporary, _NEW_FILE, 0o666)
        except OSError as error:
            raise cannot_be_written(target, error) from None
        raw = io.FileIO(descriptor, "wb")
        file: io.BufferedWriter = io.BufferedWriter(raw)
        try:
            yield StagedFile(file, target)
            try:
                file.close()
            except OSError as error:
                raise cannot_be_written(target, error) from None
        finally:
            with contextlib.suppress(OSError):
                raw.close()  # after an error what is left is not tried once more
        sync(temporary)
        publish(temporary, target, overwrite=overwrite)
    finally:
        with contextlib.suppress(OSError):
            temporary.unlink()


def map_bytes(path: str | os.PathLike[str]) -> mmap.mmap | bytes:
    """Map a regular file into memory for reading; what is never looked at is never read. An empty one is ``b""``.

    Raises
    ------
    InputError
        As for `read_bytes`.
    """
    try:
        with open_regular(path, os.O_RDONLY) as file:
            if os.fstat(file.fileno()).st_size == 0:
                return b""
            return mmap.mmap(file.fileno(), 0, access=mmap.ACCESS_READ)
    except (OSError, ValueError) as error:
        raise _cannot_be_read(path, error) from None


def stage(temporary: Path, data: bytes, target: Path, *, private: bool = False) -> None:
    """Write what will be the target's bytes to a temporary file beside it.

    The directory is made if missing. A private one nobody else can read until it gets its permissions.

    Raises
    ------
    OutputError
        If it cannot be written.
    """
    try:
        temporary.parent.mkdir(parents=True, exist_ok=True)
        descriptor = os.open(temporary, _NEW_FILE, 0o600 if private else 0o666)
        with open(descriptor, "wb") as file:
            file.write(data)
    except OSError as error:
        with contextlib.suppress(OSError):
            temporary.unlink()
        raise cannot_be_written(target, error) from None


def publish(temporary: Path, target: Path, *, overwrite: bool) -> None:
    """Give a temporary file its name in one step; `sync` it first.

    Raises
    ------
    OutputError
        If the name is taken and may not be overwritten, or cannot be given.
    """
    try:
        if not overwrite:
            try:
                os.link(temporary, target)  # fails if the name was taken meanwhile
                temporary.unlink()
                return
            except FileExistsError:
                raise OutputError("exists already", subject=str(target), remedy=Remedy.OVERWRITE) from None
            except OSError:
                pass  # a file system without hard links
        os.replace(temporary, target)
    except OSError as error:
        raise cannot_be_written(target, error) from None


def make_folder(path: Path) -> None:
    """Make a folder, and those above it; OutputError if that cannot be done."""
    try:
        path.mkdir(parents=True)
    except OSError as error:
        raise cannot_be_written(path, error) from None


def publish_folder(temporary: Path, target: Path) -> None:
    """Give a finished folder its name in one step; an empty folder of that name gives way.

    Raises
    ------
    OutputError
        If the name is taken, or cannot be given.
    """
    try:
        if target.is_dir() and not target.is_symlink():
            target.rmdir()  # fails unless it is empty
        os.rename(temporary, target)
    except OSError as error:
        raise cannot_be_written(target, error) from None


def remove_folder(path: Path) -> None:
    """Remove a folder of our own with all that is in it, as far as that can be done; links in it are not followed."""
    if not path.is_symlink():
        shutil.rmtree(path, ignore_errors=True)


def sync(path: str | os.PathLike[str]) -> None:
    """Wait until a file's bytes are on the disk.

    Raises
    ------
    OutputError
        If they do not get there.
    """
    try:
        descriptor = os.open(path, os.O_RDONLY if os.name == "posix" else os.O_RDWR)
        try:
            os.fsync(descriptor)
        finally:
            os.close(descriptor)
    except OSError as error:
        raise cannot_be_written(path, error) from None


def check_folder(path: Path) -> None:
    """Refuse a folder in which nothing can be written, or which cannot be made.

    Raises
    ------
    OutputError
    """
    above = next(each for each in (path, *path.parents) if os.path.lexists(each) or each == each.parent)
    if not above.is_dir():
        raise OutputError("not a folder", subject=str(above), remedy=Remedy.OTHER_OUTPUT)
    if not os.access(above, os.W_OK | os.X_OK):
        raise OutputError("the folder is not writable", subject=str(above), remedy=Remedy.OTHER_OUTPUT)


def read_start(path: str | os.PathLike[str], n_bytes: int, *, below: str = "") -> bytes:
    """Read the first bytes of a file; errors as for `read_bytes`."""
    try:
        with _open_to_read(path, below) as file:
            return file.read(n_bytes)
    except (OSError, ValueError):
        return read_bytes(path, below=below)  # says what is wrong


def cannot_be_written(path: str | os.PathLike[str], error: Exception) -> OutputError:
    """Return the error that says so, why, and what to do."""
    return OutputError(f"cannot be written ({reason_of(error)})", subject=str(path), remedy=_advice(error))


def check_writable_name(path: str | os.PathLike[str], *, overwrite: bool) -> None:
    """Refuse early what `write_bytes` would refuse late.

    Raises
    ------
    OutputError
        If the path is a directory, or an existing file that may not be overwritten.
    """
    target = Path(path)
    try:
        if target.is_dir():
            raise OutputError("a directory", subject=str(target), remedy="give a file name")
        if target.exists() and not target.is_file():
            raise OutputError(
                "not a regular file", subject=str(target), remedy="give another name, or '-' for standard output"
            )
        if target.parent.is_dir() and not os.access(target.parent, os.W_OK):
            raise OutputError("its folder is not writable", subject=str(target), remedy=Remedy.OTHER_OUTPUT)
        if not overwrite and os.path.lexists(target):
            raise OutputError("exists already", subject=str(target), remedy=Remedy.OVERWRITE)
    except (OSError, ValueError) as error:
        raise cannot_be_written(target, error) from None


def _cannot_be_read(path: str | os.PathLike[str], error: Exception) -> InputError:
    if isinstance(error, LinkError):
        return InputError("a link, which is not followed", subject=os.path.basename(path))
    if isinstance(error, FileNotFoundError):
        return MissingFileError("no such file", subject=str(path), remedy="check the name")
    if isinstance(error, IsADirectoryError):
        return InputError("a directory", subject=str(path), remedy=Remedy.WHOLE_FOLDER)
    if isinstance(error, PermissionError):
        return InputError("permission denied", subject=str(path), remedy="make it readable")
    return InputError(f"cannot be read ({reason_of(error)})", subject=str(path))


def reason_of(error: Exception) -> str:
    """Return what the system says of an error, for the middle of a sentence."""
    text = getattr(error, "strerror", None) or str(error)
    return text[:1].lower() + text[1:]


def _advice(error: Exception) -> Remedy | str:
    code = getattr(error, "errno", None)
    if code in (errno.ENOSPC, errno.EDQUOT):
        return "free some space and run it again"
    if code in (errno.EACCES, errno.EPERM, errno.EROFS):
        return Remedy.OTHER_OUTPUT
    if code == errno.ENAMETOOLONG:
        return Remedy.SHORTER_OUTPUT
    return Remedy.CHECK_OUTPUT
