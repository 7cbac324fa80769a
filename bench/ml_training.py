"""What a small convolutional network learns from pictures of few colors: accuracy, bytes a picture, seconds an epoch.

    python bench/ml_training.py [PICTURES.zip] [--device cuda] [--epochs N] [--train N] [--test N]
    python bench/ml_training.py [PICTURES.zip] --loading

A zip of small pictures of one size in one folder a class, or scikit-learn's digits. Palettes go through
`huepress.torch` (pip install 'huepress[torch]'), JPEG files are decoded by Pillow in every epoch; both by the same
loader. Each kind of picture is learned from and tested on; "tested in full color" is the same network on the pictures
as they were. A seed also says which pictures are tested on; "to full color" compares accuracies of the same seed. Bytes
are those of entropy-coded files: palettes as coding="rans", JPEG with tables of its own. "Waiting" is the part of an
epoch for which the network has no pictures on its device yet.
"""

from __future__ import annotations

import argparse
import io
import tempfile
import time
from functools import partial
from pathlib import Path
from typing import get_args

import numpy as np
import numpy.typing as npt
import torch
from PIL import Image
from torch import Tensor, nn

from huepress import ml
from huepress.torch import Expand, PackedBatch, PaletteDataset, collate
from ml import Pixels, from_digits, from_zip

COLORS = "16,64,32,8,4,2"  # what matters most comes first
BATCH = 128


class Coded(torch.utils.data.Dataset[tuple[Tensor, int]]):
    """Pictures as coded files in memory, decoded each time."""

    def __init__(self, files: list[bytes], labels: npt.NDArray[np.int64]) -> None:
        self.files, self.labels = files, labels

    def __len__(self) -> int:
        return len(self.files)

    def __getitem__(self, i: int) -> tuple[Tensor, int]:
        pixels = np.array(Image.open(io.BytesIO(self.files[i])).convert("RGB"))
        return torch.from_numpy(pixels).permute(2, 0, 1), int(self.labels[i])


