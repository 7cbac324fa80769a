"""What a file carries beside its pixels: read, reduced to what may survive, written as EXIF."""

from __future__ import annotations

import math
import re
from typing import Any

from PIL import ExifTags, Image

from huepress.model import Metadata
from huepress.options import Strip

_ORIENTATION, _ARTIST, _COPYRIGHT = 0x0112, 0x013B, 0x8298
_X_RESOLUTION, _Y_RESOLUTION, _RESOLUTION_UNIT, _INCH = 0x011A, 0x011B, 0x0128, 2
_NAMED_TEXTS = (("Author", _ARTIST), ("Copyright", _COPYRIGHT))
# Tags that describe a picture rather than the layout of one TIFF file (CIPA DC-008, 4.6.4; TIFF 6.0).
_DESCRIPTIVE_TAGS = {
    0x010E, 0x010F, 0x0110, _X_RESOLUTION, _Y_RESOLUTION, _RESOLUTION_UNIT, 0x0131, 0x0132, _ARTIST, 0x013C,
    _COPYRIGHT, 0x4746, 0x4749, 0x8769, 0x8825, 0x9C9B, 0x9C9C, 0x9C9D, 0x9C9E, 0x9C9F,
}  # fmt: skip
_XMP_KEYWORD = "XML:com.adobe.xmp"
_XMP_ORIENTATION = re.compile(rb'\s?tiff:Orientation="[0-9]"|<tiff:Orientation>[0-9]</tiff:Orientation>')
_LARGEST_DPI, _LONGEST_TEXT = 1e6, 10_000


def read_metadata(image: Image.Image, strip: Strip, profile: bytes | None, *, turned: bool) -> Metadata:
    """Return what may survive of a loaded image's metadata.

    Parameters
    ----------
    image : PIL.Image.Image
    strip : {"safe", "all", "none"}
    profile : bytes, optional
        The RGB profile in which the pixels are kept.
    turned : bool
        Whether the orientation that was applied swaps width and height.
    """
    if strip == "all":
        return Metadata(icc_profile=profile)
    exif = _exif_of(image)
    dpi = _dpi_of(image, exif)
    if dpi and turned:
        dpi = dpi[1], dpi[0]
    texts = {**_named_texts(exif), **_texts_of(image)}
    if strip == "safe":
        kept = tuple((key, texts[key]) for key, _ in _NAMED_TEXTS if texts.get(key))
        return Metadata(profile, dpi, texts=kept)
    named = tuple(texts.items()) if exif is None or not len(exif) else tuple(_texts_of(image).items())
    return Metadata(profile, dpi, _without_orientation(exif), _xmp_of(image), named)


def as_pillow(metadata: Metadata) -> dict[str, bytes]:
    """Return metadata as Pillow's writers of WebP, AVIF and JPEG name them."""
    extras = {"exif": as_exif(metadata), "xmp": metadata.xmp, "icc_profile": metadata.icc_profile}
    return {name: value for name, value in extras.items() if value}


def as_exif(metadata: Metadata) -> bytes | None:
    """Return metadata as a TIFF structure for formats that have no other room for them."""
    exif = Image.Exif()
    if metadata.exif:
        exif.load(b"Exif\0\0" + metadata.exif)
    elif metadata.dpi is None and not metadata.texts:
        return None
    _name_texts(exif, metadata.texts)
    if metadata.dpi is not None:
        exif[_X_RESOLUTION], exif[_Y_RESOLUTION] = metadata.dpi
        exif[_RESOLUTION_UNIT] = _INCH
    return _to_bytes(exif)


def has_private_data(image: Image.Image, *, named: bool = False) -> bool:
    """Tell whether an image carries anything beside profile, resolution and (if `named`) author and copyright."""
    exif = _exif_of(image)
    harmless = {_X_RESOLUTION, _Y_RESOLUTION, _RESOLUTION_UNIT, _ORIENTATION, 0x0213, 0x0131}
    if named:
        harmless |= {_ARTIST, _COPYRIGHT}
    if exif is not None and (set(exif) & _DESCRIPTIVE_TAGS) - harmless:
        return True
    if exif is not None and image.format != "TIFF" and set(exif) - harmless - _DESCRIPTIVE_TAGS:
        return True
    texts = image.format != "JPEG2000" and bool(_texts_of(image))  # there every writer names itself
    return texts or bool(_xmp_of(image)) or bool(image.info.get("photoshop"))


