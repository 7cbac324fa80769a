"""SSIMULACRA2 2.1 (April 2023) written for reading: the slow twin of the C++ core.

The metric compares two images of equal size and answers with a score: 100 for no visible
difference, about 90 for hardly any, 70 high, 50 medium and 30 low quality; it has no lower end.

Steps: sRGB to linear light; six scales, each half the one before; at every scale the color space
XYB, three error maps a channel (structure, added edges, lost edges) and two norms a map; a
weighted sum of these 108 figures; a polynomial and a power.

Two sets of arithmetic are at hand. `EXACT` takes the formulas at their word in double precision.
`ssimulacra2_rounding.REFERENCE` repeats the reference program's single precision, rounding by
rounding: its recursive Gaussian collects rounding errors along each row and column, which the
metric sees in flat areas, so that only this one gives its scores to the last printed digit.

Numeric constants come from two BSD-3-Clause projects, and each says from which file:
cloudinary/ssimulacra2 (src/ssimulacra2.cc, src/ssimulacra2_main.cc) and libjxl/libjxl.
"""

from collections.abc import Callable
from typing import NamedTuple

import numpy as np

SCALE_COUNT = 6  # kNumScales, src/ssimulacra2.cc
SMALLEST_SIDE = 8  # ComputeSSIMULACRA2() in src/ssimulacra2.cc, and src/ssimulacra2_main.cc
STRUCTURE_FLOOR = 0.0009  # kC2, src/ssimulacra2.cc
BLUR_SIGMA = 1.5  # class Blur, src/ssimulacra2.cc

BACKGROUNDS = (0.1, 0.9)  # encoded sRGB, where the original has alpha: src/ssimulacra2_main.cc
LONE_BACKGROUND = 0.5  # where only the distorted image has alpha: end of src/ssimulacra2.cc

# libjxl lib/jxl/cms/opsin_params.h (before 2023: lib/jxl/opsin_params.h): kM00 to kM22, and kB0.
ABSORBANCE = (
    (0.30, 0.622, 0.078),
    (0.23, 0.692, 0.078),
    (0.24342268924547819, 0.20476744424496821, 0.5518098665095536),
)
ABSORBANCE_BIAS = 0.0037930732552754493

# MakePositiveXYB(), src/ssimulacra2.cc.
X_GAIN, X_SHIFT = 14.0, 0.42
Y_SHIFT = 0.01
B_SHIFT = 0.55

# Msssim::Score(), src/ssimulacra2.cc: weight[108].  A block a channel (X, Y, B), a row a scale
# (1:1 to 1:32); in a row the 1-norms of structure, added edges, lost edges, then their 4-norms.
WEIGHTS = np.array(
    [
        # X
        [0.0, 0.0007376606707406586, 0.0, 0.0, 0.0007793481682867309, 0.0],
        [0.0, 0.0004371155730107379, 0.0, 1.1041726426657346, 0.00066284834129271, 0.00015231632783718752],
        [0.0, 0.0016406437456599754, 0.0, 1.8422455520539298, 11.441172603757666, 0.0],
        [0.0007989109436015163, 0.000176816438078653, 0.0, 1.8787594979546387, 10.94906990605142, 0.0],
        [
            0.0007289346991508072,
            0.9677937080626833,
            0.0,
            0.00014003424285435884,
            0.9981766977854967,
            0.00031949755934435053,
        ],
        [0.0004550992113792063, 0.0, 0.0, 0.0013648766163243398, 0.0, 0.0],
        # Y
        [0.0, 0.0, 0.0, 7.466890328078848, 0.0, 17.445833984131262],
        [0.0006235601634041466, 0.0, 0.0, 6.683678146179332, 0.00037724407979611296, 1.027889937768264],
        [225.20515300849274, 0.0, 0.0, 19.213238186143016, 0.0011401524586618361, 0.001237755635509985],
        [176.39317598450694, 0.0, 0.0, 24.43300999870476, 0.28520802612117757, 0.0004485436923833408],
        [0.0, 0.0, 0.0, 34.77906344483772, 44.835625328877896, 0.0],
        [0.0, 0.0, 0.0, 0.0, 0.0, 0.0],
        # B
        [0.0, 0.0008680556573291698, 0.0, 0.0, 0.0, 0.0],
        [0.0, 0.0005313191874358747, 0.0, 0.00016533814161379112, 0.0, 0.0],
        [0.0, 0.0, 0.0, 0.0004179171803251336, 0.0017290828234722833, 0.0],
        [0.0020827005846636437, 0.0, 0.0, 8.826982764996862, 23.19243343998926, 0.0],
        [
            95.1080498811086,
            0.9863978034400682,
            0.9834382792465353,
            0.0012286405048278493,
            171.2667255897307,
            0.9807858872435379,
        ],
        [0.0, 0.0, 0.0, 0.0005130064588990679, 0.0, 0.00010854057858411537],
    ]
).ravel()

