"""A project's settings and the environment's, on the installed program."""

import json
import os

import pytest


def row(run, *arguments, **options):
    done = run("compress", "photo.png", "--json", "-f", "--effort", 0, *arguments, **options)
    assert done.returncode == 0, done.stderr
    return json.loads(done.stdout)


@pytest.mark.parametrize(
    ("name", "text"),
    [
        ("huepress.toml", "colors = 5\n"),
        ("huepress.toml", '[compress]\nn_colors = "5"\n'),
        ("pyproject.toml", "[tool.huepress]\ncolors = 5\n"),
        ("pyproject.toml", "[tool.huepress]\ncolors = 9\n[tool.huepress.compress]\ncolors = 5\n"),
    ],
)
def test_a_projects_settings(run, photo_file, tmp_path, name, text):
    (tmp_path / name).write_text(text)
    assert row(run)["n_colors"] == 5
    assert row(run, "-k", 7)["n_colors"] == 7, "the command line is stronger"
    assert row(run, env={"HUEPRESS_COMPRESS_N_COLORS": "6"})["n_colors"] == 6, "and so is the environment"
    below = tmp_path / "below"
    below.mkdir()
    done = run("compress", photo_file, "--json", "-f", "--effort", 0, cwd=below)
    assert json.loads(done.stdout)["n_colors"] == 5
    done = run("--no-settings", "compress", "photo.png", "--json", "-f", "--effort", 0)
    assert json.loads(done.stdout)["n_colors"] > 9


def test_settings_end_at_the_projects_root_and_need_a_table(run, photo_file, tmp_path):
    (tmp_path / "huepress.toml").write_text("colors = 5\n")
    root = tmp_path / "project"
    (root / ".git").mkdir(parents=True)
    (root / "pyproject.toml").write_text("[tool.ruff]\nline-length = 99\n")
    done = run("compress", photo_file, "--json", "-f", "--effort", 0, cwd=root)
    assert json.loads(done.stdout)["n_colors"] > 5


def test_the_command_line_overrules_what_excludes_it(run, photo_file, tmp_path):
    (tmp_path / "huepress.toml").write_text("quality = 60\npin = ['#ff0000', '#fff']\n")
    assert row(run)["score"] >= 60
    assert row(run, "--max-size", "6kB")["bytes_out"] <= 6000
    assert row(run, "--palette", "#000,#888")["n_colors"] == 2


def test_a_setting_that_another_command_has_is_for_that(run, photo_file, tmp_path):
    (tmp_path / "huepress.toml").write_text("layers = true\ninclude = ['*.png']\ncolors = 4\n")
    assert run("palette", "photo.png").stdout.count(b"\n") == 4
    assert run("segment", "photo.png").returncode == 0
    assert (tmp_path / "photo-segments" / "layer-0.png").exists()


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ("colours = 5\n", "did you mean 'colors'?"),
        ("colors = 500\n", "2<=x<=256"),
        ("colors = true\n", "cannot be True"),
        ("output = '/etc'\n", "give it on the command line"),
        ("in-place = true\n", "give it on the command line"),
        ("force = true\n", "give it on the command line"),
        ("colors = \n", "no TOML"),
        ("[compress]\nlayers = true\n", "there is no option 'layers'"),
    ],
)
def test_wrong_settings_are_one_sentence(run, photo_file, tmp_path, text, says):
    (tmp_path / "huepress.toml").write_text(text)
    done = run("compress", "photo.png")
    assert done.returncode == 2 and done.stderr.count(b"\n") == 1 and says in done.stderr.decode(), done.stderr
    assert sorted(os.listdir(tmp_path)) == ["huepress.toml", "photo.png"]


@pytest.mark.skipif(not hasattr(os, "geteuid") or os.geteuid() != 0, reason="only root gives files away")
def test_settings_of_other_people_are_not_heard(run, photo_file, tmp_path):
    (tmp_path / "huepress.toml").write_text("colors = 5\n")
    os.chown(tmp_path / "huepress.toml", 12345, 12345)
    assert row(run)["n_colors"] > 5
