"""Which entries stand for others, against the textbook."""

import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st

from huepress.engine.fewer_entries import letter_points, stand_ins


def textbook(points, counts, size):
    """Give up, one by one, the entry whose pixels lose least."""
    stands = list(range(len(points)))

    def error(members, entry):
        return sum(counts[m] * float(np.square(points[m].astype(float) - points[entry]).sum()) for m in members)

    while len(set(stands)) > size:
        left = sorted(set(stands))
        members = {a: [m for m, s in enumerate(stands) if s == a] for a in left}
        _, gone, kept = min((error(members[a], b) - error(members[a], a), a, b) for a in left for b in left if a != b)
        stands = [kept if s == gone else s for s in stands]
    return stands


@given(st.integers(0, 10**6), st.integers(2, 12))
@settings(max_examples=40, deadline=None)
def test_as_the_textbook(seed, k):
    rng = np.random.default_rng(seed)
    points, counts = rng.random((k, 3)).astype(np.float32), rng.integers(0, 1000, k)
    sizes = sorted(set(rng.integers(1, k, 3).tolist()), reverse=True)
    for size, found in zip(sizes, stand_ins(points, counts, sizes), strict=True):
        assert found.tolist() == textbook(points, counts, size)


def test_what_most_pixels_show_stays_as_it_is():
    points = np.float32([[0.2, 0, 0], [0.21, 0, 0], [0.9, 0, 0]])
    (found,) = stand_ins(points, np.array([1000, 3, 500]), [2])
    assert found.tolist() == [0, 0, 2]


def test_one_entry_is_left():
    (found,) = stand_ins(np.eye(3, dtype=np.float32), np.ones(3, int), [0])
    assert len(set(found.tolist())) == 1


def test_an_edge_joins_what_it_stands_beside():
    points = np.float32([[0.2, 0, 0], [0.5, 0, 0], [0.9, 0, 0], [0.6, 0, 0]])
    counts = np.array([1000, 10, 500, 10])
    breaks = np.zeros((4, 4))
    assert stand_ins(points, counts, [3], breaks)[0].tolist() == [0, 1, 2, 1]
    breaks[0, 1] = breaks[1, 0] = 2.0
    assert stand_ins(points, counts, [3], breaks)[0].tolist() == [0, 0, 2, 3]


def test_with_breaks_the_middle_stands_for_a_group():
    points = np.float32([[0.1, 0, 0], [0.2, 0, 0], [0.3, 0, 0], [0.9, 0, 0]])
    (found,) = stand_ins(points, np.array([10, 8, 10, 50]), [2], np.zeros((4, 4)))
    assert found.tolist() == [1, 1, 1, 3]


def test_with_breaks_the_ground_keeps_its_color():
    points = np.float32([[0.10, 0, 0], [0.11, 0, 0], [0.30, 0, 0], [0.9, 0, 0]])
    breaks = np.zeros((4, 4))
    for counts, stands in ((np.array([100, 10, 50, 300]), 0), (np.array([60, 10, 60, 300]), 1)):
        (found,) = stand_ins(points, counts, [2], breaks)
        assert found.tolist() == [stands, stands, stands, 3]


def test_dark_edges_of_bright_letters_join_the_ground_sooner_than_bright_ones():
    gray = np.uint8([[0], [40], [215], [255]]).repeat(3, axis=1)
    points = letter_points(gray)
    dark, bright = (float(np.square(points[a] - points[b]).sum()) for a, b in ((0, 1), (2, 3)))
    assert dark < 0.5 * bright
    light = np.where(gray / 255 <= 0.04045, gray / 255 / 12.92, ((gray / 255 + 0.055) / 1.055) ** 2.4)
    apart = ((np.square(gray[0] / 255 - gray / 255) + np.square(light[0] - light)) / 2).sum(axis=1)
    np.testing.assert_allclose(np.square(points - points[0]).sum(axis=1), apart, atol=1e-6)


@given(st.integers(0, 10**6), st.integers(2, 12))
@settings(max_examples=40, deadline=None)
def test_what_stands_for_others_stands_for_itself(seed, k):
    rng = np.random.default_rng(seed)
    breaks = rng.random((k, k)) * 100
    breaks = breaks + breaks.T
    np.fill_diagonal(breaks, 0)
    points, counts = rng.random((k, 3)).astype(np.float32), rng.integers(0, 1000, k)
    for found in stand_ins(points, counts, [k - 1], breaks):
        assert len(set(found.tolist())) <= max(k - 1, 1)
        assert (found[found] == found).all()
