"""What the page looks at beside each other: stills, animations frame by frame, and earlier versions."""

import asyncio
import io
import itertools
import json
import re
import shlex
import shutil
import struct
import zlib
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

import animations
import huepress
import scenes
from conftest import png_bytes
from html_pages import parse
from huepress.archive.tasks import FileOutcome, Task, failed
from huepress.comparison.page import strips
from huepress.comparison.page.difference import EDGES, map_palette
from huepress.drawing import strip
from huepress.engine.metrics import delta_e_ok_levels
from huepress.errors import DecodeError, InputError
from huepress.formats.probe import Probe
from huepress.formats.reading import read_animation
from huepress.options import Options
from huepress.pipeline.edit import without_repeats
from huepress.web import views
from huepress.web.drawings import Drawing
from huepress.web.jobs import Job, do, settings_of
from huepress.web.pictures import Picture
from web.served import serving


@pytest.fixture
def served(huepress_program, tmp_path):
    with serving(huepress_program, cwd=tmp_path) as started:
        yield started


def viewer_of(served, identity, *numbers):
    """Return the viewer of some results, and its figures."""
    address = f"/api/pictures/{identity}/view/{'-'.join(map(str, numbers))}/viewer.html"
    answer = served.call("GET", address)
    assert answer.status == 200, answer.body
    assert b"data:" not in answer.body and b"style=" not in answer.body
    page = parse(answer.body)
    return page, page.all("figure")


def frames_at(get, addresses, height):
    """Return the frames that lie in sheets at addresses."""
    sheets = [np.asarray(Image.open(io.BytesIO(get(each))).convert("RGBA")) for each in addresses.split()]
    tall = np.concatenate(sheets)
    return tall.reshape(-1, height, *tall.shape[1:])


def test_stills(served, photo):
    identity = served.add("photo <i>.png", png_bytes(photo))
    served.call("PUT", "/api/settings", {"n_colors": 4, "effort": 1})
    made = served.finished()[identity]["made"]
    base = f"api/pictures/{identity}/view/{made['number']}/"
    _, (original, result) = viewer_of(served, identity, made["number"])
    addresses = [image.attributes["src"] for image in (*original.all("img"), *result.all("img"))]
    assert addresses == [base + name for name in ("original.png", "result1.png", "difference1.png")]
    for address in addresses:
        answer = served.call("GET", address)
        assert answer.headers["content-type"] == "image/png"
        assert Image.open(io.BytesIO(answer.body)).size == (300, 200)
    file = served.call("GET", f"/api/pictures/{identity}/result").body
    assert served.call("GET", addresses[1]).body == file
    answer = served.call("GET", result.attributes["data-href"])
    assert answer.body == file and answer.headers["content-disposition"].endswith("photo%20%3Ci%3E-huepress.png")
    answer = served.call("GET", original.attributes["data-href"])
    assert answer.body == png_bytes(photo) and answer.headers["content-disposition"].endswith("photo%20%3Ci%3E.png")
    for name in ("picture.png", "..", "lock", "viewer.html.png", "result", "map1x0.webp"):
        assert served.call("GET", base + name).status == 404
    for numbers in ("0", "99", "x", "1-2-3", f"{made['number']}-"):
        assert served.call("GET", f"/api/pictures/{identity}/view/{numbers}/viewer.html").status == 404


def with_repeats(frames):
    """Return an animated PNG that shows each frame twice, which Pillow would write as one."""
    height, width = frames[0].shape[:2]
    control = struct.pack(">IIIIHHBB", width, height, 0, 0, 5, 100, 0, 0)
    parts = [b"\x89PNG\r\n\x1a\n", animations.chunk(b"IHDR", struct.pack(">IIBBBBB", width, height, 8, 2, 0, 0, 0))]
    parts.append(animations.chunk(b"acTL", struct.pack(">II", 2 * len(frames), 0)))
    numbers = itertools.count()
    for place, frame in enumerate(each for each in frames for _ in range(2)):
        data = zlib.compress(b"".join(b"\0" + row.tobytes() for row in frame))
        parts.append(animations.chunk(b"fcTL", struct.pack(">I", next(numbers)) + control))
        body = data if place == 0 else struct.pack(">I", next(numbers)) + data
        parts.append(animations.chunk(b"IDAT" if place == 0 else b"fdAT", body))
    return b"".join(parts) + animations.chunk(b"IEND", b"")


