"""A picture that FFmpeg decoded, as PyAV holds it, to RGBA."""

from __future__ import annotations

from typing import Any

import numpy as np

from huepress.errors import DecodeError
from huepress.formats import encodings
from huepress.formats.yuv import BT601, BT709, Samples, Sampling, YuvEncoding, rounded, to_rgb255
from huepress.model import Bytes

# Pixels of more than 8 bits lie in two bytes, the lower one first.
_KINDS = {
    "yuv420p": Sampling(2, 2, False), "yuvj420p": Sampling(2, 2, False), "yuva420p": Sampling(2, 2, False),
    "yuv422p": Sampling(2, 1, False), "yuvj422p": Sampling(2, 1, False), "yuva422p": Sampling(2, 1, False),
    "yuv444p": Sampling(1, 1, True), "yuvj444p": Sampling(1, 1, True), "yuva444p": Sampling(1, 1, True),
    "gray": Sampling(0, 0, True),
}  # fmt: skip
_DEEP = {f"{kind}{bits}le": (kind, bits) for kind in _KINDS for bits in (10, 12)}
# What H.273 calls "unspecified"; FFmpeg's numbers are H.273's.
_UNSPECIFIED = 2
_FULL_RANGE = 2  # FFmpeg's number
# From so many rows on, video that does not say so is taken for BT.709, as players do.
_HD_ROWS = 720
# Primaries that are sRGB's, or so near that players disregard it.
_USUAL_PRIMARIES = (1, _UNSPECIFIED, 5, 6)
_HDR = (16, 18)
_SRGB = 13


def to_rgba(frame: Any, alpha: Bytes | None = None) -> Bytes:
    """Convert a picture.

    Parameters
    ----------
    frame : av.VideoFrame
    alpha : ndarray of uint8, (height, width), optional
        Where the picture does not hold its own.

    Returns
    -------
    ndarray of uint8, (height, width, 4)
        sRGB with straight alpha; black where it is clear.

    Raises
    ------
    DecodeError
        If its kind is not known.
    """
    kind, bits = _kind_of(frame)
    sampling, matrix = _KINDS[kind], int(frame.colorspace)
    if matrix == _UNSPECIFIED:
        matrix = BT709 if frame.height >= _HD_ROWS else BT601
    full_range = kind.startswith("yuvj") or int(frame.color_range) == _FULL_RANGE
    whole, part = (frame.height, frame.width), sampling.chroma_shape(frame.width, frame.height)
    planes = [
        _plane(plane, shape, bits) for plane, shape in zip(frame.planes, (whole, part, part, whole), strict=False)
    ]
    rgb255 = to_rgb255(planes[:3], sampling, YuvEncoding(matrix, full_range, bits))
    result = np.full((*whole, 4), 255, np.uint8)
    encoding = _unusual(int(frame.color_primaries), int(frame.color_trc))
    if encoding is None:
        result[..., :3] = rounded(rgb255)
    else:
        codes = np.rint(np.clip(rgb255, 0, 255) * np.float32(257)).astype(np.uint16)
        result[..., :3] = encodings.to_srgb8(codes, encoding)
    if alpha is None and len(planes) > 3:
        white = np.float32((1 << bits) - 1)
        alpha = rounded(planes[3].astype(np.float32) * (np.float32(255) / white))
    if alpha is not None:
        result[..., 3] = alpha
        result[alpha == 0] = 0
    return result


def light_of(frame: Any) -> Bytes:
    """Return the codes of light of a picture of 8 bits, (height, width).

    Raises
    ------
    DecodeError
        If it is of another kind.
    """
    _, bits = _kind_of(frame)
    if bits != 8:
        raise DecodeError("the transparency of the video has more than 8 bits; convert it")
    light: Bytes = _plane(frame.planes[0], (frame.height, frame.width), bits).astype(np.uint8)  # a copy
    return light


def _kind_of(frame: Any) -> tuple[str, int]:
    kind, bits = _DEEP.get(frame.format.name, (frame.format.name, 8))
    if kind not in _KINDS:
        raise DecodeError(f"video of the kind {frame.format.name} is not read; convert it to yuv420p")
    return kind, bits


def _plane(plane: Any, shape: tuple[int, int], bits: int) -> Samples:
    samples: Samples = np.frombuffer(plane, np.uint8) if bits == 8 else np.frombuffer(plane, np.dtype("<u2"))
    rows: Samples = samples.reshape(plane.height, -1)[: shape[0], : shape[1]]
    return rows


def _unusual(primaries: int, transfer: int) -> encodings.RgbEncoding | None:
    """Return the encoding of high dynamic range or wide colors, None where codes are taken for sRGB's."""
    if transfer in _HDR:
        return encodings.from_code_points(9 if primaries == _UNSPECIFIED else primaries, transfer)
    return None if primaries in _USUAL_PRIMARIES else encodings.from_code_points(primaries, _SRGB)
