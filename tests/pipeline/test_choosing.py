from dataclasses import replace

import numpy as np
import pytest
from PIL import Image, ImageDraw

import huepress
from huepress.engine.histogram import count_colors
from huepress.engine.metrics import SmoothGround, banding
from huepress.formats.png import encode_png
from huepress.formats.record import Wish
from huepress.model import Encoded, IndexedImage, Palette, SourceImage
from huepress.pipeline.attempts import Attempt
from huepress.pipeline.choosing import choose_colors
from huepress.pipeline.intake import make_options
from huepress.pipeline.workbench import Workbench
from huepress.results import Trial

Y, X = np.mgrid[0:120, 0:200]


def blend(one, other, part):
    colors = np.array(one) + (np.array(other) - np.array(one)) * part[..., None]
    return np.rint(colors).astype(np.uint8)


def vignette():
    return blend((200, 180, 160), (30, 25, 40), np.hypot(X - 100, Y - 60) / 120)


def two_ways():
    left = blend((255, 80, 80), (80, 80, 255), X / 199)
    right = blend((255, 255, 80), (80, 255, 120), X / 199)
    return np.rint(left + (right.astype(float) - left) * (Y / 119)[..., None]).astype(np.uint8)


def fade_to_clear():
    alpha = np.rint(255 * np.exp(-(np.hypot(X - 100, Y - 60) ** 2) / 2500)).astype(np.uint8)
    return np.dstack([blend((230, 120, 20), (200, 30, 90), Y / 119), alpha])


def sky():
    noise = np.random.default_rng(0).normal(0, 0.7, (120, 200, 1))
    return np.clip(blend((70, 130, 200), (200, 220, 235), (Y / 119) ** 1.5) + np.rint(noise), 0, 255).astype(np.uint8)


@pytest.mark.parametrize("picture", [vignette, two_ways, fade_to_clear, sky])
def test_gradients_show_no_bands_at_the_default(picture):
    image = picture()
    result = huepress.compress(image)
    bench = Workbench(SourceImage(image), huepress.Options(n_colors="auto"))
    finest = banding(image, bench.finest(256).to_array())
    plain = bench.attempt(256, 1.0)
    seen = banding(image, result.indexed.to_array())
    assert seen <= max(0.03, finest + 0.035)
    if bench.banding(plain.indexed) > max(0.03, finest + 0.035):
        assert seen < 0.8 * bench.banding(plain.indexed)
    assert len(result.encoded.data) <= bench.attempt(256, 0.0).n_bytes


def test_some_picture_needs_the_mending():
    image = vignette()
    bench = Workbench(SourceImage(image), huepress.Options(n_colors="auto"))
    assert bench.is_smooth
    assert bench.banding(bench.attempt(256, 1.0).indexed) > 0.05


def test_the_choice_is_the_same_for_any_number_of_threads():
    image = vignette()
    assert huepress.compress(image, jobs=1).encoded.data == huepress.compress(image, jobs=3).encoded.data


def test_words_on_a_gradient_along_one_axis_do_not_cost_what_noise_does():
    rng = np.random.default_rng(1)
    first, last = rng.integers(0, 256, (2, 3))
    picture = Image.fromarray(blend(first, last, np.broadcast_to(np.linspace(0, 1, 500), (300, 500))))
    draw = ImageDraw.Draw(picture)
    for color in rng.integers(0, 255, (24, 3)):
        word = "".join(chr(letter) for letter in rng.integers(65, 122, 12))
        draw.text(tuple(map(int, rng.integers(0, (450, 280)))), word, fill=tuple(map(int, color)))
    draw.rectangle((100, 100, 300, 190), fill=(240, 240, 240))
    image = np.asarray(picture)
    result = huepress.compress(image)
    plain = Workbench(SourceImage(image), huepress.Options(n_colors="auto")).plain(256)
    assert len(result.encoded.data) <= plain.n_bytes / 0.7


def test_a_gradient_along_one_axis_takes_nearest_colors():
    image = blend((20, 40, 120), (180, 210, 250), np.broadcast_to(np.linspace(0, 1, 600), (60, 600)))
    result = huepress.compress(image)
    assert (result.indices == result.indices[:1]).all()


def test_texture_is_left_alone(photo):
    noise = np.random.default_rng(0).normal(0, 12, photo.shape)
    bench = Workbench(SourceImage(np.clip(photo + noise, 0, 255).astype(np.uint8)), huepress.Options(n_colors="auto"))
    assert len(choose_colors(bench, 1.0).trials) == 1


def test_smooth_places_are_those_without_edges():
    image = np.full((40, 60, 3), 100, np.uint8)
    image[:, 30:] = 200
    smooth = SmoothGround(count_colors(SourceImage(image), threads=1)).places
    assert smooth[:, :15].all() and smooth[:, 45:].all() and not smooth[:, 27:33].any()


