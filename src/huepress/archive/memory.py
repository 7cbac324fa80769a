"""How much memory an image takes while it is worked on, and how much there is."""

from __future__ import annotations

import os
import re

from huepress import files
from huepress.errors import InputError, OptionError
from huepress.formats.probe import Probe
from huepress.options import Options

MB = 1_000_000
# A worker with nothing to do: the interpreter, NumPy, Pillow and the core.
WORKER_BYTES = 60 * MB
# The process that plans, at least; a list of 200,000 files takes 300 MB more.
_PLANNER_BYTES = 60 * MB
# Peak bytes a pixel beside the file, the most over noise and photographs of 1 to 24 megapixels
# on one thread, plus a tenth.
_PER_PIXEL_PLAIN, _PER_PIXEL_SEARCH = 54, 75
_PER_PIXEL_ALPHA = 20
_PER_PIXEL_SCORE = 95  # in all, with SSIMULACRA2
_PER_PIXEL_GOAL = 160  # in all, with versions that are compared
_PER_PIXEL_FULL_COLOR = 300  # in all, with coders of any number of colors: libaom holds the most
# Where colors are only counted: of pixels, and of colors that the planner holds and sorts.
_PER_PIXEL_COUNTED, _PER_PIXEL_COUNTED_ALPHA = 26, 46
_PER_COLOR = 44
_PER_IMAGE = 32 * MB
_UNITS = {"": 1, "k": 10**3, "m": 10**6, "g": 10**9, "t": 10**12, "ki": 2**10, "mi": 2**20, "gi": 2**30, "ti": 2**40}
_DEFAULT_SHARE = 0.6


def working_set(probe: Probe, file_bytes: int, options: Options, *, score: bool, advise: bool = False) -> int:
    """Estimate the bytes that one image takes on top of an idle worker; what is advised is made for that."""
    per_pixel = _PER_PIXEL_SEARCH if options.effort or options.still_format != "png" else _PER_PIXEL_PLAIN
    per_pixel += _PER_PIXEL_ALPHA if probe.has_alpha else 0
    per_pixel = max(per_pixel, _PER_PIXEL_SCORE) if score else per_pixel
    per_pixel = max(per_pixel, _PER_PIXEL_GOAL) if options.goal is not None else per_pixel
    per_pixel = max(per_pixel, _PER_PIXEL_FULL_COLOR) if options.is_full_color or advise else per_pixel
    return _PER_IMAGE + 2 * file_bytes + per_pixel * probe.width * probe.height


def counting_set(probe: Probe, file_bytes: int) -> int:
    """Estimate the bytes that counting an image's colors takes on top of an idle worker."""
    per_pixel = _PER_PIXEL_COUNTED_ALPHA if probe.has_alpha else _PER_PIXEL_COUNTED
    return _PER_IMAGE + 2 * file_bytes + per_pixel * probe.width * probe.height


def merging_set(n_colors: int) -> int:
    """Estimate the bytes that the histograms take whose colors are so many together."""
    return _PER_COLOR * min(n_colors, 1 << 24)


def parse_bytes(text: str) -> int:
    """Read ``2GB``, ``500 MB`` or ``1GiB``."""
    match = re.fullmatch(r"\s*(\d+(?:\.\d+)?)\s*([kmgt]?i?)b?\s*", text.lower())
    if not match or match[2] not in _UNITS:
        raise OptionError(f"memory takes a size such as 2GB or 500MB, not {text!r}")
    return int(float(match[1]) * _UNITS[match[2]])


def default_budget() -> int:
    """Return a share of the memory that this process may use."""
    candidates = []
    for name in ("/sys/fs/cgroup/memory.max", "/sys/fs/cgroup/memory/memory.limit_in_bytes"):
        try:
            candidates.append(int(files.read_bytes(name)))
        except (InputError, ValueError):
            continue
    if hasattr(os, "sysconf"):
        candidates.append(os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES"))
    return share(min(candidates)) if candidates else 2 * 10**9


def share(n_bytes: int) -> int:
    """Return the part of some memory that a run takes if it is not told how much."""
    return int(_DEFAULT_SHARE * n_bytes)


def planner_bytes() -> int:
    """Return the memory to be left to this process, which plans."""
    return max(_PLANNER_BYTES, resident_bytes())


def resident_bytes() -> int:
    """Return the memory that this process holds, 0 where the system does not tell."""
    try:
        return int(files.read_bytes("/proc/self/statm").split()[1]) * os.sysconf("SC_PAGE_SIZE")
    except (InputError, ValueError, IndexError):
        return 0
