"""Pages of comparisons in a real browser."""

import pytest


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
