import io
import json
import os
import resource
import shutil
import subprocess
import sys
import tarfile

import numpy as np
import pytest
from PIL import Image

from conftest import HANG, png_bytes
from huepress import ml


@pytest.fixture
def pictures(tmp_path, photo):
    """Two classes of six pictures each, one of them with transparency, in a folder."""
    folder = tmp_path / "pictures"
    for number in range(12):
        path = folder / ("dark" if number % 2 else "light") / f"{number}.png"
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(png_bytes(np.roll(photo, 17 * number, axis=1)[20:52, 30:70]))
    clear = np.dstack([photo[:32, :40], np.full((32, 40), 128, np.uint8)])
    (folder / "dark" / "1.png").write_bytes(png_bytes(clear))
    return folder


def names_below(folder):
    return {str(path.relative_to(folder)) for path in folder.rglob("*") if path.is_file()}


def one_sentence(done, code):
    text = done.stderr.decode()
    assert done.returncode == code, text
    assert text.startswith("huepress: ") and text.count("\n") == 1 and "Traceback" not in text, text
    return text


def rgb(data):
    with Image.open(io.BytesIO(data)) as image:
        assert "transparency" not in image.info
        return np.asarray(image.convert("RGB"))


def test_one_file_with_a_palette_for_each_picture(run, pictures, tmp_path):
    done = run("dataset", pictures, "-o", "small.hpml", "-k", "8")
    assert done.returncode == 0 and done.stderr == b""
    assert b"12 pictures in 2 classes" in done.stdout
    data = ml.Dataset(tmp_path / "small.hpml")
    assert (len(data), data.bits, data.class_names) == (12, 4, ("dark", "light"))
    assert data.labels.tolist() == [0] * 6 + [1] * 6
    assert len(data.palette_sizes) == 12 and data.palette_sizes.max() == 8
    # In the order of names: dark/1, dark/11, ...; half transparent pixels stand on white.
    assert data[0].min() >= 127
    with Image.open(pictures / "dark" / "11.png") as image:
        original = np.asarray(image).astype(float)
    assert np.sqrt(np.mean((data[1] - original) ** 2)) < 16
    assert names_below(tmp_path) == {f"pictures/{name}" for name in names_below(pictures)} | {"small.hpml"}


def test_coded_indices(run, pictures, tmp_path):
    for coding in ("packed", "rans"):
        assert run("dataset", pictures, "-o", coding, "--coding", coding).returncode == 0
    np.testing.assert_array_equal(ml.Dataset(tmp_path / "rans").batch(), ml.Dataset(tmp_path / "packed").batch())
    assert ml.Dataset(tmp_path / "rans").coding == "rans"
    done = run("dataset", pictures, "-o", "shards", "--format", "wds", "--coding", "rans")
    assert "memmap" in one_sentence(done, 2)


@pytest.mark.parametrize("container", ["memmap", "wds", "parquet", "folder"])
@pytest.mark.parametrize("palette", ["image", "group", "all"])
def test_all_ways_hold_the_same_pictures(run, pictures, tmp_path, container, palette):
    if container == "parquet":
        pytest.importorskip("pyarrow")
    done = run("dataset", pictures, "-o", "out", "--format", container, "--palette", palette, "--json")
    assert done.returncode == 0, done.stderr
    facts = json.loads(done.stdout)
    assert facts["n_pictures"] == 12 and facts["class_names"] == ["dark", "light"]
    run("dataset", pictures, "-o", "reference.hpml", "--palette", palette)
    reference = ml.Dataset(tmp_path / "reference.hpml")
    names = sorted(names_below(pictures))
    read = {"memmap": from_memmap, "wds": from_tar, "parquet": from_parquet, "folder": from_folder}[container]
    found = read(tmp_path / "out", names)
    for i in range(12):
        picture, label = found[i]
        np.testing.assert_array_equal(picture, reference[i])  # transparent ones on white everywhere
        assert label == reference.labels[i]
    if palette == "all":
        colors = np.concatenate([picture.reshape(-1, 3) for picture, _ in found])
        assert len(np.unique(colors, axis=0)) <= 16 + 16
    assert not (tmp_path / "out.work").exists()
    assert facts["bytes_out"] == sum(
        path.stat().st_size for path in [tmp_path / "out", *(tmp_path / "out").rglob("*")] if path.is_file()
    )


def from_memmap(path, names):
    data = ml.Dataset(path)
    return [(data[i], data.labels[i]) for i in range(len(data))]


def from_tar(folder, names):
    assert names_below(folder) == {"out-000000.tar", "classes.txt"}
    assert (folder / "classes.txt").read_text() == "dark\nlight\n"
    with tarfile.open(folder / "out-000000.tar") as tar:
        members = {member.name: tar.extractfile(member).read() for member in tar.getmembers()}
    keys = [name[:-4] for name in members if name.endswith(".png")]
    assert keys != sorted(keys) and len(keys) == 12  # classes do not follow each other
    return [(rgb(members[f"{i:08d}.png"]), int(members[f"{i:08d}.cls"])) for i in range(12)]


