"""One palette for all images of a run."""

from __future__ import annotations

import contextlib
from collections.abc import Iterable, Iterator
from dataclasses import replace

from huepress import palettes
from huepress.archive.tasks import Settings, Task
from huepress.errors import HuepressError, OptionError
from huepress.model import ColorHistogram
from huepress.options import Options


def with_shared_palette(tasks: Iterable[Task], settings: Settings) -> Settings:
    """Replace the search for colors by the palette of all images of a run that can be read.

    Images are read one after the other; only their colors are kept.

    Parameters
    ----------
    tasks : iterable of Task
    settings : Settings

    Returns
    -------
    Settings
    """
    options = settings.options

    def tables() -> Iterator[ColorHistogram]:
        for task in tasks:
            if task.copy_only or task.error or task.kept_because:
                continue
            # What cannot be read is reported when its turn comes.
            with contextlib.suppress(HuepressError, MemoryError):
                yield palettes.colors_of(settings.sources.read(task.source), options)

    try:
        found = palettes.shared_palette_of(tables(), options)
    except OptionError:  # nothing could be read: each image says why
        return settings
    return replace(settings, options=replace(options, palette=found, pin=(), init=Options.init))
