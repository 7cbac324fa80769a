"""Palette files of other programs: paint.net, Paint Shop Pro, RIFF, Photoshop's swatches."""

import struct

import pytest

import huepress

COLORS = ["#000000", "#ffffff", "#ff0000"]


def riff(rows):
    quads = b"".join(bytes((*row, 0)) for row in rows)
    data = b"data" + struct.pack("<IHH", 4 + len(quads), 0x0300, len(rows)) + quads
    return b"RIFF" + struct.pack("<I", 4 + len(data)) + b"PAL " + data


def aco(version):
    rows = [(0, 0, 0), (65535, 65535, 65535), (65535, 0, 0)]
    name = b"\0\0" + struct.pack(">H", 2) + "a\0".encode("utf-16-be")
    body = b"".join(struct.pack(">5H", 0, *row, 0) + (name if version == 2 else b"") for row in rows)
    return struct.pack(">HH", version, 3) + body


FILES = {
    "paint.net": b";paint.net Palette File\n;Colors: 3\nFF000000\nFFFFFFFF ; white\nFFFF0000\n",
    "jasc": b"JASC-PAL\r\n0100\r\n3\r\n0 0 0\r\n255 255 255\r\n255 0 0\r\n",
    "riff": riff([(0, 0, 0), (255, 255, 255), (255, 0, 0)]),
    "aco-1": aco(1),
    "aco-2": aco(2),
    "aco-1-2": aco(1) + aco(2),
}


@pytest.mark.parametrize("name", FILES)
def test_they_are_read(name):
    assert huepress.load_palette(FILES[name]).hex() == COLORS


def test_alpha_of_paint_net_comes_first():
    assert huepress.load_palette(b";paint.net Palette File\n80112233\n").hex() == ["#11223380"]


@pytest.mark.parametrize("name", FILES)
def test_damaged_ones_are_one_sentence(name):
    for n in range(1, len(FILES[name])):
        try:
            huepress.load_palette(FILES[name][:n])
        except huepress.HuepressError as error:
            assert "\n" not in str(error)


@pytest.mark.parametrize("alpha", [255, 128])
def test_jasc_is_written_and_read_again(tmp_path, alpha):
    palette = huepress.load_palette([(1, 2, 3, 255), (200, 100, 0, alpha)])
    huepress.save_palette(palette, tmp_path / "x.pal")
    assert (tmp_path / "x.pal").read_text().splitlines()[:3] == ["JASC-PAL", "0100", "2"]
    assert huepress.load_palette(tmp_path / "x.pal").hex() == palette.hex()


@pytest.mark.parametrize(
    "data",
    [b"#ff0000\n" * 3_000_000, riff([(1, 2, 3)] * 60000), b"JASC-PAL\n0100\n9\n" + b"1 2 3\n" * 2_000_000],
)
def test_endless_ones_are_refused(data):
    with pytest.raises(huepress.HuepressError):
        huepress.load_palette(data)
