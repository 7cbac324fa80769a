"""Who may come in. Every test speaks HTTP with the installed program."""

import asyncio
import base64
import contextlib
import os
import signal
import socket
from copy import copy
from pathlib import Path
from urllib.parse import urlsplit

import pytest

from conftest import HANG, png_bytes, wait_until
from huepress.web.app import MOST_JSON
from web.served import serving


@pytest.fixture(scope="module")
def served(huepress_program, tmp_path_factory):
    with serving(huepress_program, "--max-pixels", 200_000, cwd=tmp_path_factory.mktemp("served")) as started:
        yield started


def test_it_listens_on_this_machine_only_and_on_a_free_port(served):
    assert served.host == "localhost" and served.port > 1023
    listening = [line.split() for line in Path("/proc/net/tcp").read_text().splitlines()[1:]]
    addresses = {row[1] for row in listening if row[3] == "0A" and row[1].endswith(f":{served.port:04X}")}
    assert addresses == {f"0100007F:{served.port:04X}"}


def test_the_token_has_256_bits_and_becomes_a_cookie(served):
    token = served.query.removeprefix("token=")
    assert len(base64.urlsafe_b64decode(token + "=")) == 32
    answer = served.enter()
    assert answer.status == 303 and answer.headers["location"] == f"{served.place}/"
    cookie = answer.headers["set-cookie"]
    assert "HttpOnly" in cookie and "SameSite=strict" in cookie and token not in cookie
    assert f"Path={served.place}/" in cookie and len(base64.urlsafe_b64decode(served.place[1:] + "==")) == 16
    assert served.call("GET", "/").status == 200


@pytest.mark.parametrize("path", ["/", "/part/serve.js", "/api/events", "/api/results.zip", "/api/pictures/1/result"])
def test_nothing_is_told_without_the_cookie(served, path):
    for cookie in (None, "huepress=1", f"huepress-{served.port}=", f"huepress-{served.port}={'A' * 43}", "\x7f;;="):
        assert served.raw("GET", path, headers={"Cookie": cookie}).status == 403
    assert served.raw("GET", f"{path}?token={'A' * 43}").status == 403
    assert served.raw("GET", "/?token=%C3%A9").status == 403


def test_the_cookie_alone_opens_nothing(served):
    """Whoever has it, but not the secret place, is a stranger."""
    place, served = served.place, copy(served)
    served.place = ""
    for path in (
        "/",
        "//",
        "/api/fields",
        place[:-1],
        f"{place[:-1]}/api/fields",
        f"/{place}/",
        "/%2e%2e/",
        "/api/events",
    ):
        assert served.call("GET", path).status == 403
    assert served.call("PUT", "/api/settings", {}).status == 403


def test_the_token_opens_the_first_page_only(served):
    assert served.raw("GET", f"/api/fields?{served.query}").status == 403
    assert served.raw("POST", f"/?{served.query}", b"").status == 403


@pytest.mark.parametrize(
    "host",
    [
        "evil.example",
        "evil.example:{port}",
        "127.0.0.1.evil.example:{port}",
        "localhost:1",
        "localhost",
        "",
        None,
        "192.168.0.7:{port}",
        "localhost.:{port}",
        "localhost:{port}@evil.example",
        "0.0.0.0:{port}",
    ],
)
def test_dns_rebinding(served, host):
    """A site whose name leads to 127.0.0.1 sends its own name, whatever else it has learned."""
    name = None if host is None else host.format(port=served.port)
    for path in ("/", f"/?{served.query}", "/api/fields"):
        answer = served.raw("GET", path, headers={"Cookie": served.cookie, "Host": name})
        assert answer.status in (400, 403) and b"fields" not in answer.body
        assert answer.status == 403 or host is None  # without a Host it is no HTTP/1.1
        assert "set-cookie" not in answer.headers


def test_its_own_names_are_answered(served):
    for host in (f"localhost:{served.port}", f"127.0.0.1:{served.port}", f"LOCALHOST:{served.port}"):
        assert served.raw("GET", "/", headers={"Cookie": served.cookie, "Host": host}).status == 200


