"""What a palette will take, from a sample."""

import io

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from PIL import Image

import huepress
import scenes
from huepress.model import SourceImage
from huepress.options import Options
from huepress.pipeline.forecast import cannot_win, forecast, sample_of


@pytest.fixture(scope="module")
def large() -> np.ndarray:
    pixels = scenes.spheres(1000, 700)
    grain = np.random.default_rng(0).normal(0, 5, (700, 1000, 1))
    return np.clip(np.rint(pixels + grain), 0, 255).astype(np.uint8)


def jpeg(pixels: np.ndarray, quality: int) -> bytes:
    buffer = io.BytesIO()
    Image.fromarray(pixels).save(buffer, "JPEG", quality=quality)
    return buffer.getvalue()


@given(st.integers(96, 2000), st.integers(96, 2000), st.sampled_from([3, 4]))
def test_a_sample_is_a_small_part_of_tiles(height, width, channels):
    pixels = np.broadcast_to(np.uint8(7), (height, width, channels))
    sample = sample_of(pixels)
    assert (sample is None) == (height * width < 500_000)
    if sample is not None:
        assert sample.shape[0] % 96 == sample.shape[1] % 96 == 0 and sample.shape[2] == channels
        assert 96**2 <= sample.shape[0] * sample.shape[1] < height * width / 10


def test_a_sample_holds_tiles_of_the_picture():
    pixels = np.arange(900 * 900 * 3, dtype=np.uint32).view(np.uint8).reshape(900, 900, 12)[:, :, :3]
    sample = sample_of(pixels)
    tile = np.lib.stride_tricks.sliding_window_view(pixels[:, :, 0], (1, 96))
    for row in sample[::96, :96, 0]:
        assert (tile[:, :, 0] == row).all(axis=-1).any()


def test_a_forecast_is_about_right(large):
    for options in (Options(), Options(n_colors=32), Options(rate=3.0)):
        real = huepress.compress(large, options.n_colors, rate=options.rate).report.bytes_out
        assert 0.75 * real < forecast(SourceImage(large), options) < 1.35 * real


def test_a_jpeg_that_cannot_be_beaten_stays_at_once(large):
    data = jpeg(large, 30)
    kept = huepress.compress(data)
    assert kept.report.status == "kept" and kept.encoded.data == data and kept.report.trials == ()
    assert "would take about" in kept.report.message and kept.report.remedy is not None
    assert kept.indexed.n_colors == 256
    for more in ({"allow_larger": True}, {"n_colors": 64}, {"quality": 60}):
        assert "about" not in huepress.compress(data, **more).report.message, more


def test_originals_that_may_be_beaten_are_tried(large):
    data = jpeg(large, 97)
    source = SourceImage(large, "JPEG", data, data)
    assert cannot_win(source, Options()) is None
    assert huepress.compress(data).report.status == "compressed"
    assert cannot_win(SourceImage(large, "PNG", b"x", b"x"), Options()) is None  # formats with palettes
    assert cannot_win(SourceImage(large, "JPEG", b"x", None), Options()) is None  # it could not be kept
