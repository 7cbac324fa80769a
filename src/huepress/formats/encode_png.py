"""Indexed and gray PNG files (PNG Specification, third edition), losslessly optimized."""

from __future__ import annotations

import zlib
from typing import Any

import numpy as np
import oxipng

from huepress.colors.arrays import pack_rows
from huepress.formats.png_chunks import insert_after_header, write_chunk
from huepress.model import NO_METADATA, Bytes, Encoded, IndexedImage, Metadata

# The optimizer's level by effort; from _ZOPFLI_EFFORT on its slow deflater.
_LEVELS = (2, 3, 3, 3, 4, 4, 4, 5, 5, 6)
_ZOPFLI_EFFORT, _ZOPFLI_ITERATIONS = 8, 15
_ALL_FILTERS_EFFORT = 9
# A gray PNG spares the palette, about its size; with deeper pixels it pays on small pictures only.
_SMALL_PICTURE = 1 << 16
_INCHES_PER_METER = 1 / 0.0254


def encode_png(
    image: IndexedImage,
    *,
    effort: int = 0,
    metadata: Metadata = NO_METADATA,
    searched: bool = False,
    keep_indices: bool = False,
) -> Encoded:
    """Encode at the smallest bit depth that holds the palette, alpha as tRNS.

    The palette and its order stay as they are; the optimizer only chooses row filters and
    how to deflate, more carefully with more effort (0 to 9). Indices that were `searched` were chosen for
    rows without filters, so that no other needs to be tried. A palette of grays becomes a gray PNG where
    that is smaller, unless `keep_indices` is true: its pixels are equal, its indices gone.
    """
    palette = [[*map(int, color), 255][:4] for color in image.palette]
    unfiltered = searched and effort < _ALL_FILTERS_EFFORT
    data = _optimized(image.indices, image.bit_depth, oxipng.ColorType.indexed(palette), effort, unfiltered)
    gray = _as_gray(image) if not keep_indices and metadata.icc_profile is None else None
    if gray is not None:
        codes, depth, key = gray
        if depth <= image.bit_depth or image.indices.size <= _SMALL_PICTURE:
            color_type = oxipng.ColorType.grayscale(key)
            data = min(data, _optimized(codes, depth, color_type, effort, unfiltered=False), key=len)
    chunks = _metadata_chunks(metadata)
    return Encoded(insert_after_header(data, chunks) if chunks else data, "PNG")


def optimize_png(encoded: Encoded, *, effort: int = 0) -> Encoded:
    """Return a PNG of the same pixels, losslessly optimized; the file as it is where the optimizer fails."""
    try:
        return Encoded(bytes(oxipng.optimize_from_memory(encoded.data, level=_LEVELS[effort])), "PNG")
    except oxipng.PngError:
        return encoded


def _optimized(codes: Bytes, bit_depth: int, color_type: Any, effort: int, unfiltered: bool) -> bytes:
    options: dict[str, Any] = {}
    if effort >= _ZOPFLI_EFFORT:
        options["deflate"] = oxipng.Deflaters.zopfli(_ZOPFLI_ITERATIONS)
    if unfiltered:
        options["filter"] = [oxipng.RowFilter.NoOp]
    height, width = codes.shape
    raw = oxipng.RawImage(
        pack_rows(codes, bit_depth).tobytes(), width, height, color_type=color_type, bit_depth=bit_depth
    )
    return bytes(
        raw.create_optimized_png(
            level=_LEVELS[effort],
            **options,
            bit_depth_reduction=False,
            color_type_reduction=False,
            palette_reduction=False,
            grayscale_reduction=False,
            optimize_alpha=False,
        )
    )


def _as_gray(image: IndexedImage) -> tuple[Bytes, int, int | None] | None:
    """Return gray codes, their bit depth and the transparent code; None where colors need a palette."""
    colors = np.asarray(image.palette).astype(int)
    if (colors[:, :3] != colors[:, :1]).any():
        return None
    grays = colors[:, 0]
    clear = np.zeros(len(colors), dtype=bool)
    if colors.shape[1] == 4:
        clear = colors[:, 3] == 0
        if (colors[~clear, 3] != 255).any() or clear.sum() > 1 or (clear.any() and grays[clear][0] in grays[~clear]):
            return None  # one gray is transparent or none is; and no hidden gray is touched
    depth = next(bits for bits in (1, 2, 4, 8) if (grays % (255 // ((1 << bits) - 1)) == 0).all())
    codes = (grays // (255 // ((1 << depth) - 1))).astype(np.uint8)
    return codes[image.indices], depth, int(codes[clear][0]) if clear.any() else None


def _metadata_chunks(metadata: Metadata) -> bytes:
    """Return the chunks of PNG third edition, 11.3, that hold metadata."""
    chunks = []
    if metadata.icc_profile is not None:
        chunks.append(write_chunk(b"iCCP", b"icc\0\0" + zlib.compress(metadata.icc_profile, 9)))
    if metadata.dpi is not None:
        per_meter = [round(dots * _INCHES_PER_METER).to_bytes(4, "big") for dots in metadata.dpi]
        chunks.append(write_chunk(b"pHYs", b"".join(per_meter) + b"\1"))
    if metadata.exif is not None:
        chunks.append(write_chunk(b"eXIf", metadata.exif))
    if metadata.xmp is not None:
        chunks.append(write_chunk(b"iTXt", b"XML:com.adobe.xmp\0\0\0\0\0" + metadata.xmp))
    chunks += [_text_chunk(keyword, text) for keyword, text in metadata.texts]
    return b"".join(chunks)


def _text_chunk(keyword: str, text: str) -> bytes:
    key = keyword.encode("latin-1", "replace")[:79]
    plain = text.replace("\0", " ")
    try:
        return write_chunk(b"tEXt", key + b"\0" + plain.encode("latin-1"))
    except UnicodeEncodeError:
        return write_chunk(b"iTXt", key + b"\0\0\0\0\0" + plain.encode("utf-8", "replace"))
