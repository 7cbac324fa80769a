"""huepress: make images small with k-means.

>>> import huepress
>>> result = huepress.compress("photo.png", n_colors=32)  # doctest: +SKIP
>>> result.save("photo-small.png")  # doctest: +SKIP

Names are loaded when first used, so that ``import huepress`` is quick.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from huepress.api import Result, compress, load_palette, quantize, score
    from huepress.comparison import Comparison, compare
    from huepress.errors import (
        DecodeError,
        HuepressError,
        InputError,
        LimitError,
        OptionError,
        OutputError,
        TargetError,
    )
    from huepress.kmeans import KMeans
    from huepress.metrics import Score
    from huepress.model import IndexedImage, Palette, Report, Trial
    from huepress.options import Options
    from huepress.palettes import extract_palette, save_palette, shared_palette
    from huepress.segmentation.result import Segmentation
    from huepress.segmentation.segment import segment
    from huepress.swatches import Swatches

__version__ = "0.1.0"

_HOME = {
    "Result": "api",
    "Comparison": "comparison",
    "compare": "comparison",
    "compress": "api",
    "extract_palette": "palettes",
    "load_palette": "api",
    "quantize": "api",
    "save_palette": "palettes",
    "score": "api",
    "segment": "segmentation.segment",
    "Segmentation": "segmentation.result",
    "shared_palette": "palettes",
    "Swatches": "swatches",
    "Score": "metrics",
    "DecodeError": "errors",
    "HuepressError": "errors",
    "InputError": "errors",
    "LimitError": "errors",
    "OptionError": "errors",
    "OutputError": "errors",
    "TargetError": "errors",
    "Trial": "model",
    "KMeans": "kmeans",
    "Frame": "moving",
    "IndexedImage": "model",
    "Palette": "model",
    "Report": "model",
    "Options": "options",
}

__all__ = [
    "Comparison",
    "DecodeError",
    "Frame",
    "HuepressError",
    "IndexedImage",
    "InputError",
    "KMeans",
    "LimitError",
    "OptionError",
    "Options",
    "OutputError",
    "Palette",
    "Report",
    "Result",
    "Score",
    "Segmentation",
    "Swatches",
    "TargetError",
    "Trial",
    "__version__",
    "compare",
    "compress",
    "extract_palette",
    "load_palette",
    "quantize",
    "save_palette",
    "score",
    "segment",
    "shared_palette",
]


def __getattr__(name: str) -> Any:
    if name not in _HOME:
        raise AttributeError(f"module 'huepress' has no attribute {name!r}")
    from importlib import import_module

    value = getattr(import_module(f"huepress.{_HOME[name]}"), name)
    globals()[name] = value
    return value


def __dir__() -> list[str]:
    return sorted(__all__)