def moving(n_frames=5):
    photo = scenes.spheres(72, 48)
    return [np.roll(photo, 5 * number, axis=1) for number in range(n_frames)]


@pytest.mark.parametrize("chosen", [{"n_colors": 6}, {"n_colors": 6, "quality": "40"}, {"resize": "50%"}])
def test_animations_frame_by_frame(served, chosen):
    """Every pixel of every frame, also where frames repeat; scores are those of `huepress.score`."""
    data = with_repeats(moving())
    served.call("PUT", "/api/settings", {"effort": 0, **chosen})
    identity = served.add("a.png", data)
    row = served.finished()[identity]
    assert row["error"] == "" and row["made"]["score"] is not None
    page, (original, result) = viewer_of(served, identity, row["made"]["number"])
    player = page.one("div", class_="player")
    file = served.call("GET", f"/api/pictures/{identity}/result").body
    shown = read_animation(file, max_pixels=10**6)
    frames = json.loads(player.attributes["data-frames"])
    assert [number for number, _, _ in frames] == list(range(shown.n_frames))
    assert player.attributes["data-total"] == str(shown.n_frames) == "5"

    def get(address):
        answer = served.call("GET", address)
        assert answer.status == 200 and answer.headers["content-type"] == "image/webp"
        return answer.body

    after = frames_at(get, result.attributes["data-sheets"], shown.height)
    np.testing.assert_array_equal(after, list(shown.frames()))
    before = frames_at(get, original.attributes["data-sheets"], shown.height)
    if "resize" not in chosen:
        source = without_repeats(read_animation(data, max_pixels=10**6))
        np.testing.assert_array_equal(before, list(source.frames()))
    maps = frames_at(get, result.attributes["data-maps"], shown.height)
    levels = [delta_e_ok_levels(*pair, EDGES) for pair in zip(before, after, strict=True)]
    np.testing.assert_array_equal(maps[..., :3], map_palette()[np.array(levels)])
    scores = [float(each) for each in result.attributes["data-scores"].split()]
    assert len(scores) == 5 and int(result.attributes["data-worst"]) == int(np.argmin(scores))
    if "resize" not in chosen:
        expected = {each.frame: each.ssimulacra2 for each in huepress.score(data, file).moments}
        np.testing.assert_allclose(scores, [expected[2 * number] for number in range(5)], atol=0.11)


@pytest.mark.parametrize("chosen", [{"format": "gif"}, {"format": "webp-lossy"}, {"effort": 1}], ids=str)
def test_goals_leave_the_scores_of_frames_behind(tmp_path, chosen):
    """They were measured on the way: nobody measures them again to show them."""
    source = tmp_path / "a.png"
    source.write_bytes(with_repeats(moving()))
    options = Options.from_keywords({"effort": 0, "quality": "40", **chosen})
    job = Job(str(source), "", None, options=options, folder=str(tmp_path / "made"))
    outcome = do(job, settings_of(job), 1, lambda part: None)
    assert outcome.status == "compressed"
    moments = huepress.score(source.read_bytes(), Path(outcome.output).read_bytes()).moments
    expected = {each.frame: each.ssimulacra2 for each in moments}
    np.testing.assert_allclose(outcome.frame_scores, [expected[2 * number] for number in range(5)], atol=1e-6)


def test_what_is_kept_of_an_animation_repeats_as_its_original(served):
    rng = np.random.default_rng(0)
    data = with_repeats([rng.integers(0, 256, (24, 32, 3), dtype=np.uint8) for _ in range(3)])
    served.call("PUT", "/api/settings", {"effort": 0, "quality": "99-100"})
    identity = served.add("a.png", data)
    row = served.finished()[identity]
    assert row["made"]["kept"]
    _, (original, result) = viewer_of(served, identity, row["made"]["number"])
    sheets = [served.call("GET", each.attributes["data-sheets"]).body for each in (original, result)]
    assert sheets[0] == sheets[1]


