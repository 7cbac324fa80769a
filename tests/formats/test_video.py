"""Videos as inputs; PyAV writes those of the tests, too."""

import io
import sys
from fractions import Fraction

import av
import numpy as np
import pytest

import huepress
from huepress.errors import DecodeError, HuepressError, LimitError
from huepress.formats.probe import probe
from huepress.formats.reading import read_animation, read_input
from videos import written

# A rotation by 90 degrees in the matrix of a track (ISO/IEC 14496-12, 8.3.2), and none.
UPRIGHT = bytes.fromhex("00010000" + "00" * 12 + "00010000" + "00" * 12 + "40000000")
TURNED = bytes.fromhex("00000000" + "00010000" + "00000000" + "ffff0000" + "00" * 16 + "40000000")


def noise(shape, low=16, high=235, dtype=np.uint8, seed=1):
    return np.random.default_rng(seed).integers(low, high, shape, dtype=dtype)


def planes_444(height=6, width=9, seed=0):
    return [noise((height, width), seed=3 * seed + number) for number in range(3)]


def by_the_book(y, cb, cr, kr, kb, black=16.0, light=219.0, color=224.0):
    """ITU-T H.273, equations 11 to 13 and 38 to 40, for one pixel, in codes of 8 bits."""
    luma, blue, red = (y - black) / light, (cb - 128) / color, (cr - 128) / color
    r, b = luma + 2 * (1 - kr) * red, luma + 2 * (1 - kb) * blue
    g = (luma - kr * r - kb * b) / (1 - kr - kb)
    return [255 * min(1.0, max(0.0, value)) for value in (r, g, b)]


@pytest.mark.parametrize(
    ("said", "kr", "kb"),
    [
        ({}, 0.299, 0.114),
        ({"colorspace": 1}, 0.2126, 0.0722),
        ({"colorspace": 6}, 0.299, 0.114),
        ({"colorspace": 9}, 0.2627, 0.0593),
    ],
)
def test_colors_by_what_the_stream_says(said, kr, kb):
    frames = [planes_444(seed=seed) for seed in range(3)]
    found = read_animation(written(frames, **said), max_pixels=10**6)
    assert (found.width, found.height, found.n_frames) == (9, 6, 3)
    for frame, planes in zip(found.frames(), frames, strict=True):
        expected = [
            [by_the_book(*map(int, codes), kr, kb) for codes in zip(*rows, strict=True)]
            for rows in zip(*planes, strict=True)
        ]
        assert np.abs(frame[..., :3] - np.array(expected)).max() <= 0.501
        assert (frame[..., 3] == 255).all()


def test_full_range():
    planes = [np.array([[0, 255, 128, 9]], np.uint8), *[np.full((1, 4), 128, np.uint8)] * 2]
    frame = next(read_animation(written([planes], color_range=2), max_pixels=99).frames())
    np.testing.assert_array_equal(frame[0, :, 0], [0, 255, 128, 9])


def test_halved_chroma_and_ten_bits():
    light = noise((4, 6), 64, 940, np.uint16)
    halves = [np.full((2, 3), 512, np.uint16)] * 2
    frame = next(read_animation(written([[light, *halves]], kind="yuv420p10le"), max_pixels=99).frames())
    expected = (light / 4 - 16) * 255 / 219
    assert np.abs(frame[..., 1] - expected).max() <= 0.501
    gray = next(read_animation(written([[noise((4, 6))]], kind="gray"), max_pixels=99).frames())
    assert (gray[..., 0] == gray[..., 2]).all()


def test_light_beyond_white_is_white():
    """A PQ code of 0.5807 is 203 cd/m2, the white of a page (ITU-R BT.2408)."""
    codes = np.array([[64, round(64 + 876 * 0.5807), 940]], np.uint16)
    data = written(
        [[codes, *[np.full((1, 3), 512, np.uint16)] * 2]],
        kind="yuv444p10le",
        color_trc=16,
        color_primaries=9,
        colorspace=9,
    )
    frame = next(read_animation(data, max_pixels=99).frames())
    assert frame[0, 0, :3].max() == 0 and frame[0, 1, :3].min() >= 254 and frame[0, 2, :3].min() == 255


