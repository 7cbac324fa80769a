"""A small file of every kind of input: its bytes, and its pixels where the format is lossless."""

from __future__ import annotations

import io
import struct
import warnings

import cv2
import numpy as np
from PIL import Image, ImageCms

from reference.png_writer import write_png

HEIGHT, WIDTH = 21, 26


def picture() -> np.ndarray:
    """A gradient with edges, RGB."""
    y, x = np.mgrid[0:HEIGHT, 0:WIDTH]
    rgb = np.dstack([x * 9, y * 11, (x + y) * 5]).astype(np.uint8)
    rgb[5:12, 6:15] = (200, 30, 90)
    return rgb


def picture_with_alpha() -> np.ndarray:
    y, x = np.mgrid[0:HEIGHT, 0:WIDTH]
    alpha = np.clip(300 - 25 * np.hypot(x - 13, y - 10), 0, 255).astype(np.uint8)
    return np.dstack([picture(), alpha])


def saved(image, file_format, **options) -> bytes:
    buffer = io.BytesIO()
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        image.save(buffer, file_format, **options)
    return buffer.getvalue()


def opencv(extension, pixels, *options) -> bytes:
    order = [2, 1, 0] + [3] * (pixels.shape[2] == 4)
    return cv2.imencode(extension, np.ascontiguousarray(pixels[:, :, order]), list(options))[1].tobytes()


def all_kinds() -> dict[str, tuple[bytes, np.ndarray | None]]:
    kinds = {**png_kinds(), **pillow_kinds(), **deep_kinds(), **handmade_kinds()}
    return {name: kind for name, kind in kinds.items() if kind is not None}


def png_kinds() -> dict[str, tuple[bytes, np.ndarray]]:
    """Every color type and depth of PNG, plain and interlaced, with and without tRNS."""
    rng = np.random.default_rng(0)
    kinds = {}
    for color_type, depths in ((0, (1, 2, 4, 8, 16)), (2, (8, 16)), (3, (1, 2, 4, 8)), (4, (8, 16)), (6, (8, 16))):
        channels = {0: 1, 2: 3, 3: 1, 4: 2, 6: 4}[color_type]
        for depth in depths:
            largest = (1 << depth) - 1
            samples = rng.integers(0, largest + 1, (HEIGHT, WIDTH, channels))
            if depth == 16:
                samples[0, 0], samples[0, 1] = 0x1280, 0x127F  # one and another side of a rounding edge
            for interlaced in (False, True):
                for keyed in (False, True) if color_type in (0, 2, 3) else (False,):
                    name = f"png-{color_type}-{depth}" + "-adam7" * interlaced + "-trns" * keyed
                    kinds[name] = _png_kind(samples, color_type, depth, interlaced, keyed)
    return kinds


