import csv
import io
import json
import sys

import cv2
import numpy as np
import pytest
from PIL import Image

import huepress
from huepress import _core
from huepress.segmentation import choose
from huepress.segmentation.options import SegmentOptions
from huepress.segmentation.segment import segment
from known_regions import known_regions


def agreement(truth, labels):
    """Return the adjusted Rand index (L. Hubert and P. Arabie 1985)."""
    from sklearn.metrics import adjusted_rand_score

    return adjusted_rand_score(np.asarray(truth).reshape(-1), np.asarray(labels).reshape(-1))


@pytest.fixture
def scene():
    """A noisy picture and its true segments."""
    return known_regions(240, 160, n_segments=5, noise=35, seed=2)


def test_finds_what_was_drawn(scene):
    pixels, truth = scene
    found = segment(pixels, 5)
    plain = segment(pixels, 5, smooth=0, min_area=0)
    assert agreement(truth, found.labels) > 0.95
    assert agreement(truth, plain.labels) < agreement(truth, found.labels) - 0.05
    assert len(found.parts) < len(plain.parts) / 50


@pytest.mark.parametrize("k", [2, 3, 5])
@pytest.mark.parametrize("noise", [0, 20])
def test_auto_counts_the_colors(k, noise):
    pixels, truth = known_regions(240, 160, n_segments=k, noise=noise, seed=2)
    found = segment(pixels)
    assert len(found) == k
    assert agreement(truth, found.labels) > 0.9


def test_the_elbow():
    # Three clusters: the error falls by a factor until the third, then hardly.
    assert choose.elbow(np.array([1, 0.3, 0.001, 0.0009, 0.0008, 0.0007])) == 3
    # What is not noticeable does not count, whatever the factor.
    assert choose.elbow(np.array([1, 0.3, 1e-5, 1e-7, 1e-9, 1e-11])) == 3
    assert choose.elbow(np.array([1.0, 0.5])) == 2


def test_a_flat_picture_is_one_segment():
    flat = np.full((20, 30, 3), 90, dtype=np.uint8)
    found = segment(flat)
    assert len(found) == 1 and found.palette.hex() == ["#5a5a5a"] and len(found.regions) == 1
    assert not found.boundaries().any()
    flat[::2] += 1
    assert len(segment(flat)) == 1, "nobody sees two colors"
    assert len(segment(flat, 2, smooth=0, min_area=0)) == 2


def test_labels_palette_and_areas_agree(photo):
    found = segment(photo, 7)
    assert found.labels.dtype == np.uint8 and found.labels.shape == photo.shape[:2]
    assert (np.diff(found.areas) <= 0).all() and found.areas.sum() == found.labels.size
    assert found.shares.sum() == pytest.approx(1)
    np.testing.assert_array_equal(found.areas, [found.mask(i).sum() for i in range(len(found))])
    points = np.array([photo[found.mask(i)].mean(axis=0) for i in range(len(found))])
    assert np.abs(points - np.asarray(found.palette)).max() < 25, "near the mean in sRGB as well"
    assert sum(part.area for part in found.parts) == found.labels.size
    with pytest.raises(huepress.InputError, match="no segment 7"):
        found.mask(7)


def test_plain_kmeans_gives_every_pixel_its_nearest_color(photo):
    found = segment(photo, 6, smooth=0, min_area=0)
    points = _core.colors_to_points(photo.reshape(-1, 3), "oklab")
    mine = np.square(
        points - _core.colors_to_points(np.asarray(found.palette), "oklab")[found.labels.reshape(-1)]
    ).sum()
    other = huepress.quantize(photo, 6, space="oklab")
    theirs = np.square(points - _core.colors_to_points(other.to_array().reshape(-1, 3), "oklab")).sum()
    assert mine <= theirs * 1.01


def test_the_same_for_any_number_of_threads(scene, photo):
    for pixels, options in ((scene[0], {}), (photo, {"n_colors": 40, "spatial": 0.1}), (photo, {"n_colors": 6})):
        one, many = (segment(pixels, jobs=jobs, **options) for jobs in (1, 3))
        np.testing.assert_array_equal(one.labels, many.labels)
        assert one.palette.hex() == many.palette.hex()


def test_the_same_for_any_instruction_set(scene, photo, simd_level):
    for pixels, options in ((scene[0], {}), (photo, {"n_colors": 40, "spatial": 0.1}), (photo, {"smooth": 0.0})):
        found = segment(pixels, **options)
        _core.set_simd_level("baseline")
        plain = segment(pixels, **options)
        np.testing.assert_array_equal(plain.labels, found.labels)
        assert plain.palette.hex() == found.palette.hex()
        _core.set_simd_level(simd_level)


