"""The options of a run: one schema for the command line and the library."""

from __future__ import annotations

import os
import re
from dataclasses import dataclass, fields
from numbers import Real
from typing import Any, Literal, cast, get_args

from huepress.colors.text import as_colors
from huepress.errors import OptionError
from huepress.goals import QualityGoal, SizeGoal, parse_quality, parse_size

Space = Literal["auto", "srgb", "oklab"]
Dither = Literal["auto", "none", "full"]
Format = Literal["keep", "png", "webp", "gif", "jxl", "auto"]
Color = Literal["srgb", "keep"]
Strip = Literal["safe", "all", "none"]
Start = Literal["wu", "k-means++", "random"]

PaletteFormat = Literal["hex", "gpl", "act", "ase", "json", "css", "scss", "png"]

SPACES: tuple[str, ...] = get_args(Space)
DITHERS: tuple[str, ...] = get_args(Dither)
FORMATS: tuple[str, ...] = get_args(Format)
PALETTE_FORMATS: tuple[str, ...] = get_args(PaletteFormat)
COLORS: tuple[str, ...] = get_args(Color)
STRIPS: tuple[str, ...] = get_args(Strip)
MAX_EFFORT = 9
MAX_RATE = 1000.0
STARTS: tuple[str, ...] = get_args(Start)
MIN_COLORS, MAX_COLORS = 2, 256
COMPARED_COLORS = (8, 16, 32)
# Few clusters are quick to search and easy to get wrong, so they get more care by default.
FEW_COLORS = 32
SWAPS_FOR_FEW, SWAPS_FOR_MANY = 4, 2


# The limit at which Pillow itself refuses an image.
DEFAULT_MAX_PIXELS = 178_956_970

_HEX_COLOR = re.compile(r"#?([0-9a-fA-F]{6}|[0-9a-fA-F]{8})")


@dataclass(frozen=True, kw_only=True)
class Delivery:
    """Which results are taken, and which originals are kept instead.

    Parameters
    ----------
    allow_larger : bool
        Whether a result that is no smaller than the input file is taken all the same.
    min_saving : float
        The part of the original's bytes, 0 to below 1, that a result has to save; otherwise the original is kept.
    allow_miss : bool
        Whether a result is taken that is larger than `Options.max_size`, where nothing smaller can be had.
    """

    allow_larger: bool = False
    min_saving: float = 0.0
    allow_miss: bool = False


