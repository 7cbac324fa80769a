"""What is ready of a file already is taken, as long as doing the work would come to the same."""

from contextlib import closing
from dataclasses import replace

import numpy as np
import pytest

from conftest import png_bytes
from huepress.archive.batch import Watch, carry_out
from huepress.archive.listing import plan_tree
from huepress.archive.request import RunRequest
from huepress.archive.tasks import FileOutcome, Task, content_hash
from huepress.options import Options


@pytest.fixture
def source(tmp_path, photo):
    (tmp_path / "pictures").mkdir()
    path = tmp_path / "pictures" / "a.png"
    path.write_bytes(png_bytes(photo))
    return path


@pytest.fixture
def ready(tmp_path, source):
    """Another file than the work would make, so that it is known wherever it gets to."""
    path = tmp_path / "made.png"
    path.write_bytes(png_bytes(np.zeros((200, 300, 3), np.uint8)))
    hashes = {"source_hash": content_hash(source.read_bytes()), "output_hash": content_hash(path.read_bytes())}
    return FileOutcome(Task("", "", None), "compressed", str(path), format="png", **hashes)


def carried_out(source, ready, **asked):
    request = RunRequest(
        names=(str(source.parent),), options=Options(effort=0, n_colors=16, jobs=1), recursive=True, **asked
    )
    planned = plan_tree(request)
    planned = replace(planned, tasks=[replace(task, ready=ready) for task in planned.tasks])
    with closing(carry_out(planned, request, Watch())) as outcomes:
        (outcome,) = outcomes
    assert outcome.error is None
    return outcome


def test_it_is_taken(source, ready, tmp_path):
    outcome = carried_out(source, ready, output=str(tmp_path / "out"))
    data = (tmp_path / "made.png").read_bytes()
    assert (tmp_path / "out" / "a.png").read_bytes() == data
    assert outcome.status == "compressed" and outcome.bytes_out == len(data) < outcome.bytes_in
    again = carried_out(source, None, output=str(tmp_path / "out"))  # the ledger knows it
    assert again.unchanged


def test_in_place_it_gets_the_mark(source, ready, tmp_path):
    carried_out(source, ready, in_place=True)
    data = (tmp_path / "made.png").read_bytes()
    assert source.read_bytes() != data and source.read_bytes().startswith(data[:-12])
    assert carried_out(source, None, in_place=True).already_done


@pytest.mark.parametrize("changed", ["source", "file", "gone", "name", "savings"])
def test_it_is_made_anew(source, ready, tmp_path, photo, changed):
    asked = {"output": str(tmp_path / "out")}
    if changed == "source":
        source.write_bytes(png_bytes(photo[::-1]))
    elif changed == "file":
        (tmp_path / "made.png").write_bytes(b"something else")
    elif changed == "gone":
        (tmp_path / "made.png").unlink()
    elif changed == "name":
        (tmp_path / "made.png").rename(tmp_path / "made.gif")
        ready = replace(ready, output=str(tmp_path / "made.gif"))
    else:
        asked["min_saving"] = 0.9999
    outcome = carried_out(source, ready, **asked)
    assert outcome.status == ("kept" if changed == "savings" else "compressed")
    made = (tmp_path / "out" / "a.png").read_bytes()
    assert made != png_bytes(np.zeros((200, 300, 3), np.uint8))
