"""A folder that is served: what is listed, what is saved, and what never is."""

import io
import os
import shlex

import numpy as np
import pytest
from PIL import Image

from conftest import png_bytes, wait_until
from web.served import saved, serving, serving_folder


@pytest.fixture
def served(huepress_program, tree):
    with serving_folder(huepress_program, tree, effort=1, n_colors=16) as started:
        yield started


def contents(folder):
    return {path: path.read_bytes() for path in sorted(folder.rglob("*")) if path.is_file()}


def test_the_pictures_inside_are_listed_and_no_link_is_followed(served, tree):
    rows = served.finished()
    assert {row["name"] for row in rows.values()} == {"a.png", "sub/a.png"}
    assert not any(row["error"] for row in rows.values())
    state = served.call("GET", "/api/folder").json
    assert state["root"] == str(tree) and state["refused"] == [
        "broken.png: not an image of a known format; leave it out"
    ]


def test_a_picture_that_becomes_a_link_is_not_followed(served, tree):
    """Between the listing and the work somebody puts a link in its place."""
    made = {identity: row["made"]["number"] for identity, row in served.finished().items()}
    (tree / "a.png").unlink()
    (tree / "a.png").symlink_to(tree.parent / "outside" / "secret.png")
    (tree / "sub" / "a.png").unlink()
    (tree / "sub").rmdir()
    (tree / "sub").symlink_to(tree.parent / "outside" / "deep")
    for identity, number in made.items():
        for what in ("original", f"view/{number}/viewer.html", "segments/segments.json"):
            answer = served.call("GET", f"/api/pictures/{identity}/{what}")
            told = "changed on the disk" if what.startswith("view") else "a link, which is not followed"
            assert answer.status == 404 and told in answer.json["error"]
    assert served.call("POST", "/api/shared-palette", {}).json["error"] == "a link, which is not followed"
    served.call("PUT", "/api/settings", {"effort": 1, "n_colors": 8})
    rows = served.finished()
    assert {row["error"] for row in rows.values()} == {"a link, which is not followed"}
    before = contents(tree.parent)
    for how in ("beside", "into", "replace"):
        state = saved(served, how=how, into="small", dry_run=False)
        assert {each["name"]: each["status"] for each in state["files"]} == {"a.png": "failed", "sub/a.png": "failed"}
        assert all("behind a link, which is not followed" in each["told"] for each in state["files"])
    assert {
        path: data for path, data in contents(tree.parent).items() if not path.name.startswith(".huepress")
    } == before


@pytest.mark.parametrize("how", ["beside", "into", "replace"])
def test_first_it_is_tried_and_then_done(served, tree, how, run, tmp_path):
    before = contents(tree.parent)
    state = saved(served, how=how, into="small", dry_run=True)
    assert state["error"] == "" and state["done"] == state["total"] == 2 and "2 would be saved" in state["summary"]
    assert contents(tree.parent) == before
    assert {each["name"] for each in state["files"]} == {"a.png", "sub/a.png"}
    state = saved(served, how=how, into="small", dry_run=False)
    assert state["error"] == "" and state["summary"].startswith("2 saved, 0 kept as they are, 0 failed")
    now = contents(tree.parent)
    names = {
        "beside": ("a-huepress.png", "sub/a-huepress.png"),
        "into": ("small/a.png", "small/sub/a.png"),
        "replace": ("a.png", "sub/a.png"),
    }[how]
    for name in names:
        assert len(Image.open(io.BytesIO(now[tree / name])).getcolors()) <= 16
    changed = {path for path in now if now[path] != before.get(path)}
    ledger = (tree / "small" if how == "into" else tree) / ".huepress-ledger"
    assert changed == {*(tree / name for name in names), ledger}
    if how == "replace":  # what carries the mark is known to every later run, the command's as well
        again = run(
            "compress", "-r", "pictures", "--in-place", "-k", "16", "--effort", "1", "--json", "--include", "a.png"
        )
        assert again.stdout.count(b'"kept"') == 2
        assert contents(tree.parent).keys() == now.keys()


