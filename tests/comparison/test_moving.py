"""Comparisons of animations: versions and their scores, strips, sheet, figure and page."""

import base64
import io
import json
from dataclasses import replace
from fractions import Fraction
from html import unescape

import numpy as np
import pytest
from PIL import Image

import animations
import huepress
from html_pages import Element, embedded, parse
from huepress.comparison.page import strips
from huepress.comparison.page.difference import EDGES, map_palette
from huepress.comparison.page.render import render_page
from huepress.drawing import strip
from huepress.engine.metrics import delta_e_ok_levels

DURATIONS = [100, 50, 200, 100]


@pytest.fixture(scope="module")
def frames():
    return animations.moving(5)[:4]


@pytest.fixture(scope="module")
def clip(frames):
    return animations.as_png(frames, DURATIONS)


@pytest.fixture(scope="module")
def compared(clip):
    return huepress.compare(clip, [4, 24], name='a <b> & "c".png', effort=1)


def rgba(frame):
    return np.asarray(Image.fromarray(frame).convert("RGBA"))


def sheets_of(addresses):
    """Return the pictures of a strip, decoded by Pillow."""
    found = []
    for address in addresses.split(" "):
        kind, data = embedded(Element("img", {"src": address}))
        with Image.open(io.BytesIO(data)) as image:
            assert kind == f"image/{image.format.lower()}"
            found.append(np.asarray(image.convert("RGBA")))
    return found


def frames_in(addresses, a_sheet, height):
    sheets = sheets_of(addresses)
    assert all(len(sheet) == a_sheet * height for sheet in sheets[:-1])
    return [sheet[top : top + height] for sheet in sheets for top in range(0, len(sheet), height)]


