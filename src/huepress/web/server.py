"""The server from its start to its end: a port, a key, a folder of its own, and Ctrl-C."""

from __future__ import annotations

import contextlib
import errno
import ipaddress
import signal
import socket
import threading
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from types import FrameType

from huepress.archive.batch import check_request
from huepress.archive.memory import default_budget
from huepress.archive.processes import temporary_files_in, warm_up
from huepress.archive.request import RunRequest
from huepress.archive.run import Resources
from huepress.errors import OptionError, missing_extra
from huepress.options import DEFAULT_MAX_PIXELS, Options

DEFAULT_HOST = "127.0.0.1"
# What is still being sent when the server ends gets so long, in seconds.
_GRACE = 1
# What is wrong with a port, and not with the address.
_OF_PORTS = (errno.EADDRINUSE, errno.EACCES, errno.EPERM)
_ENDING = ("SIGTERM", "SIGHUP", "SIGBREAK")


@dataclass(frozen=True, kw_only=True)
class ServeRequest:
    """What a server is asked for.

    Parameters
    ----------
    folder : str, optional
        Whose pictures are listed.
    host : str
        The address to listen on.
    port : int
        0 for one that is free.
    jobs : int
        Threads; 0 for one per processor.
    memory : int, optional
        Most bytes for all pictures at once.
    max_pixels : int
        Larger pictures are refused.
    """

    folder: str | None = None
    host: str = DEFAULT_HOST
    port: int = 0
    jobs: int = 0
    memory: int | None = None
    max_pixels: int = DEFAULT_MAX_PIXELS

    @property
    def resources(self) -> Resources:
        """What the jobs may take of this machine."""
        threads = Options(jobs=self.jobs).threads
        if self.memory is None:
            return Resources(threads, default_budget(), strict=False)
        return Resources(threads, self.memory, strict=True)


def serve(request: ServeRequest, on_ready: Callable[[str, str, Sequence[str]], None]) -> None:
    """Serve the page until Ctrl-C, or a signal that ends programs.

    Parameters
    ----------
    request : ServeRequest
    on_ready : callable
        Called with the address for people and with one that opens the page but once, as soon as these answer. Other
        users of a machine see what programs are started with, so only the second is for a browser's command line.
        Third come the addresses by which other machines reach it, where it listens on all.

    Raises
    ------
    OptionError
        If what it needs is not installed, or the address cannot be had.
    InputError
        If the folder cannot be read.
    """
    try:
        import starlette  # noqa: F401
        import uvicorn
    except ImportError:
        raise missing_extra("the page", "Starlette and uvicorn", "serve", OptionError) from None
    from huepress.web.scratch import Scratch

    check_request(RunRequest(names=(), options=Options(jobs=request.jobs), memory=request.memory))
    listener = _listener(request.host, request.port)
    with _ended_by_signals(), listener, Scratch() as scratch, temporary_files_in(scratch.root):
        warm_up("huepress.web.preloaded")
        from huepress.web.app import make_app
        from huepress.web.doors import Keys
        from huepress.web.folder import Folder
        from huepress.web.patience import MOST_HEADER_BYTES, Impatient
        from huepress.web.studio import Studio

        port = listener.getsockname()[1]
        keys = Keys()
        studio = Studio(scratch, request.resources, max_pixels=request.max_pixels)
        folder = Folder(studio, request.folder, request.memory) if request.folder is not None else None

        class Server(uvicorn.Server):
            """Tells its streams to end, and whoever started it that it answers."""

            def handle_exit(self, sig: int, frame: FrameType | None) -> None:
                super().handle_exit(sig, frame)
                studio.end()
                if folder is not None:
                    folder.stop()

            async def startup(self, sockets: list[socket.socket] | None = None) -> None:
                await super().startup(sockets)
                if folder is not None:
                    folder.list_pictures()
                shown = "localhost" if request.host in (DEFAULT_HOST, "::1") else request.host
                others = [keys.addresses(each, port)[0] for each in _of_this_machine(request.host)]
                on_ready(*keys.addresses(_called(shown), port), others)

        server: Server
        app = make_app(
            studio,
            keys=keys,
            host=request.host,
            port=port,
            is_over=lambda: server.should_exit,
            more=folder.routes() if folder is not None else None,
        )
        config = uvicorn.Config(
            app,
            http=Impatient,
            h11_max_incomplete_event_size=MOST_HEADER_BYTES,
            log_level="warning",
            access_log=False,
            server_header=False,
            date_header=False,
            proxy_headers=False,
            ws="none",
            timeout_graceful_shutdown=_GRACE,
        )
        server = Server(config)
        server.run(sockets=[listener])


@contextlib.contextmanager
def _ended_by_signals() -> Iterator[None]:
    """Let what ends a program by default end this one as Ctrl-C does: its pictures do not stay behind.

    Uvicorn takes SIGTERM while it runs, and raises it once more after it has ended.
    """

    def end(sig: int, _: FrameType | None) -> None:
        if sig != signal.SIGTERM:
            signal.raise_signal(signal.SIGTERM)
            return
        for each in before:  # once is enough
            signal.signal(each, signal.SIG_IGN)
        raise KeyboardInterrupt

    before: set[int] = set()
    if threading.current_thread() is threading.main_thread():
        for name in _ENDING:
            sig = getattr(signal, name, None)
            if (
                sig is not None and signal.getsignal(sig) is signal.SIG_DFL
            ):  # what is disregarded, as by nohup, stays so
                signal.signal(sig, end)
                before.add(sig)
    try:
        yield
    finally:
        for sig in before:
            signal.signal(sig, signal.SIG_DFL)


def _called(host: str) -> str:
    """Return how this machine calls an address that stands for all of its own."""
    return {"0.0.0.0": "127.0.0.1", "::": "::1"}.get(host, host)


def _of_this_machine(host: str) -> list[str]:
    """Return the address by which others reach this machine, if it listens on all and has a network.

    It is that from which packets would be sent to another network (RFC 5737, RFC 3849); none is.
    """
    elsewhere = {"0.0.0.0": (socket.AF_INET, "192.0.2.1"), "::": (socket.AF_INET6, "2001:db8::1")}
    if host not in elsewhere:
        return []
    family, other = elsewhere[host]
    with contextlib.suppress(OSError), socket.socket(family, socket.SOCK_DGRAM) as asked:
        asked.connect((other, 9))
        address = asked.getsockname()[0]
        if not ipaddress.ip_address(address).is_loopback:
            return [address]
    return []


def _listener(host: str, port: int) -> socket.socket:
    """Bind an address; two servers never share one.

    Raises
    ------
    OptionError
    """
    try:
        family = socket.AF_INET6 if ":" in host else socket.AF_INET
        listener = socket.socket(family, socket.SOCK_STREAM)
        # Windows takes a port again at once by itself; there the usual option would let others share it.
        listener.setsockopt(socket.SOL_SOCKET, getattr(socket, "SO_EXCLUSIVEADDRUSE", socket.SO_REUSEADDR), 1)
        listener.bind((host, port))
        listener.listen(128)
    except (OSError, OverflowError, UnicodeError) as error:
        reason = getattr(error, "strerror", None) or "no such address"
        is_port = isinstance(error, OverflowError) or getattr(error, "errno", None) in _OF_PORTS
        remedy = "choose another port" if is_port else "choose an address of this machine, or 0.0.0.0 for all"
        raise OptionError(f"{host}:{port} cannot be listened on ({reason.lower()})", remedy=remedy) from None
    listener.setblocking(False)
    return listener


def is_local(host: str) -> bool:
    """Tell whether only this machine reaches an address."""
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return host == "localhost"
