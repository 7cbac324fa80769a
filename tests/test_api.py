import doctest
import io
import math
import pathlib
import subprocess
import sys

import numpy as np
import pytest
from PIL import Image

import huepress
from conftest import HANG, png_bytes
from huepress import api
from huepress.engine import kmeans
from huepress.errors import Remedy
from huepress.ml import batch, features


@pytest.mark.parametrize("module", [api, kmeans, batch, features])
def test_docstring_examples(module):
    assert doctest.testmod(module).failed == 0


def test_every_kind_of_input_gives_the_same(photo, photo_file):
    data = photo_file.read_bytes()
    inputs = [
        photo_file,
        str(photo_file),
        data,
        bytearray(data),
        memoryview(data),
        io.BytesIO(data),
        Image.open(photo_file),
        photo,
        np.dstack([photo, np.full(photo.shape[:2], 255, np.uint8)]),
        np.asfortranarray(photo),
    ]
    first = huepress.compress(inputs[0], n_colors=12)
    for image in inputs[1:]:
        result = huepress.compress(image, n_colors=12)
        assert result.palette.hex() == first.palette.hex()
        np.testing.assert_array_equal(result.indices, first.indices)
        assert result.encoded.data == first.encoded.data


def test_gray_arrays_are_gray(photo):
    result = huepress.compress(photo[:, :, 0], n_colors=5)
    colors = np.asarray(result.palette)
    assert len(colors) == 5 and (colors == colors[:, :1]).all()


def test_result(photo_file, photo, tmp_path):
    result = huepress.compress(photo_file, n_colors=16)
    assert result.image.mode == "P"
    np.testing.assert_array_equal(np.asarray(result.image.convert("RGB")), result.palette[result.indices])
    np.testing.assert_array_equal(np.asarray(result.image), result.indices)
    assert result._repr_png_() == result.encoded.data
    result.save(tmp_path / "out.png")
    np.testing.assert_array_equal(np.asarray(Image.open(tmp_path / "out.png")), result.indices)
    with pytest.raises(huepress.OutputError, match="overwrite=True"):
        result.save(tmp_path / "out.png")
    result.save(tmp_path / "out.png", overwrite=True)
    with pytest.raises((AttributeError, TypeError)):
        result.report.mse = 0.0
    with pytest.raises(ValueError, match="read-only"):
        result.indices[0, 0] = 1


def test_pillow_image_keeps_alpha(badge):
    result = huepress.compress(badge, n_colors=20)
    np.testing.assert_array_equal(np.asarray(result.image.convert("RGBA")), result.palette[result.indices])


def test_report_measures_the_truth(photo_file, photo):
    result = huepress.compress(photo_file, n_colors=16)
    report = result.report
    mse = np.square(photo.astype(float) - result.palette[result.indices]).sum(axis=2).mean()
    assert report.mse == pytest.approx(mse, rel=1e-9)
    assert report.psnr_db == pytest.approx(10 * math.log10(255**2 / (mse / 3)), rel=1e-9)
    assert (report.width, report.height) == (photo.shape[1], photo.shape[0])
    assert report.bytes_in == photo_file.stat().st_size
    assert report.bytes_out == len(result.encoded.data)
    assert (report.bits_per_pixel, report.bits_per_pixel_in, report.index_factor) == (4, 24, 6.0)
    assert report.n_colors_in == len(np.unique(photo.reshape(-1, 3), axis=0))
    assert report.saved == pytest.approx(1 - report.bytes_out / report.bytes_in)


def test_report_with_alpha_is_the_mean_over_black_and_white(badge):
    result = huepress.compress(badge, n_colors=12)
    got = result.palette[result.indices].astype(float)
    want = badge.astype(float)
    errors = []
    for background in (0.0, 255.0):
        on = [c[..., :3] * c[..., 3:] / 255 + background * (1 - c[..., 3:] / 255) for c in (got, want)]
        errors.append(np.square(on[0] - on[1]).sum(axis=2).mean())
    assert result.report.mse == pytest.approx(sum(errors) / 2, rel=1e-5)


