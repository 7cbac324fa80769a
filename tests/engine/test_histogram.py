import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp

from huepress import _core
from huepress.engine.histogram import count_colors
from huepress.model import SourceImage


def twin(pixels):
    return np.unique(pixels, axis=0, return_inverse=True, return_counts=True)


@given(
    st.integers(3, 4).flatmap(
        lambda c: hnp.arrays(np.uint8, st.tuples(st.integers(1, 400), st.just(c)), elements=st.integers(0, 255))
    ),
    st.integers(1, 3),
)
def test_equals_numpy_unique(pixels, threads):
    colors, counts, inverse = _core.count_colors(pixels, threads)
    expected_colors, expected_inverse, expected_counts = twin(pixels)
    np.testing.assert_array_equal(colors, expected_colors)
    np.testing.assert_array_equal(counts, expected_counts)
    np.testing.assert_array_equal(inverse, expected_inverse.ravel())


@pytest.mark.parametrize("channels", [3, 4])
@pytest.mark.parametrize("spread", [2, 16, 256])
def test_large_images_on_threads(channels, spread):
    pixels = np.random.default_rng(1).integers(0, spread, (200_003, channels), dtype=np.uint8)
    one = _core.count_colors(pixels, 1)
    for threads in (2, 5):
        for a, b in zip(one, _core.count_colors(pixels, threads), strict=True):
            np.testing.assert_array_equal(a, b)
    np.testing.assert_array_equal(one[0][one[2]], pixels)
    assert one[1].sum() == len(pixels)


def test_every_corner_of_the_cube():
    pixels = np.array([[255, 255, 255], [0, 0, 0], [0, 0, 255], [255, 0, 0], [0, 0, 63], [0, 0, 64]], dtype=np.uint8)
    colors, counts, inverse = _core.count_colors(pixels, 1)
    np.testing.assert_array_equal(colors[inverse], pixels)
    assert counts.tolist() == [1] * 6


def test_transparent_pixels_can_count_as_one_color():
    pixels = np.zeros((2, 4, 4), dtype=np.uint8)
    pixels[0, :, 0] = [10, 20, 30, 40]
    pixels[1] = [1, 2, 3, 255]
    source = SourceImage(pixels)
    assert len(count_colors(source, threads=1)) == 5
    merged = count_colors(source, threads=1, merge_transparent=True)
    assert merged.colors_srgb8.tolist() == [[0, 0, 0, 0], [1, 2, 3, 255]]


def test_rejects_what_is_no_image():
    with pytest.raises(ValueError, match="channels"):
        _core.count_colors(np.zeros((4, 2), dtype=np.uint8), 1)
    with pytest.raises(ValueError, match="number"):
        _core.count_colors(np.zeros((0, 3), dtype=np.uint8), 1)


def test_gather_checks_its_rows():
    table = np.array([7, 8], dtype=np.uint8)
    assert _core.gather(table, np.array([1, 0, 1], dtype=np.uint32), 2).tolist() == [8, 7, 8]
    with pytest.raises(ValueError, match="row"):
        _core.gather(table, np.array([2], dtype=np.uint32), 1)