@dataclass(frozen=True, kw_only=True)
class Options:
    """Everything that can be asked of a run.

    Parameters
    ----------
    n_colors : int or "auto"
        Most colors of the palette, 2 to 256; "auto" takes 256 unless fewer serve better.
    quality : number, str or pair, optional
        The fewest bytes that reach this SSIMULACRA2 score, 0 to 100; ``"60-80"`` aims at 80 and keeps the original
        where not even 60 can be reached.
    max_size : int or str, optional
        The best score within so many bytes: a number, ``"100kB"``, ``"1.5MB"``, or bits per pixel, ``"0.1bpp"``.
    seed : int
        Seed of the starts that draw random numbers, 0 or larger. The same input, options and
        seed give the same result for any number of threads.
    init : {"wu", "k-means++", "random"} or tuple of colors
        Where k-means starts: variance-based splitting (Wu 1992), greedy k-means++ (Arthur and
        Vassilvitskii 2007), colors drawn from the image's pixels, or `n_colors` colors of 3 or
        4 integers 0 to 255.
    n_init : int, optional
        Number of starts, of which the best is kept; by default 2 up to 32 colors, else 1.
    n_swaps : int, optional
        Number of swap moves tried after each start; by default 4 up to 32 colors, else 2.
    max_iter : int
        Most iterations of k-means in one run.
    tol : float
        An iteration that lowers the error by no more than this part of it is the last.
    space : {"auto", "srgb", "oklab"}
        The color space in which k-means measures distances: "auto" is oklab with the spatial
        search, whose eye works there, and srgb without it.
    effort : int
        0 to 9. 0 is plain k-means with nearest colors; from 1 on the spatial search chooses the
        indices, with more sweeps, and the file is deflated harder.
    rate : float
        How much a bit of the file is worth beside the error that the eye sees: larger values
        give smaller files, 0 the best looks. The same scale for every image size.
    dither : {"auto", "none", "full"}
        "auto" lets the search decide where dithering is worth its bytes, "none" diffuses no
        error (flat art, sprites), "full" disregards bytes.
    palette : colors, optional
        The palette itself, instead of one that is found: hex strings, rows of 3 or 4 integers, a
        `Palette`. Order and unused entries stay, and pixels of one of its colors keep it. (`compress`
        and `quantize` take a palette file as well.)
    pin : colors, optional
        Colors that the palette has whether pixels use them or not; the others are fitted around
        them. Pixels of such a color keep it.
    format : {"keep", "png", "webp", "gif", "jxl", "auto"}, optional
        The file to write, lossless all: indexed PNG, WebP, GIF (alpha on or off only) or JPEG XL
        (with its plug-in; pictures only); "auto" the smallest of PNG, WebP and GIF that shows equal
        pixels, "keep" the input's format where it is one of the four, else PNG. By default PNG,
        and of animations their own.
    palette_per_frame : bool
        Whether each frame of an animation gets a palette of its own (GIF and WebP).
    color : {"srgb", "keep"}
        Whether a picture in another color space is converted to sRGB, or stays as it is with
        its profile in the output. (Animations have no profile in the output.)
    strip : {"safe", "all", "none"}
        What becomes of metadata. "safe" keeps the resolution, artist and copyright, never the
        location; "none" keeps EXIF, XMP and texts where the output format has room; "all"
        keeps nothing. (Animations written anew have none.)
    jobs : int
        Number of threads; 0 means one per processor.
    max_pixels : int
        Larger images are refused.

    Raises
    ------
    OptionError
        If a value is out of range.
    """

    n_colors: int | Literal["auto"] = "auto"
    quality: Any = None
    max_size: Any = None
    seed: int = 0
    init: str | tuple[tuple[int, ...], ...] = "wu"
    n_init: int | None = None
    n_swaps: int | None = None
    max_iter: int = 300
    tol: float = 1e-3
    space: Space = "auto"
    effort: int = 5
    rate: float = 1.0
    dither: Dither = "auto"
    palette: Any = None
    pin: Any = ()
    format: Format | None = None
    palette_per_frame: bool = False
    color: Color = "srgb"
    strip: Strip = "safe"
    jobs: int = 0
    max_pixels: int = DEFAULT_MAX_PIXELS

    def __post_init__(self) -> None:
        if self.n_colors != "auto":
            _check_range("the number of colors", self.n_colors, MIN_COLORS, MAX_COLORS)
        self._check_goals()
        _check_range("seed", self.seed, 0, 2**64 - 1)
        for name in ("n_init", "n_swaps"):
            value = getattr(self, name)
            if value is not None:
                _check_range(name, value, 0 if name == "n_swaps" else 1, 1_000_000)
        _check_range("max_iter", self.max_iter, 0, 1_000_000)
        _check_range("jobs", self.jobs, 0, 1024)
        _check_range("max_pixels", self.max_pixels, 1, 2**32 - 2)
        if isinstance(self.tol, bool) or not isinstance(self.tol, Real) or not 0 <= self.tol < 1:
            raise OptionError(f"tol must be a number from 0 to below 1, not {self.tol!r}")
        _check_range("effort", self.effort, 0, MAX_EFFORT)
        if isinstance(self.rate, bool) or not isinstance(self.rate, Real) or not 0 <= self.rate <= MAX_RATE:
            raise OptionError(f"rate must be a number from 0 to {MAX_RATE:g}, not {self.rate!r}")
        if self.dither not in DITHERS:
            raise OptionError(f"dither must be one of {', '.join(DITHERS)}, not {self.dither!r}")
        if self.format is not None and self.format not in FORMATS:
            raise OptionError(f"format must be one of {', '.join(FORMATS)}, not {self.format!r}")
        for name, values in (("color", COLORS), ("strip", STRIPS)):
            if getattr(self, name) not in values:
                raise OptionError(f"{name} must be one of {', '.join(values)}, not {getattr(self, name)!r}")
        if self.color == "keep" and self.strip == "all":
            raise OptionError("color 'keep' needs the color profile that strip 'all' removes; choose strip 'safe'")
        if self.palette_per_frame and self.palette is not None:
            raise OptionError("a fixed palette serves all frames; leave palette_per_frame out")
        self._check_palette()
        if self.space not in SPACES:
            raise OptionError(f"space must be one of {', '.join(SPACES)}, not {self.space!r}")
        if isinstance(self.init, str):
            if self.init not in STARTS:
                raise OptionError(f"init must be one of {', '.join(STARTS)}, or a list of colors, not {self.init!r}")
        else:
            object.__setattr__(self, "init", _checked_colors(self.init, self.most_colors - len(self.pin)))

    def _check_goals(self) -> None:
        if self.quality is not None and not isinstance(self.quality, QualityGoal):
            object.__setattr__(self, "quality", parse_quality(self.quality))
        if self.max_size is not None and not isinstance(self.max_size, SizeGoal):
            object.__setattr__(self, "max_size", parse_size(self.max_size))
        if self.quality is not None and self.max_size is not None:
            raise OptionError("quality and max-size exclude each other; give the one that matters")

    def _check_palette(self) -> None:
        for name in ("palette", "pin"):
            value = getattr(self, name)
            if value is None:
                continue
            try:
                object.__setattr__(self, name, as_colors(value))
            except ValueError as error:
                raise OptionError(f"{name} takes colors such as '#ff0000,#ffffff', not {error}") from None
        object.__setattr__(self, "pin", tuple(dict.fromkeys(self.pin or ())))
        if len(self.pin) > self.most_colors:
            raise OptionError(
                f"{len(self.pin)} colors are pinned but the palette has only {self.most_colors}; raise -k"
            )
        if self.palette is None:
            return
        if not 1 <= len(self.palette) <= MAX_COLORS:
            raise OptionError(f"the palette has {len(self.palette)} colors; it must have 1 to {MAX_COLORS}")
        if self.most_colors < len(self.palette):
            raise OptionError(
                f"the palette has {len(self.palette)} colors, more than the {self.most_colors} asked for; "
                "leave -k out or give a smaller palette"
            )
        if self.pin:
            raise OptionError("palette and pin exclude each other; a fixed palette keeps all its colors, leave pin out")

    @property
    def most_colors(self) -> int:
        """The most colors of the palette: 256 where the number is to be chosen."""
        return MAX_COLORS if self.n_colors == "auto" else self.n_colors

    @property
    def goal(self) -> QualityGoal | SizeGoal | None:
        """What is to be reached, if anything."""
        goal: QualityGoal | SizeGoal | None = self.quality or self.max_size
        return goal

    @property
    def asks_for_colors(self) -> bool:
        """Whether certain colors must be in the file: no original is kept then."""
        return self.palette is not None or bool(self.pin)

    @property
    def threads(self) -> int:
        """The number of threads to use."""
        return self.jobs or available_processors()

    @property
    def kmeans_space(self) -> str:
        """The space in which k-means measures, the default resolved."""
        if self.space != "auto":
            return self.space
        return "oklab" if self.effort > 0 else "srgb"

    @property
    def still_format(self) -> Format:
        """The format of a single picture, the default resolved."""
        return self.format or "png"

    @property
    def starts(self) -> int:
        """The number of starts, the default resolved."""
        if self.n_init is not None:
            return self.n_init
        return 2 if self.most_colors <= FEW_COLORS else 1

    @property
    def swaps(self) -> int:
        """The number of swap moves, the default resolved."""
        if self.n_swaps is not None:
            return self.n_swaps
        return SWAPS_FOR_FEW if self.most_colors <= FEW_COLORS else SWAPS_FOR_MANY

    @classmethod
    def from_keywords(cls, keywords: dict[str, Any]) -> Options:
        """Build options from keyword arguments of the library, naming the ones unknown."""
        known = {field.name for field in fields(cls)}
        unknown = sorted(set(keywords) - known)
        if unknown:
            raise OptionError(f"unknown option {unknown[0]!r}; known are {', '.join(sorted(known))}")
        return cls(**keywords)


