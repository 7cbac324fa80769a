"""Segmentation beside scikit-image, scikit-learn and OpenCV: agreement with known regions, boundaries, time.

    python bench/segmentation.py             # scenes with known regions, 768 x 512
    python bench/segmentation.py --auto      # how often K is found
    python bench/segmentation.py --photos A.png B.png   # time only
    python bench/segmentation.py --bsds BSDS500 # regions, beside those that people drew; --part train, --step 10

The adjusted Rand index (Hubert and Arabie 1985) tells how well the partition into colors agrees with the truth, 1 in
full. Boundary recall is the part of the true boundary pixels that have a found one within two pixels; precision the
part of the found ones that have a true one so near. The measures of BSDS500 are those of its benchmark (bsds.py); the
best cut is that of each picture's hierarchy which suits it best. Times are processor seconds, everything on one thread.
"""

from __future__ import annotations

import argparse
import itertools
import os
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

os.environ["OMP_NUM_THREADS"] = os.environ["OPENBLAS_NUM_THREADS"] = "1"

import cv2
import numpy as np
import numpy.typing as npt
from PIL import Image
from skimage import graph
from skimage.segmentation import felzenszwalb, slic
from sklearn.cluster import KMeans
from sklearn.metrics import adjusted_rand_score

sys.path.insert(0, str(Path(__file__).parents[1] / "demo"))

import bsds
import huepress
from known_regions import known_regions

Labels = npt.NDArray[Any]
Pixels = npt.NDArray[np.uint8]
Segmenter = Callable[[Pixels, int], Labels]

cv2.setNumThreads(1)
NEAR = 2  # pixels
SUPERPIXELS = 400
REPEATS = 3


def ours(pixels: Pixels, k: int) -> Labels:
    return huepress.segment(pixels, k, jobs=1).labels


def ours_plain(pixels: Pixels, k: int) -> Labels:
    return huepress.segment(pixels, k, smooth=0, min_area=0, jobs=1).labels


def sklearn_kmeans(pixels: Pixels, k: int) -> Labels:
    points = pixels.reshape(-1, 3).astype(np.float32)
    labels: Labels = KMeans(k, n_init=1, random_state=0).fit(points).labels_
    return labels.reshape(pixels.shape[:2])


def opencv_kmeans(pixels: Pixels, k: int, most: int = 10, eps: float = 1.0) -> Labels:
    cv2.setRNGSeed(0)
    criteria = (cv2.TERM_CRITERIA_EPS + cv2.TERM_CRITERIA_MAX_ITER, most, eps)
    best: Any = None
    _, labels, _ = cv2.kmeans(pixels.reshape(-1, 3).astype(np.float32), k, best, criteria, 1, cv2.KMEANS_PP_CENTERS)
    return np.asarray(labels).reshape(pixels.shape[:2])


def opencv_converged(pixels: Pixels, k: int) -> Labels:
    return opencv_kmeans(pixels, k, 300, 0.1)


def slic_and_merging(pixels: Pixels, k: int) -> Labels:
    """Superpixels, merged to K colors by k-means of their means.

    scikit-image's own merging makes connected regions; to compare partitions into colors at equal K, the
    superpixels' mean colors are clustered, each weighing its area.
    """
    fine = slic(pixels, n_segments=SUPERPIXELS, compactness=10, sigma=1, start_label=0)
    areas = np.bincount(fine.reshape(-1))
    means = np.stack(
        [np.bincount(fine.reshape(-1), pixels[..., c].reshape(-1)) / np.maximum(areas, 1) for c in range(3)], axis=1
    )
    model = KMeans(min(k, len(means)), n_init=1, random_state=0).fit(means, sample_weight=areas)
    labels: Labels = model.labels_[fine]
    return labels


def slic_and_rag(pixels: Pixels, k: int) -> Labels:
    """Superpixels, merged where neighbors' mean colors are near: connected regions, not colors."""
    fine = slic(pixels, n_segments=SUPERPIXELS, compactness=10, sigma=1, start_label=0)
    labels: Labels = graph.cut_threshold(fine, graph.rag_mean_color(pixels, fine), 29)
    return labels


