"""GIF files (Graphics Interchange Format, version 89a) of an indexed image."""

from __future__ import annotations

import io
import struct
from dataclasses import replace

import numpy as np
from PIL import Image, ImageFile

from huepress.errors import LimitError, OptionError
from huepress.model import NO_METADATA, Bytes, Encoded, IndexedImage, Metadata, SourceImage

_LARGEST_SIDE = 65535
# A pixel is shown or not: from this alpha on it is shown.
_SHOWN_FROM = 128


def encode_gif(
    image: IndexedImage,
    *,
    effort: int = 0,
    metadata: Metadata = NO_METADATA,
    searched: bool = False,
    keep_indices: bool = False,
) -> Encoded:
    """Encode at the smallest code size; pixels less than half opaque become transparent, others opaque.

    Author and copyright become a comment; a resolution has no room.

    Raises
    ------
    LimitError
        If a side is longer than the format allows.
    OptionError
        If the colors need a profile, for which the format has no room.
    """
    height, width = image.indices.shape
    if max(height, width) > _LARGEST_SIDE:
        raise LimitError(f"GIF holds at most {_LARGEST_SIDE} pixels a side, not {width} x {height}; write PNG")
    if metadata.icc_profile is not None:
        raise OptionError("GIF has no room for a color profile; choose color 'srgb' or another format")
    indices, colors, clear = _with_one_clear_entry(image)
    bits = max(1, (len(colors) - 1).bit_length())
    parts = [b"GIF89a", struct.pack("<HHBBB", width, height, 0x80 | (bits - 1), 0, 0)]
    parts.append(colors.tobytes() + bytes(3 * ((1 << bits) - len(colors))))
    comment = "\n".join(f"{keyword}: {text}" for keyword, text in metadata.texts).encode("utf-8", "replace")
    if comment:
        blocks = (comment[i : i + 255] for i in range(0, len(comment), 255))
        parts.append(b"!\xfe" + b"".join(bytes([len(block)]) + block for block in blocks) + b"\0")
    if clear is not None:
        parts.append(b"!\xf9\4" + struct.pack("<BHB", 1, 0, clear) + b"\0")
    parts.append(b"," + struct.pack("<HHHHB", 0, 0, width, height, 0))
    parts.append(compress_lzw(indices, bits) + b";")
    return Encoded(b"".join(parts), "GIF")


def with_binary_alpha(source: SourceImage) -> SourceImage:
    """Make every pixel opaque or transparent, so that the palette wastes no entry on what GIF cannot show."""
    pixels = source.pixels_srgb8
    if pixels.shape[2] == 3 or bool(np.isin(pixels[:, :, 3], (0, 255)).all()):
        return source
    shown = pixels[:, :, 3:] >= _SHOWN_FROM
    opaque = np.concatenate([pixels[:, :, :3], np.full_like(pixels[:, :, 3:], 255)], axis=2)
    if shown.all():
        binary: Bytes = opaque[:, :, :3]
    else:
        binary = np.where(shown, opaque, np.uint8(0))
    return replace(source, pixels_srgb8=binary, notes=(*source.notes, "soft alpha made on or off, as GIF has no other"))


def is_shown_equal(image: IndexedImage) -> bool:
    """Tell whether a GIF shows the same picture: every color is opaque or invisible."""
    colors = np.asarray(image.palette)
    if colors.shape[1] == 3:
        return True
    alphas = colors[:, 3]
    fits = len(colors) - int((alphas == 0).sum()) + int((alphas == 0).any()) <= 256
    return fits and bool(((alphas == 0) | (alphas == 255)).all())


def compress_lzw(indices: Bytes, bits: int) -> bytes:
    """Return indices as image data: code size, LZW blocks and their end (GIF89a, appendix F).

    Pillow's own writer starts with codes of 9 bits whatever the palette.
    """
    code_size = max(bits, 2)
    picture = Image.fromarray(np.ascontiguousarray(indices))
    picture.encoderconfig = (code_size, 0)
    buffer = io.BytesIO()
    ImageFile._save(picture, buffer, [ImageFile._Tile("gif", (0, 0, *picture.size), 0, "L")])
    return bytes([code_size]) + buffer.getvalue() + b"\0"


def _with_one_clear_entry(image: IndexedImage) -> tuple[Bytes, Bytes, int | None]:
    """Return indices, RGB palette and the entry that is transparent, if any."""
    colors = np.asarray(image.palette)
    if colors.shape[1] == 3:
        return image.indices, np.ascontiguousarray(colors), None
    clear = colors[:, 3] < _SHOWN_FROM
    rgb = np.ascontiguousarray(colors[:, :3])
    if not clear.any():
        return image.indices, rgb, None
    first = int(np.flatnonzero(clear)[0])
    kept = ~clear
    kept[first] = True
    renumbered = (np.cumsum(kept) - 1).astype(np.uint8)
    renumbered[clear] = renumbered[first]
    return renumbered[image.indices], rgb[kept], int(renumbered[first])
