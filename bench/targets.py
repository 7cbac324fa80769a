"""How well targets are met: scores over the wanted one, budgets used, trials, time, bytes against a grid of rates.

python bench/targets.py FOLDER [--every 6 --first 2] [--qualities 50,65,80] [--sizes 0.5bpp,1bpp] [--grid]
"""

from __future__ import annotations

import argparse
import time
from pathlib import Path
from statistics import median
from typing import Any

import huepress
from huepress.goals import parse_size

GRID = [2 ** (i / 4) for i in range(-8, 25)]


def timed(path: Path, **options: Any) -> tuple[huepress.Result, float]:
    started = time.perf_counter()
    result = huepress.compress(path, jobs=1, allow_larger=True, allow_miss=True, **options)
    return result, time.perf_counter() - started


def qualities(files: list[Path], wanted: list[float], grid: bool) -> None:
    for quality in wanted:
        over, trials, times, against_grid, missed = [], [], [], [], 0
        for path in files:
            _, once = timed(path)
            result, seconds = timed(path, quality=quality)
            report = result.report
            trials.append(len(report.trials))
            times.append(seconds / once)
            if report.score is None or report.score < quality:
                missed += 1
                continue
            over.append(report.score - quality)
            if grid:
                enough = []
                for rate in GRID:
                    point = timed(path, n_colors=256, rate=rate)[0]
                    if huepress.score(path, point.image).ssimulacra2 >= quality:
                        enough.append(point.report.bytes_out)
                if enough:
                    against_grid.append(report.bytes_out / min(enough))
        near = sum(o <= 0.7 for o in over)
        text = f"quality {quality:g}: {len(over)} met, {missed} out of reach, {near} within +0.7, "
        text += f"median +{median(over):.2f}"
        text += f"; trials {sum(trials) / len(trials):.1f}, most {max(trials)}; time x{median(times):.1f}"
        if against_grid:
            text += f"; bytes / grid's best: median {median(against_grid):.3f}, most {max(against_grid):.3f}"
        print(text, flush=True)


def sizes(files: list[Path], wanted: list[str]) -> None:
    for size in wanted:
        used, trials, times, exceeded = [], [], [], 0
        for path in files:
            _, once = timed(path)
            result, seconds = timed(path, max_size=size)
            report = result.report
            budget = parse_size(size).n_bytes(report.width * report.height)
            used.append(report.bytes_out / budget)
            exceeded += report.bytes_out > budget
            trials.append(len(report.trials))
            times.append(seconds / once)
        print(
            f"size {size}: {exceeded} exceeded; used: median {median(used):.3f}, least {min(used):.3f}, "
            f"{sum(u >= 0.95 for u in used)} of {len(used)} at least 95 %; "
            f"trials {sum(trials) / len(trials):.1f}, most {max(trials)}; time x{median(times):.1f}",
            flush=True,
        )


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("folder", type=Path)
    parser.add_argument("--every", type=int, default=1)
    parser.add_argument("--first", type=int, default=0)
    parser.add_argument("--qualities", default="50,65,80")
    parser.add_argument("--sizes", default="0.5bpp,1bpp")
    parser.add_argument("--grid", action="store_true", help="compare with a grid of rates (slow)")
    arguments = parser.parse_args()
    files = sorted(arguments.folder.glob("*.png"))[arguments.first :: arguments.every]
    qualities(files, [float(q) for q in arguments.qualities.split(",") if q], arguments.grid)
    sizes(files, [s for s in arguments.sizes.split(",") if s])


if __name__ == "__main__":
    main()
