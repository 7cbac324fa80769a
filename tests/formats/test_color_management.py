"""Colors of files in other spaces; our numbers are held against Little CMS and the other way round."""

import io
import struct
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from PIL import Image, ImageCms

import huepress
from huepress.formats import icc
from huepress.formats.decode import decode, from_pillow
from huepress.formats.encodings import RgbEncoding, from_code_points, from_png, to_srgb8
from reference.input_kinds import picture, picture_with_alpha, saved
from reference.png_writer import write_png

LIMIT = 10**6
FEW_COLORS = picture() & 0xE0
DISPLAY_P3 = from_code_points(12, 13)
P3_PROFILE = icc.build_profile(DISPLAY_P3)
SRGB_PROFILE = ImageCms.ImageCmsProfile(ImageCms.createProfile("sRGB")).tobytes()
BT709 = (0.3127, 0.329, 0.64, 0.33, 0.3, 0.6, 0.15, 0.06)
WIDE = (0.3127, 0.329, 0.7, 0.3, 0.2, 0.7, 0.14, 0.06)


def gama(gamma):
    return b"gAMA", struct.pack(">I", round(gamma * 100000))


def chrm(points):
    return b"cHRM", struct.pack(">8I", *(round(v * 100000) for v in points))


def png(*chunks, pixels=None):
    pixels = picture() if pixels is None else pixels
    return write_png(pixels, 2 if pixels.shape[2] == 3 else 6, 8 * pixels.itemsize, chunks=chunks)


def source_of(data, **options):
    return decode(data, max_pixels=LIMIT, **options)


@pytest.mark.parametrize(
    "data",
    [
        saved(Image.fromarray(picture()), "PNG", icc_profile=SRGB_PROFILE),
        saved(Image.fromarray(picture()), "TIFF", icc_profile=SRGB_PROFILE),
        saved(Image.fromarray(picture()), "WEBP", lossless=True, icc_profile=icc.build_profile(RgbEncoding())),
        png(gama(0.45455)),
        png(gama(0.45455), chrm(BT709)),
        png((b"sRGB", b"\0"), gama(1.0)),
        png((b"cICP", bytes([1, 13, 0, 1])), gama(1.0)),
        png((b"cICP", bytes([1, 1, 0, 1]))),
        png((b"gAMA", bytes(4))),
        png(chrm((0.3, 0.3, 0.3, 0.3, 0.3, 0.3, 0.3, 0.3))),
    ],
)
def test_srgb_stays_bit_for_bit(data):
    for color in ("srgb", "keep"):
        source = source_of(data, color=color)
        np.testing.assert_array_equal(source.pixels_srgb8, picture())
        assert source.metadata.icc_profile is None and source.notes == ()


def test_a_profile_and_code_points_give_the_same_colors():
    by_profile = source_of(saved(Image.fromarray(picture_with_alpha()), "PNG", icc_profile=P3_PROFILE))
    by_code_points = source_of(png((b"cICP", bytes([12, 13, 0, 1])), pixels=picture_with_alpha()))
    difference = by_profile.pixels_srgb8.astype(int) - by_code_points.pixels_srgb8
    assert np.abs(difference).max() <= 1 and not difference[:, :, 3].any()
    assert by_profile.notes == by_code_points.notes == ("converted from Display P3 to sRGB",)
    assert np.abs(by_profile.pixels_srgb8[:, :, :3].astype(int) - picture()).max() > 20


def test_known_colors_of_display_p3():
    """The green of sRGB in Display P3 codes, and colors beyond sRGB, which are clipped (CSS Color 4)."""
    codes = np.array([[[117, 251, 76], [255, 255, 255], [128, 128, 128], [0, 255, 0], [255, 0, 0]]], np.uint8)
    pixels = to_srgb8(codes, DISPLAY_P3)[0]
    assert np.abs(pixels[0].astype(int) - [0, 255, 0]).max() <= 5  # a step of code is many near black
    assert pixels[1:].tolist() == [[255, 255, 255], [128, 128, 128], [0, 255, 0], [255, 0, 0]]


