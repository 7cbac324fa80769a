"""From versions to HTML."""

from __future__ import annotations

from collections.abc import Collection, Sequence
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
from huepress.model import Animation, Bytes, Encoded, Palette, SourceImage
from huepress.results import Report
from huepress.wording import counted, human_bytes, rounded_down

_THUMBNAIL_SIDE = 160
_LEGEND_TICKS = (0.005, JUST_NOTICEABLE, 0.05, 0.1, 0.2)
ORIGINAL = "Original"
_HEAD = (
    '<th scope="col">Bytes</th><th scope="col">Of the original</th><th scope="col">Bits per pixel</th>'
    '<th scope="col">Before deflate</th><th scope="col">Colors</th><th scope="col" colspan="2" class="words">Score</th>'
    '<th scope="col">PSNR</th>'
)
_WORDS = (6,)  # cells of the table that are no numbers


@dataclass(frozen=True)
class Section:
    """The part of the page about one image; it holds text only, so that many images need little memory."""

    name: str
    thumbnail_uri: str
    html: str


@dataclass(frozen=True)
class Moving:
    """The frames of an animation that a page holds.

    Attributes
    ----------
    sheets, map_sheets : tuple of str
        Where the frames are, below each other in sheets, and their differences from the original; of that none.
    scores : tuple of str
        One a frame, for a person; empty of the original, and where there are none.
    worst : int, optional
        The place of the frame with the lowest score among those that the page holds.
    """

    sheets: tuple[str, ...]
    map_sheets: tuple[str, ...] = ()
    scores: tuple[str, ...] = ()
    worst: int | None = None

    def attributes(self) -> str:
        """Return what the player reads."""
        data = {"sheets": " ".join(self.sheets)}
        if self.map_sheets:
            data["maps"] = " ".join(self.map_sheets)
        if self.scores:
            data["scores"] = " ".join(self.scores)
        if self.worst is not None:
            data["worst"] = f"{self.worst}"
        return "".join(f' data-{name}="{escape(value)}"' for name, value in data.items())


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
        The command line that makes it, empty of an original, and the name that its file gets.
    href : str
        Where the file itself is, if not at `uri`.
    moving : Moving, optional
        The frames of an animation.
    """

    label: str
    told: str
    uri: str
    map_uri: str = ""
    command: str = ""
    file: str = ""
    href: str = ""
    moving: Moving | None = None


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
    viewer = render_viewer(
        shown,
        number,
        width=source.width,
        height=source.height,
        translucent=source.pixels_srgb8.shape[2] == 4,
        best=best_of(versions) + 1,
    )
    original_row = _original_row(source, versions[0].outcome.report.n_colors_in)
    rows = [original_row, *(_row(version, source) for version in versions)]
    return put_together(name, number, _original_facts(source), source.pixels_srgb8, viewer, _HEAD, rows, versions)


def put_together(
    name: str,
    number: int,
    facts: str,
    pixels_srgb8: Bytes,
    viewer: str,
    head: str,
    rows: Sequence[str],
    versions: Sequence[Version],
) -> Section:
    """Return the part of the page about one input.

    Parameters
    ----------
    name : str
    number : int
        Of the input in the page; ids end in it.
    facts : str
        The line under the name.
    pixels_srgb8 : ndarray of uint8, (height, width, 3 or 4)
        What stands for it in a gallery.
    viewer, head : str
        HTML of the viewer, and of the headings of the table.
    rows : sequence of str
        HTML of the table's rows.
    versions : sequence of Version
    """
    html = template("section.html").substitute(
        number=number,
        name=escape(name),
        facts=escape(facts) + _advised(versions),
        viewer=viewer,
        head=head,
        rows="\n".join(rows),
        missed=_missed(versions),
        plot=_plot(versions),
        palettes="\n".join(
            _palette(_palette_label(version), version.outcome.indexed.palette)
            for version in versions
            if version.outcome.decoded_srgb8 is None
        ),
    )
    return Section(name, data_uri(thumbnail(pixels_srgb8, _THUMBNAIL_SIDE)) or "", html)


def render_page(sections: Sequence[Section]) -> bytes:
    """Put sections together to one self-contained HTML file; several make a gallery."""
    title = sections[0].name if len(sections) == 1 else f"{len(sections)} images compared"
    links = (
        f'<li><a href="#image-{i}"><img src="{section.thumbnail_uri}" alt="">{escape(section.name)}</a></li>'
        for i, section in enumerate(sections, 1)
    )
    gallery = f'<nav aria-label="Images"><ul>{"".join(links)}</ul></nav>' if len(sections) > 1 else ""
    page = template("page.html").substitute(
        version=__version__,
        title=escape(title),
        css=theme_css() + "".join(map(read_part, ("viewer.css", "player.css", "page.css"))),
        js="".join(map(read_part, ("viewer.js", "player.js", "page.js"))),
        gallery=gallery,
        sections="\n".join(section.html for section in sections),
    )
    return page.encode()


def read_part(name: str) -> str:
    """Return a text that the page is made of."""
    return files("huepress.comparison.page").joinpath(name).read_text(encoding="utf-8")


def template(name: str) -> Template:
    """Return a text that the page is made of, with places to fill."""
    return Template(read_part(name))


def render_viewer(
    shown: Sequence[Shown],
    number: int,
    *,
    width: int,
    height: int,
    translucent: bool,
    best: int,
    player: str = "",
    keys: str = "",
) -> str:
    """Render the slider and what belongs to it; the first picture is the original.

    Parameters
    ----------
    shown : sequence of Shown
    number : int
        Of the image in the page; ids end in it.
    width, height : int
        Of each picture, in pixels.
    translucent : bool
        Whether something is to be seen behind some picture.
    best : int
        The place of the version that is seen first.
    player, keys : str
        HTML of what moves animations, and of what it is told by keys.
    """
    return template("viewer.html").substitute(
        number=number,
        width=width,
        height=height,
        translucent=str(translucent).lower(),
        options="".join(f'<option value="{i}">{escape(each.told)}</option>' for i, each in enumerate(shown)),
        best=best,
        legend=_legend(),
        player=player,
        keys=keys,
        pictures="\n".join(_picture(each, width, height) for each in shown),
    )


def as_shown(encoded: Encoded, pixels_srgb8: Bytes) -> Encoded:
    """Return the file itself, or where browsers do not show its format a PNG with its pixels."""
    return encoded if is_shown(encoded) else to_png(pixels_srgb8)


def original_as_shown(source: SourceImage) -> Encoded:
    """Return the file freed of the metadata that must not survive; where it cannot be, a PNG with its pixels."""
    return kept_or_png(source, source.pixels_srgb8)


def kept_or_png(source: SourceImage | Animation, pixels_srgb8: Bytes) -> Encoded:
    """Return the file freed of the metadata that must not survive; where it cannot be, a PNG with these pixels."""
    if source.keepable is None:
        return to_png(pixels_srgb8)
    return as_shown(Encoded(source.keepable, source.format), pixels_srgb8)


def told_of_original(source: SourceImage | Animation) -> str:
    """Return what a list of versions calls the original."""
    return ORIGINAL if source.encoded is None else f"{ORIGINAL} · {human_bytes(len(source.encoded))}"


def _uri(encoded: Encoded) -> str:
    return data_uri(encoded) or ""


def _picture(shown: Shown, width: int, height: int) -> str:
    size = f'width="{width}" height="{height}" draggable="false"'
    image = f'<img class="picture" alt="{escape(shown.label)}" src="{escape(shown.uri)}" {size}>'
    if shown.map_uri:
        told = f"Difference of {shown.label} from the original"
        image += f'<img class="map" alt="{escape(told)}" src="{escape(shown.map_uri)}" {size}>'
    data = f' data-command="{escape(shown.command)}"' if shown.command else ""
    data += f' data-file="{escape(shown.file)}"' if shown.file else ""
    data += f' data-href="{escape(shown.href)}"' if shown.href else ""
    data += shown.moving.attributes() if shown.moving else ""
    return f"<figure{data}>{image}<figcaption>{escape(shown.label)}</figcaption></figure>"


def _original_facts(source: SourceImage) -> str:
    facts = [f"{source.width} x {source.height}", f"{8 * source.pixels_srgb8.shape[2]} bits per pixel"]
    if source.encoded is not None:
        facts[1:1] = [source.format, human_bytes(len(source.encoded))]
    return " · ".join(facts)


def _original_row(source: SourceImage, n_colors: int) -> str:
    n_bytes = None if source.encoded is None else len(source.encoded)
    cells = ["-", "-", "-"] if n_bytes is None else [f"{n_bytes:,}", "100 %", _bits(n_bytes, source)]
    cells += [f"{8 * source.pixels_srgb8.shape[2]}", f"{n_colors:,}", "-", "", "-"]
    return table_row(ORIGINAL, cells, words=_WORDS)


def _row(version: Version, source: SourceImage) -> str:
    report = version.outcome.report
    cells = [f"{report.bytes_out:,}", part_text(report), _bits(report.bytes_out, source), f"{report.bits_per_pixel}"]
    cells += [f"{report.n_colors:,}", score_text(version.ssimulacra2), version.words, version.psnr_text]
    return table_row(version.label, cells, words=_WORDS)


def part_text(report: Report) -> str:
    """Return the part of the original's bytes that is left, for a table."""
    return f"{100 * report.bytes_out / report.bytes_in:.1f} %" if report.bytes_in else "-"


def score_text(score: float | None) -> str:
    """Return a score for a table."""
    return "-" if score is None else rounded_down(score, 1)


def table_row(label: str, cells: Sequence[str], *, words: Collection[int]) -> str:
    """Return a row of the table; `words`: the places of the cells that are no numbers."""
    told = "".join(
        f"<td{' class=words' if place in words else ''}>{escape(cell)}</td>" for place, cell in enumerate(cells)
    )
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
    """Say what other coders take at the scores of versions."""
    return "".join(
        f" · <span><strong>{escape(v.label)}</strong>: {escape(v.advised)}</span>" for v in versions if v.advised
    )


def _palette_label(version: Version) -> str:
    return f"{version.label}, first frame" if version.options.palette_per_frame else version.label


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
