"""The page of a report: what it says of failed files, and how it looks on a phone and in the dark."""

import re

import pytest

from conftest import png_bytes


@pytest.fixture
def report(run, photo, tmp_path):
    (tmp_path / "in").mkdir()
    (tmp_path / "in" / "good-name-that-is-rather-long.png").write_bytes(png_bytes(photo))
    (tmp_path / "in" / "bad.png").write_bytes(b"no picture")
    done = run("compress", "-r", "in", "-o", "out", "--effort", 0, "--report", "report.html", "--report", "r.json")
    assert done.returncode == 1
    return tmp_path / "report.html"


def test_it_says_why_a_file_failed_and_agrees_with_the_last_line(run, report):
    text = report.read_text()
    assert "not an image" in text and "not an image" in report.with_name("r.json").read_text()
    again = run("compress", "-r", "in", "-o", "out", "--effort", 0).stdout.decode()
    (saved,) = re.findall(r"\((.* % saved)\)", again)
    assert f"<h1>{saved}</h1>" in text


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_it_is_legible_on_a_phone(browser, report, scheme):
    page = browser.new_page(viewport={"width": 390, "height": 844}, color_scheme=scheme)
    page.goto(report.as_uri())
    assert page.evaluate("document.documentElement.scrollWidth") == 390
    colors = page.evaluate(
        "['body', '.quiet', '.failed'].map((s) => getComputedStyle(document.querySelector(s)).color)"
    )
    ground = page.evaluate("getComputedStyle(document.body).backgroundColor")
    for color in colors:
        assert contrast(color, ground) >= 4.5, (color, ground)


def contrast(one, other):
    """Return the contrast of two colors of CSS (WCAG 2)."""

    def luminance(color):
        channels = [int(number) / 255 for number in re.findall(r"\d+", color)[:3]]
        light = [c / 12.92 if c <= 0.04045 else ((c + 0.055) / 1.055) ** 2.4 for c in channels]
        return 0.2126 * light[0] + 0.7152 * light[1] + 0.0722 * light[2]

    darker, lighter = sorted(map(luminance, (one, other)))
    return (lighter + 0.05) / (darker + 0.05)
