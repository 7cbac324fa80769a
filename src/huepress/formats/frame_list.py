"""Pictures that become one animation: their files in a tar archive, in the order in which they are shown."""

from __future__ import annotations

import io
import re
import tarfile
from collections.abc import Iterator, Sequence
from fractions import Fraction

import numpy as np

from huepress.errors import DecodeError, HuepressError, LimitError, UnsupportedError
from huepress.formats import decode
from huepress.formats.record import FileFormat, Moving
from huepress.model import Animation, Bytes

USUAL_RATE = Fraction(10)
# Where a tar archive says what it is (POSIX.1-2017, pax: ustar interchange format).
_MAGIC_AT, _MAGIC = 257, b"ustar"
_RATE = "HUEPRESS.rate"
_MOST_FRAMES = 100_000


def join_frames(pictures: Sequence[tuple[str, bytes]], rate: Fraction) -> bytes:
    """Return a file that `read_frames` reads: names and files of pictures, so many a second."""
    buffer = io.BytesIO()
    headers = {_RATE: f"{rate.numerator}/{rate.denominator}"}
    with tarfile.open(fileobj=buffer, mode="w", format=tarfile.PAX_FORMAT, pax_headers=headers) as tar:
        for name, data in pictures:
            member = tarfile.TarInfo(name.lstrip("/"))
            member.size = len(data)
            tar.addfile(member, io.BytesIO(data))
    return buffer.getvalue()


def is_frame_list(data: bytes) -> bool:
    """Tell whether a file is a tar archive."""
    return data[_MAGIC_AT : _MAGIC_AT + len(_MAGIC)] == _MAGIC


def read_frames(data: bytes, *, max_pixels: int) -> Animation | None:
    """Return the pictures of an archive as an animation that plays for ever.

    Raises
    ------
    DecodeError
        If the archive is damaged, or something in it is no picture.
    LimitError
        If the first picture has more than `max_pixels` pixels, or there are more than 100,000.
    """
    members: list[tuple[str, int, int]] = []
    try:
        with tarfile.open(fileobj=io.BytesIO(data), mode="r:") as tar:
            for member in tar:
                if not member.isreg() or member.issparse() or member.offset_data + member.size > len(data):
                    raise DecodeError("the tar archive is cut off, or holds more than files; make it anew")
                members.append((member.name, member.offset_data, member.size))
                if len(members) > _MOST_FRAMES:
                    raise LimitError(f"more than {_MOST_FRAMES:,} frames; take fewer")
            rate = _rate_of(tar.pax_headers.get(_RATE, ""))
    except (tarfile.TarError, ValueError, OverflowError) as error:
        raise DecodeError(f"the tar archive is damaged ({error}); make it anew") from None
    if not members:
        raise DecodeError("the tar archive holds no pictures; give one of frames")

    def picture(number: int) -> Bytes:
        name, start, size = members[number]
        try:
            pixels = decode.decode(data[start : start + size], max_pixels=max_pixels).pixels_srgb8
        except UnsupportedError as error:  # no original that could be kept
            raise DecodeError(error.problem, subject=name, remedy=error.remedy) from None
        except HuepressError as error:
            raise error.about(name) from None
        if pixels.shape[2] == 4:
            return pixels
        return np.dstack([pixels, np.full(pixels.shape[:2], 255, np.uint8)])

    height, width = picture(0).shape[:2]

    def shown() -> Iterator[Bytes]:
        for number, (name, _, _) in enumerate(members):
            pixels = picture(number)
            if pixels.shape[:2] != (height, width):
                raise DecodeError(
                    f"{pixels.shape[1]} x {pixels.shape[0]} pixels, where the first frame has {width} x {height}",
                    subject=name,
                    remedy="make all frames one size",
                )
            yield np.where(pixels[..., 3:] == 0, np.uint8(0), pixels)

    return Animation(width, height, "TAR", (1 / rate,) * len(members), 0, shown, data)


def _rate_of(text: str) -> Fraction:
    found = re.fullmatch(r"([0-9]{1,10})/([0-9]{1,10})", text)
    above, below = (int(found[1]), int(found[2])) if found else (0, 0)
    return Fraction(above, below) if above and below else USUAL_RATE


FORMAT = FileFormat(
    name="frames",
    file_format="TAR",
    extensions=(".tar",),
    mime_type="application/x-tar",
    recognizes=is_frame_list,
    in_browsers=False,
    moving=Moving(read=read_frames, always=True),
)
