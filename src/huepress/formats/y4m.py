"""YUV4MPEG2 (.y4m): raw video of 8 bits, which is only read; BT.601, limited range unless the header says otherwise."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from fractions import Fraction

import numpy as np

from huepress.errors import DecodeError
from huepress.formats.decode import check_size
from huepress.formats.record import FileFormat, Moving
from huepress.formats.yuv import Samples, Sampling, YuvEncoding, rounded, to_rgb255
from huepress.model import Animation, Bytes
from huepress.wording import counted

Y4M_SIGNATURE = b"YUV4MPEG2 "
_LONGEST_LINE = 4096
_USUAL_RATE = Fraction(25)
_KINDS = {
    "420": Sampling(2, 2, True), "420jpeg": Sampling(2, 2, True), "420mpeg2": Sampling(2, 2, False),
    "420paldv": Sampling(2, 2, False), "422": Sampling(2, 1, False), "444": Sampling(1, 1, True),
    "mono": Sampling(0, 0, True),
}  # fmt: skip


@dataclass(frozen=True)
class _Header:
    width: int
    height: int
    rate: Fraction
    kind: str
    full_range: bool
    end: int

    @property
    def chroma(self) -> tuple[int, int]:
        """Rows and columns of each plane of chroma."""
        return _KINDS[self.kind].chroma_shape(self.width, self.height)

    @property
    def n_bytes(self) -> int:
        rows, columns = self.chroma
        return self.width * self.height + 2 * rows * columns


def is_y4m(data: bytes) -> bool:
    """Tell whether a file is a YUV4MPEG2 stream."""
    return data.startswith(Y4M_SIGNATURE)


def y4m_size(data: bytes) -> tuple[int, int]:
    """Return width and height from the first bytes of a file."""
    header = _header(data)
    return header.width, header.height


def _header(data: bytes) -> _Header:
    end = data.find(b"\n", 0, _LONGEST_LINE)
    if end < 0:
        raise DecodeError("the header of the Y4M file is damaged; make it anew")
    said: dict[str, str] = {}
    for word in data[len(Y4M_SIGNATURE) : end].decode("latin-1").split():
        said["X" + word[1:].partition("=")[0] if word[0] == "X" else word[0]] = word[1:]
    sides = [said.get(name, "") for name in "WH"]
    if not all(re.fullmatch(r"[0-9]{1,9}", side) and int(side) for side in sides):
        raise DecodeError("the header of the Y4M file gives no width and height; make it anew")
    kind = said.get("C", "420")
    if kind not in _KINDS:
        raise DecodeError(f"Y4M of the kind {kind[:20]!r} is not read; convert it to 8 bits: {', '.join(_KINDS)}")
    if said.get("I", "p") not in ("p", "?"):
        raise DecodeError("the Y4M file is interlaced; make whole frames of it first")
    rate = _USUAL_RATE
    if match := re.fullmatch(r"([0-9]{1,9}):([0-9]{1,9})", said.get("F", "")):
        above, below = int(match[1]), int(match[2])
        rate = Fraction(above, below) if above and below else _USUAL_RATE
    full = said.get("XCOLORRANGE", "").partition("=")[2].upper() == "FULL"
    return _Header(int(sides[0]), int(sides[1]), rate, kind, full, end + 1)


def whole_frames(data: bytes) -> tuple[list[int], int]:
    """Return where the whole frames of a file begin, and where they end.

    Raises
    ------
    DecodeError
        If the header is damaged.
    """
    header = _header(data)
    starts: list[int] = []
    end = header.end
    while data[end : end + 5] == b"FRAME":
        begin = data.find(b"\n", end, end + _LONGEST_LINE) + 1
        if not begin or begin + header.n_bytes > len(data):
            break
        starts.append(begin)
        end = begin + header.n_bytes
    return starts, end


def read_y4m(data: bytes, *, max_pixels: int) -> Animation | None:
    """Return the frames of a file, to be decoded one after the other.

    Raises
    ------
    DecodeError, LimitError
    """
    header = _header(data)
    check_size(header.width, header.height, max_pixels)
    starts, end = whole_frames(data)
    if end < len(data):
        raise DecodeError(f"the Y4M file is damaged or cut off after {counted(len(starts), 'frame')}; make it anew")
    if not starts:
        raise DecodeError("the Y4M file holds no frame; make it anew")

    def shown() -> Iterator[Bytes]:
        return (_decoded(data, start, header) for start in starts)

    return Animation(header.width, header.height, "Y4M", (1 / header.rate,) * len(starts), 0, shown, data)


def _decoded(data: bytes, start: int, header: _Header) -> Bytes:
    """Return one frame as RGBA (ITU-R BT.601-7)."""
    height, width = header.height, header.width
    planes: list[Samples] = []
    for shape in [(height, width), *[header.chroma] * 2][: 3 if header.chroma[0] else 1]:
        planes.append(np.frombuffer(data, np.uint8, shape[0] * shape[1], start).reshape(shape))
        start += planes[-1].size
    result = np.full((height, width, 4), 255, np.uint8)
    encoding = YuvEncoding(full_range=header.full_range)
    result[..., :3] = rounded(to_rgb255(planes, _KINDS[header.kind], encoding))
    return result


FORMAT = FileFormat(
    name="y4m",
    file_format="Y4M",
    extensions=(".y4m",),
    mime_type="video/x-yuv4mpeg",
    recognizes=is_y4m,
    in_browsers=False,
    moving=Moving(read=read_y4m, always=True, size_of=y4m_size),
)
