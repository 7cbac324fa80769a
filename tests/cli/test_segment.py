import json
import sys

import numpy as np
import pytest
from PIL import Image

import huepress
from conftest import HANG, png_bytes
from known_regions import known_regions

BASIC = {
    "index.html",
    "labels.png",
    "regions.png",
    "parts.png",
    "overlay.png",
    "outlines.png",
    "segments.json",
    "segments.csv",
}


def one_sentence(done, code):
    text = done.stderr.decode()
    assert done.returncode == code, text
    assert text.startswith("huepress: ") and text.count("\n") == 1 and "Traceback" not in text, text
    return text


@pytest.fixture
def scene_file(tmp_path):
    path = tmp_path / "scene.png"
    path.write_bytes(png_bytes(known_regions(180, 120, n_segments=4, noise=10, seed=2)[0]))
    return path


def names_in(folder):
    return {path.name for path in folder.iterdir()}


def test_writes_a_folder(run, scene_file, tmp_path):
    done = run("segment", scene_file)
    assert done.returncode == 0 and done.stderr == b""
    assert b"4 segments" in done.stdout
    assert names_in(tmp_path / "scene-segments") == BASIC
    with Image.open(tmp_path / "scene-segments" / "labels.png") as image:
        np.testing.assert_array_equal(np.asarray(image), huepress.segment(scene_file).labels)


def test_everything_asked_for(run, scene_file, tmp_path):
    pytest.importorskip("vtracer")
    done = run("segment", scene_file, "-k", 3, "-o", "out/deep", "--layers", "--masks", "--svg", "--spatial", 0.1)
    assert done.returncode == 0, done.stderr
    layers = {f"{kind}-{i}.png" for kind in ("layer", "mask") for i in range(3)}
    assert names_in(tmp_path / "out" / "deep") == BASIC | layers | {"segments.svg"}
    rows = json.loads((tmp_path / "out" / "deep" / "segments.json").read_text())["segments"]
    assert [row["segment"] for row in rows] == [0, 1, 2] and sum(row["share"] for row in rows) == pytest.approx(
        1, abs=1e-5
    )


def test_standard_input_and_several(run, scene_file, photo_file, tmp_path):
    done = run("segment", "-", scene_file, "missing.png", "-k", 2, "-o", "out", input=photo_file.read_bytes())
    assert done.returncode == 1 and done.stderr.count(b"\n") == 1 and b"missing.png: no such file" in done.stderr
    assert names_in(tmp_path / "out") == {"stdin", "scene"}
    assert names_in(tmp_path / "out" / "stdin") == BASIC


def test_nothing_is_overwritten_unasked(run, scene_file, tmp_path):
    assert run("segment", scene_file, "-o", "out").returncode == 0
    (tmp_path / "out" / "labels.png").unlink()
    before = names_in(tmp_path / "out")
    assert "--force" in one_sentence(run("segment", scene_file, "-o", "out"), 5)
    assert names_in(tmp_path / "out") == before, "refused before anything is written"
    assert run("segment", scene_file, "-o", "out", "--force").returncode == 0
    (tmp_path / "overlay.png").write_bytes(scene_file.read_bytes())
    assert "replace an input" in one_sentence(run("segment", "overlay.png", "-o", ".", "-f"), 5)
    assert not (tmp_path / "labels.png").exists()


@pytest.mark.parametrize(
    ("arguments", "code", "says"),
    [
        (["missing.png"], 3, "no such file"),
        (["scene.png", "-k", "1"], 2, "range"),
        (["scene.png", "-k", "few"], 2, "'few'"),
        (["scene.png", "-o", "-"], 2, "several files"),
        (["scene.png", "-o", "scene.png"], 5, "not a folder"),
        (["scene.png", "--smooth", "-1"], 2, "range"),
        (["-", "-"], 2, "only once"),
        (["notes.txt"], 4, "not an image"),
    ],
)
def test_errors_are_one_sentence(run, scene_file, tmp_path, arguments, code, says):
    (tmp_path / "notes.txt").write_text("no picture")
    assert says in one_sentence(run("segment", *arguments), code)


def test_svg_without_the_tracer(scene_file):
    import subprocess

    code = f"""
import sys
sys.modules["vtracer"] = None
from huepress.cli.main import run
sys.exit(run(["segment", {str(scene_file)!r}, "--svg"]))
"""
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, timeout=HANG)
    assert "huepress[svg]" in one_sentence(done, 2)
    assert not scene_file.with_name("scene-segments").exists()


def test_regions_as_asked_for(run, scene_file, tmp_path):
    for asked, said in (("7", b"7 regions"), ("1", b"1 region,"), ("0.5", b" regions"), ("auto", b" regions")):
        done = run("segment", scene_file, "-k", 4, "--regions", asked, "-o", "out", "--force")
        assert done.returncode == 0 and said in done.stdout, done.stderr
        with Image.open(tmp_path / "out" / "regions.png") as image:
            option = "auto" if asked == "auto" else float(asked) if "." in asked else int(asked)
            expected = huepress.segment(scene_file, 4, regions=option).regions.labels
            np.testing.assert_array_equal(np.asarray(image), expected)
    for wrong in ("0", "-3", "many", "nan", "1e400"):
        assert "number of regions" in one_sentence(run("segment", scene_file, "--regions", wrong), 2)
