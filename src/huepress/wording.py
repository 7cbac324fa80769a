"""Numbers as people write them."""

from __future__ import annotations

from collections.abc import Collection


def human_bytes(n: int) -> str:
    """Return a size as people write it: ``999 B``, ``35.0 kB``, ``1.25 MB``, ``1.00 GB``."""
    if n < 1000:
        return f"{n} B"
    if n < 1_000_000:
        return f"{n / 1e3:.1f} kB"
    return f"{n / 1e6:.2f} MB" if n < 1_000_000_000 else f"{n / 1e9:.2f} GB"


def counted(n: int, noun: str) -> str:
    """Return a number with its noun: ``1 color``, ``1,024 colors``."""
    return f"{n:,} {noun}" if n == 1 else f"{n:,} {noun}s"


def listed(names: Collection[str], most: int = 12) -> str:
    """Return names with commas between them; of many the first."""
    return ", ".join(list(names)[:most]) + (", ..." if len(names) > most else "")


def printable(text: str) -> str:
    """Return a text as a terminal may show it: control characters, and what is no character, are escaped."""
    return "".join(each if each.isprintable() else each.encode("unicode_escape").decode() for each in text)
