"""The textbook's error diffusion, pixel by pixel, in whole sixteenths."""

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
