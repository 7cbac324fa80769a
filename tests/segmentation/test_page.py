"""The page of a segmentation, taken apart without a browser."""

import io

import numpy as np
import pytest
from PIL import Image

import huepress
from html_pages import embedded, parse
from huepress.segmentation.outputs import describe
from huepress.segmentation.page.render import render_page


def pixels_of(data, mode="RGB"):
    with Image.open(io.BytesIO(data)) as image:
        return np.asarray(image.convert(mode))


@pytest.fixture(scope="module")
def found(badge):
    return huepress.segment(badge, 4)


@pytest.fixture(scope="module")
def page(found):
    return parse(render_page(found, describe(found), 'a <b> & "c".png'))


def test_the_labels_are_in_the_colors_of_a_picture(found, page):
    kind, data = embedded(page.one("figure", class_="stage"), "data-labels")
    labels = pixels_of(data).astype(int)
    assert kind == "image/png"
    np.testing.assert_array_equal(labels[:, :, 0], found.labels)
    np.testing.assert_array_equal(labels[:, :, 1] + 256 * labels[:, :, 2], found.regions.labels)
    told = page.one("figure", class_="stage").attributes["data-regions"].split(",")
    assert len(told) == len(found.regions) and all("% of the picture; mean color #" in text for text in told)


def test_the_picture_and_every_segment_are_there(found, page, badge):
    image = page.one("img")
    np.testing.assert_array_equal(pixels_of(embedded(image)[1], "RGBA"), badge)
    assert image.attributes["alt"] == 'a <b> & "c".png'
    items = page.all("li")
    assert [int(item.attributes["data-segment"]) for item in items] == list(range(len(found)))
    for item, color, share in zip(items, found.palette.hex(), found.shares, strict=True):
        assert f"{100 * share:.1f} %" in item.text
        assert color in item.text or "transparent" in item.text
    assert page.one("h1").text == 'a <b> & "c".png'


def test_large_pictures_are_shown_smaller():
    stripes = np.repeat(np.array([[0, 80, 160, 240]], np.uint8), 500, axis=1).repeat(120, axis=0)
    found = huepress.segment(stripes, 4)
    page = parse(render_page(found, describe(found), "stripes"))
    labels = pixels_of(embedded(page.one("figure", class_="stage"), "data-labels")[1])
    assert labels.shape == (96, 1600, 3) == (*pixels_of(embedded(page.one("img"))[1]).shape[:2], 3)
    assert page.one("canvas").attributes["width"] == "1600"
    np.testing.assert_array_equal(np.bincount(labels[:, :, 0].ravel()), [96 * 400] * 4)


def test_nothing_is_loaded_from_elsewhere(found):
    text = render_page(found, describe(found), "x").decode()
    assert "default-src 'none'" in text and "http://" not in text and "https://" not in text
