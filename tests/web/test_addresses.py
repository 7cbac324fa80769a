"""Under which addresses a server is told to be reached."""

import re
import subprocess

import pytest

from huepress.web.server import _of_this_machine
from web.served import Served, serving


@pytest.mark.parametrize("host", ["999.1.1.1", "nosuchhost.invalid", "203.0.113.7"])
def test_an_address_that_is_not_this_machine_s_is_told(huepress_program, tmp_path, host):
    done = subprocess.run([huepress_program, "serve", "--no-open", "--host", host], cwd=tmp_path, capture_output=True)
    assert done.returncode == 2 and done.stderr.count(b"\n") == 1
    assert b"choose an address of this machine" in done.stderr and b"port" not in done.stderr


def test_who_listens_everywhere_says_how_others_get_in(huepress_program, tmp_path):
    addresses = _of_this_machine("0.0.0.0")
    if not addresses:
        pytest.skip("this machine has no network")
    with serving(huepress_program, "--host", "0.0.0.0", cwd=tmp_path) as served:
        line = served.process.stdout.readline().decode()
        other = re.fullmatch(r"From other machines: (http://(\S+?):\d+/\?token=\S+)\n", line)
        assert other and other[2] == addresses[0]
        there = Served(served.process, other[1])
        assert there.enter().status == 303
    assert _of_this_machine("127.0.0.1") == _of_this_machine(addresses[0]) == []
