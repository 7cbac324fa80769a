"""The page of ``huepress serve`` in a real browser, with the server that people start."""

import contextlib
import http.server
import io
import re
import threading
import zipfile

import pytest
from PIL import Image

import scenes
from conftest import png_bytes
from web.pages import PATIENCE, all_done, drop, row
from web.served import serving

playwright = pytest.importorskip("playwright.sync_api", reason="Playwright is not installed (extra browser-test)")


@pytest.fixture
def pictures(tmp_path, badge):
    """Files of three kinds."""
    folder = tmp_path / "pictures"
    folder.mkdir()
    photo = scenes.spheres(240, 160)
    (folder / "photo.png").write_bytes(png_bytes(photo))
    Image.fromarray(photo).save(folder / "photo.jpg", quality=90)
    Image.fromarray(badge).save(folder / "badge.webp", lossless=True)
    return folder


@pytest.fixture
def served(huepress_program, tmp_path, pictures):
    with serving(huepress_program, cwd=tmp_path) as started:
        yield started


def test_from_drop_to_download(open_page, served, pictures):
    page = open_page(served, accept_downloads=True)
    assert page.url == f"{served.origin}{served.place}/"  # the token has left the address bar
    drop(page, pictures, ["photo.png", "photo.jpg", "badge.webp"])
    page.get_by_label("Effort").fill("1")  # while it works
    all_done(page, 3)
    assert "3 pictures" in page.locator("#totals").inner_text() and "saved" in page.locator("#totals").inner_text()
    page.reload()
    all_done(page, 3)
    assert page.get_by_label("Effort").input_value() == "1"
    with page.expect_download() as download:
        page.get_by_role("link", name="Download all").click()
    with zipfile.ZipFile(download.value.path()) as archive:
        names = archive.namelist()
        assert sorted(names) == ["badge-huepress.png", "photo-huepress-2.png", "photo-huepress.png"]
        for name in names:
            Image.open(io.BytesIO(archive.read(name))).load()
    with page.expect_download() as download:
        row(page, "photo.png").get_by_role("link", name="Download").click()
    assert download.value.suggested_filename == "photo-huepress.png"
    page.get_by_label("Sort by").select_option("name")
    assert page.locator(".open span").all_inner_texts() == ["badge.webp", "photo.jpg", "photo.png"]
    row(page, "badge.webp").get_by_role("button", name="Remove").click()
    row(page, "badge.webp").wait_for(state="detached")


def test_files_that_are_being_sent_are_not_left_without_a_question(open_page, served, pictures):
    page = open_page(served)
    asked, held = [], []
    page.on("dialog", lambda dialog: (asked.append(dialog.type), dialog.accept()))
    page.route("**/api/pictures?*", lambda route: held.append(route))
    page.get_by_role("heading", name="Pictures", exact=True).click()  # browsers ask only for people
    drop(page, pictures, ["photo.png"])
    page.get_by_text("Adding 1 of 1").wait_for()
    page.reload()
    assert asked == ["beforeunload"] and len(held) == 1
    page.unroute("**/api/pictures?*")
    drop(page, pictures, ["photo.png"])
    all_done(page, 1)
    page.reload()
    assert asked == ["beforeunload"]  # what has come is the server's
    all_done(page, 1)


def test_what_is_no_picture_is_told(open_page, served, pictures):
    (pictures / "notes.txt").write_text("<img src=x onerror=alert(1)>")
    page = open_page(served)
    drop(page, pictures, ["notes.txt", "photo.png"])
    all_done(page, 1)
    page.get_by_text("1 file was not taken").click()
    assert "notes.txt: not an image of a known format" in page.locator("#refused").inner_text()
    # A browser says so of every answer that is an error.
    assert [each for each in page.complaints if "400" not in each] == []
    page.complaints.clear()


