"""Real servers on this machine: an object store, and a web server with index pages."""

import contextlib
import http.server
import json
import logging
import socket
import ssl
import threading
import urllib.parse
import urllib.request
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path


@dataclass
class ObjectStore:
    """An S3 server and a client of it that knows nothing of huepress."""

    url: str
    client: object
    environment: dict[str, str]

    def bucket(self, name: str, objects: dict[str, bytes] | None = None) -> None:
        self.client.create_bucket(Bucket=name)
        for key, data in (objects or {}).items():
            self.client.put_object(Bucket=name, Key=key, Body=data)

    def objects(self, bucket: str, prefix: str = "", *, ledger: bool = False) -> dict[str, bytes]:
        found = self.client.list_objects_v2(Bucket=bucket, Prefix=prefix).get("Contents", [])
        keys = [each["Key"] for each in found if ledger or ".huepress-ledger" not in each["Key"]]
        return {key.removeprefix(prefix): self.read(bucket, key) for key in keys}

    def read(self, bucket: str, key: str) -> bytes:
        return self.client.get_object(Bucket=bucket, Key=key)["Body"].read()

    def written(self, bucket: str) -> dict[str, object]:
        """Tell when each object was written."""
        found = self.client.list_objects_v2(Bucket=bucket).get("Contents", [])
        return {each["Key"]: each["LastModified"] for each in found}

    def clear(self) -> None:
        self._tell("reset")

    @contextlib.contextmanager
    def asking_for_credentials(self) -> Iterator[None]:
        self._tell("reset-auth", b"0")
        try:
            yield
        finally:
            self._tell("reset-auth", b"inf")

    def _tell(self, what: str, data: bytes = b"") -> None:
        request = urllib.request.Request(f"{self.url}/moto-api/{what}", data, {"Content-Type": "text/plain"})
        urllib.request.urlopen(request).close()


@contextlib.contextmanager
def object_store() -> Iterator[ObjectStore]:
    import boto3
    from moto.server import ThreadedMotoServer

    logging.getLogger("werkzeug").setLevel(logging.ERROR)
    server = ThreadedMotoServer("127.0.0.1", 0, verbose=False)
    server.start()
    url = "http://{}:{}".format(*server.get_host_and_port())
    key = {"aws_access_key_id": "key", "aws_secret_access_key": "secret", "region_name": "us-east-1"}
    client = boto3.client("s3", endpoint_url=url, **key)
    environment = {name.upper(): value for name, value in key.items() if name != "region_name"}
    environment |= {"AWS_ENDPOINT_URL": url, "AWS_DEFAULT_REGION": "us-east-1", "AWS_EC2_METADATA_DISABLED": "true"}
    try:
        yield ObjectStore(url, client, environment)
    finally:
        client.close()
        server.stop()


@dataclass
class WebServer:
    """A web server; `pages` stand in for what the folder holds under their paths."""

    url: str
    environment: dict[str, str]
    asked: list[str]
    pages: dict[str, tuple[int, str]] = field(default_factory=dict)
    endless: Callable[[str], bool] = lambda path: False


@contextlib.contextmanager
def web_server(folder: Path, certificates: Path) -> Iterator[WebServer]:
    import trustme

    authority = trustme.CA()
    authority.cert_pem.write_to_path(certificates)
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    authority.issue_cert("127.0.0.1").configure_cert(context)

    class Handler(http.server.SimpleHTTPRequestHandler):
        def __init__(self, *arguments) -> None:
            super().__init__(*arguments, directory=str(folder))

        def do_GET(self) -> None:
            web.asked.append(self.path)
            if web.endless(self.path):
                self.send_response(200)
                self.send_header("Content-Type", "text/html" if self.path.endswith("/") else "image/png")
                self.end_headers()
                with contextlib.suppress(OSError):  # the client has had enough
                    while True:
                        self.wfile.write(b"<a href='x.png'>" * 4096)
            elif self.path in web.pages:
                self.answer(*web.pages[self.path])
            else:
                super().do_GET()

        def answer(self, status: int, page: str) -> None:
            self.send_response(status)
            self.send_header("Content-Type", "text/html; charset=utf-8")
            self.send_header("Content-Length", str(len(page.encode())))
            self.end_headers()
            self.wfile.write(page.encode())

        def log_message(self, *arguments) -> None:
            pass

    class Server(http.server.ThreadingHTTPServer):
        def handle_error(self, *arguments) -> None:
            """Clients that do not trust the certificate hang up."""

    server = Server(("127.0.0.1", 0), Handler)
    server.socket = context.wrap_socket(server.socket, server_side=True)
    web = WebServer(f"https://127.0.0.1:{server.server_port}", {"SSL_CERT_FILE": str(certificates)}, [])
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.05})
    thread.start()
    try:
        yield web
    finally:
        server.shutdown()
        server.server_close()
        thread.join()


@dataclass
class GoogleStorage:
    """An emulator of Google's object store, and its plain interface."""

    url: str
    environment: dict[str, str]

    def bucket(self, name: str) -> None:
        self._post("storage/v1/b?project=tests", json.dumps({"name": name}).encode(), "application/json")

    def put(self, bucket: str, key: str, data: bytes) -> None:
        path = f"upload/storage/v1/b/{bucket}/o?uploadType=media&name={urllib.parse.quote(key, safe='')}"
        self._post(path, data, "application/octet-stream")

    def content_type(self, bucket: str, key: str) -> str:
        with urllib.request.urlopen(f"{self.url}/storage/v1/b/{bucket}/o/{urllib.parse.quote(key, safe='')}") as answer:
            return json.loads(answer.read())["contentType"]

    def _post(self, path: str, data: bytes, content_type: str) -> None:
        request = urllib.request.Request(f"{self.url}/{path}", data, {"Content-Type": content_type})
        urllib.request.urlopen(request).close()


@contextlib.contextmanager
def google_storage() -> Iterator[GoogleStorage]:
    from gcp_storage_emulator.server import create_server

    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    server = create_server("127.0.0.1", port, in_memory=True)
    server.start()
    # No kind of bucket is to be asked for: the emulator has one only, and the question needs an account.
    url, quiet = f"http://127.0.0.1:{port}", {"GCSFS_EXPERIMENTAL_ZB_HNS_SUPPORT": "false"}
    try:
        yield GoogleStorage(url, {"STORAGE_EMULATOR_HOST": url, "GOOGLE_CLOUD_PROJECT": "tests"} | quiet)
    finally:
        server.stop()
