import csv
import math
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

import huepress
from huepress import _core
from huepress.engine import metrics
from huepress.engine.histogram import count_colors
from huepress.model import IndexedImage, Palette, SourceImage
from reference import ssimulacra2 as twin
from reference.colors import srgb8_to_oklab
from reference.ssimulacra2_rounding import REFERENCE

GOLD = Path(__file__).parents[1] / "gold" / "ssimulacra2"
with (GOLD / "scores.csv").open() as file:
    GOLD_ROWS = [(r["original"], r["distorted"], float(r["ssimulacra2_2_1"])) for r in csv.DictReader(file)]


def read(name):
    with Image.open(GOLD / name) as image:
        return np.asarray(image.convert("RGBA" if image.has_transparency_data else "RGB"))


def core_score(original, distorted, threads=1):
    return _core.Ssimulacra2(np.ascontiguousarray(original), threads).score(np.ascontiguousarray(distorted), threads)


@pytest.mark.parametrize(("original", "distorted", "expected"), GOLD_ROWS)
def test_the_reference_programs_scores(original, distorted, expected):
    # The program prints eight digits; half of the last one for rounding.
    assert core_score(read(original), read(distorted)) == pytest.approx(expected, abs=6e-7)


def test_there_is_gold():
    assert len(GOLD_ROWS) >= 30


def noisy(pixels, seed=0, amplitude=12):
    noise = np.random.default_rng(seed).integers(-amplitude, amplitude + 1, pixels.shape)
    return np.clip(pixels.astype(int) + noise, 0, 255).astype(np.uint8)


SIZES = [(8, 8), (8, 40), (9, 15), (16, 16), (31, 17), (112, 113), (113, 130)]


@pytest.mark.parametrize("size", SIZES)
@pytest.mark.parametrize("channels", [(3, 3), (4, 4), (4, 3), (3, 4)])
def test_equals_its_twin(simd_level, photo, size, channels):
    height, width = size
    alpha = np.random.default_rng(1).integers(0, 256, (height, width, 1), dtype=np.uint8)
    original, distorted = photo[:height, :width], noisy(photo[:height, :width])
    pair = [np.dstack([p, alpha]) if c == 4 else p for p, c in zip((original, distorted), channels, strict=True)]
    # The twin rounds every fused product once in double, which differs once in 2**29 operations.
    assert core_score(*pair) == pytest.approx(twin.ssimulacra2(*pair, REFERENCE), abs=1e-4)


def test_near_the_formulas_in_double_precision(photo):
    assert core_score(photo, noisy(photo)) == pytest.approx(twin.ssimulacra2(photo, noisy(photo)), abs=0.05)


def test_the_blur_is_a_nine_tap_filter():
    # What the recursion computes, by hand for one impulse: the taps of the formulas sum to 1.
    taps = twin.blur_taps()
    assert len(taps) == 9 and taps.sum() == pytest.approx(1, abs=1e-12)
    assert (taps @ np.square(np.arange(-4, 5))) == pytest.approx(1.5**2, abs=1e-9)


def test_same_bits_for_any_threads_and_simd_level(photo, badge):
    big = np.tile(photo, (3, 3, 1))
    for original in (big, badge):
        distorted = noisy(original)
        scores = set()
        for level in ("baseline", "avx2"):
            if _core.set_simd_level(level):
                scores |= {core_score(original, distorted, threads) for threads in (1, 2, 5)}
        _core.set_simd_level("avx2")
        assert len(scores) == 1


def test_equal_pictures_score_100(photo, badge):
    for picture in (photo, badge, photo[:8, :8]):
        found = huepress.score(picture, picture)
        assert found.ssimulacra2 == 100 and found.mse == 0 and found.psnr_db == math.inf
        assert (found.delta_e_ok_mean, found.delta_e_ok_p95, found.banding) == (0, 0, 0)


def test_one_original_scores_many(photo):
    comparator = metrics.Comparator(SourceImage(photo), threads=2)
    trials = [noisy(photo, amplitude=a) for a in (2, 8, 30)]
    scores = [comparator.ssimulacra2(t) for t in trials]
    assert scores == [core_score(photo, t) for t in trials]
    assert scores == sorted(scores, reverse=True)


def test_opaque_alpha_scores_as_none(photo):
    opaque = np.dstack([photo, np.full(photo.shape[:2], 255, np.uint8)])
    assert huepress.score(opaque, noisy(photo)).ssimulacra2 == huepress.score(photo, noisy(photo)).ssimulacra2


