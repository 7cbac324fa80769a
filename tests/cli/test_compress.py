import json
import os
import resource
import signal
import subprocess
import sys

import numpy as np
import pytest
from PIL import Image

import huepress
from conftest import HANG, interruptible, png_bytes, run_on_terminal, wait_until_busy

FIELDS = {
    "input", "output", "status", "format", "bytes_in", "bytes_out", "bits_per_pixel", "n_colors", "mse", "psnr_db",
    "seconds", "seed", "message",
}  # fmt: skip


def one_sentence(stderr):
    text = stderr.decode().lstrip("\n")
    assert text.startswith("huepress: ") and text.count("\n") == 1 and "Traceback" not in text, text
    return text


def test_default_output_beside_the_input(run, photo_file):
    done = run("compress", photo_file, "-k", 16, "-v")
    assert done.returncode == 0 and done.stderr == b""
    output = photo_file.with_name("photo-huepress.png")
    assert f"{photo_file} -> {output}" in done.stdout.decode() and "% saved" in done.stdout.decode()
    assert "24 -> 4 bits per pixel before deflate (6x)" in done.stdout.decode()
    expected = huepress.compress(photo_file, n_colors=16)
    assert output.read_bytes() == expected.encoded.data
    assert sorted(p.name for p in photo_file.parent.iterdir()) == ["photo-huepress.png", "photo.png"]


def test_json_is_one_object_per_input(run, photo_file, tmp_path):
    done = run("compress", photo_file, "missing.png", "-k", "8", "--json", "-o", "out/", "--seed", 3)
    rows = [json.loads(line) for line in done.stdout.splitlines()]
    assert done.returncode == 1 and len(rows) == 2
    assert all(set(row) >= FIELDS for row in rows)
    good, bad = rows
    assert (good["status"], good["format"], good["n_colors"], good["seed"]) == ("compressed", "png", 8, 3)
    assert good["bytes_out"] == (tmp_path / good["output"]).stat().st_size
    assert good["bits_per_pixel"] == 4 and good["mse"] > 0
    assert bad["status"] == "failed" and bad["output"] is None and "no such file" in bad["message"]


def test_lossless_json_is_valid(run, tmp_path):
    (tmp_path / "flat.bmp").write_bytes(b"")
    Image.new("RGB", (50, 50), "red").save(tmp_path / "flat.bmp")
    row = json.loads(run("compress", "flat.bmp", "--json").stdout)
    assert row["mse"] == 0 and row["psnr_db"] is None and row["n_colors"] == 1


def test_many_inputs_into_a_new_folder(run, photo, tmp_path):
    for name in ("a.png", "ü b.png", "[c].png"):
        (tmp_path / name).write_bytes(png_bytes(photo[:40, :60]))
    done = run("compress", "a.png", "ü b.png", "[c].png", "-k", 4, "-o", "out")
    assert done.returncode == 0, done.stderr
    names = sorted(p.name for p in (tmp_path / "out").iterdir())
    assert names == ["[c]-huepress.png", "a-huepress.png", "ü b-huepress.png"]
    last = done.stdout.decode().splitlines()[-1]
    assert last.startswith("total: ") and "3 compressed" in last


def test_patterns_that_the_shell_left_alone(run, photo_file):
    assert run("compress", "ph*.png", "-q").returncode == 0
    assert photo_file.with_name("photo-huepress.png").exists()
    done = run("compress", "none*.png", photo_file, "-f", "-q")
    assert done.returncode == 1 and "none*.png: no such file" in one_sentence(done.stderr)
    assert photo_file.with_name("photo-huepress.png").exists(), "the others are still processed"


def test_stdin_and_stdout(run, photo_file):
    done = run("compress", "-", "-k", 8, input=photo_file.read_bytes())
    assert done.returncode == 0
    assert done.stdout == huepress.compress(photo_file, n_colors=8).encoded.data
    to_file = run("compress", "-", "-k", 8, "-o", "from-stdin.png", input=photo_file.read_bytes())
    assert to_file.returncode == 0
    assert photo_file.with_name("from-stdin.png").read_bytes() == done.stdout
    assert run("compress", photo_file, "-k", 8, "-o", "-", "-q").stdout == done.stdout


