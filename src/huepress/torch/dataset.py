"""Data set files as PyTorch's data sets, and batches of them that are still packed."""

from __future__ import annotations

import os
from collections.abc import Callable, Sequence
from typing import Literal, NamedTuple, get_args

import torch
from torch import Tensor
from torch.utils.data import get_worker_info

from huepress import ml
from huepress.errors import InputError, OptionError
from huepress.ml.packed import bits_for
from huepress.torch.packing import pack

PictureForm = Literal["indices", "rgb"]
IndexedItem = tuple[Tensor, Tensor, int]
RgbItem = tuple[Tensor, int]

_NO_LABEL = -1


class PackedBatch(NamedTuple):
    """Pictures of one size as packed palette indices, for `Expand` and `Indices`.

    Attributes
    ----------
    packed : Tensor of uint8, (n, n_bytes)
        The indices of each picture, `bits` each, row after row, the first pixel in a byte's highest bits.
    palettes : Tensor of uint8, (n, n_colors, 3)
        sRGB.
    labels : Tensor of int64, (n,)
        -1 where there are none.
    height, width, bits : int
    """

    packed: Tensor
    palettes: Tensor
    labels: Tensor
    height: int
    width: int
    bits: int

    def to(self, device: torch.device | str, non_blocking: bool = False) -> PackedBatch:
        """Return the batch on a device."""
        packed, palettes, labels = (
            each.to(device, non_blocking=non_blocking) for each in (self.packed, self.palettes, self.labels)
        )
        return PackedBatch(packed, palettes, labels, self.height, self.width, self.bits)


class PaletteDataset(torch.utils.data.Dataset[IndexedItem | RgbItem]):
    """A file that `huepress.ml.write` or ``huepress dataset`` made, for PyTorch's ``DataLoader``.

    It may be handed to worker processes, forked or spawned: each maps the same file. Give the loader `collate`, which
    says what is wrong where pictures differ in size, and packs indices again for their way to the device.

    Parameters
    ----------
    path : path
    transform : callable, optional
        What is done to the first tensor of an item; flips and crops do for indices what they do for colors, and 255
        fills with black.
    form : {"indices", "rgb"}
        What an item is: ``(indices, palette, label)`` with uint8 of height x width and n_colors x 3 (sRGB; entries
        past those of the picture are zero), or ``(picture, label)`` with uint8 of 3 x height x width. Labels are int,
        -1 in a file without labels.

    Attributes
    ----------
    data : huepress.ml.Dataset

    Raises
    ------
    OptionError
        If there is no such form.
    InputError, DecodeError
        As `huepress.ml.Dataset`.
    """

    def __init__(
        self,
        path: str | os.PathLike[str],
        transform: Callable[[Tensor], Tensor] | None = None,
        *,
        form: PictureForm = "indices",
    ) -> None:
        if form not in get_args(PictureForm):
            raise OptionError(f"form must be 'indices' or 'rgb', not {form!r}")
        self.data = ml.Dataset(path)
        self.transform = transform
        self.form = form

    @property
    def classes(self) -> tuple[str, ...]:
        """The names of labels 0, 1, 2 and so on; empty where the file has none."""
        return self.data.class_names

    def __len__(self) -> int:
        return len(self.data)

    def __getitem__(self, i: int) -> IndexedItem | RgbItem:
        """Return an item; an index past the end is an IndexError."""
        return self.__getitems__([i])[0]

    def __getitems__(self, ids: Sequence[int]) -> list[IndexedItem | RgbItem]:
        """Return many items, expanded in one call of the core where they are of one size."""
        rows = list(ids)
        same_size = len(rows) > 0 and bool((self.data.sizes[rows] == self.data.sizes[rows[0]]).all())
        portions = [rows] if same_size else [[row] for row in rows]
        items: list[IndexedItem | RgbItem] = []
        for portion in portions:
            n_threads = 1 if get_worker_info() or len(portion) == 1 else 0
            labels = [_NO_LABEL] * len(portion) if self.data.labels is None else self.data.labels[portion].tolist()
            if self.form == "rgb":
                pictures = torch.from_numpy(self.data.batch(portion, n_threads=n_threads)).permute(0, 3, 1, 2)
                items += zip(map(self._transformed, pictures), labels, strict=True)
            else:
                indices = torch.from_numpy(self.data.batch_indices(portion, n_threads=n_threads))
                palettes = torch.from_numpy(self.data.palettes_srgb8[self.data.palette_of[portion]])
                items += zip(map(self._transformed, indices), palettes, labels, strict=True)
        return items

    def _transformed(self, picture: Tensor) -> Tensor:
        return self.transform(picture) if self.transform else picture


def collate(items: Sequence[IndexedItem | RgbItem]) -> PackedBatch | tuple[Tensor, Tensor]:
    """Put items of a `PaletteDataset` together, for the ``collate_fn`` of a ``DataLoader``.

    Parameters
    ----------
    items : sequence of tuple
        All of one form.

    Returns
    -------
    PackedBatch
        Of items of form "indices": as many bits a pixel travel to the device as the palettes need.
    (Tensor of uint8, (n, 3, height, width), Tensor of int64, (n,))
        Of items of form "rgb"; of the transform's kind and shape where it returns others.

    Raises
    ------
    InputError
        If pictures differ in size, or indices are no longer uint8.
    """
    pictures = [item[0] for item in items]
    if not pictures or not pictures[0].numel():
        raise InputError("a batch needs at least one picture, and a picture at least one pixel")
    shapes = {tuple(each.shape) for each in pictures}
    if len(shapes) > 1:
        some = " and ".join(" x ".join(map(str, shape)) for shape in sorted(shapes)[:2])
        raise InputError(
            f"pictures of different sizes make no batch: {some}",
            remedy="crop them to one size in transform, or load them with batch_size=None",
        )
    stacked = torch.stack(pictures)
    labels = torch.tensor([item[-1] for item in items])
    if len(items[0]) == 2:
        return stacked, labels
    if stacked.dtype != torch.uint8 or stacked.dim() != 3:
        raise InputError(
            f"transform made {stacked.dtype} of {stacked.dim() - 1} dimensions of the indices",
            remedy="keep them uint8 of height x width, or choose form='rgb'",
        )
    palettes = torch.stack([item[1] for item in items if len(item) == 3])
    bits = bits_for(max(palettes.shape[1], int(stacked.max()) + 1))  # an index past its palette stays what it is: black
    height, width = (int(side) for side in stacked.shape[1:])
    return PackedBatch(pack(stacked.flatten(1), bits), palettes, labels, height, width, bits)
