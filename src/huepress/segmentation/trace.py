"""Segments as vector paths, traced by vtracer (the extra ``svg``)."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any

import numpy as np
import numpy.typing as npt

from huepress.errors import OptionError, missing_extra
from huepress.formats.png_layers import encode_mask

if TYPE_CHECKING:
    from huepress.segmentation.result import Segmentation

_PATH = re.compile(r'<path d="([^"]*)"[^>]*?translate\(([-\d.e]+),([-\d.e]+)\)')
_PAIR = re.compile(r"(-?[\d.]+(?:e-?\d+)?)[ ,](-?[\d.]+(?:e-?\d+)?)")
# Each path is drawn this much wider, so that no background shines through between neighbors.
_SEAM = 1


def load_tracer() -> Any:
    """Return the tracing library.

    Raises
    ------
    OptionError
        If it is missing.
    """
    try:
        import vtracer
    except ImportError:
        raise missing_extra("SVG", "the tracing library vtracer", "svg", OptionError) from None
    return vtracer


def to_svg(segmentation: Segmentation) -> str:
    """Return an SVG with one path a segment, the largest first.

    Behind opaque pictures lies the color of the largest segment. Paths are splines; a segment that is too
    fine for them is outlined pixel by pixel. A fully transparent segment has no path.

    Raises
    ------
    OptionError
        If the tracing library is missing.
    """
    tracer = load_tracer()
    height, width = segmentation.labels.shape
    lines = [
        f'<svg xmlns="http://www.w3.org/2000/svg" width="{width}" height="{height}" viewBox="0 0 {width} {height}">',
        f'<g stroke-width="{_SEAM}" stroke-linejoin="round" fill-rule="evenodd">',
    ]
    if not segmentation.palette.translucent:
        lines.append(f'<rect width="{width}" height="{height}" fill="{segmentation.palette.hex()[0]}"/>')
    for number, hex_color in enumerate(segmentation.palette.hex()):
        if number == segmentation.transparent:
            continue
        mask = segmentation.mask(number)
        path = _traced(tracer, mask, "spline") or _traced(tracer, mask, "none")
        color, opacity = hex_color[:7], ""
        if len(hex_color) == 9:
            opacity = f' opacity="{int(hex_color[7:], 16) / 255:.3f}"'
        lines.append(f'<path id="segment-{number}" fill="{color}" stroke="{color}"{opacity} d="{path}"/>')
    return "\n".join([*lines, "</g>", "</svg>", ""])


def _traced(tracer: Any, mask: npt.NDArray[np.bool_], mode: str) -> str:
    """Trace a mask; the tracer takes black for the shape, and gives one path a region."""
    svg = tracer.convert_raw_image_to_svg(
        encode_mask(~mask),
        "png",
        colormode="binary",
        hierarchical="cutout",
        mode=mode,
        filter_speckle=0,
        path_precision=1,
    )
    return " ".join(_moved(d, float(x), float(y)) for d, x, y in _PATH.findall(svg) if d)


def _moved(path: str, x: float, y: float) -> str:
    """Apply a translation to a path of absolute coordinates."""
    return _PAIR.sub(lambda pair: f"{float(pair[1]) + x:.1f} {float(pair[2]) + y:.1f}", path).strip()