def test_the_copied_command_finds_the_picture(served, tree, run):
    rows = {row["name"]: row for row in served.finished().values()}
    for name, row in rows.items():
        program, *arguments = shlex.split(row["command"])
        assert program == "huepress" and arguments[-1] == str(tree / name)
        run(*arguments)
        made = (tree / name).with_name("a-huepress.png").read_bytes()
        assert made == served.call("GET", f"/api/pictures/{row['id']}/result").body


def test_a_picture_that_becomes_another_is_told_as_what_it_is(served, tree):
    """Neither figures nor pictures of the old one stand beside those of the new one."""
    before = {row["name"]: row for row in served.finished().values()}["a.png"]
    identity, number = before["id"], before["made"]["number"]
    assert served.call("GET", f"/api/pictures/{identity}/view/{number}/viewer.html").status == 200
    larger = Image.open(tree / "sub" / "a.png").resize((300, 200))
    larger.save(tree / "a.png")
    answer = served.call("GET", f"/api/pictures/{identity}/view/{number}/viewer.html")
    assert answer.status == 404 and "changed on the disk" in answer.json["error"]
    row = served.rows_when(lambda rows: rows[identity]["width"] == 300 and rows[identity]["stage"] == "done")[identity]
    assert row["bytes"] == (tree / "a.png").stat().st_size and row["height"] == row["made"]["height"] == 200
    assert row["thumbnail"] != before["thumbnail"] and row["made"]["number"] != number


def test_what_was_replaced_is_told_as_what_it_is_now(served, tree):
    names = {identity: row["name"] for identity, row in served.finished().items()}
    saved(served, how="replace", dry_run=False)
    rows = served.rows_when(lambda rows: all(row["stage"] == "done" and row["made"]["kept"] for row in rows.values()))
    for identity, row in rows.items():
        assert row["bytes"] == row["made"]["bytes"] == (tree / names[identity]).stat().st_size
        answer = served.call("GET", f"/api/pictures/{identity}/view/{row['made']['number']}/viewer.html")
        assert answer.status == 200


def test_pictures_keep_their_own_settings_and_others_are_left_out(served, tree):
    rows = {row["name"]: row["id"] for row in next(served.states())["rows"]}
    served.call("PUT", f"/api/pictures/{rows['a.png']}/settings", {"n_colors": 4, "effort": 1})
    served.call("DELETE", f"/api/pictures/{rows['sub/a.png']}")
    state = saved(served, how="into", into="small", dry_run=False)
    assert [each["name"] for each in state["files"]] == ["a.png"]
    assert len(Image.open(tree / "small" / "a.png").getcolors()) == 4 and not (tree / "small" / "sub").exists()


@pytest.mark.parametrize("change", ["all", "one", "removed", "how", "into", "during"])
def test_only_what_was_tried_is_saved(served, tree, change):
    rows = {row["name"]: row["id"] for row in next(served.states())["rows"]}
    asked = {"how": "into", "into": "small", "dry_run": False}
    before = contents(tree.parent)
    assert served.call("POST", "/api/folder/run", asked).status == 422
    if change == "during":
        assert served.call("POST", "/api/folder/run", {**asked, "dry_run": True}).status == 202
        served.call("PUT", "/api/settings", {"effort": 1, "n_colors": 5})
        wait_until(lambda: not served.call("GET", "/api/folder").json["run"]["running"], served.process)
    else:
        saved(served, **{**asked, "dry_run": True})
        assert served.call("GET", "/api/folder").json["tried"] == {"how": "into", "into": "small"}
    if change == "all":
        served.call("PUT", "/api/settings", {"effort": 1, "n_colors": 5})
    elif change == "one":
        served.call("PUT", f"/api/pictures/{rows['a.png']}/settings", {"effort": 1, "n_colors": 5})
    elif change == "removed":
        served.call("DELETE", f"/api/pictures/{rows['a.png']}")
    asked |= {"how": {"how": "replace"}, "into": {"into": "other"}}.get(change, {})
    assert change in ("how", "into") or served.call("GET", "/api/folder").json["tried"] is None
    answer = served.call("POST", "/api/folder/run", asked)
    assert answer.status == 422 and "try it first" in answer.json["error"]
    assert contents(tree.parent) == before


