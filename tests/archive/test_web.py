"""Pictures behind https://, from the installed program and against a server with index pages."""

import io

import pytest
from PIL import Image

from archive.servers import web_server
from archive.trees import files_of, images_of
from conftest import png_bytes

for module in ("aiohttp", "fsspec", "trustme"):
    pytest.importorskip(module)

NAMES = ("a.png", "deep/ü b.png", "deep/er/c+d.png", "50%25.png", "e#f.png", "g?h.png", "i&amp;j.png", "k'l.png")


@pytest.fixture
def web(photo, tmp_path):
    """A server of a tree of pictures, and of what one finds in the web beside them."""
    for number, name in enumerate((*NAMES, "skip/m.png", "deep/notes.txt")):
        path = tmp_path / "site" / "pictures" / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(png_bytes(photo[number : number + 60, :80]) if name.endswith("png") else b"words")
    (tmp_path / "site" / "outside.png").write_bytes(b"not below the folder")
    with web_server(tmp_path / "site", tmp_path / "certificates.pem") as started:
        yield started


def test_a_tree_as_on_the_disk(run, web, tmp_path):
    assert run("compress", "-r", "site/pictures", "-o", "dst", "-k", 8, "--exclude", "skip").returncode == 0
    call = ("compress", "-r", f"{web.url}/pictures/", "-o", "down", "-k", 8, "--exclude", "skip")
    done = run(*call, env=web.environment)
    assert done.returncode == 0 and done.stderr == b"", done.stderr
    assert images_of(tmp_path / "down") == images_of(tmp_path / "dst")
    assert images_of(tmp_path / "down").keys() == set(NAMES)
    assert not [path for path in web.asked if path.startswith("/pictures/skip/")]
    again = run(*call, "--json", env=web.environment)
    assert again.stdout.count(b'"unchanged": true') == len(NAMES)


def test_links_of_all_kinds(run, web, tmp_path):
    web.pages["/pictures/"] = 200, """
        <a href="?C=N;O=D">Name</a> <a href="#top">Top</a> <a href="../">Up</a> <a href="/">Home</a>
        <a href="/outside.png">Beside</a> <a href="https://127.0.0.2/b.png">Elsewhere</a>
        <a href="./a.png">Here</a> <a href="a.png?download=1">Same</a> <a href="/pictures/k'l.png">Whole path</a>
        <a href="deep/er/">Two levels</a> <a href="forbidden/">No entry</a>
        <a href="..%2f..%2fout.png">Out</a> <a href="%2e%2e%2f/">Out</a>
    """.replace("k'l", "k%27l")  # fmt: skip
    web.pages["/pictures/forbidden/"] = 403, "no"
    done = run("compress", "-r", f"{web.url}/pictures", "-o", "inner/down", env=web.environment)
    assert done.returncode == 1
    told = done.stderr.decode().splitlines()
    assert sum("no folder can hold such a name" in line for line in told) == 2
    assert sum("pictures/forbidden: cannot be listed (403" in line for line in told) == 1 and len(told) == 3
    assert images_of(tmp_path / "inner" / "down").keys() == {"a.png", "k'l.png", "deep/er/c+d.png"}
    assert not [path for path in web.asked if path.startswith(("/outside", "/?"))]


def test_single_files(run, web, tmp_path):
    frames = [Image.new("RGB", (40, 30), color) for color in ("red", "blue")]
    moving = io.BytesIO()
    frames[0].save(moving, "GIF", save_all=True, append_images=frames[1:])
    (tmp_path / "site" / "moving.gif").write_bytes(moving.getvalue())
    urls = [f"{web.url}/{path}" for path in ("pictures/a.png?x=1/2.gif", "pictures/deep/%C3%BC%20b.png", "moving.gif")]
    done = run("compress", *urls, "-k", 8, env=web.environment)
    assert done.returncode == 0, done.stderr
    made = {path.name: path.read_bytes() for path in tmp_path.glob("*-huepress*")}
    local = run(
        "compress", "site/pictures/a.png", "site/pictures/deep/ü b.png", "site/moving.gif", "-k", 8, "-o", "dst"
    )
    assert local.returncode == 0, local.stderr
    assert made == files_of(tmp_path / "dst") and len(made) == 3
    assert "/pictures/a.png?x=1/2.gif" in web.asked


@pytest.mark.parametrize(
    ("arguments", "code", "says"),
    [
        (["{url}/none.png"], 3, "none.png: cannot be read (not found); check the name"),
        (["-r", "{url}/none/", "-o", "dst"], 3, "none/: cannot be listed (not found); check the name"),
        (["-r", "{url}/pictures/a.png", "-o", "dst"], 3, "check the"),
        (["-r", "pictures", "-o", "{url}/small"], 2, "can only be read; give -o a folder"),
        (["pictures/a.png", "-o", "{url}/small.png"], 2, "only trees go behind a URL"),
    ],
)
def test_errors_are_one_sentence(run, web, tmp_path, arguments, code, says):
    before = files_of(tmp_path)
    places = [each.format(url=web.url) for each in arguments]
    done = run("compress", *places, env=web.environment, cwd=tmp_path / "site")
    assert done.returncode == code and says in done.stderr.decode() and done.stderr.count(b"\n") == 1, done.stderr
    assert files_of(tmp_path) == before
    assert code != 2 or not web.asked


@pytest.mark.parametrize("arguments", [["{url}/pictures/a.png"], ["-r", "{url}/pictures/", "-o", "dst"]])
def test_a_certificate_that_nobody_vouches_for_is_refused(run, web, tmp_path, arguments):
    before = files_of(tmp_path)
    done = run("compress", *(each.format(url=web.url) for each in arguments), env={"SSL_CERT_FILE": ""})
    assert done.returncode == 3 and done.stderr.count(b"\n") == 1
    assert b"certificate" in done.stderr and b"in SSL_CERT_FILE" in done.stderr
    assert files_of(tmp_path) == before and not web.asked


def test_answers_that_never_end_are_left(run, web, tmp_path):
    web.endless = lambda path: path == "/endless/"
    done = run("compress", "-r", f"{web.url}/endless/", "-o", "dst", env=web.environment)
    assert done.returncode == 3 and done.stderr.count(b"\n") == 1, done.stderr
    assert b"more than 67,108,864 bytes" in done.stderr and b"one by one" in done.stderr


def test_folders_without_end_are_left(run, web, tmp_path, photo):
    class Endless(dict):
        def __contains__(self, path):
            return path.startswith("/maze/") and path.endswith("/")

        def __getitem__(self, path):
            return 200, '<a href="deeper/">Deeper</a> <a href="a.png">A</a>'

    for depth in range(40):
        folder = tmp_path / "site" / "maze" / "/".join(["deeper"] * depth)
        folder.mkdir(parents=True, exist_ok=True)
        (folder / "a.png").write_bytes(png_bytes(photo[:20, :30]))
    web.pages = Endless()
    done = run("compress", "-r", f"{web.url}/maze/", "-o", "dst", "-k", 4, env=web.environment)
    assert done.returncode == 1 and b"32 folders deep" in done.stderr, done.stderr
    assert len(images_of(tmp_path / "dst")) == 33