class Versions:
    """A bench whose versions are only told: bytes and looks, diffused and not."""

    n_pixels, is_smooth, least_colors, leniency, is_patient = 10_000, False, 0, 1.0, True

    def __init__(self, n_bytes, looks, *, mixes_badly=True, banding=0.0):
        self._n_bytes, self._looks, self._mixes_badly, self._banding = n_bytes, looks, mixes_badly, banding

    def lossless(self):
        return None

    def mixes_badly(self, n_colors, attempt):
        return self._mixes_badly

    def attempt(self, n_colors, rate, *, diffuse=True, smooth_weight=None):
        indexed = IndexedImage(np.zeros((1, 1), np.uint8), Palette(np.uint8([[0, 0, 0 if diffuse else 1]])))
        trial = Trial(rate, n_colors, self._n_bytes[diffuse], None)
        return Attempt(trial, Encoded(b"." * self._n_bytes[diffuse], "PNG"), indexed, None, 0.2)

    def least_distortion_bits(self, n_colors, rate):
        return 0.1 if n_colors == 256 else 1.0

    def looks(self, indexed):
        return self._looks[not indexed.palette.colors_srgb8[0, 2]]

    def banding(self, indexed):
        return 0.0 if not indexed.palette.colors_srgb8[0, 2] else self._banding


SMALLER_AND_BETTER = {True: 1000, False: 900}, {True: 87.0, False: 89.0}


def test_nearest_colors_are_taken_where_they_are_smaller_and_look_better():
    found = choose_colors(Versions(*SMALLER_AND_BETTER), 1.0)
    assert found.best.n_bytes == 900 and found.best.trial.rate == 0.25 and len(found.trials) == 2


@pytest.mark.parametrize(
    "bench",
    [
        Versions({True: 1000, False: 1001}, {True: 87.0, False: 89.0}),
        Versions({True: 1000, False: 900}, {True: 87.0, False: 86.9}),
        Versions(*SMALLER_AND_BETTER, mixes_badly=False),
        Versions(*SMALLER_AND_BETTER, banding=0.05),
    ],
)
def test_else_errors_are_diffused(bench):
    assert choose_colors(bench, 1.0).best.n_bytes == 1000


class Banded(Versions):
    """A bench whose first version shows bands, and whose weighted and plain ones show none; plain is smaller."""

    def __init__(self, leniency, *, is_patient=True, is_smooth=False):
        super().__init__({True: 1000, False: 900}, {True: 87.0, False: 89.0}, mixes_badly=False)
        self.leniency, self.is_patient, self.is_smooth = leniency, is_patient, is_smooth

    def attempt(self, n_colors, rate, *, diffuse=True, smooth_weight=None):
        made = super().attempt(n_colors, rate, diffuse=diffuse)
        return made if smooth_weight is None else replace(made, indexed=self.finest(n_colors))

    def plain(self, n_colors):
        return replace(super().attempt(n_colors, 0.0, diffuse=False), indexed=self.finest(n_colors))

    def finest(self, n_colors):
        return IndexedImage(np.zeros((1, 1), np.uint8), Palette(np.uint8([[0, 1, 0]])))

    def banding(self, indexed):
        return 0.001 if indexed.palette.colors_srgb8[0, 1] else 0.04


@pytest.mark.parametrize(("leniency", "mended"), [(1.0, True), (1.3, True), (1.5, False)])
def test_quick_efforts_let_more_bands_be(leniency, mended):
    bench = Banded(leniency)
    best = choose_colors(bench, 1.0).best
    assert (bench.banding(best.indexed) < 0.01) == mended


@pytest.mark.parametrize(
    ("is_patient", "is_smooth", "tried"), [(True, False, True), (False, True, True), (False, False, False)]
)
def test_quick_efforts_try_nearest_colors_where_the_picture_is_smooth(is_patient, is_smooth, tried):
    best = choose_colors(Banded(1.0, is_patient=is_patient, is_smooth=is_smooth), 1.0).best
    assert best.n_bytes == (900 if tried else 1000)


def test_the_finest_version_is_one_whose_smooth_places_weigh_no_more(photo):
    bench = Workbench(SourceImage(photo), make_options({"effort": 5}))
    assert not bench.is_smooth
    finest = bench.finest(64)
    bench.attempt(64, 1.0)
    weighed = bench._smooth_search(64, 1.0).finest()
    np.testing.assert_array_equal(finest.indices, weighed.indices)
    np.testing.assert_array_equal(np.asarray(finest.palette), np.asarray(weighed.palette))
    np.testing.assert_array_equal(bench.finest(64).indices, finest.indices)


def test_each_effort_finds_what_costs_less(photo):
    noise = np.random.default_rng(0).normal(0, 6, (96, 96, 3))
    scene = np.clip(np.tile(photo, (4, 4, 1))[:96, :96] + noise, 0, 255).astype(np.uint8)
    costs = []
    for effort in range(1, 6):
        found = Workbench(SourceImage(scene), make_options({"effort": effort})).choose(64, 2.0)
        encoded = encode_png(found.indexed, Wish(effort=4, searched=True))  # by one and the same coder
        costs.append(found.distortion_bits * scene[:, :, 0].size + 8 * len(encoded.data))
    assert all(harder < costs[at] for at, harder in enumerate(costs[1:])), costs


def test_diffusion_by_name_stays(photo):
    for dither, allowed in (("auto", True), ("full", False), ("none", False)):
        bench = Workbench(SourceImage(photo), make_options({"dither": dither, "effort": 1}))
        nearly_lossless = replace(bench.attempt(16, 1.0), distortion_bits=1e-9)
        assert bench.mixes_badly(16, nearly_lossless) == allowed