def test_earlier_versions_are_still_there(served, run, tmp_path, photo):
    identity = served.add("photo.png", png_bytes(photo))
    files = {}
    for n_colors in (4, 8, 16):
        served.call("PUT", "/api/settings", {"n_colors": n_colors, "effort": 0})
        made = served.finished()[identity]["made"]
        files[made["number"]] = served.call("GET", f"/api/pictures/{identity}/result").body
    plot = served.call("GET", f"/api/pictures/{identity}/frontier").body.decode()
    assert {int(key) for key in re.findall(r'data-key="(\d+)"', plot)} == files.keys()
    first, *_, last = files
    _, figures = viewer_of(served, identity, last, first)
    assert [each.one("figcaption").text for each in figures] == ["Original", "Result", "K = 4, effort 0"]
    for figure, number in zip(figures[1:], (last, first), strict=True):
        assert served.call("GET", figure.attributes["data-href"]).body == files[number]
        assert served.call("GET", figure.one("img", class_="picture").attributes["src"]).body == files[number]
    assert figures[2].attributes["data-command"] == "huepress --no-settings compress --colors 4 --effort 0 -- photo.png"
    (tmp_path / "photo.png").write_bytes(png_bytes(photo))
    run(*shlex.split(figures[2].attributes["data-command"])[1:], cwd=tmp_path)
    assert (tmp_path / "photo-huepress.png").read_bytes() == files[first]
    # Of another size, scores and pixels say something else.
    served.call("PUT", "/api/settings", {"n_colors": 16, "effort": 0, "resize": "100"})
    assert served.finished()[identity]["made"]["number"] not in files
    assert served.call("GET", f"/api/pictures/{identity}/results/{first}").status == 404
    assert served.call("GET", f"/api/pictures/{identity}/frontier").body == b""


def test_versions_that_are_kept_are_bounded(tmp_path):
    """As many and as large as is said; the present one stays in any case."""

    def kept_of(n_bytes, size):
        picture = Picture("1", "a.png", "a.png", "", size, Probe("PNG", 9, 9, False), tmp_path)
        gone = []
        for number in range(20):
            facts = {"bytes_in": size, "bytes_out": n_bytes}
            outcome = FileOutcome(Task("", "", None), "compressed", f"{number}/a.png", facts=facts, ssimulacra2=50.0)
            gone += picture.take(outcome, number, {}, Options(n_colors=2 + number), is_first=False)
        assert sorted(each.number for each in (*gone, *picture.versions.values())) == list(range(20))
        assert picture.made.number == 19 and picture.result(19) is picture.made
        return len(picture.versions)

    assert kept_of(1000, 1000) == 12
    assert kept_of(1 << 20, 1000) == 4
    assert kept_of(1 << 20, 2 << 20) == 8
    assert kept_of(1 << 30, 1000) == 1


@pytest.fixture
def drawn(tmp_path):
    """Draw the views of an animation in this process."""

    def draw(made, **limits):
        source = tmp_path / "source.gif"
        source.write_bytes(made)
        result = tmp_path / "result.gif"
        result.write_bytes(bytes(huepress.compress(made, 4, effort=0)))
        folder = tmp_path / "views"
        folder.mkdir()
        shot = views.Shot(str(result), "Result", "Result", href="/result")
        views.write_views(source.read_bytes(), [shot], Options(jobs=1), folder, "/base/")
        return folder, parse((folder / "viewer.html").read_bytes())

    return draw


def test_frames_are_bounded_and_the_limit_is_said(drawn, monkeypatch):
    monkeypatch.setattr(strips, "MOST_STRIP_PIXELS", 3 * 4096)
    data = animations.make_gif(3, n_frames=9, width=20, height=16).data
    n_frames = without_repeats(read_animation(data, max_pixels=10**6)).n_frames
    folder, page = drawn(data)
    assert f"This page holds 3 of the {n_frames} frames: those around the worst." in page.one("p", class_="note").text
    for figure in page.all("figure"):
        frames = frames_at(
            lambda each: (folder / each.removeprefix("/base/")).read_bytes(), figure.attributes["data-sheets"], 16
        )
        assert len(frames) == 3
    assert page.one("div", class_="viewer").attributes["data-translucent"] == "true"


