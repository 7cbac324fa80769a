"""Quality, speed and memory of quantizers on a folder of pictures.

    python bench/quality_speed.py FOLDER [--colors 4,16,64,256] [--images 8] [--runs 3]
                                  [--peers "imagequant;OpenCV kmeans"] [--reference mse.csv]

Mean squared error is the mean over the pixels of the summed squared sRGB differences; scores are
SSIMULACRA2 2.1; bytes are those of the same indexed PNG encoder for all. Times
cover quantizing and mapping on one thread; each run of a peer follows a run of ours on the
same picture, and the ratio is the median of the pairs' ratios. Writes Markdown and CSV into
bench/results/.
"""

from __future__ import annotations

import argparse
import csv
import os
import subprocess
import sys
import time
from collections import defaultdict
from pathlib import Path
from statistics import median

for variable in ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "RAYON_NUM_THREADS"):
    os.environ[variable] = "1"

import numpy as np
from PIL import Image

sys.path.insert(0, str(Path(__file__).parent))
import huepress
import peers
from huepress.engine.metrics import Comparator
from huepress.model import SourceImage

Figures = dict[tuple[str, int], dict[str, float]]

RESULTS = Path(__file__).parent / "results"
OURS = "huepress"


def mean_squared_error(a: peers.Pixels, b: peers.Pixels) -> float:
    return float(np.square(a.astype(np.float64) - b).sum(axis=2).mean())


def timed(quantize: peers.Quantizer, pixels: peers.Pixels, k: int) -> tuple[float, peers.Pixels]:
    started = time.perf_counter()
    result = quantize(pixels, k)
    return time.perf_counter() - started, result


def peak_megabytes(peer: str, image: Path, k: int) -> float:
    """Return by how much a fresh process grows while the peer works (Linux)."""
    code = (
        "import sys; sys.path.insert(0, sys.argv[1])\n"
        "import numpy as np, peers; from PIL import Image\n"
        "run = peers.available()[sys.argv[2]]; k = int(sys.argv[4])\n"
        "run(np.random.default_rng(0).integers(0, 256, (64, 64, 3), dtype=np.uint8), min(k, 16))\n"
        "pixels = np.asarray(Image.open(sys.argv[3]).convert('RGB')).copy()\n"
        "peak = lambda: int(open('/proc/self/status').read().split('VmHWM:')[1].split()[0])\n"
        "before = peak(); run(pixels, k); print(peak() - before)"
    )
    done = subprocess.run(
        [sys.executable, "-c", code, str(Path(__file__).parent), peer, str(image), str(k)],
        capture_output=True, text=True, check=True,
    )  # fmt: skip
    return int(done.stdout) / 1024


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("folder", type=Path)
    parser.add_argument("--colors", default="4,16,64,256")
    parser.add_argument("--images", type=int, default=0, help="only the first N")
    parser.add_argument("--runs", type=int, default=3)
    parser.add_argument("--peers", default="", help="names, separated by semicolons; default all")
    parser.add_argument("--reference", type=Path, help="CSV: set,image,n_colors and columns of errors to beat")
    parser.add_argument("--no-memory", action="store_true")
    arguments = parser.parse_args()

    files = sorted(p for p in arguments.folder.iterdir() if p.suffix.lower() in (".png", ".jpg", ".jpeg", ".webp"))
    files = files[: arguments.images] if arguments.images else files
    ks = [int(k) for k in arguments.colors.split(",")]
    tools = peers.available()
    if arguments.peers:
        wanted = [OURS, *arguments.peers.split(";")]
        tools = {name: tools[name] for name in dict.fromkeys(wanted)}
    errors: Figures = defaultdict(dict)
    scores: Figures = defaultdict(dict)
    sizes: Figures = defaultdict(dict)
    ratios: dict[tuple[str, int], list[float]] = defaultdict(list)
    seconds: dict[tuple[str, int], list[float]] = defaultdict(list)
    for file in files:
        pixels = np.asarray(Image.open(file).convert("RGB")).copy()
        comparator = Comparator(SourceImage(pixels))
        for k in ks:
            for name, quantize in tools.items():
                pairs = []
                for _ in range(1 if name == "huepress thorough" else arguments.runs):
                    ours, _ = timed(tools[OURS], pixels, k)
                    theirs, picture = timed(quantize, pixels, k)
                    pairs.append(theirs / ours)
                    seconds[name, k].append(theirs)
                    if theirs > 5:
                        break  # slow ones need no repetition to be slow
                ratios[name, k].append(median(pairs))
                errors[name, k][file.stem] = mean_squared_error(pixels, picture)
                scores[name, k][file.stem] = comparator.ssimulacra2(picture)
                sizes[name, k][file.stem] = len(huepress.compress(picture, n_colors=256).encoded.data)
        print(f"{file.name} done", file=sys.stderr)
    memory = {} if arguments.no_memory else {name: peak_megabytes(name, files[0], ks[-1]) for name in tools}
    reference = _reference(arguments.reference, [f.stem for f in files], ks) if arguments.reference else {}
    _write(files, ks, list(tools), (errors, scores, sizes), ratios, seconds, memory, reference)


