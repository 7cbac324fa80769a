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
    done = run("compress", moving_gif, "-k", 4, "--effort", 0, "--json")
    assert done.returncode == 0, done.stderr
    told = json.loads(done.stdout)
    assert told["status"] == "compressed" and told["format"] == "gif" and told["n_frames"] == 6
    written = tmp_path / "move-huepress.gif"
    assert told["output"] == str(written) and {p.name for p in tmp_path.iterdir()} == {"move.gif", "move-huepress.gif"}
    frames, milliseconds = seen_by_pillow(written.read_bytes())
    assert len(frames) == 6 and milliseconds == seen_by_pillow(moving_gif.read_bytes())[1]
    again = run("compress", moving_gif, "-k", 4, "--effort", 0)
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
    assert run("compress", path, "-k", 2, "--format", "gif", "--allow-larger").returncode == 0
    assert (tmp_path / "still-huepress.gif").read_bytes().startswith(b"GIF89a")


def test_the_name_decides(run, tmp_path, moving_gif):
    for name, start in (("a.png", b"\x89PNG"), ("a.apng", b"\x89PNG"), ("a.webp", b"RIFF"), ("a.gif", b"GIF89a")):
        done = run("compress", moving_gif, "-k", 4, "-o", tmp_path / name, "--allow-larger")
        assert done.returncode == 0, done.stderr
        data = (tmp_path / name).read_bytes()
        assert data.startswith(start) and len(seen_by_pillow(data)[0]) == 6
    for name, code in (("a.jxl", 2), ("a.jpg", 2), ("a.bmp", 5)):
        done = run("compress", moving_gif, "-k", 4, "-o", tmp_path / name, "--allow-larger")
        assert done.returncode == code and done.stderr.count(b"\n") == 1 and not (tmp_path / name).exists()


def test_a_shared_palette(run, tmp_path, moving_gif):
    other = tmp_path / "other.gif"
    other.write_bytes(make_gif(12, n_frames=3, width=40, height=30).data)
    done = run("compress", moving_gif, other, "-k", 6, "--shared-palette", "--json", "-o", f"{tmp_path}/set/")
    assert done.returncode == 0, done.stderr
    colors = set()
    for path in (tmp_path / "set").iterdir():
        for frame in seen_by_pillow(path.read_bytes())[0]:
            colors |= {bytes(color) for color in frame.reshape(-1, 4) if color[3]}
    assert 2 < len(colors) <= 6


def test_a_damaged_input_does_not_stop_the_others(run, tmp_path, moving_gif):
    damaged = bytearray(moving_gif.read_bytes())
    damaged[-60:-2] = bytes(58)
    (tmp_path / "bad.gif").write_bytes(bytes(damaged))
    done = run("compress", moving_gif, tmp_path / "bad.gif", "-k", 6, "--shared-palette", "-o", f"{tmp_path}/set/")
    assert done.returncode == 1 and done.stderr.count(b"\n") == 1 and b"bad.gif" in done.stderr
    assert [path.name for path in (tmp_path / "set").iterdir()] == ["move-huepress.gif"]


def test_a_size_that_a_named_animation_misses_is_an_error(run, moving_gif, tmp_path):
    done = run("compress", moving_gif, "--max-size", "100B", "-o", tmp_path / "small.gif")
    assert done.returncode != 0 and b"the smallest version takes" in done.stderr
    assert not (tmp_path / "small.gif").exists()
    assert run("compress", moving_gif, "--max-size", "5MB", "-o", tmp_path / "large.gif").returncode == 0


def test_a_poster_replaces_neither_input_nor_result(run, tmp_path, moving_gif):
    data = moving_gif.read_bytes()
    (tmp_path / "link.gif").symlink_to(moving_gif)
    for name in (f"./{moving_gif.name}", "link.gif", "./out.gif"):
        done = run(moving_gif.name, "-o", "out.gif", "--poster", name, "-f")
        assert done.returncode == 2 and b"file of its own" in done.stderr, done.stderr
    assert moving_gif.read_bytes() == data and not (tmp_path / "out.gif").exists()
