"""Many tabs, a server that ends, and what is done by keys and at once, in a real browser."""

import re

import pytest

import scenes
from conftest import png_bytes, wait_until
from web.pages import PATIENCE, all_done, drop, row
from web.served import saved, serving

playwright = pytest.importorskip("playwright.sync_api", reason="Playwright is not installed (extra browser-test)")


@pytest.fixture
def pictures(tmp_path):
    folder = tmp_path / "pictures"
    folder.mkdir()
    for number in range(3):
        (folder / f"{number}.png").write_bytes(png_bytes(scenes.spheres(60, 40 + number)))
    return folder


@pytest.fixture
def served(huepress_program, tmp_path, pictures):
    with serving(huepress_program, cwd=tmp_path) as started:
        started.call("PUT", "/api/settings", {"effort": 0, "n_colors": 8})
        yield started


@pytest.fixture
def served_folder(huepress_program, tmp_path, pictures):
    with serving(huepress_program, "pictures", cwd=tmp_path) as started:
        started.call("PUT", "/api/settings", {"effort": 0, "n_colors": 8})
        yield started


def test_any_number_of_tabs_works(open_page, served, pictures):
    """Browsers open six connections to a server, and all of them are seen as long as nobody minimizes a window."""
    page = open_page(served)
    drop(page, pictures, ["0.png"])
    all_done(page, 1)
    tabs = [page]
    for _ in range(8):
        tabs.append(page.context.new_page())
        tabs[-1].goto(page.url)
        row(tabs[-1], "0.png").wait_for()
    page.locator("#field-n_colors").fill("5")
    wait_until(lambda: served.chosen["n_colors"] == 5, served.process)
    for tab in tabs:
        playwright.expect(tab.locator("#field-n_colors")).to_have_value("5", timeout=PATIENCE)
    drop(tabs[-1], pictures, ["1.png"])
    for tab in tabs:
        row(tab, "1.png").wait_for()
        assert tab.locator(".said").inner_text() == ""
    row(page, "0.png").get_by_role("button", name="Remove").click()
    for tab in tabs:
        row(tab, "0.png").wait_for(state="detached")


def test_a_tab_that_nobody_sees_holds_no_connection(open_page, served, pictures):
    page = open_page(served)
    playwright.expect(page.locator("#field-effort")).to_have_value("0", timeout=PATIENCE)  # it has heard
    set_hidden = "hidden => { Object.defineProperty(document, 'hidden', { value: hidden, configurable: true });"
    set_hidden += " document.dispatchEvent(new Event('visibilitychange')); }"
    page.evaluate(set_hidden, True)
    served.add("late.png", (pictures / "0.png").read_bytes())
    page.wait_for_timeout(700)  # it would have come by now, and cannot
    assert row(page, "late.png").count() == 0
    page.evaluate(set_hidden, False)
    row(page, "late.png").wait_for()


def test_another_server_in_its_place_is_told(open_page, served, huepress_program, tmp_path):
    page = open_page(served)
    page.get_by_label("Effort").wait_for()
    served.process.kill()
    served.process.wait()
    page.get_by_text("huepress serve does not answer; start it again").wait_for()
    with serving(huepress_program, "--port", served.port, cwd=tmp_path):
        page.get_by_text("huepress serve was started anew: open the address that it has printed").wait_for()
        page.close()
    page.complaints.clear()  # of connections that were refused


def test_focus_stays_in_the_list_when_a_row_goes(open_page, served, pictures):
    page = open_page(served)
    drop(page, pictures, ["0.png", "1.png", "2.png"])
    all_done(page, 3)
    for name, focused in (("1.png", "Remove 2.png"), ("2.png", "Remove 0.png"), ("0.png", None)):
        row(page, name).get_by_role("button", name="Remove").press("Enter")
        row(page, name).wait_for(state="detached")
        told = page.evaluate("document.activeElement.getAttribute('aria-label') ?? document.activeElement.id")
        assert told == (focused or "add")


def test_rows_stand_in_the_order_of_dropping(open_page, served, pictures):
    """Whichever of them comes in first."""
    page = open_page(served)

    def late(route):
        page.wait_for_timeout(1500)
        route.continue_()

    page.route(re.compile("name=0.png"), late)
    drop(page, pictures, ["0.png", "1.png", "2.png"])
    all_done(page, 3)
    playwright.expect(page.locator(".open span")).to_have_text(["0.png", "1.png", "2.png"], timeout=PATIENCE)


def test_what_fails_while_it_is_compared_is_told(open_page, served, pictures):
    page = open_page(served)
    drop(page, pictures, ["0.png"])
    all_done(page, 1)
    page.get_by_role("button", name="Compare 0.png").click()
    page.locator("#comparison .stage").wait_for()
    served.call("PATCH", "/api/settings", {"crop": "500,500,10,10"})
    page.locator("#comparison-facts", has_text="Failed: ").wait_for()
    assert page.locator("#comparison .stage").count() == 0 and page.locator("#swatches button").count() == 0
    served.call("PATCH", "/api/settings", {"crop": None})
    page.locator("#comparison .stage").wait_for()
    assert "Failed" not in page.locator("#comparison-facts").inner_text()


