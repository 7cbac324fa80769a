"""The PNG optimizer, which keeps threads of its own that a forked child does not have.

Where it cannot be had (Pyodide), the core writes indexed files, zlib deflates others, and finished files stay as they
are.

Called in a child of ``fork`` after the parent had used it, it would wait for them forever; a fresh process does the
work there instead, with the same result.
"""

from __future__ import annotations

import os
import pickle
import struct
import subprocess
import sys
import zlib
from typing import Any

from huepress.errors import HuepressError
from huepress.formats.png_chunks import SIGNATURE, write_chunk

try:
    import oxipng
except ImportError:  # no wheels: WebAssembly
    oxipng = None  # type: ignore[assignment]

_used_in = 0  # the process in which the optimizer has its threads


def has_optimizer() -> bool:
    """Tell whether the optimizer is installed."""
    return oxipng is not None


def optimize_codes(
    rows: bytes, width: int, height: int, color: dict[str, Any], bit_depth: int, how: dict[str, Any]
) -> bytes:
    """Encode packed rows as an optimized PNG.

    Parameters
    ----------
    rows : bytes
    width, height : int
    color : dict
        ``{"palette": ...}``, ``{"gray": transparent code or None}``, or ``{"rgba": True}``.
    bit_depth : int
    how : dict
        ``level``, ``zopfli`` (iterations, 0 for none) and ``unfiltered``.
    """
    if oxipng is None:
        return plain_codes(rows, width, height, color, bit_depth)
    return bytes(_called("_codes", (rows, width, height, color, bit_depth, how)))


def optimize_file(data: bytes, level: int) -> bytes | None:
    """Return a PNG of the same pixels, optimized; None where the optimizer cannot read it."""
    if oxipng is None:
        return None
    found: bytes | None = _called("_file", (data, level))
    return found


def plain_codes(
    rows: bytes, width: int, height: int, color: dict[str, Any], bit_depth: int, *, level: int = 9
) -> bytes:
    """Encode packed rows without filters and without the optimizer (PNG third edition, 11.2); see `optimize_codes`.

    `level` is zlib's, 0 to 9.
    """
    palette: list[list[int]] = color.get("palette", [])
    kind = 3 if palette else 6 if "rgba" in color else 0
    n_bytes = len(rows) // height
    lines = b"".join(b"\0" + rows[at : at + n_bytes] for at in range(0, len(rows), n_bytes))
    header = struct.pack(">IIBBBBB", width, height, bit_depth, kind, 0, 0, 0)
    chunks = [(b"IHDR", header)]
    if palette:
        chunks.append((b"PLTE", bytes(code for entry in palette for code in entry[:3])))
    alphas = bytes(entry[3] for entry in palette).rstrip(b"\xff")
    clear = color.get("gray")
    if alphas or clear is not None:
        chunks.append((b"tRNS", alphas or struct.pack(">H", clear)))
    chunks += [(b"IDAT", zlib.compress(lines, level)), (b"IEND", b"")]
    return SIGNATURE + b"".join(write_chunk(*chunk) for chunk in chunks)


def _codes(rows: bytes, width: int, height: int, color: dict[str, Any], bit_depth: int, how: dict[str, Any]) -> bytes:
    kind = (
        oxipng.ColorType.indexed(color["palette"])
        if "palette" in color
        else oxipng.ColorType.grayscale(color["gray"])
        if "gray" in color
        else oxipng.ColorType.rgba()
    )
    options: dict[str, Any] = {"level": how["level"]}
    if "rgba" not in color:
        options["optimize_alpha"] = False
    if how.get("zopfli"):
        options["deflate"] = oxipng.Deflaters.zopfli(how["zopfli"])
    if how.get("unfiltered"):
        options["filter"] = [oxipng.RowFilter.NoOp]
    raw = oxipng.RawImage(rows, width, height, color_type=kind, bit_depth=bit_depth)
    return bytes(
        raw.create_optimized_png(
            **options,
            bit_depth_reduction=False,
            color_type_reduction=False,
            palette_reduction=False,
            grayscale_reduction=False,
        )
    )


def _file(data: bytes, level: int) -> bytes | None:
    try:
        return bytes(oxipng.optimize_from_memory(data, level=level))
    except oxipng.PngError:
        return None


def _called(name: str, arguments: tuple[Any, ...]) -> Any:
    global _used_in
    if _used_in in (0, os.getpid()):
        _used_in = os.getpid()
        return globals()[name](*arguments)
    program = "from huepress.formats.optimizer import _serve; _serve()"
    done = subprocess.run(
        [sys.executable, "-c", program], input=pickle.dumps((name, arguments)), capture_output=True, check=False
    )
    if done.returncode:
        raise HuepressError("the PNG optimizer has failed", remedy="run it again")
    return pickle.loads(done.stdout)


def _serve() -> None:
    """Do one call that comes from another process of ours over standard input."""
    name, arguments = pickle.load(sys.stdin.buffer)
    sys.stdout.buffer.write(pickle.dumps(globals()[name](*arguments)))
