"""Whole trees on the installed program."""

import contextlib
import csv
import io
import json
import os
import random
import re
import signal
import stat
import subprocess

import numpy as np
import pytest
from PIL import Image

from animations import make_gif, seen_by_pillow
from archive.trees import files_of, images_of, many
from conftest import HANG, interruptible, png_bytes, wait_until, wait_until_busy
from huepress.storage.base import LEDGER_NAME


@pytest.fixture
def tree(tmp_path, photo):
    """A folder of awkward names; every picture is another one."""
    root = tmp_path / "src"
    names = ["a.png", "a.PNG", "a.jpg", "sp ace/ü 日本.png", "deep/er/" + "x" * 250 + ".png", "b.bmp", "z.jpg"]
    for number, name in enumerate(names):
        path = root / name
        path.parent.mkdir(parents=True, exist_ok=True)
        Image.fromarray(photo[number : 60 + number, 100:180]).save(path)
    Image.fromarray(photo).save(root / "z.jpg", quality=5)  # nothing is smaller
    (root / "notes.txt").write_text("not a picture")
    (root / "loop").symlink_to(root)
    (root / "deep" / "up").symlink_to("..")
    return root


def test_a_tree_is_mirrored(run, tree, tmp_path):
    done = run("compress", "-r", "src", "-o", "dst", "-k", 16, "--copy-others", "-j", 2)
    assert done.returncode == 0 and done.stderr == b"", done.stderr
    before, after = files_of(tree), images_of(tmp_path / "dst")
    # a.jpg has become a PNG, and a.png is taken
    changed = {"a.jpg": "a.jpg.png", "b.bmp": "b.png"}
    assert set(after) == {changed.get(name, name) for name in before}
    assert after["notes.txt"] == before["notes.txt"] and after["z.jpg"] == before["z.jpg"]
    for name in before:
        if name not in ("notes.txt", "z.jpg"):
            with Image.open(io.BytesIO(after[changed.get(name, name)])) as small:
                assert small.format == "PNG" and len(small.getcolors(256)) <= 16
    assert files_of(tree) == before


def test_the_second_run_changes_nothing(run, tree, tmp_path):
    assert run("compress", "-r", "src", "-o", "dst", "-k", 16, "--copy-others").returncode == 0
    before = files_of(tmp_path / "dst")
    stamps = {name: (tmp_path / "dst" / name).stat().st_mtime_ns for name in before}
    rows = run("compress", "-r", "src", "-o", "dst", "-k", 16, "--json", "--copy-others").stdout.splitlines()
    assert len(rows) == 8 and all(json.loads(row)["unchanged"] for row in rows)
    assert files_of(tmp_path / "dst") == before
    assert {name: (tmp_path / "dst" / name).stat().st_mtime_ns for name in before} == stamps
    # Its own output, as input and in place, is known whatever it is called.
    (tmp_path / "dst").rename(tmp_path / "moved")
    run("compress", "-r", "moved", "-o", "again", "-k", 16, "--copy-others")
    assert images_of(tmp_path / "again") == images_of(tmp_path / "moved")
    run("compress", "-r", "--in-place", "moved", "-k", 16)
    assert images_of(tmp_path / "moved") == images_of(tmp_path / "again")


def test_other_options_and_new_sources_replace_what_runs_have_made_and_nothing_else(run, tree, tmp_path, photo):
    run("compress", "-r", "src", "-o", "dst", "-k", 16)
    first = images_of(tmp_path / "dst")
    (tree / "a.png").write_bytes(png_bytes(photo[80:150, :80]))
    done = run("compress", "-r", "src", "-o", "dst", "-k", 8)
    assert done.returncode == 0, done.stderr
    second = images_of(tmp_path / "dst")
    assert all(first[name] != second[name] for name in first if name != "z.jpg")
    (tmp_path / "dst" / "a.png").write_bytes(b"somebody's own")
    done = run("compress", "-r", "src", "-o", "dst", "-k", 8)
    assert done.returncode == 1 and b"--force" in done.stderr
    assert (tmp_path / "dst" / "a.png").read_bytes() == b"somebody's own"
    assert run("compress", "-r", "src", "-o", "dst", "-k", 8, "--force").returncode == 0
    assert images_of(tmp_path / "dst") == second


