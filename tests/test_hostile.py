"""Input that means harm is refused in one sentence, before it costs anything; nothing is written elsewhere."""

import dataclasses
import hashlib
import io
import json
import multiprocessing
import os
import re
import resource
import struct
import subprocess
import sys
import threading
import zlib
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

import huepress
from conftest import HANG, png_bytes
from huepress.archive.ledger import _FACTS, _TRIAL, Ledger
from huepress.formats.opening import READABLE
from huepress.results import Report, Trial
from huepress.storage.base import LEDGER_NAME, LedgerLines

ROOT = Path(__file__).parents[1]
SECONDS = 30  # of the processor
MEMORY = 1_500_000_000  # of address space: an idle process takes a third of it


def limit():
    resource.setrlimit(resource.RLIMIT_AS, (MEMORY, MEMORY))
    resource.setrlimit(resource.RLIMIT_CPU, (SECONDS, SECONDS))


def limited(program, *arguments, cwd):
    """Run the program with little memory and processor time; return its CompletedProcess."""
    return subprocess.run(
        [program, *arguments],
        cwd=cwd,
        capture_output=True,
        timeout=HANG,
        stdin=subprocess.DEVNULL,
        env={**os.environ, "OPENBLAS_NUM_THREADS": "1"},
        preexec_fn=limit,
    )


def refused(done, *words, code=None):
    text = done.stderr.decode()
    assert done.returncode not in (0, -9, 1) and (code is None or done.returncode == code), text
    assert text.count("\n") == 1 and "Traceback" not in text, text
    assert all(word in text for word in words), text


def gif_frame(left, top, width, height, canvas=(1, 1)):
    head = b"GIF89a" + struct.pack("<HHBBB", *canvas, 0x80, 0, 0) + b"\0\0\0\xff\xff\xff"
    return head + b"," + struct.pack("<HHHHB", left, top, width, height, 0) + b"\x02\x02\x4c\x01\0;"


