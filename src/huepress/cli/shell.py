"""``huepress completion`` and ``huepress man``: what shells and `man` need to know of the program."""

from __future__ import annotations

import re

import click

from huepress import __version__
from huepress.cli.command import GROUPS, GroupedCommand
from huepress.cli.output import say

_SHELLS = ("bash", "zsh", "fish")


@click.command(name="completion", short_help="Print what a shell completes with.")
@click.argument("shell", type=click.Choice(_SHELLS))
def completion(shell: str) -> int:
    """Print the script with which a shell completes commands, options and files.

    \b
    bash: huepress completion bash > ~/.local/share/bash-completion/completions/huepress
    zsh:  huepress completion zsh > ~/.zfunc/_huepress    (a folder in fpath)
    fish: huepress completion fish > ~/.config/fish/completions/huepress.fish
    """  # noqa: D301
    from click.shell_completion import get_completion_class

    from huepress.cli.main import cli

    found = get_completion_class(shell)
    assert found is not None
    script = found(cli, {}, "huepress", "_HUEPRESS_COMPLETE")
    say(script.source())
    return 0


@click.command(name="man", short_help="Print the page for man.")
def man() -> int:
    """Print the manual page; `huepress man | man -l -` shows it.

    \b
    To keep it: huepress man > ~/.local/share/man/man1/huepress.1
    """  # noqa: D301
    from huepress.cli.main import cli

    root = click.Context(cli, info_name="huepress")
    lines = [
        f'.TH HUEPRESS 1 "" "huepress {__version__}" "User Commands"',
        ".SH NAME",
        "huepress \\- make images small with k\\-means",
        ".SH SYNOPSIS",
        ".B huepress",
        "[COMMAND] [OPTIONS] INPUT...",
        ".SH DESCRIPTION",
        _roff(cli.help or ""),
        "Without a command, files are compressed.",
    ]
    for name in cli.list_commands(root):
        command = cli.get_command(root, name)
        if command is not None:
            lines += _command_lines(command, click.Context(command, info_name=name, parent=root))
    lines += [
        ".SH ENVIRONMENT",
        "Every option can be set: HUEPRESS_COMPRESS_EFFORT=3 is compress \\-\\-effort 3.",
        ".SH FILES",
        "huepress.toml, or [tool.huepress] in pyproject.toml: a project's settings.",
        ".SH EXIT STATUS",
        "0 done or kept; 1 some inputs failed; 2 usage; 3 missing or unreadable; 4 no image; 5 cannot be written; "
        "6 too large; 7 out of reach; 130 interrupted.",
    ]
    say("\n".join(lines))
    return 0


def _command_lines(command: click.Command, context: click.Context) -> list[str]:
    lines = [f".SH {context.command_path.upper()}", f".B {_roff(command.get_usage(context).removeprefix('Usage: '))}"]
    for paragraph in re.split(r"\n\s*\n", (command.help or "").replace("\b\n", "")):
        lines += [".PP", _roff(" ".join(paragraph.split()))]
    if isinstance(command, GroupedCommand):
        for example in command.examples:
            lines += [".PP", ".RS", _roff(example), ".RE"]
        params = command.get_params(context)
        for group in GROUPS:
            options = command.in_group(context, params, group)
            lines += [f".SS {group.capitalize()}"] * bool(options)
            for each in options:
                record = each.get_help_record(context)
                lines += [".TP", f".B {_roff(record[0])}", _roff(record[1])] if record else []
    return lines


def _roff(text: str) -> str:
    """Return a text that a typesetter takes as it is."""
    escaped = text.replace("\\", "\\e").replace("-", "\\-")
    return re.sub(r"^([.'])", r"\\&\1", escaped, flags=re.M)
