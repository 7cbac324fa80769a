"""Resampling with Lanczos' kernel in linear light, as matrices in double precision."""

import numpy as np

LOBES = 3


def weights(before, after):
    """Return the (after, before) matrix of an axis; the kernel is stretched where the picture becomes smaller."""
    scale = before / after
    stretch = max(scale, 1.0)
    centers = (np.arange(after) + 0.5) * scale
    distance = (np.arange(before)[None, :] + 0.5 - centers[:, None]) / stretch
    kernel = np.where(np.abs(distance) < LOBES, np.sinc(distance) * np.sinc(distance / LOBES), 0.0)
    return kernel / kernel.sum(axis=1, keepdims=True)


def to_light(codes):
    values = codes / 255.0
    return np.where(values <= 0.04045, values / 12.92, ((values + 0.055) / 1.055) ** 2.4)


def to_codes(light):
    clipped = np.clip(light, 0, 1)
    return 255 * np.where(clipped <= 0.0031308, clipped * 12.92, 1.055 * clipped ** (1 / 2.4) - 0.055)


def resample(pixels_srgb8, width, height):
    """Return (height, width, channels) float64 codes, not yet rounded, and the alpha's."""
    rows, columns = weights(pixels_srgb8.shape[0], height), weights(pixels_srgb8.shape[1], width)
    alpha = pixels_srgb8[..., 3:] / 255.0 if pixels_srgb8.shape[2] == 4 else np.ones((*pixels_srgb8.shape[:2], 1))
    planes = np.concatenate([to_light(pixels_srgb8[..., :3]) * alpha, alpha], axis=2)
    small = np.einsum("yi,ijc,xj->yxc", rows, planes, columns, optimize=True)
    cover = small[..., 3:]
    return to_codes(small[..., :3] / np.maximum(cover, 0.5 / 255)), 255 * np.clip(cover[..., 0], 0, 1)
