"""Animations by coders of any number of colors."""

import io
import time
from fractions import Fraction

import numpy as np
import pytest
from PIL import Image, features

import huepress
import scenes
from animations import seen_by_pillow
from huepress.delivering import Delivery
from huepress.errors import HuepressError, LimitError, OptionError, TargetError
from huepress.formats.reading import read_animation, read_input
from huepress.options import Options
from huepress.pipeline import moving_coders
from huepress.pipeline.run import run

needs_avif = pytest.mark.skipif(not features.check("avif"), reason="this Pillow has no AVIF")
CODERS = ["webp-lossy", pytest.param("avif", marks=needs_avif)]


def apng(frames, milliseconds):
    buffer = io.BytesIO()
    images = [Image.fromarray(frame) for frame in frames]
    images[0].save(buffer, "PNG", save_all=True, append_images=images[1:], duration=milliseconds, loop=3)
    return buffer.getvalue()


@pytest.fixture(scope="module")
def pan():
    """A view that moves over a scene of many colors."""
    scene = scenes.spheres(96, 64)
    return apng([np.roll(scene, 2 * number, axis=1)[:, :64] for number in range(6)], [40, 80, 40, 40, 120, 40])


@pytest.fixture(scope="module")
def clear():
    """A disk with hard edges, half of it translucent, that moves over nothing."""
    y, x = np.mgrid[:40, :56]
    frames = []
    for number in range(4):
        frame = np.zeros((40, 56, 4), np.uint8)
        inside = (x - 14 - 8 * number) ** 2 + (y - 20) ** 2 < 144
        frame[inside] = np.dstack([4 * x, 5 * y, 90 + x, 255 - 6 * (y - 20) * (y > 20)]).astype(np.uint8)[inside]
        frames.append(frame)
    return apng(frames, [50] * 4)


# Lossy WebP halves the resolution of chroma, which no quality makes good.
@pytest.mark.parametrize(("coder", "quality"), [("webp-lossy", 60), pytest.param("avif", 75, marks=needs_avif)])
def test_a_score_is_met_by_name(pan, coder, quality):
    result = huepress.compress(pan, format=coder, quality=quality)
    assert quality <= result.report.score < quality + 10
    assert result.report.status == "compressed" and result.report.n_frames == 6
    assert all(trial.coder == coder for trial in result.report.trials) and len(result.report.trials) <= 5
    seen, milliseconds = seen_by_pillow(bytes(result))
    assert milliseconds == [40, 80, 40, 40, 120, 40] and seen[0].shape == (64, 64, 4)
    score = huepress.score(pan, bytes(result))
    assert score.ssimulacra2 == pytest.approx(result.report.score, abs=1e-9)
    assert score.mse == pytest.approx(result.report.mse, rel=1e-9)
    shown = np.asarray(result.image.convert("RGB"))  # what the first frame shows, not its palette
    np.testing.assert_array_equal(shown, seen[0][..., :3])


def test_lossy_webp_reaches_every_score(pan):
    """Where chroma of half the resolution does not, the highest quality does: without loss."""
    result = huepress.compress(pan, format="webp-lossy", quality=95, allow_larger=True)
    assert result.report.score == 100 and result.report.mse == 0 and len(result.report.trials) <= 5
    for frame, original in zip(result.frames, seen_by_pillow(pan)[0], strict=True):
        np.testing.assert_array_equal(frame.pixels_srgb8[..., :3], original[..., :3])


@pytest.mark.parametrize("coder", CODERS)
def test_a_size_is_met_or_missed(pan, coder):
    result = huepress.compress(pan, format=coder, max_size=4000)
    assert len(bytes(result)) <= 4000
    with pytest.raises(TargetError):
        huepress.compress(pan, format=coder, max_size=200)


@pytest.mark.parametrize("coder", CODERS)
def test_the_bytes_are_the_same_again_and_for_any_number_of_threads(pan, coder):
    made = [bytes(huepress.compress(pan, format=coder, quality=60, jobs=jobs)) for jobs in (1, 2)]
    time.sleep(1.1)  # files may tell when they were made, in seconds
    assert bytes(huepress.compress(pan, format=coder, quality=60)) == made[0] == made[1]


