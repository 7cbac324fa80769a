"""Types of the compiled core (core/bindings/module.cpp)."""

from collections.abc import Callable

import numpy as np
import numpy.typing as npt

def count_colors(
    pixels: npt.NDArray[np.uint8], n_threads: int
) -> tuple[npt.NDArray[np.uint8], npt.NDArray[np.uint32], npt.NDArray[np.uint32]]: ...
def drawn_colors(points: npt.NDArray[np.float32], color_of: npt.NDArray[np.uint32]) -> npt.NDArray[np.uint8]: ...
def gather(table: npt.NDArray[np.uint8], inverse: npt.NDArray[np.uint32], n_threads: int) -> npt.NDArray[np.uint8]: ...
def colors_to_points(colors: npt.NDArray[np.uint8], space: str) -> npt.NDArray[np.float32]: ...
def points_to_colors(points: npt.NDArray[np.float32], space: str) -> npt.NDArray[np.uint8]: ...
def kmeans(
    points: npt.NDArray[np.float32],
    weights: npt.NDArray[np.uint32],
    k: int,
    init: str,
    centers: npt.NDArray[np.float32] | None,
    n_init: int,
    n_swaps: int,
    max_iter: int,
    tol: float,
    seed: int,
    n_threads: int,
    pinned: npt.NDArray[np.float32] | None = None,
) -> tuple[npt.NDArray[np.float32], npt.NDArray[np.int32], float, int]: ...
def nearest(
    points: npt.NDArray[np.float32],
    centers: npt.NDArray[np.float32],
    guess: npt.NDArray[np.int32] | None,
    n_threads: int,
) -> npt.NDArray[np.int32]: ...
def rank_offsets(
    decided: npt.NDArray[np.float32],
    points: npt.NDArray[np.float32],
    from_above: npt.NDArray[np.float32],
    roots: npt.NDArray[np.float32],
    offsets: npt.NDArray[np.int32],
    costs: npt.NDArray[np.float32],
    n_listed: int,
    limit: float = ...,
) -> tuple[npt.NDArray[np.float32], npt.NDArray[np.int32]]: ...
def diffuse_errors(
    colors: npt.NDArray[np.int32],
    color_of: npt.NDArray[np.uint32],
    entries: npt.NDArray[np.int32],
    fixed: npt.NDArray[np.int16],
    allowed: npt.NDArray[np.uint8],
    entry_class: npt.NDArray[np.uint8],
    strength: int = ...,
    along_curve: bool = ...,
) -> npt.NDArray[np.uint8]: ...
def direct_search(
    colors: npt.NDArray[np.float32],
    color_of: npt.NDArray[np.uint32],
    entries: npt.NDArray[np.float32],
    fixed: npt.NDArray[np.int16],
    allowed: npt.NDArray[np.uint8],
    entry_class: npt.NDArray[np.uint8],
    indices: npt.NDArray[np.uint8],
    far_weights: npt.NDArray[np.float32],
    near_weights: npt.NDArray[np.float32],
    n_passes: int,
    n_threads: int,
) -> npt.NDArray[np.uint8]: ...
def visibility_roots(
    color_points: npt.NDArray[np.float32], color_of: npt.NDArray[np.uint32]
) -> npt.NDArray[np.float32]: ...
def quantize_still(
    rgba: npt.NDArray[np.uint8], n_colors: int, effort: int, rate: float, dither: str, alpha: str, n_threads: int
) -> tuple[npt.NDArray[np.uint8], npt.NDArray[np.uint8]]: ...
def write_png(palette: npt.NDArray[np.uint8], indices: npt.NDArray[np.uint8], effort: int, searched: bool) -> bytes: ...
def say_lzw(
    looks: npt.NDArray[np.uint16],
    under: npt.NDArray[np.uint16],
    n_entries: int,
    transparent: int,
    again_bits: float,
    ahead: int,
) -> tuple[int, bytes, npt.NDArray[np.uint8]]: ...
def search_lzw(
    color_points: npt.NDArray[np.float32],
    color_of: npt.NDArray[np.uint32],
    looks: npt.NDArray[np.float32],
    n_entries: int,
    transparent: int,
    canvas: npt.NDArray[np.uint16],
    required: npt.NDArray[np.uint16],
    box: tuple[int, int, int, int],
    diffuse: bool,
    bit_worth: float,
    again_bits: float,
    stays: npt.NDArray[np.float32],
    proposed: npt.NDArray[np.uint16],
    visibility: npt.NDArray[np.float32],
    starts: int,
    ahead: int,
    holds: npt.NDArray[np.float32],
    held: npt.NDArray[np.float32],
) -> tuple[int, bytes, npt.NDArray[np.uint8], float]: ...
def squared_error(
    color_points: npt.NDArray[np.float32],
    color_of: npt.NDArray[np.uint32],
    palette: npt.NDArray[np.float32],
    indices: npt.NDArray[np.uint8],
    n_threads: int,
) -> float: ...
def potts_sweep(
    points: npt.NDArray[np.float32],
    centers: npt.NDArray[np.float32],
    labels: npt.NDArray[np.int32],
    data_scale: float,
    straight: int,
    n_threads: int,
) -> tuple[npt.NDArray[np.int32], int]: ...
def label_regions(labels: npt.NDArray[np.int32]) -> tuple[npt.NDArray[np.int32], npt.NDArray[np.int32]]: ...
def sum_groups(
    groups: npt.NDArray[np.int32], points: npt.NDArray[np.float32], n_groups: int, n_threads: int
) -> tuple[npt.NDArray[np.int64], npt.NDArray[np.float64], npt.NDArray[np.float64]]: ...
def merge_small_regions(
    regions: npt.NDArray[np.int32],
    label_of: npt.NDArray[np.int32],
    points: npt.NDArray[np.float32],
    min_area: int,
    locked: int,
) -> npt.NDArray[np.int32]: ...
def edge_strengths(values: npt.NDArray[np.float32], sigma: float, n_threads: int) -> npt.NDArray[np.float32]: ...
def mark_minima(
    heights: npt.NDArray[np.uint16], labels: npt.NDArray[np.int32]
) -> tuple[npt.NDArray[np.int32], int]: ...
def flood(heights: npt.NDArray[np.uint16], labels: npt.NDArray[np.int32]) -> npt.NDArray[np.int32]: ...
def border_features(
    regions: npt.NDArray[np.int32],
    fine: npt.NDArray[np.float32],
    half: npt.NDArray[np.float32],
    quarter: npt.NDArray[np.float32],
    textures: npt.NDArray[np.float32],
    details: npt.NDArray[np.float32],
    colors: npt.NDArray[np.float32],
    n_regions: int,
) -> tuple[npt.NDArray[np.int32], npt.NDArray[np.float64]]: ...
def merge_by_borders(
    regions: npt.NDArray[np.int32],
    fine: npt.NDArray[np.float32],
    half: npt.NDArray[np.float32],
    quarter: npt.NDArray[np.float32],
    textures: npt.NDArray[np.float32],
    details: npt.NDArray[np.float32],
    colors: npt.NDArray[np.float32],
    n_regions: int,
    hidden: npt.NDArray[np.float64],
    hidden_biases: npt.NDArray[np.float64],
    output: npt.NDArray[np.float64],
    output_bias: float,
    vivid: float,
    flat: float,
) -> tuple[npt.NDArray[np.int32], npt.NDArray[np.float64]]: ...

