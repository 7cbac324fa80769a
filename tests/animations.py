"""Animations built block by block for the tests, with what they show painted pixel by pixel."""

from __future__ import annotations

import io
import struct
import zlib
from dataclasses import dataclass, replace
from fractions import Fraction

import numpy as np
from PIL import Image

import scenes
from huepress.engine.moving_score import score_animation
from huepress.formats.reading import read_animation
from reference import lzw


@dataclass
class Made:
    """A file and what it shows."""

    data: bytes
    shown: list[np.ndarray]  # RGBA, (0, 0, 0, 0) where nothing is
    durations: list[Fraction]
    n_plays: int


def make_gif(seed: int, *, n_frames: int = 5, width: int = 14, height: int = 11, n_colors: int = 12) -> Made:
    """Return a GIF of random boxes, disposals, transparency, tables, interlacing, delays and loops."""
    rng = np.random.default_rng(seed)
    n_plays = int(rng.choice([0, 1, 2, 5]))
    colors = rng.integers(0, 256, (n_colors, 3), dtype=np.uint8)
    parts = [b"GIF89a", struct.pack("<HHBBB", width, height, 0xF3, int(rng.integers(0, 16)), 0)]
    table = colors.tobytes().ljust(48, b"\0")
    parts.append(table)
    if n_plays != 1:
        parts.append(b"\x21\xff\x0bNETSCAPE2.0\x03\x01" + struct.pack("<HB", max(0, n_plays - 1), 0))
    canvas = np.zeros((height, width, 4), np.uint8)
    shown, durations = [], []
    for number in range(n_frames):
        w, h = int(rng.integers(1, width + 1)), int(rng.integers(1, height + 1))
        left, top = int(rng.integers(0, width - w + 1)), int(rng.integers(0, height - h + 1))
        if number == 0 and rng.random() < 0.5:
            left, top, w, h = 0, 0, width, height
        disposal = int(rng.integers(0, 4))
        transparent = int(rng.integers(0, n_colors)) if rng.random() < 0.7 else None
        ticks = int(rng.choice([0, 1, 2, 7, 100, 65535]))
        blocky = rng.integers(0, n_colors, ((h + 2) // 3, (w + 2) // 3))
        indices = np.kron(blocky, np.ones((3, 3), int))[:h, :w]
        own = rng.random() < 0.4
        here = rng.permutation(colors) if own else colors
        interlaced = rng.random() < 0.3
        rows = [r for start, step in ((0, 8), (4, 8), (2, 4), (1, 2)) for r in range(start, h, step)]
        said = indices[rows] if interlaced else indices
        parts.append(
            b"\x21\xf9\x04"
            + struct.pack("<BHBB", disposal << 2 | (transparent is not None), ticks, transparent or 0, 0)
        )
        parts.append(struct.pack("<BHHHHB", 0x2C, left, top, w, h, 0x40 * interlaced | (0x83 if own else 0)))
        parts += [here.tobytes().ljust(48, b"\0")] if own else []
        codes = lzw.encode(4, said.ravel().tolist())
        parts.append(
            b"\x04"
            + b"".join(bytes([len(codes[i : i + 255])]) + codes[i : i + 255] for i in range(0, len(codes), 255))
            + b"\0"
        )
        before = canvas.copy()
        for y in range(h):
            for x in range(w):
                if indices[y, x] != transparent:
                    canvas[top + y, left + x] = [*here[indices[y, x]], 255]
        shown.append(canvas.copy())
        durations.append(Fraction(ticks, 100))
        if disposal == 2:
            canvas[top : top + h, left : left + w] = 0
        elif disposal == 3:
            canvas = before
    return Made(b"".join(parts) + b";", shown, durations, n_plays)


def chunk(kind: bytes, body: bytes) -> bytes:
    return struct.pack(">I", len(body)) + kind + body + struct.pack(">I", zlib.crc32(kind + body))


def make_png(seed: int, *, n_frames: int = 5, width: int = 13, height: int = 10, default_image: bool = False) -> Made:
    """Return an animated PNG of random boxes, disposals, blending, delays and loops."""
    rng = np.random.default_rng(seed)
    n_plays = int(rng.choice([0, 1, 3]))
    colors = rng.integers(0, 256, (9, 4), dtype=np.uint8)
    colors[:5, 3], colors[5:7, 3] = 255, 0
    parts = [b"\x89PNG\r\n\x1a\n", chunk(b"IHDR", struct.pack(">IIBBBBB", width, height, 8, 6, 0, 0, 0))]
    parts.append(chunk(b"acTL", struct.pack(">II", n_frames, n_plays)))
    if default_image:
        parts.append(chunk(b"IDAT", zlib.compress((b"\0" + b"\x80" * 4 * width) * height)))
    canvas = np.zeros((height, width, 4), np.uint8)
    shown, durations, n_numbered = [], [], 0
    for number in range(n_frames):
        w, h = int(rng.integers(1, width + 1)), int(rng.integers(1, height + 1))
        left, top = int(rng.integers(0, width - w + 1)), int(rng.integers(0, height - h + 1))
        if number == 0:
            left, top, w, h = 0, 0, width, height
        disposal, blend = int(rng.integers(0, 3)), int(rng.integers(0, 2))
        over, under = int(rng.choice([0, 1, 3, 500])), int(rng.choice([0, 7, 30, 1000]))
        pixels = colors[rng.integers(0, 9, (h, w))]
        control = struct.pack(">IIIIIHHBB", n_numbered, w, h, left, top, over, under, disposal, blend)
        parts.append(chunk(b"fcTL", control))
        n_numbered += 1
        data = zlib.compress(b"".join(b"\0" + row.tobytes() for row in pixels))
        if number == 0 and not default_image:
            parts.append(chunk(b"IDAT", data))
        else:
            half = len(data) // 2
            for piece in (data[:half], data[half:]):
                parts.append(chunk(b"fdAT", struct.pack(">I", n_numbered) + piece))
                n_numbered += 1
        before = canvas.copy()
        for y in range(h):
            for x in range(w):
                place = (top + y, left + x)
                canvas[place] = over_pixel(canvas[place], pixels[y, x]) if blend else pixels[y, x]
        canvas[canvas[:, :, 3] == 0] = 0
        shown.append(canvas.copy())
        durations.append(Fraction(over, under or 100))
        if disposal == 1 or (disposal == 2 and number == 0):
            canvas[top : top + h, left : left + w] = 0
        elif disposal == 2:
            canvas = before
    return Made(b"".join([*parts, chunk(b"IEND", b"")]), shown, durations, n_plays)


def over_pixel(below: np.ndarray, above: np.ndarray) -> list[int]:
    a, b = above[3] / 255, below[3] / 255
    alpha = a + b * (1 - a)
    if alpha == 0:
        return [0, 0, 0, 0]
    mixed = [(int(above[c]) * a + int(below[c]) * b * (1 - a)) / alpha for c in range(3)]
    return [int(np.floor(v + 0.5)) for v in [*mixed, 255 * alpha]]


def seen_by_pillow(data: bytes) -> tuple[list[np.ndarray], list[float]]:
    """Return the frames and their milliseconds as Pillow sees them."""
    frames, milliseconds = [], []
    with Image.open(io.BytesIO(data)) as image:
        for number in range(getattr(image, "n_frames", 1)):
            image.seek(number)
            pixels = np.array(image.convert("RGBA"))
            pixels[pixels[:, :, 3] == 0] = 0
            frames.append(pixels)
            milliseconds.append(image.info.get("duration", 0))
    return frames, milliseconds


def read(data):
    animation = read_animation(data, max_pixels=10**6)
    assert animation is not None
    return animation


def check_shown(data, frames):
    """Two decoders see these frames."""
    for seen in (list(read(data).frames()), seen_by_pillow(data)[0]):
        assert len(seen) == len(frames)
        for number, (got, wanted) in enumerate(zip(seen, frames, strict=True)):
            np.testing.assert_array_equal(got, wanted, err_msg=f"frame {number}")


def moving(n_frames=4, width=72, height=48):
    """A disk that moves over a scene of many colors; the last two frames are equal."""
    background, ball = scenes.spheres(width, height), scenes.sunset(16, 16)
    frames = []
    for i in range(n_frames):
        frame = background.copy()
        step = 9 * min(i, n_frames - 2)
        frame[10:26, 4 + step : 20 + step] = ball
        frames.append(frame)
    return frames


def as_png(frames, durations):
    buffer = io.BytesIO()
    first, *others = map(Image.fromarray, frames)
    first.save(buffer, "PNG", save_all=True, append_images=others, duration=durations, loop=3)
    return buffer.getvalue()


def spoiled(comparison, number):
    """The comparison of an animation, with frame `number` of its first version gray: its worst."""
    version = comparison.versions[0]
    frames = list(version.shown.frames())
    frames[number] = np.broadcast_to(np.array([127, 127, 127, 255], np.uint8), frames[number].shape)
    shown = replace(version.shown, frames=lambda: iter(frames))
    score = score_animation(comparison.source, shown)
    gray = replace(version, shown=shown, score=score, ssimulacra2=score.ssimulacra2)
    return replace(comparison, versions=(gray, *comparison.versions[1:]))
