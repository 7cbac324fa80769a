"""Takes a picture of the page of `huepress serve`, where there is a browser to show it."""

from __future__ import annotations

import io
import shutil
import signal
import subprocess
import sys
import tempfile
from pathlib import Path

from PIL import Image

import huepress
import scenes

DOCS = Path(__file__).parents[1] / "docs"
PROGRAM = Path(sys.executable).parent / "huepress"


def main() -> None:
    browser = shutil.which("chromium")
    try:
        from playwright.sync_api import sync_playwright
    except ImportError:
        browser = None
    if browser is None:
        print("docs/serve-page.png stays: it needs Playwright and chromium")
        return
    with tempfile.TemporaryDirectory() as folder, sync_playwright() as started:
        pictures = {"spheres.png": scenes.spheres(), "sunset.png": scenes.sunset(), "badge.png": scenes.badge()}
        for name, pixels in pictures.items():
            Image.fromarray(pixels).save(Path(folder) / name, "PNG", optimize=True)
        server = subprocess.Popen([str(PROGRAM), "serve", "--no-open"], stdout=subprocess.PIPE)
        assert server.stdout is not None
        page = started.chromium.launch(executable_path=browser, args=["--no-sandbox"]).new_page(
            viewport={"width": 1200, "height": 700}
        )
        page.set_default_timeout(300_000)
        page.goto(server.stdout.readline().decode().strip())
        for number, name in enumerate(pictures):  # in this order
            page.set_input_files("#files", str(Path(folder) / name))
            page.locator("#rows tbody tr").nth(number).wait_for()
        for number in range(len(pictures)):
            page.locator("#rows progress").nth(number).wait_for(state="hidden")
        shot = page.screenshot()
        server.send_signal(signal.SIGINT)
        server.wait()
    with Image.open(io.BytesIO(shot)) as image:
        assert image.size == (1200, 700)
    huepress.compress(shot).save(DOCS / "serve-page.png", overwrite=True)


if __name__ == "__main__":
    main()
