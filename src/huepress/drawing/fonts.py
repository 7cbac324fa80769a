"""Fonts for drawn text: Pillow's own, and the system's for scripts that it lacks."""

from __future__ import annotations

from functools import lru_cache

from PIL import ImageFont

Font = ImageFont.FreeTypeFont | ImageFont.ImageFont

# Fonts with many scripts that systems bring along; Pillow looks for them in the system's folders.
_SYSTEM_FONTS = (
    "NotoSansCJK-Regular.ttc", "NotoSansCJKjp-Regular.otf", "SourceHanSans-Regular.ttc", "wqy-microhei.ttc",
    "DroidSansFallbackFull.ttf", "YuGothM.ttc", "msgothic.ttc", "msyh.ttc", "malgun.ttf", "Arial Unicode.ttf",
    "PingFang.ttc", "Hiragino Sans GB.ttc", "AppleSDGothicNeo.ttc", "DejaVuSans.ttf", "NotoSans-Regular.ttf",
    "segoeui.ttf", "Arial.ttf",
)  # fmt: skip
_ABSENT = "\U0010fffd"  # for private use: a font draws what it draws for all that it lacks
_SAMPLE_SIZE = 24


def font_for(text: str, size: int) -> Font:
    """Return a font that has all letters of a text, or Pillow's own where none has."""
    for name in (None, *_SYSTEM_FONTS):
        if all(_has(name, letter) for letter in set(text)):
            return _font(name, size) or ImageFont.load_default(size)
    return ImageFont.load_default(size)


def legible(text: str) -> str:
    """Replace what no font at hand can draw by question marks; boxes would tell less."""
    if any(all(_has(name, letter) for letter in set(text)) for name in (None, *_SYSTEM_FONTS)):
        return text
    return "".join(letter if _has(None, letter) else "?" for letter in text)


@lru_cache(maxsize=64)
def _font(name: str | None, size: int) -> Font | None:
    try:
        return ImageFont.load_default(size) if name is None else ImageFont.truetype(name, size)
    except OSError:  # not on this system
        return None


@lru_cache(maxsize=4096)
def _has(name: str | None, letter: str) -> bool:
    font = _font(name, _SAMPLE_SIZE)
    if font is None:
        return False
    if letter.isspace():
        return True
    try:
        return bytes(font.getmask(letter)) != bytes(font.getmask(_ABSENT))
    except UnicodeError:  # Pillow's font without FreeType knows Latin-1 only
        return False
