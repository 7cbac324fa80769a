"""Palette files of every kind, written by hand, by other programs' rules, and damaged."""

import io
import json
import math
import struct

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from PIL import Image, ImageColor

import huepress
from huepress.engine.swatches import Swatches, name_colors
from huepress.errors import HuepressError
from huepress.formats.palettes.color_models import cmyk_to_srgb8, lab_d50_to_srgb8
from huepress.formats.palettes.read import read_palette
from huepress.formats.palettes.write import write_palette
from huepress.model import Palette
from huepress.options import PALETTE_FORMATS
from reference.colors import srgb8_to_oklab

bytes8 = st.integers(0, 255)
opaque = st.lists(st.tuples(bytes8, bytes8, bytes8, st.just(255)), min_size=1, max_size=256)
translucent = st.lists(st.tuples(bytes8, bytes8, bytes8, bytes8), min_size=1, max_size=256)


def swatches(colors):
    palette = Palette.from_colors(colors)
    return Swatches(palette, np.full(len(palette), 1 / len(palette)), name_colors(palette.colors_srgb8))


def read(data):
    return read_palette(data, max_pixels=10**6)


def hexes(data):
    return read(data).hex()


@pytest.mark.parametrize("kind", PALETTE_FORMATS)
@given(colors=opaque)
def test_what_is_written_reads_back_equal(kind, colors):
    one = swatches(colors)
    np.testing.assert_array_equal(np.asarray(read(write_palette(one, kind))), np.asarray(one.palette))


@pytest.mark.parametrize("kind", sorted(set(PALETTE_FORMATS) - {"act", "ase", "kpl"}))
@given(colors=translucent)
def test_alpha_reads_back_equal(kind, colors):
    one = swatches(colors)
    np.testing.assert_array_equal(np.asarray(read(write_palette(one, kind))), np.asarray(one.palette))


def test_formats_that_hold_no_alpha_say_so():
    glass, clear = swatches([(1, 2, 3, 128)]), swatches([(1, 2, 3, 255), (4, 5, 6, 0)])
    for kind, palette in (("ase", glass), ("ase", clear), ("kpl", glass), ("act", glass)):
        with pytest.raises(huepress.OutputError, match="choose another format"):
            write_palette(palette, kind)
    assert hexes(write_palette(clear, "act")) == ["#010203", "#04050600"]


def test_names_are_in_the_files_that_have_a_place_for_them():
    one = swatches([(255, 0, 0, 255), (254, 0, 0, 255), (0, 0, 0, 255)])
    text = {kind: write_palette(one, kind).decode() for kind in ("gpl", "json", "css", "scss", "hex")}
    assert "255   0   0\tred" in text["gpl"]
    assert [row["name"] for row in json.loads(text["json"])["colors"]] == ["red", "red", "black"]
    assert "--red: #ff0000;" in text["css"] and "--red-2: #fe0000;" in text["css"]
    assert "$red: #ff0000;" in text["scss"] and "$black: #000000;" in text["scss"]
    assert text["hex"] == "#ff0000\n#fe0000\n#000000\n"
    assert "black\0".encode("utf-16-be") in write_palette(one, "ase")


def test_gpl_of_gimp():
    text = (
        b"GIMP Palette\nName: Na\xc3\xafve\nColumns: 3\n# note\n\n  0   0   0\tBlack\n255 128   0 Two words\n 9 9 9\n"
    )
    assert hexes(text) == ["#000000", "#ff8000", "#090909"]
    assert hexes(text.replace(b"\n", b"\r\n")) == ["#000000", "#ff8000", "#090909"]


def test_act_of_photoshop():
    rows = bytes(range(256)) * 3
    assert len(read(rows)) == 256
    assert hexes(rows + struct.pack(">HH", 2, 0xFFFF)) == ["#000102", "#030405"]
    assert hexes(rows + struct.pack(">HH", 3, 1)) == ["#000102", "#03040500", "#060708"]
    with pytest.raises(huepress.DecodeError, match="counts 300"):
        read(rows + struct.pack(">HH", 300, 0))


def test_a_hex_list_of_the_size_of_an_act_is_text():
    data = b"#a1b2c3\n" * 96
    assert len(data) == 768 and hexes(data) == ["#a1b2c3"] * 96


