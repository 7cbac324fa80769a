"""Rate and distortion of huepress and pngquant: who needs how many bytes for equal looks.

    python bench/rate_distortion.py FOLDER [--every 2 --first 0] [--rates 0.5,1,2,4,8] [--effort 5] [--format webp]

For each picture the frontier of ours over --rates and of pngquant over --colors, dithered and not, all
PNGs put through the same lossless optimizer. The rate ratio is the geometric mean, over pictures and
over those of the scores 40, 50, 60, 65 and 70 that both reach, of our bytes over pngquant's at equal
SSIMULACRA2 (log-bytes interpolated along each tool's own frontier). Where butteraugli_main is
installed (Debian: libjxl-devtools), the same at equal 3-norms. --every and --first split a folder, so
that parameters are tuned on one half and reported on the other.

Writes into bench/results/: rate_distortion.md and .csv, curves.png (with Matplotlib), and
crops of the best, the median and the worst picture: original, ours, pngquant at no fewer bytes.
"""

from __future__ import annotations

import argparse
import csv
import io
import math
import shutil
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
import numpy.typing as npt
import oxipng
from PIL import Image

import huepress
from huepress.engine.metrics import Comparator, mean_squared_error
from huepress.model import SourceImage

RESULTS = Path(__file__).parent / "results"
SCORES = (40.0, 50.0, 60.0, 65.0, 70.0)
OPTIMIZER_LEVEL = 4
CROP = 360


class Point(NamedTuple):
    """One file of one tool."""

    tool: str
    setting: str
    n_bytes: int
    score: float
    butteraugli3: float  # NaN where not measured
    mse: float
    seconds: float
    data: bytes


def measured(tool: str, setting: str, png: bytes, seconds: float, original: Path, comparator: Comparator) -> Point:
    is_png = png.startswith(b"\x89PNG")
    data = bytes(oxipng.optimize_from_memory(png, level=OPTIMIZER_LEVEL)) if is_png else png
    pixels = opened(data)
    return Point(
        tool,
        setting,
        len(data),
        comparator.ssimulacra2(pixels),
        butteraugli3(original, data),
        mean_squared_error(opened(original.read_bytes()), pixels),
        seconds,
        data,
    )


def opened(data: bytes) -> npt.NDArray[np.uint8]:
    image = Image.open(io.BytesIO(data))
    return np.ascontiguousarray(np.asarray(image.convert("RGBA" if image.has_transparency_data else "RGB")))


def butteraugli3(original: Path, data: bytes) -> float:
    if not shutil.which("butteraugli_main"):
        return math.nan
    with tempfile.NamedTemporaryFile(suffix=".png") as file:
        Image.fromarray(opened(data)).save(file, "PNG", compress_level=1)
        file.flush()
        command = ["butteraugli_main", str(original), file.name]
        text = subprocess.run(command, capture_output=True, text=True).stdout
    try:
        return float(text.split("3-norm:")[1].split()[0])
    except (IndexError, ValueError):
        return math.nan


def ours(
    path: Path, comparator: Comparator, rates: list[float], colors: list[int], options: dict[str, Any]
) -> list[Point]:
    points = []
    for k, rate in ((k, rate) for k in colors for rate in rates):
        started = time.perf_counter()
        result = huepress.compress(path, k, rate=rate, allow_larger=True, jobs=1, **options)
        seconds = time.perf_counter() - started
        points.append(measured("huepress", f"K={k} rate={rate:g}", result.encoded.data, seconds, path, comparator))
    return points


def pngquant(path: Path, comparator: Comparator, colors: list[int], speeds: list[int]) -> list[Point]:
    points = []
    for speed in speeds:
        for k in colors:
            for dither in ([], ["--nofs"]):
                started = time.perf_counter()
                command = ["pngquant", "--speed", str(speed), *dither, str(k), "-"]
                png = subprocess.run(command, input=path.read_bytes(), capture_output=True, check=True).stdout
                seconds = time.perf_counter() - started
                name = f"K={k} speed={speed}{' nofs' if dither else ''}"
                points.append(measured("pngquant", name, png, seconds, path, comparator))
    return points


def libimagequant(path: Path, comparator: Comparator, colors: list[int]) -> list[Point]:
    try:
        import imagequant
    except ImportError:
        return []
    points = []
    image = Image.open(path).convert("RGBA")
    for k in colors:
        for level in (1.0, 0.0):
            started = time.perf_counter()
            result = imagequant.quantize_pil_image(image, dithering_level=level, max_colors=k)
            buffer = io.BytesIO()
            result.save(buffer, "PNG")
            seconds = time.perf_counter() - started
            points.append(
                measured("imagequant", f"K={k} dither={level:g}", buffer.getvalue(), seconds, path, comparator)
            )
    return points


