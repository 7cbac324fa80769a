"""Prove that a redesign changes no output: digests of what the program and the library make of a corpus.

    python tools/reference_outputs.py write before.json     # with the program as it was
    python tools/reference_outputs.py compare before.json   # with the program as it is; exit code 1 where they differ

Only the installed command beside the running interpreter and the public library are used, so that everything
behind them may move. The corpus is generated. Sentences for people stand under names that end in ``/said``: they may
change on purpose where files may not, and so may the marks of results in place: names that end in ``/unmarked`` are
of the files without them. ``--allow PATTERN`` names what is known to differ.
"""

from __future__ import annotations

import argparse
import fnmatch
import hashlib
import io
import json
import os
import re
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import numpy.typing as npt
from PIL import Image, ImageCms, ImageDraw

import huepress

Pixels = npt.NDArray[np.uint8]
PROGRAM = Path(sys.executable).parent / "huepress"
# What differs from run to run, in reports and lines: times, and the folder of the run.
VOLATILE = [
    (re.compile(rb'"seconds": [0-9.e+-]+'), b'"seconds": 0'),
    (re.compile(rb"\b[0-9]+(\.[0-9]+)? (s|ms|min)\b"), b"0 s"),
    (re.compile(rb"\d{4}-\d\d-\d\d[T ]\d\d:\d\d(:\d\d)?"), b"DATE"),
]


def soft(height: int, width: int, seed: int, channels: int = 3, noise: float = 5.0) -> Pixels:
    """Return soft shapes with noise, as photographs have."""
    rng = np.random.default_rng(seed)
    y, x = np.mgrid[:height, :width].astype(np.float64)
    planes = [128 + 100 * np.sin(x / (17 + 5 * c) + c) * np.cos(y / (13 + 3 * c) - c) for c in range(channels)]
    return np.clip(np.stack(planes, axis=2) + rng.normal(0, noise, (height, width, channels)), 0, 255).astype(np.uint8)


def drawn(height: int, width: int) -> Image.Image:
    """Return flat shapes, lines and letters."""
    image = Image.new("RGB", (width, height), (250, 248, 240))
    pen = ImageDraw.Draw(image)
    for n in range(9):
        color = (30 * n % 256, 250 - 25 * n, 90 + 17 * n)
        pen.rectangle((n * 17, n * 9, n * 17 + 30, n * 9 + 22), fill=color, outline="black")
        pen.text((5, 10 * n), f"word {n}", fill=(20, 20, 90))
    return image


def swapped_profile() -> bytes:
    """Return a profile whose red is sRGB's green, so that converting shows; without the date of its making."""
    profile = ImageCms.ImageCmsProfile(ImageCms.createProfile("sRGB")).tobytes()
    profile = profile[:24] + bytes(12) + profile[36:]
    return profile.replace(b"rXYZ", b"????", 1).replace(b"gXYZ", b"rXYZ", 1).replace(b"????", b"gXYZ", 1)


