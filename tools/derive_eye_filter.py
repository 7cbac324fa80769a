"""Print ``core/search/eye_filter.hpp``: the causal filter that shapes the error of an indexed image.

Usage: ``python tools/derive_eye_filter.py > core/search/eye_filter.hpp``

What an eye at normal distance resolves is modelled by a mixture of Gaussian low-pass filters, with
power spectrum S = sum_s w_s |G_s|^2, so that an error e weighs sum |S^(1/2) e|^2. The minimum-phase
causal factor B of S (S = |B|^2, B zero for pixels that come later in raster order) turns that into
a sum of squares of v = B * e, each of which depends on pixels already decided only: the weighting
and the feedback filter of optimal error diffusion at once. B is found through the cepstrum
(A. Oppenheim, R. Schafer, "Discrete-Time Signal Processing", chapter on minimum phase; in two
dimensions with the non-symmetric half-plane: M. Ekstrom, J. Woods, "Two-dimensional spectral
factorization", 1976).
"""

from __future__ import annotations

import numpy as np

# Weights of the Gaussians, chosen on the development photographs; for pictures whose smooth places show
# bands, noise of single pixels weighs less, so that errors are spread over more of them.
WEIGHTS = (0.05, 0.35, 0.60)
SMOOTH_WEIGHTS = (0.02, 0.18, 0.80)
SIGMAS = (0.0, 0.8, 1.6)  # pixels
REACH = 3  # columns to each side
ROWS = 2  # rows above
_SIZE = 64


def power_spectrum(weights: tuple[float, ...] = WEIGHTS) -> np.ndarray:
    """Return S on a 64 x 64 frequency grid."""
    at = np.arange(-_SIZE // 2, _SIZE // 2)
    spectrum = np.zeros((_SIZE, _SIZE))
    for weight, sigma in zip(weights, SIGMAS, strict=True):
        taps = np.where(at == 0, 1.0, 0.0) if sigma == 0 else np.exp(-0.5 * (at / sigma) ** 2)
        response = np.fft.fft(np.fft.ifftshift(taps / taps.sum())).real
        spectrum += weight * np.outer(response, response) ** 2
    return spectrum


def causal_factor(spectrum: np.ndarray) -> np.ndarray:
    """Return the minimum-phase factor: [rows up][columns], index 0 the pixel itself."""
    cepstrum = np.fft.ifft2(np.log(spectrum)).real
    frequency = np.fft.fftfreq(_SIZE) * _SIZE
    columns, rows = np.meshgrid(frequency, frequency)
    causal = ((rows > 0) | ((rows == 0) & (columns > 0))).astype(float)
    causal[0, 0] = 0.5
    causal[_SIZE // 2, :] = 0.5  # belongs to both halves
    factor: np.ndarray = np.fft.ifft2(np.exp(np.fft.fft2(cepstrum * causal))).real
    return factor


def taps(weights: tuple[float, ...] = WEIGHTS) -> np.ndarray:
    """Return B(0..ROWS, -REACH..REACH); an entry (r, d) weighs the error r rows up, d columns left."""
    factor = causal_factor(power_spectrum(weights))
    rows = np.arange(ROWS + 1)[:, None]
    columns = np.arange(-REACH, REACH + 1)[None, :]
    return np.where((rows == 0) & (columns < 0), 0.0, factor[rows, columns])


def header() -> str:
    """Return the text of the header."""

    def rows(weights: tuple[float, ...]) -> str:
        return ",\n    ".join("{" + ", ".join(f"{x:.6f}f" for x in row) + "}" for row in taps(weights))

    return f"""// Printed by tools/derive_eye_filter.py, which says what it is; do not edit.
// clang-format off\n#pragma once

namespace huepress {{

inline constexpr int kFilterReach = {REACH};
inline constexpr int kFilterRows = {ROWS};

using EyeFilter = float[kFilterRows + 1][2 * kFilterReach + 1];  // [rows up][columns left + kFilterReach]

inline constexpr EyeFilter kEyeFilter = {{
    {rows(WEIGHTS)}}};

// Spreads errors over more pixels: where smooth places would show bands.
inline constexpr EyeFilter kSmoothEyeFilter = {{
    {rows(SMOOTH_WEIGHTS)}}};

}}  // namespace huepress
"""


if __name__ == "__main__":
    print(header(), end="")
