"""Videos that tests are made of, written by PyAV."""

import io
import struct
from fractions import Fraction

import av
import numpy as np

# Without loss, so that what was written is what is read.
MATROSKA = ("matroska", "ffv1")


def written(frames, container=MATROSKA, kind="yuv444p", times=None, options=None, **colors):
    """Return a video of frames, each a list of planes; times are in hundredths of a second."""
    format_name, codec = container
    buffer = io.BytesIO()
    with av.open(buffer, "w", format=format_name) as output:
        stream = output.add_stream(codec, rate=10)
        height, width = frames[0][0].shape
        stream.width, stream.height, stream.pix_fmt = width, height, kind
        stream.codec_context.time_base = Fraction(1, 100)
        stream.codec_context.options = options or {}
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


def box(name, *parts):
    """Return a box of an ISO base media file (ISO/IEC 14496-12, 4.2)."""
    body = b"".join(parts)
    return struct.pack(">I", 8 + len(body)) + name + body


def full_box(name, *parts, flags=0):
    """Return a box with a version and flags."""
    return box(name, struct.pack(">I", flags), *parts)


def iso_file(sizes=0, fragment=0):
    """Return an MP4 without a picture that tells of so many frames of one byte, in its header or in a fragment."""
    matrix = struct.pack(">9I", 0x10000, 0, 0, 0, 0x10000, 0, 0, 0, 0x40000000)
    look = struct.pack(">6xH16xHHIIIH32sHh", 1, 16, 16, 0x480000, 0x480000, 0, 1, bytes(32), 24, -1)
    tables = box(
        b"stbl",
        full_box(b"stsd", struct.pack(">I", 1), box(b"mp4v", look)),
        full_box(b"stts", struct.pack(">III", 1, sizes, 1)),
        full_box(b"stsc", struct.pack(">IIII", 1, 1, sizes, 1)),
        full_box(b"stsz", struct.pack(">II", 1, sizes)),
        full_box(b"stco", struct.pack(">II", 1, 40)),
    )
    places = box(b"dinf", full_box(b"dref", struct.pack(">I", 1), full_box(b"url ", flags=1)))
    media = box(
        b"mdia",
        full_box(b"mdhd", struct.pack(">IIIIHH", 0, 0, 1000, sizes, 0, 0)),
        full_box(b"hdlr", b"\0\0\0\0vide", bytes(13)),
        box(b"minf", full_box(b"vmhd", bytes(8)), places, tables),
    )
    track = full_box(b"tkhd", struct.pack(">6I16x", 0, 0, 1, 0, 1000, 0), matrix, bytes.fromhex("0010000000100000"))
    header = box(
        b"moov",
        full_box(b"mvhd", struct.pack(">IIIIIH10x", 0, 0, 1000, 1000, 0x10000, 0x100), matrix, bytes(28)),
        box(b"trak", track, media),
        box(b"mvex", full_box(b"trex", struct.pack(">5I", 1, 1, 1, 1, 0))),
    )
    run = box(
        b"traf",
        full_box(b"tfhd", struct.pack(">I", 1), flags=0x20000),
        full_box(b"trun", struct.pack(">I", fragment)),
    )
    moof = box(b"moof", full_box(b"mfhd", struct.pack(">I", 1)), run)
    return box(b"ftyp", b"isom\0\0\2\0isommp42") + box(b"mdat", bytes(4000)) + header + moof
