"""Mutation fuzzer: every parser of huepress either reads an input or refuses it with an error of huepress's own.

    python tools/fuzz.py [--seconds 60] [--seed 0] [TARGET ...]
    python tools/fuzz.py TARGET --input FILE

Inputs are files that the fuzzer makes itself, changed in a few places. A target fails on any other exception, on more
than a second of processor time or 500 MB for one input, on a crash, and where a cleaned copy shows other pixels. What
failed is left in `build/fuzz` together with the command that repeats it. The same seed tries the same inputs.
"""

from __future__ import annotations

import argparse
import io
import json
import os
import random
import re
import resource
import struct
import subprocess
import sys
import tempfile
import time
import warnings
import zlib
from collections.abc import Callable
from fractions import Fraction
from hashlib import blake2b
from pathlib import Path

import numpy as np
from PIL import Image

import huepress
from huepress.archive.ledger import Ledger
from huepress.errors import HuepressError
from huepress.formats.encodings import RgbEncoding
from huepress.formats.frame_list import join_frames
from huepress.formats.icc import apply_profile, build_profile, read_profile
from huepress.formats.mark import has_mark, marked
from huepress.formats.probe import probe
from huepress.formats.reading import read_animation, read_input, read_still
from huepress.formats.sizes import hidden_sizes
from huepress.model import Animation
from huepress.pipeline.intake import load_palette
from huepress.storage.base import LedgerLines

ROOT = Path(__file__).parents[1]
FAILED = ROOT / "build" / "fuzz"
MOST_PIXELS = 300_000
MOST_SECONDS = 1.0  # of the processor, for one input
MOST_BYTES = 500_000_000
MARK = b"a mark of the same length"


class BrokenError(Exception):
    """What a target must not do, other than raising."""


# --- What is tried -----------------------------------------------------------------------------------------------


def read_picture(data: bytes) -> None:
    """Decode a picture; a copy freed of metadata shows the same pixels and is free of them."""
    source = read_still(data, max_pixels=MOST_PIXELS, strip="all")
    if source.keepable is None or source.keepable == data:
        return
    again = read_still(source.keepable, max_pixels=MOST_PIXELS, strip="all")
    if not np.array_equal(source.pixels_srgb8, again.pixels_srgb8):
        raise BrokenError("the cleaned copy shows other pixels")


def read_frames(data: bytes) -> None:
    """Decode all frames of an animation."""
    animation = read_animation(data, max_pixels=MOST_PIXELS, strip="all")
    if animation is not None:
        for _ in animation.frames():
            pass


def read_video(data: bytes) -> None:
    """Decode all frames of a video or a list of frames, as far as it goes."""
    animation = read_input(data, max_pixels=MOST_PIXELS, moving=True, tolerant=True)
    if isinstance(animation, Animation):
        n_frames = sum(1 for _ in animation.frames())
        if n_frames != animation.n_frames:
            raise BrokenError(f"{n_frames} of {animation.n_frames} frames")


def read_header(data: bytes) -> None:
    """Tell what a file is, without decoding it."""
    probe(data)
    for width, height in hidden_sizes(data):
        if width < 0 or height < 0:
            raise BrokenError("a negative size")


def read_palette_file(data: bytes) -> None:
    """Read a palette of any kind."""
    palette = load_palette(data, max_pixels=MOST_PIXELS)
    if not 1 <= len(palette) <= 256:
        raise BrokenError("a palette of no or too many colors")


def read_ledger(data: bytes) -> None:
    """Read a ledger and ask it everything."""
    words = data.split(b"\n")[0].split(b" ")
    ledger = Ledger(words[1].decode("latin-1") if len(words) > 1 else "", LedgerLines(data))
    for word in re.findall(rb"[0-9a-f]{16,}", data):
        if len(word) % 2 == 0:
            ledger.result_of(word.decode()), ledger.made_as(word.decode()), ledger.made(word.decode())
    ledger.palette()
    ledger.close()


def read_mark(data: bytes) -> None:
    """Look for a mark, and set one."""
    has_mark(data, MARK)
    has_mark(marked(data, MARK), MARK)


def read_color_profile(data: bytes) -> None:
    """Read an ICC profile and convert a few pixels by it."""
    if read_profile(data) is not None:
        apply_profile(Image.new("RGB", (4, 4), (10, 200, 60)), data)


