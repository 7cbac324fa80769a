"""Parses, runs a command, and maps what went wrong to one sentence and an exit code."""

from __future__ import annotations

import os
import sys
from difflib import get_close_matches
from importlib import import_module

import click
from click.shell_completion import CompletionItem

from huepress import __version__
from huepress.cli.output import complain
from huepress.errors import HuepressError, LimitError, as_huepress_error

# Where each command is, imported only when it runs or is listed.
_COMMANDS = {
    "compress": "compress:command",
    "compare": "compare:command",
    "dataset": "dataset:command",
    "palette": "palette:command",
    "score": "score:command",
    "segment": "segment:command",
    "serve": "serve:command",
    "completion": "shell:completion",
    "man": "shell:man",
}
# What settings are for.
_SET = ("compress", "compare", "palette", "score", "segment")
_DEFAULT = "compress"
_OWN_FLAGS = ("--no-settings",)
_OWN_ENDS = ("-h", "--help", "-V", "--version")
_INTERRUPTED = 130


def command_of(name: str) -> click.Command:
    """Return a command by its name."""
    module, _, attribute = _COMMANDS[name].partition(":")
    command: click.Command = getattr(import_module(f"huepress.cli.{module}"), attribute)
    return command


class _LazyGroup(click.Group):
    def list_commands(self, ctx: click.Context) -> list[str]:
        return list(_COMMANDS)

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        return command_of(cmd_name) if cmd_name in _COMMANDS else None

    def parse_args(self, ctx: click.Context, args: list[str]) -> list[str]:
        """Take files without a command as something to compress."""
        at = next((i for i, each in enumerate(args) if each not in _OWN_FLAGS), len(args))
        if at < len(args) and args[at] not in _COMMANDS and args[at] not in _OWN_ENDS and _is_input(args[at]):
            args = [*args[:at], _DEFAULT, *args[at:]]
        return super().parse_args(ctx, args)

    def resolve_command(
        self, ctx: click.Context, args: list[str]
    ) -> tuple[str | None, click.Command | None, list[str]]:
        if args[0] not in _COMMANDS:
            close = get_close_matches(args[0], _COMMANDS, 1)
            hint = f"did you mean {close[0]!r}?" if close else "there is no such file, either"
            raise click.UsageError(f"no such command {args[0]!r}; {hint}", ctx)
        return super().resolve_command(ctx, args)

    def shell_complete(self, ctx: click.Context, incomplete: str) -> list[CompletionItem]:
        """Complete commands, and files: those are compressed."""
        return [*super().shell_complete(ctx, incomplete), CompletionItem(incomplete, type="file")]


def _is_input(word: str) -> bool:
    """Tell whether a first word is meant for `compress`: an option of it, standard input, or a file."""
    return word.startswith("-") or not {".", "/", os.sep, "*", "?", "["}.isdisjoint(word) or os.path.exists(word)


@click.group(
    cls=_LazyGroup,
    invoke_without_command=True,
    subcommand_metavar="[COMMAND] [ARGS]...",
    context_settings={
        "help_option_names": ["-h", "--help"],
        "max_content_width": 100,
        "auto_envvar_prefix": "HUEPRESS",
    },
)
@click.option("--no-settings", is_flag=True, help="Leave huepress.toml and [tool.huepress] of pyproject.toml out.")
@click.version_option(__version__, "-V", "--version", prog_name="huepress")
@click.pass_context
def cli(context: click.Context, no_settings: bool) -> None:
    """Make images small with k-means: fewer colors, indexed files, exact results.

    Files without a command are compressed: huepress photo.png
    """
    name = context.invoked_subcommand
    if name is None:
        click.echo(context.get_help())
    elif name in _SET and not no_settings:
        from huepress.cli.settings import settings_for

        context.default_map = {name: settings_for(name, command_of(name), _SET)}


def run(arguments: list[str] | None = None) -> int:
    """Run the program and return its exit code."""
    # NumPy's algebra is not used for anything large; its threads would cost more than reading a small picture.
    os.environ.setdefault("OPENBLAS_NUM_THREADS", "1")
    try:
        code = cli.main(args=arguments, prog_name="huepress", standalone_mode=False)
        if sys.stdout is not None:
            sys.stdout.flush()
        return code if isinstance(code, int) else 0
    except click.UsageError as error:
        where = error.ctx.command_path if error.ctx else "huepress"
        complain(f"{error.format_message().rstrip('.')}; see '{where} --help'")
        return 2
    except click.ClickException as error:
        complain(error.format_message())
        return error.exit_code
    except (click.Abort, KeyboardInterrupt):
        complain("interrupted; finished files are whole, no other was touched")
        return _INTERRUPTED
    except HuepressError as error:
        complain(error)
        return error.exit_code
    except OSError as error:
        # Standard output has failed: keep Python from complaining again when it flushes at exit.
        if sys.stdout is not None:
            os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        if isinstance(error, BrokenPipeError):
            return 0  # the reader has gone: silence
        if error.filename is not None:
            complain(f"{error.filename}: {error.strerror}; check the name, and the folder for temporary files")
        elif error.strerror is None:
            complain(f"the system refuses: {error}")
        else:
            complain(f"standard output: cannot be written ({error.strerror}); free some space")
        return 5
    except MemoryError as error:
        complain(as_huepress_error(error))
        return LimitError.exit_code


def main() -> None:
    """Entry point of the installed program."""
    sys.exit(run())


if __name__ == "__main__":
    main()
