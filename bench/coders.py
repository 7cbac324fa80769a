"""What each coder takes at the same score, by kind of picture, and what ``--format smallest`` takes of them.

    python bench/coders.py FOLDER... [--every N] [--quality 60,70,80] [--effort 5]

A row a folder and score: geometric means over its pictures of the bytes, as palette PNG = 1, the smallest and largest
ratio and the number of pictures, and how often each coder was chosen. The library's public calls are measured. Pictures
on which a coder does not reach the score are left out of its mean.
"""

from __future__ import annotations

import argparse
import math
from collections import Counter
from pathlib import Path

import huepress
from huepress.options import Format

CODERS: tuple[Format, ...] = ("webp", "avif", "webp-lossy", "jpeg", "smallest")
SUFFIXES = {".png", ".jpg", ".jpeg", ".webp", ".bmp", ".gif"}


def measured(path: Path, coder: Format, quality: float, effort: int) -> huepress.Report | None:
    """Return the report of a picture at a score, None where the coder cannot reach it."""
    result = huepress.compress(path, quality=quality, format=coder, effort=effort, allow_larger=True, strip="all")
    return result.report if result.report.score is not None and result.report.score >= quality else None


def main() -> None:
    """Measure the folders that are named."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("folders", nargs="+", type=Path)
    parser.add_argument("--every", type=int, default=1)
    parser.add_argument("--first", type=int, default=0)
    parser.add_argument("--quality", default="60,70,80")
    parser.add_argument("--effort", type=int, default=5)
    asked = parser.parse_args()
    print("| pictures | score | " + " | ".join(CODERS) + " | chosen |")
    print("|" + "---|" * (len(CODERS) + 3))
    for folder in asked.folders:
        names = sorted(each for each in folder.iterdir() if each.suffix.lower() in SUFFIXES)[asked.first :: asked.every]
        for quality in map(float, asked.quality.split(",")):
            ratios: dict[Format, list[float]] = {coder: [] for coder in CODERS}
            chosen: Counter[str] = Counter()
            for name in names:
                png = measured(name, "png", quality, asked.effort)
                for coder in CODERS:
                    report = measured(name, coder, quality, asked.effort)
                    if report is None:
                        continue
                    if coder == "smallest":
                        best = [trial for trial in report.trials if trial.n_bytes == report.bytes_out]
                        chosen[best[0].coder if best else "palette"] += 1
                    if png is not None:
                        ratios[coder].append(report.bytes_out / png.bytes_out)
            cells = []
            for found in ratios.values():
                mean = math.exp(sum(map(math.log, found)) / len(found)) if found else math.nan
                least, most = (min(found), max(found)) if found else (math.nan, math.nan)
                cells.append(f"{mean:.2f} ({least:.2f} to {most:.2f}; {len(found)})")
            told = ", ".join(f"{coder} {count}" for coder, count in chosen.most_common())
            print(f"| {len(names)} of {folder.name} | {quality:g} | " + " | ".join(cells) + f" | {told} |", flush=True)


if __name__ == "__main__":
    main()