points = st.tuples(st.floats(-0.02, 0.02), st.floats(-0.02, 0.02))


@given(st.lists(points, min_size=4, max_size=4), st.floats(1.0, 3.0))
def test_little_cms_agrees_with_our_numbers(shifts, gamma):
    moved = [p + d for p, d in zip(BT709, [v for shift in shifts for v in shift], strict=True)]
    encoding = from_png(1 / gamma, tuple(moved))
    assert encoding is not None
    codes = np.random.default_rng(0).integers(0, 256, (8, 30, 3), dtype=np.uint8)
    theirs = icc.apply_profile(Image.fromarray(codes), icc.build_profile(encoding))
    assert np.abs(to_srgb8(codes, encoding).astype(int) - np.asarray(theirs)).max() <= 2


@given(st.tuples(*[st.floats(-1, 2, width=32)] * 8), st.floats(0, 50))
def test_any_chunk_is_an_encoding_or_ignored(chromaticities, gamma):
    encoding = from_png(gamma, chromaticities)
    if encoding is not None:
        white = to_srgb8(np.array([[[255, 255, 255], [0, 0, 0]]], np.uint8), encoding)[0]
        assert white.min(axis=1).tolist() == [255, 0] or encoding.gamma > 1000


def test_gamma_of_linear_light():
    pixels = source_of(png(gama(1.0))).pixels_srgb8
    light = picture() / 255
    wanted = np.where(light <= 0.0031308, light * 12.92, 1.055 * light ** (1 / 2.4) - 0.055) * 255
    np.testing.assert_array_equal(pixels, np.rint(wanted))


def test_sixteen_bits_are_converted_before_they_are_rounded():
    ramp = np.repeat(np.arange(0, 2048, 8, dtype=np.uint16)[None, :, None], 3, axis=2)
    pixels = source_of(png(gama(1.0), pixels=ramp)).pixels_srgb8
    assert len(np.unique(pixels)) > 40  # 8 dark codes of linear light, as 8 bits would leave, are 9 colors


def test_primaries_without_a_curve():
    pixels = source_of(png(chrm(WIDE))).pixels_srgb8
    profile = icc.build_profile(from_png(None, WIDE))
    theirs = np.asarray(icc.apply_profile(Image.fromarray(picture()), profile))
    assert np.abs(pixels.astype(int) - theirs).max() <= 1


def test_order_of_precedence():
    """PNG third edition, 4.3: cICP, then iCCP, then sRGB, then gAMA and cHRM."""
    with_profile = saved(Image.fromarray(picture()), "PNG", icc_profile=P3_PROFILE)
    by_profile = source_of(with_profile).pixels_srgb8
    from huepress.formats.png_chunks import insert_after_header, write_chunk

    def add(*chunk):
        return insert_after_header(with_profile, write_chunk(*chunk))

    np.testing.assert_array_equal(source_of(add(*gama(1.0))).pixels_srgb8, by_profile)
    np.testing.assert_array_equal(source_of(add(b"cICP", bytes([1, 13, 0, 1]))).pixels_srgb8, picture())
    unknown = add(b"cICP", bytes([77, 13, 0, 1]))
    np.testing.assert_array_equal(source_of(unknown).pixels_srgb8, by_profile)


@pytest.mark.parametrize(("transfer", "code", "wanted"), [(16, 0.5807, 255), (16, 0, 0), (18, 0.75, 255), (18, 0, 0)])
def test_white_of_hdr_is_white(transfer, code, wanted):
    """ITU-R BT.2408: 203 cd/m2 is 58 % PQ and 75 % HLG."""
    codes = np.full((1, 1, 3), round(code * 65535), np.uint16)
    assert np.abs(to_srgb8(codes, from_code_points(9, transfer)).astype(int) - wanted).max() <= 1


def test_hdr_rises_and_stays_gray():
    codes = np.repeat(np.arange(256, dtype=np.uint8)[None, :, None], 3, axis=2)
    for transfer in (16, 18):
        pixels = to_srgb8(codes, from_code_points(9, transfer))[0].astype(int)
        assert (np.diff(pixels, axis=0) >= 0).all() and (pixels == pixels[:, :1]).all()