def test_comparison_and_pins(open_page, served, pictures):
    page = open_page(served, device_scale_factor=1)
    page.get_by_label("Effort").fill("1")
    page.get_by_label("Colors", exact=True).fill("8")
    drop(page, pictures, ["photo.png"])
    all_done(page, 1)
    page.get_by_role("button", name="Compare photo.png").click()
    stage = page.locator("#comparison .stage")
    stage.wait_for()
    divider = page.get_by_role("slider")
    divider.press("Home")
    assert divider.get_attribute("aria-valuenow") == "0"
    page.get_by_role("button", name="Difference", exact=True).click()
    assert page.locator(".map").is_visible()
    assert page.locator(".legend li").first.evaluate("e => getComputedStyle(e).backgroundColor") != "rgba(0, 0, 0, 0)"
    page.get_by_role("button", name="Difference", exact=True).click()
    playwright.expect(page.locator("#swatches .palette button")).to_have_count(8, timeout=PATIENCE)
    # A click into the picture pins its color there.
    page.get_by_role("button", name="Pin a color", exact=True).click()
    bounds = stage.bounding_box()
    page.mouse.click(bounds["x"] + bounds["width"] / 2, bounds["y"] + bounds["height"] / 2)
    pinned = page.locator("#swatches button[aria-pressed=true]")
    pinned.wait_for()
    original = Image.open(pictures / "photo.png").convert("RGB")
    red, green, blue = original.getpixel((120, 80))
    assert pinned.get_attribute("data-color") == f"#{red:02x}{green:02x}{blue:02x}"
    # One that is removed is gone from the palette that is asked for.
    pinned.click()
    page.locator("#swatches button[aria-pressed=true]").wait_for(state="detached")
    gone = page.locator("#swatches .palette button").first.get_attribute("data-color")
    page.locator("#swatches .palette button").first.press("Delete")
    playwright.expect(page.locator("#swatches .palette button")).to_have_count(7, timeout=PATIENCE)
    assert page.locator(f'#swatches [data-color="{gone}"]').count() == 0
    page.keyboard.press("Escape")
    assert not page.locator("#comparison").is_visible()


def test_segments_lie_over_the_comparison(open_page, served, pictures):
    page = open_page(served, device_scale_factor=1)
    served.call("PUT", "/api/settings", {"effort": 1, "n_colors": 8})
    drop(page, pictures, ["photo.png"])
    all_done(page, 1)
    page.get_by_role("button", name="Compare photo.png").click()
    stage = page.locator("#comparison .stage")
    stage.wait_for()
    page.get_by_role("button", name="Segments", exact=True).click()
    page.locator(".world .layer").nth(1).wait_for()
    told = page.locator("#layer .told")
    page.locator("#layer .segments button").first.focus()  # by keyboard
    assert told.inner_text().startswith("Segment 0: #")
    veils = (
        "e => e.getContext('2d').getImageData(0, 0, e.width, e.height).data.filter((v, i) => i % 4 == 3 && v == 190)"
    )
    assert page.locator(".world .layer").first.evaluate(veils + ".length") > 0
    page.get_by_role("button", name="regions").click()
    bounds = stage.bounding_box()
    middle = bounds["x"] + bounds["width"] / 3, bounds["y"] + bounds["height"] / 2
    page.mouse.move(*middle)
    page.locator("#layer .told", has_text="Region ").wait_for()
    held = told.inner_text()
    assert "% of the picture; mean color #" in held
    page.mouse.click(*middle)
    page.mouse.move(bounds["x"] + 5, bounds["y"] + 5)
    assert told.inner_text() == held
    page.get_by_role("button", name="Segments", exact=True).click()
    page.locator(".world .layer").first.wait_for(state="detached")


def test_versions_are_plotted(open_page, served, pictures):
    """Score over bytes of all that was made of a picture, drawn by the comparison page's code."""
    page = open_page(served)
    for n_colors in (4, 16):
        served.call("PUT", "/api/settings", {"effort": 0, "n_colors": n_colors})
        if n_colors == 4:
            drop(page, pictures, ["photo.png"])
            page.locator("#rows tbody tr").wait_for()
        served.finished()
    all_done(page, 1)
    page.get_by_role("button", name="Compare photo.png").click()
    plot = page.locator("#frontier .plot")
    plot.wait_for()
    label = plot.get_attribute("aria-label")
    assert "K = 4, effort 0" in label and "K = 16, effort 0" in label
    served.call("PUT", "/api/settings", {"effort": 0, "n_colors": 16, "resize": "120"})
    page.locator("#frontier .plot").wait_for(state="detached")  # of another size, scores say something else


