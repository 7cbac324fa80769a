"""k-means over the pictures of a batch, all at once, where the batch is."""

from __future__ import annotations

from collections.abc import Iterator
from typing import NamedTuple

import torch
from torch import Tensor

from huepress.errors import InputError, LimitError, OptionError
from huepress.ml.packed import integer_between
from huepress.torch.oklab import oklab_of_srgb8, srgb8_of_oklab

# Distances that exist at a time: 64 MiB of float32 where kernels must be long, and what a cache holds on the CPU.
_DISTANCES_AT_ONCE = 1 << 24
_DISTANCES_AT_ONCE_ON_CPU = 1 << 17
# Coordinates are summed as integers of this part: their sums are the same in any order, so that threads and atomic
# additions of a GPU, which take turns at random, cannot change a bit. Coordinates are below 2.
_FIXED = 1 << 24
# Sums that threads of a GPU add to side by side.
_LANES = 32
# Sums stay below 2**63.
_MOST_PIXELS = 1 << 32
_LUMA = (299, 587, 114)


class PaletteBatch(NamedTuple):
    """What `kmeans_palette` found; `Expand` takes it.

    Attributes
    ----------
    indices : Tensor of uint8, (n, height, width)
    palettes : Tensor of uint8, (n, k, 3)
        sRGB, each from dark to light.
    """

    indices: Tensor
    palettes: Tensor


def kmeans_palette(
    pictures: Tensor, k: int, *, n_iterations: int = 10, seed: int = 0, start: Tensor | None = None
) -> PaletteBatch:
    """Fit a palette to each picture of a batch by k-means in Oklab, as one sequence of kernels on the batch's device.

    Meant for pictures that are on a GPU already: on the CPU `huepress.ml.quantize_batch` is many times as fast.
    Lloyd's algorithm (1982) from a start by k-means++ (Arthur and Vassilvitskii 2007), for all pictures together.

    Parameters
    ----------
    pictures : Tensor of uint8, or floating in [0, 1], (n, 3, height, width)
        sRGB; floating values are rounded to 8 bits.
    k : int
        Colors of a palette, 2 to 256.
    n_iterations : int
        0 to 1000. A picture that settles earlier no longer changes.
    seed : int
        Of the start.
    start : Tensor of uint8, (n, k, 3), optional
        Palettes to start from instead, sRGB.

    Returns
    -------
    PaletteBatch

    Raises
    ------
    OptionError
        If an option makes no sense.
    InputError
        If pictures are of another shape or kind, or have no pixels.
    LimitError
        If a picture has 2**32 pixels or more.

    Notes
    -----
    The same input, options and seed give the same bits on the same device, whatever the order in which it adds: sums
    are integers. Another device may compute a cube root that differs in its last bit.

    From the same start and after as many iterations the palettes are those of ``huepress.KMeans(k, init=start,
    max_iter=n_iterations, tol=0)`` over the pixels in Oklab within 1 of 255: the core computes with twice the digits,
    so that a pixel halfway between two colors may go to the other one. A color that no pixel is nearest to moves to the
    pixel that is farthest from its own color, as in the core. A picture of fewer than k colors has some of them twice;
    no index points to the second.

    Examples
    --------
    >>> import torch
    >>> from huepress.torch import kmeans_palette
    >>> halves = torch.tensor([10, 20, 200, 210], dtype=torch.uint8).expand(1, 3, 2, 4)
    >>> found = kmeans_palette(halves, 2)
    >>> found.indices[0, 0].tolist(), found.palettes[0, :, 0].tolist()
    ([0, 0, 1, 1], [15, 205])
    """
    colors = integer_between("k", k, 2, 256)
    rounds = integer_between("n_iterations", n_iterations, 0, 1000)
    pixels_srgb8 = as_srgb8(pictures).flatten(2)
    n, _, n_pixels = pixels_srgb8.shape
    if n_pixels == 0:
        raise InputError("a picture has no pixels")
    if n_pixels >= _MOST_PIXELS:
        raise LimitError("a picture has too many pixels", remedy="make it smaller")
    points_oklab = oklab_of_srgb8(pixels_srgb8)
    if start is None:
        centers_oklab = _spread(points_oklab, colors, integer_between("seed", seed, 0, 2**63 - 1))
    else:
        if start.dtype != torch.uint8 or start.shape != (n, colors, 3):
            raise OptionError(f"start must be uint8 of {(n, colors, 3)}, not {start.dtype} of {tuple(start.shape)}")
        centers_oklab = oklab_of_srgb8(start.to(points_oklab.device).movedim(1, 2))
    for _ in range(rounds):
        labels, errors = _nearest(points_oklab, centers_oklab)
        centers_oklab = _moved(points_oklab, centers_oklab, labels, errors)
    palettes_srgb8 = _dark_to_light(srgb8_of_oklab(centers_oklab))
    labels, _ = _nearest(points_oklab, oklab_of_srgb8(palettes_srgb8))
    indices = labels.to(torch.uint8).unflatten(1, tuple(pictures.shape[2:]))
    return PaletteBatch(indices, palettes_srgb8.movedim(1, 2).contiguous())


def as_srgb8(pictures: Tensor) -> Tensor:
    """Return pictures, (n, 3, height, width), as uint8; InputError where they are something else."""
    if pictures.dim() != 4 or pictures.shape[1] != 3:
        raise InputError(f"pictures must be n x 3 x height x width, not {tuple(pictures.shape)}")
    if pictures.dtype == torch.uint8:
        return pictures
    if not pictures.is_floating_point():
        raise InputError(f"pictures must be uint8, or floating in [0, 1], not {pictures.dtype}")
    return (pictures.detach().float().nan_to_num(0).clamp(0, 1) * 255).round().to(torch.uint8)


