"""Folders of pictures and what is in them."""

from pathlib import Path

import numpy as np

from conftest import png_bytes
from huepress.storage.base import LEDGER_NAME


def files_of(root: Path) -> dict[str, bytes]:
    return {p.relative_to(root).as_posix(): p.read_bytes() for p in sorted(root.rglob("*")) if p.is_file()}


def images_of(root: Path) -> dict[str, bytes]:
    return {name: data for name, data in files_of(root).items() if name != LEDGER_NAME}


def many(root: Path, photo: np.ndarray, count: int) -> None:
    root.mkdir()
    for number in range(count):
        crop = photo[number % 100 : number % 100 + 100, number : number + 130]
        (root / f"{number}.png").write_bytes(png_bytes(crop))
