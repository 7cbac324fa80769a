"""Runs over many generated images: throughput, peak memory, and being killed.

    python bench/archive.py throughput [--images 2000] [--effort 0] [--rounds 3]
    python bench/archive.py memory [--images 1000] [--limit 2GB] [--megapixels 24]
    python bench/archive.py kills [--images 200] [--kills 20]

Throughput compares one with two threads, and two with `find | xargs -P2 pngquant` followed by
`xargs -P2` over pyoxipng level 2 (whole batches a process) at an equal number of colors. All take turns;
ratios are medians over the rounds. Memory is the greatest sum of the processes' proportional set
sizes, sampled 20 times a second.
"""

from __future__ import annotations

import argparse
import os
import random
import re
import shutil
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from statistics import median

import numpy as np
from PIL import Image

sys.path.insert(0, str(Path(__file__).parents[1] / "demo"))
import scenes

PROGRAM = Path(sys.executable).parent / "huepress"
COLORS = 64
OPTIMIZE = "import oxipng, sys; [oxipng.optimize(name, level=2) for name in sys.argv[1:]]"


def generate(folder: Path, count: int, *, smallest: int, largest: int) -> None:
    """Write crops of a rendered scene with grain, their areas spread evenly on a logarithmic scale."""
    rng = np.random.default_rng(0)
    scene = scenes.spheres(1024, 768)
    for number in range(count):
        area = np.exp(rng.uniform(np.log(smallest), np.log(largest)))
        width, height = round((area * 4 / 3) ** 0.5), round((area * 3 / 4) ** 0.5)
        if width < 1024:
            x, y = rng.integers(0, 1024 - width), rng.integers(0, 768 - height)
            picture = scene[y : y + height, x : x + width]
        else:
            picture = np.asarray(Image.fromarray(scene).resize((width, height)))
        grain = rng.integers(-4, 5, (height, width, 1), dtype=np.int16)
        target = folder / f"{number % 20}" / f"{number}.png"
        target.parent.mkdir(parents=True, exist_ok=True)
        pixels = (picture + grain).clip(0, 255).astype(np.uint8)
        Image.fromarray(pixels).save(target, compress_level=1)


def command(source: Path, target: Path, effort: int, *more: str) -> list[str]:
    options = ["-k", str(COLORS), "--effort", str(effort), "-q", *more]
    return [str(PROGRAM), "compress", "-r", str(source), "-o", str(target), *options]


def in_place_command(place: Path, effort: int) -> list[str]:
    mirrored = command(place, place, effort)
    return [*mirrored[:4], "--in-place", *mirrored[6:]]


def seconds_of(run: list[str] | str) -> float:
    started = time.perf_counter()
    subprocess.run(run, check=True, shell=isinstance(run, str), stdout=subprocess.DEVNULL)
    return time.perf_counter() - started


def throughput(folder: Path, images: int, effort: int, rounds: int) -> None:
    source = folder / "src"
    generate(source, images, smallest=64 * 64, largest=400 * 400)
    peers = (
        f"cp -r {source} {{0}} && find {{0}} -name '*.png' | xargs -P2 -n1 pngquant --ext .png --force {COLORS} && "
        f"find {{0}} -name '*.png' | RAYON_NUM_THREADS=1 "
        f"xargs -P2 -n {-(-images // 2)} {sys.executable} -c '{OPTIMIZE}'"
    )
    one, two, theirs = [], [], []
    for number in range(rounds):
        place = folder / f"{number}"
        one.append(seconds_of(command(source, place / "one", effort, "-j", "1")))
        two.append(seconds_of(command(source, place / "two", effort, "-j", "2")))
        if shutil.which("pngquant"):
            theirs.append(seconds_of(peers.format(place / "theirs")))
    again = seconds_of(command(source, folder / "0" / "two", effort, "-j", "2"))
    print(f"{images} images at effort {effort}: {images / median(one):.0f} images/s on one thread, ", end="")
    print(
        f"{images / median(two):.0f} on two: {median(a / b for a, b in zip(one, two, strict=True)):.2f} times; ", end=""
    )
    print(f"a second run takes {again:.2f} s")
    if theirs:
        ratio = median(a / b for a, b in zip(theirs, two, strict=True))
        sizes = [sum(p.stat().st_size for p in (folder / "0" / name).rglob("*.png")) for name in ("two", "theirs")]
        print(f"xargs -P2 pngquant, pyoxipng: {images / median(theirs):.0f} images/s; ours {ratio:.2f} times; ", end="")
        print(f"bytes {sizes[0] / sizes[1]:.2f} times theirs")


