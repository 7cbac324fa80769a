"""Pinned colors: in the core against the textbook, and in whole pictures."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp

import huepress
from huepress import _core
from huepress.options import Options
from reference import textbook_kmeans as textbook

SETTLED = (300, 0.0, 0, 1)  # max_iter, tol, seed, n_threads
colors = st.tuples(*[st.integers(0, 255)] * 3)


def table_of(pixels):
    found, counts, _ = _core.count_colors(np.ascontiguousarray(pixels).reshape(-1, pixels.shape[-1]), 1)
    return _core.colors_to_points(found, "srgb"), counts


def hexed(rows):
    return ["#" + bytes(row).hex() for row in rows]


@pytest.mark.parametrize("n_iter", [0, 1, 3, 10])
@pytest.mark.parametrize("n_pinned", [1, 5, 12])
def test_equals_the_textbook_from_a_given_start(photo, n_iter, n_pinned):
    points, counts = table_of(photo[::2, ::2])
    start = textbook.random_start(points, 12, seed=n_pinned).astype(np.float32)
    got, labels, inertia, done = _core.kmeans(
        points, counts, 12, "wu", start[n_pinned:], 1, 0, n_iter, 0.0, 0, 1, start[:n_pinned]
    )
    expected, _ = textbook.kmeans(points, start, done, counts, n_pinned)
    assert got[:n_pinned].tobytes() == start[:n_pinned].tobytes()
    np.testing.assert_allclose(got, expected, atol=2e-4)
    np.testing.assert_array_equal(labels, textbook.assign(points, got))
    assert inertia == pytest.approx(textbook.inertia(points, got, labels, counts), rel=1e-6)


@pytest.mark.parametrize("init", ["wu", "k-means++", "random"])
@pytest.mark.parametrize("n_swaps", [0, 8])
def test_a_fixed_point_around_the_pins(photo, init, n_swaps):
    points, counts = table_of(photo)
    pins = np.array([[255, 0, 0], [0, 255, 0], [128, 128, 128]], dtype=np.float32)
    centers, labels, _, _ = _core.kmeans(points, counts, 14, init, None, 2, n_swaps, 1000, 0.0, 3, 2, pins)
    np.testing.assert_array_equal(centers[:3], pins)
    moved, _ = textbook.kmeans(points, centers, 1, counts, 3)
    np.testing.assert_allclose(moved, centers, atol=1e-3)
    np.testing.assert_array_equal(labels, textbook.assign(points, centers))


@pytest.mark.parametrize("name", ["photo", "sunset"])
@pytest.mark.parametrize("n_pinned", [1, 4, 20])
def test_fitted_around_the_pins_beats_replacing_afterwards(request, name, n_pinned):
    points, counts = table_of(request.getfixturevalue(name))
    k = 24
    pins = np.random.default_rng(n_pinned).integers(0, 256, (n_pinned, 3)).astype(np.float32)
    around = _core.kmeans(points, counts, k, "wu", None, 2, 4, *SETTLED, pins)
    alone = _core.kmeans(points, counts, k, "wu", None, 2, 4, *SETTLED)
    after = alone[0].copy()
    for pin in pins:  # each pin takes the place of the center nearest to it
        taken = (after[:, None] == pins[None]).all(axis=2).any(axis=1)
        distance = np.where(taken, np.inf, np.square(after - pin).sum(axis=1))
        after[distance.argmin()] = pin
    assert around[2] < textbook.inertia(points, after.astype(float), textbook.assign(points, after), counts)
    assert around[2] >= alone[2] * 0.98, "pins only take freedom away"


def test_swaps_help_around_pins(sunset):
    points, counts = table_of(sunset)
    pins = np.array([[255, 255, 255], [90, 60, 90]], dtype=np.float32)
    plain = _core.kmeans(points, counts, 9, "random", None, 1, 0, *SETTLED, pins)
    swapped = _core.kmeans(points, counts, 9, "random", None, 1, 20, *SETTLED, pins)
    assert swapped[2] < plain[2]
    np.testing.assert_array_equal(swapped[0][:2], pins)


def test_swaps_put_a_center_beside_a_pin():
    # A pin between two small crowds; the free centers start in a large one and iterations alone keep them there.
    rng = np.random.default_rng(1)
    crowds = np.vstack([rng.normal(at, 0.1, (n, 3)) for at, n in ((0, 10), (40, 10), (200, 3000))]).astype(np.float32)
    weights = np.ones(len(crowds), dtype=np.uint32)
    pin = np.full((1, 3), 20, dtype=np.float32)
    stuck, moved = (_core.kmeans(crowds, weights, 4, "random", None, 1, n, *SETTLED, pin)[0] for n in (0, 10))
    assert np.rint(stuck[1:, 0]).tolist() == [200, 200, 200]
    assert sorted(np.rint(moved[1:, 0])) == [0, 40, 200]


@pytest.mark.parametrize("k", [2, 40, 150])
def test_same_bits_for_any_threads_and_simd_level(photo, k):
    points, counts = table_of(photo)
    pins = points[::5000][: min(k, 7)].copy()
    results = []
    for level in ("baseline", "avx2"):
        if _core.set_simd_level(level):
            results += [_core.kmeans(points, counts, k, "wu", None, 2, 3, 300, 1e-3, 0, n, pins) for n in (1, 2, 7)]
    _core.set_simd_level("avx2")
    for other in results[1:]:
        assert [part.tobytes() for part in other[:2]] == [part.tobytes() for part in results[0][:2]]


def test_too_many_pins_for_the_core():
    points = np.zeros((4, 3), dtype=np.float32)
    weights = np.ones(4, dtype=np.uint32)
    with pytest.raises(ValueError, match="at most k rows"):
        _core.kmeans(points, weights, 2, "wu", None, 1, 0, *SETTLED, np.zeros((3, 3), dtype=np.float32))


@given(
    hnp.arrays(np.uint8, st.tuples(st.integers(1, 10), st.integers(1, 10), st.sampled_from([3, 4]))),
    st.lists(colors, min_size=1, max_size=6, unique=True),
    st.integers(6, 20),
    st.sampled_from([0, 3]),
)
def test_pins_are_in_the_palette_and_their_pixels_keep_them(pixels, pins, k, effort):
    pixels[0, 0, :3] = pins[0]
    pixels[0, 0, 3:] = 255
    result = huepress.quantize(pixels, k, pin=hexed(pins), effort=effort)
    found = result.palette.hex()
    assert set(hexed(pins)) <= set(found) and len(found) <= k
    assert result.palette.hex()[result.indices[0, 0]] == hexed(pins)[0]
    used = set(np.unique(result.indices).tolist())
    assert {found[i] for i in range(len(found)) if i not in used} <= set(hexed(pins)), "only pins may be idle"
    if pixels.shape[2] == 3 and effort == 0:
        points = _core.colors_to_points(pixels.reshape(-1, 3), "srgb")
        entries = _core.colors_to_points(np.ascontiguousarray(result.palette.colors_srgb8[:, :3]), "srgb")
        np.testing.assert_array_equal(result.indices.ravel(), textbook.assign(points, entries))


@pytest.mark.parametrize("k", [2, 3, 16, 256])
@pytest.mark.parametrize("effort", [0, 3])
def test_any_number_of_pins_up_to_all(photo, k, effort):
    rows = np.random.default_rng(k).choice(1 << 24, k, replace=False).astype(">u4").view(np.uint8).reshape(-1, 4)[:, 1:]
    for n_pinned in {1, k - 1, k}:
        result = huepress.quantize(photo, k, pin=rows[:n_pinned], effort=effort)
        assert set(hexed(rows[:n_pinned])) <= set(result.palette.hex())
        assert len(result.palette) <= k
        assert effort or len(result.palette) == k


def test_a_picture_that_fits_with_its_pins_is_lossless(photo):
    few = huepress.quantize(photo, 6).to_array()
    result = huepress.quantize(few, 8, pin="#010203,#fefdfc")
    np.testing.assert_array_equal(result.to_array(), few)
    assert len(result.palette) == 8
    crowded = huepress.quantize(few, 6, pin="#010203,#fefdfc")
    assert len(crowded.palette) == 6 and {"#010203", "#fefdfc"} <= set(crowded.palette.hex())


def test_translucent_pins_of_an_opaque_picture(photo):
    result = huepress.quantize(photo, 5, pin="#ff000080,#00000000")
    assert {"#ff000080", "#00000000"} <= set(result.palette.hex())


def test_pins_with_given_starts(photo):
    result = huepress.quantize(photo, 3, pin="#ff0000", init=[(0, 0, 0), (255, 255, 255)], max_iter=0)
    assert result.palette.hex() == ["#000000", "#ff0000", "#ffffff"]


def test_the_file_has_the_pins_even_where_it_grows(tmp_path):
    flat = np.zeros((4, 4, 3), dtype=np.uint8)
    first = huepress.compress(flat)
    pinned = huepress.compress(first.encoded.data, pin="#ff0000,#00ff00,#0000ff")
    assert pinned.report.status == "compressed" and len(pinned.palette) == 4


@pytest.mark.parametrize(
    ("options", "says"),
    [
        ({"n_colors": 2, "pin": "#f00,#0f0,#00f"}, "3 colors are pinned but the palette has only 2"),
        ({"pin": "#ff00"}, None),
        ({"pin": "red"}, "'red'"),
        ({"pin": [(1, 2)]}, "not"),
        ({"pin": [(1, 2, 256)]}, "256"),
        ({"pin": [(0.5, 0.5, 0.5)]}, "0.5"),
        ({"pin": 5}, "not 5"),
        ({"pin": ["#fff", "#ffffff", (255, 255, 255)], "n_colors": 2}, None),
    ],
)
def test_errors_are_sentences(options, says):
    if says is None:
        assert Options(**options).pin
        return
    with pytest.raises(huepress.OptionError, match=says):
        Options(**options)