def test_reproducible_for_any_number_of_jobs(run, photo_file):
    outputs = [run("compress", photo_file, "-o", "-", "-q", "-k", 40, "-j", jobs).stdout for jobs in (1, 2, 5)]
    assert outputs[0] and len(set(outputs)) == 1


def test_never_overwrites_without_force(run, photo_file):
    output = photo_file.with_name("photo-huepress.png")
    output.write_bytes(b"precious")
    done = run("compress", photo_file)
    assert done.returncode == 5 and "--force" in one_sentence(done.stderr)
    assert output.read_bytes() == b"precious"
    assert run("compress", photo_file, "--force").returncode == 0
    assert output.read_bytes() != b"precious"


def test_kept_where_no_smaller(run, photo, tmp_path):
    Image.fromarray(photo).save(tmp_path / "tiny.jpg", quality=5)
    done = run("compress", "tiny.jpg", "--json")
    row = json.loads(done.stdout)
    assert done.returncode == 0 and row["status"] == "kept" and row["output"] == "tiny-huepress.jpg"
    assert (tmp_path / "tiny-huepress.jpg").read_bytes() == (tmp_path / "tiny.jpg").read_bytes()
    assert "--allow-larger" in row["message"]
    assert "original kept" in run("compress", "tiny.jpg", "-f").stdout.decode()
    larger = json.loads(run("compress", "tiny.jpg", "--allow-larger", "--json").stdout)
    assert larger["status"] == "compressed" and larger["bytes_out"] > larger["bytes_in"]


def test_colors_asked_for_by_name_are_written(run, photo, tmp_path):
    Image.fromarray(photo).save(tmp_path / "tiny.jpg", quality=5)
    done = run("compress", "tiny.jpg", "-k", "16")
    assert done.returncode == 0 and "since 16 colors were asked for" in done.stdout.decode()
    assert "(--format smallest instead of -k takes fewer bytes, --never-larger keeps" in done.stdout.decode()
    assert len(Image.open(tmp_path / "tiny-huepress.png").getcolors()) == 16
    for more in (["--never-larger"], ["--min-saving", "1"], ["--quality", "60"]):
        row = json.loads(run("compress", "tiny.jpg", "-k", "16", "--json", "-f", *more).stdout)
        assert row["status"] == "kept", more
    for saving in ([], ["--min-saving", "0"]):  # never larger stays the rule of trees and in place
        for where in (["-r", ".", "-o", f"tree{len(saving)}", "--include", "*.jpg"], ["--in-place", "tiny.jpg"]):
            rows = run("compress", "-k", "16", "--json", *saving, *where).stdout.splitlines()
            assert {json.loads(row)["status"] for row in rows} == {"kept"}, where


def test_two_inputs_for_one_output(run, photo, tmp_path):
    (tmp_path / "a.png").write_bytes(png_bytes(photo[:20, :20]))
    Image.fromarray(photo[:20, :20]).save(tmp_path / "a.bmp")
    done = run("compress", "a.png", "a.bmp", "--force")
    assert done.returncode == 1 and "a.png" in one_sentence(done.stderr)


def test_the_input_is_never_the_output(run, photo_file):
    before = photo_file.read_bytes()
    done = run("compress", photo_file, "-o", photo_file, "--force")
    assert done.returncode == 5 and photo_file.read_bytes() == before


