"""The options of a run, each declared once: for the library, the command line, the documentation and fingerprints."""

from __future__ import annotations

import dataclasses
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Literal, cast, get_args

from huepress.colors.text import Rgba, as_colors
from huepress.declare import check_all, option
from huepress.editing import MOST_PLAYS, Crop, Trim, parse_crop, parse_trim
from huepress.errors import OptionError, Remedy
from huepress.goals import QualityGoal, SizeGoal, parse_quality, parse_size
from huepress.machine import available_processors
from huepress.resizing import Resize, parse_resize

if TYPE_CHECKING:
    from huepress.model import Bytes, Palette

Space = Literal["auto", "srgb", "oklab"]
Dither = Literal["auto", "none", "full"]
Format = Literal["keep", "png", "webp", "gif", "jxl", "auto", "smallest", "avif", "webp-lossy", "jpeg"]
ColorHandling = Literal["srgb", "keep"]
Strip = Literal["safe", "all", "none"]
Alpha = Literal["exact", "free"]
Hidden = Literal["drop", "keep"]
Start = Literal["wu", "k-means++", "random"]
PngWriter = Literal["oxipng", "core", "zlib"]
PaletteFormat = Literal["hex", "gpl", "act", "ase", "kpl", "pal", "json", "css", "scss", "png"]
NumberOfColors = int | Literal["auto"]
if TYPE_CHECKING:  # colors in any form: text, hex strings, rows of 3 or 4 integers, an array, a palette
    Colors = str | Palette | Bytes | Iterable[str | Sequence[int]]
QualityLike = QualityGoal | float | str | tuple[float, float]
SizeLike = SizeGoal | float | str
ResizeLike = Resize | float | str | tuple[int, int]
CropLike = Crop | str | tuple[int, int, int, int]
TrimLike = Trim | str | tuple[float | None, float | None]

PALETTE_FORMATS: tuple[str, ...] = get_args(PaletteFormat)
STARTS: tuple[str, ...] = get_args(Start)
# Formats of any number of colors, and of all kinds the smallest; the likeliest to be small first.
FULL_COLOR_FORMATS = ("avif", "webp-lossy", "jpeg")
SMALLEST = "smallest"
MAX_EFFORT = 9
MAX_RATE = 1000.0
MIN_COLORS, MAX_COLORS = 2, 256
COMPARED_COLORS = (8, 16, 32)
# Few clusters are quick to search and easy to get wrong, so they get more care by default.
FEW_COLORS = 32
SWAPS_FOR_FEW, SWAPS_FOR_MANY = 4, 2
# The options that make another picture of the input.
EDITS = ("resize", "crop", "trim", "speed", "fps", "loop", "still")
# The limit at which Pillow itself refuses an image.
DEFAULT_MAX_PIXELS = 178_956_970
_SEEDS, _COUNTS, _THREADS, _PIXELS = 2**64 - 1, 1_000_000, 1024, 2**32 - 2