def pictures() -> dict[str, bytes]:
    """Return the corpus of stills: names and files."""
    made: dict[str, bytes] = {}

    def keep(name: str, image: Image.Image, kind: str = "PNG", **how: object) -> None:
        buffer = io.BytesIO()
        image.save(buffer, kind, **how)
        made[name] = buffer.getvalue()

    photo = Image.fromarray(soft(96, 144, 1))
    exif = Image.Exif()
    exif[0x0112], exif[0x013B] = 6, "somebody"
    keep("photo.png", photo)
    keep("photo.jpg", photo, "JPEG", quality=92, exif=exif)
    keep("photo.webp", photo, "WEBP", lossless=True)
    keep("gray.png", photo.convert("L"))
    keep("sixteen.png", Image.fromarray(soft(40, 50, 2)[:, :, 0].astype(np.uint16) * 257))
    keep("drawn.png", drawn(120, 180))
    keep("drawn.gif", drawn(60, 90), "GIF")
    keep("two.png", drawn(60, 90).convert("1"))
    keep("four.png", drawn(60, 90).quantize(4))
    keep("alpha.png", Image.fromarray(soft(64, 80, 3, channels=4)))
    cut = soft(64, 80, 4, channels=4)
    cut[:, :, 3] = np.where(cut[:, :, 3] > 120, 255, 0)
    keep("cut.png", Image.fromarray(cut))
    keep("tiles.png", Image.fromarray(np.tile(soft(16, 16, 5, noise=30), (6, 6, 1))))
    keep("noise.png", Image.fromarray(np.random.default_rng(6).integers(0, 256, (48, 48, 3), dtype=np.uint8)))
    keep("photo.tif", photo, "TIFF", compression="tiff_lzw", dpi=(72, 72))
    keep("tiny.png", Image.fromarray(soft(3, 5, 7)))
    keep("profile.png", photo.crop((0, 0, 60, 50)), icc_profile=swapped_profile())
    made["list.txt"] = b"photo.png\ncut.png\ndrawn.gif\n"
    made["list0.txt"] = b"photo.png\0cut.png\0"
    made["notes.md"] = b"no image\n"
    return made


def animations() -> dict[str, bytes]:
    """Return moving pictures in each format that holds them."""
    frames = []
    for n in range(5):
        frame = drawn(48, 64)
        ImageDraw.Draw(frame).ellipse((8 * n, 10, 8 * n + 14, 24), fill=(220, 40 * n, 60))
        frames.append(frame)
    made = {}
    for name, kind in (("moving.gif", "GIF"), ("moving.png", "PNG"), ("moving.webp", "WEBP")):
        buffer = io.BytesIO()
        more = {"lossless": True} if kind == "WEBP" else {}
        frames[0].save(buffer, kind, save_all=True, append_images=frames[1:], duration=80, loop=0, **more)
        made[name] = buffer.getvalue()
    return made


