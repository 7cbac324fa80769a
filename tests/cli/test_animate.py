"""Pictures that become an animation."""

import io
import tarfile
from fractions import Fraction

import numpy as np
import pytest
from PIL import Image

from animations import seen_by_pillow
from conftest import png_bytes
from huepress.errors import HuepressError
from huepress.formats.frame_list import join_frames
from huepress.formats.reading import read_animation

COLORS = [(250, 10, 10), (10, 250, 10), (10, 10, 250), (250, 250, 10)]


def flat(color, size=(12, 16)):
    return np.full((*size, len(color)), color, np.uint8)


@pytest.fixture
def frames(tmp_path):
    folder = tmp_path / "frames"
    folder.mkdir()
    for number, color in zip((1, 2, 9, 10), COLORS, strict=True):
        (folder / f"f{number}.png").write_bytes(png_bytes(flat(color)))
    (folder / "notes.txt").write_text("no picture")
    (folder / ".f3.png").write_bytes(b"hidden")
    return folder


def colors_of(path):
    return [tuple(frame[0, 0, :3]) for frame in seen_by_pillow(path.read_bytes())[0]]


def test_a_folder_in_the_order_of_its_numbers(run, frames, tmp_path):
    done = run("--animate", "frames", "--rate", "0")
    assert done.returncode == 0 and done.stdout.startswith(b"4 pictures of frames -> frames-huepress.gif: "), done
    made = tmp_path / "frames-huepress.gif"
    assert colors_of(made) == COLORS
    with Image.open(made) as image:
        assert image.info["duration"] == 100 and image.info["loop"] == 0


@pytest.mark.parametrize("name", ["x.gif", "x.png", "x.webp"])
def test_patterns_and_names_at_a_rate(run, frames, tmp_path, name):
    assert run("compress", "--animate", "frames/f*.png", "--fps", "25", "-o", name, "--rate", "0").returncode == 0
    found = read_animation((tmp_path / name).read_bytes(), max_pixels=10**6)
    assert found.durations == (Fraction(1, 25),) * 4
    assert [tuple(frame[0, 0, :3]) for frame in found.frames()] == COLORS
    names = [f"frames/f{number}.png" for number in (10, 2, 1)]
    assert run("compress", "--animate", *names, "-o", name, "--rate", "0", "-f").returncode == 0
    found = read_animation((tmp_path / name).read_bytes(), max_pixels=10**6)
    assert [tuple(frame[0, 0, :3]) for frame in found.frames()] == [COLORS[at] for at in (3, 1, 0)]


def test_what_is_named_after_what(run, frames, tmp_path):
    assert run("--animate", *sorted(frames.glob("f*.png")), "--format", "webp").returncode == 0
    (frames / "f-huepress.webp").unlink()
    assert run("--animate", ".", cwd=frames, env={}).returncode == 0
    assert (tmp_path / "frames-huepress.gif").exists()


def test_clear_pixels_and_standard_output(run, frames):
    (frames / "f2.png").write_bytes(png_bytes(flat((9, 9, 9, 0))))
    done = run("compress", "--animate", "frames", "-o", "-")
    assert done.returncode == 0 and done.stdout.startswith(b"GIF89a")
    seen, _ = seen_by_pillow(done.stdout)
    assert (seen[1][..., 3] == 0).all() and (seen[2][..., 3] == 255).all()


@pytest.mark.parametrize(
    ("arguments", "code", "told"),
    [
        (["empty"], 3, "no pictures in it"),
        (["frames/f1.png", "missing.png"], 3, "missing.png: no such file"),
        (["-"], 2, "made of files"),
        (["frames/f1.png", "wide.png"], 4, "wide.png: 20 x 12 pixels, where the first frame has 16 x 12"),
        (["frames/f1.png", "frames/notes.txt"], 4, "frames/notes.txt"),
        (["frames", "--max-pixels", "20"], 6, "pixels"),
        (["frames", "--max-pixels", "192", "--in-place"], 2, "--animate makes one file"),
        (["-r", "frames", "-o", "out"], 2, "--animate makes one file"),
    ],
)
def test_what_cannot_be_animated_is_one_sentence(run, frames, tmp_path, arguments, code, told):
    (tmp_path / "empty").mkdir()
    (tmp_path / "wide.png").write_bytes(png_bytes(flat((1, 2, 3), (12, 20))))
    before = set(tmp_path.rglob("*"))
    done = run("compress", "--animate", *arguments)
    text = done.stderr.decode()
    assert done.returncode == code and told in text and "Traceback" not in text, text
    assert set(tmp_path.rglob("*")) == before


def test_archives_that_are_hostile():
    frame = png_bytes(flat((1, 2, 3)))
    data = join_frames([("a.png", frame)] * 3, Fraction(30000, 1001))
    assert read_animation(data, max_pixels=10**4).durations == (Fraction(1001, 30000),) * 3
    rng = np.random.default_rng(0)
    for _ in range(200):
        broken = bytearray(data[: rng.integers(300, len(data))])
        for at in rng.integers(0, len(broken), 3):
            broken[at] = rng.integers(256)
        broken[257:262] = b"ustar"
        try:
            found = read_animation(bytes(broken), max_pixels=10**4)
            if found is not None:
                list(found.frames())
        except HuepressError as error:
            assert "\n" not in str(error)
    for kind in (tarfile.SYMTYPE, tarfile.DIRTYPE, tarfile.CHRTYPE):
        buffer = io.BytesIO()
        with tarfile.open(fileobj=buffer, mode="w") as tar:
            member = tarfile.TarInfo("a.png")
            member.type, member.linkname = kind, "/etc/passwd"
            tar.addfile(member)
        with pytest.raises(HuepressError, match="more than files"):
            read_animation(buffer.getvalue(), max_pixels=10**4)


@pytest.mark.parametrize("others", [[], ["--poster", "frames/f9.png"], ["--poster", "link.png"]])
def test_no_frame_is_written_over(run, frames, tmp_path, others):
    (tmp_path / "link.png").symlink_to(frames / "f1.png")
    before = {path: path.read_bytes() for path in frames.iterdir()}
    outputs = ["out.gif"] if others else ["frames/f1.png", "link.png", "frames/../frames/f10.png"]
    for output in outputs:
        done = run("--animate", "frames", "-f", "-o", output, *others)
        assert done.returncode == 5 and b"would replace an input" in done.stderr, done.stderr
    assert {path: path.read_bytes() for path in frames.iterdir()} == before


def test_frames_that_move_themselves_are_named(run, frames):
    assert run("--animate", "frames", "-o", "a.gif").returncode == 0
    done = run("--animate", "a.gif", "a.gif", "-o", "b.gif")
    assert done.returncode == 4 and b": a.gif: 4 frames where a single picture is needed" in done.stderr
    assert b"metadata" not in done.stderr
    assert run("--animate", "frames/f1.png", "-o", "c.gif").stdout.startswith(b"frames/f1.png -> c.gif")
