"""Folders of pictures to data sets for machine learning, by the archive's engine: what `huepress dataset` runs."""

from __future__ import annotations

from huepress.datasets.containers import Container
from huepress.datasets.make import DatasetRequest, DatasetRun, Made

__all__ = ["Container", "DatasetRequest", "DatasetRun", "Made"]
