"""The server at work, and its pages in a real browser."""

import os

import pytest

from conftest import png_bytes
from web.pages import PATIENCE
from web.served import serving


@pytest.fixture
def served(huepress_program, tmp_path):
    """The program at work, its temporary files in a folder of their own."""
    home = tmp_path / "temporary"
    home.mkdir()
    with serving(huepress_program, cwd=tmp_path, env={**os.environ, "TMPDIR": str(home)}) as started:
        started.home = home
        yield started


@pytest.fixture
def open_page(browser):
    """Open an address; in the end no error, no broken policy and no request to anybody else may have been seen."""
    complaints = []

    def open_it(served, **options):
        context = browser.new_context(**{"viewport": {"width": 1200, "height": 900}, **options})
        served.before_its_end.append(context.close)
        page = context.new_page()
        page.set_default_timeout(PATIENCE)
        # A result that is replaced while its picture is fetched is missing for a moment: the page asks anew.
        page.on("console", lambda message: "404" in message.text or complaints.append(message.text))
        page.on("pageerror", lambda error: complaints.append(str(error)))
        page.on("request", lambda r: r.url.startswith((served.origin, "blob:")) or complaints.append(r.url))
        page.goto(served.address)
        page.complaints = complaints
        return page

    yield open_it
    assert complaints == []


@pytest.fixture
def tree(tmp_path, photo, badge):
    """A folder with pictures, and links out of it."""
    outside = tmp_path / "outside"
    (outside / "deep").mkdir(parents=True)
    (outside / "secret.png").write_bytes(png_bytes(badge))
    (outside / "deep" / "a.png").write_bytes(png_bytes(badge))
    root = tmp_path / "pictures"
    (root / "sub").mkdir(parents=True)
    (root / "a.png").write_bytes(png_bytes(photo))
    (root / "sub" / "a.png").write_bytes(png_bytes(photo[::-1]))
    (root / "notes.txt").write_text("no picture")
    (root / "broken.png").write_bytes(b"no picture")
    (root / "link.png").symlink_to(outside / "secret.png")
    (root / "linked").symlink_to(outside / "deep")
    return root
