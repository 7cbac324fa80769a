"""The spatial rate-distortion search."""

import io
import zlib

import cv2
import numpy as np
import pytest
from PIL import Image

import huepress
from huepress import _core
from huepress.colors.arrays import pack_rows
from huepress.engine.metrics import Comparator
from huepress.model import SourceImage, bit_depth_of
from reference import spatial as spatial_twins


def compressed(pixels, k=64, **options):
    return huepress.compress(pixels, k, **{"effort": 3, **options})


@pytest.mark.parametrize("dither", ["auto", "none", "full"])
@pytest.mark.parametrize("rate", [0.0, 1.0, 100.0])
def test_a_picture_that_fits_passes_unchanged(badge, dither, rate):
    few = huepress.quantize(badge, 200).to_array()
    np.testing.assert_array_equal(compressed(few, 200, dither=dither, rate=rate).indexed.to_array(), few)


def test_higher_rates_give_smaller_files_and_lower_scores(photo):
    comparator = Comparator(SourceImage(photo))
    results = [compressed(photo, 256, rate=rate) for rate in (0.0, 1.0, 4.0, 16.0)]
    sizes = [r.report.bytes_out for r in results]
    scores = [comparator.ssimulacra2(r.indexed.to_array()) for r in results]
    assert sizes == sorted(sizes, reverse=True) and scores == sorted(scores, reverse=True)
    assert sizes[2] < 0.5 * sizes[0]


def test_no_worse_than_nearest_colors_at_three_quarters_of_the_bytes(photo, sunset):
    for scene in (photo, sunset):
        grain = np.random.default_rng(0).normal(0, 5, scene.shape)  # as a camera's
        picture = np.clip(np.rint(scene + grain), 0, 255).astype(np.uint8)
        comparator = Comparator(SourceImage(picture))
        plain = huepress.compress(picture, 64, effort=0)
        searched = compressed(picture, 64, rate=1.0)
        assert searched.report.bytes_out < 0.75 * plain.report.bytes_out
        scores = [comparator.ssimulacra2(r.indexed.to_array()) for r in (plain, searched)]
        assert scores[1] > scores[0] - 1


def test_no_rate_and_no_diffusion_is_the_nearest_color(photo):
    searched = compressed(photo, 32, rate=0.0, dither="none", space="oklab", effort=2)  # the palette stays
    plain = huepress.quantize(photo, 32, space="oklab")
    assert searched.palette.hex() == plain.palette.hex()
    # Where two entries are equally near, or the grid's short list lacks the nearest, they may differ.
    assert (searched.indices != plain.indices).mean() < 1e-3


def test_dithering_is_where_the_eye_gains(photo):
    comparator = Comparator(SourceImage(photo))
    flat, diffused = (compressed(photo, 16, rate=0.0, dither=d).indexed.to_array() for d in ("none", "full"))
    assert comparator.ssimulacra2(diffused) > comparator.ssimulacra2(flat) + 5


def test_same_bits_for_any_number_of_threads(photo, badge):
    tall = np.vstack([photo] * 6)  # several bands
    for picture in (tall, badge):
        files = {compressed(picture, 48, jobs=jobs).encoded.data for jobs in (1, 2, 5)}
        assert len(files) == 1


def test_soft_alpha_stays_clean(badge):
    got = compressed(badge, 64).indexed.to_array()
    assert (got[badge[:, :, 3] == 0][:, 3] <= 12).all()
    assert (got[badge[:, :, 3] == 255][:, 3] >= 243).all()
    assert huepress.score(badge, got).ssimulacra2 > 40


def test_progress_is_reported(photo):
    seen = []
    compressed(photo, 256, effort=5, on_progress=seen.append)
    assert seen and seen == sorted(seen) and all(0 < part <= 1 for part in seen)


