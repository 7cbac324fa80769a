"""What of a file's metadata survives, in results and in originals that are kept."""

import io
import shutil
import subprocess

import numpy as np
import pytest
from PIL import Image

import huepress
from huepress.formats.reading import read_still
from huepress.options import FULL_COLOR_FORMATS
from reference.input_kinds import all_kinds, picture, saved

LIMIT = 2**21
KINDS = all_kinds()
GPS, EXIF = 0x8825, 0x8769
XMP = (
    b'<x:xmpmeta xmlns:x="adobe:ns:meta/"><rdf:RDF xmlns:rdf="http://www.w3.org/1999/02/22-rdf-syntax-ns#">'
    b'<rdf:Description xmlns:tiff="http://ns.adobe.com/tiff/1.0/" tiff:Orientation="6" exif:GPSLatitude="47,22N"/>'
    b"</rdf:RDF></x:xmpmeta>"
)
NOISE = np.random.default_rng(0).integers(0, 256, (60, 60, 3), dtype=np.uint8)
SECRETS = (b"GPSLatitude", b"CAMERA", b"Serial-77")


def exif_block():
    exif = Image.Exif()
    exif[0x0112] = 6
    exif[0x010F] = "CAMERA"
    exif[0x013B] = "Ann Example"
    exif[0x8298] = "(c) Ann Example"
    exif.get_ifd(GPS)[1] = "N"
    exif.get_ifd(GPS)[2] = (47.0, 22.0, 11.0)
    exif.get_ifd(EXIF)[0xA431] = "Serial-77"
    return exif.tobytes()


def files_with_secrets():
    image = Image.fromarray(picture())
    files = {}
    for name, options in (
        ("JPEG", {"dpi": (300, 200), "comment": b"Serial-77", "quality": 30}),
        ("PNG", {"dpi": (300, 200)}),
        ("WEBP", {"quality": 5}),
        ("TIFF", {"dpi": (300, 200)}),
        ("AVIF", {"quality": 20}),
    ):
        files[name] = saved(image, name, exif=exif_block(), xmp=XMP, **options)
    for name in ("HEIF", "JXL"):
        if any(kind.startswith({"HEIF": "heic", "JXL": "jxl"}[name]) for kind in KINDS):
            files[name] = saved(image, name, exif=exif_block(), xmp=XMP, lossless=True)
    return files


FILES = files_with_secrets()


def reopened(data):
    image = Image.open(io.BytesIO(data))
    image.load()
    return image


def test_the_files_hold_secrets():
    for data in FILES.values():
        assert all(secret in data for secret in (b"CAMERA", b"Serial-77"))


@pytest.mark.parametrize("strip", ["safe", "all"])
@pytest.mark.parametrize("name", FILES)
@pytest.mark.parametrize("allow_larger", [True, False])
def test_no_secret_survives_by_default(name, strip, allow_larger):
    for format in ("png", "webp", "gif", "auto", "avif", "webp-lossy", "jpeg"):
        n_colors = "auto" if format in FULL_COLOR_FORMATS else 16
        result = huepress.compress(FILES[name], n_colors, format=format, strip=strip, allow_larger=allow_larger)
        data = result.encoded.data
        assert not any(secret in data for secret in SECRETS)
        exif = reopened(data).getexif()
        assert not exif.get_ifd(GPS) and not exif.get_ifd(EXIF)
        assert (b"Ann Example" in data) == (strip == "safe" and (format != "gif" or b"Ann" in data))
        shown = read_still(data, max_pixels=LIMIT).pixels_srgb8
        assert shown.shape == read_still(FILES[name], max_pixels=LIMIT).pixels_srgb8.shape


@pytest.mark.parametrize("name", ["JPEG", "WEBP", "AVIF", "HEIF"])
def test_kept_originals_are_cleaned_without_a_change_of_pixels(name):
    if name not in FILES:
        pytest.skip("its plug-in is not installed")
    result = huepress.compress(FILES[name], effort=0)
    data = result.encoded.data
    assert result.report.status == "kept" and "metadata removed" in result.report.message
    assert result.report.bytes_out == len(data) <= len(FILES[name]) and not any(secret in data for secret in SECRETS)
    assert b"Ann Example" in data and result.encoded.format == name
    shown = read_still(FILES[name], max_pixels=LIMIT).pixels_srgb8
    np.testing.assert_array_equal(read_still(data, max_pixels=LIMIT).pixels_srgb8, shown)


def test_a_file_that_cannot_be_cleaned_is_not_kept():
    exif = Image.Exif()
    exif[0x010F] = "CAMERA"
    big = saved(Image.fromarray(NOISE), "TIFF", compression="jpeg", quality=5, exif=exif)
    result = huepress.compress(big, 256, effort=0)
    assert result.report.status == "compressed" and "metadata cannot be removed" in result.report.message
    assert result.report.remedy is huepress.errors.Remedy.KEEP_METADATA
    assert result.report.bytes_out > len(big)
    kept = huepress.compress(big, 256, strip="none", effort=0, allow_larger=False)
    assert kept.report.status == "kept" and kept.encoded.data == big


