"""The same bits on every machine: tests/gold/digests.json, made by tools/digests.py."""

from __future__ import annotations

import json
import os
import runpy
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]
TOOL = ROOT / "tools" / "digests.py"


@pytest.fixture(scope="module")
def digests():
    return runpy.run_path(str(TOOL))


@pytest.fixture(scope="module")
def gold(digests):
    return json.loads(digests["GOLD"].read_text())


def test_every_result_has_the_bits_of_the_gold_file(simd_level, digests, gold):
    assert digests["differing"](gold, digests["made"]()) == []


def test_without_the_newer_instructions_of_numpy():
    """NumPy chooses among kernels of its own, whose exponentials differ in the last bit."""
    environment = {**os.environ, "NPY_DISABLE_CPU_FEATURES": "AVX512_ICL AVX512_SKX X86_V4 X86_V3"}
    said = subprocess.run([sys.executable, TOOL], env=environment, capture_output=True, text=True)
    assert said.returncode == 0, said.stdout + said.stderr


def test_the_corpus_covers_what_is_promised(gold):
    parts = {name.split("/")[0] for name in gold["digests"]}
    assert parts == {"animation", "core-png", "corpus", "file", "k-means", "pixels", "scores", "search", "segments"}


def test_a_changed_bit_is_told(digests, gold):
    now = dict(gold["digests"])
    now["search/new"] = now.pop("scores/photo")
    assert digests["differing"](gold, now) == ["scores/photo", "search/new"]


def test_files_count_only_where_their_writers_are_the_same(digests, gold):
    now = {name: value if not name.startswith("file/") else "other" for name, value in gold["digests"].items()}
    assert len(digests["differing"]({**gold, "coders": digests["coders"]()}, now)) > 10
    assert digests["differing"]({**gold, "coders": {"pillow": "1"}}, now) == []
