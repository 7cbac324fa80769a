"""What a run is made of: tasks, the settings they share, and what became of each."""

from __future__ import annotations

import dataclasses
import hashlib
from dataclasses import dataclass, field
from typing import Any, Literal

from huepress import __version__
from huepress.archive.request import DEFAULT_MIN_SAVING
from huepress.declare import fingerprint, wishes
from huepress.delivering import Delivery
from huepress.errors import HuepressError, Remedy
from huepress.formats.mark import MARK_BYTES
from huepress.formats.probe import Probe
from huepress.model import ColorHistogram
from huepress.options import Options
from huepress.results import Report
from huepress.storage.base import Staged, Store
from huepress.wording import advised

FileStatus = Literal["compressed", "kept", "copied", "failed", "counted"]
_WISH_DIGITS, _FORM_DIGITS = 2 * MARK_BYTES, 8
# Fields of a report that an outcome has itself.
_OWN_FACTS = frozenset({"status", "seconds", "message", "remedy"})
_TREE_DELIVERY = Delivery(min_saving=DEFAULT_MIN_SAVING)
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
    already_done : bool
        Whether that is because they are a result of such a run.
    error : HuepressError, optional
        Why nothing can be done, None where something can.
    ready : FileOutcome, optional
        What was made of the source before with the very same options, its file under `output`; taken if the source's
        bytes are still those, and the file's.
    found : Probe, optional
        What its header tells, if somebody has looked already.
    """

    source: str
    target: str
    kept_target: str | None
    size: int = 0
    copy_only: bool = False
    kept_because: str = ""
    already_done: bool = False
    error: HuepressError | None = None
    other_targets: tuple[tuple[str, str], ...] = ()
    ready: FileOutcome | None = field(default=None, compare=False)
    found: Probe | None = field(default=None, compare=False)

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
    delivery : Delivery
        Which results are taken.
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
    delivery: Delivery = _TREE_DELIVERY
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

    def fingerprint(self) -> str:
        """Return 20 hexadecimal digits that differ wherever results may.

        The first 12 are those of what is wished for: a result of one such run is no source for another.
        """
        form = {"version": __version__, **dict(wishes(self.options, "form")), **dict(wishes(self.delivery, "form"))}
        wish = dict(wishes(self.options, "result"))
        return fingerprint(wish, _WISH_DIGITS) + fingerprint(form, _FORM_DIGITS)


def same_wish(one: str, other: str) -> bool:
    """Tell whether two fingerprints differ at most in format, version, and in which results are taken."""
    return one[:_WISH_DIGITS] == other[:_WISH_DIGITS]


@dataclass
class FileOutcome:
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
    frame_scores : tuple of float
        Of an animation that was scored: of each frame, those that repeat the one before left out.
    message : str
    remedy : Remedy, optional
        The option that would change the outcome that the message tells of.
    already_done : bool
        Whether the source was found to be a result of such a run, and kept for that.
    error : HuepressError, optional
        Why it failed.
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
    status: FileStatus
    output: str | None = None
    unchanged: bool = False
    format: str | None = None
    facts: dict[str, Any] = field(default_factory=dict)
    palette: list[str] = field(default_factory=list)
    ssimulacra2: float | None = None
    frame_scores: tuple[float, ...] = ()
    message: str = ""
    remedy: Remedy | None = None
    already_done: bool = False
    error: HuepressError | None = None
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
    def advised(self) -> str:
        """What other coders take, for a person: at the result's score, or at their own if an original is kept."""
        trials = self.facts.get("advice", ())
        score = min((trial["score"] for trial in trials), default=None) if self.status == "kept" else None
        return advised({trial["coder"]: trial["n_bytes"] for trial in trials}, score)

    @property
    def bytes_out(self) -> int:
        """Bytes that stand at the end."""
        return int(self.facts.get("bytes_out") or self.bytes_in)


def failed(task: Task, error: HuepressError, seconds: float = 0.0) -> FileOutcome:
    """Return the outcome of a task that went wrong."""
    return FileOutcome(task, "failed", error=error, seconds=seconds)


def content_hash(data: bytes) -> str:
    """Return 32 hexadecimal digits of BLAKE2b (RFC 7693): a file's identity, whatever its name and times."""
    return hashlib.blake2b(data, digest_size=16).hexdigest()


def facts_of(report: Report) -> dict[str, Any]:
    """Return a report's fields but the ones that an outcome has itself."""
    return {
        key: value
        for key, value in dataclasses.asdict(report).items()
        if key not in ("status", "seconds", "message", "remedy")
    }
