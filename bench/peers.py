"""The quantizers to compare with: each takes (H, W, 3) uint8 and K, and returns the quantized picture.

All run on one thread; only the programs marked so dither. One that is not installed is left out.
"""

from __future__ import annotations

import importlib.util
import io
import shutil
import subprocess
from collections.abc import Callable
from typing import Any

import numpy as np
import numpy.typing as npt
from PIL import Image

import huepress

Pixels = npt.NDArray[np.uint8]
Quantizer = Callable[[Pixels, int], Pixels]

THOROUGH: dict[str, Any] = {"n_init": 4, "n_swaps": 40, "tol": 0.0, "max_iter": 1000}
SHORTCUT_SAMPLES = 1000


def huepress_default(pixels: Pixels, k: int) -> Pixels:
    return huepress.quantize(pixels, k, jobs=1).to_array()


def huepress_thorough(pixels: Pixels, k: int) -> Pixels:
    return huepress.quantize(pixels, k, jobs=1, **THOROUGH).to_array()


def huepress_oklab(pixels: Pixels, k: int) -> Pixels:
    return huepress.quantize(pixels, k, jobs=1, space="oklab").to_array()


def imagequant(pixels: Pixels, k: int) -> Pixels:
    import imagequant

    # Its own default speed is 4.
    picture = imagequant.quantize_pil_image(Image.fromarray(pixels).convert("RGBA"), dithering_level=0.0, max_colors=k)
    return np.asarray(picture.convert("RGB"))


def _sklearn(model: Any, pixels: Pixels, fit_on: int | None = None) -> Pixels:
    points = pixels.reshape(-1, 3).astype(np.float64) / 255
    if fit_on:
        model.fit(points[np.random.default_rng(0).choice(len(points), fit_on)])
        labels = model.predict(points)
    else:
        labels = model.fit(points).labels_
    palette = np.rint(model.cluster_centers_ * 255).astype(np.uint8)
    return np.asarray(palette[labels].reshape(pixels.shape))


def sklearn_kmeans(pixels: Pixels, k: int) -> Pixels:
    from sklearn.cluster import KMeans

    return _sklearn(KMeans(k, random_state=0), pixels)


def sklearn_minibatch(pixels: Pixels, k: int) -> Pixels:
    from sklearn.cluster import MiniBatchKMeans

    return _sklearn(MiniBatchKMeans(k, random_state=0, n_init=1), pixels)


def sklearn_1000_samples(pixels: Pixels, k: int) -> Pixels:
    from sklearn.cluster import KMeans

    return _sklearn(KMeans(k, random_state=0), pixels, fit_on=SHORTCUT_SAMPLES)


def opencv_kmeans(pixels: Pixels, k: int) -> Pixels:
    import cv2

    cv2.setNumThreads(1)
    cv2.setRNGSeed(0)
    points = pixels.reshape(-1, 3).astype(np.float32)
    criteria = (cv2.TERM_CRITERIA_EPS + cv2.TERM_CRITERIA_MAX_ITER, 10, 1.0)
    best: Any = None
    _, labels, centers = cv2.kmeans(points, k, best, criteria, 1, cv2.KMEANS_PP_CENTERS)
    return np.asarray(np.rint(centers).astype(np.uint8)[labels.ravel()].reshape(pixels.shape))


def _pillow(method: Image.Quantize, kmeans: int) -> Quantizer:
    def quantize(pixels: Pixels, k: int) -> Pixels:
        picture = Image.fromarray(pixels).quantize(k, method=method, kmeans=kmeans, dither=Image.Dither.NONE)
        return np.asarray(picture.convert("RGB"))

    return quantize


def _program(*command: str) -> Quantizer:
    """Return a program that reads PNG from stdin and writes it to stdout; {k} stands for K."""

    def quantize(pixels: Pixels, k: int) -> Pixels:
        buffer = io.BytesIO()
        Image.fromarray(pixels).save(buffer, "PNG", compress_level=1)
        arguments = [part.format(k=k) for part in command]
        done = subprocess.run(arguments, input=buffer.getvalue(), capture_output=True, check=True)
        return np.asarray(Image.open(io.BytesIO(done.stdout)).convert("RGB"))

    return quantize


_PROGRAMS = {
    "pngquant (program)": ("pngquant", "{k}", "-"),
    "pngquant --nofs (program)": ("pngquant", "--nofs", "{k}", "-"),
    "ImageMagick (program)": ("/usr/bin/convert", "png:-", "-dither", "FloydSteinberg", "-colors", "{k}", "png8:-"),
    "ImageMagick +dither (program)": ("/usr/bin/convert", "png:-", "+dither", "-colors", "{k}", "png8:-"),
}


def available() -> dict[str, Quantizer]:
    """Return the quantizers whose packages are installed, ours first."""
    peers: dict[str, tuple[str, Quantizer]] = {
        "huepress": ("huepress", huepress_default),
        "huepress thorough": ("huepress", huepress_thorough),
        "huepress oklab": ("huepress", huepress_oklab),
        "imagequant": ("imagequant", imagequant),
        "scikit-learn KMeans": ("sklearn", sklearn_kmeans),
        "scikit-learn MiniBatchKMeans": ("sklearn", sklearn_minibatch),
        "scikit-learn, fit on 1000": ("sklearn", sklearn_1000_samples),
        "OpenCV kmeans": ("cv2", opencv_kmeans),
    }
    for name in ("MEDIANCUT", "MAXCOVERAGE", "FASTOCTREE"):
        method = Image.Quantize[name]
        peers[f"Pillow {name}"] = ("PIL", _pillow(method, 0))
        peers[f"Pillow {name} kmeans=1"] = ("PIL", _pillow(method, 1))
    found = {name: run for name, (module, run) in peers.items() if importlib.util.find_spec(module)}
    return found | {name: _program(*command) for name, command in _PROGRAMS.items() if shutil.which(command[0])}
