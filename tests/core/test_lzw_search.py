"""The search over LZW codes against the textbook coder, and the promises it makes."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from huepress import _core
from huepress.pipeline.frames import CLEAR, FREE
from reference import lzw
from reference import spatial as spatial_twins


def say(
    indices,
    *,
    canvas=None,
    required=None,
    k=None,
    transparent=-1,
    rate=1.0,
    points=None,
    diffuse=False,
    stays=1.0,
    proposed=None,
    again=1.0,
    starts=32,
    ahead=0,
    holds=0.0,
    held=None,
):
    height, width = indices.shape
    k = int(indices.max()) + 1 if k is None else k
    looks = np.linspace(0, 1, 3 * k, dtype=np.float32).reshape(k, 3)
    canvas = np.full(indices.shape, CLEAR, np.uint16) if canvas is None else canvas
    required = indices.astype(np.uint16) if required is None else required
    points = looks if points is None else points
    box = (0, 0, width, height)
    stays = np.broadcast_to(np.float32(stays), indices.shape).copy()
    color_of = indices.astype(np.uint32)
    proposed = np.full(indices.shape, FREE, np.uint16) if proposed is None else proposed
    visibility = _core.visibility_roots(points, color_of)
    return _core.search_lzw(
        points,
        color_of,
        looks,
        k,
        transparent,
        canvas,
        required,
        box,
        diffuse,
        rate,
        again,
        stays,
        proposed,
        visibility,
        starts,
        ahead,
        np.broadcast_to(np.float32(holds), indices.shape).copy(),
        points[indices] if held is None else held,
    )


@given(st.integers(0, 10**6), st.integers(1, 256), st.integers(1, 30), st.integers(1, 30), st.integers(1, 4))
def test_exact_codes_are_the_textbooks(seed, k, height, width, grain):
    rng = np.random.default_rng(seed)
    coarse = rng.integers(0, k, (height, width), dtype=np.uint8)
    indices = np.kron(coarse, np.ones((1, grain), np.uint8))
    min_code_size, codes, found, distortion = say(indices, k=k)
    assert min_code_size == max(2, (k - 1).bit_length()) and distortion == 0
    np.testing.assert_array_equal(found, indices)
    assert lzw.decode(min_code_size, codes) == indices.ravel().tolist()
    assert codes == lzw.encode(min_code_size, indices.ravel().tolist())


@pytest.mark.parametrize("kind", ["noise", "flat", "changing"])
def test_full_tables_decode(kind):
    rng = np.random.default_rng(1)
    indices = rng.integers(0, 200, (150, 200), dtype=np.uint8)
    if kind == "flat":
        indices[:] = 3
    elif kind == "changing":  # a table made for one half is of no use in the other
        indices[:75] = np.kron(rng.integers(0, 4, (75, 50)), np.ones((1, 4)))
    min_code_size, codes, found, _ = say(indices, k=200)
    np.testing.assert_array_equal(found, indices)
    assert lzw.decode(min_code_size, codes) == indices.ravel().tolist()


@given(st.integers(0, 10**6), st.booleans(), st.floats(1e-7, 1e-2))
@settings(max_examples=40)
def test_what_is_required_is_shown(seed, with_transparent, rate):
    """Pixels that must look so do, whatever the rate; others show an entry or the canvas."""
    rng = np.random.default_rng(seed)
    k, shape = 20, (13, 17)
    source = rng.integers(0, k, shape, dtype=np.uint8)
    canvas = rng.integers(0, k, shape).astype(np.uint16)
    canvas[rng.random(shape) < 0.3] = CLEAR
    required = np.where(rng.random(shape) < 0.4, FREE, np.where(rng.random(shape) < 0.5, canvas, source)).astype(
        np.uint16
    )
    if not with_transparent:
        required[required == CLEAR] = 0
    transparent = k if with_transparent else -1
    min_code_size, codes, found, distortion = say(
        source, canvas=canvas, required=required, k=k, transparent=transparent, rate=rate, diffuse=True
    )
    assert lzw.decode(min_code_size, codes) == found.ravel().tolist()
    shown = np.where(found == transparent, canvas, found) if with_transparent else found
    fixed = required != FREE
    np.testing.assert_array_equal(shown[fixed], required[fixed])
    assert (shown[~fixed] < k).all() and distortion >= 0


def test_a_bit_worth_more_makes_fewer_bytes_and_more_errors():
    rng = np.random.default_rng(2)
    y, x = np.mgrid[:60, :80]
    indices = np.clip((x + y) / 4 + rng.normal(0, 1.5, x.shape), 0, 31).astype(np.uint8)
    required = np.full(indices.shape, FREE, np.uint16)
    results = [say(indices, required=required, k=32, rate=rate) for rate in (1e-6, 1e-4, 1e-2)]
    sizes, errors = [len(r[1]) for r in results], [r[3] for r in results]
    assert sizes == sorted(sizes, reverse=True) and errors == sorted(errors) and sizes[-1] < sizes[0] / 3


def test_what_stays_costs_next_to_nothing():
    rng = np.random.default_rng(3)
    canvas = rng.integers(0, 60, (64, 64)).astype(np.uint16)
    codes = say(canvas.astype(np.uint8), canvas=canvas, k=60, transparent=60)[1]
    assert len(codes) < 150


def noisy_ramp(seed):
    y, x = np.mgrid[:60, :80]
    ramp = (x + y) / 4 + np.random.default_rng(seed).normal(0, 1.5, x.shape)
    return np.clip(ramp, 0, 31).astype(np.uint8)


def test_errors_count_for_as_long_as_they_are_seen():
    indices = noisy_ramp(4)
    required = np.full(indices.shape, FREE, np.uint16)
    stays = np.ones(indices.shape, np.float32)
    stays[:, 40:] = 16
    found = say(indices, required=required, k=32, rate=1e-3, stays=stays)[2]
    errors = np.square(found.astype(float) - indices)
    assert errors[:, 40:].mean() < 0.5 * errors[:, :40].mean()
    # Where all stay for as long, it is as if a bit were worth less.
    longer, cheaper = (say(indices, required=required, k=32, rate=r, stays=s) for r, s in ((1.6e-2, 16), (1e-3, 1)))
    assert longer[1] == cheaper[1] and longer[3] == pytest.approx(16 * cheaper[3], rel=1e-4)


def test_what_no_entry_can_avoid_does_not_count():
    indices = noisy_ramp(5)
    required = np.full(indices.shape, FREE, np.uint16)
    looks = np.linspace(0, 1, 96, dtype=np.float32).reshape(32, 3)
    beside = looks + np.float32([0, 0.5, -0.5])  # nothing of the palette is near
    _, codes, found, distortion = say(indices, required=required, k=32, rate=1e-9, points=beside)
    target = beside[indices]
    distances = np.square(target[:, :, None] - looks).sum(axis=3)
    assert distances.min() > 0.1 and distortion < 1e-3
    np.testing.assert_allclose(
        np.take_along_axis(distances, found[..., None].astype(int), 2)[..., 0], distances.min(axis=2), atol=1e-5
    )
    assert lzw.decode(5, codes) == found.ravel().tolist()


def test_visibility_is_the_twins():
    indices = noisy_ramp(6)
    points = np.linspace(0, 1, 96, dtype=np.float32).reshape(32, 3)
    np.testing.assert_allclose(
        _core.visibility_roots(points, indices.astype(np.uint32)),
        spatial_twins.visibility_roots(points[indices, 0]),
        rtol=1e-4,
    )
    with pytest.raises(ValueError, match="does not exist"):
        _core.visibility_roots(points[:3], indices.astype(np.uint32))


@pytest.mark.parametrize("with_transparent", [False, True])
def test_what_is_proposed_is_said_and_its_errors_are_the_twins(with_transparent):
    """The distortion is the squared filtered error, less what the best entry of each pixel could not avoid."""
    rng = np.random.default_rng(7)
    indices = noisy_ramp(7)
    points = np.linspace(0, 1, 96, dtype=np.float32).reshape(32, 3)
    proposed = np.clip(indices + rng.integers(-2, 3, indices.shape), 0, 31).astype(np.uint16)
    canvas = np.where(rng.random(indices.shape) < 0.3, proposed, rng.integers(0, 32, indices.shape)).astype(np.uint16)
    _, codes, found, distortion = say(
        indices,
        canvas=canvas,
        required=np.full(indices.shape, FREE, np.uint16),
        k=32,
        transparent=32 if with_transparent else -1,
        rate=1e-5,
        diffuse=True,
        proposed=proposed,
    )
    np.testing.assert_array_equal(np.where(found == 32, canvas, found), proposed)
    assert (found == 32).any() == with_transparent
    assert lzw.decode(6 if with_transparent else 5, codes) == found.ravel().tolist()
    roots = spatial_twins.visibility_roots(points[indices, 0])
    errors = (points[indices] - points[proposed]) * roots[..., None]
    v = np.stack([spatial_twins.filtered(errors[..., c])[: len(errors), 3:-3] for c in range(3)], axis=-1)
    own = spatial_twins.FILTER[0, 3]
    targets = v / (own * roots[..., None]) + points[proposed]  # what each pixel would have to show
    distances = np.square(targets[:, :, None] - points).sum(axis=3)
    shown = np.take_along_axis(distances, proposed[..., None].astype(int), 2)[..., 0]
    expected = (np.square(own * roots) * (shown - distances.min(axis=2))).sum()
    assert distortion == pytest.approx(expected, rel=2e-3)


def test_what_is_held_pulls_towards_itself():
    """Two squared errors with weights 1 and h are one, of the weighted mean with the weight 1 + h."""
    indices = noisy_ramp(9)
    required = np.full(indices.shape, FREE, np.uint16)
    points = np.linspace(0, 1, 96, dtype=np.float32).reshape(32, 3)
    held = np.roll(points, 3, axis=0)[indices]
    mean = (points[indices] + 3 * held) / 4
    found = say(indices, required=required, k=32, rate=1e-9, points=points, holds=3, held=held)[2]
    np.testing.assert_array_equal(found, np.square(mean[:, :, None] - points).sum(axis=3).argmin(axis=2))
    # The mean of what is wanted anyway changes nothing but the weight.
    longer, heavier = (
        say(indices, required=required, k=32, rate=1e-3, points=points, diffuse=False, stays=s, holds=h)
        for s, h in ((4, 0), (1, 3))
    )
    assert longer[1] == heavier[1] and longer[3] == pytest.approx(heavier[3], rel=1e-4)


@given(st.integers(0, 10**6), st.integers(2, 16), st.booleans())
@settings(max_examples=30, deadline=None)
def test_looking_ahead_says_the_same(seed, ahead, with_transparent):
    rng = np.random.default_rng(seed)
    indices = np.kron(rng.integers(0, 9, (20, 12), dtype=np.uint8), np.ones((1, 5), np.uint8))
    canvas = np.where(rng.random(indices.shape) < 0.5, indices.astype(np.uint16), np.uint16(CLEAR))
    transparent = 9 if with_transparent else -1
    min_code_size, codes, found, distortion = say(indices, canvas=canvas, k=9, transparent=transparent, ahead=ahead)
    assert lzw.decode(min_code_size, codes) == found.ravel().tolist() and distortion == 0
    np.testing.assert_array_equal(np.where(found == transparent, canvas, found), indices)


def test_looking_ahead_saves_bytes():
    rng = np.random.default_rng(8)
    words = [rng.integers(0, 4, rng.integers(3, 9), dtype=np.uint8) for _ in range(30)]
    text = np.concatenate([words[i] for i in rng.integers(0, 30, 4000)])[: 60 * 300].reshape(60, 300)
    greedy, ahead = (len(say(text, k=4, ahead=n)[1]) for n in (0, 8))
    assert ahead < greedy


@given(st.integers(0, 10**6), st.integers(1, 256), st.sampled_from([0.0, 0.1, 1.0]), st.sampled_from([0, 3, 16]))
@settings(max_examples=60, deadline=None)
def test_what_is_decided_is_said_as_the_search_says_it(seed, k, again, ahead):
    """The quick way, without errors, gives the search's own bytes."""
    rng = np.random.default_rng(seed)
    looks = np.kron(rng.integers(0, k, rng.integers(1, 40, 2)), np.ones((1, 3), int)).astype(np.uint16)
    under = np.where(rng.random(looks.shape) < rng.random(), looks, rng.integers(0, k, looks.shape)).astype(np.uint16)
    under[rng.random(looks.shape) < 0.1] = CLEAR
    transparent = int(rng.integers(-1, min(k + 1, 256)))
    if transparent >= 0:
        hidden = (rng.random(looks.shape) < 0.2) | (looks == transparent)
        looks = np.where(hidden, under, looks)
    one = np.zeros(looks.shape, np.uint8)  # the search tells pixels apart by their colors, too
    points = np.zeros((1, 3), np.float32)
    min_code_size, codes, found, _ = say(
        one, canvas=under, required=looks, k=k, transparent=transparent, points=points, again=again, ahead=ahead
    )
    quick = _core.say_lzw(looks, under, k, transparent, again, ahead)
    assert quick[:2] == (min_code_size, codes)
    np.testing.assert_array_equal(quick[2], found)


