import contextlib
import io

import cv2
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp
from PIL import Image

import huepress
from conftest import png_bytes
from huepress.colors.arrays import pack_rows
from huepress.errors import DecodeError, InputError, LimitError
from huepress.formats.decode import decode, from_array
from huepress.formats.png import encode_png
from huepress.model import IndexedImage, Palette

LIMIT = 10**6


def indexed(indices, n_colors, channels, seed=0):
    rng = np.random.default_rng(seed)
    colors = np.unique(rng.integers(0, 256, (n_colors * 3, channels), dtype=np.uint8), axis=0)
    return IndexedImage(indices, Palette(colors[rng.permutation(len(colors))[:n_colors]]))


def decoded_by_pillow(data):
    image = Image.open(io.BytesIO(data))
    assert image.mode == "P"
    return np.asarray(image), np.asarray(image.convert("RGBA"))


def decoded_by_opencv(data):
    picture = cv2.imdecode(np.frombuffer(data, np.uint8), cv2.IMREAD_UNCHANGED)
    code = cv2.COLOR_BGRA2RGBA if picture.shape[2] == 4 else cv2.COLOR_BGR2RGBA
    return cv2.cvtColor(picture, code)


@pytest.mark.parametrize("channels", [3, 4])
@pytest.mark.parametrize("n_colors", [1, 2, 3, 4, 5, 16, 17, 255, 256])
@pytest.mark.parametrize("size", [(1, 1), (1, 9), (7, 3), (33, 50)])
def test_two_other_decoders_agree(channels, n_colors, size):
    indices = np.random.default_rng(n_colors).integers(0, n_colors, size, dtype=np.uint8)
    image = indexed(indices, n_colors, channels)
    data = encode_png(image).data
    colors = image.to_array()
    rgba = colors if channels == 4 else np.dstack([colors, np.full(size, 255, np.uint8)])
    pillow_indices, pillow_rgba = decoded_by_pillow(data)
    np.testing.assert_array_equal(pillow_indices, indices)  # palette order kept, too
    np.testing.assert_array_equal(pillow_rgba, rgba)
    np.testing.assert_array_equal(decoded_by_opencv(data), rgba)


@pytest.mark.parametrize(("n_colors", "depth"), [(1, 1), (2, 1), (3, 2), (4, 2), (5, 4), (16, 4), (17, 8), (256, 8)])
def test_smallest_bit_depth(n_colors, depth):
    indices = np.arange(n_colors, dtype=np.uint8)[None]
    data = encode_png(indexed(indices, n_colors, 3)).data
    assert data[24] == depth and data[25] == 3  # IHDR: bit depth, color type "indexed"
    assert int.from_bytes(data[data.index(b"PLTE") - 4 :][:4], "big") == 3 * n_colors
    assert b"tRNS" not in data


@given(hnp.arrays(np.uint8, st.tuples(st.integers(1, 5), st.integers(1, 20))), st.sampled_from([1, 2, 4, 8]))
def test_packing_keeps_every_index(indices, depth):
    indices = indices & ((1 << depth) - 1)
    packed = pack_rows(indices, depth)
    bits = np.unpackbits(packed, axis=1).reshape(len(indices), -1, depth)
    values = bits @ (1 << np.arange(depth)[::-1])
    np.testing.assert_array_equal(values[:, : indices.shape[1]], indices)
    assert not values[:, indices.shape[1] :].any()


def saved(image, file_format, **options):
    buffer = io.BytesIO()
    image.save(buffer, file_format, **options)
    return buffer.getvalue()


@pytest.mark.parametrize("file_format", ["PNG", "WEBP", "TIFF", "BMP", "PPM"])
def test_lossless_formats_decode_exactly(photo, file_format):
    options = {"lossless": True} if file_format == "WEBP" else {}
    source = decode(saved(Image.fromarray(photo), file_format, **options), max_pixels=LIMIT)
    np.testing.assert_array_equal(source.pixels_srgb8, photo)