def frontier(points: list[Point], quality: str) -> tuple[list[float], list[float]]:
    """Return quality, ascending, and log-bytes of the points that no other beats."""
    best: list[tuple[float, float]] = []
    smallest = math.inf
    for p in sorted(points, key=lambda p: -value(p, quality)):
        if p.n_bytes < smallest and math.isfinite(value(p, quality)):
            smallest = p.n_bytes
            best.append((value(p, quality), math.log(p.n_bytes)))
    best.reverse()
    return [q for q, _ in best], [b for _, b in best]


def value(point: Point, quality: str) -> float:
    """Return the quality with larger meaning better."""
    return point.score if quality == "score" else -point.butteraugli3


def log_ratios(us: list[Point], them: list[Point], quality: str) -> dict[float, float]:
    """Return log(our bytes / their bytes) at each quality that both reach."""
    (our_q, our_b), (their_q, their_b) = frontier(us, quality), frontier(them, quality)
    if len(our_q) < 2 or len(their_q) < 2:
        return {}
    low, high = max(our_q[0], their_q[0]), min(our_q[-1], their_q[-1])
    targets = SCORES if quality == "score" else tuple(np.linspace(low, high, 5)) if low < high else ()
    return {t: float(np.interp(t, our_q, our_b) - np.interp(t, their_q, their_b)) for t in targets if low <= t <= high}


