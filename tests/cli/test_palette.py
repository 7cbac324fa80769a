import json
import os
import subprocess
import sys

import numpy as np
import pytest
from PIL import Image

import huepress
from conftest import HANG, png_bytes
from huepress.options import PALETTE_FORMATS


def one_sentence(done, code):
    text = done.stderr.decode()
    assert done.returncode == code, text
    assert text.startswith("huepress: ") and text.count("\n") == 1 and "Traceback" not in text, text
    return text


@pytest.fixture
def flag_file(tmp_path):
    pixels = np.zeros((10, 10, 3), dtype=np.uint8)
    pixels[:6] = 255, 0, 0
    pixels[6:9] = 255, 255, 255
    path = tmp_path / "flag.png"
    path.write_bytes(png_bytes(pixels))
    return path


def test_shows_colors_shares_and_names(run, flag_file):
    done = run("palette", flag_file)
    assert done.returncode == 0 and done.stderr == b""
    assert [line.split() for line in done.stdout.decode().splitlines()] == [
        ["#ff0000", "60.0", "%", "red"],
        ["#ffffff", "30.0", "%", "white"],
        ["#000000", "10.0", "%", "black"],
    ]
    assert run("palette", flag_file, "-k", 2).stdout.count(b"\n") == 2


@pytest.mark.skipif(sys.platform == "win32", reason="needs a pseudo-terminal")
def test_swatches_on_a_terminal(huepress_program, flag_file):
    program = f"import pty, sys; sys.exit(pty.spawn([{str(huepress_program)!r}, 'palette', {str(flag_file)!r}]))"
    env = {**os.environ, "TERM": "xterm-256color", "COLORTERM": "truecolor"}
    env.pop("NO_COLOR", None)
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, env=env, timeout=HANG)
    assert b"\x1b[48;2;255;0;0m" in done.stdout and b"#ff0000" in done.stdout


@pytest.mark.parametrize("kind", PALETTE_FORMATS)
def test_files_read_back(run, photo_file, tmp_path, kind):
    done = run("palette", photo_file, "-k", 5, "-o", f"p.{kind}")
    assert done.returncode == 0, done.stderr
    assert huepress.load_palette(tmp_path / f"p.{kind}").hex() == huepress.extract_palette(photo_file, 5).palette.hex()
    if kind in ("ase", "css"):
        assert run("palette", photo_file, "-k", 5, "--format", kind).stdout == (tmp_path / f"p.{kind}").read_bytes()


def test_json(run, flag_file):
    rows = json.loads(run("palette", flag_file, "--format", "json").stdout)["colors"]
    assert rows[0] == {"hex": "#ff0000", "rgb": [255, 0, 0], "share": 0.6, "name": "red"}


def test_many_inputs(run, flag_file, photo_file, tmp_path):
    done = run("palette", flag_file, photo_file, "missing.png", "-k", 2)
    assert done.returncode == 1 and done.stdout.decode().startswith(f"{flag_file}:\n#")
    done = run("palette", flag_file, photo_file, "-o", "out/", "--format", "gpl")
    assert done.returncode == 0, done.stderr
    assert sorted(p.name for p in (tmp_path / "out").iterdir()) == ["flag-palette.gpl", "photo-palette.gpl"]
    both = run("palette", flag_file, photo_file, "--shared-palette", "-k", 4, "-o", "both.json")
    assert both.returncode == 0
    shares = {row["hex"]: row["share"] for row in json.loads((tmp_path / "both.json").read_text())["colors"]}
    assert len(shares) == 4 and sum(shares.values()) == pytest.approx(1, abs=1e-5)


@pytest.mark.parametrize(
    ("arguments", "code", "says"),
    [
        (["missing.png"], 3, "no such file"),
        (["flag.png", "-o", "x.xyz"], 2, "extension"),
        (["flag.png", "-o", "flag.png"], 5, "replace an input"),
        (["flag.png", "flag.png", "--format", "hex"], 2, "only one palette"),
        (["flag.png", "--palette", "nope.act"], 3, "no such file"),
        (["flag.png", "--palette", "#f00,#fff", "--pin", "#000"], 2, "exclude"),
    ],
)
def test_errors_are_one_sentence(run, flag_file, arguments, code, says):
    assert says in one_sentence(run("palette", *arguments), code)


