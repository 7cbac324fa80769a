"""Pictures with few colors for machine learning: speed of making them, of loading them, and what accuracy they cost.

    python bench/ml.py speed
    python bench/ml.py loading
    python bench/ml.py accuracy [PICTURES.zip]

Photographs are those of scikit-image, cut and scaled. `accuracy` takes a zip of small pictures in one folder a class,
or scikit-learn's digits. Times are processor time of one thread, the best of several runs.
"""

from __future__ import annotations

import argparse
import io
import tempfile
import time
import zipfile
from collections.abc import Callable
from functools import partial
from pathlib import Path, PurePosixPath

import cv2
import numpy as np
import numpy.typing as npt
import skimage.data
from PIL import Image
from sklearn.datasets import load_digits

import huepress
from huepress import ml

Pixels = npt.NDArray[np.uint8]
Floats = npt.NDArray[np.float32]
PHOTOGRAPHS = ("astronaut", "coffee", "chelsea", "rocket")
N_TRAIN, N_TEST = 4500, 2000
PATCH, STEP, N_FEATURES = 6, 2, 160


def photographs(side: int, n: int) -> Pixels:
    """Return n squares of photographs, scaled to a side."""
    rng = np.random.default_rng(0)
    cut = []
    for i in range(n):
        photo = np.asarray(getattr(skimage.data, PHOTOGRAPHS[i % len(PHOTOGRAPHS)])(), dtype=np.uint8)
        largest = min(photo.shape[:2])
        size = int(rng.integers(min(2 * side, largest), largest + 1))
        y, x = (int(rng.integers(0, extent - size + 1)) for extent in photo.shape[:2])
        square = Image.fromarray(photo[y : y + size, x : x + size])
        cut.append(np.asarray(square.resize((side, side), Image.Resampling.LANCZOS)))
    return np.stack(cut)


def milliseconds(work: Callable[[], object], n: int, repeats: int = 7) -> float:
    """Return processor milliseconds for each of n pictures."""
    times = []
    for _ in range(repeats):
        begun = time.process_time()
        work()
        times.append(time.process_time() - begun)
    return 1000 * min(times) / n


def mse(one: Pixels, other: Pixels) -> float:
    return float(np.square(one.astype(np.float32) - other).sum(axis=-1).mean())


def one_by_one(pictures: Pixels, k: int) -> Pixels:
    return np.stack([huepress.quantize(each, k, jobs=1).to_array()[..., :3] for each in pictures])


def speed() -> None:
    print("| side | K | quantize_batch, ms | huepress.quantize, ms | MSE | to quantize's |\n|--:|--:|--:|--:|--:|--:|")
    for side, n in ((32, 400), (224, 12)):
        pictures = photographs(side, n)
        some = pictures[:40]
        for k in (4, 16, 64, 256):
            ours = milliseconds(partial(ml.quantize_batch, pictures, k, n_threads=1), n)
            theirs = milliseconds(partial(one_by_one, some, k), len(some), 2)
            error, single = mse(ml.quantize_batch(some, k).batch(), some), mse(one_by_one(some, k), some)
            print(f"| {side} | {k} | {ours:.3f} | {theirs:.3f} | {error:.1f} | {error / single:.3f} |", flush=True)


def pillow_bytes(picture: Pixels, kind: str, **options: object) -> bytes:
    buffer = io.BytesIO()
    Image.fromarray(picture).save(buffer, kind, **options)
    return buffer.getvalue()


def decode_pillow(coded: list[bytes]) -> None:
    for each in coded:
        np.asarray(Image.open(io.BytesIO(each)))


def decode_opencv(coded: list[bytes]) -> None:
    for each in coded:
        cv2.imdecode(np.frombuffer(each, np.uint8), cv2.IMREAD_COLOR)


