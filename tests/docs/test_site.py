"""The documentation site builds without warnings or network, misses no option, and its examples run."""

import doctest
import os
import re
import runpy
import subprocess
import sys
from functools import cache
from html import unescape
from importlib import import_module
from importlib.util import find_spec
from pathlib import Path

import numpy as np
import pytest

import huepress
from conftest import HANG, png_bytes
from huepress.cli.main import _COMMANDS
from videos import written

ROOT = Path(__file__).parents[2]
DOCS = ROOT / "docs"
PAGES = sorted(path.relative_to(DOCS).as_posix() for path in DOCS.rglob("*.md"))
BLOCK = re.compile(r"^```(\w*)\n(.*?)^```", re.M | re.S)
STAND_INS = ROOT / "tests" / "docs" / "stand_ins"  # for frameworks that are too large to be installed
NEEDS_TORCH = re.compile(r"^(import|from) torch\b", re.M)  # an extra that the tests do not ask for
SHOWN_ONLY = {"math", "text", "toml", "yaml"}  # formulas, excerpts of files, settings of other programs


def blocks(page):
    """Return language and text of a page's blocks; those that follow "not run" and a reason are shown only."""
    text = re.sub(r"^<!-- not run: \w.*? -->\n```.*?^```", "", (DOCS / page).read_text(), flags=re.M | re.S)
    return BLOCK.findall(text)


@cache
def words(page):
    """Return the text of a built page, its white space made single."""
    text = re.sub(r"<(script|style).*?</\1>", "", page.read_text(), flags=re.S)
    return re.sub(r"\s+", " ", unescape(re.sub(r"<[^>]+>", "", text)))


def test_without_the_package_for_browsers_the_page_that_tries_it_says_so(site, tmp_path):
    core_script = runpy.run_path(str(ROOT / "tools" / "site_pages.py"))["core_script"]
    assert core_script(tmp_path) == "globalThis.huepressCore = null;\n"
    assert (site / "try-core.js").read_text() == core_script(ROOT / "build" / "wasm")
    assert "huepressCore" in (site / "try.js").read_text() and 'id="try-missing"' in (site / "try.html").read_text()


def test_every_page_of_the_documents_is_built_and_in_the_navigation(site):
    home = (site / "index.html").read_text()
    for page in PAGES:
        if page.startswith("examples/"):
            continue
        assert (site / page).with_suffix(".html").exists(), page
        assert f'href="{page.removesuffix(".md")}.html"' in home or page == "index.md", page


@pytest.mark.parametrize("command", list(_COMMANDS))
def test_a_commands_page_has_every_option_of_its_help(site, run, command):
    page = words(site / "commands" / f"{command}.html")
    help_text = run(
        command,
        "--help-all" if command in ("compress", "compare", "dataset", "palette", "segment", "serve") else "--help",
        env={"COLUMNS": "200"},
    ).stdout.decode()
    offered = set(re.findall(r"(?<![\w-])--[a-z][a-z-]+", help_text))
    assert len(offered) >= (1 if command in ("completion", "man") else 3)
    missing = {option for option in offered if not re.search(rf"{option}(?![\w-])", page)}
    assert not missing


def test_the_programs_page_names_all_commands_and_exit_codes(site):
    page = words(site / "commands" / "index.html")
    assert all(f"huepress {command}" in page for command in _COMMANDS)
    for error in huepress.errors.HuepressError.__subclasses__():
        assert str(error.exit_code) in page and error.__doc__.split(" (exit")[0] in page


def test_the_library_pages_have_every_exported_name(site):
    text = " ".join(words(page) for page in (site / "library").glob("*.html"))
    assert {name for name in huepress.__all__ if f"huepress.{name}" not in text} <= {"__version__"}


def test_the_site_needs_no_other(site):
    for page in site.rglob("*.html"):
        loaded = re.findall(r"<(?:script|img|iframe|link)\b[^>]*(?:src|href)=\"?(https?://[^\">\s]+)", page.read_text())
        assert not loaded, page
    for sheet in site.rglob("*.css"):
        assert not re.search(r"url\([\"']?https?:|@import", sheet.read_text()), sheet


def test_formulas_are_drawn(site):
    page = (site / "engine.html").read_text()
    assert page.count("<math") == (DOCS / "engine.md").read_text().count("```math") >= 8
    assert "\\" not in "".join(re.findall(r"<math.*?</math>", page, re.S))


@pytest.mark.parametrize("page", [page for page in PAGES if blocks(page)])
def test_every_block_of_a_page_runs(page, photo, tmp_path, huepress_program):
    """The blocks of a page run one after the other, in a folder that holds photo.png and folders of pictures."""
    (tmp_path / "photo.png").write_bytes(png_bytes(photo[60:156, 80:224]))
    (tmp_path / "pictures" / "more").mkdir(parents=True)
    (tmp_path / "pictures" / "left.png").write_bytes(png_bytes(photo[60:120, :80]))
    (tmp_path / "pictures" / "more" / "right.png").write_bytes(png_bytes(photo[60:120, -80:]))
    gray = [np.full((48, 64), 128, np.uint8)] * 2
    frames = [[photo[:96, 4 * number : 4 * number + 128, 1].copy(), *gray] for number in range(10)]
    (tmp_path / "film.mp4").write_bytes(written(frames, ("mp4", "mpeg4"), "yuv420p"))
    for number in range(8):
        path = tmp_path / "animals" / ("dogs" if number % 2 else "cats") / f"{number}.png"
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(png_bytes(photo[60:92, 20 * number : 20 * number + 32]))
    environment = os.environ | {
        "PATH": f"{huepress_program.parent}:/usr/bin:/bin",
        "LC_ALL": "C.UTF-8",
        "PYTHONPATH": str(STAND_INS),
    }
    for language, text in blocks(page):
        if language in SHOWN_ONLY or (NEEDS_TORCH.search(text) and not find_spec("torch")):
            continue
        assert language in ("sh", "python"), f"{page}: a block of {language or 'no language'}, which nothing runs"
        program = ["bash", "-euo", "pipefail"] if language == "sh" else [sys.executable, "-W", "error"]
        done = subprocess.run([*program, "-c", text], cwd=tmp_path, capture_output=True, env=environment, timeout=HANG)
        assert done.returncode == 0, f"{text}\n{done.stderr.decode()}"


def test_the_examples_of_all_docstrings_on_the_site():
    homes = {getattr(huepress, name).__module__ for name in set(huepress.__all__) - {"__version__"}}
    attempted = 0
    for home in sorted(homes):
        results = doctest.testmod(import_module(home))
        assert results.failed == 0, home
        attempted += results.attempted
    assert attempted >= 10


def test_scripts_are_the_sites_own(site):
    for page in set(site.rglob("*.html")) - {site / "404.html"}:  # which names everything from the root
        for script in re.findall(r'<script[^>]* src="([^"]+)"', page.read_text()):
            assert "//" not in script and (page.parent / script.split("#")[0]).exists(), script
    assert (site / "search" / "search_index.js").read_text().startswith("var __index = {")


def test_the_search_works_from_the_disk(browser, site):
    page = browser.new_context(offline=True, viewport={"width": 1200, "height": 900}).new_page()
    page.goto((site / "commands" / "compress.html").as_uri())
    page.click(".md-search__input")
    page.keyboard.type("diffusion")
    page.wait_for_selector(".md-search-result__item a[href*=html]", timeout=60_000)
