"""The textbook's error diffusion, pixel by pixel, in whole sixteenths, along a serpentine and along a curve."""

import numpy as np


def diffuse_errors(colors, color_of, entries, fixed, allowed, entry_class, strength=16):
    """Floyd and Steinberg along a serpentine: 7/16 ahead, 3/16, 5/16 and 1/16 below."""
    height, width = color_of.shape
    used = np.concatenate([entries, colors[np.unique(color_of)]])
    low, high = used.min(axis=0), used.max(axis=0)
    errors = np.zeros((height + 1, width + 2, colors.shape[1]), np.int64)
    indices = np.zeros((height, width), np.uint8)
    for y in range(height):
        step = 1 if y % 2 == 0 else -1
        for x in range(width)[::step]:
            color = color_of[y, x]
            if fixed[color] >= 0:
                indices[y, x] = fixed[color]
                continue
            wanted = np.clip(colors[color] + (errors[y, x + 1] + 8) // 16, low, high)
            distances = np.square(wanted - entries).sum(axis=1)
            distances[(allowed[color] >> entry_class) & 1 == 0] = np.iinfo(np.int64).max
            best = int(np.argmin(distances))
            indices[y, x] = best
            error = (strength * (wanted - entries[best]) + 8) // 16
            errors[y, x + 1 + step] += 7 * error
            errors[y + 1, x + 1 - step] += 3 * error
            errors[y + 1, x + 1] += 5 * error
            errors[y + 1, x + 1 + step] += error
    return indices


def curve(side):
    """Hilbert's curve over a square, side by side (D. Hilbert 1891): rows of x and y."""
    if side == 1:
        return np.zeros((1, 2), int)
    half = curve(side // 2)
    turned, n = half[:, ::-1], side // 2
    shifted = [half + np.array(by) for by in ((0, n), (n, n))]
    return np.concatenate([turned, *shifted, np.array([2 * n - 1, n - 1]) - turned])


def diffuse_along_curve(colors, color_of, entries, fixed, allowed, entry_class, strength=16):
    """Riemersma's: each pixel is handed 6/16 of what the one before it was, and 10/16 of the error there."""
    height, width = color_of.shape
    used = np.concatenate([entries, colors[np.unique(color_of)]])
    low, high = used.min(axis=0), used.max(axis=0)
    handed = np.zeros(colors.shape[1], np.int64)
    indices = np.zeros((height, width), np.uint8)
    side = 1
    while side < max(height, width):
        side *= 2
    for x, y in curve(side):
        if x >= width or y >= height:
            continue
        color = color_of[y, x]
        if fixed[color] >= 0:
            indices[y, x] = fixed[color]
            continue
        wanted = np.clip(colors[color] + handed, low, high)
        distances = np.square(wanted - entries).sum(axis=1)
        distances[(allowed[color] >> entry_class) & 1 == 0] = np.iinfo(np.int64).max
        best = int(np.argmin(distances))
        indices[y, x] = best
        error = (strength * (wanted - entries[best]) + 8) // 16
        handed = (6 * handed + 10 * error + 8) // 16
    return indices
