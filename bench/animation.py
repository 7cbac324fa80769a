"""Bytes of animated GIFs at equal looks: huepress beside gifsicle, and ffmpeg and gifski where they are there.

    python bench/animation.py CLIP... [--photographs FOLDER] [--only pan,flat] [--every 4] [--effort 5]

A clip is an animated GIF, PNG or WebP file. From photographs animations are made here: a pan, a zoom and a sprite, a
still scene with sensor noise, and flat graphics; each becomes a GIF through Pillow, its frames dithered to 256 colors.
Looks are the mean SSIMULACRA2 of every so-many-th frame against the clip. The peers run at all their losses and several
palettes or qualities, ours at rising rates; bytes at a score are interpolated between the files of each (logarithm of
bytes over score), and those of the best peer count. Flicker is the mean change, in sRGB codes, of pixels that change by
at most 2 in the clip, at that score, too; of the peers it is the least that any of them has there. Lossless is rate 0
against `gifsicle -O3`, for GIFs.
"""

from __future__ import annotations

import argparse
import io
import math
import shutil
import subprocess
import tempfile
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from itertools import pairwise
from pathlib import Path

import numpy as np
import numpy.typing as npt
from PIL import Image, ImageDraw

import huepress
from huepress.engine.metrics import Comparator
from huepress.formats.reading import read_animation
from huepress.model import Bytes, SourceImage

RATES = (0.25, 0.5, 1, 2, 4, 8, 16, 32)
SCORES = (70, 80, 85)
LOSSES = (0, 20, 40, 80, 140, 200, 300)
QUALITIES = (100, 90, 80, 70, 60, 50)
STILL = 2  # sRGB codes
SIZE = (240, 160)


def photos(folder: Path) -> list[Image.Image]:
    names = sorted(p for p in folder.iterdir() if p.suffix.lower() in (".png", ".jpg", ".jpeg"))
    return [Image.open(name).convert("RGB") for name in names[:5]]


def pan(pictures: list[Image.Image]) -> list[Image.Image]:
    wide = pictures[0].resize((480, 320))
    return [wide.crop((12 * i, 6 * i, 12 * i + SIZE[0], 6 * i + SIZE[1])) for i in range(10)]


def zoom(pictures: list[Image.Image]) -> list[Image.Image]:
    picture = pictures[1 % len(pictures)]
    boxes = [(20 * i, 13 * i, picture.width - 20 * i, picture.height - 13 * i) for i in range(10)]
    return [picture.resize(SIZE, Image.Resampling.BICUBIC, box=box) for box in boxes]


def sprite(pictures: list[Image.Image]) -> list[Image.Image]:
    background = pictures[2 % len(pictures)].resize(SIZE)
    ball = pictures[3 % len(pictures)].resize((50, 50))
    y, x = np.mgrid[-25:25, -25:25]
    mask = Image.fromarray((np.hypot(y, x) < 24).astype(np.uint8) * 255)
    frames = []
    for i in range(12):
        frames.append(background.copy())
        frames[-1].paste(ball, (8 + 14 * i, 20 + 8 * i), mask)
    return frames


def noise(pictures: list[Image.Image]) -> list[Image.Image]:
    scene = np.asarray(pictures[4 % len(pictures)].resize(SIZE)).astype(float)
    rng = np.random.default_rng(0)
    noisy = [np.clip(scene + rng.normal(0, 2.5, scene.shape), 0, 255) for _ in range(8)]
    return [Image.fromarray(frame.astype(np.uint8)) for frame in noisy]


def flat(pictures: list[Image.Image]) -> list[Image.Image]:
    frames = []
    for i in range(12):
        frames.append(Image.new("RGB", SIZE, (250, 248, 240)))
        draw = ImageDraw.Draw(frames[-1])
        for j in range(6):
            left, height = 20 + j * 36, 20 + int(50 * (1 + math.sin(i / 2 + j)))
            draw.rounded_rectangle((left, 150 - height, left + 26, 150), 5, fill=(40 + 30 * j, 120, 200 - 25 * j))
        draw.text((10, 8), f"frame {i}", fill=(20, 20, 20))
    return frames


ANIMATIONS: dict[str, Callable[[list[Image.Image]], list[Image.Image]]] = {
    "pan": pan, "zoom": zoom, "sprite": sprite, "noise": noise, "flat": flat,
}  # fmt: skip


