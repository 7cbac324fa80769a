"""MP4, MOV, WebM and Matroska: videos that are only read, by PyAV (the extra ``video``)."""

from __future__ import annotations

import io
from collections.abc import Iterator
from contextlib import contextmanager
from fractions import Fraction
from typing import Any

import numpy as np

from huepress.errors import DecodeError, LimitError, Remedy
from huepress.formats.decode import check_size
from huepress.formats.plug_ins import AVIF_BRANDS, HEIC_BRANDS, brands_of, enable_video
from huepress.formats.record import FileFormat, Moving
from huepress.formats.video_picture import light_of, to_rgba
from huepress.formats.video_structure import EBML, MOST_SAMPLES, check_whole, with_few_samples
from huepress.model import Animation, Bytes

_ISO_BOXES = (b"moov", b"mdat", b"wide")  # what a MOV file may begin with
_ISO, _MATROSKA = "mov", "matroska"
# What videos are made of that people have; FFmpeg has hundreds more, for files that nobody sends.
_CODECS = frozenset(
    {
        "av1", "libdav1d", "libaom-av1", "cfhd", "dnxhd", "ffv1", "ffvhuff", "h263", "h264", "hevc", "huffyuv", "mjpeg",
        "mpeg1video", "mpeg2video", "mpeg4", "msmpeg4", "prores", "rawvideo", "theora", "utvideo", "v210", "vc1", "vp8",
        "vp9", "vvc",
    }
)  # fmt: skip
# Of these WebM holds alpha as a second stream of light.
_WITH_ALPHA = ("vp8", "vp9")
_ALPHA_DATA, _ALPHA_NUMBER = "matroska_block_additional", (1).to_bytes(8, "big")
# Pictures that a decoder may hold back.
_MOST_WAITING = 64
# Pixels of any picture that FFmpeg takes.
_LARGEST = (1 << 31) - 1
_PADDING = 1 << 18
# Pixels of pictures that are large for a video, so that their size can be told.
_LOOKED_INTO = 1 << 25


def is_video(data: bytes) -> bool:
    """Tell whether a file is an ISO base media file that holds no still picture, or a Matroska file."""
    if data[4:8] == b"ftyp":
        return not brands_of(data) & (AVIF_BRANDS | HEIC_BRANDS)
    return data.startswith(EBML) or data[4:8] in _ISO_BOXES


def video_size(data: bytes) -> tuple[int, int]:
    """Return width and height as shown.

    Raises
    ------
    DecodeError
        If the file is damaged, holds no pictures, or PyAV is missing.
    """
    with _told_as_damage(), _opened(data, _LOOKED_INTO) as (_, stream):
        frame = stream.codec_context
        return int(frame.width), int(frame.height)


def read_video(data: bytes, *, max_pixels: int) -> Animation | None:
    """Return the frames of a file, to be decoded one after the other.

    Raises
    ------
    DecodeError, LimitError
    """
    check_whole(data)
    with _told_as_damage(), _opened(data, max_pixels) as (container, stream):
        width, height = int(stream.codec_context.width), int(stream.codec_context.height)
        if width < 1 or height < 1:
            problem = "no picture of the video can be read; it is damaged, or larger than the limit"
            raise DecodeError(problem, remedy=Remedy.MORE_PIXELS)
        check_size(width, height, max_pixels)
        durations = _durations(container, stream)
    turns = 0
    for first, _ in _frames(data, max_pixels, 1):
        turns = round(first.rotation / 90) % 4
    if turns % 2:
        width, height = height, width

    has_times = any(durations)  # what begins when the next one does is never seen

    def shown() -> Iterator[Bytes]:
        for (frame, alpha), seconds in zip(_frames(data, max_pixels, len(durations)), durations, strict=True):
            if not seconds and has_times:
                continue
            yield np.ascontiguousarray(np.rot90(to_rgba(frame, alpha), turns))

    seen = tuple(filter(None, durations)) if has_times else durations
    return Animation(width, height, "MP4", seen, 0, shown, data)


