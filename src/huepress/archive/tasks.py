"""What a run is made of: tasks, the settings they share, and what became of each."""

from __future__ import annotations

import dataclasses
import hashlib
from dataclasses import dataclass, field
from typing import Any, Literal

from huepress import __version__
from huepress.errors import InputError
from huepress.goals import SizeGoal
from huepress.model import ColorHistogram
from huepress.options import Options
from huepress.storage.base import Staged, Store

Status = Literal["compressed", "kept", "copied", "failed", "counted"]
DEFAULT_MIN_SAVING = 0.02
# Options that say how to work, not what comes out.
_WITHOUT_EFFECT = frozenset({"jobs", "max_pixels"})
_WISH_DIGITS, _HOW_DIGITS = 12, 8
ALREADY_DONE = "already compressed with these options; kept"


@dataclass(frozen=True, slots=True)  # there may be a million
class Task:
    """One file of a run.

    Parameters
    ----------
    source : str
        Its name in the source store.
    target : str
        The compressed file's name in the target store.
    other_targets : tuple of (str, str)
        Formats in lower case and the names of compressed files that turn out to be of them.
    kept_target : str or None
        Where the original's bytes go if they are kept; None where they stay where they are.
    size : int
        Bytes of the source, as far as known.
    copy_only : bool
        Whether this is no image and only copied.
    kept_because : str
        Why the original's bytes are taken unseen, empty where they are not.
    error : str
        Why nothing can be done, empty where something can.
    error_code : int
        The exit code that belongs to it.
    """

    source: str
    target: str
    kept_target: str | None
    size: int = 0
    copy_only: bool = False
    kept_because: str = ""
    error: str = ""
    error_code: int = InputError.exit_code
    other_targets: tuple[tuple[str, str], ...] = ()

    def target_for(self, file_format: str | None) -> str:
        """Return the compressed file's name if it is of a format."""
        return dict(self.other_targets).get((file_format or "").lower(), self.target)

    @property
    def names(self) -> set[str]:
        """All names that the task may give a file."""
        return {self.target, self.kept_target or "", *dict(self.other_targets).values()} - {""}


@dataclass(frozen=True)
class Settings:
    """What all tasks of a run share; it travels to the workers.

    Parameters
    ----------
    options : Options
    sources, targets : Store
    run : str
        Hexadecimal digits that mark this run's temporary files.
    min_saving : float
        The part of a file's bytes, 0 to below 1, that a result must save to be taken.
    allow_larger : bool
        Take any result.
    allow_miss : bool
        Take a result that is larger than `options.max_size` where nothing smaller can be had.
    in_place : bool
        Results replace their sources, so only files of the same format are taken.
    has_ledger : bool
        Whether a ledger tells later runs which files are results.
    overwrite : bool
        Replace files that no run has made.
    preserve : bool
        Keep times and permissions.
    dry_run : bool
        Write nothing.
    score : bool
        Measure SSIMULACRA2.
    thumbnails : bool
        Draw small pictures of before and after.
    """

    options: Options
    sources: Store
    targets: Store
    run: str = "00"
    min_saving: float = DEFAULT_MIN_SAVING
    allow_larger: bool = False
    allow_miss: bool = False
    in_place: bool = False
    has_ledger: bool = True
    overwrite: bool = False
    preserve: bool = False
    dry_run: bool = False
    score: bool = False
    thumbnails: bool = False

    @property
    def mark(self) -> bytes:
        """What results carry that replace their sources, so that they are known wherever they get to."""
        return bytes.fromhex(self.fingerprint()[:_WISH_DIGITS])

    @property
    def marks(self) -> bool:
        """Whether results carry the mark; a size that was met needs none: such a file is kept since it fits."""
        return self.in_place and not isinstance(self.options.goal, SizeGoal)

    def fingerprint(self) -> str:
        """Return 20 hexadecimal digits that differ wherever results may.

        The first 12 are those of what is wished for: a result of one such run is no source for another.
        """
        wish = {key: value for key, value in vars(self.options).items() if key not in _WITHOUT_EFFECT}
        how = {"format": wish.pop("format"), "version": __version__, "min_saving": self.min_saving}
        how |= {"allow_larger": self.allow_larger, "allow_miss": self.allow_miss}
        return _digest(wish, _WISH_DIGITS) + _digest(how, _HOW_DIGITS)


def same_wish(fingerprint: str, other: str) -> bool:
    """Tell whether two fingerprints differ at most in format, version, and in which results are taken."""
    return fingerprint[:_WISH_DIGITS] == other[:_WISH_DIGITS]


def _digest(values: dict[str, Any], digits: int) -> str:
    return hashlib.blake2b(repr(sorted(values.items())).encode(), digest_size=digits // 2).hexdigest()


@dataclass
class Outcome:
    """What became of a task.

    Attributes
    ----------
    status : {"compressed", "kept", "copied", "failed", "counted"}
    output : str or None
        The name in the target store; None where nothing was written.
    unchanged : bool
        Whether an earlier run had done it.
    format : str or None
        Of the file that stands at the end.
    facts : dict
        The fields of `huepress.Report`, as far as they make sense.
    palette : list of str
        Hex colors.
    ssimulacra2 : float or None
        Measured where a goal or a report needs it.
    message : str
    exit_code : int
        Of the error.
    source_hash, output_hash : str
        Content hashes, see `content_hash`.
    staged : str, bytes or None
        What is to be published.
    stamp : tuple of int, optional
        The source's stamp when it was read, where the output replaces it.
    thumbnails : tuple of bytes, optional
        Before and after.
    colors : ColorHistogram, optional
        All that is wanted where images are only counted.
    """

    task: Task
    status: Status
    output: str | None = None
    unchanged: bool = False
    format: str | None = None
    facts: dict[str, Any] = field(default_factory=dict)
    palette: list[str] = field(default_factory=list)
    ssimulacra2: float | None = None
    message: str = ""
    exit_code: int = 0
    seconds: float = 0.0
    source_hash: str = ""
    output_hash: str = ""
    staged: Staged | None = None
    stamp: tuple[int, ...] | None = None
    thumbnails: tuple[bytes, bytes] | None = None
    colors: ColorHistogram | None = None

    @property
    def bytes_in(self) -> int:
        """Bytes of the source."""
        return int(self.facts.get("bytes_in") or self.task.size)

    @property
    def bytes_out(self) -> int:
        """Bytes that stand at the end."""
        return int(self.facts.get("bytes_out") or self.bytes_in)


def failed(task: Task, message: str, exit_code: int, seconds: float = 0.0) -> Outcome:
    """Return the outcome of a task that went wrong."""
    return Outcome(task, "failed", message=message, exit_code=exit_code, seconds=seconds)


def content_hash(data: bytes) -> str:
    """Return 32 hexadecimal digits of BLAKE2b (RFC 7693): a file's identity, whatever its name and times."""
    return hashlib.blake2b(data, digest_size=16).hexdigest()


def facts_of(report: Any) -> dict[str, Any]:
    """Return a report's fields but the ones that an outcome has itself."""
    return {
        key: value for key, value in dataclasses.asdict(report).items() if key not in ("status", "seconds", "message")
    }