def test_include_and_exclude(run, tree, tmp_path):
    options = ["--include", "*.png", "--include", "b.*", "--exclude", "deep/", "--exclude", "sp ace/*"]
    run("compress", "-r", "src", "-o", "dst", *options)
    assert set(images_of(tmp_path / "dst")) == {"a.png", "a.PNG", "b.png"}


def test_in_place_keeps_permissions_and_times(run, photo, tmp_path):
    for name in ("a.png", "b.png"):
        (tmp_path / name).write_bytes(png_bytes(photo[:60, :60]))
        (tmp_path / name).chmod(0o640)
        os.utime(tmp_path / name, (1_000_000_000, 1_000_000_000))
    tagged = False
    with contextlib.suppress(AttributeError, OSError):  # not every file system has them
        os.setxattr(tmp_path / "b.png", "user.tag", b"mine")
        tagged = True
    jpeg = io.BytesIO()
    Image.fromarray(photo).save(jpeg, "JPEG")
    (tmp_path / "c.jpg").write_bytes(jpeg.getvalue())
    assert run("compress", "--in-place", "--preserve", "a.png", "c.jpg", "-k", 4).returncode == 0
    assert run("compress", "--in-place", "b.png", "-k", 4).returncode == 0
    if tagged:
        assert os.getxattr(tmp_path / "b.png", "user.tag") == b"mine"
    a, b = (tmp_path / "a.png").stat(), (tmp_path / "b.png").stat()
    assert stat.S_IMODE(a.st_mode) == stat.S_IMODE(b.st_mode) == 0o640
    assert a.st_mtime == 1_000_000_000 and b.st_mtime > 1_000_000_000
    assert a.st_size < len(png_bytes(photo[:60, :60])) / 2
    assert (tmp_path / "c.jpg").read_bytes() == jpeg.getvalue(), "a JPEG does not turn into a PNG under its name"
    assert sorted(p.name for p in tmp_path.iterdir()) == ["a.png", "b.png", "c.jpg"]


def test_in_place_touches_nothing_through_links(run, photo, tmp_path):
    (tmp_path / "src").mkdir()
    (tmp_path / "outside").mkdir()
    for name in ("src/a.png", "outside/b.png"):
        (tmp_path / name).write_bytes(png_bytes(photo[:60, :60]))
    (tmp_path / "src" / "folder").symlink_to("../outside")
    (tmp_path / "src" / "link.png").symlink_to("a.png")
    before = (tmp_path / "outside" / "b.png").read_bytes()
    rows = run("compress", "-r", "--in-place", "src", "-k", 4, "--json").stdout.splitlines()
    assert [json.loads(row)["input"] for row in rows] == ["a.png"]
    assert (tmp_path / "src" / "link.png").is_symlink() and (tmp_path / "outside" / "b.png").read_bytes() == before
    assert run("compress", "--in-place", "src/a.png", "./src/a.png", "src/link.png", "-k", 4).returncode == 0


def test_min_saving_and_strict(run, photo_file):
    done = run("compress", photo_file, "--min-saving", 99.5, "--json")
    row = json.loads(done.stdout)
    assert row["status"] == "kept" and "99.5%" in row["message"] and done.returncode == 0
    assert run("compress", photo_file, "--min-saving", 99.5, "-f", "--strict").returncode == 1
    assert run("compress", photo_file, "--min-saving", 100).returncode == 2


def test_dry_run_tells_and_writes_nothing(run, tree, tmp_path):
    before = sorted(tmp_path.rglob("*"))
    would = run("compress", "-r", "src", "-o", "dst", "-k", 16, "--dry-run")
    assert would.returncode == 0 and sorted(tmp_path.rglob("*")) == before
    does = run("compress", "-r", "src", "-o", "dst", "-k", 16)
    assert would.stdout.replace(b"total, nothing written", b"total") == does.stdout


