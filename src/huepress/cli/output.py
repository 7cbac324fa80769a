"""The one place that prints: lines, errors in the command line's words, images to standard output."""

from __future__ import annotations

import os
import sys
from typing import TextIO

import click

from huepress.errors import HuepressError, OutputError, Remedy
from huepress.wording import printable

# How the ways out are called here.
_WORDS = {
    Remedy.OVERWRITE: "--force overwrites it",
    Remedy.ALLOW_LARGER: "--allow-larger writes it anyway",
    Remedy.SMALLER_OTHERWISE: "--format smallest, --quality 60, --max-size or --resize make it smaller; --allow-larger "
    "writes the palette",
    Remedy.SMALLER_ANIMATION: "--fps 12, --resize or --quality 60 make it smaller",
    Remedy.FEW_COLORS_ARE_LARGER: "--format smallest instead of -k takes fewer bytes, --never-larger keeps the "
    "original; with -o give a folder then",
    Remedy.FEWER_BYTES: "--format smallest, --quality 60 or --max-size take fewer bytes",
    Remedy.COMPRESS_ANYWAY: "--allow-larger compresses it anyway",
    Remedy.ALLOW_MISS: "allow more, make the picture smaller, or --force writes it",
    Remedy.KEEP_METADATA: "--strip none keeps the original",
    Remedy.TAKE_OR_RENAME: "--allow-larger writes the result, or choose another --format or name",
    Remedy.NO_STRIP: "--strip none keeps it as it is",
    Remedy.OTHER_OUTPUT: "choose another place with -o",
    Remedy.OTHER_OUTPUT_OR_IN_PLACE: "choose another place with -o, or --in-place",
    Remedy.SHORTER_OUTPUT: "choose a shorter name with -o",
    Remedy.CHECK_OUTPUT: "check the path given with -o",
    Remedy.OUTPUT_FOLDER: "give -o DIR for another format",
    Remedy.OUTPUT_PLACE: "give -o DIR or a URL",
    Remedy.OUTPUT_FILE_OR_BUCKET: "give -o a folder or s3://bucket/folder",
    Remedy.FILE_OR_TREE: "give -o a file or folder here, or a folder with -r",
    Remedy.NOT_IN_PLACE: "leave --in-place out",
    Remedy.NOT_RECURSIVE: "leave -r out",
    Remedy.RELATIVE_NAMES: "with -o names have to be relative, so that their place there is known",
    Remedy.OTHER_FORMAT: "choose another --format",
    Remedy.TOLERANT: "--tolerant reads it as far as it goes",
    Remedy.MORE_PIXELS: "raise the limit with --max-pixels, or make the image smaller",
    Remedy.FEWER_FRAMES: "take a part with --trim, fewer frames with --fps, or raise --max-pixels",
    Remedy.MORE_MEMORY: "raise --memory",
    Remedy.LESS_MEMORY: "try it alone, or with a smaller --memory",
    Remedy.NO_COLORS: "leave -k, --palette and --pin out, or write .png or .webp",
    Remedy.MORE_COLORS: "raise -k",
    Remedy.FEWER_PALETTE: "leave -k out or give a smaller palette",
    Remedy.WHOLE_FOLDER: "compress -r FOLDER -o DIR takes all that is in it; here give its files",
    Remedy.EXCLUDE_FOLDER: "rename it, or --exclude its folder",
    Remedy.CHECK_CLUSTER: "check --cluster",
    Remedy.SKIP_FAILED: "mend them, --exclude them, or --skip-failed leaves them out; what is done is not done again",
    Remedy.PALETTE_EACH: "raise --memory, --resize the pictures, or --palette image needs next to nothing",
}


def words_for(remedy: Remedy) -> str:
    """Return a way out as it is called on the command line."""
    return _WORDS.get(remedy, remedy.value)


def told(error: HuepressError) -> str:
    """Return an error as one sentence."""
    return error.told(words_for)


def complain(error: HuepressError | str) -> None:
    """Print what went wrong."""
    say(f"huepress: {error if isinstance(error, str) else told(error)}", err=True)


def say(text: str, *, err: bool = False, styled: bool = False) -> None:
    """Print lines; a reader that has gone is no error, the work goes on.

    Names of files may hold anything: unless the text is `styled` on purpose, control characters are escaped.
    """
    stream = sys.stderr if err else sys.stdout
    if stream is None:
        return
    encoding = stream.encoding or "utf-8"
    if not styled:
        text = "\n".join(map(printable, text.split("\n")))
    try:
        click.echo(text.encode(encoding, "backslashreplace").decode(encoding), err=err)
    except BrokenPipeError:
        _silence(stream)
    except OSError as error:
        _silence(stream)
        raise _cannot_be_written(error) from None


def write_stdout(data: bytes) -> None:
    """Write an image to standard output."""
    if sys.stdout is None:
        raise OutputError("standard output is closed", remedy="give -o FILE")
    try:
        sys.stdout.buffer.write(data)
        sys.stdout.buffer.flush()
    except BrokenPipeError:
        _silence(sys.stdout)
    except OSError as error:
        _silence(sys.stdout)
        raise _cannot_be_written(error) from None


def _cannot_be_written(error: OSError) -> OutputError:
    return OutputError(f"cannot be written ({error.strerror})", subject="standard output", remedy="free some space")


def _silence(stream: TextIO) -> None:
    os.dup2(os.open(os.devnull, os.O_WRONLY), stream.fileno())
