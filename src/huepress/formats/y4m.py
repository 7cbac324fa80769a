"""YUV4MPEG2 (.y4m): raw video of 8 bits, which is only read; BT.601, limited range unless the header says otherwise."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from fractions import Fraction

import numpy as np
import numpy.typing as npt

from huepress.errors import DecodeError
from huepress.formats.decode import check_size
from huepress.formats.record import FileFormat, Moving
from huepress.model import Animation, Bytes

Floats = npt.NDArray[np.float32]
_SIGNATURE = b"YUV4MPEG2 "
_LONGEST_LINE = 4096
_USUAL_RATE = Fraction(25)
# Of each kind: whether chroma is halved across and down, and whether its samples stand between those of light.
_KINDS = {
    "420": (2, 2, True), "420jpeg": (2, 2, True), "420mpeg2": (2, 2, False), "420paldv": (2, 2, False),
    "422": (2, 1, False), "444": (1, 1, True), "mono": (0, 0, True),
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
        across, down, _ = _KINDS[self.kind]
        return (-(-self.height // down), -(-self.width // across)) if across else (0, 0)

    @property
    def n_bytes(self) -> int:
        rows, columns = self.chroma
        return self.width * self.height + 2 * rows * columns


def is_y4m(data: bytes) -> bool:
    """Tell whether a file is a YUV4MPEG2 stream."""
    return data.startswith(_SIGNATURE)


def y4m_size(data: bytes) -> tuple[int, int]:
    """Return width and height from the first bytes of a file."""
    header = _header(data)
    return header.width, header.height


def _header(data: bytes) -> _Header:
    end = data.find(b"\n", 0, _LONGEST_LINE)
    if end < 0:
        raise DecodeError("the header of the Y4M file is damaged; make it anew")
    said: dict[str, str] = {}
    for word in data[len(_SIGNATURE) : end].decode("latin-1").split():
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


def read_y4m(data: bytes, *, max_pixels: int) -> Animation | None:
    """Return the frames of a file, to be decoded one after the other.

    Raises
    ------
    DecodeError, LimitError
    """
    header = _header(data)
    check_size(header.width, header.height, max_pixels)
    starts: list[int] = []
    at = header.end
    while at < len(data):
        line_end = data.find(b"\n", at, at + _LONGEST_LINE)
        at, begins = line_end + 1 + header.n_bytes, data[at : at + 5] == b"FRAME"
        if line_end < 0 or not begins or at > len(data):
            raise DecodeError(f"the Y4M file is damaged or cut off after {len(starts):,} frames; make it anew")
        starts.append(line_end + 1)
    if not starts:
        raise DecodeError("the Y4M file holds no frame; make it anew")

    def shown() -> Iterator[Bytes]:
        return (_decoded(data, start, header) for start in starts)

    return Animation(header.width, header.height, "Y4M", (1 / header.rate,) * len(starts), 0, shown, data)


def _decoded(data: bytes, start: int, header: _Header) -> Bytes:
    """Return one frame as RGBA (ITU-R BT.601-7)."""
    height, width = header.height, header.width
    black, light, color = (0, 255, 255) if header.full_range else (16, 219, 224)
    luma = np.frombuffer(data, np.uint8, width * height, start).reshape(height, width)
    y = (luma.astype(np.float32) - np.float32(black)) * np.float32(255 / light)
    result = np.full((height, width, 4), 255, np.uint8)
    rows, columns = header.chroma
    if not rows:
        result[..., :3] = _codes(y)[..., None]
        return result
    planes = []
    for number in range(2):
        at = start + width * height + number * rows * columns
        plane = np.frombuffer(data, np.uint8, rows * columns, at).reshape(rows, columns)
        planes.append(_at_full_size((plane.astype(np.float32) - 128) * np.float32(255 / color), header))
    blue, red = planes
    result[..., 0] = _codes(y + np.float32(1.402) * red)
    result[..., 1] = _codes(y - np.float32(0.344136) * blue - np.float32(0.714136) * red)
    result[..., 2] = _codes(y + np.float32(1.772) * blue)
    return result


def _codes(values: Floats) -> Bytes:
    return np.rint(np.clip(values, 0, 255)).astype(np.uint8)


def _at_full_size(plane: Floats, header: _Header) -> Floats:
    across, down, between = _KINDS[header.kind]
    if down == 2:  # of all kinds chroma stands between two rows of light
        plane = _doubled(plane, between=True)[: header.height]
    return plane if across == 1 else _doubled(plane.T, between=between).T[:, : header.width]


def _doubled(plane: Floats, *, between: bool) -> Floats:
    """Return twice as many rows, interpolated linearly."""
    before, after = np.vstack([plane[:1], plane[:-1]]), np.vstack([plane[1:], plane[-1:]])
    quarter, half = np.float32(0.25), np.float32(0.5)
    result = np.empty((2 * len(plane), plane.shape[1]), np.float32)
    result[::2] = plane + (before - plane) * quarter if between else plane
    result[1::2] = plane + (after - plane) * (quarter if between else half)
    return result


FORMAT = FileFormat(
    name="y4m",
    file_format="Y4M",
    extensions=(".y4m",),
    mime_type="video/x-yuv4mpeg",
    recognizes=is_y4m,
    in_browsers=False,
    moving=Moving(read=read_y4m),
)
