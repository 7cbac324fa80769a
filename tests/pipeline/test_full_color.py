"""Coders of any number of colors: AVIF, lossy WebP, JPEG, and the smallest of all."""

import io
from dataclasses import replace
from typing import get_args

import numpy as np
import pytest
from PIL import Image

import huepress
import scenes
from conftest import png_bytes
from huepress.engine.metrics import Comparator
from huepress.errors import LimitError, OptionError, OutputError, TargetError
from huepress.formats import table
from huepress.formats.jpeg import chroma_detail, encode_jpeg
from huepress.formats.record import FullColor, Wish
from huepress.goals import QualityGoal, SizeGoal
from huepress.model import SourceImage
from huepress.options import FULL_COLOR_FORMATS, SMALLEST, Format
from huepress.pipeline.full_color import MOST_TRIALS, USUAL_SCORE, StillCoder

FILE_FORMATS = {"avif": "AVIF", "webp-lossy": "WEBP", "jpeg": "JPEG"}
NOTHING = QualityGoal(-np.inf, 70.0)


def decoded(data: bytes, mode: str = "RGB") -> np.ndarray:
    with Image.open(io.BytesIO(data)) as image:
        return np.asarray(image.convert(mode))


@pytest.fixture(scope="module")
def textured(photo) -> np.ndarray:
    """A picture as cameras make them: grain on everything, so that a palette has a hard time."""
    grain = np.random.default_rng(0).normal(0, 5, (*photo.shape[:2], 1))
    return np.clip(np.rint(photo + grain), 0, 255).astype(np.uint8)


def test_the_option_names_the_coders_that_the_table_has():
    assert tuple(full_color.name for _, full_color in table.full_color()) == FULL_COLOR_FORMATS
    assert {*FULL_COLOR_FORMATS, SMALLEST} <= set(get_args(Format))


@pytest.mark.parametrize("name", FULL_COLOR_FORMATS)
def test_a_quality_is_reached_in_few_trials(textured, name):
    for quality in (50, 70, 85):
        result = huepress.compress(textured, quality=quality, format=name)
        report = result.report
        shown = decoded(result.encoded.data)
        np.testing.assert_array_equal(shown, result.decoded_srgb8)
        np.testing.assert_array_equal(shown, np.asarray(result.image))
        assert (result.encoded.format, report.status) == (FILE_FORMATS[name], "compressed")
        assert report.score == pytest.approx(huepress.score(textured, shown).ssimulacra2) and report.score >= quality
        assert len(report.trials) <= MOST_TRIALS and {trial.coder for trial in report.trials} == {name}
        enough = [trial.n_bytes for trial in report.trials if trial.score >= quality]
        assert report.bytes_out == len(result.encoded.data) == min(enough)
        assert report.n_colors == len(np.unique(shown.reshape(-1, 3), axis=0)) and report.bits_per_pixel == 24
        mse = np.square(textured.astype(float) - shown).sum(axis=2).mean()
        assert report.mse == pytest.approx(mse, rel=1e-9)
        assert result.indexed.n_colors <= 256 and result.indices.shape == textured.shape[:2]


@pytest.mark.parametrize("name", FULL_COLOR_FORMATS)
def test_by_name_alone_hardly_anybody_sees_a_difference(textured, name):
    report = huepress.compress(textured, format=name).report
    assert USUAL_SCORE <= report.score < USUAL_SCORE + 4 and report.message == ""


@pytest.mark.parametrize("name", FULL_COLOR_FORMATS)
def test_a_size_is_met(textured, name):
    budget = 9_000
    report = huepress.compress(textured, max_size=budget, format=name).report
    assert budget * 0.8 < report.bytes_out <= budget
    assert report.score == max(trial.score for trial in report.trials if trial.n_bytes <= budget)
    with pytest.raises(TargetError, match="more than the 200 asked for"):
        huepress.compress(textured, max_size=200, format=name)