@pytest.mark.parametrize("separator", ["\n", "\0"])
def test_a_list_of_files(run, tree, tmp_path, separator):
    names = separator.join(["src/a.png", "src/sp ace/ü 日本.png", "src/a.png", "missing.png", "../out.png"]) + separator
    null = ["-0"] if separator == "\0" else []
    done = run("compress", "--files-from", "-", *null, "-o", "dst", input=names.encode())
    assert done.returncode == 1
    assert b"missing.png: no such file" in done.stderr and b"../out.png: lies outside" in done.stderr
    assert set(images_of(tmp_path / "dst")) == {"src/a.png", "src/sp ace/ü 日本.png"}
    done = run(
        "compress",
        "-r",
        "src",
        "--files-from",
        "-",
        "-o",
        "in",
        "--exclude",
        "sp ace/*",
        input=b"a.png\nsp ace/\xc3\xbc \xe6\x97\xa5\xe6\x9c\xac.png\n",
    )
    assert done.returncode == 0 and set(images_of(tmp_path / "in")) == {"a.png"}
    (tree / "link.png").symlink_to("a.png")
    names = b"src/a.png\n./src/a.png\nsrc/link.png\n"
    assert run("compress", "--files-from", "-", "--in-place", "-k", 4, input=names).returncode == 0


def test_suffix_and_extension(run, tree, tmp_path):
    done = run("compress", "-r", "src", "--suffix", "-small", "--include", "*.png", "--exclude", "deep")
    assert done.returncode == 0 and (tree / "a-small.png").exists() and (tree / "a-small.PNG").exists()
    count = len(files_of(tree))
    run("compress", "-r", "src", "--suffix", "-small", "--include", "*.png", "--exclude", "deep")
    assert len(files_of(tree)) == count, "results are not compressed again"
    run("compress", "-r", "src", "-o", "dst", "--include", "b.bmp", "--ext", "small")
    assert set(images_of(tmp_path / "dst")) == {"b.small"}


def test_outputs_beside_their_inputs_are_not_compressed_again(run, photo, tmp_path):
    for name in ("a.png", "b.png"):
        (tmp_path / name).write_bytes(png_bytes(photo[:50, :50]))
    assert run("compress", "*.png", "-k", 4).returncode == 0
    done = run("compress", "*.png", "-k", 8, "-f")
    assert done.returncode == 0, done.stderr
    assert sorted(p.name for p in tmp_path.iterdir()) == ["a-huepress.png", "a.png", "b-huepress.png", "b.png"]


def test_one_failing_file_stops_no_other(run, tree, tmp_path):
    (tree / "cut.png").write_bytes((tree / "a.png").read_bytes()[:200])
    (tree / "locked").mkdir(mode=0)
    frames = [Image.new("P", (9, 9), n) for n in range(2)]
    frames[0].save(tree / "moving.gif", save_all=True, append_images=frames[1:])
    done = run("compress", "-r", "src", "-o", "dst", "-k", 16, "--json")
    rows = {row["input"]: row for row in map(json.loads, done.stdout.splitlines())}
    assert done.returncode == 1 and b"cut off" in done.stderr
    assert rows["cut.png"]["status"] == "failed" and not (tmp_path / "dst" / "cut.png").exists()
    assert rows["moving.gif"]["status"] == "kept" and (tmp_path / "dst" / "moving.gif").exists()
    assert sum(row["status"] == "compressed" for row in rows.values()) == 6
    if os.getuid():  # root reads all
        assert rows["locked"]["status"] == "failed"


def test_reports(run, tree, tmp_path):
    (tree / "cut.png").write_bytes(b"no")
    reports = [argument for kind in ("html", "csv", "json") for argument in ("--report", f"r.{kind}")]
    assert run("compress", "-r", "src", "-o", "dst", "-k", 4, *reports).returncode == 1
    content = json.loads((tmp_path / "r.json").read_text())
    scores = [row["ssimulacra2"] for row in content["files"] if row["ssimulacra2"] is not None]
    assert scores == sorted(scores) and len(scores) == 7 and content["files"][0]["status"] == "failed"
    assert content["totals"]["bytes_out"] == sum(len(data) for data in images_of(tmp_path / "dst").values())
    rows = list(csv.DictReader(io.StringIO((tmp_path / "r.csv").read_bytes().decode(), newline="")))
    assert [row["input"] for row in rows] == [row["input"] for row in content["files"]]
    page = (tmp_path / "r.html").read_text()
    assert page.count("data:image/webp;base64,") == 14 and "ü 日本.png" in page
    assert not re.search(r"(src|href)=\"(?!data:)", page), "nothing outside the page"
    first = (tmp_path / "r.html").read_bytes()
    run("compress", "-r", "src", "-o", "dst", "-k", 4, *reports)
    assert (tmp_path / "r.html").read_bytes() == first