# --- What it is tried on -----------------------------------------------------------------------------------------


def _picture(alpha: bool = False) -> Image.Image:
    y, x = np.mgrid[0:24, 0:32]
    channels = [x * 8, y * 10, (x + y) * 4] + ([255 - 5 * x] if alpha else [])
    return Image.fromarray(np.stack(channels, axis=-1).astype(np.uint8))


def _saved(image: Image.Image, file_format: str, **options: object) -> bytes:
    buffer = io.BytesIO()
    image.save(buffer, file_format, **options)
    return buffer.getvalue()


def picture_seeds() -> list[bytes]:
    """Return a file of each format that is opened, with metadata where it holds some."""
    exif = Image.Exif()
    exif[0x0112], exif[0x013B] = 6, "somebody"
    exif.get_ifd(0x8825)[1] = "N"
    profile = build_profile(RgbEncoding())
    opaque, soft, indexed = _picture(), _picture(alpha=True), _picture().quantize(16)
    seeds = [
        _saved(opaque, "PNG", exif=exif, icc_profile=profile, dpi=(300, 300)),
        _saved(soft, "PNG"),
        _saved(indexed, "PNG", transparency=3),
        _saved(opaque, "JPEG", exif=exif, icc_profile=profile, quality=80),
        _saved(opaque, "JPEG", progressive=True, comment=b"a word"),
        _saved(soft, "WEBP", lossless=True, exif=exif),
        _saved(opaque, "WEBP", quality=50, icc_profile=profile),
        _saved(indexed, "GIF", comment=b"a word"),
        _saved(opaque, "TIFF", exif=exif, compression="tiff_lzw"),
        _saved(opaque.convert("L"), "TIFF"),
        _saved(opaque, "BMP"),
        _saved(soft, "ICO", sizes=[(16, 16), (24, 24)]),
        _saved(soft, "TGA", compression="tga_rle"),
        _saved(opaque, "PPM"),
        _saved(opaque, "JPEG2000"),
    ]
    if "AVIF" in Image.SAVE:
        seeds.append(_saved(soft, "AVIF", quality=60, exif=exif.tobytes()))
    return seeds


def animation_seeds() -> list[bytes]:
    """Return an animation in each format that holds some."""
    frames = [_picture(alpha=True).rotate(30 * turn) for turn in range(4)]
    more = {"save_all": True, "append_images": frames[1:], "duration": 50, "loop": 0}
    return [_saved(frames[0], each, **more) for each in ("GIF", "PNG", "WEBP")]


def video_seeds() -> list[bytes]:
    """Return raw video, a list of frames, and where PyAV is installed videos in containers of both kinds."""
    frames = [_picture(alpha=False).rotate(30 * turn) for turn in range(4)]
    files = [(f"{number}.png", _saved(frame, "PNG")) for number, frame in enumerate(frames)]
    raw = b"".join(b"FRAME\n" + np.asarray(frame.convert("YCbCr")).transpose(2, 0, 1).tobytes() for frame in frames)
    width, height = frames[0].size
    seeds = [join_frames(files, Fraction(10)), b"YUV4MPEG2 W%d H%d F10:1 C444\n" % (width, height) + raw]
    try:
        import av
    except ImportError:
        return seeds
    for container, codec, kind in (("matroska", "ffv1", "yuva420p"), ("mp4", "mpeg4", "yuv420p")):
        buffer = io.BytesIO()
        with av.open(buffer, "w", format=container) as output:
            stream = output.add_stream(codec, rate=10)
            stream.width, stream.height, stream.pix_fmt = width // 2 * 2, height // 2 * 2, kind
            for frame in frames:
                picture = av.VideoFrame.from_ndarray(np.asarray(frame.convert("RGB")), format="rgb24")
                for packet in stream.encode(picture.reformat(stream.width, stream.height, kind)):
                    output.mux(packet)
            for packet in stream.encode():
                output.mux(packet)
        seeds.append(buffer.getvalue())
    return seeds


