"""The library's comparison: an original beside its versions, as a sheet, a page or a figure."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Literal, TypedDict, Unpack, cast

from huepress import files
from huepress.comparison.beside import Picture, pictures_of
from huepress.comparison.moving import MovingVersion, make_moving_versions
from huepress.comparison.page.moving_section import render_moving_section
from huepress.comparison.page.render import Section, render_page, render_section
from huepress.comparison.versions import TARGETS, VARIED, Asked, Version, default_colors, make_versions
from huepress.drawing.sheet import Panel, draw_sheet
from huepress.errors import OptionError
from huepress.model import Animation, SourceImage
from huepress.pipeline import intake
from huepress.pipeline.edit import without_repeats
from huepress.wording import counted, human_bytes, rounded_down

if TYPE_CHECKING:
    from matplotlib.figure import Figure

    from huepress.inputs import ImageLike, PaletteLike
    from huepress.options import (
        Alpha,
        ColorHandling,
        Colors,
        CropLike,
        Dither,
        Format,
        Hidden,
        PngWriter,
        ResizeLike,
        Space,
        Start,
        Strip,
        TrimLike,
    )

PAGE_SUFFIXES = (".html", ".htm")
SHEET_SUFFIX = ".png"


class CompareKeywords(TypedDict, total=False):
    """The fields of `Options` as keyword arguments; some of them may be lists."""

    resize: ResizeLike | None
    crop: CropLike | None
    trim: TrimLike | None
    speed: float | None
    fps: float | None
    loop: int | None
    still: float | None
    palette: PaletteLike | None
    pin: Colors | None
    effort: int | Sequence[int]
    format: Format | Sequence[Format] | None
    rate: float | Sequence[float]
    dither: Dither | Sequence[Dither]
    alpha: Alpha
    hidden: Hidden
    seed: int
    init: Start | Colors
    n_init: int | None
    n_swaps: int | None
    max_iter: int
    tol: float
    space: Space
    jobs: int
    max_pixels: int
    advise: bool
    tolerant: bool
    color: ColorHandling
    strip: Strip
    png_writer: PngWriter
    palette_per_frame: bool


@dataclass(frozen=True, eq=False, repr=False)
class Comparison:
    """An original and its versions. A notebook shows it as a sheet.

    Attributes
    ----------
    name : str
    source : SourceImage or Animation
    versions : tuple of Version
        In the order asked for; each has `label`, `n_bytes`, `ssimulacra2`, `words` and `outcome`. Those of an animation
        have its `score`, too, an `AnimationScore`.
    """

    name: str
    source: SourceImage | Animation
    versions: tuple[Version, ...]

    def __repr__(self) -> str:
        lines = [f"{self.name}: {_original_facts(self.source)}"]
        for version in self.versions:
            lines.append(f"  {version.label}: {_verdict(version)}{_version_facts(version)}")
            lines += [f"    {said}" for said in (version.missed, version.advised) if said]
        return "\n".join(lines)

    def sheet(self) -> bytes:
        """Return the sheet: one PNG with all versions, their facts, their palettes and a detail.

        Of an animation it shows the worst frame of each version, beside the same frame of the original.
        """
        return draw_sheet(self.name, [self._panel(each) for each in pictures_of(self.source, self.versions)])

    def _panel(self, shown: Picture) -> Panel:
        version = shown.version
        if version is None:
            return Panel(shown.title, _original_facts(self.source), shown.picture, begins=True)
        verdict = _verdict(version).removesuffix(", ")
        return Panel(shown.title, _version_facts(version), shown.picture, verdict, version.missed, shown.palette)

    def page(self) -> bytes:
        """Return the page: one HTML file with a viewer, a table and a plot, that needs nothing else."""
        return render_page([self.section(1)])

    def section(self, number: int) -> Section:
        """Return the part of a page about this image; `render_page` puts several together."""
        if isinstance(self.source, Animation):
            moving = [version for version in self.versions if isinstance(version, MovingVersion)]
            return render_moving_section(self.name, self.source, moving, number)
        return render_section(self.name, self.source, self.versions, number)

    def figure(self) -> Figure:
        """Return the versions and the plot of size and quality as a Matplotlib figure (extra ``plot``).

        Raises
        ------
        OptionError
            If Matplotlib is not installed.
        """
        from huepress.comparison.figure import draw_figure

        return draw_figure(self.name, pictures_of(self.source, self.versions))

    def save(self, path: str | os.PathLike[str], *, overwrite: bool = False) -> None:
        """Write the sheet (``.png``) or the page (``.html``), as a whole or not at all.

        Raises
        ------
        OptionError
            If the name ends in neither.
        OutputError
            If the file exists and `overwrite` is false, or cannot be written.
        """
        data = self.page() if is_page(path) else self.sheet()
        files.write_bytes(path, data, overwrite=overwrite)

    def _repr_png_(self) -> bytes:
        return self.sheet()


def compare(
    image: ImageLike,
    n_colors: int | Literal["auto"] | Sequence[int | Literal["auto"]] | None = None,
    *,
    quality: float | str | Sequence[float | str] = (),
    max_size: float | str | Sequence[float | str] = (),
    name: str | None = None,
    on_progress: Callable[[str], None] | None = None,
    **options: Unpack[CompareKeywords],
) -> Comparison:
    """Make versions of an image or an animation and put them beside each other, the original first.

    Parameters
    ----------
    image : path, bytes, binary file, PIL.Image.Image or ndarray
        As for `compress`.
    n_colors : int or "auto" or sequence of them, optional
        Sizes of the palette, each 2 to 256; by default 8, 16 and 32, of animations "auto", unless a palette or
        another list is given.
    quality : float or str or sequence
        A version each: the fewest bytes that reach this score; also as ``"60-80"``.
    max_size : float or str or sequence
        A version each: the best score within so many bytes; also as ``"50kB"`` or ``"0.1bpp"``. Where a target
        cannot be met, the version is what comes closest, and `missed` says so.
    name : str, optional
        Heading; by default the file's name.
    on_progress : callable, optional
        Called with the label before each version is made.
    **options
        The fields of `huepress.Options`. `effort`, `rate`, `dither` and `format` may be lists: each
        value is combined with each number of colors, and with each target (which chooses the rate itself).

    Returns
    -------
    Comparison

    Raises
    ------
    OptionError, InputError, DecodeError, LimitError

    Examples
    --------
    >>> import huepress, numpy as np
    >>> ramp = np.tile(np.arange(256, dtype=np.uint8), (64, 1))
    >>> seen = huepress.compare(ramp, n_colors=[4, 16], effort=0)
    >>> [version.label for version in seen.versions]
    ['K = 4', 'K = 16']
    """
    single: dict[str, object] = dict(options)
    values: dict[str, list[object]] = {"quality": _listed(quality), "max_size": _listed(max_size)}
    if n_colors is not None:
        values["n_colors"] = _listed(n_colors)
    for option in VARIED:
        if isinstance(single.get(option), list | tuple):
            values[option] = list(cast("Sequence[object]", single.pop(option)))
    for option, listed in values.items():
        if not listed and option not in TARGETS:
            raise OptionError(f"{option} is an empty list; give at least one value")
    usual = "n_colors" not in values
    if usual:
        formats = {"format": _listed(single.get("format") or ()), **values}
        values["n_colors"] = [*default_colors(formats, palette_given=single.get("palette") is not None)]
    if values["n_colors"]:
        single["n_colors"] = values["n_colors"][0]
    asked = Asked.from_values(intake.make_options(single), values, usual_colors=usual)
    source = load(image, asked)
    if name is None:
        name = Path(image).name if isinstance(image, str | os.PathLike) else "image"
    return compare_source(name, source, asked, on_progress)


def compare_source(
    name: str, source: SourceImage | Animation, asked: Asked, on_progress: Callable[[str], None] | None = None
) -> Comparison:
    """Compare what is asked for of a decoded input; see `compare`."""
    if isinstance(source, Animation):
        return Comparison(name, source, tuple(make_moving_versions(source, asked.of_animations, on_progress)))
    return Comparison(name, source, tuple(make_versions(source, asked.of_pictures, on_progress)))


def is_page(path: str | os.PathLike[str]) -> bool:
    """Tell whether a file name asks for the page rather than for the sheet.

    Raises
    ------
    OptionError
        If it is neither's.
    """
    suffix = Path(path).suffix.lower()
    if suffix not in (*PAGE_SUFFIXES, SHEET_SUFFIX):
        raise OptionError(f"{os.fspath(path)}: a comparison is written as .png (a sheet) or .html (a page)")
    return suffix in PAGE_SUFFIXES


def load(image: ImageLike, asked: Asked) -> SourceImage | Animation:
    """Read an image or an animation as the versions ask for."""
    source = intake.load_for(image, asked.options, moving=True)
    # Versions have no frames that repeat, so that theirs are those of the original.
    return without_repeats(source) if isinstance(source, Animation) else source


def _listed(value: object) -> list[object]:
    return [value] if isinstance(value, str) or not isinstance(value, Iterable) else list(value)


def _verdict(version: Version) -> str:
    return "" if version.ssimulacra2 is None else f"score {rounded_down(version.ssimulacra2, 0)}, {version.words}, "


def _original_facts(source: SourceImage | Animation) -> str:
    if isinstance(source, Animation):
        return f"{source.format}, {human_bytes(len(source.encoded))}, {counted(source.n_frames, 'frame')}"
    bits = 8 * source.pixels_srgb8.shape[2]
    if source.encoded is None:
        return f"{bits} bits per pixel"
    return f"{source.format}, {human_bytes(len(source.encoded))}, {bits} bits per pixel"


def _version_facts(version: Version) -> str:
    report = version.outcome.report
    psnr = version.psnr_text if report.mse == 0 else f"PSNR {version.psnr_text}"
    facts = [human_bytes(report.bytes_out), version.saved_text, psnr]
    if isinstance(version, MovingVersion):
        facts[2:] = [version.told_worst if report.mse else psnr]
    elif version.outcome.decoded_srgb8 is None and version.label.split(",")[0] != f"K = {report.n_colors}":
        facts.append(counted(report.n_colors, "color"))
    return " · ".join(fact for fact in facts if fact)
