"""Keep or take: the one place that decides whether a result or the original's bytes are delivered.

The original is a candidate like every result. The smallest candidate wins; a result has to save what `Delivery` asks
for, at least one byte, so that on a tie the original stays.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from huepress.delivering import Delivery
from huepress.errors import Remedy
from huepress.formats import table
from huepress.model import Encoded
from huepress.options import Options
from huepress.wording import human_bytes


@dataclass(frozen=True)
class Candidate:
    """A file that may be delivered.

    Attributes
    ----------
    encoded : Encoded
    is_original : bool
        Whether it is the input, perhaps freed of metadata.
    n_colors : int
        Palette entries of a result; 0 for the original, and without a palette.
    """

    encoded: Encoded
    is_original: bool = False
    n_colors: int = 0

    @property
    def n_bytes(self) -> int:
        """Size of the file."""
        return len(self.encoded.data)

    @property
    def told(self) -> str:
        """What it is, in words."""
        return f"{self.n_colors}-color {self.encoded.format}" if self.n_colors else self.encoded.format


@dataclass(frozen=True)
class Original:
    """The input of a run as far as delivery is concerned.

    Attributes
    ----------
    format : str
    encoded : bytes, optional
        The file; None where the input was no file.
    keepable : bytes, optional
        The file freed of the metadata that must not survive; None where it cannot be kept.
    mended : bool
        Whether the file was cut off: it is never kept.
    n_colors : int
        Its different colors.
    moves : bool
        Whether it is an animation.
    """

    format: str
    encoded: bytes | None
    keepable: bytes | None
    mended: bool = False
    n_colors: int = 0
    moves: bool = False

    @property
    def candidate(self) -> Candidate | None:
        """The original as a candidate, if it can be kept."""
        return None if self.keepable is None else Candidate(Encoded(self.keepable, self.format), is_original=True)


@dataclass(frozen=True)
class Decision:
    """What is delivered, and why.

    Attributes
    ----------
    chosen : Candidate
    message : str
        A sentence for a person where something is unusual, else empty.
    remedy : Remedy, optional
        The option that would change the outcome.
    """

    chosen: Candidate
    message: str = ""
    remedy: Remedy | None = None


def smallest(candidates: Sequence[Candidate], min_saving: float = 0.0) -> Candidate:
    """Return the candidate that wins: the fewest bytes, the original unless enough is saved.

    Parameters
    ----------
    candidates : sequence of Candidate
        Results come before the original; among equals the first wins.
    min_saving : float
        The part of the original's bytes, 0 to below 1, that a result has to save.
    """

    def limit(candidate: Candidate) -> float:
        if not candidate.is_original:
            return candidate.n_bytes
        return min(candidate.n_bytes - 1, (1 - min_saving) * candidate.n_bytes)

    return min(candidates, key=lambda candidate: (limit(candidate), candidate.is_original))


def may_keep(original: Original, options: Options, delivery: Delivery) -> bool:
    """Tell whether the original is a candidate: it has not to lack colors that were asked for.

    Whoever asks for 16 colors gets them, even in a larger file; in runs whose results have to save something, which
    trees and files in place do, the original stays all the same.
    """
    if options.asks_for_colors:
        return False
    if delivery.allow_larger is not None:
        return not delivery.allow_larger
    return not options.asks_for_number or delivery.min_saving > 0 or original.n_colors <= options.most_colors


def deliver(result: Candidate, original: Original, options: Options, delivery: Delivery) -> Decision:
    """Decide between a finished result and the original.

    The original is no candidate where certain colors were asked for, or any result is to be taken.
    """
    kept = original.candidate if may_keep(original, options, delivery) else None
    chosen = result if kept is None else smallest([result, kept], delivery.min_saving)
    if chosen.is_original:
        too_many = "no fewer than" if result.n_bytes >= chosen.n_bytes else f"not {delivery.min_saving:.1%} fewer than"
        return _kept(original, f"the {result.told} would take {result.n_bytes:,} bytes, {too_many}")
    comparable = original.encoded if not options.edits else None
    no_smaller = comparable is not None and result.n_bytes >= len(comparable)
    if original.mended and no_smaller:
        return Decision(chosen, f"no smaller than the {original.format}, which is damaged and not kept")
    read = table.by_file_format(original.format)
    if no_smaller and original.moves and (read is None or not read.written):
        return Decision(chosen, "larger than what it was made from", Remedy.SMALLER_ANIMATION)
    if original.keepable is None and no_smaller:
        return Decision(
            chosen,
            f"larger than the {original.format}, whose metadata cannot be removed otherwise",
            Remedy.KEEP_METADATA,
        )
    if no_smaller and delivery.allow_larger is None and options.asks_for_number:
        assert comparable is not None
        return Decision(
            chosen,
            f"{result.n_bytes / len(comparable):.1f} times the {original.format}, since {options.most_colors} colors "
            "were asked for",
            Remedy.FEW_COLORS_ARE_LARGER,
        )
    if options.edits and original.encoded is not None and result.n_bytes >= len(original.encoded):
        told = f"{result.n_bytes / len(original.encoded):.1f} times the {original.format} it was made from"
        if not original.moves and options.goal is None and not options.is_full_color:
            return Decision(chosen, told, Remedy.FEWER_BYTES)
    return Decision(chosen)


def foreseen(expected: int, n_colors: int, original: Original) -> Decision:
    """Decide for the original, since a sample of the picture says about how many bytes a palette would take."""
    return _kept(original, f"a {n_colors}-color palette would take about {human_bytes(expected)}, more than")


def _kept(original: Original, compared: str) -> Decision:
    assert original.candidate is not None
    stripped = ", its metadata removed" if original.keepable != original.encoded else ""
    told = f"{compared} the {original.format} with {original.candidate.n_bytes:,}; original kept{stripped}"
    found = table.by_file_format(original.format)
    holds_palettes = found is not None and found.written
    return Decision(original.candidate, told, Remedy.ALLOW_LARGER if holds_palettes else Remedy.SMALLER_OTHERWISE)
