"""A real browser for the tests of the page."""

import os
import shutil

import pytest

from web.pages import PATIENCE

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