class SpatialSearch:
    def __init__(
        self,
        color_points: npt.NDArray[np.float32],
        color_of: npt.NDArray[np.uint32],
        palette: npt.NDArray[np.float32],
        diffuse: bool,
        unit: int,
        coder: str,
        reach: tuple[int, int] = (0, 0),
    ) -> None: ...
    def sweep(
        self,
        bit_worth: float,
        slack: float,
        matches: bool,
        n_threads: int,
        on_progress: Callable[[float], None] | None = None,
        survivors: int = 1,
        n_ranked: int = 0,
    ) -> tuple[float, float]: ...
    def sampled_distortion(self, n_threads: int) -> float: ...
    def set_smooth(self, smooth: npt.NDArray[np.uint8], weight: float, spread: bool) -> None: ...
    def set_classes(self, allowed: npt.NDArray[np.uint8], entry_class: npt.NDArray[np.uint8]) -> None: ...
    def refit(self, fixed: npt.NDArray[np.bool_], n_threads: int) -> npt.NDArray[np.float32]: ...
    def set_palette(self, palette: npt.NDArray[np.float32]) -> None: ...
    def indices(self) -> npt.NDArray[np.uint8]: ...

class Ssimulacra2:
    def __init__(self, original: npt.NDArray[np.uint8], n_threads: int) -> None: ...
    def score(self, distorted: npt.NDArray[np.uint8], n_threads: int) -> float: ...

