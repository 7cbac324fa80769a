"""Views that a worker draws while the page looks at them already: each file is sent as soon as it is there."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import Literal

from huepress import files
from huepress.archive.tasks import FileOutcome
from huepress.errors import InputError
from huepress.web.views import MAPS

DrawingKind = Literal["show", "differ"]
Ask = Callable[[DrawingKind, Callable[[FileOutcome], None], str], object]
# How often somebody who waits for a file looks whether it is there.
_LOOK_SECONDS = 0.03


class Drawing:
    """Files that jobs write, one after the other: the viewer and its pictures, and how animations differ if asked.

    Parameters
    ----------
    folder : Path
        Where they are written.
    ask : callable
        Begins a job of a kind, and calls what it is given once the job has ended, in any thread. The third argument is
        the file that somebody waits for.
    """

    def __init__(self, folder: Path, ask: Ask) -> None:
        self.folder, self._ask = folder, ask
        self._outcomes: dict[DrawingKind, FileOutcome | None] = {}
        self._stopped = False

    @property
    def is_stopped(self) -> bool:
        """Whether nobody waits for anything more."""
        return self._stopped

    @property
    def failed(self) -> bool:
        """Whether there is nothing to look at, and nothing comes."""
        viewer = self._outcomes.get("show")
        return self._stopped or (viewer is not None and viewer.error is not None)

    @property
    def is_whole(self) -> bool:
        """Whether all that was asked for has come."""
        return not self._stopped and all(each is not None and each.error is None for each in self._outcomes.values())

    def stop(self) -> None:
        """Wait for nothing more. A job that finds its folder gone ends by itself; its worker lives on."""
        self._stopped = True

    async def read(self, name: str, is_over: Callable[[], bool]) -> bytes:
        """Return a file, once it is there.

        Parameters
        ----------
        name : str
            One without tricks.
        is_over : callable
            Tells whether nobody is to wait any longer.

        Raises
        ------
        HuepressError
            If it does not come.
        """
        kind: DrawingKind = "differ" if name.startswith(MAPS) else "show"
        if kind not in self._outcomes:
            self._outcomes[kind] = None
            self._ask(kind, partial(self._outcomes.__setitem__, kind), name)
        path = self.folder / name
        while True:
            outcome = self._outcomes[kind]  # asked before the file is looked for
            is_last = self._stopped or outcome is not None or is_over()
            if await asyncio.to_thread(path.is_file):
                return await asyncio.to_thread(files.read_bytes, path)
            if is_last:
                error = None if outcome is None or self._stopped else outcome.error  # it may have missed its folder
                raise error or InputError("there is nothing to look at", remedy="open the comparison again")
            await asyncio.sleep(_LOOK_SECONDS)
