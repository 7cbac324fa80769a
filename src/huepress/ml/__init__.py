"""Pictures with few colors for machine learning: many at once, without a file for each.

>>> from huepress import ml
>>> batch = ml.quantize_batch(images, n_colors=16)  # doctest: +SKIP
"""

from __future__ import annotations

from huepress.ml.batch import IndexedBatch, PaletteScope, quantize_batch

__all__ = ["IndexedBatch", "PaletteScope", "quantize_batch"]
