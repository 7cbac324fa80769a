"""Pictures in the form that browsers show."""

from __future__ import annotations

import base64
import io
from importlib.resources import files

import numpy as np
from PIL import Image

from huepress.model import Bytes, Encoded

_MIME = {
    "PNG": "image/png", "JPEG": "image/jpeg", "MPO": "image/jpeg", "WEBP": "image/webp", "GIF": "image/gif",
    "AVIF": "image/avif",
}  # fmt: skip


def data_uri(encoded: Encoded) -> str | None:
    """Return a file as a data URI (RFC 2397); None where not every browser shows its format."""
    mime = _MIME.get(encoded.format)
    return mime and f"data:{mime};base64,{base64.b64encode(encoded.data).decode('ascii')}"


def is_shown(encoded: Encoded) -> bool:
    """Tell whether every browser shows a file's format."""
    return encoded.format in _MIME


def mime_type_of(path: str) -> str | None:
    """Return the media type that a file's extension tells, None where not every browser shows it."""
    return _MIME.get(path.rpartition(".")[2].upper())


def extension_of(encoded: Encoded) -> str:
    """Return the extension of a finished file."""
    return f".{encoded.format.lower()}"


def to_png(pixels_srgb8: Bytes) -> Encoded:
    """Encode pixels as PNG, quickly rather than small."""
    return _png(Image.fromarray(np.ascontiguousarray(pixels_srgb8)))


def thumbnail(pixels_srgb8: Bytes, longest_side: int) -> Encoded:
    """Return a picture that fits a square, as PNG; small pictures keep their size."""
    image = Image.fromarray(np.ascontiguousarray(pixels_srgb8))
    scale = min(1.0, longest_side / max(image.size))
    size = max(1, round(image.width * scale)), max(1, round(image.height * scale))
    return _png(image.resize(size, Image.Resampling.LANCZOS, reducing_gap=3.0))


def _png(image: Image.Image) -> Encoded:
    buffer = io.BytesIO()
    image.save(buffer, "PNG", compress_level=4)
    return Encoded(buffer.getvalue(), "PNG")


def theme_css() -> str:
    """Return the colors of every page, light and dark, as custom properties."""
    return files("huepress.drawing").joinpath("theme.css").read_text(encoding="utf-8")
