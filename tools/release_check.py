"""Try a release as far as one machine can: sdist, wheel of it, their checks, and a user's machine without a compiler.

    python tools/release_check.py [PYTHON ...]

Every PYTHON named (default: the running one) builds a wheel of the sdist, unless one of the stable ABI is there already
that serves it. The wheel goes into a fresh environment in which no compiler can be found, which then does the
demonstration's main job and compares its bits with the gold file. All of it lies in build/release.
"""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).parents[1]
FOLDER = ROOT / "build" / "release"
BIN = Path(sys.executable).parent


def run(*command: str | Path, cwd: Path = ROOT, env: dict[str, str] | None = None) -> None:
    """Say a command and run it; the first that fails ends all."""
    print("$", *command, flush=True)
    subprocess.run([str(each) for each in command], cwd=cwd, env=env, check=True)


def only(folder: Path, pattern: str) -> Path:
    """Return the one file of a folder that matches."""
    (found,) = folder.glob(pattern)
    return found


def without_compiler() -> dict[str, str]:
    """Return the environment of somebody who has Python and nothing else."""
    kept = {key: value for key, value in os.environ.items() if key not in ("PYTHONPATH", "CMAKE_ARGS")}
    return {**kept, "PATH": str(FOLDER), "CC": "/nowhere/cc", "CXX": "/nowhere/c++", "PIP_ONLY_BINARY": ":all:"}


def built(python: str, sdist: Path, here: Path) -> Path:
    """Build and check a wheel."""
    run(python, "-m", "venv", here / "builder")
    run(here / "builder" / "bin" / "python", "-m", "pip", "wheel", "--quiet", "--no-deps", "-w", here / "wheels", sdist)
    wheel = only(here / "wheels", "*.whl")
    run(BIN / "twine", "check", "--strict", wheel)
    run(BIN / "check-wheel-contents", wheel)
    if "abi3" in wheel.name:
        run(BIN / "abi3audit", "--strict", "--report", wheel)
    return wheel


def use(python: str, wheel: Path, here: Path) -> None:
    """Install a wheel where nothing can be compiled, and work with it."""
    run(python, "-m", "venv", here / "site")
    own, environment = here / "site" / "bin" / "python", without_compiler()
    run(own, "-m", "pip", "install", "--quiet", wheel, cwd=here, env=environment)
    run(own.with_name("huepress"), "--version", cwd=here, env=environment)
    only(here / "site", "share/man/man1/huepress.1")
    run(own, ROOT / "tools" / "main_job.py", cwd=here, env=environment)
    run(own, ROOT / "tools" / "digests.py", cwd=here, env=environment)


def has_stable_abi(python: str) -> bool:
    """Tell whether a wheel of the stable ABI serves this Python."""
    asked = subprocess.run(
        [python, "-c", "import sys; print(sys.version_info >= (3, 12))"], capture_output=True, check=True
    )
    return asked.stdout.strip() == b"True"


def main() -> None:
    """Build and check."""
    pythons = sys.argv[1:] or [sys.executable]
    for python in pythons:  # at once, not after minutes; pyenv has names that start nothing
        found = shutil.which(python)
        if found is None or subprocess.run([found, "--version"], capture_output=True, check=False).returncode:
            sys.exit(f"{python} does not start; give the path of a Python that does")
    shutil.rmtree(FOLDER, ignore_errors=True)
    run(sys.executable, "-m", "build", "--sdist", "--outdir", FOLDER, ROOT)
    sdist = only(FOLDER, "*.tar.gz")
    run(BIN / "twine", "check", "--strict", sdist)
    for number, python in enumerate(pythons):
        here = FOLDER / str(number)
        stable = [*FOLDER.glob("*/wheels/*abi3*.whl")] if has_stable_abi(python) else []
        use(python, stable[0] if stable else built(python, sdist, here), here)
    print("ready to be released")


if __name__ == "__main__":
    main()
