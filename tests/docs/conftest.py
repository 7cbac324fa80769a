"""The site, built once for all that look at it."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

from conftest import HANG

ROOT = Path(__file__).parents[2]
OFFLINE = {"NO_MKDOCS_2_WARNING": "1", "http_proxy": "http://127.0.0.1:9", "https_proxy": "http://127.0.0.1:9"}


@pytest.fixture(scope="session")
def site(tmp_path_factory):
    folder = tmp_path_factory.mktemp("site")
    command = [sys.executable, "-m", "mkdocs", "build", "--strict", "--quiet", "-d", str(folder)]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, env=os.environ | OFFLINE, timeout=HANG)
    assert done.returncode == 0, done.stderr
    assert "WARNING" not in done.stderr
    return folder
