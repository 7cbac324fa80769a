"""How the server ends, and what it leaves: nothing, whatever ends it."""

import os
import signal
import stat
import subprocess
import tempfile
import time
from pathlib import Path

import numpy as np
import pytest

from conftest import HANG, png_bytes, wait_until
from huepress.errors import OutputError
from huepress.storage import locked
from huepress.web.scratch import Scratch, remove_soon, sweep
from web.served import serving


def test_nobody_else_reads_the_temporary_folder_and_it_goes(huepress_program, tmp_path, photo):
    environment = {**os.environ, "TMPDIR": str(tmp_path)}
    with serving(huepress_program, cwd=tmp_path, env=environment) as started:
        started.add("photo.png", png_bytes(photo))
        (folder,) = tmp_path.glob("huepress-serve-*")
        assert stat.S_IMODE(folder.stat().st_mode) == 0o700
        sweep(tmp_path)
        assert folder.exists()  # another server that starts leaves it alone
        started.process.send_signal(signal.SIGINT)
        wait_until(lambda: started.process.poll() is not None)
        assert started.process.returncode == 0 and started.process.stderr.read() == b""
    wait_until(lambda: not folder.exists())


@pytest.mark.parametrize("still_at_it", [False, True])
def test_a_folder_that_another_start_removes_before_it_is_locked_is_made_again(tmp_path, monkeypatch, still_at_it):
    """The other one opens and locks the file first, and removes the folder before this one has it, or is about to."""
    lock, removed = locked.open_locked, []

    def lock_too_late(path, **how):
        if not removed:
            removed.append(path.parent)
            path.parent.rmdir()
            if still_at_it:
                raise OutputError("another run is at work there", subject=str(path.parent))
        return lock(path, **how)

    monkeypatch.setattr(locked, "open_locked", lock_too_late)
    with Scratch(tmp_path) as scratch:
        assert removed and scratch.root not in removed
        assert stat.S_IMODE(scratch.root.stat().st_mode) == 0o700
        monkeypatch.undo()
        sweep(tmp_path)
        assert list(tmp_path.iterdir()) == [scratch.root]


@pytest.fixture
def short(monkeypatch):
    """A folder for temporary files whose path is short enough for sockets in it."""
    with tempfile.TemporaryDirectory(dir="/tmp", prefix="hp") as folder:
        yield Path(folder)


@pytest.mark.parametrize("name", ["SIGTERM", "SIGHUP", "SIGINT"])
def test_nothing_is_left_whatever_ends_it(huepress_program, tmp_path, photo, short, name):
    with serving(huepress_program, cwd=tmp_path, env={**os.environ, "TMPDIR": str(short)}) as started:
        started.call("PUT", "/api/settings", {"effort": 0})
        started.add("photo.png", png_bytes(photo))
        started.finished()
        assert [path.name[:15] for path in short.iterdir()] == ["huepress-serve-"]
        started.process.send_signal(getattr(signal, name))
        wait_until(lambda: started.process.poll() is not None)
        assert started.process.returncode == 0 and started.process.stderr.read() == b""
    wait_until(lambda: not list(short.iterdir()))


@pytest.mark.parametrize("name", ["SIGTERM", "SIGHUP"])
@pytest.mark.parametrize("seconds", [0.2, 0.4, 0.6, 0.9])
def test_a_signal_to_all_of_its_processes_ends_its_start_in_silence(huepress_program, tmp_path, name, seconds):
    """Whenever it comes: nobody tells of a process that has ended as it should."""
    command = [huepress_program, "serve", "--no-open"]
    started = subprocess.Popen(command, cwd=tmp_path, stdout=-1, stderr=-1, start_new_session=True)
    time.sleep(seconds)
    os.killpg(started.pid, getattr(signal, name))
    assert started.communicate(timeout=HANG)[1] == b""
    assert started.returncode in (0, -getattr(signal, name))


def test_a_signal_that_is_disregarded_stays_so(huepress_program, tmp_path):
    program = tmp_path / "nohup"
    program.write_text(f'#!/bin/sh\ntrap "" HUP\nexec "{huepress_program}" "$@"\n')
    program.chmod(0o755)
    with serving(program, cwd=tmp_path) as started:
        started.process.send_signal(signal.SIGHUP)
        assert started.call("GET", "/api/fields").status == 200


def test_a_folder_that_takes_long_to_remove_holds_nobody_up(tmp_path):
    """What is not gone in time another process removes."""
    for number in range(3):
        (tmp_path / "root" / str(number) / "deep").mkdir(parents=True)
        (tmp_path / "root" / str(number) / "deep" / "a.png").write_bytes(b"a")
    removing = remove_soon(tmp_path / "root", seconds=-1)
    assert removing is not None and removing.wait(HANG) == 0 and not (tmp_path / "root").exists()


def test_what_a_crash_leaves_is_swept_by_the_next_start(huepress_program, short, photo):
    tmp_path, environment = short, {**os.environ, "TMPDIR": str(short)}
    with serving(huepress_program, cwd=tmp_path, env=environment) as started:
        started.add("photo.png", png_bytes(photo))
        started.process.kill()
        started.process.wait()
    (folder,) = tmp_path.iterdir()  # with the files of its processes
    (tmp_path / "huepress-serve-link").symlink_to(Path("/"))
    (tmp_path / "huepress-serve-other").mkdir()
    with serving(huepress_program, cwd=tmp_path, env=environment):
        assert not folder.exists()
        assert (tmp_path / "huepress-serve-link").is_symlink() and (tmp_path / "huepress-serve-other").exists()


def test_the_end_comes_at_once_whatever_goes_on(served):
    """An open stream, jobs at work and others that wait: none of them holds the server up."""
    served.call("PUT", "/api/settings", {"effort": 9, "quality": "90"})
    noise = np.random.default_rng(0).integers(0, 256, (3, 1000, 1000, 3), dtype=np.uint8)
    for number in range(3):
        served.add(f"{number}.png", png_bytes(noise[number]))
    states = served.states()
    next(states)
    served.rows_when(lambda rows: any(row["stage"] == "working" for row in rows.values()))
    begun = time.process_time()
    served.process.send_signal(signal.SIGINT)
    list(states)  # the stream ends
    wait_until(lambda: served.process.poll() is not None)
    assert served.process.returncode == 0 and time.process_time() - begun < 30
    wait_until(lambda: not list(served.home.glob("huepress-serve-*")))
