"""Settings to be compared, and what each makes of an image."""

from __future__ import annotations

import dataclasses
import itertools
import math
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

from huepress.declare import specs
from huepress.delivering import Delivery
from huepress.editing import Crop, Trim
from huepress.engine.metrics import SMALLEST_SIDE, Comparator, words_for
from huepress.goals import QualityGoal, SizeGoal, counted_score, parse_quality, parse_size
from huepress.model import Animation, SourceImage
from huepress.options import COMPARED_COLORS, FULL_COLOR_FORMATS, SMALLEST, Options
from huepress.pipeline.run import run
from huepress.pipeline.smallest import advice
from huepress.resizing import Resize
from huepress.results import Outcome, Report
from huepress.wording import advised, human_bytes, quoted, rounded_down, told_saving

# Options of which several values may be compared: every value with every other.
VARIED = ("n_colors", "effort", "rate", "dither", "format")
# Options that ask for a result; each value is a version of its own.
TARGETS = ("quality", "max_size")
# Options that a target chooses.
_WITHOUT_TARGETS = ("n_colors", "rate")


@dataclass(frozen=True)
class Variant:
    """Settings under a short name."""

    label: str
    options: Options


@dataclass(frozen=True, eq=False)
class Version:
    """What a variant made of an image.

    Parameters
    ----------
    label : str
    outcome : Outcome
        Never the kept original.
    ssimulacra2 : float, optional
        None where the image is smaller than 8 x 8 pixels.
    missed : str
        One sentence where the version is not what was asked for but what comes closest; else empty.
    options : Options
        What made it.
    """

    label: str
    outcome: Outcome
    ssimulacra2: float | None
    missed: str = ""
    options: Options = field(default_factory=Options)

    @property
    def n_bytes(self) -> int:
        """Size of the file."""
        return self.outcome.report.bytes_out

    @property
    def words(self) -> str:
        """The quality in words; empty without a score."""
        return "" if self.ssimulacra2 is None else words_for(self.ssimulacra2)

    @property
    def told(self) -> str:
        """The size and the looks in a few words: ``25.1 kB, score 71, high``."""
        looks = "" if self.ssimulacra2 is None else f", score {rounded_down(self.ssimulacra2, 0)}, {self.words}"
        return f"{human_bytes(self.n_bytes)}{looks}"

    def command(self, name: str) -> str:
        """Return the command line that makes this version of a file."""
        return " ".join(["huepress", "compress", quoted(name), *flags_of(self.options)])

    @property
    def saved_text(self) -> str:
        """The part of the input file that is saved, for a person; empty where the input was no file."""
        report = self.outcome.report
        return told_saving(report.saved, 0) if report.bytes_in else ""

    def facts(self) -> dict[str, Any]:
        """Return the numbers, ready for JSON; null where they make no sense."""
        report = self.outcome.report
        return {
            "label": self.label,
            "format": self.outcome.encoded.format.lower(),
            "bytes_in": report.bytes_in,
            "bytes_out": report.bytes_out,
            "n_colors": report.n_colors,
            "score": None if self.ssimulacra2 is None else round(self.ssimulacra2, 2),
            "words": self.words or None,
            "psnr_db": None if report.mse == 0 else report.psnr_db,
            "mse": report.mse,
            "seconds": round(report.seconds, 4),
            "missed": self.missed,
            "advice": {trial.coder: trial.n_bytes for trial in report.advice},
        }

    @property
    def advised(self) -> str:
        """What other coders take at the same score, for a person; empty where that was not asked for."""
        return advised({trial.coder: trial.n_bytes for trial in self.outcome.report.advice})

    @property
    def psnr_text(self) -> str:
        """PSNR in decibels, for a person."""
        report = self.outcome.report
        return "lossless" if report.mse == 0 else f"{report.psnr_db:.1f} dB"


def default_colors(values: Mapping[str, Sequence[Any]], *, palette_given: bool) -> list[int]:
    """Return the numbers of colors to compare where none are asked for: a few, unless something else varies."""
    targets = any(values.get(name) for name in TARGETS)
    full_color = {SMALLEST, *FULL_COLOR_FORMATS}.intersection(values.get("format", ()))
    varied = any(len(values.get(name, ())) > 1 for name in VARIED)
    return [] if targets or varied or palette_given or full_color else list(COMPARED_COLORS)


