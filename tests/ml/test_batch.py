"""Many pictures in one call: properties of the palettes, the indices against a slow twin, threads."""

import doctest
import importlib

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp

import huepress
from huepress import _core, ml
from reference import packed_indices

PICTURE = hnp.array_shapes(min_dims=2, max_dims=2, max_side=9).flatmap(
    lambda sides: st.one_of(
        hnp.arrays(np.uint8, (*sides, 3)),  # mostly flat, as Hypothesis draws arrays
        st.integers(0, 2**32 - 1).map(lambda seed: np.random.default_rng(seed).integers(0, 256, (*sides, 3), np.uint8)),
    )
)
SCOPES = st.sampled_from(["image", "group", "all"])


def patches(photo, side=32):
    """Cut a picture into squares."""
    rows, columns = photo.shape[0] // side, photo.shape[1] // side
    cut = photo[: rows * side, : columns * side].reshape(rows, side, columns, side, 3)
    return np.ascontiguousarray(cut.transpose(0, 2, 1, 3, 4).reshape(-1, side, side, 3))


def same(one, other):
    return all(
        np.array_equal(getattr(one, name), getattr(other, name))
        for name in ("packed", "offsets", "sizes", "palettes_srgb8", "palette_sizes", "palette_of")
    )


def squared_error(one, other):
    return np.square(one.astype(float) - other).sum()


@given(st.lists(PICTURE, min_size=1, max_size=6), st.integers(2, 256), SCOPES)
def test_every_pixel_has_the_nearest_entry_of_its_palette(pictures, n_colors, scope):
    batch = ml.quantize_batch(pictures, n_colors, scope, n_threads=1)
    assert len(batch) == len(pictures)
    for i, picture in enumerate(pictures):
        palette = batch.palette(i)
        assert 1 <= len(palette) <= n_colors and len(np.unique(palette, axis=0)) == len(palette)
        assert (np.diff(palette.astype(int) @ [299, 587, 114]) >= 0).all()
        wanted = packed_indices.nearest_entries(picture, palette)
        np.testing.assert_array_equal(batch.indices(i), wanted)
        packed = batch.packed[batch.offsets[i] : batch.offsets[i + 1]]
        np.testing.assert_array_equal(packed, packed_indices.pack(wanted, batch.bits))
        np.testing.assert_array_equal(batch[i], palette[wanted])


@given(st.lists(PICTURE, min_size=1, max_size=4), st.integers(2, 256))
def test_few_colors_stay_as_they_are(pictures, n_colors):
    batch = ml.quantize_batch(pictures, n_colors)
    for i, picture in enumerate(pictures):
        if len(np.unique(picture.reshape(-1, 3), axis=0)) <= n_colors:
            np.testing.assert_array_equal(batch[i], picture)


@given(st.data(), st.integers(2, 256), st.sampled_from(["group", "all"]), st.integers(1, 3))
def test_few_colors_that_pictures_share_stay_as_they_are(data, n_colors, scope, n_threads):
    n = data.draw(st.integers(1, n_colors))
    rng = np.random.default_rng(data.draw(st.integers(0, 99)))
    close = rng.integers(100, 104, (n, 3), dtype=np.uint8)  # many in one cell of any coarser grid
    pictures = [close[rng.integers(0, n, (9, width))] for width in (5, 40, 7)]
    batch = ml.quantize_batch(pictures, n_colors, scope, n_threads)
    for i, picture in enumerate(pictures):
        np.testing.assert_array_equal(batch[i], picture)


@given(st.lists(PICTURE, min_size=1, max_size=12), SCOPES, st.integers(2, 5))
def test_threads_change_no_bit(pictures, scope, n_threads):
    one = ml.quantize_batch(pictures, 4, scope, n_threads=1)
    assert same(one, ml.quantize_batch(pictures, 4, scope, n_threads=n_threads))


@pytest.mark.parametrize("scope", ["image", "group", "all"])
@pytest.mark.parametrize("n_colors", [2, 16, 100])
def test_threads_and_instruction_sets_change_no_bit_of_a_photo(photo, scope, n_colors, simd_level):
    squares = patches(photo)
    _core.set_simd_level("baseline")
    one = ml.quantize_batch(squares, n_colors, scope, n_threads=1)
    _core.set_simd_level(simd_level)
    for n_threads in (2, 7, 100):
        assert same(one, ml.quantize_batch(squares, n_colors, scope, n_threads=n_threads))


