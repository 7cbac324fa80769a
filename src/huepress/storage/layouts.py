"""How the files of a remote tree are addressed and found: as objects, or through web pages."""

from __future__ import annotations

import html
import os
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any, Protocol
from urllib.parse import quote, unquote, urljoin, urlsplit

from huepress.errors import LimitError
from huepress.storage.base import Enter

# Index pages may be made up as they are asked for: what lies deeper, or is more, is left.
_DEEPEST, _MOST_PAGES, _MOST_FILES = 32, 20_000, 2_000_000


@dataclass(frozen=True)
class Found:
    """A file below a root; or, with an error, a folder that cannot be read."""

    parts: list[str]
    size: int = 0
    error: Exception | None = None

    @property
    def has_a_name(self) -> bool:
        """Whether every tree can hold it: ``..`` would lead out of a folder, and a ``/`` somewhere else in it."""
        foreign = {"/", "\0"} | ({"\\", ":"} if os.name == "nt" else set())
        return all(part not in ("", ".", "..") and foreign.isdisjoint(part) for part in self.parts)


class Layout(Protocol):
    """Names below a root, and the paths that a file system has for them."""

    def path(self, root: str, name: str) -> str:
        """Return the path of a name; of the name ``""`` that of the root."""

    def files(self, file_system: Any, root: str, enter: Enter) -> Iterator[Found]:
        """Yield each file; one without parts if the root is a file itself."""


class Objects:
    """Names are paths; a single call finds all of them."""

    def path(self, root: str, name: str) -> str:
        """Return the path of a name."""
        return f"{root}/{name}" if root and name else root + name

    def files(self, file_system: Any, root: str, enter: Enter) -> Iterator[Found]:
        """Yield all files, by name."""
        found = file_system.find(root, detail=True)
        start = root.strip("/") + "/" if root.strip("/") else ""
        for path in sorted(found):
            below = path.lstrip("/")
            if below.endswith("/"):  # stands for a folder: consoles of object stores make them
                continue
            if below + "/" == start:
                yield Found([])
            elif below.startswith(start):
                parts = below[len(start) :].split("/")
                if _entered(parts[:-1], enter):
                    yield Found(parts, int(found[path].get("size") or 0))


class Pages:
    """Names are links of index pages; they stand percent-encoded in URLs, and no page tells a size."""

    def path(self, root: str, name: str) -> str:
        """Return the URL of a name; the root is as a person gave it."""
        return f"{root}/{quote(name)}" if name else root

    def files(self, file_system: Any, root: str, enter: Enter) -> Iterator[Found]:
        """Yield what the pages below the root link to, page by page."""
        waiting: list[list[str]] = [[]]
        seen: set[tuple[str, ...]] = set()
        n_pages = 0
        while waiting:
            folder = waiting.pop()
            n_pages += 1
            if n_pages > _MOST_PAGES or len(seen) > _MOST_FILES:
                yield Found(folder, error=LimitError(f"more than {_MOST_PAGES:,} pages or {_MOST_FILES:,} links; left"))
                return
            if len(folder) > _DEEPEST:
                yield Found(folder, error=LimitError(f"more than {_DEEPEST} folders deep; left"))
                continue
            page = self.path(root, "/".join(folder)) + "/"
            try:
                links = sorted(set(file_system.ls(page, detail=False)))
            except Exception as error:
                if not folder:
                    raise
                yield Found(folder, error=error)
                continue
            below: list[list[str]] = []
            for link in links:
                parts = folder + _below(html.unescape(link), page)
                if parts == folder or tuple(parts) in seen:
                    continue
                seen.add(tuple(parts))
                if not _entered(parts[:-1], enter):
                    continue
                if not parts[-1] and Found(parts[:-1]).has_a_name:
                    below.append(parts[:-1])
                else:
                    yield Found(parts)
            waiting += reversed(below)


def _below(url: str, page: str) -> list[str]:
    """Return the decoded parts of a link below a page, the last one empty for a folder; none for other links."""
    there, here = urlsplit(url), urlsplit(page)
    if there[:2] != here[:2] or there.query or there.fragment:  # a query orders the page anew
        return []
    parts, start = _parts(urljoin("/", there.path)), _parts(here.path)[:-1]  # joined, "./" has gone
    below = parts[len(start) :] if parts[: len(start)] == start else []
    return below if any(below) else []


def _parts(path: str) -> list[str]:
    return [unquote(part) for part in path.split("/")]


def _entered(folders: list[str], enter: Enter) -> bool:
    return all(enter("/".join(folders[: depth + 1])) for depth in range(len(folders)))
