"""What each effort, 0 to 9, buys: one table for the search and for every encoder."""

from __future__ import annotations

from typing import NamedTuple


class Effort(NamedTuple):
    """How hard to work.

    Attributes
    ----------
    refits : int
        Refits of the palette before the search; one more with few colors.
    sweeps : int
        Most sweeps of the search; each prices its symbols by the stream that the last one made.
    slack_bits : float
        Bits by which a match may lag behind before it is given up.
    png_level : int
        The PNG optimizer's level, 0 to 6.
    zopfli_iterations : int
        Of the optimizer's slow deflater; 0 where the quick one is used.
    all_filters : bool
        Whether row filters are tried on indices that were chosen for rows without any.
    webp_method, webp_quality : int
        libwebp's. Method 5 saves about 2 % over 4 in ten times its time, 6 hardly more in a hundred times. On two
        pictures of 256 colors quality 50 found files as small as 100 did, in a third to a half of the time.
    jxl_effort : int
        The JPEG XL encoder's.
    """

    refits: int
    sweeps: int
    slack_bits: float
    png_level: int
    zopfli_iterations: int
    all_filters: bool
    webp_method: int
    webp_quality: int
    jxl_effort: int


EFFORTS = (
    Effort(0, 0, 0.0, 2, 0, False, 4, 50, 5),  # plain k-means, nearest colors
    Effort(0, 1, 6.0, 3, 0, False, 4, 50, 5),
    Effort(0, 1, 10.0, 3, 0, False, 4, 50, 6),
    Effort(1, 1, 8.0, 3, 0, False, 4, 50, 6),
    Effort(1, 1, 10.0, 4, 0, False, 4, 50, 7),
    Effort(1, 1, 12.0, 4, 0, False, 4, 50, 7),
    Effort(1, 1, 16.0, 4, 0, False, 4, 100, 7),
    Effort(2, 1, 20.0, 5, 0, False, 5, 100, 8),
    Effort(3, 2, 24.0, 5, 15, False, 6, 100, 9),
    Effort(4, 5, 40.0, 6, 15, True, 6, 100, 9),
)
