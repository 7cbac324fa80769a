"""Files that were cut off: an error by default, read as far as they go on request."""

import io
import re
import struct
import subprocess
import sys
import zlib

import cv2
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from PIL import Image, ImageFile

import huepress
from huepress.formats.mending import mend
from huepress.formats.reading import read_input

LIMIT = 10**6
HEIGHT, WIDTH = 60, 80
NOISE = np.random.default_rng(3).integers(0, 256, (HEIGHT // 4, WIDTH // 4, 3), dtype=np.uint8)
PIXELS = np.kron(NOISE, np.ones((4, 4, 1), np.uint8)) ^ np.random.default_rng(4).integers(
    0, 4, (HEIGHT, WIDTH, 3), np.uint8
)


def saved(pixels, file_format, **options):
    buffer = io.BytesIO()
    Image.fromarray(pixels).save(buffer, file_format, **options)
    return buffer.getvalue()


def moving(file_format):
    frames = [Image.fromarray(np.roll(PIXELS, 5 * shift, axis=1)) for shift in range(4)]
    buffer = io.BytesIO()
    frames[0].save(buffer, file_format, save_all=True, append_images=frames[1:], duration=80)
    return buffer.getvalue()


def interlaced_gif():
    buffer = io.BytesIO()
    Image.fromarray(PIXELS).quantize(64).save(buffer, "GIF", interlace=True)
    return buffer.getvalue()


def with_alpha():
    return np.dstack([PIXELS, np.random.default_rng(5).integers(1, 256, (HEIGHT, WIDTH), dtype=np.uint8)])


STILLS = {
    "JPEG": saved(PIXELS, "JPEG", quality=90),
    "progressive JPEG": saved(PIXELS, "JPEG", quality=90, progressive=True),
    "gray JPEG": saved(PIXELS[:, :, 0], "JPEG"),
    "GIF": saved(PIXELS, "GIF", interlace=0),
    "interlaced GIF": interlaced_gif(),
    "PNG": saved(PIXELS, "PNG"),
    "RGBA PNG": saved(with_alpha(), "PNG"),
    "16-bit PNG": saved(PIXELS[:, :, 0].astype(np.uint16) * 257, "PNG"),
    "indexed PNG": saved(PIXELS // 86 * 86, "PNG"),
}
MOVING = {"GIF": moving("GIF"), "PNG": moving("PNG")}


def read(data, **options):
    return read_input(data, max_pixels=LIMIT, **options)


@pytest.mark.parametrize("name", STILLS)
def test_whole_files_are_left_alone(name):
    assert mend(STILLS[name], max_pixels=LIMIT) is None
    source = read(STILLS[name], tolerant=True)
    assert not source.mended and source.keepable is not None
    assert np.array_equal(source.pixels_srgb8, read(STILLS[name]).pixels_srgb8)


@pytest.mark.parametrize("name", STILLS)
@pytest.mark.parametrize("part", [0.5, 0.8, 0.99])
def test_cut_files_are_errors_by_default_and_read_on_request(name, part):
    data = STILLS[name][: min(int(part * len(STILLS[name])), len(STILLS[name]) - 20)]
    with pytest.raises(huepress.DecodeError, match="tolerant=True"):
        huepress.compress(data)
    whole, found = read(STILLS[name]).pixels_srgb8, read(data, tolerant=True)
    assert found.mended and found.keepable is None and found.encoded == data
    assert "is cut off" in found.notes[0] or "has no end" in found.notes[0] or "is missing" in found.notes[0]
    assert found.pixels_srgb8.shape[:2] == whole.shape[:2]
    if "progressive" in name:
        return
    told = re.search(r"([0-9]+) of 60 rows", found.notes[0])
    n_there = HEIGHT - int(told[1]) if told else HEIGHT
    assert n_there >= (part - 0.35) * HEIGHT
    rows = slice(0, max(n_there - 1, 0)) if "interlaced" not in name else slice(0, min(2 * n_there, HEIGHT), 8)
    assert np.array_equal(found.pixels_srgb8[rows, :, :3], whole[rows, :, :3]), "rows that are there are as they were"


@pytest.mark.parametrize("name", ["JPEG", "gray JPEG", "progressive JPEG"])
def test_only_the_end_mark_of_a_jpeg_is_missing(name):
    data = STILLS[name][:-2]
    with pytest.raises(huepress.DecodeError, match="tolerant=True"):
        read(data)
    found = read(data, tolerant=True)
    assert np.array_equal(found.pixels_srgb8, read(STILLS[name]).pixels_srgb8)
    assert "end mark" in found.notes[0] or "has no end" in found.notes[0]


def test_the_rows_that_a_note_counts_are_the_missing_ones():
    data = STILLS["PNG"][: len(STILLS["PNG"]) * 2 // 3]
    found = read(data, tolerant=True)
    n_there = int(np.flatnonzero((found.pixels_srgb8 != PIXELS).reshape(HEIGHT, -1).any(axis=1))[0])
    said = int(found.notes[0].split(":")[1].split()[0])
    assert HEIGHT - n_there in (said, said - 1) and not found.pixels_srgb8[HEIGHT - said + 1 :].any()
    data = STILLS["JPEG"][: len(STILLS["JPEG"]) * 2 // 3]
    found, whole = read(data, tolerant=True), read(STILLS["JPEG"])
    said = int(found.notes[0].split("last")[1].split()[0])
    assert np.array_equal(found.pixels_srgb8[: HEIGHT - said - 1], whole.pixels_srgb8[: HEIGHT - said - 1])
    assert (np.abs(found.pixels_srgb8[-8:].astype(int) - 128) <= 2).all(), "gray"


def test_missing_rows_of_a_picture_with_alpha_are_clear():
    found = read(STILLS["RGBA PNG"][: len(STILLS["RGBA PNG"]) // 2], tolerant=True)
    assert (found.pixels_srgb8[-10:, :, 3] == 0).all() and "left clear" in found.notes[0]


@pytest.mark.parametrize("name", MOVING)
@pytest.mark.parametrize("part", [0.6, 0.9, 1.0])
def test_animations_end_with_their_last_whole_frame(name, part):
    data = MOVING[name][: int(part * len(MOVING[name])) - 1]
    with pytest.raises(huepress.DecodeError, match="tolerant=True"):
        read(data, moving=True)
    whole, found = read(MOVING[name], moving=True), read(data, moving=True, tolerant=True)
    frames, before = list(found.frames()), list(whole.frames())
    assert len(frames) == found.n_frames == {0.6: 2, 0.9: 3, 1.0: 4}[part]
    assert all(np.array_equal(a, b) for a, b in zip(frames, before, strict=False))
    assert found.mended and found.keepable is None and found.notes
    result = huepress.compress(data, 16, tolerant=True, effort=1)
    assert result.report.n_frames == len(frames) and result.report.status == "compressed"
    assert result.report.notes == found.notes


@pytest.mark.parametrize("name", STILLS)
def test_a_damaged_original_is_never_kept(name):
    data = STILLS[name][: int(0.9 * len(STILLS[name]))]
    result = huepress.compress(data, 256, tolerant=True, effort=0, strip="none")
    assert result.report.status == "compressed" and result.encoded.data != data and result.report.notes
    shown = cv2.imdecode(np.frombuffer(result.encoded.data, np.uint8), cv2.IMREAD_UNCHANGED)
    assert shown.shape[:2] == (HEIGHT, WIDTH)
    if result.report.bytes_out >= len(data):
        assert "damaged and not kept" in result.report.message


@pytest.mark.parametrize("kind", ["damaged within", "interlaced", "header only", "TIFF", "WEBP", "BMP"])
def test_other_damage_stays_an_error(kind):
    png = STILLS["PNG"]
    if kind == "damaged within":
        at = png.index(b"IDAT") + 40
        data = png[:at] + bytes([png[at] ^ 1]) + png[at + 1 :]
    elif kind == "interlaced":
        header = struct.pack(">IIBBBBB", WIDTH, HEIGHT, 8, 2, 0, 0, 1)
        rows = b"IDAT" + zlib.compress(bytes(9000))
        chunk = b"IHDR" + header
        data = png[:8] + struct.pack(">I", 13) + chunk + struct.pack(">I", zlib.crc32(chunk))
        data += struct.pack(">I", len(rows) - 4) + rows[:-3]
    elif kind == "header only":
        data = STILLS["JPEG"][:300]
    else:
        data = saved(PIXELS, kind, **({"lossless": True} if kind == "WEBP" else {}))[:-2000]
    for tolerant in (False, True):
        with pytest.raises(huepress.DecodeError) as raised:
            read(data, tolerant=tolerant)
        assert "tolerant=True" not in str(raised.value)


@given(st.sampled_from(list(STILLS) + list(MOVING)), st.floats(0, 1), st.integers(0, 2**31))
def test_no_cut_and_no_flipped_byte_ends_in_anything_but_a_sentence(name, part, seed):
    whole = STILLS.get(name) or MOVING[name]
    data = bytearray(whole[: int(part * len(whole))])
    rng = np.random.default_rng(seed)
    if seed % 2 and data:
        data[int(rng.integers(len(data)))] ^= 1 << int(rng.integers(8))
    try:
        found = read(bytes(data), tolerant=True, moving=True)
        if isinstance(found, huepress.model.Animation):
            list(found.frames())
    except huepress.HuepressError:
        pass


def test_size_limits_hold_for_what_is_mended():
    for name, data in STILLS.items():
        with pytest.raises(huepress.HuepressError):
            read_input(data[: len(data) // 2], max_pixels=WIDTH * HEIGHT - 1, tolerant=True)
        assert mend(data[: len(data) // 2], max_pixels=WIDTH * HEIGHT - 1) is None, name


def test_pillow_is_left_as_the_host_has_it():
    read(STILLS["JPEG"][:-200], tolerant=True)
    assert ImageFile.LOAD_TRUNCATED_IMAGES is False
    with pytest.raises(OSError, match="truncated"):
        Image.open(io.BytesIO(STILLS["JPEG"][:-200])).load()


def test_every_way_in_takes_it(tmp_path):
    data = STILLS["JPEG"][:-400]
    path = tmp_path / "cut.jpg"
    path.write_bytes(data)
    assert len(huepress.extract_palette(path, 4, tolerant=True)) == 4
    assert huepress.score(path, STILLS["JPEG"], tolerant=True).ssimulacra2 < 100
    assert len(huepress.segment(path, 3, tolerant=True).palette) == 3
    assert huepress.compare(path, [8], effort=0, tolerant=True).versions
    for call in (huepress.extract_palette, huepress.segment, huepress.compare, huepress.compress):
        with pytest.raises(huepress.DecodeError, match="tolerant=True"):
            call(path)
    many = huepress.compress_many([path], output=tmp_path / "out", tolerant=True, effort=0)
    assert [each.status for each in many.files] == ["compressed"]


def test_the_command(run, tmp_path):
    tree = tmp_path / "tree"
    tree.mkdir()
    (tree / "a.jpg").write_bytes(STILLS["JPEG"][:-300])
    (tree / "b.gif").write_bytes(MOVING["GIF"][:-300])
    (tree / "c.png").write_bytes(STILLS["PNG"])
    done = run("compress", "tree/a.jpg", "-o", "x.png")
    assert done.returncode == 4 and b"--tolerant reads it as far as it goes" in done.stderr
    done = run("compress", "tree/a.jpg", "-o", "x.png", "--tolerant")
    assert done.returncode == 0 and b"the JPEG is cut off" in done.stdout
    done = run("compress", "-r", "tree", "-o", "out", "--tolerant", "--effort", 0)
    assert done.returncode == 0, done.stderr
    assert {path.name for path in (tmp_path / "out").glob("*.*")} >= {"a.png", "b.gif", "c.png"}
    for command in (("palette",), ("compare",), ("segment",)):
        assert run(*command, "tree/a.jpg").returncode == 4
        assert run(*command, "tree/a.jpg", "--tolerant").returncode == 0
    assert run("score", "tree/a.jpg", "tree/a.jpg", "--tolerant").returncode == 0
    done = run("compress", "-r", "tree", "--in-place", "--tolerant", "--effort", 0, "-k", 4)
    assert done.returncode == 0
    assert subprocess.run(
        [sys.executable, "-c", f"from PIL import Image; Image.open({str(tree / 'b.gif')!r}).load()"], check=True
    )
