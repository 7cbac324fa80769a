"""The server's routes: a thin layer of requests and answers over the studio."""

from __future__ import annotations

import asyncio
import dataclasses
import json
import re
from collections.abc import AsyncIterator, Callable
from concurrent.futures import ThreadPoolExecutor
from contextlib import asynccontextmanager
from functools import partial
from importlib.resources import files as resources
from pathlib import Path, PurePosixPath
from typing import TypeVar

from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import Response, StreamingResponse
from starlette.routing import Route
from starlette.types import ASGIApp

from huepress import files
from huepress.archive.tasks import FileOutcome
from huepress.drawing.browser_image import mime_type_of
from huepress.errors import HuepressError, InputError, LimitError, OptionError, OutputError, as_huepress_error
from huepress.formats.probe import Probe
from huepress.web import choices, streams, uploads
from huepress.web.answers import as_json, attachment
from huepress.web.doors import Doors, Keys, TooMuchError
from huepress.web.jobs import LEFT_OUT, Kind, Source
from huepress.web.pictures import result_name
from huepress.web.scratch import receive_file
from huepress.web.studio import Studio
from huepress.web.telling import told
from huepress.web.views import LABELS, SEGMENTS, VIEWER

_T = TypeVar("_T")
_MOST_TAKEN_AT_ONCE = 4
_TURN = re.compile(r"\d{1,16}", re.ASCII)
_NUMBER = re.compile(r"\d{1,15}", re.ASCII)
# One result, or two of them.
_VERSIONS = re.compile(r"\d{1,15}(-\d{1,15})?", re.ASCII)
MOST_JSON = 1 << 16
MOST_PALETTE = 64 << 20
_STATUS: dict[type[HuepressError], int] = {OptionError: 422, InputError: 404, LimitError: 413, OutputError: 507}
# What the page is made of: its own files, and those that it shares with the comparison page.
_PARTS = {
    "index.html": "huepress.web.page",
    "serve.css": "huepress.web.page",
    "serve.js": "huepress.web.page",
    "api.js": "huepress.web.page",
    "rows.js": "huepress.web.page",
    "settings.js": "huepress.web.page",
    "compare.js": "huepress.web.page",
    "swatches.js": "huepress.web.page",
    "sheets.js": "huepress.web.page",
    "stream.js": "huepress.web.page",
    "folder.js": "huepress.web.page",
    "drop.js": "huepress.web.page",
    "icon.svg": "huepress.web.page",
    "theme.css": "huepress.drawing",
    "viewer.css": "huepress.comparison.page",
    "viewer.js": "huepress.comparison.page",
    "player.css": "huepress.comparison.page",
    "player.js": "huepress.comparison.page",
    "segments.js": "huepress.web.page",
    "marking.js": "huepress.segmentation.page",
}
_TYPES = {
    ".html": "text/html; charset=utf-8",
    ".css": "text/css; charset=utf-8",
    ".js": "text/javascript; charset=utf-8",
    ".svg": "image/svg+xml",
}


def most_bytes(path: str) -> int:
    """Return how large the body of a request may be."""
    return {"/api/pictures": uploads.MOST_UPLOAD, "/api/palette": MOST_PALETTE}.get(path, MOST_JSON)


