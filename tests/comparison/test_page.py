import io
import re
import shlex

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from PIL import Image

import huepress
from conftest import png_bytes
from html_pages import embedded, parse
from huepress.cli.main import run
from huepress.comparison.page.difference import EDGES, map_palette
from huepress.comparison.page.plot import Point, frontier, frontier_svg
from huepress.comparison.versions import label_of
from huepress.engine.metrics import delta_e_ok, delta_e_ok_levels
from huepress.options import Options
from huepress.wording import rounded_down
from reference.colors import srgb8_to_oklab


def pixels_of(data):
    with Image.open(io.BytesIO(data)) as image:
        return np.asarray(image.convert("RGBA" if image.has_transparency_data else "RGB"))


@pytest.fixture(scope="module")
def compared(photo):
    return huepress.compare(png_bytes(photo), [4, 32], name='a <b> & "c".png', effort=1)


def test_holds_the_files_themselves(compared, photo):
    page = parse(compared.page())
    pictures = page.all("img", class_="picture")
    assert [image.attributes["alt"] for image in pictures] == ["Original", "K = 4", "K = 32"]
    files = [png_bytes(photo), *(version.outcome.encoded.data for version in compared.versions)]
    assert [embedded(image) for image in pictures] == [("image/png", data) for data in files]
    for image in page.all("img", class_="map"):
        kind, data = embedded(image)
        with Image.open(io.BytesIO(data)) as opened:
            assert kind == "image/png" and opened.mode == "P" and opened.size == (300, 200)


def test_maps_show_the_difference(compared, photo):
    maps = parse(compared.page()).all("img", class_="map")
    colors = map_palette().colors_srgb8
    for image, version in zip(maps, compared.versions, strict=True):
        apart = srgb8_to_oklab(photo) - srgb8_to_oklab(version.outcome.indexed.to_array())
        levels = np.searchsorted(EDGES, np.sqrt(np.square(apart).sum(axis=2)), side="right")
        # Float32 beside double precision: a pixel that lies on an edge may fall to either side.
        assert (pixels_of(embedded(image)[1]) == colors[levels]).all(axis=2).mean() > 0.999


def test_map_colors_rise_in_lightness():
    lightness = srgb8_to_oklab(map_palette().colors_srgb8)[:, 0]
    assert len(lightness) == len(EDGES) + 1 == 16 and (np.diff(lightness) > 0.02).all()


def test_difference_over_both_backgrounds():
    original = np.array([[[0, 0, 0, 255], [255, 255, 255, 255], [9, 9, 9, 0]]], dtype=np.uint8)
    gone = original * np.array([1, 1, 1, 0], dtype=np.uint8)
    # Clear black looks black on black and white on white: the worse background counts.
    assert delta_e_ok_levels(original, gone, [0.5, 0.9, 1.1]).tolist() == [[2, 2, 0]]
    assert delta_e_ok_levels(original, original, EDGES).max() == 0
    assert delta_e_ok(original, gone)[0] == pytest.approx(1 / 3, abs=1e-4)


def test_table_tells_what_the_files_are(compared, photo):
    rows = [[cell.text for cell in row.children] for row in parse(compared.page()).one("tbody").all("tr")]
    size = len(png_bytes(photo))
    assert rows[0][:3] == ["Original", f"{size:,}", "100 %"]
    for row, version in zip(rows[1:], compared.versions, strict=True):
        n = len(version.outcome.encoded.data)
        assert row[:4] == [version.label, f"{n:,}", f"{100 * n / size:.1f} %", f"{8 * n / 60_000:.2f}"]
        assert row[5:8] == [
            str(len(version.outcome.indexed.palette)),
            rounded_down(version.ssimulacra2, 1),
            version.words,
        ]


def test_palettes_and_legend(compared):
    page = parse(compared.page())
    lists = page.all("ul", class_="palette")
    for swatches, version in zip(lists, compared.versions, strict=True):
        colors = [swatch.attributes["data-color"] for swatch in swatches.all("button")]
        assert colors == version.outcome.indexed.palette.hex()
    legend = page.all("div", class_="legend")[0].all("li")
    assert [item.attributes["data-shade"] for item in legend] == map_palette().hex()


