"""The pictures of a page: what each is, how it is to be made, and what was made of it so far."""

from __future__ import annotations

import zlib
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path, PurePosixPath
from typing import Literal

from huepress.archive.plan import fitted
from huepress.archive.tasks import FileOutcome
from huepress.comparison.page.plot import Point, size_and_quality
from huepress.comparison.versions import label_of
from huepress.engine.metrics import words_for
from huepress.errors import InputError
from huepress.formats.probe import Probe
from huepress.options import Options
from huepress.storage.local import LocalStore
from huepress.web.choices import Chosen, Value, command_for, command_of, delivery_for
from huepress.web.drawings import Drawing
from huepress.web.jobs import HEADER
from huepress.web.telling import remarks, told
from huepress.web.views import Shot
from huepress.wording import human_bytes, rounded_down, told_saving

Stage = Literal["waiting", "first", "working", "done", "failed"]
# Which jobs come first: what somebody waits for, then for all pictures the first look, a better one, and the result.
AWAITED, FIRST_LOOK, SECOND_LOOK, FULL = range(4)
_SUFFIX = "-huepress"
RESULT = "Result"
# Of the versions that are kept of a picture: how many, and how many bytes together.
_MOST_VERSIONS = 12
_LEAST_ROOM, _ROOM_FACTOR = 4 << 20, 4


