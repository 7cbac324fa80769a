"""Numbers as people write them."""

from __future__ import annotations

import re

_UNITS = {"": 1, "b": 1, "k": 1e3, "kb": 1e3, "kib": 1024, "m": 1e6, "mb": 1e6, "mib": 1024**2}
_SIZE = re.compile(rf"(\d+(?:\.\d*)?|\.\d+)\s*({'|'.join(sorted(_UNITS, reverse=True))})", re.IGNORECASE)


def human_bytes(n: int) -> str:
    """Return a size as people write it: ``999 B``, ``35.0 kB``, ``1.25 MB``."""
    if n < 1000:
        return f"{n} B"
    return f"{n / 1e3:.1f} kB" if n < 1_000_000 else f"{n / 1e6:.2f} MB"


def parse_bytes(text: str) -> int:
    """Read a size as people write it: ``50kB``, ``1.5 MB``, ``64KiB``, ``50000``; undoes `human_bytes`.

    Raises
    ------
    ValueError
        If it is no size, or less than a byte.
    """
    match = _SIZE.fullmatch(text.strip())
    size = round(float(match[1]) * _UNITS[match[2].lower()]) if match else 0
    if size < 1:
        raise ValueError(f"{text!r} is not a size such as 50kB")
    return size
