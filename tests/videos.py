"""Videos that tests are made of, written by PyAV."""

import io
from fractions import Fraction

import av
import numpy as np

# Without loss, so that what was written is what is read.
MATROSKA = ("matroska", "ffv1")


def written(frames, container=MATROSKA, kind="yuv444p", times=None, **colors):
    """Return a video of frames, each a list of planes; times are in hundredths of a second."""
    format_name, codec = container
    buffer = io.BytesIO()
    with av.open(buffer, "w", format=format_name) as output:
        stream = output.add_stream(codec, rate=10)
        height, width = frames[0][0].shape
        stream.width, stream.height, stream.pix_fmt = width, height, kind
        stream.codec_context.time_base = Fraction(1, 100)
        for name, value in colors.items():
            setattr(stream.codec_context, name, value)
        for number, planes in enumerate(frames):
            frame = av.VideoFrame(width, height, kind)
            for target, plane in zip(frame.planes, planes, strict=True):
                size = plane.dtype.itemsize
                rows = np.zeros((target.height, target.line_size // size), plane.dtype)
                rows[:, : plane.shape[1]] = plane
                target.update(rows.tobytes())
            for name, value in colors.items():
                setattr(frame, name, value)
            frame.pts = 10 * number if times is None else times[number]
            frame.time_base = Fraction(1, 100)
            for packet in stream.encode(frame):
                output.mux(packet)
        for packet in stream.encode():
            output.mux(packet)
    return buffer.getvalue()