def test_two_hosts_are_none(served):
    with socket.create_connection(("127.0.0.1", served.port)) as line:
        line.sendall(
            f"GET {served.place}/ HTTP/1.1\r\nHost: localhost:{served.port}\r\nHost: evil.example\r\n"
            f"Cookie: {served.cookie}\r\nConnection: close\r\n\r\n".encode()
        )
        assert line.recv(100).split()[1] in (b"400", b"403")


@pytest.mark.parametrize(
    "changed",
    [
        {"Origin": "http://evil.example"},
        {"Origin": "null"},
        {"Origin": None},
        {"Origin": "http://localhost:1"},
        {"Origin": "https://localhost:{port}"},
        {"X-Huepress": None},
        {"X-Huepress": "0"},
        {"Cookie": None},
        {"Sec-Fetch-Site": "cross-site"},
        {"Sec-Fetch-Site": "same-site"},
    ],
    ids=str,
)
@pytest.mark.parametrize(
    "method, path", [("POST", "/api/pictures?name=a.png"), ("PUT", "/api/settings"), ("DELETE", "/api/pictures/1")]
)
def test_others_write_nothing(served, photo, method, path, changed):
    changed = {name: value and value.format(port=served.port) for name, value in changed.items()}
    answer = served.raw(method, path, png_bytes(photo), {**served.own, **changed})
    assert answer.status == 403


@pytest.mark.parametrize(
    "others",
    [
        "a/b=1; {own}",
        "x@y=1; {own}; (z)={{}}",
        "{own}; a,b=1; [c]=2",
        "nameless; {own}",
        "=; {own};",
        'q="unfinished; {own}',
        "huepress-{port}=fake; {own}",
        "{own}; huepress-{port}=; huepress-{port}=\xff",
    ],
)
def test_cookies_of_other_programs_lock_nobody_out(served, others):
    """They know no ports, so that any program of this machine can set some."""
    cookies = others.format(own=served.cookie, port=served.port)
    assert served.raw("GET", "/api/fields", headers={"Cookie": cookies}).status == 200
    without = others.format(own=f"{served.cookie}x", port=served.port)
    assert served.raw("GET", "/api/fields", headers={"Cookie": without}).status == 403


def test_a_form_of_a_foreign_page(served, photo):
    """A browser sends it without asking, with the cookie if that were lax."""
    form = {
        "Content-Type": "text/plain",
        "Origin": "http://evil.example",
        "Cookie": served.cookie,
        "Sec-Fetch-Site": "cross-site",
    }
    before = served.call("GET", "/api/fields").body
    assert served.raw("POST", "/api/pictures?name=a.png", png_bytes(photo), form).status == 403
    assert served.call("GET", "/api/fields").body == before
    state = next(served.states())
    assert state["rows"] == []


def test_other_sites_may_not_embed(served):
    for site in ("cross-site", "same-site"):
        answer = served.raw("GET", "/part/serve.js", headers={"Cookie": served.cookie, "Sec-Fetch-Site": site})
        assert answer.status == 403


def test_nobody_is_given_permission(served):
    """No CORS: a preflight is refused, and no answer lets other origins read it."""
    headers = {**served.own, "Origin": "http://evil.example", "Access-Control-Request-Method": "POST"}
    answers = [served.raw("OPTIONS", "/api/pictures", headers=headers), served.raw("GET", "/", headers=headers)]
    assert answers[0].status == 403
    assert not [name for answer in answers for name in answer.headers if name.lower().startswith("access-control")]


@pytest.mark.parametrize(
    "path, status",
    [("/", 200), ("/part/serve.js", 200), ("/nothing", 404), ("/api/fields", 200), ("/api/pictures/99/result", 404)],
)
def test_every_answer_carries_the_policy(served, path, status):
    for cookie in (served.cookie, None):
        answer = served.raw("GET", path, headers={"Cookie": cookie})
        assert answer.status == (status if cookie else 403)
        policy = dict(part.strip().partition(" ")[::2] for part in answer.headers["content-security-policy"].split(";"))
        assert policy["default-src"] == "'self'" and policy["frame-ancestors"] == "'none'"
        assert "unsafe" not in str(policy) and "http" not in str(policy) and "*" not in str(policy)
        assert answer.headers["x-content-type-options"] == "nosniff"
        assert answer.headers["cache-control"] == "no-store"
        assert answer.headers["cross-origin-resource-policy"] == "same-origin"
        assert answer.headers["referrer-policy"] == "no-referrer"
        assert "server" not in answer.headers


