"""The settings of the page, made of the same declarations as the command's: what there is, and what was chosen."""

from __future__ import annotations

import dataclasses
import os
from collections.abc import Mapping
from dataclasses import dataclass, replace

from huepress.comparison.versions import flags_of
from huepress.declare import Spec, specs
from huepress.delivering import Delivery
from huepress.errors import OptionError
from huepress.options import DEFAULT_MAX_PIXELS, STARTS, Options
from huepress.wording import quoted

Value = str | int | float | bool
Chosen = Mapping[str, Value]

# How the work is done is for who started the server to say; the page says what is wished for.
_NOT_HERE = frozenset({"jobs", "max_pixels"})
_OF_DELIVERY = ("allow_larger",)
_YES_OR_NO = ("yes", "no")
_LONGEST_TEXT = 8192  # 256 colors, amply
_FORMATS = "format"
# Where the command's own words speak of its line.
_IN_OTHER_WORDS = {
    "allow_larger": "Take the result even if it is no smaller than the picture; a number of colors alone does so, too.",
    "format": "png, webp, gif, jxl: a palette; auto: the smallest of these that browsers show; keep: the picture's "
    "own; avif, webp-lossy, jpeg: any number of colors; smallest: of all these at the same score. Usual: png; "
    "animations stay what they are.",
}
# By variables of these names the command's options are set from outside.
_FROM_OUTSIDE = "HUEPRESS_COMPRESS_"
# Plain k-means is there at once; the quickest search looks much more like what comes.
_EFFORTS_OF_LOOKS = (0, 1)


@dataclass(frozen=True)
class Field:
    """One setting as the page shows it; the names are those of the declarations.

    Attributes
    ----------
    name, label, group, help : str
    kind : {"choice", "number", "flag", "text", "colors"}
    usual : str, int, float, bool or None
        The default; None where the option is off unless it is given.
    choices : tuple of str
    low, high : float, optional
        The range of a number, both ends included.
    whole : bool
        Whether the number is a whole one.
    """

    name: str
    label: str
    group: str
    help: str
    kind: str
    usual: Value | None
    choices: tuple[str, ...] = ()
    low: float | None = None
    high: float | None = None
    whole: bool = True


def fields() -> list[Field]:
    """Return all settings in the order of their declarations."""
    declared = {**specs(Options), **{name: specs(Delivery)[name] for name in _OF_DELIVERY}}
    usual = {each.name: each.default for schema in (Options, Delivery) for each in dataclasses.fields(schema)}
    return [_field(name, spec, usual[name]) for name, spec in declared.items() if name not in _NOT_HERE]


def _field(name: str, spec: Spec, usual: object) -> Field:
    told = spec.help + (f" Default: {spec.default_told}." if spec.default_told else "")
    told = _IN_OTHER_WORDS.get(name, told)
    label = name.replace("_", " ").replace("n ", "").capitalize()
    default = usual if isinstance(usual, str | int | float) else None
    shared = Field(name, label, spec.group, told, "text", default)
    if isinstance(usual, bool):
        return replace(shared, kind="flag")
    if name in _OF_DELIVERY:
        return replace(shared, kind="choice", choices=_YES_OR_NO)
    if spec.choices:
        return replace(shared, kind="choice", choices=spec.choices)
    if name == _FORMATS:
        return replace(shared, kind="choice", choices=tuple((spec.metavar or "").split("|")))
    if name in ("palette", "pin"):
        return replace(shared, kind="colors")
    if (spec.within or spec.below) and not isinstance(usual, str):
        low, high = spec.within or (0.0, spec.below)
        return replace(shared, kind="number", low=low, high=high, whole=spec.whole)
    return shared


_FIELDS = {each.name: each for each in fields()}


