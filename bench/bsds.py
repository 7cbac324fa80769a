"""Measures of segmentations against those that several people drew, as in the BSDS500 benchmark.

P. Arbelaez and others, "Contour detection and hierarchical image segmentation", 2011. The data are for research only
and are read from a folder that the caller names; nothing of them is kept.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
from scipy.io import loadmat  # type: ignore[import-untyped]
from scipy.ndimage import distance_transform_edt  # type: ignore[import-untyped]
from scipy.sparse import csr_matrix  # type: ignore[import-untyped]
from scipy.sparse.csgraph import maximum_flow  # type: ignore[import-untyped]
from skimage.morphology import thin

Labels = npt.NDArray[Any]
Mask = npt.NDArray[np.bool_]


def pictures_of(folder: Path, part: str, step: int) -> list[tuple[Path, list[Labels]]]:
    """Return every `step`-th picture of a part ("train", "val" or "test"), by name, with what people drew on it."""
    data = next(each for each in (folder, folder / "data", folder / "BSDS500" / "data") if (each / "images").is_dir())
    found = []
    for path in sorted((data / "images" / part).glob("*.jpg"))[::step]:
        drawn = loadmat(data / "groundTruth" / part / f"{path.stem}.mat")["groundTruth"][0]
        found.append((path, [each["Segmentation"][0, 0].astype(np.int64) for each in drawn]))
    return found


def together(a: Labels, b: Labels) -> npt.NDArray[np.float64]:
    """Return how many pixels each pair of labels shares, (n_a, n_b)."""
    _, first = np.unique(a, return_inverse=True)
    _, second = np.unique(b, return_inverse=True)
    n = int(second.max()) + 1
    counts = np.bincount(first.reshape(-1) * n + second.reshape(-1), minlength=(int(first.max()) + 1) * n)
    return counts.reshape(-1, n).astype(np.float64)


def covering(shared: npt.NDArray[np.float64]) -> float:
    """Return the covering of the second partition by the first, 0 to 1: the best overlap of each region, by area."""
    rows, columns = shared.sum(axis=1), shared.sum(axis=0)
    overlap = shared / (rows[:, None] + columns[None, :] - shared)
    return float((overlap.max(axis=0) * columns).sum() / columns.sum())


def rand_index(shared: npt.NDArray[np.float64]) -> float:
    """Return the part of the pairs of pixels that both partitions treat alike; its mean over people is the PRI."""
    n = shared.sum()
    squares = np.square(shared).sum()
    unlike = np.square(shared.sum(axis=1)).sum() + np.square(shared.sum(axis=0)).sum() - 2 * squares
    return float(1 - unlike / (n * (n - 1)))


def variation_of_information(shared: npt.NDArray[np.float64]) -> float:
    """Return the variation of information in bits (M. Meila, "Comparing clusterings", 2005)."""
    p = shared / shared.sum()

    def entropy(q: npt.NDArray[np.float64]) -> float:
        q = q[q > 0]
        return float(-(q * np.log2(q)).sum())

    return 2 * entropy(p) - entropy(p.sum(axis=1)) - entropy(p.sum(axis=0))


def outlines(labels: Labels) -> Mask:
    """Return the thinned lines between regions, on the pixels' own grid."""
    lines = np.zeros(labels.shape, dtype=bool)
    lines[:, :-1] |= labels[:, :-1] != labels[:, 1:]
    lines[:-1] |= labels[:-1] != labels[1:]
    lines[:-1, :-1] |= labels[:-1, :-1] != labels[1:, 1:]
    return np.asarray(thin(lines), dtype=bool)


