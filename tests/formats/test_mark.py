"""Marks: decoders do not see them, any change takes them off."""

import io
import shutil
import subprocess

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from PIL import Image

from animations import make_gif
from huepress.formats.mark import bears_mark, has_mark, marked
from reference.input_kinds import picture, saved

MARK = b"\0\1\xff\x3b!\0"
STILL = Image.fromarray(picture()).convert("RGBA")
STILL.putalpha(Image.linear_gradient("L").resize(STILL.size))


def files():
    moving = [Image.fromarray(np.roll(picture(), n, axis=1)) for n in range(3)]
    kept = {"save_all": True, "append_images": moving[1:]}
    return {
        "png": saved(STILL, "PNG"),
        "gif": make_gif(1, n_frames=1, width=20, height=20).data,
        "webp": saved(STILL, "WEBP", lossless=True),
        "webp opaque": saved(STILL.convert("RGB"), "WEBP", lossless=True),
        "webp profile": saved(STILL, "WEBP", lossless=True, icc_profile=b"x" * 131),
        "apng": saved(moving[0], "PNG", **kept),
        "moving gif": make_gif(5, n_frames=4, width=20, height=20).data,
        "moving webp": saved(moving[0], "WEBP", lossless=True, **kept),
    }


FILES = files()


def shown(data):
    with Image.open(io.BytesIO(data)) as image:
        frames = []
        for number in range(getattr(image, "n_frames", 1)):
            image.seek(number)
            frames.append(np.array(image.convert("RGBA")))
    return frames


@pytest.mark.parametrize("kind", FILES)
def test_a_mark_is_found_again_and_shows_nothing(kind):
    data = FILES[kind]
    result = marked(data, MARK)
    assert len(result) > len(data) and has_mark(result, MARK) and not has_mark(data, MARK)
    assert bears_mark(result) and not bears_mark(data) and not bears_mark(result + b"\0")
    assert not has_mark(result, MARK[::-1]) and not has_mark(result, MARK + b"x")
    before, after = shown(data), shown(result)
    assert len(before) == len(after) and all(map(np.array_equal, before, after))


@pytest.mark.parametrize("kind", ["webp", "webp opaque", "webp profile"])
@pytest.mark.skipif(shutil.which("dwebp") is None, reason="dwebp is not installed")
def test_libwebp_reads_marked_files(kind, tmp_path):
    (tmp_path / "a.webp").write_bytes(marked(FILES[kind], MARK))
    subprocess.run(["dwebp", "-quiet", tmp_path / "a.webp", "-o", tmp_path / "a.png"], check=True)
    with Image.open(tmp_path / "a.png") as image:
        assert np.array_equal(np.array(image.convert("RGBA")), shown(FILES[kind])[0])


@given(kind=st.sampled_from(sorted(FILES)), where=st.integers(0, 10**6), other=st.integers(1, 255))
def test_any_change_takes_the_mark_off(kind, where, other):
    result = bytearray(marked(FILES[kind], MARK))
    result[where % len(result)] ^= other
    assert not has_mark(bytes(result), MARK)


@given(st.binary(max_size=60))
def test_what_is_no_image_has_no_mark(data):
    for start in (b"", b"\x89PNG\r\n\x1a\n", b"GIF89a", b"RIFF\0\0\0\0WEBP"):
        assert not has_mark(start + data, MARK)


def test_formats_without_room_stay_as_they_are():
    for kind in ("JPEG", "WEBP"):  # lossy WebP: never written here
        data = saved(STILL.convert("RGB"), kind)
        assert marked(data, MARK) == data and not has_mark(data, MARK)
