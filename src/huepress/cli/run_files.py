"""Single files of a run: their names, and standard input and output among them."""

from __future__ import annotations

from contextlib import suppress
from dataclasses import dataclass
from functools import cache, lru_cache
from pathlib import Path

from huepress import files
from huepress.cli.run_options import RunChoices
from huepress.cli.shared import STDIO, read_stdin, write_stdout
from huepress.errors import HuepressError
from huepress.formats.animation import read_animation
from huepress.formats.encoders import extension_of, formats_of
from huepress.formats.probe import HEADER_BYTES, Probe, probe
from huepress.model import Encoded
from huepress.options import Options
from huepress.storage import is_url, name_of, open_store
from huepress.storage.base import Staged, Store
from huepress.storage.local import LocalStore


@dataclass(frozen=True)
class FileNaming:
    """Names of results of single files."""

    output: str | None
    directory: Path | None
    choices: RunChoices
    options: Options
    store: Store

    def targets(self, name: str) -> dict[str, str]:
        """Return where the compressed file goes, for each format, the likeliest first."""
        formats = list(formats_of(self.options.format))
        if self.options.format is None:
            formats = [self._format_of_animation(name) or self.options.still_format]
        if self.options.format == "keep":
            own = _source(name).suffix.lower().removeprefix(".")
            formats.sort(key=lambda each: each != own)
        if self.choices.ext or (self.output and self.directory is None):
            return {formats[0]: str(self._path(name, extension(self.choices)))}
        return {each: str(self._path(name, f".{each}")) for each in formats}

    def kept(self, name: str) -> str:
        """Return where the original's bytes go: under a name whose extension does not lie."""
        suffix = "" if name == STDIO else _source(name).suffix.lower()
        found = self._probe(name)
        if found is not None:
            suffix = extension_of(Encoded(b"", {"MPO": "JPEG"}.get(found.format, found.format)), suffix)
        return str(self._path(name, suffix or f".{self.options.still_format}"))

    def _format_of_animation(self, name: str) -> str | None:
        """Return the format of an animation, whose results have it by default; None for pictures."""
        found = self._probe(name)
        if found is None or found.format not in ("GIF", "WEBP"):
            return None
        with suppress(HuepressError):  # told when its turn comes
            if read_animation(self.store.read(name), max_pixels=self.options.max_pixels) is not None:
                return found.format.lower()
        return None

    def _probe(self, name: str) -> Probe | None:
        with suppress(HuepressError):  # told when its turn comes
            return probe(self.store.read_start(name, HEADER_BYTES))
        return None

    def _path(self, name: str, extension: str) -> Path:
        if self.output and self.directory is None:
            return Path(self.output)
        return files.default_output(_source(name), self.directory, extension, self.choices.suffix)


@dataclass(frozen=True)
class PathsAndStreams(LocalStore):
    """Files by their paths; ``-`` is standard input and output."""

    def read(self, name: str) -> bytes:
        """Read a file, a URL or standard input."""
        if is_url(name):
            return open_store(name).read("")
        return _stdin() if name == STDIO else super().read(name)

    def read_start(self, name: str, n_bytes: int) -> bytes:
        """Read the first bytes."""
        if is_url(name):
            return _start_of(name, n_bytes)
        return _stdin()[:n_bytes] if name == STDIO else super().read_start(name, n_bytes)

    def stage(self, name: str, data: bytes, *, run: str, like: Path | None = None, times: bool = False) -> Staged:
        """Write a file's coming bytes beside it, or to standard output."""
        if name != STDIO:
            return super().stage(name, data, run=run, like=like, times=times)
        write_stdout(data)
        return STDIO

    def settle(self, staged: Staged) -> None:
        """Wait until staged bytes are on the disk, if that is where they go."""
        if staged != STDIO:
            super().settle(staged)

    def publish(self, staged: Staged, name: str, *, overwrite: bool) -> None:
        """Give staged bytes their name."""
        if name != STDIO:
            super().publish(staged, name, overwrite=overwrite)

    def size(self, name: str) -> int | None:
        """Return a file's bytes."""
        return None if name == STDIO else super().size(name)


def extension(choices: RunChoices) -> str:
    """Return the extension that was asked for, with its dot, or nothing."""
    return "" if not choices.ext else "." + choices.ext.lstrip(".")


def _source(name: str) -> Path:
    return Path("stdin" if name == STDIO else name_of(name) if is_url(name) else name)


@lru_cache(maxsize=256)
def _start_of(url: str, n_bytes: int) -> bytes:
    """Fetch the start of a file once, though several ask what it is."""
    return open_store(url).read_start("", n_bytes)


@cache
def _stdin() -> bytes:
    """Read standard input once: it may be wanted for its colors first."""
    return read_stdin()
