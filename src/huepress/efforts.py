"""What each effort, 0 to 9, buys: one table for the search and for every encoder."""

from __future__ import annotations

from typing import NamedTuple


class Effort(NamedTuple):
    """How hard to work.

    Attributes
    ----------
    refits, few_refits : int
        Refits of the palette before the search, with many colors and with few: with 8 or 16 the first one gives 4 to 6
        points of SSIMULACRA2, with 256 it saves half a percent in a fifth of the time.
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
    png_level, searched_png_level : int
        The PNG optimizer's, 0 to 6; of rows that were searched, which are short already: there 2 saves 0.1 to 0.4 %
        over 1 in 1.2 to 2.5 times its time.
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
    leniency : float
        How many times more banding is let be: a search that keeps one way a pixel leaves 1.3 to 1.8 times as much (on
        five graphics), and the same pictures are to be mended at all efforts.
    patient : bool
        Whether nearest colors are tried against bands also on pictures that are not smooth nearly everywhere: on the
        icons among 29 graphics that show bands they never won, at 1.8 to 2.7 times the bytes.
    """

    refits: int
    few_refits: int
    slack_bits: float
    survivors: int
    reach: tuple[int, int]
    n_ranked: int
    late_refits: int
    png_level: int
    searched_png_level: int
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
    leniency: float = 1.0
    patient: bool = True


_SIZES = (127, 63, 31, 15, 11, 9, 7, 5, 3)
# Chosen on development pictures so that each buys the most that its time can; bench/README.md has the curve. The first
# is plain k-means with nearest colors.
EFFORTS = (
    Effort(0, 0, 0.0, 1, (0, 0), 0, 0, 2, 2, 0, False, 4, 50, 5, 9, 4, False, (), (0, 0)),
    Effort(0, 0, 12.0, 1, (1, 16), 1, 0, 2, 1, 0, False, 4, 50, 5, 8, 4, True, (), (0, 3), 1.5, False),
    Effort(0, 0, 12.0, 1, (2, 32), 2, 0, 2, 1, 0, False, 4, 50, 6, 8, 4, True, (15,), (0, 3), 1.5, False),
    Effort(0, 1, 12.0, 2, (4, 48), 3, 1, 3, 2, 0, False, 4, 50, 6, 7, 4, True, (15, 7), (0, 3), 1.0, False),
    Effort(0, 2, 13.0, 2, (5, 64), 5, 1, 4, 4, 0, False, 4, 50, 7, 6, 6, True, (31, 15, 7), (0, 4), 1.0, False),
    Effort(1, 2, 14.0, 2, (6, 64), 6, 1, 4, 4, 0, False, 4, 50, 7, 6, 6, True, _SIZES, (0, 6)),
    Effort(1, 2, 16.0, 2, (8, 64), 12, 1, 4, 4, 0, False, 4, 100, 7, 6, 6, True, _SIZES, (3, 6)),
    Effort(1, 2, 18.0, 3, (8, 128), 16, 1, 5, 5, 0, False, 5, 100, 8, 5, 6, True, _SIZES, (4, 8)),
    Effort(2, 3, 20.0, 4, (16, 128), 24, 1, 5, 5, 15, False, 6, 100, 9, 4, 6, True, _SIZES, (8, 8)),
    Effort(3, 4, 24.0, 4, (16, 255), 32, 1, 6, 6, 15, True, 6, 100, 9, 3, 6, True, _SIZES, (16, 16)),
)
