"""Files that are called or made to do harm, and what other programs do to files meanwhile."""

import io
import itertools
import os
import signal
import time
import zipfile
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from pathlib import Path
from types import SimpleNamespace

import pytest
from hypothesis import example, given
from hypothesis import strategies as st
from PIL import Image, features

from conftest import HANG, png_bytes, wait_until
from huepress.archive.run import Resources
from huepress.archive.tasks import FileOutcome, Task, failed
from huepress.errors import DecodeError, HuepressError, InputError
from huepress.formats.probe import Probe
from huepress.web import folder as folders
from huepress.web import streams, uploads
from huepress.web import studio as studios
from huepress.web.apart import Apart
from huepress.web.jobs import do
from huepress.web.pictures import result_name
from huepress.web.scratch import Scratch, remove_soon
from web.served import serving
from web.test_folder import contents, saved


@pytest.fixture
def served(huepress_program, tmp_path):
    with serving(huepress_program, cwd=tmp_path) as started:
        yield started


def work_that_may_end_badly(job, settings, threads, tell):
    """Stand for a decoder: what is in the file says how it ends."""
    how = Path(job.source).read_bytes()
    if how == b"crash":
        os.kill(os.getpid(), signal.SIGKILL)
    if how == b"hang":
        time.sleep(HANG)
    return do(job, settings, threads, tell)


@pytest.mark.parametrize("how, patience", [(b"crash", HANG), (b"hang", 0.2)])
def test_a_decoder_that_ends_badly_takes_nothing_along(tmp_path, photo, how, patience):
    bad, good = tmp_path / "bad.png", tmp_path / "good.png"
    bad.write_bytes(how)
    good.write_bytes(png_bytes(photo))
    apart = Apart(patience, work_that_may_end_badly)
    try:
        with pytest.raises(DecodeError):
            apart.header_of(str(bad))
        if patience == HANG:  # else it may not be enough for anything
            assert apart.header_of(str(good)).width == photo.shape[1]
    finally:
        apart.close()


def work_that_is_slow(job, settings, threads, tell):
    """Stand for a decoder that takes its time with some files, and with folders."""
    if job.kind == "plan":
        time.sleep(HANG)
    while Path(job.source).read_bytes() == b"slow" and not Path(job.source).with_name("go").exists():
        time.sleep(0.01)
    return do(job, settings, threads, tell)


def test_who_waits_behind_a_slow_file_is_not_slow(tmp_path, photo):
    slow, good, patience = tmp_path / "slow.png", tmp_path / "good.png", 20.0
    slow.write_bytes(b"slow")
    good.write_bytes(png_bytes(photo))
    apart, now = Apart(patience, work_that_is_slow), time.monotonic
    clock = SimpleNamespace(passed=0.0)

    def found(path):
        try:
            return apart.header_of(str(path))
        except HuepressError as error:
            return error

    with pytest.MonkeyPatch.context() as patch, ThreadPoolExecutor(2) as threads:
        patch.setattr("huepress.web.apart.time.monotonic", lambda: now() + clock.passed)
        first = threads.submit(found, slow)
        wait_until(lambda: apart._turn.locked())
        second = threads.submit(found, good)
        time.sleep(0.1)
        clock.passed = patience  # while the second waits for its turn
        assert isinstance(first.result(), DecodeError)
        assert second.result().width == photo.shape[1]
    apart.close()


def test_a_plan_ends_when_nobody_waits_for_it_any_more():
    apart = Apart(work=work_that_is_slow)
    asked = itertools.count()
    with pytest.raises(InputError, match="stopped"):
        apart.plan(None, lambda: next(asked) > 0)
    apart.close()
    with pytest.raises(InputError, match="ended"):
        apart.plan(None, lambda: False)


def test_an_archive_is_not_unpacked_further_once_the_server_ends(tmp_path):
    archive, unpacked = tmp_path / "a.zip", []
    with zipfile.ZipFile(archive, "w") as file:
        for name in "abc":
            file.writestr(f"{name}.png", bytes(1000))
    apart = Apart()

    def new_file(name):
        unpacked.append(name)
        apart.end()
        return tmp_path / name

    with pytest.raises(InputError, match="ended"):
        list(uploads.unpacked(archive, new_file, apart.check_open))
    assert unpacked == ["a.png"]
    apart.close()


@pytest.mark.skipif(not features.check("avif"), reason="Pillow reads no AVIF here")
@pytest.mark.skipif(not Path("/proc/self/maps").exists(), reason="nobody tells what a process has loaded")
def test_the_server_itself_loads_no_decoder(served, photo):
    buffer = io.BytesIO()
    Image.fromarray(photo).save(buffer, "AVIF")
    served.call("PUT", "/api/settings", {"effort": 0})
    served.add("a.avif", buffer.getvalue())
    rows = served.finished()
    assert [row["format"] for row in rows.values()] == ["AVIF"]
    assert "colors" in served.call("POST", "/api/palette", buffer.getvalue()).json["error"]
    assert served.call("POST", "/api/shared-palette", {}).status == 200
    assert "_avif" not in Path(f"/proc/{served.process.pid}/maps").read_text()