def check(values: object) -> dict[str, Value]:
    """Return settings that came from outside, checked one by one and all together; only those that differ.

    Raises
    ------
    OptionError
        If something is no setting, has a value that makes no sense, or contradicts another.
    """
    chosen: dict[str, Value] = {}
    for name, value in amended({}, values).items():
        if name not in _FIELDS:
            raise OptionError(f"there is no setting {str(name)[:40]!r} here")
        if value is None or value == "":
            continue
        if not isinstance(value, str | int | float) or (isinstance(value, str) and len(value) > _LONGEST_TEXT):
            raise OptionError(f"{name} cannot be {str(value)[:40]!r}")
        found = _value(_FIELDS[name], value)
        if found != _FIELDS[name].usual:
            chosen[name] = found
    options_for(chosen)
    return chosen


def amended(chosen: Chosen, changes: object) -> dict[str, object]:
    """Return settings with some changed, not checked yet; nothing in place of a value is the usual one.

    Raises
    ------
    OptionError
        If the changes are no names and values.
    """
    if not isinstance(changes, dict):
        raise OptionError("settings are an object of names and values")
    return {**chosen, **changes}


def _value(field: Field, value: Value) -> Value:
    if field.kind == "flag":
        if not isinstance(value, bool):
            raise OptionError(f"{field.name} is true or false, not {value!r}")
        return value
    if isinstance(value, bool):
        raise OptionError(f"{field.name} cannot be {value!r}")
    text = str(value).strip()
    if field.name in _OF_DELIVERY and text not in _YES_OR_NO:
        raise OptionError(f"{field.name} is yes or no, not {text[:40]!r}")
    if field.kind == "number":
        return _number(field, text)
    if field.name == "n_colors" and text != "auto":
        return int(_number(replace(field, whole=True), text))
    return text


def _number(field: Field, text: str) -> int | float:
    try:
        return int(text) if field.whole else float(text)
    except ValueError:
        kind = "a whole number" if field.whole else "a number"
        raise OptionError(f"{field.name} takes {kind}, not {text[:40]!r}") from None


def options_for(chosen: Chosen, *, jobs: int = 0, max_pixels: int | None = None) -> Options:
    """Build options of settings. Palettes are colors here, never names of files: the page reads none.

    Raises
    ------
    OptionError
    """
    values: dict[str, object] = {name: value for name, value in chosen.items() if name not in _OF_DELIVERY}
    start = values.get("init")
    if isinstance(start, str) and start not in STARTS:
        values["init"] = start.split(",")
    if max_pixels is not None:
        values["max_pixels"] = max_pixels
    return Options.from_keywords({**values, "jobs": jobs})


def delivery_for(chosen: Chosen) -> Delivery:
    """Build what is said of which results are taken."""
    return Delivery(**{name: chosen[name] == _YES_OR_NO[0] for name in _OF_DELIVERY if name in chosen})


def first_looks(options: Options) -> list[Options]:
    """Return options that show about what the others lead to, the quickest first; none where these are as quick."""
    rough = replace(options, quality=None, max_size=None, png_writer="zlib", advise=False)
    return [replace(rough, effort=effort) for effort in _EFFORTS_OF_LOOKS if effort < options.effort]


def command_for(name: str, chosen: Chosen, *, max_pixels: int | None = None) -> str:
    """Return the command line that makes the same file of a picture.

    Parameters
    ----------
    name : str
        The path of the picture's file.
    chosen : mapping
        Settings that are checked.
    max_pixels : int, optional
    """
    return command_of(name, options_for(chosen, max_pixels=max_pixels), delivery_for(chosen))


def command_of(name: str, options: Options, delivery: Delivery) -> str:
    """Return the command line that makes the file of a picture that these options make.

    What would be set from outside, by a project or by the variables that this process has, too, does not count there.
    """
    flags = [*flags_of(options), *flags_of(delivery)]
    if options.tolerant:  # it is about the work, and decides all the same whether there is a result
        flags.append("--tolerant")
    if options.max_pixels > DEFAULT_MAX_PIXELS:
        flags.append(f"--max-pixels {options.max_pixels}")
    variables = sorted(name for name in os.environ if name.startswith(_FROM_OUTSIDE))
    without = ["env", *(f"-u {quoted(name)}" for name in variables)] if variables else []
    return " ".join([*without, "huepress", "--no-settings", "compress", *flags, "--", quoted(name)])
