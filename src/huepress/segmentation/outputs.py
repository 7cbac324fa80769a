"""The files of a segmentation: what is in them, and their names."""

from __future__ import annotations

import csv
import io
import json
import os
from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
import numpy.typing as npt

from huepress import files
from huepress.engine.swatches import name_colors
from huepress.formats.png import encode_png
from huepress.formats.png_layers import encode_gray16, encode_mask, encode_pillow, encode_rgba
from huepress.segmentation.page.render import render_page
from huepress.segmentation.trace import load_tracer, to_svg

if TYPE_CHECKING:
    from huepress.segmentation.result import Segmentation

_MOST_IN_PNG = 65536


def save(
    found: Segmentation,
    directory: str | os.PathLike[str],
    *,
    masks: bool,
    layers: bool,
    svg: bool,
    overwrite: bool,
    claim: Callable[[Path], None] | None = None,
    name: str = "Segments",
) -> list[str]:
    """Write a segmentation into a folder; see `Segmentation.save`.

    `claim` is called with every path before anything is written, to raise an error where it must not be. `name` is the
    heading of the page.
    """
    if svg:
        load_tracer()
    writers = _writers(found, name, masks=masks, layers=layers, svg=svg)
    paths = [Path(directory) / name for name in writers]
    for path in paths:
        if claim is not None:
            claim(path)
        files.check_writable_name(path, overwrite=overwrite)
    for path, content in zip(paths, writers.values(), strict=True):
        files.write_bytes(path, content(), overwrite=overwrite)
    return [str(path) for path in paths]


def _writers(found: Segmentation, name: str, *, masks: bool, layers: bool, svg: bool) -> dict[str, Callable[[], bytes]]:
    """Return what makes each file, by name; files are made one after the other to save memory."""
    writers: dict[str, Callable[[], bytes]] = {"labels.png": lambda: encode_png(found.indexed).data}
    for kind, regions in (("regions", found.regions), ("parts", found.parts)):
        if len(regions) <= _MOST_IN_PNG:
            writers[f"{kind}.png"] = partial(encode_gray16, regions.labels)
        else:
            writers[f"{kind}.npy"] = partial(_npy, regions.labels)
    writers["overlay.png"] = lambda: encode_pillow(found.overlay())
    writers["outlines.png"] = lambda: encode_pillow(found.overlay(of="regions", legend=False))
    writers["index.html"] = lambda: render_page(found, describe(found), name)
    writers["segments.json"] = lambda: (json.dumps(describe(found), indent=1) + "\n").encode()
    writers["segments.csv"] = lambda: _table(describe(found)["segments"])
    for number in range(len(found)):
        if masks:
            writers[layer_name("mask", found, number)] = partial(_mask, found, number)
        if layers:
            writers[layer_name("layer", found, number)] = partial(_layer, found, number)
    if svg:
        writers["segments.svg"] = lambda: to_svg(found).encode()
    return writers


def layer_name(kind: str, found: Segmentation, number: int) -> str:
    """Return the name of a segment's mask or layer, such as ``layer-03.png``."""
    return f"{kind}-{number:0{len(str(len(found) - 1))}}.png"


def describe(found: Segmentation) -> dict[str, Any]:
    """Return all numbers of a segmentation, ready for JSON.

    Returns
    -------
    dict
        ``width``, ``height``, ``segments`` and ``regions``, both the largest first. The ``parts`` of a segment are the
        places that it lies in; a region's ``segment`` is that of most of its pixels. Boxes are left, top,
        right, bottom, the last two outside; centroids x, y of pixel centers at .5.
    """
    height, width = found.labels.shape
    parts = np.bincount(found.parts.segments, minlength=len(found))
    names = name_colors(found.palette.colors_srgb8)
    segments = [
        {
            "segment": number,
            "color": hex_color,
            "name": names[number],
            "area": int(found.areas[number]),
            "share": round(float(found.shares[number]), 6),
            "parts": int(parts[number]),
            "transparent": number == found.transparent,
        }
        for number, hex_color in enumerate(found.palette.hex())
    ]
    return {
        "width": width,
        "height": height,
        "segments": segments,
        "regions": [
            {
                "region": number,
                "segment": region.segment,
                "color": "#" + bytes(region.color if region.color[3:] != (255,) else region.color[:3]).hex(),
                "area": region.area,
                "box": region.box,
                "centroid": [round(v, 2) for v in region.centroid],
            }
            for number, region in enumerate(found.regions)
        ],
    }


def _table(rows: list[dict[str, Any]]) -> bytes:
    text = io.StringIO()
    writer = csv.DictWriter(text, list(rows[0]), lineterminator="\n")
    writer.writeheader()
    writer.writerows(rows)
    return text.getvalue().encode()


def _mask(found: Segmentation, number: int) -> bytes:
    return encode_mask(found.mask(number))


def _layer(found: Segmentation, number: int) -> bytes:
    return encode_rgba(found.layer(number))


def _npy(labels: npt.NDArray[np.int32]) -> bytes:
    buffer = io.BytesIO()
    np.save(buffer, labels)
    return buffer.getvalue()
