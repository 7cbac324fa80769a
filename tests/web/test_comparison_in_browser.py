"""What is edited and copied while a picture is compared, in a real browser."""

import pytest

import scenes
from conftest import png_bytes, wait_until
from web.pages import PATIENCE, all_done, drop, row
from web.served import serving

playwright = pytest.importorskip("playwright.sync_api", reason="Playwright is not installed (extra browser-test)")
SWATCHES = "#swatches .palette button"
# Whether people see an element, and nothing lies over it.
ON_TOP = """e => {
  const box = e.getBoundingClientRect();
  e.style.pointerEvents = "auto"; // presses go through it: for a moment it is what is found
  const found = document.elementFromPoint(box.x + box.width / 2, box.y + box.height / 2);
  e.style.pointerEvents = "";
  return Boolean(found) && (found === e || e.contains(found));
}"""


@pytest.fixture
def pictures(tmp_path):
    for name, pixels in (("one.png", scenes.spheres(60, 40)), ("two.png", scenes.sunset(60, 40))):
        (tmp_path / name).write_bytes(png_bytes(pixels))
    return tmp_path


@pytest.fixture
def served(huepress_program, tmp_path):
    with serving(huepress_program, cwd=tmp_path) as started:
        started.call("PUT", "/api/settings", {"effort": 0, "n_colors": 4})
        yield started


@pytest.fixture
def page(open_page, served, pictures):
    page = open_page(served, device_scale_factor=1)
    drop(page, pictures, ["one.png", "two.png"])
    all_done(page, 2)
    page.get_by_role("button", name="Compare one.png").click()
    playwright.expect(page.locator(SWATCHES)).to_have_count(4, timeout=PATIENCE)
    yield page
    page.complaints[:] = [each for each in page.complaints if "422" not in each]  # a browser tells of every refusal


def own(served):
    return {each["name"]: each["own"] for each in served.finished().values()}


def pressed(page):
    return page.locator(f"{SWATCHES}[aria-pressed=true]")


def told(page, text):
    """Wait until something is told where it is seen, over the dialog."""
    said = page.locator(".said", has_text=text)
    said.wait_for()
    assert said.evaluate(ON_TOP)
    assert said.evaluate("e => getComputedStyle(e).pointerEvents") == "none", "what lies below stays within reach"
    return said


def test_edits_are_of_the_picture_that_is_compared(page, served):
    page.locator(SWATCHES).first.click()
    wait_until(lambda: (own(served)["one.png"] or {}).get("pin"), served.process)
    page.locator(SWATCHES).last.press("Delete")
    wait_until(lambda: (own(served)["one.png"] or {}).get("palette"), served.process)
    assert own(served)["two.png"] is None and served.chosen == {"effort": 0, "n_colors": 4}
    assert page.locator("#target").input_value() == ""  # whom the form is for is another matter


def test_edits_are_for_all_if_that_is_said(page, served):
    scope = page.get_by_label("Pins and removals are for")
    assert scope.locator("option:checked").inner_text() == "this picture"
    scope.select_option(label="all pictures")
    color = page.locator(SWATCHES).first.get_attribute("data-color")
    page.locator(SWATCHES).first.click()
    wait_until(lambda: served.chosen.get("pin") == color, served.process)
    assert own(served) == {"one.png": None, "two.png": None}
    page.keyboard.press("Escape")
    page.get_by_role("button", name="Compare two.png").click()
    assert scope.input_value() == "one"  # said anew for each
    page.locator(SWATCHES).nth(1).wait_for()
    page.locator(f"{SWATCHES}[aria-pressed=false]").first.click()
    wait_until(lambda: own(served)["two.png"], served.process)
    playwright.expect(scope.locator("[value=all]")).to_be_disabled()


def test_pins_and_removals_go_together(page, served):
    """What is left of a palette with pins in it is one that is fixed."""
    kept = page.locator(SWATCHES).first.get_attribute("data-color")
    page.locator(SWATCHES).first.click()
    wait_until(lambda: (own(served)["one.png"] or {}).get("pin") == kept, served.process)
    playwright.expect(pressed(page)).to_have_count(1, timeout=PATIENCE)
    gone = page.locator(f"{SWATCHES}[aria-pressed=false]").first.get_attribute("data-color")
    page.locator(f"{SWATCHES}[aria-pressed=false]").first.press("Delete")
    playwright.expect(page.locator(SWATCHES)).to_have_count(3, timeout=PATIENCE)
    found = own(served)["one.png"]
    assert "pin" not in found and kept in found["palette"] and gone not in found["palette"]
    playwright.expect(pressed(page)).to_have_count(3, timeout=PATIENCE)
    # A fixed palette keeps all its colors, which is told; a color of the picture can be added, and all can be let go.
    page.locator(SWATCHES).first.click()
    told(page, "This palette is fixed")
    page.get_by_role("button", name="Pin a color", exact=True).click()
    bounds = page.locator("#comparison .stage").bounding_box()
    page.mouse.click(bounds["x"] + bounds["width"] / 2, bounds["y"] + bounds["height"] / 2)
    playwright.expect(page.locator(SWATCHES)).to_have_count(4, timeout=PATIENCE)
    page.get_by_role("button", name="Choose the colors anew").click()
    wait_until(lambda: "palette" not in own(served)["one.png"], served.process)
    playwright.expect(pressed(page)).to_have_count(0, timeout=PATIENCE)