PEERS: dict[str, Segmenter] = {
    "huepress": ours,
    "huepress, smooth=0, min_area=0": ours_plain,
    "scikit-learn KMeans": sklearn_kmeans,
    "OpenCV kmeans, 10 iterations": opencv_kmeans,
    "OpenCV kmeans, converged": opencv_converged,
    "scikit-image slic, merged to K colors": slic_and_merging,
    "scikit-image slic, cut_threshold": slic_and_rag,
}


def boundary(labels: Labels) -> npt.NDArray[np.bool_]:
    lines = np.zeros(labels.shape, dtype=bool)
    lines[:, :-1] |= labels[:, :-1] != labels[:, 1:]
    lines[:-1] |= labels[:-1] != labels[1:]
    return lines


def covered(lines: npt.NDArray[np.bool_], by: npt.NDArray[np.bool_]) -> float:
    size = 2 * NEAR + 1
    near = cv2.dilate(by.astype(np.uint8), np.ones((size, size), np.uint8)).astype(bool)
    return float((lines & near).sum() / max(1, lines.sum()))


def best_time(run: Callable[[], Any]) -> float:
    times = []
    for _ in range(REPEATS):
        started = time.process_time()
        run()
        times.append(time.process_time() - started)
    return min(times)


def regions_of(labels: Labels) -> Labels:
    """Return a number for each connected region, so that a partition into regions can be judged as well."""
    from skimage.measure import label

    found: Labels = label(labels, background=-1, connectivity=1)
    return found


def on_scenes(noises: list[float], ks: list[int], seeds: list[int]) -> None:
    rows: dict[tuple[str, float], list[tuple[float, float, float, float, float]]] = {}
    for noise, k, seed in itertools.product(noises, ks, seeds):
        pixels, truth = known_regions(n_segments=k, noise=noise, seed=seed)
        true_lines, true_regions = boundary(truth), regions_of(truth)
        for name, segment in PEERS.items():
            started = time.process_time()
            labels = segment(pixels, k)
            taken = time.process_time() - started
            lines = boundary(labels)
            rows.setdefault((name, noise), []).append(
                (
                    adjusted_rand_score(truth.reshape(-1), labels.reshape(-1)),
                    adjusted_rand_score(true_regions.reshape(-1), regions_of(labels).reshape(-1)),
                    covered(true_lines, lines),
                    covered(lines, true_lines),
                    taken,
                )
            )
    titles = ("adjusted Rand index, colors", "adjusted Rand index, regions", "boundary recall", "boundary precision")
    for column, title in enumerate((*titles, "processor seconds")):
        print(f"\n| {title} | " + " | ".join(f"noise {noise:g}" for noise in noises) + " |")
        print("|---|" + "---|" * len(noises))
        for name in PEERS:
            cells = [f"{np.mean([row[column] for row in rows[name, noise]]):.3f}" for noise in noises]
            print(f"| {name} | " + " | ".join(cells) + " |")


def on_auto(noises: list[float], seeds: list[int]) -> None:
    ks = [2, 3, 4, 5, 6, 8, 10]
    print("\n| K found minus K drawn | " + " | ".join(f"noise {noise:g}" for noise in noises) + " |")
    print("|---|" + "---|" * len(noises))
    for k in ks:
        cells = []
        for noise in noises:
            found = [len(huepress.segment(known_regions(384, 256, k, noise, seed)[0])) - k for seed in seeds]
            cells.append(" ".join(f"{d:+d}" if d else "0" for d in found))
        print(f"| K = {k} | " + " | ".join(cells) + " |")


