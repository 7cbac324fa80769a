"""Draws the lines between segments on a picture, and a legend below it."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt
from PIL import Image, ImageDraw

from huepress.drawing.fonts import font_for
from huepress.drawing.sheet import on_checkerboard
from huepress.model import Bytes, Palette

# A line of this width for every so many pixels of the longer side.
_PIXELS_PER_LINE_WIDTH = 1200
_INK, _BACKGROUND, _FRAME = (28, 28, 30), (250, 250, 248), (200, 200, 196)
_LIGHT = (255, 255, 255)
_SMALLEST_TEXT, _LARGEST_TEXT = 13, 44


def draw_overlay(
    pixels_srgb8: Bytes,
    lines: npt.NDArray[np.bool_],
    palette: Palette,
    shares: npt.NDArray[np.float64],
    *,
    legend: bool,
) -> Image.Image:
    """Draw white lines with dark rims on a picture, and below it every color with its share.

    Parameters
    ----------
    pixels_srgb8 : ndarray of uint8, (height, width, 3 or 4)
    lines : ndarray of bool, (height, width)
    palette : Palette
    shares : ndarray of float64, (len(palette),)
    legend : bool
    """
    picture = np.array(on_checkerboard(Image.fromarray(pixels_srgb8)))
    width = max(1, round(max(lines.shape) / _PIXELS_PER_LINE_WIDTH))
    core = _widened(lines, width - 1)
    rim = _widened(core, width) & ~core
    picture[rim] = picture[rim] // 3
    picture[core] = _LIGHT
    image = Image.fromarray(picture)
    return _with_legend(image, palette, shares) if legend else image


def _widened(mask: npt.NDArray[np.bool_], by: int) -> npt.NDArray[np.bool_]:
    """Grow a mask by so many pixels in each of the four directions, step by step."""
    for _ in range(by):
        grown = mask.copy()
        grown[1:] |= mask[:-1]
        grown[:-1] |= mask[1:]
        grown[:, 1:] |= mask[:, :-1]
        grown[:, :-1] |= mask[:, 1:]
        mask = grown
    return mask


def _with_legend(image: Image.Image, palette: Palette, shares: npt.NDArray[np.float64]) -> Image.Image:
    size = int(min(max(_SMALLEST_TEXT, image.width / 40), _LARGEST_TEXT))
    font = font_for("".join(palette.hex()), size)
    entries = [f"{hex_color}  {_percent(share)}" for hex_color, share in zip(palette.hex(), shares, strict=True)]
    gap, swatch, row = size // 2, round(size * 1.3), round(size * 1.8)
    cell = swatch + round(max(font.getlength(entry) for entry in entries)) + 3 * gap
    columns = max(1, min(len(entries), (image.width - gap) // cell))
    rows = -(-len(entries) // columns)
    sheet = Image.new("RGB", (max(image.width, cell + gap), image.height + rows * row + 2 * gap), _BACKGROUND)
    sheet.paste(image, ((sheet.width - image.width) // 2, 0))
    draw = ImageDraw.Draw(sheet)
    for number, (color, entry) in enumerate(zip(palette, entries, strict=True)):
        line, column = divmod(number, columns)
        x, y = gap + column * cell, image.height + gap + line * row + (row - swatch) // 2
        sheet.paste(on_checkerboard(Image.fromarray(np.tile(color, (swatch, swatch, 1)))), (x, y))
        draw.rectangle([x, y, x + swatch - 1, y + swatch - 1], outline=_FRAME)
        draw.text((x + swatch + gap // 2, y + swatch / 2), entry, _INK, font=font, anchor="lm")
    return sheet


def _percent(share: float) -> str:
    return f"{100 * share:.1f} %" if share >= 0.0005 or share == 0 else "< 0.1 %"