NAMES = [
    b"plain.png",
    b"a" * 251 + b".png",  # no longer name is possible
    b"bytes that are no text \xff.png",
    b"..\\..\\up.png",
    b"<img src=x onerror=alert(1)>\"'&.png",
    "two\nlines and \u202egnp.exe.png".encode(),
]


@pytest.fixture
def named(tmp_path, photo):
    root = tmp_path / "pictures"
    root.mkdir()
    for name in NAMES:
        try:
            (root / os.fsdecode(name)).write_bytes(png_bytes(photo[:40, :50]))
        except OSError:
            pytest.skip("no such names here")
    (root / os.fsdecode(b"broken \xff.png")).write_bytes(b"no picture")
    return root


def test_files_may_be_called_anything(huepress_program, named, tmp_path):
    with serving(huepress_program, "pictures", cwd=tmp_path) as served:
        served.call("PUT", "/api/settings", {"effort": 0})
        wait_until(lambda: len(next(served.states())["rows"]) == len(NAMES), served.process)
        rows = served.finished()
        assert all(row["name"].isprintable() and "\\" not in row["name"] for row in rows.values())
        state = served.call("GET", "/api/folder")
        assert state.status == 200 and len(state.json["refused"]) == 1
        for identity, row in rows.items():
            base = f"/api/pictures/{identity}"
            assert not row["error"]
            answer = served.call("GET", f"{base}/result")
            assert answer.status == 200 and "\n" not in answer.headers["content-disposition"]
            page = served.call("GET", f"{base}/view/{row['made']['number']}/viewer.html")
            assert page.status == 200 and b"<img src=x" not in page.body
        with zipfile.ZipFile(io.BytesIO(served.call("GET", "/api/results.zip").body)) as archive:
            assert len(archive.namelist()) == len(NAMES)
            assert not [name for name in archive.namelist() if ".." in name or "\\" in name or not name.isprintable()]
        before = contents(named)
        for dry_run in (True, False):
            run = saved(served, how="beside", dry_run=dry_run)
            assert not run["error"] and run["done"] == len(NAMES)
            assert not [file for file in run["files"] if file["status"] == "failed"]
        assert len(contents(named)) >= len(before) + len(NAMES)


def test_what_has_changed_since_it_was_tried_is_not_replaced(huepress_program, tmp_path, photo):
    root = tmp_path / "pictures"
    root.mkdir()
    for name in ("a.png", "b.png"):
        (root / name).write_bytes(png_bytes(photo))
    with serving(huepress_program, "pictures", cwd=tmp_path) as served:
        served.call("PUT", "/api/settings", {"effort": 0})
        wait_until(lambda: len(next(served.states())["rows"]) == 2, served.process)
        served.finished()
        saved(served, how="replace", dry_run=True)
        newer = png_bytes(photo[::-1])
        (root / "a.png").write_bytes(newer)
        files = {file["name"]: file for file in saved(served, how="replace", dry_run=False)["files"]}
        assert files["a.png"]["status"] == "failed" and "changed since it was tried" in files["a.png"]["told"]
        assert files["b.png"]["status"] == "compressed"
        assert (root / "a.png").read_bytes() == newer
        saved(served, how="replace", dry_run=True)
        files = {file["name"]: file for file in saved(served, how="replace", dry_run=False)["files"]}
        assert files["a.png"]["status"] == "compressed"


def test_failures_are_told_even_after_hundreds_of_successes():
    progress = folders.Progress("beside", True)
    good, bad = Task("a.png", "", None), Task("b.png", "", None)
    for _ in range(1000):
        progress.tell(FileOutcome(good, "compressed"))
    progress.tell(failed(bad, DecodeError("it is damaged")))
    assert progress.done == 1001 and len(progress.files) < 500
    assert [file["name"] for file in progress.files if file["status"] == "failed"] == ["b.png"]


def test_a_run_that_is_stopped_does_not_stop_the_listing(tmp_path, photo):
    for number in range(3):
        (tmp_path / f"{number}.png").write_bytes(png_bytes(photo))
    added = []

    def header_of(path, inside):
        folder.cancel()  # while the list is made
        return Probe("PNG", 1, 1, False)

    studio = SimpleNamespace(
        apart=SimpleNamespace(header_of=header_of),
        scratch=SimpleNamespace(folder=lambda name: tmp_path),
        new_number=lambda: 1,
        add=lambda name, *_, **__: added.append(name),
    )
    folder = folders.Folder(studio, str(tmp_path), None)
    folder.list_pictures()
    wait_until(lambda: len(added) == 3)


