"""Slow twins of the spatial search's pieces: dense linear algebra instead of running sums."""

import re
from pathlib import Path

import numpy as np

HEADER = Path(__file__).parents[2] / "core" / "search" / "eye_filter.hpp"
# The causal filters of eye_filter.hpp: rows up x columns left (the middle column is the pixel's own).
FILTER, SMOOTH_FILTER = np.array(
    [[float(v) for v in re.findall(r"(-?[\d.]+)f", row)] for row in re.findall(r"^    \{.*", HEADER.read_text(), re.M)]
).reshape(2, 3, -1)


def visibility_roots(lightness: np.ndarray, strongest: float = 8.0, texture: float = 0.11) -> np.ndarray:
    windows = np.lib.stride_tricks.sliding_window_view(np.pad(lightness.astype(float), 2, "edge"), (5, 5))
    weight = 1 / (1 / strongest + (1 - 1 / strongest) * np.minimum(1, windows.std(axis=(2, 3)) / texture))
    return np.sqrt(weight / weight.mean())


def filtered(plane: np.ndarray, taps: np.ndarray = FILTER) -> np.ndarray:
    """Return B * plane on the plane enlarged so that nothing of the sum is lost."""
    height, width = plane.shape
    reach = taps.shape[1] // 2
    out = np.zeros((height + 2, width + 2 * reach))
    for up in range(taps.shape[0]):
        for left in range(-reach, reach + 1):
            out[up : up + height, left + reach : left + reach + width] += taps[up, left + reach] * plane
    return out


def refit(
    pixels: np.ndarray,
    roots: np.ndarray,
    indices: np.ndarray,
    palette: np.ndarray,
    fixed: np.ndarray,
    taps: np.ndarray = FILTER,
) -> np.ndarray:
    """Least squares over one column of filtered pixels per entry."""
    columns = [filtered(np.where(indices == k, roots, 0.0), taps).ravel() for k in range(len(palette))]
    error = (pixels - palette[indices]) * roots[..., None]
    right = np.stack([filtered(error[..., d], taps).ravel() for d in range(palette.shape[1])], axis=1)
    matrix = np.array(columns) @ np.array(columns).T
    matrix[np.diag_indices_from(matrix)] *= 1.01
    exact = (error == 0).all(axis=2)
    free = [
        k
        for k in range(len(palette))
        if not fixed[k] and (indices == k).any() and 2 * exact[indices == k].sum() <= (indices == k).sum()
    ]
    result = palette.astype(float)
    result[free] += np.linalg.solve(matrix[np.ix_(free, free)], (np.array(columns) @ right)[free])
    return result


def _seen(row: np.ndarray) -> np.ndarray:
    """What the eye sees of a row by itself: the filter over the pixel and those to its left."""
    taps = FILTER[0, FILTER.shape[1] // 2 :]
    return sum(tap * np.vstack([np.zeros((k, row.shape[1])), row[: len(row) - k]]) for k, tap in enumerate(taps))


def ranked(decided, points, from_above, roots, offsets, costs):
    """The cost of copying four pixels from each offset: (width, offsets), infinite where it does not reach."""
    height, width, _ = decided.shape
    target = roots[:, None] * _seen(points) + from_above
    found = np.full((width, len(offsets)), np.inf)
    for number, (left, up) in enumerate(offsets):
        source = np.full_like(target, np.nan)
        x = np.arange(width)
        there = (x - left >= 0) & (x - left < width)
        source[there] = _seen(decided[height - up])[x[there] - left]
        each = np.square(target - roots[:, None] * source).sum(axis=1)
        windows = np.lib.stride_tricks.sliding_window_view(each, 4).sum(axis=1)
        found[: len(windows), number] = np.where(np.isnan(windows), np.inf, windows) + costs[number]
    return found
