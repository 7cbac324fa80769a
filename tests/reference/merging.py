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


def border_features(regions, fine, half, quarter, textures, details, colors):
    """Measure every pair of neighbors from all of its pixels: {(a, b): features}."""
    at_full_size = []
    for size, maps in enumerate((fine, half, quarter)):
        y, x = np.indices(regions.shape) >> size
        at_full_size += [each[y, x].astype(float) for each in maps]
    n_pixels = (regions >= 0).sum()
    inside = np.sum(at_full_size, axis=0) if at_full_size else np.zeros(regions.shape)
    borders, outlines = {}, {}
    height, width = regions.shape
    for at in np.ndindex(regions.shape):
        for other in ((at[0], at[1] + 1), (at[0] + 1, at[1]), (at[0], at[1] - 1), (at[0] - 1, at[1])):
            mine, theirs = int(regions[at]), None
            if 0 <= other[0] < height and 0 <= other[1] < width:
                theirs = int(regions[other])
                if theirs in (mine, -1) or mine == -1:
                    continue
                if mine < theirs:
                    borders.setdefault((mine, theirs), []).append([(m[at] + m[other]) / 2 for m in at_full_size])
            outlines[mine] = outlines.get(mine, 0) + 1

    def measured(pair):
        a, b = sorted(pair, key=lambda r: ((regions == r).sum(), r))
        one, two = regions == a, regions == b
        means = [[each[r].mean(axis=0, dtype=float) for r in (one, two)] for each in (colors, textures, details)]
        light, hue = [np.delete(m, [1, 2]) for m in means[0]], [m[1:3] for m in means[0]]
        length = len(borders[pair])
        spread = [math.sqrt(max(0, colors[r].astype(float).var(axis=0).sum())) for r in (one, two)]
        return [
            *np.sqrt(np.mean(borders[pair], axis=0)),
            math.sqrt(np.linalg.norm(light[0] - light[1])),
            math.sqrt(np.linalg.norm(hue[0] - hue[1])),
            np.linalg.norm(means[1][0] - means[1][1]),
            math.sqrt(np.linalg.norm(means[2][0] - means[2][1])),
            *(math.sqrt(inside[r].mean()) for r in (one, two)),
            *(math.sqrt(each) for each in spread),
            *(math.log2(r.sum() / n_pixels) for r in (one, two)),
            math.sqrt(length / math.sqrt(one.sum())),
            length / outlines[a],
            math.sqrt(inside[regions >= 0].mean()),
        ]

    return {pair: np.array(measured(pair)) for pair in borders}


def merge_by_borders(regions, *evidence, hidden, hidden_biases, output, output_bias, vivid, flat):
    """Measure every pair of neighbors anew before each step."""
    regions = regions.copy()
    colors = evidence[-1]
    steps, costs = [], []
    while True:
        features = border_features(regions, *evidence)
        if not features:
            return np.array(steps, dtype=np.int32).reshape(-1, 2), np.array(costs)
        all_costs = {}
        for pair, x in features.items():
            z = np.maximum(x @ hidden + hidden_biases, 0) @ output + output_bias
            hues = [colors[regions == each].mean(axis=0, dtype=float)[1:3] for each in pair]
            apart = max(0, np.linalg.norm(hues[0] - hues[1]) - 0.12)
            means = [colors[regions == each].mean(axis=0, dtype=float) for each in pair]
            spreads = [math.sqrt(colors[regions == each].astype(float).var(axis=0).sum()) for each in pair]
            contrast = max(0, np.linalg.norm(means[0] - means[1]) / (sum(spreads) + 0.01) - 2)
            all_costs[pair] = (1 + z if z > 0 else 1 / (1 - z)) + vivid * apart + flat * contrast
        best = min(features, key=lambda pair: (all_costs[pair], pair))
        steps.append(best)
        costs.append(max([all_costs[best], *costs[-1:]]))
        regions[regions == best[1]] = best[0]
