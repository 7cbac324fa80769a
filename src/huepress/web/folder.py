"""A folder on this machine: its pictures are listed, and results are saved by the archive engine."""

from __future__ import annotations

import json
import os
import re
import threading
from contextlib import closing
from dataclasses import asdict, dataclass, field, replace
from itertools import takewhile

from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from huepress.archive.batch import Summary, Watch, carry_out
from huepress.archive.earlier import result_by_ledger, result_by_name
from huepress.archive.plan import IMAGE_PATTERNS, VIDEO_PATTERNS, Selection
from huepress.archive.request import RunRequest
from huepress.archive.tasks import FileOutcome, Settings, Task
from huepress.errors import HuepressError, InputError, OptionError, as_huepress_error
from huepress.formats import video
from huepress.formats.plug_ins import has_video
from huepress.storage.local import LocalStore
from huepress.web.answers import as_json
from huepress.web.choices import Chosen, delivery_for, options_for
from huepress.web.pictures import Picture
from huepress.web.studio import MOST_PICTURES, Studio
from huepress.web.telling import remarks, told
from huepress.web.trials import Asked, How, Trial
from huepress.web.uploads import safe_name
from huepress.wording import human_bytes, told_saving

_SUFFIX = "-huepress"
_FOLDER_NAME = re.compile(r"[\w][\w .-]{0,100}")
_MOST_TOLD = 200


@dataclass
class Progress:
    """How a run over the folder gets on.

    Attributes
    ----------
    how : str
    dry_run, running : bool
    done, total : int
        Files.
    files : list of dict
        What became of each, the first few of those that are saved and of those that are not.
    summary, error : str
        One sentence in the end.
    into : str
        The name of the folder that results are saved into.
    """

    how: How
    dry_run: bool
    running: bool = True
    done: int = 0
    total: int = 0
    files: list[dict[str, str]] = field(default_factory=list)
    summary: str = ""
    error: str = ""
    into: str = ""

    def tell(self, outcome: FileOutcome) -> None:
        """Add what became of a file, unless there is too much to tell: a failure is told even after many successes."""
        self.done += 1
        is_good = outcome.status == "compressed"
        if sum((file["status"] == "compressed") == is_good for file in self.files) < _MOST_TOLD:
            self.files.append(_row(outcome))


