"""Goals: a quality, a size, a number of colors chosen."""

import io
import math
from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from PIL import Image

import huepress
from conftest import png_bytes
from huepress.goals import QualityGoal, SizeGoal, parse_quality, parse_size
from huepress.model import Encoded, IndexedImage, Palette
from huepress.pipeline.attempts import Attempt
from huepress.pipeline.hunt import MOST_TRIALS, MOST_TRIALS_FOR_SIZE, UNDIFFUSED_RATE, reach
from huepress.results import Trial


@pytest.fixture(scope="module")
def grainy(photo) -> np.ndarray:
    part = photo[20:170, 50:250]
    grain = np.random.default_rng(0).normal(0, 4, part.shape)
    return np.clip(np.rint(part + grain), 0, 255).astype(np.uint8)


def decoded(result) -> np.ndarray:
    with Image.open(io.BytesIO(result.encoded.data)) as image:
        return np.asarray(image.convert("RGB"))


@pytest.mark.parametrize("effort", [0, 3])
@pytest.mark.parametrize("quality", [40, 60.0, "75"])
def test_a_quality_is_reached_with_few_bytes(grainy, quality, effort):
    result = huepress.compress(grainy, quality=quality, effort=effort)
    score = huepress.score(grainy, decoded(result)).ssimulacra2
    assert score == pytest.approx(result.report.score) and score >= float(quality)
    report = result.report
    assert len(report.trials) <= MOST_TRIALS and report.message == ""
    best = min((t for t in report.trials if t.score >= float(quality)), key=lambda t: t.n_bytes)
    assert (best.n_bytes, best.score) == (report.bytes_out, report.score)
    if effort:
        assert score < float(quality) + 1.5


def test_a_quality_costs_hardly_more_than_the_best_of_a_grid(grainy):
    result = huepress.compress(grainy, 256, quality=65, effort=3)
    grid = [huepress.compress(grainy, 256, rate=2 ** (i / 4), effort=3) for i in range(-8, 16)]
    enough = [r.report.bytes_out for r in grid if huepress.score(grainy, r.image).ssimulacra2 >= 65]
    assert result.report.bytes_out <= 1.03 * min(enough)


def test_a_quality_out_of_reach_gives_the_finest_version(grainy):
    result = huepress.compress(grainy, 4, quality=90, effort=3)
    assert "not 90" in result.report.message and result.report.status == "compressed"
    assert result.report.score == max(t.score for t in result.report.trials)


def test_below_the_least_quality_the_original_stays(grainy):
    file = png_bytes(grainy, compress_level=1)
    result = huepress.compress(file, 4, quality="80-90", effort=3)
    assert result.report.status == "kept" and "below 80" in result.report.message
    assert len(result.encoded.data) < len(file)  # losslessly optimized
    np.testing.assert_array_equal(decoded(result), grainy)
    assert huepress.compress(file, 64, quality=(20, 90), effort=3).report.status == "compressed"


@pytest.mark.parametrize("effort", [0, 3])
@pytest.mark.parametrize("max_size", [4_500, "10kB", "1bpp"])
def test_a_budget_is_used_but_never_exceeded(grainy, max_size, effort):
    budget = parse_size(max_size).n_bytes(grainy.shape[0] * grainy.shape[1])
    result = huepress.compress(grainy, max_size=max_size, effort=effort)
    assert len(result.encoded.data) == result.report.bytes_out <= budget
    assert len(result.report.trials) <= MOST_TRIALS_FOR_SIZE
    if effort:
        assert result.report.bytes_out >= 0.9 * budget


def test_a_budget_out_of_reach_is_an_error(grainy):
    with pytest.raises(huepress.TargetError, match="allow more"):
        huepress.compress(grainy, max_size=100, effort=3)
    result = huepress.compress(grainy, max_size=100, effort=3, allow_miss=True)
    assert result.report.bytes_out == min(t.n_bytes for t in result.report.trials) > 100
    assert "more than the 100" in result.report.message


def test_a_large_budget_is_met_without_loss_where_that_is_possible(badge):
    few = huepress.quantize(badge, 60).to_array()
    result = huepress.compress(few, max_size="100kB")
    np.testing.assert_array_equal(result.indexed.to_array(), few)
    assert [t.rate for t in result.report.trials] == [0.0] and result.report.score == 100.0


def test_an_original_within_the_budget_stays(badge):
    few = huepress.quantize(badge, 60)
    file = huepress.compress(few.to_array(), effort=9).encoded.data
    result = huepress.compress(file, max_size=len(file))
    with Image.open(io.BytesIO(result.encoded.data)) as image:
        np.testing.assert_array_equal(np.asarray(image.convert("RGBA")), few.to_array())
    assert result.report.bytes_out <= len(file)


