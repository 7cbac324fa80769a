"""Learn the network that decides which regions are merged, on the training set of BSDS500, with PyTorch.

    python bench/learn_merging.py BSDS500 --write     # src/huepress/segmentation/network.py
    python bench/learn_merging.py BSDS500 --hold-out  # learns on one half, judges on the other

The first hierarchy is made by a network that looks at edges, colors, textures and areas alone. Cuts of it give pairs of
neighbors; those that people hold apart are to get 1: for each person the part of the pairs of pixels, one in each
region, that lie in different regions of theirs. What is learned makes another hierarchy, whose pairs are added, and so
on. Nothing of the pictures is kept but the weights. Which cost "auto" merges up to is chosen by the table at the end.
"""

from __future__ import annotations

import argparse
import sys
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
import torch
from PIL import Image
from scipy.sparse import csr_matrix  # type: ignore[import-untyped]

sys.path.insert(0, str(Path(__file__).parent))

import bsds
from huepress import _core
from huepress.pipeline import intake
from huepress.segmentation import network
from huepress.segmentation.cells import Evidence, find_cells, find_evidence
from huepress.segmentation.hierarchy import Hierarchy, merge_cells
from huepress.segmentation.levels import to_picture
from huepress.segmentation.network import MergeNetwork

Floats = npt.NDArray[np.float64]
N_UNITS = 12
# Features that are none of edges: kOfRegions in core/segment/evidence.hpp.
N_OF_REGIONS = 13
# Numbers of regions at whose cuts pairs are looked at.
CUTS = [1600, 800, 400, 250, 160, 100, 64, 45, 32, 23, 16, 12, 9, 7, 5, 4, 3, 2]
COSTS = np.geomspace(0.6, 1.7, 16)
ROUNDS, EPOCHS, BATCH = 2, 8, 4096
LEARNING_RATE, DECAY = 1e-2, 1e-3
MOST_SIGMAS = 6.0


@dataclass
class Lesson:
    """A picture, cut into cells, and how many pixels of each lie in each region that people drew."""

    evidence: Evidence
    cells: npt.NDArray[np.int32]
    n_cells: int
    drawn: list[Floats]  # of each person, (n_cells, n_regions)
    first: npt.NDArray[np.intp]  # pixel of each cell

    def cut(self, hierarchy: Hierarchy, regions: int | float) -> npt.NDArray[np.int32]:
        """Return the region of each cell."""
        return hierarchy.cut(regions).reshape(-1)[self.first]

    def pairs(self, hierarchy: Hierarchy) -> tuple[Floats, Floats, Floats]:
        """Return features of neighbors at all cuts, how far people hold them apart (0 to 1), and weights."""
        found = []
        e = self.evidence
        for n in CUTS:
            if n > self.n_cells:
                continue
            region_of = self.cut(hierarchy, n)
            n_regions = int(region_of.max()) + 1
            regions = region_of[self.cells]
            pairs, features = _core.border_features(
                regions, e.fine, e.half, e.quarter, e.textures, e.details, e.colors, n_regions
            )
            areas = np.bincount(regions.reshape(-1), minlength=n_regions)
            apart = np.zeros(len(pairs))
            for counts in self.drawn:
                parts = joined(counts, region_of, n_regions) / areas[:, None]
                apart += 1 - (parts[pairs[:, 0]] * parts[pairs[:, 1]]).sum(axis=1)
            smaller = areas[pairs].min(axis=1) / self.cells.size
            found.append((features, apart / len(self.drawn), np.sqrt(smaller)))
        return tuple(np.concatenate(each) for each in zip(*found, strict=True))  # type: ignore[return-value]

    def judge(self, hierarchy: Hierarchy, regions: float) -> tuple[float, ...]:
        """Return the number of regions, covering, Rand index and variation of information."""
        region_of = self.cut(hierarchy, regions)
        n_regions = int(region_of.max()) + 1
        figures = []
        for counts in self.drawn:
            shared = joined(counts, region_of, n_regions)
            figures.append([bsds.covering(shared), bsds.rand_index(shared), bsds.variation_of_information(shared)])
        return (n_regions, *(float(v) for v in np.mean(figures, axis=0)))


def joined(counts: Floats, region_of: npt.NDArray[np.int32], n_regions: int) -> Floats:
    """Return the sums over the cells of each region, (n_regions, n)."""
    join = csr_matrix((np.ones(len(region_of)), (region_of, np.arange(len(region_of)))), (n_regions, len(region_of)))
    return np.asarray(join @ counts)


def read_lessons(folder: Path, step: int) -> list[Lesson]:
    lessons = []
    for path, drawn in bsds.pictures_of(folder, "train", step):
        pixels = np.asarray(Image.open(path).convert("RGB"))
        level = to_picture(intake.load(pixels, max_pixels=pixels.size), threads=0).level
        evidence = find_evidence(level, seed=0, threads=0)
        cells, n_cells = find_cells(level, evidence.heights)
        counts = [bsds.together(cells, each) for each in drawn]
        lessons.append(Lesson(evidence, cells, n_cells, counts, np.unique(cells, return_index=True)[1]))
    return lessons


