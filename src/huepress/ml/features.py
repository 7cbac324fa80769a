"""A picture's few colors as a row of numbers, for scikit-learn."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

import numpy as np
import numpy.typing as npt

from huepress import _core
from huepress.engine.estimator import Estimator
from huepress.ml.batch import quantize_batch

if TYPE_CHECKING:
    from typing import Self


class PaletteFeatures(Estimator):
    """Turn pictures into their palettes and how much of the picture each color fills, whatever their sizes.

    A transformer with scikit-learn's conventions, without depending on it: it learns nothing and may stand first in a
    pipeline. What a palette does not hold are places: these features tell sunsets from lawns, not cats from dogs.

    Parameters
    ----------
    n_colors : int, default=8
        2 to 256.
    n_jobs : int, default=-1
        Threads; the result does not depend on their number. -1 means one per processor.

    Examples
    --------
    >>> import numpy as np
    >>> from huepress import ml
    >>> pictures = np.zeros((2, 8, 8, 3), dtype=np.uint8)
    >>> pictures[1, :2] = 255
    >>> ml.PaletteFeatures(n_colors=2).fit_transform(pictures).round(2)
    array([[0.  , 0.  , 0.  , 0.  , 0.  , 0.  , 1.  , 0.  ],
           [0.  , 0.  , 0.  , 1.  , 0.  , 0.  , 0.75, 0.25]], dtype=float32)
    """

    def __init__(self, n_colors: int = 8, *, n_jobs: int = -1) -> None:
        self.n_colors = n_colors
        self.n_jobs = n_jobs

    def fit(self, X: Any = None, y: Any = None) -> Self:
        """Return the transformer as it is."""
        return self

    def transform(self, X: npt.NDArray[np.uint8] | Sequence[npt.NDArray[np.uint8]]) -> npt.NDArray[np.float32]:
        """Return one row of features a picture.

        Parameters
        ----------
        X : ndarray of uint8, (n, height, width, 3), or sequence of ndarrays of uint8, (height, width, 3)
            sRGB.

        Returns
        -------
        ndarray of float32, (n, 4 * n_colors)
            The palette from dark to light, three coordinates of Oklab (Ottosson 2020) a color: L 0 to 1, a and b
            about -0.4 to 0.4; then the part of the pixels that has each color, 0 to 1. A picture of fewer colors
            repeats its lightest, with no pixels.

        Raises
        ------
        OptionError, InputError, LimitError
            As `quantize_batch`.
        """
        batch = quantize_batch(X, self.n_colors, n_threads=self._threads())
        n, k = len(batch), int(self.n_colors)
        shares1 = np.zeros((n, k), dtype=np.float32)
        for row in range(n):
            indices = batch.indices(row)
            shares1[row] = np.bincount(indices.ravel(), minlength=k) / indices.size
        used = np.minimum(np.arange(k), batch.palette_sizes[:, np.newaxis] - 1)
        colors_srgb8 = np.take_along_axis(batch.palettes_srgb8, used[:, :, np.newaxis].astype(np.int64), axis=1)
        points_oklab = _core.colors_to_points(colors_srgb8.reshape(-1, 3), "oklab")
        return np.hstack([points_oklab.reshape(n, 3 * k), shares1])

    def fit_transform(
        self, X: npt.NDArray[np.uint8] | Sequence[npt.NDArray[np.uint8]], y: Any = None
    ) -> npt.NDArray[np.float32]:
        """Return `transform` of the pictures."""
        return self.transform(X)

    def get_feature_names_out(self, input_features: Any = None) -> npt.NDArray[np.object_]:
        """Return what the columns are: ``color0_L``, ``color0_a``, ``color0_b``, ..., ``share0``, ..."""
        numbers = range(int(self.n_colors))
        colors = [f"color{number}_{axis}" for number in numbers for axis in "Lab"]
        return np.array([*colors, *(f"share{number}" for number in numbers)], dtype=object)

    def __sklearn_tags__(self) -> Any:
        """Describe the transformer to scikit-learn, which alone calls this."""
        tags = self._tags("transformer")
        tags.input_tags.two_d_array, tags.input_tags.three_d_array, tags.requires_fit = False, True, False
        return tags

    def __sklearn_is_fitted__(self) -> bool:
        return True