@pytest.mark.parametrize("n_colors", [2, 4, 16, 64])
def test_palettes_are_as_good_as_those_of_quantize(photo, n_colors):
    squares = patches(photo)
    ours = squared_error(ml.quantize_batch(squares, n_colors).batch(), squares)
    theirs = sum(squared_error(huepress.quantize(each, n_colors).to_array()[..., :3], each) for each in squares)
    assert ours <= 1.08 * theirs


def test_more_palettes_serve_better(photo):
    squares = patches(photo)
    errors = [
        squared_error(ml.quantize_batch(squares, 8, scope).batch(), squares) for scope in ("image", "group", "all")
    ]
    assert errors == sorted(errors)
    fewer, more = (squared_error(ml.quantize_batch(squares, 8, "group", n_groups=n).batch(), squares) for n in (2, 20))
    assert more < fewer


def test_similar_pictures_share_a_palette():
    rng = np.random.default_rng(0)
    dark, bright = rng.integers(0, 60, (5, 8, 8, 3), np.uint8), rng.integers(200, 256, (5, 8, 8, 3), np.uint8)
    batch = ml.quantize_batch(np.concatenate([dark, bright]), 4, "group", n_groups=2)
    assert len(set(batch.palette_of[:5])) == len(set(batch.palette_of[5:])) == 1
    assert batch.palette_of[0] != batch.palette_of[5]


@given(st.lists(PICTURE, min_size=1, max_size=4))
def test_histograms_are_the_twin_s(pictures):
    found = _core.color_histograms(pictures, 2)
    for row, picture in zip(found, pictures, strict=True):
        np.testing.assert_allclose(row, packed_indices.color_histogram(picture), rtol=1e-6)


def test_a_palette_for_all_is_that_of_one_picture_of_them_all():
    """Two halves of few colors: the grid keeps colors that lie in different cells apart."""
    colors = np.array([[0, 0, 0], [200, 0, 0], [0, 200, 0], [255, 255, 255]], dtype=np.uint8)
    pictures = [colors[[[0, 1, 0]]], colors[[[2], [3], [3], [2]]]]
    batch = ml.quantize_batch(pictures, 4, "all")
    assert {tuple(each) for each in batch.palettes_srgb8[0].tolist()} == {tuple(each) for each in colors.tolist()}
    for i, picture in enumerate(pictures):
        np.testing.assert_array_equal(batch[i], picture)


