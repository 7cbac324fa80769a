"""Data sets of coded indices: the same pictures in fewer bytes, and whatever is wrong with a file is one sentence."""

import tracemalloc
import zlib
from dataclasses import replace

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

import huepress
from huepress import _core, ml
from huepress.ml import layout
from ml.test_batch import patches
from ml.test_dataset import with_header, with_tables


@pytest.fixture
def squares(photo):
    return patches(photo)


@pytest.fixture
def path(tmp_path):
    return tmp_path / "set.hpml"


@pytest.mark.parametrize("n_colors", [2, 3, 16, 17, 256])
@pytest.mark.parametrize("scope", ["image", "group", "all"])
def test_it_holds_what_packed_indices_hold(squares, path, tmp_path, n_colors, scope):
    labels = np.arange(len(squares)) % 3
    for coding in ("packed", "rans"):
        ml.write(tmp_path / coding, squares, labels, n_colors=n_colors, palette=scope, class_names="abc", coding=coding)
    packed, coded = ml.Dataset(tmp_path / "packed"), ml.Dataset(tmp_path / "rans")
    assert (packed.coding, coded.coding) == ("packed", "rans") and coded.bits == packed.bits
    np.testing.assert_array_equal(coded.batch(), packed.batch())
    np.testing.assert_array_equal(coded.batch([2, -1], n_threads=2), packed.batch([2, -1]))
    np.testing.assert_array_equal(coded.batch_indices([5, 3]), packed.batch_indices([5, 3]))
    np.testing.assert_array_equal(coded.labels, labels)
    assert coded.class_names == tuple("abc")
    for i in (0, 7, -1):
        np.testing.assert_array_equal(coded[i], packed[i])
        np.testing.assert_array_equal(coded.indices(i), packed.indices(i))
        np.testing.assert_array_equal(coded.palette(i), packed.palette(i))
    coded.verify()


def test_photographs_take_far_fewer_bytes(squares, path, tmp_path):
    many = np.concatenate([squares, squares[:, ::-1], squares[:, :, ::-1], squares.swapaxes(1, 2)])
    ml.write(path, many, n_colors=16)
    ml.write(tmp_path / "rans", many, n_colors=16, coding="rans")
    assert (tmp_path / "rans").stat().st_size < 0.75 * path.stat().st_size


def test_pictures_of_any_size(photo, path):
    pictures = [photo[:h, :w] for h, w in ((1, 1), (3, 5), (40, 2), (1, 9), (9, 1), (7, 7))]
    ml.write(path, pictures, n_colors=16, coding="rans")
    data, batch = ml.Dataset(path), ml.quantize_batch(pictures, 16)
    for i in range(len(pictures)):
        np.testing.assert_array_equal(data[i], batch[i])


def test_the_same_bytes_for_any_number_of_threads_and_any_portions(squares, path, tmp_path, monkeypatch):
    ml.write(path, squares, coding="rans", n_threads=1)
    ml.write(tmp_path / "three", ml.quantize_batch(squares, 16), coding="rans", n_threads=3)
    assert path.read_bytes() == (tmp_path / "three").read_bytes()
    monkeypatch.setattr("huepress.ml.dataset._PIXELS_AT_ONCE", 2500)  # frequencies are those of the first portion
    ml.write(tmp_path / "portions", (each for each in squares), coding="rans")
    np.testing.assert_array_equal(ml.Dataset(tmp_path / "portions").batch(), ml.Dataset(path).batch())


def test_no_pictures_and_flat_ones(path):
    ml.write(path, [], coding="rans")
    assert len(ml.Dataset(path)) == 0
    flat = np.full((3, 300, 300, 3), 7, dtype=np.uint8)
    ml.write(path, flat, n_colors=2, coding="rans", overwrite=True)
    np.testing.assert_array_equal(ml.Dataset(path).batch(), flat)
    assert path.stat().st_size < 500


def test_codings_that_there_are_not(squares, path):
    with pytest.raises(huepress.OptionError, match="coding"):
        ml.write(path, squares, coding="zip")


