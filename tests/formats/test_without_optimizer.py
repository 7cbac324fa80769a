"""Where the PNG optimizer cannot be installed (WebAssembly): the core writes indexed files, zlib the others."""

import io
import subprocess
import sys

import numpy as np
import pytest
from PIL import Image

import huepress
from conftest import HANG
from huepress.formats import optimizer
from huepress.formats.png_layers import encode_gray16, encode_mask, encode_rgba
from stills import PICTURES


@pytest.fixture
def nothing_to_optimize_with(monkeypatch):
    monkeypatch.setattr(optimizer, "oxipng", None)


def test_it_is_not_needed_for_the_program_to_start():
    program = (
        "import sys; sys.modules['oxipng'] = None; import huepress.cli.main, huepress; print(huepress.__version__)"
    )
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, timeout=HANG, check=False)
    assert done.stdout.strip() == huepress.__version__, done.stderr


@pytest.mark.usefixtures("nothing_to_optimize_with")
@pytest.mark.parametrize("effort", [0, 4])
def test_indexed_files_are_the_cores(effort):
    plain, asked = (
        huepress.compress(PICTURES["halo"], 20, effort=effort, png_writer=writer) for writer in ("oxipng", "core")
    )
    assert plain.encoded.data == asked.encoded.data


@pytest.mark.usefixtures("nothing_to_optimize_with")
def test_masks_maps_and_layers_hold_what_they_should():
    rng = np.random.default_rng(4)
    mask = rng.random((21, 37)) < 0.5
    values = rng.integers(0, 65536, (21, 37))
    rgba = PICTURES["halo"]
    shown = [np.asarray(Image.open(io.BytesIO(data))) for data in (encode_mask(mask), encode_gray16(values))]
    np.testing.assert_array_equal(shown[0], mask)
    np.testing.assert_array_equal(shown[1], values)
    np.testing.assert_array_equal(np.asarray(Image.open(io.BytesIO(encode_rgba(rgba)))), rgba)


@pytest.mark.usefixtures("nothing_to_optimize_with")
def test_gray_pictures_and_kept_originals_are_written():
    gray = np.tile(np.arange(64, dtype=np.uint8) * 4, (40, 1))
    found = huepress.compress(gray, 16)
    np.testing.assert_array_equal(np.asarray(Image.open(io.BytesIO(found.encoded.data)).convert("L")).shape, gray.shape)
    small = huepress.compress(found.encoded.data, quality=99)
    assert len(small.encoded.data) <= len(found.encoded.data)


@pytest.mark.parametrize("name", ["halo", "gray"])
@pytest.mark.parametrize("n_colors", [2, 5, 200])
def test_zlib_alone_holds_the_same_picture(name, n_colors):
    """At once, and larger: every bit depth, translucent entries, and grays, whose palette stays."""
    picture = PICTURES["halo"] if name == "halo" else np.tile(np.arange(256, dtype=np.uint8), (30, 1))
    plain, careful = (
        huepress.compress(picture, n_colors, effort=0, png_writer=writer) for writer in ("zlib", "oxipng")
    )
    image = Image.open(io.BytesIO(plain.encoded.data))
    assert image.mode == "P"
    shown = [np.asarray(Image.open(io.BytesIO(each.encoded.data)).convert("RGBA")) for each in (plain, careful)]
    np.testing.assert_array_equal(*shown)
    assert len(plain.encoded.data) >= len(careful.encoded.data)