def _reference(path: Path, images: list[str], ks: list[int]) -> dict[int, float]:
    """Return for each K the mean over the images of the better of the two strong quantizers."""
    best: dict[int, list[float]] = defaultdict(list)
    with path.open() as file:
        for row in csv.DictReader(file):
            values = [float(row[c]) for c in ("wu_kmeans_8bit", "online_kmeans") if row[c]]
            if row["image"] in images and int(row["n_colors"]) in ks and values:
                best[int(row["n_colors"])].append(min(values))
    return {k: sum(v) / len(v) for k, v in best.items() if len(v) == len(images)}


def _write(
    files: list[Path],
    ks: list[int],
    names: list[str],
    figures: tuple[Figures, Figures, Figures],
    ratios: dict[tuple[str, int], list[float]],
    seconds: dict[tuple[str, int], list[float]],
    memory: dict[str, float],
    reference: dict[int, float],
) -> None:
    RESULTS.mkdir(exist_ok=True)
    errors, scores, sizes = figures
    with (RESULTS / "quality_speed.csv").open("w", newline="") as file:
        writer = csv.writer(file)
        writer.writerow(["image", "n_colors", "quantizer", "mse", "ssimulacra2", "bytes"])
        for (name, k), values in errors.items():
            for image, mse in values.items():
                writer.writerow([image, k, name, f"{mse:.4f}", f"{scores[name, k][image]:.3f}", sizes[name, k][image]])
    lines = [
        f"{len(files)} pictures of {files[0].parent.name}",
        "",
        "| mean MSE | " + " | ".join(f"K={k}" for k in ks) + " |",
        "|---|" + "---|" * len(ks),
    ]
    if reference:
        cells = [f"{reference[k]:.2f}" if k in reference else "" for k in ks]
        lines.append("| reference, per-image better | " + " | ".join(cells) + " |")
    for name in names:
        means = [sum(errors[name, k].values()) / len(files) for k in ks]
        cells = [
            f"{mean:.2f}" + (f" ({mean / reference[k]:.4f})" if k in reference else "")
            for mean, k in zip(means, ks, strict=True)
        ]
        lines.append(f"| {name} | " + " | ".join(cells) + " |")
    lines += [
        "",
        "| mean score, mean kB | " + " | ".join(f"K={k}" for k in ks) + " |",
        "|---|" + "---|" * len(ks),
    ]
    for name in names:
        cells = [
            f"{sum(scores[name, k].values()) / len(files):.1f} at {sum(sizes[name, k].values()) / len(files) / 1e3:.1f}"
            for k in ks
        ]
        lines.append(f"| {name} | " + " | ".join(cells) + " |")
    lines += [
        "",
        "| time as a multiple of ours, median (worst) | " + " | ".join(f"K={k}" for k in ks) + " | peak memory |",
        "|---|" + "---|" * (len(ks) + 1),
    ]
    for name in names:
        cells = [f"{median(ratios[name, k]):.2f} ({min(ratios[name, k]):.2f})" for k in ks]
        if name == OURS:
            cells = [f"{1e3 * median(seconds[name, k]):.1f} ms" for k in ks]
        lines.append(f"| {name} | " + " | ".join(cells) + f" | {memory.get(name, float('nan')):.0f} MB |")
    text = "\n".join(lines) + "\n"
    (RESULTS / "quality_speed.md").write_text(text)
    print(text)


if __name__ == "__main__":
    main()
