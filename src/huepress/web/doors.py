"""Who may come in: what every request is asked before any route sees it.

A page in the same browser may be anybody's, and it can send requests to this machine. It cannot choose the Host that
its requests name (DNS rebinding), does not know the token, and cannot send a header of ours without being asked for
permission that nobody gives.
"""

from __future__ import annotations

import hmac
import ipaddress
import secrets
from collections.abc import Callable
from dataclasses import dataclass, field
from urllib.parse import parse_qs, urlencode

from starlette.datastructures import Headers, MutableHeaders
from starlette.responses import PlainTextResponse, RedirectResponse, Response
from starlette.types import ASGIApp, Message, Receive, Scope, Send

OWN_HEADER = "x-huepress"
_TOKEN = "token"
_TOKEN_BYTES = 32  # 256 bits
_PLACE_BYTES = 16
_READS = frozenset({"GET", "HEAD"})
_LOCAL = frozenset({"localhost", "127.0.0.1", "::1"})
_ANYWHERE = frozenset({"0.0.0.0", "::"})
_LONGEST_TOKEN = 200
CONTENT_POLICY = "; ".join(
    (
        "default-src 'self'",
        "base-uri 'none'",
        "form-action 'none'",
        "frame-ancestors 'none'",
        "object-src 'none'",
    )
)
SECURITY_HEADERS = {
    "Content-Security-Policy": CONTENT_POLICY,
    "X-Content-Type-Options": "nosniff",
    "X-Frame-Options": "DENY",
    "Cache-Control": "no-store",
    "Referrer-Policy": "no-referrer",
    "Cross-Origin-Resource-Policy": "same-origin",
    "Cross-Origin-Opener-Policy": "same-origin",
}


@dataclass(frozen=True)
class Keys:
    """The secrets of one server: of the address that is opened, and of the cookie that it becomes.

    Attributes
    ----------
    token, once, cookie : str
        256 random bits each; the second is of an address that opens the page but once.
    place : str
        128 random bits: the folder below which everything is, as browsers see it. They send a cookie to all ports of a
        name, and thus to servers of others, but only to addresses below the path that the cookie is for.
    """

    token: str = field(default_factory=lambda: secrets.token_urlsafe(_TOKEN_BYTES))
    once: str = field(default_factory=lambda: secrets.token_urlsafe(_TOKEN_BYTES))
    cookie: str = field(default_factory=lambda: secrets.token_urlsafe(_TOKEN_BYTES))
    place: str = field(default_factory=lambda: secrets.token_urlsafe(_PLACE_BYTES))

    def addresses(self, host: str, port: int) -> tuple[str, str]:
        """Return the address for people, and the one that opens the page once."""
        named = f"[{host}]" if ":" in host else host
        first, second = (f"http://{named}:{port}/?{urlencode({_TOKEN: each})}" for each in (self.token, self.once))
        return first, second


class TooMuchError(Exception):
    """A body is larger than its route takes."""


