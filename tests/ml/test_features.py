"""Palettes as features, against a slow twin and in scikit-learn's pipelines."""

import numpy as np
import pytest
from sklearn.base import clone
from sklearn.linear_model import LogisticRegression
from sklearn.pipeline import make_pipeline

from huepress import ml
from huepress.errors import InputError, OptionError
from reference.colors import srgb8_to_oklab

RNG = np.random.default_rng(7)


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
        np.testing.assert_allclose(colors[: len(palette)], srgb8_to_oklab(palette), atol=1e-4)
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
