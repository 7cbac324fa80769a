"""Worker processes: one that dies costs one image."""

import os
import signal
from dataclasses import dataclass

import pytest

from archive.trees import many
from huepress.archive.executor import Inline
from huepress.archive.run import Resources, run
from huepress.archive.tasks import Settings, Task
from huepress.archive.work import do
from huepress.options import Options
from huepress.storage.local import LocalStore


@dataclass(frozen=True)
class DeadlyStore(LocalStore):
    """Kills the worker that reads one of its files."""

    def read(self, name):
        if name == "3.png":
            os.kill(os.getpid(), signal.SIGKILL)
        return super().read(name)


@dataclass(frozen=True)
class DeadlyTarget(LocalStore):
    """Kills the worker that has staged one of its files."""

    def stage(self, name, data, **how):
        staged = super().stage(name, data, **how)
        if name == "3.png":
            os.kill(os.getpid(), signal.SIGKILL)
        return staged


def test_what_a_dead_worker_has_staged_is_removed(photo, tmp_path):
    many(tmp_path / "src", photo, 8)
    settings = Settings(Options(n_colors=8), LocalStore(str(tmp_path / "src")), DeadlyTarget(str(tmp_path / "dst")))
    tasks = [Task(f"{n}.png", f"{n}.png", f"{n}.png") for n in range(8)]
    assert [o.task.source for o in run(tasks, settings, Resources(2, 10**9)) if o.status == "failed"] == ["3.png"]
    assert {p.name for p in (tmp_path / "dst").iterdir()} == {f"{n}.png" for n in range(8)} - {"3.png"}


def test_a_source_that_changes_meanwhile_is_not_replaced(photo, tmp_path):
    many(tmp_path / "src", photo, 1)
    store = LocalStore(str(tmp_path / "src"))
    settings = Settings(Options(n_colors=8), store, store, in_place=True)

    class Meanwhile(Inline):
        def finished(self, timeout=None):
            (tmp_path / "src" / "0.png").write_bytes(b"newer")
            return super().finished(timeout)

    [outcome] = run([Task("0.png", "0.png", None)], settings, Resources(1, 10**9), executor=Meanwhile(settings, do))
    assert outcome.status == "failed" and "changed meanwhile" in str(outcome.error)
    assert [p.read_bytes() for p in (tmp_path / "src").iterdir()] == [b"newer"]


@pytest.mark.parametrize("threads", [1, 2])
def test_a_worker_that_dies_costs_one_image(photo, tmp_path, threads):
    many(tmp_path / "src", photo, 8)
    settings = Settings(Options(n_colors=8), DeadlyStore(str(tmp_path / "src")), LocalStore(str(tmp_path / "dst")))
    tasks = [Task(f"{n}.png", f"{n}.png", f"{n}.png") for n in range(8)]
    outcomes = {o.task.source: o for o in run(tasks, settings, Resources(threads, 10**9))}
    assert {name for name, o in outcomes.items() if o.status == "failed"} == {"3.png"}
    assert "killed" in str(outcomes["3.png"].error) and len(outcomes) == 8
    assert sorted(p.name for p in (tmp_path / "dst").iterdir()) == sorted(outcomes.keys() - {"3.png"})


def test_what_is_given_up_midway_leaves_nothing(photo, tmp_path):
    many(tmp_path / "src", photo, 8)
    settings = Settings(Options(n_colors=8), LocalStore(str(tmp_path / "src")), LocalStore(str(tmp_path / "dst")))
    outcomes = run([Task(f"{n}.png", f"{n}.png", f"{n}.png") for n in range(8)], settings, Resources(2, 10**9))
    first = next(outcomes)
    outcomes.close()
    there = {p.name for p in (tmp_path / "dst").iterdir()}
    assert first.output in there and not any(name.endswith(".tmp") for name in there)