def test_a_run_that_is_stopped_gives_up_what_it_is_at(huepress_program, tree, tmp_path):
    """And all that it should have tried counts as not tried."""
    noise = np.random.default_rng(0).integers(0, 256, (1500, 1500, 3), dtype=np.uint8)
    for name in ("a.png", "sub/a.png"):  # minutes of work
        (tree / name).write_bytes(png_bytes(noise))
    with serving(huepress_program, "pictures", cwd=tmp_path) as served:
        served.call("PUT", "/api/settings", {"effort": 9, "quality": "60"})
        wait_until(lambda: len(next(served.states())["rows"]) == 2, served.process)
        asked = {"how": "beside", "dry_run": True}
        assert served.call("POST", "/api/folder/run", asked).status == 202
        wait_until(lambda: served.call("GET", "/api/folder").json["run"]["total"] == 2, served.process)
        assert served.call("DELETE", "/api/folder/run").status == 204
        wait_until(lambda: not served.call("GET", "/api/folder").json["run"]["running"], served.process)
        state = served.call("GET", "/api/folder").json
        assert state["run"]["done"] == 0 and state["run"]["summary"].startswith("Stopped.") and state["tried"] is None
        assert served.call("POST", "/api/folder/run", {**asked, "dry_run": False}).status == 422


@pytest.mark.parametrize("into", ["..", "../outside", "/tmp/x", "a/b", "", ".hidden", "a\0b", 7, None])
def test_results_stay_inside(served, tree, into):
    before = contents(tree.parent)
    answer = served.call("POST", "/api/folder/run", {"how": "into", "into": into, "dry_run": False})
    assert answer.status == 422 and contents(tree.parent) == before


def test_a_link_in_the_place_of_the_results_is_not_followed(served, tree):
    (tree / "small").symlink_to(tree.parent / "outside")
    before = contents(tree.parent / "outside")
    answer = served.call("POST", "/api/folder/run", {"how": "into", "into": "small", "dry_run": False})
    assert answer.status == 422 and "link" in answer.json["error"] and contents(tree.parent / "outside") == before


def test_a_link_among_the_results_leads_nowhere(served, tree):
    (tree / "small").mkdir()
    (tree / "small" / "sub").symlink_to(tree.parent / "outside")
    before = contents(tree.parent / "outside")
    state = saved(served, how="into", into="small", dry_run=False)
    assert {each["name"]: each["status"] for each in state["files"]} == {"a.png": "compressed", "sub/a.png": "failed"}
    assert contents(tree.parent / "outside") == before


def test_nonsense_is_refused(served):
    for asked in ({"how": "burn"}, [], 1, {}):
        assert served.call("POST", "/api/folder/run", asked).status == 422
    assert served.raw("POST", "/api/folder/run", b"{", served.own).status == 422


@pytest.mark.parametrize("how", ["beside", "into", "replace"])
def test_what_is_shown_is_what_is_saved(served, tree, how):
    rows = served.finished()
    shown = {row["name"]: served.call("GET", f"/api/pictures/{id}/result").body for id, row in rows.items()}
    saved(served, how=how, into="small", dry_run=False)
    now = contents(tree)
    for name, data in shown.items():
        if how == "replace":  # with a mark behind it
            assert now[tree / name][: len(data) - 12] == data[:-12] and len(now[tree / name]) < len(data) + 64
        else:
            assert now[tree / ("small/" + name if how == "into" else name.replace("a.png", "a-huepress.png"))] == data


def test_results_of_earlier_runs_are_no_sources(huepress_program, tree, tmp_path, run):
    common = ("-k", "16", "--effort", "0")
    run("compress", "-r", "pictures", "--suffix", "-huepress", *common)
    run("compress", "-r", "pictures", "-o", "pictures/small", *common)
    (tree / "small" / "mine.png").write_bytes((tree / "a.png").read_bytes() + b" ")  # none of a run's
    (tree / "alone-huepress.png").write_bytes((tree / "a.png").read_bytes())
    run("compress", "-r", "pictures/sub", "--in-place", *common, "--exclude", "*-huepress*")
    with serving(huepress_program, "pictures", cwd=tmp_path) as served:
        served.call("PUT", "/api/settings", {"effort": 0, "n_colors": 16})
        sources = {"a.png", "sub/a.png", "alone-huepress.png", "small/mine.png"}
        wait_until(lambda: len(next(served.states())["rows"]) >= len(sources), served.process)
        rows = {row["name"]: row for row in served.finished().values()}
        assert rows.keys() == sources
        assert rows["sub/a.png"]["made"]["kept"] and not rows["a.png"]["made"]["kept"]
        assert served.call("GET", "/api/folder").json["results"] >= 4