@dataclass(frozen=True, kw_only=True)
class Options:
    """Everything that can be asked of a run; each field's declaration says what it means.

    Beside the help of each: `quality` and `max_size` exclude each other; `palette` is the palette itself, its order
    and unused entries stay, and pixels of one of its colors keep it; the colors in `pin` stay as they are, too, and the
    others are fitted around them. The same input, options and seed give the same result for any number of threads.

    The starts of k-means are variance-based splitting (Wu 1992), greedy k-means++ (Arthur and Vassilvitskii 2007), and
    colors drawn from the image's pixels.
    """

    n_colors: NumberOfColors = option(
        "auto",
        help="Colors of the palette, 2 to 256; auto: 256, or fewer where that serves better.",
        group="everyday",
        within=(MIN_COLORS, MAX_COLORS),
        flags=("-k", "--colors"),
        metavar="K|auto",
    )
    quality: QualityLike | None = option(
        None,
        help="The fewest bytes with this SSIMULACRA2 score, 0 to 100: 70, 60-80.",
        group="targets",
        metavar="Q|MIN-MAX",
    )
    max_size: SizeLike | None = option(
        None, help="The best score within 100kB, 1.5MB, 2000 or 0.1bpp.", group="targets", metavar="SIZE"
    )
    resize: ResizeLike | None = option(
        None,
        help="Make the picture smaller first: 1600 (longest side), 1600x1200 (box), 50%.",
        group="everyday",
        metavar="SIDE|WxH|PERCENT",
    )
    crop: CropLike | None = option(
        None, help="Take this rectangle of pixels only: 10,20,300,200.", group="everyday", metavar="X,Y,W,H"
    )
    trim: TrimLike | None = option(
        None, help="Take these seconds only: 1.5:4, 1.5:, :4.", group="animations", metavar="FROM:TO"
    )
    speed: float | None = option(
        None, help="So many times as fast.", group="animations", within=(0.01, 100), whole=False
    )
    fps: float | None = option(
        None, help="At most so many frames a second.", group="animations", within=(0.01, 1000), whole=False
    )
    loop: int | None = option(None, help="Plays in all; 0: for ever.", group="animations", within=(0, MOST_PLAYS))
    still: float | None = option(
        None, help="The frame after so many seconds, as a picture.", group="animations", within=(0, 86_400), whole=False
    )
    palette: Colors | None = option(
        None,
        help="The palette itself, kept in order: a GPL, ACT, ASE, KPL, JSON or hex file, an image, or '#ff0000,#fff'.",
        group="palette",
        metavar="FILE|COLORS",
    )
    pin: Colors | None = option(
        (), help="Colors that the palette has in any case: '#ff0000,#ffffff'.", group="palette", metavar="COLORS"
    )
    effort: int = option(
        5,
        help="0: plain k-means; 1 to 9: ever harder search for few bytes at good looks.",
        group="everyday",
        within=(0, MAX_EFFORT),
    )
    format: Format | None = option(
        None,
        help="A palette in png, webp, gif or jxl, in auto: the smallest that browsers show, in keep: the input's; any "
        "number of colors in avif, webp-lossy or jpeg; smallest: of all these at the same score.",
        affects="form",
        group="everyday",
        metavar="|".join(get_args(Format)),
        default_told="as -o FILE ends, else png; of animations their own",
    )
    rate: float = option(
        1.0,
        help="From effort 1: what a bit is worth; larger is smaller, 0 is finest.",
        group="everyday",
        within=(0, MAX_RATE),
        whole=False,
    )
    dither: Dither = option(
        "auto",
        help="From effort 1: auto: where it pays; none: flat art; full: as if bytes were free.",
        group="everyday",
        choices=get_args(Dither),
    )
    alpha: Alpha = option(
        "exact",
        help="exact: transparent pixels stay transparent and opaque ones opaque; free: whatever looks best.",
        group="palette",
        choices=get_args(Alpha),
    )
    hidden: Hidden = option(
        "drop",
        help="Colors below alpha 0, which textures use: keep them, or drop them where the palette is full "
        "(GIF and animations hold none).",
        group="palette",
        choices=get_args(Hidden),
    )
    seed: int = option(0, help="Seed of random starts.", within=(0, _SEEDS))
    init: Start | Colors = option(
        "wu",
        help="Where k-means starts: wu, k-means++, random, or K colors: '#ff0000,#ffffff'.",
        metavar="START",
    )
    n_init: int | None = option(
        None, help="Starts, the best kept.", within=(1, _COUNTS), default_told="2 up to 32 colors, else 1"
    )
    n_swaps: int | None = option(
        None,
        help="Swap moves a start.",
        within=(0, _COUNTS),
        flags=("--swaps",),
        default_told="4 up to 32 colors, else 2",
    )
    max_iter: int = option(100, help="Most iterations.", within=(0, _COUNTS))
    tol: float = option(
        1e-3,
        help="Stop when an iteration lowers the error by less than this part; 0: when it rests.",
        below=1.0,
        whole=False,
    )
    space: Space = option("auto", help="Where k-means measures.", choices=get_args(Space))
    jobs: int = option(
        0,
        help="Threads; the result is the same for any.",
        affects="work",
        group="many files",
        within=(0, _THREADS),
        flags=("-j", "--jobs"),
        default_told="all",
    )
    max_pixels: int = option(DEFAULT_MAX_PIXELS, help="Refuse larger images.", affects="work", within=(1, _PIXELS))
    color: ColorHandling = option(
        "srgb",
        help="Convert colors to sRGB, or keep them and their profile.",
        group="metadata",
        choices=get_args(ColorHandling),
    )
    strip: Strip = option(
        "safe",
        help="Metadata: safe: all but resolution, author, copyright go; all: all go; none: all stay that the format "
        "holds (of PNG in PNG all chunks but sPLT, pCAL, signatures and unknown ones that are not safe to copy).",
        group="metadata",
        choices=get_args(Strip),
    )
    png_writer: PngWriter = option(
        "oxipng",
        help="Who deflates a still PNG: oxipng; the core: about as small, and the same bytes on every machine, in "
        "browsers too; zlib: at once, and about a tenth larger.",
        affects="form",
        choices=get_args(PngWriter),
    )
    palette_per_frame: bool = option(
        False, help="Of animations (GIF, WebP): a palette for each frame.", group="palette"
    )
    advise: bool = option(
        False,
        help="Say what other formats would take at the same score; slower.",
        affects="work",
        group="everyday",
    )
    tolerant: bool = option(
        False,
        help="Read JPEG, GIF, PNG, Y4M, WebM and MKV files that were cut off as far as they go.",
        affects="work",
    )

    def __post_init__(self) -> None:
        check_all(self)
        self._check_goals()
        for name, parse in (("resize", parse_resize), ("crop", parse_crop), ("trim", parse_trim)):
            if getattr(self, name) is not None:
                object.__setattr__(self, name, parse(getattr(self, name)))
        self._check_palette()
        self._check_format()
        if self.color == "keep" and self.strip == "all":
            raise OptionError("color 'keep' needs the color profile that strip 'all' removes; choose strip 'safe'")
        if self.hidden == "keep" and self.alpha == "free":
            raise OptionError("hidden 'keep' needs pixels that stay clear; leave alpha 'free' out")
        if self.palette_per_frame and self.palette is not None:
            raise OptionError("a fixed palette serves all frames; leave palette_per_frame out")
        if self.init not in STARTS:
            object.__setattr__(self, "init", _colors("init", self.init, f"one of {', '.join(STARTS)}, or colors"))
            n_free = self.most_colors - len(self.pinned)
            if len(self.start_colors) != n_free:
                raise OptionError(f"init lists {len(self.start_colors)} colors but {n_free} are to be placed")

    def _check_goals(self) -> None:
        if self.quality is not None:
            object.__setattr__(self, "quality", parse_quality(self.quality))
        if self.max_size is not None:
            object.__setattr__(self, "max_size", parse_size(self.max_size))
        if self.quality is not None and self.max_size is not None:
            raise OptionError("quality and max-size exclude each other; give the one that matters")

    def _check_format(self) -> None:
        if self.is_full_color and (self.n_colors != "auto" or self.palette is not None or self.pinned):
            raise OptionError(f"{self.format} chooses the number of colors itself", remedy=Remedy.NO_COLORS)

    def _check_palette(self) -> None:
        pins = () if self.pin is None else _colors("pin", self.pin, "colors")
        object.__setattr__(self, "pin", tuple(dict.fromkeys(pins)))
        if len(self.pinned) > self.most_colors:
            raise OptionError(
                f"{len(self.pinned)} colors are pinned but the palette has only {self.most_colors}",
                remedy=Remedy.MORE_COLORS,
            )
        if self.palette is None:
            return
        object.__setattr__(self, "palette", _colors("palette", self.palette, "colors"))
        n_given = len(self.given_palette or ())
        if not 1 <= n_given <= MAX_COLORS:
            raise OptionError(f"the palette has {n_given} colors; it must have 1 to {MAX_COLORS}")
        if self.most_colors < n_given:
            raise OptionError(
                f"the palette has {n_given} colors, more than the {self.most_colors} asked for",
                remedy=Remedy.FEWER_PALETTE,
            )
        if self.pinned:
            raise OptionError("palette and pin exclude each other; a fixed palette keeps all its colors, leave pin out")

    @property
    def new_size(self) -> Resize | None:
        """The size that the picture gets before all else."""
        return cast("Resize | None", self.resize)

    @property
    def edits(self) -> dict[str, object]:
        """What is done to the input before all else, by the options' names."""
        return {name: value for name in EDITS if (value := getattr(self, name)) is not None}

    @property
    def given_palette(self) -> tuple[Rgba, ...] | None:
        """The colors of the palette that was asked for, None where it is to be found."""
        return cast("tuple[Rgba, ...] | None", self.palette)

    @property
    def pinned(self) -> tuple[Rgba, ...]:
        """The colors that were pinned."""
        return cast("tuple[Rgba, ...]", self.pin)

    @property
    def start_colors(self) -> tuple[Rgba, ...]:
        """The colors that k-means starts from, none where a method finds them."""
        return () if isinstance(self.init, str) else cast("tuple[Rgba, ...]", self.init)

    @property
    def most_colors(self) -> int:
        """The most colors of the palette: 256 where the number is to be chosen."""
        return MAX_COLORS if self.n_colors == "auto" else self.n_colors

    @property
    def goal(self) -> QualityGoal | SizeGoal | None:
        """What is to be reached, if anything."""
        return cast("QualityGoal | SizeGoal | None", self.quality or self.max_size)

    @property
    def asks_for_colors(self) -> bool:
        """Whether certain colors must be in the file: no original is kept then."""
        return self.palette is not None or bool(self.pin)

    @property
    def asks_for_number(self) -> bool:
        """Whether a number of colors is asked for by name, and nothing that comes before it."""
        return self.n_colors != "auto" and self.goal is None

    @property
    def is_full_color(self) -> bool:
        """Whether coders of any number of colors are asked for, alone or beside palettes."""
        return self.format == SMALLEST or self.format in FULL_COLOR_FORMATS

    @property
    def threads(self) -> int:
        """The number of threads to use."""
        return self.jobs or available_processors()

    @property
    def kmeans_space(self) -> str:
        """The space in which k-means measures: oklab with the spatial search, whose eye works there, else srgb."""
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
    def from_keywords(cls, keywords: dict[str, object]) -> Options:
        """Build options from keyword arguments of the library, naming the ones unknown."""
        known = cls.__dataclass_fields__.keys()
        unknown = sorted(keywords.keys() - known)
        if unknown:
            raise OptionError(f"unknown option {unknown[0]!r}; known are {', '.join(sorted(known))}")
        return cls(**keywords)  # type: ignore[arg-type]


@dataclass(frozen=True, kw_only=True)
class PaletteOptions(Options):
    """The options of a palette that is looked at: one color will do, where a picture needs two."""

    n_colors: NumberOfColors = option(
        8,
        help="Most colors; 1: the mean, and the most frequent one.",
        group="everyday",
        within=(1, MAX_COLORS),
        flags=("-k", "--colors"),
        metavar="K",
        default_told="8",
    )


def inherited(name: str) -> Any:
    """Declare an option of another set as it is declared in `Options`."""
    found = next(each for each in dataclasses.fields(Options) if each.name == name)
    return dataclasses.field(default=found.default, metadata=found.metadata)


def _colors(name: str, value: object, takes: str) -> tuple[Rgba, ...]:
    try:
        return as_colors(value)
    except ValueError as error:
        raise OptionError(f"{name} takes {takes} such as '#ff0000,#ffffff', not {error}") from None
