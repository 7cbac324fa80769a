"""Every kind of file and of Pillow image, whole and damaged."""

import importlib
import io
import struct

import cv2
import numpy as np
import PIL
import pytest
from hypothesis import given
from hypothesis import strategies as st
from PIL import Image

import huepress
from huepress.errors import DecodeError, HuepressError, LimitError
from huepress.formats import plug_ins
from huepress.formats.decode import decode, from_pillow
from reference.input_kinds import HEIGHT, WIDTH, all_kinds, picture, picture_with_alpha, saved

LIMIT = 2**21
KINDS = all_kinds()
# The writer of ICNS always adds pictures of 1024 x 1024, and the one of ICO leaves the largest.
ODD_SIZES = {"icns", "ico"}


def pixels_of(data):
    return decode(data, max_pixels=LIMIT).pixels_srgb8


@pytest.mark.parametrize("name", KINDS)
def test_every_kind_is_read(name):
    data, wanted = KINDS[name]
    pixels = pixels_of(data)
    assert name in ODD_SIZES or pixels.shape[:2] == (HEIGHT, WIDTH)
    if wanted is not None:
        np.testing.assert_array_equal(pixels, wanted)


@pytest.mark.parametrize("name", ["jpeg", "jpeg-progressive", "jpeg-cmyk", "webp-lossy", "avif", "heic", "tiff-CMYK"])
def test_lossy_kinds_show_the_picture(name):
    if name not in KINDS:
        pytest.skip("its plug-in is not installed")
    error = np.abs(pixels_of(KINDS[name][0])[:, :, :3].astype(int) - picture())
    assert error.mean() < 6


@pytest.mark.parametrize("name", ["jpeg", "jpeg-gray", "jpeg-cmyk", "jpeg-progressive"])
def test_opencv_sees_the_same_jpeg(name):
    data = KINDS[name][0]
    other = cv2.imdecode(np.frombuffer(data, np.uint8), cv2.IMREAD_COLOR)[:, :, ::-1]
    assert np.abs(pixels_of(data).astype(int) - other).mean() < 3


