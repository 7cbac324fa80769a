"""Draws the comparison sheet: the original beside its versions, for looking at."""

from __future__ import annotations

import io
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
from PIL import Image, ImageDraw, ImageFont

from huepress.model import Bytes, Palette

_PANEL_WIDTH = 480
_PANEL_HEIGHT_LIMIT = 480
_DETAIL_HEIGHT = 300
_DETAIL_ZOOM = 3
_GAP = 28
_SWATCH_ROWS_HEIGHT = 56
_TITLE_SIZE, _FACTS_SIZE, _SMALL_SIZE = 30, 21, 17
_BACKGROUND, _INK, _QUIET, _FRAME = (250, 250, 248), (28, 28, 30), (108, 108, 112), (222, 222, 218)
_MARKER = (255, 64, 96)
_MAX_COLUMNS = 4


@dataclass(frozen=True, eq=False)
class Panel:
    """One picture of the sheet.

    Parameters
    ----------
    title : str
    facts : str
        The line under the title.
    pixels_srgb8 : ndarray of uint8, (height, width, 3 or 4)
    palette : Palette, optional
        Drawn as swatches.
    verdict : str
        Stands at the right of the title.
    """

    title: str
    facts: str
    pixels_srgb8: Bytes
    palette: Palette | None = None
    verdict: str = ""