def test_bodies_are_limited(served):
    headers = {**served.own, "Content-Length": str(1 << 40)}
    assert served.raw("POST", "/api/pictures?name=a.png", b"", headers).status == 413
    assert served.call("PUT", "/api/settings", b" " * (MOST_JSON + 1)).status == 413
    for length in ("-1", "1e3", "abc"):
        answer = served.raw("PUT", "/api/settings", b"", {**served.own, "Content-Length": length})
        assert answer.status in (400, 413)


def test_bodies_without_a_length_are_counted(served):
    with socket.create_connection(("127.0.0.1", served.port)) as line:
        headers = "".join(f"{name}: {value}\r\n" for name, value in served.own.items())
        line.sendall(
            f"PUT {served.place}/api/settings HTTP/1.1\r\nHost: localhost:{served.port}\r\n{headers}"
            "Transfer-Encoding: chunked\r\n\r\n".encode()
        )
        for _ in range(MOST_JSON // 1024 + 2):
            line.sendall(b"400\r\n" + b" " * 1024 + b"\r\n")
        assert line.recv(100).split()[1] == b"413"


def test_pixels_are_counted_before_anything_is_decoded(served, photo):
    import struct
    import zlib

    header = struct.pack(">IIBBBBB", 50_000, 50_000, 8, 2, 0, 0, 0)
    claims = b"\x89PNG\r\n\x1a\n"
    for chunk in (b"IHDR" + header, b"IDAT" + zlib.compress(bytes(9)), b"IEND"):
        claims += struct.pack(">I", len(chunk) - 4) + chunk + struct.pack(">I", zlib.crc32(chunk))
    answer = served.call("POST", "/api/pictures?name=huge.png", claims)
    assert answer.status == 413 and "50,000 x 50,000" in answer.json["error"]
    assert served.add("photo.png", png_bytes(photo))  # 300 x 200


def test_what_is_no_picture_is_told_in_one_sentence(served):
    answer = served.call("POST", "/api/pictures?name=a.png", b"<svg onload=alert(1)>")
    assert answer.status == 400 and answer.json == {"error": "not an image of a known format; leave it out"}
    answer = served.call("POST", "/api/pictures?name=a.png", b"")
    assert answer.status == 400 and answer.json == {"error": "the file is empty; leave it out"}


@pytest.mark.parametrize(
    "path",
    [
        "/part/..%2f..%2fapp.py",
        "/part/app.py",
        "/api/pictures/1/view/..%2f..%2flock",
        "/..%2f",
        "/part/%2fetc%2fpasswd",
        "/api/pictures/../../etc/passwd",
    ],
)
def test_paths_lead_nowhere_else(served, path):
    answer = served.call("GET", path)
    assert answer.status == 404 and b"import" not in answer.body and b"root:" not in answer.body


def test_a_palette_is_never_a_file_of_this_machine(served, tmp_path):
    secret = tmp_path / "secret.hex"
    secret.write_text("#123456\n")
    for value in (str(secret), os.fspath(secret).removeprefix("/"), "file://" + str(secret)):
        answer = served.call("PUT", "/api/settings", {"palette": value})
        assert answer.status == 422 and "123456" not in answer.json["error"]


def test_headers_are_limited(served):
    with socket.create_connection(("127.0.0.1", served.port)) as line:
        line.sendall(f"GET / HTTP/1.1\r\nHost: localhost:{served.port}\r\n".encode())
        with contextlib.suppress(OSError):  # it does not listen to the end
            for _ in range(64):
                line.sendall(b"X-More: " + b"a" * 1024 + b"\r\n")
        with contextlib.suppress(ConnectionError):
            assert line.recv(100).split()[1] in (b"400", b"431")


@pytest.mark.parametrize("said", [b"", b"GET / HTTP/1.1\r\nHo", b"GET / HTTP/1.1\r\nHost: x\r\n\r\nGET / HTT"])
def test_whoever_does_not_come_to_the_point_is_hung_up_on(said):
    uvicorn = pytest.importorskip("uvicorn")
    from uvicorn.server import ServerState

    from huepress.web.patience import Impatient

    class VeryImpatient(Impatient):
        patience = 0.05

    async def answer(scope, receive, send):
        await send({"type": "http.response.start", "status": 204, "headers": []})
        await send({"type": "http.response.body"})

    async def talk():
        config = uvicorn.Config(answer, lifespan="off", timeout_keep_alive=3600)
        config.load()
        protocol = lambda: VeryImpatient(config=config, server_state=ServerState(), app_state={})  # noqa: E731
        server = await asyncio.get_running_loop().create_server(protocol, "127.0.0.1", 0)
        async with server:
            reader, writer = await asyncio.open_connection(*server.sockets[0].getsockname())
            writer.write(said)
            told = await asyncio.wait_for(reader.read(), HANG)
            writer.close()
        return told

    assert asyncio.run(talk()).count(b"HTTP/1.1") == (1 if b"Host" in said else 0)


def test_the_address_of_a_browsers_command_line_opens_once(huepress_program, tmp_path):
    """Everybody on the machine can read with what a browser was started."""
    opened = tmp_path / "opened"
    for name in ("xdg-open", "browser"):
        script = tmp_path / name
        script.write_text(f'#!/bin/sh\nprintf %s "$1" > {opened}.part && mv {opened}.part {opened}\n')
        script.chmod(0o755)
    env = {**os.environ, "PATH": f"{tmp_path}:{os.environ['PATH']}", "BROWSER": str(tmp_path / "browser")}
    with serving(huepress_program, cwd=tmp_path, env=env, opens=True) as served:
        wait_until(opened.exists, served.process)
        query = urlsplit(opened.read_text()).query
        assert query.startswith("token=") and query != served.query
        assert served.raw("GET", f"/?{query}").status == 303
        assert served.raw("GET", f"/?{query}").status == 403
        assert served.raw("GET", f"/?{served.query}").status == 303


def test_nobody_hears_the_token_by_the_way(huepress_program, tmp_path):
    """Neither what is printed later, nor where a link leads, nor a failure tells it."""
    with serving(huepress_program, cwd=tmp_path) as served:
        token = served.query.removeprefix("token=")
        answers = [served.raw("GET", f"/?{served.query}&more=1"), served.raw("GET", f"/nothing?{served.query}")]
        answers += [served.call("GET", path) for path in ("/", "/api/fields", "/nothing")]
        assert not any(token in str(answer.headers) or token.encode() in answer.body for answer in answers)
        assert answers[0].headers["referrer-policy"] == "no-referrer"
        served.process.send_signal(signal.SIGINT)
        rest = served.process.communicate(timeout=HANG)
    assert not any(token.encode() in each for each in rest)


@pytest.mark.parametrize(
    "path, status",
    [
        ("/?" + "&" * 20, 403),
        ("/?" + "token=a&" * 2, 403),
        (f"/api/pictures/{'9' * 5000}/result", 404),
        (f"/api/pictures/{'9' * 5000}/view/{'9' * 5000}/viewer.html", 404),
        ("/api/pictures/-1/thumbnail", 404),
        ("/api/pictures/%00/results/1", 404),
    ],
    ids=lambda value: str(value)[:30],
)
def test_absurd_addresses_are_no_errors_of_the_server(served, path, status):
    """A number of thousands of digits, or more fields than anybody needs, came to a traceback."""
    assert served.raw("GET", path).status == 403
    assert served.raw("GET", path, headers={"Cookie": served.cookie}).status == status


def test_absurd_numbers_of_results(served, photo):
    identity = served.add("a.png", png_bytes(photo))
    for number in ("9" * 5000, "-1", "0x1", "%D9%A1"):
        assert served.call("GET", f"/api/pictures/{identity}/results/{number}").status == 404


def test_every_word_on_the_site_counts(served):
    """Browsers send one header; whoever sends two is none."""
    line = f"GET {served.place}/api/fields HTTP/1.1\r\nHost: localhost:{served.port}\r\nCookie: {served.cookie}\r\n"
    with socket.create_connection(("127.0.0.1", served.port)) as connection:
        connection.sendall(f"{line}Sec-Fetch-Site: same-origin\r\nSec-Fetch-Site: cross-site\r\n\r\n".encode())
        assert connection.recv(100).split()[1] == b"403"
