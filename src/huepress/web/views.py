"""What is looked at beside each other: a picture, what was made of it, and where the two differ."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

from huepress import files
from huepress.comparison.page.difference import difference_map
from huepress.comparison.page.render import (
    ORIGINAL,
    Shown,
    as_shown,
    original_as_shown,
    render_viewer,
    told_of_original,
)
from huepress.drawing.browser_image import extension_of
from huepress.formats.probe import probe
from huepress.model import Encoded
from huepress.options import Options
from huepress.pipeline import intake
from huepress.segmentation.options import SegmentOptions
from huepress.segmentation.outputs import describe
from huepress.segmentation.page.render import layer_of
from huepress.segmentation.segment import segment_source
from huepress.wording import human_bytes

VIEWER = "viewer.html"
LABELS, SEGMENTS = "labels.png", "segments.json"
RESULT = "Result"


def write_views(source: str, made: str, options: Options, folder: Path, name: str) -> None:
    """Write a viewer of the comparison page, and its pictures beside it.

    Parameters
    ----------
    source, made : str
        Paths of a picture and of what was made of it; of animations the first frames are compared.
    options : Options
        What the picture was read with.
    folder : Path
        An empty folder.
    name : str
        What people call the picture.

    Raises
    ------
    InputError, DecodeError, LimitError, OutputError
    """
    before = intake.load_for(source, options)
    data = files.read_bytes(made)
    unedited = replace(options, resize=None, crop=None, trim=None, speed=None, fps=None, loop=None, still=None)
    after = intake.load_for(data, replace(unedited, tolerant=False))
    found = probe(data)
    encoded = Encoded(data, found.format if found else after.format)
    before_file = _written(folder, "original", original_as_shown(before))
    after_file = _written(folder, "result", as_shown(encoded, after.pixels_srgb8))
    map_file = _written(folder, "difference", difference_map(before.pixels_srgb8, after.pixels_srgb8))
    shown = [
        Shown(ORIGINAL, told_of_original(before), before_file),
        Shown(RESULT, f"{RESULT} · {human_bytes(len(data))}", after_file, map_file),
    ]
    translucent = before.pixels_srgb8.shape[2] == 4
    html = render_viewer(shown, 1, width=before.width, height=before.height, translucent=translucent, best=1)
    files.write_bytes(folder / VIEWER, html.encode())


def write_segments(source: str, options: Options, folder: Path) -> None:
    """Write the segments and regions of a picture as the page of a segmentation shows them.

    Parameters
    ----------
    source : str
    options : Options
        What the picture is read with.
    folder : Path
        An empty folder.

    Raises
    ------
    InputError, DecodeError, LimitError, OutputError
    """
    picture = intake.load_for(source, options)
    found = segment_source(picture, SegmentOptions(jobs=options.jobs, max_pixels=options.max_pixels))
    layer = layer_of(found, describe(found))
    files.write_bytes(folder / LABELS, layer.labels.data)
    files.write_bytes(folder / SEGMENTS, layer.facts())


def _written(folder: Path, name: str, encoded: Encoded) -> str:
    """Write a picture, and return its address from where the viewer is."""
    file = f"{name}{extension_of(encoded)}"
    files.write_bytes(folder / file, encoded.data)
    return file