@pytest.mark.parametrize("name", ["avif", "webp-lossy"])
def test_alpha_stays_exactly(badge, name):
    for quality in (20, 70):
        result = huepress.compress(badge, quality=quality, format=name)
        np.testing.assert_array_equal(decoded(result.encoded.data, "RGBA")[:, :, 3], badge[:, :, 3])


def test_a_jpeg_stands_on_white_and_says_so(badge):
    result = huepress.compress(badge, quality=70, format="jpeg")
    assert any("on white" in note for note in result.report.notes)
    assert decoded(result.encoded.data)[badge[:, :, 3] == 0].mean() > 250


@pytest.mark.parametrize("name", [*FULL_COLOR_FORMATS, SMALLEST])
def test_the_same_file_for_any_number_of_threads(textured, name):
    assert (
        len({huepress.compress(textured, quality=60, format=name, jobs=jobs).encoded.data for jobs in (1, 2, 5)}) == 1
    )


def test_the_smallest_is_no_larger_than_any(textured):
    goals = {"quality": 70}
    files = {name: huepress.compress(textured, format=name, **goals) for name in ("auto", *FULL_COLOR_FORMATS)}
    found = huepress.compress(textured, format=SMALLEST, **goals)
    assert found.report.score >= 70
    assert found.report.bytes_out == min(each.report.bytes_out for each in files.values())
    assert {trial.coder for trial in found.report.trials} == {"palette", *FULL_COLOR_FORMATS}
    by_looks = huepress.compress(textured, format=SMALLEST, max_size=6_000).report
    assert by_looks.bytes_out <= 6_000
    scores = [huepress.compress(textured, format=name, max_size=6_000).report.score for name in files]
    assert by_looks.score >= max(scores)


def test_alone_the_smallest_scores_as_the_palette_does(textured):
    palette = huepress.compress(textured, format="auto", advise=True)
    found = huepress.compress(textured, format=SMALLEST)
    assert found.report.score >= palette.report.score and found.report.bytes_out < palette.report.bytes_out
    assert found.decoded_srgb8 is not None
    advised = {trial.coder: trial.n_bytes for trial in palette.report.advice}
    assert found.report.bytes_out == min(advised.values())


def test_flat_pictures_stay_palettes():
    pixels = scenes.screen(400, 300)
    few = np.asarray(Image.fromarray(pixels[:, :, :3]).quantize(200).convert("RGB"))
    found = huepress.compress(few, format=SMALLEST)
    assert found.decoded_srgb8 is None and found.report.mse == 0
    np.testing.assert_array_equal(decoded(found.encoded.data), few)


