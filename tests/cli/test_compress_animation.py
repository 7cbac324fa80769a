"""``huepress compress`` with animations, as a user calls it."""

import json

import pytest

from animations import make_gif, seen_by_pillow


@pytest.fixture
def moving_gif(tmp_path):
    path = tmp_path / "move.gif"
    path.write_bytes(make_gif(11, n_frames=6, width=40, height=30).data)
    return path


def test_a_gif_stays_one(run, tmp_path, moving_gif):
    done = run("compress", moving_gif, "-k", 4, "--json")
    assert done.returncode == 0, done.stderr
    told = json.loads(done.stdout)
    assert told["status"] == "compressed" and told["format"] == "gif" and told["n_frames"] == 6
    written = tmp_path / "move-huepress.gif"
    assert told["output"] == str(written) and {p.name for p in tmp_path.iterdir()} == {"move.gif", "move-huepress.gif"}
    frames, milliseconds = seen_by_pillow(written.read_bytes())
    assert len(frames) == 6 and milliseconds == seen_by_pillow(moving_gif.read_bytes())[1]
    again = run("compress", moving_gif, "-k", 4)
    assert again.returncode == 5 and b"exists already" in again.stderr


def test_formats_and_names(run, tmp_path, moving_gif):
    for option in ("png", "webp", "gif", "keep"):
        folder = tmp_path / option
        done = run("compress", moving_gif, "-k", 4, "--format", option, "-o", f"{folder}/", "--allow-larger")
        assert done.returncode == 0, done.stderr
        (written,) = folder.iterdir()
        assert written.name == f"move-huepress.{'gif' if option == 'keep' else option}"
        assert len(seen_by_pillow(written.read_bytes())[0]) == 6
        assert b"6 frames" in done.stdout


def test_standard_input_and_output(run, moving_gif):
    done = run("compress", "-", "-k", 4, "--palette-per-frame", "--allow-larger", input=moving_gif.read_bytes())
    assert done.returncode == 0 and done.stdout.startswith(b"GIF89a") and len(seen_by_pillow(done.stdout)[0]) == 6


def test_what_is_no_smaller_is_kept(run, tmp_path):
    path = tmp_path / "small.gif"
    data = make_gif(1, n_frames=2, width=3, height=3).data
    path.write_bytes(data)
    done = run("compress", path, "--format", "png", "-o", f"{tmp_path}/out/")
    assert done.returncode == 0 and b"original kept" in done.stdout
    assert (tmp_path / "out" / "small-huepress.gif").read_bytes() == data


@pytest.mark.parametrize(
    ("arguments", "code", "sentence"),
    [
        (["--palette-per-frame", "--format", "png"], 2, b"one palette for all frames"),
        (["--max-pixels", "50"], 6, b"--max-pixels"),
    ],
)
def test_refusals(run, tmp_path, moving_gif, arguments, code, sentence):
    done = run("compress", moving_gif, *arguments)
    assert done.returncode == code and sentence in done.stderr and b"Traceback" not in done.stderr
    assert [p.name for p in tmp_path.iterdir()] == ["move.gif"]


def test_a_cut_animation_is_an_error(run, tmp_path, moving_gif):
    data = moving_gif.read_bytes()
    moving_gif.write_bytes(data[: len(data) * 2 // 3])
    done = run("compress", moving_gif)
    assert done.returncode == 4 and done.stderr.count(b"\n") == 1 and b"cut off" in done.stderr
    assert [p.name for p in tmp_path.iterdir()] == ["move.gif"]


def test_still_gifs_are_pictures(run, tmp_path):
    path = tmp_path / "still.gif"
    path.write_bytes(make_gif(2, n_frames=1, width=60, height=60).data)
    done = run("compress", path, "-k", 2, "--allow-larger")
    assert done.returncode == 0 and (tmp_path / "still-huepress.png").exists()
    assert run("compress", path, "--format", "gif").returncode == 2