@given(st.integers(1, 9).flatmap(lambda n: hnp.arrays(np.uint8, n)), st.sampled_from([1, 2, 4, 8]), st.data())
def test_expansion_is_the_twin_s(packed, bits, data):
    """Whatever the bytes: an index past the palette is black."""
    n_pixels = data.draw(st.integers(0, len(packed) * 8 // bits))
    palette = data.draw(hnp.arrays(np.uint8, (data.draw(st.integers(1, 1 << bits)), 3)))
    places = np.zeros(1, dtype=np.int64), np.array([n_pixels], dtype=np.int64)
    out = np.full((n_pixels, 3), 77, dtype=np.uint8)
    _core.expand_batch(packed, bits, *places, palette[None], np.zeros(1, dtype=np.int32), out, 1)
    np.testing.assert_array_equal(out, packed_indices.expand(packed, n_pixels, bits, palette))
    indices = np.full(n_pixels, 77, dtype=np.uint8)
    _core.unpack_batch(packed, bits, *places, indices, 1)
    np.testing.assert_array_equal(indices, packed_indices.unpack(packed, n_pixels, bits))


@pytest.mark.parametrize(
    ("bits", "offsets", "n_pixels", "palette_of"),
    [
        (3, [0], [4], [0]),
        (4, [-1], [4], [0]),
        (4, [7], [4], [0]),
        (4, [2**62], [4], [0]),
        (4, [0], [2**62], [0]),
        (4, [0], [-4], [0]),
        (4, [0], [3], [0]),
        (4, [0], [4], [1]),
        (4, [0], [4], [-1]),
        (4, [0, 0], [4], [0]),
        (4, [0], [4], [0, 0]),
    ],
)
def test_the_core_refuses_places_outside_of_the_arrays(bits, offsets, n_pixels, palette_of):
    palettes = np.zeros((1, 16, 3), dtype=np.uint8)
    with pytest.raises(ValueError):
        _core.expand_batch(
            np.zeros(8, dtype=np.uint8), bits, np.array(offsets), np.array(n_pixels), palettes,
            np.array(palette_of, dtype=np.int32), np.zeros((4, 3), dtype=np.uint8), 1,
        )  # fmt: skip


def test_batches_in_any_order_and_into_a_buffer(photo):
    squares = patches(photo)
    batch = ml.quantize_batch(squares, 16)
    everything = batch.batch()
    np.testing.assert_array_equal(batch.batch([3, -1, 3], n_threads=2), everything[[3, -1, 3]])
    np.testing.assert_array_equal(batch.batch(np.array([1, 0])), everything[[1, 0]])
    buffer = np.empty((2, 32, 32, 3), dtype=np.uint8)
    assert batch.batch([5, 6], out=buffer) is buffer
    np.testing.assert_array_equal(buffer, everything[5:7])
    assert batch.batch([]).shape[0] == 0
    np.testing.assert_array_equal(batch[-1], everything[-1])
    with pytest.raises(IndexError):
        batch[len(batch)]
    with pytest.raises(IndexError):
        batch.batch([0, -len(batch) - 1])
    for wrong in (buffer[:1], buffer.astype(np.int16), np.broadcast_to(buffer[:1], buffer.shape)):
        with pytest.raises(huepress.InputError):
            batch.batch([5, 6], out=wrong)


def test_ids_are_integers(photo):
    batch = ml.quantize_batch(patches(photo), 4)
    for ids in ([0.5], [True, False], [[1]], [2**70], ["0"]):
        with pytest.raises(huepress.InputError):
            batch.batch(ids)
    for n_threads in (-1, 5000, 1.5):
        with pytest.raises(huepress.OptionError):
            batch.batch([0], n_threads=n_threads)
    np.testing.assert_array_equal(batch.batch(np.array([3], dtype=np.uint8)), batch.batch([3]))


def test_unequal_sizes_expand_one_by_one(photo):
    batch = ml.quantize_batch([photo[:10, :7], photo[:3, :11]], 4)
    assert batch[0].shape == (10, 7, 3) and batch[1].shape == (3, 11, 3)
    with pytest.raises(huepress.InputError):
        batch.batch()
    assert batch.batch([1, 1]).shape == (2, 3, 11, 3)


def test_the_examples_of_the_docstrings():
    assert doctest.testmod(importlib.import_module("huepress.ml.batch")) == (0, 5)


def test_views_count_as_their_pixels(photo):
    flipped = photo[::-1, ::2]
    assert same(ml.quantize_batch([flipped], 8), ml.quantize_batch([flipped.copy()], 8))


def test_no_pictures_make_an_empty_batch():
    for scope in ("image", "group", "all"):
        assert len(ml.quantize_batch([], 4, scope)) == 0
    assert len(ml.quantize_batch(np.zeros((0, 8, 8, 3), dtype=np.uint8), 4)) == 0


@pytest.mark.parametrize(
    ("images", "options", "error"),
    [
        (np.zeros((8, 8, 3), dtype=np.uint8), {}, huepress.InputError),
        (np.zeros((1, 8, 8, 4), dtype=np.uint8), {}, huepress.InputError),
        (np.zeros((1, 8, 8, 3)), {}, huepress.InputError),
        (np.zeros((1, 8, 0, 3), dtype=np.uint8), {}, huepress.InputError),
        ([[1, 2, 3]], {}, huepress.InputError),
        (7, {}, huepress.InputError),
        ([], {"n_colors": 1}, huepress.OptionError),
        ([], {"n_colors": 257}, huepress.OptionError),
        ([], {"n_colors": "16"}, huepress.OptionError),
        ([], {"palette": "each"}, huepress.OptionError),
        ([], {"n_threads": -1}, huepress.OptionError),
        ([], {"n_groups": 3}, huepress.OptionError),
        (np.zeros((2, 8, 8, 3), dtype=np.uint8), {"palette": "group", "n_groups": 3}, huepress.OptionError),
    ],
)
def test_what_makes_no_sense_is_one_sentence(images, options, error):
    with pytest.raises(error):
        ml.quantize_batch(images, **{"n_colors": 16, **options})
