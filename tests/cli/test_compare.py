import numpy as np
import pytest
from PIL import Image

from conftest import png_bytes
from html_pages import embedded, parse
from huepress.drawing.sheet import _detail_box
from huepress.wording import human_bytes


def opened(path):
    with Image.open(path) as image:
        return np.asarray(image.convert("RGB"))


def test_sheet_of_a_photo(run, photo_file):
    done = run("compare", photo_file)
    assert done.returncode == 0, done.stderr
    output = photo_file.with_name("photo-compare.png")
    assert done.stdout.decode().strip() == f"{output}: open {output.as_uri()}, or add --show"
    sheet = opened(output)
    assert sheet.shape[1] > 4 * 480 and sheet.shape[0] > 600
    # The original stands there, and its exact colors come back in the 300 % detail.
    assert len(np.unique(sheet[:, : sheet.shape[1] // 4].reshape(-1, 3), axis=0)) > 1000


@pytest.mark.parametrize("size", [(1, 1), (3, 200), (200, 3), (16, 16), (64, 48), (1, 1000), (3000, 3)])
@pytest.mark.parametrize("ks", ["2", "2,4,8,16,32,64,128,256"])
def test_any_shape_and_number_of_versions(run, tmp_path, size, ks):
    rng = np.random.default_rng(1)
    (tmp_path / "x.png").write_bytes(png_bytes(rng.integers(0, 256, (*size, 4), dtype=np.uint8)))
    done = run("compare", "x.png", "-k", ks, "-o", "sheets/x.png")
    assert done.returncode == 0, done.stderr
    assert opened(tmp_path / "sheets" / "x.png").shape[1] >= 1000


def test_originals_are_never_replaced(run, photo_file, photo, tmp_path):
    before = photo_file.read_bytes()
    done = run("compare", photo_file, "-k", 4, "-o", photo_file, "-f")
    assert done.returncode == 5 and photo_file.read_bytes() == before
    Image.fromarray(photo).save(tmp_path / "photo.bmp")
    done = run("compare", photo_file, "photo.bmp", "-k", 4, "-f")
    assert done.returncode == 1 and b"another input" in done.stderr


def test_many_inputs_and_errors(run, photo_file, tmp_path):
    (tmp_path / "bad.png").write_bytes(b"no")
    done = run("compare", photo_file, "bad.png", "-k", "4", "-o", "out")
    assert done.returncode == 1 and b"bad.png: not an image" in done.stderr
    assert (tmp_path / "out" / "photo-compare.png").exists()
    again = run("compare", photo_file, "-k", "4", "-o", "out")
    assert again.returncode == 5 and b"--force" in again.stderr
    assert run("compare", photo_file, "-k", "4", "-o", "out", "-f").returncode == 0


def test_page_of_one_image(run, photo_file, tmp_path):
    done = run("compare", photo_file, "-k", "4,8", "--rate", "1,4", "--effort", 1, "-o", "out/page.html")
    assert done.returncode == 0 and done.stdout.decode().startswith("out/page.html: open file:///"), done.stderr
    page = parse((tmp_path / "out" / "page.html").read_bytes())
    pictures = {image.attributes["alt"]: embedded(image) for image in page.all("img", class_="picture")}
    assert list(pictures) == ["Original", "K = 4, rate 1", "K = 4, rate 4", "K = 8, rate 1", "K = 8, rate 4"]
    assert pictures["Original"] == ("image/png", photo_file.read_bytes())
    run("compress", photo_file, "-k", 8, "--rate", 4, "--effort", 1, "-o", "eight.png")
    assert pictures["K = 8, rate 4"][1] == (tmp_path / "eight.png").read_bytes()
    assert not page.all("nav")


def test_targets_and_given_colors(run, photo_file, tmp_path):
    done = run("compare", photo_file, "--quality", "40,60", "--max-size", "8kB,50", "--effort", 0, "-o", "page.html")
    assert done.returncode == 0, done.stderr
    page = parse((tmp_path / "page.html").read_bytes())
    pictures = {image.attributes["alt"]: embedded(image)[1] for image in page.all("img", class_="picture")}
    assert list(pictures) == ["Original", "quality 40", "quality 60", "at most 8.0 kB", "at most 50 B"]
    assert len(pictures["at most 8.0 kB"]) <= 8000
    assert len(page.one("ul", class_="missed").all("li")) == 1 and page.all("circle", class_="trial")
    done = run("compare", photo_file, "--palette", "#000,#888,#fff", "--effort", 0, "-o", "page.html", "-f")
    assert done.returncode == 0, done.stderr
    page = parse((tmp_path / "page.html").read_bytes())
    assert [color.attributes["title"] for color in page.one("ul", class_="palette").all("button")] == [
        "#000000", "#888888", "#ffffff",
    ]  # fmt: skip
    done = run("compare", photo_file, "-k", "4,auto", "--pin", "#f00", "--effort", 0, "-o", "page.html", "-f")
    assert done.returncode == 0, done.stderr
    page = parse((tmp_path / "page.html").read_bytes())
    for palette in page.all("ul", class_="palette"):
        assert "#ff0000" in [color.attributes["title"] for color in palette.all("button")]


def test_page_is_a_gallery(run, photo_file, badge, tmp_path):
    (tmp_path / "badge.png").write_bytes(png_bytes(badge))
    (tmp_path / "bad.png").write_bytes(b"no")
    arguments = ("compare", photo_file, "bad.png", "badge.png", "-k", "4", "--effort", 0, "-o", "all.html")
    done = run(*arguments)
    assert done.returncode == 1 and b"bad.png: not an image" in done.stderr
    page = parse((tmp_path / "all.html").read_bytes())
    links = page.one("nav").all("a")
    assert [link.text for link in links] == ["photo.png", "badge.png"]
    assert [link.attributes["href"][1:] for link in links] == [s.attributes["id"] for s in page.all("section")]
    again = run(*arguments)
    assert again.returncode == 5 and b"--force" in again.stderr and again.stderr.count(b"\n") == 1


def test_page_of_nothing_is_not_written(run, tmp_path):
    assert run("compare", "missing.png", "-o", "page.html").returncode == 3
    (tmp_path / "bad.png").write_bytes(b"no")
    assert run("compare", "bad.png", "-o", "page.html").returncode == 4
    assert not (tmp_path / "page.html").exists()


def test_neither_sheet_nor_page(run, photo_file):
    done = run("compare", photo_file, "-o", "x.jpg")
    assert done.returncode == 2 and b".png (a sheet) or .html (a page)" in done.stderr
    assert done.stderr.count(b"\n") == 1


@pytest.mark.parametrize(
    "arguments",
    [
        ("--rate", "1,x"),
        ("--effort", "1,10"),
        ("--dither", "none,some"),
        ("--max-size", "big"),
        ("--quality", "50,101"),
    ],
)
def test_bad_lists(run, photo_file, arguments):
    done = run("compare", photo_file, *arguments)
    assert done.returncode == 2 and done.stderr.count(b"\n") == 1


@pytest.mark.parametrize("ks", ["0", "8,x", "8,257", ""])
def test_bad_numbers_of_colors(run, photo_file, ks):
    done = run("compare", photo_file, "-k", ks)
    assert done.returncode == 2 and done.stderr.count(b"\n") == 1


def test_stdin(run, photo_file, tmp_path):
    done = run("compare", "-", "-k", "3", "-o", "s.png", input=photo_file.read_bytes())
    assert done.returncode == 0, done.stderr
    assert opened(tmp_path / "s.png").shape[1] >= 1000


def test_detail_is_where_the_version_differs_most():
    original = np.zeros((300, 500, 3), dtype=np.uint8)
    version = original.copy()
    version[210:230, 400:420] = 255
    for zoom in (1, 2, 3):
        left, top, right, bottom = _detail_box(original, version, zoom)
        assert left <= 400 and right >= 420 and top <= 210 and bottom >= 230


def test_human_bytes():
    assert [human_bytes(n) for n in (0, 999, 1000, 35_024, 999_999, 1_250_000)] == [
        "0 B", "999 B", "1.0 kB", "35.0 kB", "1000.0 kB", "1.25 MB",
    ]  # fmt: skip
