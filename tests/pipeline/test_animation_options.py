"""Animations and what else can be asked for: palettes, formats, names, metadata."""

import io
import struct

import numpy as np
import pytest
from PIL import Image

import huepress
from animations import as_png, check_shown, make_gif, make_png, moving, read, seen_by_pillow
from huepress.errors import DecodeError, LimitError, OptionError, OutputError


@pytest.mark.parametrize("file_format", ["gif", "png", "webp"])
@pytest.mark.parametrize("options", [{}, {"effort": 0}, {"rate": 0}, {"rate": 50}], ids=str)
def test_a_fixed_palette_and_pins(file_format, options):
    frames = moving(3)
    for frame in frames:
        frame[:4, :30] = 255, 0, 255
    source = as_png(frames, [40, 60, 80])
    colors = [(0, 0, 0), (255, 0, 255), (250, 240, 230), (90, 60, 40), (120, 150, 200), (0, 90, 0)]
    for wanted in ({"palette": colors}, {"n_colors": 12, "pin": [(255, 0, 255), (1, 2, 3)]}):
        result = huepress.compress(source, **{"format": file_format, **wanted, **options})
        assert result.report.status == "compressed"
        seen = seen_by_pillow(result.encoded.data)[0]
        check_shown(result.encoded.data, [frame.pixels_srgb8 for frame in result.frames])
        assert all((frame[:4, :30] == (255, 0, 255, 255)).all() for frame in seen)
        used = {tuple(map(int, color)) for frame in seen for color in np.unique(frame[:, :, :3].reshape(-1, 3), axis=0)}
        if "palette" in wanted:
            assert used <= set(colors) and len(used) > 3
        else:
            assert 4 < len(used) <= 12 and (1, 2, 3) in [tuple(map(int, c[:3])) for c in result.palette]


def test_full_palettes_in_a_gif():
    colors = [(i, 255 - i, (7 * i) % 256) for i in range(256)]
    source = as_png(moving(3), 50)
    result = huepress.compress(source, palette=colors, format="gif")
    used = np.unique(np.concatenate([f.reshape(-1, 4) for f in seen_by_pillow(result.encoded.data)[0]]), axis=0)
    assert {tuple(map(int, c[:3])) for c in used} <= set(colors)
    holes = [np.dstack([frame, np.full(frame.shape[:2], 255, np.uint8)]) for frame in moving(3)]
    for i, frame in enumerate(holes):
        frame[30:40, 3 * i : 10 + 3 * i] = 0
    backed = huepress.compress(as_png(holes, 50), palette=colors, format="gif")
    assert all((frame[:, :, 3] == 255).all() for frame in seen_by_pillow(backed.encoded.data)[0])
    assert "no transparent color" in backed.report.notes[0]
    # What GIF cannot draw is no color of its palette.
    few = huepress.compress(as_png(holes, 50), palette=["#00000000", "#804020", "#4080c0"], format="gif")
    for frame, hole in zip(seen_by_pillow(few.encoded.data)[0], holes, strict=True):
        np.testing.assert_array_equal(frame[:, :, 3], hole[:, :, 3])
        assert len(np.unique(frame.reshape(-1, 4), axis=0)) <= 3
    with pytest.raises(OptionError, match="opaque one"):
        huepress.compress(as_png(holes, 50), palette=["#00000000"], format="gif")


def test_auto_takes_the_smallest():
    source = as_png(moving(3), [40, 60, 80])
    told = []
    each = {f: huepress.compress(source, 32, format=f, allow_larger=True).encoded for f in ("gif", "png", "webp")}
    best = huepress.compress(source, 32, format="auto", allow_larger=True, on_progress=told.append).encoded
    assert best.data == min((encoded.data for encoded in each.values()), key=len)
    assert told == sorted(told) and told[-1] == 1
    odd = make_png(4)  # soft alpha, times that only PNG can tell
    found = huepress.compress(odd.data, format="auto", allow_larger=True)
    assert list(read(found.encoded.data).durations) == odd.durations
    check_shown(found.encoded.data, list(read(odd.data).frames()))
    with pytest.raises(OptionError, match="no animations"):
        huepress.compress(source, format="jxl")


