"""What `compress` prints about its files: rows of JSON, sentences, a summary, a progress bar."""

from __future__ import annotations

import math
import os
import sys
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Any

from huepress.archive.batch import Watch
from huepress.cli.output import told, words_for
from huepress.errors import OutputError
from huepress.wording import printable, rounded_down, told_saving

if TYPE_CHECKING:
    from huepress.archive.batch import Summary
    from huepress.archive.tasks import FileOutcome, Settings, Task
    from huepress.drawing.curves import Curve


def message_of(outcome: FileOutcome) -> str:
    """Return what is unusual about an outcome, with the way out in the command line's words."""
    if outcome.error is not None:
        return told(outcome.error)
    return f"{outcome.message} ({words_for(outcome.remedy)})" if outcome.remedy else outcome.message


def as_json(outcome: FileOutcome, seed: int) -> dict[str, Any]:
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
    row["trials"] = [_rounded(trial) for trial in facts.get("trials", ())]
    row["advice"] = [_rounded(trial) for trial in facts.get("advice", ())]
    row["seconds"] = round(outcome.seconds, 4)
    row["seed"] = seed
    row["unchanged"] = outcome.unchanged
    row["palette"] = outcome.palette or None
    row["notes"] = list(facts.get("notes", ()))
    row["message"] = message_of(outcome)
    return row


def _rounded(trial: dict[str, Any]) -> dict[str, Any]:
    return {name: round(value, 4) if isinstance(value, float) else value for name, value in trial.items()}


def sentence(outcome: FileOutcome, name: str, *, verbose: bool) -> str:
    """Tell in one line what became of a file: the bytes, the looks in words where known, the time; or all figures."""
    from huepress.engine.metrics import words_for
    from huepress.wording import counted, human_bytes

    facts, output = outcome.facts, outcome.output or "left in place"
    start = f"{name} -> {output}: "
    if outcome.unchanged:
        return start + "done before, unchanged"
    advice = outcome.advised
    if outcome.status != "compressed":
        return start + "; ".join(filter(None, (message_of(outcome) or outcome.status, advice)))
    looks = ["lossless"] if facts["mse"] == 0 else []
    if verbose and not looks:
        looks = [f"PSNR {facts['psnr_db']:.1f} dB"]
    if outcome.ssimulacra2 is not None and facts["mse"] > 0:
        looks.append(f"{words_for(outcome.ssimulacra2)} quality (score {rounded_down(outcome.ssimulacra2, 1)})")
    remarks = "".join(f"; {remark}" for remark in (*facts.get("notes", ()), message_of(outcome), advice) if remark)
    bits_in, bits = facts["bits_per_pixel_in"], facts["bits_per_pixel"]
    parts = [
        f"{human_bytes(facts['bytes_in'])} -> {human_bytes(facts['bytes_out'])}",
        _percent(facts["bytes_in"], facts["bytes_out"]),
    ]
    if facts.get("n_frames", 1) > 1:
        parts.append(f"{facts['n_frames']} frames")
    if verbose:
        parts.append(counted(facts["n_colors"], "color"))
        parts.append(f"{bits_in} -> {bits} bits per pixel before deflate ({bits_in / bits:g}x)")
    return start + ", ".join([*parts, *looks, f"{outcome.seconds:.1f} s"]) + remarks


def totals(summary: Summary, *, dry_run: bool) -> str:
    """Tell the sums of a run in one line."""
    from huepress.wording import human_bytes

    counted = ", ".join(f"{count:,} {status}" for status, count in summary.counts.items() if count) or "no files"
    if summary.unchanged:
        counted += f" ({summary.unchanged:,} of them before)"
    saved = _percent(summary.bytes_in, summary.bytes_out) if summary.bytes_in else "nothing to save"
    start = "total, nothing written" if dry_run else "total"
    return f"{start}: {human_bytes(summary.bytes_in)} -> {human_bytes(summary.bytes_out)} ({saved}), {counted}"


def _percent(bytes_in: int, bytes_out: int) -> str:
    return told_saving(1 - bytes_out / bytes_in if bytes_in else 0.0)


class Progress(Watch):
    """A bar on a terminal: files, or of a single one the part of the search; nothing in a pipe.

    Parameters
    ----------
    silent : bool
    """

    def __init__(self, *, silent: bool) -> None:
        self._silent = silent or sys.stderr is None or not sys.stderr.isatty()
        self._bytes_in = self._bytes_out = self._done = self._n_done = self._n_files = self._n_bytes = 0
        self._what = ""
        self._bar: Any = None
        self._task: Any = None

    def begin(self, tasks: list[Task], what: str) -> None:
        """Show the bar."""
        self._n_files, self._n_bytes = len(tasks), sum(task.size for task in tasks)
        self._done = self._n_done = 0
        self._what = {"colors": "reading colors", "packed": "packing"}.get(what, "")
        if self._silent or not tasks:
            return
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

    def end(self) -> None:
        """Take the bar away."""
        if self._bar is not None:
            self._bar.stop()
            self._bar = None

    def part_of(self, task: Task) -> Callable[[float], None] | None:
        """Return what takes the part of a task that is done, while tasks are done one by one."""
        if self._bar is None:
            return None
        name, size = printable(Path(task.source).name[:30]), task.size if self._n_files > 1 else max(1, self._n_bytes)

        def tell(part: float) -> None:
            self._bar.update(self._task, description=name, completed=self._done + part * size)

        tell(0.0)
        return tell

    def advance(self, outcome: FileOutcome) -> None:
        """Count an outcome."""
        if outcome.error is None:
            self._bytes_in += outcome.bytes_in
            self._bytes_out += outcome.bytes_out
        self._pass(outcome.task, _percent(self._bytes_in, self._bytes_out))

    def passed(self, task: Task) -> None:
        """Count a task whose colors are read."""
        self._pass(task, self._what)

    def _pass(self, task: Task, so_far: str) -> None:
        self._done += task.size
        self._n_done += 1
        if self._bar is not None:
            name = printable(Path(task.source).name[:30])
            self._bar.update(self._task, description=name, completed=self._done, files=self._n_done, saved=so_far)


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

    def add(self, outcome: FileOutcome) -> None:
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
    path = os.path.realpath(name)
    own = {os.path.basename(name), os.path.basename(path)}
    for task in tasks:
        named = [(settings.sources, task.source), *((settings.targets, each) for each in task.names)]
        for store, each in named:
            there = store.local_path(each) if len(tasks) == 1 or os.path.basename(each) in own else None
            if there is not None and os.path.realpath(there) == path:
                raise OutputError(
                    "it would replace an input or output", subject=name, remedy=f"give {option} another name"
                )
