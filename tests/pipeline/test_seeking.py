"""The search for a window on a falling curve, on made-up curves."""

import math

import pytest
from hypothesis import given
from hypothesis import strategies as st

from huepress.pipeline.seeking import Window, seek


def run(curve, window, **options):
    points = []

    def told(x):
        points.append((x, curve(x)))
        return points[-1][1]

    n = seek(
        told, window, **{"start": 0.0, "slope": 6.0, "bounds": (-8.0, 10.0), "most": 7, "resolution": 0.02, **options}
    )
    assert n == len(points) <= options.get("most", 7)
    return points


@given(
    steep=st.floats(2, 15),
    bend=st.floats(0, 1.5),
    top=st.floats(60, 95),
    wanted=st.floats(20, 90),
    start=st.floats(-3, 5),
)
def test_falling_curves_are_met(steep, bend, top, wanted, start):
    # Saturating to the left, ever steeper to the right: as scores fall with the rate.
    def curve(x):
        return top - steep * math.log1p(math.exp(x)) - bend * max(x, 0) ** 1.5

    points = run(curve, Window(wanted, wanted + 0.4), start=start)
    x, value = points[-1]
    if wanted + 0.4 < curve(-8.0) and wanted > curve(10.0):
        assert min(abs(v - wanted - 0.2) for _, v in points) < 1.0
    elif wanted > curve(-8.0):
        assert x == -8.0 or value < wanted
    assert all(-8.0 <= x <= 10.0 for x, _ in points)


@pytest.mark.parametrize("wanted", [101.0, -500.0])
def test_what_cannot_be_met_ends_at_a_bound(wanted):
    points = run(lambda x: 80 - 6 * x, Window(wanted, wanted + 0.4), bounds=(-2.0, 3.0))
    assert points[-1][0] == (-2.0 if wanted > 0 else 3.0)


def test_a_flat_curve_and_noise_end():
    assert len(run(lambda x: 50.0, Window(60, 61))) <= 7
    assert len(run(lambda x: 50 + 10 * math.sin(1000 * x), Window(60.5, 60.6))) <= 7


def test_steps_are_kept():
    points = run(lambda x: 100 - 9 * x, Window(55.0, 60.0), step=1.0)
    assert all(x == round(x) for x, _ in points) and 55 <= points[-1][1] <= 60


def test_one_evaluation_where_the_start_is_right():
    assert len(run(lambda x: 70 - 6 * x, Window(69.5, 70.5))) == 1


def test_known_points_are_not_asked_for_again():
    asked = []

    def curve(x):
        asked.append(x)
        return 10 - 2 * x

    settings = {"start": 0.0, "slope": 1.0, "bounds": (0.0, 9.0), "most": 5, "resolution": 0.01}
    assert seek(curve, Window(3.9, 4.1), known=[(1.0, 8.0), (4.0, 2.0)], **settings) == 1
    assert asked == pytest.approx([3.0], abs=0.1)
    assert seek(curve, Window(3.9, 4.1), known=[(3.0, 4.0)], **settings) == 0 and len(asked) == 1
