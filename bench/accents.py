"""Small vivid squares on noisy photographs: whether they keep their color.

    python bench/accents.py FOLDER... [--every 6] [--first 1] [--effort 1]

Of the first ten pictures each gets noise of six codes and one square of its own hue, in the middle of its most muted
place. Prints, for each number of colors and side, on how many the square's color is off by at most six codes (the
median of its pixels, the worst channel), and how far off it is at the worst.
"""

from __future__ import annotations

import argparse
import colorsys
from pathlib import Path

import numpy as np
import numpy.typing as npt
from PIL import Image

import huepress

Pixels = npt.NDArray[np.uint8]
PICTURES, SIDES, NUMBERS = 10, (3, 6, 10, 20), (8, 16, 32, 64, 256)
NOISE, STEP, CLOSE = 6.0, 32, 6


def noisy(path: Path, seed: int) -> Pixels:
    """Return a photograph with noise."""
    pixels = np.asarray(Image.open(path).convert("RGB"), dtype=np.float64)
    noise = np.random.default_rng(seed).normal(0, NOISE, pixels.shape)
    return np.clip(np.rint(pixels + noise), 0, 255).astype(np.uint8)


def muted_place(pixels: Pixels) -> tuple[int, int]:
    """Return row and column of the corner of the block with the least spread between channels."""
    height, width = (side // STEP for side in pixels.shape[:2])
    blocks = pixels[: height * STEP, : width * STEP].astype(np.float64)
    spread = np.ptp(blocks.reshape(height, STEP, width, STEP, 3), axis=4).mean(axis=(1, 3))
    row, column = np.unravel_index(int(np.argmin(spread)), spread.shape)
    return int(row) * STEP, int(column) * STEP


def main() -> None:
    """Print the table."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("folders", nargs="+", type=Path)
    parser.add_argument("--every", type=int, default=6)
    parser.add_argument("--first", type=int, default=1)
    parser.add_argument("--effort", type=int, default=1)
    given = parser.parse_args()
    paths = [path for folder in given.folders for path in sorted(folder.glob("*.png"))[given.first :: given.every]]
    pictures = [noisy(path, seed) for seed, path in enumerate(paths[:PICTURES])]
    print(f"| colors | {' | '.join(f'{side} x {side}' for side in SIDES)} |")
    print("|---" * (len(SIDES) + 1) + "|")
    for n_colors in NUMBERS:
        cells = []
        for side in SIDES:
            off = []
            for number, pixels in enumerate(pictures):
                color = np.array([round(255 * part) for part in colorsys.hsv_to_rgb(number / len(pictures), 1, 1)])
                row, column = muted_place(pixels)
                place = np.s_[row : row + side, column : column + side]
                marked = pixels.copy()
                marked[place] = color
                shown = huepress.quantize(marked, n_colors=n_colors, effort=given.effort).to_array()[place]
                off.append(float(np.median(np.abs(shown.astype(np.int64) - color).max(axis=2))))
            cells.append(f"{sum(each <= CLOSE for each in off)} of {len(off)}, {max(off):.0f}")
        print(f"| {n_colors} | {' | '.join(cells)} |", flush=True)


if __name__ == "__main__":
    main()
