"""Draws docs/segments-coffee.png: a photograph, its six segments, its layers.

    python demo/segments_picture.py

The photograph ships inside scikit-image; its author, Rachel Michetti, gave it away under CC0.
"""

from __future__ import annotations

from pathlib import Path

import numpy as np
import numpy.typing as npt
from PIL import Image
from skimage import data

import huepress

WIDTH, GAP, N_SEGMENTS = 960, 8, 6
BOARD_CELL = 6


def on_checkerboard(layer: npt.NDArray[np.uint8]) -> Image.Image:
    rows, columns = np.indices(layer.shape[:2]) // BOARD_CELL
    board = np.where((rows + columns) % 2 == 0, 255, 222).astype(np.uint8)
    backdrop = Image.fromarray(np.repeat(board[:, :, None], 3, axis=2)).convert("RGBA")
    return Image.alpha_composite(backdrop, Image.fromarray(layer)).convert("RGB")


def main() -> None:
    photograph = data.coffee()
    found = huepress.segment(photograph, N_SEGMENTS)
    above = [Image.fromarray(photograph), Image.fromarray(found.indexed.to_array()), found.overlay(legend=False)]
    below = [Image.fromarray(found.layer(number)) for number in range(N_SEGMENTS)]
    canvas, top = Image.new("RGB", (WIDTH, 4000), "white"), 0
    for row in (above, below):
        width = (WIDTH - GAP * (len(row) - 1)) // len(row)
        height = round(width * photograph.shape[0] / photograph.shape[1])
        for number, picture in enumerate(row):
            small = picture.resize((width, height), Image.Resampling.LANCZOS)
            if small.mode == "RGBA":
                small = on_checkerboard(np.asarray(small))
            canvas.paste(small, (number * (width + GAP), top))
        top += height + GAP
    sheet = np.asarray(canvas.crop((0, 0, WIDTH, top - GAP)))
    target = Path(__file__).parents[1] / "docs" / "segments-coffee.png"
    huepress.compress(sheet, 128, effort=5, rate=2).save(target, overwrite=True)
    print(f"{target}: {target.stat().st_size:,} bytes")


if __name__ == "__main__":
    main()
