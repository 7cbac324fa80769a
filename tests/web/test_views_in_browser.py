"""Animations and earlier versions in the comparison of the page, in a real browser."""

import base64
import io

import numpy as np
import pytest
from PIL import Image

import animations
from conftest import png_bytes
from huepress.formats.reading import read_animation
from web.pages import PATIENCE, all_done, drop
from web.served import serving

playwright = pytest.importorskip("playwright.sync_api", reason="Playwright is not installed (extra browser-test)")
CANVAS = "[...document.querySelectorAll('.world canvas.KIND')].map((each) => each.toDataURL())"


@pytest.fixture
def pictures(tmp_path, photo):
    folder = tmp_path / "pictures"
    folder.mkdir()
    (folder / "moving.png").write_bytes(animations.as_png(animations.moving(6)[:5], 100))
    (folder / "photo.png").write_bytes(png_bytes(photo))
    return folder


@pytest.fixture
def served(huepress_program, tmp_path):
    with serving(huepress_program, cwd=tmp_path) as started:
        started.call("PUT", "/api/settings", {"effort": 0, "n_colors": 6})
        yield started


@pytest.fixture
def compare(open_page, served, pictures):
    """Open the comparison of a picture; nothing moves unless it is wished for."""

    def open_it(name, **options):
        page = open_page(served, **{"reduced_motion": "reduce", "device_scale_factor": 1, **options})
        drop(page, pictures, [name])
        all_done(page, 1)
        page.get_by_role("button", name=f"Compare {name}").click()
        page.locator("#comparison .stage").wait_for()
        return page

    return open_it


def drawn(page, kind="picture"):
    """Return what the canvases of both sides hold."""
    found = page.evaluate(CANVAS.replace("KIND", kind))
    return [np.asarray(Image.open(io.BytesIO(base64.b64decode(each.split(",")[1]))).convert("RGB")) for each in found]


def wait_for(page, is_so):
    begun = 0
    while not is_so():
        page.wait_for_timeout(50)
        begun += 50
        assert begun < PATIENCE


