"""Banding of the default on gradients, skies, vignettes and fades to clear, beside pngquant's.

    python bench/gradients.py

Pictures are generated. For each: bytes, banding (`huepress.engine.metrics.banding`) and SSIMULACRA2 of both, pngquant
at 256 colors with its slowest search, its file put through the same lossless optimizer.
"""

from __future__ import annotations

import io
import subprocess

import numpy as np
import numpy.typing as npt
import oxipng
from PIL import Image

import huepress
from huepress.engine.metrics import Comparator, banding
from huepress.model import SourceImage

Pixels = npt.NDArray[np.uint8]
HEIGHT, WIDTH = 300, 500
Y, X = np.mgrid[0:HEIGHT, 0:WIDTH] / np.array([HEIGHT - 1, WIDTH - 1])[:, None, None]


def stops(at: npt.NDArray[np.float64], *colors: tuple[int, int, int]) -> npt.NDArray[np.float64]:
    """Return the colors of a gradient through stops; `at` is 0 at the first and 1 at the last."""
    places = np.linspace(0, 1, len(colors))
    return np.stack([np.interp(at, places, [color[c] for color in colors]) for c in range(3)], axis=-1)


def pictures() -> dict[str, Pixels]:
    """Return the pictures by their names."""
    rng = np.random.default_rng(0)
    radius = np.hypot(X - 0.5, (Y - 0.5) * HEIGHT / WIDTH)
    warm, cool = ((255, 80, 80), (80, 80, 255)), ((255, 255, 80), (80, 255, 120))
    sky = stops(Y**1.5, (70, 130, 200), (200, 220, 235))
    lights = [((0.15, 0.15), (220, 60, 120)), ((0.8, 0.2), (60, 160, 240)), ((0.5, 0.9), (250, 200, 80))]
    mesh = sum(
        np.exp(-((X - x) ** 2 + (Y - y) ** 2) / 0.1)[..., None] * np.array(color) for (x, y), color in lights
    ) + np.full((HEIGHT, WIDTH, 3), 20.0)
    drawn = {
        "one axis": stops(X, (20, 40, 120), (180, 210, 250)),
        "diagonal": stops((X + Y) / 2, (250, 120, 60), (60, 20, 140)),
        "two axes": stops(X, *warm) * (1 - Y[..., None]) + stops(X, *cool) * Y[..., None],
        "vignette": stops(radius / 0.6, (200, 180, 160), (30, 25, 40)),
        "radial": stops(radius / 0.6, (250, 250, 255), (90, 120, 220), (20, 20, 60)),
        "sunset": stops(Y, (20, 24, 82), (120, 60, 120), (240, 120, 80), (255, 210, 120)) + 20 * X[..., None],
        "mesh": mesh,
        "sky, noise 1": sky + rng.normal(0, 1.0, (HEIGHT, WIDTH, 1)),
        "sky, noise 2.5": sky + rng.normal(0, 2.5, (HEIGHT, WIDTH, 3)),
        "glow": np.dstack([stops(Y, (230, 120, 20), (200, 30, 90)), 255 * np.exp(-((radius / 0.35) ** 2))]),
        "fade": np.dstack([stops((X + Y) / 2, (40, 60, 160), (160, 60, 180)), 255 * np.clip(1.3 - 1.4 * Y, 0, 1)]),
    }
    return {name: np.clip(np.rint(picture), 0, 255).astype(np.uint8) for name, picture in drawn.items()}


def pngquant(picture: Pixels) -> bytes:
    """Return pngquant's file."""
    buffer = io.BytesIO()
    Image.fromarray(picture).save(buffer, "PNG")
    command = ["pngquant", "--speed", "1", "256", "-"]
    made = subprocess.run(command, input=buffer.getvalue(), stdout=subprocess.PIPE, check=True).stdout
    return bytes(oxipng.optimize_from_memory(made, level=4))


def main() -> None:
    """Print the table."""
    print("| picture | bytes over pngquant's | banding, ours | pngquant's | SSIMULACRA2, ours | pngquant's |")
    print("|---|---|---|---|---|---|")
    for name, picture in pictures().items():
        files = huepress.compress(picture).encoded.data, pngquant(picture)
        mode = "RGBA" if picture.shape[2] == 4 else "RGB"
        shown = [np.asarray(Image.open(io.BytesIO(file)).convert(mode)) for file in files]
        comparator = Comparator(SourceImage(picture), threads=2)
        bands = [banding(picture, each) for each in shown]
        scores = [comparator.ssimulacra2(each) for each in shown]
        ratio = len(files[0]) / len(files[1])
        print(f"| {name} | {ratio:.2f} | {bands[0]:.3f} | {bands[1]:.3f} | {scores[0]:.1f} | {scores[1]:.1f} |")


if __name__ == "__main__":
    main()
