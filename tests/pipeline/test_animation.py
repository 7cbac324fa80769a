"""Animations in and out: every frame, every time, every pixel that did not change."""

import io
import shutil
import subprocess
import zlib
from fractions import Fraction
from itertools import pairwise

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from PIL import Image

import huepress
import scenes
from animations import as_png, check_shown, make_gif, make_png, moving, read, seen_by_pillow
from huepress.errors import DecodeError, HuepressError, LimitError, OptionError
from huepress.formats.reading import read_animation
from huepress.formats.timing import in_ticks
from huepress.pipeline import gif_codes, gif_frames

LIMIT = 10**6
seeds = st.integers(0, 2**32 - 1)


@given(seeds)
@settings(max_examples=40)
def test_gifs_are_read_as_browsers_show_them(seed):
    made = make_gif(seed)
    animation = read(made.data)
    assert animation.n_plays == made.n_plays and list(animation.durations) == made.durations
    for got, wanted in zip(animation.frames(), made.shown, strict=True):
        np.testing.assert_array_equal(got, wanted)


@given(seeds, st.booleans())
@settings(max_examples=40)
def test_animated_pngs_are_read_as_the_standard_says(seed, default_image):
    made = make_png(seed, default_image=default_image)
    animation = read(made.data)
    assert animation.n_plays == made.n_plays and list(animation.durations) == made.durations
    for got, wanted in zip(animation.frames(), made.shown, strict=True):
        np.testing.assert_allclose(got.astype(int), wanted.astype(int), atol=1)  # floats round otherwise


@given(seeds, st.sampled_from([0, 5]), st.booleans())
@settings(max_examples=40)
def test_a_gif_that_fits_stays_as_it_is(seed, effort, per_frame):
    made = make_gif(seed)
    asked = {"effort": effort, "palette_per_frame": per_frame, "rate": 0}
    result = huepress.compress(made.data, 256, allow_larger=True, **asked)
    assert result.encoded.format == "GIF" and result.report.n_frames == len(made.shown) and result.report.mse == 0
    check_shown(result.encoded.data, made.shown)
    again = read(result.encoded.data)
    assert list(again.durations) == made.durations and again.n_plays == made.n_plays


@pytest.mark.parametrize("file_format", ["png", "webp"])
@given(seeds, st.sampled_from([0, 5]))
@settings(max_examples=25)
def test_a_gif_becomes_another_animation(file_format, seed, effort):
    made = make_gif(seed)
    data = huepress.compress(made.data, 256, effort=effort, format=file_format, rate=0, allow_larger=True).encoded.data
    check_shown(data, made.shown)
    again = read(data)
    assert list(again.durations) == made.durations and again.n_plays == made.n_plays
    assert seen_by_pillow(data)[1] == pytest.approx([float(1000 * d) for d in made.durations])


@given(seeds, st.sampled_from(["png", "webp"]), st.sampled_from([0, 5]))
@settings(max_examples=40)
def test_translucent_frames_stay_as_they_are(seed, file_format, effort):
    made = make_png(seed, n_frames=3)
    data = huepress.compress(made.data, 256, effort=effort, format=file_format, allow_larger=True).encoded.data
    check_shown(data, list(read(made.data).frames()))
    if file_format == "png":
        assert list(read(data).durations) == made.durations


@given(seeds)
@settings(max_examples=20)
def test_a_png_becomes_a_gif_with_hard_edges(seed):
    made = make_png(seed)
    if max(made.durations) > 600:
        return
    data = huepress.compress(made.data, 256, format="gif", rate=0, allow_larger=True).encoded.data
    wanted = []
    for frame in read(made.data).frames():
        hard = frame.copy()
        hard[:, :, 3] = 255
        hard[frame[:, :, 3] < 128] = 0
        wanted.append(hard)
    check_shown(data, wanted)
    # Rounded to hundredths of a second, but never drifting.
    starts = [np.cumsum([float(d) for d in durations]) for durations in (made.durations, read(data).durations)]
    np.testing.assert_allclose(*starts, atol=0.005 + 1e-9)


