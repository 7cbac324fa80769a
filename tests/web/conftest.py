"""Pages of the server in a real browser."""

import pytest

from web.pages import PATIENCE


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