@pytest.mark.parametrize("name", sorted(set(KINDS) - {"icns"}))
def test_cleaning_changes_no_picture(name):
    data = KINDS[name][0]
    source = read_still(data, max_pixels=LIMIT, strip="all")
    assert source.keepable is not None and len(source.keepable) <= len(data)
    np.testing.assert_array_equal(read_still(source.keepable, max_pixels=LIMIT).pixels_srgb8, source.pixels_srgb8)


@pytest.mark.parametrize("name", FILES)
@pytest.mark.parametrize("format", ["png", "webp", "jxl"])
def test_everything_stays_when_asked_for(name, format):
    if format == "jxl" and "JXL" not in FILES:
        pytest.skip("the plug-in is not installed")
    data = huepress.compress(FILES[name], 16, format=format, strip="none", allow_larger=True).encoded.data
    exif = reopened(data).getexif()
    assert exif[0x010F] == "CAMERA" and exif[0x013B] == "Ann Example" and exif.get_ifd(EXIF)[0xA431] == "Serial-77"
    assert exif.get_ifd(GPS)[2] == (47.0, 22.0, 11.0)
    assert 0x0112 not in exif, "the orientation was applied and must not be applied again"
    shown = read_still(data, max_pixels=LIMIT).pixels_srgb8.shape
    assert shown == read_still(FILES[name], max_pixels=LIMIT).pixels_srgb8.shape
    if name in ("JPEG", "WEBP") and format != "jxl":
        xmp = reopened(data).info["xmp"]
        assert b"GPSLatitude" in xmp and b"tiff:Orientation" not in xmp


@pytest.mark.parametrize("name", ["JPEG", "PNG", "TIFF"])
def test_resolution_is_kept_and_turned(name):
    wanted = (200, 300)
    png = reopened(huepress.compress(FILES[name], 16, allow_larger=True).encoded.data)
    assert np.allclose(png.info["dpi"], wanted, atol=0.01)
    webp = reopened(huepress.compress(FILES[name], 16, format="webp", allow_larger=True).encoded.data)
    exif = webp.getexif()
    assert np.allclose([float(exif[0x011A]), float(exif[0x011B])], wanted, atol=0.01) and exif[0x0128] == 2
    bare = reopened(huepress.compress(FILES[name], 16, strip="all", allow_larger=True).encoded.data)
    assert "dpi" not in bare.info


def test_chunks_stand_where_the_specification_wants_them(tmp_path):
    if not shutil.which("pngcheck"):
        pytest.skip("pngcheck is not installed")
    from test_color_management import P3_PROFILE

    data = saved(Image.fromarray(picture()), "JPEG", exif=exif_block(), xmp=XMP, dpi=(300, 200), icc_profile=P3_PROFILE)
    result = huepress.compress(data, 16, strip="none", color="keep", allow_larger=True)
    (tmp_path / "a.png").write_bytes(result.encoded.data)
    done = subprocess.run(["pngcheck", "-v", "a.png"], cwd=tmp_path, capture_output=True, text=True)
    assert done.returncode == 0, done.stdout
    assert all(name in done.stdout for name in ("iCCP", "pHYs", "eXIf", "iTXt"))


def test_texts_of_any_script_survive():
    from PIL import PngImagePlugin

    texts = PngImagePlugin.PngInfo()
    texts.add_itxt("Copyright", "© 株式会社")
    texts.add_text("Author", "Zoë")
    texts.add_text("Software", "Serial-77")
    data = saved(Image.fromarray(picture()), "PNG", pnginfo=texts)
    kept = reopened(huepress.compress(data, 16, allow_larger=True).encoded.data).text
    assert dict(kept) == {"Copyright": "© 株式会社", "Author": "Zoë"}
    everything = reopened(huepress.compress(data, 16, strip="none", allow_larger=True).encoded.data).text
    assert everything["Software"] == "Serial-77"


@pytest.mark.parametrize("format", FULL_COLOR_FORMATS)
def test_author_and_camera_can_be_read_in_coders_of_any_number_of_colors(format):
    for strip, camera in (("safe", None), ("none", "CAMERA")):
        result = huepress.compress(FILES["JPEG"], format=format, quality=30, strip=strip, allow_larger=True)
        exif = Image.open(io.BytesIO(bytes(result))).getexif()
        assert exif.get(0x013B) == "Ann Example"
        assert exif.get(0x010F) == camera


@pytest.mark.parametrize("format", FULL_COLOR_FORMATS)
def test_more_metadata_than_a_file_holds_is_left_out(format):
    exif = Image.Exif()
    exif[0x010E] = "x" * 70_000
    image = saved(Image.fromarray(NOISE), "PNG", exif=exif.tobytes())
    result = huepress.compress(image, format=format, quality=30, strip="none", allow_larger=True)
    left_out = not reopened(bytes(result)).getexif().get(0x010E)
    assert left_out == (result.encoded.format == "JPEG")
    assert left_out == any("64 kB" in note for note in result.report.notes) or format == "smallest"
