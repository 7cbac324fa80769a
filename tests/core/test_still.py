"""A picture in one call of the core: the very palette and indices of the program, and a PNG that others read."""

import io
import signal
import zlib

import numpy as np
import pytest
from PIL import Image

import huepress
from huepress import _core
from huepress.colors.arrays import four_channels
from stills import PICTURES


def quantized(rgba, k, effort, *, rate=1.0, dither="auto", alpha="exact", threads=1):
    return _core.quantize_still(rgba, k, effort, rate, dither, alpha, threads)


@pytest.mark.parametrize("name", PICTURES)
@pytest.mark.parametrize(
    ("k", "effort", "options"),
    [
        *((16, effort, {}) for effort in range(10)),
        *((64, effort, {}) for effort in range(1, 5)),
        (2, 5, {}),
        (256, 0, {}),
        (256, 5, {}),
        (33, 5, {"alpha": "free"}),
        (40, 0, {"alpha": "free"}),
        (20, 4, {"dither": "none", "rate": 3.0}),
        (9, 5, {"dither": "full"}),
    ],
)
def test_palette_and_indices_are_the_programs(name, k, effort, options):
    rgba = PICTURES[name]
    ours = huepress.quantize(rgba, k, effort=effort, **options)
    palette, indices = quantized(rgba, k, effort, **options)
    np.testing.assert_array_equal(palette, four_channels(np.asarray(ours.palette)))
    np.testing.assert_array_equal(indices, ours.indices)


def test_threads_change_nothing():
    one, three = (quantized(np.tile(PICTURES["halo"], (4, 1, 1)), 30, 5, threads=threads) for threads in (1, 3))
    for each, other in zip(one, three, strict=True):
        np.testing.assert_array_equal(each, other)


def test_hidden_colors_stay_where_nothing_has_to_go():
    rgba = np.zeros((4, 4, 4), np.uint8)
    rgba[:2] = (200, 10, 10, 0)
    palette, indices = quantized(rgba, 2, 5)
    np.testing.assert_array_equal(palette[indices], rgba)


def drawn(palette, indices, effort=5, searched=False):
    """Return a PNG as another decoder shows it."""
    data = _core.write_png(palette, indices, effort, searched)
    image = Image.open(io.BytesIO(data))
    image.load()
    assert image.mode == "P"
    return data, np.asarray(image)


@pytest.mark.parametrize("effort", [0, 5, 9])
@pytest.mark.parametrize("k", [1, 2, 3, 4, 5, 16, 17, 256])
def test_png_files_of_every_depth_hold_the_indices(k, effort):
    rng = np.random.default_rng(k)
    palette = rng.integers(0, 256, (k, 4), dtype=np.uint8)
    for shape in ((1, 1), (3, 7), (1, 300), (70, 1), (40, 65)):
        indices = rng.integers(0, k, shape, dtype=np.uint8)
        data, shown = drawn(palette, indices, effort)
        np.testing.assert_array_equal(shown, indices)
        image = np.asarray(Image.open(io.BytesIO(data)).convert("RGBA"))
        np.testing.assert_array_equal(image, palette[indices])


@pytest.mark.parametrize("kind", ["noise", "one color", "tiles", "half of each"])
def test_data_beyond_a_piece_and_of_every_kind_is_deflated(kind):
    rng = np.random.default_rng(7)
    noise = rng.integers(0, 256, (600, 900), dtype=np.uint8)
    indices = {
        "noise": noise,
        "one color": np.zeros_like(noise),
        "tiles": np.tile(noise[:64, :90], (10, 10))[:600],
        "half of each": np.where(np.arange(900) < 450, noise, 3).astype(np.uint8),
    }[kind]
    palette = np.full((256, 4), 255, np.uint8)
    data, shown = drawn(palette, indices, 1, searched=True)
    np.testing.assert_array_equal(shown, indices)
    raw = np.insert(indices, 0, 0, axis=1).tobytes()
    assert len(data) < len(zlib.compress(raw, 9)) + 1000  # PLTE and names of chunks; zlib's best is beaten, or met


def test_ctrl_c_ends_the_deflating():
    def interrupt(*_):
        raise KeyboardInterrupt

    indices = np.random.default_rng(1).integers(0, 16, (2500, 2500), dtype=np.uint8)
    before = signal.signal(signal.SIGALRM, interrupt)
    try:
        signal.setitimer(signal.ITIMER_REAL, 0.1)
        with pytest.raises(KeyboardInterrupt):
            _core.write_png(np.full((16, 4), 255, np.uint8), indices, 9, True)
    finally:
        signal.setitimer(signal.ITIMER_REAL, 0)
        signal.signal(signal.SIGALRM, before)


def test_files_are_about_as_small_as_the_optimizers():
    for name, k in (("photo", 16), ("photo", 256), ("halo", 64), ("holes", 8), ("flat", 16)):
        found = huepress.compress(PICTURES[name], k)
        palette = four_channels(np.asarray(found.palette))
        ours = _core.write_png(palette, np.ascontiguousarray(found.indices), 5, True)
        assert len(ours) < 1.02 * len(found.encoded.data) + 8, name


@pytest.mark.parametrize(
    ("arguments", "told"),
    [
        ((1, 5, 1.0, "auto", "exact"), "n_colors"),
        ((16, 10, 1.0, "auto", "exact"), "effort"),
        ((16, 5, float("nan"), "auto", "exact"), "rate"),
        ((16, 5, -1.0, "auto", "exact"), "rate"),
        ((16, 5, 1.0, "some", "exact"), "dither"),
        ((16, 5, 1.0, "auto", "some"), "alpha"),
    ],
)
def test_wrong_arguments_are_refused(arguments, told):
    with pytest.raises(ValueError, match=told):
        _core.quantize_still(PICTURES["flat"], *arguments, 1)
    with pytest.raises(ValueError, match="entry that does not exist"):
        _core.write_png(np.zeros((2, 4), np.uint8), np.full((1, 1), 2, np.uint8), 5, False)
