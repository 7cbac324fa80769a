"""Direct search pixel by pixel, every sum in the order and the precision of the core's."""

import numpy as np

NEIGHBORS = ((1, 0), (-1, 0), (0, 1), (0, -1), (1, 1), (-1, 1), (1, -1), (-1, -1))
TILE, MOST_TRIED, LEAST_GAIN, SETTLED = 32, 32, np.float32(1e-8), 256


def felt_errors(errors, weights):
    """Of each pixel the errors around it, weighted; rows from above, in each from the left."""
    height, width = errors.shape[:2]
    reach = len(weights) // 2
    felt = np.zeros_like(errors)
    for y in range(height):
        for dy in range(max(-reach, -y), min(reach, height - 1 - y) + 1):
            for x in range(width):
                low, high = max(0, x - reach), min(width, x + reach + 1)
                taps = weights[dy + reach, low - x + reach : high - x + reach, None]
                felt[y, low:high] += taps * errors[y + dy, x]
    return felt


def tried_instead(entries):
    """Of each entry the nearest others, the lowest number first among equals."""
    apart = np.square(entries[:, None] - entries[None])
    apart = (apart[..., 0] + apart[..., 1]) + (apart[..., 2] + apart[..., 3])
    order = [[o for o in np.argsort(row, kind="stable") if o != e] for e, row in enumerate(apart)]
    return [each[:MOST_TRIED] for each in order]


def direct_search(
    colors, color_of, entries, fixed, allowed, entry_class, indices, far_weights, near_weights, n_passes, n_threads=1
):
    """Analoui and Allebach's search; tiles in four turns, so that those of a turn do not feel each other."""
    indices = indices.copy()
    height, width = color_of.shape
    weights = far_weights, near_weights
    felt = [felt_errors(colors[i][color_of] - entries[i][indices], weights[i]) for i in range(2)]
    tried = tried_instead(entries[0])

    def may_take(color, entry):
        return fixed[color] < 0 and allowed[color] >> entry_class[entry] & 1

    def loss_of(i, y, x, change):
        middle = len(weights[i]) // 2
        return change * (weights[i][middle, middle] * change - (felt[i][y, x] + felt[i][y, x]))

    def summed(lanes):
        return (lanes[0] + lanes[1]) + (lanes[2] + lanes[3])

    def swap_loss(i, y, x, dy, dx, change):
        middle = len(weights[i]) // 2
        bond = weights[i][middle + dy, middle + dx]
        both = loss_of(i, y, x, change) + loss_of(i, y + dy, x + dx, -change)
        return both + -(bond + bond) * (change * change)

    def change_to(y, x, entry):
        for i in range(2):
            change, reach = entries[i][entry] - entries[i][indices[y, x]], len(weights[i]) // 2
            for dy in range(max(-reach, -y), min(reach, height - 1 - y) + 1):
                low, high = max(0, x - reach), min(width, x + reach + 1)
                felt[i][y + dy, low:high] -= weights[i][dy + reach, low - x + reach : high - x + reach, None] * change
        indices[y, x] = entry

    def search(y, x):
        color, current = color_of[y, x], indices[y, x]
        if fixed[color] >= 0:
            return 0
        best, partner, least = current, None, -LEAST_GAIN
        for e in tried[current]:
            if may_take(color, e):
                losses = [loss_of(i, y, x, entries[i][e] - entries[i][current]) for i in range(2)]
                if (loss := summed(losses[0] + losses[1])) < least:
                    best, least = e, loss
        for dx, dy in NEIGHBORS:
            if not (0 <= x + dx < width and 0 <= y + dy < height):
                continue
            other = indices[y + dy, x + dx]
            if other != current and may_take(color, other) and may_take(color_of[y + dy, x + dx], current):
                losses = [swap_loss(i, y, x, dy, dx, entries[i][other] - entries[i][current]) for i in range(2)]
                if (loss := summed(losses[0] + losses[1])) < least:
                    best, partner, least = other, (y + dy, x + dx), loss
        if best == current:
            return 0
        change_to(y, x, best)
        if partner is not None:
            change_to(*partner, current)
        return 1

    for _ in range(n_passes):
        n_changed = 0
        for top, left in ((0, 0), (0, 1), (1, 0), (1, 1)):
            for y0 in range(TILE * top, height, 2 * TILE):
                for x0 in range(TILE * left, width, 2 * TILE):
                    for y in range(y0, min(y0 + TILE, height)):
                        n_changed += sum(search(y, x) for x in range(x0, min(x0 + TILE, width)))
        if n_changed * SETTLED < width * height:
            break
    return indices