def test_hopeless_coders_are_left_after_one_trial(monkeypatch, textured):
    source = SourceImage(textured)
    comparator = Comparator(source)
    named = table.full_color_by_name("jpeg")
    coder = StillCoder(*named, source, comparator, 5)
    best = min((each for each in coder.reach(NOTHING) if each.score >= NOTHING.wanted), key=lambda each: each.n_bytes)
    tiny = replace(best, encoded=replace(best.encoded, data=best.encoded.data[: best.n_bytes // 2]))
    assert len(coder.reach(NOTHING, tiny)) == 1 < len(coder.reach(NOTHING, best))
    small = SizeGoal(best.n_bytes)
    good = replace(best, trial=replace(best.trial, score=99.0))
    assert len(coder.reach(small, good)) == 1


def test_what_is_too_small_for_a_score_is_written_all_the_same():
    tiny = scenes.spheres(64, 48)[:5, :5]
    for name in FULL_COLOR_FORMATS:
        result = huepress.compress(tiny, format=name)
        assert result.report.score is None and decoded(result.encoded.data).shape == (5, 5, 3)
    assert huepress.compress(tiny, format=SMALLEST).decoded_srgb8 is None


def test_chroma_detail_is_the_error_of_halving_it():
    rng = np.random.default_rng(0)
    pixels = rng.integers(0, 256, (11, 14, 3), dtype=np.uint8)
    chroma = np.asarray(Image.fromarray(pixels).convert("YCbCr"))[:10, :14, 1:].astype(float)
    halved = np.stack([np.kron(chroma[::2, ::2, c] * 0, np.ones((2, 2))) for c in (0, 1)], axis=2)
    for y in range(10):
        for x in range(14):
            block = chroma[y // 2 * 2 : y // 2 * 2 + 2, x // 2 * 2 : x // 2 * 2 + 2]
            halved[y, x] = block.mean(axis=(0, 1))
    assert chroma_detail(pixels) == pytest.approx(np.sqrt(np.square(chroma - halved).mean()), rel=1e-5)
    assert chroma_detail(pixels[:1]) == 0.0
    for detail, sampling in ((pixels, (1, 1)), (np.full((16, 16, 3), (90, 80, 70), np.uint8), (2, 2))):
        with Image.open(io.BytesIO(encode_jpeg(detail, 80, Wish()))) as image:
            assert image.layer[0][1:3] == sampling


def test_gray_pictures():
    gray = scenes.spheres(120, 90)[:, :, 1]
    for name in (*FULL_COLOR_FORMATS, SMALLEST):
        result = huepress.compress(gray, format=name, quality=70)
        assert huepress.score(gray, decoded(result.encoded.data)).ssimulacra2 >= 70


def test_contradictions_are_told(textured, photo_file):
    for more in ({"n_colors": 16}, {"palette": "#000,#fff"}, {"pin": "#ff0000"}):
        for name in ("avif", SMALLEST):
            with pytest.raises(OptionError, match="chooses the number of colors itself"):
                huepress.compress(textured, format=name, **more)
    with pytest.raises(OptionError, match="in_place"):
        huepress.compress_many([photo_file], in_place=True, format="jpeg")
    with pytest.raises(OptionError, match="shared palette"):
        huepress.compress_many([photo_file], shared_palette=True, format=SMALLEST)


def test_sides_that_a_format_does_not_hold(textured):
    short = FullColor(name="avif", encode=lambda *_: b"", qualities=((0, 0), (100, 100)), largest_side=100)
    found = table.full_color_by_name("avif")
    with pytest.raises(LimitError, match="at most 100 pixels a side"):
        StillCoder(found[0], short, SourceImage(textured), None, 5)
    wide = np.repeat(textured[:8], 60, axis=1)
    assert wide.shape[1] > 16_383
    with pytest.raises(LimitError, match="16,383"):
        huepress.compress(wide, format="webp-lossy")
    assert huepress.compress(wide, format=SMALLEST, effort=1).report.status == "compressed"


def test_saving_under_another_extension(tmp_path, textured):
    result = huepress.compress(textured, format="avif", quality=60)
    result.save(tmp_path / "a.avif")
    assert (tmp_path / "a.avif").read_bytes() == result.encoded.data
    result.save(tmp_path / "a.png")  # the version with a palette
    np.testing.assert_array_equal(decoded((tmp_path / "a.png").read_bytes()), result.palette[result.indices])
    with pytest.raises(OutputError, match="format 'jpeg'"):
        result.save(tmp_path / "a.jpg")
    with pytest.raises(OutputError, match="format 'avif'"):
        huepress.compress(textured, 16).save(tmp_path / "b.avif")


def test_originals_are_kept_where_no_smaller(textured):
    small = huepress.compress(textured, format="jpeg", quality=40).encoded.data
    kept = huepress.compress(small, format="jpeg", quality=85)
    assert kept.report.status == "kept" and kept.encoded.data == small
    assert "the JPEG would take" in kept.report.message


def test_advice_also_where_the_original_is_kept(textured):
    buffer = io.BytesIO()
    Image.fromarray(textured).save(buffer, "JPEG", quality=30)
    report = huepress.compress(buffer.getvalue(), advise=True).report
    assert report.status == "kept" and report.advice
    for trial in report.advice:
        assert trial.coder in FULL_COLOR_FORMATS and trial.n_bytes > 0 and trial.quality > 0
    assert huepress.compress(png_bytes(textured)).report.advice == ()
