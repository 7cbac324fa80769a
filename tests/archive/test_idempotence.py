"""Results are known as results, however they were made and wherever they got to."""

import json
import os
import shutil

import pytest
from PIL import Image

import huepress
from archive.trees import files_of, images_of, many
from huepress.archive.tasks import ALREADY_DONE
from huepress.formats.mark import bears_mark


@pytest.mark.parametrize("goal", [["--quality", "50"], ["--max-size", "2kB"], []])
def test_files_replaced_by_name_are_known_though_no_ledger_tells(run, photo, tmp_path, goal):
    for suffix in ("png", "webp"):
        Image.fromarray(photo[:90, :90]).save(tmp_path / f"a.{suffix}", lossless=True)
    call = ["compress", "--in-place", "a.png", "a.webp", "-k", 32, *goal, "--json"]
    rows = [json.loads(row) for row in run(*call).stdout.splitlines()]
    assert [row["status"] for row in rows] == ["compressed"] * 2
    before = files_of(tmp_path)
    assert [row["bytes_out"] for row in rows] == [len(before["a.png"]), len(before["a.webp"])]
    (tmp_path / "elsewhere").mkdir()
    for name in before:
        (tmp_path / name).rename(tmp_path / "elsewhere" / name)
        os.utime(tmp_path / "elsewhere" / name, (1, 1))
    listed = b"elsewhere/a.png\nelsewhere/a.webp\n"
    rows = [
        json.loads(row)
        for row in run("compress", "--files-from", "-", *call[1:2], *call[4:], input=listed).stdout.splitlines()
    ]
    assert [row["status"] for row in rows] == ["kept"] * 2
    assert files_of(tmp_path / "elsewhere") == before
    if goal[:1] == ["--quality"]:
        row = json.loads(run("compress", "--in-place", "elsewhere/a.png", "-k", 8, *goal, "--json").stdout)
        assert row["message"] != ALREADY_DONE, "other options are another wish"


@pytest.mark.parametrize("has_room", [True, False])
def test_a_size_that_was_met_in_place_is_known_where_the_mark_has_room(run, photo, tmp_path, has_room):
    """Nothing is done again; and no mark ever makes a file larger than was asked for."""
    Image.fromarray(photo[:90, :90]).save(tmp_path / "a.png")
    source = (tmp_path / "a.png").read_bytes()

    def room(limit):
        return limit - len(huepress.compress(source, max_size=limit).encoded.data)

    enough = range(40, 1000) if has_room else range(8)
    limit = next(limit for limit in range(1000, 3000, 7) if room(limit) in enough)

    def again():
        return json.loads(run("compress", "--in-place", "a.png", "--max-size", limit, "--json").stdout)

    assert again()["status"] == "compressed"
    made = (tmp_path / "a.png").read_bytes()
    assert len(made) <= limit and bears_mark(made) == has_room
    row = again()
    assert row["status"] == "kept" and (tmp_path / "a.png").read_bytes() == made
    assert (row["message"] == ALREADY_DONE) == has_room


def test_results_are_known_however_they_were_made(run, photo, tmp_path):
    many(tmp_path / "src", photo, 2)
    wish = ["--quality", 50, "-k", 32]

    def kept(*call):
        return {json.loads(row)["status"] for row in run("compress", *call, *wish, "--json").stdout.splitlines()}

    # In place by tree, then by name, then as a source; in place by name, then by tree.
    shutil.copytree(tmp_path / "src", tmp_path / "a")
    assert kept("-r", "--in-place", "a") == {"compressed"}
    once = images_of(tmp_path / "a")
    assert kept("--in-place", "a/0.png", "a/1.png") == kept("-r", "a", "-o", "copied") == {"kept"}
    assert images_of(tmp_path / "copied") == images_of(tmp_path / "a") == once
    shutil.copytree(tmp_path / "src", tmp_path / "b")
    kept("--in-place", "b/0.png", "b/1.png")
    assert kept("-r", "--in-place", "b") == {"kept"} and images_of(tmp_path / "b") == once
    # Mirrored, then in place; mirrored again and again, one of them lost meanwhile.
    assert kept("-r", "src", "-o", "c") == {"compressed"}
    first = images_of(tmp_path / "c")
    assert kept("-r", "c", "-o", "d") == kept("-r", "d", "-o", "e") == {"kept"}
    (tmp_path / "d" / "0.png").unlink()
    kept("-r", "c", "-o", "d")
    assert images_of(tmp_path / "d") == images_of(tmp_path / "e") == first
    assert kept("-r", "--in-place", "c") == {"kept"} and images_of(tmp_path / "c") == first
    assert run("compress", "-r", "--in-place", "c", *wish, "--strict").returncode == 0


def test_a_source_that_looks_like_a_result_is_done_alike_after_a_kill(run, photo, tmp_path):
    many(tmp_path / "src", photo, 1)
    run("compress", "-r", "src", "-o", "first", "-k", 16, "--quality", 50)
    (tmp_path / "src" / "z.png").write_bytes((tmp_path / "first" / "0.png").read_bytes())
    run("compress", "-r", "src", "-o", "whole", "-k", 16, "--quality", 50)
    run("compress", "-r", "src", "-o", "killed", "-k", 16, "--quality", 50, "--exclude", "z.png")
    run("compress", "-r", "src", "-o", "killed", "-k", 16, "--quality", 50)
    assert images_of(tmp_path / "killed") == images_of(tmp_path / "whole")
    run("compress", "-r", "src", "-o", "whole", "-k", 16, "--quality", 50)
    assert images_of(tmp_path / "killed") == images_of(tmp_path / "whole")