def test_differences_come_first_where_somebody_waits(drawn, monkeypatch):
    """The order in which sheets are written changes nothing in them."""
    monkeypatch.setattr(strip, "MOST_SHEET_PIXELS", 2 * 20 * 16)
    monkeypatch.setattr(
        views, "draw_differences", lambda *given, **more: parts.append(given[2]) or draw(*given, **more)
    )
    parts, draw = [], strips.draw_differences
    folder, page = drawn(animations.make_png(3, n_frames=9, width=20, height=16).data)
    addresses = page.all("figure")[1].attributes["data-maps"].split()
    assert len(addresses) >= 3 and not list(folder.glob("map*"))
    shot = views.Shot(str(folder.parent / "result.gif"), "Result", "Result")
    written = []
    for waited in ("", addresses[2].removeprefix("/base/")):
        views.write_differences((folder.parent / "source.gif").read_bytes(), [shot], Options(jobs=1), folder, waited)
        written.append([(folder / each.removeprefix("/base/")).read_bytes() for each in addresses])
        for path in folder.glob("map*"):
            path.unlink()
    assert written[0] == written[1]
    assert [part[0] for part in parts] == [0, 4, 0]
    views.write_differences(
        (folder.parent / "source.gif").read_bytes(), [shot], Options(jobs=1), folder, "map0x99999.webp"
    )


def test_drawing_ends_where_nobody_looks_any_more(drawn, tmp_path, monkeypatch):
    """What was left is removed, and the job that finds that out writes nothing again."""
    folder, _ = drawn(animations.make_gif(3, n_frames=9, width=20, height=16).data)
    draw = strips.draw_frames

    def left(animations_, numbers, take, *, quick):
        shutil.rmtree(gone)
        return draw(animations_, numbers, take, quick=quick)

    monkeypatch.setattr(views, "draw_frames", left)
    gone = tmp_path / "gone"
    gone.mkdir()
    shot = views.Shot(str(folder.parent / "result.gif"), "Result", "Result")
    with pytest.raises(InputError, match="nothing to look at"):
        views.write_views((folder.parent / "source.gif").read_bytes(), [shot], Options(jobs=1), gone, "/base/")
    assert not gone.exists()


def test_too_small_animations_have_no_scores(drawn):
    _, page = drawn(animations.make_gif(4, width=7, height=9).data)
    assert "data-scores" not in page.all("figure")[1].attributes


def test_the_estimate_of_sheets_holds():
    assert strips.sheets_set(3) > strips.sheets_set(2) > 2 * 4 * 4_000_000


def test_a_drawing_that_fails_tells_whoever_waits(tmp_path):
    asked = []

    def fail(kind, on_done, name):
        asked.append(kind)
        on_done(failed(Task("", "", None), DecodeError("damaged")))

    drawing = Drawing(tmp_path, fail)
    (tmp_path / "there.webp").write_bytes(b"x")
    assert asyncio.run(drawing.read("there.webp", lambda: False)) == b"x"
    for name in ("missing.webp", "map0x0.webp"):
        with pytest.raises(DecodeError, match="damaged"):
            asyncio.run(drawing.read(name, lambda: False))
    assert asked == ["show", "differ"] and drawing.failed and not drawing.is_whole
    stopped = Drawing(tmp_path, lambda kind, on_done, name: None)
    stopped.stop()
    with pytest.raises(InputError):
        asyncio.run(stopped.read("missing.webp", lambda: False))
    waiting = Drawing(tmp_path, lambda kind, on_done, name: None)
    with pytest.raises(InputError):
        asyncio.run(waiting.read("missing.webp", lambda: True))


def test_labels_of_views_are_escaped(drawn, tmp_path):
    source = tmp_path / "s.png"
    source.write_bytes(png_bytes(scenes.spheres(40, 30)))
    folder = tmp_path / "escaped"
    folder.mkdir()
    shot = views.Shot(str(source), "<b>", "<i>", command="<u>", name='"', href='"><script>')
    views.write_views(source.read_bytes(), [replace(shot)], Options(jobs=1), folder, "/base/")
    text = (folder / "viewer.html").read_text()
    assert "<b>" not in text and "<i>" not in text and "<u>" not in text and "<script>" not in text
