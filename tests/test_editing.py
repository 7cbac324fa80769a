"""Parts of pictures and of times that can be asked for."""

import io
from fractions import Fraction

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from PIL import Image

import huepress
from animations import as_png, moving, seen_by_pillow
from conftest import png_bytes
from huepress.editing import Crop, Trim, at_most, parse_crop, parse_trim, timed, trimmed
from huepress.errors import OptionError
from huepress.formats.reading import read_animation

DURATIONS = st.lists(st.fractions(0, 3, max_denominator=1000), min_size=1, max_size=30)
RATES = st.fractions("1/10", 100, max_denominator=100)


def total(times):
    return sum(seconds for _, seconds in times)


@given(DURATIONS, RATES, st.booleans())
def test_fewer_frames_take_the_same_time(durations, rate, stays):
    before = timed(durations)
    after = at_most(before, rate, stays=stays)
    numbers = [number for number, _ in after]
    assert total(after) == total(before) and numbers == sorted(set(numbers)) and len(after) <= len(before)
    assert all(seconds >= 1 / rate for _, seconds in after) or len(after) == 1
    assert at_most(after, rate, stays=stays) == after
    assert not stays or numbers[-1] == len(before) - 1
    if all(seconds >= 1 / rate for _, seconds in before):
        assert after == before


@given(DURATIONS, RATES)
def test_what_is_shown_is_hardly_late(durations, rate):
    """Whatever is on view was so in the input less than the time of a frame ago."""
    before = timed(durations)
    over = {number: total(before[: number + 1]) for number, _ in before}
    at = 0
    for number, seconds in at_most(before, rate, stays=True)[:-1]:
        at += seconds
        assert at - over[number] < 1 / rate


@given(DURATIONS, st.integers(0, 5000), st.integers(1, 5000))
def test_a_part_of_the_time_is_that_long(durations, start, length):
    before = timed(durations)
    trim = parse_trim((start / 1000, (start + length) / 1000))
    whole = total(before)
    if Fraction(start, 1000) >= whole:
        with pytest.raises(OptionError, match="start it earlier"):
            trimmed(before, trim)
        return
    after = trimmed(before, trim)
    assert total(after) == min(whole, Fraction(start + length, 1000)) - Fraction(start, 1000)
    assert [number for number, _ in after] == list(range(after[0][0], after[-1][0] + 1))


def test_what_can_be_asked_for():
    assert parse_trim("1.5:4") == Trim("1.5", "4") == parse_trim((1.5, 4)) == parse_trim(Trim("1.5", "4"))
    assert parse_trim(":4") == Trim("0", "4") == parse_trim((None, 4)) and parse_trim("1.5:") == Trim("1.5")
    assert parse_crop(" 1, 2,3,4") == Crop(1, 2, 3, 4) == parse_crop((1, 2, np.int64(3), 4))


@pytest.mark.parametrize(
    "asked", ["", ":", "4", "4:1", "2:2", "-1:2", "a:b", "1:2:3", "nan:", "1e3:", (1, 2, 3), (4, 1), 5]
)
def test_what_is_no_part_of_a_time(asked):
    with pytest.raises(OptionError, match="trim takes"):
        parse_trim(asked)


@pytest.mark.parametrize(
    "asked", ["", "1,2,3", "1,2,3,0", "-1,2,3,4", "1,2,3,4,5", "a,b,c,d", "²,1,1,1", (1, 2, 3), 5, (1, 2, 0, 3)]
)
def test_what_is_no_rectangle(asked):
    with pytest.raises(OptionError, match="crop takes"):
        parse_crop(asked)


def clip(n_frames=12, milliseconds=30):
    rng = np.random.default_rng(3)
    frames = [np.full((16, 20, 4), 255, np.uint8) for _ in range(n_frames)]
    for number, frame in enumerate(frames):
        frame[..., :3] = rng.integers(0, 2, (16, 20, 1), np.uint8) * 20
        frame[0, :, 0] = number * 20 % 256  # tells which it is
    return as_png(frames, [milliseconds] * n_frames), frames