def palette_seeds() -> list[bytes]:
    """Return a palette file of each kind."""
    swatches = huepress.extract_palette(np.asarray(_picture()), 8)
    seeds = []
    with tempfile.TemporaryDirectory() as folder:
        for ending in ("gpl", "hex", "json", "css", "scss", "act", "ase", "pal"):
            path = Path(folder) / f"a.{ending}"
            huepress.save_palette(swatches, path)
            seeds.append(path.read_bytes())
    colors = b"".join(struct.pack("<BBBB", 30 * i, 255 - 30 * i, 100, 0) for i in range(8))
    riff = b"PAL data" + struct.pack("<IHH", 4 + len(colors), 0x300, 8) + colors
    aco = struct.pack(">HH", 1, 2) + struct.pack(">HHHHH", 0, 65535, 0, 0, 0) + struct.pack(">HHHHH", 2, 1, 2, 3, 4)
    return [
        *seeds,
        b"RIFF" + struct.pack("<I", len(riff)) + riff,
        aco,
        b"; paint.net Palette File\nFFFF0000\n80102030\n",
    ]


def ledger_seeds() -> list[bytes]:
    """Return the ledger of a run."""
    with tempfile.TemporaryDirectory() as folder:
        source = Path(folder) / "src"
        source.mkdir()
        for number in range(3):
            _picture().rotate(number).save(source / f"{number}.png")
        huepress.compress_many(source, Path(folder) / "dst", n_colors=8, effort=0, shared_palette=True)
        lines = next((Path(folder) / "dst").glob(".huepress-ledger")).read_bytes()
    start = lines.split(b"\n")[0].rpartition(b" {")[0].partition(b" ")[2]
    palettes = [{"palette": value} for value in (5, [], [[300, 0, 0]], [[1, 2]], [None])]
    odd: list[object] = [5, None, [], "x", {}, 1e400, True, *palettes]
    texts = [start + b" " + json.dumps(value).encode() for value in odd]
    return [lines, b"\n".join(b"%08x %s" % (zlib.crc32(text), text) for text in texts)]


def marked_seeds() -> list[bytes]:
    """Return files with a mark."""
    return [marked(seed, MARK) for seed in picture_seeds()[:8]]


def profile_seeds() -> list[bytes]:
    """Return color profiles."""
    return [build_profile(RgbEncoding()), build_profile(RgbEncoding(transfer="gamma", gamma=1.8))]


Target = tuple[Callable[[bytes], None], Callable[[], list[bytes]]]
TARGETS: dict[str, Target] = {
    "picture": (read_picture, picture_seeds),
    "frames": (read_frames, animation_seeds),
    "video": (read_video, video_seeds),
    "header": (read_header, lambda: picture_seeds() + animation_seeds()),
    "palette": (read_palette_file, palette_seeds),
    "ledger": (read_ledger, ledger_seeds),
    "mark": (read_mark, marked_seeds),
    "profile": (read_color_profile, profile_seeds),
}


# --- How inputs are changed --------------------------------------------------------------------------------------

_EDGES = (b"\0", b"\xff", b"\x7f", b"\x80", b"\0\0\0\0", b"\xff\xff\xff\xff", b"\x7f\xff\xff\xff", b"\0\1", b"1" * 40)


def mutated(seeds: list[bytes], rng: random.Random) -> bytes:
    """Return one of the seeds, changed in a few places."""
    data = bytearray(rng.choice(seeds))
    for _ in range(rng.choice((1, 1, 2, 4, 8))):
        at = rng.randrange(len(data) + 1)
        kind = rng.randrange(7)
        if kind == 0 and at < len(data):
            data[at] ^= 1 << rng.randrange(8)
        elif kind == 1 and at < len(data):
            data[at] = rng.randrange(256)
        elif kind == 2:
            edge = rng.choice(_EDGES)
            data[at : at + len(edge)] = edge
        elif kind == 3:
            del data[at : at + rng.randrange(1, 40)]
        elif kind == 4:
            data[at:at] = data[at : at + rng.randrange(1, 60)] * rng.choice((1, 1, 30))
        elif kind == 5:
            del data[at:]
        else:
            other = rng.choice(seeds)
            start = rng.randrange(len(other))
            data[at : at + rng.randrange(40)] = other[start : start + rng.randrange(40)]
    return _with_checksums(bytes(data)) if rng.random() < 0.7 else bytes(data)


