"""What people do on the page."""

import base64

PATIENCE = 300_000.0  # milliseconds: only what never comes takes so long


def drop(page, folder, names):
    """Drop files onto the page as a mouse does."""
    files = [[name, base64.b64encode((folder / name).read_bytes()).decode()] for name in names]
    page.evaluate(
        """(files) => {
          const data = new DataTransfer();
          for (const [name, text] of files) {
            const bytes = Uint8Array.from(atob(text), (each) => each.charCodeAt(0));
            data.items.add(new File([bytes], name));
          }
          document.dispatchEvent(new DragEvent("drop", { dataTransfer: data, bubbles: true, cancelable: true }));
        }""",
        files,
    )


def row(page, name):
    return page.locator("#rows tbody tr", has=page.get_by_text(name, exact=True))


def all_done(page, n_rows):
    """Wait until so many rows are there and none is worked on."""
    page.locator("#rows tbody tr").nth(n_rows - 1).wait_for()
    for number in range(n_rows):
        page.locator("#rows tbody tr").nth(number).locator("progress").wait_for(state="hidden")
    page.get_by_text("still to do").wait_for(state="hidden")
