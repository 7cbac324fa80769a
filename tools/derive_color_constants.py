"""Print ``core/color/color_constants.hpp``: every color constant of the core, derived.

Usage: ``python tools/derive_color_constants.py > core/color/color_constants.hpp``

Sources
-------
* sRGB transfer function: IEC 61966-2-1:1999.
* Oklab matrices M1 (linear sRGB to LMS) and M2 (cube-rooted LMS to Lab):
  B. Ottosson, "A perceptual color space for image processing", 2020. He publishes
  M2 and the matrix for XYZ; M1 for linear sRGB is his published product. The inverses
  are computed here in double precision, so that there and back is the identity.
"""

from __future__ import annotations

from fractions import Fraction

import numpy as np

LINEAR_SRGB_TO_LMS = np.array(
    [
        [0.4122214708, 0.5363325363, 0.0514459929],
        [0.2119034982, 0.6806995451, 0.1073969566],
        [0.0883024619, 0.2817188376, 0.6299787005],
    ]
)
LMS_TO_OKLAB = np.array(
    [
        [0.2104542553, 0.7936177850, -0.0040720468],
        [1.9779984951, -2.4285922050, 0.4505937099],
        [0.0259040371, 0.7827717662, -0.8086757660],
    ]
)


def srgb8_to_linear1() -> np.ndarray:
    """Return the 256 linear-light values of the 8-bit sRGB codes (IEC 61966-2-1)."""
    v = np.arange(256) / 255.0
    return np.where(v <= 0.04045, v / 12.92, ((v + 0.055) / 1.055) ** 2.4)


def srgb8_thresholds_linear1() -> np.ndarray:
    """Return the 255 linear values at which the rounded 8-bit sRGB code steps up."""
    v = (np.arange(255) + 0.5) / 255.0
    return np.where(v <= 0.04045, v / 12.92, ((v + 0.055) / 1.055) ** 2.4)


def _inverse(matrix: np.ndarray) -> np.ndarray:
    """Invert a 3 x 3 matrix in exact arithmetic, so that no library's rounding shows."""
    m = [[Fraction(float(x)) for x in row] for row in matrix]

    def cofactor(r: int, c: int) -> Fraction:
        (a, b), (d, e) = ([m[i][j] for j in range(3) if j != c] for i in range(3) if i != r)
        return Fraction((-1) ** (r + c)) * (a * e - b * d)

    determinant = sum((m[0][c] * cofactor(0, c) for c in range(3)), Fraction(0))
    return np.array([[float(cofactor(c, r) / determinant) for c in range(3)] for r in range(3)])


def _table(name: str, comment: str, values: np.ndarray) -> str:
    numbers = [f"{x:.9g}" for x in values.astype(np.float32)]
    numbers = [n if ("." in n or "e" in n) else n + ".0" for n in numbers]
    rows = [", ".join(f"{n}f" for n in numbers[i : i + 6]) for i in range(0, len(numbers), 6)]
    body = ",\n    ".join(rows)
    return f"// {comment}\ninline constexpr float {name}[{len(values)}] = {{\n    {body}}};\n"


def _matrix(name: str, comment: str, values: np.ndarray) -> str:
    rows = ",\n    ".join("{" + ", ".join(f"{x:.17g}" for x in row) + "}" for row in values)
    return f"// {comment}\ninline constexpr double {name}[3][3] = {{\n    {rows}}};\n"


def header() -> str:
    """Return the text of the header."""
    return "\n".join(
        [
            "// Printed by tools/derive_color_constants.py; do not edit.",
            "// clang-format off\n#pragma once\n\nnamespace huepress {\n",
            _table("kSrgb8ToLinear1", "IEC 61966-2-1, code / 255 to linear.", srgb8_to_linear1()),
            _table(
                "kSrgb8Thresholds_linear1",
                "Linear value at which code i becomes code i + 1 (rounding to nearest).",
                srgb8_thresholds_linear1(),
            ),
            _matrix("kLinearSrgbToLms", "Ottosson 2020, M1 for linear sRGB.", LINEAR_SRGB_TO_LMS),
            _matrix("kLmsToOklab", "Ottosson 2020, M2.", LMS_TO_OKLAB),
            _matrix("kOklabToLms", "Inverse of M2.", _inverse(LMS_TO_OKLAB)),
            _matrix("kLmsToLinearSrgb", "Inverse of M1.", _inverse(LINEAR_SRGB_TO_LMS)),
            "}  // namespace huepress\n",
        ]
    )


if __name__ == "__main__":
    print(header(), end="")
