"""Pictures whose segments are known, for judging segmentations."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

Floats = npt.NDArray[np.float64]
Pixels = npt.NDArray[np.uint8]
Labels = npt.NDArray[np.int32]

_LEAST_DIFFERENCE = 90  # between two colors, in sRGB codes


def known_regions(
    width: int = 768, height: int = 512, n_segments: int = 6, noise: float = 0.0, seed: int = 0
) -> tuple[Pixels, Labels]:
    """Draw warped cells, disks and bars in a few colors, softly lit, with noise.

    Parameters
    ----------
    width, height : int
    n_segments : int
        Number of colors; each covers several regions.
    noise : float
        Standard deviation of the Gaussian noise on every channel, in sRGB codes.
    seed : int

    Returns
    -------
    pixels : ndarray of uint8, (height, width, 3)
        Anti-aliased from four samples a pixel.
    labels : ndarray of int32, (height, width)
        The color of each pixel's first sample.
    """
    rng = np.random.default_rng(seed)
    colors = _distinct_colors(rng, n_segments)
    fine = _draw(rng, 2 * width, 2 * height, n_segments)
    samples = colors[fine].reshape(height, 2, width, 2, 3).mean(axis=(1, 3))
    y, x = np.mgrid[0:height, 0:width] / max(width, height)
    angle = rng.uniform(0, 2 * np.pi)
    light = 1 + 0.06 * (np.cos(angle) * (x - x.mean()) + np.sin(angle) * (y - y.mean())) * 2
    noisy = samples * light[..., None] + rng.normal(0, noise, samples.shape)
    return np.rint(np.clip(noisy, 0, 255)).astype(np.uint8), fine[::2, ::2].copy()


def _distinct_colors(rng: np.random.Generator, n: int) -> Floats:
    colors: list[Floats] = []
    while len(colors) < n:
        candidates = rng.uniform(20, 235, (64, 3))
        if not colors:
            colors.append(candidates[0])
            continue
        nearest = np.linalg.norm(candidates[:, None] - np.array(colors)[None], axis=2).min(axis=1)
        good = np.flatnonzero(nearest >= _LEAST_DIFFERENCE)
        colors.append(candidates[good[0] if len(good) else nearest.argmax()])
    return np.array(colors)


def _draw(rng: np.random.Generator, width: int, height: int, n: int) -> Labels:
    size = max(width, height)
    y, x = np.mgrid[0:height, 0:width].astype(np.float64) / size
    phases = rng.uniform(0, 2 * np.pi, 4)
    warped_x = x + 0.02 * np.sin(y * 19 + phases[0]) + 0.008 * np.sin(y * 53 + phases[1])
    warped_y = y + 0.02 * np.sin(x * 17 + phases[2]) + 0.008 * np.sin(x * 47 + phases[3])
    sites = rng.uniform(0, 1, (5 * n, 2)) * [width / size, height / size]
    nearest = np.full(x.shape, np.inf)
    labels = np.zeros(x.shape, dtype=np.int32)
    for number, (site_x, site_y) in enumerate(sites):
        distance = (warped_x - site_x) ** 2 + (warped_y - site_y) ** 2
        closer = distance < nearest
        nearest[closer] = distance[closer]
        labels[closer] = number % n
    for number in range(2 * n):  # disks
        at, radius = rng.uniform(0, 1, 2) * [width / size, height / size], rng.uniform(0.012, 0.05)
        labels[(x - at[0]) ** 2 + (y - at[1]) ** 2 < radius**2] = number % n
    for number in range(n):  # bars
        at, angle = rng.uniform(0, 1, 2) * [width / size, height / size], rng.uniform(0, np.pi)
        along = (x - at[0]) * np.cos(angle) + (y - at[1]) * np.sin(angle)
        across = (y - at[1]) * np.cos(angle) - (x - at[0]) * np.sin(angle)
        labels[(np.abs(along) < 0.12) & (np.abs(across) < 0.006)] = number % n
    return labels
