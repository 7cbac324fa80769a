import json
import shlex

import numpy as np
import pytest
from PIL import Image

import animations
from conftest import png_bytes, run_on_terminal
from html_pages import embedded, parse

HOSTILE = "<script>alert('1')</script>&\"x.png".replace("/", "_")


@pytest.fixture(scope="module")
def clip():
    return animations.as_png(animations.moving(5)[:4], [100, 50, 200, 100])


def test_a_page_of_an_animation(run, clip, tmp_path):
    (tmp_path / "clip.png").write_bytes(clip)
    done = run("compare", "clip.png", "-k", "auto,4", "--effort", 0, "-o", "page.html")
    assert done.returncode == 0 and done.stdout.startswith(b"page.html: open file:///"), done.stderr
    page = parse((tmp_path / "page.html").read_bytes())
    figures = page.all("figure")
    assert [figure.one("img").attributes["alt"] for figure in figures] == ["Original", "K = auto", "K = 4"]
    assert embedded(figures[0].one("img")) == ("image/png", clip)
    for figure in figures[1:]:  # the command that the page offers makes the file that it shows
        arguments = shlex.split(figure.attributes["data-command"])
        assert run(*arguments[1:], "-q", "-o", "made.png", "-f").returncode == 0
        assert embedded(figure.one("img"))[1] == (tmp_path / "made.png").read_bytes()
    assert page.one("div", class_="player").attributes["data-total"] == "4"


def test_the_usual_version_alone_unless_others_are_asked_for(run, clip, photo, tmp_path):
    (tmp_path / "clip.png").write_bytes(clip)
    (tmp_path / "photo.png").write_bytes(png_bytes(photo[:40, :60]))
    done = run("compare", "clip.png", "photo.png", "--effort", 0, "--json", "-o", "all.html")
    facts = [json.loads(line) for line in done.stdout.splitlines()]
    assert [each["label"] for each in facts] == ["K = auto", "K = 8", "K = 16", "K = 32"]
    assert facts[0]["n_frames"] == 4 and "n_frames" not in facts[1]
    page = parse((tmp_path / "all.html").read_bytes())
    assert len(page.all("section")) == 2 and len(page.all("div", class_="player")) == 1
    done = run("compare", "clip.png", "--effort", 0, "--rate", "1,8", "--json", "-o", "all.html", "-f")
    facts = [json.loads(line) for line in done.stdout.splitlines()]
    assert [each["label"] for each in facts] == ["rate 1", "rate 8"]


def test_json_says_what_score_says(run, clip, tmp_path):
    (tmp_path / "clip.png").write_bytes(clip)
    (found,) = map(json.loads, run("compare", "clip.png", "-k", 6, "--effort", 0, "--json").stdout.splitlines())
    assert run("compress", "clip.png", "-k", 6, "--effort", 0, "-o", "made.png").returncode == 0
    score = json.loads(run("score", "clip.png", "made.png", "--json").stdout)
    for name in ("worst", "flicker", "flicker_of_original", "words"):
        assert found[name] == score[name], name
    assert found["score"] == round(score["ssimulacra2"], 2) and found["output"] == "clip-compare.png"


def test_a_sheet_of_an_animation(run, clip, tmp_path):
    (tmp_path / "clip.png").write_bytes(clip)
    done = run("compare", "clip.png", "-k", "4,8", "--effort", 0)
    assert done.returncode == 0, done.stderr
    with Image.open(tmp_path / "clip-compare.png") as sheet:
        assert sheet.width > 3 * 480 and len(np.unique(np.asarray(sheet).reshape(-1, 3), axis=0)) > 500


def test_a_part_of_an_animation_and_a_frame_of_it(run, clip, tmp_path):
    (tmp_path / "clip.png").write_bytes(clip)
    done = run("compare", "clip.png", "--trim", "0.1:0.4", "--effort", 0, "--json", "-o", "p.html")
    assert json.loads(done.stdout)["n_frames"] == 3
    done = run("compare", "clip.png", "--still", "0.2", "-k", 4, "--effort", 0, "--json", "-o", "p.html", "-f")
    assert "n_frames" not in json.loads(done.stdout) and b'class="player"' not in (tmp_path / "p.html").read_bytes()
    done = run(
        "compare", "clip.png", "--format", "webp", "--palette-per-frame", "--effort", 0, "--json", "-o", "w.html"
    )
    assert json.loads(done.stdout)["format"] == "webp"
    assert "K = auto, first frame" in (tmp_path / "w.html").read_text()


def test_names_are_text_everywhere(run, clip, tmp_path):
    (tmp_path / HOSTILE).write_bytes(clip)
    done = run("compare", HOSTILE, "--effort", 0, "-o", "page.html")
    assert done.returncode == 0, done.stderr
    page = parse((tmp_path / "page.html").read_bytes())
    assert page.one("h1").text == HOSTILE and page.one("head").one("title").text == HOSTILE
    assert len(page.all("script")) == 1  # the page's own
    figure = page.all("figure")[1]
    assert shlex.split(figure.attributes["data-command"])[2] == HOSTILE
    assert figure.attributes["data-file"] == HOSTILE.removesuffix(".png") + "-huepress.png"


def test_what_cannot_be_compared_is_told_in_a_line(run, clip, tmp_path):
    (tmp_path / "clip.png").write_bytes(clip)
    at = clip.rindex(b"fdAT") + 30
    (tmp_path / "bad.png").write_bytes(clip[:at] + b"\x00\xff\x00\xff" + clip[at + 4 :])
    (tmp_path / "cut.gif").write_bytes(animations.make_gif(1).data[:-40])
    for arguments in (
        ("clip.png", "--format", "jpeg"), ("bad.png",), ("cut.gif",), ("clip.png", "--trim", "9:10"),
        ("clip.png", "--max-pixels", 100),
    ):  # fmt: skip
        done = run("compare", *arguments, "--effort", 0, "-o", "page.html")
        assert done.returncode > 0 and done.stderr.count(b"\n") == 1 and b"Traceback" not in done.stderr, arguments
    assert not (tmp_path / "page.html").exists()


def test_standard_input(run, clip, tmp_path):
    done = run("compare", "-", "--effort", 0, "-o", "page.html", input=clip)
    assert done.returncode == 0 and parse((tmp_path / "page.html").read_bytes()).one("h1").text == "standard input"


def test_progress_counts_the_versions_of_an_animation(huepress_program, clip, tmp_path):
    (tmp_path / "clip.png").write_bytes(clip)
    code, _, shown = run_on_terminal([str(huepress_program), "compare", "clip.png", "--effort", "0"], cwd=tmp_path)
    assert code == 0 and b"clip.png: K = auto (1 of 1)" in shown
