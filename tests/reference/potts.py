"""The Potts model of core/segment/potts.cpp, line by line in NumPy."""

import numpy as np

NEIGHBORS = [(dy, dx) for dy in (-1, 0, 1) for dx in (-1, 0, 1) if (dy, dx) != (0, 0)]


def data_costs(points, centers, scale):
    """Return (height, width, k) integer costs: float32, in the order of the coordinates."""
    difference = points[:, :, None, :].astype(np.float32) - centers[None, None].astype(np.float32)
    squared = np.add.accumulate(difference * difference, axis=3, dtype=np.float32)[..., -1]
    return np.minimum(squared * np.float32(scale) + np.float32(0.5), np.float32(1 << 20)).astype(np.int64)


def weight_of(dy, dx, straight):
    return straight if 0 in (dy, dx) else (straight * 46341 + 32768) // 65536


def energy(costs, labels, straight):
    """Return the energy; pixels labelled -1 take no part."""
    height, width = labels.shape
    seen = labels >= 0
    total = int(np.take_along_axis(costs, np.maximum(labels, 0)[..., None], 2)[..., 0][seen].sum())
    for dy, dx in [(0, 1), (1, -1), (1, 0), (1, 1)]:
        here = (slice(0, height - dy), slice(max(0, -dx), width - max(0, dx)))
        there = (slice(dy, height), slice(max(0, dx), width + min(0, dx)))
        unlike = (labels[here] != labels[there]) & seen[here] & seen[there]
        total += weight_of(dy, dx, straight) * int(unlike.sum())
    return total


def sweep(points, centers, labels, scale, straight):
    """Hold pixels, then solve even and odd rows, then even and odd columns."""
    costs = data_costs(points, centers, scale)
    labels = labels.copy()
    cheapest = np.sort(costs, axis=2)
    most = 4 * (straight + weight_of(1, 1, straight))
    second = cheapest[..., 1] if costs.shape[2] > 1 else np.full(labels.shape, 1 << 28)
    sure = (labels >= 0) & (second - cheapest[..., 0] > most)
    nearest = costs.argmin(axis=2)
    labels[sure] = nearest[sure]
    padded = np.pad(labels, 1, constant_values=-2)
    height, width = labels.shape
    agreeing = [padded[1 + dy : 1 + dy + height, 1 + dx : 1 + dx + width] == labels for dy, dx in NEIGHBORS]
    held = sure | ((labels == nearest) & np.all(agreeing, axis=0))
    for turned in (False, True):
        view = (labels.T, costs.transpose(1, 0, 2), held.T) if turned else (labels, costs, held)
        for parity in (0, 1):
            for y in range(parity, view[0].shape[0], 2):
                _solve_line(*view, y, straight)
    return labels


def _solve_line(labels, costs, held, y, straight):
    """Find the best labels of a row by dynamic programming over all of it but held pixels."""
    height, width = labels.shape
    k = costs.shape[2]
    for begin, end in _pieces((labels[y] >= 0) & ~held[y]):
        local = costs[y, begin:end].copy()
        for x in range(begin, end):
            for dy, dx in NEIGHBORS:
                on_the_line = dy == 0 and begin <= x + dx < end
                inside = 0 <= y + dy < height and 0 <= x + dx < width
                if inside and not on_the_line and labels[y + dy, x + dx] >= 0:
                    local[x - begin, labels[y + dy, x + dx]] -= weight_of(dy, dx, straight)
        path = np.zeros(k, dtype=np.int64)
        back = []
        for cost in local:
            best = int(path.argmin())
            jumps = path - path[best] > straight
            back.append(np.where(jumps, best, np.arange(k)))
            path = cost + np.minimum(path, path[best] + straight)
        label = int(path.argmin())
        for x in reversed(range(begin, end)):
            labels[y, x] = label
            label = int(back[x - begin][label])


def _pieces(open_pixels):
    edges = np.flatnonzero(np.diff(np.concatenate([[False], open_pixels, [False]])))
    return list(zip(edges[::2], edges[1::2], strict=True))
