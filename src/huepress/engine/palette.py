"""Stage: from a color table to a palette, by weighted k-means; the one that knows `palette` and `pin`."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from huepress import _core
from huepress.colors.arrays import CLEAR, OPAQUE, SOFT, allowed_classes, alpha_class, is_among, pack_colors
from huepress.engine.accents import find_accents
from huepress.engine.backing import backing_entry
from huepress.errors import OptionError
from huepress.model import Bytes, ColorHistogram, ColorTable, Palette
from huepress.options import Options

Labels = npt.NDArray[np.int32]
# ITU-R BT.601 luma weights in thousandths: only an order for the eye and for PNG filters.
_LUMA = np.array([299, 587, 114], dtype=np.int64)

_ALMOST_OPAQUE = 250


@dataclass(frozen=True, eq=False)
class PaletteFit:
    """A palette and the entry of each color of the table it was made for.

    Parameters
    ----------
    palette : Palette
    labels : ndarray of int32, (number of colors,)
        The entry of each color.
    required : ndarray of bool, (len(palette),)
        Entries that were asked for: they stay even if unused, and pixels of their color keep it.
    exact : ndarray of bool, (number of colors,)
        Colors that are entries themselves.
    """

    palette: Palette
    labels: Labels
    required: npt.NDArray[np.bool_]
    exact: npt.NDArray[np.bool_]

    @property
    def lossless(self) -> bool:
        """Whether every color is an entry."""
        return bool(self.exact.all())


def needs_alpha(options: Options) -> bool:
    """Tell whether some color that was asked for is translucent."""
    return any(color[3] < 255 for color in (*(options.given_palette or ()), *options.pinned))


def least_colors(options: Options) -> int:
    """Return the fewest colors that may be asked for: those that are given or pinned stay."""
    return len(options.given_palette or options.pinned)


def fits(table: ColorHistogram, options: Options) -> bool:
    """Tell whether the palette can hold every color of the table."""
    if options.given_palette is not None:
        return bool(is_among(pack_colors(table.colors_srgb8), pack_colors(_rows(options.given_palette))).all())
    if not options.pinned:
        return len(table) <= options.most_colors
    idle_pins = ~is_among(pack_colors(_rows(options.pinned)), pack_colors(table.colors_srgb8))
    return len(table) + int(idle_pins.sum()) <= options.most_colors


def fit_palette(table: ColorHistogram, options: Options) -> PaletteFit:
    """Find the palette of at most `options.most_colors` colors with the least squared error.

    A table that already fits is returned as it is. Otherwise the palette has exactly
    `n_colors` entries, each the nearest one of some color or pinned, unless fewer colors can be
    told apart (transparent ones). A fixed palette is taken as it is.

    Parameters
    ----------
    table : ColorHistogram
        With alpha if `needs_alpha`.
    options : Options

    Returns
    -------
    PaletteFit
        Labels are nearest entries in `options.kmeans_space`, the lowest index on ties.
    """
    points = points_of(table.colors_srgb8, options)
    channels = table.colors_srgb8.shape[1]
    if options.given_palette is not None:
        colors = _rows(options.given_palette)[:, :channels]
        labels = nearest_entries(table.colors_srgb8, colors, options, points=points)
        clear = alpha_class(table.colors_srgb8) == CLEAR
        if clear.any() and CLEAR not in alpha_class(colors):
            labels[clear] = backing_entry(colors)
        return _fit(table, colors, labels, np.ones(len(colors), dtype=bool))
    pins = _rows(options.pinned)[:, :channels]
    if fits(table, options):
        idle_pins = ~is_among(pack_colors(pins), pack_colors(table.colors_srgb8))
        colors = np.concatenate([table.colors_srgb8, pins[idle_pins]])
        order = display_order(colors)
        required = is_among(pack_colors(colors), pack_colors(pins))
        return _fit(table, colors[order], _ranks(order)[: len(table)], required[order])

    if channels == 4 and options.alpha == "exact" and options.most_colors > 1:
        colors = _colors_in_classes(table, points, pins, options)
        return _settled(table, points, colors, None, options)
    centers, guess = _clustered(table, points, pins, options, options.most_colors)
    colors = _core.points_to_colors(centers, options.kmeans_space)
    if channels == 4 and options.most_colors == 1:
        colors[:, 3] = 255  # a mean counts each pixel by its alpha, and is told as a color
    elif channels == 4:
        _keep_opaque(colors, table, guess)
    colors[: len(pins)] = pins
    return _settled(table, points, colors, guess, options)


def _clustered(
    table: ColorHistogram, points: npt.NDArray[np.float32], pins: Bytes, options: Options, k: int
) -> tuple[npt.NDArray[np.float32], Labels]:
    """Return the centers that k-means finds, the pinned ones first, and the center of each color."""
    centers, guess = _converged(
        table,
        points,
        options,
        k=k,
        init=options.init if isinstance(options.init, str) else "wu",
        centers=_start_centers(table, options, k - len(pins)),
        pinned=points_of(pins, options) if len(pins) else None,
    )
    return _with_accents(table, points, centers, guess, options)


def points_of(colors_srgb8: Bytes, options: Options) -> npt.NDArray[np.float32]:
    """Return colors as points of `options.kmeans_space`.

    Clear colors are all one point, unless they are to be kept: then they lie as far from each other as if they were
    opaque, and as far from visible ones as alpha takes them. That is of use within their class only.
    """
    colors = np.ascontiguousarray(colors_srgb8)
    points: npt.NDArray[np.float32] = _core.colors_to_points(colors, options.kmeans_space)
    if options.hidden == "keep" and colors.shape[1] == 4 and options.most_colors > 1:  # a mean is of what is visible
        clear = colors[:, 3] == 0
        points[clear, :3] = _core.colors_to_points(_made_opaque(colors[clear]), options.kmeans_space)[:, :3]
    return points


def _made_opaque(colors_srgb8: Bytes) -> Bytes:
    return np.concatenate([colors_srgb8[:, :3], np.full((len(colors_srgb8), 1), 255, np.uint8)], axis=1)


def _colors_of(points: npt.NDArray[np.float32], kinds: Bytes, options: Options) -> Bytes:
    """Return the colors of points, each of the class that is given; of clear ones the color that they hide."""
    colors: Bytes = _core.points_to_colors(points, options.kmeans_space)
    clear = kinds == CLEAR
    shown = points[clear].copy()
    shown[:, 3] = _core.colors_to_points(np.full((1, 4), 255, np.uint8), options.kmeans_space)[0, 3]
    colors[clear] = _core.points_to_colors(shown, options.kmeans_space)
    colors[:, 3] = np.where(kinds == OPAQUE, 255, np.where(kinds == CLEAR, 0, colors[:, 3].clip(1, 254)))
    return colors


def _colors_in_classes(table: ColorHistogram, points: npt.NDArray[np.float32], pins: Bytes, options: Options) -> Bytes:
    """Return a palette, the pins first, with entries for every class of colors that there is: clear, soft, opaque.

    Visible colors, and those that are hidden below alpha 0 if they are to be kept, are clustered together; each cluster
    then belongs to the class that most of its pixels have, and its mean is taken over those.
    """
    kinds, n_pins = alpha_class(table.colors_srgb8), len(pins)
    hides = options.hidden == "keep"
    has_clear = (kinds == CLEAR).any() and CLEAR not in alpha_class(pins)
    reserved = [np.zeros((1, 4), np.uint8)] if has_clear and not hides else []
    n_free = options.most_colors - n_pins - len(reserved)
    counted = np.ones(len(kinds), bool) if hides else kinds != CLEAR
    if n_free < 1 or not counted.any():
        return np.concatenate([pins, *reserved])[: options.most_colors]
    part, kinds, points = _part_of(table, counted), kinds[counted], np.ascontiguousarray(points[counted])
    centers, labels = _clustered(part, points, pins, options, n_pins + n_free)
    n_centers, weights = len(centers), part.counts.astype(np.float64)
    votes = np.zeros((3, n_centers))
    for kind in (CLEAR, SOFT, OPAQUE):
        votes[kind] = np.bincount(labels[kinds == kind], weights[kinds == kind], minlength=n_centers)
    # On a tie the more visible class.
    kind_of = (OPAQUE - np.argmax(votes[::-1], axis=0)).astype(np.uint8)
    free = np.arange(n_centers) >= n_pins
    for kind in (SOFT, CLEAR, OPAQUE):  # a class that is there has at least one entry
        n_of_kind = np.bincount(kind_of[free], minlength=3)
        if votes[kind].any() and not n_of_kind[kind] and free.any():
            spare = free & (n_of_kind[kind_of] > 1)  # no other class loses its only one
            kind_of[np.argmax(np.where(spare if spare.any() else free, votes[kind], -1.0))] = kind
    moved = np.zeros((n_centers, points.shape[1]))
    total = np.zeros(n_centers)
    of_class = kinds == kind_of[labels]
    np.add.at(moved, labels[of_class], points[of_class] * weights[of_class, None])
    np.add.at(total, labels[of_class], weights[of_class])
    moved = np.where(total[:, None] > 0, moved / np.maximum(total, 1)[:, None], centers)
    colors = _colors_of(moved.astype(np.float32), kind_of, options)
    return np.concatenate([pins, *reserved, colors[free][:n_free]])


def _part_of(table: ColorHistogram, mask: npt.NDArray[np.bool_]) -> ColorHistogram:
    return ColorHistogram(
        np.ascontiguousarray(table.colors_srgb8[mask]), np.ascontiguousarray(table.counts[mask], dtype=np.uint64)
    )


def _with_accents(
    table: ColorHistogram,
    points: npt.NDArray[np.float32],
    centers: npt.NDArray[np.float32],
    labels: Labels,
    options: Options,
) -> tuple[npt.NDArray[np.float32], Labels]:
    """Fit the palette anew around small vivid areas that it has left out, if there are any."""
    if not isinstance(table, ColorTable) or options.kmeans_space != "oklab":
        return centers, labels
    pins = centers[: len(options.pinned)]
    accents = find_accents(table, points, centers, labels)[: len(centers) - len(pins)]
    if not len(accents):
        return centers, labels
    pinned = np.concatenate([pins, accents])
    return _converged(table, points, options, k=len(centers), init="wu", centers=None, pinned=pinned)


def _converged(
    table: ColorHistogram,
    points: npt.NDArray[np.float32],
    options: Options,
    *,
    k: int,
    init: str,
    centers: npt.NDArray[np.float32] | None,
    pinned: npt.NDArray[np.float32] | None,
) -> tuple[npt.NDArray[np.float32], Labels]:
    """Run k-means as the options say; return centers, the pinned ones first, and the center of each color."""
    found, labels, _, _ = _core.kmeans(
        points,
        _weights(table),
        k=k,
        init=init,
        centers=centers,
        pinned=pinned,
        n_init=options.starts,
        n_swaps=options.swaps,
        max_iter=options.max_iter,
        tol=float(options.tol),
        seed=options.seed,
        n_threads=options.threads,
    )
    return found, labels


def nearest_entries(
    colors_srgb8: Bytes,
    palette_srgb8: Bytes,
    options: Options,
    *,
    points: npt.NDArray[np.float32] | None = None,
    guess: Labels | None = None,
) -> Labels:
    """Return the nearest palette entry of each color that it may take, the lowest index on ties.

    Parameters
    ----------
    colors_srgb8 : ndarray of uint8, (n, 3 or 4)
    palette_srgb8 : ndarray of uint8, (k, 3 or 4)
    options : Options
        With `alpha` "exact" clear, soft and opaque colors take entries of their kind, see `allowed_classes`.
    points : ndarray of float32, (n, 3 or 4), optional
        The colors in `options.kmeans_space`, where they are known already.
    guess : ndarray of int32, (n,), optional
        Entries to look at first: it only saves time.

    Returns
    -------
    ndarray of int32, (n,)
    """
    if points is None:
        points = points_of(colors_srgb8, options)
    centers = points_of(palette_srgb8, options)
    labels: Labels
    if colors_srgb8.shape[1] == 3 or options.alpha == "free":
        labels = _core.nearest(points, centers, guess, options.threads)
        return labels
    entries = alpha_class(palette_srgb8)
    allowed = allowed_classes(alpha_class(colors_srgb8), entries)
    labels = np.empty(len(points), dtype=np.int32)
    for rule in np.flatnonzero(np.bincount(allowed)):  # numpy.unique loads masked arrays, which takes a while
        colors = np.flatnonzero(allowed == rule)
        there = np.flatnonzero(rule >> entries & 1)
        labels[colors] = there[_core.nearest(points[colors], centers[there], None, options.threads)]
    return labels


def _start_centers(table: ColorHistogram, options: Options, n: int) -> npt.NDArray[np.float32] | None:
    if isinstance(options.init, str):
        return None
    channels = table.colors_srgb8.shape[1]
    rows = []
    for color in options.start_colors[:n]:
        if len(color) > channels and color[3] != 255:
            raise OptionError("init has a translucent color but the image is opaque; leave its alpha out")
        rows.append((*color, 255)[:channels])
    centers: npt.NDArray[np.float32] = _core.colors_to_points(np.array(rows, dtype=np.uint8), options.kmeans_space)
    return centers


def _keep_opaque(palette_srgb8: Bytes, table: ColorHistogram, labels: Labels) -> None:
    """Make entries opaque that almost are and stand for opaque pixels mostly: nothing solid becomes glassy."""
    alpha = palette_srgb8[:, 3]
    opaque = np.where(table.colors_srgb8[:, 3] == 255, 1.0, -1.0)
    votes = np.bincount(labels, opaque * table.counts, minlength=len(alpha))
    alpha[(alpha >= _ALMOST_OPAQUE) & (votes > 0)] = 255


def _settled(
    table: ColorHistogram,
    points: npt.NDArray[np.float32],
    palette_srgb8: Bytes,
    guess: Labels | None,
    options: Options,
) -> PaletteFit:
    """Order the palette, whose first entries are the pinned ones, and give every other entry a color.

    Rounding to 8 bits and ties can leave an entry without any. It then moves to the color that is
    served worst. Each round lowers the error (an idle entry serves nobody, its new color is
    then exact), so the rounds end: with every entry in use, or with no error left.
    """
    pinned = np.arange(len(palette_srgb8)) < len(options.pinned)
    while True:
        order = display_order(palette_srgb8)
        palette_srgb8, pinned = palette_srgb8[order], pinned[order]
        labels = nearest_entries(
            table.colors_srgb8,
            palette_srgb8,
            options,
            points=points,
            guess=None if guess is None else _ranks(order)[guess],
        )
        used = (np.bincount(labels, minlength=len(palette_srgb8)) > 0) | pinned
        if used.all():
            return _fit(table, palette_srgb8, labels, pinned)
        idle = np.flatnonzero(~used)
        centers = points_of(palette_srgb8, options)
        error = table.counts * np.square(points - centers[labels], dtype=np.float64).sum(axis=1)
        worst = np.argsort(-error, kind="stable")[: len(idle)]
        worst = worst[error[worst] > 0]
        if not len(worst):  # fewer colors can be told apart than were asked for
            renumbered = (np.cumsum(used) - 1).astype(np.int32)
            return _fit(table, palette_srgb8[used], renumbered[labels], pinned[used])
        palette_srgb8[idle[: len(worst)]] = table.colors_srgb8[worst]
        guess = labels


def _fit(table: ColorHistogram, palette_srgb8: Bytes, labels: Labels, required: npt.NDArray[np.bool_]) -> PaletteFit:
    """Let colors that are required entries have them (the lowest index on ties).

    The nearest entry is another one at most where colors cannot be told apart (transparent ones).
    """
    keys, entries = pack_colors(table.colors_srgb8), pack_colors(palette_srgb8)
    asked, first = np.unique(entries[required], return_index=True)
    if len(asked):
        place = np.minimum(np.searchsorted(asked, keys), len(asked) - 1)
        labels = np.where(asked[place] == keys, np.flatnonzero(required)[first[place]], labels).astype(np.int32)
    return PaletteFit(Palette(palette_srgb8), labels, required, entries[labels] == keys)


def _rows(colors: tuple[tuple[int, ...], ...]) -> Bytes:
    return np.array(colors, dtype=np.uint8).reshape(-1, 4)


def _weights(table: ColorHistogram) -> npt.NDArray[np.uint32]:
    """Return the counts as k-means takes them: 32 bits, and so their sum."""
    total = int(table.counts.sum(dtype=np.uint64))
    if table.counts.dtype == np.uint32 and total < 1 << 32:
        counts: npt.NDArray[np.uint32] = table.counts.astype(np.uint32, copy=False)
        return counts
    scaled: npt.NDArray[np.uint32] = np.maximum(np.rint(table.counts * (float(1 << 31) / total)), 1).astype(np.uint32)
    return scaled


def display_order(colors_srgb8: Bytes) -> npt.NDArray[np.intp]:
    """Order colors: translucent ones first (a short tRNS chunk), then dark to light."""
    luma = colors_srgb8[:, :3].astype(np.int64) @ _LUMA
    keys = [colors_srgb8[:, c] for c in (2, 1, 0)] + [luma]
    if colors_srgb8.shape[1] == 4:
        keys.append(colors_srgb8[:, 3])
    return np.lexsort(keys)


def _ranks(order: npt.NDArray[np.intp]) -> Labels:
    """Return where each old row stands in the new order."""
    ranks = np.empty(len(order), dtype=np.int32)
    ranks[order] = np.arange(len(order), dtype=np.int32)
    return ranks
