"""sRGB, Oklab and alpha in NumPy, from the published definitions."""

import numpy as np

M1 = np.array(
    [
        [0.4122214708, 0.5363325363, 0.0514459929],
        [0.2119034982, 0.6806995451, 0.1073969566],
        [0.0883024619, 0.2817188376, 0.6299787005],
    ]
)
M2 = np.array(
    [
        [0.2104542553, 0.7936177850, -0.0040720468],
        [1.9779984951, -2.4285922050, 0.4505937099],
        [0.0259040371, 0.7827717662, -0.8086757660],
    ]
)


def srgb8_to_oklab(rgb8):
    """B. Ottosson 2020, after IEC 61966-2-1."""
    v = np.asarray(rgb8) / 255.0
    linear = np.where(v <= 0.04045, v / 12.92, ((v + 0.055) / 1.055) ** 2.4)
    return np.cbrt(linear @ M1.T) @ M2.T


def oklab_to_srgb8(oklab):
    """The inverse, rounded; each channel is clipped."""
    linear = (np.asarray(oklab) @ np.linalg.inv(M2).T) ** 3 @ np.linalg.inv(M1).T
    v = np.where(linear <= 0.0031308, 12.92 * linear, 1.055 * np.maximum(linear, 0.0031308) ** (1 / 2.4) - 0.055)
    return (v.clip(0, 1) * 255).round().astype(np.uint8)


def squared_error_on(background, a_rgba8, b_rgba8):
    """Return the summed squared difference of two colors composited on a gray background."""
    (a, alpha_a), (b, alpha_b) = ((c[..., :3].astype(float), c[..., 3:] / 255.0) for c in (a_rgba8, b_rgba8))
    on_a, on_b = (c * alpha + background * (1 - alpha) for c, alpha in ((a, alpha_a), (b, alpha_b)))
    return np.square(on_a - on_b).sum(axis=-1)
