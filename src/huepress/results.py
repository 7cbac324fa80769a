"""What a run did, in numbers and in one sentence."""

from __future__ import annotations

import math
import time
from collections.abc import Callable
from dataclasses import dataclass
from typing import Literal, TypedDict, Unpack

from huepress.errors import Remedy
from huepress.model import Animation, Bytes, Encoded, IndexedImage, SourceImage

Status = Literal["compressed", "kept"]
# Called with the part of the work that is done, 0 to 1.
OnProgress = Callable[[float], None]


@dataclass(frozen=True)
class Trial:
    """One version of an image that was tried.

    Attributes
    ----------
    rate : float
        What a bit was worth beside looks; 0 without any loss, and of coders without a palette.
    n_colors : int
        Palette entries; 0 without a palette.
    n_bytes : int
        Size of the file.
    score : float or None
        SSIMULACRA2 score; None where the image is too small for one.
    coder : str
        ``"palette"``, or the format that holds any number of colors: ``"avif"``, ``"webp-lossy"``, ``"jpeg"``.
    quality : int
        That coder's own, 1 to 100; 0 of palettes.
    worst : float or None
        Of animations the score of the worst frame; `score` is the mean over the time.
    """

    rate: float
    n_colors: int
    n_bytes: int
    score: float | None
    coder: str = "palette"
    quality: int = 0
    worst: float | None = None


def psnr_db(mse: float) -> float:
    """Return the peak signal-to-noise ratio of a summed squared error over three channels."""
    return math.inf if mse == 0.0 else 10.0 * math.log10(3.0 * 255.0**2 / mse)


class _More(TypedDict, total=False):
    message: str
    remedy: Remedy | None
    notes: tuple[str, ...]
    worst: float | None
    score: float | None
    trials: tuple[Trial, ...]
    advice: tuple[Trial, ...]


@dataclass(frozen=True)
class Report:
    """What a run did, in numbers.

    Attributes
    ----------
    status : {"compressed", "kept"}
        Kept: the result was no smaller, so the original bytes stay.
    width, height : int
        In pixels.
    bytes_in : int or None
        Size of the input file; None where the input was no file.
    bytes_out : int
        Size of what is written.
    n_colors : int
        Palette entries, each of them used or asked for; of a kept original, and of files of any number of colors,
        the different colors that they show.
    n_colors_in : int
        Different colors of the input.
    bits_per_pixel : int
        Bits that one index takes in the file before deflate: 1, 2, 4 or 8; of a kept
        original, and of files of any number of colors, `bits_per_pixel_in`.
    bits_per_pixel_in : int
        Bits of one pixel of the decoded input: 24 or 32.
    mse : float
        Mean over the pixels of the summed squared differences of the sRGB codes; with alpha,
        the mean over a black and a white background.
    psnr_db : float
        10 log10(255**2 / (mse / 3)); infinite where nothing changed.
    seconds : float
        Wall time, decoding and encoding included.
    seed : int
    message : str
        One sentence for a person, empty where there is nothing to say.
    remedy : Remedy or None
        The option that would change the outcome the message tells of.
    notes : tuple of str
        What was converted on the way, such as ``"converted from Display P3 to sRGB"``.
    score : float or None
        SSIMULACRA2 score where a target asked for it, else None.
    trials : tuple of Trial
        The versions that were made on the way, in their order.
    advice : tuple of Trial
        With `Options.advise`: what other coders take at the score of the result, also where the original is kept; one
        each that reaches it.
    n_frames : int
        Frames of an animation, 1 for a picture. Of an animation the errors are means over the
        frames, and `n_colors` counts the colors of all of them.
    worst : float or None
        Of animations with a `score` that of their worst frame.
    """

    status: Status
    width: int
    height: int
    bytes_in: int | None
    bytes_out: int
    n_colors: int
    n_colors_in: int
    bits_per_pixel: int
    bits_per_pixel_in: int
    mse: float
    psnr_db: float
    seconds: float
    seed: int
    message: str = ""
    remedy: Remedy | None = None
    notes: tuple[str, ...] = ()
    score: float | None = None
    trials: tuple[Trial, ...] = ()
    advice: tuple[Trial, ...] = ()
    n_frames: int = 1
    worst: float | None = None

    @classmethod
    def of(
        cls,
        source: SourceImage | Animation,
        encoded: Encoded,
        *,
        kept: bool,
        n_colors: int,
        n_colors_in: int,
        bits_per_pixel: int,
        n_channels: int,
        mse: float,
        started: float,
        seed: int,
        **more: Unpack[_More],
    ) -> Report:
        """Report what became of an input.

        Parameters
        ----------
        source : SourceImage or Animation
        encoded : Encoded
            What is delivered.
        kept : bool
            Whether that is the original.
        n_colors : int
            Palette entries of the result.
        n_colors_in : int
            Different colors of the input.
        bits_per_pixel : int
            Of the result before deflate.
        n_channels : int
            Of the decoded input, 3 or 4.
        mse : float
            Of the result.
        started : float
            ``time.perf_counter()`` when work on the input began.
        seed : int
        **more
            Message, remedy, notes, score, trials, advice.
        """
        bits_per_pixel_in = 8 * n_channels
        mse = 0.0 if kept else mse
        return cls(
            status="kept" if kept else "compressed",
            width=source.width,
            height=source.height,
            bytes_in=None if source.encoded is None else len(source.encoded),
            bytes_out=len(encoded.data),
            n_colors=n_colors_in if kept else n_colors,
            n_colors_in=n_colors_in,
            bits_per_pixel=bits_per_pixel_in if kept else bits_per_pixel,
            bits_per_pixel_in=bits_per_pixel_in,
            mse=mse,
            psnr_db=psnr_db(mse),
            seconds=time.perf_counter() - started,
            seed=seed,
            n_frames=source.n_frames if isinstance(source, Animation) else 1,
            **more,
        )

    @property
    def saved(self) -> float:
        """The part of the input file's bytes that is saved, below 1; of an array or image in memory, of its pixels'."""
        n_pixels = self.width * self.height * self.n_frames
        return 1.0 - self.bytes_out / (self.bytes_in or n_pixels * self.bits_per_pixel_in / 8)

    @property
    def index_factor(self) -> float:
        """How many times fewer bits the indices take than the pixels, before deflate."""
        return self.bits_per_pixel_in / self.bits_per_pixel


@dataclass(frozen=True)
class Outcome:
    """All that a run produced.

    Attributes
    ----------
    indexed : IndexedImage
        The picture with a palette; of an animation its first frame.
    encoded : Encoded
    report : Report
    decoded_srgb8 : ndarray of uint8, (height, width, 3 or 4), optional
        What the file shows, where that is not `indexed` but any number of colors.
    frame_scores : tuple of float
        SSIMULACRA2 of each frame of an animation, where the search for a goal has measured all of them.
    """

    indexed: IndexedImage
    encoded: Encoded
    report: Report
    decoded_srgb8: Bytes | None = None
    frame_scores: tuple[float, ...] = ()

    @property
    def shown_srgb8(self) -> Bytes:
        """What the result shows: (height, width, 3 or 4) uint8, of a kept original what was made of it."""
        return self.indexed.to_array() if self.decoded_srgb8 is None else self.decoded_srgb8
