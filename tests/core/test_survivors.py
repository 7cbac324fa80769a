"""Several ways to say a row survive, and far copies are ranked: against the twin, and what must not change."""

import zlib

import numpy as np
import pytest

import huepress
from huepress import _core
from huepress.colors.arrays import CLEAR, OPAQUE, allowed_classes, alpha_class, pack_rows
from huepress.model import bit_depth_of
from reference import spatial as twins


@pytest.mark.parametrize("dims", [3, 4])
def test_copies_are_ranked_as_the_twin_ranks_them(dims, simd_level):
    random = np.random.default_rng(dims)
    width, n_listed = 75, 5
    decided = random.random((4, width, dims)).astype(np.float32)
    points = random.random((width, dims)).astype(np.float32)
    above = (0.1 * random.random((width, dims))).astype(np.float32)
    roots = (0.5 + random.random(width)).astype(np.float32)
    offsets = np.array([(left, up) for up in (1, 2, 4) for left in range(-9, 10)], np.int32)
    costs = random.random(len(offsets)).astype(np.float32) * 0.05
    got, which = _core.rank_offsets(decided, points, above, roots, offsets, costs, n_listed)
    wanted = twins.ranked(decided, points, above, roots, offsets, costs)
    best = np.sort(wanted, axis=1)[:, :n_listed]
    np.testing.assert_allclose(got, best, rtol=1e-4, atol=1e-5)
    listed = which >= 0
    assert (listed == np.isfinite(best)).all()
    rows = np.arange(width)[:, None].repeat(n_listed, 1)
    np.testing.assert_allclose(wanted[rows[listed], which[listed]], got[listed], rtol=1e-4, atol=1e-5)


def search_of(picture, k, reach=(0, 0)):
    colors, _, inverse = _core.count_colors(picture.reshape(-1, picture.shape[2]), 1)
    points = _core.colors_to_points(colors, "oklab")
    palette = huepress.quantize(picture, k, space="oklab").palette.colors_srgb8
    unit = 8 // bit_depth_of(len(palette))
    entries = _core.colors_to_points(palette, "oklab")
    inverse = inverse.reshape(picture.shape[:2])
    return _core.SpatialSearch(points, inverse, entries, True, unit, "png", reach), palette, (colors, inverse)


@pytest.mark.parametrize(("k", "reach"), [(12, (2, 20)), (64, (3, 30)), (256, (2, 48))])
def test_threads_and_instruction_sets_change_nothing(photo, k, reach):
    picture = np.vstack([photo, photo[::-1], photo])  # several bands
    found = []
    for level in ("baseline", "avx2"):
        if not _core.set_simd_level(level):
            continue
        for threads in (1, 2, 5):
            search, _, _ = search_of(picture, k, reach)
            search.sweep(5e-6, 12.0, True, threads, survivors=2, n_ranked=6)
            found.append(search.indices())
    assert len(found) >= 3
    for other in found[1:]:
        np.testing.assert_array_equal(other, found[0])


def cost_of(search, picture, k, bit_worth, **how):
    distortion, _ = search.sweep(bit_worth, 12.0, True, 1, **how)
    rows = pack_rows(search.indices().reshape(picture.shape[:2]), bit_depth_of(k))
    return distortion + bit_worth * 8 * len(zlib.compress(np.pad(rows, ((0, 0), (1, 0))).tobytes(), 9))


@pytest.mark.parametrize("k", [16, 128])
def test_survivors_and_ranked_copies_lower_what_is_paid(photo, k):
    plain, *_ = search_of(photo, k)
    one = cost_of(plain, photo, k, 2e-5)
    assert cost_of(plain, photo, k, 2e-5, survivors=2) < 0.999 * one
    wide, *_ = search_of(photo, k, (3, 40))
    assert cost_of(wide, photo, k, 2e-5, survivors=2, n_ranked=8) < 0.999 * one


def test_tiles_far_to_the_left_are_copied(photo):
    """A copy within the row from farther than what each way remembers of itself."""
    tile = photo[:24, :40]
    picture = np.ascontiguousarray(np.tile(tile, (1, 6, 1)))
    search, *_ = search_of(picture, 64, (2, 48))
    search.sweep(5e-6, 12.0, True, 1, survivors=2, n_ranked=8)
    indices = search.indices().reshape(picture.shape[:2])
    assert (indices[:, 80:] == indices[:, 40:-40]).mean() > 0.9


@pytest.mark.parametrize("survivors", [1, 2, 4])
def test_the_rule_of_classes_is_kept(badge, survivors):
    search, palette, (colors, inverse) = search_of(badge, 24, (2, 20))
    entries, pixels = alpha_class(palette), alpha_class(colors)
    assert {CLEAR, OPAQUE} <= set(entries)
    search.set_classes(allowed_classes(pixels, entries), entries)
    search.sweep(1e-4, 12.0, True, 1, survivors=survivors, n_ranked=8)
    shown = entries[search.indices().reshape(inverse.shape)]
    for kind in (CLEAR, OPAQUE):
        assert (shown[pixels[inverse] == kind] == kind).all()
    assert ((shown == CLEAR) == (pixels[inverse] == CLEAR)).all()


def test_classes_are_checked(badge):
    search, palette, (colors, _) = search_of(badge, 8)
    entries = np.zeros(len(palette), np.uint8)
    with pytest.raises(ValueError, match="no entry"):
        search.set_classes(np.full(len(colors), 2, np.uint8), entries)
    with pytest.raises(ValueError, match="each entry"):
        search.set_classes(np.ones(len(colors), np.uint8), entries[:-1])
    with pytest.raises(ValueError, match="0 to 2"):
        search.set_classes(np.ones(len(colors), np.uint8), entries + np.uint8(7))
