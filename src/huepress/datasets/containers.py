"""Ways to keep a data set's PNG files: tar shards (WebDataset), Parquet (Hugging Face), and a folder for each class."""

from __future__ import annotations

import io
import json
import os
import tarfile
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path, PurePosixPath
from typing import Any, Literal

from huepress import files
from huepress.archive.plan import LONGEST_NAME, folded
from huepress.errors import InputError, OptionError, missing_extra

Container = Literal["memmap", "wds", "parquet", "folder"]
# Bytes of pictures after which a shard ends: readers take a shard at a time, and one is held in memory here.
SHARD_BYTES = 1 << 27
_RENAME = "rename the class, or choose another format"


@dataclass(frozen=True)
class Sample:
    """A picture on its way into a container.

    Attributes
    ----------
    number : int
        Its place in the order of names.
    name : str
        Its name in its tree, with ``/``, ending in ``.png``.
    png : bytes
    label : int, optional
    class_name : str
        Of its label, or the label itself; empty without labels.
    """

    number: int
    name: str
    png: bytes
    label: int | None
    class_name: str


@dataclass(frozen=True)
class Shards:
    """Where shards go, and what they are called.

    Attributes
    ----------
    folder : Path
        Nobody else's, and empty.
    stem : str
    class_names : tuple of str
    """

    folder: Path
    stem: str
    class_names: tuple[str, ...]

    def add(self, name: str, data: bytes) -> None:
        """Write a file of the folder."""
        files.write_bytes(self.folder / name, data)


def write_webdataset(samples: Iterable[Sample], shards: Shards) -> int:
    """Write ``STEM-000000.tar`` and so on: of each picture a ``.png`` and a ``.cls`` under its number.

    The same pictures give the same bytes: members have no times and no owners. Returned is the number of files.
    """
    n_files = 0
    for number, part in enumerate(_portions(samples)):
        data = io.BytesIO()
        with tarfile.open(fileobj=data, mode="w", format=tarfile.USTAR_FORMAT) as tar:
            for sample in part:
                key = f"{sample.number:08d}"
                _add_member(tar, f"{key}.png", sample.png)
                if sample.label is not None:
                    _add_member(tar, f"{key}.cls", str(sample.label).encode())
        shards.add(f"{shards.stem}-{number:06d}.tar", data.getvalue())
        n_files += 1
    if shards.class_names:
        shards.add("classes.txt", "".join(f"{name}\n" for name in shards.class_names).encode())
        n_files += 1
    return n_files


def _add_member(tar: tarfile.TarFile, name: str, data: bytes) -> None:
    member = tarfile.TarInfo(name)
    member.size, member.mode = len(data), 0o644
    tar.addfile(member, io.BytesIO(data))


def write_parquet(samples: Iterable[Sample], shards: Shards) -> int:
    """Write ``STEM-00000.parquet`` and so on, with columns that `datasets` knows as `Image` and `ClassLabel`.

    The pictures are the bytes of their PNG files: as arrays, `datasets` would store them anew, several times as large.
    Returned is the number of files.
    """
    n_files = 0
    arrow, parquet = load_arrow()
    columns = [("image", arrow.struct([("bytes", arrow.binary()), ("path", arrow.string())]))]
    features: dict[str, dict[str, Any]] = {"image": {"_type": "Image"}}
    for number, part in enumerate(_portions(samples)):
        if number == 0 and part[0].label is not None:
            names = list(shards.class_names)
            columns.append(("label", arrow.int64()))
            features["label"] = (
                {"names": names, "_type": "ClassLabel"} if names else {"dtype": "int64", "_type": "Value"}
            )
        told = {"huggingface": json.dumps({"info": {"features": features}})}
        schema = arrow.schema(columns, metadata=told)
        rows: dict[str, list[Any]] = {"image": [{"bytes": each.png, "path": _text(each.name)} for each in part]}
        if len(columns) > 1:
            rows["label"] = [each.label for each in part]
        sink = io.BytesIO()
        # PNG files do not become smaller, so they are stored as they are.
        parquet.write_table(arrow.table(rows, schema=schema), sink, compression="none", row_group_size=1000)
        shards.add(f"{shards.stem}-{number:05d}.parquet", sink.getvalue())
        n_files += 1
    return n_files


def _text(name: str) -> str:
    """Return a name that is text in UTF-8, as Parquet's are; of others the bytes that are none are escaped."""
    return os.fsencode(name).decode("utf-8", "backslashreplace")


def load_arrow() -> tuple[Any, Any]:
    """Return PyArrow and its Parquet module.

    Raises
    ------
    OptionError
        If it is missing.
    """
    try:
        import pyarrow
        from pyarrow import parquet
    except ImportError:
        raise missing_extra("Parquet", "PyArrow", "parquet", OptionError) from None
    return pyarrow, parquet


def write_folders(samples: Iterable[Sample], shards: Shards) -> int:
    """Write ``CLASS/NAME.png``, what `torchvision.datasets.ImageFolder` reads; return the number of files."""
    written: set[str] = set()
    for sample in samples:
        name = sample.name
        if sample.class_name and not name.startswith(f"{sample.class_name}/"):
            name = f"{sample.class_name}/{name}"
        if name in written:
            raise InputError("two pictures would have this name", subject=name, remedy="rename one, or its folder")
        written.add(name)
        path = shards.folder / name
        files.stage(path, sample.png, path)  # the folder gets its name when all of them are there
    return len(written)


def check_class_folders(class_names: Iterable[str]) -> None:
    """Refuse names of classes that are no names of folders, such as ``../x``: they come from a table.

    Raises
    ------
    OptionError
    """
    for name in class_names:
        if name in (".", "..") or not {"/", "\\", ":", "\0"}.isdisjoint(name) or len(PurePosixPath(name).parts) != 1:
            raise OptionError(f"{name!r} is no name for a folder", remedy=_RENAME)
        if len(os.fsencode(name)) > LONGEST_NAME:
            raise OptionError(f"{name[:20] + '...'!r} is too long a name for a folder", remedy=_RENAME)


def check_case(class_names: Iterable[str], folds: Callable[[], bool]) -> None:
    """Refuse names of classes whose folders would be one.

    Parameters
    ----------
    class_names : iterable of str
    folds : callable
        Tells whether names that differ in case only are one where folders go; asked if it matters.

    Raises
    ------
    OptionError
    """
    first: dict[str, str] = {}
    for name in class_names:
        other = first.setdefault(folded(name), name)
        if other != name and folds():
            raise OptionError(f"{other!r} and {name!r} are one folder here", remedy=_RENAME)


WRITERS: dict[Container, Callable[[Iterable[Sample], Shards], int]] = {
    "wds": write_webdataset,
    "parquet": write_parquet,
    "folder": write_folders,
}
# Readers of these take pictures as they come, so that classes must not follow each other.
READ_IN_ORDER: frozenset[Container] = frozenset({"wds"})


def _portions(samples: Iterable[Sample]) -> Iterator[list[Sample]]:
    part: list[Sample] = []
    n_bytes = 0
    for sample in samples:
        part.append(sample)
        n_bytes += len(sample.png)
        if n_bytes >= SHARD_BYTES:
            yield part
            part, n_bytes = [], 0
    if part:
        yield part
