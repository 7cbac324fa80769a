"""The color models that swatch files use, as sRGB codes."""

from __future__ import annotations

from collections.abc import Sequence

# Bradford-adapted XYZ (D50) to linear sRGB: CSS Color Module Level 4, section 18 (sample code).
_XYZ_D50_TO_LINEAR_SRGB = (
    (3.1341358529, -1.6173863321, -0.4906619460),
    (-0.9787955025, 1.9162543774, 0.0334427351),
    (0.0719553973, -0.2289768264, 1.4053860351),
)
_WHITE_D50 = (0.9642956764, 1.0, 0.8251046025)
_KAPPA, _EPSILON = 24389 / 27, 216 / 24389


def unit_to_srgb8(rgb: Sequence[float]) -> tuple[int, int, int]:
    """Round sRGB values from 0 to 1 to codes; values beyond are clipped."""
    red, green, blue = (round(255 * min(max(value, 0.0), 1.0)) for value in rgb)
    return red, green, blue


def linear_to_srgb8(rgb: Sequence[float]) -> tuple[int, int, int]:
    """Round linear sRGB values from 0 to 1 to codes (IEC 61966-2-1); values beyond are clipped."""
    return unit_to_srgb8([_encode(min(max(value, 0.0), 1.0)) for value in rgb])


def cmyk_to_srgb8(cmyk: Sequence[float]) -> tuple[int, int, int]:
    """Convert CMYK, 0 to 1, without a printing profile: each ink takes its part of the light."""
    *inks, black = cmyk
    return unit_to_srgb8([(1 - ink) * (1 - black) for ink in inks])


def lab_d50_to_srgb8(lab: Sequence[float]) -> tuple[int, int, int]:
    """Convert CIE L*a*b* (D50, L from 0 to 100) to sRGB codes (CIE 15, IEC 61966-2-1), clipped to the gamut."""
    fy = (lab[0] + 16) / 116
    fx, fz = fy + lab[1] / 500, fy - lab[2] / 200
    relative = (
        fx**3 if fx**3 > _EPSILON else (116 * fx - 16) / _KAPPA,
        fy**3 if lab[0] > _KAPPA * _EPSILON else lab[0] / _KAPPA,
        fz**3 if fz**3 > _EPSILON else (116 * fz - 16) / _KAPPA,
    )
    xyz = [part * white for part, white in zip(relative, _WHITE_D50, strict=True)]
    return linear_to_srgb8([sum(m * x for m, x in zip(row, xyz, strict=True)) for row in _XYZ_D50_TO_LINEAR_SRGB])


def _encode(linear: float) -> float:
    return 12.92 * linear if linear <= 0.0031308 else 1.055 * float(linear ** (1 / 2.4)) - 0.055
