"""The pictures of a page: what each is, how it is to be made, and what was made of it so far."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path, PurePosixPath
from typing import Literal

from huepress.archive.tasks import FileOutcome
from huepress.comparison.page.plot import Point, size_and_quality
from huepress.comparison.versions import label_of
from huepress.engine.metrics import words_for
from huepress.options import Options
from huepress.web.choices import Chosen, Value, command_for
from huepress.web.telling import told
from huepress.wording import human_bytes, rounded_down, told_saving

Stage = Literal["waiting", "first", "working", "done", "failed"]
# Which jobs come first: what somebody waits for, then for all pictures the first look, a better one, and the result.
AWAITED, FIRST_LOOK, SECOND_LOOK, FULL = range(4)
_SUFFIX = "-huepress"
_MOST_VERSIONS = 12


@dataclass(frozen=True)
class Made:
    """A finished file.

    Attributes
    ----------
    path : str
    chosen : mapping
        The settings that it was made with.
    is_first : bool
        Whether it is only a first look.
    outcome : FileOutcome
    """

    path: str
    chosen: Chosen
    is_first: bool
    outcome: FileOutcome

    @property
    def extension(self) -> str:
        """The extension of the file, with its dot."""
        return PurePosixPath(self.path).suffix

    def facts(self) -> dict[str, object]:
        """Return what the page tells of it."""
        outcome = self.outcome
        score = outcome.ssimulacra2
        saved = 1 - outcome.bytes_out / outcome.bytes_in if outcome.bytes_in else 0.0
        return {
            "is_first": self.is_first,
            "kept": outcome.status == "kept",
            "bytes": outcome.bytes_out,
            "size": human_bytes(outcome.bytes_out),
            "saved": saved,
            "saved_text": told_saving(saved),
            "format": (outcome.format or self.extension.removeprefix(".")).upper(),
            "score": None if score is None else float(rounded_down(score, 1)),
            "words": "" if score is None else words_for(score),
            "palette": outcome.palette,
            "message": outcome.message,
            "seconds": round(outcome.seconds, 2),
        }


@dataclass
class Picture:
    """One row of the page.

    Attributes
    ----------
    id : str
    name : str
        What people call it, ``/`` between folders.
    path : str
    inside : str
        The folder that the path may not leave; empty for files that came in.
    size : int
        Bytes.
    width, height : int
    format : str
    folder : Path
        For all that is made of it.
    own : mapping, optional
        Settings of its own, in place of those for all.
    made : Made, optional
        The latest result.
    jobs : dict
        The numbers of jobs that are under way, and how soon the turn of each comes.
    part : float
        How much of the present job is done, 0 to 1.
    error : str
    version : int
        The moment of the last change.
    views : tuple of (path, folder), optional
        What is drawn to be compared: of which result, and where.
    segments : tuple of (str, Path), optional
        The segments of the picture: with which options it was read for them, and where they are.
    versions : dict
        Size and score of what was made of it so far, by what each is called; the latest last.
    """

    id: str
    name: str
    path: str
    inside: str
    size: int
    width: int
    height: int
    format: str
    folder: Path
    own: Mapping[str, Value] | None = None
    made: Made | None = None
    thumbnail: bytes = b""
    jobs: dict[int, int] = field(default_factory=dict)
    part: float = 0.0
    error: str = ""
    version: int = 0
    views: tuple[str, Path] | None = None
    segments: tuple[str, Path] | None = None
    versions: dict[str, Point] = field(default_factory=dict)
    _size_of_versions: str = ""

    @property
    def stage(self) -> Stage:
        """How far it is."""
        urgencies = self.jobs.values()
        if FIRST_LOOK in urgencies:
            return "first" if self.part else "waiting"
        if urgencies:
            return "working"
        return "failed" if self.error else "done" if self.made else "waiting"

    @property
    def result_name(self) -> str:
        """What its result is called when it is downloaded."""
        assert self.made is not None
        name = PurePosixPath(self.name)
        return str(name.with_name(f"{name.stem}{_SUFFIX}{self.made.extension}"))

    def row(self, chosen: Chosen) -> dict[str, object]:
        """Return what the page shows of it, under the settings that hold for it."""
        return {
            "id": self.id,
            "name": self.name,
            "bytes": self.size,
            "size": human_bytes(self.size),
            "width": self.width,
            "height": self.height,
            "format": self.format,
            "stage": self.stage,
            "part": round(self.part, 2),
            "error": self.error,
            "own": None if self.own is None else dict(self.own),
            "has_thumbnail": bool(self.thumbnail),
            "command": command_for(PurePosixPath(self.name).name, chosen),
            "made": None if self.made is None else self.made.facts(),
            "version": self.version,
        }

    def take(self, outcome: FileOutcome, chosen: Chosen, options: Options, *, is_first: bool) -> None:
        """Take over what a job has made of it."""
        if outcome.thumbnails is not None:
            self.thumbnail = outcome.thumbnails[0]
        if outcome.error is not None:
            self.error, self.made = told(outcome.error), None
        elif outcome.output is not None:
            self.error, self.made = "", Made(outcome.output, dict(chosen), is_first, outcome)
            self._remember(outcome, options)

    def _remember(self, outcome: FileOutcome, options: Options) -> None:
        """Keep size and score, beside those of the same picture at the same size only."""
        size = str(options.edits)
        if size != self._size_of_versions:
            self.versions.clear()
            self._size_of_versions = size
        label = label_of(options)
        self.versions.pop(label, None)
        if outcome.ssimulacra2 is not None and outcome.status == "compressed" and outcome.bytes_out:
            self.versions[label] = Point(label, outcome.bytes_out, outcome.ssimulacra2)
        while len(self.versions) > _MOST_VERSIONS:
            del self.versions[next(iter(self.versions))]

    def frontier(self) -> str:
        """Return score over bytes of its versions as HTML; nothing as long as there is but one."""
        tried = self.made.outcome.facts.get("trials", ()) if self.made is not None else ()
        trials = [Point("tried", each["n_bytes"], each["score"]) for each in tried if each["score"] is not None]
        return size_and_quality(list(self.versions.values()), trials)
