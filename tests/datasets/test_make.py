"""Runs that get into each other's way, and what a run refuses before it begins."""

import os
import tarfile

import pytest

from conftest import png_bytes
from huepress.archive.batch import Watch
from huepress.datasets import DatasetRequest, DatasetRun, containers
from huepress.errors import OptionError, OutputError
from huepress.options import Options
from huepress.storage import locked
from huepress.storage.local import LocalStore

N_PICTURES = 3  # done by this process itself


@pytest.fixture
def planned(tmp_path, photo):
    """What plans a data set of three pictures in shards of one each."""
    (tmp_path / "pictures").mkdir()
    for number in range(N_PICTURES):
        (tmp_path / "pictures" / f"{number}.png").write_bytes(png_bytes(photo[number * 20 :][:20, :30]))

    def plan(output=None, container="wds", labels=None):
        options = Options(n_colors=8, effort=0, dither="none", format="png", strip="all", still=0, jobs=1)
        request = DatasetRequest(
            folder=str(tmp_path / "pictures"),
            output=str(tmp_path / "out") if output is None else output,
            options=options,
            container=container,
            labels=labels,
        )
        return DatasetRun(request)

    return plan


def names_in(folder):
    names = []
    for path in folder.glob("*.tar"):
        with tarfile.open(path) as tar:
            names += tar.getnames()
    return sorted(names)


@pytest.mark.skipif(locked.fcntl is None and locked.msvcrt is None, reason="no locks here")
@pytest.mark.parametrize("container", ["wds", "memmap", "folder"])
def test_a_second_run_is_told_that_the_first_is_at_work(planned, tmp_path, container):
    first, second = planned(container=container), planned(container=container)
    assert len(list(first.compress(Watch()))) == N_PICTURES
    with pytest.raises(OutputError, match=r"out\.work: another run is at work there"):
        list(second.compress(Watch()))
    assert first.pack(Watch()).n_pictures == N_PICTURES
    assert sorted(os.listdir(tmp_path)) == ["out", "pictures"]


@pytest.mark.skipif(locked.fcntl is None and locked.msvcrt is None, reason="no locks here")
def test_a_second_run_is_told_while_the_first_packs(planned, tmp_path, monkeypatch):
    monkeypatch.setattr(containers, "SHARD_BYTES", 1)
    first, told = planned(), []

    class Meanwhile(Watch):
        def passed(self, task):
            with pytest.raises(OutputError, match="another run is at work"):
                list(planned().compress(Watch()))
            told.append(task)

    list(first.compress(Watch()))
    first.pack(Meanwhile())
    assert len(told) == N_PICTURES and names_in(tmp_path / "out") == [f"{i:08d}.png" for i in range(N_PICTURES)]


def test_a_run_that_is_given_up_lets_others_in(planned, tmp_path):
    given_up = planned()
    outcomes = given_up.compress(Watch())
    next(outcomes)
    outcomes.close()
    (tmp_path / "out.work" / "pictures" / ".huepress-ledger").unlink()
    for path in (tmp_path / "out.work" / "pictures").glob("*.png"):
        path.unlink()
    (tmp_path / "out.work" / "pictures").rmdir()  # as if it had ended before the ledger was begun
    again = planned()
    list(again.compress(Watch()))
    assert again.pack(Watch()).n_pictures == N_PICTURES
    assert sorted(os.listdir(tmp_path)) == ["out", "pictures"]


@pytest.mark.parametrize("container", ["wds", "parquet", "folder"])
def test_what_has_lost_a_shard_is_not_published(planned, tmp_path, monkeypatch, container):
    if container == "parquet":
        pytest.importorskip("pyarrow")
    monkeypatch.setattr(containers, "SHARD_BYTES", 1)
    run = planned(container=container)

    class Losing(Watch):
        lost = False

        def passed(self, task):
            for path in (tmp_path / "out.work" / "dataset").iterdir():
                path.unlink()
                self.lost = True

    list(run.compress(Watch()))
    watch = Losing()
    with pytest.raises(OutputError, match="of the 3 that were written"):
        run.pack(watch)
    assert watch.lost and not (tmp_path / "out").exists()


@pytest.mark.parametrize("output", ["", ".", "./", "new/..", "new/../", "..", "/", "//"])
@pytest.mark.parametrize("container", ["memmap", "wds"])
def test_a_name_that_is_none_is_refused(planned, tmp_path, monkeypatch, output, container):
    monkeypatch.chdir(tmp_path)
    with pytest.raises(OptionError, match="is written to a file or folder"):
        planned(output, container)


def table(path, classes):
    path.write_text("path,label\n" + "".join(f"{number}.png,{name}\n" for number, name in enumerate(classes)))
    return str(path)


def test_classes_whose_names_are_too_long_for_folders_are_refused_first(planned, tmp_path):
    labels = table(tmp_path / "labels.csv", ["\u00e9" * 127 + "a", "\u00e9" * 128, "b"])
    with pytest.raises(OptionError, match="too long a name for a folder"):
        planned(container="folder", labels=labels)
    planned(container="wds", labels=labels)
    planned(container="folder", labels=table(tmp_path / "labels.csv", ["\u00e9" * 127 + "a", "a", "b"]))


@pytest.mark.parametrize("folds", [False, True])
def test_classes_that_differ_in_case_only_share_no_folder(planned, tmp_path, monkeypatch, folds):
    monkeypatch.setattr(LocalStore, "folds_case", lambda self: folds)
    run = planned(container="folder", labels=table(tmp_path / "labels.csv", ["A", "a", "b"]))
    if folds:
        with pytest.raises(OptionError, match="'A' and 'a' are one folder here"):
            list(run.compress(Watch()))
        return
    list(run.compress(Watch()))
    run.pack(Watch())
    assert {path.parent.name for path in (tmp_path / "out").glob("*/*.png")} == {"A", "a", "b"}


def test_what_a_kill_left_at_the_end_is_no_obstacle(planned, tmp_path):
    given_up = planned()
    outcomes = given_up.compress(Watch())
    next(outcomes)
    outcomes.close()
    (tmp_path / "out.work" / "pictures" / ".huepress-ledger").unlink()  # of all that is removed, this was the first
    again = planned()
    assert len(list(again.compress(Watch()))) == N_PICTURES and not again.failed
    again.pack(Watch())
    assert sorted(os.listdir(tmp_path)) == ["out", "pictures"]
