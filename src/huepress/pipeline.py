"""The order of the stages, known here alone."""

from __future__ import annotations

import time
from collections.abc import Callable

from huepress.codec.encode_png import encode_png
from huepress.codec.encode_webp import encode_webp
from huepress.histogram import count_colors
from huepress.indexing import index_image
from huepress.metrics import psnr_db
from huepress.model import ColorTable, Encoded, IndexedImage, Outcome, Report, SourceImage
from huepress.options import Options
from huepress.palette import fit_palette
from huepress.report import mean_squared_error
from huepress.spatial import search_indices


def quantize(source: SourceImage, options: Options) -> IndexedImage:
    """Reduce an image to at most `options.n_colors` colors."""
    return _quantize(source, options, None)[0]


def run(
    source: SourceImage,
    options: Options,
    *,
    allow_larger: bool = False,
    min_saving: float = 0.0,
    started: float | None = None,
    on_progress: Callable[[float], None] | None = None,
) -> Outcome:
    """Reduce, encode and measure an image.

    Parameters
    ----------
    source : SourceImage
    options : Options
    allow_larger : bool
        Whether a result that is no smaller than the input file is taken all the same;
        otherwise the input's bytes are kept.
    min_saving : float
        The part of the input file's bytes, 0 to below 1, that a result has to save; otherwise
        the input's bytes are kept.
    started : float, optional
        ``time.perf_counter()`` when work on the input began, for the report.
    on_progress : callable, optional
        Called with the part of the search that is done, 0 to 1.

    Returns
    -------
    Outcome
    """
    started = time.perf_counter() if started is None else started
    indexed, table = _quantize(source, options, on_progress)
    encode = encode_webp if options.format == "webp" else encode_png
    encoded = encode(indexed, effort=options.effort)
    message = ""
    kept = False
    if source.encoded is not None and not allow_larger:
        most = min(len(source.encoded) - 1, (1 - min_saving) * len(source.encoded))
        kept = len(encoded.data) > most
    if kept:
        assert source.encoded is not None
        too_many = "no fewer than" if len(encoded.data) >= len(source.encoded) else f"not {min_saving:.1%} fewer than"
        message = (
            f"the {indexed.n_colors}-color {encoded.format} would take {len(encoded.data):,} bytes, {too_many} the "
            f"{source.format} with {len(source.encoded):,}; original kept (--allow-larger writes it anyway)"
        )
        encoded = Encoded(source.encoded, source.format)
    mse = 0.0 if kept else mean_squared_error(table, indexed, threads=options.threads)
    bits_per_pixel_in = 8 * int(source.pixels_srgb8.shape[2])
    report = Report(
        status="kept" if kept else "compressed",
        width=source.width,
        height=source.height,
        bytes_in=None if source.encoded is None else len(source.encoded),
        bytes_out=len(encoded.data),
        n_colors=len(table) if kept else indexed.n_colors,
        n_colors_in=len(table),
        bits_per_pixel=bits_per_pixel_in if kept else indexed.bit_depth,
        bits_per_pixel_in=bits_per_pixel_in,
        mse=mse,
        psnr_db=psnr_db(mse),
        seconds=time.perf_counter() - started,
        seed=options.seed,
        message=message,
    )
    return Outcome(indexed, encoded, report)


def _quantize(
    source: SourceImage, options: Options, on_progress: Callable[[float], None] | None
) -> tuple[IndexedImage, ColorTable]:
    table = count_colors(source, threads=options.threads)
    if len(table) > options.n_colors and source.pixels_srgb8.shape[2] == 4:
        # Hidden colors of transparent pixels stay only where nothing has to go.
        table = count_colors(source, threads=options.threads, merge_transparent=True)
    fit = fit_palette(table, options)
    if options.effort == 0 or len(table) <= options.n_colors:
        return index_image(table, fit, threads=options.threads), table
    return search_indices(table, fit.palette, options, on_progress), table