@pytest.mark.parametrize("file_format", ["gif", "png", "webp"])
def test_files_are_as_long_as_was_asked_for(file_format):
    data, frames = clip()
    result = huepress.compress(data, format=file_format, rate=0, fps=20, speed=0.7, loop=3, trim="0.03:")
    found = read_animation(result.encoded.data, max_pixels=10**6)
    tick = {"gif": Fraction(1, 100), "png": Fraction(1, 10**6), "webp": Fraction(1, 1000)}[file_format]
    assert found.n_plays == 3 and found.n_frames == result.report.n_frames < 11
    assert abs(sum(found.durations) - Fraction(33, 70)) <= tick / 2
    shown = [int(frame[0, 0, 0]) // 20 for frame in found.frames()]
    assert shown[0] == 1 and shown[-1] == 11 and shown == sorted(shown)
    for number, frame in zip(shown, found.frames(), strict=True):
        assert np.array_equal(frame, frames[number])
    assert f"{found.n_frames} of 12 frames taken" in result.report.notes


def test_times_of_apng_do_not_drift():
    data, _ = clip(40)
    result = huepress.compress(data, 8, effort=0, format="png", speed=1.23457)
    found = read_animation(result.encoded.data, max_pixels=10**6)
    assert abs(sum(found.durations) - Fraction(12, 10) / Fraction("1.23457")) < Fraction(1, 60_000)


@pytest.mark.parametrize("file_format", ["gif", "png", "webp"])
def test_one_frame_may_be_left(file_format):
    data, frames = clip()
    result = huepress.compress(data, format=file_format, rate=0, trim="0.06:0.09")
    with Image.open(io.BytesIO(result.encoded.data)) as image:
        assert np.array_equal(np.array(image.convert("RGBA")), frames[2])


def test_rectangles_of_animations_and_pictures(photo):
    data, frames = clip()
    result = huepress.compress(data, format="webp", rate=0, crop="3,0,10,7", loop=0)
    seen, _ = seen_by_pillow(result.encoded.data)
    assert all(np.array_equal(one, other[0:7, 3:13]) for one, other in zip(seen, frames, strict=True))
    few = photo[:40, :40] // 128 * 255
    alpha = np.dstack([few, np.where(np.arange(40) < 20, 255, 0)[None].repeat(40, 0)]).astype(np.uint8)
    for crop, channels in (((5, 6, 30, 20), 4), ((0, 0, 10, 10), 3)):
        result = huepress.compress(alpha, crop=crop, alpha="exact", hidden="keep")
        left, top, width, height = crop
        shown = np.array(result.image.convert("RGBA"))
        expected = alpha[top : top + height, left : left + width]
        assert np.array_equal(shown[..., 3], expected[..., 3])
        assert np.array_equal(shown[expected[..., 3] > 0], expected[expected[..., 3] > 0])
        assert result.palette.shape[1] == channels
    with pytest.raises(OptionError, match="reaches beyond the 300 x 200"):
        huepress.compress(photo, crop=(290, 0, 11, 5))


def test_what_changes_nothing_keeps_the_original():
    data, _ = clip()
    kept = huepress.compress(huepress.compress(data, effort=0, format="gif").encoded.data, fps=50, speed=1, trim=":9")
    again = huepress.compress(huepress.compress(data, effort=0, format="gif").encoded.data)
    assert kept.encoded.data == again.encoded.data


def test_the_first_frame_of_a_part(photo):
    data, frames = clip()
    from huepress.options import Options
    from huepress.pipeline.intake import load_for

    assert np.array_equal(load_for(data, Options(trim="0.1:")).pixels_srgb8, frames[3][..., :3])


def test_the_command_line(run, tmp_path, photo):
    (tmp_path / "in").mkdir()
    (tmp_path / "in" / "clip.png").write_bytes(clip()[0])
    (tmp_path / "in" / "still.png").write_bytes(png_bytes(photo))
    arguments = ["--fps", 10, "--speed", 0.5, "--loop", 2, "--crop", "0,0,12,16", "--effort", 0, "-k", 16]
    done = run("compress", "-r", "in", "-o", "out", *arguments)
    assert done.returncode == 0, done.stderr
    found = read_animation((tmp_path / "out" / "clip.png").read_bytes(), max_pixels=10**6)
    assert (found.width, found.n_plays, sum(found.durations)) == (12, 2, Fraction(72, 100)) and found.n_frames == 7
    with Image.open(tmp_path / "out" / "still.png") as image:
        assert image.size == (12, 16)
    done = run("in/still.png", "--fps", 10, "--effort", 0)
    assert done.returncode == 0 and b"are about animations" in done.stdout
    for option, value, words in (("--trim", "9:", b"start it earlier"), ("--trim", "3", b"trim takes"),
                                 ("--crop", "0,0,99,99", b"give a rectangle"), ("--fps", "0", b"--fps")):  # fmt: skip
        done = run("in/clip.png", option, value, "-f")
        assert done.returncode == 2 and words in done.stderr and b"Traceback" not in done.stderr


def test_moving_frames_stay_whole():
    result = huepress.compress(as_png(moving(), [100, 200, 300, 400]), format="gif", fps=5)
    assert sum(frame.seconds for frame in result.frames) == pytest.approx(1.0)


def test_a_frame_as_a_picture(run, tmp_path, photo):
    data, frames = clip()
    result = huepress.compress(data, rate=0, still=0.1, crop=(0, 0, 9, 16), format="webp")
    assert np.array_equal(np.array(result.image.convert("RGBA")), frames[3][:, :9])
    assert result.report.n_frames == 1 and result.report.notes[0] == "frame 4 of 12" and len(result.indices) == 16
    again = huepress.compress(data, rate=0, still=0.05, trim="0.06:", speed=0.5)
    assert again.encoded.format == "PNG" and np.array_equal(np.array(again.image.convert("RGBA")), frames[2])
    assert huepress.compress(photo, effort=0, still=5).report.n_frames == 1
    with pytest.raises(OptionError, match="take an earlier one"):
        huepress.compress(data, still=0.36)
    (tmp_path / "clip.png").write_bytes(data)
    (tmp_path / "photo.png").write_bytes(png_bytes(photo))
    (tmp_path / "move.gif").write_bytes(huepress.compress(data, effort=0, format="gif").encoded.data)
    assert run("move.gif", "--still", 0, "--effort", 0).returncode == 0
    assert (tmp_path / "move-huepress.png").read_bytes().startswith(b"\x89PNG")
    done = run("clip.png", "--still", 0, "-o", "poster.webp", "--effort", 1)
    assert done.returncode == 0, done.stderr
    with Image.open(tmp_path / "poster.webp") as image:
        assert image.format == "WEBP" and not getattr(image, "is_animated", False) and image.size == (20, 16)
    done = run("clip.png", "photo.png", "--still", 0, "--suffix", ".poster", "--effort", 0, "--json")
    assert done.returncode == 0 and done.stdout.count(b'"compressed"') == 2, done.stdout + done.stderr


@given(DURATIONS, st.fractions(0, 60, max_denominator=1000))
def test_which_frame_is_shown(durations, seconds):
    from huepress.editing import shown_at

    times = timed(durations)
    if seconds >= total(times):
        with pytest.raises(OptionError):
            shown_at(times, seconds)
    else:
        place = shown_at(times, seconds)
        assert total(times[:place]) <= seconds < total(times[: place + 1])


def test_a_poster_beside_the_animation(run, tmp_path):
    data, frames = clip()
    (tmp_path / "clip.png").write_bytes(data)
    arguments = ["clip.png", "--rate", 0, "-o", "out.gif", "--poster", "out.webp", "--poster-at", 0.1]
    done = run(*arguments)
    assert done.returncode == 0 and done.stdout.count(b"\n") == 2, done.stderr
    assert len(seen_by_pillow((tmp_path / "out.gif").read_bytes())[0]) == 12
    with Image.open(tmp_path / "out.webp") as image:
        assert image.format == "WEBP" and np.array_equal(np.array(image.convert("RGBA")), frames[3])
    done = run("-", "--effort", 0, "--poster", "first.png", input=data)
    assert done.returncode == 0 and done.stdout.startswith(b"\x89PNG") and done.stdout.endswith(b"IEND\xaeB`\x82")
    with Image.open(tmp_path / "first.png") as image:
        assert np.array_equal(np.array(image.convert("RGBA")), frames[0])
    again = run(*arguments[:3], "-o", "other.gif", *arguments[5:])
    assert again.returncode == 5 and b"out.webp" in again.stderr
    done = run("-r", ".", "-o", "tree", "--poster", "x.png")
    assert done.returncode == 2 and b"--still 0" in done.stderr
    for name in ("clip.png", "out.gif", "-"):
        done = run("clip.png", "-o", "out.gif", "-f", "--poster", name)
        assert done.returncode == 2 and b"of its own" in done.stderr


def test_a_poster_that_cannot_be_had_is_refused_before_anything_is_written(run, tmp_path):
    (tmp_path / "clip.png").write_bytes(clip()[0])
    done = run("clip.png", "-k", 16, "-o", "out.gif", "--poster", "x.jpg")
    assert done.returncode == 2 and b"number of colors" in done.stderr and not (tmp_path / "out.gif").exists()