def draw_sheet(name: str, panels: Sequence[Panel]) -> bytes:
    """Draw panels of equal pixel size, the original first, and return a PNG.

    Parameters
    ----------
    name : str
        What the sheet is about: its heading.
    panels : sequence of Panel
        The original and at least one version.
    """
    height, width = panels[0].pixels_srgb8.shape[:2]
    view = _view_size(width, height)
    detail = _detail_box(panels[0].pixels_srgb8, panels[1].pixels_srgb8)
    detail_height = (detail[3] - detail[1]) * _zoom(detail)
    rows = -(-len(panels) // _MAX_COLUMNS)
    columns = -(-len(panels) // rows)
    header = _TITLE_SIZE + 2 * _GAP
    text_height = _TITLE_SIZE + _FACTS_SIZE + 26
    row_height = view[1] + text_height + _SWATCH_ROWS_HEIGHT + 16 + detail_height + _SMALL_SIZE + 14 + _GAP
    canvas = Image.new(
        "RGB",
        (columns * (_PANEL_WIDTH + _GAP) + _GAP, header + rows * row_height + _GAP // 2),
        _BACKGROUND,
    )
    draw = ImageDraw.Draw(canvas)
    heading = f"{name}   {width} x {height}"
    draw.text((_GAP, _GAP), _fitted(heading, _TITLE_SIZE, canvas.width - 2 * _GAP), _INK, font=_font(_TITLE_SIZE))
    for number, panel in enumerate(panels):
        left = _GAP + number % columns * (_PANEL_WIDTH + _GAP)
        top = header + number // columns * row_height
        _draw_panel(canvas, panel, (left, top), view, detail)
    buffer = io.BytesIO()
    canvas.save(buffer, "PNG", optimize=True)
    return buffer.getvalue()


def _draw_panel(
    canvas: Image.Image, panel: Panel, corner: tuple[int, int], view: tuple[int, int], detail: tuple[int, int, int, int]
) -> None:
    draw = ImageDraw.Draw(canvas)
    left, top = corner
    picture = _on_checkerboard(panel.pixels_srgb8)
    x = left + (_PANEL_WIDTH - view[0]) // 2
    canvas.paste(_resized(picture, view), (x, top))
    scale = view[0] / picture.width
    marker = [x + detail[0] * scale, top + detail[1] * scale, x + detail[2] * scale - 1, top + detail[3] * scale - 1]
    x0, y0, x1, y1 = (round(v) for v in marker)
    draw.rectangle([x0, y0, max(x0, x1), max(y0, y1)], outline=_MARKER, width=2)
    y = top + view[1] + 12
    draw.text((left, y), panel.title, _INK, font=_font(_TITLE_SIZE))
    verdict = _fitted(panel.verdict, _FACTS_SIZE, _PANEL_WIDTH // 2)
    at_right = left + _PANEL_WIDTH - _font(_FACTS_SIZE).getlength(verdict)
    draw.text((at_right, y + _TITLE_SIZE - _FACTS_SIZE), verdict, _INK, font=_font(_FACTS_SIZE))
    y += _TITLE_SIZE + 8
    draw.text((left, y), _fitted(panel.facts, _FACTS_SIZE, _PANEL_WIDTH), _QUIET, font=_font(_FACTS_SIZE))
    y += _FACTS_SIZE + 14
    if panel.palette is not None:
        _draw_swatches(canvas, panel.palette, (left, y))
    y += _SWATCH_ROWS_HEIGHT + 8
    zoom = _zoom(detail)
    crop = picture.crop(detail)
    crop = crop.resize((crop.width * zoom, crop.height * zoom), Image.Resampling.NEAREST)
    x = left + (_PANEL_WIDTH - crop.width) // 2
    canvas.paste(crop, (x, y))
    draw.rectangle([x - 2, y - 2, x + crop.width + 1, y + crop.height + 1], outline=_MARKER, width=2)
    caption = f"detail, {zoom}00 %"
    draw.text((left, y + crop.height + 7), caption, _QUIET, font=_font(_SMALL_SIZE))


def _draw_swatches(canvas: Image.Image, palette: Palette, corner: tuple[int, int]) -> None:
    rows = 1 if len(palette) <= 32 else 2 if len(palette) <= 64 else 4
    per_row = -(-len(palette) // rows)
    tall = (_SWATCH_ROWS_HEIGHT - 4) / rows
    for i, color in enumerate(palette):
        row, column = divmod(i, per_row)
        x0 = corner[0] + round(column * _PANEL_WIDTH / per_row)
        x1 = corner[0] + round((column + 1) * _PANEL_WIDTH / per_row) - 1
        y0 = corner[1] + round(row * tall)
        y1 = corner[1] + round((row + 1) * tall) - 1
        tile = _on_checkerboard(np.broadcast_to(color, (y1 - y0 + 1, x1 - x0 + 1, len(color))))
        canvas.paste(tile, (x0, y0))
    frame = [corner[0], corner[1], corner[0] + _PANEL_WIDTH - 1, corner[1] + _SWATCH_ROWS_HEIGHT - 5]
    ImageDraw.Draw(canvas).rectangle(frame, outline=_FRAME)


def _view_size(width: int, height: int) -> tuple[int, int]:
    scale = min(_PANEL_WIDTH / width, _PANEL_HEIGHT_LIMIT / height)
    if scale >= 2:
        scale = int(scale)  # small pictures stay crisp
    return max(1, round(width * scale)), max(1, round(height * scale))


def _resized(picture: Image.Image, size: tuple[int, int]) -> Image.Image:
    how = Image.Resampling.NEAREST if size[0] >= 2 * picture.width else Image.Resampling.LANCZOS
    return picture.resize(size, how, reducing_gap=3.0)


def _zoom(detail: tuple[int, int, int, int]) -> int:
    return max(1, min(8, _PANEL_WIDTH // (detail[2] - detail[0]), _DETAIL_HEIGHT // (detail[3] - detail[1])))


def _detail_box(original: Bytes, version: Bytes) -> tuple[int, int, int, int]:
    """Return the window (left, top, right, bottom) in which the version differs most."""
    height, width = original.shape[:2]
    w, h = min(width, _PANEL_WIDTH // _DETAIL_ZOOM), min(height, _DETAIL_HEIGHT // _DETAIL_ZOOM)
    step = max(1, min(w, h) // 8)
    ys, xs = np.arange(0, height - h + 1, step), np.arange(0, width - w + 1, step)
    sums = _summed_area(original, version)
    inside = sums[ys + h][:, xs + w] - sums[ys][:, xs + w] - sums[ys + h][:, xs] + sums[ys][:, xs]
    row, column = np.unravel_index(int(inside.argmax()), inside.shape)
    top, left = int(ys[row]), int(xs[column])
    return left, top, left + w, top + h


def _summed_area(original: Bytes, version: Bytes) -> npt.NDArray[np.float64]:
    height, width = original.shape[:2]
    sums = np.zeros((height + 1, width + 1))
    for y in range(0, height, 256):  # bands, so that large pictures need little memory
        rows = slice(y, y + 256)
        difference = original[rows, :, :3].astype(np.float32) - version[rows, :, :3]
        sums[y + 1 : y + 1 + difference.shape[0], 1:] = np.square(difference).sum(axis=2)
    np.cumsum(sums, axis=0, out=sums)
    np.cumsum(sums, axis=1, out=sums)
    return sums


def _on_checkerboard(pixels_srgb8: Bytes) -> Image.Image:
    if pixels_srgb8.shape[2] == 3:
        return Image.fromarray(np.ascontiguousarray(pixels_srgb8))
    height, width = pixels_srgb8.shape[:2]
    cells = (np.arange(height)[:, None] // 8 + np.arange(width)[None, :] // 8) % 2
    board = np.where(cells == 0, np.uint8(255), np.uint8(214))
    backdrop = Image.fromarray(np.repeat(board[:, :, None], 3, axis=2)).convert("RGBA")
    picture = Image.fromarray(np.ascontiguousarray(pixels_srgb8))
    return Image.alpha_composite(backdrop, picture).convert("RGB")


def _font(size: int) -> ImageFont.FreeTypeFont | ImageFont.ImageFont:
    return ImageFont.load_default(size)


def _fitted(text: str, size: int, width: int) -> str:
    """Shorten a text from its middle until it fits."""
    font = _font(size)
    if font.getlength(text) <= width:
        return text
    for keep in range(len(text) - 1, 1, -1):
        shorter = text[: keep // 2] + "…" + text[len(text) - keep // 2 :]
        if font.getlength(shorter) <= width:
            return shorter
    return text[:1]
