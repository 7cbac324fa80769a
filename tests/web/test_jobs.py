"""What becomes of pictures that are dropped: results, changes of mind, and archives."""

import io
import itertools
import os
import re
import shlex
import subprocess
import sys
import zipfile

import numpy as np
import pytest
from PIL import Image

import scenes
from conftest import HANG, png_bytes
from huepress.errors import DecodeError, LimitError
from huepress.web import uploads
from huepress.web.choices import fields, first_looks, options_for
from huepress.web.jobs import Job, Source, cost_of_job


def jpeg_bytes(pixels):
    buffer = io.BytesIO()
    Image.fromarray(pixels).save(buffer, "JPEG", quality=90)
    return buffer.getvalue()


def noise(width, height):
    return np.random.default_rng(1).integers(0, 256, (height, width, 3), dtype=np.uint8)


CHOSEN = [
    {},
    {"n_colors": "16", "effort": 2, "dither": "none"},
    {"quality": "60-80"},
    {"max_size": "9.5kB", "effort": 3},
    {"format": "auto", "pin": "#ff0000,#123"},
    {"format": "webp", "rate": 1.2345678, "effort": 1},
    {"resize": "50%", "palette": "#000,#fff,#f00,#0f0,#00f", "effort": 1},
    {"effort": 0, "n_colors": 8, "init": "random", "seed": 7, "n_init": 2, "tol": 0.000123456789},
]


def test_the_copied_command_makes_the_same_bytes(served, run, tmp_path, photo):
    """Every setting that the page has is said in full, and the work is the command's."""
    name, data = "my photo's.jpg", jpeg_bytes(photo)
    for number, chosen in enumerate(CHOSEN):
        identity = served.add(name, data)
        assert served.call("PUT", f"/api/pictures/{identity}/settings", chosen).status == 200
        row = served.finished()[identity]
        assert row["error"] == "" and not row["made"]["is_first"]
        folder = tmp_path / str(number)
        folder.mkdir()
        (folder / name).write_bytes(data)
        program, *arguments = shlex.split(row["command"])
        assert program == "huepress"
        done = run(*arguments, cwd=folder)
        assert done.returncode == 0, done.stderr
        (made,) = [each for each in folder.iterdir() if each.name != name]
        answer = served.call("GET", f"/api/pictures/{identity}/result")
        assert made.read_bytes() == answer.body and made.name == "my photo's-huepress" + made.suffix
        assert answer.headers["content-disposition"].endswith(f"my%20photo%27s-huepress{made.suffix}")
        assert row["made"]["bytes"] == len(answer.body)


def test_quick_looks_come_before_the_result(served):
    """Plain k-means at once, then the quickest search, then what was asked for; each better than the one before."""
    served.call("PUT", "/api/settings", {"effort": 4})
    identity = served.add("photo.png", png_bytes(scenes.spheres(600, 400)))
    seen = served.rows_when(lambda rows: identity in rows and rows[identity]["made"])
    look = seen[identity]["made"]
    assert look["is_first"] and seen[identity]["thumbnail"]
    thumbnail = served.call("GET", f"/api/pictures/{identity}/thumbnail")
    assert Image.open(io.BytesIO(thumbnail.body)).size == (160, 107)
    scored = served.rows_when(lambda rows: identity in rows and rows[identity]["made"]["words"])
    assert scored[identity]["made"]["number"] > look["number"] or look["words"]
    assert not served.finished()[identity]["made"]["is_first"]


def test_a_shared_palette_counts_its_largest_picture(tmp_path):
    sizes = {"a.png": 40, "b.png": 400, "c.png": 20}
    for name, side in sizes.items():
        (tmp_path / name).write_bytes(png_bytes(noise(side, side)))
    paths = [str(tmp_path / name) for name in sizes]
    each = [cost_of_job(Job("", "", None, kind="shared", sources=(Source(path),))) for path in paths]
    together = cost_of_job(Job("", "", None, kind="shared", sources=tuple(map(Source, paths))))
    assert together == max(each) == each[1] > each[0]


def test_the_page_does_not_speak_of_the_command_line():
    assert not [field.name for field in fields() if re.search(r"(^|\s)--?\w|FILE", field.help)]


@pytest.mark.parametrize("effort, looks", [(0, []), (1, [0]), (2, [0, 1]), (9, [0, 1])])
def test_looks_are_quicker_than_what_is_asked_for(effort, looks):
    found = first_looks(options_for({"effort": effort, "quality": "70", "dither": "none"}))
    assert [look.effort for look in found] == looks
    assert all((look.goal, look.dither, look.png_writer) == (None, "none", "zlib") for look in found)


