import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from huepress.pipeline.stays import LONGEST, Stays


@given(st.integers(0, 10**6), st.integers(1, 50))
def test_each_pixel_stays_until_it_changes(seed, n_frames):
    rng = np.random.default_rng(seed)
    changes = rng.random((n_frames, 7, 9)) < rng.choice([0.02, 0.5])
    changes[0] = True
    stays = Stays()
    for changed in changes:
        stays.add(changed)
    stays.settle()
    box = (slice(1, 6), slice(2, 9))
    for number in range(n_frames):
        got = stays.at(number, box)
        for y in range(1, 6):
            for x in range(2, 9):
                following = [n for n in range(number + 1, n_frames) if changes[n, y, x]]
                since = max(n for n in range(number + 1) if changes[n, y, x])
                until = min((following or [n_frames])[0], since + LONGEST)
                assert got[y - 1, x - 2] == max(until - number, 1)
