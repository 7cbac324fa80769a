"""Packed indices pixel by pixel: what the core does with tables and bits of bytes."""

import numpy as np


def pack(indices, bits):
    """Return the indices of one picture as bytes, the first pixel in the highest bits."""
    text = "".join(f"{index:0{bits}b}" for index in np.ravel(indices).tolist())
    text += "0" * (-len(text) % 8)
    return np.array([int(text[at : at + 8], 2) for at in range(0, len(text), 8)], dtype=np.uint8)


def unpack(packed, n_pixels, bits):
    """Return the first n_pixels indices."""
    text = "".join(f"{byte:08b}" for byte in packed.tolist())
    return np.array([int(text[bits * i : bits * (i + 1)], 2) for i in range(n_pixels)], dtype=np.uint8)


def expand(packed, n_pixels, bits, palette_srgb8):
    """Return n_pixels x 3; indices past the palette are black."""
    padded = np.zeros((256, 3), dtype=np.uint8)
    padded[: len(palette_srgb8)] = palette_srgb8
    return padded[unpack(packed, n_pixels, bits)]


def nearest_entries(picture_srgb8, palette_srgb8):
    """Return the nearest palette entry of each pixel, the first on ties."""
    differences = picture_srgb8[..., None, :].astype(int) - palette_srgb8.astype(int)
    return np.square(differences).sum(axis=-1).argmin(axis=-1).astype(np.uint8)


def color_histogram(picture_srgb8):
    """Return the root of the share of pixels in each of 4 x 4 x 4 boxes."""
    counts = np.zeros((4, 4, 4))
    for red, green, blue in picture_srgb8.reshape(-1, 3) // 64:
        counts[red, green, blue] += 1
    return np.sqrt(counts / counts.sum()).ravel()