@needs_avif
def test_without_a_goal_hardly_anybody_sees_a_difference(pan):
    assert 80 <= huepress.compress(pan, format="avif").report.score < 88


@pytest.mark.parametrize("coder", CODERS)
def test_alpha_stays_as_it_is(clear, coder):
    result = huepress.compress(clear, format=coder, quality=60, allow_larger=True)
    original = [frame[..., 3] for frame in seen_by_pillow(clear)[0]]
    for frame, alpha in zip(result.frames, original, strict=True):
        np.testing.assert_array_equal(frame.pixels_srgb8[..., 3], alpha)


def test_the_smallest_meets_the_goal_with_whatever_is_smallest(pan):
    result = huepress.compress(pan, format="smallest", quality=70, effort=2)
    assert result.report.score >= 70
    coders = {trial.coder for trial in result.report.trials}
    assert "webp-lossy" in coders and len(coders) >= 3
    met = [trial.n_bytes for trial in result.report.trials if trial.score >= 70]
    assert len(bytes(result)) == min(met)
    assert result.encoded.format in ("WEBP", "AVIF")


def test_advice(pan):
    result = huepress.compress(pan, advise=True, effort=1)
    assert result.encoded.format == "PNG" and result.report.trials == ()
    advice = {trial.coder: trial for trial in result.report.advice}
    assert set(advice) == ({"avif"} if features.check("avif") else set())  # lossy WebP does not get there
    assert all(trial.score >= result.report.score for trial in advice.values())


def kept_with_advice(data):
    source = read_animation(data, max_pixels=10**6)
    report = run(source, Options(effort=1), Delivery(advise_if_kept=True, min_saving=0.95)).report
    assert report.status == "kept"
    return {trial.coder: trial for trial in report.advice}


def test_a_kept_original_comes_with_what_others_take(pan, monkeypatch):
    advice = kept_with_advice(pan)
    assert "avif" in advice or not features.check("avif")
    assert all(trial.score >= 80 and trial.n_bytes < len(pan) for trial in advice.values())
    monkeypatch.setattr(moving_coders, "_MOST_ADVISED", 6 * 64 * 64 - 1)
    assert not kept_with_advice(pan)


def test_flat_pictures_stay_palettes():
    frame = np.zeros((24, 24, 3), np.uint8)
    frames = [np.roll(frame + np.uint8(250) * (np.arange(24) < 6)[:, None, None], 2 * n, axis=0) for n in range(5)]
    result = huepress.compress(apng(frames, [50] * 5), format="smallest", allow_larger=True)
    assert result.report.mse == 0 and result.report.n_colors == 2


@pytest.mark.parametrize("coder", CODERS)
def test_frames_without_a_time_have_that_which_browsers_give_them(coder):
    frames = [Image.fromarray(np.full((8, 8, 3), level, np.uint8)) for level in (0, 255)]
    buffer = io.BytesIO()
    frames[0].save(buffer, "GIF", save_all=True, append_images=frames[1:])
    result = huepress.compress(buffer.getvalue(), format=coder, allow_larger=True)
    assert seen_by_pillow(bytes(result))[1] == [100, 100]


def test_coders_that_hold_no_animation(pan):
    with pytest.raises(OptionError, match="jpeg files hold no animations here; choose avif, webp-lossy"):
        huepress.compress(pan, format="jpeg")


@needs_avif
def test_avif_that_claims_to_play_almost_for_ever(pan):
    """Durations are numbers of 64 bits, plays are not: what no format can say is for ever."""
    data = bytearray(bytes(huepress.compress(pan, format="avif", loop=2, quality=60)))
    for box in (b"mvhd", b"tkhd"):
        at = data.index(box) + 4 + (24 if box == b"mvhd" else 28)
        data[at : at + 8] = (1 << 62).to_bytes(8, "big")
    assert read_animation(bytes(data), max_pixels=10**6).n_plays == 0
    for file_format in ("png", "gif", "webp"):
        assert huepress.compress(bytes(data), format=file_format, effort=1, allow_larger=True).report.n_frames > 1


