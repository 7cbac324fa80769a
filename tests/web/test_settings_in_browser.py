"""Settings that are typed into the page: none is lost, whatever happens meanwhile."""

import re

import pytest

import scenes
from conftest import png_bytes, wait_until
from web.pages import PATIENCE, all_done, drop, row
from web.served import serving

playwright = pytest.importorskip("playwright.sync_api", reason="Playwright is not installed (extra browser-test)")


@pytest.fixture
def served(huepress_program, tmp_path):
    with serving(huepress_program, cwd=tmp_path) as started:
        started.call("PUT", "/api/settings", {"effort": 0, "n_colors": 16})
        yield started


@pytest.fixture
def page(open_page, served, tmp_path):
    (tmp_path / "photo.png").write_bytes(png_bytes(scenes.spheres(60, 40)))
    page = open_page(served)
    drop(page, tmp_path, ["photo.png"])
    all_done(page, 1)
    return page


def type_and(page, name, text, then):
    """Type into a field, and at once, before the page can do anything, leave it and do something else."""
    page.evaluate(
        f"""async ([id, text]) => {{
          const field = document.querySelector(`#field-${{id}}`);
          field.focus();
          field.value = text;
          field.dispatchEvent(new Event("input", {{ bubbles: true }}));
          field.blur();
          {then}
        }}""",
        [name, text],
    )


def field(page, name):
    return page.locator(f"#field-{name}").input_value()


def until_chosen(served, **chosen):
    wait_until(lambda: {name: served.chosen.get(name) for name in chosen} == chosen, served.process)


def test_states_that_come_meanwhile_take_nothing(page, served):
    """While pictures are worked on, the page hears of them all the time."""
    come = "(await import(new URL('part/settings.js', location))).update({ version: 0, rows: [], removed: [] });"
    type_and(page, "quality", "70", come)
    assert field(page, "quality") == "70"
    until_chosen(served, quality="70", effort=0)
    playwright.expect(page.locator("#field-quality")).to_have_value("70", timeout=PATIENCE)


def test_opening_a_comparison_takes_nothing(page, served):
    type_and(page, "n_colors", "7", "const open = document.querySelector('.open'); open.focus(); open.click();")
    until_chosen(served, n_colors=7)
    assert field(page, "n_colors") == "7"


def test_what_is_typed_for_all_stays_theirs(page, served):
    """Even if the settings of a picture are opened at once."""
    type_and(page, "n_colors", "7", "document.querySelector('[data-do=own]').click();")
    until_chosen(served, n_colors=7)
    assert page.locator("#target").input_value() != "" and page.locator("#as-all").is_hidden()
    rows = served.finished()
    assert all(each["own"] is None for each in rows.values())
    page.locator("#field-n_colors").fill("5")  # its own
    wait_until(lambda: [each["own"] and each["own"]["n_colors"] for each in served.finished().values()] == [5])
    assert served.chosen["n_colors"] == 7
    page.get_by_role("button", name="As for all").click()
    wait_until(lambda: [each["own"] for each in served.finished().values()] == [None])
    playwright.expect(page.locator("#field-n_colors")).to_have_value("7", timeout=PATIENCE)


def test_what_is_refused_stays_in_its_field(page, served):
    page.locator("details", has=page.locator("#field-pin")).last.evaluate("e => { e.open = true; }")
    pin = page.locator("#field-pin")
    pin.press_sequentially("#ff0000,#00")
    page.get_by_role("alert").filter(has_text="#00").wait_for()
    served.add("other.png", png_bytes(scenes.spheres(20, 20)))  # the page hears of it
    row(page, "other.png").wait_for()
    assert pin.input_value() == "#ff0000,#00"
    pin.press_sequentially("ff00")
    until_chosen(served, pin="#ff0000,#00ff00")
    page.locator("#wrong").wait_for(state="hidden")
    assert [each for each in page.complaints if "422" not in each] == []
    page.complaints.clear()


def test_what_is_refused_keeps_nothing_else_away(page, served):
    page.locator("details", has=page.locator("#field-pin")).last.evaluate("e => { e.open = true; }")
    page.locator("#field-pin").fill("nonsense")
    page.get_by_role("alert").filter(has_text="nonsense").wait_for()
    page.locator("#field-n_colors").fill("7")
    until_chosen(served, n_colors=7, pin=None)
    assert field(page, "pin") == "nonsense"
    page.get_by_role("alert").filter(has_text="nonsense").wait_for()
    page.complaints.clear()  # of answers that said so


@pytest.mark.parametrize("size", [(1440, 900), (390, 844)])
@pytest.mark.parametrize(("name", "text"), [("quality", "abc"), ("max_size", "abc"), ("tol", "5"), ("pin", "xyz")])
def test_what_is_wrong_is_told_beside_its_field(page, size, name, text):
    page.set_viewport_size({"width": size[0], "height": size[1]})
    box = page.locator(f"#field-{name}")
    page.locator("details", has=box).evaluate_all("all => { for (const each of all) each.open = true; }")
    box.click()
    box.press_sequentially(text)
    wrong = page.locator(f"#field-{name}-wrong", has_text=re.compile("."))
    wrong.wait_for()
    assert box.get_attribute("aria-invalid") == "true"
    assert f"field-{name}-wrong" in box.get_attribute("aria-describedby").split()
    sides = wrong.evaluate("e => [e.getBoundingClientRect().top, e.getBoundingClientRect().bottom]")
    assert sides[0] >= 0 and sides[1] <= size[1]
    below = box.bounding_box()
    assert 0 <= sides[0] - (below["y"] + below["height"]) < 30
    box.fill("")
    wrong.wait_for(state="hidden")
    playwright.expect(box).not_to_have_attribute("aria-invalid", "true")
    page.complaints.clear()


def test_pins_at_once_are_all_taken(page, served):
    page.get_by_role("button", name="Compare photo.png").click()
    page.locator("#swatches .palette button").nth(2).wait_for()
    pinned = page.evaluate(
        """() => [...document.querySelectorAll("#swatches .palette button")].slice(0, 3).map((each) => {
          each.click();
          return each.dataset.color;
        })"""
    )
    own = {"effort": 0, "n_colors": 16, "pin": ",".join(pinned)}
    wait_until(lambda: [each["own"] for each in served.finished().values()] == [own], served.process)
    assert "pin" not in served.chosen


def test_changes_of_several_tabs_add_up(page, served):
    """Who changes one setting leaves those that others have changed, of which it may not have heard yet."""
    assert served.call("PATCH", "/api/settings", {"dither": "none"}).status == 200
    answer = served.call("PATCH", "/api/settings", {"n_colors": 9, "dither": None})
    assert answer.json["chosen"] == {"effort": 0, "n_colors": 9} and answer.json["version"] > 0
    assert served.call("PATCH", "/api/settings", []).status == 422


def test_reloading_at_once_takes_nothing(page, served):
    type_and(page, "n_colors", "7", "location.reload();")
    until_chosen(served, n_colors=7)
