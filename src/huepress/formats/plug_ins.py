"""Formats that Pillow reads with a plug-in only: told by their first bytes, imported when met."""

from __future__ import annotations

from importlib import import_module
from importlib.util import find_spec
from typing import Any

from PIL import features

from huepress.errors import DecodeError, HuepressError, OptionError, missing_extra

_JXL_CODESTREAM = b"\xff\x0a"
_JXL_CONTAINER = b"\x00\x00\x00\x0cJXL \r\n\x87\n"
HEIC_BRANDS = {b"heic", b"heix", b"hevc", b"hevx", b"heim", b"heis", b"mif1", b"msf1", b"mif2"}
AVIF_BRANDS = {b"avif", b"avis"}
# ISO/IEC 18181-1, table of the aspect ratios in the size header.
_JXL_RATIOS = {1: (1, 1), 2: (12, 10), 3: (4, 3), 4: (3, 2), 5: (16, 9), 6: (5, 4), 7: (2, 1)}


def enable_plug_in(data: bytes) -> None:
    """Import the plug-in that a file needs, if any.

    Raises
    ------
    DecodeError
        If it is not installed.
    """
    if is_jxl(data):
        enable_jxl(DecodeError)
        return
    brands = brands_of(data)
    if brands & AVIF_BRANDS:
        enable_avif(DecodeError)
    elif brands & HEIC_BRANDS:
        _import("pillow_heif", "HEIC", "heif", DecodeError).register_heif_opener()  # type: ignore[attr-defined]


def enable_avif(error: type[HuepressError]) -> None:
    """Import the plug-in for AVIF where Pillow itself lacks it.

    Raises
    ------
    HuepressError
        Of the given class, if it is not installed.
    """
    if not features.check("avif"):
        _import("pillow_avif", "AVIF", "avif", error)


def enable_jxl(error: type[HuepressError] = OptionError) -> None:
    """Import the plug-in for JPEG XL.

    Raises
    ------
    HuepressError
        Of the given class, if it is not installed.
    """
    _import("pillow_jxl", "JPEG XL", "jxl", error)


def enable_video() -> Any:
    """Return PyAV.

    Raises
    ------
    DecodeError
        If it is not installed.
    """
    return _import("av", "video", "video", DecodeError)


def has_video() -> bool:
    """Tell whether PyAV is installed, without importing it."""
    return find_spec("av") is not None


def is_jxl(data: bytes) -> bool:
    """Tell whether a file is JPEG XL."""
    return data.startswith((_JXL_CODESTREAM, _JXL_CONTAINER))


def jxl_size(data: bytes) -> tuple[int, int]:
    """Return width and height of a JPEG XL file without decoding it (ISO/IEC 18181-1, size header).

    The plug-in decodes at once when it opens a file, so a limit on the pixels has to come first.
    """
    start = _jxl_codestream(data)
    bits = _Bits(data[start + 2 : start + 16])
    small = bits.take(1)
    height = _jxl_side(bits, small)
    ratio = bits.take(3)
    if ratio:
        over, under = _JXL_RATIOS[ratio]
        return height * over // under, height
    return _jxl_side(bits, small), height


def _jxl_side(bits: _Bits, small: int) -> int:
    if small:
        return 8 * (bits.take(5) + 1)
    return bits.take((9, 13, 18, 30)[bits.take(2)]) + 1


def _jxl_codestream(data: bytes) -> int:
    """Return where the codestream begins."""
    position = 0
    while not data.startswith(_JXL_CODESTREAM, position) and position + 16 <= len(data):
        length, name = int.from_bytes(data[position : position + 4], "big"), data[position + 4 : position + 8]
        header = 8
        if length == 1:
            length, header = int.from_bytes(data[position + 8 : position + 16], "big"), 16
        if name in (b"jxlc", b"jxlp"):
            return position + header + (4 if name == b"jxlp" else 0)
        if length < header:
            break
        position += length
    return position


class _Bits:
    """Bits of a byte string, the lowest of each byte first; zeros after its end."""

    def __init__(self, data: bytes) -> None:
        self._value = int.from_bytes(data, "little")

    def take(self, count: int) -> int:
        value = self._value & ((1 << count) - 1)
        self._value >>= count
        return value


def brands_of(data: bytes) -> set[bytes]:
    """Return the brands of an ISO base media file (ISO/IEC 14496-12, file type box)."""
    if data[4:8] != b"ftyp":
        return set()
    box = data[8 : min(int.from_bytes(data[:4], "big"), 256)]
    return {box[:4]} | {box[i : i + 4] for i in range(8, len(box) - 3, 4)}


def _import(module: str, format_name: str, extra: str, error: type[HuepressError]) -> object:
    try:
        return import_module(module)
    except ImportError:
        raise missing_extra(format_name, "a plug-in", extra, error) from None