def test_a_part_of_a_picture_is_shown_and_told_as_that(open_page, served, pictures):
    page = open_page(served)
    served.call("PUT", "/api/settings", {"effort": 0, "n_colors": 16})
    drop(page, pictures, ["photo.png"])
    all_done(page, 1)
    whole = row(page, "photo.png").locator("img").get_attribute("src")
    served.call("PUT", "/api/settings", {"effort": 0, "n_colors": 16, "crop": "10,10,80,60"})
    playwright.expect(row(page, "photo.png").locator("img")).not_to_have_attribute("src", whole, timeout=PATIENCE)
    image = row(page, "photo.png").locator("img")
    page.wait_for_function(
        "e => e.complete && e.naturalWidth * 60 === e.naturalHeight * 80", arg=image.element_handle()
    )
    page.get_by_role("button", name="Compare photo.png").click()
    page.locator("#comparison-facts", has_text=re.compile(r"240 . 160 → 80 . 60")).wait_for()


def test_totals_say_what_rows_say(open_page, served, tmp_path):
    Image.fromarray(scenes.spheres(240, 160)).save(tmp_path / "photo.jpg", quality=20)
    page = open_page(served)
    served.call("PUT", "/api/settings", {"effort": 0, "n_colors": 256, "allow_larger": "yes"})
    drop(page, tmp_path, ["photo.jpg"])
    all_done(page, 1)
    told = row(page, "photo.jpg").locator(".saved").inner_text()
    assert told.endswith("larger") and told in page.locator("#totals").inner_text()


def test_wrong_settings_are_told_beside_them(open_page, served):
    page = open_page(served)
    page.get_by_label("Quality").fill("200")
    page.get_by_role("alert").get_by_text("quality takes a score from 0 to 100").wait_for()
    page.get_by_label("Quality").fill("70")
    page.locator("#wrong").wait_for(state="hidden")
    assert [each for each in page.complaints if "422" not in each] == []
    page.complaints.clear()


def test_a_folder_is_tried_and_then_replaced(open_page, huepress_program, tmp_path, pictures):
    (pictures / "photo.jpg").unlink()
    before = {path.name: path.read_bytes() for path in pictures.iterdir()}
    with serving(huepress_program, "pictures", cwd=tmp_path) as served:
        page = open_page(served)
        page.get_by_label("Effort").fill("1")
        all_done(page, 2)
        page.get_by_label("in place of the originals").check()
        save = page.get_by_role("button", name="Save", exact=True)
        assert save.is_disabled()
        page.get_by_role("button", name="Try, write nothing").click()
        page.get_by_text("2 would be saved").wait_for()
        assert {path.name: path.read_bytes() for path in pictures.iterdir()} == before
        playwright.expect(save).to_be_enabled()
        one = row(page, "photo.png").get_attribute("data-id")
        served.call("PUT", f"/api/pictures/{one}/settings", {"effort": 0})  # not what was tried, even if of one only
        playwright.expect(save).to_be_disabled(timeout=PATIENCE)
        page.get_by_role("button", name="Try, write nothing").click()
        playwright.expect(save).to_be_enabled(timeout=PATIENCE)
        save.click()
        page.get_by_text("2 saved, 0 kept").wait_for()
        assert all((pictures / name).read_bytes() != data for name, data in before.items())
        files = page.locator("#saving details")
        files.evaluate("e => { e.open = true; e.querySelector('ul').style.maxHeight = '1rem'; }")
        assert files.locator("li").count() == 2 and "saved" in files.locator("li").first.inner_text()
        assert files.locator("ul").get_attribute("tabindex") == "0"  # it scrolls, by keys as well
        page.get_by_label("Effort").fill("2")  # what was tried is not what would be saved now
        playwright.expect(save).to_be_disabled()


def test_a_server_that_is_killed_is_told(open_page, served, pictures):
    page = open_page(served)
    page.get_by_label("Effort").wait_for()  # its program is there, and has asked the server
    served.process.kill()
    served.process.wait()
    page.get_by_text("huepress serve does not answer; start it again").wait_for()
    drop(page, pictures, ["photo.png"])
    page.get_by_text("1 file was not taken").wait_for()
    page.complaints.clear()  # of connections that were refused