COMMANDS = [
    *(f"compress {name} --allow-larger -o out-EFFORT.png --effort EFFORT".replace("EFFORT", str(effort))
      for name in ("photo.png", "drawn.png", "alpha.png", "tiles.png") for effort in (0, 1, 3, 5, 7, 9)),
    *(f"compress {name} --allow-larger -o o.png --effort {effort}" for name in
      ("sixteen.png", "two.png", "four.png", "cut.png", "noise.png", "tiny.png", "profile.png")
      for effort in (0, 1, 3, 7, 9)),
    *(f"compress {name} --allow-larger -o o.png" for name in
      ("photo.jpg", "photo.webp", "gray.png", "sixteen.png", "drawn.gif", "two.png", "four.png", "cut.png", "noise.png",
       "photo.tif", "tiny.png", "profile.png")),
    *(f"compress photo.png drawn.png alpha.png -o o/ -k {k} --effort 1" for k in (2, 3, 4, 8, 16, 64)),
    *(f"compress photo.png cut.png -o o/ --format {kind} --allow-larger" for kind in
      ("png", "webp", "gif", "jxl", "auto", "keep")),
    *(f"compress {name} -o o.png --allow-larger --strip {strip} --color {color}" for name in
      ("profile.png", "photo.jpg", "photo.tif") for strip in ("safe", "all", "none") for color in ("srgb", "keep")),
    "compress photo.png -o o.png --rate 4", "compress photo.png -o o.png --rate 0", "compress photo.png -o a.webp",
    "compress photo.png -o o.png --dither none", "compress photo.png -o o.png --dither full -k 16",
    "compress photo.png drawn.png -o o/ --quality 60", "compress photo.png -o o.png --quality 30-50",
    "compress photo.png -o o.png --max-size 2kB", "compress photo.png -o o.png --max-size 1bpp",
    "compress photo.png -o o.png --palette #000,#fff,#f00,#0a0,#00f", "compress photo.png -o o.png -k 8 --pin #ff0000",
    "compress photo.png -o o.png -k 2 --init #101010,#f0f0f0", "compress photo.png -o o.png --init k-means++ --seed 3",
    "compress photo.png -o o.png --space srgb --n-init 2 --swaps 1 --max-iter 9 --tol 0 -k 12",
    "compress photo.png drawn.png --in-place", "compress photo.png --json", "compress nothing.png",
    "compress photo.webp drawn.gif moving.gif moving.png moving.webp --in-place --min-saving 0 --effort 1 -k 8",
    "compress photo.png cut.png --suffix -small --effort 1", "compress photo.png --dry-run --effort 1",
    "compress --files-from list.txt -o o/ --effort 1", "compress --files-from list0.txt -0 -o o/ --effort 1",
    "compress photo.png cut.png --shared-palette -k 12 -o o/ --effort 1 --report r.json --report r.csv",
    *(f"compress {name} -o o/ --allow-larger" for name in ("moving.gif", "moving.png", "moving.webp")),
    *(f"compress moving.gif -o o.{kind} --allow-larger --effort 1" for kind in ("png", "webp", "gif")),
    "compress moving.gif -o o/ --palette-per-frame -k 8 --allow-larger",
    "compress -r . -o ../out --report ../r.csv --report ../r.json --report ../r.html -k 16 --effort 1 --copy-others",
    "compress -r . -o ../out --shared-palette -k 16 --effort 1", "compress -r . --in-place --effort 1",
    "compress -r . -o ../out --suffix -s --effort 1 --format webp",
    "compress -r . -o ../out --include p*.png --exclude profile.png --effort 1",
    "palette photo.png", "palette photo.png cut.png --shared-palette -k 6",
    *(f"palette photo.png -k 8 -o p.{kind}" for kind in ("gpl", "act", "ase", "json", "css", "scss", "hex", "png")),
    "compare photo.png -k 4,16 --effort 1 -o c.html", "compare photo.png -k 4,16 --effort 1 -o c.png",
    "compare photo.png drawn.png -k 8 --effort 0,1 --format png,webp -o c.html",
    "segment photo.png -k 4 -o s", "segment drawn.png cut.png -o s --layers --masks",
    "segment photo.png -k 5 --spatial 0.1 --smooth 0 --min-area 9 -o s", "segment drawn.png -k 6 --svg -o s",
    "score photo.png noise.png", "score photo.png photo.jpg --json", "compress photo.png --rate 99999",
]  # fmt: skip


def digest(data: bytes) -> str:
    """Return a short name of some bytes, run-to-run differences left out."""
    for pattern, fixed in VOLATILE:
        if not data.startswith((b"\x89PNG", b"GIF8", b"RIFF")):
            data = pattern.sub(fixed, data)
    return hashlib.sha256(data).hexdigest()[:24]


def unmarked(data: bytes) -> bytes:
    """Return a file without the mark that results in place bear."""
    if data.startswith((b"\x89PNG", b"RIFF")):
        # Both are chunks, but PNG counts from the high byte and ends with a checksum where RIFF pads to even lengths.
        is_png = data.startswith(b"\x89PNG")
        at = 8 if is_png else 12
        kept = [data[:8] if is_png else data[8:12]]  # RIFF's own length counts the mark
        while at + 8 <= len(data):
            kind, counted = data[at : at + 4], data[at + 4 : at + 8]
            if is_png:
                kind, counted = counted, kind
            n = int.from_bytes(counted, "big" if is_png else "little")
            end = at + 12 + n if is_png else at + 8 + n + n % 2
            if kind != b"huPR":
                kept.append(data[at:end])
            at = end
        return b"".join(kept)
    start = data.rfind(b"\x21\xff\x0bHUEPRESS1.0")
    return data if start < 0 else data[:start] + b"\x3b"


