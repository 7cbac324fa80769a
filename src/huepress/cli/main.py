"""Parses, runs a command, and maps what went wrong to one sentence and an exit code."""

from __future__ import annotations

import os
import sys
from importlib import import_module

import click

from huepress import __version__
from huepress.cli.output import complain
from huepress.errors import HuepressError, LimitError, as_huepress_error

# One file per command, imported only when the command runs or is listed.
_COMMANDS = {"compress": "compress", "compare": "compare", "palette": "palette", "score": "score", "segment": "segment"}
_INTERRUPTED = 130


class _LazyGroup(click.Group):
    def list_commands(self, ctx: click.Context) -> list[str]:
        return list(_COMMANDS)

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        if cmd_name not in _COMMANDS:
            return None
        command: click.Command = import_module(f"huepress.cli.{_COMMANDS[cmd_name]}").command
        return command


@click.group(
    cls=_LazyGroup,
    invoke_without_command=True,
    context_settings={"help_option_names": ["-h", "--help"], "max_content_width": 100},
)
@click.version_option(__version__, "-V", "--version", prog_name="huepress")
@click.pass_context
def cli(context: click.Context) -> None:
    """Make images small with k-means: fewer colors, indexed files, exact results."""
    if context.invoked_subcommand is None:
        click.echo(context.get_help())


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
