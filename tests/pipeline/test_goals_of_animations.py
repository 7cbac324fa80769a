"""Animations that reach a score or fit in a size."""

import io
from dataclasses import dataclass

import numpy as np
import pytest
from PIL import Image

import huepress
from animations import as_png, make_gif, moving, read
from huepress.errors import TargetError
from huepress.goals import QualityGoal, SizeGoal

CLIP = as_png(moving(3), 50)


@pytest.mark.parametrize("file_format", ["gif", "png", "webp"])
def test_a_score_is_reached_with_fewer_bytes(file_format):
    result = huepress.compress(CLIP, quality=70, format=file_format, allow_larger=True)
    found = huepress.score(CLIP, bytes(result))
    assert found.ssimulacra2 >= 70 and result.report.score == pytest.approx(found.ssimulacra2, abs=0.01)
    better = huepress.compress(CLIP, quality=85, format=file_format, allow_larger=True)
    assert len(bytes(result)) < len(bytes(better)) and better.report.score > result.report.score
    assert 2 <= len(result.report.trials) <= 7
    assert result.report.trials[-1].score is not None


def test_a_size_is_met_by_the_best_that_fits():
    whole = len(bytes(huepress.compress(CLIP, format="gif", rate=1, allow_larger=True)))
    result = huepress.compress(CLIP, format="gif", max_size=whole // 2)
    assert len(bytes(result)) <= whole // 2
    fitting = [trial.score for trial in result.report.trials if trial.n_bytes <= whole // 2]
    assert result.report.score == max(fitting)
    assert read(bytes(result)).n_frames == read(CLIP).n_frames
    with pytest.raises(TargetError, match="the smallest version takes"):
        huepress.compress(CLIP, format="gif", max_size=60)


def test_an_original_that_fits_stays():
    made = make_gif(3)
    kept = huepress.compress(made.data, max_size=len(made.data))
    assert bytes(kept) == made.data or len(bytes(kept)) < len(made.data)
    lossy = huepress.compress(CLIP, max_size=len(CLIP))
    assert bytes(lossy) == CLIP and "fits" in lossy.report.message


def test_plain_k_means_seeks_the_number_of_colors():
    result = huepress.compress(CLIP, quality=60, format="gif", effort=0, allow_larger=True)
    assert result.report.score >= 60 and len({trial.n_colors for trial in result.report.trials}) > 1


def test_auto_takes_the_best_of_all_formats():
    single = [huepress.compress(CLIP, quality=70, format=f, allow_larger=True) for f in ("png", "webp")]
    auto = huepress.compress(CLIP, quality=70, format="auto", allow_larger=True)
    assert len(bytes(auto)) <= min(len(bytes(each)) for each in single) and auto.report.score >= 70


def test_the_same_for_any_number_of_threads_and_progress_ends():
    told: list[float] = []
    results = [
        bytes(huepress.compress(CLIP, quality=75, format="gif", jobs=jobs, on_progress=told.append)) for jobs in (1, 3)
    ]
    assert results[0] == results[1] and told[-1] == 1
    half = told.index(1.0) + 1
    assert told[:half] == sorted(told[:half])


def test_too_small_for_a_score():
    tiny = as_png([np.full((6, 7, 3), value, np.uint8) for value in (10, 200)], 50)
    result = huepress.compress(tiny, quality=80, format="gif", allow_larger=True)
    assert "too small" in result.report.message


@dataclass(frozen=True)
class Seen:
    score: float | None
    worst: float | None
    n_bytes: int = 100


def test_the_worst_frame_counts():
    goal = QualityGoal(60, 70)
    assert goal.is_met(Seen(70, 60), 1) and not goal.is_met(Seen(90, 59.9), 1)
    assert goal.distance(Seen(75, 62), 1) == 2 and goal.distance(Seen(75, None), 1) == 5
    assert goal.is_refused(Seen(80, 49)) and not goal.is_refused(Seen(80, 50)) and not goal.is_refused(Seen(60, None))
    assert goal.best([Seen(90, 40, 50), Seen(71, 61, 80)], 1).n_bytes == 80
    assert goal.missed(Seen(75, 55.55), "AVIF", 1) == "AVIF reaches a score of 75.0 (55.5 in the worst frame), not 70"
    assert goal.missed(Seen(75, 45), "AVIF", 1).endswith("(45.0 in the worst frame), below 60")
    assert goal.missed(Seen(65, 60), "AVIF", 1) == "AVIF reaches a score of 65.0, not 70"
    assert SizeGoal(200).best([Seen(90, 40), Seen(71, 61)], 1).score == 71


@pytest.mark.parametrize("name", ["gif", "webp-lossy"])
def test_no_frame_is_much_worse_than_what_is_asked_for(name):
    rng = np.random.default_rng(5)
    y, x = np.mgrid[:64, :64]
    frames = [np.dstack([2 * x + number, 3 * y, 90 + x]).astype(np.uint8) for number in range(16)]
    frames[7] = (frames[7] + rng.integers(-30, 31, (64, 64, 1))).clip(0, 255).astype(np.uint8)
    buffer = io.BytesIO()
    images = [Image.fromarray(frame) for frame in frames]
    images[0].save(buffer, "PNG", save_all=True, append_images=images[1:], duration=100)
    result = huepress.compress(buffer.getvalue(), format=name, quality=60, effort=1, allow_larger=True)
    found = huepress.score(buffer.getvalue(), bytes(result))
    assert found.ssimulacra2 >= 60 and found.worst.ssimulacra2 >= 50
    assert result.report.worst == pytest.approx(found.worst.ssimulacra2, abs=1e-6)


def test_goals_at_the_edge_of_what_makes_sense():
    """A budget below one byte, and a search that begins at no loss."""
    small = huepress.compress(CLIP, resize="3x1", max_size="0.1bpp", allow_miss=True, allow_larger=True)
    assert small.report.message and small.report.bytes_out > 0
    with pytest.raises(TargetError):
        huepress.compress(CLIP, resize="3x1", max_size="0.1bpp", allow_larger=True)
    found = huepress.compress(CLIP, quality=30, rate=0, effort=1, n_colors=4, allow_larger=True)
    assert found.report.score is not None and found.report.trials