def test_an_image_of_the_size_of_an_act_is_an_image():
    buffer = io.BytesIO()
    Image.fromarray(np.array([[[1, 2, 3], [4, 5, 6]]], dtype=np.uint8)).save(buffer, "PNG")
    png = buffer.getvalue()
    padding = 768 - len(png) - 12
    chunk = b"teSt" + b"\x80" * padding
    import zlib

    at = png.index(b"IDAT") - 4
    data = png[:at] + struct.pack(">I", padding) + chunk + struct.pack(">I", zlib.crc32(chunk)) + png[at:]
    assert len(data) == 768 and hexes(data) == ["#010203", "#040506"]


def ase(*blocks):
    body = b"".join(struct.pack(">HI", kind, len(block)) + block for kind, block in blocks)
    return b"ASEF" + struct.pack(">HHI", 1, 0, len(blocks)) + body


def ase_color(model, *values, name="x"):
    text = (name + "\0").encode("utf-16-be")
    return 0x0001, struct.pack(">H", len(text) // 2) + text + model + struct.pack(f">{len(values)}fH", *values, 2)


def test_ase_of_every_color_model_in_groups():
    data = ase(
        (0xC001, struct.pack(">H", 2) + "g\0".encode("utf-16-be")),
        ase_color(b"RGB ", 1.0, 0.5, 0.0, name="Ünïcode"),
        ase_color(b"Gray", 0.2),
        (0xC002, b""),
        ase_color(b"CMYK", 0.0, 1.0, 1.0, 0.0),
        ase_color(b"CMYK", 0.0, 0.0, 0.0, 1.0),
        ase_color(b"LAB ", 1.0, 0.0, 0.0),
        ase_color(b"LAB ", 0.5429, 80.8, 69.9),
    )
    assert hexes(data) == ["#ff8000", "#333333", "#ff0000", "#000000", "#ffffff", "#ff0000"]


def test_lab_against_pillows_color_engine():
    from PIL import ImageCms

    to_srgb = ImageCms.buildTransform(
        ImageCms.createProfile("LAB", 5000),
        ImageCms.createProfile("sRGB"),
        "LAB",
        "RGB",
        ImageCms.Intent.RELATIVE_COLORIMETRIC,
    )
    for lightness, a, b in ((0, 0, 0), (50, 0, 0), (100, 0, 0), (60, 30, 20), (60, -10, -20), (75, 10, 60), (5, 2, -3)):
        code = Image.new("LAB", (1, 1))
        code.putpixel((0, 0), (round(lightness * 255 / 100), a + 128, b + 128))
        expected = ImageCms.applyTransform(code, to_srgb).getpixel((0, 0))
        got = lab_d50_to_srgb8((round(lightness * 255 / 100) * 100 / 255, a, b))
        assert max(abs(x - y) for x, y in zip(got, expected, strict=True)) <= 2, (lightness, a, b)


@given(*[st.floats(0, 1)] * 4)
def test_cmyk_is_ink_after_ink(c, m, y, k):
    expected = [255 * (1 - v) * (1 - k) for v in (c, m, y)]
    assert all(math.isclose(x, e, abs_tol=0.5001) for x, e in zip(cmyk_to_srgb8((c, m, y, k)), expected, strict=True))


@pytest.mark.parametrize(
    "text",
    [
        "#f00\n#00ff00\n0000ff\n#12345678",
        "f00,0f0 , 00f,#12345678",
        "; a comment\n#F00 #0f0\n\n// another\n00F; 12345678\n",
        "\ufeff'#f00', \"#0f0\", #00f\r\n12345678",
        '["#f00", "0f0", [0, 0, 255], [18, 52, 86, 120]]',
        '{"palette": ["#f00", {"hex": "#0f0", "name": "x"}, {"rgb": [0, 0, 255]}, {"rgba": [18, 52, 86, 120]}]}',
        "/* #999 */\n:root { --a: #f00; --b-2:#0f0;\n--c : #00f; --d: #12345678 }",
        "// $z: #999;\n$a: #f00;\n$b: #0f0; $c: #00f;\n$d: #12345678;",
    ],
)
def test_texts_as_people_write_them(text):
    assert hexes(text.encode()) == ["#ff0000", "#00ff00", "#0000ff", "#12345678"]


@pytest.mark.parametrize("kind", ["PNG", "GIF", "BMP"])
def test_the_palette_of_an_indexed_image(kind):
    image = Image.fromarray(np.array([[3, 1, 1, 2]], dtype=np.uint8))
    image.putpalette([9, 9, 9, 200, 0, 0, 0, 200, 0, 0, 0, 200])
    buffer = io.BytesIO()
    image.save(buffer, kind, **({"transparency": 2} if kind == "PNG" else {"optimize": False} if kind == "GIF" else {}))
    green = "#00c80000" if kind == "PNG" else "#00c800"
    assert hexes(buffer.getvalue())[:4] == ["#090909", "#c80000", green, "#0000c8"]


@pytest.mark.parametrize("kind", ["PNG", "TIFF", "WEBP"])
def test_the_colors_of_a_picture_in_reading_order(kind):
    pixels = np.array([[[9, 0, 0], [1, 0, 0], [9, 0, 0]], [[5, 5, 5], [1, 0, 0], [0, 0, 0]]], dtype=np.uint8)
    buffer = io.BytesIO()
    Image.fromarray(pixels).save(buffer, kind, **({"lossless": True} if kind == "WEBP" else {}))
    assert hexes(buffer.getvalue()) == ["#090000", "#010000", "#050505", "#000000"]


def test_json_of_another_run_is_a_palette(run, photo_file):
    row = run("compress", photo_file, "-k", 5, "--json").stdout
    assert hexes(row) == json.loads(row)["palette"]


@pytest.mark.parametrize(
    ("data", "says"),
    [
        (b"", "empty"),
        (b"GIMP Palette\nName: x\n", "no colors"),
        (b"GIMP Palette\n1 2 300\n", "line 2"),
        (b"GIMP Palette\n1 2\n", "line 2"),
        (b"ASEF", "cut off"),
        (ase(ase_color(b"RGB ", 1, 1, 1))[:-3], "cut off"),
        (ase(ase_color(b"HSV ", 1, 1, 1)), "HSV"),
        (ase(ase_color(b"RGB ", math.nan, 1, 1)), "no number"),
        (ase((1, b"\0")), "cut off"),
        (ase((1, b"\0\x01\0\0RGB \0\0")), "cut off"),
        (b'{"a": 1}', "colors, palette or swatches"),
        (b'["#ff"]', "'#ff'"),
        (b"[[1, 2, 3.5]]", "no color"),
        (b"[null]", "no color"),
        (b"[{}]", "no color"),
        (b'["#fff"', "not valid JSON"),
        (b"[" * 100_000, "not valid JSON"),
        (b"#fff\nhello\n", "'hello' in line 2"),
        (b"--a: #12345;", "#12345"),
        (b":root { --a: red; }", "no colors"),
        (b"#fff\n" * 257, "more than 256 colors"),
        (b"GIMP Palette\n" + b"1 2 3\n" * 257, "more than 256 colors"),
        (b"GIMP Palette\n" + b"#" * (1 << 20), "too long"),
        (b"[" + b'"#fff",' * 257 + b'"no"]', "more than 256 colors"),
        (ase(*257 * [ase_color(b"RGB ", 1, 1, 1)], (1, b"")), "more than 256 colors"),
        (b"--a: #fff;\n" * 257 + b"--b: #ff;", "more than 256 colors"),
        (b"JASC-PAL\n0100\n1\n" + b"9" * 5000 + b" 0 0\n", "no color"),
        (b"JASC-PAL\n0100\n1\n" + b"0" * 5000 + b" 0 0\n", "no color"),
        # Of these each place was tried anew, to the end: hours for a megabyte.
        (b"-" * (1 << 20), "no palette"),
        (b"--" + b"a" * ((1 << 20) - 2), "no palette"),
        (b"$a" + b" " * ((1 << 20) - 3) + b"$", "no palette"),
        (b"/*" * (1 << 19), "no palette"),
        (b"\x89PNG\r\n\x1a\n\0\0", "damaged|not an image"),
        (b"\xff\xfe\xfd", "not an image"),
    ],
)
def test_damaged_palettes_are_one_sentence(data, says):
    with pytest.raises(huepress.DecodeError, match=says) as caught:
        read(data)
    assert "\n" not in str(caught.value) and len(str(caught.value)) < 250


@pytest.mark.parametrize("colors", [[(0, 2, 0), (10, 20, 30)], [(0, 1, 1), (0, 0, 0)], [(0, 2, 0), (75, 0, 0)] * 128])
def test_a_color_table_that_begins_as_swatches_do_reads_back_equal(colors):
    one = swatches([(*color, 255) for color in colors])
    np.testing.assert_array_equal(np.asarray(read(write_palette(one, "act"))), np.asarray(one.palette))


@pytest.mark.parametrize("n", [0, 1])
def test_swatches_of_the_size_of_a_color_table_are_swatches(n):
    """Version 1, then version 2 with names: Photoshop writes both into a file."""
    entry = struct.pack(">5H", 0, 0x1010, 0x2020, 0x3030, 0)
    names = [bytes(2 * (n + 2))] * 20
    size = 4 + 10 * 20 + 4 + sum(14 + len(name) for name in names)
    names[-1] += bytes(768 + 4 * n - size)
    second = b"".join(entry + struct.pack(">HH", 0, len(name) // 2) + name for name in names)
    data = struct.pack(">HH", 1, 20) + entry * 20 + struct.pack(">HH", 2, 20) + second
    assert len(data) == 768 + 4 * n and hexes(data) == ["#102030"] * 20


@given(st.sampled_from(PALETTE_FORMATS), st.integers(0, 10**6), st.integers(0, 255), st.booleans())
def test_no_damage_crashes(kind, at, byte, cut):
    data = bytearray(write_palette(swatches([(i, 2 * i, 7, 255) for i in range(20)]), kind))
    at %= len(data)
    if cut:
        del data[at:]
    else:
        data[at] = byte
    try:
        assert 1 <= len(read(bytes(data))) <= 256
    except HuepressError as error:
        assert "\n" not in str(error)


def test_names_are_the_nearest_css_colors():
    css = {name: ImageColor.getrgb(name) for name in ImageColor.colormap}
    names = list(css)
    lab = srgb8_to_oklab(np.array(list(css.values())))
    colors = np.random.default_rng(0).integers(0, 256, (300, 3), dtype=np.uint8)
    for color, name in zip(colors, name_colors(colors), strict=True):
        distance = np.linalg.norm(lab - srgb8_to_oklab(color), axis=1)
        assert distance[names.index(name)] <= distance.min() + 1e-6
    exact = np.array(list(css.values()), dtype=np.uint8)
    assert all(css[name] == css[got] for name, got in zip(names, name_colors(exact), strict=True))
    assert len(css) == 148
    assert name_colors(np.array([[255, 0, 0, 0], [255, 0, 0, 9]], dtype=np.uint8)) == ("transparent", "red")


def test_extracting_and_saving(photo, tmp_path):
    found = huepress.extract_palette(photo, 6)
    assert len(found) == len(found.names) == 6
    assert (np.diff(found.shares) <= 0).all() and found.shares.sum() == pytest.approx(1)
    indexed = huepress.quantize(photo, 6, space="oklab")
    counts = dict(zip(indexed.palette.hex(), np.bincount(indexed.indices.ravel()), strict=True))
    expected = sorted(counts.values(), reverse=True)
    np.testing.assert_allclose(found.shares * photo[:, :, 0].size, expected, rtol=1e-5)
    assert [counts[color] for color in found.palette.hex()] == expected
    for ending in (*PALETTE_FORMATS, "txt"):
        path = tmp_path / f"a.{ending}"
        huepress.save_palette(found, path)
        assert huepress.load_palette(path).hex() == found.palette.hex()
        with pytest.raises(huepress.OutputError, match="exists"):
            huepress.save_palette(found.palette, path)
    huepress.save_palette(found.palette, tmp_path / "a.gpl", overwrite=True)
    with pytest.raises(huepress.OptionError, match="extension"):
        huepress.save_palette(found, tmp_path / "a.xyz")
    with pytest.raises(huepress.OptionError, match="must be one of"):
        huepress.save_palette(found, tmp_path / "a.xyz", "xyz")