def from_parquet(folder, names):
    from pyarrow import parquet

    table = parquet.read_table(folder / "out-00000.parquet")
    told = json.loads(table.schema.metadata[b"huggingface"])["info"]["features"]
    assert told["image"] == {"_type": "Image"} and told["label"]["names"] == ["dark", "light"]
    rows = table.to_pylist()
    assert [row["image"]["path"] for row in rows] == names
    return [(rgb(row["image"]["bytes"]), row["label"]) for row in rows]


def from_folder(folder, names):
    assert names_below(folder) == set(names)
    return [(rgb((folder / name).read_bytes()), int(name.startswith("light"))) for name in names]


def test_the_same_run_writes_the_same_bytes(run, pictures, tmp_path):
    for name in ("a", "b"):
        (tmp_path / name).mkdir()
        for container, output in (("memmap", "x.hpml"), ("wds", "x")):
            done = run(
                "dataset", pictures, "-o", f"{name}/{output}", "--format", container, "-j", "1" if name == "a" else "2"
            )
            assert done.returncode == 0, done.stderr
    for output in ("x.hpml", "x/x-000000.tar"):
        assert (tmp_path / "a" / output).read_bytes() == (tmp_path / "b" / output).read_bytes()


def test_labels_from_a_table_make_folders(run, pictures, tmp_path):
    rows = [f"{name},{'odd one' if 'dark' in name else 'even'}" for name in sorted(names_below(pictures))]
    (tmp_path / "labels.csv").write_text("path,label\n" + "\n".join(rows))
    done = run("dataset", pictures, "-o", "out", "--format", "folder", "--labels", "labels.csv")
    assert done.returncode == 0, done.stderr
    assert {name.split("/")[0] for name in names_below(tmp_path / "out")} == {"odd one", "even"}
    (tmp_path / "labels.csv").write_text("\n".join(rows).replace("odd one", "../../up"))
    done = run("dataset", pictures, "-o", "elsewhere", "--format", "folder", "--labels", "labels.csv")
    assert "'../../up' is no name for a folder" in one_sentence(done, 2)
    assert not (tmp_path / "elsewhere").exists() and not (tmp_path / "elsewhere.work").exists()


def test_pictures_that_fail_stop_it_unless_they_are_left_out(run, pictures, tmp_path):
    (pictures / "dark" / "3.png").write_bytes(b"no picture")
    done = run("dataset", pictures, "-o", "out.hpml")
    told = done.stderr.decode()
    assert done.returncode == 3 and "dark/3.png" in told and "1 picture of 12 cannot be used" in told, told
    assert not (tmp_path / "out.hpml").exists()
    ledger = (tmp_path / "out.hpml.work" / "pictures" / ".huepress-ledger").read_bytes()
    assert ledger.count(b"\n") == 11  # what is done waits for the next run
    done = run("dataset", pictures, "-o", "out.hpml", "--skip-failed", "--json")
    assert done.returncode == 0 and json.loads(done.stdout)["n_left_out"] == 1
    assert len(ml.Dataset(tmp_path / "out.hpml")) == 11
    assert not (tmp_path / "out.hpml.work").exists()


def test_a_run_that_was_cut_off_goes_on(run, pictures, tmp_path):
    (pictures / "dark" / "3.png").write_bytes(b"no picture")
    run("dataset", pictures, "-o", "out", "--format", "wds")
    prepared = tmp_path / "out.work" / "pictures" / "light" / "2.png"
    before = prepared.stat().st_mtime_ns
    half = tmp_path / "out.work" / "dataset"
    half.mkdir()
    (half / "out-000000.tar").write_bytes(b"half")
    done = run("dataset", pictures, "-o", "out", "--format", "wds")
    assert done.returncode == 3 and prepared.stat().st_mtime_ns == before
    done = run("dataset", pictures, "-o", "out", "--format", "wds", "--skip-failed")
    assert done.returncode == 0
    with tarfile.open(tmp_path / "out" / "out-000000.tar") as tar:
        assert len(tar.getnames()) == 22


def test_what_is_in_the_way_stays(run, pictures, tmp_path):
    (tmp_path / "out").mkdir()
    (tmp_path / "out" / "mine.txt").write_text("mine")
    done = run("dataset", pictures, "-o", "out", "--format", "wds", "--force")
    assert "exists already" in one_sentence(done, 5)
    (tmp_path / "x.hpml.work").mkdir()
    (tmp_path / "x.hpml.work" / "mine.txt").write_text("mine")
    assert "is in the way" in one_sentence(run("dataset", pictures, "-o", "x.hpml"), 5)
    (tmp_path / "y.hpml.work").symlink_to(tmp_path / "out")
    assert "is in the way" in one_sentence(run("dataset", pictures, "-o", "y.hpml"), 5)
    (tmp_path / "z.hpml").write_text("mine")
    assert "--force overwrites it" in one_sentence(run("dataset", pictures, "-o", "z.hpml"), 5)
    assert "lies in the folder" in one_sentence(run("dataset", pictures, "-o", "pictures/w", "--format", "wds"), 5)
    assert names_below(tmp_path / "out") == {"mine.txt"} and (tmp_path / "z.hpml").read_text() == "mine"
    assert run("dataset", pictures, "-o", "z.hpml", "--force").returncode == 0
    assert len(ml.Dataset(tmp_path / "z.hpml")) == 12


