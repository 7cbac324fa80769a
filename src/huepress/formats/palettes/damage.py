"""What is said of palette files that cannot be read."""

from __future__ import annotations

from huepress.errors import DecodeError


def damaged(reason: str) -> DecodeError:
    """Return the error for a file that is no valid palette, to be raised."""
    return DecodeError(f"the palette is damaged ({reason}); save it anew")
