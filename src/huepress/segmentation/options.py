"""What can be asked of a segmentation."""

from __future__ import annotations

import math
from dataclasses import dataclass
from numbers import Integral, Real
from typing import Literal

from huepress.declare import check_all, option
from huepress.errors import OptionError
from huepress.machine import available_processors
from huepress.options import MAX_COLORS, MIN_COLORS, NumberOfColors, inherited

AUTO: Literal["auto"] = "auto"
RegionsAsked = int | float | Literal["auto"]
_MOST_REGIONS = 2**31 - 1
# The part of the picture that a region must have at least, unless an area is given.
_SMALLEST_PART = 5000


@dataclass(frozen=True, kw_only=True)
class SegmentOptions:
    """Everything that can be asked of a segmentation.

    Parameters
    ----------
    n_colors : int or "auto"
        Number of segments, 2 to 256. "auto" takes the elbow of the error curve of k-means, and
        one more for each color of small vivid things.
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
    regions : "auto", int or float
        Which regions the picture is cut into: about as many as people would draw, a number of them, or all that
        merge at a cost of no more than this.
    seed : int
    jobs : int
        Number of threads; 0 means one per processor. The result does not depend on it.
    max_pixels : int
        Larger images are refused.
    tolerant : bool
        Whether files that were cut off are read as far as they go.

    Raises
    ------
    OptionError
        If a value is out of range.
    """

    n_colors: NumberOfColors = option(
        AUTO,
        help="Number of segments, 2 to 256; auto: the elbow of the error curve, and small vivid things.",
        group="everyday",
        within=(MIN_COLORS, MAX_COLORS),
        flags=("-k", "--colors"),
        metavar="K|auto",
    )
    spatial: float = option(
        0.0,
        help="0: color alone; above, position counts: 0.1 is SLIC's usual compactness.",
        group="everyday",
        within=(0, 10.0),
        whole=False,
    )
    smooth: float = option(
        2.0,
        help="Weight of the smoothing term; 0: every pixel has its nearest color.",
        group="everyday",
        within=(0, 100.0),
        whole=False,
    )
    min_area: int | None = option(
        None,
        help="Merge regions of fewer pixels into the neighbor they resemble.",
        group="everyday",
        within=(0, 2**32 - 2),
        default_told="a 5000th of the picture",
    )
    regions: RegionsAsked = option(
        AUTO,
        help="Number of regions, or with a point (0.8) the cost up to which they merge; auto: as people draw.",
        group="everyday",
        metavar="N|COST|auto",
    )
    seed: int = inherited("seed")
    jobs: int = inherited("jobs")
    max_pixels: int = inherited("max_pixels")
    tolerant: bool = inherited("tolerant")

    def __post_init__(self) -> None:
        check_all(self)
        check_regions(self.regions)

    @property
    def threads(self) -> int:
        """The number of threads to use."""
        return self.jobs or available_processors()

    def smallest_area(self, n_pixels: int) -> int:
        """Return the area that a region must have, the default resolved."""
        return n_pixels // _SMALLEST_PART if self.min_area is None else int(self.min_area)


def check_regions(regions: object) -> None:
    """Refuse what names no regions.

    Raises
    ------
    OptionError
    """
    if isinstance(regions, str) and regions == AUTO:
        return
    if isinstance(regions, Integral) and not isinstance(regions, bool):
        if 1 <= int(regions) <= _MOST_REGIONS:
            return
    elif isinstance(regions, Real) and not isinstance(regions, bool) and 0 <= float(regions) < math.inf:
        return
    raise OptionError(
        f'regions must be "auto", a whole number from 1, or as a float the cost up to which they merge, not {regions!r}'
    )