def test_a_change_gives_up_what_is_stale(served):
    """The workers that are at stale jobs are stopped: the last result is there before they could have ended."""
    served.call("PUT", "/api/settings", {"effort": 9, "quality": "90"})
    for number in range(4):
        served.add(f"{number}.png", png_bytes(noise(700 + number, 700)))
    served.rows_when(lambda rows: any(row["stage"] == "working" for row in rows.values()))
    served.call("PUT", "/api/settings", {"effort": 0, "n_colors": 4})
    rows = served.finished()
    assert all(row["made"]["palette"] and len(row["made"]["palette"]) == 4 for row in rows.values())
    for identity in rows:
        result = served.call("GET", f"/api/pictures/{identity}/result").body
        assert len(Image.open(io.BytesIO(result)).getcolors()) == 4
    kept = [path for path in served.home.rglob("*") if path.is_file() and path.suffix == ".png"]
    versions = [served.call("GET", f"/api/pictures/{identity}/frontier").body.count(b"data-key") for identity in rows]
    assert len(kept) == sum(1 + max(1, each) for each in versions)  # sources and versions: what was stale is gone


def test_the_page_says_what_the_command_says(served, photo):
    """Advice, what was converted, and what would make a picture smaller that is kept as it is."""
    deep, jpeg = io.BytesIO(), io.BytesIO()
    ramp = (photo[..., 0].astype(np.uint16) * 257) ^ 3
    Image.fromarray(ramp).save(deep, "PNG")
    Image.fromarray(photo).save(jpeg, "JPEG", quality=30)
    served.call("PUT", "/api/settings", {"effort": 1, "advise": True})
    one, other = served.add("deep.png", deep.getvalue()), served.add("photo.jpg", jpeg.getvalue())
    rows = served.finished()
    converted, kept = rows[one]["made"], rows[other]["made"]
    assert any("16 bits" in each for each in converted["remarks"])
    assert any("at the same score" in each and " as AVIF" in each for each in converted["remarks"])
    assert converted["palette"] and converted["n_colors"] == len(converted["palette"])
    assert kept["kept"] and any("\u201cFormat: smallest\u201d" in each for each in kept["remarks"])
    # It has no palette, and its own number of colors.
    shown = np.unique(np.asarray(Image.open(jpeg)).reshape(-1, 3), axis=0)
    assert kept["palette"] == [] and kept["n_colors"] == len(shown) > 256


def test_settings_of_one_picture_are_its_own(served, photo):
    one, other = (served.add(name, png_bytes(photo)) for name in ("a.png", "b.png"))
    served.call("PUT", f"/api/pictures/{one}/settings", {"n_colors": 4})
    served.call("PUT", "/api/settings", {"n_colors": 8, "effort": 1})
    rows = served.finished()
    assert [len(rows[each]["made"]["palette"]) for each in (one, other)] == [4, 8]
    served.call("PUT", f"/api/pictures/{one}/settings", None)  # JSON's null
    answer = served.raw("PUT", f"/api/pictures/{one}/settings", b"null", served.own)
    assert answer.status == 200
    assert len(served.finished()[one]["made"]["palette"]) == 8


def test_wrong_settings_are_refused_as_a_whole(served):
    assert served.call("PUT", "/api/settings", {"n_colors": 16}).status == 200
    for wrong, words in (
        ({"n_colors": 1}, "2"),
        ({"effort": "many"}, "whole number"),
        ({"quality": 70, "max_size": "1kB"}, "exclude"),
        ({"jobs": 1}, "no setting"),
        ({"max_pixels": 10**9}, "no setting"),
        ({"nonsense": 1}, "no setting"),
        ({"palette": ["#fff"]}, "palette"),
        ({"palette_per_frame": "yes"}, "true or false"),
        ([1], "object"),
    ):
        answer = served.call("PUT", "/api/settings", wrong)
        assert answer.status == 422 and words in answer.json["error"], answer.body
    assert served.raw("PUT", "/api/settings", b"{" * 60_000, served.own).status == 422
    assert next(served.states())["chosen"] == {"n_colors": 16}


def test_archives_come_in_and_go_out(served, photo, badge):
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("../../evil/a.png", png_bytes(photo))
        archive.writestr("b/a.png", png_bytes(badge))
        archive.writestr("notes.txt", b"no picture")
        archive.writestr("__MACOSX/._a.png", b"clutter")
    answer = served.call("POST", "/api/pictures?name=all.zip", buffer.getvalue())
    assert len(answer.json["taken"]) == 2 and answer.json["refused"] == ["notes.txt: not an image of a known format"]
    served.add("b/a.png", png_bytes(photo[:100]))
    served.call("PUT", "/api/settings", {"effort": 0})
    served.finished()
    answer = served.call("GET", "/api/results.zip")
    with zipfile.ZipFile(io.BytesIO(answer.body)) as archive:
        assert archive.testzip() is None
        assert archive.namelist() == ["evil/a-huepress.png", "b/a-huepress.png", "b/a-huepress-2.png"]
        for name in archive.namelist():
            Image.open(io.BytesIO(archive.read(name))).load()


def unpack(path):
    numbers = itertools.count()
    return list(
        uploads.unpacked(path, lambda name: path.with_name(f"{path.name}.{next(numbers)}.{os.urandom(4).hex()}"))
    )


