"""A short round of the fuzzer; `make fuzz` tries longer, with the limits of time that a quiet machine keeps."""

import random
import runpy
import subprocess
import sys
from pathlib import Path

import pytest

from conftest import HANG
from huepress.errors import DecodeError

TOOL = Path(__file__).parents[1] / "tools" / "fuzz.py"
pytestmark = pytest.mark.skipif(not Path("/proc/self/statm").exists(), reason="memory is measured on Linux")


@pytest.fixture(scope="module")
def fuzz():
    return runpy.run_path(str(TOOL))


def test_no_parser_breaks():
    command = [sys.executable, str(TOOL), "--seconds", "16", "--slack", "30"]
    done = subprocess.run(command, capture_output=True, text=True, timeout=HANG)
    assert done.returncode == 0, done.stdout + done.stderr
    assert done.stdout.count("none broke it") == 8 and " 0 inputs" not in done.stdout


def test_what_breaks_a_parser_is_told(fuzz):
    def refuses(data):
        raise DecodeError("no picture")

    def crashes(data):
        raise KeyError(data)

    def says_too_much(data):
        raise DecodeError("two\nlines")

    fuzz["_tried"](refuses, b"")
    with pytest.raises(KeyError):
        fuzz["_tried"](crashes, b"x")
    with pytest.raises(fuzz["BrokenError"], match="one sentence"):
        fuzz["_tried"](says_too_much, b"")


def test_a_target_that_breaks_fails_the_round(fuzz, tmp_path, capsys, monkeypatch):
    tool = tmp_path / "fuzz.py"
    text = TOOL.read_text().replace('    """Read a palette of any kind."""', "    assert b'1' * 40 not in data")
    tool.write_text(text.replace("Path(__file__).parents[1]", f"Path({str(tmp_path)!r})"))
    command = [sys.executable, str(tool), "palette", "--seconds", "20", "--slack", "30"]
    done = subprocess.run(command, capture_output=True, text=True, timeout=HANG)
    assert done.returncode == 1 and "AssertionError" in done.stdout and "repeat it" in done.stdout
    (kept,) = (tmp_path / "build" / "fuzz").iterdir()
    again = subprocess.run(
        [sys.executable, str(tool), "palette", "--input", str(kept)], capture_output=True, timeout=HANG
    )
    assert again.returncode == 1 and b"AssertionError" in again.stderr


def test_the_same_seed_changes_the_same_places(fuzz):
    seeds = fuzz["picture_seeds"]()
    one, other = (fuzz["mutated"](seeds, random.Random(5)) for _ in range(2))
    assert one == other and one not in seeds
