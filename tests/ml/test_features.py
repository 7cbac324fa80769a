"""Palettes as features, against a slow twin and in scikit-learn's pipelines."""

import numpy as np
import pytest
from skimage.color import rgb2xyz
from sklearn.base import clone
from sklearn.linear_model import LogisticRegression
from sklearn.pipeline import make_pipeline

from huepress import ml
from huepress.errors import InputError, OptionError

RNG = np.random.default_rng(7)
# Ottosson 2020, "A perceptual color space for image processing".
TO_LMS = np.array(
    [
        [0.8189330101, 0.3618667424, -0.1288597137],
        [0.0329845436, 0.9293118715, 0.0361456387],
        [0.0482003018, 0.2643662691, 0.6338517070],
    ]
)
TO_LAB = np.array(
    [
        [0.2104542553, 0.7936177850, -0.0040720468],
        [1.9779984951, -2.4285922050, 0.4505937099],
        [0.0259040371, 0.7827717662, -0.8086757660],
    ]
)


def oklab(colors_srgb8):
    return np.cbrt(rgb2xyz(colors_srgb8 / 255.0) @ TO_LMS.T) @ TO_LAB.T


def pictures():
    return [RNG.integers(0, 256, (int(height), 11, 3), dtype=np.uint8) for height in RNG.integers(1, 20, 9)]


def test_rows_hold_the_palette_in_oklab_and_the_share_of_each_color():
    shown = [*pictures(), np.full((3, 5, 3), 200, dtype=np.uint8)]
    found = ml.PaletteFeatures(n_colors=6).fit_transform(shown)
    batch = ml.quantize_batch(shown, 6)
    assert found.shape == (10, 24) and found.dtype == np.float32
    for row, features in enumerate(found):
        palette = batch.palette(row)
        colors, shares = features[:18].reshape(6, 3), features[18:]
        np.testing.assert_allclose(colors[: len(palette)], oklab(palette), atol=1e-3)
        np.testing.assert_array_equal(
            colors[len(palette) :], np.repeat(colors[len(palette) - 1 :][:1], 6 - len(palette), 0)
        )
        counted = [float(np.mean(batch.indices(row) == entry)) for entry in range(6)]
        np.testing.assert_allclose(shares, counted, atol=1e-6)
    assert len(ml.PaletteFeatures(n_colors=6).get_feature_names_out()) == 24


def test_threads_change_nothing_and_no_pictures_make_no_rows():
    shown = pictures()
    one, all_ = (ml.PaletteFeatures(n_jobs=jobs).transform(shown) for jobs in (1, -1))
    np.testing.assert_array_equal(one, all_)
    assert ml.PaletteFeatures().transform([]).shape == (0, 32)


def test_a_pipeline_learns_which_pictures_are_warm():
    noise = RNG.integers(0, 60, (60, 8, 8, 3), dtype=np.uint8)
    labels = np.arange(60) % 2
    noise[labels == 0, :, :, 0] += 120
    noise[labels == 1, :, :, 2] += 120
    model = make_pipeline(ml.PaletteFeatures(n_colors=4), LogisticRegression())
    assert clone(model).fit(noise[:40], labels[:40]).score(noise[40:], labels[40:]) == 1.0
    assert model.set_params(palettefeatures__n_colors=2).get_params()["palettefeatures__n_colors"] == 2


def test_what_makes_no_sense_is_said():
    with pytest.raises(OptionError, match="n_colors"):
        ml.PaletteFeatures(n_colors=1).transform(pictures())
    with pytest.raises(InputError, match="uint8"):
        ml.PaletteFeatures().transform([np.zeros((2, 2, 3))])
    with pytest.raises(ValueError, match="PaletteFeatures"):
        ml.PaletteFeatures().set_params(colors=3)