def test_a_file_cut_off_anywhere(squares, path):
    ml.write(path, squares[:3], [0, 1, 2], coding="rans")
    whole = path.read_bytes()
    for size in [*range(100), *range(100, len(whole), 37), len(whole) - 1]:
        path.write_bytes(whole[:size])
        with pytest.raises(huepress.DecodeError):
            ml.Dataset(path)
    path.write_bytes(whole + b"\0")
    with pytest.raises(huepress.DecodeError, match="more bytes"):
        ml.Dataset(path)


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(data=st.data())
def test_any_changed_bit_is_found(squares, path, data):
    pictures = [squares[0], squares[1, :5, :5]]
    ml.write(path, pictures, [0, 1], n_colors=4, class_names="ab", overwrite=True, coding="rans")
    whole = bytearray(path.read_bytes())
    whole[data.draw(st.integers(0, len(whole) - 1))] ^= 1 << data.draw(st.integers(0, 7))
    path.write_bytes(whole)
    with pytest.raises(huepress.DecodeError):
        ml.Dataset(path).verify()


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(data=st.data())
def test_bytes_that_lie_with_a_sound_checksum(squares, path, data):
    """They make another picture, or are found out; nothing else can happen."""
    ml.write(path, squares[:2], overwrite=True, coding="rans")
    whole = bytearray(path.read_bytes())
    end = int(ml.Dataset(path).offsets[1])
    for at in data.draw(st.lists(st.integers(0, end - 1), min_size=1, max_size=5)):
        whole[64 + at] = data.draw(st.integers(0, 255))
    checksum = zlib.crc32(whole[64 : 64 + end])
    path.write_bytes(with_tables(bytes(whole), lambda tables: tables["checksums"].__setitem__(0, checksum)))
    changed = ml.Dataset(path)
    try:
        assert changed.indices(0).max() < 16
    except huepress.DecodeError as error:
        assert "picture 0 " in str(error)
    np.testing.assert_array_equal(changed[1], ml.quantize_batch(squares[:2], 16)[1])


@pytest.mark.parametrize(
    "changes",
    [
        {"n_pictures": 2**64 - 1},
        {"n_pictures": 0},
        {"n_palettes": 2**64 - 1},
        {"n_palettes": 2**63, "n_pictures": 2**63, "packed_size": 2**63},
        {"packed_size": 2**64 - 1},
        {"packed_size": 0},
        {"n_colors": 1},
        {"n_colors": 15},
        {"names_size": 2**32 - 1},
        {"flags": 1},
        {"flags": 33 << 8 | 1},
        {"flags": 0xFFFFFFFF},
        {"version": 1},
    ],
)
def test_absurd_headers(squares, path, changes):
    ml.write(path, squares, np.zeros(len(squares), dtype=int), coding="rans")
    path.write_bytes(with_header(path.read_bytes(), **changes))
    with pytest.raises(huepress.DecodeError):
        ml.Dataset(path)


@pytest.mark.parametrize(
    ("table", "at", "value"),
    [
        ("offsets", 0, 1),
        ("offsets", 1, -(2**63)),
        ("offsets", 1, 2**63 - 1),
        ("offsets", 1, 7),
        ("offsets", -1, 0),
        ("sizes", (0, 0), 0),
        ("sizes", (0, 0), 2**31 - 1),
        ("sizes", (1, 1), -32),
        ("sizes", slice(0, 1), 2**31 - 1),
        ("palette_of", 0, 1000),
        ("palette_sizes", 0, 17),
        ("frequencies", (0, 0), 0),
        ("frequencies", (0, 0), 2**14 - 1),
        ("frequencies", (0, slice(0, 16)), 1),
        ("labels", 0, 1),
        ("names", 0, 0xFF),
    ],
)
def test_tables_that_lie(squares, path, table, at, value):
    ml.write(path, squares, np.zeros(len(squares), dtype=int), class_names=["x"], coding="rans")
    whole = path.read_bytes()
    assert with_tables(whole, lambda tables: None) == whole
    path.write_bytes(with_tables(whole, lambda tables: tables[table].__setitem__(at, value)))
    with pytest.raises(huepress.DecodeError, match="contradict"):
        ml.Dataset(path)


def test_a_wrong_size_is_found_when_the_picture_is_used(squares, path):
    ml.write(path, squares, coding="rans")
    path.write_bytes(with_tables(path.read_bytes(), lambda tables: tables["sizes"].__setitem__((5, 0), 31)))
    data = ml.Dataset(path)
    for use in (lambda: data[5], lambda: data.indices(5)):
        with pytest.raises(huepress.DecodeError, match="picture 5 "):
            use()
    assert data[4].shape == (32, 32, 3)


