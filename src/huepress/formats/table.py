"""The table of file formats: a format is one file, registered by one line here."""

from __future__ import annotations

from pathlib import PurePath

from huepress.errors import OptionError
from huepress.formats import frame_list, gif, heif, jpeg, jxl, png, video, webp, y4m
from huepress.formats.record import FileFormat, FullColor
from huepress.options import FULL_COLOR_FORMATS

# In this order formats are tried and told; the first is what a picture becomes by default.
FORMATS: list[FileFormat] = [
    png.FORMAT,
    webp.FORMAT,
    gif.FORMAT,
    jxl.FORMAT,
    jpeg.FORMAT,
    heif.AVIF,
    heif.HEIC,
    y4m.FORMAT,
    video.FORMAT,
    frame_list.FORMAT,
]
# Extensions of formats that are neither written nor in the table: a file of ours under such a name would lie.
_FOREIGN = {
    ".tif": "TIFF",
    ".tiff": "TIFF",
    ".bmp": "BMP",
    ".ico": "ICO",
    ".jp2": "JPEG2000",
    ".svg": "SVG",
    ".pdf": "PDF",
}


def default() -> FileFormat:
    """Return the format of pictures for which none is asked."""
    return FORMATS[0]


def written() -> list[FileFormat]:
    """Return the formats that palettes can be written in."""
    return [each for each in FORMATS if each.written]


def writable() -> list[FileFormat]:
    """Return the formats that can be written, with a palette or with any number of colors."""
    return [each for each in FORMATS if each.written or each.full_color]


def full_color() -> list[tuple[FileFormat, FullColor]]:
    """Return the formats that can be written with any number of colors, the likeliest to be small first."""
    found = [(each, each.full_color) for each in FORMATS if each.full_color is not None]
    return sorted(found, key=lambda each: FULL_COLOR_FORMATS.index(each[1].name))


def full_color_by_name(name: str | None) -> tuple[FileFormat, FullColor] | None:
    """Return the format that an option names, None where that is not one of any number of colors."""
    return next((each for each in full_color() if each[1].name == name), None)


def by_name(name: str) -> FileFormat:
    """Return the format of indexed pictures that an option names.

    Raises
    ------
    OptionError
        If there is none that is written.
    """
    for each in written():
        if each.name == name:
            return each
    raise OptionError(f"format must be one of {', '.join(each.name for each in written())}, not {name!r}")


def videos() -> list[FileFormat]:
    """Return the formats of files that always move and say in their header how large they are."""
    return [each for each in FORMATS if each.moving and each.moving.always and each.moving.size_of]


def by_file_format(file_format: str) -> FileFormat | None:
    """Return the format that Pillow, and `Encoded.format`, call so; None where the table lacks it."""
    return next((each for each in FORMATS if each.file_format == file_format), None)


def of_animations(file_format: str) -> FileFormat | None:
    """Return the format that animations of a format have by default: their own, of those only read the GIF."""
    found = by_file_format(file_format)
    if found is None or found.moving is None:
        return None
    return found if found.written else gif.FORMAT


def of_bytes(data: bytes) -> FileFormat | None:
    """Return the format of a file, told by its first bytes; None where the table lacks it."""
    return next((each for each in FORMATS if each.recognizes(data)), None)


def of_name(name: str) -> str | None:
    """Return the format, as Pillow calls it, that a file name's extension stands for; None where it stands for none."""
    extension = PurePath(name).suffix.lower()
    for each in FORMATS:
        if extension in each.extensions:
            return each.file_format
    return _FOREIGN.get(extension)


def option_for(name: str) -> str | None:
    """Return the option that a file name's extension asks for, None where that is of no format that is written."""
    found = by_file_format(of_name(name) or "")
    return found.name if found is not None and found in writable() else None


def mime_type_of(file_format: str) -> str:
    """Return the media type of a file of a format; of kept originals it may be one that the table lacks."""
    found = by_file_format("JPEG" if file_format == "MPO" else file_format)
    if found is not None:
        return found.mime_type
    return f"image/{file_format.lower()}" if file_format in ("BMP", "TIFF") else "application/octet-stream"


def extension_of(file_format: str, default: str) -> str:
    """Return the extension for a file of a format; `default` where that fits or none is known."""
    found = by_file_format(file_format)
    extensions = found.extensions if found else tuple(e for e, each in _FOREIGN.items() if each == file_format)
    return default if not extensions or default.lower() in extensions else extensions[0]