def test_an_archive_that_unpacks_without_end_is_cut_off(tmp_path, monkeypatch):
    bomb = tmp_path / "bomb.zip"
    with zipfile.ZipFile(bomb, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("a.png", bytes(3_000_000))
    monkeypatch.setattr(uploads, "MOST_UNPACKED", 2_000_000)
    with pytest.raises(LimitError):
        unpack(bomb)
    monkeypatch.setattr(uploads, "MOST_UNPACKED", 1 << 30)
    monkeypatch.setattr(uploads, "MOST_UPLOAD", 2_000_000)
    with pytest.raises(LimitError):
        unpack(bomb)
    (tmp_path / "broken.zip").write_bytes(bomb.read_bytes()[:-30])
    with pytest.raises(DecodeError):
        unpack(tmp_path / "broken.zip")


@pytest.mark.parametrize("comment", [b"", b"PK\x05\x06 and more", b"x" * 60_000])
def test_the_list_of_an_archive_is_counted_before_it_is_read(tmp_path, monkeypatch, comment):
    path = tmp_path / "many.zip"
    with zipfile.ZipFile(path, "w") as archive:
        for number in range(30):
            archive.writestr(f"{number}.png", b"x")
        archive.comment = comment
    if not comment.startswith(b"PK"):  # which looks like another end: damaged
        assert len(unpack(path)) == 30
    monkeypatch.setattr(uploads, "_MOST_LISTED", 1000)
    monkeypatch.setattr(zipfile, "ZipFile", None)  # it is not even asked
    with pytest.raises((LimitError, DecodeError)):
        unpack(path)


def test_an_archive_in_the_long_form_is_refused(tmp_path, monkeypatch):
    path = tmp_path / "long.zip"
    monkeypatch.setattr(zipfile, "ZIP_FILECOUNT_LIMIT", 2)
    with zipfile.ZipFile(path, "w") as archive:
        for number in range(4):
            archive.writestr(f"{number}.png", b"x")
    with pytest.raises(LimitError):
        unpack(path)


def test_palettes_come_from_files_and_from_all_pictures(served, photo, badge):
    palette = served.call("POST", "/api/palette", b"#ff0000\n#00ff00\n")
    assert palette.json == {"palette": "#ff0000,#00ff00"}
    assert served.call("POST", "/api/palette", b"\0nothing").status == 400
    for name, pixels in (("a.png", photo), ("b.png", badge)):
        served.add(name, png_bytes(pixels))
    served.call("PUT", "/api/settings", {"n_colors": 12, "effort": 0})
    shared = served.call("POST", "/api/shared-palette", b"").json["palette"]
    assert shared.count("#") == 12
    served.call("PUT", "/api/settings", {"palette": shared, "effort": 0})
    rows = served.finished()
    assert {",".join(row["made"]["palette"]) for row in rows.values()} == {shared}


def test_removed_is_removed(served, photo):
    one, other = (served.add(name, png_bytes(photo)) for name in ("a.png", "b.png"))
    assert served.call("DELETE", f"/api/pictures/{one}").status == 204
    assert served.call("DELETE", f"/api/pictures/{one}").status == 404
    assert list(served.finished()) == [other]
    assert len(list(served.home.rglob("picture.png"))) == 1


def test_a_missing_extra_is_told_in_one_sentence(run, tmp_path):
    (tmp_path / "starlette.py").write_text("raise ImportError")
    done = run("serve", "--no-open", env={"PYTHONPATH": str(tmp_path)})
    assert done.returncode == 2 and done.stderr.count(b"\n") == 1 and b"pip install 'huepress[serve]'" in done.stderr


@pytest.mark.parametrize(
    "arguments, words",
    [
        (["--memory", "1MB"], b"memory must be"),
        (["--host", "256.1.1.1"], b"cannot be listened on"),
        (["nowhere"], b"no such folder"),
        ([__file__], b"a file, not a folder; give its folder"),
        (["--memory", "much"], b"memory takes"),
    ],
)
def test_what_cannot_be_had_is_told_in_one_sentence(run, arguments, words):
    done = run("serve", "--no-open", *arguments)
    assert done.returncode in (2, 3) and done.stderr.count(b"\n") == 1 and words in done.stderr


def test_a_port_that_is_taken(served, run):
    done = run("serve", "--no-open", "--port", served.port)
    assert done.returncode == 2 and done.stderr.count(b"\n") == 1 and b"choose another port" in done.stderr


def test_what_workers_are_forked_from_is_ready_and_has_no_threads():
    program = (
        "import sys, threading, huepress.web.preloaded; from PIL import Image; from huepress.web.jobs import do; "
        "print('TGA' in Image.OPEN, threading.active_count(), 'starlette' in sys.modules)"
    )
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, timeout=HANG, check=True)
    assert done.stdout.split() == ["True", "1", "False"]
