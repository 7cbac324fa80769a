"""A real scheduler and real workers on this machine: the same tree and report as a local run."""

import json
import os
import signal
import subprocess
import sys

import pytest
from PIL import Image

from archive.trees import files_of, images_of, many
from conftest import HANG, wait_until

distributed = pytest.importorskip("distributed")


@pytest.fixture
def cluster(tmp_path_factory):
    """The scheduler's address and two worker processes."""
    folder = tmp_path_factory.mktemp("dask")
    where = folder / "scheduler.json"
    quiet = {"stdout": subprocess.DEVNULL, "stderr": subprocess.DEVNULL, "cwd": folder}
    scheduler = [sys.executable, "-m", "distributed.cli.dask_scheduler", "--host", "127.0.0.1", "--port", "0"]
    worker = [sys.executable, "-m", "distributed.cli.dask_worker", "--nthreads", "1", "--no-nanny", "--no-dashboard"]
    processes = [subprocess.Popen([*scheduler, "--no-dashboard", "--scheduler-file", str(where)], **quiet)]
    processes += [subprocess.Popen([*worker, "--scheduler-file", str(where)], **quiet) for _ in range(2)]
    try:
        wait_until(lambda: where.exists() and where.read_text().rstrip().endswith("}"), processes[0])  # all of it
        address = json.loads(where.read_text())["address"]
        with distributed.Client(address, set_as_default=False) as client:
            client.wait_for_workers(2, timeout=HANG)
        yield address, processes[1:]
    finally:
        for process in processes:
            process.kill()
            process.wait()


@pytest.fixture
def source(photo, tmp_path):
    """A tree with one file that is none."""
    many(tmp_path / "src", photo, 40)
    (tmp_path / "src" / "cut.png").write_bytes(b"no")
    return tmp_path


# What happens to one of the two workers in the middle of the run; if stopped it holds its tasks and says nothing.
@pytest.mark.parametrize(
    ("blow", "options"),
    [
        (signal.SIGKILL, []),
        (signal.SIGSTOP, []),
        (signal.SIGKILL, ["--shared-palette", "--memory", "1GB"]),
    ],
)
def test_the_same_as_a_local_run_though_a_worker_dies(cluster, huepress_program, run, source, blow, options):
    address, workers = cluster
    options = ["-k", "16", *options, "--report"]
    assert run("compress", "-r", "src", "-o", "local", *options, "local.json").returncode == 1
    command = [str(huepress_program), "compress", "-r", "src", "-o", "dst", *options, "dst.json", "--json"]
    command += ["--cluster", address]
    process = subprocess.Popen(command, cwd=source, bufsize=0, stdout=subprocess.PIPE, stderr=subprocess.PIPE)
    for _ in range(5):
        assert process.stdout.readline(), process.stderr.read()
    os.kill(workers[0].pid, blow)
    rest, stderr = process.communicate(timeout=HANG)
    assert rest.count(b"\n") == 41 - 5, stderr
    assert process.returncode == 1 and b"cut.png" in stderr and stderr.count(b"\n") == 1
    assert images_of(source / "dst") == images_of(source / "local")
    assert (source / "dst.json").read_bytes() == (source / "local.json").read_bytes()
    assert not [name for name in files_of(source / "dst") if name.endswith(".tmp")]


@pytest.mark.parametrize("blow", [signal.SIGKILL, signal.SIGSTOP])
def test_colors_are_pooled_though_a_worker_dies_while_they_are_counted(cluster, huepress_program, run, source, blow):
    address, workers = cluster
    assert run("compress", "-r", "src", "-o", "local", "--shared-palette", "-k", 16).returncode == 1
    command = [str(huepress_program), "compress", "-r", "src", "-o", "dst", "-k", "16", "--shared-palette"]
    process = subprocess.Popen([*command, "--cluster", address], cwd=source, stderr=subprocess.PIPE)
    with distributed.Client(address, set_as_default=False) as client:
        wait_until(client.who_has, process)
    os.kill(workers[0].pid, blow)
    _, stderr = process.communicate(timeout=HANG)
    assert process.returncode == 1 and stderr.count(b"\n") == 1 and b"cut.png" in stderr
    assert images_of(source / "dst") == images_of(source / "local")


def test_a_worker_takes_in_hand_what_fits(cluster, run, photo, tmp_path):
    address, _ = cluster
    many(tmp_path / "src", photo, 2)
    Image.new("RGB", (4000, 4000)).save(tmp_path / "src" / "large.png")
    done = run("compress", "-r", "src", "-o", "dst", "--cluster", address, "--memory", "400MB")
    assert done.returncode == 1 and b"large.png" in done.stderr and b"raise --memory" in done.stderr
    assert set(images_of(tmp_path / "dst")) == {"0.png", "1.png"}


def test_no_cluster_there(run, photo, tmp_path):
    many(tmp_path / "src", photo, 1)
    done = run("compress", "-r", "src", "-o", "dst", "--cluster", "tcp://127.0.0.1:1")
    assert done.returncode == 3 and b"no Dask scheduler" in done.stderr and not (tmp_path / "dst").exists()