def make_variants(options: Options, values: Mapping[str, Sequence[Any]]) -> list[Variant]:
    """List the settings to compare.

    Parameters
    ----------
    options : Options
        What holds for all variants.
    values : mapping of str to sequence
        Values of the options in `VARIED`, of which each is combined with each; and of those in
        `TARGETS`, which choose rate and number of colors themselves and are combined with the others.

    Returns
    -------
    list of Variant
        No two with equal options.

    Raises
    ------
    OptionError
        If a value is out of range.
    """
    lists = {name: list(values.get(name, ())) for name in (*VARIED, *TARGETS)}
    targets = [(name, _goal(name, value)) for name in TARGETS for value in lists[name]]
    variants = []
    if not targets or any(len(lists[name]) > 1 for name in _WITHOUT_TARGETS) or lists["n_colors"]:
        for chosen in _products(lists, VARIED):
            variants.append(_variant(options, chosen, lists))
    shared = [name for name in VARIED if name not in _WITHOUT_TARGETS]
    for name, goal in targets:
        for chosen in _products(lists, shared):
            variants.append(_variant(options, {"n_colors": "auto", name: goal, **chosen}, lists))
    different: dict[Options, Variant] = {}
    for variant in variants:
        different.setdefault(variant.options, variant)
    return list(different.values())


@dataclass(frozen=True)
class Asked:
    """What is to be made of each kind of input.

    Attributes
    ----------
    of_pictures, of_animations : tuple of Variant
        Where no number of colors is asked for, a few of them; of animations, which take long, the usual version alone.
    """

    of_pictures: tuple[Variant, ...]
    of_animations: tuple[Variant, ...]

    @classmethod
    def from_values(cls, options: Options, values: Mapping[str, Sequence[Any]], *, usual_colors: bool) -> Asked:
        """Combine values as `make_variants` does; `usual_colors`: whether nobody has asked for those in `values`."""
        pictures = make_variants(options, values)
        if usual_colors and values["n_colors"]:
            return cls(tuple(pictures), tuple(make_variants(options, {**values, "n_colors": ["auto"]})))
        return cls(tuple(pictures), tuple(pictures))

    def of(self, source: SourceImage | Animation) -> tuple[Variant, ...]:
        """Return what is to be made of an input."""
        return self.of_animations if isinstance(source, Animation) else self.of_pictures

    @property
    def options(self) -> Options:
        """Options with what holds for all versions: how the input is read, and how many threads work on it."""
        return self.of_pictures[0].options


def make_versions(
    source: SourceImage, variants: Sequence[Variant], on_progress: Callable[[str], None] | None = None
) -> list[Version]:
    """Make the versions of an image, and score them.

    Where the best is no smaller than the input file, it tells what other coders take at its score.

    Parameters
    ----------
    source : SourceImage
    variants : sequence of Variant
    on_progress : callable, optional
        Called with the label before each version is made.
    """
    threads = variants[0].options.threads
    scored = min(source.width, source.height) >= SMALLEST_SIDE
    comparator = Comparator(source, threads=threads) if scored else None
    versions = []
    for variant in variants:
        if on_progress:
            on_progress(variant.label)
        outcome = run(source, without_floor(variant.options), Delivery(allow_larger=True, allow_miss=True))
        score = comparator.ssimulacra2(outcome.shown_srgb8) if comparator else None
        versions.append(
            Version(variant.label, outcome, score, told_miss(variant.options.goal, outcome.report), variant.options)
        )
    best = best_of(versions)
    of_input = 0 if source.encoded is None else len(source.encoded)
    if comparator and 0 < of_input <= versions[best].n_bytes and not versions[best].options.advise:
        if on_progress:
            on_progress("other formats")
        versions[best] = _with_advice(versions[best], comparator, source, of_input)
    return versions


def _with_advice(version: Version, comparator: Comparator, source: SourceImage, below_bytes: int) -> Version:
    made = advice(comparator, source, version.options.effort, version.ssimulacra2, version.options.format)
    smaller = tuple(trial for trial in made if trial.n_bytes < below_bytes)
    outcome = replace(version.outcome, report=replace(version.outcome.report, advice=smaller))
    return replace(version, outcome=outcome)


def best_of(versions: Sequence[Version]) -> int:
    """Return the place of the version that looks best, of several the smallest."""

    def rank(number: int) -> tuple[float, int]:
        score = versions[number].ssimulacra2
        return (-math.inf if score is None else score, -versions[number].n_bytes)

    return max(range(len(versions)), key=rank)


