"""Sizes that can be asked for."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

import huepress
from animations import as_png, moving, seen_by_pillow
from conftest import png_bytes
from huepress.errors import OptionError
from huepress.resizing import parse_resize


@pytest.mark.parametrize(
    ("asked", "before", "after"),
    [
        ("1600", (4000, 3000), (1600, 1200)),
        (1600, (3000, 4000), (1200, 1600)),
        ("1600", (800, 600), (800, 600)),
        ("1600x1200", (4000, 2000), (1600, 800)),
        ("1600x1200", (1000, 4000), (300, 1200)),
        ((1600, 1200), (1000, 4000), (300, 1200)),
        ("1600x", (3200, 9000), (1600, 4500)),
        ("x100", (3200, 1000), (320, 100)),
        ("50%", (101, 1), (51, 1)),
        (0.5, (100, 60), (50, 30)),
        ("33.3 %", (1000, 1000), (333, 333)),
        ("200%", (10, 20), (20, 40)),
        (np.int64(10), (20, 10), (10, 5)),
        ("1%", (20, 20), (1, 1)),
    ],
)
def test_sizes(asked, before, after):
    assert parse_resize(asked).size_for(*before) == after


@pytest.mark.parametrize(
    "asked",
    ["", "x", "0", "0x5", "-5", "1600x-1", "50", "0%", "1e9%", "nan%", "99999%", True, 0.0, -1.5, (1,), "²", None],
)
def test_what_is_no_size(asked):
    if asked == "50":
        assert parse_resize(asked).size_for(100, 100) == (50, 50)
        return
    with pytest.raises(OptionError, match="resize takes"):
        parse_resize(asked)


@given(st.integers(1, 10**6), st.integers(1, 10**6), st.integers(1, 10**6), st.integers(1, 10**6))
def test_a_box_holds_its_picture_and_is_never_filled_by_force(width, height, box_width, box_height):
    new = parse_resize((box_width, box_height)).size_for(width, height)
    assert 1 <= new[0] <= min(width, box_width) and 1 <= new[1] <= min(height, box_height)
    assert new == (width, height) or new[0] == box_width or new[1] == box_height


def test_the_library(photo, tmp_path):
    data = png_bytes(photo)
    result = huepress.compress(data, 16, resize=150)
    assert (result.report.width, result.report.height, result.indices.shape) == (150, 100, (100, 150))
    assert result.report.bytes_in == len(data) and "resized from 300 x 200 to 150 x 100" in result.report.notes
    assert huepress.quantize(photo, 8, resize="10%").indices.shape == (20, 30)
    seen = huepress.compare(photo, n_colors=[4, 8], resize="50%", effort=0)
    assert seen.source.width == 150 and all(v.outcome.report.width == 150 for v in seen.versions)


def test_scores_are_against_the_smaller_picture(photo):
    reached = huepress.compress(photo, resize="50%", quality=60)
    from huepress.formats.resample import resample

    assert huepress.score(resample(photo, 150, 100), reached.image).ssimulacra2 == pytest.approx(reached.report.score)


def test_an_original_is_not_kept_in_its_place(photo):
    import io

    from PIL import Image

    buffer = io.BytesIO()
    Image.fromarray(photo).save(buffer, "JPEG", quality=5)
    assert huepress.compress(buffer.getvalue()).report.status == "kept"
    small = huepress.compress(buffer.getvalue(), resize=200)
    assert small.report.status == "compressed" and small.report.width == 200
    assert small.report.bytes_out > small.report.bytes_in and "times the JPEG it was made from" in small.report.message
    assert huepress.compress(buffer.getvalue(), resize=5000).report.status == "kept"


def test_trees_and_their_ledger(run, photo, tmp_path):
    (tmp_path / "in").mkdir()
    for number in range(2):
        (tmp_path / "in" / f"{number}.png").write_bytes(png_bytes(photo))
    assert run("compress", "-r", "in", "-o", "out", "--resize", 100, "--effort", 0).returncode == 0
    first = (tmp_path / "out" / "0.png").read_bytes()
    from PIL import Image

    with Image.open(tmp_path / "out" / "0.png") as image:
        assert image.size == (100, 67)
    again = run("compress", "-r", "in", "-o", "out", "--resize", 100, "--effort", 0)
    assert b"2 of them before" in again.stdout
    done = run("compress", "-r", "in", "-o", "out", "--resize", "50%", "--effort", 0, "-f", "--report", "r.json")
    assert done.returncode == 0 and (tmp_path / "out" / "0.png").read_bytes() != first
    assert b'"width": 150' in (tmp_path / "r.json").read_bytes()


def test_in_place_is_done_once(run, photo, tmp_path):
    (tmp_path / "a.png").write_bytes(png_bytes(photo))
    from PIL import Image

    for _ in range(2):
        assert run("compress", "a.png", "--in-place", "--resize", "50%", "--effort", 0).returncode == 0
        with Image.open(tmp_path / "a.png") as image:
            assert image.size == (150, 100)


@pytest.mark.parametrize("file_format", ["gif", "png"])
def test_animations(file_format):
    data = as_png(moving(), [100, 200, 300, 400])
    result = huepress.compress(data, resize="50%", format=file_format)
    frames, _ = seen_by_pillow(result.encoded.data)
    assert len(frames) == result.report.n_frames == 3  # the last two are equal
    assert frames[0].shape[:2] == (24, 36) == (result.report.height, result.report.width)


def test_the_command_line(run, photo_file):
    done = run("photo.png", "--resize", "120x120", "--effort", 0)
    assert done.returncode == 0 and b"resized from 300 x 200 to 120 x 80" in done.stdout
    done = run("photo.png", "--resize", "huge", "-f")
    assert done.returncode == 2 and b"resize takes" in done.stderr and done.stderr.count(b"\n") == 1
    done = run("photo.png", "--resize", "1000%", "--max-pixels", 100_000, "-f")
    assert done.returncode == 6 and b"--max-pixels" in done.stderr
