"""A trial of saving into a folder promises what is saved then, and names what is not."""

import os
import subprocess

import pytest

from conftest import png_bytes, wait_until
from web.served import saved, serving, serving_folder


@pytest.fixture
def served(huepress_program, tree):
    with serving_folder(huepress_program, tree, effort=0, n_colors=16) as started:
        yield started


def statuses(state):
    return {each["name"]: each["status"] for each in state["files"]}


@pytest.mark.parametrize("taken", ["a.png", "small", "small/a.png/x.png"])
def test_a_trial_finds_what_is_in_the_way(served, tree, taken, photo):
    """What it promises is what is saved."""
    target = tree / taken if taken == "small" else tree / "small" / taken.removeprefix("small/")
    target.parent.mkdir(parents=True, exist_ok=True)
    target.write_bytes(png_bytes(photo[::2]))
    wait_until(lambda: len(next(served.states())["rows"]) == 2, served.process)
    tried = saved(served, how="into", into="small", dry_run=True)
    if taken == "small":
        assert tried["error"] == "small: not a folder; choose another folder"
    else:
        done = saved(served, how="into", into="small", dry_run=False)
        assert statuses(tried) == statuses(done) == {"a.png": "failed", "sub/a.png": "compressed"}
        assert tried["summary"].startswith("1 would be saved, 0 kept as they are, 1 failed")


def test_what_lies_in_the_folder_that_is_saved_into_is_named(served, tree):
    for dry_run in (True, False):
        state = saved(served, how="into", into="sub", dry_run=dry_run)
        assert statuses(state) == {"a.png": "failed", "sub/a.png": "failed"}  # the one exists already as the other
        assert any("lies in the folder that is saved into" in each["told"] for each in state["files"])


@pytest.mark.parametrize("how", ["beside", "into", "replace"])
def test_a_trial_finds_a_folder_that_cannot_be_written(huepress_program, tree, tmp_path, how):
    tree.chmod(0o555)
    try:
        if os.access(tree, os.W_OK):  # root may, but not where the file system is for reading only
            mounted = subprocess.run(["mount", "--bind", tree, tree], capture_output=True).returncode == 0
            if not mounted or subprocess.run(["mount", "-o", "remount,ro,bind", tree], capture_output=True).returncode:
                pytest.skip("nothing here is for reading only")
        with serving(huepress_program, "pictures", cwd=tmp_path) as served:
            served.call("PUT", "/api/settings", {"effort": 0, "n_colors": 16})
            wait_until(lambda: len(next(served.states())["rows"]) == 2, served.process)
            state = saved(served, how=how, into="small", dry_run=True)
            assert state["error"] == "this folder: the folder is not writable; choose another folder"
            assert served.call("GET", "/api/folder").json["tried"] is None
    finally:
        subprocess.run(["umount", tree], capture_output=True)
        tree.chmod(0o755)


def test_a_ledger_that_is_none_is_found_by_a_trial(served, tree):
    (tree / ".huepress-ledger").symlink_to(tree.parent / "outside" / "ledger")
    state = saved(served, how="beside", dry_run=True)
    assert state["error"].startswith(".huepress-ledger: cannot be used as the ledger")
    assert not (tree.parent / "outside" / "ledger").exists()


@pytest.mark.parametrize("way", ["behind a link", "gone"])
def test_what_is_not_found_any_more_is_named(served, tree, way):
    tried = saved(served, how="replace", dry_run=True)
    assert statuses(tried) == {"a.png": "compressed", "sub/a.png": "compressed"}
    (tree / "sub" / "a.png").unlink()
    if way == "behind a link":
        (tree / "sub").rmdir()
        (tree / "sub").symlink_to(tree.parent / "outside" / "deep")
    state = saved(served, how="replace", dry_run=False)
    assert statuses(state) == {"a.png": "compressed", "sub/a.png": "failed"} and "1 failed" in state["summary"]


def test_pictures_of_the_page_that_are_not_of_the_folder_are_counted(served, photo):
    served.add("dropped.png", png_bytes(photo))
    assert served.call("GET", "/api/folder").json["elsewhere"] == 1
