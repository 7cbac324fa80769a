"""Which entries stand for others, against the textbook."""

import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st

from huepress.engine.fewer_entries import stand_ins


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
