"""What the installed program prints: lines for people, JSON for programs, numbers that agree with their words."""

import json
import re

import pytest

from huepress.engine.metrics import words_for
from huepress.wording import rounded_down, told_saving


def rows(done):
    assert done.returncode == 0, done.stderr
    return [json.loads(line) for line in done.stdout.splitlines()]


def test_the_line_of_a_file(run, photo_file):
    line = run("compress", "photo.png", "--quality", 60, "--effort", 1).stdout.decode()
    assert re.fullmatch(
        r"photo.png -> photo-huepress.png: [\d.]+ kB -> [\d.]+ kB, [\d.]+ % saved, "
        r"[a-z ]+ quality \(score [\d.]+\), \d+\.\d s\n",
        line,
    ), line
    long = run("compress", "photo.png", "--quality", 60, "--effort", 1, "-fv").stdout.decode()
    assert "PSNR" in long and "bits per pixel before deflate" in long and "colors" in long


@pytest.mark.parametrize("least", [30, 50, 70, 80, 90])
@pytest.mark.parametrize("digits", [0, 1, 2])
def test_a_rounded_score_has_the_word_of_the_score(least, digits):
    for score in (least - 1e-4, least - 0.04, least - 0.004, least, least + 0.004, least + 0.96):
        assert words_for(float(rounded_down(score, digits))) == words_for(score)


def test_rounding_is_no_more_than_it_should_be():
    assert rounded_down(70.29, 1) == "70.2" and rounded_down(0.3 * 100, 1) == "30.0" and rounded_down(-0.2, 0) == "-1"
    assert told_saving(0.9999) == "99.9 % saved" and told_saving(1 - 1e-7, 0) == "99 % saved"
    assert told_saving(-0.25, 0) == "25 % larger" and told_saving(0.0) == "0.0 % saved"


def test_json_of_a_palette(run, photo_file):
    (row,) = rows(run("palette", "photo.png", "-k", 3, "--json"))
    assert row["inputs"] == ["photo.png"] and row["output"] is None and len(row["colors"]) == 3
    assert sum(each["share"] for each in row["colors"]) == pytest.approx(1, abs=1e-5)
    (row,) = rows(run("palette", "photo.png", "-k", 3, "--json", "-o", "colors.gpl"))
    assert row["output"] == "colors.gpl"
    done = run("palette", "photo.png", "--json", "--format", "hex")
    assert done.returncode == 2 and b"standard output" in done.stderr
    assert run("palette", "photo.png", "-q", "-o", "quiet.gpl").stdout == b""


def test_json_of_segments(run, photo_file, tmp_path):
    (row,) = rows(run("segment", "photo.png", "-k", 3, "--json"))
    assert row["input"] == "photo.png" and row["width"] == 300 and len(row["segments"]) == 3
    assert all((tmp_path / name).exists() for name in row["files"])
    assert run("segment", "photo.png", "-k", 3, "-qf").stdout == b""


def test_json_of_a_comparison(run, photo_file):
    found = rows(run("compare", "photo.png", "-k", "4,8", "--effort", 1, "--json", "-o", "page.html"))
    assert [row["label"] for row in found] == ["K = 4", "K = 8"]
    assert all(row["words"] == words_for(row["score"]) and row["bytes_out"] > 0 for row in found)
    assert {row["output"] for row in found} == {"page.html"}
    assert run("compare", "photo.png", "-k", 4, "--effort", 0, "-q").stdout == b""
