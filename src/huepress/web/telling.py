"""What became of files, and errors, in the words of the page."""

from __future__ import annotations

from huepress.archive.tasks import FileOutcome
from huepress.errors import HuepressError, Remedy
from huepress.wording import advised

# How the ways out are called on the page.
_WORDS = {
    Remedy.OVERWRITE: "remove it, or save elsewhere",
    Remedy.ALLOW_LARGER: "\u201cAllow larger\u201d takes it anyway",
    Remedy.SMALLER_OTHERWISE: "\u201cFormat: smallest\u201d, a quality, a size or \u201cResize\u201d make it smaller; "
    "\u201cAllow larger: yes\u201d takes the palette",
    Remedy.FEW_COLORS_ARE_LARGER: "\u201cFormat: smallest\u201d instead takes fewer bytes, \u201cAllow larger: "
    "no\u201d keeps the original then",
    Remedy.FEWER_BYTES: "\u201cFormat: smallest\u201d, a quality or a size take fewer bytes",
    Remedy.NO_COLORS: "leave colors, palette and pins out, or choose PNG or WebP",
    Remedy.COMPRESS_ANYWAY: "\u201cAllow larger\u201d compresses it anyway",
    Remedy.ALLOW_MISS: "allow more bytes, or make the picture smaller",
    Remedy.KEEP_METADATA: "\u201cStrip: none\u201d keeps the original",
    Remedy.NO_STRIP: "\u201cStrip: none\u201d keeps it as it is",
    Remedy.TAKE_OR_RENAME: "\u201cAllow larger\u201d takes the result, or choose another format",
    Remedy.TOLERANT: "\u201cTolerant\u201d reads it as far as it goes",
    Remedy.MORE_PIXELS: "start huepress serve with a larger limit of pixels, or make the image smaller",
    Remedy.MORE_MEMORY: "start huepress serve with more memory",
    Remedy.LESS_MEMORY: "try it alone, or start huepress serve with less memory",
    Remedy.MORE_COLORS: "raise the number of colors",
    Remedy.FEWER_PALETTE: "leave the number of colors out, or give a smaller palette",
    Remedy.OTHER_OUTPUT: "choose another folder",
    Remedy.OTHER_OUTPUT_OR_IN_PLACE: "choose another folder, or replace the files",
    Remedy.WHOLE_FOLDER: "add the files in it",
    Remedy.OUTPUT_FOLDER: "save into a folder to get another format",
}


def words_for(remedy: Remedy) -> str:
    """Return a way out as it is called on the page."""
    return _WORDS.get(remedy, remedy.value)


def told(error: HuepressError) -> str:
    """Return an error as one sentence; whose it is, the page shows beside it."""
    remedy = words_for(error.remedy) if isinstance(error.remedy, Remedy) else error.remedy
    return f"{error.problem}; {remedy}" if remedy else error.problem


def remarks(outcome: FileOutcome) -> list[str]:
    """Return what there is to say of an outcome beside its figures: what is unusual or was converted, what advice."""
    remedy = words_for(outcome.remedy) if outcome.remedy else ""
    trials = outcome.facts.get("advice", ())
    score = min((trial["score"] for trial in trials), default=None) if outcome.status == "kept" else None
    advice = advised({trial["coder"]: trial["n_bytes"] for trial in trials}, score)
    return [each for each in (outcome.message, remedy, *outcome.facts.get("notes", ()), advice) if each]
