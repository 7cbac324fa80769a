"""What a run has saved, as a file: JSON, CSV, or a page with pictures that needs no other file.

Nothing here depends on time, machine or order, so a run that was killed and resumed, or
spread over a cluster, writes the same report.
"""

from __future__ import annotations

import base64
import csv
import dataclasses
import html
import io
import json
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from pathlib import PurePath

from huepress.archive.tasks import FileOutcome, Settings
from huepress.archive.work import thumbnails
from huepress.errors import HuepressError, OptionError, Remedy
from huepress.options import Options
from huepress.pipeline import intake
from huepress.wording import counted, human_bytes, printable, rounded_down, told_saving

ENDINGS = (".html", ".csv", ".json")
# What a spreadsheet takes for a formula.
_FORMULA_STARTS = ("=", "+", "-", "@", "\t", "\r")
# Pictures of more files would make a page that no browser shows.
PICTURES = 200

_STYLE = """
:root{color-scheme:light dark;--ink:#1c1c1e;--ground:#fafaf8;--quiet:#5c5c61;--line:#deded9;--failed:#b3261e}
@media(prefers-color-scheme:dark){
:root{--ink:#ececee;--ground:#17181a;--quiet:#a9abb1;--line:#3d4046;--failed:#ff9a92}}
body{font:15px/1.45 system-ui,sans-serif;margin:2rem auto;max-width:70rem;padding:0 1rem}
body{color:var(--ink);background:var(--ground)}
table{border-collapse:collapse;width:100%}
th,td{text-align:right;padding:.35rem .6rem;border-bottom:1px solid var(--line);font-variant-numeric:tabular-nums}
th:nth-child(1),td:nth-child(1),td.name,th.name{text-align:left;overflow-wrap:anywhere}
img{max-width:160px;max-height:160px;vertical-align:middle;background:#fff}
.quiet{color:var(--quiet)}.failed{color:var(--failed)}
@media(max-width:640px){
body{margin:1rem auto}thead{position:absolute;clip-path:inset(50%)}table,tbody{display:block}
tr{display:grid;grid-template-columns:1fr 1fr;gap:.1rem .8rem;padding:.6rem 0;border-bottom:1px solid var(--line)}
th,td{border:0;padding:0;text-align:left}td.name{grid-column:1/-1;font-weight:600}img{max-width:100%}
td:empty{display:none}td[data-label]::before{content:attr(data-label) " ";color:var(--quiet)}}
"""


@dataclass(frozen=True, slots=True)
class Row:
    """One file of a report; what makes no sense for it is None."""

    input: str
    output: str | None
    status: str
    format: str | None
    bytes_in: int
    bytes_out: int
    width: int | None
    height: int | None
    n_colors: int | None
    psnr_db: float | None
    ssimulacra2: float | None
    message: str
    advice: str


def check_report_name(name: str) -> None:
    """Refuse a report of an unknown kind.

    Raises
    ------
    OptionError
        If the name does not end in .html, .csv or .json.
    """
    if PurePath(name).suffix.lower() not in ENDINGS:
        raise OptionError(f"a report takes a name that ends in {', '.join(ENDINGS)}, not {name!r}")


class Collector:
    """Gathers outcomes and writes reports.

    Parameters
    ----------
    settings : Settings
        With `thumbnails`, where sources are gone when the report is drawn, outcomes bring theirs.
    words : callable
        Returns what a way out is called where the report is asked for.
    """

    def __init__(self, settings: Settings, words: Callable[[Remedy], str]) -> None:
        self._settings, self._words = settings, words
        self._rows: list[Row] = []
        self._thumbnails: dict[str, tuple[bytes, bytes]] = {}

    def add(self, outcome: FileOutcome) -> None:
        """Take note of an outcome."""
        row = _row(outcome, self._words)
        self._rows.append(row)
        if outcome.thumbnails:
            self._thumbnails[row.input] = outcome.thumbnails
            if len(self._thumbnails) > 2 * PICTURES:
                worst = {row.input for row in self._sorted()[:PICTURES]}
                self._thumbnails = {name: pair for name, pair in self._thumbnails.items() if name in worst}

    def render(self, name: str) -> bytes:
        """Return the file of the kind that a name tells."""
        rows = self._sorted()
        ending = PurePath(name).suffix.lower()
        if ending == ".csv":
            return _csv(rows)
        if ending == ".json":
            return _json(rows)
        return _html(rows, self._pictures)

    def _sorted(self) -> list[Row]:
        def badness(row: Row) -> tuple[int, float, str]:
            if row.status == "failed":
                return 0, 0.0, row.input
            return (1, row.ssimulacra2, row.input) if row.ssimulacra2 is not None else (2, 0.0, row.input)

        return sorted(self._rows, key=badness)

    def _pictures(self, row: Row) -> tuple[bytes, bytes] | None:
        if row.input in self._thumbnails or row.output is None or self._settings.in_place or self._settings.dry_run:
            return self._thumbnails.get(row.input)
        try:
            sources, targets = self._settings.sources, self._settings.targets
            limit = Options.max_pixels
            tolerant = self._settings.options.tolerant
            before = intake.load(sources.read(row.input), max_pixels=limit, tolerant=tolerant, moving=True)
            return thumbnails(before, intake.load(targets.read(row.output), max_pixels=limit, moving=True))
        except HuepressError:
            return None


