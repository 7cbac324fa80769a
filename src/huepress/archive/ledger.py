"""What earlier runs have settled, by content: one line per file in ``.huepress-ledger``.

A line says: these bytes, under options with this effect, became those bytes. Paths and times
play no part, so trees may be moved and copied with their ledger. A line is written *before*
its file takes its name, so whatever a killed run has published is known to the next one; a
line cut off by a kill fails its checksum and is ignored.
"""

from __future__ import annotations

import json
import zlib
from typing import Any

from huepress.archive.tasks import Outcome
from huepress.storage.base import LedgerFile

_FIELDS = ("status", "format", "ssimulacra2", "message")


class Ledger:
    """The settled files of a tree.

    Parameters
    ----------
    fingerprint : str
        Effect of this run's options (`Settings.fingerprint`).
    file : LedgerFile, optional
        Where lines are kept; without, nothing outlives the run.
    elsewhere : bytes
        Lines of another tree, the source's, to be read only.
    """

    def __init__(self, fingerprint: str, file: LedgerFile | None = None, elsewhere: bytes = b"") -> None:
        self._fingerprint = fingerprint
        self._file = file
        self._made: set[bytes] = set()
        self._settled: dict[bytes, bytes] = {}
        self._results: dict[bytes, bytes] = {}
        self._read(elsewhere)
        if file is not None:
            held = file.read()
            self._read(held)
            if held and not held.endswith(b"\n"):
                file.append(b"\n")  # a line that a kill has cut off

    def _read(self, lines: bytes) -> None:
        for line in lines.split(b"\n"):
            text = _checked(line)
            if text:
                self._remember(text)

    def _remember(self, text: bytes) -> None:
        fingerprint, source, output, _ = text.split(b" ", 3)
        self._made.add(bytes.fromhex(output.decode()))
        if fingerprint.decode() == self._fingerprint:
            packed = zlib.compress(text, 1)
            self._settled[bytes.fromhex(source.decode())] = packed
            self._results[bytes.fromhex(output.decode())] = packed

    def __bool__(self) -> bool:
        """Tell whether anything is settled."""
        return bool(self._made)

    def result_of(self, source_hash: str) -> dict[str, Any] | None:
        """Return what these source bytes became under this run's options, None if unknown."""
        return _unpacked(self._settled.get(bytes.fromhex(source_hash)))

    def made_as(self, output_hash: str) -> dict[str, Any] | None:
        """Return how these bytes came out of a run with this run's options, None if they did not."""
        return _unpacked(self._results.get(bytes.fromhex(output_hash)))

    def made(self, output_hash: str) -> bool:
        """Tell whether any run has made (or copied) these bytes."""
        return bytes.fromhex(output_hash) in self._made

    def add(self, outcome: Outcome) -> None:
        """Record an outcome, before its file takes its name."""
        row = {name: getattr(outcome, name) for name in _FIELDS} | {"facts": _finite(outcome.facts)}
        text = f"{self._fingerprint} {outcome.source_hash} {outcome.output_hash} {json.dumps(row)}".encode()
        self._remember(text)
        if self._file is not None:
            self._file.append(b"%08x %s\n" % (zlib.crc32(text), text))

    def close(self) -> None:
        """Let others have the file."""
        if self._file is not None:
            self._file.close()


def _checked(line: bytes) -> bytes | None:
    checksum, _, text = line.partition(b" ")
    return text if text and checksum == b"%08x" % zlib.crc32(text) else None


def _unpacked(packed: bytes | None) -> dict[str, Any] | None:
    if packed is None:
        return None
    _, source, output, row = zlib.decompress(packed).split(b" ", 3)
    known: dict[str, Any] = json.loads(row)
    return known | {"source_hash": source.decode(), "output_hash": output.decode()}


def _finite(facts: dict[str, Any]) -> dict[str, Any]:
    """Leave an infinite PSNR out: JSON has none, and an MSE of 0 says it."""
    return {key: value for key, value in facts.items() if value != float("inf")}
