"""Command line options, derived from their declarations, and the types of their values."""

from __future__ import annotations

import dataclasses
import functools
import os
from collections.abc import Callable, Iterable
from typing import TYPE_CHECKING, Any, Literal, TypeVar, cast

import click

from huepress.cli.command import option
from huepress.declare import Spec
from huepress.errors import OptionError
from huepress.goals import QualityGoal, SizeGoal, parse_quality, parse_size
from huepress.options import MAX_COLORS, MIN_COLORS, STARTS, Options
from huepress.segmentation.options import check_regions

Command = TypeVar("Command", bound=Callable[..., Any])

if TYPE_CHECKING:
    _ListBase = click.ParamType[list[Any]]
    _NumberOfColorsBase = click.ParamType[int | str]
    _RegionsAskedBase = click.ParamType[int | float | str]
    _GoalBase = click.ParamType[QualityGoal | SizeGoal]
else:
    _ListBase = _GoalBase = _NumberOfColorsBase = _RegionsAskedBase = (
        click.ParamType
    )  # older versions have no type parameter


class NumberOfColors(_NumberOfColorsBase):
    """A number of colors, or ``auto``."""

    name = "K|auto"

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> int | str:
        """Parse ``16`` or ``auto``."""
        return "auto" if value == "auto" else click.IntRange(MIN_COLORS, MAX_COLORS).convert(value, param, ctx)


class RegionsAsked(_RegionsAskedBase):
    """A number of regions, the cost up to which they merge (with a point), or ``auto``."""

    name = "N|COST|auto"

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> int | float | str:
        """Parse ``12``, ``0.8`` or ``auto``."""
        if value == "auto" or isinstance(value, int | float):
            return cast("int | float | str", value)
        text = str(value)
        try:
            asked = int(text) if text.isdecimal() else float(text)
            check_regions(asked)
        except (ValueError, OptionError):
            self.fail(f"{text!r} is not auto, a number of regions such as 12, or a cost such as 0.8", param, ctx)
        return asked


class Listed(_ListBase):
    """Values of one type separated by commas; none where the text is empty."""

    def __init__(self, of: click.ParamType[Any]) -> None:
        self._of = of
        self.name = f"{of.name},..."

    def get_metavar(self, *args: Any, **kwargs: Any) -> str | None:
        """Return what the help calls the value: the type's own word, and dots."""
        return f"{self._of.get_metavar(*args, **kwargs) or self._of.name.upper()},..."

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> list[Any]:
        """Convert each part."""
        if isinstance(value, list):
            return value
        parts = str(value).split(",") if value != "" else []
        return [self._of.convert(part.strip(), param, ctx) for part in parts]


class Goal(_GoalBase):
    """A score, as ``70``, or a size, as ``50kB``."""

    def __init__(self, name: Literal["score", "size"]) -> None:
        self.name = name
        self._parse: Callable[[object], QualityGoal | SizeGoal] = parse_quality if name == "score" else parse_size

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> QualityGoal | SizeGoal:
        """Parse ``70`` or ``50kB``."""
        try:
            return self._parse(value)
        except OptionError as error:
            self.fail(str(error), param, ctx)


class ColorCounts(_ListBase):
    """Numbers of colors separated by commas; "auto" is one."""

    name = "K,K,..."

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> list[int | str]:
        """Parse ``8,16,auto``."""
        try:
            counts = ["auto" if part.strip() == "auto" else int(part) for part in str(value).split(",")]
        except ValueError:
            self.fail(f"{value!r} is not a list of whole numbers such as 8,16,32", param, ctx)
        for count in counts:
            if isinstance(count, int) and not MIN_COLORS <= count <= MAX_COLORS:
                self.fail(f"{count} is not in the range {MIN_COLORS} to {MAX_COLORS}", param, ctx)
        return counts


def options_of(schema: type[Any], names: Iterable[str] | None = None) -> Callable[[Command], Command]:
    """Add the options that a dataclass declares: all, or those that are named, in that order.

    Parameters
    ----------
    schema : dataclass
    names : iterable of str, optional
    """
    found = {each.name: each for each in dataclasses.fields(schema) if "spec" in each.metadata}

    def decorate(command: Command) -> Command:
        for name in reversed(list(found if names is None else names)):
            command = _as_click(found[name])(command)
        return command

    return decorate


def gathered(schema: type[Any], argument: str) -> Callable[[Command], Command]:
    """Add the options that a dataclass declares; they arrive as one object under the name of an argument."""

    def decorate(command: Command) -> Command:
        @functools.wraps(command)
        def with_object(**values: Any) -> Any:
            chosen = {each.name: values.pop(each.name) for each in dataclasses.fields(schema)}
            return command(**{argument: schema(**chosen)}, **values)

        return options_of(schema)(cast(Command, with_object))

    return decorate


def _as_click(declared: dataclasses.Field[Any]) -> Callable[[Command], Command]:
    spec: Spec = declared.metadata["spec"]
    names = spec.flags or ("--" + declared.name.replace("_", "-"),)
    shared: dict[str, Any] = {"help": spec.help, "group": spec.group}
    if spec.default_told:
        shared["help"] += f"  [default: {spec.default_told}]"
    if declared.type in ("bool", bool, "bool | None"):
        return option(*names, declared.name, is_flag=True, default=declared.default, **shared)
    if declared.default == ():
        multiple = str(declared.type).startswith("tuple")
        shared |= {"multiple": True} if multiple else {"default": ""}
    elif declared.default is not None:
        shared |= {"default": declared.default, "show_default": not spec.default_told}
    return option(*names, declared.name, type=_type_of(spec), metavar=spec.metavar, **shared)


def _type_of(spec: Spec) -> Any:
    if spec.choices:
        return click.Choice(spec.choices)
    if spec.metavar == "K|auto":
        return NumberOfColors()
    if spec.metavar == "N|COST|auto":
        return RegionsAsked()
    if spec.below is not None:
        return click.FloatRange(0, spec.below, max_open=True)
    if spec.within is None:
        return None
    low, high = spec.within
    return click.IntRange(int(low), int(high)) if spec.whole else click.FloatRange(low, high)


# What `make_options` takes from every command that runs the engine.
ENGINE = (
    "resize", "crop", "effort", "format", "rate", "dither", "alpha", "hidden", "seed", "init", "n_init", "n_swaps",
    "max_iter", "tol", "space", "jobs", "max_pixels",
)  # fmt: skip
COLORS = ("palette", "pin")


def make_options(
    n_colors: int | Literal["auto"],
    init: str = "wu",
    output: str | None = None,
    schema: type[Options] = Options,
    **others: Any,
) -> Options:
    """Build the options of a run from the command line's values.

    The extension of a named output decides about the format.

    Raises
    ------
    OptionError
        If a format is asked for that contradicts the extension.
    """
    if others.get("palette") is not None:
        from huepress.pipeline.intake import load_palette

        others["palette"] = load_palette(others["palette"], max_pixels=others["max_pixels"])
    from huepress.formats import table

    others["pin"] = others.get("pin") or ()
    asked, named = others.get("format"), table.option_for(output or "")
    if named and asked not in (None, "auto", "keep", named):
        full_color = table.full_color_by_name(asked)
        if full_color is None or full_color[0].name != named:
            raise OptionError(f"the output is named .{named} but --format asks for {asked}; drop one of them")
        named = asked
    others["format"] = named or asked
    options = schema(n_colors=n_colors, init=init if init in STARTS else init.split(","), **others)
    # The PNG optimizer keeps its own threads and reads this once, when it first runs.
    os.environ.setdefault("RAYON_NUM_THREADS", str(options.threads))
    return options
