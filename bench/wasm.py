"""Compare the WebAssembly module under Node with the native core, on the same pictures and one thread.

    make wasm && python bench/wasm.py [--rounds 5]

Prints the size of the module and, for every picture and effort, the median seconds of both and their ratio, and how the
file compares with the one that oxipng deflates. Rounds of both take turns, so that what else the machine does meets
both.
"""

from __future__ import annotations

import argparse
import gzip
import json
import statistics
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from typing import Literal

import numpy as np
import numpy.typing as npt

import huepress
from huepress import _core

ROOT = Path(__file__).parents[1]
sys.path.insert(0, str(ROOT / "demo"))
import scenes

BUILT = ROOT / "build" / "wasm"
WRITERS: tuple[Literal["core", "oxipng"], ...] = ("core", "oxipng")
CASES = ((0, 16), (0, 256), (5, 16), (5, 256))


def with_alpha(pixels: npt.NDArray[np.uint8]) -> npt.NDArray[np.uint8]:
    return np.ascontiguousarray(np.insert(pixels, 3, 255, axis=2)) if pixels.shape[2] == 3 else pixels


def native(rgba: npt.NDArray[np.uint8], k: int, effort: int) -> float:
    started = time.perf_counter()
    palette, indices = _core.quantize_still(rgba, k, effort, 1.0, "auto", "exact", 1)
    _core.write_png(palette, indices, effort, effort > 0)
    return time.perf_counter() - started


def in_node(path: Path, rgba: npt.NDArray[np.uint8], k: int, effort: int) -> float:
    options = json.dumps({"colors": k, "effort": effort})
    size = [str(side) for side in (rgba.shape[1], rgba.shape[0])]
    command = ["node", str(ROOT / "bench" / "wasm.mjs"), (BUILT / "index.js").as_uri(), str(path), *size, "1", options]
    return float(json.loads(subprocess.run(command, check=True, capture_output=True, text=True).stdout)[0])


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--rounds", type=int, default=5)
    rounds = parser.parse_args().rounds
    module = (BUILT / "huepress.wasm").read_bytes()
    print(f"module: {len(module):,} bytes, {len(gzip.compress(module, 9, mtime=0)):,} with gzip")
    pictures = {"spheres": scenes.spheres(800, 600), "sunset": scenes.sunset(800, 600), "badge": scenes.badge(600)}
    ratios, sizes = [], {effort: list[float]() for effort, _ in CASES}
    for name, pixels in pictures.items():
        rgba = with_alpha(pixels)
        with tempfile.NamedTemporaryFile() as file:
            file.write(rgba.tobytes())
            file.flush()
            for effort, k in CASES:
                pairs = [(native(rgba, k, effort), in_node(Path(file.name), rgba, k, effort)) for _ in range(rounds)]
                here, there = (statistics.median(each) for each in zip(*pairs, strict=True))
                ratios.append(there / here)
                files = [
                    len(huepress.compress(pixels, k, effort=effort, png_writer=writer).encoded.data)
                    for writer in WRITERS
                ]
                sizes[effort].append(files[0] / files[1])
                print(
                    f"{name:8} effort {effort}  {k:3} colors: native {here:.3f} s, node {there:.3f} s, {ratios[-1]:.2f}"
                )
    print(f"median ratio {statistics.median(ratios):.2f}, {min(ratios):.2f} to {max(ratios):.2f}")
    for effort, parts in sizes.items():
        print(f"files at effort {effort}: {min(parts):.3f} to {max(parts):.3f} of oxipng's")


if __name__ == "__main__":
    main()