@pytest.mark.parametrize(
    ("options", "code", "told"),
    [
        (["missing", "-o", "x"], 3, "no such folder"),
        (["empty", "-o", "x"], 3, "no pictures in it"),
        (["pictures", "-o", "-"], 2, "written to a file or folder"),
        (["pictures", "-o", "s3://bucket/x"], 2, "written to a file or folder"),
        (["pictures", "-o", "x", "--labels", "nowhere.csv"], 3, "nowhere.csv"),
        (["pictures", "-o", "x", "--palette", "group", "--memory", "1"], 2, "memory"),
        (["pictures", "-o", "x", "--memory", "lots"], 2, "memory takes a size"),
    ],
)
def test_what_cannot_be_had_is_one_sentence(run, pictures, tmp_path, options, code, told):
    (tmp_path / "empty").mkdir()
    assert told in one_sentence(run("dataset", *options), code)
    assert names_below(tmp_path) == {f"pictures/{name}" for name in names_below(pictures)}


def test_a_folder_without_classes_in_the_folder_itself(run, pictures, tmp_path):
    for number, path in enumerate(sorted(pictures.rglob("*.png"))):
        shutil.copy(path, tmp_path / f"{number}.png")
    shutil.rmtree(pictures)
    done = run("dataset", ".", "-o", "all.hpml", "--resize", "16")
    assert done.returncode == 0, done.stderr
    data = ml.Dataset(tmp_path / "all.hpml")
    assert len(data) == 12 and data.labels is None and (data.sizes.max(axis=1) == 16).all()
    done = run("dataset", ".", "-o", "all.hpml", "--force")  # what was made is no picture of the next
    assert done.returncode == 0 and len(ml.Dataset(tmp_path / "all.hpml")) == 12
    assert os.listdir(tmp_path).count("all.hpml.work") == 0


def test_no_input_is_written_over(run, pictures, tmp_path):
    (tmp_path / "labels.csv").write_text("path,label\n")
    first = next(path for path in sorted(pictures.rglob("*")) if path.is_file())
    (tmp_path / "link").symlink_to(first)
    for output in (first.relative_to(tmp_path), "link", "labels.csv"):
        before = (tmp_path / output).read_bytes()
        done = run("dataset", pictures.name, "-o", output, "-f", "--labels", "labels.csv")
        assert done.returncode == 5 and b"would replace an input" in done.stderr, done.stderr
        assert (tmp_path / output).read_bytes() == before


def test_two_pictures_of_one_name_are_told(run, tmp_path):
    (tmp_path / "in" / "a").mkdir(parents=True)
    for number, name in enumerate(("a/x.png", "x.png")):
        (tmp_path / "in" / name).write_bytes(png_bytes(np.full((8, 8, 3), 90 * number, np.uint8)))
    (tmp_path / "labels.csv").write_text("path,label\na/x.png,a\nx.png,a\n")
    done = run("dataset", "in", "-o", "out", "--format", "folder", "--labels", "labels.csv")
    assert done.returncode == 3 and b"a/x.png: two pictures would have this name" in done.stderr, done.stderr
    assert not (tmp_path / "out").exists()


@pytest.mark.skipif(sys.platform != "linux", reason="names there are bytes")
def test_names_that_are_no_text(run, tmp_path):
    (tmp_path / "in" / "a").mkdir(parents=True)
    (tmp_path / os.fsdecode(b"in/a/\xffx.png")).write_bytes(png_bytes(np.zeros((8, 8, 3), np.uint8)))
    done = run("dataset", "in", "-o", "out", "--format", "parquet")
    assert done.returncode == 0, done.stderr
    (shard,) = (tmp_path / "out").iterdir()
    parquet = pytest.importorskip("pyarrow.parquet")
    assert parquet.read_table(shard).column("image")[0]["path"].as_py() == "a/\\xffx.png"


@pytest.mark.skipif(sys.platform != "linux", reason="files are limited on Linux")
def test_a_full_disk_is_no_fault_of_the_pictures(huepress_program, pictures, tmp_path):
    def limit():
        resource.setrlimit(resource.RLIMIT_FSIZE, (400, 400))

    done = subprocess.run(
        [huepress_program, "dataset", pictures.name, "-o", "out.hpml", "--skip-failed"],
        cwd=tmp_path,
        capture_output=True,
        timeout=HANG,
        preexec_fn=limit,
    )
    assert done.returncode == 5 and b"cannot be written" in done.stderr and b"skip" not in done.stderr, done.stderr
    assert not (tmp_path / "out.hpml").exists()