def test_other_servers_of_this_machine_get_no_cookie(browser, served):
    """Browsers send cookies to every port of a name, but only below their path."""
    heard = []

    class Listening(http.server.BaseHTTPRequestHandler):
        def do_GET(self):
            heard.append(self.headers.get("Cookie"))
            self.send_response(204)
            self.end_headers()

        def log_message(self, *_):
            pass

    with http.server.ThreadingHTTPServer(("127.0.0.1", 0), Listening) as other:
        threading.Thread(target=other.serve_forever, daemon=True).start()
        context = browser.new_context()
        page = context.new_page()
        page.goto(served.address)
        assert context.cookies(page.url)
        with contextlib.suppress(playwright.Error):  # no content
            page.goto(f"http://localhost:{other.server_port}/api/fields")
        context.close()
        other.shutdown()
    assert heard and set(heard) == {None}


def test_a_page_without_the_key_shows_nothing(browser, served):
    context = browser.new_context()
    page = context.new_page()
    answer = page.goto(served.origin)
    assert answer.status == 403 and "holds the key" in page.inner_text("body")
    context.close()


@pytest.mark.parametrize("size", [(1440, 900), (390, 844)])
@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_schemes_sizes_and_accessibility(open_page, served, pictures, scheme, size):
    axe = pytest.importorskip(
        "axe_playwright_python.sync_playwright", reason="axe-playwright-python is not installed (extra browser-test)"
    )
    page = open_page(served, color_scheme=scheme, viewport={"width": size[0], "height": size[1]})
    served.call("PUT", "/api/settings", {"effort": 1, "n_colors": 16})
    (pictures / "cut.png").write_bytes((pictures / "photo.png").read_bytes()[:2000])
    refused = [f"broken{number}.png" for number in range(12)]  # more than the list shows at once
    for name in refused:
        (pictures / name).write_bytes(b"no picture")
    drop(page, pictures, ["photo.png", "badge.webp", "cut.png", *refused])
    page.get_by_text("12 files were not taken").wait_for()
    page.complaints.clear()  # of answers that said so
    all_done(page, 3)
    for group in page.locator("#settings, #refused, #fields > details").all():
        group.evaluate("e => { e.open = true; }")
    results = axe.Axe().run(page)
    assert results.violations_count == 0, results.generate_report()
    assert page.evaluate("document.documentElement.scrollWidth") <= size[0]
    for width in (size[0], 1191, 1190, 881, 880, 320):
        page.set_viewport_size({"width": width, "height": size[1]})
        assert page.locator("#rows").evaluate("e => e.offsetWidth <= e.parentElement.clientWidth"), width
        assert page.evaluate("document.documentElement.scrollWidth") <= width
    page.set_viewport_size({"width": size[0], "height": size[1]})
    page.get_by_role("button", name="Compare photo.png").click()
    page.locator("#swatches .palette button").first.wait_for()
    results = axe.Axe().run(page)
    assert results.violations_count == 0, results.generate_report()
    assert page.locator("#comparison").evaluate("e => e.scrollWidth <= e.clientWidth")


def test_by_keyboard_alone(open_page, served, pictures):
    page = open_page(served)
    served.call("PUT", "/api/settings", {"effort": 1, "n_colors": 16})
    drop(page, pictures, ["photo.png"])
    all_done(page, 1)
    seen = []
    for _ in range(60):
        page.keyboard.press("Tab")
        seen.append(page.evaluate("document.activeElement.getAttribute('aria-label') || document.activeElement.id"))
        style = page.evaluate("getComputedStyle(document.activeElement).outlineStyle")
        assert style != "none" or seen[-1] == "", seen
        if seen[-1] == "Compare photo.png":
            break
    assert seen[-1] == "Compare photo.png" and {"add", "target", "field-n_colors", "sort"} <= set(seen)
    page.keyboard.press("Enter")
    page.locator("#comparison .stage").wait_for()
    page.get_by_role("slider").focus()
    page.keyboard.press("ArrowRight")
    assert page.get_by_role("slider").get_attribute("aria-valuenow") == "51"
    page.keyboard.press("Escape")
    assert page.evaluate("document.activeElement.getAttribute('aria-label')") == "Compare photo.png"