def test_modes(photo, badge):
    rgb, rgba = Image.fromarray(photo), Image.fromarray(badge)
    assert decode(saved(rgb.convert("L"), "PNG"), max_pixels=LIMIT).pixels_srgb8.shape == photo.shape
    assert decode(saved(rgb.convert("1"), "PNG"), max_pixels=LIMIT).pixels_srgb8.max() == 255
    assert decode(saved(rgb.convert("CMYK"), "JPEG"), max_pixels=LIMIT).pixels_srgb8.shape == photo.shape
    np.testing.assert_array_equal(decode(saved(rgba, "PNG"), max_pixels=LIMIT).pixels_srgb8, badge)
    gray_alpha = decode(saved(rgba.convert("LA"), "PNG"), max_pixels=LIMIT).pixels_srgb8
    np.testing.assert_array_equal(gray_alpha[:, :, 3], badge[:, :, 3])
    palette = decode(saved(rgba.quantize(16), "PNG"), max_pixels=LIMIT).pixels_srgb8
    np.testing.assert_array_equal(palette, np.asarray(rgba.quantize(16).convert("RGBA")))


def test_sixteen_bit_gray():
    codes = np.array([[0, 128, 257, 32768, 65535]], dtype=np.uint16)
    pixels = decode(saved(Image.fromarray(codes), "PNG"), max_pixels=LIMIT).pixels_srgb8
    np.testing.assert_array_equal(pixels[0, :, 0], np.rint(codes[0] / 257))


def test_orientation_is_applied(photo):
    exif = Image.Exif()
    exif[0x0112] = 6  # shown rotated by 90 degrees clockwise
    data = saved(Image.fromarray(photo), "PNG", exif=exif)
    np.testing.assert_array_equal(decode(data, max_pixels=LIMIT).pixels_srgb8, np.rot90(photo, -1))


def test_opaque_alpha_is_dropped(photo):
    opaque = np.dstack([photo, np.full(photo.shape[:2], 255, np.uint8)])
    np.testing.assert_array_equal(from_array(opaque, max_pixels=LIMIT).pixels_srgb8, photo)


def test_every_truncation_is_a_clear_error_or_a_picture(photo):
    for data in (png_bytes(photo[:60, :60]), saved(Image.fromarray(photo[:60, :60]), "JPEG")):
        for percent in range(100):
            cut = data[: len(data) * percent // 100]
            try:
                assert decode(cut, max_pixels=LIMIT).pixels_srgb8.shape == (60, 60, 3)
            except DecodeError as error:
                assert "Traceback" not in str(error) and len(str(error)) < 300


def test_flipped_bytes_never_crash(photo):
    rng = np.random.default_rng(0)
    original = png_bytes(photo[:40, :40])
    for _ in range(200):
        data = bytearray(original)
        for at in rng.integers(0, len(data), 3):
            data[at] ^= 1 << rng.integers(0, 8)
        with contextlib.suppress(huepress.HuepressError):
            decode(bytes(data), max_pixels=LIMIT)


def test_what_is_no_image():
    for data in (b"", b"\0", b"hello, world" * 50, b"%PDF-1.4 ...", b"\x89PNG\r\n\x1a\n"):
        with pytest.raises(DecodeError):
            decode(data, max_pixels=LIMIT)


def test_animations_are_refused_not_cut():
    frames = [Image.new("RGB", (4, 4), color) for color in ("red", "blue")]
    data = saved(frames[0], "GIF", save_all=True, append_images=frames[1:])
    with pytest.raises(DecodeError, match="2 frames"):
        decode(data, max_pixels=LIMIT)


def test_pixel_limit_is_ours_and_pillow_is_left_as_it_was(photo):
    before = Image.MAX_IMAGE_PIXELS
    with pytest.raises(LimitError, match="raise max_pixels"):
        decode(png_bytes(photo), max_pixels=photo.shape[0] * photo.shape[1] - 1)
    decode(png_bytes(photo), max_pixels=photo.shape[0] * photo.shape[1])
    with pytest.raises(LimitError):
        from_array(photo, max_pixels=10)
    assert before == Image.MAX_IMAGE_PIXELS


@pytest.mark.parametrize(
    ("array", "message"),
    [
        (np.zeros((4, 4, 3)), "dtype"),
        (np.zeros((4, 4, 2), np.uint8), "shape"),
        (np.zeros(9, np.uint8), "shape"),
        (np.zeros((0, 4, 3), np.uint8), "shape"),
    ],
)
def test_wrong_arrays(array, message):
    with pytest.raises(InputError, match=message):
        from_array(array, max_pixels=LIMIT)
