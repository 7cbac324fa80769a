"""Pictures with few colors for machine learning: many at once, in memory or in one file for a whole data set.

>>> from huepress import ml
>>> batch = ml.quantize_batch(images, n_colors=16)  # doctest: +SKIP
>>> ml.write("train.hpml", images, labels)  # doctest: +SKIP
>>> ml.Dataset("train.hpml").batch([3, 1, 4])  # doctest: +SKIP
"""

from __future__ import annotations

from huepress.ml.batch import IndexedBatch, PaletteScope, quantize_batch
from huepress.ml.dataset import Dataset, IndexCoding, write
from huepress.ml.features import PaletteFeatures

__all__ = ["Dataset", "IndexCoding", "IndexedBatch", "PaletteFeatures", "PaletteScope", "quantize_batch", "write"]
