"""What the results of single files are called, and which names are free."""

from __future__ import annotations

import os
from collections.abc import Sequence
from contextlib import suppress
from dataclasses import dataclass, replace
from functools import lru_cache
from pathlib import Path

from huepress import files
from huepress.archive.plan import fitted
from huepress.archive.request import RunRequest
from huepress.errors import HuepressError, OutputError, Remedy
from huepress.formats import table
from huepress.formats.mending import mend
from huepress.formats.probe import HEADER_BYTES, probe
from huepress.formats.reading import read_animation
from huepress.formats.table import extension_of
from huepress.formats.writing import formats_of
from huepress.storage import is_url, name_of, open_store
from huepress.storage.base import Store
from huepress.storage.local import LocalStore


@dataclass(frozen=True)
class FileNaming:
    """Names of results of single files."""

    request: RunRequest
    directory: Path | None
    store: Store
    stream: str | None = None  # the name that stands for standard input
    with_extension: frozenset[str] = frozenset()  # inputs whose results keep its extension: others have their stem

    def apart(self, names: Sequence[str]) -> FileNaming:
        """Return names under which inputs that differ in their extensions have results of their own in one folder.

        The one that keeps its extension, or else the first, keeps the plain name; ``a.jpg`` gives way to ``a.png``.
        """
        plain: dict[str, str] = {}
        own = self._likeliest
        for name in sorted(names, key=lambda name: self._source(name).suffix.lower() != own):
            plain.setdefault(self._source(name).stem.casefold(), name)
        alike = {self._source(name).name.casefold() for name in plain.values()}  # to be told, not renamed
        return replace(
            self, with_extension=frozenset(name for name in names if self._source(name).name.casefold() not in alike)
        )

    def targets(self, name: str) -> dict[str, str]:
        """Return where the compressed file goes, for each format, the likeliest first."""
        formats = list(formats_of(self.request.options.format))
        if self.request.options.format is None:
            formats = [self._format_of_animation(name) or self.request.options.still_format]
        if self.request.options.format == "keep":
            own = self._source(name).suffix.lower().removeprefix(".")
            formats.sort(key=lambda each: each != own)
        if self.request.extension or (self.request.output and self.directory is None):
            return {formats[0]: str(self._path(name, self.request.dotted_extension))}
        return {each: str(self._path(name, extension_of(each.upper(), ""))) for each in formats}

    def kept(self, name: str) -> str:
        """Return where the original's bytes go: under a name whose extension does not lie."""
        suffix = self._source(name).suffix.lower()
        found = self._file_format(name)
        if found is not None:
            suffix = extension_of({"MPO": "JPEG"}.get(found, found), suffix)
        return str(self._path(name, suffix or self._likeliest))

    @property
    def _likeliest(self) -> str:
        """The extension that results of pictures most likely have."""
        return extension_of(formats_of(self.request.options.still_format)[0].upper(), "")

    def _format_of_animation(self, name: str) -> str | None:
        """Return the format of an animation, whose results have it by default; None for pictures."""
        moving = table.of_animations(self._file_format(name) or "")
        if moving is None or moving is table.default() or self.request.options.still is not None:
            return None  # what is told by its own format, not as a picture's default
        with suppress(HuepressError):  # told when its turn comes
            options, data = self.request.options, self.store.read(name)
            mended = mend(data, max_pixels=options.max_pixels) if options.tolerant else None
            if read_animation(mended.data if mended else data, max_pixels=options.max_pixels) is not None:
                return moving.name
        return None

    def _file_format(self, name: str) -> str | None:
        with suppress(HuepressError):  # told when its turn comes
            start = self.store.read_start(name, HEADER_BYTES)
            known = table.of_bytes(start)
            if known is not None:
                return known.file_format
            found = probe(start)
            return None if found is None else found.format
        return None

    def _source(self, name: str) -> Path:
        if name == self.stream:
            return Path("stdin")
        return Path(name_of(name) if is_url(name) else name)

    def _path(self, name: str, extension: str) -> Path:
        if self.request.output and self.directory is None:
            return Path(self.request.output)
        source = self._source(name)
        stem = source.name if name in self.with_extension else source.stem
        suffix = files.SUFFIX if self.request.suffix is None else self.request.suffix
        return (self.directory or source.parent) / fitted(f"{stem}{suffix}{extension}")


@dataclass(frozen=True)
class Paths(LocalStore):
    """Files by their paths, and by their URLs to be read."""

    def read(self, name: str) -> bytes:
        """Read a file or a URL."""
        return open_store(name).read("") if is_url(name) else super().read(name)

    def read_start(self, name: str, n_bytes: int) -> bytes:
        """Read the first bytes."""
        return _start_of(name, n_bytes) if is_url(name) else super().read_start(name, n_bytes)


@lru_cache(maxsize=256)
def _start_of(url: str, n_bytes: int) -> bytes:
    """Fetch the start of a file once, though several ask what it is."""
    return open_store(url).read_start("", n_bytes)


class Claims:
    """The outputs of a run: none may be an input or the output of another input.

    Parameters
    ----------
    inputs : list of str
    """

    def __init__(self, inputs: list[str]) -> None:
        self._inputs = {os.path.realpath(name) for name in inputs}
        self._taken: dict[str, str] = {}

    def claim(self, target: Path, source: str = "") -> None:
        """Reserve a path for what becomes of an input.

        Raises
        ------
        OutputError
            If it is an input or reserved already.
        """
        path = os.path.realpath(target)
        if path in self._inputs:
            raise OutputError("the output would replace an input", subject=str(target), remedy=Remedy.OTHER_OUTPUT)
        if path in self._taken:
            raise OutputError(
                f"already the output of {self._taken[path] or 'another input'}",
                subject=f"{source} -> {target}" if source else str(target),
                remedy=Remedy.OTHER_OUTPUT,
            )
        self._taken[path] = source
