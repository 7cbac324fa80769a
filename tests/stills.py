"""Small pictures of all kinds that the core is asked to reduce in one call."""

import runpy
from pathlib import Path

import numpy as np

TOOL = runpy.run_path(str(Path(__file__).parents[1] / "tools" / "digests.py"))


def pictures():
    """Photographs and drawings, opaque, translucent at the edges, and with holes; vivid patches that are accents."""
    y, x = np.mgrid[:90, :120]
    photo = TOOL["soft"](90, 120, 1)
    photo[30:36, 50:58], photo[70:74, 20:24] = (255, 20, 60), (10, 250, 30)
    halo = np.clip(400 - np.hypot(x - 60, y - 45) * 6, 0, 255).astype(np.uint8)
    holes = np.where((x // 16 + y // 16) % 3 == 0, 0, 255).astype(np.uint8)
    flat = TOOL["drawn"](90, 120)
    opaque = np.full((90, 120), 255, np.uint8)
    return {
        "photo": np.dstack([photo, opaque]),
        "halo": np.dstack([TOOL["soft"](90, 120, 2), halo]),
        "holes": np.dstack([TOOL["soft"](90, 120, 3), holes]),
        "flat": np.dstack([flat, opaque]),
        "almost opaque": np.dstack([photo, opaque - (x % 9 == 0).astype(np.uint8) * 3]),
    }


PICTURES = pictures()