def _portions(n: int, n_pixels: int, k: int, at_once: int) -> Iterator[tuple[slice, slice]]:
    """Yield which pictures, and which of their pixels, are compared with k colors at a time."""
    width = max(1, min(n_pixels, at_once // k))
    height = max(1, at_once // (k * width))
    for row in range(0, n, height):
        for column in range(0, n_pixels, width):
            yield slice(row, row + height), slice(column, column + width)


def _squared(points: Tensor, centers: Tensor) -> Tensor:
    """Return squared distances, (n, k, n_pixels), of planes, (n, 3, n_pixels) and (n, 3, k).

    Term by term: the products of a matrix product, which would be faster still, may be rounded to 10 bits on a GPU.
    """
    result = (points[:, 0].unsqueeze(1) - centers[:, 0].unsqueeze(2)).square_()
    for axis in (1, 2):
        result += (points[:, axis].unsqueeze(1) - centers[:, axis].unsqueeze(2)).square_()
    return result


def _nearest(points: Tensor, centers: Tensor) -> tuple[Tensor, Tensor]:
    """Return the nearest center of each point, the lowest on ties, and the squared distance; both (n, n_pixels)."""
    n, _, n_pixels = points.shape
    labels = torch.empty((n, n_pixels), dtype=torch.int64, device=points.device)
    errors = torch.empty((n, n_pixels), dtype=torch.float32, device=points.device)
    at_once = _DISTANCES_AT_ONCE_ON_CPU if points.device.type == "cpu" else _DISTANCES_AT_ONCE
    for rows, columns in _portions(n, n_pixels, centers.shape[2], at_once):
        errors[rows, columns], labels[rows, columns] = _squared(points[rows, :, columns], centers[rows]).min(dim=1)
    return labels, errors


def _moved(points: Tensor, centers: Tensor, labels: Tensor, errors: Tensor) -> Tensor:
    """Return the mean of each center's points, (n, 3, k); for centers without points, the worst points."""
    n, n_pixels = labels.shape
    k = centers.shape[2]
    # Threads of a GPU that hold neighboring pixels, most of them of one color, would wait for each other at one sum.
    lanes = max(1, min(_LANES, n_pixels // (4 * k)))
    lane = torch.arange(n_pixels, device=labels.device) % lanes
    row = torch.arange(n, device=labels.device).unsqueeze(1)
    places = ((lane * n + row) * k + labels).flatten()
    zeros = torch.zeros(lanes * n * k, dtype=torch.int64, device=labels.device)

    def summed(values: Tensor) -> Tensor:
        return zeros.index_add(0, places, values).reshape(lanes, n, k).sum(0)

    counts = summed(torch.ones_like(places))
    least = counts.clamp(min=1)
    planes = []
    for plane in points.unbind(1):
        fixed = (plane.flatten() * _FIXED).round().to(torch.int64)
        sums = summed(fixed)
        planes.append(torch.div(sums + least // 2, least, rounding_mode="floor").float() / _FIXED)
    empty = counts == 0
    moved = torch.where(empty.unsqueeze(1), centers, torch.stack(planes, 1))
    return _refilled(points, moved, errors, empty) if bool(empty.any()) else moved


def _refilled(points: Tensor, centers: Tensor, errors: Tensor, empty: Tensor) -> Tensor:
    """Return centers, of which those without points lie on the points with the largest errors, as far as there are."""
    worst_errors, worst = errors.sort(dim=1, descending=True, stable=True)
    turn = (empty.cumsum(1) - 1).clamp(0, errors.shape[1] - 1)  # the first empty center gets the worst point
    misplaced = empty & (empty.cumsum(1) <= errors.shape[1]) & (worst_errors.gather(1, turn) > 0)
    pixels = worst.gather(1, turn).unsqueeze(1).expand(-1, 3, -1)
    return torch.where(misplaced.unsqueeze(1), points.gather(2, pixels), centers)


def _spread(points: Tensor, k: int, seed: int) -> Tensor:
    """Return a start by k-means++, (n, 3, k); its random numbers come from the CPU, its sums are integers."""
    n, _, n_pixels = points.shape
    draws = torch.rand((k, n), generator=torch.Generator().manual_seed(seed), dtype=torch.float64)
    chosen = (draws[0] * n_pixels).to(torch.int64).clamp(max=n_pixels - 1).to(points.device).unsqueeze(1)
    centers = [points.gather(2, chosen.unsqueeze(1).expand(-1, 3, -1))]
    errors = torch.full((n, n_pixels), torch.inf, device=points.device)
    for draw in draws[1:].to(torch.float32).to(points.device):
        errors = torch.minimum(errors, _squared(points, centers[-1]).squeeze(1))
        sums = (errors * _FIXED).to(torch.int64).cumsum(1)
        total = sums[:, -1]
        target = torch.minimum((draw * total).to(torch.int64), total - 1)
        chosen = torch.searchsorted(sums, target.unsqueeze(1), right=True).clamp(max=n_pixels - 1)
        centers.append(points.gather(2, chosen.unsqueeze(1).expand(-1, 3, -1)))
    return torch.cat(centers, 2)


def _dark_to_light(palettes_srgb8: Tensor) -> Tensor:
    """Return palettes, (n, 3, k), each in the order of its luma, red, green and blue."""
    red, green, blue = palettes_srgb8.to(torch.int64).unbind(1)
    luma = _LUMA[0] * red + _LUMA[1] * green + _LUMA[2] * blue
    order = (luma << 24 | red << 16 | green << 8 | blue).argsort(dim=1)
    return palettes_srgb8.gather(2, order.unsqueeze(1).expand(-1, 3, -1))