def test_what_is_refused_is_taken_back_and_told(page, served):
    for number in range(1, 5):
        page.locator(f"{SWATCHES}[aria-pressed=false]").first.click()
        playwright.expect(pressed(page)).to_have_count(number, timeout=PATIENCE)
        wait_until(lambda n=number: (own(served)["one.png"] or {}).get("pin", "").count("#") == n, served.process)
    before = own(served)["one.png"]
    page.get_by_role("button", name="Pin a color", exact=True).click()
    stage = page.locator("#comparison .stage")

    def is_picked():
        """Click into its middle as one is told to: again if the picture was just being drawn."""
        bounds = stage.bounding_box()
        if bounds:
            page.mouse.click(bounds["x"] + bounds["width"] / 2, bounds["y"] + bounds["height"] / 2)
        return page.locator("#pick[aria-pressed=false]").count() == 1

    wait_until(is_picked, served.process)
    told(page, "Not changed: ")
    assert pressed(page).count() == 4 and own(served)["one.png"] == before
    page.keyboard.press("Escape")
    row(page, "one.png").get_by_role("button", name="Settings").click()
    assert page.locator("#field-pin").input_value() == before["pin"]
    page.locator("#field-effort").fill("1")  # nothing of it keeps other changes away
    wait_until(lambda: own(served)["one.png"]["effort"] == 1, served.process)


def test_what_is_seen_is_what_is_removed_from(page, served):
    """A newer result may have other colors, which are not shown yet."""
    seen = [each.get_attribute("data-color") for each in page.locator(SWATCHES).all()]
    held, freed = [], []
    page.route("**/viewer.html", lambda route: route.continue_() if freed else held.append(route))
    served.call("PATCH", "/api/settings", {"space": "srgb", "seed": 5, "rate": 3})
    served.finished()
    page.locator("#compared[aria-busy]").wait_for()
    page.locator(SWATCHES).first.press("Delete")
    wait_until(lambda: (own(served)["one.png"] or {}).get("palette") == ",".join(seen[1:]), served.process)
    freed.append(True)
    for route in held:
        route.continue_()
    playwright.expect(page.locator(SWATCHES)).to_have_count(3, timeout=PATIENCE)


def test_focus_stays_where_a_color_was_removed(page, served):
    for left in (3, 2):
        page.locator(SWATCHES).nth(1).focus()
        page.keyboard.press("Delete")
        playwright.expect(page.locator(SWATCHES)).to_have_count(left, timeout=PATIENCE)
        second = page.locator(SWATCHES).nth(1).get_attribute("data-color")
        page.wait_for_function("color => document.activeElement.dataset.color === color", arg=second)


def test_keys_in_quick_succession_remove_a_color_each(page, served):
    seen = [each.get_attribute("data-color") for each in page.locator(SWATCHES).all()]
    page.locator(SWATCHES).first.focus()
    page.evaluate("""() => {
      for (let i = 0; i < 5; i++)
        document.activeElement.dispatchEvent(new KeyboardEvent("keydown", { key: "Delete", bubbles: true }));
    }""")
    playwright.expect(page.locator(SWATCHES)).to_have_count(1, timeout=PATIENCE)
    told(page, "A palette has at least one color")
    wait_until(lambda: (own(served)["one.png"] or {}).get("palette") == seen[3], served.process)
    playwright.expect(page.locator(SWATCHES)).to_have_count(1, timeout=PATIENCE)
    assert page.evaluate("document.activeElement.dataset.color") == seen[3]


def test_a_removal_that_is_refused_is_taken_back(page, served):
    def refuse(route):
        if route.request.method == "PATCH":
            route.fulfill(status=422, json={"error": "not now"})
        else:
            route.continue_()

    page.route("**/api/**", refuse)
    page.locator(SWATCHES).first.press("Delete")
    told(page, "Not changed: not now")
    assert page.locator(SWATCHES).count() == 4 and pressed(page).count() == 0
    page.unroute("**/api/**")


def test_without_a_clipboard_a_command_can_be_copied_by_hand(open_page, served, pictures):
    """As where the page comes from another machine, without encryption."""
    page = open_page(served)
    page.add_init_script("Object.defineProperty(navigator, 'clipboard', { value: undefined })")
    page.reload()
    drop(page, pictures, ["one.png"])
    all_done(page, 1)
    command = next(iter(served.finished().values()))["command"]
    field = page.get_by_label("To be copied by hand")
    marked = "e => e.value.slice(e.selectionStart, e.selectionEnd)"
    row(page, "one.png").get_by_role("button", name="Copy the command").click()
    assert field.evaluate(marked) == command and field.evaluate(ON_TOP)
    page.keyboard.press("Escape")
    assert field.count() == 0
    page.get_by_role("button", name="Compare one.png").click()
    button = page.locator("#comparison [data-do=copy]")
    button.click()
    assert field.evaluate(marked) == command and field.evaluate(ON_TOP)
    page.keyboard.press("Escape")
    assert page.locator("#comparison").is_visible() and button.evaluate("e => e === document.activeElement")
    button.click()
    page.keyboard.press("Control+c")
    told(page, f"Copied: {command}")
