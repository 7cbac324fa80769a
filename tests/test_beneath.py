"""Files that have to lie in a folder, while somebody puts links in their place."""

import contextlib
import os

import pytest

from huepress import beneath, files
from huepress.errors import InputError
from huepress.storage.local import LocalStore


@pytest.fixture(params=["by descriptors", "looked at afterwards"])
def tree(tmp_path, request, monkeypatch):
    if request.param == "by descriptors":
        if not beneath.HAS_DESCRIPTORS:
            pytest.skip("this system opens nothing from a descriptor")
    else:
        monkeypatch.setattr(beneath, "HAS_DESCRIPTORS", False)
    (tmp_path / "outside").mkdir()
    (tmp_path / "outside" / "a").write_bytes(b"secret")
    root = tmp_path / "root"
    (root / "sub").mkdir(parents=True)
    (root / "a").write_bytes(b"top")
    (root / "sub" / "a").write_bytes(b"below")
    return root


def read(root, name):
    return files.read_bytes(root / name, below=str(root))


def test_what_lies_below_is_read(tree, tmp_path):
    assert read(tree, "a") == b"top" and read(tree, "sub/a") == b"below"
    assert files.read_start(tree / "sub" / "a", 2, below=str(tree)) == b"be"
    with files.open_to_read(tree / "a", below=str(tree)) as file:
        assert file.readall() == b"top"
    (tmp_path / "other").symlink_to(tree)  # the folder itself may be reached by one
    assert read(tmp_path / "other", "sub/a") == b"below"
    assert LocalStore(str(tree), follow=False).read("sub/a") == b"below"


@pytest.mark.parametrize("name", ["link", "sub/link", "linked/a", "up/root/a", "dangling"])
def test_links_are_not_followed(tree, name):
    (tree / "link").symlink_to("a")
    (tree / "sub" / "link").symlink_to(tree.parent / "outside" / "a")
    (tree / "linked").symlink_to(tree.parent / "outside")
    (tree / "up").symlink_to("..")
    (tree / "dangling").symlink_to("nowhere")
    if name == "dangling" and not beneath.HAS_DESCRIPTORS:
        pytest.skip("there is nothing to open")
    with pytest.raises(InputError, match="a link, which is not followed"):
        read(tree, name)
    with pytest.raises(InputError, match="a link, which is not followed"):
        LocalStore(str(tree), follow=False).read(name)


@pytest.mark.parametrize("name", ["../outside/a", "sub/../../outside/a", ".", "missing", "sub", "a/b"])
def test_what_is_not_there_is_told(tree, name):
    with pytest.raises(InputError) as caught:
        read(tree, name)
    assert "link" not in str(caught.value)


def test_a_pipe_is_not_waited_for(tree):
    os.mkfifo(tree / "pipe")
    with pytest.raises(InputError, match="pipe"):
        read(tree, "pipe")


@pytest.mark.parametrize("name", ["a", "sub/a"])
@pytest.mark.parametrize("swapped", ["a", "sub/a", "sub"])
@pytest.mark.parametrize("at", [0, 1, 2])
def test_links_that_come_and_go_while_it_is_opened(tree, tmp_path, monkeypatch, name, swapped, at):
    """Whenever: just before something is opened a link is there, and just after it no more."""
    outside = tmp_path / "outside"
    really, calls = os.open, []

    def opening(path, flags, *mode, **where):
        calls.append(path)
        if len(calls) - 1 != at:
            return really(path, flags, *mode, **where)
        (tree / swapped).rename(tmp_path / "aside")
        (tree / swapped).symlink_to(outside if swapped == "sub" else outside / "a")
        try:
            return really(path, flags, *mode, **where)
        finally:
            (tree / swapped).unlink()
            (tmp_path / "aside").rename(tree / swapped)

    monkeypatch.setattr(os, "open", opening)
    with contextlib.suppress(InputError):
        assert read(tree, name) == {"a": b"top", "sub/a": b"below"}[name]
