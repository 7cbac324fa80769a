"""MP4, MOV, WebM and Matroska: videos that are only read, by PyAV (the extra ``video``)."""

from __future__ import annotations

import io
from collections.abc import Iterator
from contextlib import contextmanager
from fractions import Fraction
from typing import Any

import numpy as np

from huepress.errors import DecodeError
from huepress.formats import encodings
from huepress.formats.decode import check_size
from huepress.formats.plug_ins import AVIF_BRANDS, HEIC_BRANDS, brands_of, enable_video
from huepress.formats.record import FileFormat, Moving
from huepress.formats.yuv import BT601, BT709, Samples, Sampling, YuvEncoding, rounded, to_rgb255
from huepress.model import Animation, Bytes

_EBML = b"\x1aE\xdf\xa3"
_ISO_BOXES = (b"moov", b"mdat", b"wide")  # what a MOV file may begin with
_ISO, _MATROSKA = "mov", "matroska"
# Pixels of more than 8 bits lie in two bytes, the lower one first.
_KINDS = {
    "yuv420p": Sampling(2, 2, False), "yuvj420p": Sampling(2, 2, False),
    "yuv422p": Sampling(2, 1, False), "yuvj422p": Sampling(2, 1, False),
    "yuv444p": Sampling(1, 1, True), "yuvj444p": Sampling(1, 1, True), "gray": Sampling(0, 0, True),
}  # fmt: skip
_DEEP = {f"{kind}{bits}le": (kind, bits) for kind in ("yuv420p", "yuv422p", "yuv444p", "gray") for bits in (10, 12)}
# What H.273 calls "unspecified"; FFmpeg's numbers are H.273's.
_UNSPECIFIED = 2
_FULL_RANGE = 2  # FFmpeg's number
# From so many rows on, video that does not say so is taken for BT.709, as players do.
_HD_ROWS = 720
# Primaries that are sRGB's, or so near that players disregard it.
_USUAL_PRIMARIES = (1, _UNSPECIFIED, 5, 6)
_HDR = (16, 18)
# Pixels of any picture that FFmpeg takes.
_LARGEST = (1 << 31) - 1
_PADDING = 1 << 18
_SRGB = 13


def is_video(data: bytes) -> bool:
    """Tell whether a file is an ISO base media file that holds no still picture, or a Matroska file."""
    if data[4:8] == b"ftyp":
        return not brands_of(data) & (AVIF_BRANDS | HEIC_BRANDS)
    return data.startswith(_EBML) or data[4:8] in _ISO_BOXES


def video_size(data: bytes) -> tuple[int, int]:
    """Return width and height as shown.

    Raises
    ------
    DecodeError
        If the file is damaged, holds no pictures, or PyAV is missing.
    """
    with _told_as_damage(), _opened(data, _LARGEST) as (_, stream):
        frame = stream.codec_context
        return int(frame.width), int(frame.height)


def read_video(data: bytes, *, max_pixels: int) -> Animation | None:
    """Return the frames of a file, to be decoded one after the other.

    Raises
    ------
    DecodeError, LimitError
    """
    with _told_as_damage(), _opened(data, max_pixels) as (container, stream):
        width, height = int(stream.codec_context.width), int(stream.codec_context.height)
        check_size(width, height, max_pixels)
        durations = _durations(container, stream)
    turns = 0
    for first in _frames(data, max_pixels, 1):
        turns = round(first.rotation / 90) % 4
    if turns % 2:
        width, height = height, width

    def shown() -> Iterator[Bytes]:
        for frame in _frames(data, max_pixels, len(durations)):
            yield np.ascontiguousarray(np.rot90(_rgba(frame), turns))

    return Animation(width, height, "MP4", durations, 0, shown, data)


def _durations(container: Any, stream: Any) -> tuple[Fraction, ...]:
    """Return how long each frame is shown, told by the packets without decoding them."""
    times: list[tuple[int, int]] = []
    for packet in container.demux(stream):
        if packet.pts is not None and packet.size and not packet.is_discard:
            times.append((int(packet.pts), int(packet.duration or 0)))
    if not times:
        raise DecodeError("the video holds no frame; make it anew")
    times.sort()
    unit = Fraction(stream.time_base)
    starts = [start for start, _ in times]
    last = times[-1][1] or (starts[-1] - starts[0]) // max(1, len(starts) - 1)
    ends = [*starts[1:], starts[-1] + max(0, last)]
    return tuple((end - start) * unit for start, end in zip(starts, ends, strict=True))