def matched(found: Mask, drawn: Mask, reach: float) -> tuple[Mask, int]:
    """Match the pixels of two sets of lines one to one, as many as can be, none farther than `reach`.

    The published protocol minimizes distances too, with a price of an unmatched pixel that no
    distance makes up for: how many are matched is the same.

    Returns
    -------
    ndarray of bool, (height, width)
        The pixels of `found` that are matched.
    int
        How many pixels of `drawn` are.
    """
    width = found.shape[1]
    ys, xs = np.nonzero(found)
    number = np.full(drawn.shape, -1, dtype=np.int64)
    number[drawn] = np.arange(drawn.sum())
    far = int(reach)
    rows, columns = [], []
    for dy in range(-far, far + 1):
        for dx in range(-far, far + 1):
            if dy * dy + dx * dx > reach * reach:
                continue
            y, x = ys + dy, xs + dx
            inside = (y >= 0) & (y < found.shape[0]) & (x >= 0) & (x < width)
            other = np.full(len(ys), -1, dtype=np.int64)
            other[inside] = number[y[inside], x[inside]]
            rows.append(np.flatnonzero(other >= 0))
            columns.append(other[other >= 0])
    row, column = np.concatenate(rows), np.concatenate(columns)
    # As a flow from a source through both sets to a sink: SciPy's matching takes minutes for some pictures.
    n_found, n_drawn = len(ys), int(drawn.sum())
    source, sink = n_found + n_drawn, n_found + n_drawn + 1
    tails = np.concatenate([np.full(n_found, source), row, np.arange(n_found, source)])
    heads = np.concatenate([np.arange(n_found), column + n_found, np.full(n_drawn, sink)])
    graph = csr_matrix((np.ones(len(tails), dtype=np.int32), (tails, heads)), shape=(sink + 1, sink + 1))
    result = maximum_flow(graph, source, sink)
    taken = result.flow[source].toarray().reshape(-1)[:n_found] > 0
    hit = np.zeros(found.shape, dtype=bool)
    hit[ys[taken], xs[taken]] = True
    return hit, int(result.flow_value)


def _f_measure(counts: npt.NDArray[np.int64]) -> float:
    right, found, recalled, drawn = (float(v) for v in counts)
    precision, recall = right / max(found, 1), recalled / max(drawn, 1)
    return 2 * precision * recall / max(precision + recall, 1e-12)


@dataclass
class Tally:
    """Sums over pictures of all measures of one way to cut them."""

    covered: list[float] = field(default_factory=list)
    rand: list[float] = field(default_factory=list)
    variation: list[float] = field(default_factory=list)
    regions: list[int] = field(default_factory=list)
    hits: npt.NDArray[np.int64] = field(default_factory=lambda: np.zeros(4, dtype=np.int64))
    near: npt.NDArray[np.int64] = field(default_factory=lambda: np.zeros(4, dtype=np.int64))

    def add(self, labels: Labels, drawn: list[Labels], reach: float | None) -> None:
        """Judge a partition into connected regions; lines are matched where `reach` is given (pixels)."""
        shared = [together(labels, each) for each in drawn]
        self.covered.append(float(np.mean([covering(each) for each in shared])))
        self.rand.append(float(np.mean([rand_index(each) for each in shared])))
        self.variation.append(float(np.mean([variation_of_information(each) for each in shared])))
        self.regions.append(len(shared[0]))
        if reach is None:
            return
        lines = outlines(labels)
        right, close = np.zeros(lines.shape, dtype=bool), np.zeros(lines.shape, dtype=bool)
        for each in drawn:
            theirs = outlines(each)
            hit, n_found = matched(lines, theirs, reach)
            right |= hit
            self.hits[2:] += n_found, int(theirs.sum())
            close |= lines & (distance_transform_edt(~theirs) <= reach)
            self.near[2:] += int((theirs & (distance_transform_edt(~lines) <= reach)).sum()), int(theirs.sum())
        self.hits[:2] += int(right.sum()), int(lines.sum())
        self.near[:2] += int(close.sum()), int(lines.sum())

    @property
    def boundary_f(self) -> float:
        """The F of precision and recall of boundary pixels that are matched one to one, pooled over pictures."""
        return _f_measure(self.hits)

    @property
    def near_f(self) -> float:
        """The same of boundary pixels that have any other within reach, matched or not."""
        return _f_measure(self.near)

    def row(self) -> str:
        """Return the measures as cells of a table."""
        fine = [float(np.mean(self.covered)), float(np.mean(self.rand)), self.boundary_f, self.near_f]
        covered, rand, matched_f, near_f = (f"{each:.3f}" for each in fine)
        rest = f"{np.mean(self.variation):.2f} | {matched_f} | {near_f} | {np.mean(self.regions):.0f}"
        return f"{covered} | {rand} | {rest}"