def test_names_never_cost_frames(tmp_path):
    result = huepress.compress(make_gif(1).data, allow_larger=True)
    for name in ("a.png", "a.webp", "a.jxl", "a.apng", "a.jpg"):
        with pytest.raises(OutputError, match="animation is GIF"):
            result.save(tmp_path / name)
    assert not list(tmp_path.iterdir())
    result.save(tmp_path / "a.gif")
    moving_png = huepress.compress(make_gif(1).data, format="png", allow_larger=True)
    moving_png.save(tmp_path / "a.apng")
    assert (tmp_path / "a.apng").read_bytes() == moving_png.encoded.data == moving_png._repr_png_()
    first = np.asarray(Image.open(io.BytesIO(result._repr_png_())).convert("RGBA"))
    np.testing.assert_array_equal(first, next(result.frames).pixels_srgb8)


def test_animations_share_a_palette():
    source = as_png(moving(3), 50)
    frames = list(read(source).frames())
    still = np.zeros((8, 8, 3), np.uint8)
    shared = huepress.shared_palette([source, still], n_colors=16)
    all_frames = np.concatenate([frame[:, :, :3] for frame in frames])
    assert shared.hex() == huepress.shared_palette([all_frames, still], n_colors=16).hex()


def test_kept_animations_lose_their_metadata():
    made = make_gif(1, n_frames=2, width=3, height=3).data
    data = made[:-1] + b"!\xfe\x06secret\0;"
    kept = huepress.compress(data, format="png")
    assert kept.report.status == "kept" and b"secret" not in kept.encoded.data
    check_shown(kept.encoded.data, list(read(data).frames()))
    assert huepress.compress(data, format="png", strip="none").encoded.data == data


def test_a_damaged_animation_shares_no_palette():
    damaged = bytearray(make_gif(1).data)
    damaged[-40:-2] = bytes(38)
    with pytest.raises(DecodeError):
        huepress.shared_palette([bytes(damaged)], n_colors=4)


def test_colors_are_chosen_without_a_goal():
    result = huepress.compress(as_png(moving(3), 50), "auto", format="gif", effort=0)
    assert 2 < result.report.n_colors <= 256


def test_colors_have_to_be_worth_their_bytes():
    """A small animation has few colors where bits are dear, all where nothing may be lost or they are asked for."""
    rng = np.random.default_rng(11)
    frames = [np.full((24, 32, 3), 240, np.uint8) for _ in range(3)]
    for i, frame in enumerate(frames):  # a block with an edge of many near grays
        frame[6:18, 6 + 3 * i : 16 + 3 * i] = 40
        frame[6:18, 5 + 3 * i] = rng.integers(120, 150, (12, 1))
        frame[6:18, 16 + 3 * i] = rng.integers(120, 150, (12, 1)) + np.array([0, 2, 4])
    source = as_png(frames, 50)
    colors = sorted({tuple(map(int, c)) for c in np.concatenate([frame.reshape(-1, 3) for frame in frames])})
    assert len(colors) > 31

    def table_of(**options):
        data = huepress.compress(source, format="gif", allow_larger=True, **options).encoded.data
        shown = [frame[:, :, :3] for frame in read(data).frames()]
        return 2 << (data[10] & 7), float(np.abs(np.stack(shown).astype(float) - np.stack(frames)).max())

    assert table_of(rate=0) == (64, 0)
    n_entries, error = table_of(rate=32)
    assert n_entries <= 16 and error > 0
    assert table_of(rate=32, palette=colors)[0] == 64
    assert table_of(rate=32, pin=[(40, 40, 40)])[0] == 64


def test_too_many_frames_are_refused_before_any_work():
    header = b"GIF89a" + struct.pack("<HHBBB", 1, 1, 0x80, 0, 0) + b"\0\0\0\xff\xff\xff"
    frames = [
        b"\x21\xf9\4\4\2\0\0\0" + b"," + struct.pack("<HHHHB", 0, 0, 1, 1, 0) + codes
        for codes in (b"\2\2\x44\1\0", b"\2\2\x4c\1\0")  # black, white
    ]
    data = header + b"".join(frames) * 10_001 + b";"
    with pytest.raises(LimitError, match=r"20,002 frames are more than the limit \(20,000\); trim it"):
        huepress.compress(data)
    assert huepress.compress(data, trim=(0, 0.1), allow_larger=True).report.n_frames == 5