@pytest.mark.parametrize("size", [(1, 1), (1, 50), (50, 1), (2, 3), (7, 513), (600, 5)])
@pytest.mark.parametrize("channels", [3, 4])
def test_any_shape(size, channels):
    image = np.random.default_rng(0).integers(0, 256, (*size, channels), dtype=np.uint8)
    for k in (2, 16, 256):
        result = compressed(image, k, rate=5.0)
        assert result.indices.shape == size
        assert np.unique(result.indices).tolist() == list(range(len(result.palette)))


def search_of(picture, k, coder="png"):
    colors, _, inverse = _core.count_colors(picture.reshape(-1, picture.shape[2]), 1)
    points = _core.colors_to_points(colors, "oklab")
    palette = _core.colors_to_points(huepress.quantize(picture, k, space="oklab").palette.colors_srgb8, "oklab")
    unit = 8 // bit_depth_of(len(palette))
    inverse = inverse.reshape(picture.shape[:2])
    return _core.SpatialSearch(points, inverse, palette, True, unit, coder), points[inverse], palette


def deflated(search, shape, k):
    rows = pack_rows(search.indices().reshape(shape), bit_depth_of(k))
    return zlib.compress(np.pad(rows, ((0, 0), (1, 0))).tobytes(), 9)  # as PNG stores them, filter 0


@pytest.mark.parametrize(("k", "bit_worth"), [(12, 1e-3), (128, 5e-6)])
def test_the_model_foretells_the_file(photo, k, bit_worth):
    search, _, _ = search_of(photo, k)
    _, bits = search.sweep(bit_worth, 12.0, True, 1)
    stream = deflated(search, photo.shape[:2], k)
    assert bits / 8 == pytest.approx(len(stream), rel=0.15)


@pytest.mark.parametrize("dither", [True, False])
def test_a_refit_solves_the_normal_equations(badge, photo, dither):
    for picture, k in ((badge, 24), (photo, 5)):
        search, pixels, palette = search_of(picture, k)
        search.sweep(0.0, 0.0, False, 1)
        indices = search.indices().reshape(picture.shape[:2])
        roots = spatial_twins.visibility_roots(pixels[:, :, 0])
        fixed = np.zeros(len(palette), dtype=bool)
        fixed[2] = True
        expected = spatial_twins.refit(pixels, roots, indices, palette, fixed)
        got = search.refit(fixed, 1)
        np.testing.assert_array_equal(got, search.refit(fixed, 3))
        np.testing.assert_array_equal(got[2], palette[2])
        np.testing.assert_allclose(got, expected, atol=2e-4)


@pytest.mark.parametrize("spread", [True, False])
def test_smooth_places_weigh_more(photo, spread):
    search, pixels, palette = search_of(photo, 5)
    smooth = np.zeros(photo.shape[:2], np.uint8)
    smooth[10:30, 5:40] = 1
    search.set_smooth(smooth, 9.0, spread)
    distortion, _ = search.sweep(0.0, 0.0, False, 1)
    indices = search.indices().reshape(photo.shape[:2])
    roots = spatial_twins.visibility_roots(pixels[:, :, 0]) * np.where(smooth, 3, 1)
    taps = spatial_twins.SMOOTH_FILTER if spread else spatial_twins.FILTER
    errors = (pixels - palette[indices]) * roots[..., None]
    seen = sum(np.square(spatial_twins.filtered(errors[..., d], taps)[: len(photo), 3:-3]).sum() for d in range(3))
    assert distortion == pytest.approx(seen, rel=1e-3)
    fixed = np.zeros(len(palette), dtype=bool)
    expected = spatial_twins.refit(pixels, roots, indices, palette, fixed, taps)
    np.testing.assert_allclose(search.refit(fixed, 1), expected, atol=2e-4)
    with pytest.raises(ValueError, match="at least 1"):
        search.set_smooth(smooth, 0.5, spread)
    with pytest.raises(ValueError, match="one flag"):
        search.set_smooth(smooth[1:], 2.0, spread)


@pytest.mark.parametrize(("times", "near"), [(1, 1e-12), (4, 0.05)])
def test_a_sample_foretells_the_distortion_of_literals(photo, times, near):
    picture = np.tile(photo, (times, 1, 1))
    search, _, _ = search_of(picture, 12)
    sampled = search.sampled_distortion(1)
    assert sampled == search.sampled_distortion(3)
    distortion, _ = search.sweep(0.0, 0.0, False, 1)
    assert sampled == pytest.approx(distortion / picture[:, :, 0].size, rel=near)


