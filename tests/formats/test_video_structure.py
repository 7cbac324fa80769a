"""What headers of videos claim is counted before FFmpeg believes it, and a cut file is never a shorter one."""

import subprocess
import sys

import numpy as np
import pytest

from conftest import HANG
from huepress.errors import DecodeError, HuepressError, LimitError
from huepress.formats.mending import is_cut
from huepress.formats.reading import read_animation, read_input
from huepress.formats.video_structure import (
    MOST_SAMPLES,
    check_whole,
    incomplete_element,
    with_few_samples,
    without_incomplete_element,
)
from videos import box, full_box, iso_file, written

CONTAINERS = {"matroska": ("matroska", "ffv1"), "webm": ("webm", "vp9"), "mp4": ("mp4", "mpeg4")}


def clip(container, n_frames=6, **options):
    rng = np.random.default_rng(3)
    half = [np.full((16, 16), 128, np.uint8)] * 2
    frames = [[rng.integers(16, 235, (32, 32), dtype=np.uint8), *half] for _ in range(n_frames)]
    return written(frames, CONTAINERS[container], "yuv420p", **options)


def n_frames(data, **options):
    found = read_input(data, max_pixels=10**6, moving=True, **options)
    assert len(list(found.frames())) == found.n_frames
    return found.n_frames


def with_header_first(data):
    """Move the header of an MP4 before its frames, as for the web; it points to the wrong places then."""
    at = data.index(b"moov") - 4
    size = int.from_bytes(data[at : at + 4], "big")
    start = data.index(b"mdat") - 4
    return data[:start] + data[at : at + size] + data[start:at] + data[at + size :]


