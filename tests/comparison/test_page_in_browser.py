"""The comparison page in a real browser: Chromium without a window, driven by Playwright (extra ``browser-test``)."""

import io

import numpy as np
import pytest
from PIL import Image

import huepress
from huepress.comparison.page.difference import map_palette
from huepress.comparison.page.render import render_page


@pytest.fixture(scope="module")
def page_file(photo, badge, tmp_path_factory):
    compared = [
        huepress.compare(image, [2, 8, 32], name=f"{i} {len(image)}", effort=0)
        for i, image in enumerate((photo, badge))
    ]
    path = tmp_path_factory.mktemp("page") / "page.html"
    path.write_bytes(render_page([c.section(i) for i, c in enumerate(compared, 1)]))
    return path


@pytest.fixture
def open_page(open_file, page_file):
    return lambda file=page_file, **options: open_file(file, **options)


@pytest.fixture
def page(open_page):
    return open_page()


def viewer(page, number=0):
    return page.locator(".viewer").nth(number)


def split(page):
    return float(page.evaluate("document.querySelector('.stage').style.getPropertyValue('--split')").rstrip("%"))


def transforms(page):
    """Return the transforms of both sides."""
    return page.evaluate(
        "[...document.querySelectorAll('.viewer')[0].querySelectorAll('.world')].map(w => w.style.transform)"
    )


def zoom(page):
    return viewer(page).locator("output").inner_text()


def seen(page):
    """Return what the first viewer shows."""
    return np.asarray(Image.open(io.BytesIO(viewer(page).locator(".stage").screenshot())).convert("RGB")).astype(int)


def test_divider_follows_the_mouse(page):
    box = viewer(page).locator(".divider").bounding_box()
    stage = viewer(page).locator(".stage").bounding_box()
    before = seen(page)
    page.mouse.move(box["x"] + box["width"] / 2, box["y"] + 50)
    page.mouse.down()
    page.mouse.move(stage["x"] + 0.2 * stage["width"], box["y"] + 80, steps=4)
    page.mouse.up()
    assert split(page) == pytest.approx(20, abs=0.5)
    # Two colors now stand where the original stood, and nothing has changed beside it.
    after, width = seen(page), before.shape[1]
    changed = np.abs(after - before).sum(axis=2).mean(axis=0)
    assert changed[int(0.3 * width) : int(0.45 * width)].mean() > 5
    assert changed[: int(0.15 * width)].max() < changed[int(0.65 * width) :].max() + 1 < 2


def test_divider_follows_the_keys(page):
    divider = viewer(page).locator(".divider")
    divider.focus()
    for key, expected in {
        "ArrowLeft": 49, "Shift+ArrowRight": 59, "PageDown": 49, "ArrowUp": 50, "Home": 0, "ArrowDown": 0, "End": 100,
    }.items():  # fmt: skip
        page.keyboard.press(key)
        assert split(page) == expected
        assert divider.get_attribute("aria-valuenow") == str(expected)
    assert divider.get_attribute("aria-valuetext").startswith("100 % Original")


def test_zoom_stays_in_step(page):
    stage = viewer(page).locator(".stage")
    stage.focus()
    seen_levels = []
    for key in ("1", "+", "+", "ArrowRight", "ArrowDown", "-", "="):
        page.keyboard.press(key)
        left, right = transforms(page)
        assert left == right
        seen_levels.append(zoom(page))
    assert seen_levels == ["100 %", "150 %", "200 %", "200 %", "200 %", "150 %", "200 %"]
    fitting = transforms(page)
    page.keyboard.press("0")
    assert transforms(page) != fitting
    for _ in range(30):
        page.keyboard.press("+")
    assert zoom(page) == "6400 %" and len(set(transforms(page))) == 1


def test_pixels_have_hard_edges(page):
    viewer(page).locator(".stage").focus()
    for key in ("d", "1", "+", "+", "+", "+", "+", "+"):
        page.keyboard.press(key)
    assert zoom(page) == "800 %"
    on_the_map = seen(page)[100:-20, 640:1000].reshape(-1, 3)
    colors = {tuple(color) for color in map_palette().colors_srgb8.tolist()}
    # Nothing between two of the map's colors: none was mixed.
    assert len({tuple(color) for color in on_the_map.tolist()} & colors) > 1
    assert {tuple(color) for color in on_the_map.tolist()} <= colors


