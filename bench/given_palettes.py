"""Pictures in palettes that were given: huepress, its own nearest colors, `pngquant --map` and ImageMagick `-remap`.

    python bench/given_palettes.py FOLDER... [--every 8] [--first 0]

For each picture, at most 320 pixels a side and on a middle gray where it is translucent, and each palette, of which one
is the 16 colors of the picture before: SSIMULACRA2, and the mean squared error of sRGB codes after a blur of sigma 2
pixels. Prints for each palette how often ours is at least as good as the best of the others by each (the score within
half a point, the error within 2 percent), then where it is not.
"""

from __future__ import annotations

import argparse
import subprocess
import tempfile
from pathlib import Path

import numpy as np
import numpy.typing as npt
from PIL import Image, ImageFilter

import huepress
from huepress.engine.metrics import Comparator
from huepress.model import SourceImage

Pixels = npt.NDArray[np.uint8]
SIDE = 320
PALETTES = {
    "Game Boy": "#0f380f,#306230,#8bac0f,#9bbc0f",
    "PICO-8": "#000000,#1d2b53,#7e2553,#008751,#ab5236,#5f574f,#c2c3c7,#fff1e8,#ff004d,#ffa300,#ffec27,#00e436,#29adff,"
    "#83769c,#ff77a8,#ffccaa",
    "C64": "#000000,#ffffff,#880000,#aaffee,#cc44cc,#00cc55,#0000aa,#eeee77,#dd8855,#664400,#ff7777,#333333,#777777,"
    "#aaff66,#0088ff,#bbbbbb",
    "CGA": "#000000,#55ffff,#ff55ff,#ffffff",
    "Nord": "#2e3440,#3b4252,#434c5e,#4c566a,#d8dee9,#e5e9f0,#eceff4,#8fbcbb,#88c0d0,#81a1c1,#5e81ac,#bf616a,#d08770,"
    "#ebcb8b,#a3be8c,#b48ead",
    "Solarized": "#002b36,#073642,#586e75,#657b83,#839496,#93a1a1,#eee8d5,#fdf6e3",
    "e-paper": "#000000,#ffffff,#ff0000,#00ff00,#0000ff,#ffff00",
    "black and white": "#000000,#ffffff",
    "216 web colors": ",".join(f"#{r:02x}{g:02x}{b:02x}" for r in range(0, 256, 51) for g in range(0, 256, 51)
                               for b in range(0, 256, 51)),
}  # fmt: skip


def on_gray(pixels: Pixels) -> Pixels:
    """Return opaque pixels."""
    if pixels.shape[2] == 3:
        return pixels
    alpha = pixels[:, :, 3:].astype(np.float32) / 255
    return np.rint(pixels[:, :, :3] * alpha + 127.5 * (1 - alpha)).astype(np.uint8)


def blurred(pixels: Pixels) -> npt.NDArray[np.float64]:
    """Return the picture as it is seen from afar."""
    return np.asarray(Image.fromarray(pixels).filter(ImageFilter.GaussianBlur(2)), dtype=np.float64)


def sixteen_of(pixels: Pixels) -> str:
    """Return a picture's 16 colors."""
    return ",".join(f"#{bytes(color[:3]).hex()}" for color in huepress.compress(pixels, n_colors=16).indexed.palette)


def opened(path: Path) -> Image.Image:
    """Return a picture at the size at which it is looked at."""
    stored = Image.open(path)
    translucent = "A" in stored.getbands() or "transparency" in stored.info
    image = stored.convert("RGBA" if translucent else "RGB")
    image.thumbnail((SIDE, SIDE))
    return image


def by_peers(picture: Path, colors: str) -> dict[str, Pixels]:
    """Return what the peers make of a picture."""
    rows = [tuple(bytes.fromhex(color[1:])) for color in colors.split(",")]
    folder = picture.parent
    palette, mapped, remapped = folder / "palette.png", folder / "mapped.png", folder / "remapped.png"
    Image.fromarray(np.array([rows], np.uint8)).save(palette)
    subprocess.run(["pngquant", "--map", palette, "--force", "-o", mapped, picture], check=True, capture_output=True)
    subprocess.run(["convert", picture, "-remap", palette, remapped], check=True, capture_output=True)
    made = {"pngquant": mapped, "ImageMagick": remapped}
    return {name: np.asarray(Image.open(path).convert("RGBA")) for name, path in made.items()}


def main() -> None:
    """Print the figures."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("folders", nargs="+", type=Path)
    parser.add_argument("--every", type=int, default=8)
    parser.add_argument("--first", type=int, default=0)
    given = parser.parse_args()
    pictures = [path for folder in given.folders for path in sorted(folder.glob("*.png"))[given.first :: given.every]]
    others = ("nearest", "pngquant", "ImageMagick")
    rows: dict[str, list[tuple[bool, bool, float, float]]] = {}
    misses = []
    with tempfile.TemporaryDirectory() as scratch:
        for before, path in zip([pictures[-1], *pictures], pictures, strict=False):
            image = opened(path)
            pixels = np.asarray(image)
            saved = Path(scratch) / "picture.png"
            image.save(saved)
            source = on_gray(pixels)
            comparator, afar = Comparator(SourceImage(source), threads=2), blurred(source)
            for name, colors in {**PALETTES, "16 of another": sixteen_of(np.asarray(opened(before)))}.items():
                made = {
                    "ours": huepress.compress(pixels, palette=colors).indexed.to_array(),
                    "nearest": huepress.compress(pixels, palette=colors, effort=0).indexed.to_array(),
                    **by_peers(saved, colors),
                }
                looks = {key: comparator.ssimulacra2(on_gray(each)) for key, each in made.items()}
                error = {key: float(np.square(blurred(on_gray(each)) - afar).mean()) for key, each in made.items()}
                ahead = looks["ours"] - max(looks[key] for key in others)
                times = error["ours"] / max(min(error[key] for key in others), 1e-9)
                rows.setdefault(name, []).append((ahead >= -0.5, times <= 1.02, ahead, times))
                if ahead < -0.5 or times > 1.02:
                    told = " | ".join(f"{looks[key]:.1f}, {error[key]:.3g}" for key in made)
                    misses.append(f"| {path.stem} | {name} | {told} |")
    print("| palette | as good by score | after a blur | by both | points ahead, mean | worst | error, mean | worst |")
    print("|---|---|---|---|---|---|---|---|")
    for name, found in [*rows.items(), ("all", [row for each in rows.values() for row in each])]:
        by_score, by_blur, ahead_of, times_of = (np.array(column) for column in zip(*found, strict=True))
        print(
            f"| {name} | {by_score.sum()} of {len(found)} | {by_blur.sum()} | {(by_score & by_blur).sum()} "
            f"| {ahead_of.mean():+.1f} | {ahead_of.min():+.1f} "
            f"| {np.exp(np.log(times_of + 1e-9).mean()):.2f} | {times_of.max():.2f} |"
        )
    print("\n| picture | palette | ours | nearest | pngquant | ImageMagick |\n|---|---|---|---|---|---|")
    print("\n".join(misses))


if __name__ == "__main__":
    main()
