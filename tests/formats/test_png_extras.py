"""`strip="none"`: the chunks of a PNG that its smaller self has, too."""

import contextlib
import io
import struct
import zlib

import cv2
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from PIL import Image

import huepress
from huepress.formats.png_chunks import SIGNATURE, read_chunks, write_chunk
from huepress.formats.reading import read_still

LIMIT = 10**6
RNG = np.random.default_rng(7)
COLORS = np.kron(RNG.integers(0, 256, (12, 16, 3), dtype=np.uint8), np.ones((4, 4, 1), np.uint8))
NINE_PATCH = struct.pack(">BBBB4I4i", 0, 2, 2, 9, 0, 0, 0, 0, 1, 2, 3, 4)
ORDER = (b"IHDR", b"PLTE", b"tRNS", b"IDAT", b"IEND")
BEFORE = {
    b"sBIT": b"\5\6\5",
    b"oFFs": struct.pack(">iiB", -30, 40, 0),
    b"sCAL": b"\x011.5\x002.5",
    b"npTc": NINE_PATCH,
    b"vpAg": b"\0\0\0\1\0\0\0\1\0",
    b"tEXt": b"Comment\0one",
    b"zTXt": b"Description\0\0" + zlib.compress(b"long " * 50),
    b"iTXt": b"Title\0\0\0de\0Titel\0" + "Größe".encode(),
}
AFTER = {b"tIME": struct.pack(">HBBBBB", 2024, 5, 6, 7, 8, 9), b"prIv": b"private, safe to copy"}


def png(pixels, before=BEFORE, after=AFTER, *, background=None, extra=(), color_type=None, depth=8):
    """Write a PNG with chunks where the specification wants them, without a library that might move them."""
    height, width = pixels.shape[:2]
    samples = 1 if pixels.ndim == 2 else pixels.shape[2]
    color_type = {1: 0, 3: 2, 4: 6}[samples] if color_type is None else color_type
    rows = b"".join(b"\0" + row.tobytes() for row in pixels.astype(">u2" if depth == 16 else np.uint8))
    chunks = [(b"IHDR", struct.pack(">IIBBBBB", width, height, depth, color_type, 0, 0, 0)), *before.items(), *extra]
    if background is not None:
        chunks.append((b"bKGD", background))
    chunks += [(b"IDAT", zlib.compress(rows)), *after.items(), (b"IEND", b"")]
    return SIGNATURE + b"".join(write_chunk(*chunk) for chunk in chunks)


def chunks_of(data):
    chunks = list(read_chunks(data))
    assert all(chunk.whole for chunk in chunks) and chunks[-1].name == b"IEND"
    return chunks


def check(data):
    """Check the order of PNG third edition, 5.6, and that two decoders agree; return the chunks by name."""
    chunks = chunks_of(data)
    names = [chunk.name for chunk in chunks]
    places = [names.index(name) for name in ORDER if name in names]
    assert places == sorted(places)
    idat, plte = names.index(b"IDAT"), names.index(b"PLTE") if b"PLTE" in names else 0
    for name in (b"bKGD", b"hIST"):
        assert all(plte < place < idat for place, each in enumerate(names) if each == name)
    for name in (b"sBIT", b"iCCP", b"gAMA", b"cHRM", b"sRGB"):
        assert all(place < (plte or idat) for place, each in enumerate(names) if each == name)
    for name in (b"oFFs", b"pHYs", b"sCAL", b"sTER"):
        assert all(place < idat for place, each in enumerate(names) if each == name)
    for name in (b"bKGD", b"sBIT", b"hIST", b"tIME", b"oFFs", b"pHYs", b"sCAL"):
        assert names.count(name) <= 1
    with Image.open(io.BytesIO(data)) as image:
        image.load()
        shown = np.asarray(image.convert("RGBA"))
    other = cv2.imdecode(np.frombuffer(data, np.uint8), cv2.IMREAD_UNCHANGED)
    if other.ndim == 2:
        other = np.repeat(other[:, :, None], 3, axis=2)
    assert np.array_equal(shown[:, :, :3], other[:, :, 2::-1])
    return {chunk.name: chunk.body for chunk in chunks}


def compressed(data, n_colors=16, **options):
    options = {"effort": 0, "allow_larger": True, "strip": "none", **options}
    return huepress.compress(data, n_colors, **options)


@pytest.mark.parametrize("effort", [0, 1, 5])
def test_what_may_be_kept_is_kept_bit_for_bit(effort):
    result = compressed(png(COLORS, background=struct.pack(">3H", *COLORS[0, 0])), effort=effort)
    found = check(result.encoded.data)
    for name, body in (BEFORE | AFTER).items():
        assert found[name] == body, name
    names = [chunk.name for chunk in chunks_of(result.encoded.data)]
    assert names.index(b"prIv") > names.index(b"IDAT") > names.index(b"npTc")
    assert not result.report.notes
    with Image.open(io.BytesIO(result.encoded.data)) as image:
        image.load()
        assert image.text == {"Comment": "one", "Description": "long " * 50, "Title": "Größe"}
    again = compressed(result.encoded.data)
    assert {n: b for n, b in check(again.encoded.data).items() if n not in ORDER} == {
        n: b for n, b in found.items() if n not in ORDER
    }


