import numpy as np
import pytest

import huepress
from huepress import _core
from huepress.segmentation.options import SegmentOptions
from huepress.segmentation.segment import segment


def textured(seed=1, height=120, width=180):
    """Three thirds: speckles of two colors, and two plain ones."""
    rng = np.random.default_rng(seed)
    picture = np.empty((height, width, 3), dtype=np.uint8)
    picture[:] = 128, 120, 110
    picture[:, : width // 3] = np.where(rng.random((height, width // 3, 1)) < 0.5, (40, 90, 60), (210, 150, 160))
    picture[:, width // 3 : 2 * width // 3] = (30, 60, 160)
    return picture


def overlap(a, b):
    return (a & b).sum() / (a | b).sum()


def test_speckles_are_one_region():
    picture = textured()
    found = segment(picture)
    assert len(found.regions) == 3
    plain = segment(picture, 4, smooth=0, min_area=0)
    assert len(plain.parts) > 100, "by color the speckles fall apart"
    np.testing.assert_array_equal(plain.regions.labels, found.regions.labels)
    columns = np.repeat(np.arange(3), 60)[None].repeat(120, axis=0)
    for third in range(3):
        mine = found.regions.labels == np.bincount(found.regions.labels[columns == third]).argmax()
        assert overlap(mine, columns == third) > 0.9


def test_a_smooth_sky_is_not_cut():
    y, x = np.indices((160, 240))
    sky = np.stack([90 + y // 4, 130 + y // 4, 200 + x // 12], axis=2).astype(np.uint8)
    sky[110:, 60:150] = 60, 40, 30
    found = segment(sky)
    assert len(found.regions) == 2
    house = np.zeros(sky.shape[:2], dtype=bool)
    house[110:, 60:150] = True
    assert overlap(found.regions.labels == 1, house) > 0.95


def window(height=320, width=480):
    """A window of a program: areas of one color each, some narrow, some hardly darker than what is around them."""
    picture = np.full((height, width, 3), (245, 246, 248), dtype=np.uint8)
    boxes = {
        "bar": (0, 30, 0, width, (36, 41, 47)),
        "side": (30, height, 0, 110, (225, 228, 232)),
        "button": (50, 74, 10, 100, (200, 220, 255)),
        "rule": (300, 302, 130, 460, (60, 60, 60)),
        "line": (90, 280, 300, 303, (203, 75, 22)),
        "picture": (100, 180, 140, 260, (38, 139, 210)),
        "dot": (130, 142, 190, 202, (253, 246, 227)),
    }
    masks = {}
    for name, (top, bottom, left, right, color) in boxes.items():
        picture[top:bottom, left:right] = color
        masks[name] = (slice(top, bottom), slice(left, right))
    return picture, masks


def test_flat_graphics_are_cut_along_their_pixels():
    picture, boxes = window()
    regions = segment(picture).regions.labels
    assert len(np.unique(regions)) == len(boxes) + 1
    for name, box in boxes.items():
        mask = np.zeros(regions.shape, dtype=bool)
        mask[box] = True
        if name == "side":
            mask[boxes["button"]] = False
        if name == "picture":
            mask[boxes["dot"]] = False
        assert max(overlap(regions == each, mask) for each in np.unique(regions[mask])) == 1, name


@pytest.mark.parametrize("size", [(720, 960), (1080, 1920)])
def test_graphics_of_some_size_are_not_cut_at_half_of_it(size):
    picture, boxes = window(*size)
    regions = segment(picture, 4).regions.labels
    rule = np.zeros(regions.shape, dtype=bool)
    rule[boxes["rule"]] = True
    assert max(overlap(regions == each, rule) for each in np.unique(regions[rule])) == 1


@pytest.mark.parametrize("radius", [4, 6, 12])
@pytest.mark.parametrize("noise", [0, 20])
def test_small_vivid_things_survive(radius, noise):
    y, x = np.indices((240, 360))
    gray = 110 + 20 * np.sin(x / 40) + np.random.default_rng(1).normal(0, 1, x.shape) * noise
    picture = np.clip(np.repeat(gray[..., None], 3, axis=2), 0, 255).astype(np.uint8)
    ball = (y - 120) ** 2 + (x - 200) ** 2 <= radius**2
    picture[ball] = 230, 20, 30
    regions = segment(picture).regions.labels
    assert max(overlap(regions == name, ball) for name in np.unique(regions[ball])) > 0.7


def test_any_number_is_a_cut_of_one_hierarchy(photo):
    found = segment(photo, 3, regions=9)
    assert len(found.regions) == 9
    coarser = None
    for n in (40, 17, 9, 2, 1):
        labels = found.cut_regions(n).labels
        assert len(np.unique(labels)) == n == len(_core.label_regions(labels)[1]), "regions are connected"
        if coarser is not None:
            pairs = np.unique(np.stack([coarser.reshape(-1), labels.reshape(-1)]), axis=1)
            assert pairs.shape[1] == coarser.max() + 1, "fewer contain more"
        coarser = labels
    np.testing.assert_array_equal(found.cut_regions(9).labels, found.regions.labels)
    np.testing.assert_array_equal(segment(photo, 30, regions=9).regions.labels, found.regions.labels)
    assert len(found.cut_regions(0.3)) > len(found.cut_regions(0.8)) >= len(found.cut_regions(2.0))
    assert len(found.cut_regions(1e9)) == 1
    assert len(found.cut_regions(10**6)) == found.hierarchy.n_cells
    assert len(found.cut_regions(np.int64(4))) == 4
    assert segment(photo, 3, regions=0.5).regions.areas.tolist() == found.cut_regions(0.5).areas.tolist()


def test_the_same_for_any_number_of_threads(photo):
    one, many = (segment(photo, jobs=jobs).hierarchy for jobs in (1, 3))
    np.testing.assert_array_equal(one.cells, many.cells)
    np.testing.assert_array_equal(one.steps, many.steps)
    np.testing.assert_array_equal(one.costs, many.costs)


def test_the_same_for_any_instruction_set(photo, simd_level):
    found = segment(photo).hierarchy
    _core.set_simd_level("baseline")
    plain = segment(photo).hierarchy
    _core.set_simd_level(simd_level)
    np.testing.assert_array_equal(plain.cells, found.cells)
    np.testing.assert_array_equal(plain.steps, found.steps)
    np.testing.assert_array_equal(plain.costs, found.costs)


def test_large_pictures_are_outlined_on_their_own_pixels():
    y, x = np.indices((1200, 1500))
    disc = (y - 600) ** 2 + (x - 700) ** 2 <= 400**2
    found = segment(np.where(disc[..., None], (200, 60, 40), (40, 90, 160)).astype(np.uint8), 2)
    assert len(found.regions) == 2
    assert (found.regions.labels == disc).mean() > 0.999 or (found.regions.labels != disc).mean() > 0.999
    assert len(_core.label_regions(found.regions.labels)[1]) == 2


def test_transparent_pixels_are_one_region_of_their_own(badge):
    clear = badge[..., 3] == 0
    found = segment(badge, 4, regions=3)
    names = np.unique(found.regions.labels[clear])
    assert len(names) == 1 and (found.regions.labels == names[0]).sum() == clear.sum()
    assert found.regions[int(names[0])].segment == found.transparent
    assert len(found.regions) == 4
    assert len(segment(np.zeros((9, 9, 4), dtype=np.uint8)).regions) == 1
    large = np.zeros((900, 900, 4), dtype=np.uint8)
    large[::7, ::7] = 255, 0, 0, 255  # specks that touch only at a smaller size
    found = segment(large, 2)
    assert (np.unique(found.regions.labels[large[..., 3] == 0]).size) == 1


def test_few_pixels():
    for shape in ((1, 1), (1, 7), (5, 1), (3, 3)):
        pixels = np.random.default_rng(1).integers(0, 256, (*shape, 3), dtype=np.uint8)
        found = segment(pixels)
        assert found.regions.labels.shape == shape and found.regions.areas.sum() == shape[0] * shape[1]
        assert len(found.cut_regions(1)) == 1


def test_a_region_names_the_segment_of_most_of_its_pixels(photo):
    found = segment(photo, 5, regions=12)
    for number, region in enumerate(found.regions):
        counts = np.bincount(found.labels[found.regions.labels == number], minlength=5)
        assert region.segment == counts.argmax()


@pytest.mark.parametrize("regions", [0, -1, 2**31, -0.5, float("nan"), float("inf"), "all", True, None, [3]])
def test_regions_that_make_no_sense(regions, photo):
    with pytest.raises(huepress.OptionError, match="regions must be"):
        SegmentOptions(regions=regions)
    with pytest.raises(huepress.OptionError, match="regions must be"):
        segment(photo[:20, :20], 2).cut_regions(regions)


def test_lines_between_regions(photo):
    found = segment(photo, 4, regions=8)
    lines = found.boundaries(of="regions")
    assert lines.any() and not np.array_equal(lines, found.boundaries())
    assert (np.asarray(found.overlay(of="regions", legend=False))[lines] == 255).all()
