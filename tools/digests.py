"""Prove that two machines, builds or instruction sets make the same bits of the same pictures.

    python tools/digests.py                    # compare with tests/gold/digests.json; exit code 1 where they differ
    python tools/digests.py --simd baseline    # the same, without the kernels for newer processors
    python tools/digests.py --write            # after a change that is meant to change bits

Unlike `reference_outputs.py`, which tells one version from the next on one machine, this corpus is made of integers
only, so that no C library has a say in it, and what is compared does not hang on other projects' coders: palettes,
indices, labels, scores, decoded pixels. Names that begin with ``file/`` are of whole files; they count where the
libraries that write them have the versions that the gold file names.
"""

from __future__ import annotations

import argparse
import hashlib
import io
import json
import sys
from collections.abc import Iterator
from importlib.metadata import version
from importlib.util import find_spec
from pathlib import Path
from typing import Literal

import numpy as np
import numpy.typing as npt
from PIL import Image, ImageSequence

import huepress
from huepress import _core

Pixels = npt.NDArray[np.uint8]
GOLD = Path(__file__).parents[1] / "tests" / "gold" / "digests.json"
# Who has a say in the bytes of a file.
CODERS = ("pillow", "pyoxipng")
MODULES = {"pillow": "PIL", "pyoxipng": "oxipng"}
KINDS: tuple[Literal["png", "webp", "gif"], ...] = ("png", "webp", "gif")
DITHERS: tuple[tuple[Literal["none", "full", "auto"], float], ...] = (
    ("none", 1),
    ("full", 1),
    ("auto", 8),
    ("auto", 0),
)


def triangle(at: npt.NDArray[np.int64], period: int) -> npt.NDArray[np.int64]:
    """Return a wave of straight lines between 0 and 255."""
    return np.abs(at % period * 2 - period) * 255 // period


