"""Draws the comparison sheet: the original beside its versions, for looking at."""

from __future__ import annotations

import io
import itertools
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
from PIL import Image, ImageDraw

from huepress.drawing.fonts import font_for, legible
from huepress.model import Bytes, IndexedImage, Palette, SourceImage

_PANEL_WIDTH = 480
_PANEL_HEIGHT_LIMIT = 480
_DETAIL_HEIGHT = 300
# Most pixels of a picture, and the detail's magnification: a large picture's detail shows a larger part of it.
_DETAIL_ZOOMS = ((2_000_000, 3), (8_000_000, 2), (float("inf"), 1))
_SMALLEST_MARKER = 8
_GAP = 28
_SWATCH_ROWS_HEIGHT = 56
_TITLE_SIZE, _FACTS_SIZE, _SMALL_SIZE = 30, 21, 17
_BACKGROUND, _INK, _QUIET, _FRAME = (250, 250, 248), (28, 28, 30), (108, 108, 112), (222, 222, 218)
_MARKER, _WARNING = (255, 64, 96), (176, 24, 56)
_WARNING_LINE = _SMALL_SIZE + 5


@dataclass(frozen=True, eq=False)
class Panel:
    """One picture of the sheet.

    Parameters
    ----------
    title : str
    facts : str
        The line under the title.
    picture : SourceImage or IndexedImage
        Of the latter the palette is drawn, too, unless another is given.
    verdict : str
        Stands at the right of the title.
    warning : str
        Stands under the facts, in as many lines as it needs.
    palette : Palette, optional
        Drawn under the picture.
    begins : bool
        Whether it stands first in its row, with those that are to be seen beside it after it.
    """

    title: str
    facts: str
    picture: SourceImage | IndexedImage
    verdict: str = ""
    warning: str = ""
    palette: Palette | None = None
    begins: bool = False

    def __post_init__(self) -> None:
        if self.palette is None and isinstance(self.picture, IndexedImage):
            object.__setattr__(self, "palette", self.picture.palette)

    def pixels_srgb8(self) -> Bytes:
        """Return the colors: (height, width, 3 or 4). Not kept: sheets of large pictures need the memory."""
        return self.picture.to_array() if isinstance(self.picture, IndexedImage) else self.picture.pixels_srgb8


@dataclass(frozen=True)
class _Layout:
    """Places within a panel, equal for all panels of a sheet."""

    view: tuple[int, int]
    detail: tuple[int, int, int, int] | None  # window of the picture
    zoom: int  # of the detail
    stacked: bool  # the verdict under the title, not beside it
    warning_lines: int  # of the panel with the longest

    @property
    def text_height(self) -> int:
        return _TITLE_SIZE + _FACTS_SIZE + 34 + self.stacked * (_FACTS_SIZE + 6) + self.warning_lines * _WARNING_LINE

    @property
    def height(self) -> int:
        height = self.view[1] + self.text_height + _SWATCH_ROWS_HEIGHT + 8
        if self.detail:
            height += 8 + (self.detail[3] - self.detail[1]) * self.zoom + _SMALL_SIZE + 14
        return height + _GAP


