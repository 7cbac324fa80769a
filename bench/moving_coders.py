"""Bytes of animations at a score, by palettes and by coders of any number of colors.

    python bench/moving_coders.py CLIP... [--quality 80] [--formats gif,webp,webp-lossy,avif]

Every figure is that of `huepress.compress(clip, format=..., quality=...)`, the call that people make, with its hunt.
"""

from __future__ import annotations

import argparse
import time
from pathlib import Path

import huepress


def main() -> None:
    """Print a table, one row a clip."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("clips", type=Path, nargs="+")
    parser.add_argument("--quality", type=float, default=80)
    parser.add_argument("--formats", default="gif,webp,webp-lossy,avif")
    parser.add_argument("--effort", type=int, default=5)
    arguments = parser.parse_args()
    formats = arguments.formats.split(",")
    print("| clip |", " | ".join(formats), "|")
    print("|---|" + "--:|" * len(formats))
    for clip in arguments.clips:
        cells = []
        for name in formats:
            begun = time.process_time()
            result = huepress.compress(
                clip, format=name, quality=arguments.quality, effort=arguments.effort, allow_larger=True
            )
            seconds = time.process_time() - begun
            cells.append(f"{len(bytes(result)):,} ({result.report.score:.1f}, {seconds:.0f} s)")
        print(f"| {clip.name} |", " | ".join(cells), "|", flush=True)


if __name__ == "__main__":
    main()
