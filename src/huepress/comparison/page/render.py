"""From versions to HTML."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from html import escape
from importlib.resources import files
from pathlib import PurePath
from string import Template

from huepress import __version__
from huepress.comparison.page.difference import EDGES, JUST_NOTICEABLE, difference_map, map_palette
from huepress.comparison.page.plot import Point, size_and_quality
from huepress.comparison.versions import Version, best_of
from huepress.drawing.browser_image import data_uri, extension_of, is_shown, theme_css, thumbnail, to_png
from huepress.model import Bytes, Encoded, Palette, SourceImage
from huepress.wording import counted, human_bytes, rounded_down

_THUMBNAIL_SIDE = 160
_LEGEND_TICKS = (0.005, JUST_NOTICEABLE, 0.05, 0.1, 0.2)
ORIGINAL = "Original"


@dataclass(frozen=True)
class Section:
    """The part of the page about one image; it holds text only, so that many images need little memory."""

    name: str
    thumbnail_uri: str
    html: str


@dataclass(frozen=True)
class Shown:
    """A picture of a viewer.

    Attributes
    ----------
    label, told : str
        What it is called, briefly and in the list to choose from.
    uri, map_uri : str
        Where it is, and where its differences from the original are drawn; empty where there are none.
    command, file : str
        The command line that makes it, and the name that its file gets; empty of an original.
    """

    label: str
    told: str
    uri: str
    map_uri: str = ""
    command: str = ""
    file: str = ""


def render_section(name: str, source: SourceImage, versions: Sequence[Version], number: int) -> Section:
    """Render the part of the page about one image.

    Parameters
    ----------
    name : str
    source : SourceImage
    versions : sequence of Version
    number : int
        Of the image in the page; ids end in it.
    """
    shown = [Shown(ORIGINAL, told_of_original(source), _uri(original_as_shown(source)))]
    for version in versions:
        pixels, encoded = version.outcome.shown_srgb8, version.outcome.encoded
        shown.append(
            Shown(
                version.label,
                f"{version.label} · {version.told}",
                _uri(as_shown(encoded, pixels)),
                _uri(difference_map(source.pixels_srgb8, pixels)),
                version.command(name),
                f"{PurePath(name).stem}-huepress{extension_of(encoded)}",
            )
        )
    html = _template("section.html").substitute(
        number=number,
        name=escape(name),
        facts=escape(_original_facts(source)),
        viewer=render_viewer(shown, source, number, best=best_of(versions) + 1),
        rows="\n".join(
            [
                _original_row(source, versions[0].outcome.report.n_colors_in),
                *(_row(version, source) for version in versions),
            ]
        ),
        missed=_missed(versions) + _advised(versions),
        plot=_plot(versions),
        palettes="\n".join(
            _palette(version.label, version.outcome.indexed.palette)
            for version in versions
            if version.outcome.decoded_srgb8 is None
        ),
    )
    return Section(name, data_uri(thumbnail(source.pixels_srgb8, _THUMBNAIL_SIDE)) or "", html)


def render_page(sections: Sequence[Section]) -> bytes:
    """Put sections together to one self-contained HTML file; several make a gallery."""
    title = sections[0].name if len(sections) == 1 else f"{len(sections)} images compared"
    links = (
        f'<li><a href="#image-{i}"><img src="{section.thumbnail_uri}" alt="">{escape(section.name)}</a></li>'
        for i, section in enumerate(sections, 1)
    )
    gallery = f'<nav aria-label="Images"><ul>{"".join(links)}</ul></nav>' if len(sections) > 1 else ""
    page = _template("page.html").substitute(
        version=__version__,
        title=escape(title),
        css=theme_css() + _resource("viewer.css") + _resource("page.css"),
        js=_resource("viewer.js") + _resource("page.js"),
        gallery=gallery,
        sections="\n".join(section.html for section in sections),
    )
    return page.encode()


def _resource(name: str) -> str:
    return files("huepress.comparison.page").joinpath(name).read_text(encoding="utf-8")


def _template(name: str) -> Template:
    return Template(_resource(name))


def render_viewer(shown: Sequence[Shown], source: SourceImage, number: int, *, best: int) -> str:
    """Render the slider and what belongs to it; the first picture is the original.

    Parameters
    ----------
    shown : sequence of Shown
    source : SourceImage
    number : int
        Of the image in the page; ids end in it.
    best : int
        The place of the version that is seen first.
    """
    return _template("viewer.html").substitute(
        number=number,
        width=source.width,
        height=source.height,
        translucent=str(source.pixels_srgb8.shape[2] == 4).lower(),
        options="".join(f'<option value="{i}">{escape(each.told)}</option>' for i, each in enumerate(shown)),
        best=best,
        legend=_legend(),
        pictures="\n".join(_picture(each, source) for each in shown),
    )


def as_shown(encoded: Encoded, pixels_srgb8: Bytes) -> Encoded:
    """Return the file itself, or where browsers do not show its format a PNG with its pixels."""
    return encoded if is_shown(encoded) else to_png(pixels_srgb8)


def original_as_shown(source: SourceImage) -> Encoded:
    """Return the file freed of the metadata that must not survive; where it cannot be, a PNG with its pixels."""
    if source.keepable is None:
        return to_png(source.pixels_srgb8)
    return as_shown(Encoded(source.keepable, source.format), source.pixels_srgb8)


def told_of_original(source: SourceImage) -> str:
    """Return what a list of versions calls the original."""
    return ORIGINAL if source.encoded is None else f"{ORIGINAL} · {human_bytes(len(source.encoded))}"


def _uri(encoded: Encoded) -> str:
    return data_uri(encoded) or ""


def _picture(shown: Shown, source: SourceImage) -> str:
    size = f'width="{source.width}" height="{source.height}" draggable="false"'
    image = f'<img class="picture" alt="{escape(shown.label)}" src="{escape(shown.uri)}" {size}>'
    if shown.map_uri:
        told = f"Difference of {shown.label} from the original"
        image += f'<img class="map" alt="{escape(told)}" src="{escape(shown.map_uri)}" {size}>'
    data = f' data-command="{escape(shown.command)}" data-file="{escape(shown.file)}"' if shown.command else ""
    return f"<figure{data}>{image}<figcaption>{escape(shown.label)}</figcaption></figure>"


def _original_facts(source: SourceImage) -> str:
    facts = [f"{source.width} x {source.height}", f"{8 * source.pixels_srgb8.shape[2]} bits per pixel"]
    if source.encoded is not None:
        facts[1:1] = [source.format, human_bytes(len(source.encoded))]
    return " · ".join(facts)


def _original_row(source: SourceImage, n_colors: int) -> str:
    n_bytes = None if source.encoded is None else len(source.encoded)
    cells = ["-", "-", "-"] if n_bytes is None else [f"{n_bytes:,}", "100 %", _bits(n_bytes, source)]
    return _table_row(ORIGINAL, [*cells, f"{8 * source.pixels_srgb8.shape[2]}", f"{n_colors:,}", "-", "", "-"])


def _row(version: Version, source: SourceImage) -> str:
    report = version.outcome.report
    part = f"{100 * report.bytes_out / report.bytes_in:.1f} %" if report.bytes_in else "-"
    score = "-" if version.ssimulacra2 is None else rounded_down(version.ssimulacra2, 1)
    cells = [f"{report.bytes_out:,}", part, _bits(report.bytes_out, source), f"{report.bits_per_pixel}"]
    return _table_row(version.label, [*cells, f"{report.n_colors:,}", score, version.words, version.psnr_text])


def _table_row(label: str, cells: Sequence[str]) -> str:
    told = "".join(f"<td>{escape(cell)}</td>" for cell in cells)
    return f'<tr><th scope="row">{escape(label)}</th>{told}</tr>'


def _bits(n_bytes: int, source: SourceImage) -> str:
    return f"{8 * n_bytes / source.n_pixels:.2f}"


def _plot(versions: Sequence[Version]) -> str:
    points = [Point(v.label, v.n_bytes, v.ssimulacra2) for v in versions if v.ssimulacra2 is not None]
    trials = [
        Point(f"{version.label}, tried", trial.n_bytes, trial.score)
        for version in versions
        for trial in version.outcome.report.trials
        if trial.score is not None
    ]
    return size_and_quality(points, trials)


def _missed(versions: Sequence[Version]) -> str:
    """List the versions that are only the closest to what was asked for."""
    items = "".join(
        f"<li><strong>{escape(v.label)}</strong> missed: {escape(v.missed)}</li>" for v in versions if v.missed
    )
    return items and f'<ul class="missed">{items}</ul>'


def _advised(versions: Sequence[Version]) -> str:
    """List what other coders take at the scores of versions."""
    items = "".join(f"<li><strong>{escape(v.label)}</strong>: {escape(v.advised)}</li>" for v in versions if v.advised)
    return items and f'<ul class="advice">{items}</ul>'


def _palette(label: str, palette: Palette) -> str:
    colors = palette.hex()
    swatches = "".join(
        f'<li><button type="button" style="--color:{color}" title="{color}" aria-label="Copy {color}" '
        f'data-color="{color}"></button></li>'
        for color in colors
    )
    return (
        f'<details open><summary>{escape(label)}: {counted(len(colors), "color")}</summary>\n<ul class="palette" '
        f'aria-label="Palette of {escape(label)}: {" ".join(colors)}">{swatches}</ul></details>'
    )


def _legend() -> str:
    parts = []
    for color, low, high in zip(map_palette().hex(), (0.0, *EDGES), (*EDGES, None), strict=True):
        told = f"{low:g} to {high:g}" if high is not None else f"{low:g} and more"
        tick = f"{low:g}" if low in _LEGEND_TICKS else ""
        parts.append(f'<li data-shade="{color}" title="{told}">{tick and f"<span>{tick}</span>"}</li>')
    return f'<ul aria-label="Colors of the difference, from none (dark) to 0.25 and more (light)">{"".join(parts)}</ul>'
