"""The classes of pictures: from the folders that they lie in, or from a table."""

from __future__ import annotations

import csv
import io
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import PurePosixPath

from huepress import files
from huepress.errors import InputError, OptionError
from huepress.wording import counted

FROM_FOLDERS, NONE = "folders", "none"
_NAME_COLUMNS = ("path", "file", "filename", "file_name", "image", "image_id", "name", "id")
_LABEL_COLUMNS = ("label", "class", "target", "category")
_SPLITS = frozenset({"train", "training", "test", "testing", "val", "valid", "validation", "dev"})
_MOST_TABLE_BYTES = 1 << 28
_LARGEST_LABEL = (1 << 31) - 1


@dataclass(frozen=True)
class Labels:
    """A label for each picture, or none.

    Attributes
    ----------
    label_of : dict of str to int, optional
        By the picture's name in its tree; None where there are no labels.
    class_names : tuple of str
        What the labels 0, 1, 2 and so on stand for; empty where they are numbers themselves.
    """

    label_of: dict[str, int] | None
    class_names: tuple[str, ...] = ()

    def of(self, name: str) -> int | None:
        """Return a picture's label."""
        return None if self.label_of is None else self.label_of[name]

    def class_of(self, name: str) -> str:
        """Return the name of a picture's class, or its number where classes have no names; empty without labels."""
        label = self.of(name)
        return "" if label is None else self.class_names[label] if self.class_names else str(label)


def find_labels(names: Sequence[str], asked: str | None) -> Labels:
    """Find out what class each picture is of.

    Parameters
    ----------
    names : sequence of str
        The pictures' names in their tree, with ``/``.
    asked : str, optional
        ``"folders"``: the first folder of a name is its class; ``"none"``; or the path of a table (CSV). By default
        folders where every picture lies in one, and none where no picture does.

    Raises
    ------
    InputError
        If a picture has no label, or the table cannot be read.
    OptionError
        If a folder's name cannot be that of a class.
    """
    if asked == NONE:
        return Labels(None)
    if asked is not None and asked != FROM_FOLDERS:
        return _from_table(names, asked)
    outside = [name for name in names if "/" not in name]
    if asked is None and len(outside) == len(names):
        return Labels(None)
    if outside:
        raise InputError(
            f"lies in no folder, so that its class is not known ({counted(len(outside), 'such picture')})",
            subject=outside[0],
            remedy="move it into its class's folder, or give labels 'none' or the name of a table (CSV)",
        )
    classes = [name.partition("/")[0] for name in names]
    if names and {each.casefold() for each in classes} <= _SPLITS:
        first = min(classes)
        raise InputError(
            f"{', '.join(sorted(set(classes)))}: these look like parts of a data set, not like classes",
            remedy=f"make one data set of each folder, {first} first, or rename them",
        )
    return _numbered(dict(zip(names, classes, strict=True)))


def _numbered(class_of: dict[str, str]) -> Labels:
    class_names = sorted(set(class_of.values()))
    for name in class_names:
        if not name.isprintable():
            raise OptionError(f"{name!r} is no name for a class", remedy="use printable characters only")
    number = {name: i for i, name in enumerate(class_names)}
    return Labels({name: number[each] for name, each in class_of.items()}, tuple(class_names))


def _from_table(names: Sequence[str], path: str) -> Labels:
    """Read labels from rows of a picture's name, with or without its extension, and its class."""
    text_of: dict[str, str] = {}
    for name, text in _rows(path):
        if text_of.setdefault(name, text) != text:
            raise InputError(f"{name} has two labels, {text_of[name]!r} and {text!r}", subject=path, remedy="keep one")
    found: dict[str, str] = {}
    missing = []
    for name in names:
        label = text_of.get(name) or text_of.get(str(PurePosixPath(name).with_suffix("")))
        if label:
            found[name] = label
        else:
            missing.append(name)
    if missing:
        raise InputError(
            f"has no label for {counted(len(missing), 'picture')}, such as {missing[0]}",
            subject=path,
            remedy="add rows with names as they are below the folder, or exclude those pictures",
        )
    if all(text.isascii() and text.isdecimal() and int(text[:11]) <= _LARGEST_LABEL for text in found.values()):
        return Labels({name: int(text) for name, text in found.items()})
    return _numbered(found)


def _rows(path: str) -> Iterable[tuple[str, str]]:
    """Yield names and labels; the first row may say which columns they are in."""
    try:
        text = files.read_bytes(path, limit=_MOST_TABLE_BYTES).decode("utf-8-sig")
    except UnicodeDecodeError:
        raise InputError("is no text in UTF-8", subject=path, remedy=_TABLE) from None
    name_at, label_at = 0, 1
    try:
        for number, row in enumerate(csv.reader(io.StringIO(text, newline=""), strict=True)):
            if number == 0:
                heads = [head.strip().casefold() for head in row]
                columns = [
                    next((at for at, head in enumerate(heads) if head in wanted), None)
                    for wanted in (_NAME_COLUMNS, _LABEL_COLUMNS)
                ]
                if columns[0] is not None and columns[1] is not None:
                    name_at, label_at = columns[0], columns[1]
                    continue
            if not any(cell.strip() for cell in row):
                continue
            if len(row) <= max(name_at, label_at) or not row[label_at].strip():
                raise InputError(f"row {number + 1} has no label", subject=path, remedy=_TABLE)
            yield row[name_at].strip().replace("\\", "/").removeprefix("./"), row[label_at].strip()
    except csv.Error as error:
        raise InputError(f"is no table ({error})", subject=path, remedy=_TABLE) from None


_TABLE = "give a CSV file with the columns path and label"
