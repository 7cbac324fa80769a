"""A palette that is given: order, indices and exact matches."""

import io
from pathlib import Path

import cv2
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp
from PIL import Image

import huepress
from huepress import _core
from reference import textbook_kmeans as textbook

palettes = st.lists(st.tuples(*[st.integers(0, 255)] * 3), min_size=1, max_size=40)


@given(
    hnp.arrays(np.uint8, st.tuples(st.integers(1, 10), st.integers(1, 10), st.just(3))),
    palettes,
    st.sampled_from([0, 1, 5]),
    st.integers(0, 2**32 - 1),
)
def test_order_stays_and_exact_matches_win(pixels, palette, effort, seed):
    rng = np.random.default_rng(seed)
    exact = rng.random(pixels.shape[:2]) < 0.5
    pixels[exact] = np.array(palette, dtype=np.uint8)[rng.integers(0, len(palette), exact.sum())]
    result = huepress.quantize(pixels, palette=palette, effort=effort)
    np.testing.assert_array_equal(np.asarray(result.palette), np.array(palette, dtype=np.uint8))
    np.testing.assert_array_equal(result.to_array()[exact], pixels[exact])
    same = (pixels[:, :, None, :] == np.array(palette)).all(axis=3)
    np.testing.assert_array_equal(result.indices[exact], same.argmax(axis=2)[exact], "the first of equal entries")
    if effort == 0:
        points = _core.colors_to_points(pixels.reshape(-1, 3), "srgb")
        entries = _core.colors_to_points(np.array(palette, dtype=np.uint8), "srgb")
        np.testing.assert_array_equal(result.indices.ravel(), textbook.assign(points, entries))


@pytest.mark.parametrize("effort", [0, 5, 9])
@pytest.mark.parametrize("n_colors", [1, 2, 5, 17, 256])
def test_the_file_has_the_palette_as_given(photo, effort, n_colors):
    palette = np.random.default_rng(n_colors).integers(0, 256, (n_colors, 3), dtype=np.uint8)
    crop = photo[60:90, 80:120].copy()
    crop[:9, :9] = palette[-1]
    result = huepress.compress(crop, palette=palette, effort=effort)
    image = Image.open(io.BytesIO(result.encoded.data))
    np.testing.assert_array_equal(np.array(image.getpalette()).reshape(-1, 3), palette)
    np.testing.assert_array_equal(np.asarray(image), result.indices)
    got = cv2.cvtColor(cv2.imdecode(np.frombuffer(result.encoded.data, np.uint8), cv2.IMREAD_COLOR), cv2.COLOR_BGR2RGB)
    np.testing.assert_array_equal(got, palette[result.indices])
    np.testing.assert_array_equal(got[:9, :9], crop[:9, :9])


def test_alpha_of_the_palette_is_in_the_file(badge):
    palette = ["#ff0000", "#00000000", "#4077d480", "#ffffff", "#123456"]
    for pixels in (badge, badge[:, :, :3]):
        result = huepress.compress(pixels, palette=palette)
        assert result.palette.hex() == palette
        with Image.open(io.BytesIO(result.encoded.data)) as image:
            np.testing.assert_array_equal(np.asarray(image.convert("RGBA")), result.indexed.to_array())
            assert image.info["transparency"] == b"\xff\x00\x80"
    clear = huepress.quantize(badge, palette=palette)
    assert (clear.indices[badge[:, :, 3] == 0] == 1).all()


def test_hidden_colors_match_exactly_too():
    pixels = np.array([[[9, 9, 9, 0], [0, 0, 0, 0], [1, 2, 3, 255]]], dtype=np.uint8)
    palette = [(0, 0, 0, 0), (1, 2, 3, 255), (9, 9, 9, 0)]
    assert huepress.quantize(pixels, palette=palette).indices.tolist() == [[2, 0, 1]]