def test_one_palette_for_all_leaves_out_what_is_damaged(open_page, served, pictures):
    (pictures / "cut.png").write_bytes(png_bytes(scenes.spheres(200, 150))[:9000])
    page = open_page(served)
    drop(page, pictures, ["0.png", "cut.png", "1.png"])
    all_done(page, 3)
    page.locator("#fields > details", has=page.locator("#field-palette")).evaluate("e => { e.open = true; }")
    held = []
    page.route("**/api/shared-palette", lambda route: held.append(route))
    button = page.get_by_role("button", name="One for all pictures")
    button.click()
    working = page.get_by_role("button", name=re.compile("Finding one for all"))
    playwright.expect(working).to_have_attribute("aria-disabled", "true", timeout=PATIENCE)
    working.click(force=True)  # nothing more comes of it
    held[0].continue_()
    page.locator("#field-palette-wrong", has_text="Left out: cut.png: ").wait_for()
    assert button.is_enabled() and len(held) == 1
    assert served.chosen["palette"].count("#") == 8


def test_what_a_shared_palette_leaves_out_holds_nothing_up(open_page, served_folder, tmp_path_factory):
    elsewhere = tmp_path_factory.mktemp("elsewhere")
    (elsewhere / "cut.png").write_bytes(png_bytes(scenes.spheres(200, 150))[:9000])
    page = open_page(served_folder)
    all_done(page, 3)
    drop(page, elsewhere, ["cut.png"])
    all_done(page, 4)
    page.locator("#fields > details", has=page.locator("#field-palette")).evaluate("e => { e.open = true; }")
    page.get_by_role("button", name="One for all pictures").click()
    page.locator("#field-palette-wrong", has_text="Left out: cut.png: ").wait_for()
    page.get_by_role("button", name="Try, write nothing").click()
    playwright.expect(page.get_by_role("button", name="Save", exact=True)).to_be_enabled(timeout=PATIENCE)


def test_an_answer_that_comes_after_its_effect_holds_nothing_up(open_page, served_folder):
    page = open_page(served_folder)
    all_done(page, 3)
    before = page.locator("#rows tbody tr").first.inner_text()

    def late(route):
        answer = route.fetch()
        page.wait_for_function("before => document.querySelector('#rows tbody tr').innerText !== before", arg=before)
        all_done(page, 3)
        route.fulfill(response=answer)

    page.route("**/api/settings", late)
    with page.expect_response("**/api/settings"):
        page.locator("#field-n_colors").fill("3")
    page.get_by_role("button", name="Try, write nothing").click()
    playwright.expect(page.get_by_role("button", name="Save", exact=True)).to_be_enabled(timeout=PATIENCE)


def test_saving_at_once_after_typing_saves_nothing_else(open_page, served_folder, pictures):
    page = open_page(served_folder)
    all_done(page, 3)
    saved(served_folder, how="beside", dry_run=True)
    page.reload()
    all_done(page, 3)
    save = page.get_by_role("button", name="Save", exact=True)
    playwright.expect(save).to_be_enabled(timeout=PATIENCE)
    page.evaluate(
        """() => {
          const field = document.querySelector("#field-n_colors");
          field.value = "5";
          field.dispatchEvent(new Event("input", { bubbles: true }));
          for (const each of document.querySelectorAll("#saving .chief")) {
            each.disabled = false; // as for somebody who is quicker than the page
            each.click();
          }
        }"""
    )
    page.locator("#saving [role=status]", has_text="this is not what was tried").wait_for()
    assert served_folder.chosen["n_colors"] == 5 and not list(pictures.glob("*-huepress*"))
    page.complaints[:] = [each for each in page.complaints if "422" not in each]
    page.get_by_role("button", name="Try, write nothing").click()
    playwright.expect(save).to_be_enabled(timeout=PATIENCE)
    save.click()
    page.get_by_text("3 saved").wait_for()
    assert len(list(pictures.glob("*-huepress*"))) == 3


def test_a_reload_keeps_how_to_save(open_page, served_folder, pictures):
    page = open_page(served_folder)
    all_done(page, 3)
    saved(served_folder, how="into", into="tiny", dry_run=True)
    page.reload()
    all_done(page, 3)
    assert page.locator("[name=how]:checked").get_attribute("value") == "into"
    assert page.get_by_label("Name of the folder").input_value() == "tiny"
    playwright.expect(page.get_by_role("button", name="Save", exact=True)).to_be_enabled(timeout=PATIENCE)
    drop(page, pictures, ["0.png"])
    page.get_by_text("Not saved here: 1 picture that came from elsewhere").wait_for()
