"""Numbers as people write them."""

from __future__ import annotations

import math
import os
import shlex
from collections.abc import Collection, Mapping, Sequence
from html import escape


def quoted(text: str) -> str:
    """Return a word as shells take it; what is not printed is escaped in the form ``$'...'`` (POSIX.1-2024, 2.2.4).

    Parameters
    ----------
    text : str
        As `os.fsdecode` returns it, where it is the name of a file that is no text.
    """
    if text.isprintable():
        return shlex.quote(text)
    escaped = (
        each if each.isprintable() and each not in "\\'" else "".join(f"\\{byte:03o}" for byte in os.fsencode(each))
        for each in text
    )
    return f"$'{''.join(escaped)}'"


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


def rounded_down(value: float, digits: int) -> str:
    """Return a number with so many decimals, never more than it is: a score of 49.97 is "49.9", and no "50.0"."""
    scale = 10**digits
    return f"{math.floor(round(value * scale, 6)) / scale:.{digits}f}"


def told_saving(saved: float, digits: int = 1) -> str:
    """Return a part of some bytes as people say it: ``88.2 % saved``; all of it is never saved."""
    if saved < 0:
        return f"{-100 * saved:.{digits}f} % larger"
    return f"{rounded_down(100 * saved, digits)} % saved"


def advised(sizes: Mapping[str, int], score: float | None = None) -> str:
    """Say what other coders take: ``at the same score 43.0 kB as AVIF, 66.1 kB as JPEG``; empty where none is known.

    Parameters
    ----------
    sizes : mapping of str to int
        Bytes by coder.
    score : float, optional
        The score where it is not the result's: an original that is kept has none to compare with.
    """
    names = {"webp-lossy": "lossy WebP"}
    told = [f"{human_bytes(n)} as {names.get(coder, coder.upper())}" for coder, n in sizes.items()]
    at = "the same score" if score is None else f"a score of {math.floor(score)}"
    return f"at {at} {', '.join(told)}" if told else ""


def swatches_html(colors: Sequence[str], told: Sequence[str] = ()) -> str:
    """Return colors as a row of squares for a notebook.

    Parameters
    ----------
    colors : sequence of str
        ``#rrggbb`` or ``#rrggbbaa``.
    told : sequence of str, optional
        What is known of each, shown when the pointer rests on it.
    """
    box = (
        "display:inline-block;width:1.8em;height:1.8em;margin:1px;border:1px solid #8888;border-radius:3px;background:"
    )
    squares = (
        f'<span title="{escape(text)}" style="{box}{color}"></span>'
        for color, text in zip(colors, told or colors, strict=True)
    )
    return f'<div role="img" aria-label="{escape(", ".join(told or colors))}">{"".join(squares)}</div>'


def printable(text: str) -> str:
    """Return a text as a terminal may show it: control characters, and what is no character, are escaped."""
    return "".join(each if each.isprintable() else each.encode("unicode_escape").decode() for each in text)
