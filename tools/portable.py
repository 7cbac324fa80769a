"""Prove that the core in plain C++20 makes the same bits as the one with vectors.

    python tools/portable.py

Builds the package anew with HUEPRESS_PORTABLE into `build/portable`, where nothing else finds it, and compares what it
makes with tests/gold/digests.json.
"""

from __future__ import annotations

import os
import subprocess
import sys

from builds import ROOT, build_into

SITE = ROOT / "build" / "portable"
# Exits with 2 unless the installed core is the plain one, which has one instruction set only.
IS_PLAIN = "import sys, huepress._core as core; sys.exit(2 if core.set_simd_level('avx2') else 0)"


def main() -> int:
    """Build and compare."""
    build_into(SITE, "HUEPRESS_PORTABLE")
    environment = {**os.environ, "PYTHONPATH": str(SITE)}
    for command in (["-c", IS_PLAIN], [str(ROOT / "tools" / "digests.py")]):
        code = subprocess.run([sys.executable, *command], cwd=SITE, env=environment, check=False).returncode
        if code:
            return code
    return 0


if __name__ == "__main__":
    sys.exit(main())
