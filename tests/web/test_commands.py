"""The copied command makes the same bytes, whatever the file is called and whatever is set outside."""

import io
import os
import subprocess
import zipfile

import pytest
from PIL import Image

import scenes
from conftest import png_bytes, wait_until
from huepress.web.uploads import given_name, safe_name
from huepress.wording import quoted
from web.served import serving

NAMES = [
    "photo.png",
    "a 'q\" $(b)`c`\\d.png",
    "-dash.png",
    "at 10.00\u202fAM.png",
    "no\u00a0break.png",
    "\U0001f468\u200d\U0001f469\u200d\U0001f467.png",
    "\u0645\u06cc\u200c\u062e\u0648\u0627\u0647\u0645.png",
    "new\nline'.png",
    "tab\t1\x7f.png",
    "rtl\u202egnp.png",
    " blank .png",
]


def in_shell(program, command, cwd, **env):
    path = f"{program.parent}{os.pathsep}{os.environ['PATH']}"
    return subprocess.run(
        ["bash", "-c", command], cwd=cwd, env={**os.environ, "PATH": path, **env}, capture_output=True
    )


def results(folder):
    return {path.name: path.read_bytes() for path in folder.iterdir() if "-huepress" in path.name}


@pytest.mark.parametrize("word", [*NAMES, "", "*", "\udcff\x01" + "7.png", "a" * 300, "\u202e\\'"])
def test_words_are_quoted_for_a_shell(word):
    told = subprocess.run(["bash", "-c", f"printf %s {quoted(word)}"], capture_output=True, check=True).stdout
    assert told == os.fsencode(word) and quoted(word).isprintable()


@pytest.mark.parametrize("how", ["folder", "dropped", "zip"])
def test_any_name_is_found_by_the_command(huepress_program, tmp_path, how):
    folder = tmp_path / "pictures"
    folder.mkdir()
    pixels = scenes.spheres(24, 16)
    for number, name in enumerate(NAMES):
        (folder / name).write_bytes(png_bytes(pixels[: 16 - number]))
    with serving(huepress_program, *(["pictures"] if how == "folder" else []), cwd=tmp_path) as served:
        served.call("PUT", "/api/settings", {"effort": 0, "n_colors": 4})
        if how == "dropped":
            for name in NAMES:
                served.add(name, (folder / name).read_bytes())
        elif how == "zip":
            buffer = io.BytesIO()
            with zipfile.ZipFile(buffer, "w") as archive:
                for name in NAMES:
                    archive.writestr(name, (folder / name).read_bytes())
            served.add("all.zip", buffer.getvalue())
        wait_until(lambda: len(next(served.states())["rows"]) == len(NAMES), served.process)
        rows = served.finished()
        assert all(row["name"].isprintable() for row in rows.values())
        expected = [served.call("GET", f"/api/pictures/{identity}/result").body for identity in rows]
    for row in rows.values():
        assert row["command"].isprintable()
        done = in_shell(huepress_program, row["command"], tmp_path if how == "folder" else folder)
        assert done.returncode == 0, (row["name"], done.stderr)
    assert sorted(results(folder).values()) == sorted(expected)


@pytest.mark.parametrize("name", ["C:\\w\\x.png", "c:w/x.png", "../C:/w/./x.png", "C: D:w//x.png", "/w\n/x.png"])
def test_names_lead_nowhere(name):
    """Neither in our own archives, on any system, nor out of the folder that a command is called in."""
    assert safe_name(name) == "w/x.png"
    assert not {"", ".", ".."} & set(given_name(name).split("/"))


def test_what_is_set_outside_does_not_count(huepress_program, tmp_path):
    """A project's settings, and variables of the environment: both are heard by commands, not by the page."""
    (tmp_path / "huepress.toml").write_text("[compress]\ncolors = 8\n")
    (tmp_path / "a.png").write_bytes(png_bytes(scenes.spheres(60, 40)))
    outside = {"HUEPRESS_COMPRESS_DITHER": "none", "HUEPRESS_COMPRESS_EFFORT": "0"}
    with serving(huepress_program, ".", cwd=tmp_path, env={**os.environ, **outside}) as served:
        wait_until(lambda: len(next(served.states())["rows"]) == 1, served.process)
        ((identity, row),) = served.finished().items()
        expected = served.call("GET", f"/api/pictures/{identity}/result").body
    assert row["made"]["n_colors"] > 8
    done = in_shell(huepress_program, row["command"], tmp_path, **outside)
    assert done.returncode == 0, done.stderr
    assert list(results(tmp_path).values()) == [expected]


def test_the_limit_of_pixels_is_said(huepress_program, tmp_path):
    buffer = io.BytesIO()
    Image.new("1", (14000, 13000)).save(buffer, "PNG")
    with serving(huepress_program, "--max-pixels", "500000000", cwd=tmp_path) as served:
        served.call("PUT", "/api/settings", {"effort": 0, "n_colors": 2})
        served.add("huge.png", buffer.getvalue())
        served.add("small.png", png_bytes(scenes.spheres(24, 16)))
        rows = {row["name"]: row["command"] for row in next(served.states())["rows"]}
    assert "--max-pixels 500000000" in rows["huge.png"]
    (tmp_path / "huge.png").write_bytes(buffer.getvalue())
    done = in_shell(huepress_program, f"{rows['huge.png'].replace(' -- ', ' --dry-run -- ')}", tmp_path)
    assert done.returncode == 0, done.stderr