# Msssim::Score(), src/ssimulacra2.cc: the sum's factor, the cubic polynomial's coefficients, the power.
SUM_GAIN = 0.9562382616834844
LINEAR, QUADRATIC, CUBIC = 2.326765642916932, -0.020884521182843837, 6.248496625763138e-05
POWER = 0.6276336467831387


def fused(a, b, c, dtype=np.float32):
    """``a * b + c`` rounded as a fused multiply-add rounds it.

    In double precision the product of two single-precision numbers is exact; the sum is rounded
    twice, which differs from once about one time in 2**29.
    """
    return (np.asarray(a, np.float64) * b + c).astype(dtype)


class Arithmetic(NamedTuple):
    """The operations in which the formulas and the reference program's arithmetic differ."""

    dtype: type
    decode: Callable  # encoded sRGB of 0 to 1 to linear light
    cube_root_plus: Callable  # (x, addend) to x**(1/3) + addend
    blur: Callable  # a stack of planes to the blurred stack


# ------------------------------------------------------------------ the formulas, double precision


def exact_decode(encoded):
    """Decode sRGB (IEC 61966-2-1) values of 0 to 1 to linear light of 0 to 1."""
    return np.where(encoded <= 0.04045, encoded / 12.92, ((encoded + 0.055) / 1.055) ** 2.4)


def exact_cube_root_plus(x, addend):
    """Cube root of non-negative values, plus a constant."""
    return np.cbrt(x) + addend


def cosines(sigma=BLUR_SIGMA):
    """The three cosines by which Charalampidis (2016) approximates a Gaussian.

    Parameters
    ----------
    sigma : float
        Standard deviation in pixels.

    Returns
    -------
    radius : int
        Where all three are zero and the approximation ends.
    frequencies, amplitudes : ndarray
        Three each.

    Notes
    -----
    Numbers in brackets are the paper's equations, as libjxl lib/jxl/gauss_blur.cc
    (CreateRecursiveGaussian) cites them.
    """
    radius = int(np.floor(3.2795 * sigma + 0.2546 + 0.5))  # (57)
    omega = np.array([1.0, 3.0, 5.0]) * np.pi / (2 * radius)  # table I
    sign = np.array([1.0, -1.0, 1.0])
    p = sign / np.tan(omega / 2)  # (37): unit sum is p . beta = 1
    r = sign * p * p / np.sin(omega)  # (44): r . beta = radius**2 - sigma**2 gives the wanted variance
    rho = np.exp(-0.5 * (sigma * omega) ** 2) / radius  # (50): amplitudes of the Gaussian itself
    zeta = np.cross(p, r)  # (52): what the two conditions leave free
    zeta /= zeta[2]
    beta = np.linalg.solve([p, r, zeta], [1.0, radius**2 - sigma**2, zeta @ rho])  # (53) to (56)
    return radius, omega, beta


def blur_taps(sigma=BLUR_SIGMA):
    """Taps of the finite filter that the recursive Gaussian evaluates, all positive, with sum 1."""
    radius, omega, beta = cosines(sigma)
    return beta @ np.cos(np.outer(omega, np.arange(1 - radius, radius)))


