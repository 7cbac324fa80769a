"""Palettes for PyTorch: data sets that stay packed until they are on the device, and k-means over whole batches there.

>>> from huepress.torch import Expand, PaletteDataset, collate
>>> loader = torch.utils.data.DataLoader(PaletteDataset("train.hpml"), 128, collate_fn=collate)  # doctest: +SKIP
>>> model = torch.nn.Sequential(Expand(), network).to("cuda")  # doctest: +SKIP
"""

from __future__ import annotations

from huepress.errors import HuepressError, missing_extra

try:
    import torch as _torch  # noqa: F401
except ModuleNotFoundError as error:
    if error.name != "torch":  # PyTorch is there, and says itself what it lacks
        raise
    told = missing_extra("huepress.torch", "PyTorch", "torch", HuepressError)
    raise ModuleNotFoundError(str(told), name="torch") from None

from huepress.torch.augment import RandomPalette
from huepress.torch.dataset import PackedBatch, PaletteDataset, PictureForm, collate
from huepress.torch.expand import Expand, Indices
from huepress.torch.kmeans import PaletteBatch, kmeans_palette

__all__ = [
    "Expand", "Indices", "PackedBatch", "PaletteBatch", "PaletteDataset", "PictureForm", "RandomPalette", "collate",
    "kmeans_palette",
]  # fmt: skip