def as_gif(frames: list[Image.Image]) -> bytes:
    first, *others = [frame.quantize(256) for frame in frames]
    buffer = io.BytesIO()
    first.save(buffer, "GIF", save_all=True, append_images=others, duration=80, loop=0, disposal=1)
    return buffer.getvalue()


def frames_of(data: bytes) -> list[Bytes]:
    animation = read_animation(data, max_pixels=10**9)
    assert animation is not None
    return list(animation.frames())


@dataclass(frozen=True)
class Made:
    """A file, what made it, its looks and the processor time that it took."""

    coder: str
    size: int
    score: float
    flicker: float
    seconds: float


class Clip:
    """An animation, and how others look beside it."""

    def __init__(self, name: str, data: bytes, every: int) -> None:
        self.name, self.data, self.frames = name, data, frames_of(data)
        self._n_channels = 4 if any((frame[:, :, 3] < 255).any() for frame in self.frames) else 3
        judged = range(0, len(self.frames), every)
        self._comparators = {i: Comparator(SourceImage(self._cut(self.frames[i])), threads=2) for i in judged}

    def _cut(self, frame: Bytes) -> Bytes:
        return np.ascontiguousarray(frame[:, :, : self._n_channels])

    def judge(self, coder: str, data: bytes, seconds: float) -> Made | None:
        """Score a file; None where frames were merged or dropped."""
        shown = frames_of(data)
        if len(shown) != len(self.frames):
            return None
        scores = [c.ssimulacra2(self._cut(shown[i])) for i, c in self._comparators.items()]
        changes = [
            np.abs(np.diff(pair, axis=0)[0]).mean(axis=2)[still]
            for pair, still in zip(map(_as_codes, pairwise(shown)), self._still(), strict=True)
        ]
        changed = np.concatenate(changes) if changes else np.zeros(1)
        flicker = float(changed.mean()) if len(changed) else 0.0
        return Made(coder, len(data), float(np.mean(scores)), flicker, seconds)

    def _still(self) -> Iterator[npt.NDArray[np.bool_]]:
        for pair in map(_as_codes, pairwise(self.frames)):
            yield np.abs(np.diff(pair, axis=0)[0]).max(axis=2) <= STILL

    def save_frames(self, folder: str) -> list[str]:
        """Save the frames as PNG files and return their names."""
        names = [f"{folder}/{i:05}.png" for i in range(len(self.frames))]
        for name, frame in zip(names, self.frames, strict=True):
            Image.fromarray(frame).save(name)
        return names

    def sources(self) -> dict[str, bytes]:
        """Return the GIFs that gifsicle starts from."""
        if self.data.startswith(b"GIF"):
            return {"gif": self.data}
        images = [Image.fromarray(frame).convert("RGB") for frame in self.frames]
        sources = {"pillow": as_gif(images)} if self._n_channels == 3 else {}
        if shutil.which("ffmpeg"):
            with tempfile.TemporaryDirectory() as folder:
                self.save_frames(folder)
                for dither in ("sierra2_4a", "bayer:bayer_scale=3"):
                    graph = f"split[a][b];[a]palettegen[p];[b][p]paletteuse=dither={dither}"
                    command = ["ffmpeg", "-y", "-loglevel", "error", "-i", f"{folder}/%05d.png"]
                    subprocess.run([*command, "-lavfi", graph, f"{folder}/out.gif"], check=True)
                    sources[f"ffmpeg {dither}"] = Path(folder, "out.gif").read_bytes()
        return sources


def _as_codes(frames: tuple[Bytes, Bytes]) -> npt.NDArray[np.int16]:
    return np.stack([frame[:, :, :3].astype(np.int16) for frame in frames])


def of_peers(clip: Clip) -> list[Made]:
    """Run gifsicle at all losses and palettes on all that it can start from, and gifski at all qualities."""
    made = []
    for name, source in clip.sources().items():
        for loss in LOSSES:
            for k in (256, 64, 32, 16):
                command = [
                    "gifsicle",
                    "-O3",
                    *([f"--lossy={loss}"] if loss else []),
                    *(["--colors", str(k)] if k < 256 else []),
                ]
                started = time.perf_counter()
                data = subprocess.run(command, input=source, capture_output=True, check=True).stdout
                found = clip.judge(f"gifsicle, {name}, {k} colors", data, time.perf_counter() - started)
                made += [found] if found else []
    return made + of_gifski(clip)