def exact_blur(planes):
    """Blur by the 9 taps along both axes; what lies outside a plane is zero.

    Nothing is renormalised at the borders, so they darken: the metric is defined that way.

    Parameters
    ----------
    planes : ndarray
        Count by height by width.

    Returns
    -------
    ndarray
        Of the same shape.
    """
    taps = blur_taps()
    reach = len(taps) // 2
    for _ in range(2):
        planes = planes.swapaxes(1, 2)
        length = planes.shape[1]
        padded = np.pad(planes, [(0, 0), (reach, reach), (0, 0)])
        planes = sum(tap * padded[:, k : k + length] for k, tap in enumerate(taps))
    return planes


EXACT = Arithmetic(np.float64, exact_decode, exact_cube_root_plus, exact_blur)


# --------------------------------------------------------------------------------- the metric


def linear_image(image, background, arithmetic=EXACT):
    """Decode 8-bit sRGB to linear light, laying it first upon a gray background where it has alpha.

    Parameters
    ----------
    image : ndarray of uint8
        Height by width by 3, or 4 with straight (not premultiplied) alpha.
    background : float
        Grey, an encoded value of 0 to 1: blending takes place before decoding.
    arithmetic : Arithmetic
        `EXACT` or `ssimulacra2_rounding.REFERENCE`.

    Returns
    -------
    ndarray
        Height by width by 3.
    """
    unit = image * arithmetic.dtype(1 / 255)
    encoded = unit[..., :3]
    if image.shape[2] == 4:
        alpha = unit[..., 3:]
        encoded = alpha * encoded + (1 - alpha) * background
    return arithmetic.decode(encoded)


def halve(linear):
    """Average 2 by 2 pixels; where a side is odd its last row or column counts twice."""
    height, width = linear.shape[:2]
    even = np.pad(linear, [(0, height % 2), (0, width % 2), (0, 0)], mode="edge")
    return (even[0::2, 0::2] + even[0::2, 1::2] + even[1::2, 0::2] + even[1::2, 1::2]) / 4


def positive_xyb(linear, arithmetic=EXACT):
    """Convert linear sRGB to XYB, shifted and scaled so that each channel lies about in 0 to 1.

    Parameters
    ----------
    linear : ndarray
        Height by width by 3.
    arithmetic : Arithmetic
        `EXACT` or `ssimulacra2_rounding.REFERENCE`.

    Returns
    -------
    ndarray
        3 by height by width: ``14 X + 0.42``, ``Y + 0.01``, ``B - Y + 0.55``.
    """
    dtype = arithmetic.dtype
    red, green, blue = np.moveaxis(linear, 2, 0)
    bias = dtype(ABSORBANCE_BIAS)
    cones = []
    for of_red, of_green, of_blue in np.array(ABSORBANCE, dtype):
        mixed = fused(of_red, red, fused(of_green, green, fused(of_blue, blue, bias, dtype), dtype), dtype)
        cones.append(arithmetic.cube_root_plus(np.maximum(mixed, 0), -np.cbrt(bias)))
    long, medium, short = cones
    x = (long - medium) / 2
    y = (long + medium) / 2
    return np.stack([x * X_GAIN + X_SHIFT, y + Y_SHIFT, (short - y) + B_SHIFT])


def error_maps(original, distorted, arithmetic=EXACT):
    """Error maps of one channel at one scale.

    Parameters
    ----------
    original, distorted : ndarray
        Planes of `positive_xyb`.
    arithmetic : Arithmetic
        `EXACT` or `ssimulacra2_rounding.REFERENCE`.

    Returns
    -------
    structure : ndarray of float64
        1 - SSIM without the luma term's denominator, at least 0.
    added : ndarray of float64
        Edges that only the distorted plane has: ringing, banding, blocks.
    lost : ndarray of float64
        Edges that only the original plane has: smoothing.
    """
    products = [original * original, distorted * distorted, original * distorted]
    mean_1, mean_2, square_1, square_2, product = arithmetic.blur(np.stack([original, distorted, *products]))
    difference = mean_1 - mean_2
    luma = 1 - difference * difference
    covariance = product - mean_1 * mean_2
    variances = (square_1 - mean_1 * mean_1) + (square_2 - mean_2 * mean_2)
    contrast = luma * (2 * covariance + STRUCTURE_FLOOR) / (variances + STRUCTURE_FLOOR)
    structure = np.maximum(1 - contrast.astype(np.float64), 0)
    detail_1 = np.abs(original - mean_1).astype(np.float64)
    detail_2 = np.abs(distorted - mean_2).astype(np.float64)
    edges = (1 + detail_2) / (1 + detail_1) - 1
    return structure, np.maximum(edges, 0), np.maximum(-edges, 0)


