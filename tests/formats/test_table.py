"""A format is one file and one line in the table."""

import numpy as np
import pytest

import huepress
from huepress.formats import table
from huepress.formats.record import FileFormat
from huepress.model import Encoded


def encode_raw(image, wish):
    """Write colors and indices as they are."""
    head = np.array([len(image.palette), *image.indices.shape], ">u2").tobytes()
    return Encoded(b"TOY1" + head + image.palette.colors_srgb8[:, :3].tobytes() + image.indices.tobytes(), "TOY")


TOY = FileFormat(
    name="toy",
    file_format="TOY",
    extensions=(".toy",),
    mime_type="image/x-toy",
    recognizes=lambda data: data.startswith(b"TOY1"),
    encode=encode_raw,
    in_browsers=False,
)


@pytest.fixture
def with_toy(monkeypatch):
    monkeypatch.setattr(table, "FORMATS", [*table.FORMATS, TOY])  # the one line


def decoded(data: bytes) -> np.ndarray:
    n, height, width = np.frombuffer(data[4:10], ">u2").astype(int)
    colors = np.frombuffer(data[10 : 10 + 3 * n], np.uint8).reshape(-1, 3)
    return colors[np.frombuffer(data[10 + 3 * n :], np.uint8).reshape(height, width)]


def test_a_new_format_is_written_by_the_library(with_toy, photo, tmp_path):
    result = huepress.compress(photo, n_colors=16, format="toy", effort=1)
    assert result.encoded.format == "TOY" and result.report.bytes_out == len(result.encoded.data)
    np.testing.assert_array_equal(decoded(result.encoded.data), result.indexed.to_array())
    huepress.compress(photo, n_colors=8, effort=0).save(tmp_path / "x.toy")
    assert decoded((tmp_path / "x.toy").read_bytes()).shape == photo.shape


def test_a_new_format_is_written_by_the_command(with_toy, photo_file, monkeypatch, capsys):
    from huepress.cli.main import run

    monkeypatch.chdir(photo_file.parent)
    assert run(["compress", "photo.png", "--format", "toy", "-k", "8", "--effort", "0", "--allow-larger"]) == 0
    assert decoded((photo_file.parent / "photo-huepress.toy").read_bytes()).ndim == 3
    assert run(["compress", "photo.png", "-o", "named.toy", "-k", "8", "--effort", "0", "--allow-larger"]) == 0
    assert (photo_file.parent / "named.toy").read_bytes().startswith(b"TOY1")


def test_an_unknown_format_is_told(photo):
    with pytest.raises(huepress.OptionError, match="png, webp, gif, jxl"):
        huepress.compress(photo, format="bmp")


def test_records_agree_with_themselves():
    names = [each.name for each in table.FORMATS]
    extensions = [extension for each in table.FORMATS for extension in each.extensions]
    assert len(set(names)) == len(names) and len(set(extensions)) == len(extensions)
    for each in table.FORMATS:
        assert (each.mark is None) == (each.unmark is None)
        assert table.by_file_format(each.file_format) is each
        assert table.of_name(f"x{each.extension}") == each.file_format
