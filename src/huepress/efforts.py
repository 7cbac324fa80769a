"""What each effort, 0 to 9, buys: one table for the search and for every encoder."""

from __future__ import annotations

from typing import NamedTuple


class Effort(NamedTuple):
    """How hard to work.

    Attributes
    ----------
    refits : int
        Refits of the palette before the search; one more with few colors.
    slack_bits : float
        Bits by which a match may lag behind before it is given up.
    survivors : int
        Ways to say a row that are kept at each pixel.
    reach : tuple of int
        How many rows up, and how many units to either side, copies are ranked.
    n_ranked : int
        Ranked copies that are tried at each pixel.
    late_refits : int
        Refits of the palette after the search, its indices kept.
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
    avif_speed : int
        libaom's, 10 to 0, each several times slower: 6 saves 1 to 10 % over 8, 4 as much again.
    lossy_webp_method : int
        libwebp's: 6 saves 2 to 10 % over 4.
    lzw_ways : bool
        Whether GIF codes for what is decided are found without the transparent index, too.
    lzw_sizes : tuple of int
        Numbers of entries that a GIF's frame may make do with. With the transparent index most fill a code size; 11 and
        9 are steps between two that look far apart.
    lzw_ahead : tuple of int
        Strings of GIF codes that are judged also by what comes after them: in the search, and where all is decided.
    """

    refits: int
    slack_bits: float
    survivors: int
    reach: tuple[int, int]
    n_ranked: int
    late_refits: int
    png_level: int
    zopfli_iterations: int
    all_filters: bool
    webp_method: int
    webp_quality: int
    jxl_effort: int
    avif_speed: int
    lossy_webp_method: int
    lzw_ways: bool
    lzw_sizes: tuple[int, ...]
    lzw_ahead: tuple[int, int]


_SIZES = (127, 63, 31, 15, 11, 9, 7, 5, 3)
# Chosen on development pictures so that each buys the most that its time can; bench/README.md has the curve.
EFFORTS = (
    Effort(0, 0.0, 1, (0, 0), 0, 0, 2, 0, False, 4, 50, 5, 9, 4, False, (), (0, 0)),  # plain k-means, nearest colors
    Effort(0, 12.0, 1, (2, 32), 2, 1, 3, 0, False, 4, 50, 5, 8, 4, True, (), (0, 3)),
    Effort(0, 12.0, 1, (4, 48), 4, 1, 3, 0, False, 4, 50, 6, 8, 4, True, (15,), (0, 3)),
    Effort(1, 12.0, 1, (4, 48), 4, 1, 3, 0, False, 4, 50, 6, 7, 4, True, (15, 7), (0, 3)),
    Effort(1, 13.0, 2, (4, 64), 4, 1, 4, 0, False, 4, 50, 7, 6, 6, True, (31, 15, 7), (0, 4)),
    Effort(1, 14.0, 2, (6, 64), 6, 1, 4, 0, False, 4, 50, 7, 6, 6, True, _SIZES, (0, 6)),
    Effort(1, 16.0, 2, (8, 64), 12, 1, 4, 0, False, 4, 100, 7, 6, 6, True, _SIZES, (3, 6)),
    Effort(1, 18.0, 3, (8, 128), 16, 1, 5, 0, False, 5, 100, 8, 5, 6, True, _SIZES, (4, 8)),
    Effort(2, 20.0, 4, (16, 128), 24, 1, 5, 15, False, 6, 100, 9, 4, 6, True, _SIZES, (8, 8)),
    Effort(3, 24.0, 4, (16, 255), 32, 1, 6, 15, True, 6, 100, 9, 3, 6, True, _SIZES, (16, 16)),
)