def test_never_larger_unless_asked():
    noise = np.random.default_rng(0).integers(0, 256, (64, 64, 3), dtype=np.uint8)
    buffer = io.BytesIO()
    Image.fromarray(noise).save(buffer, "JPEG", quality=5)
    jpeg = buffer.getvalue()
    kept = huepress.compress(jpeg, n_colors=256)
    assert kept.report.status == "kept" and kept.encoded.data == jpeg and kept.encoded.format == "JPEG"
    assert "kept" in kept.report.message and kept.report.mse == 0
    taken = huepress.compress(jpeg, n_colors=256, allow_larger=True)
    assert taken.report.status == "compressed" and taken.report.bytes_out > len(jpeg)


def test_fewer_pixels_that_take_more_bytes_are_told(photo):
    buffer = io.BytesIO()
    Image.fromarray(photo).save(buffer, "JPEG", quality=5)
    resized = huepress.compress(buffer.getvalue(), resize="99%").report
    assert resized.bytes_out > resized.bytes_in
    assert "times the JPEG it was made from" in resized.message and resized.remedy is Remedy.FEWER_BYTES
    for more in ({"quality": 60}, {"format": "jpeg"}):
        assert not huepress.compress(buffer.getvalue(), resize="99%", **more).report.message


def test_who_asks_for_a_number_of_colors_gets_it(photo):
    buffer = io.BytesIO()
    Image.fromarray(photo).save(buffer, "JPEG", quality=5)
    jpeg = buffer.getvalue()
    asked = huepress.compress(jpeg, n_colors=64)
    report = asked.report
    assert (report.status, report.n_colors, asked.encoded.format) == ("compressed", 64, "PNG")
    assert report.bytes_out > len(jpeg) and "times the JPEG, since 64 colors were asked for" in report.message
    for more in ({"allow_larger": False}, {"min_saving": 0.1}, {"n_colors": "auto"}, {"quality": 70}):
        kept = huepress.compress(jpeg, **{"n_colors": 64, **more}).report
        assert kept.status == "kept", more


def test_second_run_keeps_the_first(photo):
    first = huepress.compress(png_bytes(photo), n_colors=8)
    second = huepress.compress(first.encoded.data, n_colors=8)
    assert second.report.status == "kept" and second.encoded.data == first.encoded.data


def test_same_file_for_any_number_of_threads(photo):
    files = {huepress.compress(photo, n_colors=64, jobs=jobs).encoded.data for jobs in (1, 2, 6)}
    assert len(files) == 1


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"n_colors": 1}, "2 to 256"),
        ({"n_colors": 257}, "2 to 256"),
        ({"n_colors": "8"}, "whole number"),
        ({"n_colors": 8.0}, "whole number"),
        ({"n_colors": True}, "whole number"),
        ({"seed": -1}, "seed"),
        ({"space": "lab"}, "space"),
        ({"init": "best"}, "init"),
        ({"init": [(1, 2, 3)]}, "lists 1 colors"),
        ({"init": [(1, 2)], "n_colors": 2}, "#ff0000"),
        ({"tol": 1.5}, "tol"),
        ({"colour": 3}, "unknown option 'colour'"),
    ],
)
def test_bad_options(photo, options, message):
    with pytest.raises(huepress.OptionError, match=message):
        huepress.compress(photo, **options)


def test_numpy_integers_are_integers(photo):
    assert len(huepress.compress(photo, n_colors=np.int64(4)).palette) == 4


def test_bad_inputs(tmp_path):
    with pytest.raises(huepress.InputError, match="no such file"):
        huepress.compress(tmp_path / "missing.png")
    with pytest.raises(huepress.InputError, match="cannot compress int"):
        huepress.compress(7)
    with pytest.raises(huepress.InputError, match="'rb'"):
        huepress.compress(io.StringIO("text"))
    broken = tmp_path / "broken.png"
    broken.write_bytes(b"nonsense")
    with pytest.raises(huepress.DecodeError, match=r"broken\.png"):
        huepress.compress(broken)
    with pytest.raises(huepress.OptionError, match="translucent"):
        huepress.compress(np.arange(48, dtype=np.uint8).reshape(4, 4, 3), 2, init=[(0, 0, 0, 9), (1, 1, 1, 255)])


