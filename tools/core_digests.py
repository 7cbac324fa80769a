"""Prove that the core makes the same bits on other processors and with other compilers, without Python there.

    python tools/core_digests.py
    python tools/core_digests.py --compiler clang++
    python tools/core_digests.py --compiler 'aarch64-linux-gnu-g++ -static' --run qemu-aarch64
    python tools/core_digests.py --compiler 'em++ -fexceptions -sALLOW_MEMORY_GROWTH=1 -sSINGLE_FILE=1' ...
        ... --run node --suffix .js
    python tools/core_digests.py --write             # after a change that is meant to change bits

Compiles the core's baseline with core_digests.cpp, runs it and compares what it prints with
tests/gold/core_digests.txt; exit code 1 where a line differs.
"""

from __future__ import annotations

import argparse
import os
import shlex
import subprocess
import sys
import tempfile
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

ROOT = Path(__file__).parents[1]
GOLD = ROOT / "tests" / "gold" / "core_digests.txt"
DRIVER = ROOT / "tools" / "core_digests.cpp"
# As CMakeLists.txt has them: bits must not depend on the compiler's mood.
FLAGS = ["-std=c++20", "-O2", "-ffp-contract=off", "-fno-math-errno", "-fno-trapping-math", "-w", "-Wno-psabi"]
FLAGS += ["-DHUEPRESS_ISA=baseline", f"-I{ROOT / 'core'}"]


def sources() -> list[Path]:
    """Return what is compiled: all but the bindings."""
    return [DRIVER, *sorted(path for path in (ROOT / "core").glob("*/*.cpp") if path.parent.name != "bindings")]


def digests(compiler: list[str], run: list[str], suffix: str) -> str:
    """Compile and run; return what the driver printed."""
    with tempfile.TemporaryDirectory() as folder:

        def compiled(source: Path) -> Path:
            target = Path(folder, source.stem + ".o")
            subprocess.run([*compiler, *FLAGS, "-c", str(source), "-o", str(target)], check=True)
            return target

        with ThreadPoolExecutor(os.cpu_count()) as pool:
            objects = list(pool.map(compiled, sources()))
        program = Path(folder, "core_digests" + suffix)
        subprocess.run([*compiler, *map(str, objects), "-o", str(program)], check=True)
        return subprocess.run([*run, str(program)], check=True, stdout=subprocess.PIPE, text=True).stdout


def main() -> int:
    """Write or compare digests."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--compiler", default=os.environ.get("CXX", "c++"), help="C++20 compiler, with flags")
    parser.add_argument("--run", default="", help="what runs the program, such as an emulator")
    parser.add_argument("--suffix", default="", help="of the program's name")
    parser.add_argument("--write", action="store_true", help="write the file instead of comparing with it")
    asked = parser.parse_args()
    now = digests(shlex.split(asked.compiler), shlex.split(asked.run), asked.suffix)
    if asked.write:
        GOLD.write_text(now)
        return 0
    gold = set(GOLD.read_text().splitlines())
    lines = now.splitlines()
    changed = sorted(gold.symmetric_difference(lines))
    print("\n".join(changed) or f"{len(lines)} results, all the same bits")
    return 1 if changed else 0


if __name__ == "__main__":
    sys.exit(main())