def test_times_of_frames():
    data = written([planes_444()] * 4, times=[0, 5, 25, 30])
    found = read_animation(data, max_pixels=10**6)
    assert found.durations[:3] == (Fraction(5, 100), Fraction(20, 100), Fraction(5, 100)) and found.durations[3] > 0


def test_what_begins_when_the_next_does_is_not_seen():
    frames = [planes_444(seed=seed) for seed in range(4)]
    found = read_animation(written(frames, times=[0, 10, 10, 20]), max_pixels=10**6)
    every = list(read_animation(written(frames), max_pixels=10**6).frames())
    assert found.durations[:2] == (Fraction(1, 10),) * 2 and found.n_frames == 3
    for frame, number in zip(found.frames(), (0, 2, 3), strict=True):
        np.testing.assert_array_equal(frame, every[number])


@pytest.mark.parametrize("container", [("mp4", "mpeg4"), ("webm", "vp9")])
def test_usual_files_become_animations(container, tmp_path):
    try:
        av.Codec(container[1], "w")
    except av.codec.codec.UnknownCodecError:
        pytest.skip("PyAV lacks the encoder")
    ramp = np.add.outer(np.arange(32), np.arange(48)).astype(np.uint8) + 60
    gray = [np.full((16, 24), 128, np.uint8)] * 2
    data = written([[np.roll(ramp, 3 * number, axis=1), *gray] for number in range(5)], container, "yuv420p")
    path = tmp_path / ("clip.mp4" if container[0] == "mp4" else "clip.webm")
    path.write_bytes(data)
    result = huepress.compress(path)
    assert result.encoded.format == "GIF" and result.report.n_frames == 5
    assert huepress.score(path, bytes(result)).ssimulacra2 > 50
    still = huepress.compress(path, still=0.35)
    assert still.encoded.format == "PNG" and still.report.width == 48


def test_phones_turn_their_videos():
    halves = [np.full((8, 8), 128, np.uint8)] * 2
    light = np.full((16, 16), 40, np.uint8)
    light[:, 8:] = 200
    data = written([[light, *halves]] * 2, ("mp4", "mpeg4"), "yuv420p")
    assert data.count(UPRIGHT) == 2  # of the movie, and of its track
    at = data.rindex(UPRIGHT)
    found = read_animation(data[:at] + TURNED + data[at + len(TURNED) :], max_pixels=10**4)
    frame = next(found.frames())[..., 0].astype(int)
    assert frame[-4:].mean() > frame[:4].mean() + 100  # by 90 degrees clockwise: what was on the right is below
    assert abs(frame[:, :4].mean() - frame[:, -4:].mean()) < 10