@pytest.mark.parametrize("translucent", [False, True])
@pytest.mark.parametrize(("width", "height", "n_frames"), [(30, 20, 7), (9, 11, 1), (16_390, 3, 2), (3, 17_000, 2)])
def test_strips_hold_every_pixel(translucent, width, height, n_frames, monkeypatch):
    monkeypatch.setattr(strip, "MOST_SHEET_PIXELS", 2000)  # three of the first size in a sheet
    rng = np.random.default_rng(0)
    shown = rng.integers(0, 256, (n_frames, height, width, 4), dtype=np.uint8)
    shown[..., 3] = np.where(shown[..., 3] < 90, 0, shown[..., 3]) if translucent else 255
    sheets = []
    made = strip.Strip(width, height, sheets.append)
    for pixels in shown:
        made.add(pixels)
    made.finish()
    a_sheet = strip.frames_a_sheet(width, height)
    assert a_sheet == max(1, min(2000 // (width * height), 16_383 // height)) and len(sheets) == -(-n_frames // a_sheet)
    assert {sheet.format for sheet in sheets} == {"PNG" if max(width, height) > 16_383 else "WEBP"}
    assert made.translucent == translucent
    decoded = [np.asarray(Image.open(io.BytesIO(sheet.data)).convert("RGBA")) for sheet in sheets]
    np.testing.assert_array_equal(np.concatenate(decoded), np.concatenate(shown))


def test_versions_are_what_compress_makes(compared, clip):
    for version, n_colors in zip(compared.versions, (4, 24), strict=True):
        assert version.outcome.encoded.data == bytes(huepress.compress(clip, n_colors, effort=1))
        assert version.outcome.encoded.format == "PNG"
        animations.check_shown(version.outcome.encoded.data, list(version.shown.frames()))
    assert [version.label for version in huepress.compare(clip, effort=0).versions] == ["K = auto"]
    assert [version.label for version in huepress.compare(clip, effort=[0, 1]).versions] == ["effort 0", "effort 1"]


def test_scores_are_those_of_the_files(compared, clip):
    for version in compared.versions:
        score = huepress.score(clip, version.outcome.encoded.data)
        assert version.ssimulacra2 == score.ssimulacra2 and version.score.worst == score.worst
        facts = version.facts()
        assert facts["flicker"] == score.flicker and facts["worst"]["frame"] == score.worst.frame
        assert facts["n_frames"] == 4 and json.dumps(facts)


@pytest.mark.parametrize("number", [0, 2, 3])
def test_the_worst_frame_is_named_and_shown(compared, frames, number):
    bad = animations.spoiled(compared, number)
    start = sum(DURATIONS[:number]) / 1000
    rows = [[cell.text for cell in row.children] for row in parse(bad.page()).one("tbody").all("tr")]
    assert rows[1][7] == f"{number + 1}, at {start:.2f} s"
    assert f"frame {number + 1}, {start:.2f} s" in repr(bad)
    figure = parse(bad.page()).all("figure")[1]
    assert figure.attributes["data-worst"] == str(number)
    scores = figure.attributes["data-scores"].split(" ")
    assert min(scores, key=float) == scores[number] == rows[1][6]
    with Image.open(io.BytesIO(bad.sheet())) as image:
        sheet = np.asarray(image.convert("RGB"))
    # Left of the gray frame stands the original's frame of that number, six times as large.
    zoom = 480 // 72
    left, top = 28 + (480 - 72 * zoom) // 2, 30 + 56
    seen = sheet[top : top + 48 * zoom : zoom, left : left + 72 * zoom : zoom]
    differs = (seen != frames[number][:, :, :3]).any(axis=2)
    assert differs.mean() < 0.1  # the marker of the detail lies over it, if there is one
    beside = sheet[top : top + 48 * zoom : zoom, left + 508 : left + 508 + 72 * zoom : zoom]
    assert (beside == 127).all(axis=2).mean() > 0.9


def test_a_sheet_begins_a_row_with_every_frame_of_the_original(compared):
    versions = [animations.spoiled(compared, number).versions[0] for number in (2, 0, 2)]
    with Image.open(io.BytesIO(replace(compared, versions=tuple(versions)).sheet())) as sheet:
        three_beside_each_other, two_rows = 3 * 508 + 28, sheet.height
    assert sheet.width == three_beside_each_other
    with Image.open(io.BytesIO(replace(compared, versions=tuple(versions[::2])).sheet())) as sheet:
        assert sheet.width == three_beside_each_other and sheet.height < 0.6 * two_rows


def test_the_page_holds_the_frames(compared, frames):
    page = parse(compared.page())
    a_sheet = int(page.one("div", class_="player").attributes["data-sheet"])
    figures = page.all("figure")
    shown = [frames, *(list(version.shown.frames()) for version in compared.versions)]
    for figure, expected in zip(figures, shown, strict=True):
        found = frames_in(figure.attributes["data-sheets"], a_sheet, 48)
        np.testing.assert_array_equal(found, [rgba(frame) for frame in expected])
    for figure, expected in zip(figures[1:], shown[1:], strict=True):
        found = frames_in(figure.attributes["data-maps"], a_sheet, 48)
        for pixels, before, after in zip(found, frames, expected, strict=True):
            levels = delta_e_ok_levels(rgba(before), after, EDGES)
            np.testing.assert_array_equal(pixels[:, :, :3], map_palette()[levels])
    assert "data-maps" not in figures[0].attributes


def test_without_scripts_the_page_holds_the_files(compared, clip):
    pictures = parse(compared.page()).all("img")
    files = [clip, *(version.outcome.encoded.data for version in compared.versions)]
    assert [embedded(image) for image in pictures] == [("image/png", data) for data in files]
    assert parse(compared.page()).one("div", class_="player").attributes.get("hidden", "") is None


def test_the_page_tells_the_times(compared):
    page = parse(compared.page())
    told = json.loads(page.one("div", class_="player").attributes["data-frames"])
    starts = [0, 0.1, 0.15, 0.35]
    assert [number for number, _, _ in told] == [0, 1, 2, 3]
    assert [start for _, start, _ in told] == pytest.approx(starts)
    assert [seconds for _, _, seconds in told] == pytest.approx([each / 1000 for each in DURATIONS])
    assert "4 frames in 0.45 s" in page.one("p", class_="facts").text


def test_the_table_has_columns_of_its_own(compared, clip):
    page = parse(compared.page())
    head = [cell.text for cell in page.one("thead").all("th")]
    assert head == ["Version", "Bytes", "Of the original", "Colors", "Mean score", "Worst frame", "Flicker"]
    rows = [[cell.text for cell in row.children] for row in page.one("tbody").all("tr")]
    assert {len(row) for row in rows} == {len(head) + 2}
    assert rows[0][:3] == ["Original", f"{len(clip):,}", "100 %"]
    for row, version in zip(rows[1:], compared.versions, strict=True):
        assert row[1] == f"{version.n_bytes:,}" and row[3] == str(version.outcome.report.n_colors)
        assert row[5] == version.words and row[8] == f"{version.score.flicker:.2f}"
    still = parse(huepress.compare(rgba(animations.moving(2)[0]), 4, effort=0).page())
    assert "PSNR" in [cell.text for cell in still.one("thead").all("th")]


def test_a_name_is_text(compared):
    page = parse(compared.page())
    assert page.one("h1").text == compared.name and not page.all("b")
    commands = [figure.attributes["data-command"] for figure in page.all("figure")[1:]]
    assert all("'a <b> & \"c\".png'" in command for command in commands)


def encoded(found):
    shown = [version.shown for version in found.versions]
    return strips.encode_frames(found.source, shown, {version.worst_frame for version in found.versions})


def frames_of_page(source, versions):
    return strips.frames_shown(source, n_versions=len(versions), worst={each.worst_frame for each in versions})


def test_long_animations_show_what_is_around_the_worst(compared, monkeypatch):
    bad = animations.spoiled(compared, 2)
    best = animations.spoiled(bad, 2)
    worst = [version.worst_frame for version in bad.versions]
    monkeypatch.setattr(strips, "MOST_PIXELS", 5 * 2 * 4096)  # five strips of two frames
    numbers = frames_of_page(bad.source, bad.versions)
    assert len(numbers) == 2 and set(worst) <= set(numbers) and numbers == sorted(numbers)
    page = parse(best.page())
    assert "2 of the 4 frames" in page.one("p", class_="note").text
    told = json.loads(page.one("div", class_="player").attributes["data-frames"])
    assert [number for number, _, _ in told] == numbers
    for figure in page.all("figure"):
        assert len(frames_in(figure.attributes["data-sheets"], 99, 48)) == 2
    assert page.all("figure")[1].attributes["data-worst"] == str(numbers.index(2))
    monkeypatch.setattr(strips, "MOST_STRIP_PIXELS", 1)
    assert len(frames_of_page(bad.source, bad.versions)) == 1  # there is always one
    assert parse(bad.page()).all("figure")
    monkeypatch.undo()
    assert not parse(bad.page()).all("p", class_="note")


def test_many_tiny_frames_are_bounded():
    source = animations.read(animations.make_gif(1, width=9, height=9).data)
    many = replace(source, durations=(Fraction(1, 10),) * 10**6)
    version = huepress.compare(animations.make_gif(1, width=9, height=9).data, effort=0).versions[0]
    assert len(frames_of_page(many, [version])) <= strips.MOST_STRIP_PIXELS >> 12


@pytest.mark.parametrize("make", [animations.make_gif, animations.make_png])
def test_translucent_animations(make):
    made = make(3, width=20, height=16)
    found = huepress.compare(made.data, effort=0)
    page = parse(found.page())
    assert page.one("div", class_="viewer").attributes["data-translucent"] == "true"
    seen = frames_in(page.all("figure")[0].attributes["data-sheets"], 99, 16)
    np.testing.assert_array_equal(seen, made.shown)
    assert found.sheet()


def test_too_small_for_a_score():
    found = huepress.compare(animations.make_gif(4, width=5, height=6).data, [2, 4], effort=0)
    version = found.versions[0]
    assert version.score is None and version.ssimulacra2 is None and version.facts()["worst"] is None
    page = parse(found.page())
    assert "data-scores" not in page.all("figure")[1].attributes and found.sheet() and "5 frames" in repr(found)


@pytest.mark.parametrize("n_frames", [1, 3])
def test_raw_video(n_frames):
    ramp = np.add.outer(np.arange(16), np.arange(24)).astype(np.uint8)
    frames = [b"FRAME\n" + (ramp * 4 + 16 + number).tobytes() for number in range(n_frames)]
    data = b"YUV4MPEG2 W24 H16 F10:1 Cmono\n" + b"".join(frames)
    found = huepress.compare(data, effort=0)
    assert found.versions[0].outcome.encoded.format == "GIF" and found.sheet()
    page = parse(found.page())
    assert embedded(page.all("img")[0])[0] == "image/png"  # no browser shows the file
    assert len(json.loads(page.one("div", class_="player").attributes["data-frames"])) == n_frames


def test_frames_that_repeat_are_one():
    ramp = np.add.outer(np.arange(16), np.arange(24)).astype(np.uint8)
    frames = [b"FRAME\n" + (ramp * 4 + 16 + bright).tobytes() for bright in (0, 0, 0, 9, 9)]
    found = huepress.compare(b"YUV4MPEG2 W24 H16 F10:1 Cmono\n" + b"".join(frames), effort=0)
    assert found.source.durations == (Fraction(3, 10), Fraction(2, 10)) == found.versions[0].shown.durations
    assert len(json.loads(parse(found.page()).one("div", class_="player").attributes["data-frames"])) == 2


def test_edited_and_in_other_formats(clip):
    found = huepress.compare(clip, effort=0, format=["gif", "webp"], trim="0.1:0.4", resize="50%")
    assert [version.outcome.encoded.format for version in found.versions] == ["GIF", "WEBP"]
    assert {version.shown.n_frames for version in found.versions} == {found.source.n_frames} == {3}
    assert parse(found.page()).one("div", class_="viewer").attributes["data-width"] == "36"
    still = huepress.compare(clip, 4, effort=0, still=0.2)
    assert not hasattr(still.versions[0], "score") and not parse(still.page()).all("div", class_="player")
    with pytest.raises(huepress.OptionError, match="hold no animations"):
        huepress.compare(clip, format="jpeg", effort=0)


def test_targets_count_all_frames(clip):
    found = huepress.compare(clip, max_size=["2bpp", "100"], effort=0).versions
    assert found[0].n_bytes <= 2 * 72 * 48 * 4 / 8 and not found[0].missed
    assert "more than the 100 asked for" in found[1].missed


def test_damage_is_an_error(clip):
    at = clip.rindex(b"fdAT") + 30
    with pytest.raises(huepress.DecodeError):
        huepress.compare(clip[:at] + b"\x00\xff\x00\xff" + clip[at + 4 :], effort=0).page()


def test_a_gallery_of_both(compared, clip):
    still = huepress.compare(rgba(animations.moving(2)[0]), 4, name="still.png", effort=0)
    page = parse(render_page([compared.section(1), still.section(2)]))
    ids = [element.attributes["id"] for element in page.all() if "id" in element.attributes]
    assert len(ids) == len(set(ids)) and len(page.all("div", class_="player")) == 1
    assert unescape(page.one("nav").all("a")[0].text) == compared.name


def test_figure(compared):
    pytest.importorskip("matplotlib")
    bad = animations.spoiled(compared, 2)
    titles = [axes.get_title() for axes in bad.figure().axes]
    assert titles[0] == "Original, frame 3" and titles[1].startswith("K = 4, frame 3\n") and len(titles) >= 5


def test_evenly_spaced():
    assert strips.evenly_spaced(10, 5, set()) == [0, 2, 4, 6, 8]
    assert strips.evenly_spaced(10, 5, {7, 2}) == [0, 2, 4, 7, 8]
    assert strips.evenly_spaced(10, 1, {7}) == [7] and strips.evenly_spaced(10, 1, {7, 8, 9}) in ([7], [8], [9])
    assert strips.evenly_spaced(3, 9, {1}) == [0, 1, 2]


def test_noise_takes_no_page_of_any_size(monkeypatch):
    rng = np.random.default_rng(2)
    noise = rng.integers(0, 256, (40, 48, 48, 3), dtype=np.uint8)
    noise[:9] = 77  # the first frames say nothing of what follows
    buffer = io.BytesIO()
    first, *others = [Image.fromarray(frame) for frame in noise]
    first.save(buffer, "PNG", save_all=True, append_images=others, duration=50)
    found = huepress.compare(buffer.getvalue(), effort=0)
    whole = encoded(found)
    assert not whole.evenly and len(whole.numbers) == found.source.n_frames
    for part in (2, 8, 10**6):
        monkeypatch.setattr(strips, "MOST_BYTES", whole.n_bytes // part)
        shown = encoded(found)
        n = len(shown.numbers)
        assert (
            n == 1 if part > 99 else shown.n_bytes <= whole.n_bytes // part and n >= found.source.n_frames // part // 2
        )
        assert shown.evenly and found.versions[0].worst_frame in shown.numbers
        page = parse(found.page())
        assert f"{n} of the {found.source.n_frames} frames: evenly" in page.one("p", class_="note").text
        own = found.source.encoded, found.versions[0].outcome.encoded.data
        large = [len(data) > whole.n_bytes // part for data in own]
        assert ("the first frame in their place" in page.one("p", class_="note").text) is any(large)
        files = [base64.b64decode(image.attributes["src"].partition(",")[2]) for image in page.all("img")]
        assert [b"acTL" not in data for data in files] == large
        told = json.loads(page.one("div", class_="player").attributes["data-frames"])
        assert [number for number, _, _ in told] == shown.numbers
        if n > 1:
            assert sum(seconds for _, _, seconds in told) == pytest.approx(2.0 - told[0][1])
