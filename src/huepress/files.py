"""The only place that opens paths: bytes in, bytes out, whole files or none."""

from __future__ import annotations

import contextlib
import errno
import os
import secrets
from pathlib import Path
from typing import IO

from huepress.errors import InputError, OutputError, Remedy

try:
    import fcntl
except ImportError:  # no POSIX
    fcntl = None  # type: ignore[assignment]

SUFFIX = "-huepress"
_NEW_FILE = os.O_WRONLY | os.O_CREAT | os.O_EXCL | getattr(os, "O_BINARY", 0)


def read_bytes(path: str | os.PathLike[str]) -> bytes:
    """Read a whole file.

    Raises
    ------
    InputError
        If it is missing, a directory or not readable.
    """
    try:
        return Path(path).read_bytes()
    except FileNotFoundError:
        raise InputError("no such file", subject=str(path), remedy="check the name") from None
    except IsADirectoryError:
        raise InputError(
            "a directory", subject=str(path), remedy=f"give the files in it, such as {Path(path) / '*.png'}"
        ) from None
    except PermissionError:
        raise InputError("permission denied", subject=str(path), remedy="make it readable") from None
    except (OSError, ValueError) as error:
        raise InputError(f"cannot be read ({_reason(error)})", subject=str(path)) from None


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


def open_locked(path: Path) -> IO[bytes]:
    """Open a file for reading and appending that only one process may hold at a time.

    Raises
    ------
    OutputError
        If another process holds it, or it cannot be opened.
    """
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        file = open(path, "a+b", buffering=0)  # noqa: SIM115 - the caller closes it
    except OSError as error:
        raise cannot_be_written(path, error) from None
    if fcntl is not None:
        try:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            file.close()
            raise OutputError(
                "another run is at work there", subject=str(path.parent), remedy="wait until it has ended"
            ) from None
        except OSError:
            pass  # a file system without locks
    return file


def read_start(path: str | os.PathLike[str], n_bytes: int) -> bytes:
    """Read the first bytes of a file.

    Raises
    ------
    InputError
        As for `read_bytes`.
    """
    try:
        with open(path, "rb") as file:
            return file.read(n_bytes)
    except (OSError, ValueError):
        return read_bytes(path)  # says what is wrong


def cannot_be_written(path: str | os.PathLike[str], error: Exception) -> OutputError:
    """Return the error that says so, why, and what to do."""
    return OutputError(f"cannot be written ({_reason(error)})", subject=str(path), remedy=_advice(error))


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
        if not overwrite and target.exists():
            raise OutputError("exists already", subject=str(target), remedy=Remedy.OVERWRITE)
    except (OSError, ValueError) as error:
        raise cannot_be_written(target, error) from None


def default_output(source: Path, directory: Path | None, extension: str, suffix: str | None = None) -> Path:
    """Return ``NAME-huepress.EXT`` (or with another suffix) beside the source, or in the directory."""
    return (directory or source.parent) / f"{source.stem}{SUFFIX if suffix is None else suffix}{extension}"


def _reason(error: Exception) -> str:
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
