"""A project's settings: ``huepress.toml``, or the table ``[tool.huepress]`` of ``pyproject.toml``.

The nearest of these files counts, from the current folder upwards to the project's root. It may come with somebody
else's pictures, so it says how results look and never what is read, written or replaced.
"""

from __future__ import annotations

import os
from collections.abc import Iterator
from difflib import get_close_matches
from pathlib import Path
from typing import Any

import click

from huepress.errors import OptionError

NAMES = ("huepress.toml", "pyproject.toml")
# What only a person may say: which files are touched, and who does the work.
_PERSONAL = (
    "output", "force", "in_place", "files_from", "null", "recursive", "report", "plot", "cluster", "dry_run",
    "as_json", "quiet", "show",
)  # fmt: skip
# A longer one is no settings file.
_MOST_BYTES = 1 << 20


def settings_for(name: str, command: click.Command, commands: tuple[str, ...]) -> dict[str, Any]:
    """Return the defaults that the project's settings give to a command, by parameter.

    Raises
    ------
    OptionError
        If the file is no TOML, or names an option that no command has.
    """
    found = _find(Path.cwd())
    if found is None:
        return {}
    path, table = found
    tables = {key: value for key, value in table.items() if key in commands and isinstance(value, dict)}
    shared = {key: value for key, value in table.items() if key not in tables}
    chosen: dict[str, Any] = {}
    for source, strict in ((shared, False), (tables.get(name, {}), True)):
        for key, value in source.items():
            parameter = _named(key, command)
            if parameter is None and (strict or not _known_elsewhere(key, commands)):
                raise OptionError(f"there is no option {key!r}", subject=str(path), remedy=_suggested(key, command))
            if parameter is not None and parameter.name is not None:
                if parameter.name in _PERSONAL:
                    remedy = "give it on the command line"
                    raise OptionError(f"{key!r} cannot be set for a project", subject=str(path), remedy=remedy)
                chosen[parameter.name] = _as_text(path, key, value, parameter)
    return chosen


def _find(start: Path) -> tuple[Path, dict[str, Any]] | None:
    for folder in (start, *start.parents):
        for name in NAMES:
            path = folder / name
            if path.is_file() and _trusted(path):
                table = _read(path)
                if table is not None:
                    return path, table
        if (folder / ".git").exists():
            return None
    return None


def _trusted(path: Path) -> bool:
    """Tell whether a file is of this user or the system's; what others leave in a folder above is not heard."""
    return not hasattr(os, "geteuid") or path.stat().st_uid in (os.geteuid(), 0)


def _read(path: Path) -> dict[str, Any] | None:
    import tomllib

    from huepress import files

    try:
        content = tomllib.loads(files.read_bytes(path, limit=_MOST_BYTES).decode())
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        if path.name != NAMES[0]:
            return None  # of another program, which will complain about it
        raise OptionError(f"is no TOML ({error})", subject=str(path), remedy="correct it") from None
    table = content if path.name == NAMES[0] else content.get("tool", {}).get("huepress")
    return table if isinstance(table, dict) else None


def _names(parameter: click.Parameter) -> Iterator[str]:
    yield from (name.lstrip("-").replace("-", "_") for name in parameter.opts if name.startswith("--"))
    if parameter.name:
        yield parameter.name


def _named(key: str, command: click.Command) -> click.Parameter | None:
    wanted = key.replace("-", "_")
    return next((p for p in command.params if isinstance(p, click.Option) and wanted in _names(p)), None)


def _known_elsewhere(key: str, commands: tuple[str, ...]) -> bool:
    """Tell whether another command has the option: what is set for all is for those that have it."""
    from huepress.cli.main import command_of

    return any(_named(key, command_of(name)) is not None for name in commands)


def _suggested(key: str, command: click.Command) -> str:
    known = [name for p in command.params if isinstance(p, click.Option) for name in _names(p)]
    close = get_close_matches(key.replace("-", "_"), known, 1)
    return f"did you mean {close[0]!r}?" if close else "huepress compress --help-all lists them"


def _as_text(path: Path, key: str, value: object, parameter: click.Parameter) -> Any:
    """Return a value as the command line would say it, so that it is checked as there."""
    if isinstance(value, list) and all(isinstance(each, str | int | float) for each in value):
        return [str(each) for each in value] if parameter.multiple else ",".join(map(str, value))
    if isinstance(value, bool) != bool(getattr(parameter, "is_flag", False)) or not isinstance(
        value, str | int | float
    ):
        raise OptionError(f"{key!r} cannot be {value!r}", subject=str(path), remedy="give it as on the command line")
    if isinstance(value, bool):
        return value
    return [str(value)] if parameter.multiple else str(value)