def norms(errors):
    """Mean, and fourth root of the mean fourth power, of a map of non-negative errors."""
    squares = errors * errors
    return errors.mean(), (squares * squares).mean() ** 0.25


def figures(original, distorted, arithmetic=EXACT):
    """All norms of all error maps of two linear images.

    A scale is visited while the scale *before* it is at least 8 by 8 pixels (as the first always
    is), so the last one may be only 4 pixels wide or high.

    Parameters
    ----------
    original, distorted : ndarray
        Height by width by 3, linear light.
    arithmetic : Arithmetic
        `EXACT` or `ssimulacra2_rounding.REFERENCE`.

    Returns
    -------
    ndarray
        Channels (X, Y, B) by scales visited by 6: the 1-norms of `error_maps`, then the 4-norms.
    """
    scales = []
    while len(scales) < SCALE_COUNT and min(original.shape[:2]) >= SMALLEST_SIDE:
        if scales:
            original, distorted = halve(original), halve(distorted)
        channels = zip(positive_xyb(original, arithmetic), positive_xyb(distorted, arithmetic), strict=True)
        maps = (error_maps(one, two, arithmetic) for one, two in channels)
        scales.append([np.ravel([norms(errors) for errors in three], order="F") for three in maps])
    return np.array(scales).swapaxes(0, 1)


def score(all_figures):
    """Score of the figures of `figures`.

    The weights are taken in order, one a figure.  Where an image is too small for six scales, the
    second and third channel therefore do not meet the weights meant for them; the reference
    program does so too, and its scores count.
    """
    flat = all_figures.ravel()
    total = SUM_GAIN * (WEIGHTS[: len(flat)] @ flat)
    total = LINEAR * total + QUADRATIC * total**2 + CUBIC * total**3
    return float(100 - 10 * max(total, 0.0) ** POWER)


def ssimulacra2(original_srgb8, distorted_srgb8, arithmetic=EXACT):
    """SSIMULACRA2 2.1 score of a distorted image against its original.

    An original with alpha is compared on a dark and on a bright background and the worse score
    counts; where only the distorted image has alpha, it is laid upon mid-gray.

    Parameters
    ----------
    original_srgb8, distorted_srgb8 : ndarray of uint8
        Height by width by 3 or 4 (straight alpha), sRGB, of equal height and width.
    arithmetic : Arithmetic
        `EXACT` or `ssimulacra2_rounding.REFERENCE`.

    Returns
    -------
    float
        100 for images without visible difference, less for worse, without lower bound.

    Raises
    ------
    ValueError
        Where the images are not such arrays, differ in size, or have a side below 8 pixels.
    """
    for image in (original_srgb8, distorted_srgb8):
        if image.dtype != np.uint8 or image.ndim != 3 or image.shape[2] not in (3, 4):
            raise ValueError("images must be height x width x 3 or 4 arrays of uint8")
    if original_srgb8.shape[:2] != distorted_srgb8.shape[:2]:
        raise ValueError("images must be of equal size")
    if min(original_srgb8.shape[:2]) < SMALLEST_SIDE:
        raise ValueError("images must be at least 8 x 8 pixels")
    scores = []
    for gray in BACKGROUNDS if original_srgb8.shape[2] == 4 else (LONE_BACKGROUND,):
        pair = [linear_image(image, gray, arithmetic) for image in (original_srgb8, distorted_srgb8)]
        scores.append(score(figures(*pair, arithmetic)))
    return min(scores)