def format_for_name(name: str) -> Format | None:
    """Return the format that a file name's extension asks for, None where it is none of ours."""
    ending = os.path.splitext(name)[1].lower().removeprefix(".")
    ending = "png" if ending == "apng" else ending
    return cast(Format, ending) if ending in FORMATS and ending not in ("auto", "keep") else None


def available_processors() -> int:
    """Return the number of processors that this process may use."""
    if hasattr(os, "sched_getaffinity"):
        return len(os.sched_getaffinity(0)) or 1
    return os.cpu_count() or 1


def parse_init(text: str) -> str | tuple[tuple[int, ...], ...]:
    """Read the command line's ``--init``: a name, or hex colors separated by commas."""
    if text in STARTS:
        return text
    colors = []
    for part in text.split(","):
        match = _HEX_COLOR.fullmatch(part.strip())
        if not match:
            raise OptionError(f"--init takes {', '.join(STARTS)}, or colors such as '#ff0000,#ffffff', not {text!r}")
        colors.append(tuple(bytes.fromhex(match[1])))
    return tuple(colors)


def _check_range(name: str, value: Any, low: int, high: int) -> None:
    try:
        number = value.__index__()
    except AttributeError:
        number = None
    if number is None or isinstance(value, bool) or not low <= number <= high:
        raise OptionError(f"{name} must be a whole number from {low} to {high}, not {value!r}")


def _checked_colors(colors: Any, n_colors: int) -> tuple[tuple[int, ...], ...]:
    try:
        rows = tuple(tuple(int(v) for v in row) for row in colors)
    except (TypeError, ValueError):
        raise OptionError("init must be a name or a list of colors of 3 or 4 integers") from None
    for row in rows:
        if len(row) not in (3, 4) or any(not 0 <= v <= 255 for v in row):
            raise OptionError(f"a color of init must be 3 or 4 integers from 0 to 255, not {row!r}")
    if len(rows) != n_colors:
        raise OptionError(f"init lists {len(rows)} colors but {n_colors} are to be placed")
    return rows