def test_compress_to_a_palette(run, photo_file, tmp_path):
    (tmp_path / "warm.gpl").write_text("GIMP Palette\n255 0 0\n10 10 10\n255 255 255\n200 180 90\n255 0 0\n")
    done = run("compress", photo_file, "--palette", "warm.gpl", "-o", "warm.png", "-q")
    assert done.returncode == 0, done.stderr
    with Image.open(tmp_path / "warm.png") as image:
        assert image.getpalette() == [255, 0, 0, 10, 10, 10, 255, 255, 255, 200, 180, 90, 255, 0, 0]
    again = run("compress", photo_file, "--palette", "warm.png", "-o", "-", "-q")
    assert again.stdout == (tmp_path / "warm.png").read_bytes(), "an indexed image is a palette, too"
    listed = run("compress", photo_file, "--palette", "#f00,0a0a0a,#ffffffff,#c8b45a,#f00", "-o", "-", "-q")
    assert listed.stdout == again.stdout
    assert "more than the 4 asked for" in one_sentence(run("compress", photo_file, "--palette", "warm.gpl", "-k", 4), 2)
    (tmp_path / "bad.ase").write_bytes(b"ASEF\0\1\0\0\0\0\0\5")
    assert "bad.ase: the palette is damaged" in one_sentence(run("compress", photo_file, "--palette", "bad.ase"), 4)
    assert "'#f00,#zz'" in one_sentence(run("compress", photo_file, "--palette", "#f00,#zz"), 2)


def test_pinned_colors(run, photo_file):
    done = run("compress", photo_file, "-k", 6, "--pin", "#ff0000, #0F0", "--json")
    palette = json.loads(done.stdout)["palette"]
    assert len(palette) == 6 and {"#ff0000", "#00ff00"} <= set(palette)
    assert "3 colors are pinned" in one_sentence(run("compress", photo_file, "-k", 2, "--pin", "#000,#111,#222"), 2)


@pytest.mark.parametrize("more", [[], ["--effort", "3"]])
def test_one_palette_for_all(run, photo, sunset, badge, tmp_path, more):
    for name, pixels in (("a", photo[:60, :90]), ("b", sunset[:40]), ("c", badge[:30])):
        (tmp_path / f"{name}.png").write_bytes(png_bytes(pixels))
    Image.fromarray(photo[:40, :40]).save(tmp_path / "tiny.jpg", quality=2)  # smaller than any result
    names = ["a.png", "b.png", "c.png", "tiny.jpg"]
    done = run("compress", *names, "missing.png", "--shared-palette", "-k", 16, "-o", "out", "--json", *more)
    assert done.returncode == 1 and b"missing.png: no such file" in done.stderr
    rows = [json.loads(line) for line in done.stdout.splitlines()]
    assert [row["status"] for row in rows] == ["compressed"] * 4 + ["failed"]
    palette = rows[0]["palette"]
    assert len(palette) == 16 and all(row["palette"] == palette for row in rows[:4])
    for name in names:
        with Image.open(tmp_path / "out" / f"{name.split('.')[0]}-huepress.png") as image:
            colors = np.array(image.getpalette(), dtype=np.uint8).reshape(-1, 3)
            assert ["#" + bytes(c).hex() for c in colors] == [entry[:7] for entry in palette]


def test_one_palette_for_standard_input_and_files(run, photo, photo_file, tmp_path):
    done = run("compress", "-", photo_file, "--shared-palette", "-k", 4, "-o", "out", "-q", input=png_bytes(photo[:50]))
    assert done.returncode == 0, done.stderr
    assert sorted(p.name for p in (tmp_path / "out").iterdir()) == ["photo-huepress.png", "stdin-huepress.png"]


def test_no_input_for_a_shared_palette(run):
    done = run("compress", "x.png", "y.png", "--shared-palette", "-o", "out")
    assert done.returncode == 1 and done.stderr.count(b"no such file") == 2
    done = run("compress", "x.png", "--shared-palette", "--palette", "#000,#fff")
    assert "give one of the two" in one_sentence(done, 2)


def test_one_color(run, photo_file):
    done = run("palette", photo_file, "-k", "1")
    lines = done.stdout.decode().splitlines()
    assert done.returncode == 0 and len(lines) == 2
    assert lines[0].endswith("(mean)") and "100.0 %" in lines[0] and lines[1].endswith("(most frequent)")
    done = run("palette", photo_file, "-k", "1", "-o", "one.gpl")
    assert done.returncode == 0 and b": 1 color\n" in done.stdout
    assert run("palette", photo_file, "-k", "0").returncode == 2
