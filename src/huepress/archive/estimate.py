"""What a task will take of memory, from its header."""

from __future__ import annotations

import contextlib

from huepress.archive.memory import working_set
from huepress.archive.tasks import Outcome, Settings, Task, failed
from huepress.codec.probe import Probe, probe
from huepress.errors import HuepressError, LimitError
from huepress.text import human_bytes

_HEADER_BYTES = 32 * 1024


def cost_of(task: Task, settings: Settings) -> int:
    """Estimate the bytes that a task takes on top of an idle worker."""
    if task.copy_only or task.kept_because:
        return 2 * task.size
    found = None
    with contextlib.suppress(HuepressError):
        head = settings.sources.read_start(task.source, _HEADER_BYTES)
        found = probe(head)
        if found is None and len(head) == _HEADER_BYTES:
            found = probe(settings.sources.read(task.source))
    if found is None or found.width * found.height > settings.options.max_pixels:
        found = Probe("unknown", 1, 1, False)  # it fails before it takes any memory
    return working_set(found, task.size, settings.options, score=settings.score)


def too_large(task: Task, cost: int, settings: Settings, memory: int) -> Outcome:
    """Return the outcome of a task that takes more memory than there is."""
    name = settings.sources.describe(task.source)
    return failed(
        task,
        f"{name}: takes about {human_bytes(cost)}, which does not fit into {human_bytes(memory)}; raise --memory",
        LimitError.exit_code,
    )
