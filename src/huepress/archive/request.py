"""What a run over many files is asked for."""

from __future__ import annotations

from dataclasses import dataclass

from huepress.delivering import DEFAULT_DELIVERY, Delivery
from huepress.options import Options

# The part of a file's bytes that a result has to save in a tree and in place, unless another is asked for.
DEFAULT_MIN_SAVING = 0.02


@dataclass(frozen=True, kw_only=True)
class RunRequest:
    """A run over files that are named, a folder, or a list of names.

    Parameters
    ----------
    names : tuple of str
        Files; with `recursive` one folder or URL; with `listed` at most the folder that its names are in.
    options : Options
    delivery : Delivery
    output : str, optional
        A folder or URL; for single files also a file. By default results stand beside their sources.
    recursive : bool
        Whether the tree below a folder is taken, and mirrored below `output`.
    listed : tuple of str, optional
        Names of files, in place of `names`.
    include, exclude : tuple of str
        Patterns of the files of a tree that are taken, and of files and folders that are left out.
    only : frozenset of str, optional
        Exactly these files of a tree, none of which is a link or lies behind one, in place of `include`.
    copy_others : bool
        Whether files of a tree that are no images are copied.
    in_place : bool
        Whether results replace their sources.
    preserve : bool
        Whether times and permissions of the inputs stay.
    extension, suffix : str, optional
        What names of results end in, and what is added before that.
    min_saving : float, optional
        In place of the delivery's: the default for the kind of run where it is None.
    memory : int, optional
        Most bytes for all images at once.
    dry_run : bool
        Whether nothing is written.
    overwrite : bool
        Whether files are replaced that no run has made.
    shared_palette : bool
        Whether all inputs get one palette.
    cluster : str, optional
        Address of a Dask scheduler.
    scores, thumbnails : bool
        Whether SSIMULACRA2 is measured, and small pictures are drawn, of each file.
    """

    names: tuple[str, ...]
    options: Options
    delivery: Delivery = DEFAULT_DELIVERY
    output: str | None = None
    recursive: bool = False
    listed: tuple[str, ...] | None = None
    include: tuple[str, ...] = ()
    exclude: tuple[str, ...] = ()
    only: frozenset[str] | None = None
    copy_others: bool = False
    in_place: bool = False
    preserve: bool = False
    extension: str | None = None
    suffix: str | None = None
    min_saving: float | None = None
    memory: int | None = None
    dry_run: bool = False
    overwrite: bool = False
    shared_palette: bool = False
    cluster: str | None = None
    scores: bool = False
    thumbnails: bool = False

    @property
    def is_tree(self) -> bool:
        """Whether a tree or a list is asked for, rather than single files."""
        return self.recursive or self.listed is not None

    @property
    def dotted_extension(self) -> str:
        """The extension that is asked for, with its dot, or nothing."""
        return "" if not self.extension else "." + self.extension.lstrip(".")
