"""One file for a data set: what goes in comes out, and whatever is wrong with a file is one sentence."""

import multiprocessing
import os
import pickle
import struct
import zlib

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

import huepress
from huepress import ml
from huepress.ml import layout
from ml.test_batch import patches, squared_error

HEADER_FIELDS = "<8sIIQQQIIIII"


@pytest.fixture
def squares(photo):
    return patches(photo)


@pytest.fixture
def path(tmp_path):
    return tmp_path / "set.hpml"


def with_header(data, **changes):
    """Return a file with other numbers in its header, and the checksum that they ask for."""
    names = ("signature", "version", "bits", "n_pictures", "n_palettes", "packed_size", "n_colors", "names_size",
             "flags", "tables_checksum", "zero")  # fmt: skip
    fields = dict(zip(names, struct.unpack(HEADER_FIELDS, data[:60]), strict=True)) | changes
    head = struct.pack(HEADER_FIELDS, *fields.values())
    return head + struct.pack("<I", zlib.crc32(head)) + data[64:]


def with_tables(data, change):
    """Return a file whose tables were changed, with the checksum that they ask for."""
    header = layout.read_header(memoryview(data))
    tables = {name: getattr(layout.read_tables(memoryview(data), header), name).copy() for name, _, _ in header.tables}
    change(tables)
    changed = data[: header.tables_begin] + layout.Tables(**tables).to_bytes()
    return with_header(changed, tables_checksum=zlib.crc32(changed[header.indices_end :]))


@pytest.mark.parametrize("n_colors", [2, 3, 16, 17, 256])
@pytest.mark.parametrize("scope", ["image", "group", "all"])
def test_what_was_written_is_read(squares, path, n_colors, scope):
    batch = ml.quantize_batch(squares, n_colors, scope)
    labels = np.arange(len(squares)) % 3
    ml.write(path, squares, labels, n_colors=n_colors, palette=scope, class_names=["cat", "dog", "Känguru"])
    data = ml.Dataset(path)
    assert len(data) == len(squares) and data.bits == batch.bits
    assert data.class_names == ("cat", "dog", "Känguru")
    np.testing.assert_array_equal(data.labels, labels)
    np.testing.assert_array_equal(data.batch(), batch.batch())
    np.testing.assert_array_equal(data.batch([2, -1], n_threads=2), batch.batch([2, -1]))
    for i in (0, 7, -1):
        np.testing.assert_array_equal(data[i], batch[i])
        np.testing.assert_array_equal(data.indices(i), batch.indices(i))
        np.testing.assert_array_equal(data.palette(i), batch.palette(i))
    data.verify()


def test_a_batch_in_memory_and_its_pictures_make_the_same_file(squares, path, tmp_path):
    ml.write(path, squares, n_colors=8)
    ml.write(tmp_path / "other", ml.quantize_batch(squares, 8))
    assert path.read_bytes() == (tmp_path / "other").read_bytes()


def test_portions_change_nothing_but_the_memory(squares, path, tmp_path, monkeypatch):
    ml.write(path, squares, n_colors=8)
    monkeypatch.setattr("huepress.ml.dataset._PIXELS_AT_ONCE", 2500)
    ml.write(tmp_path / "other", (each for each in squares), n_colors=8)
    assert path.read_bytes() == (tmp_path / "other").read_bytes()


def test_pictures_of_any_size(photo, path):
    pictures = [photo[:h, :w] for h, w in ((1, 1), (3, 5), (40, 2), (7, 7))]
    ml.write(path, pictures, n_colors=16)
    data = ml.Dataset(path)
    assert [data[i].shape for i in range(4)] == [each.shape for each in pictures]
    assert all(squared_error(data[i], each) <= 60 * each.size for i, each in enumerate(pictures))
    assert data.labels is None and data.class_names == ()


def test_no_pictures_are_a_data_set_too(path):
    ml.write(path, [])
    data = ml.Dataset(path)
    assert len(data) == 0 and data.batch().shape == (0, 0, 0, 3)
    with pytest.raises(IndexError):
        data[0]


