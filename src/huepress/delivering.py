"""Which results are taken, and which originals are kept instead."""

from __future__ import annotations

from dataclasses import dataclass

from huepress.declare import check_all, option


@dataclass(frozen=True, kw_only=True)
class Delivery:
    """Which results are taken, and which originals are kept instead.

    Parameters
    ----------
    allow_larger : bool, optional
        Whether a result that is no smaller than the input file is taken all the same; None takes it where a number of
        colors is asked for by name, and nothing else.
    min_saving : float
        The part of the original's bytes, 0 to below 1, that a result has to save; otherwise the original is kept.
    allow_miss : bool
        Whether a result is taken that is larger than `Options.max_size`, where nothing smaller can be had.
    advise_if_kept : bool
        Whether `Report.advice` says what other coders would take where the original is kept, but of long animations;
        `Options.advise` asks for it whatever is delivered.
    """

    allow_larger: bool | None = option(
        None,
        help="Write the result even if it is no smaller than the input; -k N alone does so, too.",
        affects="form",
        group="everyday",
        flags=("--allow-larger/--never-larger",),
    )
    min_saving: float = option(
        0.0,
        help="Keep the original where less is saved.",
        affects="form",
        group="many files",
        below=1.0,
        whole=False,
    )
    allow_miss: bool = option(False, help="Take results above the size that was asked for.", affects="form")
    advise_if_kept: bool = option(
        False, help="Say what other formats would take where the original is kept.", affects="work"
    )

    def __post_init__(self) -> None:
        check_all(self)


DEFAULT_DELIVERY = Delivery()
