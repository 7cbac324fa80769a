"""Bytes against time over the efforts, by the call that people make.

    python bench/efforts.py FOLDER... [--every 2 --first 0] [--efforts 0,1,2,3,4,5,6,7] [--rates 1,2,4,8,16]

Each picture is compressed with `huepress.compress(picture, effort=..., rate=..., jobs=1)`. Bytes are the geometric
mean, over pictures and over the scores that both efforts reach (every second from 60 to 90), of an effort's bytes over
effort 5's at equal SSIMULACRA2; the worst picture is beside it. Time is the processor time at rate 1, over effort 5's
on the same picture, measured right before: the median of --runs, then of the pictures. Writes
bench/results/efforts.md.
"""

from __future__ import annotations

import argparse
import math
import sys
import time
from pathlib import Path
from statistics import fmean, geometric_mean, median

sys.path.insert(0, str(Path(__file__).parent))
import huepress
from huepress.engine.metrics import Comparator
from huepress.model import SourceImage
from rate_distortion import RESULTS, Point, log_ratios, measured, opened

REFERENCE = 5
COLORS = (256, 128, 64, 32, 16, 8)


def points(path: Path, effort: int, rates: list[float]) -> list[Point]:
    """Return the versions of one effort: over the rates, or where there are none over the number of colors."""
    comparator = Comparator(SourceImage(opened(path.read_bytes())))
    found = []
    for setting in [{"rate": rate} for rate in rates] if effort else [{"n_colors": k} for k in COLORS]:
        result = huepress.compress(path, effort=effort, allow_larger=True, jobs=1, **setting)
        found.append(measured("huepress", str(setting), bytes(result), 0.0, path, comparator))
    return found


def seconds(path: Path, effort: int) -> float:
    """Return the processor time of one call."""
    started = time.process_time()
    huepress.compress(path, effort=effort, jobs=1)
    return time.process_time() - started


def main() -> None:
    """Measure and write the table."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("folders", nargs="+", type=Path)
    parser.add_argument("--every", type=int, default=1)
    parser.add_argument("--first", type=int, default=0)
    parser.add_argument("--efforts", default="0,1,2,3,4,5,6,7")
    parser.add_argument("--rates", default="1,2,4,8,16")
    parser.add_argument("--runs", type=int, default=3)
    arguments = parser.parse_args()
    rates = [float(rate) for rate in arguments.rates.split(",")]
    files = [path for folder in arguments.folders for path in sorted(folder.glob("*.png"))]
    files = files[arguments.first :: arguments.every]
    reference = {path: points(path, REFERENCE, rates) for path in files}
    lines = ["| effort | bytes | worst | time | longest |", "|---|---|---|---|---|"]
    for effort in map(int, arguments.efforts.split(",")):
        bytes_by_picture, times = [], []
        for path in files:
            found = reference[path] if effort == REFERENCE else points(path, effort, rates)
            ratios = log_ratios(found, reference[path], "score")
            if ratios:
                bytes_by_picture.append(math.exp(fmean(ratios.values())))
            pairs = [(seconds(path, REFERENCE), seconds(path, effort)) for _ in range(arguments.runs)]
            times.append(median(ours / theirs for theirs, ours in pairs))
        lines.append(
            f"| {effort} | {geometric_mean(bytes_by_picture):.3f} | {max(bytes_by_picture):.3f} "
            f"| {median(times):.2f} | {max(times):.2f} |"
        )
        print(lines[-1], flush=True)
    RESULTS.mkdir(exist_ok=True)
    (RESULTS / "efforts.md").write_text("\n".join([f"{len(files)} pictures", "", *lines]) + "\n")


if __name__ == "__main__":
    main()
