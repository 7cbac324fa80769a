"""The page that compresses pictures in the browser, in a real one: the program's very bytes, and nobody is asked."""

import functools
import http.server
import threading

import numpy as np
import pytest
from PIL import Image

import huepress
from stills import PICTURES
from wasm.test_package import why_not

pytestmark = pytest.mark.skipif(bool(why_not()), reason=why_not())
PATIENCE = 300_000.0  # milliseconds: only what never comes takes so long


@pytest.fixture(params=["served", "from the disk"])
def address(request, site):
    if request.param == "from the disk":
        yield (site / "try.html").as_uri()
        return

    class Quiet(http.server.SimpleHTTPRequestHandler):
        def log_message(self, *_):
            pass

    server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), functools.partial(Quiet, directory=site))
    threading.Thread(target=server.serve_forever).start()
    yield f"http://127.0.0.1:{server.server_port}/try.html"
    server.shutdown()
    server.server_close()


@pytest.fixture
def page(browser, address):
    """The page, loaded; in the end no error and no request but for its own blobs may have been seen."""
    context, complaints = browser.new_context(viewport={"width": 1000, "height": 900}), []
    page = context.new_page()
    page.set_default_timeout(PATIENCE)
    page.on("console", lambda message: complaints.append(message.text))
    page.on("pageerror", lambda error: complaints.append(str(error)))
    page.goto(address)
    page.wait_for_load_state("networkidle")
    page.on("request", lambda request: request.url.startswith("blob:") or complaints.append(request.url))
    yield page
    context.close()
    assert complaints == []


def saved(page):
    """Wait until the work is done, and return the file that is saved."""
    page.wait_for_function(
        "!document.getElementById('try-done').hidden && document.getElementById('try-progress').hidden"
    )
    with page.expect_download() as download:
        page.click("#try-save")
    return download.value.suggested_filename, download.value.path().read_bytes()


@pytest.mark.parametrize("name", ["photo", "halo", "holes"])
def test_the_file_is_the_programs(page, tmp_path, name):
    path = tmp_path / f"{name}.png"
    rgba = PICTURES[name]
    Image.fromarray(rgba if (rgba[:, :, 3] < 255).any() else np.ascontiguousarray(rgba[:, :, :3])).save(path)
    page.set_input_files("#try-file", path)
    file_name, data = saved(page)
    command = page.inner_text("#try-command").split()
    assert command[:3] == ["huepress", "compress", f"{name}.png"]
    asked = dict(zip(command[3::2], command[4::2], strict=True))
    assert file_name == f"{name}-{asked['-k']}.png"
    expected = huepress.compress(path, int(asked["-k"]), effort=int(asked["--effort"]), png_writer="core", strip="all")
    assert data == expected.encoded.data


def test_keys_alone_will_do_and_errors_are_told(page, tmp_path):
    """The sample by Enter, fewer colors and less effort by arrows; a text is no picture."""
    page.focus("#try-sample")
    page.keyboard.press("Enter")
    _, before = saved(page)
    page.focus("#try-effort")
    page.keyboard.press("Home")
    page.focus("#try-colors")
    page.keyboard.press("Home")
    page.wait_for_function("document.getElementById('try-command').textContent.includes('-k 2 --effort 0')")
    name, after = saved(page)
    assert name == "spheres-2.png" and len(after) < len(before)
    assert page.get_attribute("#try-palette", "aria-label") == "The palette's 2 colors"
    (tmp_path / "notes.txt").write_text("no picture")
    page.set_input_files("#try-file", tmp_path / "notes.txt")
    page.wait_for_selector("#try-status.is-error")
    assert "choose a PNG, JPEG, WebP or GIF" in page.inner_text("#try-status")


def test_a_phone_has_no_sideways_scrolling(page):
    page.set_viewport_size({"width": 360, "height": 740})
    page.click("#try-sample")
    saved(page)
    assert page.evaluate("document.documentElement.scrollWidth") <= 360


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_everybody_can_use_it(browser, site, scheme):
    axe = pytest.importorskip(
        "axe_playwright_python.sync_playwright", reason="axe-playwright-python is not installed (extra browser-test)"
    )
    context = browser.new_context(color_scheme=scheme)
    page = context.new_page()
    page.set_default_timeout(PATIENCE)
    page.goto((site / "try.html").as_uri())
    page.click("#try-sample")
    saved(page)
    found = axe.Axe().run(page, context="#try")
    context.close()
    assert found.violations_count == 0, found.generate_report()
