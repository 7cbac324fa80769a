"""The main job on real pictures: renders and collects some, compresses them, ends with one page to look at.

Run by ``make demo``; everything it writes goes to demo/output.
"""

from __future__ import annotations

import os
import subprocess
import sys
import time
from pathlib import Path

import numpy as np
from PIL import Image

import scenes

OUTPUT = Path(__file__).parent / "output"
PROGRAM = Path(sys.executable).parent / "huepress"


def photographs() -> dict[str, np.ndarray]:
    """Return the photographs that ship inside scikit-image, where it is installed."""
    try:
        from skimage import data
    except ImportError:
        return {}
    return {"astronaut": data.astronaut(), "coffee": data.coffee(), "cat": data.chelsea()}


def main() -> None:
    started = time.monotonic()
    print("Drawing the pictures ...", flush=True)
    pictures = {"spheres": scenes.spheres(), "sunset": scenes.sunset(), "badge": scenes.badge(), **photographs()}
    originals = OUTPUT / "originals"
    originals.mkdir(parents=True, exist_ok=True)
    for name, pixels in pictures.items():
        Image.fromarray(pixels).save(originals / f"{name}.png", optimize=True)
    files = [str(originals / f"{name}.png") for name in pictures]
    page = OUTPUT / "index.html"
    for why, arguments in (
        (
            "Making them small, the way the program does by itself",
            ["compress", *files, "-o", str(OUTPUT / "compressed")],
        ),
        ("Comparing that with 8, 16 and 32 colors", ["compare", *files, "-k", "auto,8,16,32", "-o", str(page), "-q"]),
        (
            "Cutting them into segments",
            ["segment", *files, "-k", "6", "-o", str(OUTPUT / "segments"), "--layers", "-q"],
        ),
    ):
        told = [each.replace(str(OUTPUT), "demo/output") for each in arguments]
        print(f"\n{why}:\n$ huepress {' '.join(told)} --force", flush=True)
        subprocess.run([str(PROGRAM), *arguments, "--force"], check=True)
    own = os.path.relpath(PROGRAM)
    print(
        f"""
Done in {time.monotonic() - started:.0f} seconds. Open this page: every picture with a slider, the default first

    {page.resolve().as_uri()}

Small files: {OUTPUT / "compressed"}; segments: {OUTPUT / "segments"}. Next, with a picture of yours:

    {own} photo.png                                # photo-huepress.png: small, and it looks the same
    {own} photo.png --quality 70 --resize 1600     # the fewest bytes with "high" quality, for a page
    {own} compare photo.png -o page.html --show    # versions of it beside the original
"""
    )


if __name__ == "__main__":
    main()