def loading() -> None:
    print("| side | way | bytes a picture | ms a picture | pictures a second |\n|--:|---|--:|--:|--:|")
    for side, n in ((32, 400), (224, 40), (512, 12)):
        pictures = photographs(side, n)
        out = np.empty_like(pictures)
        rows: list[tuple[str, float, Callable[[], object]]] = []
        with tempfile.TemporaryDirectory() as folder:
            variants: tuple[tuple[int, ml.IndexCoding], ...] = (
                (4, "packed"),
                (16, "packed"),
                (16, "rans"),
                (256, "packed"),
            )
            for k, coding in variants:
                path = Path(folder, f"{k}-{coding}.hpml")
                ml.write(path, pictures, n_colors=k, coding=coding)
                data = ml.Dataset(path)
                data.verify()
                expand = partial(data.batch, out=out, n_threads=1)
                rows.append(
                    (f"huepress.ml, K = {k}{', rans' if coding == 'rans' else ''}", path.stat().st_size / n, expand)
                )
            for name, kind, quality in (("JPEG q75", "JPEG", 75), ("WebP q75", "WEBP", 75), ("PNG-24", "PNG", 0)):
                coded = [pillow_bytes(each, kind, quality=quality) for each in pictures]
                size = sum(map(len, coded)) / n
                rows.append((f"{name}, Pillow", size, partial(decode_pillow, coded)))
                rows.append((f"{name}, OpenCV", size, partial(decode_opencv, coded)))
            raw = Path(folder, "raw.npy")
            np.save(raw, pictures)
            rows.append(("raw, NumPy memmap", 3.0 * side * side, partial(np.copyto, out, np.load(raw, mmap_mode="r"))))
            for name, size, work in rows:
                took = milliseconds(work, n)
                print(f"| {side} | {name} | {size:,.0f} | {took:.4f} | {1000 / took:,.0f} |", flush=True)


def from_zip(path: str, n: int) -> tuple[Pixels, npt.NDArray[np.int64]]:
    """Return at most n pictures of one size in a fixed random order, and their labels."""
    with zipfile.ZipFile(path) as archive:
        names = sorted(
            name for name in archive.namelist() if PurePosixPath(name).suffix.lower() in (".jpg", ".jpeg", ".png")
        )
        chosen = np.random.default_rng(0).permutation(len(names))[:n]
        pictures = [np.asarray(Image.open(io.BytesIO(archive.read(names[i]))).convert("RGB")) for i in chosen]
    _, labels = np.unique([PurePosixPath(names[i]).parent.name for i in chosen], return_inverse=True)
    return np.stack(pictures), labels


def from_digits() -> tuple[Pixels, npt.NDArray[np.int64]]:
    digits = load_digits()
    order = np.random.default_rng(0).permutation(len(digits.images))
    gray = (digits.images[order] * 255 / 16).round().astype(np.uint8)
    return np.repeat(gray[..., None], 3, axis=-1), digits.target[order]


def patches_of(pictures: Floats, patch: int, step: int) -> Floats:
    """Return the patches of each picture, normalized: (n, places, patch * patch * 3)."""
    windows = np.lib.stride_tricks.sliding_window_view(pictures, (patch, patch), axis=(1, 2))[:, ::step, ::step]
    flat = windows.reshape(len(pictures), -1, 3 * patch * patch)
    flat = flat - flat.mean(axis=2, keepdims=True)
    return np.asarray(flat / np.sqrt(flat.var(axis=2, keepdims=True) + 10), dtype=np.float32)