def test_position_makes_compact_segments(photo):
    def spread(found):
        boxes = found.parts.boxes
        sides = (boxes[:, 2:] - boxes[:, :2]).max(axis=1)
        return sides.max()

    far, near = segment(photo, 60), segment(photo, 60, spatial=0.3)
    assert spread(near) < spread(far) / 2
    assert len(near) > 50 and (near.areas > photo[..., 0].size / 60 / 5).mean() > 0.8
    assert len(segment(photo, 60, spatial=0.3, smooth=0)) == 60


def test_small_regions_go(photo):
    assert segment(photo, 8, min_area=200).parts.areas.min() >= 200
    assert segment(photo, 8, smooth=0, min_area=0).parts.areas.min() == 1


def test_transparent_pixels_are_a_segment_of_their_own(badge):
    found = segment(badge, 4)
    clear = badge[..., 3] == 0
    np.testing.assert_array_equal(found.mask(found.transparent), clear)
    assert len(found) == 5 and found.palette.hex()[found.transparent] == "#00000000"
    assert (found.layer(found.transparent)[..., 3] == 0).all()
    nothing = segment(np.zeros((9, 9, 4), dtype=np.uint8))
    assert len(nothing) == 1 and nothing.transparent == 0
    holes = badge.copy()
    holes[60, 64] = 0
    assert segment(holes, 4).labels[60, 64] == segment(holes, 4).transparent


def test_hard_edged_transparency(photo):
    cut = np.dstack([photo, np.where(np.indices(photo.shape[:2]).sum(axis=0) % 97 < 40, 0, 255).astype(np.uint8)])
    found = segment(cut, 255)
    np.testing.assert_array_equal(found.mask(found.transparent), cut[..., 3] == 0)
    assert len(segment(cut, 256, smooth=0, min_area=0)) == 256
    everything = sum(found.layer(i).astype(int) for i in range(len(found)))
    np.testing.assert_array_equal(everything, cut)


def test_layers_add_up(photo):
    found = segment(photo, 5)
    np.testing.assert_array_equal(sum(found.layer(i).astype(int) for i in range(5))[..., :3], photo)


def test_boundaries(scene):
    found = segment(scene[0], 5)
    padded = np.pad(found.labels.astype(int), ((0, 1), (0, 1)), mode="edge")
    expected = (padded[:-1, :-1] != padded[:-1, 1:]) | (padded[:-1, :-1] != padded[1:, :-1])
    np.testing.assert_array_equal(found.boundaries(), expected[: found.labels.shape[0], : found.labels.shape[1]])


def test_few_pixels_and_few_colors():
    for shape in ((1, 1), (1, 7), (5, 1), (3, 3)):
        pixels = np.random.default_rng(1).integers(0, 256, (*shape, 3), dtype=np.uint8)
        for options in ({}, {"n_colors": 256}, {"n_colors": 2, "spatial": 1.0}, {"n_colors": 3, "smooth": 0}):
            found = segment(pixels, **options)
            assert found.labels.shape == shape and len(found) <= shape[0] * shape[1]


@pytest.mark.parametrize(
    "options",
    [
        {"n_colors": 1},
        {"n_colors": 257},
        {"n_colors": "many"},
        {"n_colors": 2.5},
        {"spatial": -1},
        {"spatial": float("nan")},
        {"smooth": "a lot"},
        {"smooth": True},
        {"min_area": -1},
        {"min_area": 1.5},
        {"seed": -1},
    ],
)
def test_options_that_make_no_sense(options):
    with pytest.raises(huepress.OptionError) as caught:
        segment(np.zeros((4, 4), dtype=np.uint8), **options)
    assert "\n" not in str(caught.value)


def test_overlay(scene, badge):
    found = segment(scene[0], 5)
    bare = np.asarray(found.overlay(legend=False))
    lines = found.boundaries()
    assert bare.shape == scene[0].shape and (bare[lines] == 255).all()
    assert found.overlay().height > bare.shape[0] and found.overlay().width == bare.shape[1]
    assert segment(badge, 3).overlay().mode == "RGB"
    assert Image.open(io.BytesIO(found._repr_png_())).size == found.overlay().size
    assert segment(np.zeros((3, 3), dtype=np.uint8)).overlay().width > 50, "the legend has room"


def decoded(path):
    return cv2.imread(str(path), cv2.IMREAD_UNCHANGED)