def test_full_tables_are_said_alike():
    rng = np.random.default_rng(10)
    looks = rng.integers(0, 200, (150, 200)).astype(np.uint16)
    looks[:75] = np.kron(rng.integers(0, 4, (75, 50)), np.ones((1, 4)))
    under = np.where(rng.random(looks.shape) < 0.5, looks, np.uint16(CLEAR))
    one, points = np.zeros(looks.shape, np.uint8), np.zeros((1, 3), np.float32)
    for ahead in (0, 6):
        _, codes, _, _ = say(one, canvas=under, required=looks, k=200, transparent=200, points=points, ahead=ahead)
        assert _core.say_lzw(looks, under, 200, 200, 1.0, ahead)[1] == codes


def test_wrong_looks():
    looks = np.zeros((2, 3), np.uint16)
    with pytest.raises(ValueError, match="neither on the canvas nor"):
        _core.say_lzw(np.full_like(looks, 4), looks, 4, -1, 0.0, 0)
    with pytest.raises(ValueError, match="under each pixel"):
        _core.say_lzw(looks, looks[:1], 4, -1, 0.0, 0)
    with pytest.raises(ValueError, match="looked at ahead"):
        _core.say_lzw(looks, looks, 4, -1, 0.0, 17)
    with pytest.raises(ValueError, match="transparent is an index"):
        _core.say_lzw(looks, looks, 4, 256, 0.0, 0)
    with pytest.raises(ValueError, match="needs an index"):
        _core.say_lzw(looks, looks, 0, -1, 0.0, 0)
    with pytest.raises(ValueError, match="number of bits"):
        _core.say_lzw(looks, looks, 4, 5, -3e38, 0)
    with pytest.raises(ValueError, match="neither on the canvas nor"):  # between the palette and the transparent index
        _core.say_lzw(np.full_like(looks, 4), looks, 3, 6, 0.0, 0)


def test_wrong_arguments():
    indices = np.zeros((2, 2), np.uint8)
    with pytest.raises(ValueError, match="neither on the canvas nor"):
        say(indices, required=np.full((2, 2), CLEAR, np.uint16))
    with pytest.raises(ValueError, match="does not exist"):
        say(indices, required=np.full((2, 2), 9, np.uint16))
    with pytest.raises(ValueError, match="bit_worth"):
        say(indices, rate=0.0)
    with pytest.raises(ValueError, match="ahead"):
        say(indices, ahead=17)
    with pytest.raises(ValueError, match="first symbols"):
        say(indices, starts=0)
    with pytest.raises(ValueError, match="does not exist"):
        say(indices, proposed=np.full((2, 2), 9, np.uint16))
    with pytest.raises(ValueError, match="holds"):
        say(indices, holds=np.nan)
    with pytest.raises(ValueError, match="held"):
        say(indices, held=np.full((2, 2, 3), np.nan, np.float32))
    with pytest.raises(ValueError, match="stays"):
        say(indices, stays=np.nan)
