"""What a task will take of memory, from its header."""

from __future__ import annotations

import contextlib

from huepress.archive.memory import counting_set, working_set
from huepress.archive.tasks import FileOutcome, Settings, Task, failed
from huepress.errors import HuepressError, LimitError, Remedy
from huepress.formats.probe import HEADER_BYTES, Probe, probe
from huepress.wording import human_bytes


def cost_of(task: Task, settings: Settings, *, counting: bool = False) -> int:
    """Estimate the bytes that a task takes on top of an idle worker, or only the counting of its colors."""
    if task.copy_only or task.kept_because:
        return 2 * task.size
    found = task.found or _header_of(task.source, settings)
    if found is None or found.width * found.height > settings.options.max_pixels:
        found = Probe("unknown", 1, 1, False)  # it fails before it takes any memory
    if counting:
        return counting_set(found, task.size)
    advise = settings.options.advise or settings.delivery.advise_if_kept
    return working_set(found, task.size, settings.options, score=settings.score, advise=advise)


def _header_of(name: str, settings: Settings) -> Probe | None:
    with contextlib.suppress(HuepressError):
        head = settings.sources.read_start(name, HEADER_BYTES)
        found = probe(head)
        if found is None and len(head) == HEADER_BYTES:
            found = probe(settings.sources.read(name))
        return found
    return None


def too_large(task: Task, cost: int, settings: Settings, left: int) -> FileOutcome:
    """Return the outcome of a task that takes more memory than is left to images beside the processes themselves."""
    name = settings.sources.describe(task.source)
    problem = f"takes about {human_bytes(cost)}, and {human_bytes(left)} are left to images"
    return failed(task, LimitError(problem, subject=name, remedy=Remedy.MORE_MEMORY))
