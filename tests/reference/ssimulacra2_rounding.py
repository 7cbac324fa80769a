"""The reference program's single precision for `ssimulacra2`, rounding by rounding.

Numeric constants come from libjxl/libjxl (BSD-3-Clause); each says from which file.
"""

import numpy as np

from reference.ssimulacra2 import BLUR_SIGMA, Arithmetic, cosines, fused

# TF_SRGB::DisplayFromEncoded, libjxl lib/jxl/transfer_functions-inl.h: a rational approximation of
# the sRGB curve above its linear part, coefficients of x**0 to x**4.
DECODE_NUMERATOR = (2.200248328e-04, 1.043637593e-02, 1.624820318e-01, 7.961564959e-01, 8.210152774e-01)
DECODE_DENOMINATOR = (2.631846970e-01, 1.076976492, 4.987528350e-01, -5.512498495e-02, 6.521209011e-03)

# CubeRootAndAdd, libjxl lib/jxl/enc_xyb.cc: the exponent of the first guess at x**(-1/3).
ROOT_BIAS, ROOT_STEP = 0x54800000, 0x002AAAAA

# FastGaussian1D, libjxl lib/jxl/gauss_blur.cc: pixels of a row advanced at once.
LANES = 4


def reference_decode(encoded):
    """Decode sRGB as libjxl does: a quotient of two polynomials for all but the darkest values."""
    numerator, denominator = (np.float32(one[4]) for one in (DECODE_NUMERATOR, DECODE_DENOMINATOR))
    for k in (3, 2, 1, 0):
        numerator = fused(numerator, encoded, np.float32(DECODE_NUMERATOR[k]))
        denominator = fused(denominator, encoded, np.float32(DECODE_DENOMINATOR[k]))
    slope = np.float32(1) / np.float32(12.92)
    return np.where(encoded > np.float32(0.04045), numerator / denominator, slope * encoded)


def reference_cube_root_plus(x, addend):
    """Cube root by libjxl's Newton iteration for ``x**(-1/3)``, plus a constant."""
    third, four_thirds = np.float32(1 / 3), np.float32(4 / 3)
    bits = x.view(np.int32)
    guess = np.where(bits == 0, 0, ROOT_BIAS - (bits >> 23) * ROOT_STEP).astype(np.int32)
    root = guess.view(np.float32)
    for _ in range(3):
        square = root * root
        root = fused(-(third * x), square * square, four_thirds * root)
    square = root * root
    root = fused(third, fused(-x, square * square, root), root)
    return fused(root * root, x, np.float32(addend))


def recursion_coefficients(sigma=BLUR_SIGMA):
    """Coefficients of ``y[n] = gain * s[n] + turn * y[n - 1] - y[n - 2]``, one pair a cosine.

    Returns
    -------
    radius : int
        The input is ``s[n] = x[n - radius - 1] + x[n + radius - 1]``.
    gain, turn : ndarray
        Three each, in double precision.  The filter's output is the sum of the three ``y``.
    """
    radius, omega, beta = cosines(sigma)
    return radius, -beta * np.cos(omega * (radius + 1)), 2 * np.cos(omega)  # (33)


def paired_input(lines, radius):
    """``s[n]`` of `recursion_coefficients` for ``n = 1 - radius .. length - 1`` along the first axis."""
    padded = np.pad(lines, [(2 * radius, radius - 1), (0, 0)])
    return padded[: -2 * radius] + padded[2 * radius :]


def summed(states):
    """The sum over the last axis but one, that of the three cosines, in the reference program's order."""
    return states[..., 0, :] + (states[..., 1, :] + states[..., 2, :])


def down_columns(lines):
    """The reference program's recursion of columns (VerticalBlock, libjxl lib/jxl/gauss_blur.cc).

    Parameters
    ----------
    lines : ndarray of float32
        Position along the column by column.

    Returns
    -------
    ndarray of float32
        Of the same shape.
    """
    radius, gain, turn = recursion_coefficients()
    gain, turn = (one.astype(np.float32)[:, None] for one in (gain, turn))
    before = last = np.zeros((3, lines.shape[1]), np.float32)
    result = []
    for pair in paired_input(lines, radius):
        before, last = last, fused(gain, pair, fused(turn, last, -before))
        result.append(summed(last))
    return np.stack(result[radius - 1 :])


def along_rows(lines):
    """The reference program's recursion of rows (FastGaussian1D, libjxl lib/jxl/gauss_blur.cc).

    Past the left margin it advances four pixels at once, by the recursion expanded four times;
    the rounding differs from that of four steps.

    Parameters
    ----------
    lines : ndarray of float32
        Position along the row by row.

    Returns
    -------
    ndarray of float32
        Of the same shape.
    """
    radius, gain, turn = recursion_coefficients()
    response = [np.ones(3), turn]  # to a unit input at n = 0, for n = 0 .. LANES
    while len(response) <= LANES:
        response.append(turn * response[-1] - response[-2])
    response = np.array(response)
    from_input = (gain * response[:LANES]).astype(np.float32)[..., None]  # lane, cosine, row
    from_last = response[1:].astype(np.float32)[..., None]
    from_before = -response[:LANES].astype(np.float32)[..., None]

    pairs = paired_input(lines, radius)
    first, length = radius - 1, lines.shape[0]  # pairs[first] belongs to n = 0
    before = last = np.zeros((3, lines.shape[1]), np.float32)
    result = []
    position = 0
    while position < len(pairs):
        n = position - first
        inside = -(-(radius + 1) // LANES) * LANES <= n < length - radius + 1 - (LANES - 1)
        lanes = LANES if inside else 1
        states = from_input[:lanes] * pairs[position]
        for k in range(1, lanes):
            states[k:] = fused(from_input[: lanes - k], pairs[position + k], states[k:])
        states = fused(from_last[:lanes], last, fused(from_before[:lanes], before, states))
        before, last = (states[-2] if lanes > 1 else last), states[-1]
        result.append(summed(states))
        position += lanes
    return np.concatenate(result)[first:]


def reference_blur(planes):
    """`exact_blur` in the reference program's arithmetic: rows first, then columns."""
    count, height, width = planes.shape
    rows = along_rows(planes.reshape(count * height, width).T)
    planes = rows.T.reshape(count, height, width).swapaxes(0, 1)
    columns = down_columns(planes.reshape(height, count * width))
    return columns.reshape(height, count, width).swapaxes(0, 1)


REFERENCE = Arithmetic(np.float32, reference_decode, reference_cube_root_plus, reference_blur)