class Page:
    """The routes of one server.

    Parameters
    ----------
    studio : Studio
    is_over : callable
        Tells whether the server is about to end, so that streams end by themselves.
    """

    def __init__(self, studio: Studio, is_over: Callable[[], bool]) -> None:
        self._studio, self._is_over, self._streams = studio, is_over, streams.Streams()
        # Files that came in wait for their headers here, and keep no other answer waiting.
        self._taking = ThreadPoolExecutor(_MOST_TAKEN_AT_ONCE, thread_name_prefix="huepress-taking")

    def routes(self) -> list[Route]:
        """Return all routes."""
        one = "/api/pictures/{id}"
        return [
            Route("/", self._index),
            Route("/part/{name}", self._part),
            Route("/api/fields", self._fields),
            Route("/api/events", self._events),
            Route("/api/pictures", self._add, methods=["POST"]),
            Route("/api/settings", self._choose, methods=["PUT", "PATCH"]),
            Route("/api/palette", self._palette, methods=["POST"]),
            Route("/api/shared-palette", self._shared_palette, methods=["POST"]),
            Route("/api/results.zip", self._results),
            Route(one, self._remove, methods=["DELETE"]),
            Route(f"{one}/settings", self._choose_for, methods=["PUT", "PATCH"]),
            Route(f"{one}/thumbnail", self._thumbnail),
            Route(f"{one}/original", self._original),
            Route(f"{one}/result", self._result),
            Route(f"{one}/results/{{number}}", self._result),
            Route(f"{one}/view/{{versions}}/{{file}}", self._view),
            Route(f"{one}/view/{{versions}}", self._leave, methods=["DELETE"]),
            Route(f"{one}/frontier", self._frontier),
            Route(f"{one}/segments/{{file}}", self._segments),
        ]

    async def _index(self, request: Request) -> Response:
        return _part("index.html")

    async def _part(self, request: Request) -> Response:
        return _part(request.path_params["name"])

    async def _fields(self, request: Request) -> Response:
        return as_json([dataclasses.asdict(field) for field in choices.fields()])

    async def _events(self, request: Request) -> Response:
        last = _number(request.headers.get("last-event-id"))
        since = last if last is not None and last <= self._studio.version else -1
        return StreamingResponse(
            self._streams.changes(self._studio, since, self._is_over), media_type="text/event-stream"
        )

    async def _add(self, request: Request) -> Response:
        name, turn = request.query_params.get("name", ""), request.query_params.get("turn", "")
        given_turn = int(turn) if _TURN.fullmatch(turn) else None
        folder = self._studio.scratch.folder(str(self._studio.new_number()))
        path = uploads.source_in(folder, uploads.safe_name(name))
        try:
            await receive_file(path, request.stream(), limit=uploads.MOST_UPLOAD)
            taken, refused = await self._apart(partial(uploads.take_in, self._studio, name, path, folder, given_turn))
        except BaseException:  # whoever sent it may have gone: then this is canceled
            uploads.discard_quietly(self._studio, folder)
            raise
        return as_json({"taken": [picture.id for picture in taken], "refused": refused})

    async def _remove(self, request: Request) -> Response:
        self._studio.remove(_id(request))
        return Response(status_code=204)

    async def _choose(self, request: Request) -> Response:
        """Take settings as a whole, or those that change: who changes one does not know what others do meanwhile."""
        values = await _json(request)
        if request.method == "PATCH":
            values = choices.amended(self._studio.chosen, values)
        self._studio.choose(choices.check(values))
        return self._settled(self._studio.chosen)

    async def _choose_for(self, request: Request) -> Response:
        values, identity = await _json(request), _id(request)
        if request.method == "PATCH":
            values = choices.amended(self._studio.chosen_for(self._studio.picture(identity)), values)
        self._studio.choose_for(identity, None if values is None else choices.check(values))
        return self._settled(self._studio.picture(identity).own)

    def _settled(self, chosen: choices.Chosen | None) -> Response:
        """Tell what holds now, and from which state on: states that were sent before know less."""
        told = None if chosen is None else dict(chosen)
        return as_json({"chosen": told, "version": self._studio.version})

    async def _palette(self, request: Request) -> Response:
        folder = self._studio.scratch.folder(str(self._studio.new_number()))
        try:
            path = folder / "palette"
            await receive_file(path, request.stream(), limit=MOST_PALETTE)
            found = await self._apart(partial(self._header_of, str(path)))
            outcome = await self._done("palette", source=str(path), size=path.stat().st_size, found=found)
        finally:
            self._studio.scratch.discard(folder)
        return as_json({"palette": ",".join(outcome.palette)})

    async def _apart(self, work: Callable[[], _T]) -> _T:
        return await asyncio.get_running_loop().run_in_executor(self._taking, work)

    def _header_of(self, path: str) -> Probe:
        """Tell how large a file is that may be a picture, and need not."""
        try:
            return self._studio.apart.header_of(path)
        except HuepressError:
            return Probe("unknown", 1, 1, False)

    async def _shared_palette(self, request: Request) -> Response:
        pictures = self._studio.pictures
        values = {name: value for name, value in self._studio.chosen.items() if name not in ("palette", "pin")}
        outcome = await self._done(
            "shared",
            options=choices.options_for(values, max_pixels=self._studio.max_pixels),
            sources=tuple(Source(picture.path, picture.inside, picture.found) for picture in pictures),
        )
        left_out = [f"{pictures[place].name}: {why}" for place, why in outcome.facts[LEFT_OUT]]
        return as_json({"palette": ",".join(outcome.palette), "left_out": left_out})

    async def _thumbnail(self, request: Request) -> Response:
        return Response(self._studio.picture(_id(request)).thumbnail, media_type="image/webp")

    async def _original(self, request: Request) -> Response:
        picture = self._studio.picture(_id(request))
        parts = streams.parts(await asyncio.to_thread(files.open_to_read, picture.path, below=picture.inside))
        headers = attachment(PurePosixPath(picture.name).name)
        return StreamingResponse(parts, media_type="application/octet-stream", headers=headers)

    async def _result(self, request: Request) -> Response:
        picture = self._studio.picture(_id(request))
        made = picture.result(_number(request.path_params.get("number")))
        name = PurePosixPath(result_name(picture.name, made.extension)).name
        data = await _read(made.path)
        return Response(data, media_type="application/octet-stream", headers=attachment(name))

    async def _results(self, request: Request) -> Response:
        made = [(picture.result_name, picture.made.path) for picture in self._studio.pictures if picture.made]
        names = streams.unique_names([uploads.safe_name(name) for name, _ in made])
        archive = streams.zipped(list(zip(names, [path for _, path in made], strict=True)))
        return StreamingResponse(archive, media_type="application/zip", headers=attachment("huepress.zip"))

    async def _view(self, request: Request) -> Response:
        picture, file = self._studio.picture(_id(request)), request.path_params["file"]
        kind = _TYPES[".html"] if file == VIEWER else mime_type_of(file)
        if kind is None or not (file.isascii() and file.replace(".", "", 1).isalnum()):
            raise InputError("there is nothing to look at", remedy="open the comparison again")
        versions = request.path_params["versions"]
        drawing = picture.drawings.get(versions)
        if file == VIEWER and _VERSIONS.fullmatch(versions):
            drawing = self._studio.draw(picture, versions, f"api/pictures/{picture.id}")
        if drawing is None:
            raise InputError("there is nothing to look at", remedy="open the comparison again")
        return Response(await drawing.read(file, self._is_over), media_type=kind)

    async def _leave(self, request: Request) -> Response:
        self._studio.leave(self._studio.picture(_id(request)), request.path_params["versions"])
        return Response(status_code=204)

    async def _frontier(self, request: Request) -> Response:
        return Response(self._studio.picture(_id(request)).frontier(), media_type=_TYPES[".html"])

    async def _segments(self, request: Request) -> Response:
        picture, file = self._studio.picture(_id(request)), request.path_params["file"]
        if file == SEGMENTS:
            await self._cut(picture.id)
        if picture.segments is None or file not in (SEGMENTS, LABELS):
            raise InputError("there are no segments", remedy="open them again")
        kind = "image/png" if file == LABELS else "application/json"
        return Response(await _read(picture.segments[1] / file), media_type=kind)

    async def _cut(self, identity: str) -> None:
        """Find the segments of a picture, unless that was done for what it is read with."""
        picture = self._studio.picture(identity)
        options = choices.options_for(self._studio.chosen_for(picture), max_pixels=self._studio.max_pixels)
        read_with = repr((options.edits, options.tolerant, options.color))
        if picture.segments is not None and picture.segments[0] == read_with:
            return
        folder = picture.folder / f"segments{self._studio.new_number()}"
        folder.mkdir(mode=0o700)
        await self._done(
            "segment",
            picture=picture.id,
            source=picture.path,
            size=picture.size,
            found=picture.found,
            options=options,
            folder=str(folder),
            inside=picture.inside,
        )
        before, picture.segments = picture.segments, (read_with, folder)
        if before is not None:
            self._studio.scratch.discard(before[1])

    async def _done(self, kind: Kind, **more: object) -> FileOutcome:
        """Have a worker do something, and wait for it."""
        finished = asyncio.Event()
        found: list[FileOutcome] = []
        loop = asyncio.get_running_loop()

        def on_done(outcome: FileOutcome) -> None:
            found.append(outcome)
            loop.call_soon_threadsafe(finished.set)

        number = self._studio.ask(kind, on_done, **more)
        try:
            await finished.wait()
        finally:
            self._studio.give_up(number)
        if found[0].error is not None:
            raise found[0].error
        return found[0]


