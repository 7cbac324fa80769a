"""What can be asked of a segmentation."""

from __future__ import annotations

from dataclasses import dataclass
from numbers import Real
from typing import Any, Literal

from huepress.errors import OptionError
from huepress.options import DEFAULT_MAX_PIXELS, MAX_COLORS, MIN_COLORS, available_processors

AUTO: Literal["auto"] = "auto"
MAX_SPATIAL, MAX_SMOOTH = 10.0, 100.0
# The part of the picture that a region must have at least, unless an area is given.
_SMALLEST_PART = 5000


@dataclass(frozen=True, kw_only=True)
class SegmentOptions:
    """Everything that can be asked of a segmentation.

    Parameters
    ----------
    n_colors : int or "auto"
        Number of segments, 2 to 256. "auto" takes the elbow of the error curve of k-means.
    spatial : float
        0 clusters colors alone. Above, position counts as well: this is the color difference (in Oklab) that
        weighs as much as the side of a square of average segment size. 0.1 is the usual compactness 10 of
        SLIC superpixels (Achanta and others 2012).
    smooth : float
        What it costs that neighboring pixels differ, in nats: the weight of the Potts term. 0 leaves
        every pixel with its nearest color.
    min_area : int, optional
        Regions of fewer pixels join the neighbor they resemble; by default a 5000th of the picture. 0
        keeps all.
    seed : int
    jobs : int
        Number of threads; 0 means one per processor. The result does not depend on it.
    max_pixels : int
        Larger images are refused.

    Raises
    ------
    OptionError
        If a value is out of range.
    """

    n_colors: int | Literal["auto"] = AUTO
    spatial: float = 0.0
    smooth: float = 2.0
    min_area: int | None = None
    seed: int = 0
    jobs: int = 0
    max_pixels: int = DEFAULT_MAX_PIXELS

    def __post_init__(self) -> None:
        if self.n_colors != AUTO:
            _check_whole("the number of segments", self.n_colors, MIN_COLORS, MAX_COLORS, "; or 'auto'")
        for name, most in (("spatial", MAX_SPATIAL), ("smooth", MAX_SMOOTH)):
            value = getattr(self, name)
            if isinstance(value, bool) or not isinstance(value, Real) or not 0 <= float(value) <= most:
                raise OptionError(f"{name} must be a number from 0 to {most:g}, not {value!r}")
        if self.min_area is not None:
            _check_whole("min_area", self.min_area, 0, 2**32 - 2)
        _check_whole("seed", self.seed, 0, 2**64 - 1)
        _check_whole("jobs", self.jobs, 0, 1024)
        _check_whole("max_pixels", self.max_pixels, 1, 2**32 - 2)

    @property
    def threads(self) -> int:
        """The number of threads to use."""
        return self.jobs or available_processors()

    def smallest_area(self, n_pixels: int) -> int:
        """Return the area that a region must have, the default resolved."""
        return n_pixels // _SMALLEST_PART if self.min_area is None else int(self.min_area)


def _check_whole(name: str, value: Any, low: int, high: int, otherwise: str = "") -> None:
    number = value.__index__() if hasattr(value, "__index__") and not isinstance(value, bool) else None
    if number is None or not low <= number <= high:
        raise OptionError(f"{name} must be a whole number from {low} to {high}{otherwise}, not {value!r}")
