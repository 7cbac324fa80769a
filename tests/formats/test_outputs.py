"""Every file that is written, decoded again by two other decoders."""

import io
import json
import shutil
import subprocess
from typing import get_args

import cv2
import numpy as np
import pytest
from PIL import Image

import huepress
from conftest import png_bytes
from huepress.formats import plug_ins, table, writing
from huepress.formats.gif import compress_lzw, encode_gif
from huepress.formats.png import encode_png
from huepress.formats.record import Wish
from huepress.model import IndexedImage, Palette
from huepress.options import Format
from reference.input_kinds import picture, picture_with_alpha, saved

HAS_JXL = bool(__import__("importlib").util.find_spec("pillow_jxl"))


def indexed(n_colors, *, alpha="opaque", size=(19, 27), seed=0, gray=False):
    """Random indices; alpha "opaque", "binary" or "soft"."""
    rng = np.random.default_rng(seed)
    colors = np.unique(rng.integers(0, 256, (3 * n_colors, 3)), axis=0)
    colors = colors[rng.permutation(len(colors))[:n_colors]]
    if gray:
        colors = np.repeat(np.linspace(0, 255, n_colors).astype(int)[:, None], 3, axis=1)
    if alpha != "opaque":
        alphas = rng.integers(1, 255, (n_colors, 1)) if alpha == "soft" else np.full((n_colors, 1), 255)
        alphas[0] = 0
        colors = np.hstack([colors, alphas])
    indices = rng.integers(0, n_colors, size, dtype=np.uint8)
    indices.flat[:n_colors] = np.arange(n_colors)
    return IndexedImage(indices, Palette(colors.astype(np.uint8)))


def rgba_of(image):
    pixels = image.to_array()
    return pixels if pixels.shape[2] == 4 else np.dstack([pixels, np.full(pixels.shape[:2], 255, np.uint8)])


def by_pillow(data):
    return np.asarray(Image.open(io.BytesIO(data)).convert("RGBA"))


