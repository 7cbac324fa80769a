"""What a quality costs on graphics: `compress --quality` against the smallest of pngquant's files that reaches it.

    python bench/graphics.py PICTURE... [--qualities 70,80,90]

pngquant runs at speed 1 with 256 to 8 colors, dithered and not, each file through pyoxipng at level 4; its bytes are
interpolated along its frontier (logarithm of bytes over SSIMULACRA2), so it never pays for more than was asked. Where
its 256 colors do not reach the quality, the picture is left out of the means.
"""

from __future__ import annotations

import argparse
import io
import math
import subprocess
import time
from pathlib import Path

import numpy as np
import numpy.typing as npt
import oxipng
from PIL import Image

import huepress

COLORS = (256, 128, 64, 32, 16, 8)
Pixels = npt.NDArray[np.uint8]


def pixels_of(data: bytes, n_channels: int) -> Pixels:
    return np.ascontiguousarray(np.asarray(Image.open(io.BytesIO(data)).convert("RGBA"))[..., :n_channels])


def frontier(path: Path, original: Pixels) -> list[tuple[int, float]]:
    points = []
    for dithered in ([], ["--nofs"]):
        for k in COLORS:
            command = ["pngquant", "--speed", "1", *dithered, str(k), "-"]
            done = subprocess.run(command, input=path.read_bytes(), capture_output=True, check=True)
            data = bytes(oxipng.optimize_from_memory(done.stdout, level=4))
            score = huepress.score(original, pixels_of(data, original.shape[2])).ssimulacra2
            points.append((len(data), -math.inf if score is None else score))
    best: list[tuple[int, float]] = []
    for n_bytes, score in sorted(points):
        if not best or score > best[-1][1]:
            best.append((n_bytes, score))
    return best


def bytes_at(points: list[tuple[int, float]], wanted: float) -> float:
    above = [point for point in points if point[1] >= wanted]
    below = [point for point in points if point[1] < wanted]
    if not above or not below:
        return float(above[0][0]) if above else math.nan
    (low, score_low), (high, score_high) = below[-1], above[0]
    return float(low * (high / low) ** ((wanted - score_low) / (score_high - score_low)))


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("pictures", nargs="+", type=Path)
    parser.add_argument("--qualities", default="70,80,90")
    args = parser.parse_args()
    qualities = [float(each) for each in args.qualities.split(",")]
    ratios: dict[float, list[float]] = {quality: [] for quality in qualities}
    for path in args.pictures:
        with_alpha = pixels_of(path.read_bytes(), 4)
        original = with_alpha if (with_alpha[..., 3] < 255).any() else np.ascontiguousarray(with_alpha[..., :3])
        points, told = frontier(path, original), []
        for quality in qualities:
            started = time.process_time()
            result = huepress.compress(path, quality=quality, format="png", allow_larger=True, allow_miss=True)
            seconds, peer = time.process_time() - started, bytes_at(points, quality)
            if math.isfinite(peer):
                ratios[quality].append(len(bytes(result)) / peer)
            told.append(
                f"{quality:g}: {len(bytes(result))} / {peer:.0f} = {len(bytes(result)) / peer:.2f}"
                f" ({result.report.score:.1f}, {len(result.report.trials)} trials, {seconds:.1f} s)"
            )
        print(path.name, " | ".join(told), flush=True)
    for quality, found in ratios.items():
        mean = math.exp(sum(map(math.log, found)) / len(found)) if found else math.nan
        print(f"{quality:g}: mean {mean:.3f}, worst {max(found, default=math.nan):.3f} of {len(found)}")


if __name__ == "__main__":
    main()
