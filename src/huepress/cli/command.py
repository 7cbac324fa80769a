"""How a command shows itself: options in groups, those for experts on demand, examples, files for shells."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any, TypeVar, get_args

import click

from huepress.declare import Group

Command = TypeVar("Command", bound=Callable[..., Any])

GROUPS: tuple[Group, ...] = get_args(Group)
# Listed by --help-all only.
_HIDDEN_AT_FIRST = "expert"


class Option(click.Option):
    """An option that knows where the help lists it.

    Parameters
    ----------
    group : str
        One of `huepress.declare.Group`.
    """

    def __init__(self, *args: Any, group: Group = "everyday", **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.group = group


def option(*names: str, group: Group = "everyday", **settings: Any) -> Callable[[Command], Command]:
    """Add an option that only one command has."""
    return click.option(*names, cls=Option, group=group, **settings)


class GroupedCommand(click.Command):
    """A command whose help lists its options in groups.

    Parameters
    ----------
    examples : sequence of str
        Command lines, each with what it does behind ``#``.
    """

    def __init__(self, *args: Any, examples: Sequence[str] = (), **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.examples = tuple(examples)

    def get_params(self, ctx: click.Context) -> list[click.Parameter]:
        """Return the parameters, --help-all among them where some are for experts."""
        params = super().get_params(ctx)
        return [*params, _help_all()] if self.in_group(ctx, params, _HIDDEN_AT_FIRST) else params

    def in_group(self, ctx: click.Context, params: Sequence[click.Parameter], group: str) -> list[Option]:
        """Return the options of a group that are shown at all."""
        return [each for each in params if isinstance(each, Option) and each.group == group and not each.hidden]

    def format_options(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        """Write a list for each group, then what is common to all commands."""
        params = self.get_params(ctx)
        everything = ctx.meta.get(_ALL, False)
        groups = [group for group in GROUPS if everything or group != _HIDDEN_AT_FIRST]
        for group in groups:
            self._write(ctx, formatter, group.capitalize(), self.in_group(ctx, params, group))
        others = [each for each in params if isinstance(each, click.Option) and not isinstance(each, Option)]
        self._write(ctx, formatter, "Help", [each for each in others if not (everything and each.name == _ALL)])

    def format_help_text(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        """Write what the command does, then its examples."""
        super().format_help_text(ctx, formatter)
        if self.examples:
            with formatter.section("Examples"):
                formatter.write("".join(f"{'':{formatter.current_indent}}{line}\n" for line in self.examples))

    @staticmethod
    def _write(
        ctx: click.Context, formatter: click.HelpFormatter, title: str, params: Sequence[click.Parameter]
    ) -> None:
        records = [record for each in params if (record := each.get_help_record(ctx)) is not None]
        if records:
            with formatter.section(title):
                formatter.write_dl(records)


_ALL = "help_all"


def _help_all() -> click.Option:
    def show(context: click.Context, _: click.Parameter, value: bool) -> None:
        if value and not context.resilient_parsing:
            context.meta[_ALL] = True
            click.echo(context.get_help(), color=context.color)
            context.exit()

    return click.Option(
        ["--help-all", _ALL],
        is_flag=True,
        is_eager=True,
        expose_value=False,
        callback=show,
        help="Show the options for experts, too, and exit.",
    )


def drop_overruled(values: dict[str, Any], rivals: Sequence[str]) -> None:
    """Take back what settings say where the command line says something that excludes it."""
    context = click.get_current_context()
    said = click.core.ParameterSource.COMMANDLINE
    if any(context.get_parameter_source(name) is said for name in rivals):
        for name in rivals:
            if context.get_parameter_source(name) is not said:
                values[name] = None
