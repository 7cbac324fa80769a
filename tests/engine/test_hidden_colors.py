"""Colors below alpha 0 on request: `hidden="keep"`."""

import io

import cv2
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp
from PIL import Image

import huepress
from huepress.engine.palette import points_of
from huepress.options import Options
from reference.input_kinds import all_kinds

HAS_JXL = any(kind.startswith("jxl") for kind in all_kinds())


def texture(photo):
    """A photograph whose right half is clear but for a soft border, and goes on below."""
    height, width = photo.shape[:2]
    alpha = np.clip((width // 2 + 8 - np.arange(width)) * 16, 0, 255).astype(np.uint8)
    return np.dstack([photo, np.broadcast_to(alpha, (height, width))])


def errors(pixels, shown, mask):
    return float(np.abs(pixels[mask][:, :3].astype(int) - shown[mask][:, :3]).mean())


@pytest.mark.parametrize("effort", [0, 1, 5])
@pytest.mark.parametrize("k", [8, 32, 256])
def test_hidden_colors_are_as_near_as_opaque_ones(photo, effort, k):
    mirrored = np.concatenate([photo, photo[:, ::-1]], axis=1)  # the same colors hidden as shown
    pixels = texture(mirrored)
    clear, opaque = pixels[:, :, 3] == 0, pixels[:, :, 3] == 255
    shown = huepress.compress(pixels, k, effort=effort, hidden="keep").indexed.to_array().astype(int)
    assert np.array_equal(shown[:, :, 3] == 0, clear) and (shown[opaque][:, 3] == 255).all()
    assert errors(pixels, shown, clear) <= 1.25 * errors(pixels, shown, opaque)
    dropped = huepress.compress(pixels, k, effort=effort).indexed.to_array()
    assert np.array_equal(dropped[:, :, 3] == 0, clear) and not dropped[clear][:, :3].any()


@given(
    hnp.arrays(np.uint8, (6, 9, 4), elements=st.sampled_from([0, 40, 255])),
    st.integers(3, 64),
    st.sampled_from([0, 1]),
)
def test_what_fits_is_exact_and_the_rest_stays_in_its_class(pixels, k, effort):
    result = huepress.compress(pixels, k, effort=effort, hidden="keep", allow_larger=True)
    shown = np.asarray(result.image.convert("RGBA"))
    n_colors = len(np.unique(pixels.reshape(-1, 4), axis=0))
    if n_colors <= k:
        assert np.array_equal(shown, pixels)
    assert np.array_equal(shown[:, :, 3] == 0, pixels[:, :, 3] == 0)
    assert (shown[pixels[:, :, 3] == 255][:, 3] == 255).all()


def test_hidden_colors_that_fit_are_exact_among_a_full_palette():
    rng = np.random.default_rng(0)
    pixels = np.dstack([rng.integers(0, 256, (40, 40, 3), dtype=np.uint8), np.full((40, 40), 255, np.uint8)])
    hidden = np.array([[255, 0, 255, 0], [0, 255, 0, 0], [9, 9, 9, 0]], np.uint8)
    pixels[:30] = hidden[rng.integers(0, 3, (30, 40))]
    for effort in (0, 5):
        shown = huepress.compress(pixels, 32, effort=effort, hidden="keep").indexed.to_array()
        assert np.array_equal(shown[:30], pixels[:30])


@pytest.mark.parametrize("format", ["png", "webp", "jxl", "auto"])
def test_other_decoders_find_them_in_the_file(photo, format):
    if format == "jxl" and not HAS_JXL:
        pytest.skip("its plug-in is not installed")
    pixels = texture(photo[:96, :128])
    result = huepress.compress(pixels, 64, format=format, hidden="keep", effort=1)
    expected = result.indexed.to_array()
    with Image.open(io.BytesIO(result.encoded.data)) as image:
        assert np.array_equal(np.asarray(image.convert("RGBA")), expected)
    if result.encoded.format in ("PNG", "WEBP"):
        shown = cv2.imdecode(np.frombuffer(result.encoded.data, np.uint8), cv2.IMREAD_UNCHANGED)
        assert np.array_equal(shown[:, :, [2, 1, 0, 3]], expected)
    assert errors(pixels, expected.astype(int), pixels[:, :, 3] == 0) < 8


def test_a_given_palette_is_taken_by_the_hidden_color():
    pixels = np.zeros((8, 8, 4), np.uint8)
    pixels[:4] = 250, 10, 10, 0
    pixels[4:, :4] = 10, 10, 250, 0
    pixels[4:, 4:] = 200, 200, 200, 255
    asked = "#ff000000,#0000ff00,#ffffff"
    kept = huepress.compress(pixels, palette=asked, hidden="keep").indexed
    assert np.unique(kept.indices[:4]).tolist() == [0] and np.unique(kept.indices[4:, :4]).tolist() == [1]


def test_a_gif_and_an_animation_say_that_they_cannot(photo):
    pixels = np.where(texture(photo)[:, :, 3:] < 128, texture(photo) * np.array([1, 1, 1, 0], np.uint8), texture(photo))
    pixels[:, :, 3] = np.where(pixels[:, :, 3] > 0, 255, 0)
    report = huepress.compress(pixels, 16, format="gif", hidden="keep", effort=0).report
    assert "a GIF holds no colors below alpha 0" in report.notes
    assert not huepress.compress(pixels, 16, format="gif", effort=0).report.notes
    assert huepress.compress(pixels, 16, format="auto", hidden="keep", effort=0).encoded.format != "GIF"
    frames = [Image.fromarray(np.roll(pixels[:40, 100:200], shift, axis=1)) for shift in (0, 9)]
    buffer = io.BytesIO()
    frames[0].save(buffer, "PNG", save_all=True, append_images=frames[1:])
    report = huepress.compress(buffer.getvalue(), 16, hidden="keep", effort=0, allow_larger=True).report
    assert report.notes == ("colors below alpha 0 are kept in single pictures only",)


def test_it_needs_pixels_that_stay_clear():
    with pytest.raises(huepress.OptionError, match="alpha 'free'"):
        huepress.Options(hidden="keep", alpha="free")


@pytest.mark.parametrize("space", ["srgb", "oklab"])
def test_points_of_hidden_colors_lie_as_those_of_opaque_ones(space):
    colors = np.random.default_rng(1).integers(0, 256, (50, 4), dtype=np.uint8)
    clear, opaque = colors.copy(), colors.copy()
    clear[:, 3], opaque[:, 3] = 0, 255
    keep, drop = Options(hidden="keep", space=space), Options(space=space)
    assert np.array_equal(points_of(clear, keep)[:, :3], points_of(opaque, drop)[:, :3])
    assert not points_of(clear, keep)[:, 3].any() and not points_of(clear, drop).any()
    soft = np.concatenate([opaque, np.where(colors == 0, 1, colors)])
    assert np.array_equal(points_of(soft, keep), points_of(soft, drop))


def test_the_command(run, tmp_path, photo):
    Image.fromarray(texture(photo)).save(tmp_path / "t.png")
    done = run("compress", "t.png", "-k", 32, "--hidden", "keep", "--effort", 1, "-o", "o.png")
    assert done.returncode == 0, done.stderr
    shown = np.asarray(Image.open(tmp_path / "o.png").convert("RGBA")).astype(int)
    assert errors(texture(photo), shown, texture(photo)[:, :, 3] == 0) < 12
    done = run("compress", "t.png", "--hidden", "keep", "-o", "o.gif", "--effort", 0)
    assert done.returncode == 0 and b"a GIF holds no colors below alpha 0" in done.stdout
    assert run("compress", "t.png", "--hidden", "keep", "--alpha", "free", "-o", "o2.png").returncode == 2
