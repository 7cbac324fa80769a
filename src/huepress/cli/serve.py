"""``huepress serve``: the program in a page of one's own."""

from __future__ import annotations

import sys
from collections.abc import Sequence

import click

from huepress.cli.command import GroupedCommand, option
from huepress.cli.options import options_of
from huepress.cli.output import say
from huepress.options import Options

EXAMPLES = (
    "huepress serve                                   # drop pictures into the page that opens",
    "huepress serve pictures                          # list a folder; save beside, into a folder, or in place",
)
_LOCAL_HOST = "127.0.0.1"


@click.command(name="serve", cls=GroupedCommand, examples=EXAMPLES)
@click.argument("folder", required=False, metavar="[FOLDER]", type=click.Path())
@option("--port", type=click.IntRange(0, 65535), default=0, help="Port to listen on.  [default: one that is free]")
@option("--host", default=_LOCAL_HOST, show_default=True, help="Address to listen on; beyond this machine: 0.0.0.0.")
@option("--no-open", is_flag=True, help="Print the address, and open no browser.")
@option("--memory", metavar="SIZE", group="many files", help="Most memory for all images at once, such as 2GB.")
@options_of(Options, ["jobs", "max_pixels"])
def command(
    folder: str | None, port: int, host: str, no_open: bool, memory: str | None, jobs: int, max_pixels: int
) -> int:
    """Open a page that does what the command does, to files that never leave this machine.

    The address that is printed holds a key: who does not have it gets nothing. Ctrl-C ends the server, and what was
    not saved or downloaded is gone. With FOLDER its pictures are listed, and results can be saved there.
    """
    from huepress.archive.memory import parse_bytes
    from huepress.web.server import ServeRequest, is_local, serve

    def ready(address: str, opens_once: str, others: Sequence[str]) -> None:
        say(address)
        for other in others:
            say(f"From other machines: {other}")
        if not is_local(host):
            say("Anybody on the network who has this address gets in; it is not encrypted.", err=True)
        if not no_open:
            click.launch(opens_once)

    request = ServeRequest(
        folder=folder,
        host=host,
        port=port,
        jobs=jobs,
        memory=None if memory is None else parse_bytes(memory),
        max_pixels=max_pixels,
    )
    try:
        serve(request, ready)
    except KeyboardInterrupt:
        if sys.stderr is not None and sys.stderr.isatty():
            say("", err=True)  # behind the terminal's ^C
    return 0
