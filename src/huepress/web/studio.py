"""The state of the page, all of it: a tab may be reloaded or closed at any moment and loses nothing."""

from __future__ import annotations

import itertools
import threading
import time
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path, PurePosixPath

from huepress.archive.run import Resources
from huepress.archive.tasks import FileOutcome
from huepress.errors import HuepressError, InputError, LimitError
from huepress.formats.probe import Probe
from huepress.options import Options
from huepress.web.apart import Apart
from huepress.web.choices import Chosen, Value, delivery_for, first_looks, options_for
from huepress.web.drawings import Drawing
from huepress.web.jobs import Job, Kind
from huepress.web.pictures import AWAITED, FIRST_LOOK, FULL, RESULT, SECOND_LOOK, Picture
from huepress.web.scratch import Scratch
from huepress.web.telling import told
from huepress.web.views import Taken
from huepress.web.workshop import Workshop

MOST_PICTURES = 10_000
# Of a picture: the comparison with its result, and with an earlier version beside it.
_MOST_DRAWINGS = 2
OnDone = Callable[[FileOutcome], None]


class Studio:
    """Pictures, their settings, and the jobs that turn the ones into the others. Any thread may call it.

    Parameters
    ----------
    scratch : Scratch
    resources : Resources
    max_pixels : int
        Larger pictures are refused.
    """

    def __init__(self, scratch: Scratch, resources: Resources, *, max_pixels: int) -> None:
        self.scratch, self.max_pixels, self.threads = scratch, max_pixels, resources.threads
        self._lock = threading.RLock()
        self._numbers = itertools.count(1)
        self._pictures: dict[str, Picture] = {}
        self._removed: list[tuple[int, str]] = []
        self._chosen: Mapping[str, Value] = {}
        self._chosen_version = 0
        self._version = 0
        self._awaited: dict[int, OnDone] = {}
        self._shared = (-1, 0.0)  # how far one palette for all is, and since when
        # Plans of whole folders take their time; headers are not kept waiting by them.
        self.apart, self.planner = Apart(), Apart()
        self._workshop = Workshop(resources, self._done, self._progressed, self._dropped)

    def start(self) -> None:
        """Begin to work."""
        self._workshop.start()
        self.apart.start()

    def end(self) -> None:
        """Let nobody wait any longer for files to be looked into, nor for archives to be unpacked."""
        self.apart.end()
        self.planner.end()

    def close(self) -> None:
        """Stop at once."""
        self.apart.close()
        self.planner.close()
        self._workshop.close()

    def new_number(self) -> int:
        """Return a number that nothing else has."""
        return next(self._numbers)

    def add(
        self,
        name: str,
        path: str,
        found: Probe,
        size: int,
        folder: Path,
        *,
        inside: str = "",
        given: str = "",
        turn: int | None = None,
    ) -> Picture:
        """Take a picture in, and have it made.

        Parameters
        ----------
        name, path, found, size, folder, inside, given, turn
            As of `Picture`; by default its turn is now.

        Raises
        ------
        LimitError
            If it has too many pixels, or there are too many pictures.
        """
        if found.width * found.height > self.max_pixels:
            problem = f"{found.width:,} x {found.height:,} pixels, more than the limit of {self.max_pixels:,}"
            raise LimitError(problem, remedy="start huepress serve with a larger one, or make it smaller")
        with self._lock:
            if len(self._pictures) >= MOST_PICTURES:
                raise LimitError(f"there are {MOST_PICTURES:,} pictures already", remedy="remove some")
            identity = str(self.new_number())
            picture = Picture(
                identity,
                name,
                path,
                inside,
                size,
                found,
                folder,
                given,
                time.time_ns() // 1000 if turn is None else turn,
            )
            self._pictures[identity] = picture
            self._plan([picture], self._chosen)
            return picture

    def remove(self, identity: str) -> None:
        """Forget a picture, and what was made of it.

        Raises
        ------
        InputError
            If there is none.
        """
        with self._lock:
            picture = self.picture(identity)
            self._cancel([picture])
            del self._pictures[identity]
            self._removed.append((self._tick(), identity))
        for drawing in picture.drawings.values():
            drawing.stop()
        self.scratch.discard(picture.folder)

    def picture(self, identity: str) -> Picture:
        """Return a picture.

        Raises
        ------
        InputError
            If there is none.
        """
        with self._lock:
            found = self._pictures.get(identity)
        if found is None:
            raise InputError("there is no such picture any more", remedy="reload the page")
        return found

    @property
    def pictures(self) -> list[Picture]:
        """All pictures, in the order in which they came."""
        with self._lock:
            return list(self._pictures.values())

    @property
    def version(self) -> int:
        """The moment of the last change."""
        return self._version

    @property
    def chosen(self) -> Chosen:
        """The settings for all."""
        return self._chosen

    def chosen_for(self, picture: Picture) -> Chosen:
        """Return the settings that hold for a picture."""
        return self._chosen if picture.own is None else picture.own

    def choose(self, chosen: Chosen) -> None:
        """Change the settings for all; what becomes stale by that is given up."""
        with self._lock:
            if chosen == self._chosen:
                return
            self._chosen, self._chosen_version = chosen, self._tick()
            self._plan([picture for picture in self._pictures.values() if picture.own is None], chosen)

    def choose_for(self, identity: str, chosen: Chosen | None) -> None:
        """Give a picture settings of its own, or with None those for all."""
        with self._lock:
            picture = self.picture(identity)
            before = self.chosen_for(picture)
            picture.own = chosen
            picture.version = self._tick()
            if self.chosen_for(picture) != before:
                self._plan([picture], self.chosen_for(picture))

    def renew(self, picture: Picture) -> None:
        """Have a picture made anew whose file has become another one."""
        with self._lock:
            if picture.id not in self._pictures:
                return
            for versions in list(picture.drawings):
                self._undraw(picture, versions)
            for made in picture.forget():
                self.scratch.discard(Path(made.path).parent)
            self._plan([picture], self.chosen_for(picture))

    def changes(self, since: int) -> dict[str, object] | None:
        """Return what has changed since a version, with the present one; None where nothing has. -1: everything."""
        with self._lock:
            if since == self._version:
                return None
            state: dict[str, object] = {
                "version": self._version,
                "rows": [
                    p.row(self.chosen_for(p), self.max_pixels) for p in self._pictures.values() if p.version > since
                ],
                "removed": [identity for version, identity in self._removed if version > since],
            }
            if self._chosen_version > since:
                state["chosen"] = dict(self._chosen)
            if self._shared[0] > since:
                state["shared"] = self._shared[1]
            return state

    def ask(self, kind: Kind, on_done: OnDone, **more: object) -> int:
        """Have something done that somebody waits for; called with its outcome in another thread."""
        with self._lock:
            number = self.new_number()
            self._awaited[number] = on_done
            options = more.pop("options", None) or options_for(self._chosen, max_pixels=self.max_pixels)
            job = Job(str(more.pop("source", "")), "", None, number=number, kind=kind, options=options, **more)  # type: ignore[arg-type]
            self._workshop.submit(job, AWAITED)
            return number

    def give_up(self, number: int) -> None:
        """Nobody waits for it any more."""
        with self._lock:
            self._awaited.pop(number, None)
        self._workshop.cancel({number})

    def draw(self, picture: Picture, versions: str, base: str) -> Drawing:
        """Have results of a picture drawn beside it, unless they are.

        Parameters
        ----------
        picture : Picture
        versions : str
            The numbers of the results, joined by ``-``; the first is called the result.
        base : str
            The address below which the picture's files are.

        Raises
        ------
        InputError
            If there is no such result any more.
        """
        with self._lock:
            if picture.is_changed:
                self.renew(picture)
                raise InputError("the picture has changed on the disk", remedy="it is being made anew")
            drawing = picture.drawings.get(versions)
            if drawing is not None and not drawing.failed:
                return drawing
            made = [picture.result(int(number)) for number in versions.split("-")]
            while len(picture.drawings) >= _MOST_DRAWINGS:
                self._undraw(picture, next(iter(picture.drawings)))
            folder = picture.folder / f"views{self.new_number()}"
            folder.mkdir(mode=0o700)
            shots = (
                each.shot(picture.name, picture.source, each.label if place else RESULT, base)
                for place, each in enumerate(made)
            )
            more: dict[str, object] = {
                "picture": picture.id,
                "source": picture.path,
                "size": picture.size,
                "found": picture.found,
                "inside": picture.inside,
                "options": made[0].options,
                "folder": str(folder),
                "shots": tuple(shots),
                "taken": Taken(PurePosixPath(picture.name).name, f"{base}/original"),
                "base": f"{base}/view/{versions}/",
            }

            def ask(kind: Kind, on_done: OnDone, waited: str) -> int:
                def ended(outcome: FileOutcome) -> None:
                    on_done(outcome)
                    if begun.is_stopped:  # what it wrote last may have come after its folder was removed
                        self.scratch.discard(folder)

                return self.ask(kind, ended, waited=waited, **more)

            begun = picture.drawings[versions] = Drawing(folder, ask)
            return begun

    def leave(self, picture: Picture, versions: str) -> None:
        """Nobody looks at some results any more: what is drawn of them is kept if it is whole, else given up."""
        with self._lock:
            drawing = picture.drawings.get(versions)
            if drawing is not None and not drawing.is_whole:
                self._undraw(picture, versions)

    def _undraw(self, picture: Picture, versions: str) -> None:
        drawing = picture.drawings.pop(versions)
        drawing.stop()
        self.scratch.discard(drawing.folder)

    def _plan(self, pictures: Sequence[Picture], chosen: Chosen) -> None:
        """Have pictures made anew: a first look, then as asked."""
        self._cancel(pictures)
        try:
            options = options_for(chosen, max_pixels=self.max_pixels)
            looks = [*zip((FIRST_LOOK, SECOND_LOOK), first_looks(options), strict=False), (FULL, options)]
            problem = ""
        except HuepressError as error:
            looks, problem = [], told(error)
        for picture in pictures:
            picture.part, picture.error = 0.0, problem
            picture.version = self._tick()
            for urgency, look in looks:
                self._submit(picture, urgency, look, chosen)

    def _submit(self, picture: Picture, urgency: int, options: Options, chosen: Chosen) -> None:
        number = self.new_number()
        job = Job(
            picture.path,
            "",
            None,
            picture.size,
            found=picture.found,
            number=number,
            picture=picture.id,
            options=options,
            delivery=delivery_for(chosen),
            folder=str(picture.folder / str(number)),  # made by whoever does the job
            inside=picture.inside,
            scores=urgency != FIRST_LOOK,  # it would take as long again, and a better one comes soon
        )
        picture.jobs[number] = urgency
        self._workshop.submit(job, urgency)

    def _cancel(self, pictures: Sequence[Picture], below: int = FULL + 1) -> None:
        """Give up the jobs of pictures, or those that come before another one; all at once, there may be thousands."""
        stale: set[int] = set()
        for picture in pictures:
            own = {number for number, urgency in picture.jobs.items() if urgency < below}
            for number in own:
                del picture.jobs[number]
            stale |= own
        if stale:
            self._workshop.cancel(stale)

    def _done(self, job: Job, outcome: FileOutcome) -> None:
        with self._lock:
            awaited = self._awaited.pop(job.number, None)
            picture = self._pictures.get(job.picture)
            urgency = picture.jobs.pop(job.number, None) if picture is not None else None
            if picture is not None and urgency is not None:
                self._cancel([picture], below=urgency)  # a look that comes late would be a step back
                picture.part = 0.0
                chosen = self.chosen_for(picture)
                unwanted = picture.take(outcome, job.number, chosen, job.options, is_first=urgency != FULL)
                picture.version = self._tick()
                for made in unwanted:
                    self.scratch.discard(Path(made.path).parent)
            else:
                self._dropped(job)
        if awaited is not None:
            awaited(outcome)

    def _dropped(self, job: Job) -> None:
        """Remove what a worker may have written after its folder, or the folder of its picture, had been removed."""
        if job.kind == "compress":
            self.scratch.discard(Path(job.folder))
        with self._lock:
            is_gone = job.picture not in self._pictures
        if job.picture and is_gone:
            self.scratch.discard(Path(job.folder).parent)

    def _progressed(self, job: Job, part: float) -> None:
        with self._lock:
            if job.kind == "shared":
                self._shared = self._tick(), part
            picture = self._pictures.get(job.picture)
            if picture is not None and job.number in picture.jobs:
                picture.part, picture.version = max(part, 0.01), self._tick()

    def _tick(self) -> int:
        self._version += 1
        return self._version