def test_a_report_replaces_no_file_of_the_run(run, photo, tmp_path):
    many(tmp_path / "src", photo, 1)
    (tmp_path / "src" / "index.html").write_text("somebody's own")
    for name in ("src/index.html", "dst/index.html"):
        done = run("compress", "-r", "src", "-o", "dst", "--copy-others", "--report", name)
        assert done.returncode == 5 and b"another name" in done.stderr and done.stderr.count(b"\n") == 1
    assert (tmp_path / "src" / "index.html").read_text() == "somebody's own"


@pytest.mark.parametrize(
    ("arguments", "code", "says"),
    [
        (["-r", "src"], 2, "-o DIR"),
        (["-r", "src", "src", "-o", "dst"], 2, "one folder"),
        (["-r", "missing", "-o", "dst"], 3, "no such folder"),
        (["-r", "src/a.png", "-o", "dst"], 3, "not a folder"),
        (["-r", "src", "-o", "src"], 2, "--in-place"),
        (["-r", "src", "-o", "src/a.png"], 5, "not a folder"),
        (["-r", "src", "-o", "-"], 2, "standard output"),
        (["src/a.png", "--include", "*.png"], 2, "belong to -r"),
        (["src/a.png", "-0"], 2, "--files-from"),
        (["src/a.png", "--in-place", "-o", "x.png"], 2, "--in-place"),
        (["src/a.png", "--report", "r.pdf"], 2, "r.pdf"),
        (["-r", "src", "-o", "dst", "--ext", "x/../../../y"], 2, "--ext"),
        (["-r", "src", "-o", "dst", "--memory", "lots"], 2, "2GB"),
        (["-r", "src", "-o", "dst", "--memory", "10MB"], 2, "at least"),
    ],
)
def test_usage_errors(run, tree, tmp_path, arguments, code, says):
    done = run("compress", *arguments)
    assert done.returncode == code and says in done.stderr.decode() and done.stderr.count(b"\n") == 1
    assert sorted(p.name for p in tmp_path.iterdir()) == ["src"]


def test_an_image_that_does_not_fit_is_refused(run, tmp_path):
    (tmp_path / "src").mkdir()
    Image.new("RGB", (4000, 4000)).save(tmp_path / "src" / "large.png")
    Image.new("RGB", (40, 40)).save(tmp_path / "src" / "small.bmp")
    done = run("compress", "-r", "src", "-o", "dst", "--memory", "400MB")
    assert done.returncode == 1 and b"raise --memory" in done.stderr and (tmp_path / "dst" / "small.png").exists()


@pytest.mark.parametrize("in_place", [False, True])
def test_killed_anywhere_a_run_goes_on_where_it_was(huepress_program, run, photo, tmp_path, in_place):
    many(tmp_path / "src", photo, 24)
    originals = images_of(tmp_path / "src")
    many(tmp_path / "whole", photo, 24)
    where = ["--in-place", "src"] if in_place else ["src", "-o", "dst"]
    run("compress", "-r", *(["--in-place", "whole"] if in_place else ["whole", "-o", "expected"]), "-k", 16)
    expected = images_of(tmp_path / ("whole" if in_place else "expected"))
    rng = random.Random(0)
    for _ in range(3):
        process = subprocess.Popen([str(huepress_program), "compress", "-r", *where, "-k", "16", "-q"], cwd=tmp_path)
        wait_until_busy(process, seconds=rng.uniform(0.2, 1.0))
        process.kill()
        process.wait()
        there = images_of(tmp_path / where[-1])
        assert all(
            data in (originals[name], expected[name]) for name, data in there.items() if not name.endswith(".tmp")
        )
        assert {name for name in there if not name.endswith(".tmp")} <= set(originals)
    done = run("compress", "-r", *where, "-k", 16)
    assert done.returncode == 0, done.stderr
    assert images_of(tmp_path / where[-1]) == expected


