"""Fewer colors as an augmentation: a network that sees palettes of many sizes learns not to need fine shades."""

from __future__ import annotations

from collections.abc import Sequence

import torch
from torch import Tensor, nn
from torch.utils.data import get_worker_info

from huepress import ml
from huepress.errors import OptionError
from huepress.ml.packed import integer_between
from huepress.torch.expand import look_up, with_black
from huepress.torch.kmeans import as_srgb8, kmeans_palette
from huepress.torch.oklab import srgb1_of_srgb8


class RandomPalette(nn.Module):
    """Give some pictures a palette of a random number of colors.

    On the CPU by `huepress.ml.quantize_batch`, which measures in sRGB, on other devices by `kmeans_palette`, which
    measures in Oklab: pictures stay where they are.

    Parameters
    ----------
    k : (int, int)
        The fewest and the most colors, 2 to 256; every number between them is equally likely. A batch draws one.
    p : float
        Probability for each picture, 0 to 1.
    seed : int, optional
        Of a generator of its own, so that calls after one another draw the same in every run; in a loader's worker its
        seed is added, so that no two workers draw the same. Without, numbers come from PyTorch's own generator, which
        a loader seeds in each worker and ``torch.manual_seed`` elsewhere.

    Raises
    ------
    OptionError
        If an option makes no sense.
    InputError
        If what it is called with is no picture.
    """

    def __init__(self, k: tuple[int, int] = (4, 64), p: float = 0.5, seed: int | None = None) -> None:
        super().__init__()
        if not isinstance(k, Sequence) or len(k) != 2:
            raise OptionError(f"k must be the fewest and the most colors, not {k!r}")
        self.k = (integer_between("k[0]", k[0], 2, 256), integer_between("k[1]", k[1], 2, 256))
        if self.k[0] > self.k[1]:
            raise OptionError(f"k must be the fewest and the most colors, not {k!r}")
        if not 0 <= p <= 1:
            raise OptionError(f"p must be 0 to 1, not {p!r}")
        self.p = p
        self.seed = None if seed is None else integer_between("seed", seed, 0, 2**62)
        self._generator: torch.Generator | None = None
        self._worker_seed = 0  # the one that the generator was made with

    def forward(self, pictures: Tensor) -> Tensor:
        """Return pictures, some of them with fewer colors.

        Parameters
        ----------
        pictures : Tensor of uint8, or floating in [0, 1], (3, height, width) or (n, 3, height, width)

        Returns
        -------
        Tensor
            Of the same kind, shape and device. Pictures that keep their colors are unchanged; no gradient flows through
            those that do not.
        """
        if pictures.dim() == 3:
            whole: Tensor = self.forward(pictures.unsqueeze(0))[0]
            return whole
        pixels_srgb8 = as_srgb8(pictures)
        generator = self._numbers()
        chosen = torch.rand(len(pictures), generator=generator) < self.p
        k = int(torch.randint(self.k[0], self.k[1] + 1, (), generator=generator))
        seed = int(torch.randint(0, 2**31, (), generator=generator))
        if not bool(chosen.any()) or pictures.numel() == 0:
            return pictures
        rows = chosen.nonzero().squeeze(1).to(pictures.device)
        fewer = _quantized(pixels_srgb8[rows], k, seed)
        if pictures.dtype != torch.uint8:
            fewer = srgb1_of_srgb8(fewer).to(pictures.dtype)
        return pictures.index_copy(0, rows, fewer)

    def _numbers(self) -> torch.Generator | None:
        """Return the generator that draws, or None for PyTorch's own."""
        if self.seed is None:
            return None
        worker = get_worker_info()
        worker_seed = worker.seed if worker else 0
        if self._generator is None or self._worker_seed != worker_seed:
            self._generator = torch.Generator().manual_seed((self.seed + worker_seed) % 2**63)
            self._worker_seed = worker_seed
        return self._generator

    def extra_repr(self) -> str:
        """Return what ``repr`` shows in the parentheses."""
        return f"k={self.k}, p={self.p}, seed={self.seed}"


def _quantized(pixels_srgb8: Tensor, k: int, seed: int) -> Tensor:
    """Return pictures of uint8, (n, 3, height, width), with at most k colors each."""
    if pixels_srgb8.device.type != "cpu":
        found = kmeans_palette(pixels_srgb8, k, seed=seed)
        return look_up(with_black(found.palettes).movedim(1, 2), found.indices)
    n_threads = 1 if get_worker_info() else 0
    batch = ml.quantize_batch(pixels_srgb8.permute(0, 2, 3, 1).contiguous().numpy(), k, n_threads=n_threads)
    return torch.from_numpy(batch.batch(n_threads=n_threads)).permute(0, 3, 1, 2)
