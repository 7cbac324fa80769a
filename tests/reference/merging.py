"""Edges, basins and the merging of regions by their borders, one pixel or one pair at a time."""

import math

import numpy as np


def _mirrored(values, reach):
    return np.pad(values, ((reach, reach), (reach, reach), (0, 0)), mode="symmetric")


def edge_strengths(values, sigma):
    """Filter with whole two-dimensional kernels in double precision, then take eigenvalues of the structure tensor."""
    height, width, _ = values.shape
    reach = max(1, int(3 * sigma + 0.5))
    x = np.arange(-reach, reach + 1, dtype=np.float64)
    gaussian = np.exp(-(x**2) / (2 * sigma**2))
    smooth, change = gaussian / gaussian.sum(), x * gaussian / (x**2 * gaussian).sum()
    padded = _mirrored(values.astype(np.float64), reach)
    strengths = np.empty((height, width))
    for at in np.ndindex(height, width):
        window = padded[at[0] : at[0] + 2 * reach + 1, at[1] : at[1] + 2 * reach + 1]
        across = np.einsum("y,x,yxc->c", smooth, change, window)
        down = np.einsum("y,x,yxc->c", change, smooth, window)
        tensor = np.array([[across @ across, across @ down], [across @ down, down @ down]])
        strengths[at] = sigma * math.sqrt(max(0.0, np.linalg.eigvalsh(tensor)[-1]))
    return strengths


def _beside(at, shape):
    y, x = at
    for other in ((y - 1, x), (y, x - 1), (y, x + 1), (y + 1, x)):
        if 0 <= other[0] < shape[0] and 0 <= other[1] < shape[1]:
            yield other


def mark_minima(heights, labels):
    """Grow every plateau whole and look at all that lies beside it."""
    marked = np.where(labels == -2, -2, -1).astype(np.int32)
    seen = labels == -2
    n = 0
    for start in np.ndindex(heights.shape):
        if seen[start]:
            continue
        plateau, lowest = {start}, True
        waiting = [start]
        while waiting:
            at = waiting.pop()
            for other in _beside(at, heights.shape):
                if labels[other] == -2:
                    continue
                if heights[other] == heights[at] and other not in plateau:
                    plateau.add(other)
                    waiting.append(other)
                lowest &= bool(heights[other] >= heights[at])
        for at in plateau:
            seen[at] = True
            if lowest:
                marked[at] = n
        n += lowest
    return marked, n


def flood(heights, labels):
    """Take the pixel that waits at the lowest level, of these the one that has waited longest."""
    flooded = labels.astype(np.int32).copy()
    waiting = []

    def spread(at, level):
        for other in _beside(at, heights.shape):
            if flooded[other] == -1:
                flooded[other] = flooded[at]
                waiting.append((max(level, int(heights[other])), len(order), other))
                order.append(other)

    order = []
    for at in np.ndindex(heights.shape):
        if labels[at] >= 0:
            spread(at, 0)
    while waiting:
        lowest = min(waiting)
        waiting.remove(lowest)
        spread(lowest[2], lowest[0])
    return flooded


def merge_by_borders(regions, strengths, textures, colors, border_weight, color_weight, vivid_weight, area_exponent):
    """Measure every pair of neighbors anew before each step."""
    regions = regions.copy()
    n_pixels = (regions >= 0).sum()
    steps, costs = [], []
    while True:
        borders = {}
        for at in np.ndindex(regions.shape):
            for other in ((at[0], at[1] + 1), (at[0] + 1, at[1])):
                if other[0] == regions.shape[0] or other[1] == regions.shape[1]:
                    continue
                pair = tuple(sorted((int(regions[at]), int(regions[other]))))
                if pair[0] != pair[1] and pair[0] >= 0:
                    borders.setdefault(pair, []).append((float(strengths[at]) + float(strengths[other])) / 2)
        if not borders:
            return np.array(steps, dtype=np.int32).reshape(-1, 2), np.array(costs)

        def cost(pair, borders=borders):
            a, b = (regions == region for region in pair)
            size = a.sum() * b.sum() / ((a.sum() + b.sum()) * n_pixels)
            apart = [
                np.linalg.norm(each[a].mean(axis=0, dtype=float) - each[b].mean(axis=0, dtype=float))
                for each in (textures, colors)
            ]
            means = [colors[each].mean(axis=0, dtype=float)[1:3] for each in (a, b)]
            vivid = 1 + vivid_weight * max(0, np.linalg.norm(means[0] - means[1]) - 0.12)
            return (
                vivid
                * size**area_exponent
                * (apart[0] + border_weight * np.mean(borders[pair]) + color_weight * apart[1])
            )

        all_costs = {pair: cost(pair) for pair in borders}
        best = min(borders, key=lambda pair: (all_costs[pair], pair))
        steps.append(best)
        costs.append(max([all_costs[best], *costs[-1:]]))
        regions[regions == best[1]] = best[0]
