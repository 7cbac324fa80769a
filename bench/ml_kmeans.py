"""Palettes for a batch: `huepress.torch.kmeans_palette` on a device beside `huepress.ml.quantize_batch` on the CPU.

    python bench/ml_kmeans.py [--device cuda]

Photographs as `bench/ml.py` cuts them. Both from pixels in memory (of the device) to indices there; the former does ten
iterations in Oklab, the latter at most twenty in sRGB, on all threads. Wall-clock time, the best of five runs. The
squared error is that of the sRGB values, which the latter minimizes.
"""

from __future__ import annotations

import argparse
import time
from collections.abc import Callable
from functools import partial

import numpy as np
import torch
from torch import Tensor

from huepress import ml
from huepress.torch import Expand, kmeans_palette
from ml import mse, photographs


def milliseconds(work: Callable[[], object], n: int, device: str) -> float:
    """Return the milliseconds for each of n pictures."""

    def settle() -> None:
        if device != "cpu":
            torch.accelerator.synchronize()

    times = []
    for _ in range(6):  # the first one warms up
        settle()
        begun = time.perf_counter()
        work()
        settle()
        times.append(time.perf_counter() - begun)
    return 1000 * min(times[1:]) / n


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--device", default="cpu")
    device = parser.parse_args().device
    print("| side | pictures | K | kmeans_palette, ms | quantize_batch, ms | squared error | of quantize_batch |")
    print("|--:|--:|--:|--:|--:|--:|--:|")
    for side, n in ((32, 1024), (224, 128)) if device != "cpu" else ((32, 256), (224, 8)):
        pictures = photographs(side, n)
        batch: Tensor = torch.from_numpy(pictures).permute(0, 3, 1, 2).contiguous().to(device)
        for k in (4, 16, 64):
            ours = milliseconds(partial(kmeans_palette, batch, k), n, device)
            core = milliseconds(partial(ml.quantize_batch, pictures, k), n, "cpu")
            shown = (Expand(device)(kmeans_palette(batch, k)) * 255).round().to(torch.uint8).permute(0, 2, 3, 1)
            errors = mse(np.asarray(shown.cpu()), pictures), mse(ml.quantize_batch(pictures, k).batch(), pictures)
            print(f"| {side} | {n} | {k} | {ours:.4f} | {core:.4f} | {errors[0]:.1f} | {errors[1]:.1f} |", flush=True)


if __name__ == "__main__":
    main()
