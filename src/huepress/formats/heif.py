"""HEIF files (ISO/IEC 23008-12: AVIF, HEIC): read; AVIF is written, by libaom, through Pillow.

Of originals EXIF and XMP are blanked where they lie, so that no offset moves.
"""

from __future__ import annotations

import io
from collections.abc import Iterator
from contextlib import suppress
from fractions import Fraction
from typing import Any

import numpy as np
from PIL import Image

from huepress.editing import MOST_PLAYS, shown_times
from huepress.efforts import EFFORTS
from huepress.errors import DecodeError, OptionError
from huepress.formats.decode import check_all_frames, check_size
from huepress.formats.metadata import as_pillow, has_private_data
from huepress.formats.opening import open_image
from huepress.formats.pillow_image import frames_to_pillow
from huepress.formats.plug_ins import AVIF_BRANDS, HEIC_BRANDS, brands_of, enable_avif
from huepress.formats.record import FileFormat, FullColor, Moving, Wish
from huepress.formats.timing import in_ticks
from huepress.model import Animation, Bytes

_EMPTY_EXIF = b"II*\0\x08\0\0\0" + bytes(6)  # a TIFF structure without a tag
_FILE, _ITEM_DATA = 0, 1  # where an item's bytes lie: construction methods of ISO/IEC 14496-12, 8.11.3
# Two give other bytes than one, more than two the same: with a fixed number they are the same everywhere.
_AVIF_THREADS = 2
_EXACT_ALPHA = {"alpha:lossless": "1"}
_TICK, _LONGEST_TICKS = Fraction(1, 1000), (1 << 31) - 1  # as Pillow tells and takes times
# From 7 on libaom predicts no motion to speak of: three times the bytes; 6 takes 2.4 times those of 5 for text.
_SLOW_ENOUGH = 5


def encode_avif(pixels_srgb8: Bytes, quality: int, wish: Wish) -> bytes:
    """Encode colors at full resolution, which costs no more at equal looks; alpha stays as it is.

    Raises
    ------
    OptionError
        If Pillow lacks AVIF, or its coder.
    """
    extras: dict[str, Any] = dict(as_pillow(wish.metadata))
    if pixels_srgb8.shape[2] == 4:
        extras["advanced"] = _EXACT_ALPHA
    return _saved(Image.fromarray(pixels_srgb8), quality, EFFORTS[wish.effort].avif_speed, extras)


def encode_avif_animation(animation: Animation, quality: int, wish: Wish) -> bytes:
    """Encode an animation, colors at full resolution.

    Raises
    ------
    OptionError
        If Pillow lacks AVIF, or its coder.
    """
    ticks = in_ticks(shown_times(animation.durations), _TICK, _LONGEST_TICKS, "AVIF")
    frames, has_alpha = frames_to_pillow(animation)
    first = next(frames)
    extras: dict[str, Any] = {"save_all": True, "append_images": frames, "duration": ticks}
    if has_alpha:
        extras["advanced"] = _EXACT_ALPHA
    data = bytearray(_saved(first, quality, min(EFFORTS[wish.effort].avif_speed, _SLOW_ENOUGH), extras))
    _blank_times(data, 0, len(data))
    if animation.n_plays:
        _set_plays(data, animation.n_plays)
    return bytes(data)


def _blank_times(data: bytearray, start: int, end: int) -> None:
    """Write zeros over when a movie was made: the same pictures are to give the same file (ISO/IEC 14496-12, 8.2.2)."""
    for name, begins, ends in _boxes(data, start, end):
        if name in (b"moov", b"trak", b"mdia"):
            _blank_times(data, begins, ends)
        elif name in (b"mvhd", b"tkhd", b"mdhd"):
            n_bytes = 16 if data[begins] else 8  # both times, by the version of the box
            data[begins + 4 : begins + 4 + n_bytes] = bytes(n_bytes)


# Where box bodies tell a duration, by the box's version: the place and the number of bytes (ISO/IEC 14496-12, 8.2.2,
# 8.3.2, 8.6.6).
_DURATIONS = {b"mvhd": ((16, 4), (24, 8)), b"tkhd": ((20, 4), (28, 8)), b"elst": ((8, 4), (8, 8))}