@pytest.mark.parametrize("coding", ["packed", "rans"])
def test_the_arrays_are_read_only(squares, path, coding):
    ml.write(path, squares, coding=coding)
    data = ml.Dataset(path)
    for array in (data.packed, data.palettes_srgb8, data.offsets, data.palette(0)):
        assert not array.flags.writeable


def sums(data, numbers):
    return [int(data[i].sum()) for i in numbers]


@pytest.mark.parametrize("method", ["fork", "spawn"])
def test_many_processes_read_it(squares, path, method):
    ml.write(path, squares)
    data = ml.Dataset(path)
    numbers = range(len(squares))
    with multiprocessing.get_context(method).Pool(2) as pool:
        found = pool.starmap(sums, [(data, numbers[:10]), (data, numbers[10:])])
    assert found[0] + found[1] == sums(data, numbers)
    assert len(pickle.dumps(data)) < 1000


def test_a_new_file_leaves_open_ones_alone(squares, path):
    ml.write(path, squares, n_colors=4)
    data = ml.Dataset(path)
    before = data[3]
    with pytest.raises(huepress.OutputError, match="exists already"):
        ml.write(path, squares[:1])
    ml.write(path, squares[:1], overwrite=True)
    np.testing.assert_array_equal(data[3], before)
    assert len(ml.Dataset(path)) == 1


@pytest.mark.parametrize("fails", [KeyError("no more"), OSError("no more")])
def test_what_fails_leaves_no_file(squares, path, fails):
    def pictures():
        yield squares[0]
        raise fails

    with pytest.raises(type(fails)):
        ml.write(path, pictures())
    assert os.listdir(path.parent) == []


@pytest.mark.parametrize(
    ("labels", "class_names"),
    [
        ([0], ()),
        ([0.5] * 54, ()),
        ([[0]] * 54, ()),
        ([2] * 54, ("cat", "dog")),
        ([-1] * 54, ("cat", "dog")),
        ([0] * 54, ("cat\ndog",)),
        ([0] * 54, ("",)),
    ],
)
def test_labels_that_do_not_fit(squares, path, labels, class_names):
    assert len(squares) == 54
    with pytest.raises(huepress.OptionError):
        ml.write(path, squares, labels, class_names=class_names)
    assert os.listdir(path.parent) == []


def test_samples_of_the_wrong_kind(path):
    for samples in (7, [7], np.zeros((4, 4, 3), dtype=np.uint8), [np.zeros((4, 4), dtype=np.uint8)]):
        for scope in ("image", "all"):
            with pytest.raises(huepress.InputError):
                ml.write(path, samples, palette=scope)


def test_files_that_are_none(path, tmp_path):
    with pytest.raises(huepress.InputError):
        ml.Dataset(path)
    with pytest.raises(huepress.InputError):
        ml.Dataset(tmp_path)
    os.mkfifo(tmp_path / "pipe")
    with pytest.raises(huepress.InputError):
        ml.Dataset(tmp_path / "pipe")
    for content in (b"", b"\x89PNG\r\n\x1a\n", bytes(1000), layout.SIGNATURE):
        path.write_bytes(content)
        with pytest.raises(huepress.DecodeError) as error:
            ml.Dataset(path)
        assert str(path) in str(error.value) and "\n" not in str(error.value)


def test_a_file_cut_off_anywhere(squares, path):
    ml.write(path, squares[:3], [0, 1, 2])
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
    ml.write(path, [squares[0], squares[1, :5, :5]], [0, 1], n_colors=4, class_names="ab", overwrite=True)
    whole = bytearray(path.read_bytes())
    whole[data.draw(st.integers(0, len(whole) - 1))] ^= 1 << data.draw(st.integers(0, 7))
    path.write_bytes(whole)
    with pytest.raises(huepress.DecodeError):
        ml.Dataset(path).verify()


def test_damage_to_one_picture_spares_the_others(squares, path):
    ml.write(path, squares)
    whole = bytearray(path.read_bytes())
    whole[64 + 512 * 5 + 100] ^= 1
    path.write_bytes(whole)
    data = ml.Dataset(path)
    assert data[4].shape == data[6].shape == (32, 32, 3)
    for use in (lambda: data[5], lambda: data.indices(5), lambda: data.batch([4, 5]), data.verify, lambda: data[5]):
        with pytest.raises(huepress.DecodeError, match="picture 5 "):
            use()


