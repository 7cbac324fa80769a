"""What files are, from their headers: for worker processes, since a decoder may crash or hang even there."""

from __future__ import annotations

from huepress import files
from huepress.errors import DecodeError
from huepress.formats.plug_ins import enable_video
from huepress.formats.probe import HEADER_BYTES, Probe, probe
from huepress.formats.video import is_video

# Of a file whose header is not at its start, so much is read.
MOST_HELD = 256 << 20


def header_of(path: str, inside: str = "") -> Probe:
    """Tell what a file is from its header.

    Parameters
    ----------
    path : str
    inside : str
        The folder that the file may not leave; empty for files that came in.

    Raises
    ------
    DecodeError
        If it is no picture of a known format, or a video and the extra that reads them is missing.
    """
    head = files.read_start(path, HEADER_BYTES, below=inside)
    if not head:
        raise DecodeError("the file is empty", remedy="leave it out")
    if is_video(head):
        enable_video()  # says what is missing
    found = probe(head) or probe(files.read_bytes(path, limit=MOST_HELD, below=inside))
    if found is None:
        raise DecodeError("not an image of a known format", remedy="leave it out")
    return found
