"""Builds of the package beside the installed one, for tools that try it in other ways."""

from __future__ import annotations

import shutil
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).parents[1]


def build_into(site: Path, define: str) -> None:
    """Build the package with a CMake option on, without what it needs: that is there already."""
    shutil.rmtree(site, ignore_errors=True)
    command = [sys.executable, "-m", "pip", "install", "--quiet", "--disable-pip-version-check", "--no-deps"]
    command += ["--target", str(site), "-C", f"cmake.define.{define}=ON", str(ROOT)]
    subprocess.run(command, check=True)