def of_gifski(clip: Clip) -> list[Made]:
    """Run gifski at falling qualities, where it is there."""
    made: list[Made] = []
    if not shutil.which("gifski"):
        return made
    with tempfile.TemporaryDirectory() as folder:
        names = clip.save_frames(folder)
        for quality in QUALITIES:
            started = time.perf_counter()
            command = ["gifski", "--quiet", "--quality", str(quality), "--fps", "15", "-o", f"{folder}/out.gif", *names]
            subprocess.run(command, check=True)
            data = Path(folder, "out.gif").read_bytes()
            found = clip.judge("gifski", data, time.perf_counter() - started)
            made += [found] if found else []
    return made


def of_ours(clip: Clip, effort: int) -> list[Made]:
    """Run huepress at rising rates."""
    made = []
    for rate in RATES:
        started = time.process_time()
        data = huepress.compress(clip.data, format="gif", effort=effort, rate=rate, allow_larger=True).encoded.data
        found = clip.judge("huepress", data, time.process_time() - started)
        assert found is not None
        made.append(found)
    return made


def curves(made: list[Made]) -> Iterator[list[Made]]:
    """Yield the files of each coder by rising scores, without those that a smaller one scores better than."""
    for coder in sorted({each.coder for each in made}):
        front: list[Made] = []
        for each in sorted((each for each in made if each.coder == coder), key=lambda each: (-each.score, each.size)):
            if not front or each.size < front[-1].size:
                front.append(each)
        yield front[::-1]


def size_at(made: list[Made], score: float) -> float | None:
    """Return the fewest bytes that a coder takes for a score, between its files; None where nothing looks so good."""
    sizes = [
        math.exp(np.interp(score, [each.score for each in front], [math.log(each.size) for each in front]))
        for front in curves(made)
        if front[-1].score >= score
    ]
    return min(sizes, default=None)


def flicker_at(made: list[Made], score: float) -> str:
    """Return the least flicker at a score that one coder has, between its files; a dash where none comes so low."""
    found = [
        float(np.interp(score, [each.score for each in front], [each.flicker for each in front]))
        for front in curves(made)
        if front[0].score <= score <= front[-1].score
    ]
    return f"{min(found):.2f}" if found else "-"


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else "")
    parser.add_argument("clips", type=Path, nargs="*")
    parser.add_argument("--photographs", type=Path)
    parser.add_argument("--only", default=",".join(ANIMATIONS))
    parser.add_argument("--every", type=int, default=1)
    parser.add_argument("--effort", type=int, default=5)
    arguments = parser.parse_args()
    sources = {path.name: path.read_bytes() for path in arguments.clips}
    if arguments.photographs:
        pictures = photos(arguments.photographs)
        sources |= {name: as_gif(ANIMATIONS[name](pictures)) for name in arguments.only.split(",")}
    print("| clip | score | best peer | huepress | of the peer's bytes | flicker, peer | huepress | s a run |")
    print("|---|--:|--:|--:|--:|--:|--:|--:|")
    for name, data in sources.items():
        clip = Clip(name, data, arguments.every)
        theirs, ours = of_peers(clip), of_ours(clip, arguments.effort)
        seconds = float(np.median([each.seconds for each in ours]))
        for score in SCORES:
            their_size, our_size = size_at(theirs, score), size_at(ours, score)
            if their_size is None or our_size is None:
                continue
            print(
                f"| {name} | {score} | {their_size:,.0f} | {our_size:,.0f} | {our_size / their_size:.2f} "
                f"| {flicker_at(theirs, score)} | {flicker_at(ours, score)} | {seconds:.1f} |",
                flush=True,
            )
        if data.startswith(b"GIF"):
            theirs_exact = len(subprocess.run(["gifsicle", "-O3"], input=data, capture_output=True, check=True).stdout)
            exact = huepress.compress(data, format="gif", rate=0, effort=arguments.effort, allow_larger=True)
            ours_exact = len(exact.encoded.data)
            ratio = ours_exact / theirs_exact
            print(f"| {name} | lossless | {theirs_exact:,} | {ours_exact:,} | {ratio:.4f} | | | |", flush=True)


if __name__ == "__main__":
    main()
