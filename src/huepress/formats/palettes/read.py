"""From the bytes of a palette file to its colors, in the file's order."""

from __future__ import annotations

import colorsys
import itertools
import json
import math
import re
import struct
from collections.abc import Iterator
from typing import Any

from huepress.colors.text import Rgba, as_colors, parse_color
from huepress.errors import DecodeError
from huepress.formats.palette_image import decode_palette
from huepress.formats.palettes.color_models import cmyk_to_srgb8, lab_d50_to_srgb8, unit_to_srgb8
from huepress.formats.palettes.damage import damaged
from huepress.formats.palettes.krita import read_krita
from huepress.model import Palette
from huepress.options import MAX_COLORS

_KINDS = "GPL, ACT, ACO, ASE, PAL, KPL, JSON, CSS, a list of hex colors, or an image"
# No palette file is larger; images are read as pictures.
_LARGEST_TEXT = 1 << 20
_PAINT_NET = ";paint.net palette file"
_ACT_SIZES = (768, 772)
_ACO_SPACES = (0, 1, 2, 7, 8)
_IMAGE_STARTS = (b"\x89PNG", b"GIF8", b"\xff\xd8\xff", b"RIFF", b"II*\0", b"MM\0*")
# A name is tried where it begins, and in one piece: else a file of dashes would take hours.
_CSS_VARIABLE = r"(?<![\w-])(?:--|\$)[\w-]++\s*+:"
_CSS_COLOR = re.compile(_CSS_VARIABLE + r"\s*+(#[0-9a-fA-F]+)")
_CSS_COMMENT = re.compile(r"/\*.*?(?:\*/|\Z)|//[^\n]*", re.S)


def read_palette(data: bytes, *, max_pixels: int) -> Palette:
    """Read a palette of whatever kind.

    Parameters
    ----------
    data : bytes
        GIMP palette, Adobe Color Table, Adobe Swatch Exchange, Krita palette, JSON, CSS or SCSS variables, hex
        colors, an indexed image (its palette), or another image (its colors in reading order).
    max_pixels : int
        Larger images are refused.

    Raises
    ------
    DecodeError
        If it is none of these, damaged, or has more than 256 colors.
    LimitError
        If it is too large an image.
    """
    if not data:
        raise DecodeError(f"the palette file is empty; give {_KINDS}")
    if data.startswith(b"ASEF"):
        return _checked(_read_ase(data))
    if data.startswith(b"PK\3\4"):
        return _checked(read_krita(data))
    if data[:4] == b"RIFF" and data[8:12] == b"PAL ":
        return _checked(_read_riff(data))
    if data.startswith(b"JASC-PAL"):
        return _checked(_read_jasc(data.decode("ascii", "replace")))
    if _is_aco(data):
        return _checked(_read_aco(data))
    if data.startswith(b"GIMP Palette"):
        if len(data) > _LARGEST_TEXT:
            raise damaged("it is too long")
        return _checked(_read_gpl(data.decode("utf-8", "replace")))
    act = len(data) in _ACT_SIZES and not data.startswith(_IMAGE_STARTS) and not _is_bmp(data)
    text = _as_text(data) if len(data) <= _LARGEST_TEXT else None
    if text is not None:
        try:
            return _checked(_read_text(text))
        except DecodeError:
            if not act:
                raise
    if act:
        return _checked(_read_act(data))
    return decode_palette(data, max_pixels=max_pixels)


def _checked(colors: list[Rgba]) -> Palette:
    if not colors:
        raise DecodeError("the palette has no colors; give one of 1 to 256")
    if len(colors) > MAX_COLORS:
        raise DecodeError(f"the palette has more than {MAX_COLORS} colors; leave some out")
    return Palette.from_colors(colors)


def _read_riff(data: bytes) -> list[Rgba]:
    """Read a RIFF palette (Microsoft, LOGPALETTE): version, count, then red, green, blue and flags of each entry."""
    at = data.find(b"data", 12, 4096)
    if at < 0 or at + 12 > len(data):
        raise damaged("it has no data chunk")
    count = int.from_bytes(data[at + 10 : at + 12], "little")
    entries = data[at + 12 : at + 12 + 4 * min(count, MAX_COLORS + 1)]
    if len(entries) < 4 * min(count, MAX_COLORS + 1):
        raise damaged("it is cut off")
    return [(*entries[i : i + 3], 255) for i in range(0, len(entries), 4)]


