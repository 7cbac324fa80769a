"""The main job on real pictures: renders and collects some, compresses them, draws the sheets.

Run by ``make demo``; everything it writes goes to demo/output.
"""

from __future__ import annotations

import subprocess
import sys
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
    pictures = {"spheres": scenes.spheres(), "sunset": scenes.sunset(), "badge": scenes.badge(), **photographs()}
    originals = OUTPUT / "originals"
    originals.mkdir(parents=True, exist_ok=True)
    for name, pixels in pictures.items():
        Image.fromarray(pixels).save(originals / f"{name}.png", optimize=True)
    files = [str(originals / f"{name}.png") for name in pictures]
    for arguments in (
        ["compress", *files, "-k", "32", "-o", str(OUTPUT / "compressed"), "--force"],
        ["compare", *files, "-k", "8,16,32", "-o", str(OUTPUT / "sheets"), "--force"],
        ["segment", *files, "-k", "6", "-o", str(OUTPUT / "segments"), "--layers", "--force"],
    ):
        print("$ huepress", *(a.replace(str(OUTPUT), "demo/output") for a in arguments), flush=True)
        subprocess.run([str(PROGRAM), *arguments], check=True)
        print(flush=True)
    print(f"Small files:       {OUTPUT / 'compressed'}")
    print(f"Segments:          {OUTPUT / 'segments'}")
    print(f"Comparison sheets: {OUTPUT / 'sheets'}   <- look at these")


if __name__ == "__main__":
    main()
