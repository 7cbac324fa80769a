"""The table of the formats that can be written: the one way from indices to a file."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import PurePath
from typing import Any, Literal, Protocol

from huepress.errors import HuepressError, OutputError
from huepress.formats.encode_gif import encode_gif, is_shown_equal, with_binary_alpha
from huepress.formats.encode_jxl import encode_jxl
from huepress.formats.encode_png import encode_png, optimize_png
from huepress.formats.encode_webp import encode_webp
from huepress.formats.plug_ins import enable_jxl
from huepress.model import Encoded, IndexedImage, Metadata, SourceImage
from huepress.options import Format, format_for_name

Coder = Literal["png", "webp"]


class Encode(Protocol):
    """Turns indices and metadata into a file."""

    def __call__(
        self,
        image: IndexedImage,
        *,
        effort: int = 0,
        metadata: Metadata = ...,
        searched: bool = False,
        keep_indices: bool = False,
    ) -> Encoded:
        """Encode an image; the last two only spare the PNG encoder work or freedom."""


def _always(*_: Any) -> bool:
    return True


def _unchanged(source: SourceImage) -> SourceImage:
    return source


@dataclass(frozen=True)
class Encoder:
    """A format that can be written.

    Attributes
    ----------
    name : str
        As the option ``format`` names it; with a dot before it the extension of its files.
    file_format : str
        As Pillow names it: ``Encoded.format`` and ``SourceImage.format``.
    encode : callable
    coder : {"png", "webp"}
        The coder whose symbols the spatial search prices.
    in_browsers : bool
        Whether every browser shows it.
    holds_profile : bool
        Whether a color profile has room.
    adapt : callable
        Makes of a source what the format can show.
    shows_equal : callable
        Tells whether the format shows an indexed image as it is.
    prepare : callable
        Raises OptionError if a plug-in is missing.
    """

    name: Format
    file_format: str
    encode: Encode
    coder: Coder = "png"
    in_browsers: bool = True
    holds_profile: bool = True
    adapt: Callable[[SourceImage], SourceImage] = _unchanged
    shows_equal: Callable[[IndexedImage], bool] = _always
    prepare: Callable[[], object] = _always

    @property
    def extension(self) -> str:
        """The extension of its files."""
        return f".{self.name}"


ENCODERS: dict[str, Encoder] = {
    encoder.name: encoder
    for encoder in (
        Encoder("png", "PNG", encode_png),
        Encoder("webp", "WEBP", encode_webp, coder="webp"),
        Encoder("gif", "GIF", encode_gif, holds_profile=False, adapt=with_binary_alpha, shows_equal=is_shown_equal),
        Encoder("jxl", "JXL", encode_jxl, "webp", in_browsers=False, holds_profile=False, prepare=enable_jxl),
    )
}
_BY_FILE_FORMAT = {encoder.file_format: encoder for encoder in ENCODERS.values()}
_FALLBACK = ENCODERS["png"]
# Extensions of formats that are not written: a file of ours under such a name would lie.
_FOREIGN = {
    ".jpg": "JPEG", ".jpeg": "JPEG", ".jpe": "JPEG", ".avif": "AVIF", ".heic": "HEIF", ".heif": "HEIF", ".tif": "TIFF",
    ".tiff": "TIFF", ".bmp": "BMP", ".ico": "ICO", ".jp2": "JPEG2000", ".svg": "SVG", ".pdf": "PDF",
}  # fmt: skip


def main_encoder(format: Format, source_format: str) -> Encoder:
    """Return the encoder for an option and the input's format; of "auto" the first to be tried.

    Raises
    ------
    OptionError
        If it needs a plug-in that is not installed.
    """
    encoder = _BY_FILE_FORMAT.get(source_format, _FALLBACK) if format == "keep" else ENCODERS.get(format, _FALLBACK)
    encoder.prepare()
    return encoder


def formats_of(format: Format | None) -> tuple[str, ...]:
    """Return the formats that an option may lead to, the likeliest first."""
    if format == "keep":
        return tuple(ENCODERS)
    if format in (None, "auto"):  # None: animations stay what they are
        return tuple(encoder.name for encoder in ENCODERS.values() if encoder.in_browsers)
    return (str(format),)


def encode(
    image: IndexedImage,
    format: Format,
    source_format: str,
    *,
    effort: int,
    metadata: Metadata,
    searched: bool = False,
    keep_indices: bool = False,
) -> Encoded:
    """Encode as the options say: "auto" takes the smallest file that shows equal pixels everywhere.

    Parameters
    ----------
    image : IndexedImage
    format : {"keep", "png", "webp", "gif", "jxl", "auto"}
    source_format : str
        The input's format, for "keep".
    effort : int
        0 to 9.
    metadata : Metadata
    searched : bool
        Whether the search chose the indices.
    keep_indices : bool
        Whether the indices mean something, so that a file must not do without them.

    Raises
    ------
    LimitError, OptionError
        If the format has no room for the image, or its plug-in is not installed.
    """
    if format != "auto":
        encoder = main_encoder(format, source_format)
        if format == "keep" and not _holds(encoder, image, metadata):
            encoder = _FALLBACK
        return encoder.encode(image, effort=effort, metadata=metadata, searched=searched, keep_indices=keep_indices)
    candidates = []
    for encoder in ENCODERS.values():
        if encoder.in_browsers and _holds(encoder, image, metadata):
            try:
                candidates.append(
                    encoder.encode(
                        image, effort=effort, metadata=metadata, searched=searched, keep_indices=keep_indices
                    )
                )
            except HuepressError:  # too long a side
                if encoder is _FALLBACK:
                    raise
    return min(candidates, key=lambda encoded: len(encoded.data))


def optimized_losslessly(encoded: Encoded, *, effort: int) -> Encoded:
    """Return a smaller file of the same pixels where there is a way, else the same file."""
    if encoded.format != _FALLBACK.file_format:
        return encoded
    return min(encoded, optimize_png(encoded, effort=effort), key=lambda each: len(each.data))


def encode_for_name(image: IndexedImage, name: str, encoded: Encoded, *, effort: int, metadata: Metadata) -> Encoded:
    """Return a file that fits a name's extension: the finished one, or the indices encoded anew.

    Raises
    ------
    OutputError
        If the extension belongs to a format that cannot be written.
    """
    encoder = encoder_for_name(name)
    if encoder is not None and encoder.file_format != encoded.format:
        encoder.prepare()
        return encoder.encode(image, effort=effort, metadata=metadata)
    refuse_foreign_name(name, encoded.format)
    return encoded


def refuse_foreign_name(name: str, file_format: str = "") -> None:
    """Refuse a name whose extension belongs to a format that cannot be written and is not the file's.

    Raises
    ------
    OutputError
    """
    extension = PurePath(name).suffix.lower()
    if extension in _FOREIGN and _FOREIGN[extension] != file_format:
        known = ", ".join(each.extension for each in ENCODERS.values())
        raise OutputError(f"{name}: {extension} files cannot be written; give a name that ends with {known}")


def check_name_of_animation(name: str, encoded: Encoded) -> None:
    """Refuse a name whose extension belongs to another format: one frame would be all that it could get.

    Raises
    ------
    OutputError
    """
    encoder = encoder_for_name(name)
    wanted = encoder.file_format if encoder else _FOREIGN.get(PurePath(name).suffix.lower(), encoded.format)
    if wanted != encoded.format:
        raise OutputError(
            f"{name}: the animation is {encoded.format}; give a name that ends with {extension_of(encoded, '')}, "
            "or compress it in another format (gif, png or webp)"
        )


def encoder_for_name(name: str) -> Encoder | None:
    """Return the encoder that a file name's extension asks for, None for any other extension."""
    return ENCODERS.get(format_for_name(name) or "")


def extension_of(encoded: Encoded, default: str) -> str:
    """Return the extension of a finished file; `default` where that fits or none is known."""
    extensions = [each.extension for each in ENCODERS.values() if each.file_format == encoded.format]
    extensions += [extension for extension, file_format in _FOREIGN.items() if file_format == encoded.format]
    return default if not extensions or default.lower() in extensions else extensions[0]


def _holds(encoder: Encoder, image: IndexedImage, metadata: Metadata) -> bool:
    return (encoder.holds_profile or metadata.icc_profile is None) and encoder.shows_equal(image)
