"""The options of `compress` for many files, and what they say about names and limits."""

from __future__ import annotations

from dataclasses import dataclass

from huepress.declare import option


@dataclass(frozen=True)
class RunChoices:
    """What was chosen beside the options of each picture."""

    recursive: bool = option(
        False, help="INPUT is a folder: mirror its tree under -o DIR.", group="many files", flags=("-r", "--recursive")
    )
    files_from: str | None = option(
        None,
        help="Read the names of inputs from a file; '-': standard input.",
        group="many files",
        metavar="FILE",
    )
    null: bool = option(
        False,
        help="The names in --files-from end with NUL, not a newline.",
        group="many files",
        flags=("-0", "--null"),
    )
    include: tuple[str, ...] = option((), help="With -r: take these files only.", group="many files", metavar="PATTERN")
    exclude: tuple[str, ...] = option(
        (), help="With -r: leave these files or folders out.", group="many files", metavar="PATTERN"
    )
    copy_others: bool = option(False, help="With -r: copy the files that are no images.", group="many files")
    in_place: bool = option(False, help="Replace the inputs; permissions stay.", group="many files")
    preserve: bool = option(False, help="Keep the inputs' times and permissions.", group="many files")
    ext: str | None = option(
        None,
        help="Extension of compressed files.",
        group="many files",
        metavar="EXT",
        default_told="the format's",
    )
    suffix: str | None = option(
        None,
        help="What to add to names.",
        group="many files",
        metavar="TEXT",
        default_told="-huepress, but none in a tree",
    )
    memory: str | None = option(
        None, help="Most memory for all images at once, such as 2GB.", group="many files", metavar="SIZE"
    )
    min_saving: float | None = option(
        None,
        help="Keep the original where less is saved.",
        group="many files",
        metavar="PERCENT",
        below=100.0,
        whole=False,
        default_told="2 in place and in a tree, else any",
    )
    dry_run: bool = option(False, help="Compress, but write nothing: say what would be saved.", group="many files")
    strict: bool = option(False, help="Exit with 1 if an original was kept.", group="many files")
    report: tuple[str, ...] = option(
        (),
        help="Write what was saved to FILE.html, .csv or .json, with scores.",
        group="many files",
        metavar="FILE",
    )
    shared_palette: bool = option(False, help="One palette for all inputs, each weighing the same.", group="palette")
    plot: str | None = option(
        None,
        help="Draw bytes and scores of what --quality or --max-size tried: .png, .svg.",
        group="targets",
        metavar="FILE",
    )
    cluster: str | None = option(
        None,
        help="With -r: have a Dask cluster do it, such as tcp://host:8786.",
        group="many files",
        metavar="ADDRESS",
    )

    animate: bool = option(
        False,
        help="Make one animation of the inputs or the pictures of a folder: so many --fps, 10 unless given.",
        group="animations",
    )
    poster: str | None = option(
        None, help="Write a frame as a picture, too, with the same options.", group="animations", metavar="FILE"
    )
    poster_at: float = option(
        0.0, help="The seconds of the poster's frame.", group="animations", within=(0, 86_400), whole=False
    )

    @property
    def is_run(self) -> bool:
        """Whether a tree or a list is asked for, rather than single files."""
        return self.recursive or self.files_from is not None
