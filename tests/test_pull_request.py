"""tools/pull_request.py, the work of action.yml, in repositories that the tests make."""

from __future__ import annotations

import os
import runpy
import subprocess
import sys
from pathlib import Path

import pytest
from PIL import Image

TOOL = Path(__file__).parents[1] / "tools" / "pull_request.py"
WHO = {f"GIT_{role}_{what}": "t@example.com" for role in ("AUTHOR", "COMMITTER") for what in ("NAME", "EMAIL")}


def git(folder: Path, *words: str) -> str:
    environment = {**os.environ, **WHO, "GIT_CONFIG_GLOBAL": os.devnull}
    return subprocess.run(
        ["git", *words], cwd=folder, env=environment, check=True, capture_output=True, text=True
    ).stdout


@pytest.fixture
def branch(tmp_path: Path, photo) -> Path:
    """A repository whose branch adds a large image, a small one and a text; main has a large one already."""
    git(tmp_path, "init", "--quiet", "--initial-branch", "main")
    Image.fromarray(photo).save(tmp_path / "old.png")
    git(tmp_path, "add", "--all")
    git(tmp_path, "commit", "--quiet", "--message", "main")
    git(tmp_path, "switch", "--quiet", "--create", "work")
    Image.fromarray(photo).save(tmp_path / "new *picture*.png")
    Image.new("RGB", (9, 9)).save(tmp_path / "small.png", optimize=True)
    (tmp_path / "notes.txt").write_text("no image")
    git(tmp_path, "add", "--all")
    git(tmp_path, "commit", "--quiet", "--message", "work")
    return tmp_path


def run_tool(folder: Path, *words: str) -> str:
    command = [
        sys.executable,
        str(TOOL),
        "main",
        "--comment",
        str(folder.parent / "comment.md"),
        "--effort",
        "1",
        *words,
    ]
    return subprocess.run(command, cwd=folder, check=True, capture_output=True, text=True).stdout


def test_new_images_are_made_smaller_once(branch):
    before = {path.name: path.stat().st_size for path in branch.glob("*.png")}
    said = run_tool(branch)
    after = {path.name: path.stat().st_size for path in branch.glob("*.png")}
    assert after["new *picture*.png"] < before["new *picture*.png"] / 2
    assert after["old.png"] == before["old.png"]
    assert "1 image smaller" in said and "new &#42;picture&#42;.png" in said
    assert (branch.parent / "comment.md").read_text() == said[:-1]
    git(branch, "commit", "--all", "--quiet", "--message", "Make images smaller")
    (branch.parent / "comment.md").unlink()
    assert run_tool(branch) == "no image became smaller\n"
    assert git(branch, "status", "--porcelain") == ""
    assert not (branch.parent / "comment.md").exists()


def test_links_are_left_alone(branch, tmp_path_factory, photo):
    outside = tmp_path_factory.mktemp("outside") / "theirs.png"
    Image.fromarray(photo).save(outside)
    before = outside.read_bytes()
    (branch / "link.png").symlink_to(outside)
    git(branch, "add", "--all")
    git(branch, "commit", "--quiet", "--message", "a link")
    run_tool(branch)
    assert outside.read_bytes() == before


def test_names_cannot_draw_in_the_comment():
    table = runpy.run_path(str(TOOL))["table"]
    row = {"status": "compressed", "input": "a|b\n<img>[x](y)@all.png", "bytes_in": 2000, "bytes_out": 500}
    text = table([row])
    assert not set("<>[]@") & set(text) and text.count("\n") == 5
    assert "**0.5 kB** (75% saved)" in text and "| 75% |" in text


def test_an_option_that_does_not_exist_fails(branch):
    command = [sys.executable, str(TOOL), "main", "--no-such-option"]
    assert subprocess.run(command, cwd=branch, capture_output=True, check=False).returncode != 0