def test_a_refitted_palette_lowers_the_distortion(photo, sunset):
    for picture in (photo, sunset):
        search, _, palette = search_of(picture, 12)
        before, _ = search.sweep(0.0, 0.0, False, 1)
        search.set_palette(search.refit(np.zeros(len(palette), dtype=bool), 1))
        after, _ = search.sweep(0.0, 0.0, False, 1)
        assert after < 0.95 * before


def test_colors_of_flat_areas_stay_exact():
    random = np.random.default_rng(1)
    picture = np.full((120, 160, 3), (200, 30, 60), dtype=np.uint8)
    picture[:, 80:] = (255, 255, 255)
    picture[30:90, 40:120] = random.integers(0, 256, (60, 80, 3))
    got = compressed(picture, 32, effort=5).indexed.to_array()
    assert (got[:20] == picture[:20]).all()


def test_repeated_tiles_are_copied(photo):
    tile = photo[:48, :48].copy()
    tile[:, :, 0] = np.random.default_rng(0).integers(0, 256, (48, 48))  # nothing else is worth copying
    tiled = np.tile(tile, (4, 5, 1))
    one, many = (compressed(p, 256, effort=5).report.bytes_out for p in (tile, tiled))
    assert many < 1.6 * one


def test_few_colors_are_matched_in_packed_bytes(photo):
    for k in (2, 4, 16):
        fine, coarse = (compressed(photo, k, rate=rate).report.bytes_out for rate in (0.0, 100.0))
        assert coarse < 0.8 * fine


def test_more_effort_does_no_harm(photo):
    costs = []
    for effort in (3, 8, 9):
        result = compressed(photo, 200, rate=4.0, effort=effort)
        costs.append((result.report.bytes_out, huepress.score(photo, result.image).ssimulacra2))
    assert costs[2][0] <= costs[0][0] * 1.02 and costs[2][1] > costs[0][1] - 3


def test_bad_arguments_are_value_errors(photo):
    points = np.zeros((2, 3), np.float32)
    with pytest.raises(ValueError, match="color_of"):
        _core.SpatialSearch(points, np.full((2, 2), 2, np.uint32), points, True, 1, "png")
    with pytest.raises(ValueError, match="coordinates"):
        _core.SpatialSearch(points, np.zeros((2, 2), np.uint32), np.zeros((2, 4), np.float32), True, 1, "png")
    for options in ({"effort": 10}, {"rate": -1}, {"rate": "x"}, {"dither": "some"}, {"format": "bmp"}):
        with pytest.raises(huepress.OptionError):
            huepress.compress(photo, **options)


@pytest.mark.parametrize("effort", [0, 3])
def test_webp_holds_the_same_colors(photo, badge, effort):
    for picture in (photo, badge):
        for k in (4, 16, 200):
            result = huepress.compress(picture, k, format="webp", effort=effort)
            assert result.encoded.format == "WEBP" and result.encoded.data[8:12] == b"WEBP"
            channels = result.palette.colors_srgb8.shape[1]
            with Image.open(io.BytesIO(result.encoded.data)) as image:
                decoded = np.asarray(image.convert("RGBA"))[:, :, :channels]
            np.testing.assert_array_equal(decoded, result.indexed.to_array())
            other = cv2.imdecode(np.frombuffer(result.encoded.data, np.uint8), cv2.IMREAD_UNCHANGED)
            code = cv2.COLOR_BGRA2RGBA if channels == 4 else cv2.COLOR_BGR2RGB
            np.testing.assert_array_equal(cv2.cvtColor(other, code), result.indexed.to_array())


def test_each_coder_has_its_own_prices(photo):
    png, webp = (compressed(photo, 256, format=f, rate=2.0).indexed.indices for f in ("png", "webp"))
    assert (png != webp).any()
