import json

import pytest

import huepress
from animations import as_png, moving
from conftest import png_bytes


@pytest.fixture
def versions(photo, photo_file, tmp_path):
    for k in (4, 64):
        huepress.compress(photo, n_colors=k).save(tmp_path / f"k{k}.png")
    return photo_file


def test_table_is_best_first(run, versions):
    done = run("score", versions, "k4.png", versions, "k64.png")
    assert done.returncode == 0, done.stderr
    lines = done.stdout.decode().splitlines()
    assert lines[0].split()[:3] == ["picture", "SSIMULACRA2", "quality"]
    assert [line.split()[0] for line in lines[1:]] == [str(versions), "k64.png", "k4.png"]
    assert "visually lossless" in lines[1] and "equal" in lines[1]


def test_json_equals_the_library(run, versions, tmp_path):
    done = run("score", versions, "k4.png", "--json")
    row = json.loads(done.stdout)
    found = huepress.score(versions, tmp_path / "k4.png")
    assert row["ssimulacra2"] == found.ssimulacra2 and row["words"] == found.words
    assert row["original"] == str(versions) and row["distorted"] == "k4.png"
    assert {"mse", "psnr_db", "delta_e_ok_mean", "delta_e_ok_p95", "banding"} <= set(row)
    assert json.loads(run("score", versions, versions, "--json").stdout)["psnr_db"] is None


def test_same_for_any_number_of_jobs(run, versions):
    assert len({run("score", versions, "k4.png", "--json", "-j", n).stdout for n in (1, 2, 4)}) == 1


def test_standard_input(run, versions):
    done = run("score", versions, "-", input=versions.read_bytes())
    assert done.returncode == 0 and b"100.00" in done.stdout


def test_errors_are_one_sentence(run, versions, photo, tmp_path):
    (tmp_path / "small.png").write_bytes(png_bytes(photo[:50, :60]))
    done = run("score", versions, "small.png")
    assert done.returncode == 3 and b"small.png" in done.stderr and b"differ in size" in done.stderr
    assert done.stderr.count(b"\n") == 1
    assert run("score", versions, "missing.png").returncode == 3
    assert run("score", "-", "-").returncode == 2
    mixed = run("score", versions, "small.png", "k4.png")
    assert mixed.returncode == 1 and b"k4.png" in mixed.stdout
    (tmp_path / "tiny.png").write_bytes(png_bytes(photo[:5, :5]))
    done = run("score", "tiny.png", "tiny.png")
    assert done.returncode == 3 and b"8 x 8" in done.stderr and b"Traceback" not in done.stderr


def test_animations(run, tmp_path):
    (tmp_path / "clip.png").write_bytes(as_png(moving(3), 50))
    small = huepress.compress(tmp_path / "clip.png", 8, format="gif", rate=8, allow_larger=True)
    small.save(tmp_path / "clip.gif")
    done = run("score", "clip.png", "clip.gif", "--frames")
    lines = done.stdout.decode().splitlines()
    assert done.returncode == 0 and lines[0].split()[-4:] == ["worst", "at", "flicker", "original's"]
    assert lines[3] == "clip.gif" and lines[4].startswith("from") and len(lines) == 7
    row = json.loads(run("score", "clip.png", "clip.gif", "--json").stdout)
    assert row["worst"]["ssimulacra2"] == min(moment["ssimulacra2"] for moment in row["moments"])
    (tmp_path / "still.png").write_bytes(png_bytes(moving(2)[0]))
    mixed = run("score", "clip.png", "still.png")
    assert mixed.returncode == 3 and b"two of a kind" in mixed.stderr and b"Traceback" not in mixed.stderr
