"""Trees in an object store, from the installed program and against a server."""

import fcntl
import json
import os
import subprocess
import sys

import pytest

from archive.servers import object_store
from archive.trees import files_of, images_of
from conftest import HANG, killed_after_its_first_row, png_bytes

for module in ("boto3", "moto", "s3fs"):
    pytest.importorskip(module)

NAMES = ("a.png", "deep/ü b.png", "deep/c+d.png", "deep/50%.png", "%41.png", "deep/e#f.png", "g?h.png", "x[1].png")


@pytest.fixture(scope="module")
def server():
    with object_store() as started:
        yield started


@pytest.fixture
def store(server, monkeypatch):
    """The server with nothing in it; programs that are run find it."""
    server.clear()
    for name in [name for name in os.environ if name.startswith("AWS_")]:
        monkeypatch.delenv(name)
    for name, value in server.environment.items():
        monkeypatch.setenv(name, value)
    return server


@pytest.fixture
def pictures(photo):
    return {name: png_bytes(photo[number : number + 60, :80]) for number, name in enumerate(NAMES)}


def write(folder, files):
    for name, data in files.items():
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / name).write_bytes(data)


def in_bucket(files):
    return {f"pictures/{name}": data for name, data in files.items()}


def test_from_bucket_to_bucket_as_on_the_disk(run, store, pictures, tmp_path):
    others = {"notes.txt": b"words", "deep/.huepress-ledger/0-0": b"of another run"}
    markers = {"pictures/": b"", "pictures/deep/": b"", "pictures2/z.png": b"beside the folder"}
    store.bucket("shop", in_bucket(pictures | others) | markers)
    store.bucket("site")
    write(tmp_path / "src", pictures | {"notes.txt": b"words"})
    assert run("compress", "-r", "src", "-o", "dst", "-k", 8, "--copy-others").returncode == 0
    call = ("compress", "-r", "s3://shop/pictures", "-o", "s3://site/small", "-k", 8, "--copy-others")
    done = run(*call)
    assert done.returncode == 0 and done.stderr == b""
    assert store.objects("site", "small/") == images_of(tmp_path / "dst")
    assert store.client.head_object(Bucket="site", Key="small/a.png")["ContentType"] == "image/png"

    store.client.put_object(Bucket="site", Key="small/a.png", Body=b"somebody's own")
    before = store.written("site")
    again = run(*call, "--json")
    assert again.returncode == 1 and again.stderr.count(b"\n") == 1 and b"a.png: exists already" in again.stderr
    rows = {row["input"]: row for row in map(json.loads, again.stdout.splitlines())}
    assert {name for name, row in rows.items() if row["unchanged"]} == (set(NAMES) | {"notes.txt"}) - {"a.png"}
    after = store.written("site")
    new = {key for key in after if after[key] != before.get(key)}
    assert not {key for key in new if ".huepress-ledger" not in key}
    assert store.read("site", "small/a.png") == b"somebody's own"

    assert run(*call, "--force").returncode == 0
    assert store.objects("site", "small/") == images_of(tmp_path / "dst")


def test_to_the_disk_and_back(run, store, pictures, tmp_path):
    store.bucket("shop", in_bucket(pictures))
    write(tmp_path / "src", pictures)
    for source, output in (("src", "dst"), ("s3://shop/pictures", "down"), ("src", "s3://shop/up")):
        done = run("compress", "-r", source, "-o", output, "-k", 8, "-j", 1)
        assert done.returncode == 0, done.stderr
    assert images_of(tmp_path / "down") == images_of(tmp_path / "dst") == store.objects("shop", "up/")
    single = run("compress", "s3://shop/pictures/g?h.png", "-k", 8)
    assert single.returncode == 0, single.stderr
    assert run("compress", "src/g?h.png", "-o", "here.png", "-k", 8).returncode == 0
    assert (tmp_path / "g?h-huepress.png").read_bytes() == (tmp_path / "here.png").read_bytes()


def test_output_inside_the_input_is_no_input(run, store, pictures):
    store.bucket("shop", in_bucket({"a.png": pictures["a.png"]}))
    call = ("compress", "-r", "s3://shop/pictures", "-o", "s3://shop/pictures/small", "-k", 8)
    assert run(*call).returncode == 0
    assert "1 compressed" in run(*call).stdout.decode()
    assert not store.objects("shop", "pictures/small/small/")
    around = run("compress", "-r", "s3://shop/pictures", "-o", "s3://shop", "--force")
    assert around.returncode == 2 and b"holds the input" in around.stderr


def test_names_that_lead_out_of_a_folder_are_refused(run, store, pictures, tmp_path):
    evil = {f"pictures/{name}": pictures["a.png"] for name in ("../../out.png", "deep/../../../out.png", "a//b.png")}
    store.bucket("shop", evil | {"pictures/fine.png": pictures["a.png"]})
    done = run("compress", "-r", "s3://shop/pictures", "-o", "inner/dst")
    assert done.returncode == 1 and done.stderr.count(b"no folder can hold such a name") == 3
    assert files_of(tmp_path).keys() == {"inner/dst/fine.png", "inner/dst/.huepress-ledger"}