def icon_with(width, height):
    """An icon whose directory says 16 x 16, with a PNG of another size."""
    rows = zlib.compress(bytes((1 + width // 8) * 8))
    chunks = [(b"IHDR", struct.pack(">IIBBBBB", width, height, 1, 0, 0, 0, 0)), (b"IDAT", rows), (b"IEND", b"")]
    png = b"\x89PNG\r\n\x1a\n"
    for name, body in chunks:
        png += struct.pack(">I", len(body)) + name + body + struct.pack(">I", zlib.crc32(name + body))
    return struct.pack("<HHH", 0, 1, 1) + struct.pack("<BBBBHHII", 16, 16, 0, 0, 1, 32, len(png), 22) + png


LARGE = {
    "frame.gif": gif_frame(0, 0, 65535, 65535),
    "offset.gif": gif_frame(60000, 60000, 9000, 9000),
    "canvas.gif": gif_frame(0, 0, 1, 1, canvas=(65535, 65535)),
    "icon.ico": icon_with(20000, 20000),
}


@pytest.mark.parametrize("name", LARGE)
@pytest.mark.parametrize("command", [["compress"], ["palette"], ["score"], ["segment"], ["compare"]])
def test_pixels_are_counted_before_anything_is_allocated(name, command, huepress_program, tmp_path, photo):
    (tmp_path / name).write_bytes(LARGE[name])
    (tmp_path / "photo.png").write_bytes(png_bytes(photo))
    names = ["photo.png", name] if command == ["score"] else [name]
    done = limited(huepress_program, *command, *names, "--max-pixels", "100000", cwd=tmp_path)
    refused(done, "more than the limit", code=6)


@pytest.mark.parametrize("name", LARGE)
def test_the_library_and_trees_count_too(name, huepress_program, tmp_path):
    before = Image.MAX_IMAGE_PIXELS
    for call in (huepress.compress, huepress.segment, huepress.extract_palette):
        with pytest.raises(huepress.LimitError):
            call(LARGE[name], max_pixels=1000)
    assert before == Image.MAX_IMAGE_PIXELS
    (tmp_path / "tree").mkdir()
    (tmp_path / "tree" / name).write_bytes(LARGE[name])
    done = limited(
        huepress_program,
        *["compress", "-r", "tree", "-o", "out", "--include", "*", "--max-pixels", "1000"],
        cwd=tmp_path,
    )
    assert done.returncode == 1 and b"more than the limit" in done.stderr, done.stderr


def test_many_frames_on_a_large_canvas_are_told_beforehand(huepress_program, tmp_path):
    frame = b"," + struct.pack("<HHHHB", 0, 0, 1, 1, 0) + b"\x02\x02\x4c\x01\0"
    head = b"GIF89a" + struct.pack("<HHBBB", 1000, 1000, 0x80, 0, 0) + b"\0\0\0\xff\xff\xff"
    (tmp_path / "x.gif").write_bytes(head + 20 * frame + b";")
    done = limited(huepress_program, "compress", "x.gif", "--max-pixels", "1000000", cwd=tmp_path)
    refused(done, "20 frames", "--max-pixels", code=6)


def test_only_listed_formats_are_opened(huepress_program, tmp_path):
    (tmp_path / "x.png").write_bytes(
        b"%!PS-Adobe-3.0 EPSF-3.0\n%%BoundingBox: 0 0 9 9\n(pwned) (w) file closefile showpage\n%%EOF\n"
    )
    refused(limited(huepress_program, "compress", "x.png", cwd=tmp_path), "not an image", code=4)
    assert {p.name for p in tmp_path.iterdir()} == {"x.png"}
    listed = (ROOT / "docs" / "formats.md").read_text().split("told by their content:")[1].split(".\n")[0]
    assert set(re.findall(r"[A-Z0-9]+", listed)) == set(READABLE)
    for path in (ROOT / "src").rglob("*.py"):
        assert "Image.open(" not in path.read_text(), path


def pages(n):
    buffer = io.BytesIO()
    page = Image.new("L", (2, 2))
    page.save(buffer, "TIFF", save_all=True, append_images=[page] * (n - 1))
    return buffer.getvalue()


def test_many_pages_are_refused_at_the_second(monkeypatch):
    seeks = []
    from PIL import TiffImagePlugin

    seek = TiffImagePlugin.TiffImageFile.seek
    monkeypatch.setattr(TiffImagePlugin.TiffImageFile, "seek", lambda self, n: (seeks.append(n), seek(self, n))[1])
    with pytest.raises(huepress.DecodeError, match="several pages"):
        huepress.compress(pages(300))
    assert max(seeks) <= 1


@pytest.fixture
def tree(tmp_path, photo):
    (tmp_path / "tree").mkdir()
    (tmp_path / "tree" / "a.png").write_bytes(png_bytes(photo[:40, :40]))
    return tmp_path / "tree"


def test_a_ledger_that_is_a_link_is_not_followed(tree, huepress_program, tmp_path):
    victim = tmp_path / "victim.txt"
    victim.write_text("untouched\n")
    (tree / LEDGER_NAME).symlink_to("../victim.txt")
    refused(
        limited(huepress_program, *["compress", "-r", "--in-place", "-k", "8", "tree"], cwd=tmp_path), "link", code=5
    )
    assert victim.read_text() == "untouched\n"
    (tree / LEDGER_NAME).unlink()
    (tree / LEDGER_NAME).symlink_to("../not-there")
    refused(
        limited(huepress_program, *["compress", "-r", "--in-place", "-k", "8", "tree"], cwd=tmp_path), "link", code=5
    )
    assert not (tmp_path / "not-there").exists()


def test_a_ledger_that_is_a_pipe_is_not_waited_for(tree, huepress_program, tmp_path):
    os.mkfifo(tree / LEDGER_NAME)
    refused(
        limited(huepress_program, *["compress", "-r", "--in-place", "-k", "8", "tree"], cwd=tmp_path), "pipe", code=5
    )
    done = limited(huepress_program, *["compress", "-r", "tree", "-o", "out", "-k", "8"], cwd=tmp_path)
    assert done.returncode == 0 and (tmp_path / "out" / "a.png").exists(), done.stderr


@pytest.mark.parametrize("name", ["/dev/zero", "pipe.png"])
def test_what_is_no_file_is_not_read(name, huepress_program, tmp_path):
    os.mkfifo(tmp_path / "pipe.png")
    refused(limited(huepress_program, "compress", name, cwd=tmp_path), "not a regular file", code=3)


def test_no_output_goes_through_a_link_out_of_the_tree(tree, huepress_program, tmp_path):
    (tree / "sub").mkdir()
    (tree / "sub" / "b.png").write_bytes((tree / "a.png").read_bytes())
    (tmp_path / "elsewhere").mkdir()
    (tmp_path / "out").mkdir()
    (tmp_path / "out" / "sub").symlink_to("../elsewhere")
    (tmp_path / "out" / "a.png").symlink_to("../elsewhere/a.png")
    done = limited(huepress_program, *["compress", "-r", "tree", "-o", "out", "-k", "8"], cwd=tmp_path)
    assert done.returncode == 1 and done.stderr.count(b"link leads out") == 2, done.stderr
    assert not list((tmp_path / "elsewhere").iterdir())


def row_with(**odd):
    """A row as a run writes it, but for what is odd in it."""
    row = {"status": "kept", "format": None, "ssimulacra2": None, "message": "", "already_done": False, "facts": {}}
    return json.dumps(row | odd)


TRIAL = {"rate": 0, "n_colors": 2, "n_bytes": 9, "score": 50.0, "coder": "palette", "quality": 0, "worst": None}
ODD_ROWS = [
    "{}",
    "[]",
    '{"status": 7}',
    '{"palette": [[1, 2]]}',
    '{"palette": [[1, 2, 3]]}',
    '{"palette": "x"}',
    "{" + '"a":' * 3000,
    '{"status": "compressed", "format": [], "ssimulacra2": 1, "message": "", "already_done": false, "facts": {}}',
    row_with(status="odd"),
    row_with(ssimulacra2=float("nan")),
    row_with(ssimulacra2=True),
    row_with(ssimulacra2=10**400),
    row_with(ssimulacra2="number").replace('"number"', "1e999"),
    *(
        row_with(facts=facts)
        for facts in (
            {"bytes_in": -1},
            {"bytes_in": None},
            {"notes": 5},
            {"notes": [5]},
            {"n_colors": "x"},
            {"mse": [1]},
            {"psnr_db": float("inf")},
            {"unknown": float("nan")},
            {"n_frames": 1.5},
            {"trials": {}},
            {"trials": [5]},
            {"trials": [{"coder": "palette"}]},
            {"trials": [TRIAL | {"more": 1}]},
            {"trials": [TRIAL | {"rate": "x"}]},
            {"advice": [TRIAL | {"score": None}]},
        )
    ),
]
PALETTE = hashlib.blake2b(b"shared palette", digest_size=16).hexdigest()


@pytest.mark.parametrize(
    "text",
    [
        *(f"{'0' * 20} {'1' * 32} {'2' * 32} {row}" for row in ODD_ROWS),
        f"{'0' * 20} {PALETTE} {'2' * 32} {row_with()}",
        f"{'0' * 20} {PALETTE} {PALETTE} {row_with()}",
        f'{"0" * 20} {PALETTE} {"2" * 32} {{"palette": [[1, 2, 3]]}}',
        f'{"0" * 20} {PALETTE} {PALETTE} {{"palette": [[1, 2, 3], [1, 2, 3, 4]]}}',
        f'{"0" * 20} {PALETTE} {PALETTE} {{"palette": [[1, 2, true]]}}',
        "a b",
        "x y z {}",
        "",
    ],
)
def test_lines_of_a_ledger_that_make_no_sense_are_passed_over(text):
    line = b"%08x %s\n" % (zlib.crc32(text.encode()), text.encode())
    ledger = Ledger("0" * 20, LedgerLines(line))
    assert ledger.result_of("1" * 32) is None and ledger.made_as("2" * 32) is None and ledger.palette() is None


def test_lines_that_make_sense_are_taken():
    facts = {"bytes_in": 9, "mse": 0.5, "notes": ["x"], "trials": [TRIAL], "advice": [TRIAL], "of another version": {}}
    rows = {"1" * 32: row_with(facts=facts, ssimulacra2=61), PALETTE: '{"palette": [[1, 2, 3]]}'}
    texts = [f"{'0' * 20} {source} {source} {row}".encode() for source, row in rows.items()]
    ledger = Ledger("0" * 20, LedgerLines(b"".join(b"%08x %s\n" % (zlib.crc32(text), text) for text in texts)))
    assert ledger.result_of("1" * 32)["facts"] == ledger.made_as("1" * 32)["facts"] == facts
    assert ledger.palette() == [[1, 2, 3]] and ledger.made_as(PALETTE) is None


def test_every_fact_of_a_report_is_known_to_the_ledger():
    own = {"status", "seconds", "message", "remedy"}
    assert {field.name for field in dataclasses.fields(Report)} - own == set(_FACTS)
    assert {field.name for field in dataclasses.fields(Trial)} == set(_TRIAL)


def test_a_kept_original_has_no_other_formats_name(huepress_program, tmp_path, photo):
    buffer = io.BytesIO()
    Image.fromarray(photo).save(buffer, "JPEG", quality=30)
    (tmp_path / "photo.jpg").write_bytes(buffer.getvalue())
    for arguments in (["-o", "x.png"], ["-o", "x.webp"], ["-o", "x.avif", "--quality", "99-100"], ["-o", "x.bmp"]):
        done = limited(huepress_program, "compress", "photo.jpg", "--effort", "0", *arguments, cwd=tmp_path)
        assert done.returncode == 5, done.stderr
    assert {p.name for p in tmp_path.iterdir()} == {"photo.jpg"}
    done = limited(huepress_program, "compress", "photo.jpg", "--effort", "0", "--format", "webp", cwd=tmp_path)
    assert done.returncode == 0
    assert {p.name for p in tmp_path.iterdir()} == {"photo.jpg", "photo-huepress.jpg"}


def test_no_location_leaves_on_a_second_page(huepress_program, tmp_path):
    exif = Image.Exif()
    exif[0x8825] = {1: "N", 2: (1.0, 2.0, 3.0)}
    page = Image.new("RGB", (8, 8), "red")
    page.save(tmp_path / "two.tif", save_all=True, append_images=[page], exif=exif.tobytes())
    refused(limited(huepress_program, "compress", "two.tif", "--strip", "all", cwd=tmp_path), "--strip none", code=4)
    assert {p.name for p in tmp_path.iterdir()} == {"two.tif"}


def test_a_cleaned_copy_shows_the_same_pixels_or_is_none(monkeypatch, photo):
    buffer = io.BytesIO()
    Image.fromarray(photo).save(buffer, "JPEG", quality=20, comment=b"private")
    data = buffer.getvalue()
    assert huepress.compress(data, effort=0).report.status == "kept"
    from huepress.formats import jpeg, table

    def spoil(data, exif, *, resolution):
        other = io.BytesIO()
        Image.fromarray(255 - photo).save(other, "JPEG")
        return other.getvalue()

    spoiled = [*table.FORMATS]
    spoiled[spoiled.index(jpeg.FORMAT)] = type(jpeg.FORMAT)(**{**vars(jpeg.FORMAT), "clean": spoil})
    monkeypatch.setattr(table, "FORMATS", spoiled)
    assert huepress.compress(data, effort=0).report.status == "compressed"


@pytest.mark.parametrize("name", ["a\x1b[31mb.png", "[red]x.png", "=cmd.png", os.fsdecode(b"\xff\xfe.png"), "é.png"])
def test_names_are_escaped_wherever_they_leave(name, huepress_program, tmp_path, photo):
    (tmp_path / "tree").mkdir()
    (tmp_path / "tree" / name).write_bytes(png_bytes(photo[:40, :40]))
    for locale in ("C.UTF-8", "C"):
        for arguments in (
            ["compress", f"tree/{name}", "-f", "-o", "o/"],
            ["compress", "-r", "tree", "-o", f"out-{locale}", "--report", "r.csv", "--report", "r.html", "-v"],
            ["compare", f"tree/{name}", "-f", "-o", "page.html", "-k", "4", "--effort", "0"],
            ["score", f"tree/{name}", f"tree/{name}"],
        ):
            done = subprocess.run(
                [huepress_program, *arguments], cwd=tmp_path, capture_output=True, env={**os.environ, "LC_ALL": locale}
            )
            assert done.returncode == 0, done.stderr
            assert b"\x1b" not in done.stdout + done.stderr
    table = (tmp_path / "r.csv").read_bytes()
    assert b"\x1b" not in table and b"\n=" not in table and b",=" not in table
    for page in ("r.html", "page.html"):
        assert b"\x1b" not in (tmp_path / page).read_bytes()


def compressed(k):
    picture = np.random.default_rng(0).integers(0, 256, (40, 40, 3), dtype=np.uint8)
    return huepress.compress(picture, n_colors=k, effort=1).encoded.data


def test_children_of_fork_work_whatever_the_parent_has_done():
    expected = compressed(8)
    stop = threading.Event()
    waiting = threading.Thread(target=stop.wait)
    waiting.start()  # a thread that is not there in the children
    try:
        with multiprocessing.get_context("fork").Pool(2) as pool:
            found = pool.map_async(compressed, [8, 8, 8, 8]).get(300)
    finally:
        stop.set()
        waiting.join()
    assert found == [expected] * 4


def test_missing_files_are_what_python_calls_them():
    with pytest.raises(FileNotFoundError) as told:
        huepress.compress("not-there.png")
    assert isinstance(told.value, huepress.InputError) and "check the name" in str(told.value)


@pytest.mark.skipif(sys.platform == "win32", reason="folders have no such permissions")
def test_two_inputs_with_one_output_are_both_named(huepress_program, tmp_path, photo):
    for folder in ("one", "two"):
        (tmp_path / folder).mkdir()
        (tmp_path / folder / "a.png").write_bytes(png_bytes(photo[:40, :40]))
    done = limited(
        huepress_program, *["compress", "one/a.png", "two/a.png", "-o", "out/", "--effort", "0"], cwd=tmp_path
    )
    assert done.returncode == 1 and b"one/a.png" in done.stderr and b"two/a.png" in done.stderr
