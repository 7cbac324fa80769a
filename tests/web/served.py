"""A real server, started as people start it, and requests that browsers would not send."""

from __future__ import annotations

import contextlib
import http.client
import json
import signal
import subprocess
import time
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import quote, urlsplit

from conftest import HANG, interruptible, wait_until

JSON = {"Content-Type": "application/json"}


@dataclass
class Answer:
    """What a server answered."""

    status: int
    headers: Mapping[str, str]
    body: bytes

    @property
    def json(self):
        return json.loads(self.body)


class Served:
    """A running ``huepress serve``.

    Attributes
    ----------
    address : str
        With its token.
    cookie, place : str
        What the token becomes: a cookie, and the secret folder below which the page is.
    before_its_end : list of callable
        Called before the server is stopped, so that nobody misses it.
    """

    def __init__(self, process: subprocess.Popen, address: str) -> None:
        self.process, self.address = process, address
        split = urlsplit(address)
        self.host, self.port, self.query = split.hostname, split.port, split.query
        self.cookie = self.place = ""
        self.before_its_end: list[Callable[[], object]] = []

    @property
    def origin(self) -> str:
        return f"http://{self.host}:{self.port}"

    def raw(
        self, method: str, path: str, body: bytes | None = None, headers: Mapping[str, str] | None = None
    ) -> Answer:
        """Send exactly this; the Host is the server's unless given. Paths are below the secret place, but for `/?`."""
        if not path.startswith("/?"):
            path = f"{self.place}/{path.removeprefix('/')}"
        connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=HANG)
        with contextlib.closing(connection):
            given = {"Host": f"{self.host}:{self.port}", **(headers or {})}
            connection.putrequest(method, path, skip_host=True, skip_accept_encoding=True)
            if body is not None and not any(name.lower() == "content-length" for name in given):
                given["Content-Length"] = str(len(body))
            for name, value in given.items():
                if value is not None:
                    connection.putheader(name, value)
            connection.endheaders(body)
            answer = connection.getresponse()
            return Answer(answer.status, dict(answer.getheaders()), answer.read())

    def enter(self) -> Answer:
        """Open the address, and keep the cookie."""
        answer = self.raw("GET", f"/?{self.query}")
        self.cookie = answer.headers["set-cookie"].split(";")[0]
        self.place = answer.headers["location"].removesuffix("/")
        return answer

    @property
    def own(self) -> dict[str, str]:
        """The headers of the server's own page."""
        return {"Cookie": self.cookie, "Origin": self.origin, "X-Huepress": "1"}

    def call(self, method: str, path: str, body: object = None) -> Answer:
        """Do what the page does."""
        data = body if isinstance(body, bytes) else None if body is None else json.dumps(body).encode()
        return self.raw(method, path, data if data is not None else (None if method == "GET" else b""), self.own)

    def add(self, name: str, data: bytes) -> str:
        """Drop a picture; return its number."""
        answer = self.call("POST", f"/api/pictures?name={quote(name, safe='')}", data)
        assert answer.status == 200, answer.body
        return answer.json["taken"][0]

    def states(self) -> Iterator[dict]:
        """Yield the events of the page; one stream of many is ended soon, and opened anew, as browsers do."""
        yield from self._stream()
        with contextlib.suppress(OSError):  # the server is about to end
            while self.process.poll() is None:
                time.sleep(0.05)
                yield from self._stream()

    def _stream(self) -> Iterator[dict]:
        connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=HANG)
        with contextlib.closing(connection):
            connection.request(
                "GET", f"{self.place}/api/events", headers={"Host": f"{self.host}:{self.port}", "Cookie": self.cookie}
            )
            answer = connection.getresponse()
            assert answer.status == 200 and answer.getheader("content-type").startswith("text/event-stream")
            while line := answer.readline():
                if line.startswith(b"data: "):
                    yield json.loads(line[6:])

    @property
    def chosen(self) -> dict:
        """The settings for all."""
        return next(self.states())["chosen"]

    def rows_when(self, is_so) -> dict[str, dict]:
        """Wait until something is so of the rows, by their numbers."""
        rows: dict[str, dict] = {}
        for state in self.states():
            rows |= {row["id"]: row for row in state["rows"]}
            for gone in state["removed"]:
                rows.pop(gone, None)
            if is_so(rows):
                return rows
        raise AssertionError("the stream has ended")

    def finished(self) -> dict[str, dict]:
        """Wait until all is done; return the rows."""
        return self.rows_when(lambda rows: rows and all(row["stage"] in ("done", "failed") for row in rows.values()))


@contextlib.contextmanager
def serving(
    program: Path, *arguments: object, cwd: Path, env: Mapping[str, str] | None = None, opens: bool = False
) -> Iterator[Served]:
    """Start the program, and stop it as Ctrl-C does."""
    command = interruptible([str(program), "serve", *([] if opens else ["--no-open"]), *map(str, arguments)])
    process = subprocess.Popen(command, cwd=cwd, stdout=subprocess.PIPE, stderr=subprocess.PIPE, env=env)
    served = None
    try:
        served = Served(process, process.stdout.readline().decode().strip())
        served.enter()
        yield served
    finally:
        for each in served.before_its_end if served is not None else ():
            each()
        if process.poll() is None:
            process.send_signal(signal.SIGINT)
            wait_until(lambda: process.poll() is not None, process)
        process.stdout.close()
        process.stderr.close()


@contextlib.contextmanager
def serving_folder(program: Path, tree: Path, **settings: object) -> Iterator[Served]:
    """Serve a folder of two pictures, with settings."""
    with serving(program, tree.name, cwd=tree.parent) as started:
        started.call("PUT", "/api/settings", settings)
        wait_until(lambda: len(next(started.states())["rows"]) == 2, started.process)
        yield started


def saved(served, **asked):
    """Have a run done, tried first as it has to be, and return how it ended."""
    if not asked["dry_run"] and served.call("GET", "/api/folder").json["tried"] is None:
        saved(served, **{**asked, "dry_run": True})
    assert served.call("POST", "/api/folder/run", asked).status == 202
    state = {}

    def is_over():
        state.update(served.call("GET", "/api/folder").json["run"])
        return not state["running"]

    wait_until(is_over, served.process)
    return state