@pytest.mark.parametrize(
    ("source", "output", "code", "says"),
    [
        ("s3://shop/none", "dst", 3, "s3://shop/none: no files there; check the URL"),
        ("s3://shop/marker", "dst", 3, "no files there"),
        ("s3://shop/pictures/a.png", "dst", 3, "a file, not a folder; give its name alone"),
        ("s3://no-such/pictures", "dst", 3, "bucket does not exist); check the name"),
        ("src", "s3://no-such/small", 5, "bucket does not exist); check the name"),
    ],
)
def test_places_that_are_not_there(run, store, pictures, tmp_path, source, output, code, says):
    store.bucket("shop", in_bucket({"a.png": pictures["a.png"]}) | {"marker/": b""})
    write(tmp_path / "src", {"a.png": pictures["a.png"], "b.png": pictures["a.png"]})
    done = run("compress", "-r", source, "-o", output)
    assert done.returncode == code and says in done.stderr.decode() and done.stderr.count(b"\n") == 1
    assert files_of(tmp_path).keys() == {"src/a.png", "src/b.png"}
    assert [bucket["Name"] for bucket in store.client.list_buckets()["Buckets"]] == ["shop"]


@pytest.mark.parametrize(("key", "says"), [("", "credentials"), ("wrong", "Access Key Id")])
def test_credentials_that_do_not_open(run, store, pictures, tmp_path, monkeypatch, key, says):
    store.bucket("shop", in_bucket(pictures))
    write(tmp_path / "src", pictures)
    for name in ("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY"):
        monkeypatch.setenv(name, key) if key else monkeypatch.delenv(name)
    with store.asking_for_credentials():
        for source, output, code in (("s3://shop/pictures", "dst", 3), ("src", "s3://shop/small", 5)):
            done = run("compress", "-r", source, "-o", output, env={"AWS_SHARED_CREDENTIALS_FILE": os.devnull})
            assert done.returncode == code and says in done.stderr.decode() and done.stderr.count(b"\n") == 1


@pytest.mark.skipif(not hasattr(fcntl, "F_SETPIPE_SZ"), reason="the size of a pipe is set on Linux")
def test_a_killed_run_is_continued(huepress_program, run, store, photo, tmp_path):
    names = [f"{number}.png" for number in range(48)]
    many = {name: png_bytes(photo[number : number + 70, :90]) for number, name in enumerate(names)}
    store.bucket("shop", in_bucket(many))
    store.bucket("site")
    write(tmp_path / "src", many)
    assert run("compress", "-r", "src", "-o", "dst", "-k", 8).returncode == 0
    call = ("compress", "-r", "s3://shop/pictures", "-o", "s3://site/small", "-k", "8", "-j", "1", "--json")
    assert killed_after_its_first_row([str(huepress_program), *call], tmp_path)
    left = store.objects("site", "small/")
    assert 1 <= len(left) < len(names)
    assert left.items() <= images_of(tmp_path / "dst").items()
    again = run(*call)
    assert again.returncode == 0, again.stderr
    assert store.objects("site", "small/") == images_of(tmp_path / "dst")


def python(code):
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, timeout=HANG)
    assert done.returncode == 0, done.stderr.decode()
    assert done.stderr == b""


@pytest.mark.parametrize("url", ["s3://shop/small", "file://{folder}/small"])
def test_many_threads_publish(store, tmp_path, url):
    store.bucket("shop")
    python(f"""
from concurrent.futures import ThreadPoolExecutor
from huepress.storage import open_store
store = open_store({url.format(folder=tmp_path)!r})
names = [f"{{number % 5}}/{{number}}" for number in range(40)]
with ThreadPoolExecutor(8) as pool:
    list(pool.map(lambda name: store.publish(name.encode(), name, overwrite=False), names))
assert {{entry.name for entry in store.walk(lambda folder: True)}} == set(names)
assert all(store.read(name) == name.encode() for name in names)
""")


@pytest.mark.skipif(not hasattr(os, "fork"), reason="this system does not fork")
def test_a_forked_process_opens_its_own_connections(store):
    store.bucket("shop", {"a/b": b"words"})
    python("""
import os, signal, warnings
from huepress.storage import open_store
store = open_store("s3://shop/a")
assert store.read("b") == b"words"
warnings.simplefilter("ignore")  # a warning that threads and forks go ill together
child = os.fork()
if not child:
    signal.alarm(30)
    os._exit(0 if store.read("b") == b"words" else 1)
assert os.waitpid(child, 0)[1] == 0
assert store.read("b") == b"words"
""")