def test_needs_nothing_else(compared):
    data = compared.page()
    page = parse(data)
    assert {"default-src 'none'"} <= set(page.one("meta", **{"http-equiv": "Content-Security-Policy"})
                                         .attributes["content"].split("; "))  # fmt: skip
    for element in page.all():
        for name in ("src", "href", "action", "srcset"):
            assert element.attributes.get(name, "data:").startswith(("data:", "#")), element.tag
    assert not re.search(rb"https?://|url\(|@import|fetch\(|XMLHttpRequest", re.sub(rb"base64,[^\"]*", b"", data))


def test_names_are_text(compared):
    page = parse(compared.page())
    assert page.one("head").one("title").text == page.one("h1").text == compared.name


def test_accessible_structure(compared):
    page = parse(compared.page())
    ids = [element.attributes["id"] for element in page.all() if "id" in element.attributes]
    assert len(ids) == len(set(ids))
    for element in page.all():
        for name in ("aria-labelledby", "aria-describedby"):
            assert element.attributes.get(name, ids[0]) in ids
        if element.tag == "img":
            assert "alt" in element.attributes
        if element.tag == "button":
            assert element.text.strip() or element.attributes["aria-label"]
    labels = [label.attributes["for"] for label in page.all("label")]
    assert labels == [select.attributes["id"] for select in page.all("select")]
    slider = page.one(role="slider")
    assert slider.attributes["tabindex"] == "0" and slider.attributes["aria-label"]
    assert page.one("html").attributes["lang"] == "en" and page.one("main") and page.one("h1")
    assert "prefers-color-scheme: dark" in page.one("style").text


def test_the_original_goes_in_without_private_metadata(photo):
    buffer, exif = io.BytesIO(), Image.Exif()
    exif[0x0110] = "a camera's name"
    Image.fromarray(photo).save(buffer, "JPEG", exif=exif)
    assert b"a camera's name" in buffer.getvalue()
    kind, data = embedded(
        parse(huepress.compare(buffer.getvalue(), 4, effort=0).page()).all("img", class_="picture")[0]
    )
    assert kind == "image/jpeg" and b"a camera's name" not in data
    assert (pixels_of(data) == pixels_of(buffer.getvalue())).all()


@pytest.mark.parametrize("file_format", ["gif", "webp", "auto"])
def test_any_format_of_a_translucent_picture(badge, file_format):
    seen = huepress.compare(png_bytes(badge), 8, effort=0, format=file_format)
    assert len(parse(seen.page()).all("img", class_="map")) == 1 and seen.sheet()


def test_what_browsers_do_not_show_becomes_png(photo):
    buffer = io.BytesIO()
    Image.fromarray(photo).save(buffer, "TIFF")
    page = parse(huepress.compare(buffer.getvalue(), 4, effort=0).page())
    kind, data = embedded(page.all("img", class_="picture")[0])
    assert kind == "image/png" and (pixels_of(data) == photo).all()
    webp = parse(huepress.compare(photo, 4, effort=0, format="webp").page())
    assert [embedded(i)[0] for i in webp.all("img", class_="picture")] == ["image/png", "image/webp"]


@pytest.mark.parametrize("size", [(1, 1), (7, 300), (16, 16)])
def test_any_size(size):
    rng = np.random.default_rng(0)
    compared = huepress.compare(rng.integers(0, 256, (*size, 4), dtype=np.uint8), [2, 4, 16])
    page = parse(compared.page())
    # Without a score (below 8 x 8 pixels) there is no plot of it.
    assert len(page.all("svg")) == (min(size) >= 8) == (compared.versions[0].ssimulacra2 is not None)
    assert page.one("div", class_="viewer").attributes["data-translucent"] == "true"


