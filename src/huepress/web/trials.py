"""What a dry run over a folder was about: only that may be saved."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Literal

from huepress.web.choices import Chosen

How = Literal["beside", "into", "replace"]
Stamp = tuple[int, ...] | None


@dataclass(frozen=True)
class Asked:
    """What a run is to do.

    Attributes
    ----------
    how : {"beside", "into", "replace"}
    into : str
        The name of the folder that results are saved into, where they are.
    chosen : mapping
        The settings that hold for each picture, by its number.
    """

    how: How
    into: str
    chosen: Mapping[str, Chosen]

    def groups(self) -> Iterable[tuple[Chosen, list[str]]]:
        """Return the numbers of the pictures that have the same settings, with these."""
        groups: dict[str, tuple[Chosen, list[str]]] = {}
        for identity, chosen in self.chosen.items():
            groups.setdefault(repr(sorted(chosen.items())), (chosen, []))[1].append(identity)
        return groups.values()


@dataclass
class Trial:
    """A dry run.

    Attributes
    ----------
    asked : Asked
    stamps : dict
        How each file was found, by its name.
    is_whole : bool
        Whether all has been tried, to the end.
    """

    asked: Asked
    stamps: dict[str, Stamp] = field(default_factory=dict)
    is_whole: bool = False

    def is_of(self, asked: Asked) -> bool:
        """Whether all that is asked for has been tried, as it is asked for."""
        return self.is_whole and self.asked == asked

    def has_seen(self, name: str, stamp: Stamp) -> bool:
        """Whether a file is the one that was tried."""
        return name in self.stamps and self.stamps[name] == stamp