def test_what_is_cut_or_damaged_is_one_sentence():
    data = written([planes_444(seed=seed) for seed in range(4)])
    for cut in range(0, len(data), max(1, len(data) // 40)):
        try:
            found = read_input(data[:cut], max_pixels=10**6, moving=True)
            assert len(list(found.frames())) == found.n_frames
        except HuepressError as error:
            assert "\n" not in str(error)
    rng = np.random.default_rng(0)
    for _ in range(60):
        broken = bytearray(data)
        for at in rng.integers(4, len(data), 5):
            broken[at] = rng.integers(256)
        try:
            found = read_input(bytes(broken), max_pixels=10**6, moving=True)
            assert len(list(found.frames())) == found.n_frames
        except HuepressError as error:
            assert "\n" not in str(error)


def test_what_is_no_video():
    sound = io.BytesIO()
    with av.open(sound, "w", format="matroska") as output:
        stream = output.add_stream("pcm_s16le", rate=8000)
        stream.layout = "mono"
        frame = av.AudioFrame.from_ndarray(np.zeros((1, 800), np.int16), layout="mono")
        frame.rate = 8000
        for packet in [*stream.encode(frame), *stream.encode()]:
            output.mux(packet)
    with pytest.raises(DecodeError, match="no pictures"):
        read_input(sound.getvalue(), max_pixels=10**6)


def test_limits():
    data = written([planes_444(seed=seed) for seed in range(20)])
    with pytest.raises(LimitError):
        read_animation(data, max_pixels=50)
    with pytest.raises(LimitError, match="trim"):
        huepress.compress(data, max_pixels=54)
    assert huepress.compress(data, max_pixels=54, trim=":0.5").report.n_frames == 5


def test_what_a_start_tells():
    data = written([planes_444()])
    assert probe(data).format == "MP4" and (probe(data).width, probe(data).height) == (9, 6)
    assert probe(data[:40]) is None


def test_the_extra_that_is_missing(monkeypatch):
    data = written([planes_444()])
    monkeypatch.setitem(sys.modules, "av", None)
    with pytest.raises(DecodeError, match=r"pip install 'huepress\[video\]'"):
        read_input(data, max_pixels=10**6)


def with_alpha(codec, n_frames=6):
    """Return a WebM whose left half grows clear, and what its alpha is."""
    gray, half = np.full((32, 32), 100, np.uint8), [np.full((16, 16), 128, np.uint8)] * 2
    alphas = [np.full((32, 32), 255, np.uint8) for _ in range(n_frames)]
    for number, alpha in enumerate(alphas):
        alpha[:, :16] = 250 - 50 * number
    frames = [[gray + 10 * number, *half, alpha] for number, alpha in enumerate(alphas)]
    return written(frames, ("webm", codec), "yuva420p", options={"auto-alt-ref": "0"}), alphas


@pytest.mark.parametrize("codec", ["libvpx", "libvpx-vp9"])
def test_webm_with_transparency(codec):
    try:
        av.Codec(codec, "w")
    except av.codec.codec.UnknownCodecError:
        pytest.skip("PyAV lacks the encoder")
    data, alphas = with_alpha(codec)
    found = list(read_animation(data, max_pixels=10**4).frames())
    assert len(found) == len(alphas)
    for number, (frame, alpha) in enumerate(zip(found, alphas, strict=True)):
        error = np.abs(frame[..., 3].astype(int) - alpha)
        assert np.delete(error, range(14, 18), axis=1).max() <= 4 and np.median(error) <= 1
        assert abs(int(frame[16, 30, 0]) - (100 + 10 * number - 16) * 255 / 219) <= 4
    assert (found[-1][:, :14] == 0).all()  # what is clear has no color
    assert huepress.compress(data, format="png").encoded.format == "PNG"


def test_transparency_that_is_damaged_is_one_sentence():
    try:
        data, _ = with_alpha("libvpx-vp9")
    except av.codec.codec.UnknownCodecError:
        pytest.skip("PyAV lacks the encoder")
    rng = np.random.default_rng(1)
    for _ in range(60):
        broken = bytearray(data)
        for at in rng.integers(len(data) // 4, len(data), 4):
            broken[at] = rng.integers(256)
        try:
            for frame in read_input(bytes(broken), max_pixels=10**4, moving=True).frames():
                assert frame.shape == (32, 32, 4)
        except HuepressError as error:
            assert "\n" not in str(error)


@pytest.mark.parametrize("kind", ["yuva420p", "yuva444p10le"])
def test_alpha_in_the_picture_itself(kind):
    deep = kind.endswith("le")
    top, dtype = (1023, np.uint16) if deep else (255, np.uint8)
    ramp = np.linspace(0, top, 64).round().reshape(8, 8).astype(dtype)
    gray = np.full((8, 8) if "444" in kind else (4, 4), (top + 1) // 2, dtype)
    frame = next(read_animation(written([[ramp, gray, gray, ramp]], kind=kind), max_pixels=99).frames())
    assert np.abs(frame[..., 3] - ramp * (255 / top)).max() <= 0.501
    assert (frame[0, 0] == 0).all()