def raw_video(n_frames=3, width=32, height=24):
    """A video that needs no extra: YUV4MPEG2, each plane as it is."""
    rng = np.random.default_rng(0)
    frames = rng.integers(0, 256, (n_frames, 3 * width * height), dtype=np.uint8)
    header = b"YUV4MPEG2 W%d H%d F10:1 C444\n" % (width, height)
    return header + b"".join(b"FRAME\n" + frame.tobytes() for frame in frames)


@pytest.fixture
def films(tmp_path):
    videos = pytest.importorskip("videos", reason="PyAV is not installed (extra video)")
    root = tmp_path / "films"
    root.mkdir()
    plane = np.arange(24 * 32, dtype=np.uint8).reshape(24, 32)
    (root / "film.MKV").write_bytes(videos.written([[np.roll(plane, 3 * i, axis=1)] * 3 for i in range(4)]))
    (root / "raw.y4m").write_bytes(raw_video())
    return root


@pytest.mark.parametrize("how", ["beside", "into", "replace"])
def test_videos_become_animations_and_are_never_replaced(huepress_program, films, tmp_path, how):
    before = contents(films)
    with serving(huepress_program, "films", cwd=tmp_path) as served:
        served.call("PUT", "/api/settings", {"effort": 0, "n_colors": 8})
        wait_until(lambda: len(next(served.states())["rows"]) == 2, served.process)
        rows = {row["name"]: row for row in served.finished().values()}
        assert {name: (row["format"], row["made"]["format"]) for name, row in rows.items()} == {
            "film.MKV": ("MP4", "GIF"),
            "raw.y4m": ("Y4M", "GIF"),
        }
        assert all(row["error"] == "" and row["made"]["score"] is not None for row in rows.values())
        for identity, row in served.finished().items():  # the file itself, not what of it is shown
            answer = served.call("GET", f"/api/pictures/{identity}/original")
            assert answer.body == before[films / row["name"]] and row["name"] in answer.headers["content-disposition"]
            page = served.call(
                "GET", f"/api/pictures/{identity}/view/{row['made']['number']}/viewer.html"
            ).body.decode()
            assert f'data-file="{row["name"]}" data-href="api/pictures/{identity}/original"' in page
        state = saved(served, how=how, into="small", dry_run=False)
    now = contents(films)
    assert {path: now[path] for path in before} == before
    made = {path.relative_to(films).as_posix() for path in now if path not in before and path.suffix == ".gif"}
    if how == "replace":
        assert made == set() and {each["status"] for each in state["files"]} == {"kept"}
        assert all("stays one in place; save into a folder" in each["note"] for each in state["files"])
    else:
        assert (
            made
            == {
                "beside": {"film-huepress.gif", "raw-huepress.gif"},
                "into": {"small/film.gif", "small/raw.gif"},
            }[how]
        )
        assert all(Image.open(io.BytesIO(now[films / name])).n_frames > 1 for name in made)


def test_without_the_extra_videos_are_counted_and_it_is_said_once(huepress_program, films, tmp_path):
    hidden = tmp_path / "hidden"
    hidden.mkdir()
    (hidden / "sitecustomize.py").write_text("import sys; sys.modules['av'] = None")
    env = {**os.environ, "PYTHONPATH": str(hidden)}
    with serving(huepress_program, "films", cwd=tmp_path, env=env) as served:
        wait_until(lambda: served.call("GET", "/api/folder").json["unread"], served.process)
        rows = served.finished()
        assert [row["name"] for row in rows.values()] == ["raw.y4m"]
        state = served.call("GET", "/api/folder").json
        assert state["unread"] == 1 and state["refused"] == []
        answer = served.call("POST", "/api/pictures?name=film.mkv", (films / "film.MKV").read_bytes())
        assert answer.status == 400 and "pip install 'huepress[video]'" in answer.json["error"]
