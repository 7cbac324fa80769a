"""`auto` counts colors: those that cover much, by the elbow, and those of small vivid things."""

import numpy as np
import pytest

from huepress.segmentation.choose import find_accents
from huepress.segmentation.levels import Level
from huepress.segmentation.segment import segment

RED, CYAN, GREEN = (230, 20, 30), (20, 200, 220), (40, 190, 60)


def muted(height=320, width=480, seed=0, noise=4):
    """Soft browns and grays."""
    y, x = np.indices((height, width))
    gray = 110 + 30 * np.sin(x / 60) + 20 * np.cos(y / 45)
    grain = np.random.default_rng(seed).normal(0, noise, (height, width, 1))
    return np.clip(np.stack([gray, 0.95 * gray, 0.9 * gray], axis=2) + grain, 0, 255).astype(np.uint8)


def with_patches(picture, *colors, side=10):
    picture = picture.copy()
    masks = []
    for number, color in enumerate(colors):
        mask = np.zeros(picture.shape[:2], dtype=bool)
        mask[101 : 101 + side, 60 + 83 * number : 60 + 83 * number + side] = True
        picture[mask] = color
        masks.append(mask)
    return picture, masks


@pytest.mark.parametrize("size", [(120, 160), (320, 480), (512, 768)])
@pytest.mark.parametrize("noise", [0, 4, 8])
def test_a_small_vivid_thing_is_a_segment(size, noise):
    background = muted(*size, noise=noise)
    picture, [patch] = with_patches(background, RED)
    found = segment(picture)
    assert len(found) == len(segment(background)) + 1
    np.testing.assert_array_equal(found.labels == found.labels[105, 65], patch)
    assert np.abs(np.asarray(found.palette, dtype=int)[found.labels[105, 65]] - RED).max() < 25


def test_each_of_several_colors_is_one():
    background = muted()
    picture, masks = with_patches(background, RED, CYAN, GREEN, RED)
    found = segment(picture)
    assert len(found) == len(segment(background)) + 3
    names = [set(found.labels[mask].tolist()) for mask in masks]
    assert all(len(each) == 1 for each in names) and names[0] == names[3]
    assert len({name for each in names for name in each}) == 3


def test_two_vivid_colors_that_touch_are_two():
    background = muted()
    picture, [patch] = with_patches(background, RED, side=16)
    picture[:, 68:76][patch[:, 68:76]] = (0, 0, 230)
    found = segment(picture)
    assert len(found) == len(segment(background)) + 2
    assert len(set(found.labels[patch].tolist())) == 2


def test_specks_and_gray_things_are_none():
    background = muted()
    n = len(segment(background))
    assert len(segment(with_patches(background, RED, side=4)[0])) == n, "smaller than what is merged"
    assert len(segment(with_patches(background, (128, 124, 118))[0])) == n


def test_k_differs_with_the_picture():
    y, x = np.indices((160, 240))
    colors = np.array([(200, 60, 50), (60, 140, 70), (50, 80, 180), (230, 210, 90), (120, 60, 140), (240, 240, 240)])
    counts = [len(segment(colors[(x // 20 + y // 20) % k].astype(np.uint8))) for k in (2, 3, 4, 6)]
    assert counts == [2, 3, 4, 6]


def test_accents_of_a_level():
    points = np.zeros((20, 20, 3), dtype=np.float32)
    points[..., 0] = 0.5
    points[3:9, 3:9, 1] = 0.2
    points[12:15, 12:15, 2] = -0.2
    flat = np.full((20, 20), 1024, dtype=np.uint32)
    center = np.array([[0.5, 0, 0]], dtype=np.float32)

    def accents(most=5, smallest=4, weights=flat, visible=None):
        return find_accents(Level(points, visible), weights, center, most, smallest)

    np.testing.assert_allclose(accents(), [[0.5, 0.2, 0], [0.5, 0, -0.2]], atol=1e-6)
    np.testing.assert_allclose(accents(most=1), [[0.5, 0.2, 0]], atol=1e-6)
    assert len(accents(most=0)) == 0 and len(accents(smallest=10)) == 1
    assert len(accents(weights=flat // 8)) == 0, "edges are mixtures"
    assert len(accents(visible=np.arange(400).reshape(20, 20) >= 240)) == 1