def flags_of(options: Options | Delivery) -> Iterator[str]:
    """Yield what a command line says of options that are not as usual, quoted for a shell."""
    for name, spec in specs(options).items():
        value, usual = getattr(options, name), getattr(type(options), name)
        if value == usual or spec.affects == "work":
            continue
        flag = max(spec.flags or ("--" + name.replace("_", "-"),), key=len)
        yes, _, no = flag.partition("/")
        yield no if value is False and no else yes
        if not isinstance(value, bool):
            yield quoted(written(value))


def written(value: object) -> str:
    """Return an option's value as the command line takes it."""
    if isinstance(value, QualityGoal):
        return _exact(value.wanted) if math.isinf(value.least) else f"{_exact(value.least)}-{_exact(value.wanted)}"
    if isinstance(value, SizeGoal):
        return f"{_exact(value.amount)}bpp" if value.per_pixel else f"{int(value.amount)}"
    if isinstance(value, Resize | Crop | Trim):
        return value.written
    if isinstance(value, tuple):  # colors
        return ",".join("#" + bytes(color if color[3] < 255 else color[:3]).hex() for color in value)
    return _exact(value) if isinstance(value, float) else str(value)


def _exact(value: float) -> str:
    """Return a number with all its digits, and no more."""
    short = f"{value:g}"
    return short if float(short) == value else repr(value)


def _products(lists: Mapping[str, Sequence[Any]], names: Sequence[str]) -> Iterator[dict[str, Any]]:
    """Return each value of each named option with each of the others."""
    axes = [[(name, value) for value in lists[name]] for name in names if lists[name]]
    return (dict(chosen) for chosen in itertools.product(*axes))


def label_of(options: Options) -> str:
    """Return what a version with these options is called among others: its goal or colors, and what is unusual."""
    usual = {each.name: each.default for each in dataclasses.fields(Options)}
    unusual = [name for name in VARIED[1:] if getattr(options, name) != usual[name]]
    return _label(options, unusual, names_colors=options.palette is None)


def _variant(options: Options, chosen: Mapping[str, Any], lists: Mapping[str, Sequence[Any]]) -> Variant:
    settings = replace(options, **chosen)
    varied = [name for name in VARIED[1:] if name in chosen and len(lists[name]) > 1]
    return Variant(_label(settings, varied, names_colors=bool(lists["n_colors"])), settings)


def _label(options: Options, named: Sequence[str], *, names_colors: bool) -> str:
    parts = [_setting(name, getattr(options, name)) for name in named]
    if options.goal is not None:
        parts.insert(0, _goal_label(options.goal))
    elif names_colors or options.n_colors != "auto":
        parts.insert(0, f"K = {options.n_colors}")
    elif options.palette is not None:
        parts.insert(0, "given palette")
    return ", ".join(parts) or "K = auto"


def _setting(name: str, value: Any) -> str:
    return str(value).upper() if name == "format" else f"{name} {value:g}" if name == "rate" else f"{name} {value}"


def _goal(name: str, value: Any) -> QualityGoal | SizeGoal:
    if isinstance(value, QualityGoal | SizeGoal):
        return value
    return parse_quality(value) if name == "quality" else parse_size(value)


def _goal_label(goal: QualityGoal | SizeGoal) -> str:
    if isinstance(goal, QualityGoal):
        return f"quality {goal.wanted:g}" if math.isinf(goal.least) else f"quality {goal.least:g}-{goal.wanted:g}"
    return f"at most {goal.amount:g} bpp" if goal.per_pixel else f"at most {human_bytes(int(goal.amount))}"


def without_floor(options: Options) -> Options:
    """Let a quality be missed: a version is shown, never the original in its place."""
    if not isinstance(options.goal, QualityGoal):
        return options
    return replace(options, quality=QualityGoal(-math.inf, options.goal.wanted))


def told_miss(goal: QualityGoal | SizeGoal | None, report: Report) -> str:
    """Return a sentence where a version is not what the goal asks for; else nothing."""
    if isinstance(goal, SizeGoal):
        n_pixels = report.width * report.height * report.n_frames
        return report.message if report.bytes_out > goal.n_bytes(n_pixels) else ""
    score = counted_score(report)
    if goal is None or (score is not None and score >= goal.wanted):
        return ""
    if goal.is_refused(report):
        return f"{report.message}; below {goal.least:g}, compress keeps the original"
    return report.message
