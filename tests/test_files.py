import contextlib
import errno
import os
import sys

import pytest

from huepress.errors import InputError, OutputError
from huepress.files import check_writable_name, read_bytes, staged_file, write_bytes
from huepress.storage import locked
from huepress.storage.base import LEDGER_NAME
from huepress.storage.local import LocalStore
from huepress.storage.locked import open_locked


def leftovers(folder):
    return [p.name for p in folder.iterdir() if p.name.endswith(".tmp")]


def test_writes_whole_files_and_makes_folders(tmp_path):
    target = tmp_path / "new" / "deep" / "a.png"
    write_bytes(target, b"abc")
    assert target.read_bytes() == b"abc" and not leftovers(target.parent)


def test_overwrites_only_when_told(tmp_path):
    target = tmp_path / "a.png"
    target.write_bytes(b"old")
    with pytest.raises(OutputError, match="overwrite=True"):
        write_bytes(target, b"new")
    assert target.read_bytes() == b"old"
    write_bytes(target, b"new", overwrite=True)
    assert target.read_bytes() == b"new" and not leftovers(tmp_path)


def test_a_name_taken_meanwhile_is_not_overwritten(tmp_path, monkeypatch):
    target = tmp_path / "a.png"
    monkeypatch.setattr("huepress.files.check_writable_name", lambda *a, **k: target.write_bytes(b"other"))
    with pytest.raises(OutputError, match="exists already"):
        write_bytes(target, b"mine")
    assert target.read_bytes() == b"other" and not leftovers(tmp_path)


@pytest.mark.parametrize(
    ("code", "advice"), [(errno.ENOSPC, "space"), (errno.EROFS, "another place"), (errno.EIO, "-o")]
)
def test_a_failing_disk_leaves_the_old_file(tmp_path, monkeypatch, code, advice):
    target = tmp_path / "a.png"
    target.write_bytes(b"old")

    def fail(_):
        raise OSError(code, os.strerror(code))

    monkeypatch.setattr(os, "fsync", fail)
    with pytest.raises(OutputError, match=advice):
        write_bytes(target, b"new", overwrite=True)
    assert target.read_bytes() == b"old" and not leftovers(tmp_path)


def test_without_hard_links(tmp_path, monkeypatch):
    def no_links(*_):
        raise PermissionError(errno.EPERM, "no links here")

    monkeypatch.setattr(os, "link", no_links)
    write_bytes(tmp_path / "a.png", b"abc")
    assert (tmp_path / "a.png").read_bytes() == b"abc" and not leftovers(tmp_path)


def test_clear_errors_for_paths(tmp_path):
    (tmp_path / "file").write_bytes(b"")
    with pytest.raises(InputError, match="no such file"):
        read_bytes(tmp_path / "missing.png")
    with pytest.raises(InputError, match="directory"):
        read_bytes(tmp_path)
    with pytest.raises(InputError):
        read_bytes("nul\0byte")
    with pytest.raises(OutputError, match="directory"):
        check_writable_name(tmp_path, overwrite=True)
    with pytest.raises(OutputError, match="cannot be written"):
        write_bytes(tmp_path / "file" / "a.png", b"x")
    with pytest.raises(OutputError, match="shorter"):
        write_bytes(tmp_path / ("x" * 300 + ".png"), b"x")


class WindowsLocks:
    """What msvcrt does: bytes at the file's place, which nobody else can lock or read until they are given back."""

    LK_NBLCK = 2

    def __init__(self):
        self.held = set()

    def locking(self, descriptor, mode, n_bytes):
        key = (os.fstat(descriptor).st_ino, os.lseek(descriptor, 0, os.SEEK_CUR))
        assert (mode, n_bytes) == (self.LK_NBLCK, 1)
        if key in self.held:
            raise PermissionError(errno.EACCES, "Permission denied")
        self.held.add(key)


def test_a_ledger_is_held_on_windows_as_well(tmp_path, monkeypatch):
    locks = WindowsLocks()
    monkeypatch.setattr(locked, "fcntl", None)
    monkeypatch.setattr(locked, "msvcrt", locks)
    ledger = tmp_path / "ledger"
    with open_locked(ledger) as file:
        file.write(b"a line\n")
        file.seek(0)
        assert file.read() == b"a line\n"
        with pytest.raises(OutputError, match="another run"):
            open_locked(ledger)
        ((_, place),) = locks.held
        assert place > 1 << 20, "others read what is before"
    assert ledger.read_bytes() == b"a line\n"


def test_without_any_locks(tmp_path, monkeypatch):
    monkeypatch.setattr(locked, "fcntl", None)
    monkeypatch.setattr(locked, "msvcrt", None)
    with open_locked(tmp_path / "ledger") as file:
        file.write(b"x")


def test_links_are_not_followed_where_the_system_cannot_refuse_them(tmp_path, monkeypatch):
    monkeypatch.delattr(os, "O_NOFOLLOW")
    (tmp_path / "ledger").symlink_to(tmp_path / "other")
    with pytest.raises(OutputError, match="link"):
        open_locked(tmp_path / "ledger")
    assert not (tmp_path / "other").exists()


@pytest.mark.skipif(locked.fcntl is None, reason="files that are open cannot be removed there")
def test_a_file_that_its_holder_removes_is_not_held_by_who_comes_next(tmp_path, monkeypatch):
    path, lock, removed = tmp_path / "folder" / "lock", locked._lock, []

    def lock_too_late(file):
        if not removed:  # whoever held it goes between our opening it and locking it
            path.unlink()
            path.parent.rmdir()
            removed.append(path)
        lock(file)

    monkeypatch.setattr(locked, "_lock", lock_too_late)
    with open_locked(path) as file:
        assert removed and locked.stands(file, path)
        with pytest.raises(OutputError, match="another run"):
            open_locked(path)


def test_a_file_is_removed_by_who_holds_it(tmp_path):
    path = tmp_path / "lock"
    file = open_locked(path)
    locked.remove_locked(file, path)
    assert file.closed and not path.exists()
    open_locked(path).close()


@contextlib.contextmanager
def files_of_at_most(n_bytes):
    resource = pytest.importorskip("resource")
    before = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (n_bytes, before[1]))
    try:
        yield
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, before)


@pytest.mark.skipif(sys.platform == "win32", reason="files are not limited there")
@pytest.mark.parametrize("n_bytes", [11, 100_000])
@pytest.mark.parametrize("at_start", [False, True])
def test_a_disk_that_is_full_when_a_large_file_ends_is_one_error(tmp_path, n_bytes, at_start):
    target = tmp_path / "a.hpml"
    told = pytest.raises(OutputError, match=r"a\.hpml: cannot be written")
    with files_of_at_most(10), told, staged_file(target) as file:
        file.write(bytes(n_bytes))  # or when the rest of it leaves memory
        if at_start:
            file.write_at_start(b"head")
    assert not list(tmp_path.iterdir())


@pytest.mark.skipif(sys.platform == "win32", reason="files are not limited there")
def test_a_full_disk_names_the_ledger(tmp_path):
    ledger = LocalStore(str(tmp_path)).open_ledger()
    with files_of_at_most(10), pytest.raises(OutputError, match=f"{LEDGER_NAME}: cannot be written"):
        ledger.append(bytes(11))
    assert ledger.read() == b""
    ledger.close()
