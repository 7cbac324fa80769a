"""What the files of videos say of themselves, read before FFmpeg believes it: where they end, and of how many frames.

FFmpeg shows a file that was cut off as a shorter one, and makes room for as many frames as a header tells of.
"""

from __future__ import annotations

from bisect import bisect
from collections.abc import Iterator
from typing import NamedTuple

from huepress.errors import DecodeError, LimitError

EBML = b"\x1aE\xdf\xa3"
# Frames and samples of sound of one file; FFmpeg takes about 40 bytes for each.
MOST_SAMPLES = 1 << 21
# Boxes or elements that are looked at one by one.
_MOST_PARTS = 1 << 21
_SEGMENT, _CLUSTER = 0x18538067, 0x1F43B675  # RFC 9559, 5.1 and 5.1.3
# Where the tables of ISO/IEC 14496-12 (8.7.3.2, 8.7.3.3, 8.8.8) tell of how many samples, behind their names.
_COUNTS = {b"stsz": 12, b"stz2": 12, b"trun": 8}


class _Part(NamedTuple):
    """A box or an element: where it, its body and its end are said to be; no end where none is told."""

    name: bytes | int
    start: int
    body: int
    end: int | None


def check_whole(data: bytes) -> None:
    """Refuse a video that was cut off.

    Raises
    ------
    DecodeError
        If a box or an element says that it ends behind the file, or a movie has no header. What else was cut between
        two of them cannot be told.
    """
    if data.startswith(EBML):
        if incomplete_element(data) is not None:
            raise DecodeError("the video is cut off; make it anew")
        return
    boxes = list(_boxes(data, 0, len(data)))
    is_cut = any(box.end is not None and box.end > len(data) for box in boxes)
    if is_cut or not any(box.name == b"moov" for box in boxes):  # often the last box
        problem = "the video is cut off, and MP4 and MOV files are read whole or not at all; fetch or make it anew"
        raise DecodeError(problem)


def with_few_samples(data: bytes) -> bytes:
    """Return a file that FFmpeg may open: its tracks of sound that are divided very finely are left out.

    Raises
    ------
    LimitError
        If an ISO file tells of more than two million frames.
    DecodeError
        If its header is compressed.
    """
    if data.startswith(EBML):  # each frame is in it
        return data
    n_samples, changed = 0, None
    for box in _boxes(data, 0, len(data)):
        end = len(data) if box.end is None else min(box.end, len(data))
        if box.name == b"mdat":
            continue
        if box.name == b"moov" and data.find(b"cmov", box.body, end) >= 0:
            raise DecodeError("the header of the video is compressed; convert it")
        tracks = [each for each in _boxes(data, box.body, end) if each.name == b"trak"] if box.name == b"moov" else []
        sound = {each.start for each in tracks if data.find(b"vide", each.body, each.end or end) < 0}
        starts = [each.start for each in tracks]
        for at, n in _counts(data, box.body, end):
            track = starts[bisect(starts, at) - 1] if starts and at > starts[0] else -1
            if n > MOST_SAMPLES and track in sound:
                changed = bytearray(data) if changed is None else changed
                changed[track + 4 : track + 8], changed[at : at + 4] = b"free", bytes(4)
            else:
                n_samples += n
    if n_samples > MOST_SAMPLES:
        raise LimitError(f"a video of more than {MOST_SAMPLES:,} frames; cut it into shorter ones first")
    return data if changed is None else bytes(changed)


def _counts(data: bytes, start: int, end: int) -> Iterator[tuple[int, int]]:
    """Yield where it stands how many samples there are, and the number; anywhere in a header, as FFmpeg takes them."""
    for name, skipped in _COUNTS.items():
        at = data.find(name, start, end)
        while at >= 0:
            yield at + skipped, int.from_bytes(data[at + skipped : at + skipped + 4], "big")
            at = data.find(name, at + 4, end)


def _boxes(data: bytes, start: int, end: int) -> Iterator[_Part]:
    """Yield the boxes between two places (ISO/IEC 14496-12, 4.2)."""
    at = start
    for _ in range(_MOST_PARTS):
        if at + 8 > end:
            return
        size, name, body = int.from_bytes(data[at : at + 4], "big"), data[at + 4 : at + 8], at + 8
        if not name.isalnum():  # zeros or junk behind the last one
            return
        if size == 1:
            size, body = int.from_bytes(data[at + 8 : at + 16], "big"), at + 16
        if 0 < size < body - at:
            return
        yield _Part(name, at, body, at + size if size else None)
        if not size:
            return
        at += size
    raise DecodeError("the video has too many parts; make it anew")


def incomplete_element(data: bytes) -> tuple[int, list[int]] | None:
    """Find the element in which a Matroska file was cut off (RFC 8794, RFC 9559).

    Returns
    -------
    (int, list of int) or None
        Where it starts, and where the sizes of the segments and clusters around it stand; None where the file is whole.
    """
    at, is_within = 0, False
    around: list[int] = []
    for _ in range(_MOST_PARTS):
        element = _element(data, at) if at < len(data) else None
        if element is not None and element.end is not None and element.end <= len(data):
            at = element.end
        elif element is not None and element.name in (_SEGMENT, _CLUSTER):
            is_within, at = True, element.body
            around += [] if element.end is None else [element.start + 4]
        elif element is not None and element.end is None:  # against the rules: nothing can be told
            return None
        else:  # the end; behind the last segment there may be anything
            return (at, around) if around or (is_within and at < len(data)) else None
    raise DecodeError("the video has too many parts; make it anew")


def without_incomplete_element(data: bytes) -> bytes | None:
    """Return a Matroska file as if it had been written live until it was cut off; None where it is whole."""
    found = incomplete_element(data)
    if found is None:
        return None
    whole = bytearray(data[: found[0]])
    for at in found[1]:
        n = 9 - whole[at].bit_length()
        whole[at : at + n] = ((1 << 7 * n + 1) - 1).to_bytes(n, "big")  # unknown: all bits behind the mark
    return bytes(whole)


def _element(data: bytes, at: int) -> _Part | None:
    """Return the element at a place; None where its head is cut off, or what stands there is none."""
    n_name = 9 - data[at].bit_length()
    if n_name > 4 or at + n_name >= len(data):
        return None
    n_size = 9 - data[at + n_name].bit_length()
    body = at + n_name + n_size
    if n_size > 8 or body > len(data):
        return None
    mask = (1 << 7 * n_size) - 1
    size = int.from_bytes(data[at + n_name : body], "big") & mask
    name = int.from_bytes(data[at : at + n_name], "big")
    return _Part(name, at, body, None if size == mask else body + size)
