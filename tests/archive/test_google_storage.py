"""Trees in Google's object store, against an emulator: `pip install gcsfs gcp-storage-emulator` runs this."""

import json
import os

import pytest

from archive.servers import google_storage
from archive.trees import images_of
from conftest import png_bytes

for module in ("gcsfs", "gcp_storage_emulator"):
    pytest.importorskip(module)

NAMES = ("a.png", "deep/ü b.png", "c+d.png", "50%.png", "e#f.png", "g?h.png", "x[1].png")


@pytest.fixture
def google(monkeypatch):
    for name in [name for name in os.environ if name.startswith(("GOOGLE_", "GCSFS_"))]:
        monkeypatch.delenv(name)
    with google_storage() as started:
        for name, value in started.environment.items():
            monkeypatch.setenv(name, value)
        yield started


def test_from_bucket_to_bucket_as_on_the_disk(run, google, photo, tmp_path):
    google.bucket("shop")
    google.bucket("site")
    for number, name in enumerate(NAMES):
        path = tmp_path / "src" / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(png_bytes(photo[number : number + 60, :80]))
    google.put("shop", "pictures/deep/", b"-")  # the emulator takes nothing empty
    assert run("compress", "-r", "src", "-o", "dst", "-k", 8).returncode == 0
    up = run("compress", "-r", "src", "-o", "gs://shop/pictures", "-k", 8)
    assert up.returncode == 0 and up.stderr == b"", up.stderr
    call = ("compress", "-r", "gs://shop/pictures", "-o", "gs://site/small", "-k", 8, "--copy-others")
    assert run(*call).returncode == 0
    google.put("site", "small/a.png", b"somebody's own")
    again = run(*call, "--json")
    assert again.returncode == 1 and again.stderr.count(b"\n") == 1 and b"a.png: exists already" in again.stderr
    rows = {row["input"]: row for row in map(json.loads, again.stdout.splitlines())}
    assert {name for name, row in rows.items() if row["unchanged"]} == set(NAMES) - {"a.png"}
    assert run(*call, "--force").returncode == 0
    assert run("compress", "-r", "gs://site/small", "-o", "down", "-k", 8).returncode == 0
    assert images_of(tmp_path / "down") == images_of(tmp_path / "dst")
    assert google.content_type("site", "small/a.png") == "image/png"


@pytest.mark.parametrize(
    ("source", "output", "code", "says"),
    [
        ("gs://shop/none", "dst", 3, "no files there; check the URL"),
        ("gs://no-such/pictures", "dst", 3, "cannot be listed (not found); check the name"),
        ("src", "gs://no-such/small", 5, "cannot be listed (not found); check the name"),
    ],
)
def test_places_that_are_not_there(run, google, photo_file, tmp_path, source, output, code, says):
    google.bucket("shop")
    (tmp_path / "src").mkdir()
    photo_file.rename(tmp_path / "src" / "a.png")
    done = run("compress", "-r", source, "-o", output)
    assert done.returncode == code and says in done.stderr.decode() and done.stderr.count(b"\n") == 1
    assert not (tmp_path / "dst").exists()