def commands_made(corpus: dict[str, bytes]) -> Iterator[tuple[str, str]]:
    """Run every command in a fresh folder; yield what it wrote and what it said."""
    for command in COMMANDS:
        with tempfile.TemporaryDirectory() as outer:
            folder = Path(outer, "run")
            folder.mkdir()
            words = command.split()
            named = {word for word in words if word in corpus}
            if "--files-from" in words:
                named |= {name for name in corpus if name.encode() in corpus["list.txt"]}
            for name in corpus if "-r" in words else named:
                (folder / name).write_bytes(corpus[name])
            said = subprocess.run(
                [PROGRAM, *words],
                cwd=folder,
                capture_output=True,
                stdin=subprocess.DEVNULL,
                env={**os.environ, "COLUMNS": "100"},
            )
            text = (said.stdout + b"\n--\n" + said.stderr).replace(outer.encode(), b"")
            yield f"{command}/said", f"{said.returncode} {digest(text)}"
            # Inputs count, too: what must stay must stay.
            for path in sorted(Path(outer).rglob("*")):
                inner = path.relative_to(outer).as_posix()
                if path.is_file() and not path.name.startswith(".huepress"):
                    data = path.read_bytes().replace(outer.encode(), b"")
                    yield f"{command}/{inner}", digest(data)
                    if "--in-place" in words:
                        yield f"{command}/{inner}/unmarked", digest(unmarked(data))


def library_made(corpus: dict[str, bytes]) -> Iterator[tuple[str, str]]:
    """Call the public library; yield digests of what it returns."""
    photo = soft(80, 100, 8)
    for effort in (0, 1, 5):
        for k in (2, 16, 256):
            found = huepress.quantize(photo, k, effort=effort)
            yield f"quantize {effort} {k}", digest(found.indices.tobytes() + found.palette.colors_srgb8.tobytes())
    for name in ("photo.png", "cut.png", "profile.png", "moving.gif"):
        result = huepress.compress(corpus[name], n_colors=16, allow_larger=True)
        yield f"compress() {name}", digest(result.encoded.data + result.indices.tobytes())
        report = result.report
        figures = (report.n_colors, report.bits_per_pixel, report.mse, report.score, report.n_frames)
        yield f"report {name}", digest(repr(figures).encode())
    yield "score()", digest(repr(huepress.score(photo, soft(80, 100, 9))).encode())
    swatches = huepress.extract_palette(photo, 6)
    found_colors = swatches.palette.colors_srgb8.tobytes() + swatches.shares.tobytes()
    yield "extract_palette", digest(found_colors + repr(swatches.names).encode())
    shared = huepress.shared_palette([photo, soft(9, 9, 1)], 6)
    yield "shared_palette", digest(shared.colors_srgb8.tobytes())
    segments = huepress.segment(photo, n_colors=4)
    yield "segment()", digest(segments.labels.tobytes() + segments.palette.colors_srgb8.tobytes())
    versions = huepress.compare(photo, [4, 8], effort=1)
    yield "compare()", digest(versions.page())
    colors = photo.reshape(-1, 3).astype(np.float64)
    for n in (2, 5, 32):
        model = huepress.KMeans(n, random_state=0).fit(colors)
        yield f"KMeans {n}", digest(model.cluster_centers_.tobytes() + model.predict(colors).tobytes())


def main() -> int:
    """Write or compare digests."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("what", choices=["write", "compare"])
    parser.add_argument("file", type=Path)
    parser.add_argument("--allow", action="append", default=[], metavar="PATTERN")
    asked = parser.parse_args()
    corpus = pictures() | animations()
    now = dict([*commands_made(corpus), *library_made(corpus)])
    if asked.what == "write":
        asked.file.write_text(json.dumps(now, indent=1))
        return 0
    before = json.loads(asked.file.read_text())
    differing = [
        name
        for name in sorted(before.keys() | now.keys())
        if before.get(name) != now.get(name) and not any(fnmatch.fnmatch(name, each) for each in asked.allow)
    ]
    print("\n".join(differing) or f"{len(now)} outputs, all as before")
    return 1 if differing else 0


if __name__ == "__main__":
    sys.exit(main())