def draw_sheet(name: str, panels: Sequence[Panel]) -> bytes:
    """Draw panels of equal pixel size, the original first, and return a PNG.

    Under each picture stands a detail of it, where the first version differs most, at 300 % (large pictures: 200 or
    100 %). Icons are shown that large anyway.

    Parameters
    ----------
    name : str
        What the sheet is about: its heading.
    panels : sequence of Panel
        The original and at least one version; of an animation several of both.
    """
    original = panels[0].pixels_srgb8()
    layout = _layout(original, panels)
    places = _places(panels)
    columns, rows = (1 + max(place[axis] for place in places) for axis in range(2))
    header = _TITLE_SIZE + 2 * _GAP
    canvas = Image.new(
        "RGB",
        (columns * (_PANEL_WIDTH + _GAP) + _GAP, header + rows * layout.height + _GAP // 2),
        _BACKGROUND,
    )
    height, width = original.shape[:2]
    heading = legible(f"{name}   {width} x {height}")
    draw = ImageDraw.Draw(canvas)
    _write(draw, (_GAP, _GAP), heading, _TITLE_SIZE, _INK, canvas.width - 2 * _GAP)
    for (column, row), panel in zip(places, panels, strict=True):
        corner = _GAP + column * (_PANEL_WIDTH + _GAP), header + row * layout.height
        _draw_panel(canvas, panel, corner, layout)
    buffer = io.BytesIO()
    canvas.save(buffer, "PNG", optimize=True)
    return buffer.getvalue()


def _places(panels: Sequence[Panel]) -> list[tuple[int, int]]:
    """Return column and row of each panel."""
    begins = [number for number, panel in enumerate(panels) if panel.begins or number == 0]
    sizes = [end - start for start, end in itertools.pairwise([*begins, len(panels)])]
    columns = _columns_for(max(sizes))
    places: list[tuple[int, int]] = []
    for size in sizes:
        row = 1 + places[-1][1] if places else 0
        places += [(number % columns, row + number // columns) for number in range(size)]
    return places


def _columns_for(n_panels: int) -> int:
    """Return the columns that leave the fewest places empty."""
    if n_panels <= 4:
        return n_panels
    choices = (4, 5, 3) if n_panels > 8 else (4, 3)
    return min(choices, key=lambda columns: -n_panels % columns)


def _layout(original: Bytes, panels: Sequence[Panel]) -> _Layout:
    height, width = original.shape[:2]
    view = _view_size(width, height)
    zoom = next(zoom for limit, zoom in _DETAIL_ZOOMS if width * height <= limit)
    detail = None
    if view[0] < zoom * width:
        detail = _detail_box(original, panels[1].pixels_srgb8(), zoom)
        zoom = max(1, min(8, _PANEL_WIDTH // (detail[2] - detail[0]), _DETAIL_HEIGHT // (detail[3] - detail[1])))
    needed = (_length(p.title, _TITLE_SIZE) + _length(p.verdict, _FACTS_SIZE) + _GAP // 2 for p in panels)
    lines = max(len(_wrapped(panel.warning, _SMALL_SIZE)) for panel in panels)
    return _Layout(view, detail, zoom, stacked=max(needed) > _PANEL_WIDTH, warning_lines=lines)


def _draw_panel(canvas: Image.Image, panel: Panel, corner: tuple[int, int], layout: _Layout) -> None:
    draw = ImageDraw.Draw(canvas)
    left, top = corner
    picture = Image.fromarray(np.ascontiguousarray(panel.pixels_srgb8()))
    x = left + (_PANEL_WIDTH - layout.view[0]) // 2
    canvas.paste(on_checkerboard(_resized(picture, layout.view)), (x, top))
    if layout.detail:
        scale = layout.view[0] / picture.width
        x0, y0, x1, y1 = (round(edge * scale) for edge in layout.detail)
        x1, y1 = max(x0 + _SMALLEST_MARKER, x1) - 1, max(y0 + _SMALLEST_MARKER, y1) - 1
        draw.rectangle([x + x0, top + y0, x + x1, top + y1], outline=_MARKER, width=2)
    y = top + layout.view[1] + 12
    if layout.stacked:
        _write(draw, (left, y), panel.title, _TITLE_SIZE, _INK)
        y += _TITLE_SIZE + 6
        _write(draw, (left, y), panel.verdict, _FACTS_SIZE, _INK)
        y += _FACTS_SIZE + 8
    else:
        _write(draw, (left, y), panel.title, _TITLE_SIZE, _INK)
        at_right = left + _PANEL_WIDTH - _length(panel.verdict, _FACTS_SIZE)
        _write(draw, (at_right, y + _TITLE_SIZE - _FACTS_SIZE), panel.verdict, _FACTS_SIZE, _INK)
        y += _TITLE_SIZE + 8
    _write(draw, (left, y), panel.facts, _FACTS_SIZE, _QUIET)
    y += _FACTS_SIZE + 8
    for line in _wrapped(panel.warning, _SMALL_SIZE):
        _write(draw, (left, y), line, _SMALL_SIZE, _WARNING)
        y += _WARNING_LINE
    y = top + layout.view[1] + layout.text_height
    if panel.palette is not None:
        _draw_swatches(canvas, panel.palette, (left, y))
    if not layout.detail:
        return
    y += _SWATCH_ROWS_HEIGHT + 8
    crop = picture.crop(layout.detail)
    crop = crop.resize((crop.width * layout.zoom, crop.height * layout.zoom), Image.Resampling.NEAREST)
    x = left + (_PANEL_WIDTH - crop.width) // 2
    canvas.paste(on_checkerboard(crop), (x, y))
    draw.rectangle([x - 2, y - 2, x + crop.width + 1, y + crop.height + 1], outline=_MARKER, width=2)
    _write(draw, (left, y + crop.height + 7), f"detail, {layout.zoom}00 %", _SMALL_SIZE, _QUIET)


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
        tile = np.broadcast_to(color, (y1 - y0 + 1, x1 - x0 + 1, len(color)))
        canvas.paste(on_checkerboard(Image.fromarray(np.ascontiguousarray(tile))), (x0, y0))
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


def _detail_box(original: Bytes, version: Bytes, zoom: int) -> tuple[int, int, int, int]:
    """Return the window (left, top, right, bottom) in which the version differs most."""
    height, width = original.shape[:2]
    w, h = min(width, _PANEL_WIDTH // zoom), min(height, _DETAIL_HEIGHT // zoom)
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


def on_checkerboard(picture: Image.Image) -> Image.Image:
    """Lay a translucent picture on gray and white squares."""
    if picture.mode == "RGB":
        return picture
    cells = (np.arange(picture.height)[:, None] // 8 + np.arange(picture.width)[None, :] // 8) % 2
    board = np.where(cells == 0, np.uint8(255), np.uint8(214))
    backdrop = Image.fromarray(np.repeat(board[:, :, None], 3, axis=2)).convert("RGBA")
    return Image.alpha_composite(backdrop, picture).convert("RGB")


def _write(
    draw: ImageDraw.ImageDraw,
    corner: tuple[float, float],
    text: str,
    size: int,
    color: tuple[int, int, int],
    width: int = _PANEL_WIDTH,
) -> None:
    fitted = _fitted(text, size, width)
    draw.text(corner, fitted, color, font=font_for(fitted, size))


def _length(text: str, size: int) -> float:
    return font_for(text, size).getlength(text)


def _wrapped(text: str, size: int) -> list[str]:
    """Break a text into lines between words."""
    lines: list[str] = []
    for word in text.split():
        longer = f"{lines[-1]} {word}" if lines else word
        if lines and _length(longer, size) <= _PANEL_WIDTH:
            lines[-1] = longer
        else:
            lines.append(word)
    return lines


def _fitted(text: str, size: int, width: int) -> str:
    """Shorten a text from its middle until it fits."""
    font = font_for(text, size)
    if font.getlength(text) <= width:
        return text
    for keep in range(len(text) - 1, 1, -1):
        shorter = text[: keep // 2] + "…" + text[len(text) - keep // 2 :]
        if font.getlength(shorter) <= width:
            return shorter
    return text[:1]
