"""``huepress.segment``."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from huepress.model import Palette, SourceImage
from huepress.options import DEFAULT_MAX_PIXELS, NumberOfColors
from huepress.pipeline import intake
from huepress.segmentation.cluster import cluster_pixels
from huepress.segmentation.levels import to_picture
from huepress.segmentation.options import AUTO, RegionsAsked, SegmentOptions
from huepress.segmentation.regions import by_area, mean_colors, merge_small
from huepress.segmentation.result import Segmentation

if TYPE_CHECKING:
    from huepress.inputs import ImageLike


def segment(
    image: ImageLike,
    n_colors: NumberOfColors = AUTO,
    *,
    regions: RegionsAsked = AUTO,
    spatial: float = 0.0,
    min_area: int | None = None,
    smooth: float = 2.0,
    seed: int = 0,
    jobs: int = 0,
    max_pixels: int = DEFAULT_MAX_PIXELS,
    tolerant: bool = False,
) -> Segmentation:
    """Cut a picture into segments of like color.

    K-means in Oklab finds the colors. Labels and colors are then improved in turn so that neighbors tend to agree (a
    Potts model), from a small version of the picture to its full size where there is noise. At last small
    regions join the neighbor that they resemble. ``smooth=0, min_area=0`` is k-means alone.

    Segments are classes of color: one may lie in many places. The connected regions that people would call things are
    `Segmentation.regions`: small cells, merged by what lies on their border, by their textures and colors. They
    depend on `regions` alone, not on the segments, and are found when first asked for.

    Parameters
    ----------
    image : path, bytes, binary file, PIL.Image.Image or ndarray
        As for `compress`.
    n_colors : int or "auto"
        Number of segments, 2 to 256; "auto" takes the elbow of the error curve of k-means, 14 at
        most, and up to 8 more for the colors of small vivid things.
    regions : "auto", int or float
        How far regions are merged: "auto" for about what people would draw, an int for that many (fewer where the
        picture has fewer cells, more where transparency keeps more apart), a float for the cost up to which
        pairs merge (around 1; less for more regions). `Segmentation.cut_regions` gives any other number later.
    spatial : float
        How compact segments are, 0 to 10: 0 for color alone; see `SegmentOptions`.
    min_area : int, optional
        Regions of fewer pixels are merged; by default a 5000th of the picture.
    smooth : float
        Weight of the smoothing term, 0 to 100.
    seed, jobs, max_pixels : int
    tolerant : bool
        As for `compress`.

    Returns
    -------
    Segmentation
        Labels are sorted by area, the largest first. There are fewer segments than asked for where the picture has
        fewer colors, or where smoothing or merging left nothing of one. Fully transparent pixels
        are a segment of their own, beside those asked for.

    Raises
    ------
    OptionError, InputError, DecodeError, LimitError

    Examples
    --------
    >>> import huepress, numpy as np
    >>> flag = np.zeros((30, 60, 3), dtype=np.uint8)
    >>> flag[:20] = 255, 0, 0
    >>> found = huepress.segment(flag)
    >>> found.palette.hex(), found.areas.tolist(), len(found.regions)
    (['#ff0000', '#000000'], [1200, 600], 2)
    """
    chosen = SegmentOptions(
        n_colors=n_colors,
        regions=regions,
        spatial=spatial,
        min_area=min_area,
        smooth=smooth,
        seed=seed,
        jobs=jobs,
        max_pixels=max_pixels,
        tolerant=tolerant,
    )
    return segment_source(intake.load(image, max_pixels=chosen.max_pixels, tolerant=chosen.tolerant), chosen)


def segment_source(source: SourceImage, options: SegmentOptions) -> Segmentation:
    """Cut a decoded image into segments; see `segment`."""
    picture = to_picture(source, threads=options.threads)
    points, visible = picture.level.points, picture.level.visible
    transparent = None if visible is None else 256
    if visible is not None and not visible.any():
        labels = np.full(visible.shape, transparent, dtype=np.int32)
    else:
        labels = cluster_pixels(picture, options)
    if visible is not None:
        labels = np.where(visible, labels, np.int32(256))
    labels = merge_small(labels, points, options.smallest_area(source.n_pixels), locked=transparent)
    labels = by_area(labels)
    colors = mean_colors(labels, points, int(labels.max()) + 1, threads=options.threads)
    if visible is not None:
        transparent = int(labels[~visible][0])
        if colors.shape[1] == 3:
            colors = np.concatenate([colors, np.full((len(colors), 1), 255, dtype=np.uint8)], axis=1)
        colors[transparent] = 0
    return Segmentation(labels.astype(np.uint8), Palette(colors), transparent, source, picture.level, options)
