"""How an option is declared: once, with all that checks, flags, documentation and fingerprints need of it."""

from __future__ import annotations

import dataclasses
import functools
import hashlib
import json
import math
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from numbers import Real
from typing import TYPE_CHECKING, Any, Literal

from huepress.errors import OptionError

if TYPE_CHECKING:
    from _typeshed import DataclassInstance

Affects = Literal["result", "form", "work"]
Group = Literal["everyday", "targets", "palette", "animations", "many files", "metadata", "expert"]
# Of the encoding that fingerprints are made of; another number makes all marks and ledgers strangers.
_FINGERPRINT_FORMAT = 1


@dataclass(frozen=True, kw_only=True)
class Spec:
    """All that is known of an option.

    Attributes
    ----------
    help : str
        One sentence for the command line and the documentation.
    affects : {"result", "form", "work"}
        Whether it says what is wished for, in which form that is delivered, or only how to work.
    group : str
        Where the help lists it.
    within : tuple of two numbers, optional
        The range of a number, both ends included.
    below : float, optional
        An open upper end of the range instead.
    whole : bool
        Whether the number is a whole one.
    choices : tuple of str
        The values of a text.
    flags : tuple of str
        What it is called on the command line, where that is not its own name.
    metavar : str, optional
        What the help calls its value.
    default_told : str, optional
        What the help calls the default, where that is not the value itself.
    """

    help: str
    affects: Affects = "result"
    group: Group = "expert"
    within: tuple[float, float] | None = None
    below: float | None = None
    whole: bool = True
    choices: tuple[str, ...] = ()
    flags: tuple[str, ...] = ()
    metavar: str | None = None
    default_told: str | None = None

    @property
    def is_checked(self) -> bool:
        """Whether the declaration says which values there are."""
        return bool(self.choices) or self.within is not None or self.below is not None

    def check(self, name: str, value: object) -> None:
        """Refuse a value that is out of the range, or none of the choices.

        Raises
        ------
        OptionError
        """
        if self.choices:
            if value not in self.choices:
                raise OptionError(f"{name} must be one of {', '.join(self.choices)}, not {value!r}")
        elif self.within is not None and self.whole:
            low, high = self.within
            number = None if isinstance(value, bool) or not hasattr(value, "__index__") else value.__index__()
            if number is None or not low <= number <= high:
                raise OptionError(f"{name} must be a whole number from {low:d} to {high:d}, not {value!r}")
        elif self.within is not None or self.below is not None:
            low, high = self.within or (0, math.inf)
            is_number = isinstance(value, Real) and not isinstance(value, bool)
            top = f"below {self.below:g}" if self.below is not None else f"{high:g}"
            fits = is_number and low <= float(value) <= high  # type: ignore[arg-type]
            if not fits or (self.below is not None and not float(value) < self.below):  # type: ignore[arg-type]
                raise OptionError(f"{name} must be a number from {low:g} to {top}, not {value!r}")


def option(default: Any, **spec: Any) -> Any:
    """Declare an option: a dataclass field with a default and a `Spec`."""
    return field(default=default, metadata={"spec": Spec(**spec)})


def specs(options: type[DataclassInstance] | DataclassInstance) -> dict[str, Spec]:
    """Return the declared options of a dataclass, by name, in their order."""
    return {each.name: each.metadata["spec"] for each in dataclasses.fields(options) if "spec" in each.metadata}


def check_all(options: DataclassInstance) -> None:
    """Check every value that is not its default against its declaration.

    Raises
    ------
    OptionError
    """
    for name, default, spec in _checked(type(options)):
        value = getattr(options, name)
        if value is not default and not (isinstance(value, str) and value == default):
            spec.check(name, value)


@functools.cache
def _checked(options: type[DataclassInstance]) -> tuple[tuple[str, object, Spec], ...]:
    """Return names, defaults and declarations of what is checked: listing them takes as long as a small picture."""
    declared = [(each.name, each.default, each.metadata.get("spec")) for each in dataclasses.fields(options)]
    return tuple((name, default, spec) for name, default, spec in declared if spec is not None and spec.is_checked)


def wishes(options: DataclassInstance, affects: Affects) -> Iterator[tuple[str, object]]:
    """Yield the options that differ from their defaults and affect the result or its form."""
    for each in dataclasses.fields(options):
        value = getattr(options, each.name)
        if "spec" in each.metadata and each.metadata["spec"].affects == affects and value != each.default:
            yield each.name, value


def fingerprint(values: Mapping[str, object], n_digits: int) -> str:
    """Return hexadecimal digits that tell sets of values apart, in every version and on every machine.

    Only what differs from a default belongs into the values: an option that is new changes no fingerprint.
    """
    text = json.dumps([_FINGERPRINT_FORMAT, _plain(values)], sort_keys=True, separators=(",", ":"))
    return hashlib.blake2b(text.encode(), digest_size=n_digits // 2).hexdigest()


def _plain(value: object) -> object:
    """Return a value in JSON's types."""
    if isinstance(value, Mapping):
        return {str(key): _plain(each) for key, each in value.items()}
    if dataclasses.is_dataclass(value) and not isinstance(value, type):
        return {"": type(value).__name__} | {key: _plain(each) for key, each in vars(value).items()}
    if isinstance(value, tuple | list):
        return [_plain(each) for each in value]
    return value
