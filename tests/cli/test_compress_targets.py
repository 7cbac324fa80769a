"""Targets on the installed program."""

import json
import os
import subprocess
import sys

import pytest
from PIL import Image

from conftest import png_bytes, run_on_terminal
from huepress.wording import rounded_down

ROOM = ["--effort", "1", "-k", "32"]


@pytest.fixture
def small_file(tmp_path, photo):
    path = tmp_path / "small.png"
    path.write_bytes(png_bytes(photo[20:120, 40:160]))
    return path


def one_sentence(done, code):
    text = done.stderr.decode()
    assert done.returncode == code, text
    assert text.startswith("huepress: ") and text.count("\n") == 1, text
    return text


def test_a_quality_and_what_was_tried(run, small_file, tmp_path):
    pytest.importorskip("matplotlib")
    done = run("compress", small_file, "--quality", 60, *ROOM, "--json", "--plot", "trials.png")
    assert done.returncode == 0, done.stderr
    row = json.loads(done.stdout)
    assert row["score"] == round(row["score"], 2) >= 60
    kinds = {"rate": float, "n_colors": int, "n_bytes": int, "score": float, "coder": str, "quality": int}
    assert {**kinds, "worst": type(None)} == {name: type(value) for name, value in row["trials"][0].items()}
    assert row["bytes_out"] in [trial["n_bytes"] for trial in row["trials"]]
    with Image.open(tmp_path / "trials.png") as drawing:
        assert drawing.format == "PNG" and len(drawing.convert("RGB").getcolors(1 << 16)) > 10
    again = run("compress", small_file, "--quality", 60, *ROOM, "-o", "b.png", "--plot", "trials.png")
    assert "exists already" in one_sentence(again, 5) and not (tmp_path / "b.png").exists()
    told = run("compress", small_file, "--quality", 60, *ROOM, "-o", "b.png").stdout.decode()
    assert f"(score {rounded_down(row['score'], 1)})" in told


def test_a_size(run, small_file, tmp_path):
    done = run("compress", small_file, "--max-size", "3kB", *ROOM, "--json")
    row = json.loads(done.stdout)
    assert row["bytes_out"] <= 3000 and row["score"] is not None
    done = run("compress", small_file, "--max-size", "0.001bpp", *ROOM, "-o", "x.png")
    assert "allow more" in one_sentence(done, 7) and not (tmp_path / "x.png").exists()
    done = run("compress", small_file, "--max-size", "0.001bpp", *ROOM, "-o", "x.png", "--force")
    assert done.returncode == 0 and (tmp_path / "x.png").exists()


def test_targets_in_a_tree(run, small_file, tmp_path):
    (tmp_path / "src").mkdir()
    small_file.rename(tmp_path / "src" / "a.png")
    pytest.importorskip("matplotlib")
    for _ in range(2):  # the second time out of the ledger
        done = run("compress", "-r", "src", "-o", "dst", "--quality", 60, *ROOM, "--json", "--plot", "p.svg", "-f")
        row = json.loads(done.stdout)
        assert row["score"] >= 60 and len(row["trials"]) > 1
        assert b"a.png" in (tmp_path / "p.svg").read_bytes() or b"<svg" in (tmp_path / "p.svg").read_bytes()
    assert row["unchanged"]


@pytest.mark.parametrize(
    ("arguments", "says"),
    [
        (["--plot", "p.png"], "--quality or --max-size"),
        (["--quality", "60", "--plot", "p.jpg"], ".png, .svg, .pdf"),
        (["--quality", "101"], "0 to 100"),
        (["--max-size", "3 apples"], "100kB"),
        (["--quality", "60", "--max-size", "9kB"], "exclude"),
        (["-k", "many"], "many"),
        (["-k", "257"], "257"),
    ],
)
def test_nonsense(run, small_file, tmp_path, arguments, says):
    assert says in one_sentence(run("compress", small_file, *arguments), 2)
    assert [path.name for path in tmp_path.iterdir()] == ["small.png"]


@pytest.mark.parametrize("through_link", [False, True])
def test_a_drawing_replaces_no_input(run, small_file, tmp_path, through_link):
    before, name = small_file.read_bytes(), small_file
    if through_link:
        name = tmp_path / "other.png"
        name.symlink_to(small_file)
    done = run("compress", small_file, "--quality", 60, "--plot", name, "-f", "-o", "out/")
    assert "another name" in one_sentence(done, 5) and small_file.read_bytes() == before


def test_without_matplotlib(small_file, tmp_path):
    (tmp_path / "none" / "matplotlib").mkdir(parents=True)
    (tmp_path / "none" / "matplotlib" / "__init__.py").write_text("raise ImportError('not here')")
    path = os.pathsep.join([str(tmp_path / "none"), *filter(None, [os.environ.get("PYTHONPATH")])])
    done = subprocess.run(
        [sys.executable, "-m", "huepress.cli.main", "compress", small_file, "--quality", "60", "--plot", "p.png"],
        cwd=tmp_path, capture_output=True, env={**os.environ, "PYTHONPATH": path},
    )  # fmt: skip
    assert "huepress[plot]" in one_sentence(done, 2)


def test_colors_are_chosen(run, small_file):
    chosen = json.loads(run("compress", small_file, "-k", "auto", "--effort", 0, "--json", "-o", "a.png").stdout)
    default = json.loads(run("compress", small_file, "--effort", 0, "--json", "-o", "b.png").stdout)
    assert chosen["n_colors"] == default["n_colors"] == 256


@pytest.mark.skipif(sys.platform == "win32", reason="needs a pseudo-terminal")
def test_progress_of_a_single_image(huepress_program, small_file):
    command = [str(huepress_program), "compress", str(small_file), "--quality", "60", *ROOM]
    code, stdout, shown = run_on_terminal(command)
    assert code == 0 and b"score" in stdout
    assert b"small.png" in shown and b"%" in shown


def test_one_palette_for_a_tree(run, photo, sunset, tmp_path):
    (tmp_path / "src" / "deep").mkdir(parents=True)
    (tmp_path / "src" / "a.png").write_bytes(png_bytes(photo[:60, :90]))
    (tmp_path / "src" / "deep" / "b.png").write_bytes(png_bytes(sunset[:40]))
    done = run("compress", "-r", "src", "-o", "dst", "--shared-palette", "-k", 8, "--effort", 0, "--json")
    rows = [json.loads(line) for line in done.stdout.splitlines()]
    assert len(rows) == 2 and rows[0]["palette"] == rows[1]["palette"] and len(rows[0]["palette"]) == 8