def _read_jasc(text: str) -> list[Rgba]:
    """Read Paint Shop Pro's palette: a version, a count, then a line of three numbers for each entry."""
    lines = text.splitlines()[: MAX_COLORS + 4]
    colors: list[Rgba] = []
    for line in lines[3:]:
        parts = line.split()
        if not parts:
            continue
        if len(parts) not in (3, 4) or not all(re.fullmatch("[0-9]{1,3}", part) and int(part) < 256 for part in parts):
            raise damaged(f"{line[:40]!r} is no color")
        red, green, blue, alpha = (*map(int, parts), 255)[:4]
        colors.append((red, green, blue, alpha))
    return colors


def _is_aco(data: bytes) -> bool:
    """Tell whether a file is a Photoshop color swatch: a version, a count, and as many entries of ten bytes.

    What has the size of a color table is one unless it is such a swatch up to its end: tables may begin like that, too.
    """
    if len(data) < 14 or data[:2] not in (b"\0\1", b"\0\2") or (len(data) in _ACT_SIZES and not _is_whole_aco(data)):
        return False
    count = int.from_bytes(data[2:4], "big")
    return (count > 0 and (len(data) == 4 + 10 * count if data[1] == 1 else len(data) >= 4 + 10 * count)) or (
        data[1] == 1 and len(data) > 4 + 10 * count and data[4 + 10 * count : 6 + 10 * count] == b"\0\2"
    )


def _is_whole_aco(data: bytes) -> bool:
    at = 0
    try:
        while at < len(data):
            version, count = struct.unpack_from(">HH", data, at)
            at += 4
            for _ in range(count):
                (space,) = struct.unpack_from(">H", data, at)
                if version not in (1, 2) or space not in _ACO_SPACES:
                    return False
                at += 10
                if version == 2:
                    at += 4 + 2 * int.from_bytes(data[at + 2 : at + 4], "big")
    except struct.error:
        return False
    return at == len(data)


def _read_aco(data: bytes) -> list[Rgba]:
    """Read Photoshop's swatches (Adobe Photoshop File Formats Specification, "Color Swatches"), version 1 or 2."""
    version, count = struct.unpack_from(">HH", data)
    colors: list[Rgba] = []
    at = 4
    for _ in range(min(count, MAX_COLORS + 1)):
        if at + 10 > len(data):
            raise damaged("it is cut off")
        space, *values = struct.unpack_from(">5H", data, at)
        at += 10
        if version == 2:
            at += 4 + 2 * int.from_bytes(data[at + 2 : at + 4], "big")
        units = [value / 65535 for value in values]
        if space == 0:
            colors.append((*unit_to_srgb8(units[:3]), 255))
        elif space == 1:
            colors.append((*unit_to_srgb8(colorsys.hsv_to_rgb(*units[:3])), 255))
        elif space == 2:
            colors.append((*cmyk_to_srgb8([1 - unit for unit in units]), 255))
        elif space == 7:
            signed = [value - 65536 if value > 32767 else value for value in values[1:3]]
            colors.append((*lab_d50_to_srgb8([values[0] / 100, signed[0] / 100, signed[1] / 100]), 255))
        elif space == 8:
            colors.append((*unit_to_srgb8([values[0] / 10000] * 3), 255))
        else:
            raise damaged(f"color space {space} is unknown")
    return colors


def _read_paint_net(text: str) -> list[Rgba]:
    """Read paint.net's palette: lines of alpha, red, green and blue; comments begin with a semicolon."""
    colors: list[Rgba] = []
    for line in text.splitlines():
        digits = line.split(";")[0].strip()
        if not digits:
            continue
        if not re.fullmatch(r"[0-9a-fA-F]{8}|[0-9a-fA-F]{6}", digits):
            raise damaged(f"{digits[:40]!r} is no color")
        alpha, red, green, blue = bytes.fromhex(digits.rjust(8, "f") if len(digits) == 6 else digits)
        colors.append((red, green, blue, alpha))
        if len(colors) > MAX_COLORS:
            break
    return colors


def _is_bmp(data: bytes) -> bool:
    return data.startswith(b"BM") and int.from_bytes(data[2:6], "little") == len(data)


def _as_text(data: bytes) -> str | None:
    try:
        text = data.decode("utf-8-sig")
    except UnicodeDecodeError:
        return None
    return None if "\0" in text else text


def _read_text(text: str) -> list[Rgba]:
    if text.lstrip().startswith(("{", "[")):
        return _read_json(text)
    if text.lower().startswith(_PAINT_NET):
        return _read_paint_net(text)
    without_comments = _CSS_COMMENT.sub(" ", text)
    if re.search(_CSS_VARIABLE, without_comments):
        found = itertools.islice(_CSS_COLOR.finditer(without_comments), MAX_COLORS + 1)
        return [_hex(variable[1]) for variable in found]
    return _read_hex_list(text)


