"""The npm package under Node: the very palettes, indices and files of the program."""

import json
import os
import re
import shutil
import subprocess
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

import huepress
from huepress.colors.arrays import four_channels
from stills import PICTURES

ROOT = Path(__file__).parents[2]
HERE = Path(__file__).parent
BUILT = ROOT / "build" / "wasm"
NODE = shutil.which("node")


def why_not() -> str:
    """Say why the package cannot be tried here; nothing where it can."""
    if NODE is None:
        return "there is no node"
    if not (BUILT / "huepress.wasm").exists():
        return "the package is not built: make wasm"
    sources = [*(ROOT / "core").glob("*/*.?pp"), *(p for p in (ROOT / "wasm").iterdir() if p.suffix != ".md")]
    if max(path.stat().st_mtime for path in sources) > (BUILT / "huepress.wasm").stat().st_mtime:
        return "the package is older than its sources: make wasm"
    return ""


pytestmark = pytest.mark.skipif(bool(why_not()), reason=why_not())


def node(*arguments, cwd=ROOT, **environment):
    command, environment = [NODE, *map(str, arguments)], {**os.environ, **environment}
    done = subprocess.run(command, env=environment, cwd=cwd, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout + done.stderr


ASKED = (
    (16, 0, {}),
    (256, 0, {}),
    (2, 5, {}),
    (16, 5, {}),
    (64, 5, {}),
    (16, 9, {}),
    (24, 3, {"rate": 4}),
    (24, 2, {"dither": "none"}),
    (12, 5, {"dither": "full"}),
    (40, 4, {"alpha": "free"}),
)
JOBS = {
    f"{name}-{number}": (name, {"colors": k, "effort": effort, **more})
    for name in PICTURES
    for number, (k, effort, more) in enumerate(ASKED)
}


@pytest.fixture(scope="module")
def made(tmp_path_factory):
    """A folder with everything that the package makes of the pictures."""
    folder = tmp_path_factory.mktemp("wasm")
    jobs = []
    for name, rgba in PICTURES.items():
        (folder / name).write_bytes(rgba.tobytes())
    for job, (name, options) in JOBS.items():
        height, width = PICTURES[name].shape[:2]
        jobs.append({"name": job, "picture": name, "width": width, "height": height, "options": options})
    (folder / "jobs.json").write_text(json.dumps(jobs))
    node(HERE / "driver.mjs", (BUILT / "index.js").as_uri(), folder)
    return folder


@pytest.mark.parametrize("job", JOBS)
def test_palette_indices_and_file_are_the_programs(made, job):
    name, options = JOBS[job]
    asked = {key: value for key, value in options.items() if key != "colors"}
    found = huepress.compress(PICTURES[name], options["colors"], png_writer="core", **asked)
    palette = np.frombuffer((made / f"{job}.palette").read_bytes(), np.uint8).reshape(-1, 4)
    indices = np.frombuffer((made / f"{job}.indices").read_bytes(), np.uint8).reshape(found.indices.shape)
    np.testing.assert_array_equal(palette, four_channels(np.asarray(found.palette)))
    np.testing.assert_array_equal(indices, found.indices)
    assert (made / f"{job}.png").read_bytes() == found.encoded.data


def test_wrong_arguments_memory_and_sources_of_the_module():
    node("--expose-gc", "--test", HERE / "package.test.mjs", HUEPRESS_CORE=(BUILT / "index.js").as_uri())


def test_the_readmes_example_runs(tmp_path):
    """The first block under Node, the package where npm would put it."""
    example, in_a_worker = re.findall(r"^```js\n(.*?)^```", (ROOT / "wasm" / "README.md").read_text(), re.M | re.S)
    (tmp_path / "node_modules").mkdir()
    (tmp_path / "node_modules" / "huepress-core").symlink_to(BUILT)
    (tmp_path / "example.mjs").write_text(example)
    node(tmp_path / "example.mjs", cwd=tmp_path)
    with Image.open(tmp_path / "few.png") as image:
        assert image.mode == "P" and image.size == (320, 200) and len(image.getcolors()) == 16
    (tmp_path / "worker.mjs").write_text(in_a_worker)
    node("--check", tmp_path / "worker.mjs")


def test_the_readme_tells_the_modules_size():
    """About: not every change of the core is one of the documentation."""
    (told,) = re.findall(r"The module has ([\d,]+) bytes", (ROOT / "wasm" / "README.md").read_text())
    assert (BUILT / "huepress.wasm").stat().st_size == pytest.approx(int(told.replace(",", "")), rel=0.05)


def test_the_package_has_the_programs_version_and_all_its_files():
    package = json.loads((BUILT / "package.json").read_text())
    assert package["version"] == huepress.__version__ and package["license"] == "MIT"
    assert {path.name for path in BUILT.iterdir()} == {*package["files"], "package.json"}