def _png_kind(samples, color_type, depth, interlaced, keyed):
    largest = (1 << depth) - 1
    chunks = []
    codes = np.rint(samples * (255 / largest)).astype(np.uint8)
    alpha = np.full(samples.shape[:2], 255, np.uint8)
    if color_type == 3:
        palette = np.random.default_rng(1).integers(0, 256, (largest + 1, 3), dtype=np.uint8)
        alphas = np.random.default_rng(2).integers(0, 256, (largest + 1) // 2 + 1, dtype=np.uint8)
        chunks.append((b"PLTE", palette.tobytes()))
        rgb = palette[samples[:, :, 0]]
        if keyed:
            chunks.append((b"tRNS", alphas.tobytes()))
            alpha = np.append(alphas, np.full(256, 255, np.uint8))[samples[:, :, 0]]
    else:
        rgb = np.repeat(codes[:, :, :1], 3, axis=2) if color_type in (0, 4) else codes[:, :, :3]
        if color_type in (4, 6):
            alpha = codes[:, :, -1]
        if keyed:
            key = samples[3, 4]
            chunks.append((b"tRNS", b"".join(int(v).to_bytes(2, "big") for v in key)))
            alpha = np.where((samples == key).all(axis=2), 0, 255).astype(np.uint8)
    data = write_png(samples, color_type, depth, interlaced=interlaced, chunks=chunks)
    return data, rgb if (alpha == 255).all() else np.dstack([rgb, alpha])


def deep_kinds() -> dict[str, tuple[bytes, np.ndarray]]:
    """TIFF with 16 bits a channel, uncompressed and deflated."""
    rng = np.random.default_rng(3)
    kinds = {}
    for channels in (3, 4):
        samples = rng.integers(0, 65536, (HEIGHT, WIDTH, channels), dtype=np.uint16)
        wanted = np.rint(samples / 257).astype(np.uint8)
        for compression in (1, 8):
            data = opencv(".tiff", samples, cv2.IMWRITE_TIFF_COMPRESSION, compression)
            kinds[f"tiff-16-{channels}-{compression}"] = data, wanted
    gray = samples[:, :, 0]
    gray_wanted = np.repeat(np.rint(gray / 257).astype(np.uint8)[:, :, None], 3, axis=2)
    kinds["tiff-gray16"] = saved(Image.fromarray(gray), "TIFF"), gray_wanted
    kinds["ppm-16"] = b"P6 %d %d 65535\n" % (WIDTH, HEIGHT) + samples[:, :, :3].astype(">u2").tobytes(), None
    floats = (gray / 65535).astype(np.float32)
    kinds["tiff-float"] = saved(Image.fromarray(floats), "TIFF"), gray_wanted
    return kinds


def pillow_kinds() -> dict[str, tuple[bytes, np.ndarray | None] | None]:
    """What Pillow and its plug-ins write."""
    rgb, rgba = Image.fromarray(picture()), Image.fromarray(picture_with_alpha())
    exact, exact_alpha = picture(), picture_with_alpha()
    gray = np.asarray(rgb.convert("L"))
    grays = np.repeat(gray[:, :, None], 3, axis=2)
    black_white = np.where(gray[:, :, None] > 100, 255, 0).astype(np.uint8).repeat(3, axis=2)
    indexed = rgb.quantize(16)
    indexed_rgb = np.asarray(indexed.convert("RGB"))
    profile = ImageCms.ImageCmsProfile(ImageCms.createProfile("sRGB")).tobytes()
    kinds = {
        "jpeg": (saved(rgb, "JPEG", quality=90), None),
        "jpeg-progressive": (saved(rgb, "JPEG", quality=90, progressive=True), None),
        "jpeg-gray": (saved(rgb.convert("L"), "JPEG"), None),
        "jpeg-cmyk": (saved(rgb.convert("CMYK"), "JPEG", quality=95), None),  # Adobe-inverted
        "mpo": (saved(rgb, "MPO", save_all=True, append_images=[rgb.resize((8, 8))]), None),
        "webp-lossless": (saved(rgba, "WEBP", lossless=True, exact=True), exact_alpha),
        "webp-lossy": (saved(rgb, "WEBP", quality=80), None),
        "gif": (saved(indexed, "GIF"), indexed_rgb),
        "gif-transparent": (saved(indexed, "GIF", transparency=3), None),
        "gif-interlaced": (saved(indexed, "GIF", interlace=1), indexed_rgb),
        "png-icc": (saved(rgb, "PNG", icc_profile=profile), exact),
        "bmp": (saved(rgb, "BMP"), exact),
        "bmp-gray": (saved(rgb.convert("L"), "BMP"), grays),
        "bmp-1": (saved(Image.fromarray(black_white).convert("1"), "BMP"), black_white),
        "bmp-p": (saved(indexed, "BMP"), indexed_rgb),
        "bmp-rgba": (saved(rgba, "BMP"), None),
        "dib": (saved(rgb, "DIB"), exact),
        "avif": (saved(rgb, "AVIF", quality=90), None),
        "avif-alpha": (saved(rgba, "AVIF"), None),
        "ico": (saved(rgba, "ICO", sizes=[(16, 16), (24, 20)]), None),
        "icns": (saved(rgba.resize((16, 16)), "ICNS"), None),
        "jpeg2000": (saved(rgb, "JPEG2000", irreversible=False), exact),
        "jpeg2000-alpha": (saved(rgba, "JPEG2000", irreversible=False), exact_alpha),
        "ppm": (saved(rgb, "PPM"), exact),
        "pgm": (saved(rgb.convert("L"), "PPM"), grays),
        "pbm": (saved(Image.fromarray(black_white).convert("1"), "PPM"), black_white),
        "pfm": (saved(Image.fromarray(gray.astype(np.float32)), "PPM"), grays),
        "pcx": (saved(rgb, "PCX"), exact),
        "pcx-p": (saved(indexed, "PCX"), indexed_rgb),
        "tga": (saved(rgba, "TGA"), exact_alpha),
        "tga-rle": (saved(rgb, "TGA", compression="tga_rle"), exact),
        "sgi": (saved(rgb, "SGI"), exact),
        "qoi": (saved(rgba, "QOI"), exact_alpha),
        "dds": (saved(rgba, "DDS"), exact_alpha),
        "im": (saved(rgb, "IM"), exact),
        "msp": (saved(Image.fromarray(black_white).convert("1"), "MSP"), black_white),
        "xbm": (saved(Image.fromarray(black_white).convert("1"), "XBM"), None),
        "spider": (saved(Image.fromarray((gray / 255).astype(np.float32)), "SPIDER"), grays),
        "blp": (saved(indexed, "BLP"), None),
    }
    for compression in ("raw", "tiff_lzw", "tiff_adobe_deflate", "packbits"):
        kinds[f"tiff-{compression}"] = saved(rgb, "TIFF", compression=compression), exact
    kinds["tiff-jpeg"] = saved(rgb, "TIFF", compression="jpeg"), None
    kinds["tiff-fax"] = (
        saved(Image.fromarray(black_white).convert("1"), "TIFF", compression="group4"),
        black_white,
    )
    for mode in ("1", "L", "LA", "P", "RGBA", "CMYK", "LAB", "I"):
        source = indexed if mode == "P" else rgba
        image = source if mode in ("P", "RGBA") else rgb.convert("L").convert(mode) if mode == "I" else (
            ImageCms.profileToProfile(rgb, ImageCms.createProfile("sRGB"), ImageCms.createProfile("LAB"),
                                      outputMode="LAB") if mode == "LAB"
            else rgba.convert(mode) if mode == "LA" else rgb.convert(mode))  # fmt: skip
        wanted = {"L": grays, "P": indexed_rgb, "RGBA": exact_alpha}.get(mode)
        kinds[f"tiff-{mode}"] = saved(image, "TIFF"), wanted
    kinds.update(_plug_in_kinds(rgb, rgba, exact_alpha))
    return kinds


def handmade_kinds() -> dict[str, tuple[bytes, np.ndarray]]:
    """What Pillow reads and does not write."""
    rgb = picture()
    gray = np.asarray(Image.fromarray(rgb).convert("L"))
    grays = np.repeat(gray[:, :, None], 3, axis=2)
    psd = struct.pack(">4sH6xHIIHH", b"8BPS", 1, 3, HEIGHT, WIDTH, 8, 3) + bytes(12) + bytes(2)
    sun = struct.pack(">8I", 0x59A66A95, WIDTH, HEIGHT, 24, rgb.size, 1, 0, 0) + rgb[:, :, ::-1].tobytes()
    cards = ("SIMPLE  = T", "BITPIX  = 8", "NAXIS   = 2", f"NAXIS1  = {WIDTH}", f"NAXIS2  = {HEIGHT}", "END")
    fits = "".join(card.ljust(80) for card in cards).encode().ljust(2880) + gray[::-1].tobytes()
    steps = gray // 86
    rows = ",\n".join('"' + "".join(".oX"[v] for v in row) + '"' for row in steps)
    colors = np.array([[0, 0, 0], [200, 30, 90], [255, 255, 255]], np.uint8)
    table = ",\n".join(f'"{c} c #{bytes(color).hex()}"' for c, color in zip(".oX", colors, strict=True))
    xpm = f'/* XPM */\nstatic char *a[] = {{\n"{WIDTH} {HEIGHT} 3 1",\n{table},\n{rows}\n}};\n'.encode()
    return {
        "psd": (psd + rgb.transpose(2, 0, 1).tobytes(), rgb),
        "sun": (sun, rgb),
        "fits": (fits, grays),
        "xpm": (xpm, colors[steps]),
    }


def _plug_in_kinds(rgb, rgba, exact_alpha):
    kinds = {}
    try:
        import pillow_heif

        pillow_heif.register_heif_opener()
        kinds["heic"] = saved(rgb, "HEIF", quality=90), None
        kinds["heic-alpha"] = saved(rgba, "HEIF", quality=90), None
    except ImportError:
        pass
    try:
        import pillow_jxl  # noqa: F401

        kinds["jxl"] = saved(rgba, "JXL", lossless=True), exact_alpha
        kinds["jxl-gray"] = saved(rgb.convert("L"), "JXL"), None
        kinds["jxl-container"] = saved(rgba, "JXL", lossless=True, use_container=True), exact_alpha
    except ImportError:
        pass
    return kinds