def _read_hex_list(text: str) -> list[Rgba]:
    colors = []
    for number, line in enumerate(text.splitlines(), 1):
        if line.lstrip().startswith((";", "//")):
            continue
        for word in re.split(r"[\s,;]+", line):
            bare = word.strip("'\"")
            if not bare:
                continue
            color = parse_color(bare)
            if color is None:
                raise DecodeError(f"no palette, {bare[:40]!r} in line {number} is no hex color; give {_KINDS}")
            colors.append(color)
            if len(colors) > MAX_COLORS:
                return colors  # too many, however many there are
    return colors


def _hex(text: str) -> Rgba:
    color = parse_color(text)
    if color is None:
        raise damaged(f"{text[:40]!r} is no hex color")
    return color


def _read_json(text: str) -> list[Rgba]:
    try:
        value = json.loads(text)
    except (ValueError, RecursionError):
        raise damaged("not valid JSON") from None
    if isinstance(value, dict):
        lists = [value[key] for key in ("colors", "palette", "swatches") if isinstance(value.get(key), list)]
        if not lists:
            raise damaged("the JSON object has no list of colors named colors, palette or swatches")
        value = lists[0]
    return [_json_color(item) for item in value[: MAX_COLORS + 1]]


def _json_color(item: Any) -> Rgba:
    if isinstance(item, dict):
        item = next((item[key] for key in ("hex", "rgba", "rgb", "color") if item.get(key) is not None), None)
    try:
        (color,) = as_colors([item])
    except ValueError:
        raise damaged(f"{str(item)[:40]!r} is no color") from None
    return color


def _read_gpl(text: str) -> list[Rgba]:
    channels = 3
    colors = []
    for number, line in enumerate(text.splitlines()[1:], 2):
        line = line.strip()
        if re.fullmatch(r"Channels:\s*RGBA", line):  # as Aseprite writes it
            channels = 4
        if not line or line.startswith("#") or re.match(r"(Name|Columns|Channels):", line):
            continue
        match = re.match(r"\s+".join([r"(\d{1,3})"] * channels) + r"(?:\s|$)", line)
        values = [int(value) for value in match.groups()] if match else [256]
        if max(values) > 255:
            raise damaged(f"line {number} is no color")
        red, green, blue, alpha = (*values, 255)[:4]
        colors.append((red, green, blue, alpha))
        if len(colors) > MAX_COLORS:
            break
    return colors


def _read_act(data: bytes) -> list[Rgba]:
    """Adobe Photoshop File Formats Specification, "Color Table": 256 RGB triples, then perhaps two numbers."""
    count, clear = MAX_COLORS, 0xFFFF
    if len(data) == _ACT_SIZES[1]:
        count, clear = struct.unpack(">HH", data[768:])
        if not 1 <= count <= MAX_COLORS:
            raise damaged(f"it counts {count} colors")
    rows = (data[3 * i : 3 * i + 3] for i in range(count))
    return [(r, g, b, 0 if i == clear else 255) for i, (r, g, b) in enumerate(rows)]


def _read_ase(data: bytes) -> list[Rgba]:
    """Adobe Swatch Exchange 1.0; groups are flattened in order."""
    colors = (_ase_color(block) for kind, block in _ase_blocks(data) if kind == 0x0001)
    return list(itertools.islice(colors, MAX_COLORS + 1))


def _ase_blocks(data: bytes) -> Iterator[tuple[int, bytes]]:
    if len(data) < 12:
        raise damaged("cut off")
    _, _, n_blocks = struct.unpack(">HHI", data[4:12])
    at = 12
    for _ in range(n_blocks):
        if at + 6 > len(data):
            raise damaged("cut off")
        kind, size = struct.unpack(">HI", data[at : at + 6])
        at += 6
        if at + size > len(data):
            raise damaged("cut off")
        yield kind, data[at : at + size]
        at += size


def _ase_color(block: bytes) -> Rgba:
    try:
        (name_length,) = struct.unpack_from(">H", block)
        at = 2 + 2 * name_length
        model = block[at : at + 4].decode("latin-1").strip()
        n_values = {"RGB": 3, "CMYK": 4, "LAB": 3, "Gray": 1, "GRAY": 1}.get(model)
        if n_values is None:
            raise damaged(f"unknown color model {model!r}")
        values = struct.unpack_from(f">{n_values}f", block, at + 4)
    except struct.error:
        raise damaged("a color is cut off") from None
    if not all(map(math.isfinite, values)):
        raise damaged("a color is no number")
    if model == "CMYK":
        red, green, blue = cmyk_to_srgb8(values)
    elif model == "LAB":
        red, green, blue = lab_d50_to_srgb8((100.0 * values[0], values[1], values[2]))
    else:
        red, green, blue = unit_to_srgb8(values if model == "RGB" else 3 * values)
    return red, green, blue, 255
