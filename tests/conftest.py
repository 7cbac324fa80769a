from __future__ import annotations

import io
import os
import subprocess
import sys
import time
from pathlib import Path

import numpy as np
import pytest
from hypothesis import settings
from PIL import Image

import scenes
from huepress import _core

settings.register_profile("huepress", deadline=None, derandomize=True, max_examples=60)
settings.load_profile("huepress")


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
            timeout=120,
            **options,
        )

    return call


def run_on_terminal(command: list[str], cwd: Path | None = None) -> tuple[int, bytes, bytes]:
    """Run a command whose stderr is a terminal; return its exit code, stdout, and what the terminal showed."""
    leader, follower = os.openpty()
    environment = {**os.environ, "TERM": "xterm-256color"}
    process = subprocess.Popen(command, cwd=cwd, stdout=subprocess.PIPE, stderr=follower, env=environment)
    stdout, _ = process.communicate(timeout=120)
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


def wait_until_busy(process: subprocess.Popen, *, seconds: float = 1.0) -> None:
    """Wait until a process has worked for so many processor seconds: past its start, however slow the machine."""
    stat = Path(f"/proc/{process.pid}/stat")
    if not stat.exists():  # not Linux
        time.sleep(2.5)
        return
    ticks = os.sysconf("SC_CLK_TCK")
    deadline = time.monotonic() + 60
    while time.monotonic() < deadline and process.poll() is None:
        fields = stat.read_text().rsplit(")", 1)[1].split()
        if (int(fields[11]) + int(fields[12])) / ticks >= seconds:
            return
        time.sleep(0.05)