def blurred_slope(
    plane: npt.NDArray[np.float32], taps: npt.NDArray[np.float32], n_threads: int
) -> npt.NDArray[np.float32]: ...
def set_simd_level(level: str) -> bool: ...
def quantize_batch(
    pictures: list[npt.NDArray[np.uint8]],
    group_of: npt.NDArray[np.int32],
    n_groups: int,
    k: int,
    max_iter: int,
    tol: float,
    n_threads: int,
) -> tuple[npt.NDArray[np.uint8], npt.NDArray[np.int64], npt.NDArray[np.uint8], npt.NDArray[np.int32]]: ...
def color_histograms(pictures: list[npt.NDArray[np.uint8]], n_threads: int) -> npt.NDArray[np.float32]: ...
def expand_batch(
    packed: npt.NDArray[np.uint8],
    bits: int,
    offsets: npt.NDArray[np.int64],
    n_pixels: npt.NDArray[np.int64],
    palettes: npt.NDArray[np.uint8],
    palette_of: npt.NDArray[np.int32],
    out: npt.NDArray[np.uint8],
    n_threads: int,
) -> None: ...
def unpack_batch(
    packed: npt.NDArray[np.uint8],
    bits: int,
    offsets: npt.NDArray[np.int64],
    n_pixels: npt.NDArray[np.int64],
    out: npt.NDArray[np.uint8],
    n_threads: int,
) -> None: ...
def fit_index_model(
    packed: npt.NDArray[np.uint8],
    bits: int,
    offsets: npt.NDArray[np.int64],
    sizes: npt.NDArray[np.int32],
    k: int,
    levels: int,
    n_threads: int,
) -> npt.NDArray[np.uint16]: ...

class IndexModel:
    def __init__(self, frequencies: npt.NDArray[np.uint16]) -> None: ...
    def encode(
        self,
        packed: npt.NDArray[np.uint8],
        bits: int,
        offsets: npt.NDArray[np.int64],
        sizes: npt.NDArray[np.int32],
        n_threads: int,
    ) -> tuple[npt.NDArray[np.uint8], npt.NDArray[np.int64]]: ...
    def decode(
        self,
        coded: npt.NDArray[np.uint8],
        begins: npt.NDArray[np.int64],
        ends: npt.NDArray[np.int64],
        out: npt.NDArray[np.uint8],
        n_threads: int,
    ) -> int: ...
    def expand(
        self,
        coded: npt.NDArray[np.uint8],
        begins: npt.NDArray[np.int64],
        ends: npt.NDArray[np.int64],
        palettes: npt.NDArray[np.uint8],
        palette_of: npt.NDArray[np.int32],
        out: npt.NDArray[np.uint8],
        n_threads: int,
    ) -> int: ...