def soft(height: int, width: int, seed: int, channels: int = 3, noise: int = 9) -> Pixels:
    """Return soft shapes with noise, as photographs have. (height, width, channels)."""
    y, x = np.mgrid[:height, :width].astype(np.int64)
    planes = [
        (triangle(x + c * y // 3, 61 + 14 * c) + 2 * triangle(y - c * x // 5, 83 - 9 * c) + triangle(x * y // 40, 97))
        // 4
        for c in range(channels)
    ]
    grain = np.random.default_rng(seed).integers(-noise, noise + 1, (height, width, channels))
    return np.clip(np.stack(planes, axis=2) + grain, 0, 255).astype(np.uint8)


def drawn(height: int, width: int) -> Pixels:
    """Return overlapping flat shapes, as screens and charts have. (height, width, 3)."""
    canvas = np.full((height, width, 3), (250, 248, 240), np.uint8)
    for n in range(24):
        top, left = n * 29 % height, n * 43 % width
        canvas[top : top + 9 + n % 7 * 5, left : left + 11 + n % 5 * 9] = (
            n * 53 % 256,
            255 - n * 31 % 256,
            n * 97 % 256,
        )
        canvas[n * 17 % height, :] = (20, 20, 90)
    return canvas


def corpus() -> dict[str, Pixels]:
    """Return the stills by their names."""
    cut = soft(70, 90, 4, channels=4)
    cut[..., 3] = np.where(cut[..., 3] > 120, 255, 0)
    return {
        "photo": soft(150, 200, 1),
        "drawn": drawn(120, 160),
        "alpha": soft(64, 96, 3, channels=4),
        "cut": cut,
        "tiles": np.tile(soft(16, 16, 5, noise=40), (6, 6, 1)),
        "gray": np.repeat(soft(60, 60, 6)[..., :1], 3, axis=2),
    }


def panned() -> bytes:
    """Return a slow pan over a picture of more colors than a palette holds, as an animated PNG."""
    wide = np.repeat(np.repeat(soft(40, 40, 8, noise=6), 4, axis=0), 4, axis=1).astype(np.int64)
    sums = np.cumsum(np.cumsum(wide, axis=0), axis=1)
    smooth = (sums[8:, 8:] - sums[:-8, 8:] - sums[8:, :-8] + sums[:-8, :-8]) // 64
    frames = [Image.fromarray(smooth[n : 60 + n, n : 80 + n].astype(np.uint8)) for n in range(5)]
    buffer = io.BytesIO()
    frames[0].save(buffer, "PNG", save_all=True, append_images=frames[1:], duration=80, loop=0)
    return buffer.getvalue()


def moving() -> bytes:
    """Return a disc that moves over a picture, as an animated PNG."""
    ground = soft(60, 80, 7, noise=3)
    y, x = np.mgrid[:60, :80]
    frames = []
    for n in range(6):
        frame = ground.copy()
        frame[(x - 12 - 10 * n) ** 2 + (y - 30) ** 2 < 90] = (220, 40 * n, 60)
        frames.append(Image.fromarray(frame))
    buffer = io.BytesIO()
    frames[0].save(buffer, "PNG", save_all=True, append_images=frames[1:], duration=80, loop=0)
    return buffer.getvalue()


def digest(*parts: npt.ArrayLike | bytes) -> str:
    """Return a name of some arrays or bytes, the same for either order of bytes."""
    found = hashlib.sha256()
    for part in parts:
        if isinstance(part, bytes):
            found.update(part)
            continue
        array = np.asarray(part)
        found.update(f"{array.shape}{array.dtype.kind}{array.itemsize}".encode())
        found.update(np.ascontiguousarray(array, array.dtype.newbyteorder("<")).tobytes())
    return found.hexdigest()


def number(value: float) -> str:
    """Return every bit of a number, legible."""
    return float(value).hex()


def shown(data: bytes) -> str:
    """Return the digest of a file's pixels, frame by frame."""
    with Image.open(io.BytesIO(data)) as image:
        return digest(*(np.asarray(frame.convert("RGBA")) for frame in ImageSequence.Iterator(image)))


def of_clustering(pictures: dict[str, Pixels]) -> Iterator[tuple[str, str]]:
    """Yield what k-means makes."""
    colors = pictures["photo"].reshape(-1, 3).astype(np.float64)
    for init in ("wu", "k-means++", "random"):
        model = huepress.KMeans(9, init=init, random_state=5).fit(colors)
        yield f"k-means/{init}", digest(model.cluster_centers_, model.labels_) + " " + number(model.inertia_)
    for name, pixels in pictures.items():
        for k in (2, 17, 256):
            found = huepress.quantize(pixels, k, effort=0)
            yield f"k-means/{name} {k}", digest(found.palette.colors_srgb8, found.indices)
    pinned = huepress.quantize(pictures["photo"], 8, effort=0, pin=["#ff0000"])
    yield "k-means/pinned", digest(pinned.palette.colors_srgb8, pinned.indices)


def of_search(pictures: dict[str, Pixels]) -> Iterator[tuple[str, str]]:
    """Yield what the spatial search makes."""
    for name, pixels in pictures.items():
        for effort, k in ((1, 16), (3, 256), (5, 32), (9, 8)):
            found = huepress.quantize(pixels, k, effort=effort)
            yield f"search/{name} {k} effort {effort}", digest(found.palette.colors_srgb8, found.indices)
    for dither, rate in DITHERS:
        found = huepress.quantize(pictures["photo"], 24, dither=dither, rate=rate)
        yield f"search/dither {dither} rate {rate:g}", digest(found.palette.colors_srgb8, found.indices)
    for name in ("photo", "alpha"):
        found = huepress.quantize(pictures[name], palette="#000,#fff,#f00,#0a0,#00f,#ff0,#888", effort=5)
        yield f"search/given {name}", digest(found.indices)


def of_files(pictures: dict[str, Pixels]) -> Iterator[tuple[str, str]]:
    """Yield what is in files of every kind that we write ourselves."""
    for name in ("photo", "drawn", "alpha", "cut"):
        for kind in KINDS:
            result = huepress.compress(pictures[name], n_colors=24, effort=3, format=kind)
            yield f"pixels/{name}.{kind}", shown(result.encoded.data)
            yield f"file/{name}.{kind}", digest(result.encoded.data)
        for effort in (0, 5):
            portable = huepress.compress(pictures[name], n_colors=24, effort=effort, png_writer="core")
            yield f"core-png/{name} effort {effort}", digest(portable.encoded.data)
    animation = moving()
    for kind in KINDS:
        result = huepress.compress(animation, n_colors=24, effort=3, format=kind, allow_larger=True)
        yield f"animation/{kind}", shown(result.encoded.data)
        yield f"file/moving.{kind}", digest(result.encoded.data)
    for effort in (1, 7):
        result = huepress.compress(panned(), n_colors=24, effort=effort, format="gif", allow_larger=True)
        yield f"file/panned effort {effort}.gif", digest(result.encoded.data)
    free = huepress.compress(pictures["photo"], effort=3)
    yield "pixels/colors chosen", shown(free.encoded.data)
    aimed = huepress.compress(pictures["photo"], effort=3, quality=60)
    yield "pixels/quality 60", shown(aimed.encoded.data)


def of_segmentation(pictures: dict[str, Pixels]) -> Iterator[tuple[str, str]]:
    """Yield labels and regions."""
    for name, k in (("photo", 5), ("drawn", 8), ("alpha", 3)):
        found = huepress.segment(pictures[name], n_colors=k)
        yield f"segments/{name}", digest(found.labels, found.palette.colors_srgb8)
    chosen = huepress.segment(pictures["photo"])
    yield "segments/chosen", digest(chosen.labels)
    yield "segments/regions", digest(chosen.hierarchy.cells, chosen.hierarchy.steps, chosen.regions.labels)


def of_scores(pictures: dict[str, Pixels]) -> Iterator[tuple[str, str]]:
    """Yield every bit of the scores."""
    for name in ("photo", "drawn", "tiles"):
        pixels = pictures[name]
        worse = (pixels // 24 * 24 + 12).astype(np.uint8)
        yield f"scores/{name}", number(_core.Ssimulacra2(pixels, 1).score(worse, 1))
        yield f"scores/{name} report", digest(repr(huepress.score(pixels, worse)).encode())


def made() -> dict[str, str]:
    """Return the digests of everything, by name."""
    pictures = corpus()
    found = {f"corpus/{name}": digest(pixels) for name, pixels in pictures.items()}
    for part in (of_clustering, of_search, of_files, of_segmentation, of_scores):
        found.update(part(pictures))
    return found


def coders() -> dict[str, str]:
    """Return the versions of what writes files; none of what is not there."""
    return {name: version(name) for name in CODERS if find_spec(MODULES[name])}


def differing(gold: dict[str, dict[str, str]], now: dict[str, str]) -> list[str]:
    """Return the names of what is not as the gold file says."""
    before = gold["digests"]
    same_coders = gold["coders"] == coders()
    return [
        name
        for name in sorted(before.keys() | now.keys())
        if before.get(name) != now.get(name) and (same_coders or not name.startswith("file/"))
    ]


def main() -> int:
    """Write or compare digests."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument(
        "--simd", choices=["baseline", "avx2"], help="instruction set; the best of this processor if not given"
    )
    parser.add_argument("--write", action="store_true", help="write the file instead of comparing with it")
    parser.add_argument("file", type=Path, nargs="?", default=GOLD)
    asked = parser.parse_args()
    if asked.simd and not _core.set_simd_level(asked.simd):
        print(f"this processor or build has no {asked.simd}", file=sys.stderr)
        return 2
    now = made()
    if asked.write:
        asked.file.write_text(json.dumps({"coders": coders(), "digests": now}, indent=1) + "\n")
        return 0
    changed = differing(json.loads(asked.file.read_text()), now)
    print("\n".join(changed) or f"{len(now)} results, all the same bits")
    return 1 if changed else 0


if __name__ == "__main__":
    sys.exit(main())
