"""Random rules about which entries of a palette the colors of a picture may take."""

import numpy as np


def random_rules(rng, n_colors, k):
    """Return what `huepress.engine.error_diffusion.EntryRules` holds; every color has an entry that it may take."""
    entry_class = rng.integers(0, 3, k).astype(np.uint8)
    there = int(np.bitwise_or.reduce(1 << entry_class.astype(int)))
    allowed = rng.integers(1, 8, n_colors).astype(np.uint8)
    allowed[(allowed & there) == 0] = 7
    fixed = np.where(rng.random(n_colors) < 0.2, rng.integers(0, k, n_colors), -1).astype(np.int16)
    return {"fixed": fixed, "allowed": allowed, "entry_class": entry_class}
