"""Palettes and indices to colors, on the device that trains."""

from __future__ import annotations

from collections.abc import Sequence

import torch
from torch import Tensor, nn

from huepress.errors import InputError, OptionError
from huepress.torch.dataset import PackedBatch
from huepress.torch.oklab import srgb1_of_srgb8
from huepress.torch.packing import packed_size, unpack

# An index of 8 bits finds an entry, whatever it is: black, past those of its palette.
_ENTRIES = 256


def with_black(palettes: Tensor) -> Tensor:
    """Return palettes, ... x n_colors x 3, filled up to 256 entries."""
    return nn.functional.pad(palettes, (0, 0, 0, _ENTRIES - palettes.shape[-2]))


def look_up(colors: Tensor, indices: Tensor) -> Tensor:
    """Return pictures, ... x 3 x height x width, of palettes, ... x 3 x 256, and indices, ... x height x width."""
    places = indices.flatten(-2).to(torch.int64).unsqueeze(-2)
    flat = colors.gather(-1, places.expand(*places.shape[:-2], 3, -1))
    return flat.unflatten(-1, tuple(indices.shape[-2:]))


def _indices_of(batch: PackedBatch | tuple[Tensor, Tensor], device: torch.device) -> Tensor:
    """Return the indices of a batch as uint8, (n, height, width), or (height, width) of a single picture."""
    if not isinstance(batch, PackedBatch):
        if len(batch) != 2 or batch[0].dim() not in (2, 3) or batch[0].is_floating_point():
            raise InputError("must be a PackedBatch, or integers of (n x) height x width and palettes")
        return batch[0].to(device, non_blocking=True)
    n_pixels = batch.height * batch.width
    if batch.bits not in (1, 2, 4, 8) or batch.packed.shape[1:] != (packed_size(n_pixels, batch.bits),):
        raise InputError("the sizes of a PackedBatch do not fit its bytes", remedy="let collate make it")
    packed = batch.packed.to(device, non_blocking=True)
    return unpack(packed, batch.bits, n_pixels).unflatten(1, (batch.height, batch.width))


class Expand(nn.Module):
    """Look colors up on the device: indices of 1 to 8 bits and palettes travel there, instead of 24 bits a pixel.

    The first module of a network or a transform of its own. Pictures are the same bits as those of
    `huepress.ml.Dataset`, divided by 255; an index past its palette is black.

    Parameters
    ----------
    device : torch.device or str, optional
        Where to; where the module is by default, so that ``Sequential(Expand(), network).to("cuda")`` does it.
    dtype : torch.dtype
        Of the pictures; floating.
    mean, std : sequence of three float, optional
        Subtracted from, and divided by, red, green and blue in [0, 1]; done to the palettes, not to each pixel.

    Raises
    ------
    OptionError
        If an option makes no sense.
    InputError
        If what it is called with is no batch.
    """

    _mean: Tensor
    _std: Tensor

    def __init__(
        self,
        device: torch.device | str | None = None,
        dtype: torch.dtype = torch.float32,
        mean: Sequence[float] | None = None,
        std: Sequence[float] | None = None,
    ) -> None:
        super().__init__()
        if not dtype.is_floating_point:
            raise OptionError(f"dtype must be a floating one, not {dtype}")
        self.dtype = dtype
        for name, values, otherwise in (("mean", mean, 0.0), ("std", std, 1.0)):
            given = torch.full((3,), otherwise) if values is None else torch.tensor(list(values), dtype=torch.float32)
            if (
                given.shape != (3,)
                or not bool(given.isfinite().all())
                or (name == "std" and not bool((given > 0).all()))
            ):
                raise OptionError(f"{name} must be three finite numbers, of std above 0, not {values!r}")
            self.register_buffer(f"_{name}", given.to(device), persistent=False)

    def forward(self, batch: PackedBatch | tuple[Tensor, Tensor]) -> Tensor:
        """Return pictures.

        Parameters
        ----------
        batch : PackedBatch, or (indices, palettes)
            Indices of integers, n x height x width, and palettes of uint8, n x n_colors x 3; or both without n.

        Returns
        -------
        Tensor, (n, 3, height, width) or (3, height, width)
            sRGB in [0, 1], normalized where `mean` and `std` are given.
        """
        palettes = (batch.palettes if isinstance(batch, PackedBatch) else batch[1]).to(
            self._mean.device, non_blocking=True
        )
        indices = _indices_of(batch, self._mean.device)
        if palettes.shape[:-2] != indices.shape[:-2] or palettes.shape[-1:] != (3,) or palettes.shape[-2] > _ENTRIES:
            raise InputError(f"palettes must be one for each picture, at most 256 x 3, not {tuple(palettes.shape)}")
        colors = (
            ((srgb1_of_srgb8(with_black(palettes)) - self._mean.float()) / self._std.float())
            .to(self.dtype)
            .movedim(-1, -2)
        )
        return look_up(colors, indices)

    def extra_repr(self) -> str:
        """Return what ``repr`` shows in the parentheses."""
        return f"dtype={self.dtype}, mean={self._mean.tolist()}, std={self._std.tolist()}"


class Indices(nn.Module):
    """Return the indices of a batch as int64, n x height x width, such as ``nn.Embedding`` takes.

    Palettes run from dark to light, so that an index tells a rank of brightness; which color it is differs from picture
    to picture unless all share one palette.

    Parameters
    ----------
    device : torch.device or str, optional
        Where to; where the batch is by default.

    Raises
    ------
    InputError
        If what it is called with is no batch.
    """

    def __init__(self, device: torch.device | str | None = None) -> None:
        super().__init__()
        self.device = None if device is None else torch.device(device)

    def forward(self, batch: PackedBatch | tuple[Tensor, Tensor]) -> Tensor:
        """Return the indices of a `PackedBatch`, or of a pair (indices, palettes)."""
        return _indices_of(batch, self.device or batch[0].device).to(torch.int64)
