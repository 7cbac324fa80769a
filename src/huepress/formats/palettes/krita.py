"""Krita's palettes (KPL): ZIP archives with a list of colors in XML ("The Krita Palette format KPL")."""

from __future__ import annotations

import io
import math
import xml.parsers.expat
import zipfile
import zlib
from collections.abc import Sequence
from xml.etree import ElementTree

from huepress.colors.text import Rgba
from huepress.errors import DecodeError, HuepressError, LimitError, OutputError
from huepress.formats.palettes.color_models import cmyk_to_srgb8, linear_to_srgb8, unit_to_srgb8
from huepress.formats.palettes.damage import damaged
from huepress.formats.zip_list import check_list
from huepress.options import MAX_COLORS

_LIST = "colorset.xml"
# Of files in an archive, of bytes that list them, and of the colors' list when it is unpacked.
_MOST_ENTRIES, _MOST_LISTED, _LONGEST_LIST = 100, 1 << 16, 1 << 20
# What Krita calls sRGB, and how wide its palettes are here.
_SRGB, _COLUMNS = "sRGB-elle-V2-srgbtrc.icc", 16
# The names of E. Stone's profiles, which Krita comes with, have this and end in the curve.
_STONE = "-elle-"
_CURVES = {"srgbtrc": unit_to_srgb8, "g10": linear_to_srgb8}
_UNIX = 3  # as ZIP archives name it
_CHANNELS = {"RGB": "rgb", "sRGB": "rgb", "Gray": "g", "CMYK": "cmyk"}


def read_krita(data: bytes) -> list[Rgba]:
    """Read a Krita palette: groups in turn, each row by row.

    Parameters
    ----------
    data : bytes
        A ZIP archive.

    Raises
    ------
    DecodeError
        If it is damaged, or has colors in a space that is not read.
    LimitError
        If what it holds is far larger than a palette.
    """
    try:
        check_list(io.BytesIO(data), most_entries=_MOST_ENTRIES, most_bytes=_MOST_LISTED)
        with zipfile.ZipFile(io.BytesIO(data)) as archive:
            found = next((entry for entry in archive.infolist() if entry.filename == _LIST), None)
            if found is None:
                raise DecodeError(f"the archive holds no Krita palette ({_LIST}); give the palette itself")
            if found.compress_type not in (zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED) or found.flag_bits & 1:
                raise damaged("it is encrypted, or packed in a way that is not read")
            with archive.open(found) as packed:
                text = packed.read(_LONGEST_LIST + 1)
    except (zipfile.BadZipFile, zlib.error, EOFError, OSError, ValueError, RuntimeError, NotImplementedError) as error:
        if isinstance(error, HuepressError):
            raise
        raise damaged("its archive cannot be unpacked") from None
    if len(text) > _LONGEST_LIST:
        raise LimitError(f"the palette's {_LIST} is larger than a list of colors", remedy="save it anew")
    return _Colors().parsed(text)


def write_krita(colors: Sequence[Rgba], names: Sequence[str]) -> bytes:
    """Write a Krita palette of one group.

    Parameters
    ----------
    colors : sequence of (int, int, int, int)
        sRGB codes.
    names : sequence of str

    Raises
    ------
    OutputError
        If a color is translucent.
    """
    if any(color[3] < 255 for color in colors):
        raise OutputError("KPL holds no alpha; choose another format")
    rows = -(-len(colors) // _COLUMNS)
    root = ElementTree.Element(
        "Colorset", name="huepress", comment="", columns=str(_COLUMNS), rows=str(rows), readonly="false", version="1.0"
    )
    for number, (color, name) in enumerate(zip(colors, names, strict=True)):
        told = "".join(each for each in name if each.isprintable())  # XML has no place for the others
        entry = ElementTree.SubElement(root, "ColorSetEntry", name=told, id="", bitdepth="U8", spot="false")
        units = {channel: f"{value / 255:.6f}" for channel, value in zip("rgb", color, strict=False)}
        ElementTree.SubElement(entry, "RGB", {"space": _SRGB, **units})
        row, column = divmod(number, _COLUMNS)
        ElementTree.SubElement(entry, "Position", row=str(row), column=str(column))
    files = {
        "mimetype": b"application/x-krita-palette",  # first, and as it is: by this others know the kind
        "profiles.xml": b"<Profiles/>",
        _LIST: ElementTree.tostring(root, encoding="utf-8"),
    }
    written = io.BytesIO()
    with zipfile.ZipFile(written, "w", zipfile.ZIP_STORED) as archive:
        for name, content in files.items():
            listed = zipfile.ZipInfo(name)  # of the same day always, and of one system: equal palettes, equal files
            listed.create_system = _UNIX
            archive.writestr(listed, content)
    return written.getvalue()


class _Colors:
    """Gathers colors from a stream of elements; nothing else is kept of them."""

    def __init__(self) -> None:
        self._found: list[tuple[tuple[int, int, int], Rgba]] = []
        self._group = 0
        self._color: Rgba | None = None
        self._row = self._column = 0

    def parsed(self, text: bytes) -> list[Rgba]:
        """Return the colors in order."""
        parser = xml.parsers.expat.ParserCreate("utf-8")  # whatever it claims: no codec is looked up by its name
        parser.StartDoctypeDeclHandler = self._refuse
        parser.StartElementHandler = self._start
        parser.EndElementHandler = self._end
        try:
            parser.Parse(text, True)
        except xml.parsers.expat.ExpatError:
            raise damaged(f"{_LIST} is not valid XML") from None
        return [color for _, color in sorted(self._found, key=lambda each: each[0])]

    def _refuse(self, *_: object) -> None:
        """Refuse what could declare entities, which say much in few bytes."""
        raise damaged(f"{_LIST} has a document type, which no palette has")

    def _start(self, name: str, values: dict[str, str]) -> None:
        if name == "Group":
            self._group += 1
        elif name == "ColorSetEntry":
            self._color, self._row, self._column = None, 0, 0
        elif name == "Position":
            self._row, self._column = (int(self._number(values, each)) for each in ("row", "column"))
        elif name in _CHANNELS:
            self._color = self._color_of(name, values)
        elif name in ("Lab", "XYZ", "YCbCr"):
            raise DecodeError(f"the palette has colors in {name}, which is not read; save it with RGB colors")

    def _end(self, name: str) -> None:
        if name != "ColorSetEntry" or len(self._found) > MAX_COLORS:  # too many, however many there are
            return
        if self._color is None:
            raise damaged("an entry has no color")
        self._found.append(((self._group, self._row, self._column), self._color))

    def _color_of(self, model: str, values: dict[str, str]) -> Rgba:
        units = [self._number(values, channel) for channel in _CHANNELS[model]]
        if model == "CMYK":
            return (*cmyk_to_srgb8(units), 255)
        space = values.get("space", "").lower()
        curve = space.removesuffix(".icc").rpartition("-")[2] if _STONE in space else "srgbtrc"
        if curve not in _CURVES or (model == "RGB" and space and "srgb" not in space.replace("srgbtrc", "")):
            raise DecodeError(f"the palette has colors in the space {space[:40]!r}; save it with colors in sRGB")
        return (*_CURVES[curve](units if len(units) == 3 else 3 * units), 255)

    @staticmethod
    def _number(values: dict[str, str], name: str) -> float:
        try:
            number = float(values[name])
        except (KeyError, ValueError):
            number = math.nan
        if not math.isfinite(number):
            raise damaged(f"a color's {name} is no number")
        return number
