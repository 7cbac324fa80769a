"""Help in groups, the page for man, and completion, on the installed program."""

import os
import re
import shutil
import subprocess
import sys
from pathlib import Path
from typing import get_args

import pytest

from huepress.declare import Group, specs
from huepress.options import Options

COMMANDS = ("compress", "compare", "palette", "score", "segment", "serve")
EXPERT = [name for name, spec in specs(Options).items() if spec.group == "expert"]


def help_of(run, *arguments):
    done = run(*arguments, env={"COLUMNS": "100"})
    assert done.returncode == 0 and done.stderr == b""
    return done.stdout.decode()


def sections(text):
    """Return the options of each section of a help text."""
    found = {}
    for title, body in re.findall(r"^(\w[\w ]*):\n((?:  .*\n?|\n)+)", text, re.M):
        found[title] = set(re.findall(r"^ +(?:-\w, )?(--[a-z-]+)", body, re.M))
    return found


def test_the_options_of_compress_are_in_groups(run):
    found = sections(help_of(run, "compress", "--help"))
    assert list(found) == ["Examples", "Everyday", "Targets", "Palette", "Animations", "Many files", "Metadata", "Help"]
    assert {"--colors", "--output", "--effort", "--format"} <= found["Everyday"]
    assert {"--quality", "--max-size"} <= found["Targets"]
    assert not any("--swaps" in options for options in found.values())


def test_experts_see_all_and_nothing_twice(run):
    some, all_of_it = (sections(help_of(run, "compress", f"--{name}")) for name in ("help", "help-all"))
    assert set(all_of_it) - set(some) == {"Expert"}
    listed = [option for options in all_of_it.values() for option in options]
    assert len(listed) == len(set(listed))
    for name in EXPERT:
        assert any(
            option in all_of_it["Expert"] for option in specs(Options)[name].flags or (f"--{name}".replace("_", "-"),)
        )


@pytest.mark.parametrize("command", COMMANDS)
def test_every_group_is_a_known_one_and_examples_are_shown(run, command):
    titles = set(sections(help_of(run, command, "--help-all" if command != "score" else "--help")))
    assert titles <= {group.capitalize() for group in get_args(Group)} | {"Help", "Examples"}
    assert "Examples" in titles


def test_the_module_is_the_program(run):
    done = subprocess.run([sys.executable, "-m", "huepress", "-V"], capture_output=True, timeout=60)
    assert done.returncode == 0 and done.stdout == run("-V").stdout == run("--version").stdout


def test_files_without_a_command_are_compressed(run, photo_file):
    done = run("photo.png", "--effort", 0, "-q")
    assert done.returncode == 0, done.stderr
    expected = photo_file.with_name("photo-huepress.png").read_bytes()
    assert run("-", "--effort", 0, input=photo_file.read_bytes()).stdout == expected
    assert run("--effort", 0, photo_file, "-o", "-", "-q").stdout == expected
    assert run("--no-settings", "photo.png", "--effort", 0, "-fq").returncode == 0
    done = run("missing.png")
    assert done.returncode == 3 and b"no such file" in done.stderr


def test_what_is_neither_a_command_nor_a_file_gets_a_hint(run):
    done = run("segmnt", "photo.png")
    assert done.returncode == 2 and b"did you mean 'segment'?" in done.stderr and done.stderr.count(b"\n") == 1


def test_a_folder_says_how_folders_are_compressed(run, tmp_path):
    (tmp_path / "pictures").mkdir()
    for arguments in (["pictures"], ["compress", "pictures"]):
        done = run(*arguments)
        assert done.returncode == 3 and b"pictures: a directory; compress -r FOLDER -o DIR" in done.stderr


