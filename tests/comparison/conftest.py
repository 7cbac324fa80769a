"""A real browser: Chromium without a window, driven by Playwright (extra ``browser-test``)."""

import os
import shutil

import pytest

CHROMIUM = os.environ.get("CHROMIUM") or shutil.which("chromium") or shutil.which("chromium-browser")


@pytest.fixture(scope="module")
def browser():
    playwright = pytest.importorskip("playwright.sync_api", reason="Playwright is not installed (extra browser-test)")
    if CHROMIUM is None:
        pytest.skip("there is no chromium program (Debian: apt install chromium)")
    with playwright.sync_playwright() as started:
        # No sandbox: containers have no rights to build one; the page is our own.
        yield started.chromium.launch(executable_path=CHROMIUM, args=["--no-sandbox"])


@pytest.fixture
def open_file(browser):
    """Open a page with options of a browser context; in the end no error and no request may have been seen."""
    contexts, complaints = [], []

    def open_it(file, **options):
        context = browser.new_context(**{"viewport": {"width": 1200, "height": 900}, "offline": True, **options})
        contexts.append(context)
        page = context.new_page()
        page.set_default_timeout(10_000)
        page.on("console", lambda message: complaints.append(message.text))
        page.on("pageerror", lambda error: complaints.append(str(error)))
        page.on("request", lambda r: r.url.startswith(("file:", "data:")) or complaints.append(r.url))
        page.goto(file.as_uri())
        return page

    yield open_it
    for context in contexts:
        context.close()
    assert complaints == []
