"""What `compress` prints about its files: rows of JSON, sentences, a summary, a progress bar."""

from __future__ import annotations

import math
import os
import sys
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Any

from huepress.archive.tasks import ALREADY_DONE
from huepress.cli.shared import say
from huepress.errors import OutputError

if TYPE_CHECKING:
    from huepress.archive.tasks import Outcome, Settings, Task
    from huepress.drawing.curves import Curve


def as_json(outcome: Outcome, seed: int) -> dict[str, Any]:
    """Return the documented fields, null where they make no sense."""
    facts = outcome.facts
    psnr = facts.get("psnr_db")
    row: dict[str, Any] = {
        "input": outcome.task.source,
        "output": outcome.output,
        "status": outcome.status,
        "format": outcome.format,
        "n_frames": facts.get("n_frames"),
    }
    for name in ("width", "height", "bytes_in", "bytes_out", "bits_per_pixel", "bits_per_pixel_in"):
        row[name] = facts.get(name)
    for name in ("n_colors", "n_colors_in", "mse"):
        row[name] = facts.get(name)
    row["psnr_db"] = psnr if psnr is not None and math.isfinite(psnr) else None
    row["score"] = None if outcome.ssimulacra2 is None else round(outcome.ssimulacra2, 2)
    row["trials"] = [
        {name: round(value, 4) if isinstance(value, float) else value for name, value in trial.items()}
        for trial in facts.get("trials", ())
    ]
    row["seconds"] = round(outcome.seconds, 4)
    row["seed"] = seed
    row["unchanged"] = outcome.unchanged
    row["palette"] = outcome.palette or None
    row["notes"] = list(facts.get("notes", ()))
    row["message"] = outcome.message
    return row


def sentence(outcome: Outcome) -> str:
    """Tell in one line what became of a file."""
    from huepress.engine.metrics import words_for
    from huepress.wording import human_bytes

    facts, output = outcome.facts, outcome.output or "left in place"
    start = f"{outcome.task.source} -> {output}: "
    if outcome.unchanged:
        return start + "done before, unchanged"
    if outcome.status != "compressed":
        return start + (outcome.message or outcome.status)
    quality = "lossless" if facts["mse"] == 0 else f"PSNR {facts['psnr_db']:.1f} dB"
    if outcome.ssimulacra2 is not None:
        quality += f", score {outcome.ssimulacra2:.1f} ({words_for(outcome.ssimulacra2)})"
    remarks = "".join(f"; {remark}" for remark in (*facts.get("notes", ()), outcome.message) if remark)
    frames = f"{facts['n_frames']} frames, " if facts.get("n_frames", 1) > 1 else ""
    bits_in, bits = facts["bits_per_pixel_in"], facts["bits_per_pixel"]
    return (
        f"{start}{human_bytes(facts['bytes_in'])} -> {human_bytes(facts['bytes_out'])} "
        f"({_percent(facts['bytes_in'], facts['bytes_out'])}), {frames}{facts['n_colors']} colors, "
        f"{bits_in} -> {bits} bits per pixel before deflate ({bits_in / bits:g}x), {quality}, {outcome.seconds:.2f} s"
        f"{remarks}"
    )


class Summary:
    """Sums over the outcomes of a run."""

    def __init__(self) -> None:
        self.counts = {"compressed": 0, "kept": 0, "copied": 0, "failed": 0}
        self.unchanged = self.already_done = 0
        self.bytes_in = self.bytes_out = 0
        self.errors: list[tuple[str, int]] = []

    def add(self, outcome: Outcome) -> None:
        """Count an outcome."""
        self.counts[outcome.status] += 1
        self.unchanged += outcome.unchanged
        self.already_done += outcome.message == ALREADY_DONE
        if outcome.status == "failed":
            self.errors.append((outcome.message, outcome.exit_code))
        else:
            self.bytes_in += outcome.bytes_in
            self.bytes_out += outcome.bytes_out

    def text(self, *, dry_run: bool) -> str:
        """Tell the sums in one line."""
        from huepress.wording import human_bytes

        told = ", ".join(f"{count:,} {status}" for status, count in self.counts.items() if count) or "no files"
        if self.unchanged:
            told += f" ({self.unchanged:,} of them before)"
        saved = _percent(self.bytes_in, self.bytes_out) if self.bytes_in else "nothing to save"
        start = "total, nothing written" if dry_run else "total"
        return f"{start}: {human_bytes(self.bytes_in)} -> {human_bytes(self.bytes_out)} ({saved}), {told}"


def _percent(bytes_in: int, bytes_out: int) -> str:
    saved = 1 - bytes_out / bytes_in if bytes_in else 0.0
    return f"{100 * saved:.1f} % saved" if saved >= 0 else f"{-100 * saved:.1f} % larger"


