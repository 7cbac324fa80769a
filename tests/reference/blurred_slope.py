"""The slope of a blurred plane, by whole planes: a twin of core/score/blurred_slope.cpp."""

import numpy as np


def blurred_slope(plane, taps):
    """Blur down, then across, and return |grad| by central differences; float32 throughout, in the core's order."""
    reach = len(taps) // 2
    for axis in (0, 1):
        padded = np.moveaxis(
            np.pad(plane, [(reach, reach) if a == axis else (0, 0) for a in (0, 1)], mode="edge"), axis, 0
        )
        blurred = np.zeros_like(padded[: plane.shape[axis]])
        for k, tap in enumerate(taps):
            blurred += np.float32(tap) * padded[k : k + plane.shape[axis]]
        plane = np.moveaxis(blurred, 0, axis)
    padded = np.pad(plane, 1, mode="edge")
    across = padded[1:-1, 2:] - padded[1:-1, :-2]
    down = padded[2:, 1:-1] - padded[:-2, 1:-1]
    return np.float32(0.5) * np.sqrt(across * across + down * down)