def _with_checksums(data: bytes) -> bytes:
    """Return a PNG whose chunks, as far as there are any, and a ledger whose lines have their right checksums."""
    if re.match(rb"[0-9a-f]{8} ", data):
        texts = [line.partition(b" ")[2] for line in data.split(b"\n")]
        return b"\n".join(b"%08x %s" % (zlib.crc32(text), text) for text in texts)
    if not data.startswith(b"\x89PNG\r\n\x1a\n"):
        return data
    parts, at = [data[:8]], 8
    while at + 12 <= len(data):
        (length,) = struct.unpack_from(">I", data, at)
        if at + 12 + length > len(data):
            break
        body = data[at + 4 : at + 8 + length]
        parts.append(struct.pack(">I", length) + body + struct.pack(">I", zlib.crc32(body)))
        at += 12 + length
    return b"".join(parts) + data[at:]


# --- Children, which may crash, and their parent -----------------------------------------------------------------


def child(name: str, seed: int, seconds: float, current: Path, slack: float) -> None:
    """Try inputs until the time is over; the one that is tried lies in a file, whatever happens."""
    try_it, make_seeds = TARGETS[name]
    seeds, rng = make_seeds(), random.Random(f"{name} {seed}")
    warnings.simplefilter("ignore")
    for data in seeds:
        current.write_bytes(data)
        _tried(try_it, data)  # imports what it needs
    used = int(Path("/proc/self/statm").read_text().split()[0]) * resource.getpagesize()
    resource.setrlimit(resource.RLIMIT_AS, (used + MOST_BYTES, used + MOST_BYTES))
    n_tried, until = 0, time.monotonic() + seconds
    while time.monotonic() < until:
        data = mutated(seeds, rng)
        current.write_bytes(data)
        begun = time.process_time()
        soft = int(begun + slack * MOST_SECONDS) + 2  # ends what never does
        resource.setrlimit(resource.RLIMIT_CPU, (soft, resource.RLIM_INFINITY))
        _tried(try_it, data)
        if time.process_time() - begun > slack * MOST_SECONDS:
            raise BrokenError(f"{time.process_time() - begun:.1f} s for {len(data)} bytes")
        n_tried += 1
    print(json.dumps(n_tried))


def _tried(try_it: Callable[[bytes], None], data: bytes) -> None:
    try:
        try_it(data)
    except HuepressError as error:
        if not str(error) or "\n" in str(error):
            raise BrokenError("an error that is not one sentence") from error


def fuzz(name: str, seed: int, seconds: float, slack: float) -> bool:
    """Try one target in a process of its own; tell what it did, and whether it held."""
    with tempfile.TemporaryDirectory() as folder:
        current = Path(folder) / "input"
        command = [sys.executable, __file__, name, "--child", str(current), "--seed", str(seed)]
        command += ["--seconds", str(seconds), "--slack", str(slack)]
        environment = {**os.environ, "MALLOC_ARENA_MAX": "2"}  # threads of FFmpeg reserve addresses
        done = subprocess.run(command, capture_output=True, text=True, env=environment)
        if done.returncode == 0:
            print(f"{name}: {int(done.stdout):,} inputs, none broke it", flush=True)
            return True
        print(f"{name}: broken (exit code {done.returncode})\n{done.stderr[-2000:]}")
        if current.exists():
            data = current.read_bytes()
            FAILED.mkdir(parents=True, exist_ok=True)
            kept = FAILED / f"{name}-{blake2b(data, digest_size=6).hexdigest()}"
            kept.write_bytes(data)
            print(f"repeat it: python tools/fuzz.py {name} --input {kept}", flush=True)
        return False


def main() -> None:
    """Parse the command line and fuzz."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("targets", nargs="*", metavar="TARGET", help=", ".join(TARGETS))
    parser.add_argument("--seconds", type=float, default=60, help="of all targets together")
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--slack", type=float, default=1.0, help="how many seconds an input may take")
    parser.add_argument("--input", type=Path, help="try this file once")
    parser.add_argument("--child", type=Path, help=argparse.SUPPRESS)
    given = parser.parse_args()
    targets = given.targets or list(TARGETS)
    unknown = set(targets) - set(TARGETS)
    if unknown:
        parser.error(f"there is no target {', '.join(sorted(unknown))}; choose from {', '.join(TARGETS)}")
    if given.input:
        _tried(TARGETS[targets[0]][0], given.input.read_bytes())
        print("it holds")
    elif given.child:
        child(targets[0], given.seed, given.seconds, given.child, given.slack)
    else:
        held = [fuzz(each, given.seed, given.seconds / len(targets), given.slack) for each in targets]
        sys.exit(0 if all(held) else 1)


if __name__ == "__main__":
    main()
