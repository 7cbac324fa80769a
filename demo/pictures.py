"""Draws all pictures of the documentation: run it by ``make pictures``.

docs/first-look.webp is the README's: two pictures, the program's default beside pngquant at the same bytes. Its figures
go to docs/first-look.json, which a test holds against the engine. The photograph ships inside scikit-image; its author,
Rachel Michetti, gave it away under CC0. The pngquant program has to be installed; nothing of it is used but its output.
"""

from __future__ import annotations

import io
import json
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
from PIL import Image, ImageDraw, ImageFont

import huepress
import scenes
import segments_picture
import served_page

DOCS = Path(__file__).parents[1] / "docs"
WIDTH, GAP, LINE = 420, 12, 26
Pixels = npt.NDArray[np.uint8]


def png(pixels: Pixels) -> bytes:
    buffer = io.BytesIO()
    Image.fromarray(pixels).save(buffer, "PNG", optimize=True)
    return buffer.getvalue()


def pngquant_within(original: bytes, n_bytes: int) -> bytes:
    """Return the best by score of pngquant's files within so many bytes: any number of colors, dithered or not."""
    best, best_score = b"", -np.inf
    for n_colors in (2, 3, 4, 6, 8, *range(10, 32, 2), *range(32, 64, 4), *range(64, 257, 8)):
        for dithering in ([], ["--nofs"]):
            command = ["pngquant", "--speed", "1", *dithering, str(n_colors), "-"]
            made = subprocess.run(command, input=original, capture_output=True, check=True).stdout
            if len(made) <= n_bytes:
                score = huepress.score(original, made).ssimulacra2
                if score > best_score:
                    best, best_score = made, score
    return best


def told(original: bytes, made: bytes) -> dict[str, Any]:
    score = huepress.score(original, made)
    return {"bytes": len(made), "score": round(score.ssimulacra2, 1), "words": score.words}


def first_look() -> dict[str, dict[str, Any]]:
    """Draw the README's picture, and return its figures."""
    from skimage import data

    rows: list[list[tuple[str, bytes, dict[str, Any]]]] = []
    figures: dict[str, dict[str, Any]] = {}
    for name, pixels in (("screen", scenes.screen()), ("coffee", data.coffee())):
        original = png(pixels)
        ours = bytes(huepress.compress(original))
        facts = told(original, ours)
        theirs = pngquant_within(original, len(ours))
        peer = told(original, theirs)
        figures[name] = {"original": {"bytes": len(original)}, "huepress": facts, "pngquant": peer}
        row = [("original", original, {"bytes": len(original)}), ("huepress, by default", ours, facts)]
        rows.append([*row, ("pngquant, same bytes", theirs, peer)])
    draw(rows)
    (DOCS / "first-look.json").write_text(json.dumps(figures, indent=1) + "\n")
    return figures


def draw(rows: list[list[tuple[str, bytes, dict[str, Any]]]]) -> None:
    """Put a detail of each picture side by side, not resampled, with what it takes below."""
    height = 280
    sheet = Image.new("RGB", (3 * WIDTH + 2 * GAP, len(rows) * (height + 2 * LINE + GAP)), "white")
    pen, font = ImageDraw.Draw(sheet), ImageFont.load_default(18)
    for line, row in enumerate(rows):
        top = line * (height + 2 * LINE + GAP)
        for column, (label, data, facts) in enumerate(row):
            left = column * (WIDTH + GAP)
            with Image.open(io.BytesIO(data)) as image:
                x, y = (image.width - WIDTH) // 2, (image.height - height) // 2
                sheet.paste(image.convert("RGB").crop((x, y, x + WIDTH, y + height)), (left, top))
            pen.text((left, top + height + 4), label, "black", font)
            score = f", score {facts['score']:.1f} ({facts['words']})" if "score" in facts else ""
            pen.text((left, top + height + LINE), f"{facts['bytes'] / 1000:.1f} kB{score}", "black", font)
    sheet.save(DOCS / "first-look.webp", lossless=True, method=6)  # as it is: fewer colors would change what is shown


def comparison_page() -> None:
    """Take a picture of the comparison page, where there is a browser to show it."""
    browser = shutil.which("chromium")
    try:
        from playwright.sync_api import sync_playwright
    except ImportError:
        browser = None
    if browser is None:
        print("docs/compare-page.png stays: it needs Playwright and chromium")
        return
    with tempfile.TemporaryDirectory() as folder, sync_playwright() as started:
        page_file = Path(folder) / "page.html"
        page_file.write_bytes(huepress.compare(png(scenes.spheres()), ["auto", 8, 16, 32], name="spheres.png").page())
        page = started.chromium.launch(executable_path=browser, args=["--no-sandbox"]).new_page(
            viewport={"width": 1100, "height": 800}
        )
        page.goto(page_file.as_uri())
        page.get_by_role("button", name="Difference").click()
        shot = page.screenshot()
    huepress.compress(shot).save(DOCS / "compare-page.png", overwrite=True)


def main() -> None:
    if shutil.which("pngquant") is None:
        sys.exit("pngquant is not installed; Debian: apt install pngquant")
    print(json.dumps(first_look(), indent=1))
    spheres = png(scenes.spheres())
    huepress.compare(spheres, [16, 64, 256], name="spheres.png").save(DOCS / "compare-spheres.png", overwrite=True)
    segments_picture.main()
    comparison_page()
    served_page.main()


if __name__ == "__main__":
    main()
