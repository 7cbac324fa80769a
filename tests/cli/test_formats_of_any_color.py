"""``--format`` avif, webp-lossy, jpeg and smallest, and ``--advise``, in the installed program."""

import csv
import io
import json

import numpy as np
import pytest
from PIL import Image

from conftest import png_bytes


@pytest.fixture
def grainy_file(tmp_path, photo):
    grain = np.random.default_rng(0).normal(0, 5, (*photo.shape[:2], 1))
    pixels = np.clip(np.rint(photo + grain), 0, 255).astype(np.uint8)
    (tmp_path / "grainy.png").write_bytes(png_bytes(pixels))
    return "grainy.png"


@pytest.mark.parametrize(
    ("call", "name", "file_format"),
    [
        (["-o", "a.avif"], "a.avif", "AVIF"),
        (["-o", "a.jpg"], "a.jpg", "JPEG"),
        (["-o", "a.jpeg", "--format", "jpeg"], "a.jpeg", "JPEG"),
        (["-o", "a.webp", "--format", "webp-lossy"], "a.webp", "WEBP"),
        (["--format", "webp-lossy"], "grainy-huepress.webp", "WEBP"),
        (["--format", "jpeg"], "grainy-huepress.jpg", "JPEG"),
        (["--format", "smallest"], "grainy-huepress.avif", "AVIF"),
        (["--ext", "avif", "--suffix", "", "-o", "out/"], "out/grainy.avif", "AVIF"),
    ],
)
def test_names_and_formats_fit(run, grainy_file, tmp_path, call, name, file_format):
    done = run("compress", grainy_file, "--quality", "60", "--json", *call)
    assert done.returncode == 0, done.stderr
    row = json.loads(done.stdout)
    assert (row["output"], row["palette"], row["bits_per_pixel"]) == (name, None, 24)
    assert row["trials"][-1]["quality"] > 0 and row["trials"][-1]["coder"] != "palette"
    with Image.open(tmp_path / name) as image:
        assert image.format == file_format and image.size == (300, 200)


def test_what_contradicts_is_one_sentence(run, grainy_file):
    cases = {
        ("--format", "smallest", "-o", "a.png"): (2, "drop one of them"),
        ("--format", "webp-lossy", "-o", "a.avif"): (2, "drop one of them"),
        ("--format", "avif", "-k", "16"): (2, "leave -k, --palette and --pin out"),
        ("--format", "smallest", "--in-place"): (2, "leave --in-place out"),
        ("--format", "jpeg", "--shared-palette"): (2, "choose another --format"),
        ("-o", "a.bmp"): (5, ".avif"),
    }
    for call, (code, words) in cases.items():
        done = run("compress", grainy_file, *call)
        text = done.stderr.decode()
        assert done.returncode == code and text.startswith("huepress: ") and text.count("\n") == 1, text
        assert words in text, call


def test_a_tree_of_the_smallest(run, grainy_file, tmp_path):
    flat = np.kron(np.arange(12, dtype=np.uint8).reshape(3, 4) * 20, np.ones((30, 30), np.uint8))
    (tmp_path / "tree").mkdir()
    (tmp_path / grainy_file).rename(tmp_path / "tree" / "a.png")
    Image.fromarray(flat).save(tmp_path / "tree" / "b.png")
    call = ("-r", "tree", "-o", "out", "--format", "smallest", "--effort", "2")
    assert run("compress", *call, "--report", "r.csv", "--advise").returncode == 0
    assert (tmp_path / "out" / "a.avif").exists() and not list((tmp_path / "out").glob("b.avif"))
    rows = {row["input"]: row for row in csv.DictReader(io.StringIO((tmp_path / "r.csv").read_text()))}
    assert "as AVIF" not in rows["a.png"]["advice"] and "as JPEG" in rows["a.png"]["advice"]
    again = [json.loads(line) for line in run("compress", *call, "--json").stdout.splitlines()]
    assert all(row["unchanged"] for row in again)


def test_advice_is_told(run, grainy_file, tmp_path):
    done = run("compress", grainy_file, "--advise", "-k", "64")
    assert "; at the same score " in done.stdout.decode() and " kB as AVIF" in done.stdout.decode()
    page = run("compare", grainy_file, "--advise", "-k", "32", "--effort", "1", "-o", "page.html")
    assert page.returncode == 0 and "at the same score" in (tmp_path / "page.html").read_text()


def test_all_figures_of_a_kept_original_tell_what_would_be_smaller(run, grainy_file, tmp_path):
    Image.open(tmp_path / grainy_file).save(tmp_path / "grainy.jpg", quality=80)
    kept = run("compress", "grainy.jpg", "-v", "--effort", "1").stdout.decode()
    assert "original kept" in kept and "; at a score of 80 " in kept and " kB as AVIF" in kept
    briefly = run("compress", "grainy.jpg", "--effort", "1", "-o", "again/").stdout.decode()
    assert "original kept" in briefly and "at a score" not in briefly
    page = run("compress", "grainy.jpg", "--effort", "1", "-o", "third/", "--report", "report.html")
    assert page.returncode == 0 and "as AVIF" in (tmp_path / "report.html").read_text()


def test_a_page_of_versions_that_are_no_smaller_tells_what_would_be(run, grainy_file, tmp_path):
    Image.open(tmp_path / grainy_file).save(tmp_path / "grainy.jpg", quality=60)
    for name, told in (("grainy.jpg", True), (grainy_file, False)):
        made = run("compare", name, "-k", "16,32", "--effort", "1", "-o", f"{name}.html", "--json")
        advised = [json.loads(line)["advice"] for line in made.stdout.splitlines()]
        assert not advised[0] and bool(advised[1]) == told
        assert ("at the same score" in (tmp_path / f"{name}.html").read_text()) == told
        assert all(n_bytes < (tmp_path / name).stat().st_size for n_bytes in advised[1].values())


def test_a_comparison_of_formats(run, grainy_file, tmp_path):
    names = ["png", "avif", "webp-lossy", "jpeg", "smallest"]
    done = run("compare", grainy_file, "--format", ",".join(names), "--quality", "60", "-o", "page.html", "--json")
    assert done.returncode == 0, done.stderr
    rows = [json.loads(line) for line in done.stdout.splitlines()]
    assert [row["format"] for row in rows] == ["png", "avif", "webp", "jpeg", "avif"]
    assert all(60 <= row["score"] < 66 for row in rows)
    page = (tmp_path / "page.html").read_text()
    for kind in ("png", "avif", "webp", "jpeg"):
        assert f"data:image/{kind};base64" in page
    assert page.count('<ul class="palette"') == 1  # of the only version that has one
    assert run("compare", grainy_file, "--format", "avif,jpeg", "-o", "sheet.png").returncode == 0