def test_files_read_back(scene, tmp_path):
    found = huepress.segment(scene[0], 5)
    written = found.save(tmp_path / "out", masks=True, layers=True)
    assert len(written) == 8 + 2 * 5 and all((tmp_path / "out").joinpath(name).exists() for name in written)
    with Image.open(tmp_path / "out" / "labels.png") as image:
        np.testing.assert_array_equal(np.asarray(image), found.labels)
        assert bytes(image.getpalette()) == np.asarray(found.palette).tobytes()
    np.testing.assert_array_equal(decoded(tmp_path / "out" / "regions.png"), found.regions.labels)
    np.testing.assert_array_equal(decoded(tmp_path / "out" / "parts.png"), found.parts.labels)
    for i in range(5):
        np.testing.assert_array_equal(decoded(tmp_path / "out" / f"mask-{i}.png") > 0, found.mask(i))
        layer = cv2.cvtColor(decoded(tmp_path / "out" / f"layer-{i}.png"), cv2.COLOR_BGRA2RGBA)
        np.testing.assert_array_equal(layer, found.layer(i))
    described = json.loads((tmp_path / "out" / "segments.json").read_text())
    assert [row["color"] for row in described["segments"]] == found.palette.hex()
    assert [row["area"] for row in described["segments"]] == found.areas.tolist()
    assert len(described["regions"]) == len(found.regions)
    assert sum(row["parts"] for row in described["segments"]) == len(found.parts)
    with open(tmp_path / "out" / "segments.csv", newline="") as file:
        assert [int(row["area"]) for row in csv.DictReader(file)] == found.areas.tolist()
    before = {path.name: path.read_bytes() for path in (tmp_path / "out").iterdir()}
    with pytest.raises(huepress.OutputError, match="exists already"):
        found.save(tmp_path / "out")
    huepress.segment(scene[0], 5, jobs=1).save(tmp_path / "out", masks=True, layers=True, overwrite=True)
    assert {path.name: path.read_bytes() for path in (tmp_path / "out").iterdir()} == before


def test_more_parts_than_a_png_numbers(tmp_path):
    noise = np.random.default_rng(1).integers(0, 256, (320, 320, 3), dtype=np.uint8)
    found = huepress.segment(noise, 16, smooth=0, min_area=0)
    assert len(found.parts) > 65536
    found.save(tmp_path)
    assert not (tmp_path / "parts.png").exists()
    np.testing.assert_array_equal(np.load(tmp_path / "parts.npy"), found.parts.labels)


@pytest.mark.parametrize("transparent", [False, True])
def test_svg_looks_like_the_labels(scene, badge, transparent):
    pytest.importorskip("vtracer")
    resvg = pytest.importorskip("resvg_py")
    found = segment(badge if transparent else scene[0], 5)
    text = found.svg()
    assert text.count("<path") == 5 and text == found.svg()
    drawn = np.asarray(Image.open(io.BytesIO(bytes(resvg.svg_to_bytes(svg_string=text)))).convert("RGBA"))
    expected = np.zeros_like(drawn)
    expected[..., 3] = 255
    expected[..., : found.palette.colors_srgb8.shape[1]] = found.palette[found.labels]
    inside = ~cv2.dilate(found.boundaries().astype(np.uint8), np.ones((5, 5), np.uint8)).astype(bool)
    visible = inside & (expected[..., 3] > 200)
    assert (np.abs(drawn.astype(int) - expected)[visible].max(axis=1) <= 12).mean() > 0.99


def test_a_segment_too_fine_for_splines_is_outlined():
    pytest.importorskip("vtracer")
    dots = np.zeros((21, 21, 3), dtype=np.uint8)
    dots[3::7, 3::7] = 255
    svg = segment(dots, 2, smooth=0, min_area=0).svg()
    assert all(' d="M' in line for line in svg.splitlines() if line.startswith("<path"))


def test_svg_without_the_tracer(scene, tmp_path, monkeypatch):
    monkeypatch.setitem(sys.modules, "vtracer", None)
    found = segment(scene[0], 3)
    for attempt in (found.svg, lambda: found.save(tmp_path, svg=True)):
        with pytest.raises(huepress.OptionError, match=r"pip install 'huepress\[svg\]'"):
            attempt()
    assert not list(tmp_path.iterdir())


def test_defaults_are_those_of_the_options():
    import inspect

    parameters = inspect.signature(segment).parameters
    for name in ("n_colors", "regions", "spatial", "min_area", "smooth"):
        assert parameters[name].default == getattr(SegmentOptions(), name)


def test_docstring_example():
    import doctest
    from importlib import import_module

    assert doctest.testmod(import_module("huepress.segmentation.segment")).failed == 0