def program(name, *arguments, cwd):
    if not shutil.which(name):
        pytest.skip(f"{name} is not installed")
    done = subprocess.run([name, *arguments], cwd=cwd, capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
    return done.stdout


def assert_shown_equal(got, wanted):
    """Equal pixels, whatever the hidden color of transparent ones."""
    np.testing.assert_array_equal(got[:, :, 3], wanted[:, :, 3])
    np.testing.assert_array_equal(got[got[:, :, 3] > 0], wanted[wanted[:, :, 3] > 0])


@pytest.mark.parametrize("n_colors", [1, 2, 3, 4, 5, 16, 17, 128, 129, 256])
@pytest.mark.parametrize("alpha", ["opaque", "binary"])
def test_gif(n_colors, alpha, tmp_path):
    image = indexed(n_colors, alpha=alpha)
    data = encode_gif(image).data
    assert_shown_equal(by_pillow(data), rgba_of(image))
    (tmp_path / "a.gif").write_bytes(data)
    told = program("gifsicle", "--info", "a.gif", cwd=tmp_path)
    bits = max(1, (n_colors - 1).bit_length())
    assert f"[{1 << bits}]" in told and "warning" not in told and ("transparent 0" in told) == (alpha == "binary")
    program("gifsicle", "--unoptimize", "a.gif", "-o", "b.gif", cwd=tmp_path)  # decodes all codes
    assert_shown_equal(by_pillow((tmp_path / "b.gif").read_bytes()), rgba_of(image))


def test_gif_thresholds_soft_alpha():
    image = indexed(12, alpha="soft")
    shown = by_pillow(encode_gif(image).data)
    wanted = rgba_of(image)
    np.testing.assert_array_equal(shown[:, :, 3], np.where(wanted[:, :, 3] >= 128, 255, 0))
    opaque = shown[:, :, 3] > 0
    np.testing.assert_array_equal(shown[opaque, :3], wanted[opaque, :3])


def test_gif_wastes_no_color_on_soft_alpha():
    result = huepress.compress(picture_with_alpha(), 30, format="gif")
    assert set(np.asarray(result.palette)[:, 3]) == {0, 255} and "soft alpha" in result.report.notes[0]
    shown = by_pillow(result.encoded.data)
    assert_shown_equal(shown, result.palette[result.indices])
    np.testing.assert_array_equal(shown[:, :, 3] > 0, picture_with_alpha()[:, :, 3] >= 128)
    half = np.dstack([picture(), np.full(picture().shape[:2], 200, np.uint8)])
    assert huepress.compress(half, 30, format="gif").indexed.to_array().shape[2] == 3


def test_gif_codes_start_at_the_smallest_size():
    image = indexed(2, size=(40, 40))
    assert compress_lzw(image.indices, 1)[0] == 2
    plain = Image.fromarray(image.indices)
    plain.putpalette(np.asarray(image.palette).tobytes())
    assert len(encode_gif(image).data) < len(saved(plain, "GIF", optimize=False)) - 30


@pytest.mark.parametrize("alpha", ["opaque", "binary", "soft"])
@pytest.mark.parametrize("n_colors", [2, 16, 200])
def test_webp(n_colors, alpha, tmp_path):
    image = indexed(n_colors, alpha=alpha)
    data = table.by_name("webp").encode(image).data
    np.testing.assert_array_equal(by_pillow(data), rgba_of(image))
    (tmp_path / "a.webp").write_bytes(data)
    program("dwebp", "a.webp", "-pam", "-o", "a.pam", cwd=tmp_path)
    pam = (tmp_path / "a.pam").read_bytes()
    pixels = np.frombuffer(pam[pam.index(b"ENDHDR\n") + 7 :], np.uint8).reshape(*image.indices.shape, -1)
    assert_shown_equal(pixels, rgba_of(image))


@pytest.mark.skipif(not HAS_JXL, reason="the plug-in is not installed")
@pytest.mark.parametrize("alpha", ["opaque", "binary", "soft"])
@pytest.mark.parametrize("gray", [False, True])
def test_jxl(alpha, gray):
    image = indexed(40, alpha=alpha, gray=gray)
    data = table.by_name("jxl").encode(image).data
    np.testing.assert_array_equal(by_pillow(data), rgba_of(image))
    assert data == table.by_name("jxl").encode(image).data


@pytest.mark.parametrize(("n_colors", "depth"), [(2, 1), (4, 2), (16, 4), (256, 8)])
@pytest.mark.parametrize("alpha", ["opaque", "binary"])
def test_grays_become_a_gray_png(n_colors, depth, alpha, tmp_path):
    image = indexed(n_colors, gray=True, alpha=alpha)
    data = encode_png(image).data
    assert (data[24], data[25]) == (depth, 0)
    assert len(data) < len(encode_png(image, Wish(keep_indices=True)).data)
    np.testing.assert_array_equal(by_pillow(data), rgba_of(image))
    seen = cv2.imdecode(np.frombuffer(data, np.uint8), cv2.IMREAD_UNCHANGED)
    gray = seen if seen.ndim == 2 else seen[:, :, 0]
    np.testing.assert_array_equal(gray, rgba_of(image)[:, :, 0])
    (tmp_path / "a.png").write_bytes(data)
    assert "OK" in program("pngcheck", "a.png", cwd=tmp_path)


def test_grays_stay_indexed_where_that_is_smaller_or_needed():
    uneven = IndexedImage(
        indexed(4, size=(300, 300)).indices, Palette(np.repeat([[0], [7], [9], [200]], 3, 1).astype(np.uint8))
    )
    assert encode_png(uneven).data[24:26] == b"\2\3"
    soft = indexed(9, gray=True, alpha="soft")
    assert encode_png(soft).data[25] == 3
    np.testing.assert_array_equal(by_pillow(encode_png(soft).data), rgba_of(soft))


def test_small_pictures_of_uneven_grays_may_be_gray():
    image = IndexedImage(np.array([[0, 1, 2]], np.uint8), Palette(np.repeat([[1], [7], [200]], 3, 1).astype(np.uint8)))
    data = encode_png(image).data
    assert data[24:26] == b"\x08\0"
    np.testing.assert_array_equal(by_pillow(data), rgba_of(image))


def test_auto_takes_the_smallest_that_shows_equal_pixels():
    for alpha in ("opaque", "binary", "soft"):
        image = indexed(30, alpha=alpha)
        chosen = writing.encode(image, "auto", "PNG", effort=0, metadata=huepress.model.NO_METADATA)
        sizes = {name: len(table.by_name(name).encode(image).data) for name in ("png", "webp", "gif")}
        if alpha == "soft":
            del sizes["gif"]
        assert len(chosen.data) == min(sizes.values())
        assert_shown_equal(by_pillow(chosen.data), rgba_of(image))
    long = indexed(4, size=(1, 17000))
    assert writing.encode(long, "auto", "PNG", effort=0, metadata=huepress.model.NO_METADATA).format in ("PNG", "GIF")


@pytest.mark.parametrize(
    ("source_format", "options", "wanted"),
    [
        ("PNG", {}, "PNG"),
        ("WEBP", {"quality": 90}, "WEBP"),
        ("GIF", {}, "GIF"),
        ("BMP", {}, "PNG"),
        ("JPEG", {}, "PNG"),
    ],
)
def test_keep_writes_the_format_of_the_input(source_format, options, wanted):
    data = saved(Image.fromarray(picture()), source_format, **options)
    assert huepress.compress(data, 16, format="keep", allow_larger=True).encoded.format == wanted


def test_keep_never_loses_soft_alpha():
    image = indexed(12, alpha="soft")
    kept = writing.encode(image, "keep", "GIF", effort=0, metadata=huepress.model.NO_METADATA)
    assert kept.format == "PNG"


def test_the_table_of_encoders_holds_every_format():
    names = {each.name for each in table.written()} | {full_color.name for _, full_color in table.full_color()}
    assert names | {"keep", "auto", "smallest"} == set(get_args(Format))


def test_save_goes_by_the_extension(tmp_path):
    result = huepress.compress(picture_with_alpha(), 20)
    for name, file_format in (("a.png", "PNG"), ("a.webp", "WEBP"), ("A.GIF", "GIF"), ("a", "PNG"), ("a.bin", "PNG")):
        result.save(tmp_path / name)
        with Image.open(tmp_path / name) as image:
            assert image.format == file_format
            if file_format != "GIF":
                np.testing.assert_array_equal(np.asarray(image.convert("RGBA")), result.palette[result.indices])
    for name, words in (("a.jpg", "in format 'jpeg'"), ("a.bmp", r"\.png, \.webp, \.gif, \.jxl, \.jpg, \.avif")):
        with pytest.raises(huepress.OutputError, match=words):
            result.save(tmp_path / name)
        assert not (tmp_path / name).exists()


def test_save_of_a_kept_original(tmp_path):
    jpeg = saved(Image.fromarray(picture()), "JPEG", quality=5)
    result = huepress.compress(jpeg, 200, allow_larger=False)
    assert result.report.status == "kept"
    result.save(tmp_path / "a.jpg")
    assert (tmp_path / "a.jpg").read_bytes() == jpeg
    result.save(tmp_path / "a.png")
    with Image.open(tmp_path / "a.png") as image:
        np.testing.assert_array_equal(np.asarray(image.convert("RGB")), result.palette[result.indices])
    assert result._repr_png_()[:4] == b"\x89PNG"


def test_a_jxl_that_is_larger_than_the_png_says_so(photo):
    pytest.importorskip("pillow_jxl")
    as_jxl, as_png = (huepress.compress(photo, 64, format=name) for name in ("jxl", "png"))
    assert as_jxl.report.bytes_out > as_png.report.bytes_out
    (note,) = as_jxl.report.notes
    assert "times the same picture as PNG" in note and as_png.report.notes == ()
    few = np.repeat(np.arange(16, dtype=np.uint8)[:, None] * 16, 400, axis=1)
    assert huepress.compress(few, format="jxl").report.notes == ()


def test_jxl_without_its_plug_in_is_one_sentence(monkeypatch):
    def missing(_):
        raise ImportError

    monkeypatch.setattr(plug_ins, "import_module", missing)
    with pytest.raises(huepress.OptionError, match=r"pip install 'huepress\[jxl\]'"):
        huepress.compress(picture(), 4, format="jxl")


def test_limits_of_the_formats():
    wide = np.zeros((1, 70000, 3), np.uint8)
    for format in ("gif", "webp"):
        with pytest.raises(huepress.LimitError, match="write PNG"):
            huepress.compress(wide, format=format)
    assert huepress.compress(wide, format="auto").encoded.format == "PNG"


def test_command_line_formats(run, photo, tmp_path):
    (tmp_path / "photo.png").write_bytes(png_bytes(photo[:80, :90]))
    Image.fromarray(photo[:80, :90]).save(tmp_path / "anim.webp", lossless=True)
    rows = {}
    for name, *options in (
        ("photo.png", "-o", "by-name.webp"),
        ("photo.png", "-o", "by-name.gif"),
        ("photo.png", "--format", "auto"),
        ("anim.webp", "--format", "keep"),
        ("photo.png", "--format", "gif"),
    ):
        done = run("compress", name, "-k", 8, "--json", "--allow-larger", *options)
        assert done.returncode == 0, done.stderr
        row = json.loads(done.stdout)
        rows[options[-1] + name] = row
        with Image.open(tmp_path / row["output"]) as image:
            assert image.format == row["format"].upper()
            assert row["output"].endswith(row["format"])
    assert rows["by-name.webpphoto.png"]["format"] == "webp" and rows["keepanim.webp"]["format"] == "webp"
    assert (tmp_path / "photo-huepress.gif").exists()
    done = run("compress", "photo.png", "-k", 8, "-o", "x.jpg")
    assert done.returncode == 2 and b"leave -k, --palette and --pin out" in done.stderr
    done = run("compress", "photo.png", "-o", "x.bmp")
    assert done.returncode == 5 and b".bmp files cannot be written" in done.stderr
    assert not list(tmp_path.glob("x.*"))
    done = run("compress", "photo.png", "-o", "x.gif", "--format", "webp")
    assert done.returncode == 2 and b"drop one" in done.stderr
    row = json.loads(run("compress", "photo.png", "-k", 8, "-o", "x.gif", "--format", "auto", "--json").stdout)
    assert row["format"] == "gif" and row["bytes_out"] == (tmp_path / "x.gif").stat().st_size


def test_command_line_extensions_never_lie(run, tmp_path):
    jpeg = saved(Image.fromarray(picture()), "JPEG", quality=5)
    Image.fromarray(picture()).save(tmp_path / "LOUD.PNG")
    assert run("compress", "LOUD.PNG", "-k", 4, "-q").returncode == 0
    assert (tmp_path / "LOUD-huepress.png").exists()
    assert run("compress", "-", "--effort", 0, "-q", "-o", "out/", input=jpeg).returncode == 0
    assert (tmp_path / "out" / "stdin-huepress.jpg").read_bytes() == jpeg
    assert run("compress", "-", "-q", "-o", "out/", "--format", "keep", input=png_bytes(picture())).returncode == 0
    assert (tmp_path / "out" / "stdin-huepress.png").exists()


def test_command_line_tells_conversions(run, tmp_path):
    from formats.test_color_management import P3_PROFILE

    Image.fromarray(picture()).save(tmp_path / "wide.png", icc_profile=P3_PROFILE)
    assert b"converted from Display P3 to sRGB" in run("compress", "wide.png", "-k", 8).stdout
    row = json.loads(run("compress", "wide.png", "-k", 8, "--color", "keep", "--json", "-f", "--allow-larger").stdout)
    assert row["notes"] == ["kept in Display P3"]
    done = run("compress", "wide.png", "--color", "keep", "--strip", "all", "-f")
    assert done.returncode == 2 and b"strip" in done.stderr