def test_pan_with_the_mouse_and_zoom_with_the_wheel(page):
    stage = viewer(page).locator(".stage")
    box = stage.bounding_box()
    at = box["x"] + 0.25 * box["width"], box["y"] + 0.5 * box["height"]
    page.mouse.move(*at)
    page.mouse.wheel(0, -300)  # not clicked yet: the page would scroll
    page.wait_for_timeout(50)
    fitting = zoom(page)
    stage.focus()
    page.mouse.move(at[0], stage.bounding_box()["y"] + 0.5 * box["height"])
    page.mouse.wheel(0, -500)
    page.wait_for_function("before => document.querySelector('output').textContent !== before", arg=fitting)
    before, divider = transforms(page), split(page)
    page.mouse.down()
    page.mouse.move(at[0] - 60, at[1] - 20, steps=3)
    page.mouse.up()
    after = transforms(page)
    assert after != before and after[0] == after[1] and split(page) == divider


def test_any_two_versions(page):
    left, right = (viewer(page).get_by_label(side, exact=True) for side in ("Left", "Right"))
    shown = lambda: (left.input_value(), right.input_value())  # noqa: E731
    tags = viewer(page).locator(".tag")
    assert shown() == ("0", "3"), "the best version is shown first"
    right.select_option("3")
    left.select_option("2")
    names = lambda: [text.split(" · ")[0] for text in tags.all_inner_texts()]  # noqa: E731
    assert shown() == ("2", "3") and names() == ["K = 8", "K = 32"]
    left.select_option("3")  # never the same twice
    assert shown() == ("3", "2")
    viewer(page).get_by_role("button", name="Swap").click()
    assert shown() == ("2", "3") and names() == ["K = 8", "K = 32"]
    assert viewer(page).locator(".world img.picture").count() == 2


def test_difference_map_and_legend(page):
    button, legend = viewer(page).get_by_role("button", name="Difference"), viewer(page).locator(".legend")
    assert not legend.is_visible()
    button.click()
    assert legend.is_visible() and button.get_attribute("aria-pressed") == "true"
    assert [i.get_attribute("alt") for i in viewer(page).locator(".stage img").all() if i.is_visible()] == [
        "Original", "Difference of K = 32 from the original",
    ]  # fmt: skip
    button.click()
    assert not legend.is_visible()


def test_side_by_side(page):
    viewer(page).get_by_role("button", name="Side by side").click()
    left, right = (viewer(page).locator(f".side.{side}").bounding_box() for side in ("left", "right"))
    assert left["width"] == pytest.approx(right["width"], abs=3) and right["x"] >= left["x"] + left["width"] - 1
    viewer(page).get_by_role("button", name="Zoom in").click()
    assert len(set(transforms(page))) == 1
    assert not viewer(page).locator(".divider").is_visible()


def test_pictures_of_the_gallery_are_apart(page):
    viewer(page, 1).locator(".stage").focus()
    before = transforms(page)
    page.keyboard.press("+")
    assert transforms(page) == before
    page.get_by_role("navigation").get_by_role("link").nth(1).click()
    assert page.evaluate("location.hash") == "#image-2"
    assert viewer(page, 1).locator(".stage").evaluate("s => s.classList.contains('translucent')")


def test_fingers(open_page):
    page = open_page(viewport={"width": 390, "height": 844}, has_touch=True, is_mobile=True, device_scale_factor=2)
    session = page.context.new_cdp_session(page)

    def gesture(*steps):
        for kind, points in zip(
            ["touchStart", *["touchMove"] * (len(steps) - 1), "touchEnd"], [*steps, []], strict=True
        ):
            at = [{"x": x, "y": y} for x, y in points]
            session.send("Input.dispatchTouchEvent", {"type": kind, "touchPoints": at})

    stage = viewer(page).locator(".stage")
    stage.scroll_into_view_if_needed()
    box = stage.bounding_box()
    x, y = box["x"] + box["width"] / 2, box["y"] + box["height"] / 2
    gesture(*([(x + way * box["width"], y)] for way in (0, 0.05, 0.15, 0.25)))
    assert split(page) == pytest.approx(75, abs=2)
    before = float(zoom(page).rstrip(" %"))
    gesture(*([(x - reach, y), (x + reach, y)] for reach in (40, 60, 80, 120)))
    assert float(zoom(page).rstrip(" %")) == pytest.approx(3 * before, rel=0.1)
    left, right = transforms(page)
    assert left == right
    gesture(*([(x - way, y)] for way in (0, 20, 60)))
    assert transforms(page)[0] == transforms(page)[1] != left and split(page) == pytest.approx(75, abs=2)
    # Nothing sticks out to the side of a phone.
    assert page.evaluate("document.documentElement.scrollWidth") <= 390


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_schemes_and_accessibility(open_page, scheme):
    axe = pytest.importorskip(
        "axe_playwright_python.sync_playwright", reason="axe-playwright-python is not installed (extra browser-test)"
    )
    page = open_page(color_scheme=scheme)
    ground = page.evaluate("getComputedStyle(document.body).backgroundColor")
    assert (int(ground[4:].split(",")[0]) > 127) == (scheme == "light")
    viewer(page).get_by_role("button", name="Difference").click()
    results = axe.Axe().run(page)
    assert results.violations_count == 0, results.generate_report()


