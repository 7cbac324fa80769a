"""Regions that people would draw: cells merged by what lies on their border, and the whole hierarchy of them."""

from __future__ import annotations

from dataclasses import dataclass
from numbers import Integral

import numpy as np
import numpy.typing as npt

from huepress import _core
from huepress.segmentation.cells import Evidence, Labels, find_cells, find_evidence, redrawn, small_enough
from huepress.segmentation.levels import Level
from huepress.segmentation.network import LEARNED, MergeNetwork
from huepress.segmentation.options import AUTO, RegionsAsked, check_regions

# The cost up to which "auto" merges; chosen on the training pictures of BSDS500 (bench/learn_merging.py).
AUTO_COST = 0.9
_VIVID_WEIGHT, _FLAT_WEIGHT = 16.0, 1.0


@dataclass(frozen=True, eq=False, repr=False)
class Hierarchy:
    """All regions of a picture, from small cells to as few as there can be; each cut of it is looked up.

    Attributes
    ----------
    cells : ndarray of int32, (height, width)
        The smallest regions, 0 and up; -1 where the picture is not visible.
    n_cells : int
    steps : ndarray of int32, (n, 2)
        Pairs of cells: the region of the first takes in that of the second. In the order of their costs.
    costs : ndarray of float64, (n,)
        What each step costs, never less than the one before it.
    """

    cells: Labels
    n_cells: int
    steps: Labels
    costs: npt.NDArray[np.float64]

    def __repr__(self) -> str:
        return f"Hierarchy({self.n_cells} cells, {self.n_cells - len(self.steps)} regions at least)"

    def n_steps(self, regions: RegionsAsked = AUTO) -> int:
        """Return how many steps lead to a number of regions (int), or cost no more than a threshold (float)."""
        check_regions(regions)
        if isinstance(regions, str):
            regions = AUTO_COST
        if isinstance(regions, Integral):
            return max(0, min(len(self.steps), self.n_cells - int(regions)))
        return int(np.searchsorted(self.costs, regions, side="right"))

    def cut(self, regions: RegionsAsked = AUTO) -> Labels:
        """Return the regions at one height of the hierarchy.

        Parameters
        ----------
        regions : "auto", int or float
            As for `huepress.segment`.

        Returns
        -------
        ndarray of int32, (height, width)
            0 and up without gaps; -1 where the picture is not visible.

        Raises
        ------
        OptionError
            If `regions` is none of these or out of range.
        """
        region_of = list(range(self.n_cells))
        for into, taken in self.steps[: self.n_steps(regions)][::-1].tolist():
            region_of[taken] = region_of[into]
        _, numbers = np.unique(region_of, return_inverse=True)
        cut: Labels = np.append(numbers, -1).astype(np.int32)[self.cells]
        return cut


def find_hierarchy(level: Level, *, seed: int, threads: int) -> Hierarchy:
    """Cut a picture into cells and merge them, the cheapest pair first; see core/segment/merge.hpp for the cost.

    Parameters
    ----------
    level : Level
        Full size, colors only. Large pictures are merged at a smaller size; cells are drawn at full size.
    """
    if level.visible is not None and not level.visible.any():
        empty = np.zeros((0, 2), dtype=np.int32)
        return Hierarchy(np.full(level.shape, -1, dtype=np.int32), 0, empty, np.zeros(0))
    levels = small_enough(level)
    evidence = find_evidence(levels[-1], seed=seed, threads=threads)
    cells, n_cells = find_cells(levels[-1], evidence.heights)
    steps, costs = merge_cells(cells, n_cells, evidence, LEARNED)
    for finer in levels[-2::-1]:
        cells = redrawn(cells, finer, threads)
    return Hierarchy(cells, n_cells, steps, costs)


def merge_cells(
    cells: Labels, n_cells: int, evidence: Evidence, network: MergeNetwork
) -> tuple[Labels, npt.NDArray[np.float64]]:
    """Return the steps and costs of a `Hierarchy`."""
    return _core.merge_by_borders(
        cells,
        evidence.fine,
        evidence.half,
        evidence.quarter,
        evidence.textures,
        evidence.details,
        evidence.colors,
        n_regions=n_cells,
        hidden=network.hidden,
        hidden_biases=network.hidden_biases,
        output=network.output,
        output_bias=network.output_bias,
        vivid=_VIVID_WEIGHT,
        flat=_FLAT_WEIGHT,
    )
