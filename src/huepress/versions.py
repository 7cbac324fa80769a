"""Settings to be compared, and what each makes of an image."""

from __future__ import annotations

import itertools
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

from huepress import pipeline
from huepress.errors import OptionError
from huepress.metrics import SMALLEST_SIDE, Comparator, words_for
from huepress.model import Outcome, SourceImage
from huepress.options import Options
from huepress.text import human_bytes

# Options of which several values may be compared: every value with every other.
VARIED = ("n_colors", "effort", "rate", "dither", "format")
# Options that ask for a result; each value is a version of its own.
TARGETS = ("quality", "max_size")


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
    """

    label: str
    outcome: Outcome
    ssimulacra2: float | None

    @property
    def n_bytes(self) -> int:
        """Size of the file."""
        return self.outcome.report.bytes_out

    @property
    def words(self) -> str:
        """The quality in words; empty without a score."""
        return "" if self.ssimulacra2 is None else words_for(self.ssimulacra2)

    @property
    def saved_text(self) -> str:
        """The part of the input file that is saved, for a person; empty where the input was no file."""
        saved = self.outcome.report.saved
        if saved is None:
            return ""
        return f"{100 * saved:.0f} % saved" if saved >= 0 else f"{-100 * saved:.0f} % larger"

    @property
    def psnr_text(self) -> str:
        """PSNR in decibels, for a person."""
        report = self.outcome.report
        return "lossless" if report.mse == 0 else f"{report.psnr_db:.1f} dB"


def make_variants(options: Options, values: Mapping[str, Sequence[Any]]) -> list[Variant]:
    """List the settings to compare.

    Parameters
    ----------
    options : Options
        What holds for all variants.
    values : mapping of str to sequence
        Values of the options in `VARIED`, of which each is combined with each; and of those in
        `TARGETS`, of which each stands alone.

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
    targets = [(name, value) for name in TARGETS for value in lists[name]]
    variants = []
    if not targets or lists["n_colors"] or any(len(lists[name]) > 1 for name in VARIED):
        axes = [[(name, value) for value in lists[name]] for name in VARIED if lists[name]]
        for chosen in itertools.product(*axes):
            settings = replace(options, **dict(chosen))
            named = [name for name, _ in chosen if len(lists[name]) > 1 and name != "n_colors"]
            variants.append(Variant(_label(settings, named), settings))
    for name, value in targets:
        variants.append(Variant(_target_label(name, value), _with_target(options, name, value)))
    different: dict[Options, Variant] = {}
    for variant in variants:
        different.setdefault(variant.options, variant)
    return list(different.values())


def make_versions(
    source: SourceImage, variants: Sequence[Variant], on_progress: Callable[[str], None] | None = None
) -> list[Version]:
    """Make the versions of an image, and score them.

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
        outcome = pipeline.run(source, variant.options, allow_larger=True)
        score = comparator.ssimulacra2(outcome.indexed.to_array()) if comparator else None
        versions.append(Version(variant.label, outcome, score))
    return versions


def _label(options: Options, named: Sequence[str]) -> str:
    return ", ".join([f"K = {options.n_colors}", *(_setting(name, getattr(options, name)) for name in named)])


def _setting(name: str, value: Any) -> str:
    return str(value).upper() if name == "format" else f"{name} {value:g}" if name == "rate" else f"{name} {value}"


def _target_label(name: str, value: Any) -> str:
    return f"quality {value:g}" if name == "quality" else f"at most {human_bytes(value)}"


def _with_target(options: Options, name: str, value: Any) -> Options:
    if not hasattr(Options, name):
        raise OptionError(f"{name} cannot be asked for yet; compare numbers of colors or rates instead")
    return replace(options, **{name: value})