@pytest.mark.parametrize("effort", [0, 5])
@pytest.mark.parametrize("file_format", ["gif", "png", "webp"])
@pytest.mark.parametrize("n_colors", [4, 16, 256])
def test_what_does_not_change_does_not_shimmer(file_format, effort, n_colors):
    frames = moving()
    source = as_png(frames, [40, 60, 80, 100])
    result = huepress.compress(source, n_colors, format=file_format, effort=effort, allow_larger=True)
    seen, milliseconds = seen_by_pillow(result.encoded.data)
    stored = read(result.encoded.data)
    # Pillow's writer merges equal frames of the input: what it holds counts.
    assert len(seen) == read(source).n_frames and milliseconds == [float(1000 * d) for d in read(source).durations]
    assert stored.n_plays == 3
    frames = list(read(source).frames())
    check_shown(result.encoded.data, [frame.pixels_srgb8 for frame in result.frames])
    for (before, after), (seen_before, seen_after) in zip(pairwise(frames), pairwise(seen), strict=True):
        same = (before == after).all(axis=2)
        assert 0.5 < same.mean() < 1
        np.testing.assert_array_equal(seen_before[same], seen_after[same])
    colors = np.unique(np.concatenate([s.reshape(-1, 4) for s in seen]), axis=0)
    assert n_colors - 1 <= len(colors) <= n_colors or (effort and len(colors) <= n_colors)
    np.testing.assert_array_equal(result.indexed.to_array()[:, :, :3], seen[0][:, :, :3])
    errors = [
        np.square(a[:, :, :3].astype(int) - b[:, :, :3]).sum(axis=2).mean() for a, b in zip(frames, seen, strict=True)
    ]
    assert result.report.mse == pytest.approx(np.mean(errors), rel=1e-4)


@pytest.mark.parametrize("file_format", ["gif", "png", "webp"])
@pytest.mark.parametrize("options", [{"dither": "full"}, {"dither": "none"}, {"rate": 0}, {"rate": 50}], ids=str)
def test_rate_and_dither(file_format, options):
    source = as_png(moving(3), [40, 60, 80])
    result = huepress.compress(source, 64, format=file_format, effort=5, allow_larger=True, **options)
    plain = huepress.compress(source, 64, format=file_format, effort=5, allow_larger=True)
    check_shown(result.encoded.data, [frame.pixels_srgb8 for frame in result.frames])
    if options.get("rate") == 50:
        assert len(result.encoded.data) < len(plain.encoded.data) / 1.5
    elif "rate" in options or options["dither"] == "full":
        assert len(result.encoded.data) > len(plain.encoded.data)


@pytest.mark.parametrize("jobs", [1, 3])
def test_same_bytes_for_any_number_of_threads(jobs):
    source = as_png(moving(3), [40, 60, 80])
    for file_format in ("gif", "webp"):
        results = [huepress.compress(source, 32, format=file_format, effort=5, jobs=j) for j in (2, jobs)]
        assert results[0].encoded.data == results[1].encoded.data


def test_given_colors():
    colors = [(i, 255 - i, (7 * i) % 256) for i in range(256)]
    for file_format in ("gif", "png"):
        result = huepress.compress(
            as_png(moving(3), 50), 256, format=file_format, init=colors, max_iter=0, allow_larger=True
        )
        assert result.report.n_colors == 256
        check_shown(result.encoded.data, [frame.pixels_srgb8 for frame in result.frames])


