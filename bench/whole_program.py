"""The installed program against pngquant followed by pyoxipng level 2, process against process.

    python bench/whole_program.py IMAGE.png [--colors 16] [--runs 9]
    python bench/whole_program.py --megapixels 100     (peak memory on a generated picture)

Both sides start from the same file and end with an optimized file; they take turns, and the
ratio is the median of the pairs' ratios.
"""

from __future__ import annotations

import argparse
import os
import resource
import shutil
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from statistics import median

PROGRAM = Path(sys.executable).parent / "huepress"
OPTIMIZE = "import oxipng, sys; oxipng.optimize(sys.argv[1], sys.argv[2], level=2)"


def seconds_of(*commands: list[str]) -> float:
    started = time.perf_counter()
    for command in commands:
        subprocess.run(command, check=True, stdout=subprocess.DEVNULL)
    return time.perf_counter() - started


def race(image: Path, k: int, runs: int) -> None:
    if not shutil.which("pngquant"):
        sys.exit("pngquant is not installed; on Debian: apt-get install pngquant")
    with tempfile.TemporaryDirectory() as folder:
        ours, middle, theirs = (str(Path(folder) / name) for name in ("ours.png", "middle.png", "theirs.png"))
        our_command = [str(PROGRAM), "compress", str(image), "-k", str(k), "-o", ours, "--force", "--quiet"]
        their_commands = (
            ["pngquant", "--force", "--output", middle, str(k), str(image)],
            [sys.executable, "-c", OPTIMIZE, middle, theirs],
        )
        pairs = [(seconds_of(our_command), seconds_of(*their_commands)) for _ in range(runs + 1)][1:]
        a, b = (median(column) for column in zip(*pairs, strict=True))
        ratio = median(x / y for x, y in pairs)
        print(f"{image.name}, K = {k}: ours {a:.3f} s, {os.path.getsize(ours):,} bytes; ", end="")
        print(f"pngquant + oxipng {b:.3f} s, {os.path.getsize(theirs):,} bytes; time ratio {ratio:.2f}")


def memory(megapixels: int, k: int) -> None:
    import numpy as np
    from PIL import Image

    side = round((megapixels * 1e6) ** 0.5)
    with tempfile.TemporaryDirectory() as folder:
        for kind in ("smooth", "noise"):
            rng = np.random.default_rng(0)
            if kind == "noise":
                pixels = rng.integers(0, 256, (side, side, 3), dtype=np.uint8)
            else:
                ramp = np.linspace(0, 200, side)
                pixels = np.empty((side, side, 3), dtype=np.uint8)
                for c, plane in enumerate((ramp[None, :], ramp[:, None], 200 - ramp[None, :])):
                    pixels[:, :, c] = plane + rng.integers(0, 24, (side, 1))
            source, target = str(Path(folder) / "big.bmp"), str(Path(folder) / "out.png")
            Image.fromarray(pixels).save(source)
            raw = pixels.nbytes
            del pixels
            started = time.perf_counter()
            subprocess.run([str(PROGRAM), "compress", source, "-k", str(k), "-o", target, "-f", "-q"], check=True)
            took = time.perf_counter() - started
            peak = resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss * 1024
            print(f"{kind}: {side} x {side}, peak {peak / 1e6:.0f} MB = {peak / raw:.2f} x raw pixels, {took:.1f} s")


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("images", type=Path, nargs="*")
    parser.add_argument("--colors", type=int, default=16)
    parser.add_argument("--runs", type=int, default=9)
    parser.add_argument("--megapixels", type=int)
    arguments = parser.parse_args()
    for image in arguments.images:
        race(image, arguments.colors, arguments.runs)
    if arguments.megapixels:
        memory(arguments.megapixels, arguments.colors)


if __name__ == "__main__":
    main()