def test_an_archive_that_is_damaged_at_its_end_gives_what_comes_before(served, photo):
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w") as archive:
        archive.writestr("a.png", png_bytes(photo))
        archive.writestr("b.png", png_bytes(photo[::-1]))
    data = bytearray(buffer.getvalue())
    second = data.rfind(b"PK\x03\x04")
    data[second + 200] ^= 255
    answer = served.call("POST", "/api/pictures?name=all.zip", bytes(data))
    assert answer.status == 200 and len(answer.json["taken"]) == 1
    assert len(answer.json["refused"]) == 1 and "damaged" in answer.json["refused"][0]


def test_an_archive_with_an_entry_without_a_name_gives_the_others(served, photo):
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w") as archive:
        archive.writestr("a.png", png_bytes(photo))
        archive.writestr("?.png", png_bytes(photo[::-1]))
    data = buffer.getvalue().replace(b"?.png", b"\0.png")  # where a name ends
    answer = served.call("POST", "/api/pictures?name=all.zip", data)
    assert answer.status == 200 and len(answer.json["taken"]) == 2


# What is cut off, and what is taken out, must not make parts that lead elsewhere.
TRICKS = st.text(st.sampled_from("ab./\\\0: \u202e\ud800"), max_size=40)
LONG = st.integers(0, 1000).map(lambda n: "b" * n)


@given(st.lists(TRICKS | LONG, max_size=8).map("".join), st.sampled_from(["png", "webp"]))
@example("z../" + "b" * 957, "png")
@example("z../" + 3 * ("b" * 240 + "/") + "c" * 234, "png")
@example(12 * "x" + "../" + 3 * ("b" * 240 + "/") + "c" * 221 + ".png", "png")
@example("a/" * 100_000, "png")
@example("a/.\0./.\0./etc/x.png", "png")
def test_no_name_leads_out_of_its_folder(name, kind):
    safe = uploads.safe_name(name)
    for found in (safe, uploads.given_name(name), uploads.safe_name(result_name(safe, f".{kind}"))):
        assert not {"", ".", ".."} & set(found.split("/")) and "\0" not in found and len(found) <= 960


def test_settings_for_many_are_one_change(tmp_path, monkeypatch):
    """What is stale of thousands of pictures is given up at once, and no folder is made before a job begins."""
    canceled, submitted = [], []

    class Workshop:
        def __init__(self, *_):
            pass

        def submit(self, job, urgency):
            submitted.append(job)

        def cancel(self, numbers):
            canceled.append(numbers)

    monkeypatch.setattr(studios, "Workshop", Workshop)
    with Scratch(tmp_path) as scratch:
        studio = studios.Studio(scratch, Resources(1, 1 << 30, strict=False), max_pixels=1 << 20)
        for number in range(100):
            place = scratch.folder(f"p{number}")
            studio.add(f"{number}.png", str(place / "picture.png"), Probe("PNG", 9, 9, False), 9, place)
        before = len(submitted)
        studio.choose({"n_colors": 9})
        assert len(canceled) == 1 and len(canceled[0]) == before == len(submitted) / 2
        assert not [path for path in scratch.root.rglob("*") if path.parent != scratch.root]


@pytest.mark.parametrize("kind", ["compress", "show"])
@pytest.mark.parametrize("how", ["dropped", "done"])
def test_what_is_written_after_a_picture_was_removed_goes_too(tmp_path, monkeypatch, kind, how):
    submitted, told = [], {}

    class Workshop:
        def __init__(self, _, on_done, __, on_dropped):
            told["done"] = lambda job: on_done(job, FileOutcome(job, "compressed", job.folder))
            told["dropped"] = on_dropped

        def submit(self, job, urgency):
            submitted.append(job)

        def cancel(self, numbers):
            pass

    monkeypatch.setattr(studios, "Workshop", Workshop)
    with Scratch(tmp_path) as scratch:
        studio = studios.Studio(scratch, Resources(1, 1 << 30, strict=False), max_pixels=1 << 20)
        place = scratch.folder("place")
        picture = studio.add("a.png", str(place / "picture.png"), Probe("PNG", 9, 9, False), 9, place)
        made = replace(submitted[-1], kind=kind)
        studio.remove(picture.id)
        Path(made.folder).mkdir(parents=True)
        told[how](made)
        assert not place.exists()


def test_thousands_of_one_name_get_numbers():
    names = streams.unique_names(["a.png"] * 30_000)  # all tried from 1 each, this would take minutes
    assert names[:3] == ["a.png", "a-2.png", "a-3.png"] and names[-1] == "a-30000.png"
    assert len(set(names)) == 30_000


def test_a_temporary_folder_that_has_gone_is_no_trouble_in_the_end(tmp_path):
    assert remove_soon(tmp_path / "gone") is None