def test_the_page_for_man(run, tmp_path):
    page = run("man").stdout.decode()
    for command in COMMANDS:
        assert f".SH HUEPRESS {command.upper()}" in page
        offered = set(
            re.findall(
                r"(?<![\w-])--[a-z][a-z-]+", help_of(run, command, "--help-all" if command != "score" else "--help")
            )
        )
        missing = {name for name in offered - {"--help", "--help-all"} if name.replace("-", "\\-") not in page}
        assert not missing, command
    if shutil.which("man") is None:
        pytest.skip("there is no man")
    (tmp_path / "huepress.1").write_text(page)
    shown = subprocess.run(
        ["man", "--warnings", "-l", "huepress.1"],
        cwd=tmp_path,
        capture_output=True,
        env=os.environ | {"MANWIDTH": "100"},
    )
    assert shown.returncode == 0 and b"--max-size" in shown.stdout.replace("\u2010".encode(), b"-")
    assert b"warning" not in shown.stderr, shown.stderr


@pytest.mark.parametrize("shell", ["bash", "zsh", "fish"])
def test_a_shell_takes_the_script(run, shell, tmp_path):
    script = run("completion", shell).stdout.decode()
    assert "_HUEPRESS_COMPLETE" in script
    if shutil.which(shell) is None:
        pytest.skip(f"there is no {shell}")
    (tmp_path / "script").write_text(script)
    check = subprocess.run([shell, "-n", "script"], cwd=tmp_path, capture_output=True, timeout=60)
    assert check.returncode == 0, check.stderr


@pytest.mark.parametrize(
    ("words", "expected"),
    [
        (["huepress", "com"], {"compress", "compare", "completion"}),
        (["huepress", "compress", "--max"], {"--max-size", "--max-pixels", "--max-iter"}),
        (["huepress", "compress", "--dither", ""], {"auto", "none", "full"}),
    ],
)
def test_what_shells_are_told(run, words, expected):
    bash = {"_HUEPRESS_COMPLETE": "bash_complete", "COMP_WORDS": " ".join(words), "COMP_CWORD": str(len(words) - 1)}
    told = {line.partition(",")[2] for line in run(env=bash).stdout.decode().splitlines()}
    assert expected <= told
    fish = {"_HUEPRESS_COMPLETE": "fish_complete", "COMP_WORDS": " ".join(words), "COMP_CWORD": words[-1]}
    assert expected <= set(re.findall(r"[\w-]+", run(env=fish).stdout.decode()))
    zsh = bash | {"_HUEPRESS_COMPLETE": "zsh_complete"}
    assert expected <= set(run(env=zsh).stdout.decode().splitlines())


def test_bash_completes_with_it(huepress_program, run, tmp_path):
    """In a real bash: a file as the first word, and an option of a command."""
    if shutil.which("bash") is None:
        pytest.skip("there is no bash")
    (tmp_path / "script").write_text(run("completion", "bash").stdout.decode())
    code = """
source ./script
COMP_WORDS=(huepress compress --quali); COMP_CWORD=2
_huepress_completion huepress
echo "${COMPREPLY[@]}"
"""
    path = {"PATH": f"{huepress_program.parent}:/usr/bin:/bin"}
    done = subprocess.run(["bash", "-c", code], cwd=tmp_path, capture_output=True, env=path, timeout=60)
    assert done.stdout.split() == [b"--quality"], done.stderr


def test_wheels_bring_the_page_that_the_program_prints(run):
    """Options by name only: other words are Click's, and differ between its versions. `make shell-files` writes it."""
    kept = (Path(__file__).parents[2] / "share/man/man1/huepress.1").read_text()
    options = [set(re.findall(r"\\-\\-[a-z\\-]+", text)) for text in (kept, run("man").stdout.decode())]
    assert options[0] == options[1] and len(options[0]) > 40


@pytest.mark.parametrize("shell", ["bash", "zsh", "fish"])
def test_wheels_bring_completions(shell):
    (path,) = (path for path in (Path(__file__).parents[2] / "share").rglob("*huepress*") if shell in path.as_posix())
    assert f"_HUEPRESS_COMPLETE={shell}_complete" in path.read_text()
