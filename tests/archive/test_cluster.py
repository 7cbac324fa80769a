"""A real scheduler and real workers on this machine: the same tree and report as a local run."""

import json
import os
import signal
import subprocess
import sys
import time

import pytest

from archive.trees import files_of, images_of, many

pytest.importorskip("distributed")


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
    deadline = time.monotonic() + 60
    while not where.exists() and time.monotonic() < deadline:
        time.sleep(0.1)
    yield json.loads(where.read_text())["address"], processes[1:]
    for process in processes:
        process.kill()
        process.wait()


def test_the_same_as_a_local_run_though_a_worker_dies(cluster, huepress_program, run, photo, tmp_path):
    address, workers = cluster
    many(tmp_path / "src", photo, 40)
    (tmp_path / "src" / "cut.png").write_bytes(b"no")
    options = ["-k", "16", "--report"]
    assert run("compress", "-r", "src", "-o", "local", *options, "local.json").returncode == 1
    command = [str(huepress_program), "compress", "-r", "src", "-o", "dst", *options, "dst.json", "--json"]
    command += ["--cluster", address]
    process = subprocess.Popen(command, cwd=tmp_path, stdout=subprocess.PIPE, stderr=subprocess.PIPE)
    for _ in range(5):
        assert process.stdout.readline(), process.stderr.read()
    os.kill(workers[0].pid, signal.SIGKILL)
    rest, stderr = process.communicate(timeout=100)
    assert rest.count(b"\n") == 41 - 5, stderr
    assert process.returncode == 1 and b"cut.png" in stderr
    assert images_of(tmp_path / "dst") == images_of(tmp_path / "local")
    assert (tmp_path / "dst.json").read_bytes() == (tmp_path / "local.json").read_bytes()
    assert not [name for name in files_of(tmp_path / "dst") if name.endswith(".tmp")]


def test_no_cluster_there(run, photo, tmp_path):
    many(tmp_path / "src", photo, 1)
    done = run("compress", "-r", "src", "-o", "dst", "--cluster", "tcp://127.0.0.1:1")
    assert done.returncode == 3 and b"no Dask scheduler" in done.stderr and not (tmp_path / "dst").exists()
