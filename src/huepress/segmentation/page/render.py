"""From a segmentation to HTML: the picture, its segments and regions under the pointer, and layers to switch."""

from __future__ import annotations

import json
from dataclasses import dataclass
from html import escape
from importlib.resources import files
from string import Template
from typing import TYPE_CHECKING, Any

import numpy as np

from huepress import __version__
from huepress.colors.text import parse_color
from huepress.drawing.browser_image import data_uri, theme_css, thumbnail, to_png
from huepress.engine.swatches import name_colors
from huepress.model import Bytes, Encoded
from huepress.wording import counted

if TYPE_CHECKING:
    from huepress.segmentation.result import Segmentation

# Larger pictures are shown this small: the page is for looking, the files beside it for working.
_LONGEST_SIDE = 1600
_MOST_REGIONS = 1 << 16


@dataclass(frozen=True)
class Layer:
    """A segmentation as pages show it.

    Attributes
    ----------
    width, height : int
        Of the labels, at most 1600 pixels on the longer side.
    labels : Encoded
        A picture whose red is the segment of each pixel, and whose green and 256 times blue are its region.
    segments : list of (str, str, str)
        Color, name, and share with the number of parts of each segment.
    regions : list of str
        Share, color and name of each region.
    """

    width: int
    height: int
    labels: Encoded
    segments: list[tuple[str, str, str]]
    regions: list[str]

    def facts(self) -> bytes:
        """Return all but the labels, as JSON."""
        segments = [{"color": color, "told": f"{what}, {share}"} for color, what, share in self.segments]
        size = {"width": self.width, "height": self.height}
        return json.dumps({**size, "segments": segments, "regions": self.regions}).encode()


def layer_of(found: Segmentation, facts: dict[str, Any]) -> Layer:
    """Return what pages show of a segmentation and of its numbers, see `outputs.describe`."""
    height, width = found.labels.shape
    scale = min(1.0, _LONGEST_SIDE / max(height, width))
    shown = max(1, round(width * scale)), max(1, round(height * scale))
    segments, regions = map(_segment, facts["segments"]), _regions(facts["regions"], width * height)
    return Layer(*shown, to_png(_labels(found, shown)), list(segments), regions)


def render_page(found: Segmentation, facts: dict[str, Any], name: str) -> bytes:
    """Return the page.

    Parameters
    ----------
    found : Segmentation
    facts : dict
        Its numbers, see `outputs.describe`.
    name : str
        Heading.
    """
    height, width = found.labels.shape
    layer = layer_of(found, facts)
    page = Template(_resource("page.html")).substitute(
        version=__version__,
        title=escape(name),
        css=theme_css() + _resource("page.css"),
        js=_resource("marking.js") + _resource("page.js"),
        told=f"{width} x {height}, {counted(len(found), 'segment')}, {counted(len(found.regions), 'region')}",
        width=layer.width,
        height=layer.height,
        picture=data_uri(thumbnail(found.source.pixels_srgb8, _LONGEST_SIDE)),
        labels=data_uri(layer.labels),
        segments="\n".join(_item(number, *each) for number, each in enumerate(layer.segments)),
        regions=escape(",".join(layer.regions)),
    )
    return page.encode()


def _resource(name: str) -> str:
    return files("huepress.segmentation.page").joinpath(name).read_text(encoding="utf-8")


def _labels(found: Segmentation, size: tuple[int, int]) -> Bytes:
    """Return the segment (red) and the region (green, and 256 times blue) of each pixel, (height, width, 3)."""
    height, width = found.labels.shape
    rows = ((np.arange(size[1]) + 0.5) * height / size[1]).astype(np.int64)
    columns = ((np.arange(size[0]) + 0.5) * width / size[0]).astype(np.int64)
    segments = found.labels[np.ix_(rows, columns)]
    regions = np.minimum(found.regions.labels[np.ix_(rows, columns)], _MOST_REGIONS - 1)
    return np.stack([segments, regions & 255, regions >> 8], axis=2).astype(np.uint8)


def _segment(facts: dict[str, Any]) -> tuple[str, str, str]:
    color = facts["color"]
    what = "transparent" if facts["transparent"] else f"{color}, {facts['name']}"
    return color, what, f"{100 * facts['share']:.1f} %, {counted(facts['parts'], 'part')}"


def _item(number: int, color: str, what: str, share: str) -> str:
    return (
        f'<li data-segment="{number}"><label><input type="checkbox" checked> '
        f'<span class="swatch" style="--color:{color}"></span> <span class="what">{escape(what)}</span></label> '
        f'<span class="share">{share}</span></li>'
    )


def _regions(regions: list[dict[str, Any]], n_pixels: int) -> list[str]:
    """Return share, mean color and its name of each region."""
    if not regions:
        return []
    kept = regions[:_MOST_REGIONS]
    names = name_colors(np.array([parse_color(region["color"]) for region in kept], np.uint8))
    told = zip(kept, names, strict=True)
    return [
        f"{100 * region['area'] / n_pixels:.2f} % of the picture; mean color {region['color']}; {name}"
        for region, name in told
    ]