def _frames(data: bytes, max_pixels: int, n_frames: int) -> Iterator[Any]:
    n_seen = 0
    with _told_as_damage(), _opened(data, max_pixels) as (container, stream):
        size = stream.codec_context.width, stream.codec_context.height
        for frame in container.decode(stream):
            if (frame.width, frame.height) != size:
                raise DecodeError("the video changes its size; convert it to one size first")
            yield frame
            n_seen += 1
            if n_seen == n_frames:
                return
    raise DecodeError(f"only {n_seen} of {n_frames} frames of the video can be read; make it anew")


def _rgba(frame: Any) -> Bytes:
    kind, bits = _DEEP.get(frame.format.name, (frame.format.name, 8))
    if kind not in _KINDS:
        raise DecodeError(f"video of the kind {frame.format.name} is not read; convert it to yuv420p")
    sampling, matrix = _KINDS[kind], int(frame.colorspace)
    if matrix == _UNSPECIFIED:
        matrix = BT709 if frame.height >= _HD_ROWS else BT601
    full_range = kind.startswith("yuvj") or int(frame.color_range) == _FULL_RANGE
    shapes = [(frame.height, frame.width), *[sampling.chroma_shape(frame.width, frame.height)] * 2]
    planes = [_plane(plane, shape, bits) for plane, shape in zip(frame.planes, shapes, strict=False)]
    rgb255 = to_rgb255(planes, sampling, YuvEncoding(matrix, full_range, bits))
    result = np.full((frame.height, frame.width, 4), 255, np.uint8)
    encoding = _unusual(int(frame.color_primaries), int(frame.color_trc))
    if encoding is None:
        result[..., :3] = rounded(rgb255)
    else:
        codes = np.rint(np.clip(rgb255, 0, 255) * np.float32(257)).astype(np.uint16)
        result[..., :3] = encodings.to_srgb8(codes, encoding)
    return result


def _plane(plane: Any, shape: tuple[int, int], bits: int) -> Samples:
    samples: Samples = np.frombuffer(plane, np.uint8) if bits == 8 else np.frombuffer(plane, np.dtype("<u2"))
    rows: Samples = samples.reshape(plane.height, -1)[: shape[0], : shape[1]]
    return rows


def _unusual(primaries: int, transfer: int) -> encodings.RgbEncoding | None:
    """Return the encoding of high dynamic range or wide colors, None where codes are taken for sRGB's."""
    if transfer in _HDR:
        return encodings.from_code_points(9 if primaries == _UNSPECIFIED else primaries, transfer)
    return None if primaries in _USUAL_PRIMARIES else encodings.from_code_points(primaries, _SRGB)


@contextmanager
def _opened(data: bytes, max_pixels: int) -> Iterator[tuple[Any, Any]]:
    """Open a file as what it was recognized for, and nothing else, with a decoder for its first video."""
    av = enable_video()
    name = _MATROSKA if data.startswith(_EBML) else _ISO
    with av.open(io.BytesIO(data), mode="r", format=name, options={"max_pixels": str(_LARGEST)}) as container:
        if not container.streams.video:
            raise DecodeError("the file holds no pictures; give a video")
        stream = container.streams.video[0]
        stream.thread_type = "AUTO"
        # For frames that grow on the way; decoders count what they allocate, which is a little more.
        stream.codec_context.options = {"max_pixels": str(min(_LARGEST, 2 * max_pixels + _PADDING))}
        yield container, stream


@contextmanager
def _told_as_damage() -> Iterator[None]:
    av = enable_video()
    try:
        yield
    except av.FFmpegError as error:
        raise DecodeError(f"the video is damaged or of an unknown kind ({error.strerror}); make it anew") from None


FORMAT = FileFormat(
    name="video",
    file_format="MP4",
    extensions=(".mp4", ".m4v", ".mov", ".webm", ".mkv"),
    mime_type="video/mp4",
    recognizes=is_video,
    in_browsers=False,
    moving=Moving(read=read_video, always=True, size_of=video_size),
)