def test_accessibility_of_one_image(open_page, photo, tmp_path):
    axe = pytest.importorskip(
        "axe_playwright_python.sync_playwright", reason="axe-playwright-python is not installed (extra browser-test)"
    )
    huepress.compare(photo, [2, 8], effort=0).save(tmp_path / "one.html")
    page = open_page(tmp_path / "one.html", viewport={"width": 390, "height": 844})
    results = axe.Axe().run(page)
    assert results.violations_count == 0, results.generate_report()
    assert page.get_by_role("heading", name="image").count() == 2  # one of them is seen


def test_a_click_that_focuses_moves_nothing(page):
    stage = viewer(page).locator(".stage").bounding_box()
    at = stage["x"] + 0.2 * stage["width"], stage["y"] + 0.5 * stage["height"]
    page.mouse.click(*at)
    assert split(page) == 50
    page.mouse.click(*at)
    assert split(page) == pytest.approx(20, abs=0.5)


@pytest.mark.parametrize("size", [(1440, 900), (390, 844)])
@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_one_comparison_fits_the_window(open_page, photo, tmp_path, size, scheme):
    (tmp_path / "one.html").write_bytes(huepress.compare(photo, [2, 8, 32], name="one.png", effort=0).page())
    page = open_page(tmp_path / "one.html", viewport={"width": size[0], "height": size[1]}, color_scheme=scheme)
    page.wait_for_function("document.querySelector('.stage').style.height")
    assert page.evaluate("[document.documentElement.scrollWidth, document.documentElement.scrollHeight]") == list(size)
    assert viewer(page).locator(".stage").bounding_box()["height"] >= 220


def test_what_can_be_taken_along(open_page, photo, tmp_path):
    found = huepress.compare(photo, [2, 8], name="one.png", effort=0)
    (tmp_path / "one.html").write_bytes(found.page())
    page = open_page(tmp_path / "one.html", permissions=["clipboard-read", "clipboard-write"], accept_downloads=True)
    with page.expect_download() as download:
        viewer(page).get_by_text("Download").click()
    assert download.value.suggested_filename == "one-huepress.png"
    assert download.value.path().read_bytes() == found.versions[1].outcome.encoded.data
    viewer(page).get_by_role("button", name="Copy the command").click()
    command = "huepress compress one.png --colors 8 --effort 0"
    page.wait_for_function("document.querySelector('.said').textContent !== ''")
    assert page.evaluate("navigator.clipboard.readText()") == command and command in page.locator(".said").inner_text()
    page.locator(".more > summary").click()
    page.locator(".palette button").first.click()
    color = found.versions[0].outcome.indexed.palette.hex()[0]
    page.wait_for_function("color => document.querySelector('.said').textContent.includes(color)", arg=color)
    assert page.evaluate("navigator.clipboard.readText()") == color


def test_without_scripts_everything_is_there(open_page):
    page = open_page(java_script_enabled=False)
    assert page.locator("figure img.picture").count() == 8
    assert page.locator("figure img.picture").first.is_visible() and page.locator("table").first.is_visible()
    assert not page.locator(".controls").first.is_visible()


def test_focus_is_seen(page):
    for _ in range(30):
        page.keyboard.press("Tab")
        width = page.evaluate("parseFloat(getComputedStyle(document.activeElement).outlineWidth)")
        style = page.evaluate("getComputedStyle(document.activeElement).outlineStyle")
        assert width >= 2 and style != "none", page.evaluate("document.activeElement.outerHTML.slice(0, 80)")