class Raw(Coded):
    """Pixels in memory."""

    def __getitem__(self, i: int) -> tuple[Tensor, int]:
        side = round((len(self.files[i]) // 3) ** 0.5)
        pixels = torch.frombuffer(bytearray(self.files[i]), dtype=torch.uint8)
        return pixels.reshape(side, side, 3).permute(2, 0, 1), int(self.labels[i])


def network(n_classes: int, side: int) -> nn.Module:
    """Return a network of about 190,000 parameters."""

    def block(channels_in: int, channels_out: int, stride: int) -> nn.Sequential:
        conv = nn.Conv2d(channels_in, channels_out, 3, stride, 1, bias=False)
        return nn.Sequential(conv, nn.BatchNorm2d(channels_out), nn.ReLU())

    first = 2 if side >= 32 else 1
    body = nn.Sequential(block(3, 32, first), block(32, 64, 2), block(64, 96, 1), block(96, 128, 2))
    return nn.Sequential(body, nn.AdaptiveAvgPool2d(1), nn.Flatten(), nn.Linear(128, n_classes))


def shifted(pictures: Tensor, mirror: bool, generator: torch.Generator) -> Tensor:
    """Return pictures, each moved by up to an eighth of its side and half of them mirrored."""
    side = pictures.shape[-1]
    margin = side // 8
    padded = nn.functional.pad(pictures, (margin,) * 4)
    y, x = (torch.randint(0, 2 * margin + 1, (len(pictures), 1), generator=generator) for _ in range(2))
    columns = x + torch.arange(side)
    if mirror:
        flips = torch.rand((len(pictures), 1), generator=generator) < 0.5
        columns = torch.where(flips, columns.flip(1), columns)
    at = torch.arange(len(pictures)).reshape(-1, 1, 1)
    rows, columns = (y + torch.arange(side)).unsqueeze(2), columns.unsqueeze(1)
    where = (each.to(pictures.device) for each in (at, rows, columns))
    return padded.permute(0, 2, 3, 1)[tuple(where)].permute(0, 3, 1, 2)


def trained(
    data: Coded | PaletteDataset, whole: Coded, seed: int, options: argparse.Namespace
) -> tuple[float, float, float, float]:
    """Return the accuracy on the pictures after the first `options.train`, that in full color, and two times.

    They are the seconds an epoch, and how many of these the network waits for pictures to be on its device.
    """
    torch.manual_seed(seed)
    order = torch.randperm(len(data), generator=torch.Generator().manual_seed(seed)).tolist()
    loader = partial(
        torch.utils.data.DataLoader, batch_size=BATCH, collate_fn=collate, num_workers=options.workers,
        persistent_workers=options.workers > 0, pin_memory=options.device != "cpu",
    )  # fmt: skip
    learned = loader(torch.utils.data.Subset(data, order[: options.train]), shuffle=True, drop_last=True)
    tested = [loader(torch.utils.data.Subset(each, order[options.train :])) for each in (data, whole)]
    expand, n_classes = Expand(options.device), options.n_classes
    model = network(n_classes, options.side).to(options.device, memory_format=torch.channels_last)
    optimizer = torch.optim.SGD(model.parameters(), lr=0.1, momentum=0.9, nesterov=True, weight_decay=5e-4)
    steps = options.epochs * len(learned)
    schedule = torch.optim.lr_scheduler.OneCycleLR(optimizer, options.rate, total_steps=steps)
    generator = torch.Generator().manual_seed(seed)
    rounded = torch.autocast(torch.device(options.device).type, torch.bfloat16, enabled=options.bfloat16)

    def pictures_of(batch: PackedBatch | tuple[Tensor, Tensor]) -> tuple[Tensor, Tensor]:
        if isinstance(batch, PackedBatch):
            return expand(batch), batch.labels.to(options.device)
        pixels, labels = batch
        return pixels.to(options.device, non_blocking=True).float() / 255, labels.to(options.device)

    def settle() -> None:
        if options.device != "cpu":
            torch.accelerator.synchronize()

    times, waits = [], []
    for _ in range(options.epochs):
        begun = asked = time.perf_counter()
        waited = 0.0
        model.train()
        for batch in learned:
            pictures, labels = pictures_of(batch)
            settle()
            waited += time.perf_counter() - asked
            shown = shifted(pictures, options.mirror, generator).contiguous(memory_format=torch.channels_last)
            with rounded:
                loss = nn.functional.cross_entropy(model(shown), labels, label_smoothing=0.1)
            optimizer.zero_grad()
            loss.backward()
            optimizer.step()
            schedule.step()
            settle()  # else the device's work would count as waiting for the next pictures
            asked = time.perf_counter()
        times.append(time.perf_counter() - begun)
        waits.append(waited)
    model.eval()
    right = [0, 0]
    with torch.inference_mode(), rounded:
        for kind, batches in enumerate(tested):
            for batch in batches:
                pictures, labels = pictures_of(batch)
                right[kind] += int((model(pictures).argmax(1) == labels).sum())
    as_learned, in_full = (n / (len(data) - options.train) for n in right)
    return as_learned, in_full, float(np.median(times)), float(np.median(waits))


def loaded(data: Coded | PaletteDataset) -> float:
    """Return the microseconds a picture, on one thread, from the bytes of a file to a batch of float32."""
    torch.set_num_threads(1)
    expand, times = Expand(), []
    for _ in range(4):
        begun = time.process_time()
        for batch in torch.utils.data.DataLoader(data, BATCH, shuffle=True, collate_fn=collate):
            expand(batch) if isinstance(batch, PackedBatch) else batch[0].float() / 255
        times.append(time.process_time() - begun)
    return 1e6 * min(times) / len(data)


def jpegs(pictures: Pixels, quality: int, optimize: bool = False) -> list[bytes]:
    files = []
    for each in pictures:
        buffer = io.BytesIO()
        Image.fromarray(each).save(buffer, "JPEG", quality=quality, optimize=optimize)
        files.append(buffer.getvalue())
    return files


def of_bytes(pictures: Pixels, size: float) -> tuple[int, list[bytes]]:
    """Return the highest quality whose optimized files take at most so many bytes on average, else the lowest."""
    some = pictures[:500]
    fitting = (q for q in range(95, 0, -1) if sum(map(len, jpegs(some, q, True))) <= size * len(some))
    quality = next(fitting, 1)
    return quality, jpegs(pictures, quality, True)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("pictures", nargs="?", help="a zip of pictures in one folder a class")
    parser.add_argument("--device", default="cpu")
    parser.add_argument("--epochs", type=int, default=8)
    parser.add_argument("--rate", type=float, default=0.2, help="highest learning rate")
    parser.add_argument("--train", type=int, default=9000)
    parser.add_argument("--test", type=int, default=2000)
    parser.add_argument("--seeds", type=int, default=3)
    parser.add_argument("--colors", default=COLORS, help="of palettes, the first one's bytes are given to JPEG, too")
    parser.add_argument("--workers", type=int, default=0)
    parser.add_argument("--loading", action="store_true", help="only measure how long a picture takes to load")
    parser.add_argument("--bfloat16", action="store_true", help="in which the network computes; twice as fast")
    options = parser.parse_args()
    n = options.train + options.test
    pictures, labels = from_zip(options.pictures, n) if options.pictures else from_digits()
    options.train = round(len(pictures) * options.train / n)
    options.n_classes, options.side, options.mirror = int(labels.max()) + 1, pictures.shape[1], bool(options.pictures)
    if options.loading:
        with tempfile.TemporaryDirectory() as folder:
            paths = {coding: Path(folder, coding) for coding in get_args(ml.IndexCoding)}
            for coding, path in paths.items():
                ml.write(path, pictures, labels, n_colors=16, coding=coding)
            print(f"JPEG q75: {loaded(Coded(jpegs(pictures, 75), labels)):.0f} microseconds a picture")
            print(f"raw: {loaded(Raw([each.tobytes() for each in pictures], labels)):.0f} microseconds a picture")
            for coding, path in paths.items():
                print(f"K = 16, {coding}: {loaded(PaletteDataset(path)):.0f} microseconds a picture")
        return
    n_parameters = sum(each.numel() for each in network(options.n_classes, options.side).parameters())
    height, width = pictures.shape[1:3]
    print(
        f"{options.train} pictures of {height} x {width} to learn from, {len(pictures) - options.train} to test, "
        f"{n_parameters} parameters, {options.epochs} epochs, {options.seeds} seeds, {options.device}\n"
    )
    plain = jpegs(pictures, 75)
    plain_size = sum(map(len, plain)) / len(plain)
    print(f"JPEG q75 with the tables of all JPEG files, the same pixels: {plain_size:,.0f} bytes a picture\n")
    head = (
        "| pictures | bytes a picture | to plain JPEG q75 | accuracy, % | lowest to highest | to full color, points |"
    )
    print(head + " tested in full color, points | seconds an epoch | waiting for pictures |")
    print("|---|--:|--:|--:|--:|--:|--:|--:|--:|")
    whole = Raw([each.tobytes() for each in pictures], labels)
    full: list[float] = []

    def row(name: str, size: float, data: Coded | PaletteDataset) -> None:
        found = 100 * np.array([trained(data, whole, seed, options) for seed in range(options.seeds)]).T
        accuracies = found[0]
        full[:] = full or accuracies.tolist()
        cells = [f"{accuracies.mean():.1f} ± {accuracies.std(ddof=1):.1f}"]
        cells.append(f"{accuracies.min():.1f} to {accuracies.max():.1f}")
        cells += [f"{lost.mean():+.2f} ± {lost.std(ddof=1):.2f}" for lost in found[:2] - full]
        cells += [f"{np.median(seconds) / 100:.2f}" for seconds in found[2:]]
        print(f"| {name} | {size:,.0f} | {size / plain_size:.2f} | {' | '.join(cells)} |", flush=True)

    row("full color, raw", pictures[0].nbytes, whole)
    optimized = jpegs(pictures, 75, True)
    row("JPEG q75, optimized", sum(map(len, optimized)) / len(optimized), Coded(optimized, labels))
    colors = [int(each) for each in options.colors.split(",")]
    with tempfile.TemporaryDirectory() as folder:
        for k in colors:
            path = Path(folder, f"{k}.hpml")
            ml.write(path, pictures, labels, n_colors=k, coding="rans")
            size = path.stat().st_size / len(pictures)
            row(f"K = {k}", size, PaletteDataset(path))
            if k == colors[0]:
                quality, files = of_bytes(pictures, size)
                name = f"JPEG q{quality}, optimized: nearest to K = {k}"
                row(name, sum(map(len, files)) / len(files), Coded(files, labels))


if __name__ == "__main__":
    main()