@pytest.mark.parametrize(
    ("arguments", "code", "says"),
    [
        (["missing.png"], 3, "no such file"),
        (["folder"], 3, "directory"),
        (["empty.png"], 4, "empty"),
        (["text.png"], 4, "not an image"),
        (["cut.png"], 4, "cut off"),
        (["good.png", "-k", "0"], 2, "2<=x<=256"),
        (["good.png", "-k", "1"], 2, "2<=x<=256"),
        (["good.png", "-k", "257"], 2, "2<=x<=256"),
        (["good.png", "-k", "abc"], 2, "abc"),
        (["good.png", "-o", "text.png/x.png"], 5, "cannot be written"),
        (["good.png", "-o", "a" * 300 + ".png"], 5, "shorter"),
        (["a" * 300 + ".png"], 3, "cannot be read"),
        (["good.png", "--max-pixels", "100"], 6, "--max-pixels"),
        (["good.png", "--init", "best"], 2, "init takes"),
        (["good.png", "--init", "#000000"], 2, "lists 1 colors"),
        (["good.png", "--space", "lab"], 2, "lab"),
        (["good.png", "--nonsense"], 2, "nonsense"),
        (["good.png", "text.png", "-o", "one.png"], 2, "directory"),
        (["good.png", "text.png", "-o", "-"], 2, "standard output"),
        (["-", "--json"], 2, "standard output"),
        ([], 2, "INPUT"),
    ],
)
def test_bad_input_is_one_sentence_and_an_exit_code(run, photo, tmp_path, arguments, code, says):
    good = png_bytes(photo)
    (tmp_path / "good.png").write_bytes(good)
    (tmp_path / "cut.png").write_bytes(good[: len(good) // 2])
    (tmp_path / "empty.png").write_bytes(b"")
    (tmp_path / "text.png").write_bytes(b"this is a letter, not a picture")
    (tmp_path / "folder").mkdir()
    before = sorted(p.name for p in tmp_path.iterdir())
    done = run("compress", *arguments)
    assert done.returncode == code, done.stderr
    assert says in one_sentence(done.stderr)
    assert sorted(p.name for p in tmp_path.iterdir()) == before


def test_one_bad_input_does_not_stop_the_others(run, photo_file, tmp_path):
    (tmp_path / "bad.png").write_bytes(b"no")
    done = run("compress", "bad.png", photo_file, "-k", 4)
    assert done.returncode == 1
    assert photo_file.with_name("photo-huepress.png").exists()
    assert "1 compressed, 1 failed" in done.stdout.decode()


def test_a_full_disk_leaves_nothing_half_written(run, photo_file):
    limit = lambda: resource.setrlimit(resource.RLIMIT_FSIZE, (1000, 1000))  # noqa: E731
    done = run("compress", photo_file, preexec_fn=limit)
    assert done.returncode == 5 and "cannot be written" in one_sentence(done.stderr)
    assert [p.name for p in photo_file.parent.iterdir()] == ["photo.png"]


def test_control_c_leaves_nothing_half_written(huepress_program, tmp_path):
    noise = np.random.default_rng(0).integers(0, 256, (1500, 1500, 3), dtype=np.uint8)
    Image.fromarray(noise).save(tmp_path / "noise.bmp")
    command = [str(huepress_program), "compress", "noise.bmp", "--n-init", "1000", "--swaps", "1000", "--tol", "0"]
    process = subprocess.Popen(interruptible(command), cwd=tmp_path, stdout=subprocess.PIPE, stderr=subprocess.PIPE)
    wait_until_busy(process)
    process.send_signal(signal.SIGINT)
    _, stderr = process.communicate(timeout=HANG)
    assert process.returncode == 130 and "interrupted" in one_sentence(stderr)
    assert [p.name for p in tmp_path.iterdir()] == ["noise.bmp"]


def test_a_closed_pipe_is_silence(huepress_program, photo_file):
    process = subprocess.Popen(
        [str(huepress_program), "compress", str(photo_file), "-o", "-", "-q"],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
    )
    process.stdout.close()
    stderr = process.stderr.read()
    process.wait(timeout=HANG)
    process.stderr.close()
    assert stderr == b"" and process.returncode == 0


def test_a_reader_that_leaves_does_not_stop_the_work(huepress_program, photo, tmp_path):
    names = [f"{i}.png" for i in range(4)]
    for name in names:
        (tmp_path / name).write_bytes(png_bytes(photo))
    command = " ".join([str(huepress_program), "compress", "--json", *names, "| head -c1 > first"])
    done = subprocess.run(["bash", "-c", command], cwd=tmp_path, capture_output=True, timeout=HANG)
    assert done.stderr == b""
    assert all((tmp_path / f"{i}-huepress.png").exists() for i in range(4))


@pytest.mark.parametrize("arguments", ["-o - -q", "--json", ""])
def test_a_full_standard_output_is_one_sentence(huepress_program, photo_file, arguments):
    command = f"{huepress_program} compress photo.png {arguments} > /dev/full"
    done = subprocess.run(["bash", "-c", command], cwd=photo_file.parent, capture_output=True, timeout=HANG)
    assert done.returncode == 5 and "standard output" in one_sentence(done.stderr)


@pytest.mark.parametrize(("arguments", "code"), [("compress - -o x.png <&-", 3), ("compress photo.png -o - -q >&-", 5)])
def test_closed_streams_are_one_sentence(huepress_program, photo_file, arguments, code):
    done = subprocess.run(
        ["bash", "-c", f"{huepress_program} {arguments}"], cwd=photo_file.parent, capture_output=True, timeout=HANG
    )
    assert done.returncode == code and "closed" in one_sentence(done.stderr)


def test_an_output_is_never_another_input(run, photo, tmp_path):
    for name in ("a.png", "a-huepress.png"):
        (tmp_path / name).write_bytes(png_bytes(photo[:50, :50]))
    before = (tmp_path / "a-huepress.png").read_bytes()
    done = run("compress", "a.png", "a-huepress.png", "-k", 4, "-f", "-o", ".")
    assert done.returncode == 1 and "would replace an input" in one_sentence(done.stderr)
    assert (tmp_path / "a-huepress.png").read_bytes() == before
    assert (tmp_path / "a-huepress-huepress.png").exists()


def test_a_named_output_is_honored_when_the_original_is_kept(run, photo, tmp_path):
    Image.fromarray(photo).save(tmp_path / "tiny.jpg", quality=5)
    done = run("compress", "tiny.jpg", "-o", "out.png")
    assert done.returncode == 5 and "a JPEG is not written" in one_sentence(done.stderr)  # no JPEG is named as a PNG
    assert not (tmp_path / "out.png").exists()
    done = run("compress", "tiny.jpg", "-o", "out/")
    assert done.returncode == 0, done.stderr
    (kept,) = (tmp_path / "out").iterdir()
    assert kept.suffix == ".jpg" and kept.read_bytes() == (tmp_path / "tiny.jpg").read_bytes()


def test_special_files_are_not_replaced(run, photo_file):
    fifo = photo_file.with_name("fifo")
    os.mkfifo(fifo)
    done = run("compress", photo_file, "-o", fifo, "-f")
    assert done.returncode == 5 and "regular file" in one_sentence(done.stderr) and fifo.is_fifo()


def test_links_stay_links(run, photo_file):
    real, link = photo_file.with_name("real.png"), photo_file.with_name("link.png")
    real.write_bytes(b"old")
    link.symlink_to(real)
    assert run("compress", photo_file, "-o", link, "-f", "-q").returncode == 0
    assert link.is_symlink() and real.read_bytes()[:4] == b"\x89PNG"


def test_names_that_are_no_text(run, photo_file, tmp_path):
    name = os.fsencode(tmp_path) + b"/bad\xff.png"
    os.rename(os.fsencode(photo_file), name)
    done = subprocess.run(
        [os.fsencode(sys.executable), b"-m", b"huepress.cli.main", b"compress", name, b"--json"], capture_output=True
    )
    assert done.returncode == 0 and json.loads(done.stdout.decode("ascii"))["status"] == "compressed"
    done = subprocess.run(
        [sys.executable.encode(), b"-m", b"huepress.cli.main", b"compress", name, b"-f"], capture_output=True
    )
    assert done.returncode == 0 and b"saved" in done.stdout


def test_webp(run, photo_file):
    row = json.loads(run("compress", photo_file, "--format", "webp", "--json", "-k", 20).stdout)
    assert row["format"] == "webp" and row["output"].endswith("photo-huepress.webp")
    with Image.open(row["output"]) as image:
        assert image.format == "WEBP"


def test_effort_rate_and_dither(run, photo_file):
    sizes = {}
    for rate in ("0", "1", "20"):
        row = json.loads(run("compress", photo_file, "--effort", 2, "--rate", rate, "--json", "-f").stdout)
        sizes[rate] = row["bytes_out"]
    assert sizes["20"] < sizes["1"] < sizes["0"]
    assert run("compress", photo_file, "--effort", 1, "--dither", "none", "-f", "-q").returncode == 0
    assert run("compress", photo_file, "--effort", 10).returncode == 2
    assert run("compress", photo_file, "--rate", -1).returncode == 2


def test_quiet_and_verbose(run, photo_file):
    assert run("compress", photo_file, "-q").stdout == b""
    assert b"#" in run("compress", photo_file, "-v", "-f", "-k", 3).stdout


@pytest.mark.parametrize(
    "options",
    [["--init", "k-means++"], ["--init", "random", "--seed", "5"], ["--init", "#000,#fff"], ["--space", "oklab"]],
)
def test_engine_options(run, photo_file, options):
    if options[1] == "#000,#fff":
        options = ["--init", "#000000,#ffffff,00ff00"]
    done = run("compress", photo_file, "-k", 3, *options, "--max-iter", 20, "--n-init", 1, "--swaps", 0, "--json")
    assert done.returncode == 0, done.stderr
    assert json.loads(done.stdout)["n_colors"] == 3


def test_progress_bar_only_on_a_terminal(huepress_program, photo, tmp_path):
    for name in ("a.png", "b.png"):
        (tmp_path / name).write_bytes(png_bytes(photo))
    command = [str(huepress_program), "compress", "a.png", "b.png", "-k", "8"]
    code, stdout, shown = run_on_terminal(command, cwd=tmp_path)
    assert code == 0 and b"2 compressed" in stdout
    assert b"0/2" in shown or b"1/2" in shown


def test_inputs_of_one_stem_get_names_of_their_own_in_a_folder(run, photo, tmp_path):
    for name in ("a.jpg", "a.png", "a.webp", "deep/a.jpg", "b.png"):
        (tmp_path / name).parent.mkdir(exist_ok=True)
        Image.fromarray(photo).save(tmp_path / name)
    names = ["a.jpg", "b.png", "a.webp", "a.png"]
    done = run("compress", *names, "-k", 8, "-o", "out/", "--allow-larger")
    assert done.returncode == 0, done.stderr
    made = {path.name: path.read_bytes() for path in (tmp_path / "out").iterdir()}
    assert made.keys() == {"a-huepress.png", "a.jpg-huepress.png", "a.webp-huepress.png", "b-huepress.png"}
    other = run("compress", *reversed(names), "-k", 8, "-o", "other/", "--allow-larger")
    assert other.returncode == 0
    assert {path.name: path.read_bytes() for path in (tmp_path / "other").iterdir()} == made
    same = run("compress", "a.jpg", "deep/a.jpg", "b.png", "-k", 8, "-o", "third/", "--allow-larger")
    assert same.returncode == 1 and b"deep/a.jpg" in same.stderr and b"already the output of a.jpg" in same.stderr


def test_two_inputs_for_one_output_are_both_named(run, photo, tmp_path):
    for name in ("a.jpg", "a.png"):
        Image.fromarray(photo).save(tmp_path / name)
    done = run("compress", "a.jpg", "a.png", "-k", 8)
    assert done.returncode == 1
    assert b"a.png -> a-huepress.png: already the output of a.jpg" in done.stderr and b"-o" in done.stderr


def test_a_name_as_long_as_can_be_gets_a_result(run, tmp_path, photo):
    """Its own would be too long: it is shortened as those of a tree are."""
    name = "a" * 251 + ".png"
    (tmp_path / name).write_bytes(png_bytes(photo))
    run("compress", name, "-k", "8", "--effort", "0")
    (made,) = (path.name for path in tmp_path.iterdir() if path.name != name)
    assert made.startswith("a" * 200) and made.endswith(".png") and len(made) <= 255
