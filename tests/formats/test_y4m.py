"""Raw video as an input."""

from fractions import Fraction

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

import huepress
from animations import seen_by_pillow
from huepress.errors import DecodeError, HuepressError, LimitError
from huepress.formats.probe import probe
from huepress.formats.reading import read_animation, read_input

HALVES = {"420jpeg": (2, 2), "420mpeg2": (2, 2), "420": (2, 2), "422": (2, 1), "444": (1, 1), "mono": None}


def video(kind="420jpeg", width=17, height=11, colors=((81, 90, 240), (145, 54, 34)), more="F30000:1001"):
    data = f"YUV4MPEG2 W{width} H{height} {more} Ip A1:1 C{kind}\n".encode()
    for y, blue, red in colors:
        data += b"FRAME\n" + bytes([y]) * (width * height)
        if HALVES[kind]:
            n_chroma = -(-width // HALVES[kind][0]) * -(-height // HALVES[kind][1])
            data += bytes([blue]) * n_chroma + bytes([red]) * n_chroma
    return data


@pytest.mark.parametrize("kind", HALVES)
@pytest.mark.parametrize("size", [(17, 11), (1, 1), (2, 3)])
def test_plain_colors(kind, size):
    """Red and green of BT.601 in limited range."""
    found = read_animation(video(kind, *size), max_pixels=10**6)
    assert (found.width, found.height) == size and found.durations == (Fraction(1001, 30000),) * 2
    for frame, color in zip(found.frames(), ((255, 0, 0), (0, 255, 0)), strict=True):
        assert frame.shape == (size[1], size[0], 4) and (frame[..., 3] == 255).all()
        if kind == "mono":
            assert (frame[..., :3] == frame[0, 0, 0]).all()
        else:
            assert np.abs(frame[..., :3].astype(int) - color).max() <= 2


def test_full_range_and_what_stands_where():
    full = read_animation(video("444", colors=((255, 128, 128),), more="F0:0 XCOLORRANGE=FULL"), max_pixels=10**6)
    assert (next(full.frames()) == 255).all() and full.durations == (Fraction(1, 25),)
    head = b"YUV4MPEG2 W4 H1 F1:1 C422\nFRAME\n"
    reds = bytes([128, 178])
    frame = next(read_animation(head + bytes([126] * 4) + bytes([128, 128]) + reds, max_pixels=99).frames())
    steps = frame[0, :, 0].astype(int) - frame[0, 0, 0]
    assert steps[0] == 0 and abs(2 * steps[1] - steps[2]) <= 1 and steps[2] == steps[3] > 50


@pytest.mark.parametrize(
    "data",
    [
        b"YUV4MPEG2 ", b"YUV4MPEG2 W5\n", b"YUV4MPEG2 W0 H5\nFRAME\n", b"YUV4MPEG2 W-1 H5\n", video()[:-1],
        video() + b"x", video() + b"FRAME", b"YUV4MPEG2 W4 H4 C420p10\n", b"YUV4MPEG2 W4 H4 It\n", b"YUV4MPEG2 W4 H4\n",
    ],
)  # fmt: skip
def test_damage(data):
    with pytest.raises(DecodeError):
        huepress.compress(data)
    with pytest.raises(HuepressError):
        from huepress.pipeline.intake import load

        load(data, max_pixels=10**6)


def test_sizes_are_looked_at_before_anything_is_allocated():
    with pytest.raises(LimitError):
        huepress.compress(b"YUV4MPEG2 W999999999 H999999999\nFRAME\n")
    with pytest.raises(LimitError, match="frames"):
        huepress.compress(video("mono", 1, 1, ((0, 0, 0),) * 17), max_pixels=1)


@given(st.binary(max_size=60), st.integers(0, 200))
def test_any_bytes(noise, at):
    data = video()
    changed = data[:at] + noise + data[at + len(noise) :]
    try:
        found = read_animation(changed, max_pixels=10**5)
        for frame in found.frames() if found else ():
            assert frame.shape == (found.height, found.width, 4)
    except HuepressError:
        pass


def test_the_command_line(run, tmp_path):
    data = video(width=32, height=24, more="F50:1")
    (tmp_path / "clip.y4m").write_bytes(data)
    assert probe(data).format == "Y4M"
    done = run("clip.y4m", "--effort", 0)
    assert done.returncode == 0, done.stderr
    frames, milliseconds = seen_by_pillow((tmp_path / "clip-huepress.gif").read_bytes())
    assert len(frames) == 2 and milliseconds == [20, 20]
    done = run("clip.y4m", "-o", "clip.webp", "--fps", 10, "--loop", 1, "--effort", 0)
    assert done.returncode == 0, done.stderr
    done = run("clip.y4m", "--still", 0, "-o", "first.png", "--effort", 0)
    assert done.returncode == 0, done.stderr
    (tmp_path / "clip.y4m").write_bytes(data[:-5])
    done = run("clip.y4m", "-f")
    assert done.returncode == 4 and b"cut off" in done.stderr and b"Traceback" not in done.stderr


def test_a_cut_file_is_read_on_request(run, tmp_path):
    data = video()
    for left_out in (1, 100, len(data) - data.rindex(b"FRAME") - 1):
        found = read_input(data[:-left_out], max_pixels=10**6, moving=True, tolerant=True)
        assert found.n_frames == 1 and found.mended and "after 1 frame;" in found.notes[0]
        np.testing.assert_array_equal(next(found.frames()), next(read_animation(data, max_pixels=10**6).frames()))
    with pytest.raises(DecodeError, match="tolerant"):
        read_input(data[:-5], max_pixels=10**6, moving=True)
    for damaged in (data + b"x", data[:60] + b"FRUME\n" + bytes(200)):  # no cut
        with pytest.raises(DecodeError):
            read_input(damaged, max_pixels=10**6, moving=True, tolerant=True)
    (tmp_path / "cut.y4m").write_bytes(video(width=32, height=24)[:-5])
    done = run("cut.y4m", "--tolerant", "-o", "out.gif", "--effort", 0)
    assert done.returncode == 0 and b"cut off after 1 frame" in done.stdout + done.stderr


@pytest.mark.parametrize("format_", ["gif", "png", "webp"])
def test_times_that_a_format_cannot_say_are_told(format_):
    with pytest.raises(LimitError, match="holds at most"):
        huepress.compress(video(width=8, height=8, more="F1:70000"), format=format_, effort=0)
