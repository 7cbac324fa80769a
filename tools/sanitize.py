"""Run the core's tests under AddressSanitizer and UndefinedBehaviorSanitizer.

    python tools/sanitize.py [PYTEST ARGUMENTS ...]

Builds the package anew into `build/sanitized`, where nothing else finds it. Where the compiler comes without the
sanitizers' libraries, or the platform does not let them be loaded first, it says so and exits with 0.
"""

from __future__ import annotations

import os
import shutil
import subprocess
import sys

from builds import ROOT, build_into

SITE = ROOT / "build" / "sanitized"
LIBRARIES = ("libasan.so", "libubsan.so")
TESTS = ("tests/core", "tests/engine/test_histogram.py")
# Python never frees everything, and its own allocator would hide what is out of bounds.
SETTINGS = {
    "ASAN_OPTIONS": "detect_leaks=0:abort_on_error=1",
    "UBSAN_OPTIONS": "halt_on_error=1:print_stacktrace=1",
    "PYTHONMALLOC": "malloc",
}


def libraries() -> list[str]:
    """Return the paths of the sanitizers' libraries; none where one of them is missing."""
    compiler = os.environ.get("CXX") or shutil.which("g++") or shutil.which("c++")
    if sys.platform != "linux" or compiler is None:
        return []
    found = []
    for name in LIBRARIES:
        asked = [compiler, f"-print-file-name={name}"]
        path = subprocess.run(asked, capture_output=True, text=True, check=False).stdout.strip()
        if not os.path.isabs(path) or not os.path.exists(path):
            return []
        found.append(os.path.realpath(path))
    return found


def main() -> None:
    """Build and test."""
    preloaded = libraries()
    if not preloaded:
        print("sanitizers: not tried, since this compiler comes without their libraries (libasan, libubsan)")
        return
    build_into(SITE, "HUEPRESS_SANITIZE")
    environment = {**os.environ, **SETTINGS, "LD_PRELOAD": " ".join(preloaded), "PYTHONPATH": str(SITE)}
    command = [sys.executable, "-m", "pytest", "-qq", "-p", "no:cacheprovider", *(sys.argv[1:] or TESTS)]
    sys.exit(subprocess.run(command, cwd=ROOT, env=environment, check=False).returncode)


if __name__ == "__main__":
    main()
