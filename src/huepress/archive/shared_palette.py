"""One palette for all images of a run."""

from __future__ import annotations

import contextlib
from collections.abc import Iterable, Iterator
from dataclasses import replace

from huepress import api, palettes
from huepress.archive.tasks import Settings, Task
from huepress.errors import HuepressError, OptionError
from huepress.model import SourceImage
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

    def sources() -> Iterator[SourceImage]:
        for task in tasks:
            if task.copy_only or task.error or task.kept_because:
                continue
            # What cannot be read is reported when its turn comes.
            with contextlib.suppress(HuepressError, MemoryError):
                data = settings.sources.read(task.source)
                yield api.load(data, max_pixels=options.max_pixels, color=options.color, strip=options.strip)

    try:
        found = palettes.shared_palette_of(sources(), options)
    except OptionError:  # nothing could be read: each image says why
        return settings
    return replace(settings, options=replace(options, palette=found, pin=(), init=Options.init))
