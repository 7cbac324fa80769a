import builtins
import doctest
import io

import numpy as np
import pytest
from PIL import Image

import huepress
from conftest import png_bytes
from html_pages import parse
from huepress.comparison import compare as comparison
from huepress.comparison.versions import make_variants
from huepress.drawing import fonts
from huepress.options import Options


def labels(values, **options):
    return [variant.label for variant in make_variants(Options(**options), values)]


def test_every_value_with_every_other():
    variants = make_variants(Options(seed=3), {"n_colors": [8, 16], "rate": [1, 4.5], "dither": ["none"]})
    assert [v.label for v in variants] == ["K = 8, rate 1", "K = 8, rate 4.5", "K = 16, rate 1", "K = 16, rate 4.5"]
    assert [(v.options.n_colors, v.options.rate) for v in variants] == [(8, 1), (8, 4.5), (16, 1), (16, 4.5)]
    assert {(v.options.dither, v.options.seed) for v in variants} == {("none", 3)}
    assert labels({"format": ["png", "webp"], "effort": [0, 1]}) == [
        "effort 0, PNG", "effort 0, WEBP", "effort 1, PNG", "effort 1, WEBP",
    ]  # fmt: skip


def test_equal_settings_are_shown_once():
    assert labels({"n_colors": [8, 4, 8]}) == ["K = 8", "K = 4"]


def test_targets_choose_colors_and_rate():
    assert labels({"quality": [50, "60-80"], "max_size": [50_000, "0.1bpp"]}) == [
        "quality 50", "quality 60-80", "at most 50.0 kB", "at most 0.1 bpp",
    ]  # fmt: skip
    assert labels({"n_colors": [8], "quality": [50]}) == ["K = 8", "quality 50"]
    assert labels({"rate": [1, 2], "format": ["png", "gif"], "quality": [50]}) == [
        "rate 1, PNG", "rate 1, GIF", "rate 2, PNG", "rate 2, GIF", "quality 50, PNG", "quality 50, GIF",
    ]  # fmt: skip
    (asked,) = make_variants(Options(n_colors=8, effort=1), {"quality": [50]})
    assert (asked.options.n_colors, asked.options.effort, asked.options.goal.wanted) == ("auto", 1, 50)


def test_given_palette():
    assert labels({}, palette=["#f00", "#fff"]) == ["given palette"]
    assert labels({"rate": [1, 2]}, palette=["#f00", "#fff"]) == ["given palette, rate 1", "given palette, rate 2"]


def test_targets_are_met_as_compress_meets_them(photo):
    seen = huepress.compare(photo, quality=60, max_size="9kB", effort=0)
    good, small = seen.versions
    assert (good.missed, small.missed) == ("", "") and good.ssimulacra2 >= 60 and small.n_bytes <= 9000
    alone = [huepress.compress(photo, quality=60, effort=0), huepress.compress(photo, max_size=9000, effort=0)]
    assert [v.outcome.encoded.data for v in seen.versions] == [result.encoded.data for result in alone]


def test_missed_targets_are_shown_and_told(photo):
    seen = huepress.compare(png_bytes(photo), quality="96-99", max_size=100, effort=0)
    good, small = seen.versions
    assert good.missed.startswith("256 colors reach a score of") and good.missed.endswith("compress keeps the original")
    assert "more than the 100 asked for" in small.missed and small.n_bytes > 100
    assert {v.outcome.report.status for v in seen.versions} == {"compressed"}
    assert good.missed in repr(seen) and small.missed in repr(seen)
    told = parse(seen.page()).one("ul", class_="missed").all("li")
    assert [item.text for item in told] == [f"{v.label} missed: {v.missed}" for v in seen.versions]
    met = huepress.compare(png_bytes(photo), quality=1, max_size="1MB", effort=0)
    assert not parse(met.page()).all("ul", class_="missed")
    heights = [Image.open(io.BytesIO(one.sheet())).height for one in (met, seen)]
    assert heights[0] < heights[1]


def test_versions_are_those_of_compress(photo):
    seen = huepress.compare(photo, n_colors=[8, 16], effort=[0, 1])
    assert [v.label for v in seen.versions] == [
        "K = 8, effort 0",
        "K = 8, effort 1",
        "K = 16, effort 0",
        "K = 16, effort 1",
    ]
    alone = huepress.compress(photo, 16, effort=1)
    assert seen.versions[3].outcome.encoded.data == alone.encoded.data
    assert seen.versions[3].ssimulacra2 == pytest.approx(huepress.score(photo, alone.image).ssimulacra2)
    assert "K = 16, effort 1: score" in repr(seen) and repr(seen).startswith("image: 24 bits per pixel")


def test_docstring_examples():
    assert doctest.testmod(comparison).failed == 0