@pytest.mark.parametrize("name", sorted(set(KINDS) - {"icns"}))
def test_damaged_files(name):
    """Cut at every percent: an error or the whole picture. With flipped bytes: no other exception.

    Only PNG has checksums; elsewhere a flipped byte may be another pixel that nobody can tell.
    """
    data, _ = KINDS[name]
    whole = pixels_of(data)
    tells_cuts = name != "dds" or int(PIL.__version__.split(".")[0]) >= 13  # older ones fill up with black
    for percent in range(100):
        check_damaged(data[: len(data) * percent // 100], whole, exact=tells_cuts)
    rng = np.random.default_rng(len(data))
    for _ in range(30):
        flipped = bytearray(data)
        for at in rng.integers(0, len(data), 3):
            flipped[at] ^= 1 << int(rng.integers(0, 8))
        check_damaged(bytes(flipped), whole, exact=name.startswith("png"))


def check_damaged(data, whole, *, exact):
    try:
        pixels = pixels_of(data)
    except HuepressError as error:
        assert len(str(error)) < 260 and "\n" not in str(error) and "Traceback" not in str(error)
    else:
        assert not exact or np.array_equal(pixels, whole)


def test_damaged_tiff_is_one_sentence(run, tmp_path):
    data = bytearray(KINDS["tiff-tiff_adobe_deflate"][0])
    data[len(data) // 2] ^= 255
    (tmp_path / "bad.tif").write_bytes(data)
    done = run("compress", "bad.tif")
    assert done.returncode == 4 and done.stderr.count(b"\n") == 1, done.stderr  # libtiff writes its own lines


def test_pillow_images_of_every_mode():
    rgb, rgba = picture(), picture_with_alpha()
    image, translucent = Image.fromarray(rgb), Image.fromarray(rgba)
    gray = np.asarray(image.convert("L"))
    cases = {
        "1": (image.convert("1"), np.where(np.asarray(image.convert("1")), 255, 0)),
        "L": (image.convert("L"), gray),
        "LA": (translucent.convert("LA"), np.dstack([gray] * 3 + [rgba[:, :, 3]])),
        "La": (translucent.convert("LA").convert("La"), None),
        "PA": (image.quantize(9).convert("PA"), np.asarray(image.quantize(9).convert("RGB"))),
        "RGBX": (image.convert("RGBX"), rgb),
        "RGBa": (translucent.convert("RGBa"), None),
        "I;16": (Image.fromarray(gray.astype(np.uint16) * 257), gray),
        "I": (Image.fromarray(gray.astype(np.int32) * 257), gray),
        "F 0 to 1": (Image.fromarray((gray / 255).astype(np.float32)), gray),
        "F 0 to 255": (Image.fromarray(gray.astype(np.float32)), gray),
        "F 0 to 65535": (Image.fromarray(gray.astype(np.float32) * 257), gray),
        "CMYK": (image.convert("CMYK"), rgb),
        "YCbCr": (image.convert("YCbCr"), None),
        "HSV": (image.convert("HSV"), None),
    }
    for mode, (given_image, wanted) in cases.items():
        pixels = from_pillow(given_image, max_pixels=LIMIT).pixels_srgb8
        if wanted is None:
            wanted = rgba if mode in ("RGBa", "La") else rgb
            wanted = np.dstack([gray] * 3 + [rgba[:, :, 3]]) if mode == "La" else wanted
            seen = wanted[:, :, 3:] > 200 if wanted.shape[2] == 4 else 1
            assert (np.abs(pixels.astype(int) - wanted) * seen).max() <= 10, mode
        else:
            wanted = np.repeat(wanted[:, :, None], 3, axis=2) if wanted.ndim == 2 else wanted
            np.testing.assert_array_equal(pixels, wanted, err_msg=mode)


@pytest.mark.parametrize("values", [[-1.0, 0.5], [np.nan, 0.5], [0.0, 1e6]])
def test_floats_without_a_known_white_are_refused(values):
    with pytest.raises(DecodeError, match="scale them to 0 to 1"):
        from_pillow(Image.fromarray(np.array([values], np.float32)), max_pixels=LIMIT)


def tiff(values, bits, photometric):
    """A gray TIFF, little-endian, one strip."""
    body = values.astype("<u2").tobytes()
    height, width = values.shape
    fields = {256: width, 257: height, 258: bits, 259: 1, 262: photometric, 273: 8, 277: 1, 278: height, 279: len(body)}
    entries = b"".join(struct.pack("<HHII", tag, 4 if tag in (273, 279) else 3, 1, v) for tag, v in fields.items())
    return b"II*\0" + struct.pack("<I", 8 + len(body)) + body + struct.pack("<H", len(fields)) + entries + bytes(4)


@pytest.mark.parametrize(("photometric", "wanted"), [(1, [0, 1, 128, 255]), (0, [255, 254, 127, 0])])
def test_white_is_zero_in_sixteen_bits(photometric, wanted):
    values = np.array([[0, 257, 32896, 65535]])
    np.testing.assert_array_equal(pixels_of(tiff(values, 16, photometric))[0, :, 0], wanted)


@pytest.mark.parametrize("orientation", range(1, 9))
def test_every_orientation(orientation):
    exif = Image.Exif()
    exif[0x0112] = orientation
    turned = [lambda a: a, np.fliplr, lambda a: np.rot90(a, 2), np.flipud, lambda a: a.swapaxes(0, 1),
              lambda a: np.rot90(a, -1), lambda a: np.rot90(a, 2).swapaxes(0, 1), np.rot90]  # fmt: skip
    for file_format, options in (("PNG", {}), ("WEBP", {"lossless": True}), ("TIFF", {})):
        data = saved(Image.fromarray(picture()), file_format, exif=exif, **options)
        np.testing.assert_array_equal(pixels_of(data), turned[orientation - 1](picture()))


def test_damaged_exif_leaves_the_picture():
    data = saved(Image.fromarray(picture()), "WEBP", lossless=True, exif=b"Exif\0\0II*\0\xff\xff\xff\x7fnonsense")
    np.testing.assert_array_equal(pixels_of(data), picture())


@pytest.mark.parametrize(
    ("data", "extra"),
    [
        (b"\xff\x0a" + bytes(40), "huepress[jxl]"),
        (b"\0\0\0\x0cJXL \r\n\x87\n" + bytes(40), "huepress[jxl]"),
        (b"\0\0\0\x18ftypheic\0\0\0\0mif1heic" + bytes(40), "huepress[heif]"),
        (b"\0\0\0\x18ftypmif1\0\0\0\0mif1avif" + bytes(40), "huepress[avif]"),
    ],
)
def test_a_missing_plug_in_is_named(monkeypatch, data, extra):
    def missing(_):
        raise ImportError

    monkeypatch.setattr(plug_ins, "import_module", missing)
    monkeypatch.setattr(plug_ins.features, "check", lambda _: False)
    with pytest.raises(DecodeError) as error:
        decode(data, max_pixels=LIMIT)
    assert f"pip install '{extra}'" in str(error.value)


@pytest.mark.parametrize("size", [(8, 8), (16, 8), (1, 1), (300, 77), (2000, 9), (40, 200), (256, 256)])
def test_size_of_jpeg_xl_is_known_before_decoding(size):
    importlib.import_module("pillow_jxl") if importlib.util.find_spec("pillow_jxl") else pytest.skip("no plug-in")
    for options in ({}, {"use_container": True}):
        data = saved(Image.new("RGB", size, "teal"), "JXL", lossless=True, **options)
        assert plug_ins.jxl_size(data) == size
        with pytest.raises(LimitError):
            decode(data, max_pixels=size[0] * size[1] - 1) if size != (1, 1) else decode(data, max_pixels=0)


@given(st.binary(max_size=60))
def test_headers_of_nonsense_are_read_without_a_crash(data):
    for start in (b"\xff\x0a", b"\0\0\0\x0cJXL \r\n\x87\n", b""):
        width, height = plug_ins.jxl_size(start + data)
        assert width >= 0 and height >= 1


def test_pages_are_never_dropped_silently():
    pages = [Image.fromarray(picture()), Image.new("RGB", (9, 9))]
    with pytest.raises(DecodeError, match="several pages"):
        pixels_of(saved(pages[0], "TIFF", save_all=True, append_images=pages[1:]))


@pytest.mark.parametrize(
    "name", ["png-3-1", "png-3-2-trns", "png-3-4-adam7-trns", "png-3-8-trns", "png-0-4-trns", "gif"]
)
@pytest.mark.parametrize("format", ["png", "webp", "auto", "keep"])
def test_what_fits_the_palette_is_repacked_losslessly(name, format):
    data, _ = KINDS[name]
    result = huepress.compress(data, format=format, allow_larger=True)
    assert result.report.mse == 0 and result.report.status == "compressed"
    again = decode(result.encoded.data, max_pixels=LIMIT).pixels_srgb8
    np.testing.assert_array_equal(again, pixels_of(data))
    assert Image.open(io.BytesIO(result.encoded.data)).format == result.encoded.format


def test_previews_in_a_tiff_are_no_pages():
    preview = Image.new("RGB", (9, 9))
    preview.encoderinfo = {"tiffinfo": {254: 1}}
    data = saved(Image.fromarray(picture()), "TIFF", save_all=True, append_images=[preview])
    assert Image.open(io.BytesIO(data)).n_frames == 2
    np.testing.assert_array_equal(pixels_of(data), picture())
