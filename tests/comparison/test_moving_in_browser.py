"""Animations on the comparison page in a real browser: what plays, what stops, and that every pixel is right."""

import base64
import io
import time

import numpy as np
import pytest
from PIL import Image

import animations
import huepress
from huepress.comparison.page.difference import EDGES, map_palette
from huepress.comparison.page.render import render_page
from huepress.engine.metrics import delta_e_ok_levels

LONG = 30  # seconds: only what never happens takes so long
WORST = 2  # frame of the first version, from 0


@pytest.fixture(scope="module")
def compared():
    frames = animations.moving(6)[:5]
    return animations.spoiled(huepress.compare(animations.as_png(frames, 100), [4, 24], name="a.png", effort=0), WORST)


@pytest.fixture(scope="module")
def file(compared, tmp_path_factory):
    path = tmp_path_factory.mktemp("page") / "page.html"
    path.write_bytes(compared.page())
    return path


@pytest.fixture
def still_page(open_file, file):
    """The page where people want little motion."""
    return open_file(file, reduced_motion="reduce")


def at(page):
    """Return the number of the frame, from 1."""
    return int(page.locator(".at").first.inner_text().split()[1])


def wait_until(is_so):
    begun = time.monotonic()
    while not is_so():
        assert time.monotonic() - begun < LONG
        time.sleep(0.02)


def drawn(page, kind="picture"):
    """Return what the canvases of both sides hold."""
    found = page.evaluate(
        "kind => [...document.querySelectorAll(`.world canvas.${kind}`)].map(each => each.toDataURL())", kind
    )
    return [np.asarray(Image.open(io.BytesIO(base64.b64decode(each.split(",")[1]))).convert("RGB")) for each in found]


def shows(page, *expected, kind="picture"):
    seen = drawn(page, kind)
    return len(seen) == len(expected) and all(map(np.array_equal, seen, expected))


def frames_of(compared):
    """Return the frames of the original and of each version."""
    animations_ = [compared.source, *(version.shown for version in compared.versions)]
    return [[frame[:, :, :3] for frame in each.frames()] for each in animations_]


def test_every_frame_is_shown_in_step(still_page, compared):
    original, _, best = frames_of(compared)
    for number in [*range(5), 0]:  # after the last comes the first
        assert at(still_page) == number + 1
        wait_until(lambda number=number: shows(still_page, original[number], best[number]))
        still_page.get_by_role("button", name="Next frame").click()
    still_page.get_by_role("button", name="Previous frame").click()
    assert at(still_page) == 1


def test_plays_and_stops(open_file, file):
    page = open_file(file)
    seen = set()
    wait_until(lambda: seen.add(at(page)) or seen == {1, 2, 3, 4, 5})
    page.get_by_role("button", name="Pause").click()
    stopped = at(page)
    page.wait_for_timeout(400)
    assert at(page) == stopped
    page.get_by_role("button", name="Play").click()
    wait_until(lambda: at(page) != stopped)


def test_nothing_moves_for_those_who_want_little_motion(still_page):
    still_page.wait_for_timeout(400)
    assert at(still_page) == 1
    still_page.get_by_role("button", name="Play").click()
    wait_until(lambda: at(still_page) > 1)


def test_the_worst_frame_of_what_is_shown(still_page, compared):
    page = still_page
    page.get_by_label("Right", exact=True).select_option("1")
    button = page.get_by_role("button", name="Worst frame")
    assert button.inner_text() == f"Worst frame: {WORST + 1}"
    button.click()
    assert at(page) == WORST + 1
    original, gray, _ = frames_of(compared)
    wait_until(lambda: shows(page, original[WORST], gray[WORST]))
    page.get_by_label("Right", exact=True).select_option("2")
    assert button.inner_text() == f"Worst frame: {compared.versions[1].worst_frame + 1}"
    score = compared.versions[1].score.moments[WORST].ssimulacra2
    assert float(page.locator(".at").inner_text().rsplit(" ")[-1]) == pytest.approx(score, abs=0.1)


def test_scores_are_drawn_over_the_slider(still_page, compared):
    page = still_page
    page.get_by_label("Right", exact=True).select_option("1")
    line, dot = (page.locator(f".scores .{kind}").get_attribute("d") for kind in ("each", "worst"))
    points = [tuple(map(float, point.split())) for point in line[1:].split("L")]
    assert [x for x, _ in points] == [0, 25, 50, 75, 100]
    lowest = max(points, key=lambda point: point[1])
    assert points.index(lowest) == WORST and lowest[1] == 100 and min(y for _, y in points) == 0
    assert dot == f"M{lowest[0]:g} {lowest[1]:g}h0"


def test_the_slider(still_page, compared):
    slider = still_page.get_by_role("slider", name="Frame")
    slider.fill("3")
    assert at(still_page) == 4 and slider.get_attribute("aria-valuetext") == "frame 4 of 5, 0.30 s"
    slider.press("ArrowLeft")
    assert at(still_page) == 3 and slider.input_value() == "2"
    original, _, best = frames_of(compared)
    wait_until(lambda: shows(still_page, original[2], best[2]))