points_of_plots = st.lists(
    st.builds(Point, st.text("K=8,'<&", max_size=9), st.integers(1, 10**9), st.floats(-500, 100)),
    min_size=1,
    max_size=12,
)


@given(points_of_plots)
def test_frontier(points):
    best = frontier(points)

    def beaten(point):
        return any(
            (o.n_bytes <= point.n_bytes and o.score > point.score)
            or (o.n_bytes < point.n_bytes and o.score >= point.score)
            for o in points
        )

    assert {(p.n_bytes, p.score) for p in points if not beaten(p)} == {(p.n_bytes, p.score) for p in best}
    assert [p.n_bytes for p in best] == sorted(p.n_bytes for p in best)


@given(points_of_plots, st.just([]) | points_of_plots)
def test_plot_places_everything_inside(points, trials):
    svg = parse(frontier_svg(points, trials).encode()).one("svg")
    circles = svg.all("circle")
    assert (
        len(circles) == len(points) + len(trials)
        and len(svg.all("circle", class_="trial")) == len(trials)
        and svg.attributes["aria-label"]
    )
    for circle in circles:
        assert 50 <= float(circle.attributes["cx"]) <= 620 and 20 <= float(circle.attributes["cy"]) <= 302
    assert len(svg.all("text", class_="tick")) >= 5


def test_labels_say_what_is_unusual():
    asked = ({}, {"n_colors": 8, "effort": 1}, {"quality": 70, "dither": "none"}, {"palette": "#fff,#000"})
    named = [label_of(Options.from_keywords(each)) for each in asked]
    assert named == ["K = auto", "K = 8, effort 1", "quality 70, dither none", "given palette"]


def test_plot_runs_to_the_right_with_bytes_and_up_with_score():
    svg = parse(frontier_svg([Point("a", 1000, 10), Point("b", 2000, 50), Point("c", 3000, 40)]).encode())
    at = [(float(c.attributes["cx"]), float(c.attributes["cy"]), c.attributes["class"]) for c in svg.all("circle")]
    (ax, ay, a), (bx, by, b), (cx, cy, c) = at
    assert ax < bx < cx and by < cy < ay and (a, b, c) == ("best", "best", "behind")


def test_equal_files_are_equally_good():
    svg = parse(frontier_svg([Point("a", 1000, 10), Point("b", 2000, 50), Point("c", 2000, 50)]).encode())
    assert [circle.attributes["class"] for circle in svg.all("circle")] == ["best"] * 3


def test_names_come_with_bytes_and_scores_and_the_best_is_shown(compared):
    page = parse(compared.page())
    told = [option.text for option in page.all("select")[0].all("option")]
    for text, version in zip(told[1:], compared.versions, strict=True):
        assert text.startswith(f"{version.label} · ") and version.words in text and "B, score" in text
    best = max(range(len(compared.versions)), key=lambda i: compared.versions[i].ssimulacra2)
    assert page.one("div", class_="viewer").attributes["data-best"] == str(best + 1)


def test_a_versions_command_makes_its_file(photo_file, tmp_path, monkeypatch):
    """Whatever is asked for, the command line that the page offers gives the same bytes."""
    asked = {"effort": 1, "dither": "none", "pin": "#ff0000", "resize": "50%", "seed": 3, "alpha": "free"}
    found = huepress.compare(photo_file, [4, 9], **asked).versions
    found += huepress.compare(photo_file, quality=55, effort=1).versions
    found += huepress.compare(photo_file, max_size="9kB", effort=1, format="webp").versions
    monkeypatch.chdir(tmp_path)
    for number, version in enumerate(found):
        arguments = shlex.split(version.command(str(photo_file)))
        assert arguments[:2] == ["huepress", "compress"]
        suffix = version.outcome.encoded.format.lower()
        assert run([*arguments[1:], "-q", "-o", f"{number}.{suffix}"]) == 0, arguments
        assert (tmp_path / f"{number}.{suffix}").read_bytes() == version.outcome.encoded.data, arguments