class Doors:
    """Middleware that answers strangers itself, and lets the others through.

    Parameters
    ----------
    app : ASGI application
    keys : Keys
    host : str
        The address that the server listens on.
    port : int
    most_bytes : callable
        Returns how large the body of a request with this path may be.
    """

    def __init__(self, app: ASGIApp, *, keys: Keys, host: str, port: int, most_bytes: Callable[[str], int]) -> None:
        self._app, self._keys, self._host, self._port, self._most_bytes = app, keys, host, port, most_bytes
        self._used_once = False
        self._cookie_name = f"huepress-{port}"  # cookies know no ports, and several servers may run

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer one connection."""
        if scope["type"] == "lifespan":
            await self._app(scope, receive, send)
            return
        if scope["type"] != "http":
            await send({"type": "websocket.close", "code": 1008})
            return
        path = self._path_inside(scope["path"])
        refused = self._refusal(scope, path)
        if path is None or refused is not None:
            await (refused or _stranger())(scope, receive, _with_security_headers(send))
            return
        limit = self._most_bytes(path)
        await self._app({**scope, "path": path}, _limited(receive, limit), _with_security_headers(send))

    def _path_inside(self, path: str) -> str | None:
        """Return a path as the routes know it; None for one that is not below the secret place."""
        place, slash, rest = path.removeprefix("/").partition("/")
        return f"/{rest}" if slash and _same(place, self._keys.place) else None

    def _refusal(self, scope: Scope, path: str | None) -> Response | None:
        """Return the answer to somebody who may not come in, or who is sent on; None for all others."""
        headers, method = Headers(scope=scope), scope["method"]
        if not self._knows_host(headers.getlist("host")):
            return PlainTextResponse("this address is not answered here; open the one that huepress printed", 403)
        if method in _READS and scope["path"] == "/" and self._has_token(scope):
            return self._sent_on()
        if path is None or not self._has_cookie(headers):
            return _stranger()
        if not {*headers.getlist("sec-fetch-site")} <= {"same-origin", "none"}:
            return PlainTextResponse("not for other sites", 403)
        if method not in _READS:
            own = {f"http://{host}" for host in headers.getlist("host")}
            if headers.getlist("origin") != [*own] or headers.get(OWN_HEADER) != "1":
                return PlainTextResponse("only this server's own page changes anything here", 403)
        length = headers.get("content-length", "0")
        limit = self._most_bytes(path)
        if not (length.isascii() and length.isdecimal()) or int(length[:20]) > limit:
            return PlainTextResponse(_too_much(limit), 413)
        return None

    def _knows_host(self, hosts: list[str]) -> bool:
        """Tell whether a request names this server as it is called: never by the name of somebody's site."""
        if len(hosts) != 1:
            return False
        name, _, port = hosts[0].rpartition(":")
        if port != str(self._port):
            return False
        name = name[1:-1] if name.startswith("[") and name.endswith("]") else name
        if name.lower() in _LOCAL or name.lower() == self._host.lower():
            return True
        # Listening everywhere, it is called by a number; numbers cannot be rebound.
        return self._host in _ANYWHERE and _is_number(name)

    def _has_token(self, scope: Scope) -> bool:
        try:
            given = parse_qs(scope["query_string"].decode("latin-1"), max_num_fields=8).get(_TOKEN, [])
        except ValueError:  # more fields than anybody needs
            return False
        if len(given) != 1:
            return False
        if not self._used_once and _same(given[0], self._keys.once):
            self._used_once = True
            return True
        return _same(given[0], self._keys.token)

    def _has_cookie(self, headers: Headers) -> bool:
        """Tell whether our cookie is among those that came, whatever the others are, fakes of it included.

        Cookies know no ports: other programs of this machine set theirs for us, too, under names that no parser takes.
        """
        pairs = (pair.partition("=") for header in headers.getlist("cookie") for pair in header.split(";"))
        found = [value.strip(" \t") for name, _, value in pairs if name.strip(" \t") == self._cookie_name]
        return any(_same(value, self._keys.cookie) for value in found)

    def _sent_on(self) -> Response:
        """Turn the token into a cookie, and take it out of the address bar."""
        place = f"/{self._keys.place}/"
        answer = RedirectResponse(place, 303)
        answer.set_cookie(self._cookie_name, self._keys.cookie, httponly=True, samesite="strict", path=place)
        return answer


def _stranger() -> Response:
    return PlainTextResponse("open the address that huepress printed: it holds the key", 403)


def _too_much(limit: int) -> str:
    return f"more than {limit:,} bytes; send less at once"


def _same(given: str, known: str) -> bool:
    return len(given) < _LONGEST_TOKEN and hmac.compare_digest(given.encode(), known.encode())


def _is_number(name: str) -> bool:
    try:
        ipaddress.ip_address(name)
    except ValueError:
        return False
    return True


def _with_security_headers(send: Send) -> Send:
    async def sending(message: Message) -> None:
        if message["type"] == "http.response.start":
            headers = MutableHeaders(scope=message)
            for name, value in SECURITY_HEADERS.items():
                headers[name] = value
        await send(message)

    return sending


def _limited(receive: Receive, limit: int) -> Receive:
    """Count what really comes: a length may be missing, and it may lie."""
    received = 0

    async def receiving() -> Message:
        nonlocal received
        message = await receive()
        if message["type"] == "http.request":
            received += len(message.get("body", b""))
            if received > limit:
                raise TooMuchError(_too_much(limit))
        return message

    return receiving
