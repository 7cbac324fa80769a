"""Where frames make do with fewer colors for the runs that this keeps whole."""

import io

import numpy as np
from PIL import Image

import huepress
from huepress.formats.reading import read_animation
from huepress.model import Palette
from huepress.options import Options
from huepress.pipeline.frames import count_frames
from huepress.pipeline.gif_fewer import Fewer
from huepress.pipeline.gif_palette import visible


def as_gif(frames):
    first, *others = [Image.fromarray(frame) for frame in frames]
    buffer = io.BytesIO()
    first.save(buffer, "PNG", save_all=True, append_images=others, duration=80, loop=0)
    return huepress.compress(buffer.getvalue(), format="gif", rate=0, allow_larger=True).encoded.data


def letters(n=8, seed=0):
    """Bright strokes with dim edges of many shades on a dark ground, new ones in each frame."""
    rng = np.random.default_rng(seed)
    for _ in range(n):
        frame = np.full((80, 120, 3), 30, np.uint8)
        for y in range(4, 76, 12):
            for x in rng.choice(np.arange(4, 116, 4), 14, replace=False):
                frame[y : y + 8, x] = 200
                frame[y : y + 8, x + 1] = 31 + 3 * rng.integers(0, 6, 8)[:, None]
        yield frame


def noise(n=4, seed=0):
    rng = np.random.default_rng(seed)
    for _ in range(n):
        yield (60 + 10 * rng.integers(0, 12, (40, 60, 1))).astype(np.uint8).repeat(3, axis=2)


def found(frames, rate=1.0):
    animation = read_animation(as_gif(list(frames)), max_pixels=10**7)
    assert animation is not None
    table = count_frames(animation, threads=1)
    table = visible(table, np.zeros(len(table), bool))
    palette = Palette(table.colors_srgb8)
    return palette, Fewer.of(palette, table, Options(rate=rate), animation, 10_000)


def test_letters_are_flat_and_noise_is_not():
    assert found(letters())[1].is_flat
    assert not found(noise())[1].is_flat


def test_without_a_rate_runs_are_worth_nothing():
    assert not found(letters(), rate=0.0)[1].is_flat


def test_dim_edges_join_the_ground():
    palette, fewer = found(letters(), rate=16.0)
    values = palette.colors_srgb8[:, 0].astype(int)
    shown = values[fewer.looks[0][: len(palette)]]
    assert set(shown[values < 40].tolist()) == {30}
    assert shown[values == 200].tolist() == [200]


def test_letters_take_fewer_bytes_at_higher_rates():
    data = as_gif(list(letters()))
    sizes = [
        len(huepress.compress(data, format="gif", rate=rate, allow_larger=True).encoded.data) for rate in (0, 1, 8)
    ]
    assert sizes[2] < 0.8 * sizes[0]
    assert sizes[1] <= sizes[0]
