"""From a palette with names to the bytes of a palette file."""

from __future__ import annotations

import json
import re
import struct
from collections.abc import Iterator

import numpy as np

from huepress.engine.swatches import Swatches
from huepress.errors import OutputError
from huepress.formats.palettes.krita import write_krita
from huepress.formats.png import encode_png
from huepress.model import IndexedImage
from huepress.options import PaletteFormat

_STRIP_SIDE = 32
_NO_CLEAR_ENTRY = 0xFFFF


def write_palette(swatches: Swatches, format: PaletteFormat) -> bytes:
    """Write a palette file that `read_palette` reads back equal.

    Parameters
    ----------
    swatches : Swatches
    format : {"hex", "gpl", "act", "ase", "kpl", "pal", "json", "css", "scss", "png"}
        Hex lists, ACT, PAL (JASC) and PNG have no place for names.

    Raises
    ------
    OutputError
        If the format cannot hold the palette's alpha: ASE and KPL hold none, ACT one clear color.
    """
    if format == "act":
        return _act(swatches)
    if format == "ase":
        return _ase(swatches)
    if format == "kpl":
        return write_krita(swatches.colors, swatches.names)
    if format == "png":
        row = np.repeat(np.arange(len(swatches), dtype=np.uint8), _STRIP_SIDE)
        return encode_png(IndexedImage(np.tile(row, (_STRIP_SIDE, 1)), swatches.palette)).data
    lines = {"hex": _hex, "gpl": _gpl, "pal": _jasc, "json": _json, "css": _css, "scss": _scss}[format](swatches)
    return ("\n".join(lines) + "\n").encode()


def _hex(swatches: Swatches) -> Iterator[str]:
    yield from swatches.palette.hex()


def _gpl(swatches: Swatches) -> Iterator[str]:
    """GIMP's palette; translucent ones with Aseprite's fourth column."""
    yield "GIMP Palette"
    translucent = swatches.palette.translucent
    if translucent:
        yield "Channels: RGBA"
    yield "Name: huepress"
    yield "Columns: 8"
    yield "#"
    for color, name in zip(swatches.colors, swatches.names, strict=True):
        values = color if translucent else color[:3]
        yield " ".join(f"{value:3d}" for value in values) + f"\t{_one_line(name)}"


def _jasc(swatches: Swatches) -> Iterator[str]:
    """Paint Shop Pro's palette; translucent ones with a fourth column."""
    yield from ("JASC-PAL", "0100", str(len(swatches)))
    for color in swatches.colors:
        yield " ".join(map(str, color if swatches.palette.translucent else color[:3]))


def _json(swatches: Swatches) -> Iterator[str]:
    yield '{"colors": ['
    rows = []
    for color, hex_color, share, name in zip(
        swatches.colors, swatches.palette.hex(), swatches.shares, swatches.names, strict=True
    ):
        row = {"hex": hex_color, "rgb": list(color[:3]), "share": round(float(share), 6), "name": name}
        rows.append(f"  {json.dumps(row)}")
    yield ",\n".join(rows)
    yield "]}"


def _css(swatches: Swatches) -> Iterator[str]:
    yield ":root {"
    for name, hex_color, note in _variables(swatches):
        yield f"  --{name}: {hex_color};  /* {note} */"
    yield "}"


def _scss(swatches: Swatches) -> Iterator[str]:
    for name, hex_color, note in _variables(swatches):
        yield f"${name}: {hex_color};  // {note}"


def _variables(swatches: Swatches) -> Iterator[tuple[str, str, str]]:
    taken: set[str] = set()
    for name, hex_color, share in zip(swatches.names, swatches.palette.hex(), swatches.shares, strict=True):
        base = re.sub(r"[^a-z0-9]+", "-", name.lower()).strip("-") or "color"
        unique, number = base, 1
        while unique in taken:
            number += 1
            unique = f"{base}-{number}"
        taken.add(unique)
        yield unique, hex_color, f"{100 * share:.1f} %"


def _act(swatches: Swatches) -> bytes:
    clear = [i for i, color in enumerate(swatches.colors) if color[3] < 255]
    if len(clear) > 1 or any(swatches.colors[i][3] for i in clear):
        raise OutputError("ACT holds one clear color and no translucent ones; choose another format")
    rows = b"".join(bytes(color[:3]) for color in swatches.colors)
    return rows.ljust(768, b"\0") + struct.pack(">HH", len(swatches), clear[0] if clear else _NO_CLEAR_ENTRY)


def _ase(swatches: Swatches) -> bytes:
    if swatches.palette.translucent:
        raise OutputError("ASE holds no alpha; choose another format")
    blocks = []
    for color, name in zip(swatches.colors, swatches.names, strict=True):
        text = (_one_line(name) + "\0").encode("utf-16-be")
        values = struct.pack(">3f", *(value / 255 for value in color[:3]))
        block = struct.pack(">H", len(text) // 2) + text + b"RGB " + values + struct.pack(">H", 2)
        blocks.append(struct.pack(">HI", 0x0001, len(block)) + block)
    return b"ASEF" + struct.pack(">HHI", 1, 0, len(blocks)) + b"".join(blocks)


def _one_line(name: str) -> str:
    return " ".join(name.split())