class Progress:
    """A bar on a terminal: files, or of a single one the part of the search; nothing in a pipe.

    Parameters
    ----------
    n_files, n_bytes : int
    silent : bool
    what : str
        What is done, where that is not what was asked for in the end.
    """

    def __init__(self, n_files: int, n_bytes: int, *, silent: bool, what: str = "") -> None:
        self._what = what
        self._n_files, self._n_bytes = n_files, n_bytes
        self._silent = silent or n_files < 1 or sys.stderr is None or not sys.stderr.isatty()
        self._summary, self._done, self._n_done = Summary(), 0, 0
        self._bar: Any = None
        self._task: Any = None

    def __enter__(self) -> Progress:
        if self._silent:
            return self
        from rich.console import Console
        from rich.progress import BarColumn, DownloadColumn, TextColumn, TimeRemainingColumn, TransferSpeedColumn
        from rich.progress import Progress as Bar

        columns: list[Any] = [TextColumn("{task.percentage:>3.0f} %"), BarColumn(), TimeRemainingColumn()]
        if self._n_files > 1:
            columns = [TextColumn("{task.fields[files]}/{task.fields[of]}"), BarColumn(), DownloadColumn()]
            columns += [TextColumn("{task.fields[saved]}"), TransferSpeedColumn(), TimeRemainingColumn()]
        columns.append(TextColumn("{task.description}"))
        self._bar = Bar(*columns, console=Console(stderr=True), transient=True)
        self._task = self._bar.add_task("", total=max(1, self._n_bytes), files=0, of=self._n_files, saved="")
        self._bar.start()
        return self

    def __exit__(self, *_: object) -> None:
        if self._bar is not None:
            self._bar.stop()

    def part_of(self, task: Task) -> Callable[[float], None] | None:
        """Return what takes the part of a task that is done, while tasks are done one by one."""
        if self._bar is None:
            return None
        name, size = Path(task.source).name[:30], task.size if self._n_files > 1 else max(1, self._n_bytes)

        def tell(part: float) -> None:
            self._bar.update(self._task, description=name, completed=self._done + part * size)

        tell(0.0)
        return tell

    def advance(self, outcome: Outcome) -> None:
        """Count an outcome."""
        self._summary.add(outcome)
        self.passed(outcome.task, _percent(self._summary.bytes_in, self._summary.bytes_out))

    def passed(self, task: Task, so_far: str = "") -> None:
        """Count a task, and tell what there is so far."""
        self._done += task.size
        self._n_done += 1
        if self._bar is not None:
            name = Path(task.source).name[:30]
            self._bar.update(
                self._task, description=name, completed=self._done, files=self._n_done, saved=so_far or self._what
            )


class Curves:
    """What was tried for each file, to be drawn.

    Parameters
    ----------
    name : str, optional
        The file to be written; without, nothing happens.
    tasks : list of Task
    settings : Settings

    Raises
    ------
    OptionError, OutputError
        If the file cannot be drawn, exists already, or is an input or output.
    """

    def __init__(self, name: str | None, tasks: list[Task], settings: Settings) -> None:
        self._name, self._overwrite = name, settings.overwrite
        self._curves: dict[str, Curve] = {}
        if name is None:
            return
        from huepress.drawing.curves import check_plot_name
        from huepress.files import check_writable_name

        check_plot_name(name)
        check_writable_name(name, overwrite=settings.overwrite)
        refuse_taken_name("--plot", name, tasks, settings)

    def add(self, outcome: Outcome) -> None:
        """Take note of an outcome."""
        if self._name is None:
            return
        from huepress.drawing.curves import Curve
        from huepress.results import Trial

        facts, score = outcome.facts, outcome.facts.get("score")
        trials = [Trial(**trial) for trial in facts.get("trials", ())]
        if trials:
            source = outcome.task.source
            self._curves[source] = Curve(source, trials, None if score is None else (outcome.bytes_out, score))

    def write(self) -> None:
        """Draw the file, its curves in the order of names."""
        if self._name is None:
            return
        from huepress.drawing.curves import draw_curves
        from huepress.files import write_bytes

        curves = [curve for _, curve in sorted(self._curves.items())]
        write_bytes(self._name, draw_curves(curves, self._name), overwrite=self._overwrite)


def refuse_taken_name(option: str, name: str, tasks: list[Task], settings: Settings) -> None:
    """Refuse a name for a drawing or report that a file of the run has.

    Raises
    ------
    OutputError
        If it is one of an input or an output.
    """
    own, path = os.path.basename(name), os.path.realpath(name)
    for task in tasks:
        named = [(settings.sources, task.source), *((settings.targets, each) for each in task.names)]
        for store, each in named:
            there = store.local_path(each) if os.path.basename(each) == own else None
            if there is not None and os.path.realpath(there) == path:
                raise OutputError(f"{name}: it would replace an input or output; give {option} another name")


def list_errors(summary: Summary) -> None:
    """Print what failed, one sentence each, in an order that does not depend on who was first."""
    for message, _ in sorted(summary.errors):
        say(f"huepress: {message}", err=True)