def _durations(container: Any, stream: Any) -> tuple[Fraction, ...]:
    """Return how long each frame is shown, told by the packets without decoding them."""
    times: list[tuple[int, int]] = []
    for packet in container.demux(stream):
        if packet.pts is not None and packet.size and not packet.is_discard:
            times.append((int(packet.pts), int(packet.duration or 0)))
        if len(times) > MOST_SAMPLES:
            raise LimitError(f"a video of more than {MOST_SAMPLES:,} frames; cut it into shorter ones first")
    if not times:
        raise DecodeError("the video holds no frame; make it anew")
    times.sort()
    unit = Fraction(stream.time_base)
    starts = [start for start, _ in times]
    last = times[-1][1] or (starts[-1] - starts[0]) // max(1, len(starts) - 1)
    ends = [*starts[1:], starts[-1] + max(0, last)]
    return tuple((end - start) * unit for start, end in zip(starts, ends, strict=True))


def _frames(data: bytes, max_pixels: int, n_frames: int) -> Iterator[tuple[Any, Bytes | None]]:
    """Yield PyAV's frames, each with its alpha where a stream of its own has it."""
    n_seen = 0
    with _told_as_damage(), _opened(data, max_pixels) as (container, stream):
        size = stream.codec_context.width, stream.codec_context.height
        has_alpha = stream.codec_context.name in _WITH_ALPHA and stream.metadata.get("alpha_mode") == "1"
        alphas = _Alphas(stream.codec_context.name, max_pixels) if has_alpha else None
        for packet in container.demux(stream):
            if alphas is not None:
                alphas.add(packet)
            for frame in packet.decode():
                if (frame.width, frame.height) != size:
                    raise DecodeError("the video changes its size; convert it to one size first")
                yield frame, None if alphas is None else alphas.take(frame)
                n_seen += 1
                if n_seen == n_frames:
                    return
    raise DecodeError(f"only {n_seen} of {n_frames} frames of the video can be read; make it anew")


class _Alphas:
    """The alpha of WebM: the light of a second video, whose pictures lie beside those of the first."""

    def __init__(self, codec: str, max_pixels: int) -> None:
        self._av = enable_video()
        self._decoder = self._av.CodecContext.create(codec, "r")
        self._decoder.options = _limited(max_pixels)
        self._decoder.thread_count = 1  # so that no picture waits for the next
        self._waiting: dict[int, Bytes] = {}

    def add(self, packet: Any) -> None:
        """Decode the alpha that lies beside a picture, if any."""
        found = bytes(packet.get_sidedata(_ALPHA_DATA)) if packet.has_sidedata(_ALPHA_DATA) else b""
        if not found.startswith(_ALPHA_NUMBER) or packet.pts is None:
            return
        beside = self._av.Packet(found[len(_ALPHA_NUMBER) :])
        beside.pts, beside.time_base = packet.pts, packet.time_base
        for frame in self._decoder.decode(beside):
            self._waiting[frame.pts] = light_of(frame)
        if len(self._waiting) > _MOST_WAITING:
            raise DecodeError("the transparency of the video is damaged; make it anew")

    def take(self, frame: Any) -> Bytes | None:
        """Return the alpha of a picture, None where it has none."""
        found = self._waiting.pop(frame.pts, None)
        if found is not None and found.shape != (frame.height, frame.width):
            raise DecodeError("the transparency of the video has another size than its pictures; make it anew")
        return found


@contextmanager
def _opened(data: bytes, max_pixels: int) -> Iterator[tuple[Any, Any]]:
    """Open a file as what it was recognized for, and nothing else, with a decoder for its first video."""
    av = enable_video()
    name = _MATROSKA if data.startswith(EBML) else _ISO
    # FFmpeg decodes a picture to find out what the stream is; where that is larger than this, it tells no size.
    options = {**_limited(max(max_pixels, _LOOKED_INTO)), "codec_whitelist": ",".join(sorted(_CODECS))}
    file = io.BytesIO(with_few_samples(data))
    # Titles in other encodings than UTF-8 are no damage.
    with av.open(file, mode="r", format=name, options=options, metadata_errors="replace") as container:
        if not container.streams.video:
            raise DecodeError("the file holds no pictures; give a video")
        stream = container.streams.video[0]
        if stream.codec_context is None or stream.codec_context.name not in _CODECS:
            raise DecodeError("a video of a coding that is not read; convert it to H.264, VP9 or AV1")
        stream.thread_type = "AUTO"
        stream.codec_context.options = _limited(max_pixels)
        yield container, stream


def _limited(max_pixels: int) -> dict[str, str]:
    """Return options of a decoder: frames may grow on the way, and it counts what it allocates, a little more."""
    return {"max_pixels": str(min(_LARGEST, 2 * max_pixels + _PADDING))}


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