def test_a_photograph_within_the_budget_stays_unless_another_format_is_wanted(grainy):
    file = png_bytes(grainy)
    kept = huepress.compress(file, max_size=len(file), effort=1)
    assert kept.encoded.data == file and "fits" in kept.report.message
    assert huepress.compress(file, max_size=len(file), effort=1, format="webp").encoded.format == "WEBP"
    assert huepress.compress(file, max_size=len(file), effort=1, allow_larger=True).report.status == "compressed"


def test_pictures_that_fit_may_lose_for_a_smaller_goal(badge):
    few = huepress.quantize(badge, 200).to_array()
    whole = huepress.compress(few).report
    small = huepress.compress(few, max_size=whole.bytes_out // 2)
    assert whole.mse == 0 and small.report.bytes_out <= whole.bytes_out // 2
    assert huepress.compress(few, quality=50).report.bytes_out < whole.bytes_out


def test_tiny_pictures_have_no_score(photo):
    result = huepress.compress(photo[:5, :300], 4, quality=80)
    assert result.report.score is None and "too small" in result.report.message


def test_few_colors_serve_flat_art_better():
    y, x = np.mgrid[:160, :160]
    disc = 255 / (1 + np.exp((np.hypot(x - 80, y - 80) - 60) * 1.5))
    art = np.stack([disc, disc * 0.5 + 60, 255 - disc], axis=2).astype(np.uint8)
    art[40:44] = np.random.default_rng(0).integers(0, 255, (4, 160, 3))  # more than 256 colors
    chosen, all_colors = huepress.compress(art, rate=8), huepress.compress(art, 256, rate=8)
    assert len(chosen.palette) <= len(all_colors.palette)
    assert chosen.report.bytes_out <= all_colors.report.bytes_out
    assert len(chosen.report.trials) > 1


def test_goals_are_deterministic(grainy):
    files = {huepress.compress(grainy, quality=60, effort=3, jobs=jobs).encoded.data for jobs in (1, 3)}
    assert len(files) == 1


def test_progress_never_falls(grainy):
    seen = []
    huepress.compress(grainy, quality=60, effort=3, on_progress=seen.append)
    assert seen == sorted(seen) and seen[-1] == 1.0


def test_parsing():
    assert parse_quality(70) == QualityGoal(-math.inf, 70.0) == parse_quality("70")
    assert parse_quality("60-80") == QualityGoal(60.0, 80.0) == parse_quality((60, 80))
    assert parse_size("100kB") == SizeGoal(100_000.0) == parse_size(100_000) == parse_size("100000")
    assert parse_size("1.5 MB") == SizeGoal(1_500_000.0) and parse_size("2KiB") == SizeGoal(2048.0)
    assert parse_size("0.1bpp") == SizeGoal(0.1, per_pixel=True)
    assert parse_size("0.1bpp").n_bytes(8000) == 100


@pytest.mark.parametrize("quality", ["x", "80-60", -1, 101, "1-2-3", (), True, float("nan"), [None]])
def test_bad_qualities(quality):
    with pytest.raises(huepress.OptionError, match="quality"):
        huepress.Options(quality=quality)


@pytest.mark.parametrize("size", ["x", "", 0, -5, "0kB", "5 parsecs", True, float("inf"), [1]])
def test_bad_sizes(size):
    with pytest.raises(huepress.OptionError, match="max-size"):
        huepress.Options(max_size=size)


def test_two_goals_exclude_each_other():
    with pytest.raises(huepress.OptionError, match="exclude"):
        huepress.Options(quality=50, max_size=1000)


class Curve:
    """A bench whose sizes and scores follow formulas, and whose palettes idle at high rates."""

    n_pixels, least_colors, may_be_nearest = 100_000, 0, False

    def __init__(self, fall):
        self.fall = fall

    def lossless(self):
        return None

    def attempt(self, n_colors, rate, *, diffuse=True):
        n_bytes = round(160_000 / (1 + rate / 3) ** self.fall)
        score = 85 - 8 * math.log2(1 + rate)
        trial = huepress.Trial(rate, max(2, round(n_colors / (1 + rate / 50))), n_bytes, score)
        indexed = huepress.quantize(np.zeros((1, 1), np.uint8), 2)
        return Attempt(trial, Encoded(bytes(n_bytes), "PNG"), indexed, None, 5.0)

    def mixes_badly(self, n_colors, attempt):
        return False


@pytest.mark.parametrize("fall", [0.5, 0.9, 1.3])
@pytest.mark.parametrize("budget", [1_000, 8_000, 50_000, 120_000])
def test_budgets_far_from_the_usual_are_met_too(fall, budget):
    reached = reach(Curve(fall), SizeGoal(budget), None, by_colors=False)
    least = 160_000 / (1 + 1000 / 3) ** fall
    assert reached.met == (least <= budget)
    if reached.met:
        assert 0.93 * budget <= reached.best.n_bytes <= budget
    assert len(reached.trials) <= 7 or not reached.met


@given(st.floats(5, 84))
def test_scores_anywhere_are_met(wanted):
    reached = reach(Curve(0.7), QualityGoal(-math.inf, wanted), None, by_colors=False)
    assert reached.met and wanted <= reached.best.trial.score <= wanted + 0.7
    assert len(reached.trials) <= 7


@pytest.mark.parametrize(
    ("size", "said"),
    [
        (0, "than nothing"), (-5, "than nothing"), ("-3kB", "than nothing"), ("0.0bpp", "than nothing"),
        (math.nan, "than nothing"), (math.inf, "infinite"), ("nan", "takes a size"), ("9XB", "unit"), (True, "takes"),
        ("kB", "takes a size"), ("1e9", "takes a size"), ("", "takes a size"),
    ],
)  # fmt: skip
def test_sizes_that_are_none_are_told(size, said):
    with pytest.raises(huepress.OptionError, match=said):
        huepress.Options(max_size=size)


@pytest.mark.parametrize("size", ["1GB", "1 gb", "2TiB", "3000bpp", 10**12])
@pytest.mark.parametrize("format", ["png", "webp"])
def test_a_size_that_nothing_can_exceed_is_told_to_be_no_limit(size, format, photo):
    file = png_bytes(photo[:60, :80])
    for image, why in ((file, "the original has"), (photo[:60, :80], "no result of")):
        report = huepress.compress(image, max_size=size, format=format, effort=1).report
        assert any("is no limit" in note and why in note for note in report.notes), report.notes
    small = huepress.compress(file, max_size=len(file) // 2, format=format, effort=1, allow_miss=True).report
    assert not any("limit" in note for note in small.notes)


def test_one_color_is_one_color():
    goal, tried = parse_quality("60-80"), Trial(1.0, 1, 99, 20.0)
    assert goal.missed(tried, "1 color", 1000).startswith("1 color reaches a score of 20.0")
    assert goal.missed(tried, "9 colors", 1000).startswith("9 colors reach a score of 20.0")


class Branching(Curve):
    """A bench where each kind of version has sizes and scores of its own: (colors, diffused) to (size, points)."""

    def __init__(self, kinds, banding=0.0):
        super().__init__(0.7)
        self._kinds, self._banding = kinds, banding

    def attempt(self, n_colors, rate, *, diffuse=True):
        size, points = self._kinds.get((n_colors, diffuse), (1.0, -30))
        spent = rate if diffuse else rate / UNDIFFUSED_RATE
        n_bytes = round(size * 40_000 / (1 + spent / 3) ** self.fall)
        trial = huepress.Trial(rate, n_colors, n_bytes, 92 + points - 8 * math.log2(1 + spent))
        marked = IndexedImage(np.zeros((1, 1), np.uint8), Palette(np.uint8([[0, 0, diffuse]])))
        return Attempt(trial, Encoded(bytes(n_bytes), "PNG"), marked, None, 0.5, diffuse)

    def mixes_badly(self, n_colors, attempt):
        return True

    def banding(self, indexed):
        return 0.0 if indexed.palette.colors_srgb8[0, 2] else self._banding

    def least_distortion_bits(self, n_colors, rate):
        return 0.1


@pytest.mark.parametrize("goal", [QualityGoal(-math.inf, 75.0), SizeGoal(20_000)])
@pytest.mark.parametrize(
    ("kinds", "banding", "best"),
    [
        ({(256, True): (1.0, 0)}, 0.0, (256, True)),
        ({(256, True): (1.0, 0), (256, False): (0.9, 1)}, 0.0, (256, False)),
        ({(256, True): (1.0, 0), (256, False): (0.9, 1)}, 0.5, (256, True)),  # it would show bands
        ({(256, True): (1.0, 0), (64, True): (0.8, 0)}, 0.0, (64, True)),
        ({(256, True): (1.0, 0), (64, True): (0.8, -20)}, 0.0, (256, True)),
        ({(256, True): (1.0, 0), (64, True): (0.8, 0), (64, False): (0.6, 0)}, 0.0, (64, False)),
        ({(256, True): (1.0, 0), (64, True): (0.8, 0), (16, True): (0.7, 2)}, 0.0, (16, True)),
    ],
)
def test_a_hunt_goes_on_with_what_does_better_in_a_trial(goal, kinds, banding, best):
    reached = reach(Branching(kinds, banding), goal, None, by_colors=False)
    assert (reached.best.trial.n_colors, reached.best.diffuse) == best and reached.met
    assert len(reached.trials) <= MOST_TRIALS


def test_asked_for_colors_stay_but_may_be_undiffused():
    kinds = {(128, True): (1.0, 0), (128, False): (0.9, 1), (32, True): (0.5, 0)}
    reached = reach(Branching(kinds), QualityGoal(-math.inf, 75.0), 128, by_colors=False)
    assert (reached.best.trial.n_colors, reached.best.diffuse) == (128, False)


def test_all_colors_have_trials_left_where_what_began_better_does_not_get_there():
    class Ending(Branching):
        def attempt(self, n_colors, rate, *, diffuse=True):
            attempt = super().attempt(n_colors, rate, diffuse=diffuse)
            ends = n_colors < 256 and attempt.trial.score > 74
            return replace(attempt, trial=replace(attempt.trial, score=74.0)) if ends else attempt

    kinds = {(256, True): (1.0, 0), (64, True): (0.5, 0)}
    reached = reach(Ending(kinds), QualityGoal(-math.inf, 75.0), None, by_colors=False)
    assert reached.met and reached.best.trial.n_colors == 256 and reached.best.trial.score <= 75.5


def test_idle_entries_do_not_hide_that_fewer_colors_do_better():
    class Idle(Branching):
        def attempt(self, n_colors, rate, *, diffuse=True):
            attempt = super().attempt(n_colors, rate, diffuse=diffuse)
            return replace(attempt, trial=replace(attempt.trial, n_colors=min(n_colors, 50)))

    kinds = {(256, True): (1.0, 0), (16, True): (0.7, 0)}
    reached = reach(Idle(kinds), SizeGoal(10_000), None, by_colors=False)
    assert reached.best.trial.n_colors == 16 and reached.met


def test_what_ends_far_below_a_budget_leaves_it_to_more_colors():
    class Ending(Branching):
        def attempt(self, n_colors, rate, *, diffuse=True):
            attempt = super().attempt(n_colors, rate, diffuse=diffuse)
            if n_colors != 16 or attempt.n_bytes <= 12_000:
                return attempt
            return replace(attempt, encoded=Encoded(bytes(12_000), "PNG"), trial=replace(attempt.trial, score=60.0))

    kinds = {(256, True): (1.0, 0), (64, True): (0.9, 0), (16, True): (0.5, 0)}
    reached = reach(Ending(kinds), SizeGoal(16_000), None, by_colors=False)
    assert reached.best.trial.n_colors == 64 and reached.best.n_bytes > 15_000
    assert len(reached.trials) <= MOST_TRIALS


@pytest.mark.parametrize("n_colors", [64, 16])
@pytest.mark.parametrize(("banding", "may_be_nearest", "found"), [(0, True, True), (9, True, False), (0, False, False)])
def test_a_small_budget_finds_few_nearest_colors(n_colors, banding, may_be_nearest, found):
    class Flat(Branching):
        def mixes_badly(self, n_colors, attempt):
            return False

    kinds = {(256, True): (1.0, 0), (n_colors, False): (0.7, 4)}
    bench = Flat(kinds, banding)
    bench.may_be_nearest = may_be_nearest
    best = reach(bench, SizeGoal(6_000), None, by_colors=False).best
    assert (best.trial.n_colors, best.diffuse) == ((n_colors, False) if found else (256, True))
    assert best.n_bytes <= 6_000


def test_few_nearest_colors_are_not_tried_on_where_they_are_hopeless():
    bench = Branching({(256, True): (1.0, 0)})
    bench.may_be_nearest = True
    n_trials = [len(reach(bench, SizeGoal(n), None, by_colors=False).trials) for n in (6_000, 30_000)]
    bench.may_be_nearest = False
    before = [len(reach(bench, SizeGoal(n), None, by_colors=False).trials) for n in (6_000, 30_000)]
    assert [now - then for now, then in zip(n_trials, before, strict=True)] == [2, 0]


def test_bands_are_better_than_no_version_that_meets_the_goal():
    kinds = {(256, True): (1.0, -40), (256, False): (0.9, 1)}
    reached = reach(Branching(kinds, 0.5), QualityGoal(-math.inf, 75.0), None, by_colors=False)
    assert reached.met == any(trial.score >= 75 for trial in reached.trials)


@pytest.mark.parametrize("goal", [{}, {"quality": 0}, {"quality": 70}, {"max_size": 1500}])
@pytest.mark.parametrize("option", ["pin", "palette"])
def test_many_colors_that_must_stay_leave_room_for_no_fewer(goal, option):
    generator = np.random.default_rng(0)
    blocks = np.kron(generator.integers(0, 250, (12, 12, 3)), np.ones((8, 8, 1)))
    picture = (blocks + generator.integers(0, 6, blocks.shape)).astype(np.uint8)
    colors = [f"#{value:06x}" for value in generator.integers(0, 1 << 24, 100)]
    result = huepress.compress(picture, effort=1, allow_miss=True, **{option: colors}, **goal)
    assert result.report.bytes_out > 0