class Folder:
    """The folder of a server.

    Parameters
    ----------
    studio : Studio
    root : str
    memory : int, optional
        Most bytes for a run.
    """

    def __init__(self, studio: Studio, root: str, memory: int | None) -> None:
        if not os.path.isdir(root):
            if os.path.exists(root):
                remedy = f"give its folder ({os.path.dirname(root) or '.'}), or drop the file into the page"
                raise InputError("a file, not a folder", subject=root, remedy=remedy)
            raise InputError("no such folder", subject=root, remedy="check the name")
        self._studio, self._root, self._memory = studio, os.path.realpath(root), memory
        self._progress: Progress | None = None
        self._refused: list[str] = []
        self._n_results, self._n_unread = 0, 0
        self._stopping, self._ending = threading.Event(), threading.Event()
        self._trial: Trial | None = None

    def routes(self) -> list[Route]:
        """Return the routes that only a folder has."""
        return [
            Route("/api/folder", self._state),
            Route("/api/folder/run", self._begin, methods=["POST"]),
            Route("/api/folder/run", self._cancel, methods=["DELETE"]),
        ]

    def list_pictures(self) -> None:
        """Take in the pictures of the folder and of those below it, in a thread of its own; no link is followed."""
        threading.Thread(target=self._list, name="huepress-folder", daemon=True).start()

    def stop(self) -> None:
        """End the listing and a run soon; what was saved stays."""
        self._ending.set()
        self._stopping.set()

    def cancel(self) -> None:
        """End a run soon; the listing goes on."""
        self._stopping.set()

    def _list(self) -> None:
        selection, number = Selection((*IMAGE_PATTERNS, *VIDEO_PATTERNS)), 0
        unread = () if has_video() else video.FORMAT.extensions
        store = LocalStore(self._root)
        walked = store.walk(lambda name: not self._ending.is_set() and not store.path(name).is_symlink())
        entries = [entry for entry in walked if entry.error is None and selection.takes(entry.name)]
        by_name, by_ledger = result_by_name(entries, _SUFFIX), result_by_ledger(store)
        for entry in entries:
            if self._ending.is_set():
                return
            if store.path(entry.name).is_symlink():
                continue
            if by_name(entry.name) or by_ledger(entry.name):
                self._n_results += 1
                continue
            if entry.name.lower().endswith(unread):
                self._n_unread += 1
                continue
            number += 1
            if number > MOST_PICTURES:
                self._refused.append(f"only the first {MOST_PICTURES:,} pictures are listed")
                return
            try:
                path = str(store.path(entry.name))
                found = self._studio.apart.header_of(path, self._root)
                folder = self._studio.scratch.folder(str(self._studio.new_number()))
                self._studio.add(safe_name(entry.name), path, found, entry.size, folder, inside=self._root)
            except (HuepressError, OSError) as error:
                self._refused.append(f"{safe_name(entry.name)}: {told(as_huepress_error(error))}")

    async def _state(self, request: Request) -> Response:
        progress, trial, tried = self._progress, self._trial, None  # a run may end meanwhile
        if trial is not None and trial.is_of(self._asked(trial.asked.how, trial.asked.into)):
            tried = {"how": trial.asked.how, "into": trial.asked.into}
        return as_json(
            {
                "root": self._root,
                "refused": self._refused[:_MOST_TOLD],
                "results": self._n_results,
                "unread": self._n_unread,
                "elsewhere": sum(not picture.inside for picture in self._studio.pictures),
                "run": None if progress is None else asdict(progress),
                "tried": tried,
            }
        )

    def _asked(self, how: How, into: str) -> Asked:
        """Return what a run would do that began now."""
        pictures = [picture for picture in self._studio.pictures if picture.inside]
        chosen = {picture.id: self._studio.chosen_for(picture) for picture in pictures}
        return Asked(how, into if how == "into" else "", chosen)

    async def _begin(self, request: Request) -> Response:
        try:
            values = json.loads(await request.body())
        except (ValueError, RecursionError):
            values = None
        if not isinstance(values, dict):
            raise OptionError("say how to save, as JSON")
        how, into = values.get("how"), values.get("into", "small")
        if how not in ("beside", "into", "replace"):
            raise OptionError("say how to save: beside, into or replace")
        if how == "into" and not (isinstance(into, str) and _FOLDER_NAME.fullmatch(into)):
            raise OptionError("a folder's name is letters, digits, spaces, dots and dashes, without '/'")
        if how == "into" and os.path.islink(os.path.join(self._root, into)):
            raise OptionError(f"{into} is a link, which is not followed; choose another folder")
        if self._progress is not None and self._progress.running:
            raise OptionError("a run is at work already; wait until it has ended")
        dry_run, asked = values.get("dry_run", True) is not False, self._asked(how, into)
        trial = Trial(asked) if dry_run else self._trial
        if trial is None or not (dry_run or trial.is_of(asked)):
            raise OptionError("this is not what was tried; try it first, to the end")
        self._trial = trial
        self._progress = progress = Progress(how, dry_run, into=asked.into)
        self._stopping.clear()
        threading.Thread(target=self._run, args=(progress, trial), name="huepress-save", daemon=True).start()
        return Response(status_code=202)

    async def _cancel(self, request: Request) -> Response:
        self.cancel()
        return Response(status_code=204)

    def _run(self, progress: Progress, trial: Trial) -> None:
        """Carry the run out: once for all pictures that have the same settings."""
        summary, watch, replaced = Summary(), _StoppedBy(self._stopping), list[Picture]()
        try:
            for request in self._requests(progress, trial.asked):
                planned = self._studio.planner.plan(request, self._stopping.is_set)
                pictures = {self._entry(picture): picture for picture in self._studio.pictures if picture.inside}
                going_on = takewhile(lambda _: not self._stopping.is_set(), planned.tasks)
                tasks = [self._prepared(task, pictures.get(task.source), request, trial) for task in going_on]
                tasks += self._missing(request, {task.source for task in planned.tasks})
                if self._stopping.is_set():
                    break
                planned = replace(planned, tasks=tasks, settings=_without_links(planned.settings))
                progress.total += len(planned.tasks)
                with closing(carry_out(planned, request, watch)) as outcomes:
                    for outcome in outcomes:
                        summary.add(outcome)
                        progress.tell(outcome)
                        picture = pictures.get(outcome.task.source)
                        if request.in_place and not request.dry_run and picture and outcome.status == "compressed":
                            replaced.append(picture)
                if self._stopping.is_set():
                    break
            trial.is_whole = not self._stopping.is_set()
            counts = summary.counts
            verb = "would be saved" if progress.dry_run else "saved"
            progress.summary = (
                f"{counts['compressed']} {verb}, {counts['kept']} kept as they are, {counts['failed']} failed: "
                f"{human_bytes(summary.bytes_in)} → {human_bytes(summary.bytes_out)}, {told_saving(summary.saved)}"
            )
            if self._stopping.is_set():
                progress.summary = "Stopped. " + progress.summary
        except (HuepressError, MemoryError, OSError) as error:
            if self._stopping.is_set():
                progress.summary = "Stopped."
            else:
                progress.error = self._told(as_huepress_error(error))
        finally:
            for picture in replaced:
                self._studio.renew(picture)
            if not progress.dry_run:
                self._trial = None
            progress.running = False

    def _missing(self, request: RunRequest, found: set[str]) -> list[Task]:
        """Return tasks that fail for files that a run was to have and has not found: none is left out in silence."""
        into = None if request.output is None else os.path.relpath(request.output, self._root).replace(os.sep, "/")
        lost = InputError("it has gone, or lies behind a link, which is not followed", remedy="put it back")
        inside = InputError("it lies in the folder that is saved into", remedy="choose another folder")
        return [
            Task(name, name, None, error=inside if into is not None and name.startswith(f"{into}/") else lost)
            for name in sorted((request.only or frozenset()) - found)
        ]

    def _told(self, error: HuepressError) -> str:
        """Return an error of a whole run as a sentence, with the file that it is about where there is one."""
        name = os.path.relpath(error.subject, self._root) if os.path.isabs(error.subject) else error.subject
        return f"{safe_name('this folder' if name == '.' else name)}: {told(error)}" if name else told(error)

    def _entry(self, picture: Picture) -> str:
        """Return a picture's name in the folder, which may be no text that can be shown."""
        return os.path.relpath(picture.path, self._root).replace(os.sep, "/")

    def _prepared(self, task: Task, picture: Picture | None, request: RunRequest, trial: Trial) -> Task:
        """Return a task with what is known of its picture; one whose picture is another than was tried fails."""
        stamp = LocalStore(self._root).stamp(task.source)
        if request.dry_run:
            trial.stamps[task.source] = stamp
        elif not trial.has_seen(task.source, stamp):
            return replace(task, error=InputError("it was changed since it was tried", remedy="try again"))
        try:
            path = str(LocalStore(self._root).path(task.source))
            found = self._studio.apart.header_of(path, self._root, self._stopping.is_set)
        except HuepressError as error:
            return replace(task, error=error)
        return replace(task, found=found, ready=self._ready(picture, request))

    def _ready(self, picture: Picture | None, request: RunRequest) -> FileOutcome | None:
        """Return what the page has of a file already, if it is what this run would make."""
        made = None if picture is None else picture.made
        if made is None or made.is_first:
            return None
        options = options_for(made.chosen, jobs=self._studio.threads, max_pixels=self._studio.max_pixels)
        if request.in_place and options.format is None:  # of its own format it was made, or it is not taken
            options = replace(options, format="keep")
        if options != request.options or delivery_for(made.chosen) != request.delivery:
            return None
        return replace(made.outcome, task=Task(made.outcome.task.source, "", None), thumbnails=None)

    def _requests(self, progress: Progress, asked: Asked) -> list[RunRequest]:
        entries = {picture.id: self._entry(picture) for picture in self._studio.pictures if picture.inside}
        requests = []
        for chosen, group in asked.groups():
            names = [entries[identity] for identity in group if identity in entries]
            requests.append(self._request(chosen, names, progress, asked.into))
        return requests

    def _request(self, chosen: Chosen, names: list[str], progress: Progress, into: str) -> RunRequest:
        options = options_for(chosen, jobs=self._studio.threads, max_pixels=self._studio.max_pixels)
        if progress.how == "replace" and options.format in (None, "auto"):
            options = replace(options, format="keep")  # a file keeps its name, so it keeps its format
        return RunRequest(
            names=(self._root,),
            options=options,
            delivery=delivery_for(chosen),
            output=os.path.join(self._root, into) if progress.how == "into" else None,
            recursive=True,
            only=frozenset(names),
            in_place=progress.how == "replace",
            suffix=_SUFFIX if progress.how == "beside" else None,
            memory=self._memory,
            dry_run=progress.dry_run,
        )


def _without_links(settings: Settings) -> Settings:
    """Return settings under which no link in the folder is followed, whenever it came there."""
    sources = replace(settings.sources, follow=False) if isinstance(settings.sources, LocalStore) else settings.sources
    targets = sources if settings.targets == settings.sources else settings.targets
    return replace(settings, sources=sources, targets=targets)


class _StoppedBy(Watch):
    """Ends a run, whatever it is at, as soon as somebody says so."""

    def __init__(self, stopping: threading.Event) -> None:
        self._stopping = stopping

    def is_stopped(self) -> bool:
        return self._stopping.is_set()


def _row(outcome: FileOutcome) -> dict[str, str]:
    """Return what is told of a file in the list of all."""
    row = {"name": safe_name(outcome.task.source), "status": outcome.status}
    if outcome.error is not None:
        return row | {"told": told(outcome.error), "note": ""}
    sizes = f"{human_bytes(outcome.bytes_in)} → {human_bytes(outcome.bytes_out)}"
    return row | {"told": sizes, "note": "; ".join(remarks(outcome))}
