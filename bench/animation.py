"""Bytes of animated GIFs at equal looks: huepress beside ``gifsicle -O3 --lossy=80 --colors K``.

    python bench/animation.py FOLDER_OF_PHOTOGRAPHS [-k 32,256] [--only pan,flat]

The animations are made here: a pan, a zoom and a sprite over photographs, a still scene with sensor noise, and
flat graphics; each becomes a GIF through Pillow, its frames dithered to 256 colors. Looks are the mean
SSIMULACRA2 of the frames against that GIF's. huepress runs at rising rates; its bytes at gifsicle's looks are
interpolated (logarithm of bytes over score). Where even the largest rate looks better, those bytes
count, marked ">": the true ones are fewer.
"""

from __future__ import annotations

import argparse
import io
import math
import subprocess
import time
from collections.abc import Callable
from pathlib import Path

import numpy as np
from PIL import Image, ImageDraw

import huepress
from huepress.engine.metrics import Comparator
from huepress.formats.reading import read_animation
from huepress.model import Bytes, SourceImage

RATES = (0.5, 1, 2, 4, 8, 16, 32, 64, 128, 256)
SIZE = (240, 160)


def photos(folder: Path) -> list[Image.Image]:
    names = sorted(p for p in folder.iterdir() if p.suffix.lower() in (".png", ".jpg", ".jpeg"))
    return [Image.open(name).convert("RGB") for name in names[:5]]


def pan(pictures: list[Image.Image]) -> list[Image.Image]:
    wide = pictures[0].resize((480, 320))
    return [wide.crop((12 * i, 6 * i, 12 * i + SIZE[0], 6 * i + SIZE[1])) for i in range(10)]


def zoom(pictures: list[Image.Image]) -> list[Image.Image]:
    picture = pictures[1 % len(pictures)]
    boxes = [(20 * i, 13 * i, picture.width - 20 * i, picture.height - 13 * i) for i in range(10)]
    return [picture.resize(SIZE, Image.Resampling.BICUBIC, box=box) for box in boxes]


def sprite(pictures: list[Image.Image]) -> list[Image.Image]:
    background = pictures[2 % len(pictures)].resize(SIZE)
    ball = pictures[3 % len(pictures)].resize((50, 50))
    y, x = np.mgrid[-25:25, -25:25]
    mask = Image.fromarray((np.hypot(y, x) < 24).astype(np.uint8) * 255)
    frames = []
    for i in range(12):
        frames.append(background.copy())
        frames[-1].paste(ball, (8 + 14 * i, 20 + 8 * i), mask)
    return frames


def noise(pictures: list[Image.Image]) -> list[Image.Image]:
    scene = np.asarray(pictures[4 % len(pictures)].resize(SIZE)).astype(float)
    rng = np.random.default_rng(0)
    noisy = [np.clip(scene + rng.normal(0, 2.5, scene.shape), 0, 255) for _ in range(8)]
    return [Image.fromarray(frame.astype(np.uint8)) for frame in noisy]


def flat(pictures: list[Image.Image]) -> list[Image.Image]:
    frames = []
    for i in range(12):
        frames.append(Image.new("RGB", SIZE, (250, 248, 240)))
        draw = ImageDraw.Draw(frames[-1])
        for j in range(6):
            left, height = 20 + j * 36, 20 + int(50 * (1 + math.sin(i / 2 + j)))
            draw.rounded_rectangle((left, 150 - height, left + 26, 150), 5, fill=(40 + 30 * j, 120, 200 - 25 * j))
        draw.text((10, 8), f"frame {i}", fill=(20, 20, 20))
    return frames


ANIMATIONS: dict[str, Callable[[list[Image.Image]], list[Image.Image]]] = {
    "pan": pan, "zoom": zoom, "sprite": sprite, "noise": noise, "flat": flat,
}  # fmt: skip


def as_gif(frames: list[Image.Image]) -> bytes:
    first, *others = [frame.quantize(256) for frame in frames]
    buffer = io.BytesIO()
    first.save(buffer, "GIF", save_all=True, append_images=others, duration=80, loop=0, disposal=1)
    return buffer.getvalue()


def frames_of(data: bytes) -> list[Bytes]:
    animation = read_animation(data, max_pixels=10**9)
    assert animation is not None
    return [np.ascontiguousarray(frame[:, :, :3]) for frame in animation.frames()]


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else "")
    parser.add_argument("folder", type=Path)
    parser.add_argument("-k", default="32,256")
    parser.add_argument("--only", default=",".join(ANIMATIONS))
    arguments = parser.parse_args()
    pictures = photos(arguments.folder)
    print("| animation | K | gifsicle | SSIMULACRA2 | huepress | of gifsicle's bytes | s a run |")
    print("|---|--:|--:|--:|--:|--:|--:|")
    for name in arguments.only.split(","):
        source = as_gif(ANIMATIONS[name](pictures))
        comparators = [Comparator(SourceImage(frame), threads=2) for frame in frames_of(source)]

        def looks(data: bytes, comparators: list[Comparator] = comparators) -> float:
            scores = [c.ssimulacra2(frame) for c, frame in zip(comparators, frames_of(data), strict=True)]
            return float(np.mean(scores))

        for k in map(int, arguments.k.split(",")):
            command = ["gifsicle", "-O3", "--lossy=80", "--colors", str(k)]
            theirs = subprocess.run(command, input=source, capture_output=True, check=True).stdout
            wanted = looks(theirs)
            found: list[tuple[float, int]] = []
            started = time.perf_counter()
            for rate in RATES:
                data = huepress.compress(source, k, effort=5, rate=rate, allow_larger=True).encoded.data
                found.append((looks(data), len(data)))
                if found[-1][0] < wanted:
                    break
            seconds = (time.perf_counter() - started) / len(found)
            found.sort()
            size = math.exp(np.interp(wanted, [f[0] for f in found], [math.log(f[1]) for f in found]))
            mark = ">" if found[0][0] > wanted else ""
            ratio = f"{mark}{size / len(theirs):.2f}"
            print(
                f"| {name} | {k} | {len(theirs):,} | {wanted:.1f} | {size:,.0f} | {ratio} | {seconds:.2f} |", flush=True
            )


if __name__ == "__main__":
    main()
