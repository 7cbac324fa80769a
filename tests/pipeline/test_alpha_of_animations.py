"""Clear pixels stay clear and opaque ones opaque in animations, too; where the palette cannot, a note says so."""

import io

import numpy as np
import pytest
from PIL import Image

import huepress

GREENS = "#0f380f,#306230,#8bac0f,#9bbc0f"


@pytest.fixture(scope="module")
def frames():
    """A ball with soft edges and a shadow, moving."""
    y, x = np.mgrid[0:40, 0:60]
    found = []
    for number in range(4):
        radius = np.hypot(x - 18 - 6 * number, y - 20)
        color = np.stack([200 + 20 * np.sin(x / 9), 120 + 80 * np.cos(y / 7 + number), 60 + x], axis=-1)
        shadow = np.clip(90 - 6 * np.abs(radius - 18), 0, 90) * (y > 20)
        alpha = np.maximum(np.clip((15 - radius) * 18, 0, 255), shadow)
        pixels = np.dstack([color, alpha]).round().clip(0, 255).astype(np.uint8)
        pixels[pixels[..., 3] == 0] = 0
        found.append(pixels)
    return found


def encoded(frames, file_format):
    images = [Image.fromarray(frame) for frame in frames]
    buffer = io.BytesIO()
    lossless = {"lossless": True, "exact": True} if file_format == "webp" else {}
    images[0].save(buffer, file_format, save_all=True, append_images=images[1:], duration=80, loop=0, **lossless)
    return buffer.getvalue()


def shown(data):
    image = Image.open(io.BytesIO(data))
    for number in range(image.n_frames):
        image.seek(number)
        yield np.asarray(image.convert("RGBA"))


@pytest.mark.parametrize("file_format", ["webp", "png"])
@pytest.mark.parametrize("options", [{}, {"effort": 0}, {"rate": 8.0}, {"pin": ["#ff0000"]}, {"dither": "none"}])
@pytest.mark.parametrize("n_colors", [3, 8, 64])
def test_alpha_is_exact(frames, file_format, options, n_colors):
    result = huepress.compress(
        encoded(frames, file_format), n_colors=n_colors, format=file_format, allow_larger=True, **options
    )
    for before, after in zip(frames, shown(result.encoded.data), strict=True):
        alpha = before[..., 3]
        assert ((alpha == 0) == (after[..., 3] == 0)).all()
        assert (after[..., 3][alpha == 255] == 255).all()


@pytest.mark.parametrize("file_format", ["webp", "png", "gif"])
def test_a_palette_without_a_clear_entry_backs_what_is_clear(frames, file_format):
    hard = [np.where(frame[..., 3:] > 127, frame | np.array([0, 0, 0, 255], np.uint8), 0) for frame in frames]
    moving = huepress.compress(encoded(hard, "webp"), palette=GREENS, format=file_format, allow_larger=True)
    still = huepress.compress(hard[0], palette=GREENS, format=file_format)
    (note,) = moving.report.notes
    assert note == still.report.notes[0] and "#306230" in note and "#00000000" in note
    seen = [*shown(moving.encoded.data), *shown(still.encoded.data)]
    for before, after in zip([*hard, hard[0]], seen, strict=True):
        assert (after[before[..., 3] == 0] == (0x30, 0x62, 0x30, 255)).all()


def test_nothing_is_noted_where_clear_stays_clear(frames):
    with_clear = huepress.compress(frames[0], palette=GREENS + ",#00000000")
    assert with_clear.report.notes == ()
    opaque = huepress.compress(np.ascontiguousarray(frames[0][..., :3]), palette=GREENS)
    assert opaque.report.notes == ()
