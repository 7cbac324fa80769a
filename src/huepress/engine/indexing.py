"""Stage: from the colors' palette entries to the pixels' indices."""

from __future__ import annotations

import numpy as np

from huepress import _core
from huepress.engine.palette import PaletteFit
from huepress.model import ColorTable, IndexedImage


def index_image(table: ColorTable, fit: PaletteFit, *, threads: int) -> IndexedImage:
    """Give every pixel the palette entry of its color.

    Parameters
    ----------
    table : ColorTable
    fit : PaletteFit
    threads : int
        Number of threads; the result does not depend on it.

    Returns
    -------
    IndexedImage
    """
    entry = fit.labels.astype(np.uint8)
    indices = _core.gather(entry, table.inverse.reshape(-1), threads)
    return IndexedImage(indices.reshape(table.inverse.shape), fit.palette)
