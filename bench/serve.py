"""`huepress serve` as a browser uses it: how soon the first result is there, and what many pictures at once take.

    python bench/serve.py [--pictures 500] [--memory 1GB] [--effort 1] [--jobs 2]

The first figures are the processor time of all processes from the moment that one rendered picture of 768 x 512 is sent
to an idle server until its first look, and then its result at effort 1, are told. The others are for pictures of 1
megapixel, sent one after the other while workers are busy: the peak of the proportional memory (PSS) of all processes,
and the longest wait until a setting is answered.
"""

from __future__ import annotations

import argparse
import base64
import http.client
import io
import json
import os
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import numpy as np
from PIL import Image

sys.path.insert(0, str(Path(__file__).parents[1] / "demo"))
import scenes

PROGRAM = Path(sys.executable).parent / "huepress"


def png(pixels: np.ndarray) -> bytes:
    buffer = io.BytesIO()
    Image.fromarray(pixels).save(buffer, "PNG", compress_level=1)
    return buffer.getvalue()


class Server:
    """A running server, and the requests of its page."""

    def __init__(self, *arguments: str) -> None:
        command = [str(PROGRAM), "serve", "--no-open", *arguments]
        self.process = subprocess.Popen(command, stdout=subprocess.PIPE)
        assert self.process.stdout is not None
        self.address = self.process.stdout.readline().decode().strip()
        split = urlsplit(self.address)
        self.host = f"{split.hostname}:{split.port}"
        self.headers = {"Host": self.host, "Origin": f"http://{self.host}", "X-Huepress": "1"}
        self.line = http.client.HTTPConnection("127.0.0.1", split.port or 0)
        self.place = ""
        answer = self.send("GET", f"/?{split.query}")[1]
        self.headers["Cookie"], self.place = answer["set-cookie"].split(";")[0], answer["location"].removesuffix("/")

    def send(self, method: str, path: str, body: bytes | None = None) -> tuple[bytes, http.client.HTTPMessage]:
        """Send a request, and return the answer."""
        self.line.request(method, self.place + path, body, self.headers)
        answer = self.line.getresponse()
        return answer.read(), answer.headers

    def states(self) -> Iterator[dict[str, Any]]:
        """Yield the events of the page."""
        line = http.client.HTTPConnection("127.0.0.1", int(self.host.rpartition(":")[2]))
        line.request("GET", f"{self.place}/api/events", headers=self.headers)
        answer = line.getresponse()
        while text := answer.readline():
            if text.startswith(b"data: "):
                yield json.loads(text[6:])

    def pids(self) -> set[int]:
        """Return the server, its fork server, and all that these have started."""
        found, waiting = set(), [self.process.pid]
        while waiting:
            pid = waiting.pop()
            found.add(pid)
            for children in Path(f"/proc/{pid}/task").glob("*/children"):
                waiting += map(int, children.read_text().split())
        return found

    def processor_seconds(self) -> float:
        """Return what all processes have worked, those that have ended included."""
        total = 0.0
        for pid in self.pids():
            fields = Path(f"/proc/{pid}/stat").read_text().rsplit(")", 1)[1].split()
            total += sum(map(int, fields[11:15])) / os.sysconf("SC_CLK_TCK")  # with children that have ended
        return total

    def memory(self) -> int:
        """Return the proportional memory of all processes, in bytes."""
        total = 0
        for pid in self.pids():
            try:
                lines = Path(f"/proc/{pid}/smaps_rollup").read_text().splitlines()
            except OSError:
                continue
            total += sum(1024 * int(line.split()[1]) for line in lines if line.startswith("Pss:"))
        return total

    def close(self) -> float:
        """End the server as Ctrl-C does, and return how long that took."""
        begun = time.perf_counter()
        self.process.send_signal(signal.SIGINT)
        self.process.wait()
        return time.perf_counter() - begun


def wait_until_idle(server: Server) -> None:
    before = -1.0
    while before != (before := server.processor_seconds()):
        time.sleep(0.5)


def first_result() -> None:
    data = png(scenes.spheres(768, 512))
    server = Server("--jobs", "1")  # with more, others work on the result while the first look is made
    server.send("PUT", "/api/settings", b'{"effort": 1}')
    for kind in ("first", "second", "third"):
        wait_until_idle(server)
        before, begun, awaited = server.processor_seconds(), time.perf_counter(), ["first look", "result"]
        number = json.loads(server.send("POST", "/api/pictures?name=a.png", data)[0])["taken"][0]
        for state in server.states():
            made = next((row["made"] for row in state["rows"] if row["id"] == number), None)
            if made and awaited[0] == ("first look" if made["is_first"] else "result"):
                print(
                    f"768 x 512, the {kind} picture, {awaited.pop(0)}: {server.processor_seconds() - before:.2f} s of "
                    f"processor time, {time.perf_counter() - begun:.2f} s"
                )
            if not awaited:
                break
    print(f"Ctrl-C: {server.close():.2f} s")