def test_lists_replace_the_default_colors(photo):
    assert [v.label for v in huepress.compare(photo, effort=0, format=["png", "gif"]).versions] == ["PNG", "GIF"]
    start = [(0, 0, 0), (255, 255, 255)]
    assert [v.label for v in huepress.compare(photo, 2, effort=0, init=start).versions] == ["K = 2"]


def test_default_versions_and_name(photo_file):
    told = []
    seen = huepress.compare(photo_file, effort=0, on_progress=told.append)
    assert [v.label for v in seen.versions] == ["K = 8", "K = 16", "K = 32"] == told and seen.name == "photo.png"


def test_notebooks_show_the_sheet(photo):
    seen = huepress.compare(photo, 4, effort=0)
    with Image.open(io.BytesIO(seen._repr_png_())) as sheet:
        assert sheet.format == "PNG" and sheet.width > 2 * 480


def test_save(photo, tmp_path):
    seen = huepress.compare(photo, 4, effort=0)
    seen.save(tmp_path / "a.png")
    seen.save(tmp_path / "a.html")
    assert (tmp_path / "a.png").read_bytes() == seen.sheet() and (tmp_path / "a.html").read_bytes() == seen.page()
    with pytest.raises(huepress.OutputError, match="exists already"):
        seen.save(tmp_path / "a.html")
    with pytest.raises(huepress.OptionError, match=r"a\.jpg: a comparison is written as \.png"):
        seen.save(tmp_path / "a.jpg")


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ({"n_colors": 300}, "n_colors must be"),
        ({"n_colors": []}, "empty list"),
        ({"rate": [-1]}, "rate"),
        ({"max_size": "much"}, "max-size takes a size such as"),
        ({"quality": 101}, "quality takes a score"),
        ({"sise": 3}, "unknown option"),
    ],
)
def test_bad_options(photo, arguments, message):
    with pytest.raises(huepress.OptionError, match=message):
        huepress.compare(photo, **arguments)


def test_figure(photo):
    pytest.importorskip("matplotlib", reason="Matplotlib is not installed (extra plot)")
    figure = huepress.compare(photo, [4, 8], effort=0, name="scene").figure()
    pictures = [axes.images[0].get_array() for axes in figure.axes if axes.images]
    assert len(pictures) == 3 and len(figure.axes) == 4 and (pictures[0] == photo).all()
    buffer = io.BytesIO()
    figure.savefig(buffer, format="png", dpi=40)
    assert len(np.unique(np.asarray(Image.open(buffer)))) > 100


def test_figure_without_matplotlib(photo, monkeypatch):
    real_import = builtins.__import__

    def without(name, *args, **kwargs):
        if name.startswith("matplotlib"):
            raise ImportError(name)
        return real_import(name, *args, **kwargs)

    monkeypatch.setattr(builtins, "__import__", without)
    with pytest.raises(huepress.OptionError, match=r"huepress\[plot\]"):
        huepress.compare(photo, 4, effort=0).figure()


def sheet_size(pixels, n_colors):
    with Image.open(io.BytesIO(huepress.compare(pixels, n_colors, effort=0).sheet())) as sheet:
        return sheet.size


def test_sheets_fill_their_places(photo):
    """The width tells the columns: few places stay empty, and no picture is ever smaller."""
    small = photo[:8, :12]
    columns = [(sheet_size(small, list(range(2, 2 + n)))[0] - 28) / 508 for n in (1, 3, 4, 5, 7, 8, 9, 12)]
    assert columns == [2, 4, 3, 3, 4, 3, 5, 5]


def test_icons_need_no_detail(photo):
    icon, picture = photo[:16, :16], photo[:180, :180]
    assert sheet_size(icon, 4)[1] < 800 < 950 < sheet_size(picture, 4)[1]


def test_names_in_other_scripts():
    plain = fonts.font_for("photo.png", 20)
    assert plain.getname() == fonts.font_for("x", 20).getname() and fonts.legible("photo é.png") == "photo é.png"
    name = "猫の写真.png"
    shown = fonts.legible(name)
    # Either some font of the system has the letters, or question marks stand for them; never boxes.
    assert shown in (name, "????.png")
    if shown == name:
        assert fonts.font_for(name, 20).getname() != plain.getname()
    assert fonts.legible("a\U000f1234b") == "a?b"


def test_without_fonts_of_the_system(monkeypatch):
    monkeypatch.setattr(fonts, "_SYSTEM_FONTS", ("no-such-font.ttf",))
    assert fonts.legible("猫 cat") == "? cat"


def test_one_format_of_any_number_of_colors(photo):
    (version,) = huepress.compare(photo, format="jpeg", quality=60).versions
    assert version.outcome.encoded.format == "JPEG"
    (version,) = huepress.compare(photo, format="jpeg").versions
    assert version.outcome.encoded.format == "JPEG"