@pytest.mark.parametrize("damage", [b"", b"nonsense", P3_PROFILE[:200], P3_PROFILE[:36] + b"none" + P3_PROFILE[40:]])
def test_a_damaged_profile_is_told_and_ignored(damage):
    source = source_of(saved(Image.fromarray(picture()), "WEBP", lossless=True, icc_profile=damage))
    np.testing.assert_array_equal(source.pixels_srgb8, picture())
    assert bool(source.notes) == bool(damage)


@given(st.integers(0, len(P3_PROFILE) - 1), st.integers(0, 255))
def test_no_byte_of_a_profile_crashes(at, value):
    profile = P3_PROFILE[:at] + bytes([value]) + P3_PROFILE[at + 1 :]
    assert source_of(saved(Image.fromarray(picture()), "PNG", icc_profile=profile)).pixels_srgb8.shape == (21, 26, 3)


def test_a_profile_of_another_kind_is_ignored():
    source = source_of(saved(Image.fromarray(picture()).convert("CMYK"), "JPEG", quality=95, icc_profile=P3_PROFILE))
    assert np.abs(source.pixels_srgb8.astype(int) - picture()).mean() < 3 and "ignored" in source.notes[0]


def test_a_cmyk_profile_is_applied():
    path = Path("/usr/share/color/icc/ghostscript/default_cmyk.icc")
    if not path.exists():
        pytest.skip("no CMYK profile is installed")
    image = Image.fromarray(picture()).convert("CMYK")
    profile = path.read_bytes()
    for file_format, options in (("TIFF", {}), ("JPEG", {"quality": 100})):
        source = source_of(saved(image, file_format, icc_profile=profile, **options), color="keep")
        wanted = np.asarray(icc.apply_profile(image, profile)).astype(int)
        assert np.abs(source.pixels_srgb8 - wanted).mean() < 2, "Adobe's JPEGs are inverted"
        assert np.abs(picture() - wanted).mean() > 10
        assert source.metadata.icc_profile is None and "converted from" in source.notes[0]


@pytest.mark.parametrize("format", ["png", "webp", "auto"])
def test_kept_colors_stay_in_their_profile(format):
    data = saved(Image.fromarray(FEW_COLORS), "PNG", icc_profile=P3_PROFILE)
    result = huepress.compress(data, format=format, color="keep", allow_larger=True)
    image = Image.open(io.BytesIO(result.encoded.data))
    assert image.info["icc_profile"] == P3_PROFILE and image.format in ("PNG", "WEBP")
    again = huepress.compress(result.encoded.data, format="png", color="keep", allow_larger=True)
    np.testing.assert_array_equal(again.palette[again.indices], FEW_COLORS)
    assert result.report.notes == ("kept in Display P3",)


def test_numbers_are_kept_as_a_profile():
    result = huepress.compress(png(gama(1.0), chrm(WIDE), pixels=FEW_COLORS), color="keep", allow_larger=True)
    np.testing.assert_array_equal(result.palette[result.indices], FEW_COLORS)
    kept = source_of(result.encoded.data).pixels_srgb8
    wanted = source_of(png(gama(1.0), chrm(WIDE), pixels=FEW_COLORS)).pixels_srgb8
    assert np.abs(kept.astype(int) - wanted).max() <= 1


def test_formats_without_room_for_a_profile_say_so():
    data = saved(Image.fromarray(picture()), "PNG", icc_profile=P3_PROFILE)
    with pytest.raises(huepress.OptionError, match="no room for a color profile"):
        huepress.compress(data, format="gif", color="keep")
    with pytest.raises(huepress.OptionError, match="strip"):
        huepress.compress(data, color="keep", strip="all")


def test_pillow_images_bring_their_profile():
    data = saved(Image.fromarray(picture()), "PNG", icc_profile=P3_PROFILE)
    with Image.open(io.BytesIO(data)) as image:
        np.testing.assert_array_equal(from_pillow(image, max_pixels=LIMIT).pixels_srgb8, source_of(data).pixels_srgb8)
