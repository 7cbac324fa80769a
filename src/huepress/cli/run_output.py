"""What `compress` prints about its files: rows of JSON, sentences, a summary, a progress bar."""

from __future__ import annotations

import math
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any

from huepress.cli.shared import say

if TYPE_CHECKING:
    from huepress.archive.tasks import Outcome


def as_json(outcome: Outcome, seed: int) -> dict[str, Any]:
    """Return the documented fields, null where they make no sense."""
    facts = outcome.facts
    psnr = facts.get("psnr_db")
    row: dict[str, Any] = {
        "input": outcome.task.source,
        "output": outcome.output,
        "status": outcome.status,
        "format": outcome.format,
    }
    for name in ("width", "height", "bytes_in", "bytes_out", "bits_per_pixel", "bits_per_pixel_in"):
        row[name] = facts.get(name)
    for name in ("n_colors", "n_colors_in", "mse"):
        row[name] = facts.get(name)
    row["psnr_db"] = psnr if psnr is not None and math.isfinite(psnr) else None
    row["ssimulacra2"] = outcome.ssimulacra2
    row["seconds"] = round(outcome.seconds, 4)
    row["seed"] = seed
    row["unchanged"] = outcome.unchanged
    row["palette"] = outcome.palette or None
    row["message"] = outcome.message
    return row


def sentence(outcome: Outcome) -> str:
    """Tell in one line what became of a file."""
    from huepress.text import human_bytes

    facts, output = outcome.facts, outcome.output or "left in place"
    start = f"{outcome.task.source} -> {output}: "
    if outcome.unchanged:
        return start + "done before, unchanged"
    if outcome.status != "compressed":
        return start + (outcome.message or outcome.status)
    quality = "lossless" if facts["mse"] == 0 else f"PSNR {facts['psnr_db']:.1f} dB"
    bits_in, bits = facts["bits_per_pixel_in"], facts["bits_per_pixel"]
    return (
        f"{start}{human_bytes(facts['bytes_in'])} -> {human_bytes(facts['bytes_out'])} "
        f"({_percent(facts['bytes_in'], facts['bytes_out'])}), {facts['n_colors']} colors, "
        f"{bits_in} -> {bits} bits per pixel before deflate ({bits_in / bits:g}x), {quality}, {outcome.seconds:.2f} s"
    )


class Summary:
    """Sums over the outcomes of a run."""

    def __init__(self) -> None:
        self.counts = {"compressed": 0, "kept": 0, "copied": 0, "failed": 0}
        self.unchanged = 0
        self.bytes_in = self.bytes_out = 0
        self.errors: list[tuple[str, int]] = []

    def add(self, outcome: Outcome) -> None:
        """Count an outcome."""
        self.counts[outcome.status] += 1
        self.unchanged += outcome.unchanged
        if outcome.status == "failed":
            self.errors.append((outcome.message, outcome.exit_code))
        else:
            self.bytes_in += outcome.bytes_in
            self.bytes_out += outcome.bytes_out

    def text(self, *, dry_run: bool) -> str:
        """Tell the sums in one line."""
        from huepress.text import human_bytes

        told = ", ".join(f"{count:,} {status}" for status, count in self.counts.items() if count) or "no files"
        if self.unchanged:
            told += f" ({self.unchanged:,} of them before)"
        saved = _percent(self.bytes_in, self.bytes_out) if self.bytes_in else "nothing to save"
        start = "total, nothing written" if dry_run else "total"
        return f"{start}: {human_bytes(self.bytes_in)} -> {human_bytes(self.bytes_out)} ({saved}), {told}"


def _percent(bytes_in: int, bytes_out: int) -> str:
    saved = 1 - bytes_out / bytes_in if bytes_in else 0.0
    return f"{100 * saved:.1f} % saved" if saved >= 0 else f"{-100 * saved:.1f} % larger"


@contextmanager
def progress(n_files: int, n_bytes: int, *, silent: bool) -> Iterator[Callable[[Outcome], None]]:
    """Show a bar on a terminal when there is more than one file; nothing in a pipe."""
    if silent or n_files < 2 or sys.stderr is None or not sys.stderr.isatty():
        yield lambda outcome: None
        return
    from rich.console import Console
    from rich.progress import BarColumn, DownloadColumn, Progress, TextColumn, TimeRemainingColumn, TransferSpeedColumn

    columns = (
        TextColumn("{task.fields[files]}/{task.fields[of]}"),
        BarColumn(),
        DownloadColumn(),
        TextColumn("{task.fields[saved]}"),
        TransferSpeedColumn(),
        TimeRemainingColumn(),
        TextColumn("{task.description}"),
    )
    summary = Summary()
    with Progress(*columns, console=Console(stderr=True), transient=True) as bar:
        task = bar.add_task("", total=max(1, n_bytes), files=0, of=n_files, saved="")

        def advance(outcome: Outcome) -> None:
            summary.add(outcome)
            bar.update(
                task,
                description=Path(outcome.task.source).name[:30],
                advance=outcome.task.size,
                files=sum(summary.counts.values()),
                saved=_percent(summary.bytes_in, summary.bytes_out),
            )

        yield advance


def list_errors(summary: Summary) -> None:
    """Print what failed, one sentence each."""
    for message, _ in summary.errors:
        say(f"huepress: {message}", err=True)