def oriented_exif(orientation: int, texts: tuple[tuple[str, str], ...]) -> bytes | None:
    """Return a TIFF structure with an orientation, author and copyright, None where there are none."""
    exif = Image.Exif()
    _name_texts(exif, texts)
    if orientation != 1:
        exif[_ORIENTATION] = orientation
    return _to_bytes(exif) if len(exif) else None


def _exif_of(image: Image.Image) -> Image.Exif | None:
    try:
        exif = image.getexif()
        exif.get_ifd(ExifTags.IFD.Exif)
        exif.get_ifd(ExifTags.IFD.GPSInfo)
    except Exception:  # damaged EXIF: the picture is still there
        return None
    return exif


def _without_orientation(exif: Image.Exif | None) -> bytes | None:
    if exif is None:
        return None
    kept = Image.Exif()
    for tag, value in exif.items():
        if tag in _DESCRIPTIVE_TAGS and tag not in (ExifTags.IFD.Exif, ExifTags.IFD.GPSInfo):
            kept[tag] = value
    for ifd in (ExifTags.IFD.Exif, ExifTags.IFD.GPSInfo):
        values = exif.get_ifd(ifd)
        if values:
            kept.get_ifd(ifd).update(values)
    return (
        _to_bytes(kept) if len(kept) or kept.get_ifd(ExifTags.IFD.Exif) or kept.get_ifd(ExifTags.IFD.GPSInfo) else None
    )


def _to_bytes(exif: Image.Exif) -> bytes | None:
    try:
        return exif.tobytes().removeprefix(b"Exif\0\0")
    except Exception:  # values that EXIF cannot hold, from damaged files
        return None


def _dpi_of(image: Image.Image, exif: Image.Exif | None) -> tuple[float, float] | None:
    found: Any = image.info.get("dpi")
    if found is None and exif is not None and exif.get(_X_RESOLUTION):
        scale = 2.54 if exif.get(_RESOLUTION_UNIT) == 3 else 1.0
        try:
            found = [scale * float(exif[tag]) for tag in (_X_RESOLUTION, _Y_RESOLUTION)]
        except (KeyError, TypeError, ValueError, ArithmeticError):
            found = None
    try:
        x, y = (float(value) for value in found)
    except (TypeError, ValueError, ArithmeticError):
        return None
    return (x, y) if all(math.isfinite(v) and 1 <= v < _LARGEST_DPI for v in (x, y)) else None


def _name_texts(exif: Image.Exif, texts: tuple[tuple[str, str], ...]) -> None:
    for key, tag in _NAMED_TEXTS:
        if dict(texts).get(key):
            exif[tag] = dict(texts)[key]


def _named_texts(exif: Image.Exif | None) -> dict[str, str]:
    texts = {}
    for key, tag in _NAMED_TEXTS:
        value = exif.get(tag) if exif is not None else None
        if isinstance(value, str) and value.strip(" \0"):
            texts[key] = value.strip(" \0")[:_LONGEST_TEXT]
    return texts


def _texts_of(image: Image.Image) -> dict[str, str]:
    """Return the texts of PNG, and the comments of GIF and JPEG."""
    try:
        found = dict(getattr(image, "text", {}))
    except Exception:  # a damaged chunk behind the pixels
        found = {}
    comment = image.info.get("comment")
    if isinstance(comment, bytes | str) and comment:
        found["Comment"] = comment if isinstance(comment, str) else comment.decode("utf-8", "replace")
    return {
        str(key): str(value)[:_LONGEST_TEXT]
        for key, value in found.items()
        if value and key != _XMP_KEYWORD and not str(key).startswith("Raw profile type")
    }


def _xmp_of(image: Image.Image) -> bytes | None:
    xmp = image.info.get("xmp") or image.info.get(_XMP_KEYWORD)
    if isinstance(xmp, str):
        xmp = xmp.encode()
    if not isinstance(xmp, bytes) or not xmp.strip():
        return None
    return _XMP_ORIENTATION.sub(b"", xmp)