def bytes_together(leader: int) -> int:
    """Return the proportional set sizes of a program and all it has started, summed."""
    total = 0
    for entry in os.scandir("/proc"):
        if not entry.name.isdigit():
            continue
        try:
            fields = Path(entry.path, "stat").read_text().rpartition(")")[2].split()
            if int(fields[3]) == leader:
                total += 1024 * int(re.search(r"^Pss:\s+(\d+)", Path(entry.path, "smaps_rollup").read_text(), re.M)[1])  # type: ignore[index]
        except (OSError, TypeError):
            continue
    return total


def memory(folder: Path, images: int, limit: str, megapixels: int, effort: int) -> None:
    source = folder / "src"
    generate(source, images, smallest=64 * 64, largest=megapixels * 1_000_000)
    process = subprocess.Popen(command(source, folder / "dst", effort, "--memory", limit), start_new_session=True)
    peak = 0
    while process.poll() is None:
        peak = max(peak, bytes_together(process.pid))
        time.sleep(0.05)
    done = len(list((folder / "dst").rglob("*.png")))
    print(
        f"{images} images up to {megapixels} megapixels, --memory {limit}, effort {effort}: peak {peak / 1e6:.0f} MB, "
    )
    print(f"exit code {process.returncode}, {done} written")


def contents(folder: Path) -> dict[str, bytes]:
    return {str(p.relative_to(folder)): p.read_bytes() for p in folder.rglob("*.png")}


def kills(folder: Path, images: int, n_kills: int, effort: int) -> None:
    source = folder / "src"
    generate(source, images, smallest=64 * 64, largest=300 * 300)
    originals = contents(source)
    took = seconds_of(command(source, folder / "whole", effort))
    shutil.copytree(source, folder / "in-place")
    subprocess.run(in_place_command(folder / "in-place", effort), check=True)
    rng = random.Random(0)
    bad = 0
    for in_place in (False, True):
        expected = contents(folder / ("in-place" if in_place else "whole"))
        for number in range(n_kills // 2):
            place = folder / f"{in_place}{number}"
            if in_place:
                shutil.copytree(source, place)
                run = in_place_command(place, effort)
            else:
                run = command(source, place, effort)
            process = subprocess.Popen(run)
            time.sleep(rng.uniform(0, took))
            process.kill()
            process.wait()
            half = contents(place) if place.exists() else {}
            bad += any(data not in (expected[name], originals[name]) for name, data in half.items())
            bad += in_place and set(half) != set(originals)
            subprocess.run(run, check=True)
            bad += contents(place) != expected
            bad += any(p.name.endswith(".tmp") for p in place.rglob("*"))
            shutil.rmtree(place)
    print(f"{n_kills} kills in runs of {took:.1f} s over {images} images: {bad} trees with anything amiss")


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("what", choices=("throughput", "memory", "kills"))
    parser.add_argument("--images", type=int)
    parser.add_argument("--effort", type=int, default=0)
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--limit", default="2GB")
    parser.add_argument("--megapixels", type=int, default=24)
    parser.add_argument("--kills", type=int, default=20)
    chosen = parser.parse_args()
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        if chosen.what == "throughput":
            throughput(folder, chosen.images or 2000, chosen.effort, chosen.rounds)
        elif chosen.what == "memory":
            memory(folder, chosen.images or 1000, chosen.limit, chosen.megapixels, chosen.effort)
        else:
            kills(folder, chosen.images or 200, chosen.kills, chosen.effort)


if __name__ == "__main__":
    main()
