"""The demonstration's main job with the huepress that runs here: scenes become small files that look the same.

    python tools/main_job.py

Needs what huepress itself needs and demo/scenes.py, no compiler; exit code 1 where a file did not
get small or does not decode.
"""

from __future__ import annotations

import subprocess
import sys
import tempfile
from pathlib import Path

import numpy as np
from PIL import Image

sys.path.insert(0, str(Path(__file__).parents[1] / "demo"))
import scenes

# So small at least, and of such a score: what the demonstration shows, with room for other versions of the coders.
MOST_OF_THE_ORIGINAL = 0.5
LEAST_SCORE = 60.0


def main() -> int:
    """Compress, compare, read again."""
    import huepress

    pictures = {"spheres": scenes.spheres(480, 320), "sunset": scenes.sunset(480, 320), "badge": scenes.badge()}
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        for title, pixels in pictures.items():
            Image.fromarray(pixels).save(folder / f"{title}.png", optimize=True)
        originals = [str(folder / f"{title}.png") for title in pictures]
        program = [sys.executable, "-m", "huepress"]
        subprocess.run([*program, "compress", *originals, "-o", str(folder / "small"), "--effort", "3"], check=True)
        page = folder / "page.html"
        subprocess.run([*program, "compare", *originals[:1], "-k", "auto,16", "-o", str(page), "-q"], check=True)
        faults = [] if page.read_text(encoding="utf-8").startswith("<!") else ["the page is none"]
        for title, pixels in pictures.items():
            small = folder / "small" / f"{title}-huepress.png"
            share = small.stat().st_size / (folder / f"{title}.png").stat().st_size
            with Image.open(small) as image:
                shown = np.asarray(image.convert("RGBA" if pixels.shape[2] == 4 else "RGB"))
            score = huepress.score(pixels, shown).ssimulacra2
            print(f"{title}: {share:.0%} of the bytes, score {score:.0f}")
            if share > MOST_OF_THE_ORIGINAL or score < LEAST_SCORE:
                faults.append(f"{title} is not small, or does not look the same")
    print("\n".join(faults) or "all well")
    return 1 if faults else 0


if __name__ == "__main__":
    sys.exit(main())