def test_compressed_tables_that_claim_much(squares, path):
    """The size is counted before: zeros that would fill the memory are not inflated."""
    ml.write(path, squares[:1], coding="rans")
    whole = path.read_bytes()
    header = layout.read_header(memoryview(whole))
    for claim in ({}, {"n_palettes": 400_000}, {"n_pictures": 400_000}, {"names_size": 30_000_000}):
        claimed = replace(header, **claim)
        bomb = zlib.compress(bytes(claimed.tables_size if claim else 1 << 25), 9)
        changed = claimed.to_bytes() + whole[layout.HEADER_SIZE : header.tables_begin]
        changed += len(bomb).to_bytes(8, "little") + bomb
        path.write_bytes(with_header(changed, tables_checksum=zlib.crc32(changed[header.indices_end :])))
        tracemalloc.start()
        with pytest.raises(huepress.DecodeError, match="tables of the data set are"):
            ml.Dataset(path)
        most = tracemalloc.get_traced_memory()[1]
        tracemalloc.stop()
        assert most < 4_000_000, claim


def test_honest_tables_may_repeat_themselves_a_lot(path):
    """Large palettes that are all the same, of tiny pictures of one color, are what compresses best."""
    n = 3000
    batch = ml.quantize_batch(np.zeros((n, 1, 1, 3), dtype=np.uint8), 2)
    palettes_srgb8 = np.tile(np.arange(256, dtype=np.uint8)[None, :, None], (n, 1, 3))
    sizes, numbers = np.full(n, 256, dtype=np.int32), np.arange(n, dtype=np.int32)
    ml.write(
        path,
        replace(batch, bits=8, palettes_srgb8=palettes_srgb8, palette_sizes=sizes, palette_of=numbers),
        coding="rans",
    )
    assert (ml.Dataset(path)[n - 1] == 0).all()


def test_batches_of_one_color_and_contradictory_ones(path):
    ml.write(path, ml.quantize_batch(np.full((2, 3, 3, 3), 7, dtype=np.uint8), 2), coding="rans")
    batch = ml.quantize_batch(np.zeros((2, 3, 3, 3), dtype=np.uint8), 2)
    one = replace(batch, palettes_srgb8=batch.palettes_srgb8[:, :1], packed=np.zeros_like(batch.packed))
    ml.write(path, one, coding="rans", overwrite=True)
    assert (ml.Dataset(path)[1] == batch.palettes_srgb8[0, 0]).all()
    lying = replace(batch, sizes=batch.sizes * 100)
    with pytest.raises(huepress.InputError, match="contradicts itself"):
        ml.write(path, lying, coding="rans", overwrite=True)


def test_coded_bytes_are_those_of_ever():
    """Files that were written are to stay readable: coder and decoder may not change together."""
    y, x = np.mgrid[:24, :32]
    indices = ((x * x + 3 * y) // 7 % 11).astype(np.uint8).ravel()
    offsets, sizes = np.array([0, 768]), np.array([[24, 32]], dtype=np.int32)
    frequencies = _core.fit_index_model(indices, 8, offsets[:-1], sizes, 16, 4, 1)
    coded, ends = _core.IndexModel(frequencies).encode(indices, 8, offsets[:-1], sizes, 1)
    digests = [zlib.crc32(frequencies.astype("<u2").tobytes()), zlib.crc32(coded.tobytes()), int(ends[-1])]
    assert digests == [952130087, 965157974, 222]


@given(
    k=st.integers(2, 256), levels=st.integers(1, 32), shape=st.tuples(st.integers(1, 9), st.integers(1, 9)),
    seed=st.integers(0, 2**32 - 1),
)  # fmt: skip
@settings(max_examples=40)
def test_whatever_the_frequencies_the_indices_come_back(k, levels, shape, seed):
    rng = np.random.default_rng(seed)
    learned, other = (rng.integers(0, k, (2, *shape), dtype=np.uint8) for _ in range(2))
    n_pixels = shape[0] * shape[1]
    offsets, sizes = np.array([0, n_pixels]), np.array([shape] * 2, dtype=np.int32)
    frequencies = _core.fit_index_model(learned.reshape(-1), 8, offsets, sizes, k, levels, 1)
    assert frequencies.shape == (levels**2, k) and (frequencies.sum(axis=1) == 1 << 14).all() and frequencies.min() > 0
    model = _core.IndexModel(frequencies)
    for indices in (learned, other):
        coded, ends = model.encode(indices.reshape(-1), 8, offsets, sizes, 1)
        out = np.empty_like(indices)
        assert model.decode(coded, ends[:-1], ends[1:], out, 1) == -1
        np.testing.assert_array_equal(out, indices)


def test_indices_past_the_palette_are_not_coded():
    offsets, sizes = np.array([0]), np.array([[1, 4]], dtype=np.int32)
    with pytest.raises(ValueError, match="past its palette"):
        _core.fit_index_model(np.array([0, 1, 3, 0], dtype=np.uint8), 8, offsets, sizes, 3, 1, 1)
