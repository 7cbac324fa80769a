"""Pictures at another size: against a slow twin, and by what must hold for any picture."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from huepress.errors import LimitError
from huepress.formats.resample import resample, resized
from huepress.model import SourceImage
from huepress.resizing import parse_resize
from reference import resampling


@pytest.mark.parametrize("size", [(37, 23), (300, 11), (1, 1), (640, 500), (299, 200)])
def test_colors_are_those_of_the_twin(photo, size):
    expected, _ = resampling.resample(photo, *size)
    assert np.abs(resample(photo, *size) - expected).max() <= 0.51


@pytest.mark.parametrize("size", [(37, 23), (200, 150)])
def test_colors_and_cover_are_those_of_the_twin(badge, size):
    expected, cover = resampling.resample(badge, *size)
    found = resample(badge, *size)
    assert np.abs(found[..., 3] - cover).max() <= 0.51
    solid = cover >= 16  # below, a code of the color hardly shows
    assert np.abs(found[..., :3] - expected)[solid].max() <= 0.75
    assert not found[found[..., 3] == 0].any()


@given(st.integers(0, 255), st.integers(1, 40), st.integers(1, 40), st.integers(1, 60), st.integers(1, 60))
def test_a_flat_picture_stays_flat(code, height, width, new_height, new_width):
    flat = np.full((height, width, 3), code, dtype=np.uint8)
    assert (resample(flat, new_width, new_height) == code).all()


def test_light_is_averaged_not_codes():
    checker = (np.indices((64, 64)).sum(axis=0) % 2 * 255).astype(np.uint8)[..., None].repeat(3, axis=2)
    assert np.abs(resample(checker, 8, 8)[2:-2, 2:-2].astype(int) - 188).max() <= 1  # half the light, not half the code


def test_transparent_pixels_do_not_bleed():
    pixels = np.zeros((32, 32, 4), dtype=np.uint8)
    pixels[:, :, :3] = 255, 0, 255
    pixels[:, 16:] = 10, 200, 30, 255
    small = resample(pixels, 8, 8)
    solid = small[..., 3] > 128
    assert solid.any() and (np.abs(small[solid][:, :3].astype(int) - [10, 200, 30]) <= 1).all()


def test_a_source_says_what_it_was_and_is_no_candidate(photo):
    source = SourceImage(photo, keepable=b"x", encoded=b"x")
    small = resized(source, parse_resize("50%"), max_pixels=10**6)
    assert (small.width, small.height) == (150, 100) and small.keepable is None and small.encoded == b"x"
    assert small.notes == ("resized from 300 x 200 to 150 x 100",)
    assert resized(source, parse_resize(300), max_pixels=1) is source
    with pytest.raises(LimitError, match="600 x 400"):
        resized(source, parse_resize("200%"), max_pixels=100_000)