@pytest.mark.parametrize(
    "changes",
    [
        {"n_pictures": 2**64 - 1},
        {"n_pictures": 0},
        {"n_palettes": 2**64 - 1},
        {"n_palettes": 2**63, "n_pictures": 2**63, "packed_size": 2**63},
        {"packed_size": 2**64 - 1},
        {"packed_size": 0},
        {"n_colors": 2**32 - 1},
        {"n_colors": 0},
        {"bits": 3},
        {"bits": 2},
        {"names_size": 2**32 - 1},
        {"flags": 3},
        {"flags": 0},
        {"zero": 1},
    ],
)
def test_absurd_headers(squares, path, changes):
    ml.write(path, squares, np.zeros(len(squares), dtype=int))
    path.write_bytes(with_header(path.read_bytes(), **changes))
    with pytest.raises(huepress.DecodeError):
        ml.Dataset(path)


def test_another_version(squares, path):
    ml.write(path, squares)
    path.write_bytes(with_header(path.read_bytes(), version=3))
    with pytest.raises(huepress.DecodeError, match="version 3"):
        ml.Dataset(path)
    path.write_bytes(with_header(path.read_bytes(), version=2))
    with pytest.raises(huepress.DecodeError, match="no sense"):
        ml.Dataset(path)


@pytest.mark.parametrize(
    ("table", "at", "value"),
    [
        ("offsets", 0, 1),
        ("offsets", 1, -(2**63)),
        ("offsets", 1, 2**63 - 1),
        ("offsets", 1, 511),
        ("offsets", -1, 0),
        ("sizes", (0, 0), 0),
        ("sizes", (0, 0), 2**31 - 1),
        ("sizes", (1, 1), -32),
        ("sizes", (1, 1), 33),
        ("palette_of", 0, -1),
        ("palette_of", 0, 1000),
        ("palette_sizes", 0, 0),
        ("palette_sizes", 0, 17),
        ("labels", 0, 1),
        ("labels", 0, -1),
        ("names", 0, 0xFF),
    ],
)
def test_tables_that_lie(squares, path, table, at, value):
    """Their checksums are right, so only their sense can tell."""
    ml.write(path, squares, np.zeros(len(squares), dtype=int), class_names=["x"])
    whole = path.read_bytes()
    assert with_tables(whole, lambda tables: None) == whole
    path.write_bytes(with_tables(whole, lambda tables: tables[table].__setitem__(at, value)))
    with pytest.raises(huepress.DecodeError, match="contradict"):
        ml.Dataset(path)


def test_indices_past_the_palette_are_black(path):
    """A file may say so with sound checksums; nothing outside of the palette is read."""
    ml.write(path, [np.full((1, 2, 3), 200, dtype=np.uint8)], n_colors=3)
    whole = bytearray(path.read_bytes())
    whole[64] = 0b00110000
    whole = with_tables(bytes(whole), lambda tables: tables["checksums"].__setitem__(0, zlib.crc32(b"\x30")))
    path.write_bytes(whole)
    np.testing.assert_array_equal(ml.Dataset(path)[0], [[[200] * 3, [0] * 3]])


def test_what_cannot_be_written_or_chosen_is_told(tmp_path):
    pictures = [np.zeros((4, 4, 3), np.uint8)] * 2
    for names in ([1, 2], ["\udcff", "b"], ["a\nb", "c"], ["", "c"]):
        with pytest.raises(huepress.OptionError, match="class_names"):
            ml.write(tmp_path / "x.hpml", pictures, [0, 1], class_names=names)
    with pytest.raises(huepress.OptionError, match="2\\*\\*63"):
        ml.write(tmp_path / "x.hpml", pictures, np.array([0, 2**63], np.uint64))
    assert not list(tmp_path.iterdir())
    ml.write(tmp_path / "x.hpml", pictures, [-(2**63), 2**63 - 1])
    data = ml.Dataset(tmp_path / "x.hpml")
    assert data.labels.tolist() == [-(2**63), 2**63 - 1]
    with pytest.raises(huepress.InputError, match="list of integers"):
        data.batch([[0], [0, 1]])