def test_an_opaque_palette_for_a_translucent_picture(badge):
    result = huepress.compress(badge, palette="#000,#fff,#4077d4")
    assert result.palette.hex() == ["#000000", "#ffffff", "#4077d4"]
    with Image.open(io.BytesIO(result.encoded.data)) as image:
        assert "transparency" not in image.info


def test_a_result_of_a_run_maps_back_to_itself(photo):
    first = huepress.quantize(photo, 30)
    again = huepress.quantize(first.to_array(), palette=first.palette)
    np.testing.assert_array_equal(again.indices, first.indices)
    searched = huepress.quantize(first.to_array(), palette=first.palette, effort=5)
    np.testing.assert_array_equal(searched.indices, first.indices)


def test_every_form_of_a_palette(photo, tmp_path):
    rows = [(255, 0, 0), (0, 128, 255), (17, 34, 51)]
    path = tmp_path / "three.gpl"
    huepress.save_palette(huepress.load_palette(rows), path)
    forms = [
        rows,
        np.array(rows, dtype=np.uint8),
        np.array([[*row, 255] for row in rows], dtype=np.uint8),
        ["#ff0000", "0080ff", "#123"],
        "#ff0000,#0080FF,123",
        huepress.load_palette(rows),
        path,
        str(path),
        path.read_bytes(),
    ]
    for form in forms:
        assert huepress.quantize(photo[:8, :8], palette=form).palette.hex() == ["#ff0000", "#0080ff", "#112233"], form


def test_a_file_that_is_named_like_colors_is_a_file(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    Path("abc").write_text("#000\n#fff\n")
    assert huepress.load_palette("abc").hex() == ["#000000", "#ffffff"]
    assert huepress.load_palette("def").hex() == ["#ddeeff"]


@pytest.mark.parametrize(
    ("palette", "more", "says"),
    [
        ("#f00,#0f0,#00f", {"n_colors": 2}, "3 colors, more than the 2 asked for"),
        ([], {}, "0 colors"),
        (np.zeros((257, 3), np.uint8), {}, "257 colors"),
        (np.zeros((2, 2), np.uint8), {}, r"\(0, 0\)"),
        (np.full((2, 3), 0.5), {}, "0.5"),
        ("#f00,#zz0", {}, "#zz0"),
        ([1, 2, 3], {}, r"\[1, 2, 3\]"),
        ("#f00", {"pin": "#fff"}, "exclude"),
    ],
)
def test_errors_are_sentences(photo, palette, more, says):
    with pytest.raises(huepress.OptionError, match=says) as caught:
        huepress.quantize(photo[:4, :4], palette=palette, **more)
    assert "\n" not in str(caught.value)
    with pytest.raises(huepress.InputError, match="no such file"):
        huepress.load_palette("missing.act")


def test_products_do_not_hang_on_a_library():
    from huepress.colors.arrays import product

    rng = np.random.default_rng(0)
    for kind in (np.float32, np.float64):
        rows, matrix = rng.normal(size=(50, 7, 3)).astype(kind), rng.normal(size=(3, 4)).astype(kind)
        expected = sum(rows[..., d, None] * matrix[d] for d in range(3))
        np.testing.assert_array_equal(product(rows, matrix), expected)
        np.testing.assert_allclose(product(rows, matrix), rows @ matrix, rtol=1e-3, atol=1e-5)


def test_clear_pixels_are_backed_by_the_entry_nearest_to_gray():
    picture = np.zeros((20, 30, 4), np.uint8)
    picture[5:15, 8:20] = (200, 40, 30, 255)
    for effort in (0, 5):
        result = huepress.compress(picture, palette="#000000,#707070,#ffffff,#c82020", effort=effort)
        shown = result.indexed.to_array()
        assert (shown[picture[..., 3] == 0][:, :3] == 0x70).all()
        assert (shown[5:15, 8:20, :3] == (0xC8, 0x20, 0x20)).all()
        assert "#707070" in result.report.notes[0]