def test_pillow_images_that_cannot_be_loaded(photo, tmp_path):
    data = png_bytes(photo)
    with pytest.raises(huepress.DecodeError):
        huepress.compress(Image.open(io.BytesIO(data[: len(data) // 2])))
    with pytest.raises(huepress.DecodeError, match="several pages"):
        pages = io.BytesIO()
        Image.fromarray(photo).save(pages, "TIFF", save_all=True, append_images=[Image.fromarray(photo)])
        huepress.compress(pages.getvalue())


def test_pillow_images_are_turned_upright(photo):
    exif = Image.Exif()
    exif[0x0112] = 6
    data = png_bytes(photo, exif=exif)
    by_file, by_image = huepress.compress(data, 8), huepress.compress(Image.open(io.BytesIO(data)), 8)
    np.testing.assert_array_equal(by_file.indices, by_image.indices)


def test_short_reprs(photo):
    result = huepress.compress(photo, n_colors=16)
    assert len(repr(result)) < 1000 and "16 colors" in repr(result)


def test_refused_threads_do_not_end_the_program(photo):
    code = (
        "import resource, numpy as np, huepress\n"
        "noise = np.random.default_rng(0).integers(0, 256, (1000, 1000, 3), dtype=np.uint8)\n"
        "huepress.quantize(noise[:20], 4)\n"
        "used = int(open('/proc/self/statm').read().split()[0]) * resource.getpagesize()\n"
        "resource.setrlimit(resource.RLIMIT_AS, (used + 500_000_000,) * 2)\n"
        "assert len(huepress.quantize(noise, 16, jobs=200).palette) == 16\n"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, timeout=HANG)
    assert done.returncode == 0, done.stderr


def test_public_names():
    for name in huepress.__all__:
        assert getattr(huepress, name) is not None
    assert set(huepress.__all__) <= set(dir(huepress))
    with pytest.raises(AttributeError, match="nonsense"):
        huepress.nonsense  # noqa: B018
    assert (pathlib.Path(huepress.__file__).parent / "py.typed").exists()


def test_a_result_is_bytes_with_a_media_type(photo):
    for name, mime_type in (("png", "image/png"), ("webp", "image/webp"), ("gif", "image/gif")):
        result = huepress.compress(photo, 8, effort=0, format=name)
        assert bytes(result) == result.encoded.data and result.mime_type == mime_type


def test_a_kept_original_has_its_own_media_type(photo):
    buffer = io.BytesIO()
    Image.fromarray(photo).save(buffer, "JPEG", quality=5)
    result = huepress.compress(buffer.getvalue())
    assert result.report.status == "kept" and result.mime_type == "image/jpeg"


def test_saving_into_an_open_file(photo, tmp_path):
    result = huepress.compress(photo, 8, effort=0)
    buffer = io.BytesIO()
    result.save(buffer)
    assert buffer.getvalue() == bytes(result)
    with open(tmp_path / "small.png", "wb") as file:
        result.save(file)
    assert (tmp_path / "small.png").read_bytes() == bytes(result)


def test_what_is_saved_of_an_array(photo):
    report = huepress.compress(photo, 8, effort=0).report
    assert report.bytes_in is None and report.saved == pytest.approx(1 - report.bytes_out / photo.nbytes)


def test_a_missing_file_is_a_file_not_found_error(tmp_path):
    with pytest.raises(FileNotFoundError) as caught:
        huepress.compress(tmp_path / "missing.png")
    assert isinstance(caught.value, huepress.InputError)


def test_palettes_are_shaped_and_shown(photo):
    found = huepress.extract_palette(photo, 5)
    assert found.palette.shape == np.asarray(found.palette).shape == (5, 3)
    shown = found._repr_html_()
    assert shown.count("<span") == 5 and all(color in shown for color in found.palette.hex()) and "%" in shown
    assert found.palette._repr_html_().count("<span") == 5


def test_the_library_is_silent_until_somebody_listens(photo, caplog):
    with caplog.at_level("INFO", logger="huepress"):
        huepress.compress(photo, 8, effort=0, resize="50%")
    assert "compressed: " in caplog.text and "resized from 300 x 200 to 150 x 100" in caplog.text
    code = "import huepress, numpy as np; huepress.compress(np.zeros((9, 9), np.uint8))"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, timeout=60)
    assert done.returncode == 0 and done.stdout == done.stderr == b""
