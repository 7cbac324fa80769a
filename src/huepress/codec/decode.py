"""From file bytes, Pillow images and arrays to a SourceImage."""

from __future__ import annotations

import io
import threading
import warnings
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import numpy as np
from PIL import Image, ImageOps, UnidentifiedImageError

from huepress.errors import DecodeError, HuepressError, InputError, LimitError, UnsupportedError
from huepress.model import Bytes, SourceImage

# Cameras' JPEGs with a preview, icons in several sizes: the first frame is the picture.
_EXTRA_FRAMES_ARE_THUMBNAILS = ("MPO", "ICO", "ICNS")
_pillow_limit_lock = threading.Lock()


def decode(data: bytes, *, max_pixels: int) -> SourceImage:
    """Decode the bytes of an image file.

    EXIF orientation is applied.

    Parameters
    ----------
    data : bytes
    max_pixels : int
        Images with more pixels are refused before they are decoded.

    Returns
    -------
    SourceImage

    Raises
    ------
    DecodeError
        If the bytes are no image, a damaged one, or an animation.
    LimitError
        If the image has more than `max_pixels` pixels.
    """
    if not data:
        raise DecodeError("the file is empty; give an image file")
    with own_pixel_limit():
        try:
            with warnings.catch_warnings():
                warnings.simplefilter("ignore")
                image = Image.open(io.BytesIO(data))
        except UnidentifiedImageError:
            raise DecodeError(
                "not an image, or of a kind that cannot be read; give a PNG, JPEG, WebP, GIF, TIFF or BMP file"
            ) from None
        except Exception as error:
            raise DecodeError(f"the image is damaged ({error}); make it anew or leave it out") from None
        with image:
            return _load(image, data, max_pixels)


def _load(image: Image.Image, data: bytes, max_pixels: int) -> SourceImage:
    _check_size(image, max_pixels)
    file_format = image.format or "unknown"
    frames = getattr(image, "n_frames", 1)
    if frames > 1 and file_format not in _EXTRA_FRAMES_ARE_THUMBNAILS:
        raise UnsupportedError(
            f"{frames} frames or pages; only single pictures can be compressed so far, split it first"
        )
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            image.load()
            ImageOps.exif_transpose(image, in_place=True)
            pixels = _to_pixels(image)
    except MemoryError:
        raise LimitError("not enough memory to decode the image; make it smaller") from None
    except HuepressError:
        raise
    except Exception as error:  # Pillow's plug-ins raise many kinds on damaged files
        raise DecodeError(f"the image is damaged or cut off ({error}); make it anew or leave it out") from None
    return SourceImage(pixels, file_format, data)


def from_pillow(image: Image.Image, *, max_pixels: int) -> SourceImage:
    """Take over a Pillow image (its pixels, not the file it came from); EXIF orientation is applied.

    Raises
    ------
    DecodeError
        If Pillow cannot load or convert it.
    LimitError
        If it has more than `max_pixels` pixels.
    """
    _check_size(image, max_pixels)
    try:
        return SourceImage(_to_pixels(ImageOps.exif_transpose(image)))
    except HuepressError:
        raise
    except Exception as error:
        raise DecodeError(f"Pillow cannot load the image ({error}); open it anew") from None


def from_array(array: Any, *, max_pixels: int) -> SourceImage:
    """Take over an array of uint8: H x W gray, H x W x 3 RGB or H x W x 4 RGBA.

    Raises
    ------
    InputError
        If the array has another dtype or shape, or no pixels.
    LimitError
        If it has more than `max_pixels` pixels.
    """
    pixels = np.asarray(array)
    if pixels.dtype != np.uint8:
        raise InputError(f"the array has dtype {pixels.dtype}; convert it to uint8, 0 to 255")
    if pixels.ndim == 2:
        pixels = pixels[:, :, np.newaxis]
    if pixels.ndim != 3 or pixels.shape[2] not in (1, 3, 4) or pixels.size == 0:
        raise InputError(f"the array has shape {np.shape(array)}; it must be H x W, H x W x 3 or H x W x 4")
    if pixels.shape[0] * pixels.shape[1] > max_pixels:
        raise LimitError(_too_large(pixels.shape[1], pixels.shape[0], max_pixels))
    if pixels.shape[2] == 1:
        pixels = np.repeat(pixels, 3, axis=2)
    return SourceImage(_without_idle_alpha(pixels))


@contextmanager
def own_pixel_limit() -> Iterator[None]:
    """Switch Pillow's process-wide limit off: ours is per call."""
    with _pillow_limit_lock:
        before = Image.MAX_IMAGE_PIXELS
        Image.MAX_IMAGE_PIXELS = None
        try:
            yield
        finally:
            Image.MAX_IMAGE_PIXELS = before


def _check_size(image: Image.Image, max_pixels: int) -> None:
    width, height = image.size
    if width < 1 or height < 1:
        raise DecodeError("the image has no pixels; give one of at least 1 x 1")
    if width * height > max_pixels:
        raise LimitError(_too_large(width, height, max_pixels))


def _too_large(width: int, height: int, max_pixels: int) -> str:
    return (
        f"the image has {width * height:,} pixels ({width} x {height}), more than the limit of {max_pixels:,}; "
        f"raise the limit with --max-pixels (library: max_pixels)"
    )


def _to_pixels(image: Image.Image) -> Bytes:
    if image.mode.startswith("I;16") or image.mode == "I":
        codes = np.asarray(image).astype(np.int64)
        if codes.min() < 0 or codes.max() > 65535:
            raise DecodeError("gray values beyond 16 bits; scale them to 0 to 65535")
        gray = ((codes * 255 + 32767) // 65535).astype(np.uint8)
        return np.repeat(gray[:, :, np.newaxis], 3, axis=2)
    if image.mode == "F":
        raise DecodeError("floating-point gray values; scale them to 8 bits")
    if image.mode not in ("RGB", "RGBA"):
        image = image.convert("RGBA" if image.has_transparency_data else "RGB")
    elif image.mode == "RGB" and image.has_transparency_data:
        image = image.convert("RGBA")
    return _without_idle_alpha(np.asarray(image))


def _without_idle_alpha(pixels: Bytes) -> Bytes:
    """Drop an alpha channel that is opaque everywhere."""
    if pixels.shape[2] == 4 and bool((pixels[:, :, 3] == 255).all()):
        return np.ascontiguousarray(pixels[:, :, :3])
    return pixels
