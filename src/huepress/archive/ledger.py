"""What earlier runs have settled, by content: one line per file in ``.huepress-ledger``.

A line says: these bytes, under options with this effect, became those bytes. Paths and times
play no part, so trees may be moved and copied with their ledger. A line is written *before*
its file takes its name, so whatever a killed run has published is known to the next one; a
line cut off by a kill fails its checksum and is ignored.
"""

from __future__ import annotations

import json
import re
import threading
import zlib
from collections.abc import Iterable
from typing import Any

from huepress.archive.tasks import FileOutcome, content_hash, same_wish
from huepress.storage.base import LedgerFile

# Stands for a file in the line that tells the shared palette of a tree.
_PALETTE = content_hash(b"shared palette")
_LINE = re.compile(rb"([0-9a-f]{20}) ([0-9a-f]{32}) ([0-9a-f]{32}) (\{.*\})", re.S)
# What each field of a row may be, and each fact and trial in it that is known; JSON has no other types.
_Kinds = tuple[type, ...]
_NUMBER: _Kinds = (int, float)
_NUMBER_OR_NONE: _Kinds = (int, float, type(None))
_ROW: dict[str, _Kinds] = {
    "status": (str,), "format": (str, type(None)), "ssimulacra2": _NUMBER_OR_NONE, "message": (str,),
    "already_done": (bool,), "facts": (dict,),
}  # fmt: skip
_FACTS: dict[str, _Kinds] = {
    "width": (int,), "height": (int,), "bytes_in": (int,), "bytes_out": (int,), "n_colors": (int,),
    "n_colors_in": (int,), "bits_per_pixel": (int,), "bits_per_pixel_in": (int,), "mse": _NUMBER, "psnr_db": _NUMBER,
    "seed": (int,), "notes": (list,), "score": _NUMBER_OR_NONE, "trials": (list,), "advice": (list,),
    "n_frames": (int,), "worst": _NUMBER_OR_NONE,
}  # fmt: skip
_TRIAL: dict[str, _Kinds] = {
    "rate": _NUMBER, "n_colors": (int,), "n_bytes": (int,), "score": _NUMBER_OR_NONE, "coder": (str,),
    "quality": (int,), "worst": _NUMBER_OR_NONE,
}  # fmt: skip
_NOT_NEGATIVE = ("bytes_in", "bytes_out", "width", "height")
_STATUSES = ("compressed", "kept", "copied")
_LARGEST = 1 << 60
_FIELDS = ("status", "format", "ssimulacra2", "message", "already_done")


class Ledger:
    """The settled files of a tree.

    Parameters
    ----------
    fingerprint : str
        Effect of this run's options (`Settings.fingerprint`).
    file : LedgerFile, optional
        Where lines are kept; without, nothing outlives the run.
    of_sources : bytes, optional
        Lines of the tree that sources are in, where that is another one. What a run *makes* tells
        nothing about its sources then, so that a run that was killed ends as an uninterrupted one.
    """

    def __init__(self, fingerprint: str, file: LedgerFile | None = None, of_sources: bytes | None = None) -> None:
        self._fingerprint = fingerprint
        self._file = file
        self._adding = threading.Lock()
        self._made: set[bytes] = set()
        self._settled: dict[bytes, bytes] = {}
        self._results: dict[bytes, bytes] = {}
        self._read(of_sources or b"", tells_of_sources=True)
        if file is not None:
            held = file.read()
            self._read(held, tells_of_sources=of_sources is None)
            if held and not held.endswith(b"\n"):
                file.append(b"\n")  # a line that a kill has cut off
        self.knows_earlier_runs = bool(self._made)
        """Whether earlier runs have settled anything."""

    def _read(self, lines: bytes, *, tells_of_sources: bool) -> None:
        for line in lines.split(b"\n"):
            text = _checked(line)
            if text:
                self._remember(text, tells_of_sources=tells_of_sources)

    def _remember(self, text: bytes, *, tells_of_sources: bool) -> None:
        """Take note of a line; one that makes no sense, whoever wrote it, is passed over."""
        match = _LINE.fullmatch(text)
        if match is None:
            return
        fingerprint, source, output = match[1], match[2], match[3]
        self._made.add(bytes.fromhex(output.decode()))
        is_palette, row = source.decode() == _PALETTE, _parsed(match[4])
        makes_sense = output == source and _is_palette(row) if is_palette else _is_row(row)
        if same_wish(fingerprint.decode(), self._fingerprint) and makes_sense:
            packed = zlib.compress(text, 1)
            if tells_of_sources and not is_palette:
                self._results[bytes.fromhex(output.decode())] = packed
            if fingerprint.decode() == self._fingerprint:
                self._settled[bytes.fromhex(source.decode())] = packed

    def result_of(self, source_hash: str) -> dict[str, Any] | None:
        """Return what these source bytes became under this run's options, None if unknown."""
        return _unpacked(self._settled.get(bytes.fromhex(source_hash)))

    def made_as(self, output_hash: str) -> dict[str, Any] | None:
        """Return how an earlier run made these bytes that was asked for the same; None if none did."""
        return _unpacked(self._results.get(bytes.fromhex(output_hash)))

    def made(self, output_hash: str) -> bool:
        """Tell whether any run has made (or copied) these bytes."""
        return bytes.fromhex(output_hash) in self._made

    def palette(self) -> list[list[int]] | None:
        """Return the shared palette of the tree's results, as sRGB codes; None if there is none yet."""
        row = self.result_of(_PALETTE)
        return list(row["palette"]) if row else None

    def add_palette(self, colors: Iterable[Iterable[int]]) -> None:
        """Record the shared palette, before any result has it."""
        self._add(_PALETTE, _PALETTE, {"palette": [list(color) for color in colors]})

    def add(self, outcome: FileOutcome) -> None:
        """Record an outcome, before its file takes its name."""
        row = {name: getattr(outcome, name) for name in _FIELDS} | {"facts": _finite(outcome.facts)}
        self._add(outcome.source_hash, outcome.output_hash, row)

    def _add(self, source_hash: str, output_hash: str, row: dict[str, Any]) -> None:
        text = f"{self._fingerprint} {source_hash} {output_hash} {json.dumps(row)}".encode()
        line = b"%08x %s\n" % (zlib.crc32(text), text)
        with self._adding:
            self._made.add(bytes.fromhex(output_hash))
            if self._file is not None:
                self._file.append(line)

    def close(self) -> None:
        """Let others have the file."""
        if self._file is not None:
            self._file.close()