def first_network(n_features: int) -> MergeNetwork:
    """Return one whose cost grows with edges, colors, textures and areas alone, for the first hierarchy."""
    hidden = np.zeros((n_features, 1))
    hidden[:-N_OF_REGIONS] = 0.1
    hidden[-N_OF_REGIONS : 4 - N_OF_REGIONS, 0] = 0.2, 0.4, 0.2, 0.2
    hidden[-5:-3, 0] = 0.12
    return MergeNetwork(hidden, np.full(1, 5.0), np.ones(1), -3.5)


def fit(features: Floats, targets: Floats, weights: Floats, seed: int) -> MergeNetwork:
    """Minimize the cross entropy, and fold the scaling of features into the weights."""
    mean, scale = features.mean(axis=0), features.std(axis=0) + 1e-6
    x = torch.tensor(np.clip((features - mean) / scale, -MOST_SIGMAS, MOST_SIGMAS), dtype=torch.float32)
    y, w = torch.tensor(targets, dtype=torch.float32), torch.tensor(weights / weights.mean(), dtype=torch.float32)
    torch.manual_seed(seed)
    layers = torch.nn.Linear(x.shape[1], N_UNITS), torch.nn.Linear(N_UNITS, 1)
    net = torch.nn.Sequential(layers[0], torch.nn.ReLU(), layers[1])
    optimizer = torch.optim.AdamW(net.parameters(), lr=LEARNING_RATE, weight_decay=DECAY)
    n_batches = -(-len(x) // BATCH)
    schedule = torch.optim.lr_scheduler.OneCycleLR(optimizer, LEARNING_RATE, total_steps=EPOCHS * n_batches)
    loss_of = torch.nn.functional.binary_cross_entropy_with_logits
    for _ in range(EPOCHS):
        total, order = 0.0, torch.randperm(len(x))
        for batch in order.split(BATCH):
            loss = (loss_of(net(x[batch])[:, 0], y[batch], reduction="none") * w[batch]).mean()
            optimizer.zero_grad()
            loss.backward()
            optimizer.step()
            schedule.step()
            total += loss.item() * len(batch)
    print(f"{len(x)} pairs, cross entropy {total / len(x):.4f}", flush=True)
    parts: list[Any] = [p.detach().numpy().astype(np.float64) for p in net.parameters()]
    hidden = parts[0].T / scale[:, None]
    return MergeNetwork(hidden, parts[1] - mean @ hidden, parts[2][0], float(parts[3][0]))


def hierarchy_of(lesson: Lesson, net: MergeNetwork) -> Hierarchy:
    steps, costs = merge_cells(lesson.cells, lesson.n_cells, lesson.evidence, net)
    return Hierarchy(lesson.cells, lesson.n_cells, steps, costs)


def judge(lessons: list[Lesson], net: MergeNetwork) -> None:
    rows = np.array(
        [[lesson.judge(h, cost) for cost in COSTS] for lesson in lessons for h in [hierarchy_of(lesson, net)]]
    )
    means = rows.mean(axis=0)
    print("  cost regions covering PRI   VI")
    for cost, row in zip(COSTS, means, strict=True):
        if row[1] > means[:, 1].max() - 0.06:
            print(f"  {cost:.3f} {row[0]:5.1f}   {row[1]:.3f}  {row[2]:.3f} {row[3]:.3f}")
    print(f"  best cut of each: {rows[:, :, 1].max(axis=1).mean():.3f}", flush=True)


def rounded(values: Floats) -> str:
    return np.array2string(
        values, separator=", ", max_line_width=116, threshold=10**6, formatter={"all": "{:.4g}".format}
    )


def write(net: MergeNetwork) -> None:
    path = Path(network.__file__)
    text = path.read_text()
    start = text.index("LEARNED = ")
    parts = [f"np.array({rounded(each)})" for each in (net.hidden, net.hidden_biases, net.output)]
    path.write_text(f"{text[:start]}LEARNED = MergeNetwork({', '.join(parts)}, {net.output_bias:.4g})\n")


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0] if __doc__ else None)
    parser.add_argument("folder", type=Path, help="folder of the data of BSDS500")
    parser.add_argument("--step", type=int, default=1, help="every so-many-th picture, by name")
    parser.add_argument("--hold-out", action="store_true")
    parser.add_argument("--write", action="store_true")
    parser.add_argument("--seed", type=int, default=0)
    arguments = parser.parse_args()
    lessons = read_lessons(arguments.folder, arguments.step)
    learned, judged = (lessons[::2], lessons[1::4]) if arguments.hold_out else (lessons, lessons[1::4])
    net = first_network(
        len(lessons[0].evidence.fine) + len(lessons[0].evidence.half) + len(lessons[0].evidence.quarter) + N_OF_REGIONS
    )
    pairs = []
    for round_ in range(ROUNDS):
        pairs += [lesson.pairs(hierarchy_of(lesson, net)) for lesson in learned]
        print("pairs are there", flush=True)
        features, apart, weights = (np.concatenate(each) for each in zip(*pairs, strict=True))
        net = fit(features, apart, weights, arguments.seed)
        if arguments.hold_out or round_ == ROUNDS - 1:
            judge(judged, net)
    if arguments.write:
        write(net)


if __name__ == "__main__":
    main()
