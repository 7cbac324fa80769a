import re
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest

import huepress
from conftest import HANG

UNNEEDED = (
    *("matplotlib", "fsspec", "dask", "multiprocessing", "rich", "numpy.ma"),
    *("huepress.pipeline.animation", "huepress.engine.moving_score", "huepress.archive.workers"),
)
HEAVY = ("numpy", "PIL", "rich", "oxipng", "starlette", "uvicorn", "huepress._core")


@pytest.mark.parametrize(
    "arguments",
    [
        ["--version"],
        ["--help"],
        ["compress", "--help"],
        ["compare", "--help"],
        ["palette", "--help"],
        ["score", "--help"],
        ["segment", "--help"],
        ["serve", "--help"],
        ["compress", "-k", "1", "x"],
    ],
)
def test_help_is_quick(arguments):
    """What needs no picture imports nothing heavy."""
    code = f"""
import sys
from huepress.cli.main import run
run({arguments!r})
loaded = [name for name in {HEAVY!r} if name in sys.modules]
sys.exit(f"loaded {{loaded}}" if loaded else 0)
"""
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, timeout=HANG)
    assert done.returncode == 0, done.stderr


def test_version(run):
    assert run("--version").stdout.decode().strip() == f"huepress, version {huepress.__version__}"


def test_one_version_everywhere():
    from importlib.metadata import version

    assert version("huepress") == huepress.__version__
    changes = (Path(__file__).parents[2] / "CHANGELOG.md").read_text()
    assert re.search(rf"^## {re.escape(huepress.__version__)}\b", changes, re.M)


def test_unknown_commands_are_one_sentence(run):
    done = run("compres")
    assert done.returncode == 2 and b"compres" in done.stderr and done.stderr.count(b"\n") == 1


def test_no_arguments_shows_help(run):
    done = run()
    assert done.returncode == 0 and done.stdout == run("--help").stdout and done.stderr == b""


def test_one_picture_loads_only_what_it_needs(tmp_path):
    picture = tmp_path / "a.png"
    huepress.compress(np.eye(40, dtype=np.uint8) * 255).save(picture)
    code = f"""
import os, sys
from huepress.cli.main import run
run(["compress", {str(picture)!r}, "-o", {str(tmp_path / "b.png")!r}, "--effort", "0", "--jobs", "1"])
heavy = [name for name in {UNNEEDED!r} if name in sys.modules]
# NumPy's own threads would cost a small picture more than its search.
sys.exit(str(heavy) if heavy else int(os.environ["OPENBLAS_NUM_THREADS"] != "1"))
"""
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, timeout=HANG)
    assert done.returncode == 0, done.stderr
