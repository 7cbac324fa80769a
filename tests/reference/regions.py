"""Connected regions and their merging, one pixel at a time."""

import numpy as np


def label_regions(labels):
    """Flood from each pixel in reading order."""
    height, width = labels.shape
    regions = np.full(labels.shape, -1, dtype=np.int32)
    n = 0
    for start in np.ndindex(labels.shape):
        if regions[start] >= 0:
            continue
        regions[start] = n
        open_pixels = [start]
        while open_pixels:
            y, x = open_pixels.pop()
            for other in ((y - 1, x), (y + 1, x), (y, x - 1), (y, x + 1)):
                inside = 0 <= other[0] < height and 0 <= other[1] < width
                if inside and regions[other] < 0 and labels[other] == labels[start]:
                    regions[other] = n
                    open_pixels.append(other)
        n += 1
    return regions, n


def merge_small(labels, points, min_area, locked):
    """Merge the smallest region, number the regions anew, and so on; points are whole numbers."""
    labels = labels.copy()
    points = np.asarray(points, dtype=np.float64)
    while True:
        regions, n = label_regions(labels)
        areas = np.bincount(regions.reshape(-1), minlength=n)
        label_of = np.array([labels[regions == r][0] for r in range(n)])
        means = np.array([points[regions == r].sum(axis=0) / areas[r] for r in range(n)])
        merged = False
        for region in np.lexsort([np.arange(n), areas]):
            if areas[region] >= min_area or label_of[region] == locked:
                continue
            beside = sorted(_neighbors(regions, region) - {r for r in range(n) if label_of[r] == locked})
            if not beside:
                continue
            squares = [_squared(means[region] - means[other]) for other in beside]
            labels[regions == region] = label_of[beside[int(np.argmin(squares))]]
            merged = True
            break
        if not merged:
            return labels


def _squared(difference):
    total = 0.0
    for value in difference:
        total += value * value
    return total


def _neighbors(regions, region):
    mask = np.pad(regions == region, 1)
    outside = np.pad(regions, 1, constant_values=-1)
    found = set()
    for dy, dx in ((0, 1), (1, 0), (0, -1), (-1, 0)):
        found |= set(outside[np.roll(mask, (dy, dx), (0, 1))].tolist())
    return found - {-1, region}