def accuracy_of(pictures: Pixels, labels: npt.NDArray[np.int64], n_train: int, seed: int) -> float:
    """Return the test accuracy of a one-layer network: k-means of whitened patches, pooling, ridge regression.

    A. Coates, A. Ng, H. Lee, "An analysis of single-layer networks in unsupervised feature learning", 2011.
    """
    rng = np.random.default_rng(seed)
    order = rng.permutation(len(pictures))
    shown, labels = pictures[order].astype(np.float32), labels[order]
    patch, step = (PATCH, STEP) if shown.shape[1] >= 32 else (3, 1)
    some = patches_of(shown[rng.choice(n_train, min(n_train, 800), replace=False)], patch, step)
    some = some.reshape(-1, some.shape[2])
    some = some[rng.choice(len(some), min(len(some), 20000), replace=False)]
    mean = some.mean(axis=0)
    values, vectors = np.linalg.eigh(np.cov((some - mean).T))
    whiten = (vectors / np.sqrt(np.maximum(values, 0) + 0.1) @ vectors.T).astype(np.float32)
    kmeans = huepress.KMeans(N_FEATURES, init="k-means++", random_state=seed, max_iter=20).fit((some - mean) @ whiten)
    centers = kmeans.cluster_centers_.astype(np.float32)
    features = []
    for begin in range(0, len(shown), 50):
        found = (patches_of(shown[begin : begin + 50], patch, step) - mean) @ whiten
        squared = np.square(found).sum(2, keepdims=True) - 2 * found @ centers.T + np.square(centers).sum(1)
        distances = np.sqrt(np.maximum(squared, 0))
        activations = np.maximum(0, distances.mean(axis=2, keepdims=True) - distances)
        side = round(activations.shape[1] ** 0.5)
        grid = activations.reshape(len(found), side, side, -1)
        halves = slice(None, side // 2), slice(side // 2, None)
        features.append(np.concatenate([grid[:, y, x].sum(axis=(1, 2)) for y in halves for x in halves], axis=1))
    x = np.concatenate(features).astype(np.float64)
    x = (x - x[:n_train].mean(axis=0)) / (x[:n_train].std(axis=0) + 1e-3)
    x = np.concatenate([x, np.ones((len(x), 1))], axis=1)
    targets = np.eye(labels.max() + 1)[labels] * 2 - 1
    gram = x[:n_train].T @ x[:n_train] + 0.05 * n_train * np.eye(x.shape[1])
    weights = np.linalg.solve(gram, x[:n_train].T @ targets[:n_train])
    return float(((x[n_train:] @ weights).argmax(axis=1) == labels[n_train:]).mean())


def accuracy(path: str | None) -> None:
    pictures, labels = from_zip(path, N_TRAIN + N_TEST) if path else from_digits()
    n_train = len(pictures) * N_TRAIN // (N_TRAIN + N_TEST)
    side = pictures.shape[1]
    print(f"{n_train} pictures of {side} x {side} to learn from, {len(pictures) - n_train} to test\n")
    print("| pictures | bytes a picture | accuracy, mean of 3 seeds | lowest to highest |\n|---|--:|--:|--:|")

    def row(name: str, size: float, shown: Pixels) -> None:
        found = [accuracy_of(shown, labels, n_train, seed) for seed in range(3)]
        print(f"| {name} | {size:,.0f} | {np.mean(found):.3f} | {min(found):.3f} to {max(found):.3f} |", flush=True)

    row("full color, raw", pictures[0].size, pictures)
    for quality in (75, 30):
        coded = [pillow_bytes(each, "JPEG", quality=quality) for each in pictures]
        shown = np.stack([np.asarray(Image.open(io.BytesIO(each)).convert("RGB")) for each in coded])
        row(f"JPEG q{quality}", sum(map(len, coded)) / len(coded), shown)
    scopes: tuple[tuple[int, ml.PaletteScope], ...] = (
        (64, "image"), (32, "image"), (16, "image"), (16, "group"), (16, "all"), (8, "image"), (4, "image"),
        (4, "group"), (4, "all"), (2, "image"),
    )  # fmt: skip
    for k, scope in scopes:
        with tempfile.TemporaryDirectory() as folder:
            path_out = Path(folder, "set.hpml")
            ml.write(path_out, pictures, n_colors=k, palette=scope)
            row(f"K = {k}, palette for {scope}", path_out.stat().st_size / len(pictures), ml.Dataset(path_out).batch())


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("what", choices=["speed", "loading", "accuracy"])
    parser.add_argument("pictures", nargs="?", help="a zip of pictures in one folder a class")
    arguments = parser.parse_args()
    if arguments.what == "accuracy":
        accuracy(arguments.pictures)
    else:
        {"speed": speed, "loading": loading}[arguments.what]()


if __name__ == "__main__":
    main()
