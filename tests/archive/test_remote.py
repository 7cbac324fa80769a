"""Trees behind URLs: the same names and bytes as on the local disk."""

import json
import time
import zipfile
from concurrent.futures import ThreadPoolExecutor

import pytest

from archive.trees import files_of
from conftest import png_bytes
from huepress.cli.main import run as run_here
from huepress.errors import HuepressError
from huepress.storage import open_store

fsspec = pytest.importorskip("fsspec")


@pytest.fixture
def local(run, photo, tmp_path):
    """A small tree and what a local run makes of it."""
    for number, name in enumerate(("a.png", "deep/ü b.png", "skip/c.png", "notes.txt")):
        path = tmp_path / "src" / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(png_bytes(photo[number : number + 60, :80]) if name.endswith("png") else b"words")
    assert run("compress", "-r", "src", "-o", "dst", "-k", 8, "--exclude", "skip", "--copy-others").returncode == 0
    return tmp_path


def contents(folder):
    found = {p.relative_to(folder).as_posix(): p.read_bytes() for p in folder.rglob("*") if p.is_file()}
    return {name: data for name, data in found.items() if not name.startswith(".huepress")}


def test_memory_to_memory(local, capfd):
    memory = fsspec.filesystem("memory")
    memory.store.clear()
    memory.put(str(local / "src"), "/in", recursive=True)
    call = ["compress", "-r", "memory://in", "-o", "memory://out", "-k", "8", "--exclude", "skip", "--copy-others"]
    assert run_here(call) == 0
    out = {path.removeprefix("/out/"): memory.cat_file(path) for path in memory.find("/out") if ".huepress" not in path}
    assert out == contents(local / "dst")
    capfd.readouterr()
    assert run_here([*call, "--json"]) == 0
    rows = [json.loads(line) for line in capfd.readouterr().out.splitlines()]
    assert [row["unchanged"] for row in rows if row["status"] == "compressed"] == [True, True]
    memory.pipe_file("/out/a.png", b"somebody's own")
    assert run_here(call) == 1 and "--force" in capfd.readouterr().err
    assert memory.cat_file("/out/a.png") == b"somebody's own"
    memory.store.clear()


def test_from_a_zip_archive(run, local):
    with zipfile.ZipFile(local / "pictures.zip", "w") as archive:
        for name, data in {p: (local / "src" / p).read_bytes() for p in contents(local / "src")}.items():
            archive.writestr(name, data)
    url = f"zip://::{local}/pictures.zip"
    done = run("compress", "-r", url, "-o", "unpacked", "-k", 8, "--exclude", "skip", "--copy-others")
    assert done.returncode == 0, done.stderr
    assert contents(local / "unpacked") == contents(local / "dst")
    refused = run("compress", "-r", "src", "-o", "zip://::new.zip")
    assert refused.returncode == 2 and b"only be read" in refused.stderr


def test_no_name_in_an_archive_leads_out_of_the_output(run, photo, tmp_path):
    with zipfile.ZipFile(tmp_path / "pictures.zip", "w") as archive:
        for name in ("fine.png", "../../out.png"):
            archive.writestr(name, png_bytes(photo))
    done = run("compress", "-r", f"zip://::{tmp_path}/pictures.zip", "-o", "inner/dst", "-k", 8)
    assert done.returncode == 1 and b"no folder can hold such a name" in done.stderr
    assert {path.name for path in tmp_path.rglob("*.png")} == {"fine.png"}


def test_file_systems_without_coroutines_serve_one_thread_at_a_time(monkeypatch):
    memory = fsspec.filesystem("memory")
    inside, most = [], []

    def pipe_file(self, path, value):
        inside.append(path)
        most.append(len(inside))
        time.sleep(0.002)
        inside.remove(path)

    monkeypatch.setattr(type(memory), "pipe_file", pipe_file)
    with ThreadPoolExecutor(8) as pool:
        stores = [open_store("memory://out"), open_store("memory://out/deep")]
        list(pool.map(lambda number: stores[number % 2].publish(b"", str(number), overwrite=True), range(40)))
    assert len(most) == 40 and set(most) == {1}


def test_a_file_that_cannot_be_looked_up_is_not_overwritten(monkeypatch):
    memory = fsspec.filesystem("memory")
    memory.pipe_file("/out/a.png", b"somebody's own")

    def forbidden(*arguments, **options):
        raise PermissionError("Forbidden")

    with monkeypatch.context() as patched:
        patched.setattr(type(memory), "info", forbidden)
        with pytest.raises(HuepressError, match="looked up"):
            open_store("memory://out").publish(b"new", "a.png", overwrite=False)
    assert memory.cat_file("/out/a.png") == b"somebody's own"
    memory.store.clear()


def test_single_files_by_url(run, local):
    done = run("compress", f"file://{local}/src/a.png", "-k", 8)
    assert done.returncode == 0, done.stderr
    assert (local / "a-huepress.png").read_bytes() == (local / "dst" / "a.png").read_bytes()


def test_a_tree_by_file_url_is_the_tree_itself(run, local):
    before = files_of(local / "dst")
    call = ("-k", 8, "--exclude", "skip", "--json")
    done = run("compress", "-r", f"file://{local}/src", "-o", f"file://{local}/dst", *call)
    assert done.returncode == 0 and done.stdout.count(b'"unchanged": true') == 2, done.stderr
    assert files_of(local / "dst") == before


@pytest.mark.parametrize(
    ("arguments", "code", "says"),
    [
        (["-r", "nonsense://x", "-o", "out"], 3, "nonsense"),
        (["-r", "memory://nothing", "-o", "out"], 3, "no files there"),
        (["-r", "memory://x", "--in-place"], 2, "in place"),
    ],
)
def test_errors_are_one_sentence(run, tmp_path, arguments, code, says):
    done = run("compress", *arguments)
    assert done.returncode == code and says in done.stderr.decode() and done.stderr.count(b"\n") == 1
    assert not list(tmp_path.iterdir())
