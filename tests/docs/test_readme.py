"""The README is short, its examples are run, and what it points to is there."""

import re
import subprocess
import sys
from pathlib import Path

import pytest

from conftest import HANG

ROOT = Path(__file__).parents[2]
README = (ROOT / "README.md").read_text()


def blocks(language):
    return re.findall(rf"<!-- run -->\n```{language}\n(.*?)```", README, re.S)


@pytest.mark.parametrize("block", blocks("sh"))
def test_shell_examples(block, photo_file, huepress_program):
    path = f"{huepress_program.parent}:/usr/bin:/bin"
    done = subprocess.run(
        ["bash", "-euo", "pipefail", "-c", block],
        cwd=photo_file.parent,
        capture_output=True,
        env={"PATH": path},
        timeout=HANG,
    )
    assert done.returncode == 0, done.stderr
    names = {p.name for p in photo_file.parent.iterdir()}
    promised = set(re.findall(r"-o (\w+\.png)|> (\w+\.png)|# (photo-\w+\.png)", block))
    assert {name for groups in promised for name in groups if name} <= names


@pytest.mark.parametrize("block", blocks("python"))
def test_python_examples(block, photo_file):
    code = subprocess.run(
        [sys.executable, "-W", "error", "-c", block], cwd=photo_file.parent, capture_output=True, timeout=HANG
    )
    assert code.returncode == 0, code.stderr.decode()
    assert (photo_file.parent / "photo-small.png").exists()


def test_there_are_examples():
    assert len(blocks("sh")) >= 1 and len(blocks("python")) >= 1


def test_it_is_short():
    assert len(README.splitlines()) <= 120


def test_links_and_pictures_exist():
    for target in re.findall(r"\]\(([^)#:]+)\)", README):
        assert (ROOT / target).exists(), target