def on_photos(names: list[str], ks: list[int]) -> None:
    print("\n| processor seconds, 768 x 512 | " + " | ".join(f"K={k}" for k in ks) + " |")
    print("|---|" + "---|" * len(ks))
    pictures = [np.asarray(Image.open(name).convert("RGB").resize((768, 512))) for name in names]
    for name, segment in PEERS.items():
        cells = []
        for k in ks:
            times = [best_time(lambda run=segment, image=p, n=k: run(image, n)) for p in pictures]  # type: ignore[misc]
            cells.append(f"{np.mean(times):.3f}")
        print(f"| {name} | " + " | ".join(cells) + " |")


def our_regions(pixels: Pixels, k: int) -> Labels:
    return huepress.segment(pixels, k, jobs=1).regions.labels


def our_parts(pixels: Pixels, k: int) -> Labels:
    del k
    return huepress.segment(pixels, jobs=1).parts.labels


def felzenszwalb_300(pixels: Pixels, k: int) -> Labels:
    del k
    labels: Labels = felzenszwalb(pixels, scale=300, min_size=500)
    return labels


def kmeans_parts(pixels: Pixels, k: int) -> Labels:
    return regions_of(sklearn_kmeans(pixels, k))


ON_PEOPLE: dict[str, Segmenter] = {
    "huepress, regions": our_regions,
    "huepress, parts of the segments of -k auto": our_parts,
    "scikit-image felzenszwalb, scale 300, min_size 500": felzenszwalb_300,
    "scikit-learn KMeans, 5 colors, connected parts": kmeans_parts,
}
# Costs up to which regions are merged, for the best cut of each picture.
COSTS = [0.5, 0.6, 0.7, 0.75, 0.8, 0.85, 0.9, 1.0, 1.1, 1.2, 1.4, 1.7, 2.0]


def on_bsds(folder: Path, part: str, step: int) -> None:
    pictures = bsds.pictures_of(folder, part, step)
    reach = 3.0
    measures = "covering | PRI | VI | boundary F | near F | regions | seconds"
    print(f"\n| BSDS500, {len(pictures)} pictures of '{part}' | {measures} |")
    print("|---|---|---|---|---|---|---|---|")
    for name, segment in ON_PEOPLE.items():
        tally, seconds = bsds.Tally(), 0.0
        for path, drawn in pictures:
            pixels = np.asarray(Image.open(path).convert("RGB"))
            started = time.process_time()
            labels = segment(pixels, 5)
            seconds += time.process_time() - started
            tally.add(labels, drawn, reach)
        print(f"| {name} | {tally.row()} | {seconds / len(pictures):.3f} |", flush=True)
    best = []
    for path, drawn in pictures:
        found = huepress.segment(np.asarray(Image.open(path).convert("RGB")), 2, jobs=1)
        tally = bsds.Tally()
        for cost in COSTS:
            tally.add(found.cut_regions(cost).labels, drawn, None)
        best.append(max(tally.covered))
    print(f"\nCovering by the best cut of each picture's hierarchy: {np.mean(best):.3f}")


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0] if __doc__ else None)
    parser.add_argument("--auto", action="store_true")
    parser.add_argument("--photos", nargs="+")
    parser.add_argument("--bsds", type=Path, help="folder of the data of BSDS500")
    parser.add_argument("--part", default="test", choices=["train", "val", "test"])
    parser.add_argument("--step", type=int, default=5, help="every so-many-th picture, by name")
    parser.add_argument("--noise", default="0,10,25,40")
    parser.add_argument("--colors", default="4,8")
    parser.add_argument("--seeds", default="21,22")
    arguments = parser.parse_args()
    noises = [float(v) for v in arguments.noise.split(",")]
    ks = [int(v) for v in arguments.colors.split(",")]
    seeds = [int(v) for v in arguments.seeds.split(",")]
    if arguments.bsds:
        on_bsds(arguments.bsds, arguments.part, arguments.step)
    elif arguments.photos:
        on_photos(arguments.photos, ks)
    elif arguments.auto:
        on_auto(noises, seeds)
    else:
        on_scenes(noises, ks, seeds)


if __name__ == "__main__":
    main()