def test_palette_per_frame():
    frames = [np.zeros((20, 30, 3), np.uint8) for _ in range(3)]
    for i, frame in enumerate(frames):
        frame[:, :, i] = 1 + np.arange(600).reshape(20, 30) % 255
    source = as_png(frames, 50)
    for file_format in ("gif", "webp"):
        common = {"format": file_format, "effort": 0, "allow_larger": True}
        shared = huepress.compress(source, 16, **common)
        each = huepress.compress(source, 16, palette_per_frame=True, **common)
        assert each.report.n_colors == 16 and each.report.mse < shared.report.mse / 4
        for seen in seen_by_pillow(each.encoded.data)[0]:
            assert len(np.unique(seen.reshape(-1, 4), axis=0)) <= 16
    with pytest.raises(OptionError, match="one palette"):
        huepress.compress(source, 16, format="png", palette_per_frame=True)


def test_local_tables_of_256_colors_stay_exact():
    made = []
    for i in range(3):
        pixels = np.full((16, 16, 3), 60 * i, np.uint8)
        pixels[:, :, 0] = np.arange(256).reshape(16, 16)
        made.append(Image.fromarray(pixels).quantize(256))
    buffer = io.BytesIO()
    made[0].save(buffer, "GIF", save_all=True, append_images=made[1:], duration=30)
    result = huepress.compress(buffer.getvalue(), 256, palette_per_frame=True, rate=0, allow_larger=True)
    check_shown(result.encoded.data, list(read(buffer.getvalue()).frames()))


def test_more_looks_than_can_be_numbered(monkeypatch):
    monkeypatch.setattr(gif_frames, "_MOST_LOOKS", 3)
    made = make_gif(8, n_frames=8)
    result = huepress.compress(made.data, 256, palette_per_frame=True, allow_larger=True)
    check_shown(result.encoded.data, made.shown)


@pytest.mark.parametrize(("ticks", "expected"), [(5, [100, 50]), (1, [10] * 3), (3000, [60_000, 30_000])])
def test_equal_and_tiny_frames(ticks, expected):
    """They are one frame, but where browsers would not show it for the sum of all, or no format holds its time."""
    frame = b"\x21\xf9\4\0" + ticks.to_bytes(2, "little") + b"\0\0,\0\0\0\0\1\0\1\0\0\2\2D\1\0"
    data = b"".join((b"GIF89a\1\0\1\0\x80\0\0\xff\0\0\0\0\0", *[frame] * 3, b";"))
    assert [list(p) for p in next(read(data).frames())[0]] == [[255, 0, 0, 255]]
    for file_format in ("gif", "png", "webp"):
        result = huepress.compress(data, format=file_format, allow_larger=True)
        seen, milliseconds = seen_by_pillow(result.encoded.data)
        assert milliseconds == expected and len(seen) == len(expected) == result.report.n_frames


def test_a_single_frame_is_a_picture():
    buffer = io.BytesIO()
    Image.new("RGB", (5, 4), "red").save(buffer, "GIF")
    assert read_animation(buffer.getvalue(), max_pixels=LIMIT) is None
    result = huepress.compress(buffer.getvalue(), allow_larger=True)
    assert result.encoded.format == "PNG" and len(list(result.frames)) == 1


def test_progress_moves_with_every_frame():
    told = []
    huepress.compress(make_gif(1).data, on_progress=told.append)
    assert told == sorted(told) and len(told) == 10 and told[-1] == 1


def test_limits():
    data = make_gif(3).data
    with pytest.raises(LimitError, match="max_pixels"):
        huepress.compress(data, max_pixels=100)
    slow = bytearray(make_png(0).data)
    at = slow.index(b"fcTL")
    slow[at + 24 : at + 28] = b"\3\x84\0\1"  # 900 seconds
    slow[at + 30 : at + 34] = zlib.crc32(slow[at : at + 30]).to_bytes(4, "big")
    assert read(bytes(slow)).durations[0] == 900
    with pytest.raises(LimitError, match="lasts 900 s"):
        huepress.compress(bytes(slow), format="gif")
    assert read(huepress.compress(bytes(slow), format="webp").encoded.data).durations[0] == 900


def test_times_do_not_drift():
    third = Fraction(1, 3)
    assert in_ticks((third,) * 6, Fraction(1, 100), 0xFFFF, "GIF") == [33, 34, 33, 33, 34, 33]