def test_plain_figures_equal_numpy(photo):
    distorted = noisy(photo)
    found = huepress.score(photo, distorted)
    mse = np.square(photo.astype(float) - distorted).sum(axis=2).mean()
    assert found.mse == pytest.approx(mse, rel=1e-9)
    assert found.psnr_db == pytest.approx(10 * math.log10(255**2 * 3 / mse))
    delta = np.sqrt(np.square(srgb8_to_oklab(photo) - srgb8_to_oklab(distorted)).sum(axis=2))
    assert found.delta_e_ok_mean == pytest.approx(delta.mean(), rel=1e-4)
    assert found.delta_e_ok_p95 == pytest.approx(np.percentile(delta, 95), abs=1.5 / 4096)


def test_mse_with_alpha_is_the_reports(badge):
    result = huepress.compress(badge, n_colors=12)
    found = huepress.score(badge, result.image)
    assert found.mse == pytest.approx(result.report.mse, rel=1e-5)
    assert huepress.score(badge, badge[:, :, :3]).mse > 0


def ramp(steps=None):
    y, x = np.mgrid[0:160, 0:240]
    plane = np.stack([x / 240 * 150 + 40, x / 240 * 100 + y / 160 * 60 + 30, y / 160 * 120 + 60], axis=-1)
    if steps:
        plane = np.rint(plane / 255 * steps) / steps * 255
    return np.rint(plane).astype(np.uint8)


def test_banding_rises_with_posterization_and_stays_low_on_texture():
    smooth = ramp()
    figures = [metrics.banding(smooth, ramp(steps)) for steps in (128, 64, 32, 16, 8)]
    assert figures == sorted(figures) and figures[0] > 0.02 and figures[-1] > 5 * figures[0]
    texture = np.random.default_rng(0).integers(0, 256, smooth.shape, dtype=np.uint8)
    assert metrics.banding(texture, texture // 32 * 32 + 16) < 0.05 * figures[2]


@pytest.mark.parametrize("alpha", ["none", "source", "result", "both"])
def test_banding_of_an_indexed_picture_is_that_of_its_pixels(alpha):
    rng = np.random.default_rng(4)
    source = ramp()
    if alpha in ("source", "both"):
        source = np.dstack([source, np.rint(np.linspace(0, 255, source[..., 0].size)).reshape(source.shape[:2])])
        source = source.astype(np.uint8)
    colors = rng.integers(0, 256, (9, 4 if alpha in ("result", "both") else 3), dtype=np.uint8)
    indexed = IndexedImage((np.indices(source.shape[:2]).sum(axis=0) // 50).astype(np.uint8), Palette(colors))
    ground = metrics.SmoothGround(count_colors(SourceImage(source), threads=1))
    expected = metrics.banding(source, indexed.to_array())
    assert expected > 0.1 and ground.banding(indexed) == pytest.approx(expected, rel=1e-6)


def test_dithering_is_not_banding():
    smooth, banded = ramp(), ramp(16)
    noise = np.random.default_rng(0).random(smooth.shape) - 0.5
    dithered = np.clip(np.rint(smooth / 255 * 16 + noise) / 16 * 255, 0, 255).astype(np.uint8)
    assert metrics.banding(smooth, dithered) < 0.7 * metrics.banding(smooth, banded)


@pytest.mark.parametrize(
    ("score", "word"),
    [
        (100, "visually lossless"), (90, "visually lossless"), (89.99, "very high"), (70, "high"), (69.9, "medium"),
        (50, "medium"), (49.9, "low"), (30, "low"), (29.9, "very low"), (-500, "very low"),
    ],
)  # fmt: skip
def test_words(score, word):
    assert metrics.words_for(score) == word


def test_sizes_must_be_equal_and_large_enough(photo):
    with pytest.raises(huepress.InputError, match="differ in size: 300 x 200 and 200 x 300"):
        huepress.score(photo, np.rot90(photo))
    for size in ((1, 1), (7, 50), (50, 7)):
        with pytest.raises(huepress.InputError, match="from 8 x 8"):
            huepress.score(photo[: size[0], : size[1]], photo[: size[0], : size[1]])
    with pytest.raises(ValueError, match="8 pixels"):
        core_score(photo[:7], photo[:7])
    with pytest.raises(ValueError, match="same size"):
        core_score(photo, photo[:, 1:])


def test_errors_from_afar_mix():
    gray = np.full((40, 50, 3), 128, np.uint8)
    dots = np.where((np.indices((40, 50)).sum(axis=0) % 2 == 0)[..., None], gray - 100, gray + 100)
    assert metrics.error_from_afar(gray, dots) == 0
    assert metrics.error_from_afar(gray, gray + 3) == 9
    half = gray.copy()
    half[:, :25] += 8
    assert 20 < metrics.error_from_afar(gray, half) < 32