def test_webp_holds_no_wide_animations():
    frames = [Image.new("RGB", (16_384, 2), color) for color in ("black", "red")]
    buffer = io.BytesIO()
    frames[0].save(buffer, "GIF", save_all=True, append_images=frames[1:], duration=100)
    with pytest.raises(huepress.LimitError, match="at most 16383 pixels a side"):
        huepress.compress(buffer.getvalue(), format="webp", effort=1)
    assert huepress.compress(buffer.getvalue(), format="smallest", effort=1).report.n_frames == 2


@needs_avif
@pytest.mark.parametrize("fixture", ["pan", "clear"])  # that with alpha has a second track
@pytest.mark.parametrize("n_plays", [0, 1, 2, 65_535])
def test_avif_plays_as_often(fixture, n_plays, request):
    result = huepress.compress(request.getfixturevalue(fixture), format="avif", loop=n_plays, allow_larger=True)
    data = bytes(result)
    assert read_animation(data, max_pixels=10**6).n_plays == n_plays
    # A movie lasts as long as all its plays together (ISO/IEC 14496-12, 8.2.2); all ones mean for ever.
    header = data.index(b"mvhd")
    once = sum(round(1000 * seconds) for seconds in read_animation(data, max_pixels=10**6).durations)
    assert int.from_bytes(data[header + 28 : header + 36], "big") == (once * n_plays if n_plays else (1 << 64) - 1)


@needs_avif
def test_avif_animations_are_read(pan):
    data = bytes(huepress.compress(pan, format="avif", quality=60))
    found = read_animation(data, max_pixels=10**6)
    assert found.durations == tuple(Fraction(each, 1000) for each in (40, 80, 40, 40, 120, 40)) and found.n_plays == 3
    for ours, theirs in zip(found.frames(), seen_by_pillow(data)[0], strict=True):
        np.testing.assert_array_equal(ours, theirs)
    result = huepress.compress(data, effort=0)
    assert result.encoded.format == "GIF" and result.report.n_frames == 6
    for cut in range(12, len(data), len(data) // 12):
        try:
            found = read_input(data[:cut], max_pixels=10**6, moving=True)
            list(found.frames()) if hasattr(found, "frames") else found
        except HuepressError as error:
            assert "\n" not in str(error)


@needs_avif
def test_avif_animations_are_counted_before_they_are_decoded():
    frames = [np.full((16, 16, 3), 12 * number, np.uint8) for number in range(20)]
    data = bytes(huepress.compress(apng(frames, [50] * 20), format="avif", quality=20, allow_larger=True))
    with pytest.raises(LimitError, match="20 frames of 16 x 16"):
        read_animation(data, max_pixels=256)
    assert read_animation(data, max_pixels=320).n_frames == 20


def test_the_command_names_files_by_what_is_in_them(run, pan, tmp_path):
    (tmp_path / "pan.png").write_bytes(pan)
    done = run("pan.png", "--format", "webp-lossy", "--quality", "60")
    assert done.returncode == 0 and b"pan-huepress.webp" in done.stdout, done.stderr
    done = run("pan.png", "-o", "pan.jpg")
    assert done.returncode != 0 and b"Traceback" not in done.stderr and not (tmp_path / "pan.jpg").exists()
    if features.check("avif"):
        done = run("pan.png", "-o", "pan.avif", "--max-size", "5kB")
        assert done.returncode == 0 and (tmp_path / "pan.avif").stat().st_size <= 5000


@pytest.mark.parametrize("coder", CODERS)
def test_frames_of_tiny_animations_may_become_one(coder):
    """Below 8 x 8 pixels there are no scores; the error is known all the same."""
    frames = [np.full((4, 4, 3), code, np.uint8) for code in (10, 11, 200, 201, 60)]
    result = huepress.compress(apng(frames, [100] * 5), format=coder, allow_larger=True)
    assert 0 < result.report.mse < 50 and np.isfinite(result.report.psnr_db) and result.report.score is None
