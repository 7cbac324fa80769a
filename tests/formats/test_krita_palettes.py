"""Krita's palettes: an archive with a list in XML, which anybody can write."""

import io
import zipfile
from xml.etree import ElementTree

import pytest

import huepress
from huepress.errors import DecodeError, HuepressError, LimitError


def kpl(entries, *, head="", method=zipfile.ZIP_DEFLATED, name="colorset.xml"):
    data = io.BytesIO()
    with zipfile.ZipFile(data, "w", method) as archive:
        archive.writestr(zipfile.ZipInfo("mimetype"), "application/x-krita-palette")
        archive.writestr(name, f'{head}<Colorset name="x" columns="9" rows="1" version="1.0">{entries}</Colorset>')
        archive.writestr("profiles.xml", "<Profiles/>")
    return data.getvalue()


def entry(color, row=0, column=0):
    return f'<ColorSetEntry name="x" bitdepth="U8">{color}<Position row="{row}" column="{column}"/></ColorSetEntry>'


def rgb(red, green, blue, space="sRGB-elle-V2-srgbtrc.icc"):
    return f'<RGB r="{red}" g="{green}" b="{blue}" space="{space}"/>'


def hexes(data):
    return huepress.load_palette(data).hex()


@pytest.mark.parametrize("method", [zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED])
def test_colors_come_group_by_group_and_row_by_row(method):
    first = entry(rgb(0, 0, 1), 1, 0) + entry(rgb(0, 1, 0), 0, 3) + entry(rgb(1, 0, 0), 0, 1)
    group = f'<Group name="more" rows="1">{entry(rgb(0.5, 0.5, 0.5))}</Group>'
    assert hexes(kpl(first + group, method=method)) == ["#ff0000", "#00ff00", "#0000ff", "#808080"]


@pytest.mark.parametrize(
    ("color", "expected"),
    [
        ('<sRGB r="1" g="0.2" b="-3"/>', "#ff3300"),
        (rgb(0.5, 0, 1, "sRGB-elle-V2-g10.icc"), "#bc00ff"),
        ('<Gray g="0.2" space="Gray-D50-elle-V2-srgbtrc.icc"/>', "#333333"),
        ('<Gray g="0.5" space="Gray-D50-elle-V2-g10.icc"/>', "#bcbcbc"),
        ('<CMYK c="0" m="1" y="1" k="0.2" space="x.icc"/>', "#cc0000"),
    ],
)
def test_models(color, expected):
    assert hexes(kpl(entry(color))) == [expected]


@pytest.mark.parametrize(
    ("color", "told"),
    [
        ('<Lab L="50" a="0" b="0"/>', "Lab"),
        ('<XYZ x="0.1" y="0.1" z="0.1"/>', "XYZ"),
        (rgb(1, 0, 0, "Rec2020-elle-V4-g10.icc"), "rec2020"),
        (rgb(1, 0, 0, "ACEScg-elle-V4-srgbtrc.icc"), "acescg"),
        (rgb(1, 0, 0, "sRGB-elle-V2-g22.icc"), "g22"),
        ('<Gray g="0.5" space="Gray-D50-elle-V2-labl.icc"/>', "labl"),
        (rgb("nan", 0, 0), "no number"),
        (rgb("1" * 5000, 0, "x"), "no number"),
        ('<RGB r="1" g="0"/>', "no number"),
        ("", "no color"),
    ],
)
def test_colors_that_are_not_read_are_told(color, told):
    with pytest.raises(DecodeError, match=told):
        hexes(kpl(entry(color)))


def test_entities_are_refused():
    head = '<!DOCTYPE a [<!ENTITY b "bbbbbbbbbb"><!ENTITY c "&b;&b;&b;&b;&b;&b;&b;&b;">]>'
    with pytest.raises(DecodeError, match="document type"):
        hexes(kpl(entry(rgb(0, 0, 0)) + "&c;", head=head))


def test_entities_of_other_files_are_refused(tmp_path):
    (tmp_path / "secret").write_text("secret")
    head = f'<!DOCTYPE a [<!ENTITY b SYSTEM "file://{tmp_path}/secret">]>'
    with pytest.raises(DecodeError, match="document type"):
        hexes(kpl("&b;", head=head))


def test_lists_that_unpack_to_much_are_refused():
    bomb = kpl(" " * (64 << 20))
    assert len(bomb) < 1 << 17
    with pytest.raises(LimitError, match="larger"):
        hexes(bomb)


def test_archives_of_many_files_are_refused():
    data = io.BytesIO()
    with zipfile.ZipFile(data, "w") as archive:
        for number in range(200):
            archive.writestr(str(number), "")
    with pytest.raises(LimitError, match="100 files"):
        hexes(data.getvalue())


def test_too_many_colors_are_refused():
    assert len(hexes(kpl(256 * entry(rgb(0, 0, 0))))) == 256
    with pytest.raises(DecodeError, match="more than 256"):
        hexes(kpl(257 * entry(rgb(0, 0, 0))))


def test_other_archives_are_told():
    with pytest.raises(DecodeError, match=r"no Krita palette \(colorset.xml\)"):
        hexes(kpl("", name="other.xml"))


def test_encrypted_ones_are_told():
    data = bytearray(kpl(entry(rgb(0, 0, 0))))
    at = data.rfind(b"PK\1\2", 0, data.rfind(b"PK\1\2"))  # colorset.xml is the second of three
    data[at + 8] |= 1
    with pytest.raises(DecodeError, match="encrypted"):
        hexes(bytes(data))


@pytest.mark.parametrize("encoding", ["utf-16", "rot13", "no-such"])
def test_what_it_claims_to_be_encoded_in_is_not_looked_up(encoding):
    head = f'<?xml version="1.0" encoding="{encoding}"?>'
    assert hexes(kpl(entry(rgb(1, 1, 1)), head=head)) == ["#ffffff"]


def test_damaged_ones_are_one_sentence():
    whole = kpl(entry(rgb(1, 0, 0)))
    broken = [whole[:n] for n in range(1, len(whole), 7)]
    for at in range(0, len(whole), 3):
        changed = bytearray(whole)
        changed[at] ^= 0x55
        broken.append(bytes(changed))
    for data in broken:
        try:
            huepress.load_palette(data)
        except HuepressError as error:
            assert "\n" not in str(error)


def test_what_is_written_is_as_krita_writes_it(tmp_path):
    palette = huepress.load_palette([(255, 0, 0), (0, 0, 0)] * 9)
    huepress.save_palette(palette, tmp_path / "x.kpl")
    data = (tmp_path / "x.kpl").read_bytes()
    assert data[30:65] == b"mimetypeapplication/x-krita-palette"  # as it is, at the start: readers look there
    with zipfile.ZipFile(tmp_path / "x.kpl") as archive:
        assert archive.testzip() is None
        assert {(each.create_system, each.date_time) for each in archive.infolist()} == {(3, (1980, 1, 1, 0, 0, 0))}
        root = ElementTree.fromstring(archive.read("colorset.xml"))
    entries = root.findall("ColorSetEntry")
    assert root.get("rows") == "2" and root.get("columns") == "16"
    assert entries[0].get("name") == "red"
    assert entries[17].find("Position").attrib == {"row": "1", "column": "1"}
    assert entries[0].find("RGB").attrib == {
        "space": "sRGB-elle-V2-srgbtrc.icc", "r": "1.000000", "g": "0.000000", "b": "0.000000"
    }  # fmt: skip
    huepress.save_palette(palette, tmp_path / "again.kpl")
    assert (tmp_path / "again.kpl").read_bytes() == data