def _checked(line: bytes) -> bytes | None:
    checksum, _, text = line.partition(b" ")
    return text if text and checksum == b"%08x" % zlib.crc32(text) else None


def _parsed(text: bytes) -> object:
    """Return a line's last part; None if it is no JSON, to which NaN does not belong."""
    try:
        return json.loads(text, parse_constant=_refuse)
    except (ValueError, RecursionError):
        return None


def _refuse(constant: str) -> float:
    raise ValueError(constant)


def _is_row(row: object) -> bool:
    """Tell whether this is what a run writes of a file: checksums keep accidents out, not people."""
    if not isinstance(row, dict) or set(row) != set(_ROW) or not _are_of(_ROW, row):
        return False
    facts = row["facts"]
    return (
        row["status"] in _STATUSES
        and _are_of(_FACTS, facts)
        and all(facts.get(name, 0) >= 0 for name in _NOT_NEGATIVE)
        and all(isinstance(note, str) for note in facts.get("notes", ()))
        and all(map(_is_trial, (*facts.get("trials", ()), *facts.get("advice", ()))))
        and all(trial["score"] is not None for trial in facts.get("advice", ()))
    )


def _is_trial(value: object) -> bool:
    return isinstance(value, dict) and set(value) == set(_TRIAL) and _are_of(_TRIAL, value)


def _are_of(kinds: dict[str, _Kinds], values: dict[str, Any]) -> bool:
    """Tell whether known values are of their kinds, and numbers such as a run can have."""
    known = {name: value for name, value in values.items() if name in kinds}
    return all(type(value) in kinds[name] for name, value in known.items()) and all(
        abs(value) < _LARGEST for value in known.values() if isinstance(value, (int, float))
    )


def _is_palette(row: object) -> bool:
    """Tell whether this is what a run writes of a tree's palette."""
    if not isinstance(row, dict) or set(row) != {"palette"}:
        return False
    colors = row["palette"]
    return (
        isinstance(colors, list)
        and 1 <= len(colors) <= 256
        and all(map(_is_color, colors))
        and len({len(color) for color in colors}) == 1
    )


def _is_color(value: object) -> bool:
    return isinstance(value, list) and len(value) in (3, 4) and all(type(c) is int and 0 <= c < 256 for c in value)


def _unpacked(packed: bytes | None) -> dict[str, Any] | None:
    if packed is None:
        return None
    _, source, output, row = zlib.decompress(packed).split(b" ", 3)
    known: dict[str, Any] = json.loads(row)
    return known | {"source_hash": source.decode(), "output_hash": output.decode()}


def _finite(facts: dict[str, Any]) -> dict[str, Any]:
    """Leave an infinite PSNR out: JSON has none, and an MSE of 0 says it."""
    return {key: value for key, value in facts.items() if value != float("inf")}
