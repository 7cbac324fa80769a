"""The order of the stages, known here alone."""

from __future__ import annotations

import time
from collections.abc import Callable

from huepress.codec.encoders import encode, main_encoder
from huepress.histogram import count_colors, with_alpha
from huepress.indexing import index_image
from huepress.metrics import psnr_db
from huepress.model import ColorTable, Encoded, IndexedImage, Outcome, Report, SourceImage
from huepress.moving import Animation
from huepress.options import Options
from huepress.palette import fit_palette, fits, needs_alpha
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
        otherwise the input's bytes are kept, unless the options ask for certain colors.
    started : float, optional
        ``time.perf_counter()`` when work on the input began, for the report.
    on_progress : callable, optional
        Called with the part of the search that is done, 0 to 1.

    Returns
    -------
    Outcome
    """
    started = time.perf_counter() if started is None else started
    format = options.still_format
    if format != "keep":
        source = main_encoder(format, source.format).adapt(source)
    indexed, table, searched = _quantize(source, options, on_progress)
    encoded = encode(
        indexed,
        format,
        source.format,
        effort=options.effort,
        metadata=source.metadata,
        searched=searched,
        keep_indices=options.palette is not None,
    )
    allow_larger = allow_larger or options.asks_for_colors
    encoded, kept, message = smaller_file(encoded, source, indexed.n_colors, allow_larger=allow_larger)
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
        notes=source.notes if not kept else (),
    )
    return Outcome(indexed, encoded, report)


def smaller_file(
    encoded: Encoded, source: SourceImage | Animation, n_colors: int, *, allow_larger: bool
) -> tuple[Encoded, bool, str]:
    """Return the result, or the original where that is no larger; whether it was kept; what is unusual about it."""
    n_bytes = len(encoded.data)
    if source.keepable is not None and n_bytes >= len(source.keepable) and not allow_larger:
        stripped = ", its metadata removed" if source.keepable != source.encoded else ""
        message = (
            f"the {n_colors}-color {encoded.format} would take {n_bytes:,} bytes, no fewer than the "
            f"{source.format} with {len(source.keepable):,}; original kept{stripped} (--allow-larger writes it anyway)"
        )
        return Encoded(source.keepable, source.format), True, message
    message = ""
    if source.keepable is None and source.encoded is not None and n_bytes >= len(source.encoded):
        message = (
            f"larger than the {source.format}, whose metadata cannot be removed otherwise "
            "(--strip none keeps the original)"
        )
    return encoded, False, message


def _quantize(
    source: SourceImage, options: Options, on_progress: Callable[[float], None] | None
) -> tuple[IndexedImage, ColorTable, bool]:
    """Return the indexed image, the colors it was made from, and whether the search chose its indices."""
    table = count_colors(source, threads=options.threads)
    if options.palette is None and source.pixels_srgb8.shape[2] == 4 and not fits(table, options):
        # Hidden colors of transparent pixels stay only where nothing has to go.
        table = count_colors(source, threads=options.threads, merge_transparent=True)
    if needs_alpha(options):
        table = with_alpha(table)
    fit = fit_palette(table, options)
    if options.effort == 0 or fit.lossless:
        return index_image(table, fit, threads=options.threads), table, False
    coder = main_encoder(options.still_format, source.format).coder
    return search_indices(table, fit, options, on_progress, coder=coder), table, True