def totals(rows: Iterable[Row]) -> dict[str, int]:
    """Return counts by status and the bytes before and after, failed files apart."""
    counts = {"files": 0, "compressed": 0, "kept": 0, "copied": 0, "failed": 0, "bytes_in": 0, "bytes_out": 0}
    for row in rows:
        counts["files"] += 1
        counts[row.status] += 1
        if row.status != "failed":
            counts["bytes_in"] += row.bytes_in
            counts["bytes_out"] += row.bytes_out
    return counts


def _row(outcome: FileOutcome, words: Callable[[Remedy], str]) -> Row:
    facts = outcome.facts
    psnr = facts.get("psnr_db")
    return Row(
        _text(outcome.task.source),
        None if outcome.output is None else _text(outcome.output),
        outcome.status,
        outcome.format,
        outcome.bytes_in,
        outcome.bytes_out,
        facts.get("width"),
        facts.get("height"),
        facts.get("n_colors"),
        None if psnr is None or psnr == float("inf") else psnr,
        outcome.ssimulacra2,
        _text(outcome.message if outcome.error is None else outcome.error.told(words)),
        outcome.advised,
    )


def _text(name: str) -> str:
    """Return a name that can be written as UTF-8, whatever bytes it has on the disk."""
    return name.encode("utf-8", "surrogateescape").decode("utf-8", "replace")


def _csv(rows: list[Row]) -> bytes:
    buffer = io.StringIO(newline="")
    writer = csv.writer(buffer)
    writer.writerow([field.name for field in dataclasses.fields(Row)])
    for row in rows:
        writer.writerow([_cell(value) for value in dataclasses.astuple(row)])
    return buffer.getvalue().encode(errors="backslashreplace")


def _cell(value: object) -> object:
    """Return a cell that no spreadsheet runs: text that begins as a formula does is quoted."""
    if not isinstance(value, str):
        return value
    return printable(f"'{value}" if value.startswith(_FORMULA_STARTS) else value)


def _json(rows: list[Row]) -> bytes:
    content = {"totals": totals(rows), "files": [dataclasses.asdict(row) for row in rows]}
    return (json.dumps(content, indent=1, ensure_ascii=False) + "\n").encode(errors="backslashreplace")


def _html(rows: list[Row], pictures: Callable[[Row], tuple[bytes, bytes] | None]) -> bytes:
    sums = totals(rows)
    saved = 1 - sums["bytes_out"] / sums["bytes_in"] if sums["bytes_in"] else 0.0
    counts = ", ".join(f"{sums[status]:,} {status}" for status in ("compressed", "kept", "copied", "failed"))
    lines = [
        '<!doctype html><html lang="en"><head><meta charset="utf-8"><title>huepress report</title>',
        '<meta name="viewport" content="width=device-width">',
        f"<style>{_STYLE}</style></head><body><h1>{told_saving(saved)}</h1>",
        f"<p>{human_bytes(sums['bytes_in'])} → {human_bytes(sums['bytes_out'])} in {counted(sums['files'], 'file')}: "
        f"{counts}.</p>",
        '<p class="quiet">Failed files first, then the lowest scores (SSIMULACRA2: 90 visually lossless, 70 high, '
        f"50 medium). The first {PICTURES} have pictures, before and after.</p>",
        '<table><thead><tr><th class="name">file</th><th>before</th><th>after</th><th>score</th><th>PSNR</th>'
        "<th>bytes</th><th>saved</th><th>colors</th></tr></thead><tbody>",
    ]
    lines += [_html_row(row, pictures(row) if number < PICTURES else None) for number, row in enumerate(rows)]
    lines.append("</tbody></table></body></html>\n")
    return "\n".join(lines).encode()


def _html_row(row: Row, pair: tuple[bytes, bytes] | None) -> str:
    name, message = html.escape(printable(row.input)), html.escape(printable(row.message))
    if row.status == "failed":
        return f'<tr><td class="name">{name}</td><td colspan="7" class="name failed">{message}</td></tr>'
    title = f' title="{message}"' if message else ""
    before, after = (_picture(data) for data in pair) if pair else ("", "")
    score = "" if row.ssimulacra2 is None else rounded_down(row.ssimulacra2, 1)
    psnr = "" if row.psnr_db is None else f"{row.psnr_db:.1f} dB"
    is_smaller = row.status == "compressed" and row.bytes_in
    saved = told_saving(1 - row.bytes_out / row.bytes_in) if is_smaller else row.status
    cells = (
        ("", before), ("", after), ("score", score), ("PSNR", psnr),
        ("bytes", f"{human_bytes(row.bytes_in)} → {human_bytes(row.bytes_out)}"), ("", saved),
        ("colors", "" if row.n_colors is None else str(row.n_colors)),
    )  # fmt: skip
    labels = [f' data-label="{label}"' if label else "" for label, _ in cells]
    told = "".join(f"<td{label}>{cell}</td>" for label, (_, cell) in zip(labels, cells, strict=True))
    advice = f'<br><small class="quiet">{html.escape(row.advice)}</small>' if row.advice else ""
    return f'<tr><td class="name"{title}>{name}{advice}</td>{told}</tr>'


def _picture(data: bytes) -> str:
    return f'<img alt="" src="data:image/webp;base64,{base64.b64encode(data).decode()}">'