def _durations(data: bytes | bytearray, start: int, end: int, depth: int = 0) -> Iterator[tuple[bytes, slice, bool]]:
    """Yield which boxes of a movie tell a duration, where, and whether they ask for repetition."""
    for name, begins, ends in _boxes(data, start, end):
        if name in (b"moov", b"trak", b"edts") and depth < 3:
            yield from _durations(data, begins, ends, depth + 1)
        elif name in _DURATIONS and ends - begins >= 4:
            place, n_bytes = _DURATIONS[name][data[begins] == 1]
            if place + n_bytes <= ends - begins:
                yield name, slice(begins + place, begins + place + n_bytes), bool(data[begins + 3] & 1)


def _set_plays(data: bytearray, n_plays: int) -> None:
    """Have a movie play so often, not for ever: its tracks last so many times their edit lists (AVIF 1.1, 3)."""
    found = list(_durations(data, 0, len(data)))
    once = max((int.from_bytes(data[at], "big") for name, at, _ in found if name == b"elst"), default=0)
    for name, at, _ in found:
        n_bytes = at.stop - at.start
        lasts = once * n_plays
        if name != b"elst" and 0 < lasts < (1 << 8 * n_bytes) - 1:
            data[at] = lasts.to_bytes(n_bytes, "big")


def _plays(data: bytes) -> int:
    """Return how often a movie plays; 0: for ever, also where it does not say, or more often than others can."""
    lasts = 0
    with suppress(DecodeError):  # something behind the pictures
        for name, at, repeats in _durations(data, 0, len(data)):
            told = int.from_bytes(data[at], "big")
            if name == b"tkhd":
                lasts = 0 if told == (1 << 8 * (at.stop - at.start)) - 1 else told
            elif name == b"elst":
                n_plays = (-(-lasts // told) if told else 0) if repeats else 1
                return n_plays if n_plays <= MOST_PLAYS else 0
    return 0


def _saved(image: Image.Image, quality: int, speed: int, extras: dict[str, Any]) -> bytes:
    enable_avif(OptionError)
    buffer = io.BytesIO()
    try:
        image.save(
            buffer,
            "AVIF",
            codec="aom",
            quality=quality,
            speed=speed,
            subsampling="4:4:4",
            max_threads=_AVIF_THREADS,
            **extras,
        )
    except ValueError as error:
        raise OptionError(f"this Pillow cannot write AVIF ({error}); install one from its wheels") from None
    return buffer.getvalue()


def read_avif_moving(data: bytes, *, max_pixels: int) -> Animation | None:
    """Return the animation of an AVIF file with more than one frame, else None.

    Raises
    ------
    DecodeError
        If the file is damaged or cut off.
    LimitError
        If the canvas has more than `max_pixels` pixels, or there are too many frames to be looked at.
    """
    if b"avis" not in brands_of(data):
        return None
    enable_avif(DecodeError)
    durations = []
    with open_image(data, ("AVIF",)) as image:
        width, height = image.size
        check_size(width, height, max_pixels)
        n_frames = int(getattr(image, "n_frames", 1))
        if n_frames < 2:
            return None
        check_all_frames(n_frames, width, height, max_pixels, before_trimming=True)
        for number in range(n_frames):  # times are told with the pixels only
            image.seek(number)
            image.load()
            durations.append(int(image.info.get("duration", 0)) * _TICK)

    def shown() -> Iterator[Bytes]:
        with open_image(data, ("AVIF",)) as image:
            for number in range(n_frames):
                image.seek(number)
                pixels = np.array(image.convert("RGBA"))
                pixels[pixels[:, :, 3] == 0] = 0
                yield pixels

    return Animation(width, height, "AVIF", tuple(durations), _plays(data), shown, data)


def blank_heif_metadata(data: bytes, exif: bytes | None) -> bytes:
    """Return a HEIF file of the same length with other EXIF and blank XMP.

    Parameters
    ----------
    data : bytes
    exif : bytes, optional
        A TIFF structure that is put in place where it fits.

    Raises
    ------
    DecodeError
        If its boxes make no sense.
    """
    blanked = bytearray(data)
    for name, start, end in _boxes(data, 0, len(data)):
        if name == b"meta":
            boxes = {n: (s, e) for n, s, e in _boxes(data, start + 4, end)}
            _blank_items(blanked, boxes, exif or _EMPTY_EXIF)
    return bytes(blanked)


def _blank_items(data: bytearray, boxes: dict[bytes, tuple[int, int]], exif: bytes) -> None:
    if b"iinf" not in boxes or b"iloc" not in boxes:
        return
    private = _private_items(bytes(data), *boxes[b"iinf"])
    item_data = boxes.get(b"idat", (0, 0))[0]
    for item, method, start, length in _extents(data, *boxes[b"iloc"]):
        if item not in private:
            continue
        if method not in (_FILE, _ITEM_DATA):
            raise DecodeError("metadata at an unknown place")
        start += item_data if method == _ITEM_DATA else 0
        if start + length > len(data):
            raise DecodeError("metadata beyond the end of the file")
        if private[item] == b"Exif":  # behind its own offset (ISO/IEC 23008-12, A.2.1)
            content = bytes(4) + (exif if len(exif) + 4 <= length else _EMPTY_EXIF)
            data[start : start + length] = content[:length].ljust(length, b"\0")
        else:
            data[start : start + length] = b" " * length


def _private_items(data: bytes, start: int, end: int) -> dict[int, bytes]:
    """Return the items with EXIF or XMP, and their types (ISO/IEC 14496-12, 8.11.6)."""
    found = {}
    for name, at, _ in _boxes(data, start + (6 if data[start] == 0 else 8), end):
        if name != b"infe" or data[at] < 2:
            continue
        width = 2 if data[at] == 2 else 4
        item = int.from_bytes(data[at + 4 : at + 4 + width], "big")
        kind = data[at + 6 + width : at + 10 + width]
        if kind in (b"Exif", b"mime"):
            found[item] = kind
    return found


def _extents(data: bytearray, start: int, end: int) -> Iterator[tuple[int, int, int, int]]:
    """Yield item, construction method, offset and length (ISO/IEC 14496-12, 8.11.3)."""
    version = data[start]
    sizes = data[start + 4], data[start + 5]
    offset_size, length_size, base_size = sizes[0] >> 4, sizes[0] & 15, sizes[1] >> 4
    index_size = sizes[1] & 15 if version in (1, 2) else 0
    position = start + 6

    def take(size: int) -> int:
        nonlocal position
        position += size
        if position > end:
            raise DecodeError("item locations are cut off")
        return int.from_bytes(data[position - size : position], "big")

    for _ in range(take(2 if version < 2 else 4)):
        item = take(2 if version < 2 else 4)
        method = take(2) & 15 if version in (1, 2) else _FILE
        take(2)
        base = take(base_size)
        for _ in range(take(2)):
            take(index_size)
            offset = base + take(offset_size)
            yield item, method, offset, take(length_size)


def _boxes(data: bytes | bytearray, start: int, end: int) -> Iterator[tuple[bytes, int, int]]:
    """Yield name, start and end of the content of each box (ISO/IEC 14496-12, 4.2)."""
    while start + 8 <= end:
        length, name, header = int.from_bytes(data[start : start + 4], "big"), bytes(data[start + 4 : start + 8]), 8
        if length == 1:
            length, header = int.from_bytes(data[start + 8 : start + 16], "big"), 16
        stop = start + length if length else end
        if (length and length < header) or stop > end:
            raise DecodeError("a box is longer than the file")
        yield name, start + header, stop
        start = stop


def _clean(data: bytes, exif: bytes | None, *, resolution: bool) -> bytes | None:
    """Blank metadata and look whether that has worked: there are many ways to hold them."""
    try:
        cleaned = blank_heif_metadata(data, exif)
        with open_image(cleaned) as again:
            return None if has_private_data(again, named=bool(exif)) else cleaned
    except Exception:  # as the decoders raise many kinds
        return None


AVIF = FileFormat(
    name="avif",
    file_format="AVIF",
    extensions=(".avif",),
    mime_type="image/avif",
    recognizes=lambda data: bool(brands_of(data) & AVIF_BRANDS),
    prepare=lambda: enable_avif(OptionError),
    clean=_clean,
    turns_pixels=True,
    full_color=FullColor(
        name="avif",
        encode=encode_avif,
        qualities=((-40, 1), (30, 28), (50, 40), (60, 47), (70, 56), (80, 69), (90, 86), (100, 100)),
        largest_side=65536,
        encode_moving=encode_avif_animation,
    ),
    moving=Moving(read=read_avif_moving, tick=_TICK),
)
HEIC = FileFormat(
    name="heic",
    file_format="HEIF",
    extensions=(".heic", ".heif"),
    mime_type="image/heic",
    recognizes=lambda data: bool(brands_of(data) & HEIC_BRANDS),
    in_browsers=False,
    clean=_clean,
    turns_pixels=True,
)