def many(n_pictures: int, memory: str, effort: int, jobs: int) -> None:
    pictures = [png(np.roll(scenes.spheres(1200, 833), 7 * shift, axis=1)) for shift in range(8)]
    server = Server("--memory", memory, "--jobs", str(jobs))
    server.send("PUT", "/api/settings", json.dumps({"effort": effort}).encode())
    peak, over = [0], threading.Event()

    def watch() -> None:
        while not over.wait(0.2):
            peak[0] = max(peak[0], server.memory())

    watching = threading.Thread(target=watch)
    watching.start()
    longest, begun = 0.0, time.perf_counter()
    for number in range(n_pictures):
        server.send("POST", f"/api/pictures?name={number}.png", pictures[number % len(pictures)])
        asked = time.perf_counter()
        server.send("PUT", "/api/settings", json.dumps({"effort": effort}).encode())
        longest = max(longest, time.perf_counter() - asked)
    print(
        f"{n_pictures} pictures sent in {time.perf_counter() - begun:.0f} s; longest wait for an answer {longest:.3f} s"
    )
    stages: dict[str, str] = {}
    for state in server.states():
        stages |= {row["id"]: row["stage"] for row in state["rows"]}
        if len(stages) == n_pictures and set(stages.values()) <= {"done", "failed"}:
            break
    over.set()
    watching.join()
    failed = sum(stage == "failed" for stage in stages.values())
    print(
        f"all done after {time.perf_counter() - begun:.0f} s, {failed} failed; "
        f"peak memory {peak[0] / 1e6:.0f} MB of {memory}"
    )
    print(f"Ctrl-C: {server.close():.2f} s")


# Drops pictures as a mouse does, and measures from each key until the frame after it is drawn.
_DROPPED = """([texts, n]) => {
  const data = new DataTransfer();
  for (let i = 0; i < n; ++i) {
    const bytes = Uint8Array.from(atob(texts[i % texts.length]), (each) => each.charCodeAt(0));
    data.items.add(new File([bytes], `${i}.png`));
  }
  window.waits = [];
  document.addEventListener("keydown", (event) => requestAnimationFrame(() => {
    const channel = new MessageChannel(); // its message comes after the frame
    channel.port1.onmessage = () => window.waits.push(performance.now() - event.timeStamp);
    channel.port2.postMessage(0);
  }));
  document.dispatchEvent(new DragEvent("drop", { dataTransfer: data, bubbles: true, cancelable: true }));
}"""


def reaction(n_pictures: int, memory: str, effort: int, jobs: int, program: str) -> None:
    """Type into the page while it takes in pictures and all processors work, then reload it."""
    from playwright.sync_api import sync_playwright

    pictures = [png(np.roll(scenes.spheres(1200, 833), 7 * shift, axis=1)) for shift in range(8)]
    server = Server("--memory", memory, "--jobs", str(jobs))
    server.send("PUT", "/api/settings", json.dumps({"effort": effort}).encode())
    with sync_playwright() as started:
        page = started.chromium.launch(executable_path=program, args=["--no-sandbox"]).new_page()
        page.goto(server.address)
        page.locator("#fields details").first.wait_for()
        page.evaluate(_DROPPED, [[base64.b64encode(each).decode() for each in pictures], n_pictures])
        page.locator("#sort").focus()
        while page.locator("#rows tbody tr").count() < n_pictures or page.evaluate("waits.length") < 200:
            page.keyboard.press("Shift")
            time.sleep(0.1)
        waits = sorted(map(round, page.evaluate("waits")))
        print(
            f"{len(waits)} keys while {n_pictures} pictures come in and are worked on, until the next frame: median "
            f"{waits[len(waits) // 2]} ms, 95 % within {waits[len(waits) * 95 // 100]} ms, at most {waits[-1]} ms"
        )
        page.reload()
        page.locator("#rows tbody tr").nth(n_pictures - 1).wait_for()
        print(f"after a reload: {page.locator('#rows tbody tr').count()} rows")
    server.close()


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--pictures", type=int, default=500)
    parser.add_argument("--memory", default="1GB")
    parser.add_argument("--effort", type=int, default=1)
    parser.add_argument("--jobs", type=int, default=0)
    parser.add_argument("--browser", help="measure in this Chromium how soon keys are answered, and nothing else")
    asked = parser.parse_args()
    if asked.browser:
        reaction(asked.pictures, asked.memory, asked.effort, asked.jobs, asked.browser)
        sys.exit()
    first_result()
    many(asked.pictures, asked.memory, asked.effort, asked.jobs)
