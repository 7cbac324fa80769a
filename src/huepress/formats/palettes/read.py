"""From the bytes of a palette file to its colors, in the file's order."""

from __future__ import annotations

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
from huepress.model import Palette
from huepress.options import MAX_COLORS

_KINDS = "GPL, ACT, ASE, JSON, CSS, a list of hex colors, or an image"
_ACT_SIZES = (768, 772)
_IMAGE_STARTS = (b"\x89PNG", b"GIF8", b"\xff\xd8\xff", b"RIFF", b"II*\0", b"MM\0*")
_CSS_COLOR = re.compile(r"(?:--|\$)[\w-]+\s*:\s*(#[0-9a-fA-F]+)")
_CSS_COMMENT = re.compile(r"/\*.*?\*/|//[^\n]*", re.S)


def read_palette(data: bytes, *, max_pixels: int) -> Palette:
    """Read a palette of whatever kind.

    Parameters
    ----------
    data : bytes
        GIMP palette, Adobe Rgba Table, Adobe Swatch Exchange, JSON, CSS or SCSS variables, hex
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
    if data.startswith(b"GIMP Palette"):
        return _checked(_read_gpl(data.decode("utf-8", "replace")))
    act = len(data) in _ACT_SIZES and not data.startswith(_IMAGE_STARTS) and not _is_bmp(data)
    text = _as_text(data)
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
        raise DecodeError(f"the palette has {len(colors)} colors; it may have at most {MAX_COLORS}")
    return Palette.from_colors(colors)


def _damaged(reason: str) -> DecodeError:
    return DecodeError(f"the palette is damaged ({reason}); save it anew")


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
    without_comments = _CSS_COMMENT.sub(" ", text)
    if re.search(r"(?:--|\$)[\w-]+\s*:", without_comments):
        return [_hex(digits) for digits in _CSS_COLOR.findall(without_comments)]
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
    return colors


def _hex(text: str) -> Rgba:
    color = parse_color(text)
    if color is None:
        raise _damaged(f"{text[:40]!r} is no hex color")
    return color


def _read_json(text: str) -> list[Rgba]:
    try:
        value = json.loads(text)
    except (ValueError, RecursionError):
        raise _damaged("not valid JSON") from None
    if isinstance(value, dict):
        lists = [value[key] for key in ("colors", "palette", "swatches") if isinstance(value.get(key), list)]
        if not lists:
            raise _damaged("the JSON object has no list of colors named colors, palette or swatches")
        value = lists[0]
    return [_json_color(item) for item in value]


def _json_color(item: Any) -> Rgba:
    if isinstance(item, dict):
        item = next((item[key] for key in ("hex", "rgba", "rgb", "color") if item.get(key) is not None), None)
    try:
        (color,) = as_colors([item])
    except ValueError:
        raise _damaged(f"{str(item)[:40]!r} is no color") from None
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
            raise _damaged(f"line {number} is no color")
        red, green, blue, alpha = (*values, 255)[:4]
        colors.append((red, green, blue, alpha))
    return colors


def _read_act(data: bytes) -> list[Rgba]:
    """Adobe Photoshop File Formats Specification, "Rgba Table": 256 RGB triples, then perhaps two numbers."""
    count, clear = MAX_COLORS, 0xFFFF
    if len(data) == _ACT_SIZES[1]:
        count, clear = struct.unpack(">HH", data[768:])
        if not 1 <= count <= MAX_COLORS:
            raise _damaged(f"it counts {count} colors")
    rows = (data[3 * i : 3 * i + 3] for i in range(count))
    return [(r, g, b, 0 if i == clear else 255) for i, (r, g, b) in enumerate(rows)]


def _read_ase(data: bytes) -> list[Rgba]:
    """Adobe Swatch Exchange 1.0; groups are flattened in order."""
    return [_ase_color(block) for kind, block in _ase_blocks(data) if kind == 0x0001]


def _ase_blocks(data: bytes) -> Iterator[tuple[int, bytes]]:
    if len(data) < 12:
        raise _damaged("cut off")
    _, _, n_blocks = struct.unpack(">HHI", data[4:12])
    at = 12
    for _ in range(n_blocks):
        if at + 6 > len(data):
            raise _damaged("cut off")
        kind, size = struct.unpack(">HI", data[at : at + 6])
        at += 6
        if at + size > len(data):
            raise _damaged("cut off")
        yield kind, data[at : at + size]
        at += size


def _ase_color(block: bytes) -> Rgba:
    try:
        (name_length,) = struct.unpack_from(">H", block)
        at = 2 + 2 * name_length
        model = block[at : at + 4].decode("latin-1").strip()
        n_values = {"RGB": 3, "CMYK": 4, "LAB": 3, "Gray": 1, "GRAY": 1}.get(model)
        if n_values is None:
            raise _damaged(f"unknown color model {model!r}")
        values = struct.unpack_from(f">{n_values}f", block, at + 4)
    except struct.error:
        raise _damaged("a color is cut off") from None
    if not all(map(math.isfinite, values)):
        raise _damaged("a color is no number")
    if model == "CMYK":
        red, green, blue = cmyk_to_srgb8(values)
    elif model == "LAB":
        red, green, blue = lab_d50_to_srgb8((100.0 * values[0], values[1], values[2]))
    else:
        red, green, blue = unit_to_srgb8(values if model == "RGB" else 3 * values)
    return red, green, blue, 255