@dataclass(frozen=True)
class Made:
    """A finished file.

    Attributes
    ----------
    number : int
        Of the job that made it.
    path : str
    chosen : mapping
        The settings that were asked for.
    options : Options
        What it was made with: a first look is rougher than what was asked for.
    is_first : bool
        Whether it is only a first look.
    outcome : FileOutcome
    """

    number: int
    path: str
    chosen: Chosen
    options: Options
    is_first: bool
    outcome: FileOutcome

    @property
    def extension(self) -> str:
        """The extension of the file, with its dot."""
        return PurePosixPath(self.path).suffix

    @property
    def label(self) -> str:
        """What it is called among the versions of its picture."""
        return label_of(self.options) + (", first look" if self.is_first else "")

    @property
    def point(self) -> Point | None:
        """Size and score for the plot; None where it is not one of a picture's versions."""
        outcome = self.outcome
        if outcome.ssimulacra2 is None or outcome.status != "compressed" or not outcome.bytes_out:
            return None
        return Point(self.label, outcome.bytes_out, outcome.ssimulacra2, f"{self.number}")

    def shot(self, name: str, source: str, label: str, base: str) -> Shot:
        """Return how it is looked at beside its original.

        Parameters
        ----------
        name : str
            What people call the picture.
        source : str
            The path by which a command finds it.
        label : str
            What the version is called.
        base : str
            The address below which the picture's files are.
        """
        outcome, score = self.outcome, self.outcome.ssimulacra2
        looks = "" if score is None else f", score {rounded_down(score, 0)}, {words_for(score)}"
        return Shot(
            self.path,
            label,
            f"{label} · {human_bytes(outcome.bytes_out)}{looks}",
            command_of(source, self.options, delivery_for(self.chosen)),
            PurePosixPath(result_name(name, self.extension)).name,
            f"{base}/results/{self.number}",
            outcome.frame_scores,
        )

    def facts(self) -> dict[str, object]:
        """Return what the page tells of it."""
        outcome = self.outcome
        score = outcome.ssimulacra2
        saved = 1 - outcome.bytes_out / outcome.bytes_in if outcome.bytes_in else 0.0
        return {
            "number": self.number,
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
            "width": outcome.facts.get("width"),
            "height": outcome.facts.get("height"),
            "n_colors": outcome.facts.get("n_colors"),
            "remarks": remarks(outcome),
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
    given : str
        What a file that came in was called, to the letter.
    turn : int
        By what all are ordered: when it was dropped, in microseconds.
    path : str
    inside : str
        The folder that the path may not leave; empty for files that came in.
    size : int
        Bytes.
    found : Probe
        What its header tells.
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
    drawings : dict
        What is drawn to be compared, by the numbers of the results.
    segments : tuple of (str, Path), optional
        The segments of the picture: with which options it was read for them, and where they are.
    versions : dict
        What was made of it so far and is still there, by what each is called; the latest last.
    """

    id: str
    name: str
    path: str
    inside: str
    size: int
    found: Probe
    folder: Path
    given: str = ""
    turn: int = 0
    own: Mapping[str, Value] | None = None
    made: Made | None = None
    thumbnail: bytes = b""
    jobs: dict[int, int] = field(default_factory=dict)
    part: float = 0.0
    error: str = ""
    version: int = 0
    drawings: dict[str, Drawing] = field(default_factory=dict)
    segments: tuple[str, Path] | None = None
    versions: dict[str, Made] = field(default_factory=dict)
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
    def source(self) -> str:
        """The path by which a command finds it: of files that came in as much of it as browsers tell."""
        return self.path if self.inside else self.given or self.name

    @property
    def result_name(self) -> str:
        """What its result is called when it is downloaded."""
        assert self.made is not None
        return result_name(self.name, self.made.extension)

    def result(self, number: int | None = None) -> Made:
        """Return a result by its number, without one the present one.

        Raises
        ------
        InputError
            If it is not there, or no more.
        """
        if self.made is None and number is None:
            raise InputError("there is no result yet", remedy="wait a little")
        for each in (self.made, *self.versions.values()):
            if each is not None and number in (None, each.number):
                return each
        raise InputError("that version is no more", remedy="make it again")

    def row(self, chosen: Chosen, max_pixels: int | None = None) -> dict[str, object]:
        """Return what the page shows of it, under the settings that hold for it."""
        return {
            "id": self.id,
            "turn": self.turn,
            "name": self.name,
            "bytes": self.size,
            "size": human_bytes(self.size),
            "width": self.found.width,
            "height": self.found.height,
            "format": self.found.format,
            "stage": self.stage,
            "part": round(self.part, 2),
            "error": self.error,
            "own": None if self.own is None else dict(self.own),
            "thumbnail": f"{zlib.crc32(self.thumbnail):08x}" if self.thumbnail else "",
            "command": command_for(self.source, chosen, max_pixels=max_pixels),
            "made": None if self.made is None else self.made.facts(),
            "version": self.version,
        }

    def take(self, made: FileOutcome, job: int, chosen: Chosen, options: Options, *, is_first: bool) -> list[Made]:
        """Take over what a job has made of it, and return the results that are no longer wanted."""
        before = self.results
        if made.thumbnails is not None:
            self.thumbnail = made.thumbnails[0]
        if made.error is None:
            self._take_source(made)
        if made.error is not None:
            self.error, self.made = told(made.error), None
        elif made.output is not None:
            self.error, self.made = "", Made(job, made.output, dict(chosen), options, is_first, made)
            self._remember(self.made)
        wanted = {each.number for each in self.results}
        return [each for number, each in {each.number: each for each in before}.items() if number not in wanted]

    @property
    def results(self) -> list[Made]:
        """All results that are there; the present one may come twice."""
        return [each for each in (self.made, *self.versions.values()) if each is not None]

    @property
    def is_changed(self) -> bool:
        """Whether its file is another than its result was made of."""
        stamp = None if self.made is None else self.made.outcome.stamp
        return stamp is not None and LocalStore(self.inside, follow=False).stamp(self.path) != stamp

    def forget(self) -> list[Made]:
        """Forget all results, since there is another picture, and return them."""
        before, self.made = self.results, None
        self.versions.clear()
        return before

    def _take_source(self, made: FileOutcome) -> None:
        """Take over what the picture itself was found to be: in a folder it may have become another."""
        self.size, self.found = made.bytes_in, made.facts.pop(HEADER, self.found)
        if self.made is not None and made.source_hash != self.made.outcome.source_hash:
            self.versions.clear()

    def _remember(self, made: Made) -> None:
        """Keep a version beside those of the same picture at the same size, as many as there is room for."""
        size = str(made.options.edits)
        if size != self._size_of_versions:
            self.versions.clear()
            self._size_of_versions = size
        self.versions.pop(made.label, None)
        if made.point is not None:
            self.versions[made.label] = made
        room = max(_LEAST_ROOM, _ROOM_FACTOR * self.size)
        while len(self.versions) > 1 and (
            len(self.versions) > _MOST_VERSIONS or sum(each.outcome.bytes_out for each in self.versions.values()) > room
        ):
            del self.versions[next(iter(self.versions))]

    def frontier(self) -> str:
        """Return score over bytes of its versions as HTML; nothing as long as there is but one."""
        tried = self.made.outcome.facts.get("trials", ()) if self.made is not None else ()
        trials = [Point("tried", each["n_bytes"], each["score"]) for each in tried if each["score"] is not None]
        points = [each.point for each in self.versions.values()]
        return size_and_quality([each for each in points if each is not None], trials)


def result_name(name: str, extension: str) -> str:
    """Return what the result of a picture is called."""
    path = PurePosixPath(name)
    return str(path.with_name(fitted(f"{path.stem}{_SUFFIX}{extension}")))
