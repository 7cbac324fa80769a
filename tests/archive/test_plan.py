"""Names, admission and the ledger, without any image."""

import os
import threading
import time
from concurrent.futures import ThreadPoolExecutor
from pathlib import PurePosixPath

from hypothesis import given
from hypothesis import strategies as st

from huepress.archive.admission import Admission, Gate
from huepress.archive.ledger import Ledger
from huepress.archive.plan import Naming, Selection, tree
from huepress.archive.tasks import FileOutcome, Task
from huepress.storage.base import Entry
from huepress.storage.local import LocalStore

NAMES = st.text("abAB.é\u0301/", min_size=1, max_size=6).map(lambda stem: "x" + stem.replace("/.", "/").strip("./"))


def planned(names, *, folds=False, **options):
    return tree(
        [Entry(name, 1) for name in names],
        Selection(("*",)),
        Naming((options.pop("format", "png"),), **options),
        copy_others=False,
        in_place=False,
        folds=lambda: folds,
    )


@given(st.sets(NAMES.flatmap(lambda s: st.sampled_from([s + e for e in (".png", ".PNG", ".jpg", ".jpg.png")]))))
def test_no_two_results_share_a_name(names):
    for folds in (False, True):
        fold = (lambda name: name.casefold()) if folds else (lambda name: name)
        by_name = {}
        for task in planned(sorted(names), folds=folds):
            for name in (task.target, task.kept_target):
                assert by_name.setdefault(fold(name), task.source) == task.source
        # Nor does one have the name of a folder that another lies in.
        assert by_name.keys().isdisjoint(str(each) for name in by_name for each in PurePosixPath(name).parents)


def test_own_names_come_first_and_case_matters_only_where_it_must():
    assert [t.target for t in planned(["a.jpg", "a.png"])] == ["a.jpg.png", "a.png"]
    assert [t.target for t in planned(["a.PNG", "a.png"])] == ["a.PNG", "a.png"]
    assert [t.target for t in planned(["a.PNG", "a.png"], folds=True)] == ["a.PNG", "a-2.png"]
    assert [t.target for t in planned(["d/a.PNG"], format="webp", suffix="-s")] == ["d/a-s.webp"]


def test_results_give_way_to_folders():
    names = ["a.jpg", "a.png/b.png", "d/c.jpg", "d/c.png/e/f.png"]
    assert [t.target for t in planned(names)] == ["a.jpg.png", "a.png/b.png", "d/c.jpg.png", "d/c.png/e/f.png"]
    assert next(t.target for t in planned(["a.jpg", "a.jpg.png/b.png", "a.png/b.png"])) == "a.jpg-2.png"
    assert [t.target for t in planned(["a.jpg", "A.png/b.png"])] == ["a.png", "A.png/b.png"]
    assert [t.target for t in planned(["a.jpg", "A.png/b.png"], folds=True)] == ["a.jpg.png", "A.png/b.png"]


def test_names_that_grow_too_long_are_shortened_but_stay_apart():
    names = ["é" * 125 + end + ".png" for end in ("ab", "ac")]
    targets = [task.target for task in planned(names, suffix="-small")]
    assert all(len(os.fsencode(name)) <= 255 and name.endswith(".png") for name in targets)
    assert len(set(targets)) == 2


@given(st.lists(st.tuples(st.integers(1, 120), st.booleans()), max_size=60), st.integers(1, 6), st.integers(1, 4))
def test_memory_and_threads_are_never_handed_out_twice(sizes, threads, slots):
    slots = min(slots, threads)
    costs = {Task(str(n), "", None): size for n, (size, _) in enumerate(sizes)}
    ends = [which for _, which in sizes] or [True]
    admission = Admission(iter(costs), costs.__getitem__, memory=100, threads=threads, slots=slots, ahead=1)
    running, seen = {}, set()
    while True:
        while begun := admission.next_task():
            task, given_threads = begun
            running[task] = given_threads
            assert sum(costs[task] for task in running) <= 100
            assert len(running) <= 2 * slots
            if len(running) <= slots:
                assert sum(running.values()) <= threads
        if refused := admission.too_large():
            assert refused[1] > 100
            seen.add(refused[0])
        elif running:
            ended = list(running)[0 if ends[len(seen) % len(ends)] else -1]
            del running[ended]
            admission.ended(ended)
            seen.add(ended)
        else:
            break
    assert seen == set(costs)


