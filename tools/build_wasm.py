"""Build the core as a WebAssembly module for the npm package in wasm/.

    python tools/build_wasm.py                       # into build/wasm, with the compiler from `pip install '.[wasm]'`
    python tools/build_wasm.py --into docs           # where else to put it

The compiler is Clang with the C and C++ libraries of WASI, as the PyPI package ziglang brings them: one pinned version,
so that everybody builds the same bytes. The folder then holds the whole package: what wasm/package.json lists.
"""

from __future__ import annotations

import argparse
import gzip
import json
import os
import shutil
import subprocess
import sys
import tempfile
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

ROOT = Path(__file__).parents[1]
PACKAGE = ROOT / "wasm"
BUILT = ROOT / "build" / "wasm"
MODULE = "huepress.wasm"
COMPILER = [sys.executable, "-m", "ziglang", "c++"]
TARGET = ["-target", "wasm32-wasi", "-mexec-model=reactor", "-msimd128"]
# As CMakeLists.txt has them: bits must not depend on the compiler's mood. `throw` is compiled, and ends in the host.
FLAGS = [*TARGET, "-std=c++20", "-O3", "-ffp-contract=off", "-fno-math-errno", "-fno-trapping-math", "-fexceptions"]
FLAGS += ["-fvisibility=hidden", "-ffunction-sections", "-DNDEBUG", "-DHUEPRESS_ISA=baseline", "-Wall", "-Wextra"]
FLAGS += [f"-I{ROOT / 'core'}", f"-I{PACKAGE}"]
STACK_BYTES = 1 << 20
LINKED = [*TARGET, "-O3", "-s", "-Wl,--gc-sections", f"-Wl,-z,stack-size={STACK_BYTES}"]


def sources() -> list[Path]:
    """Return what is compiled: all but the bindings; the linker leaves out what one picture does not need."""
    core = sorted(path for path in (ROOT / "core").glob("*/*.cpp") if path.parent.name != "bindings")
    return [*core, PACKAGE / "interface.cpp"]


def build_module(target: Path) -> None:
    """Compile and link."""
    with tempfile.TemporaryDirectory() as folder:

        def compiled(source: Path) -> str:
            made = Path(folder, source.stem + ".o")
            subprocess.run([*COMPILER, *FLAGS, "-c", str(source), "-o", str(made)], check=True)
            return str(made)

        with ThreadPoolExecutor(os.cpu_count()) as pool:
            objects = list(pool.map(compiled, sources()))
        subprocess.run([*COMPILER, *objects, *LINKED, "-o", str(target)], check=True)


def main() -> int:
    """Build the package."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--into", type=Path, default=BUILT, help="the folder of the package")
    into: Path = parser.parse_args().into
    into.mkdir(parents=True, exist_ok=True)
    build_module(into / MODULE)
    for name in (*json.loads((PACKAGE / "package.json").read_text())["files"], "package.json"):
        if name != MODULE:
            shutil.copy(PACKAGE / name if (PACKAGE / name).exists() else ROOT / name, into / name)
    data = (into / MODULE).read_bytes()
    print(f"{into / MODULE}: {len(data):,} bytes, {len(gzip.compress(data, 9, mtime=0)):,} with gzip")
    return 0


if __name__ == "__main__":
    sys.exit(main())
