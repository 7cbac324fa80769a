"""huepress: make images small with k-means.

>>> import huepress
>>> result = huepress.compress("photo.png", n_colors=32)  # doctest: +SKIP
>>> result.save("photo-small.png")  # doctest: +SKIP

Names are loaded when first used, so that ``import huepress`` is quick.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from huepress.api import Result, compress, quantize, score
    from huepress.archive.batch import Summary
    from huepress.archive.many import ManyResult, compress_many
    from huepress.archive.tasks import FileOutcome
    from huepress.comparison.compare import Comparison, compare
    from huepress.delivering import Delivery
    from huepress.engine.kmeans import KMeans
    from huepress.engine.metrics import Score
    from huepress.engine.moving_score import AnimationScore
    from huepress.engine.swatches import Swatches
    from huepress.errors import (
        DecodeError,
        HuepressError,
        InputError,
        LimitError,
        OptionError,
        OutputError,
        TargetError,
    )
    from huepress.model import Frame, IndexedImage, Palette
    from huepress.options import Options
    from huepress.palettes import extract_palette, save_palette, shared_palette
    from huepress.pipeline.intake import load_palette
    from huepress.results import Report, Trial
    from huepress.segmentation.result import Segmentation
    from huepress.segmentation.segment import segment

__version__ = "0.1.0"

# The module of each public name; a test holds the imports above and `__all__` against it.
_HOME = {
    "Result": "api",
    "compress": "api",
    "quantize": "api",
    "score": "api",
    "Summary": "archive.batch",
    "ManyResult": "archive.many",
    "compress_many": "archive.many",
    "FileOutcome": "archive.tasks",
    "Delivery": "delivering",
    "Comparison": "comparison.compare",
    "compare": "comparison.compare",
    "KMeans": "engine.kmeans",
    "Score": "engine.metrics",
    "AnimationScore": "engine.moving_score",
    "Swatches": "engine.swatches",
    "DecodeError": "errors",
    "HuepressError": "errors",
    "InputError": "errors",
    "LimitError": "errors",
    "OptionError": "errors",
    "OutputError": "errors",
    "TargetError": "errors",
    "Frame": "model",
    "IndexedImage": "model",
    "Palette": "model",
    "Options": "options",
    "extract_palette": "palettes",
    "save_palette": "palettes",
    "shared_palette": "palettes",
    "load_palette": "pipeline.intake",
    "Report": "results",
    "Trial": "results",
    "Segmentation": "segmentation.result",
    "segment": "segmentation.segment",
}

__all__ = [
    "AnimationScore",
    "Comparison",
    "DecodeError",
    "Delivery",
    "FileOutcome",
    "Frame",
    "HuepressError",
    "IndexedImage",
    "InputError",
    "KMeans",
    "LimitError",
    "ManyResult",
    "OptionError",
    "Options",
    "OutputError",
    "Palette",
    "Report",
    "Result",
    "Score",
    "Segmentation",
    "Summary",
    "Swatches",
    "TargetError",
    "Trial",
    "__version__",
    "compare",
    "compress",
    "compress_many",
    "extract_palette",
    "load_palette",
    "quantize",
    "save_palette",
    "score",
    "segment",
    "shared_palette",
]


def __getattr__(name: str) -> object:
    if name not in _HOME:
        raise AttributeError(f"module 'huepress' has no attribute {name!r}")
    from importlib import import_module

    value = getattr(import_module(f"huepress.{_HOME[name]}"), name)
    globals()[name] = value
    return value


def __dir__() -> list[str]:
    return sorted(__all__)