@given(st.lists(st.integers(1, 150), min_size=1, max_size=12))
def test_the_gate_lets_in_what_fits_or_one_alone(costs):
    gate, inside, lock = Gate(), [], threading.Lock()

    def enter(cost):
        with gate.admitted(cost, 100):
            with lock:
                inside.append(cost)
                assert sum(inside) <= 100 or len(inside) == 1
            time.sleep(0.0005)
            with lock:
                inside.remove(cost)

    with ThreadPoolExecutor(4) as pool:
        list(pool.map(enter, costs))


def test_a_task_too_large_for_what_is_left_waits_until_it_is_alone():
    costs = {Task("a", "", None): 30, Task("b", "", None): 90, Task("c", "", None): 20}
    admission = Admission(iter(costs), costs.__getitem__, memory=100, threads=2, slots=2, ahead=0)
    a, _ = admission.next_task()
    admission.shrink(50)
    c, _ = admission.next_task()
    assert (a.source, c.source) == ("a", "c") and admission.too_large() is None
    for task in (a, c):
        assert admission.next_task() is None
        admission.ended(task)
    assert admission.next_task()[0].source == "b" and admission.next_task() is None


def test_a_lone_image_gets_all_threads():
    admission = Admission(iter([Task("a", "", None)]), lambda _: 1, memory=9, threads=4, slots=4, ahead=1)
    assert admission.next_task()[1] == 4


class LinesInMemory:
    def __init__(self, data=b""):
        self.data = data

    def read(self):
        return self.data

    def append(self, data):
        self.data += data

    def close(self):
        pass


def outcome(source, output):
    facts = {"bytes_in": 9, "bytes_out": 4, "psnr_db": float("inf")}
    return FileOutcome(Task("a", "a", None), "compressed", source_hash=source, output_hash=output, facts=facts)


@given(st.integers(0, 400), st.booleans())
def test_a_ledger_cut_off_anywhere_keeps_its_whole_lines(kept, damage):
    file = LinesInMemory()
    ledger = Ledger("ab" * 10, file)
    pairs = [(f"{n:032x}", f"{n + 9:032x}") for n in range(3)]
    for source, output in pairs:
        ledger.add(outcome(source, output))
    whole = file.data[:kept].count(b"\n")
    cut = LinesInMemory(file.data[:kept] + (b"\xff" if damage else b""))
    again = Ledger("ab" * 10, cut)
    # The very last newline may be what is missing: the line is whole all the same.
    found = [again.result_of(source) is not None for source, _ in pairs]
    assert found[:whole] == [True] * whole and sum(found) <= whole + 1
    again.add(outcome("f" * 32, "e" * 32))
    assert Ledger("ab" * 10, cut).result_of("f" * 32)["output_hash"] == "e" * 32
    assert Ledger("cd" * 10, cut).result_of("f" * 32) is None and Ledger("cd" * 10, cut).made("e" * 32)


def test_links_to_folders_end(tmp_path):
    for name in ("a", "b"):
        (tmp_path / name).mkdir()
        (tmp_path / name / "x.png").write_bytes(b"")
    (tmp_path / "outside").mkdir()
    (tmp_path / "outside" / "y.png").write_bytes(b"")
    for link, to in (("a/b", "../b"), ("b/a", "../a"), ("a/self", "."), ("a/gone", "nowhere"), ("a/out", "../outside")):
        (tmp_path / link).symlink_to(to)
    (tmp_path / "a").rename(tmp_path / "root")
    found = [entry.name for entry in LocalStore(str(tmp_path / "root")).walk(lambda name: True)]
    assert found == ["x.png", "b/x.png", "out/y.png"]
