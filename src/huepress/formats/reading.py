"""From a file's bytes to a picture or an animation, with the form in which its original may be kept."""

from __future__ import annotations

import dataclasses
import warnings
from contextlib import suppress

from PIL import Image

from huepress.errors import DecodeError, HuepressError, LimitError, Remedy, UnsupportedError
from huepress.formats import decode, table
from huepress.formats.mending import is_cut, mend
from huepress.formats.metadata import has_private_data, oriented_exif, read_metadata
from huepress.formats.opening import open_image
from huepress.formats.pixels import orientation_of
from huepress.model import Animation, Metadata, SourceImage
from huepress.options import ColorHandling, Strip

# So many pages are looked through for metadata.
_MOST_PAGES = 100


def read_input(
    data: bytes,
    *,
    max_pixels: int,
    color: ColorHandling = "srgb",
    strip: Strip = "safe",
    moving: bool = False,
    tolerant: bool = False,
) -> SourceImage | Animation:
    """Read a picture, or where they may be `moving` an animation.

    Parameters
    ----------
    data : bytes
    max_pixels, color, strip
        See `read_still` and `read_animation`.
    moving : bool
        Whether animations are taken.
    tolerant : bool
        Whether files that were cut off are read as far as they go, see `mending.mend`. A note says what was missing,
        and such a file is not `keepable`.

    Raises
    ------
    DecodeError, LimitError
    """

    def read(data: bytes) -> SourceImage | Animation:
        format_ = table.of_bytes(data)
        always = format_ is not None and format_.moving is not None and format_.moving.always
        animation = read_animation(data, max_pixels=max_pixels, strip=strip) if moving or always else None
        if animation is not None and not moving:
            return SourceImage(next(animation.frames())[..., :3], animation.format, data)
        return animation or read_still(data, max_pixels=max_pixels, color=color, strip=strip)

    mended = mend(data, max_pixels=max_pixels) if tolerant else None
    if mended is not None:
        with suppress(DecodeError):  # what cannot be mended is judged as it is
            found = read(mended.data)
            notes = (mended.note, *found.notes)
            return dataclasses.replace(found, encoded=data, keepable=None, notes=notes, mended=True)
    try:
        return read(data)
    except UnsupportedError:
        raise
    except DecodeError as error:
        if error.remedy or tolerant or not is_cut(data):
            raise
        raise DecodeError(error.problem, remedy=Remedy.TOLERANT) from None


def read_still(data: bytes, *, max_pixels: int, color: ColorHandling = "srgb", strip: Strip = "safe") -> SourceImage:
    """Decode a picture; see `decode.decode`. Its `keepable` is the file without what must not survive."""
    return decode.decode(data, max_pixels=max_pixels, color=color, strip=strip, clean=clean_file)


def read_animation(data: bytes, *, max_pixels: int, strip: Strip = "safe") -> Animation | None:
    """Return the animation in a GIF, PNG or WebP file, None where it holds a still picture or is no such file.

    Nothing is decoded yet but the structure; a frame that turns out to be damaged raises when it is
    asked for.

    Parameters
    ----------
    data : bytes
    max_pixels : int
        Animations whose canvas has more pixels are refused; see `check_frames`.
    strip : {"safe", "all", "none"}
        Which metadata go where the file is kept.

    Raises
    ------
    DecodeError
        If the file is damaged or cut off.
    LimitError
        If the canvas has more than `max_pixels` pixels.
    """
    found = table.of_bytes(data)
    if found is None or found.moving is None:
        return None
    try:
        animation = found.moving.read(data, max_pixels=max_pixels)
        if animation is None:
            return None
        return dataclasses.replace(animation, keepable=_keepable(data, strip) if found.written else None)
    except HuepressError:
        raise
    except MemoryError:
        raise LimitError("not enough memory to decode the animation; make it smaller") from None
    except Exception as error:  # Pillow's plug-ins raise many kinds on damaged files
        raise DecodeError(f"the animation is damaged ({error}); make it anew or leave it out") from None


def check_frames(animation: Animation, max_pixels: int) -> None:
    """Refuse an animation whose frames are too much work; what was cut off before does not count.

    Raises
    ------
    LimitError
        If all frames together have more than 16 times `max_pixels` pixels.
    """
    decode.check_all_frames(animation.n_frames, animation.width, animation.height, max_pixels)


def _keepable(data: bytes, strip: Strip) -> bytes | None:
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        with open_image(data) as image:
            metadata = read_metadata(image, strip, None, turned=False)
            return clean_file(image, data, strip, orientation_of(image), metadata)


def clean_file(image: Image.Image, data: bytes, strip: Strip, orientation: int, metadata: Metadata) -> bytes | None:
    """Return a file without the metadata that must not survive; None where that cannot be done.

    Colors, animation and orientation stay, since they say how the picture looks.

    Parameters
    ----------
    image : PIL.Image.Image
        The file's loaded image.
    data : bytes
        The file.
    strip : {"safe", "all", "none"}
    orientation : int
        Its EXIF orientation.
    metadata : Metadata
        What of it may survive.
    """
    if strip == "none":
        return data
    found = table.of_bytes(data)
    private = has_private_data(image)
    if found is None or found.clean is None or (found.turns_pixels and not private):
        return None if private else data
    exif = oriented_exif(1 if found.turns_pixels else orientation, metadata.texts)
    cleaned = found.clean(data, exif, resolution=strip == "safe")
    if cleaned is None:
        return None if private else data
    if cleaned == data:
        return data
    return cleaned if _shows_same(image, cleaned) else None


def _shows_same(image: Image.Image, cleaned: bytes) -> bool:
    """Tell whether a cleaned file decodes to the very pixels of the original."""
    try:
        with open_image(cleaned) as again:
            again.load()
            return again.mode == image.mode and again.size == image.size and again.tobytes() == image.tobytes()
    except Exception:  # as the decoders raise many kinds
        return False


def refuse_private(data: bytes, why: str) -> None:
    """Refuse a file that can only be kept as it is where some page of it holds private metadata.

    Raises
    ------
    UnsupportedError
        With what is wrong with the file, `why`.
    """
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            with open_image(data) as image:
                for page in range(_MOST_PAGES):
                    if page:
                        image.seek(page)
                    if has_private_data(image):
                        break
                private = True  # found, or more pages than are looked at
    except EOFError:
        private = False
    except Exception:  # as the decoders raise many kinds; what cannot be read cannot be vouched for
        private = True
    if private:
        raise UnsupportedError(f"{why}, and it holds metadata that cannot be removed", remedy=Remedy.NO_STRIP)