@pytest.mark.parametrize("container", ["matroska", "webm"])
def test_what_was_cut_is_an_error_and_read_on_request(container):
    data = clip(container)
    assert n_frames(data) == n_frames(data, tolerant=True) == 6
    seen = set()
    for end in range(len(data) - 1, 0, -max(1, len(data) // 50)):
        with pytest.raises(DecodeError):
            n_frames(data[:end])
        try:
            seen.add(n_frames(data[:end], tolerant=True))
        except HuepressError as error:
            assert "tolerant" not in str(error)
    assert {1, 3, 5} <= seen <= set(range(1, 7))
    half = read_input(data[: len(data) // 2], max_pixels=10**6, moving=True, tolerant=True)
    assert half.mended and half.keepable is None and "cut off" in half.notes[0]
    for ours, theirs in zip(half.frames(), read_animation(data, max_pixels=10**6).frames(), strict=False):
        np.testing.assert_array_equal(ours, theirs)


def test_the_way_out_is_named_where_there_is_one():
    for container, there_is in (("matroska", True), ("mp4", False)):
        data = clip(container)
        data = with_header_first(data) if container == "mp4" else data
        with pytest.raises(DecodeError, match="cut off") as caught:
            n_frames(data[:-200])
        assert ("tolerant" in str(caught.value)) is there_is
        assert is_cut(data[:-200]) is there_is


def test_a_cut_movie_says_that_nothing_can_be_done():
    data = clip("mp4")
    for cut in (data[:-200], data[: data.index(b"moov") - 4]):
        for tolerant in (False, True):
            with pytest.raises(DecodeError, match="read whole or not at all; fetch or make it anew"):
                read_input(cut, max_pixels=10**6, moving=True, tolerant=tolerant)


def test_files_that_were_written_live_have_no_size():
    data = clip("matroska")
    live = without_incomplete_element(data[:-1])
    assert incomplete_element(live) is None and without_incomplete_element(live) is None
    check_whole(live)
    assert n_frames(live) == 6
    check_whole(data + bytes(9))
    with pytest.raises(DecodeError, match="cut off"):
        check_whole(live[:-3])


def test_parts_without_end_are_no_work():
    data = clip("matroska")
    segment = data.index(b"\x18\x53\x80\x67")
    endless = data[: segment + 4] + b"\xff" + b"\xec\x80" * (MOST_SAMPLES + 9)  # empty elements
    with pytest.raises(DecodeError, match="too many"):
        check_whole(endless)


@pytest.mark.parametrize("table", ["sizes", "fragment"])
def test_frames_are_counted_before_room_is_made_for_them(table):
    few, many = iso_file(**{table: 10}), iso_file(**{table: MOST_SAMPLES + 1})
    assert with_few_samples(few) is few and len(many) == len(few) < 6000
    with pytest.raises(LimitError, match="frames"):
        read_input(many, max_pixels=10**6, moving=True)
    with pytest.raises(HuepressError, match=r"no frame|no picture of"):
        read_input(few, max_pixels=10**6, moving=True)


def test_sound_may_be_divided_finely():
    data = clip("mp4")
    at = data.index(b"moov") - 4
    size = int.from_bytes(data[at : at + 4], "big")
    sound = box(b"trak", full_box(b"hdlr", b"\0\0\0\0soun", bytes(13)), full_box(b"stsz", b"\0\0\0\1", b"\x7f" * 4))
    header = box(b"moov", data[at + 8 : at + size], sound)
    found = with_few_samples(data[:at] + header + data[at + size :])
    assert found.count(b"trak") == 1 and len(found) == len(data) + len(sound)
    assert n_frames(found) == 6


def test_compressed_headers_are_not_unpacked():
    with pytest.raises(DecodeError, match="compressed"):
        read_input(iso_file(sizes=1).replace(b"mvhd", b"cmov"), max_pixels=10**6, moving=True)


def test_titles_of_other_encodings_are_no_damage():
    data = clip("matroska")
    assert data.count(b"Lavf") > 0
    assert n_frames(data.replace(b"Lavf", b"L\xff\xfef")) == 6


def test_codings_that_nobody_sends_are_not_decoded():
    data = clip("matroska")
    for name in (b"V_FFV2", b"V_QUI1"):
        with pytest.raises(DecodeError, match=r"not read; convert it to H\.264"):
            n_frames(data.replace(b"V_FFV1", name))


def test_a_picture_that_grew_in_the_stream_is_not_decoded():
    """A key frame of VP9 says its size in two times 16 bits, four behind the sync code."""
    data = clip("webm")
    at = data.index(b"\x49\x83\x42") + 3
    bits = int.from_bytes(data[at : at + 5], "big")
    larger = (bits >> 36 << 36 | 15_999 << 20 | 15_999 << 4 | bits & 15).to_bytes(5, "big")
    with pytest.raises(DecodeError, match="larger than the limit"):
        n_frames(data[:at] + larger + data[at + 5 :])


@pytest.mark.skipif(sys.platform != "linux", reason="memory is limited on Linux")
def test_a_small_file_takes_little_memory(tmp_path, huepress_program):
    path = tmp_path / "many.mp4"
    path.write_bytes(iso_file(sizes=80_000_000))
    command = f"ulimit -v 1500000; exec '{huepress_program}' many.mp4 -o out.gif"
    done = subprocess.run(["bash", "-c", command], cwd=tmp_path, capture_output=True, timeout=HANG)
    assert done.returncode == 6 and b"shorter" in done.stderr, done.stderr


def test_what_breaks_the_rules_is_no_cut():
    data = clip("matroska")
    at = data.index(b"\x16\x54\xae\x6b") + 4  # the tracks, whose size may not be unknown
    n = 9 - data[at].bit_length()
    unknown = ((1 << 7 * n + 1) - 1).to_bytes(n, "big")
    segment = data.index(b"\x18\x53\x80\x67") + 4
    live = data[:segment] + b"\x01" + b"\xff" * 7 + data[segment + 8 : at] + unknown + data[at + n :]
    assert len(live) == len(data) and incomplete_element(live) is None