@pytest.mark.parametrize("strip", ["safe", "all"])
@pytest.mark.parametrize("allow_larger", [True, False])
def test_other_modes_let_nothing_new_through(strip, allow_larger):
    data = png(COLORS, background=struct.pack(">3H", 1, 2, 3))
    result = compressed(data, 256, strip=strip, allow_larger=allow_larger)
    secret = {b"npTc", b"tIME", b"prIv", b"oFFs", b"vpAg", b"tEXt", b"zTXt", b"iTXt", b"sCAL"}
    assert not secret & set(check(result.encoded.data))
    if allow_larger:
        assert not {b"bKGD", b"sBIT"} & set(check(result.encoded.data))


@given(st.tuples(*[st.integers(0, 255)] * 3), st.sampled_from([2, 16, 200]))
def test_the_background_is_the_nearest_entry(color, n_colors):
    result = compressed(png(COLORS, {}, {}, background=struct.pack(">3H", *color)), n_colors)
    entry = check(result.encoded.data)[b"bKGD"]
    palette = result.palette.colors_srgb8.astype(int)
    squares = [sum((a - b) ** 2 for a, b in zip(each, color, strict=True)) for each in palette.tolist()]
    assert len(entry) == 1 and squares[entry[0]] == min(squares)


@pytest.mark.parametrize(
    ("pixels", "background", "color_type", "depth", "expected"),
    [
        (COLORS[:, :, 0] // 64, b"\0\2", 0, 8, 2),
        (COLORS[:, :, 0].astype(np.uint16) // 64 * 257, struct.pack(">H", 2 * 257), 0, 16, 2),
        (np.dstack([COLORS // 128 * 255, COLORS[:, :, 0]]), struct.pack(">3H", 255, 0, 0), 6, 8, (255, 0, 0)),
        (COLORS.astype(np.uint16) // 128 * 65535, struct.pack(">3H", 0, 65535, 0), 2, 16, (0, 255, 0)),
    ],
)
def test_backgrounds_of_every_kind_are_translated(pixels, background, color_type, depth, expected):
    data = png(pixels, {}, {}, background=background, color_type=color_type, depth=depth)
    result = compressed(data, 256)
    body = check(result.encoded.data)[b"bKGD"]
    if len(body) == 2:  # a gray PNG
        header = chunks_of(result.encoded.data)[0].body
        assert int.from_bytes(body, "big") * (255 // ((1 << header[8]) - 1)) == expected
    else:
        color = result.palette[body[0]].tolist()[:3]
        assert color == ([expected] * 3 if isinstance(expected, int) else list(expected))


def test_an_indexed_file_has_its_background_and_histogram_anew():
    indices = RNG.integers(0, 3, (20, 30)).astype(np.uint8)
    palette = bytes([9, 9, 9, 200, 0, 0, 0, 0, 250])
    extra = [(b"PLTE", palette), (b"hIST", struct.pack(">3H", 1, 2, 3))]
    data = png(indices, {}, {}, background=b"\1", extra=extra, color_type=3)
    result = compressed(data)
    found = check(result.encoded.data)
    assert result.palette[found[b"bKGD"][0]].tolist() == [200, 0, 0]
    counts = np.frombuffer(found[b"hIST"], ">u2")
    assert counts.tolist() == np.bincount(result.indices.reshape(-1), minlength=3).tolist()
    swollen = np.kron(indices, np.ones((30, 30), np.uint8))
    swollen[0, 0] = 3
    extra = [(b"PLTE", palette + b"\7\7\7"), (b"hIST", bytes(8))]
    data = png(swollen, {}, {}, extra=extra, color_type=3)
    counts = np.frombuffer(check(compressed(data).encoded.data)[b"hIST"], ">u2")
    assert counts.max() == 65535 and counts.min() == 1


def test_colors_that_are_converted_have_their_background_converted():
    chunks = {b"gAMA": struct.pack(">I", 100000)}  # linear light
    data = png(COLORS, chunks, {}, background=struct.pack(">3H", *COLORS[5, 5]))
    result = compressed(data, 256)
    shown = np.asarray(Image.open(io.BytesIO(result.encoded.data)).convert("RGB"))
    entry = check(result.encoded.data)[b"bKGD"][0]
    assert result.palette[entry].tolist() == shown[5, 5].tolist() != COLORS[5, 5].tolist()


@pytest.mark.parametrize(
    ("samples", "body", "expected"),
    [
        (1, b"\4", b"\4\4\4"),
        (3, b"\1\2\3", b"\1\2\3"),
        (4, b"\5\6\7\10", b"\5\6\7"),
        (3, b"\0\2\3", None),
        (3, b"\4", None),
    ],
)
def test_significant_bits(samples, body, expected):
    pixels = np.dstack([COLORS, COLORS[:, :, 0]])[:, :, :samples].squeeze()
    if samples == 1:
        pixels = COLORS[:, :, 0]
    found = check(compressed(png(pixels, {b"sBIT": body}, {}), 5, palette=None, pin="#ff0000").encoded.data)
    assert found.get(b"sBIT") == expected


def test_gray_files_have_gray_bits_within_their_depth():
    pixels = COLORS[:, :, 0] // 86 * 85
    found = check(compressed(png(pixels, {b"sBIT": b"\6"}, {}), 4).encoded.data)
    header = found[b"IHDR"]
    assert header[9] == 0 and found[b"sBIT"] == bytes([min(6, header[8])])


def test_what_cannot_be_kept_is_said():
    extra = [(b"sPLT", b"name\0\x08" + bytes(6)), (b"dSIG", b"x"), (b"prIV", b"private, not safe to copy")]
    result = compressed(png(COLORS, BEFORE, {}, extra=extra))
    assert result.report.notes == ("PNG chunks that cannot be kept: sPLT, dSIG, prIV",)
    assert not {b"sPLT", b"dSIG", b"prIV"} & set(check(result.encoded.data))
    assert not compressed(png(COLORS, BEFORE, {}, extra=extra), strip="safe").report.notes
    exif = Image.Exif()
    exif[0x0112] = 6
    turned = compressed(png(COLORS, BEFORE, AFTER, extra=[(b"eXIf", exif.tobytes()[6:])]))
    found = check(turned.encoded.data)
    assert turned.report.notes == ("PNG chunks that cannot be kept: oFFs, sCAL, npTc",)
    assert found[b"prIv"] == AFTER[b"prIv"] and b"oFFs" not in found
    for format in ("webp", "gif"):
        notes = compressed(png(COLORS), format=format).report.notes
        assert len(notes) == 1 and "cannot hold: sBIT, oFFs" in notes[0] and "tEXt" not in notes[0], notes


def test_orientation_and_colors_do_not_come_back_by_texts():
    exif = Image.Exif()
    exif[0x0112], exif[0x010F] = 6, "CAMERA"
    texts = [
        (b"iTXt", b'XML:com.adobe.xmp\0\0\0\0\0<x tiff:Orientation="6"/>'),
        (b"tEXt", b"Raw profile type exif\0\nexif\n 0\n"),
        (b"tEXt", b"Raw profile type icc\0\nicc\n 0\n"),
        (b"tEXt", b"Software\0twice"),
        (b"tEXt", b"Software\0and again"),
        (b"eXIf", exif.tobytes()[6:]),
    ]
    data = compressed(png(COLORS, {}, {}, extra=texts)).encoded.data
    assert b"tiff:Orientation" not in data and b"Raw profile" not in data and b"CAMERA" in data
    assert data.count(b"Software\0") == 2 and data.count(b"XML:com.adobe.xmp") == 1
    with Image.open(io.BytesIO(data)) as image:
        image.load()
        assert image.getexif().get(0x0112, 1) == 1 and image.size == COLORS.shape[:2]


def test_an_aspect_is_a_resolution_without_a_unit():
    found = check(compressed(png(COLORS, {b"pHYs": struct.pack(">IIB", 2, 1, 0)}, {})).encoded.data)
    assert found[b"pHYs"] == struct.pack(">IIB", 2, 1, 0)
    found = check(compressed(png(COLORS, {b"pHYs": struct.pack(">IIB", 3937, 3937, 1)}, {})).encoded.data)
    assert found[b"pHYs"] == struct.pack(">IIB", 3937, 3937, 1)


NAMES = [*BEFORE, b"bKGD", b"hIST", b"tIME", b"sTER", b"sPLT", b"pHYs", b"abcd", b"abCd"]


@given(st.lists(st.tuples(st.sampled_from(NAMES), st.binary(max_size=30)), max_size=6))
def test_hostile_chunks_end_in_a_sound_file_or_a_sentence(extra):
    data = png(COLORS[:8, :8], {}, {}, extra=extra)
    with contextlib.suppress(huepress.HuepressError):
        check(compressed(data).encoded.data)


def test_the_library_and_names_keep_them_too(tmp_path):
    data = png(COLORS, background=struct.pack(">3H", 0, 0, 0))
    result = compressed(data)
    result.save(tmp_path / "x.png")
    assert check((tmp_path / "x.png").read_bytes())[b"npTc"] == NINE_PATCH
    assert result.metadata.png is not None and "npTc" in result.metadata.png.names
    assert read_still(data, max_pixels=LIMIT).metadata.png is None
