"""The page of a segmentation in a real browser."""

import numpy as np

import huepress
import scenes
from huepress.segmentation.outputs import describe
from huepress.segmentation.page.render import render_page


def test_what_is_pointed_at_is_marked_and_told(browser, tmp_path):
    found = huepress.segment(scenes.spheres(120, 80), 4)
    (tmp_path / "index.html").write_bytes(render_page(found, describe(found), "spheres"))
    page = browser.new_page()
    complaints = []
    page.on("console", lambda message: complaints.append(message.text))
    page.on("pageerror", lambda error: complaints.append(str(error)))
    page.goto((tmp_path / "index.html").as_uri())
    canvas = page.locator(".stage canvas")
    canvas.wait_for()
    told = page.locator(".told")
    canvas.hover(position={"x": 60, "y": 40})
    assert told.inner_text().startswith(f"Segment {found.labels[40, 60]}: #")
    page.get_by_role("button", name="Regions").click()
    canvas.hover(position={"x": 61, "y": 40})
    assert told.inner_text().startswith(f"Region {found.regions.labels[40, 61]}: ")
    page.locator("[data-segment='1'] input").uncheck()
    y, x = map(int, np.argwhere(found.labels == 1)[0])
    assert canvas.evaluate(f"e => e.getContext('2d').getImageData({x}, {y}, 1, 1).data[3]") == 0
    assert told.inner_text().startswith("Segment 1: ")
    assert complaints == []
