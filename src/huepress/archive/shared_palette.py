"""One palette for all images of a run."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import replace

from huepress import palettes
from huepress.archive.executor import Executor
from huepress.archive.memory import merging_set
from huepress.archive.run import Resources, admission_for
from huepress.archive.tasks import Settings, Task
from huepress.engine.histogram import merge_tables
from huepress.model import ColorHistogram, Palette
from huepress.options import Options


def countable(tasks: Sequence[Task]) -> list[Task]:
    """Return the tasks whose images have a say in the palette."""
    return [task for task in tasks if not (task.copy_only or task.error or task.kept_because)]


def pooled_colors(
    tasks: Sequence[Task],
    settings: Settings,
    resources: Resources,
    executor: Executor,
    on_counted: Callable[[Task], None],
) -> ColorHistogram | None:
    """Add up the colors of all images of a run on this machine; None if no image could be read.

    Images are read by the executor's workers; only their colors travel. What cannot be read is told
    when its turn to be compressed comes.
    """

    def counted() -> Iterator[ColorHistogram]:
        admission = admission_for(iter(tasks), settings, resources, executor, counting=True)
        n_colors = 0
        while True:
            while begun := admission.next_task():
                executor.submit(*begun)
            if admission.too_large() is not None:
                continue
            if not admission.running:
                return
            for outcome in executor.finished():
                admission.ended(outcome.task)
                on_counted(outcome.task)
                if outcome.colors is not None:
                    n_colors += len(outcome.colors)
                    # What the colors take images cannot have, but one of any size that fits alone is still let in.
                    admission.shrink(admission.memory - merging_set(n_colors))
                    yield outcome.colors

    try:
        return merge_tables(counted())
    except ValueError:
        return None
    finally:
        executor.close()


def with_shared_palette(settings: Settings, colors: ColorHistogram | None) -> Settings:
    """Replace the search for colors by the palette of the colors of all images, if there are any."""
    if colors is None:  # nothing could be read: each image says why
        return settings
    return with_palette(settings, palettes.shared_palette_of([colors], settings.options))


def with_palette(settings: Settings, palette: Palette | Sequence[Sequence[int]]) -> Settings:
    """Replace the search for colors by a palette."""
    return replace(settings, options=replace(settings.options, palette=palette, pin=(), init=Options.init))
