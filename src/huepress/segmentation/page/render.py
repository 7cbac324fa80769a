"""From a segmentation to HTML: the picture, its segments and regions under the pointer, and layers to switch."""

from __future__ import annotations

from html import escape
from importlib.resources import files
from string import Template
from typing import TYPE_CHECKING, Any

import numpy as np

from huepress import __version__
from huepress.drawing.browser_image import data_uri, theme_css, thumbnail, to_png
from huepress.model import Bytes
from huepress.wording import counted

if TYPE_CHECKING:
    from huepress.segmentation.result import Segmentation

# Larger pictures are shown this small: the page is for looking, the files beside it for working.
_LONGEST_SIDE = 1600
_MOST_REGIONS = 1 << 16


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
    scale = min(1.0, _LONGEST_SIDE / max(height, width))
    shown = max(1, round(width * scale)), max(1, round(height * scale))
    picture = thumbnail(found.source.pixels_srgb8, _LONGEST_SIDE)
    page = Template(_resource("page.html")).substitute(
        version=__version__,
        title=escape(name),
        css=theme_css() + _resource("page.css"),
        js=_resource("page.js"),
        told=f"{width} x {height}, {counted(len(found), 'segment')}, {counted(len(found.regions), 'region')}",
        width=shown[0],
        height=shown[1],
        picture=data_uri(picture),
        labels=data_uri(to_png(_labels(found, shown))),
        segments="\n".join(map(_segment, facts["segments"])),
        regions=escape(_regions(facts["regions"], width * height)),
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


def _segment(facts: dict[str, Any]) -> str:
    number, color, name = facts["segment"], facts["color"], escape(facts["name"])
    what = "transparent" if facts["transparent"] else f"{color}, {name}"
    return (
        f'<li data-segment="{number}"><label><input type="checkbox" checked> '
        f'<span class="swatch" style="--color:{color}"></span> <span class="what">{what}</span></label> '
        f'<span class="share">{100 * facts["share"]:.1f} %, {counted(facts["parts"], "part")}</span></li>'
    )


def _regions(regions: list[dict[str, Any]], n_pixels: int) -> str:
    """Return share in percent and color of each region, for the script."""
    told = (f"{100 * region['area'] / n_pixels:.2f} {region['color']}" for region in regions[:_MOST_REGIONS])
    return ",".join(told)