def test_frames_are_compared_in_step(compare, served, pictures):
    page = compare("moving.png")
    (identity,) = served.finished()
    before = read_animation((pictures / "moving.png").read_bytes(), max_pixels=10**6)
    after = read_animation(served.call("GET", f"/api/pictures/{identity}/result").body, max_pixels=10**6)
    expected = list(zip(before.frames(), after.frames(), strict=True))
    player, at = page.locator(".player"), page.locator(".player .at")
    for number, pair in enumerate(expected):
        assert at.inner_text().startswith(f"frame {number + 1} of {len(expected)}, ")
        wait_for(page, lambda pair=pair: all(map(np.array_equal, drawn(page), [each[..., :3] for each in pair])))
        player.get_by_role("button", name="Next frame").click()
    assert at.inner_text().startswith("frame 1 of ")
    # By keyboard: the worst frame, and what differs there, which is drawn only now.
    page.locator(".stage").focus()
    page.keyboard.press("w")
    worst = int(player.get_by_role("button", name="Worst frame").inner_text().split()[-1])
    assert at.inner_text().startswith(f"frame {worst} of ") and "score " in at.inner_text()
    page.keyboard.press("d")
    wait_for(page, lambda: [each.any() for each in drawn(page, "map")] == [True])
    page.keyboard.press("d")
    # The slider, and that it plays.
    slider = player.get_by_role("slider", name="Frame")
    slider.fill("1")
    assert slider.get_attribute("aria-valuetext").startswith("frame 2 of ")
    player.get_by_role("button", name="Play").click()
    wait_for(page, lambda: not at.inner_text().startswith("frame 2 of "))
    player.get_by_role("button", name="Pause").click()
    # A color of what is seen can be pinned, as of a still picture.
    slider.fill("0")
    wait_for(page, lambda: np.array_equal(drawn(page)[0], expected[0][0][..., :3]))
    page.get_by_role("button", name="Pin a color", exact=True).click()
    bounds = page.locator(".stage").bounding_box()
    page.mouse.click(bounds["x"] + bounds["width"] / 2, bounds["y"] + bounds["height"] / 2)
    pinned = page.locator("#swatches button[aria-pressed=true]")
    pinned.wait_for()
    red, green, blue = (int(code) for code in expected[0][0][before.height // 2, before.width // 2, :3])
    assert pinned.get_attribute("data-color") == f"#{red:02x}{green:02x}{blue:02x}"
    page.keyboard.press("Escape")
    playwright.expect(page.locator(".player")).to_have_count(0, timeout=PATIENCE)


def test_segments_are_those_of_the_first_frame(compare):
    page = compare("moving.png", reduced_motion="no-preference")
    at = page.locator(".player .at")
    wait_for(page, lambda: not at.inner_text().startswith("frame 1 of"))
    page.get_by_role("button", name="Segments", exact=True).click()
    page.locator(".world .layer").nth(1).wait_for()
    assert at.inner_text().startswith("frame 1 of") and page.get_by_role("button", name="Play").is_visible()


def test_the_file_itself_is_downloaded(compare, served):
    page = compare("moving.png", accept_downloads=True)
    with page.expect_download() as download:
        page.locator("#comparison [data-role=download]").click()
    assert download.value.suggested_filename == "moving-huepress.png"
    (identity,) = served.finished()
    made = download.value.path().read_bytes()
    assert made == served.call("GET", f"/api/pictures/{identity}/result").body


@pytest.mark.parametrize("name", ["photo.png", "moving.png"])
def test_a_point_of_the_plot_shows_its_version(compare, served, name):
    """By mouse and by keyboard; the one that is shown already is put away again."""
    page = compare(name)
    (identity,) = served.finished()
    for n_colors in (12, 24):
        served.call("PUT", "/api/settings", {"effort": 0, "n_colors": n_colors})
        served.finished()
    first = page.locator("#frontier [data-key]", has=page.locator("circle", has_text="K = 6"))
    first.wait_for()
    playwright.expect(page.locator("#frontier [data-key]")).to_have_count(3, timeout=PATIENCE)
    shown = page.locator("#comparison [data-role=right] option:checked")
    first.click()
    playwright.expect(shown).to_contain_text("K = 6, effort 0", timeout=PATIENCE)
    assert page.locator("#comparison [data-role=left] option").count() == 3
    playwright.expect(first).to_have_attribute("aria-pressed", "true")
    address = page.locator("#comparison [data-role=download]").get_attribute("href")
    assert address == f"api/pictures/{identity}/results/{first.get_attribute('data-key')}"
    first.click()
    playwright.expect(shown).to_contain_text("Result", timeout=PATIENCE)
    second = page.locator("#frontier [data-key]", has=page.locator("circle", has_text="K = 12"))
    second.focus()
    page.keyboard.press("Enter")
    playwright.expect(shown).to_contain_text("K = 12, effort 0", timeout=PATIENCE)
    assert page.evaluate("document.activeElement.dataset.key") == second.get_attribute("data-key")


@pytest.mark.parametrize("size", [(1440, 900), (390, 844)])
@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_animations_are_accessible_in_any_scheme_and_size(compare, served, scheme, size):
    axe = pytest.importorskip(
        "axe_playwright_python.sync_playwright", reason="axe-playwright-python is not installed (extra browser-test)"
    )
    page = compare("moving.png", color_scheme=scheme, viewport={"width": size[0], "height": size[1]})
    served.call("PUT", "/api/settings", {"effort": 0, "n_colors": 12})
    page.locator("#frontier [data-key]").nth(1).wait_for()
    results = axe.Axe().run(page)
    assert results.violations_count == 0, results.generate_report()
    assert page.locator("#comparison").evaluate("e => e.scrollWidth <= e.clientWidth")
    player = page.locator(".player").bounding_box()
    assert player["y"] + player["height"] <= size[1]  # without scrolling


def test_a_thin_strip_is_seen_as_a_whole_picture_is(compare, pictures):
    strip = np.repeat(np.arange(9000, dtype=np.uint16)[:, None, None] // 36, 6, axis=1).astype(np.uint8)
    (pictures / "strip.png").write_bytes(png_bytes(np.repeat(strip, 3, axis=2)))
    page = compare("strip.png")
    assert page.locator("#comparison .picture").first.bounding_box()["width"] >= 8