def make_app(
    studio: Studio, *, keys: Keys, host: str, port: int, is_over: Callable[[], bool], more: list[Route] | None = None
) -> ASGIApp:
    """Return the application behind its doors.

    Parameters
    ----------
    studio : Studio
    keys : Keys
    host : str
    port : int
    is_over : callable
    more : list of Route, optional
        Of a folder.
    """

    @asynccontextmanager
    async def working(_: Starlette) -> AsyncIterator[None]:
        studio.start()
        try:
            yield
        finally:
            studio.close()

    app = Starlette(
        routes=[*Page(studio, is_over).routes(), *(more or [Route("/api/folder", _no_folder)])],
        exception_handlers=dict.fromkeys((HuepressError, OSError, MemoryError, TooMuchError), _complained),
        lifespan=working,
    )
    return Doors(app, keys=keys, host=host, port=port, most_bytes=most_bytes)


async def _no_folder(_: Request) -> Response:
    return as_json({"root": None})


async def _complained(_: Request, error: Exception) -> Response:
    if isinstance(error, TooMuchError):
        return as_json({"error": str(error)}, 413)
    assert isinstance(error, HuepressError | OSError | MemoryError)
    error = as_huepress_error(error)
    status = next((code for kind, code in _STATUS.items() if isinstance(error, kind)), 400)
    return as_json({"error": told(error)}, status)


def _part(name: str) -> Response:
    package = _PARTS.get(name)
    if package is None:
        return as_json({"error": "there is no such part of the page"}, 404)
    text = resources(package).joinpath(name).read_text(encoding="utf-8")
    return Response(text, media_type=_TYPES[Path(name).suffix])


def _id(request: Request) -> str:
    return str(request.path_params["id"])


def _number(text: str | None) -> int | None:
    """Return the number of a result; -1, which none has, for what is no number."""
    return None if text is None else int(text) if _NUMBER.fullmatch(text) else -1


async def _read(path: str | Path) -> bytes:
    """Read a result; one that was replaced this moment is no more, which is told like any missing file."""
    try:
        return await asyncio.to_thread(files.read_bytes, path)
    except InputError:
        raise InputError("that result is no more", remedy="try it again") from None


async def _json(request: Request) -> object:
    try:
        return json.loads(await request.body())
    except (ValueError, RecursionError):
        raise OptionError("this is no JSON") from None