def crop_at(us: list[Point], them: list[Point], path: Path) -> Image.Image | None:
    """Return original, ours and theirs side by side, theirs with at least as many bytes."""
    pairs = [(u, [t for t in them if t.n_bytes >= u.n_bytes]) for u in us if 45 <= u.score <= 75]
    pairs = [(u, t) for u, t in pairs if t]
    if not pairs:
        return None
    mine, larger = pairs[len(pairs) // 2]
    nearest = min(t.n_bytes for t in larger) * 1.1
    rival = max((t for t in larger if t.n_bytes <= nearest), key=lambda t: t.score)
    original = np.asarray(Image.open(path).convert("RGB"))
    top, left = max(0, (original.shape[0] - CROP) // 2), max(0, (original.shape[1] - CROP) // 2)
    panels = [a[top : top + CROP, left : left + CROP, :3] for a in (original, opened(mine.data), opened(rival.data))]
    print(
        f"  crop of {path.stem}: ours {mine.n_bytes} B {mine.score:.1f}, pngquant {rival.n_bytes} B {rival.score:.1f}"
    )
    return Image.fromarray(np.concatenate(panels, axis=1))


def plot(all_points: dict[str, list[Point]], target: Path) -> None:
    try:
        import matplotlib
    except ImportError:
        return
    matplotlib.use("Agg")
    from matplotlib import pyplot as plt

    columns = 5
    rows = -(-len(all_points) // columns)
    figure, axes = plt.subplots(rows, columns, figsize=(4 * columns, 3 * rows), squeeze=False)
    for axis, (name, points) in zip(axes.flat, all_points.items(), strict=False):
        for tool in sorted({p.tool for p in points}):
            qualities, sizes = frontier([p for p in points if p.tool == tool], "score")
            axis.plot([math.exp(b) / 1e3 for b in sizes], qualities, marker=".", label=tool)
        axis.set(title=name, xscale="log", xlabel="kB", ylabel="SSIMULACRA2", ylim=(0, 95))
        axis.legend()
    figure.tight_layout()
    figure.savefig(target, dpi=70)


def mean_ratio(ratios: list[float]) -> str:
    return f"{math.exp(sum(ratios) / len(ratios)):.3f}" if ratios else "-"


def equal_k(files: list[Path], ks: list[int], options: dict[str, Any]) -> list[str]:
    """Return table rows: the gain in score over pngquant's default at the same K, rate 0."""
    rows = []
    for k in ks:
        gains, bytes_ratio = [], []
        for path in files:
            comparator = Comparator(SourceImage(opened(path.read_bytes())), threads=2)
            us = ours(path, comparator, [0.0], [k], options)[0]
            them = pngquant(path, comparator, [k], [4])[0]
            gains.append(us.score - them.score)
            bytes_ratio.append(math.log(us.n_bytes / them.n_bytes))
        rows.append(f"| {k} | {sum(gains) / len(gains):+.1f} | {min(gains):+.1f} | {mean_ratio(bytes_ratio)} |")
        print(rows[-1], file=sys.stderr)
    return rows


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("folder", type=Path)
    parser.add_argument("--every", type=int, default=1)
    parser.add_argument("--first", type=int, default=0)
    parser.add_argument("--rates", default="0.5,1,2,4,8,16,32")
    parser.add_argument("--colors", default="256,192,128,96,64,48,32,24,16")
    parser.add_argument("--our-colors", default="256", help="ours; fewer serve flat graphics")
    parser.add_argument("--imagequant", action="store_true", help="also libimagequant's own module")
    parser.add_argument("--speeds", default="4", help="pngquant's; 1 is its slowest and best")
    parser.add_argument("--effort", type=int, default=5)
    parser.add_argument("--format", default="png", help="ours: png or webp (pngquant's stay PNG)")
    parser.add_argument("--equal-k", default="", help="also compare at these K and rate 0: 8,16,32,64,256")
    arguments = parser.parse_args()
    if not shutil.which("pngquant"):
        sys.exit("pngquant is not installed; on Debian: apt-get install pngquant")
    numbers: dict[str, Any] = {
        n: [float(x) for x in getattr(arguments, n).split(",")] for n in ("rates", "colors", "speeds")
    }
    options = {"effort": arguments.effort, "format": arguments.format}
    files = sorted(arguments.folder.glob("*.png"))[arguments.first :: arguments.every]

    RESULTS.mkdir(exist_ok=True)
    all_points: dict[str, list[Point]] = {}
    by_score: dict[float, list[float]] = {s: [] for s in SCORES}
    per_image: list[tuple[float, Path]] = []
    butteraugli: list[float] = []
    against_imagequant: list[float] = []
    for path in files:
        comparator = Comparator(SourceImage(opened(path.read_bytes())), threads=2)
        us = ours(path, comparator, numbers["rates"], [int(k) for k in arguments.our_colors.split(",")], options)
        them = pngquant(path, comparator, [int(k) for k in numbers["colors"]], [int(s) for s in numbers["speeds"]])
        all_points[path.stem] = us + them
        if arguments.imagequant:
            others = libimagequant(path, comparator, [int(k) for k in numbers["colors"]])
            all_points[path.stem] += others
            against_imagequant += log_ratios(us, others, "score").values()
        ratios = log_ratios(us, them, "score")
        for score, ratio in ratios.items():
            by_score[score].append(ratio)
        if ratios:
            per_image.append((sum(ratios.values()) / len(ratios), path))
        butteraugli += log_ratios(us, them, "butteraugli3").values()
        told = ", ".join(f"{s:.0f}: {math.exp(r):.2f}" for s, r in ratios.items())
        print(f"{path.stem}: {told}; {us[0].seconds:.2f} s", file=sys.stderr)

    everything = [r for ratios in by_score.values() for r in ratios]
    lines = [
        f"{len(files)} pictures of {arguments.folder.name}, effort {arguments.effort}, {arguments.format}",
        "",
        "| at score | " + " | ".join(f"{s:.0f}" for s in SCORES) + " | all | at equal Butteraugli 3-norm |",
        "|---|" + "---|" * (len(SCORES) + 2),
        "| our bytes / pngquant's | "
        + " | ".join(mean_ratio(by_score[s]) for s in SCORES)
        + f" | **{mean_ratio(everything)}** | {mean_ratio(butteraugli)} |",
    ]
    if against_imagequant:
        lines += ["", f"Against imagequant: {mean_ratio(against_imagequant)}"]
    if arguments.equal_k:
        lines += ["", "| K, rate 0 | mean gain in score | least | bytes / pngquant's |", "|---|---|---|---|"]
        lines += equal_k(files, [int(k) for k in arguments.equal_k.split(",")], options)
    text = "\n".join(lines) + "\n"
    (RESULTS / "rate_distortion.md").write_text(text)
    print(text)
    with (RESULTS / "rate_distortion.csv").open("w", newline="") as file:
        writer = csv.writer(file)
        writer.writerow(["image", *Point._fields[:-1]])
        for name, points in all_points.items():
            writer.writerows([name, *p[:-1]] for p in points)
    plot(all_points, RESULTS / "curves.png")
    per_image.sort(key=lambda item: item[0])
    for label, at in (("best", 0), ("median", len(per_image) // 2), ("worst", len(per_image) - 1)):
        if per_image:
            path = per_image[at][1]
            points = all_points[path.stem]
            us, them = ([p for p in points if p.tool == tool] for tool in ("huepress", "pngquant"))
            sheet = crop_at(us, them, path)
            if sheet:
                sheet.save(RESULTS / f"crop_{label}.png")


if __name__ == "__main__":
    main()