@pytest.mark.parametrize("kind", ["gif", "png", "webp"])
def test_damage_is_an_error_or_shows_what_it_should(kind):
    made = make_png(4) if kind == "png" else make_gif(4)
    data = made.data
    if kind == "webp":
        data = huepress.compress(data, format="webp", allow_larger=True).encoded.data
    whole = list(read(data).frames())
    for percent in range(100):
        cut = data[: len(data) * percent // 100]
        try:
            result = huepress.compress(cut, allow_larger=True)
        except HuepressError as error:
            assert "Traceback" not in str(error) and len(str(error)) < 300
        else:
            frames = list(result.frames)
            # At the very front a file may still be a picture: never one with fewer frames.
            assert len(frames) in (1, len(whole)), percent
            assert len(frames) == len(whole) or percent < 60
    rng = np.random.default_rng(0)
    for _ in range(60):
        bad = bytearray(data)
        for at in rng.integers(0, len(bad), 2):
            bad[at] ^= 1 << rng.integers(0, 8)
        try:
            huepress.compress(bytes(bad), 16, max_pixels=10_000, allow_larger=True)
        except HuepressError as error:
            assert len(str(error)) < 400


def test_a_cut_animation_is_not_shortened():
    made = make_gif(4)
    with pytest.raises(DecodeError, match="cut off"):
        huepress.compress(made.data[:-1])


@pytest.mark.skipif(not shutil.which("gifsicle"), reason="needs gifsicle")
def test_gifsicle_agrees(tmp_path):
    made = make_gif(5)
    path = tmp_path / "a.gif"
    huepress.compress(made.data, allow_larger=True).save(path)
    done = subprocess.run(["gifsicle", "--info", str(path)], capture_output=True, text=True, check=True)
    assert f"{len(made.shown)} images" in done.stdout and not done.stderr
    delays = [line.split("delay ")[1].rstrip("s") for line in done.stdout.splitlines() if "delay" in line]
    assert [float(d) for d in delays] == [float(d) for d in made.durations if d]


@pytest.mark.skipif(not shutil.which("webpmux"), reason="needs webpmux")
def test_webpmux_agrees(tmp_path):
    made = make_gif(6)
    path = tmp_path / "a.webp"
    huepress.compress(made.data, format="webp", allow_larger=True).save(path)
    done = subprocess.run(["webpmux", "-info", str(path)], capture_output=True, text=True, check=True)
    assert f"Number of frames: {len(made.shown)}" in done.stdout


@pytest.mark.skipif(not shutil.which("pngcheck"), reason="needs pngcheck")
def test_pngcheck_agrees(tmp_path):
    path = tmp_path / "a.png"
    huepress.compress(make_gif(7).data, format="png", allow_larger=True).save(path)
    done = subprocess.run(["pngcheck", str(path)], capture_output=True, text=True)
    assert "ERROR" not in done.stdout, done.stdout


@pytest.mark.parametrize(("step", "rate", "least"), [(0.1, 2, 0.0), (0.3, 12, 3.5)])
def test_a_slow_pan_does_not_shimmer(monkeypatch, step, rate, least):
    """Pixels that hardly move err as they did in the frame before, and the more so the higher the rate."""
    wide = Image.fromarray(scenes.sunset(120, 80))
    moved = [(1, 0, step * n, 0, 1, 0) for n in range(6)]
    frames = [wide.transform((100, 80), Image.Transform.AFFINE, by, Image.Resampling.BICUBIC) for by in moved]
    source = as_png(list(map(np.asarray, frames)), 60)

    def change():
        shown = huepress.compress(source, 16, format="gif", rate=rate, allow_larger=True).frames
        return np.mean(
            [np.abs(np.subtract(*map(np.int16, (a.pixels_srgb8, b.pixels_srgb8)))).mean() for a, b in pairwise(shown)]
        )

    held = change()
    monkeypatch.setattr(gif_codes, "_MOST_HOLD", least)
    assert held < 0.75 * change()
