from __future__ import annotations

import fcntl
import io
import os
import shutil
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
from hypothesis import settings
from PIL import Image

import scenes
from huepress import _core

settings.register_profile("huepress", deadline=None, derandomize=True, max_examples=60)
settings.load_profile("huepress")

HANG = 900.0  # seconds: only what never ends takes so long, on any machine


@pytest.fixture(scope="session")
def photo() -> np.ndarray:
    """A rendered scene with tens of thousands of colors."""
    return scenes.spheres(300, 200)


@pytest.fixture(scope="session")
def sunset() -> np.ndarray:
    return scenes.sunset(320, 214)


@pytest.fixture(scope="session")
def badge() -> np.ndarray:
    """A picture with soft transparency."""
    return scenes.badge(128)


@pytest.fixture(params=["baseline", "avx2"])
def simd_level(request):
    if not _core.set_simd_level(request.param):
        pytest.skip(f"this processor has no {request.param}")
    yield request.param
    _core.set_simd_level("avx2")


@pytest.fixture(scope="module")
def browser():
    """A real browser: Chromium without a window, driven by Playwright (extra ``browser-test``)."""
    playwright = pytest.importorskip("playwright.sync_api", reason="Playwright is not installed (extra browser-test)")
    chromium = os.environ.get("CHROMIUM") or shutil.which("chromium") or shutil.which("chromium-browser")
    if chromium is None:
        pytest.skip("there is no chromium program (Debian: apt install chromium)")
    with playwright.sync_playwright() as started:
        # No sandbox: containers have no rights to build one; the page is our own.
        yield started.chromium.launch(executable_path=chromium, args=["--no-sandbox"])


def png_bytes(pixels: np.ndarray, **options) -> bytes:
    buffer = io.BytesIO()
    Image.fromarray(pixels).save(buffer, "PNG", **options)
    return buffer.getvalue()


@pytest.fixture
def photo_file(tmp_path: Path, photo: np.ndarray) -> Path:
    path = tmp_path / "photo.png"
    path.write_bytes(png_bytes(photo))
    return path


@pytest.fixture(scope="session")
def huepress_program() -> Path:
    """The installed program, as a user calls it."""
    program = Path(sys.executable).parent / "huepress"
    assert program.exists(), "install the project first: make test"
    return program


@pytest.fixture
def run(huepress_program: Path, tmp_path: Path):
    """Run the installed program in an empty folder; return its CompletedProcess."""

    def call(*arguments: object, input: bytes | None = None, **options) -> subprocess.CompletedProcess[bytes]:
        return subprocess.run(
            [str(huepress_program), *map(str, arguments)],
            input=b"" if input is None else input,
            capture_output=True,
            cwd=options.pop("cwd", tmp_path),
            env={**os.environ, "LC_ALL": "C.UTF-8", **options.pop("env", {})},
            timeout=HANG,
            **options,
        )

    return call


def run_on_terminal(command: list[str], cwd: Path | None = None) -> tuple[int, bytes, bytes]:
    """Run a command whose stderr is a terminal; return its exit code, stdout, and what the terminal showed."""
    leader, follower = os.openpty()
    environment = {**os.environ, "TERM": "xterm-256color"}
    process = subprocess.Popen(command, cwd=cwd, stdout=subprocess.PIPE, stderr=follower, env=environment)
    stdout, _ = process.communicate(timeout=HANG)
    os.close(follower)
    shown = b""
    try:
        while chunk := os.read(leader, 4096):
            shown += chunk
    except OSError:
        pass
    os.close(leader)
    return process.returncode, stdout, shown


def interruptible(command: list[str]) -> list[str]:
    """Return a command that hears Ctrl-C even where the tests run in a shell's background, deaf to it."""
    code = "import os, signal, sys; signal.signal(signal.SIGINT, signal.SIG_DFL); os.execv(sys.argv[1], sys.argv[1:])"
    return [sys.executable, "-c", code, *command]


def wait_until(is_so: Callable[[], object], process: subprocess.Popen | None = None) -> None:
    """Wait until something is so, or a process has ended: however slow the machine is."""
    begun = time.monotonic()
    while not is_so() and (process is None or process.poll() is None):
        assert time.monotonic() - begun < HANG
        time.sleep(0.01)


def wait_until_busy(process: subprocess.Popen, *, seconds: float = 1.0) -> None:
    """Wait until a process and its children have worked for so many processor seconds: past their start."""
    if not Path(f"/proc/{process.pid}/stat").exists():  # not Linux
        time.sleep(2.5)
        return
    wait_until(lambda: _processor_seconds(process.pid) >= seconds, process)


def _processor_seconds(pid: int) -> float:
    process = Path(f"/proc/{pid}")
    try:
        fields = (process / "stat").read_text().rsplit(")", 1)[1].split()
        children = [int(child) for each in process.glob("task/*/children") for child in each.read_text().split()]
    except OSError:  # it has ended
        return 0.0
    own = (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")
    return own + sum(map(_processor_seconds, children))


def killed_after_its_first_row(command: list[str], cwd: Path) -> bytes:
    """Run a command that prints a row for every file, kill it when the first is there, and return that.

    The pipe holds a page only, so that the command cannot be far ahead, however late it is killed.
    """
    read_end, write_end = os.pipe()
    if hasattr(fcntl, "F_SETPIPE_SZ"):
        fcntl.fcntl(write_end, fcntl.F_SETPIPE_SZ, 4096)
    process = subprocess.Popen(command, cwd=cwd, stdout=write_end, stderr=subprocess.DEVNULL)
    os.close(write_end)
    with os.fdopen(read_end, "rb", buffering=0) as rows:
        first = rows.read(1)
        process.kill()
        process.wait()
    return first
