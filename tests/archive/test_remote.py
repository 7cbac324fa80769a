"""Trees behind URLs: the same names and bytes as on the local disk."""

import json
import zipfile

import pytest

from conftest import png_bytes
from huepress.cli.main import run as run_here

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


def test_single_files_by_url(run, local):
    done = run("compress", f"file://{local}/src/a.png", "-k", 8)
    assert done.returncode == 0, done.stderr
    assert (local / "a-huepress.png").read_bytes() == (local / "dst" / "a.png").read_bytes()


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
