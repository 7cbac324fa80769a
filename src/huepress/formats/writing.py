"""From indices to a finished file: the format that the options or a name ask for."""

from __future__ import annotations

from pathlib import PurePath

from huepress.errors import HuepressError, OutputError
from huepress.formats import table
from huepress.formats.record import FileFormat, Wish
from huepress.model import Encoded, IndexedImage, Metadata
from huepress.options import SMALLEST, Format, PngWriter


def main_format(format: Format, source_format: str) -> FileFormat:
    """Return the format for an option and the input's format; of "auto" the first to be tried.

    Raises
    ------
    OptionError
        If it needs a plug-in that is not installed.
    """
    if format == "keep":
        own = table.by_file_format(source_format)
        found = own if own is not None and own.written else table.default()
    else:
        found = table.default() if format in ("auto", SMALLEST) else _named(format)
    found.prepare()
    return found


def _named(format: Format) -> FileFormat:
    full_color = table.full_color_by_name(format)
    return table.by_name(format) if full_color is None else full_color[0]


def formats_of(format: Format | None) -> tuple[str, ...]:
    """Return the formats that an option may lead to, in lower case, the likeliest first."""
    if format == "keep":
        return tuple(each.name for each in table.written())
    in_browsers = tuple(each.name for each in table.written() if each.in_browsers)
    if format in (None, "auto"):  # None: animations stay what they are
        return in_browsers
    if format == SMALLEST:
        others = (each.name for each, _ in table.full_color())
        return tuple(dict.fromkeys((*in_browsers, *others)))
    return (_named(format).name,)


def encode(
    image: IndexedImage,
    format: Format,
    source_format: str,
    *,
    effort: int,
    metadata: Metadata,
    searched: bool = False,
    keep_indices: bool = False,
    keep_hidden: bool = False,
    png_writer: PngWriter = "oxipng",
) -> Encoded:
    """Encode as the options say: "auto" takes the smallest file that shows equal pixels everywhere.

    Parameters
    ----------
    image : IndexedImage
    format : str
        The name of a format, "auto" or "keep".
    source_format : str
        The input's format, for "keep".
    effort : int
        0 to 9.
    metadata : Metadata
    searched : bool
        Whether the search chose the indices.
    keep_indices : bool
        Whether the indices mean something, so that a file must not do without them.
    keep_hidden : bool
        Whether "auto" takes formats only that hold colors below alpha 0.
    png_writer : {"oxipng", "core", "zlib"}
        Who deflates a PNG.

    Raises
    ------
    LimitError, OptionError
        If the format has no room for the image, or its plug-in is not installed.
    """

    def encoded(file_format: FileFormat) -> Encoded:
        assert file_format.encode is not None
        return file_format.encode(image, Wish(effort, metadata, searched, keep_indices, png_writer))

    if format != "auto":
        chosen = main_format(format, source_format)
        return encoded(table.default() if format == "keep" and not chosen.holds(image, metadata) else chosen)
    candidates = []
    for each in table.written():
        if each.in_browsers and each.holds(image, metadata) and (each.holds_hidden or not keep_hidden):
            try:
                candidates.append(encoded(each))
            except HuepressError:  # too long a side
                if each is table.default():
                    raise
    return min(candidates, key=lambda found: len(found.data))


def optimized_losslessly(encoded: Encoded, *, effort: int) -> Encoded:
    """Return a smaller file of the same pixels where there is a way, else the same file."""
    found = table.by_file_format(encoded.format)
    if found is None or found.optimize is None:
        return encoded
    return min(encoded, found.optimize(encoded, effort), key=lambda each: len(each.data))


def encode_for_name(image: IndexedImage, name: str, encoded: Encoded, *, effort: int, metadata: Metadata) -> Encoded:
    """Return a file that fits a name's extension: the finished one, or the indices encoded anew.

    Raises
    ------
    OutputError
        If the extension belongs to a format that cannot be written.
    """
    wanted = table.by_file_format(table.of_name(name) or "")
    if wanted is not None and wanted.encode is not None and wanted.file_format != encoded.format:
        wanted.prepare()
        return wanted.encode(image, Wish(effort, metadata))
    refuse_foreign_name(name, encoded.format)
    if wanted is not None and wanted.file_format != encoded.format:
        raise OutputError(
            f"a palette is not written as {wanted.file_format}",
            subject=name,
            remedy=f"compress it in format {wanted.name!r}, or give another name",
        )
    return encoded


def refuse_foreign_name(name: str, file_format: str = "") -> None:
    """Refuse a name whose extension belongs to a format that cannot be written and is not the file's.

    Raises
    ------
    OutputError
    """
    stands_for = table.of_name(name)
    found = table.by_file_format(stands_for or "")
    if stands_for is not None and stands_for != file_format and (found is None or found not in table.writable()):
        known = ", ".join(each.extension for each in table.writable())
        raise OutputError(
            f"{PurePath(name).suffix.lower()} files cannot be written",
            subject=name,
            remedy=f"give a name that ends with {known}",
        )


def check_name_of_animation(name: str, encoded: Encoded) -> None:
    """Refuse a name whose extension belongs to another format: one frame would be all that it could get.

    Raises
    ------
    OutputError
    """
    stands_for = table.of_name(name)
    if stands_for is not None and stands_for != encoded.format:
        names = ", ".join(each.name for each in table.written() if each.moving)
        raise OutputError(
            f"the animation is {encoded.format}",
            subject=name,
            remedy=f"give a name that ends with {table.extension_of(encoded.format, '')}, or compress it in another "
            f"format ({names})",
        )