def test_keys(still_page):
    page = still_page
    page.locator(".stage").focus()
    for key, expected in ((".", 2), (".", 3), (",", 2), (",", 1), (",", 5)):
        page.keyboard.press(key)
        assert at(page) == expected
    page.get_by_label("Right", exact=True).select_option("1")
    page.locator(".divider").focus()
    page.keyboard.press("w")
    assert at(page) == WORST + 1
    page.keyboard.press(" ")
    wait_until(lambda: at(page) != WORST + 1)
    page.keyboard.press(" ")
    assert page.get_by_role("button", name="Play").count() == 1
    page.get_by_role("button", name="Play").focus()
    page.keyboard.press(" ")  # the button's own, once
    assert page.get_by_role("button", name="Pause").count() == 1


def test_the_difference_moves_along(still_page, compared):
    page = still_page
    page.get_by_role("button", name="Difference").click()
    page.get_by_label("Left", exact=True).select_option("1")
    original, gray, best = frames_of(compared)
    for number in range(4):
        maps = [map_palette()[delta_e_ok_levels(original[number], each[number], EDGES)] for each in (gray, best)]
        wait_until(lambda maps=maps: shows(page, *maps, kind="map"))
        page.get_by_role("button", name="Next frame").click()


def test_what_is_out_of_sight_stands_still(open_file, compared, tmp_path):
    path = tmp_path / "two.html"
    path.write_bytes(render_page([compared.section(1), compared.section(2)]))
    page = open_file(path, viewport={"width": 800, "height": 500})
    first, second = page.locator(".at").first, page.locator(".at").nth(1)
    page.locator("footer").scroll_into_view_if_needed()
    wait_until(lambda: "frame 3" in second.inner_text())
    before = first.inner_text()
    page.wait_for_timeout(400)
    assert first.inner_text() == before
    page.locator(".stage").first.scroll_into_view_if_needed()
    wait_until(lambda: first.inner_text() != before)


def test_the_file_itself_can_be_taken_along(open_file, file, compared):
    page = open_file(file, accept_downloads=True)
    with page.expect_download() as download:
        page.locator("[data-role=download]").click()
    assert download.value.suggested_filename == "a-huepress.png"
    assert download.value.path().read_bytes() == compared.versions[1].outcome.encoded.data


@pytest.mark.parametrize("size", [(1440, 900), (390, 844)])
@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_fits_the_window_and_is_accessible(open_file, file, size, scheme):
    page = open_file(file, viewport={"width": size[0], "height": size[1]}, color_scheme=scheme)
    page.wait_for_function("document.querySelector('.stage').style.height")
    wait_until(lambda: at(page) > 1)
    assert page.evaluate("[document.documentElement.scrollWidth, document.documentElement.scrollHeight]") == list(size)
    assert page.locator(".stage").bounding_box()["height"] >= 220
    axe = pytest.importorskip(
        "axe_playwright_python.sync_playwright", reason="axe-playwright-python is not installed (extra browser-test)"
    )
    results = axe.Axe().run(page)
    assert results.violations_count == 0, results.generate_report()


def test_a_single_frame_has_nothing_to_play(open_file, tmp_path):
    ramp = np.add.outer(np.arange(16), np.arange(24)).astype(np.uint8) * 4 + 16
    data = b"YUV4MPEG2 W24 H16 F10:1 Cmono\nFRAME\n" + ramp.tobytes()
    huepress.compare(data, effort=0).save(tmp_path / "one.html")
    page = open_file(tmp_path / "one.html")
    wait_until(lambda: page.locator(".at").inner_text().startswith("frame 1 of 1"))
    assert not page.get_by_role("slider", name="Frame").is_visible()
    assert not page.get_by_role("button", name="Next frame").is_visible()


def test_without_scripts_the_animations_play_by_themselves(open_file, file):
    page = open_file(file, java_script_enabled=False)
    assert page.locator("figure img.picture").count() == 3 and page.locator("table").is_visible()
    assert page.locator("figure img.picture").first.is_visible()
    assert not page.locator(".player").is_visible()


def test_sheets_that_are_decoded_stay_few(open_file, tmp_path, monkeypatch):
    from huepress.drawing import strip

    monkeypatch.setattr(strip, "MOST_SHEET_PIXELS", 72 * 48)  # a sheet a frame
    frames = animations.moving(6)[:5] * 4
    found = huepress.compare(animations.as_png(frames, 20), [2, 3, 4, 5, 6, 7], effort=0)
    (tmp_path / "many.html").write_bytes(found.page())
    page = open_file(tmp_path / "many.html", reduced_motion="reduce")
    original, best = frames_of(found)[0], frames_of(found)[6]
    page.locator(".stage").focus()
    for number in range(1, 20):
        page.keyboard.press(".")
        wait_until(lambda number=number: at(page) == number + 1)
    wait_until(lambda: shows(page, original[19], best[19]))