def test_control_c_stops_a_run_at_once(huepress_program, tmp_path):
    (tmp_path / "src").mkdir()
    noise = np.random.default_rng(0).integers(0, 256, (1200, 1200, 3), dtype=np.uint8)
    for name in ("a.bmp", "b.bmp", "c.bmp"):
        Image.fromarray(noise).save(tmp_path / "src" / name)
    command = [str(huepress_program), "compress", "-r", "src", "-o", "dst", "--n-init", "1000", "--tol", "0"]
    process = subprocess.Popen(interruptible(command), cwd=tmp_path, stdout=subprocess.PIPE, stderr=subprocess.PIPE)
    wait_until((tmp_path / "dst" / LEDGER_NAME).exists, process)
    wait_until_busy(process, seconds=1.5)  # the workers have begun
    process.send_signal(signal.SIGINT)
    _, stderr = process.communicate(timeout=HANG)
    assert process.returncode == 130 and b"interrupted" in stderr and stderr.strip().count(b"\n") == 0, stderr
    assert images_of(tmp_path / "dst") == {}


def test_two_runs_do_not_share_a_tree(huepress_program, run, photo, tmp_path):
    import fcntl

    many(tmp_path / "src", photo, 1)
    (tmp_path / "dst").mkdir()
    with open(tmp_path / "dst" / LEDGER_NAME, "ab") as ledger:
        fcntl.flock(ledger, fcntl.LOCK_EX)
        done = run("compress", "-r", "src", "-o", "dst")
    assert done.returncode == 5 and b"another run" in done.stderr


def test_animations_in_a_tree(run, tmp_path, photo):
    (tmp_path / "src").mkdir()
    animation = make_gif(11, n_frames=6, width=40, height=30)
    (tmp_path / "src" / "a.gif").write_bytes(animation.data)
    Image.fromarray(photo[:60, :80]).save(tmp_path / "src" / "still.gif")
    options = ["-k", 4, "--effort", 0, "--json"]
    rows = [json.loads(row) for row in run("compress", "-r", "src", "-o", "dst", *options).stdout.splitlines()]
    assert {row["output"]: (row["status"], row["n_frames"]) for row in rows} == {
        "a.gif": ("compressed", 6), "still.png": ("compressed", 1),
    }  # fmt: skip
    assert len(seen_by_pillow((tmp_path / "dst" / "a.gif").read_bytes())[0]) == 6
    again = run("compress", "-r", "src", "-o", "dst", *options).stdout.splitlines()
    assert all(json.loads(row)["unchanged"] for row in again)
    assert run("compress", "-r", "--in-place", "src", *options).returncode == 0
    for name, n_frames in (("a.gif", 6), ("still.gif", 1)):
        assert len(seen_by_pillow((tmp_path / "src" / name).read_bytes())[0]) == n_frames
    rows = run("compress", "-r", "dst", "-o", "other", "--quality", 50, "--include", "*.gif", *options).stdout
    assert json.loads(rows)["status"] == "kept"


def test_names_where_the_format_is_known_at_the_end_only(run, tmp_path, photo):
    (tmp_path / "src").mkdir()
    for name in ("a.png", "a.webp"):
        Image.fromarray(photo[:60, :80]).save(tmp_path / "src" / name)
    done = run("compress", "-r", "src", "-o", "dst", "--format", "auto", "-k", 8, "--effort", 0, "--json")
    for row in map(json.loads, done.stdout.splitlines()):
        with Image.open(tmp_path / "dst" / row["output"]) as image:
            assert image.format.lower() == row["format"] and row["output"].endswith(f".{row['format']}")
    assert len(images_of(tmp_path / "dst")) == 2


def test_a_long_name_of_the_folder_for_temporary_files(run, tmp_path, photo):
    """Sockets have short names only: workers are then started otherwise."""
    (tmp_path / "in").mkdir()
    for name in ("a.png", "b.png"):
        Image.fromarray(photo).save(tmp_path / "in" / name)
    deep = tmp_path / ("temporary" * 12)
    deep.mkdir()
    done = run("compress", "-r", "in", "-o", "out", "--jobs", "2", "--effort", "0", env={"TMPDIR": str(deep)})
    assert done.returncode == 0, done.stderr
    assert len(list((tmp_path / "out").glob("*.png"))) == 2 and not any(deep.iterdir())
